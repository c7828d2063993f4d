//! One suite for both disks: what a program sees while the power is on must not differ.

use std::io::{self, ErrorKind};

use crate::{Disk, RealDisk, SimDisk, parent, write_atomic};

fn on_both(test: fn(&dyn Disk) -> io::Result<()>) -> io::Result<()> {
    test(&SimDisk::new(1))?;
    let folder = tempfile::tempdir()?;
    test(&RealDisk::new(folder.path().join("new/root"))?)
}

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn names(disk: &dyn Disk, dir: &str) -> io::Result<Vec<String>> {
    Ok(disk.list(dir)?.into_iter().map(|entry| entry.name).collect())
}

fn put(disk: &dyn Disk, path: &str, data: &[u8]) -> io::Result<()> {
    disk.create(path)?.write_at(0, data)
}

#[test]
fn a_file_is_written_and_read() -> io::Result<()> {
    on_both(|disk| {
        let file = disk.create("a")?;
        file.write_at(0, b"hello")?;
        file.write_at(8, b"world")?;
        file.write_at(1, b"EL")?;
        file.write_at(20, b"")?;
        file.sync()?;
        assert_eq!(file.size()?, 13);
        assert_eq!(disk.read("a")?, b"hELlo\0\0\0world");
        let mut buf = [9; 8];
        assert_eq!(disk.open("a")?.read_at(8, &mut buf)?, 5);
        assert_eq!(&buf, b"world\x09\x09\x09");
        assert_eq!(file.read_at(13, &mut buf)?, 0);
        assert_eq!(file.read_at(1 << 40, &mut buf)?, 0);
        assert_eq!(file.read_at(0, &mut [])?, 0);
        file.truncate(3)?;
        file.truncate(5)?;
        assert_eq!(disk.read("a")?, b"hEL\0\0");
        assert_eq!(disk.stat("a")?.len, 5);
        file.write_at(3, b"lo, and longer")?;
        assert_eq!(disk.read("a")?, b"hELlo, and longer");
        Ok(())
    })
}

#[test]
fn folders_are_made_and_listed_in_order() -> io::Result<()> {
    on_both(|disk| {
        disk.create_dir_all("b/c/d")?;
        disk.create_dir_all("b/c")?;
        disk.create_dir_all("")?;
        put(disk, "b/z", b"12")?;
        put(disk, "b/a", b"1")?;
        assert_eq!(names(disk, "")?, ["b"]);
        assert_eq!(names(disk, "b")?, ["a", "c", "z"]);
        assert_eq!(names(disk, "b/c/d")?, [""; 0]);
        let entries = disk.list("b")?;
        assert_eq!((entries[1].is_dir, entries[1].len), (true, 0));
        assert_eq!((entries[2].is_dir, entries[2].len), (false, 2));
        assert_eq!(disk.stat("b/z")?, entries[2]);
        assert_eq!(disk.stat("b/c")?, entries[1]);
        let root = disk.stat("")?;
        assert_eq!((root.name.as_str(), root.is_dir), ("", true));
        for dir in ["", "b", "b/c", "b/c/d"] {
            disk.sync_dir(dir)?;
        }
        Ok(())
    })
}

#[test]
fn what_is_missing_or_in_the_way_is_said() -> io::Result<()> {
    on_both(|disk| {
        put(disk, "file", b"x")?;
        disk.create_dir_all("dir/sub")?;
        let missing = Some(ErrorKind::NotFound);
        assert_eq!(kind(disk.open("no")), missing);
        assert_eq!(kind(disk.read("no")), missing);
        assert_eq!(kind(disk.stat("no")), missing);
        assert_eq!(kind(disk.list("no")), missing);
        assert_eq!(kind(disk.remove("no")), missing);
        assert_eq!(kind(disk.sync_dir("no")), missing);
        assert_eq!(kind(disk.create("no/file")), missing);
        assert_eq!(kind(disk.rename("no", "other")), missing);
        assert_eq!(kind(disk.rename("file", "no/file")), missing);
        assert_eq!(kind(disk.link("no", "other")), missing);
        assert_eq!(kind(disk.link("file", "no/file")), missing);
        let taken = Some(ErrorKind::AlreadyExists);
        assert_eq!(kind(disk.create("file")), taken);
        assert_eq!(kind(disk.create("dir")), taken);
        assert_eq!(kind(disk.create_dir_all("file")), taken);
        assert_eq!(kind(disk.link("file", "file")), taken);
        assert_eq!(kind(disk.link("file", "dir")), taken);
        let no_folder = Some(ErrorKind::NotADirectory);
        assert_eq!(kind(disk.list("file")), no_folder);
        assert_eq!(kind(disk.sync_dir("file")), no_folder);
        assert_eq!(kind(disk.open("file/x")), no_folder);
        assert_eq!(kind(disk.create("file/x")), no_folder);
        assert_eq!(kind(disk.create_dir_all("file/x/y")), no_folder);
        assert_eq!(kind(disk.rename("dir", "file")), no_folder);
        let folder = Some(ErrorKind::IsADirectory);
        assert_eq!(kind(disk.open("dir")), folder);
        assert_eq!(kind(disk.read("dir")), folder);
        assert_eq!(kind(disk.remove("dir")), folder);
        assert_eq!(kind(disk.rename("file", "dir")), folder);
        assert_eq!(kind(disk.link("dir", "other")), Some(ErrorKind::PermissionDenied));
        assert_eq!(
            kind(disk.rename("dir", "dir/sub/x")),
            Some(ErrorKind::InvalidInput)
        );
        disk.create_dir_all("empty")?;
        assert_eq!(
            kind(disk.rename("empty", "dir")),
            Some(ErrorKind::DirectoryNotEmpty)
        );
        assert_eq!(disk.read("file")?, b"x");
        assert_eq!(names(disk, "")?, ["dir", "empty", "file"]);
        Ok(())
    })
}

#[test]
fn a_path_that_leaves_the_root_is_refused() -> io::Result<()> {
    on_both(|disk| {
        put(disk, "file", b"x")?;
        let refused = Some(ErrorKind::InvalidInput);
        for path in [
            "..",
            "../x",
            "a/../x",
            ".",
            "./x",
            "/etc/passwd",
            "/",
            "a//b",
            "a/",
            "a\0b",
        ] {
            assert_eq!(kind(disk.create(path)), refused, "{path:?}");
            assert_eq!(kind(disk.open(path)), refused, "{path:?}");
            assert_eq!(kind(disk.read(path)), refused, "{path:?}");
            assert_eq!(kind(disk.stat(path)), refused, "{path:?}");
            assert_eq!(kind(disk.list(path)), refused, "{path:?}");
            assert_eq!(kind(disk.create_dir_all(path)), refused, "{path:?}");
            assert_eq!(kind(disk.rename(path, "x")), refused, "{path:?}");
            assert_eq!(kind(disk.rename("file", path)), refused, "{path:?}");
            assert_eq!(kind(disk.link(path, "x")), refused, "{path:?}");
            assert_eq!(kind(disk.link("file", path)), refused, "{path:?}");
            assert_eq!(kind(disk.remove(path)), refused, "{path:?}");
            assert_eq!(kind(disk.sync_dir(path)), refused, "{path:?}");
        }
        for result in [disk.remove(""), disk.rename("", "x"), disk.rename("file", "")] {
            assert_eq!(kind(result), refused);
        }
        assert_eq!(kind(disk.create("")), refused);
        let long = "x".repeat(256);
        assert_eq!(kind(disk.create(&long)), Some(ErrorKind::InvalidFilename));
        put(disk, &long[1..], b"")?;
        put(disk, "..x", b"")?;
        put(disk, "датчик 1", b"")?;
        assert_eq!(names(disk, "")?, ["..x", "file", &long[1..], "датчик 1"]);
        Ok(())
    })
}

#[test]
fn rename_replaces_and_moves() -> io::Result<()> {
    on_both(|disk| {
        disk.create_dir_all("from/sub")?;
        disk.create_dir_all("to/empty")?;
        put(disk, "from/a", b"new")?;
        put(disk, "to/a", b"old")?;
        put(disk, "from/sub/x", b"x")?;
        let old = disk.open("to/a")?;
        disk.rename("from/a", "to/a")?;
        assert_eq!(disk.read("to/a")?, b"new");
        assert_eq!(old.size()?, 3);
        let mut buf = [0; 3];
        old.read_at(0, &mut buf)?;
        assert_eq!(&buf, b"old");
        disk.rename("to/a", "to/b")?;
        disk.rename("to/b", "to/b")?;
        disk.rename("from/sub", "to/empty")?;
        assert_eq!(names(disk, "from")?, [""; 0]);
        assert_eq!(names(disk, "to")?, ["b", "empty"]);
        assert_eq!(disk.read("to/empty/x")?, b"x");
        Ok(())
    })
}

#[test]
fn a_link_is_a_second_name_of_one_file() -> io::Result<()> {
    on_both(|disk| {
        put(disk, "a", b"one")?;
        disk.link("a", "b")?;
        disk.open("b")?.write_at(0, b"ONE")?;
        assert_eq!(disk.read("a")?, b"ONE");
        disk.rename("a", "b")?;
        assert_eq!(names(disk, "")?, ["a", "b"], "renaming onto itself does nothing");
        disk.remove("a")?;
        assert_eq!(disk.read("b")?, b"ONE");
        let open = disk.open("b")?;
        disk.remove("b")?;
        assert_eq!(open.size()?, 3, "an open file outlives its name");
        assert_eq!(names(disk, "")?, [""; 0]);
        Ok(())
    })
}

#[test]
fn write_atomic_replaces_and_clears_what_a_crash_left() -> io::Result<()> {
    on_both(|disk| {
        disk.create_dir_all("x")?;
        put(disk, "x/file.tmp", b"left by a crash, and longer")?;
        write_atomic(disk, "x/file", b"one")?;
        write_atomic(disk, "x/file", b"two")?;
        assert_eq!(disk.read("x/file")?, b"two");
        assert_eq!(names(disk, "x")?, ["file"]);
        assert!(disk.free_bytes()? > 0);
        Ok(())
    })
}

#[test]
fn the_parent_of_a_path_is_what_precedes_the_last_name() {
    assert_eq!(parent("a/b/c"), "a/b");
    assert_eq!(parent("a"), "");
    assert_eq!(parent(""), "");
}

#[test]
fn the_real_disk_knows_its_root_and_refuses_a_file_as_root() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = RealDisk::new(folder.path().join("a/b"))?;
    assert_eq!(disk.root(), folder.path().join("a/b"));
    assert!(folder.path().join("a/b").is_dir());
    RealDisk::new(disk.root())?;
    put(&disk, "file", b"")?;
    assert!(RealDisk::new(disk.root().join("file")).is_err());
    std::os::unix::fs::symlink("nowhere", disk.root().join("broken"))?;
    assert_eq!(names(&disk, "")?, ["file"]);
    Ok(())
}

/// A few names, so that operations meet: files and folders, at two levels.
const PATHS: [&str; 9] = ["a", "b", "c", "a/a", "a/b", "b/a", "b/b", "a/a/a", "no/b"];

fn next(state: &mut u64, bound: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % bound
}

/// One random operation, and what came of it.
fn act(disk: &dyn Disk, state: &mut u64) -> Result<Vec<u8>, ErrorKind> {
    let path = PATHS[next(state, 9) as usize];
    let other = PATHS[next(state, 9) as usize];
    let (offset, len, what) = (next(state, 1500), next(state, 700), next(state, 12));
    let data = vec![(what + len) as u8; len as usize];
    let result = match what {
        0 | 1 => disk.create(path).map(|_| Vec::new()),
        2 | 3 => disk
            .open(path)
            .and_then(|file| file.write_at(offset, &data))
            .map(|()| Vec::new()),
        4 => disk
            .open(path)
            .and_then(|file| file.truncate(offset))
            .map(|()| Vec::new()),
        5 => disk.create_dir_all(path).map(|()| Vec::new()),
        6 | 7 => disk.rename(path, other).map(|()| Vec::new()),
        8 => disk.link(path, other).map(|()| Vec::new()),
        9 => disk.remove(path).map(|()| Vec::new()),
        10 => disk.read(path),
        _ => disk.list(path).map(|entries| format!("{entries:?}").into_bytes()),
    };
    result.map_err(|error| error.kind())
}

#[test]
fn random_operations_end_alike_on_both_disks() -> io::Result<()> {
    for seed in 0..40 {
        let folder = tempfile::tempdir()?;
        let real = RealDisk::new(folder.path())?;
        let sim = SimDisk::new(seed);
        let (mut a, mut b) = (seed, seed);
        for step in 0..250 {
            let before = a;
            let (on_real, on_sim) = (act(&real, &mut a), act(&sim, &mut b));
            assert_eq!(on_real, on_sim, "seed {seed} step {step} state {before}");
        }
    }
    Ok(())
}
