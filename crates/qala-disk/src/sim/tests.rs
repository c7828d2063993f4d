//! What a power loss takes, and what it must leave.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};

use super::{Crash, Operation, PowerLoss, SimDisk};
use crate::{Disk, write_atomic};

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn names(disk: &dyn Disk, dir: &str) -> io::Result<Vec<String>> {
    Ok(disk.list(dir)?.into_iter().map(|entry| entry.name).collect())
}

/// A file whose bytes and name are durable.
fn durable(disk: &dyn Disk, path: &str, data: &[u8]) -> io::Result<()> {
    let file = disk.create(path)?;
    file.write_at(0, data)?;
    file.sync()?;
    disk.sync_dir(crate::parent(path))
}

/// What the file `path` holds after a random crash, for many seeds.
fn outcomes(path: &str, prepare: fn(&SimDisk) -> io::Result<()>) -> io::Result<BTreeSet<Option<Vec<u8>>>> {
    let mut found = BTreeSet::new();
    for seed in 0..400 {
        let disk = SimDisk::new(seed);
        match prepare(&disk) {
            Err(error) if !PowerLoss::caused(&error) => return Err(error),
            _ => {}
        }
        match disk.restart(Crash::Random).read(path) {
            Ok(content) => found.insert(Some(content)),
            Err(error) if error.kind() == ErrorKind::NotFound => found.insert(None),
            Err(error) => return Err(error),
        };
    }
    Ok(found)
}

fn text(content: &str) -> Vec<u8> {
    content.as_bytes().to_vec()
}

#[test]
fn what_was_synced_stays_and_what_was_not_is_lost() -> io::Result<()> {
    let disk = SimDisk::new(7);
    durable(&disk, "log", b"kept")?;
    disk.open("log")?.write_at(2, b"LOST AND MORE")?;
    disk.open("log")?.truncate(1)?;
    assert_eq!(disk.read("log")?, b"k");
    let disk = disk.restart(Crash::DropAll);
    assert_eq!(disk.read("log")?, b"kept");
    assert_eq!((disk.operations(), disk.trace()), (0, vec![]));
    Ok(())
}

#[test]
fn a_synced_file_without_a_synced_name_is_gone() -> io::Result<()> {
    let disk = SimDisk::new(7);
    let file = disk.create("log")?;
    file.write_at(0, b"x")?;
    file.sync()?;
    assert_eq!(
        kind(disk.restart(Crash::DropAll).read("log")),
        Some(ErrorKind::NotFound)
    );
    Ok(())
}

#[test]
fn a_synced_name_does_not_sync_the_bytes() -> io::Result<()> {
    let disk = SimDisk::new(7);
    disk.create("log")?.write_at(0, b"x")?;
    disk.sync_dir("")?;
    assert_eq!(disk.restart(Crash::DropAll).read("log")?, b"");
    Ok(())
}

#[test]
fn a_folder_needs_its_parent_synced() -> io::Result<()> {
    let disk = SimDisk::new(7);
    disk.create_dir_all("a/b")?;
    durable(&disk, "a/b/file", b"x")?;
    disk.sync_dir("")?;
    let without = disk.restart(Crash::DropAll);
    assert_eq!(
        names(&without, "a")?,
        [""; 0],
        "the name of b is in a, which was not synced"
    );
    let disk = SimDisk::new(7);
    disk.create_dir_all("a/b")?;
    durable(&disk, "a/b/file", b"x")?;
    disk.sync_dir("a")?;
    disk.sync_dir("")?;
    assert_eq!(disk.restart(Crash::DropAll).read("a/b/file")?, b"x");
    Ok(())
}

#[test]
fn a_removed_file_returns_unless_the_folder_was_synced() -> io::Result<()> {
    let disk = SimDisk::new(7);
    durable(&disk, "a", b"1")?;
    disk.remove("a")?;
    assert_eq!(disk.restart(Crash::DropAll).read("a")?, b"1");
    let disk = SimDisk::new(7);
    durable(&disk, "a", b"1")?;
    disk.remove("a")?;
    disk.sync_dir("")?;
    assert_eq!(names(&disk.restart(Crash::DropAll), "")?, [""; 0]);
    Ok(())
}

#[test]
fn a_rename_within_a_folder_leaves_old_or_new() -> io::Result<()> {
    let found = outcomes("a", |disk| {
        durable(disk, "a", b"old")?;
        durable(disk, "b", b"new")?;
        disk.rename("b", "a")
    })?;
    assert_eq!(found, BTreeSet::from([Some(text("old")), Some(text("new"))]));
    Ok(())
}

#[test]
fn a_rename_across_folders_can_lose_either_name_or_both() -> io::Result<()> {
    let mut found = BTreeSet::new();
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        disk.create_dir_all("x")?;
        disk.create_dir_all("y")?;
        disk.sync_dir("")?;
        durable(&disk, "x/a", b"1")?;
        disk.rename("x/a", "y/a")?;
        let disk = disk.restart(Crash::Random);
        found.insert((disk.read("x/a").is_ok(), disk.read("y/a").is_ok()));
    }
    assert_eq!(found.len(), 4);
    let disk = SimDisk::new(1);
    disk.create_dir_all("x/sub")?;
    disk.create_dir_all("y")?;
    disk.sync_dir("x")?;
    disk.sync_dir("")?;
    disk.rename("x/sub", "y/sub")?;
    disk.sync_dir("y")?;
    let disk = disk.restart(Crash::DropAll);
    assert_eq!(
        (names(&disk, "x")?.len(), names(&disk, "y")?.len()),
        (1, 0),
        "a folder has one name"
    );
    Ok(())
}

#[test]
fn two_names_of_a_file_are_one_file_after_the_crash() -> io::Result<()> {
    let disk = SimDisk::new(3);
    durable(&disk, "a", b"12")?;
    disk.link("a", "b")?;
    disk.sync_dir("")?;
    let disk = disk.restart(Crash::DropAll);
    disk.open("a")?.write_at(0, b"X")?;
    assert_eq!(disk.read("b")?, b"X2");
    disk.set_capacity(10);
    disk.remove("a")?;
    assert_eq!(disk.free_bytes()?, 8);
    disk.remove("b")?;
    assert_eq!(disk.free_bytes()?, 10);
    Ok(())
}

#[test]
fn any_subset_of_unsynced_writes_can_survive() -> io::Result<()> {
    let found = outcomes("log", |disk| {
        durable(disk, "log", b"")?;
        let file = disk.open("log")?;
        for (offset, byte) in [(0, b"a"), (1, b"b"), (2, b"c")] {
            file.write_at(offset, byte)?;
        }
        Ok(())
    })?;
    for expected in ["", "a", "ab", "abc", "\0b", "\0\0c", "a\0c", "\0bc", "ab\0"] {
        assert!(found.contains(&Some(text(expected))), "{expected:?} never came");
    }
    let garbage = found
        .iter()
        .flatten()
        .filter(|content| content.starts_with(b"ab") && content.len() == 3);
    assert!(garbage.count() > 3, "the last sector was never garbage");
    Ok(())
}

#[test]
fn the_last_write_is_torn_at_a_sector_and_older_bytes_are_not_harmed() -> io::Result<()> {
    let found = outcomes("log", |disk| {
        durable(disk, "log", &[1; 300])?;
        disk.open("log")?.write_at(300, &[2; 1000])
    })?;
    let mut lengths = BTreeSet::new();
    let (mut zeros, mut garbage) = (false, false);
    for content in found.iter().flatten() {
        assert_eq!(content[..300], [1; 300]);
        lengths.insert(content.len());
        let body = &content[300..];
        let torn = body.iter().position(|byte| *byte != 2).map(|at| at + 300);
        if let Some(at) = torn {
            // Garbage may begin with the right byte.
            assert!([300, 512].contains(&at) || at >= 1024, "torn at {at}");
            zeros |= at == 1024 && content[1024..].iter().all(|byte| *byte == 0);
            garbage |= content[1024..].iter().any(|byte| ![0, 2].contains(byte));
        }
    }
    assert_eq!(lengths, BTreeSet::from([300, 512, 1024, 1300]));
    assert!(zeros && garbage);
    Ok(())
}

#[test]
fn from_the_crash_on_everything_fails() -> io::Result<()> {
    let disk = SimDisk::new(7);
    durable(&disk, "a", b"1")?;
    assert_eq!(disk.operations(), 4);
    let file = disk.open("a")?;
    disk.crash_after(2);
    file.write_at(0, b"2")?;
    assert!(!disk.is_down());
    let lost = file.sync();
    assert!(lost.as_ref().is_err_and(PowerLoss::caused));
    assert!(lost.is_err_and(|error| error.to_string() == "simulated power loss"));
    assert!(disk.is_down());
    assert_eq!(disk.operations(), 6);
    let clone = disk.clone();
    for result in [
        file.sync(),
        file.write_at(0, b""),
        file.truncate(0),
        file.size().map(drop),
        file.read_at(0, &mut []).map(drop),
        clone.create("b").map(drop),
        clone.open("a").map(drop),
        clone.read("a").map(drop),
        clone.stat("a").map(drop),
        clone.list("").map(drop),
        clone.create_dir_all("d"),
        clone.rename("a", "b"),
        clone.link("a", "b"),
        clone.remove("a"),
        clone.sync_dir(""),
        clone.free_bytes().map(drop),
        clone.corrupt("a", 0, 1),
    ] {
        assert!(result.is_err_and(|error| PowerLoss::caused(&error)));
    }
    assert_eq!(disk.operations(), 6);
    let fresh = disk.restart(Crash::DropAll);
    assert!(file.size().is_err(), "an old handle stays dead");
    assert_eq!(fresh.read("a")?, b"1");
    fresh.crash_after(0);
    assert!(fresh.is_down());
    Ok(())
}

#[test]
fn an_interrupted_sync_may_have_happened() -> io::Result<()> {
    let found = outcomes("log", |disk| {
        durable(disk, "log", b"old")?;
        disk.open("log")?.write_at(0, b"new")?;
        disk.crash_after(1);
        disk.open("log")?.sync()
    })?;
    assert!(found.contains(&Some(text("old"))) && found.contains(&Some(text("new"))));
    let found = outcomes("log", |disk| {
        let file = disk.create("log")?;
        file.sync()?;
        disk.crash_after(1);
        disk.sync_dir("")
    })?;
    assert_eq!(found, BTreeSet::from([None, Some(text(""))]));
    Ok(())
}

#[test]
fn an_interrupted_change_may_have_happened() -> io::Result<()> {
    let found = outcomes("log", |disk| {
        disk.crash_after(1);
        disk.create("log").map(drop)
    })?;
    assert_eq!(found, BTreeSet::from([None, Some(text(""))]));
    let found = outcomes("log", |disk| {
        durable(disk, "log", b"old")?;
        disk.crash_after(1);
        disk.open("log")?.write_at(0, b"new")
    })?;
    assert!(found.contains(&Some(text("old"))) && found.contains(&Some(text("new"))));
    Ok(())
}

#[test]
fn a_dead_process_loses_nothing_but_syncs_nothing_either() -> io::Result<()> {
    let disk = SimDisk::new(7);
    durable(&disk, "log", b"old")?;
    disk.open("log")?.write_at(0, b"new")?;
    disk.create("other")?;
    let disk = disk.restart(Crash::Process);
    assert_eq!(disk.read("log")?, b"new");
    assert_eq!(names(&disk, "")?, ["log", "other"]);
    let disk = disk.restart(Crash::DropAll);
    assert_eq!(disk.read("log")?, b"old");
    assert_eq!(names(&disk, "")?, ["log"]);
    Ok(())
}

#[test]
fn write_atomic_leaves_old_or_new_at_every_step() -> io::Result<()> {
    let old = vec![1_u8; 2000];
    let new = vec![2_u8; 3000];
    let start = |seed| -> io::Result<SimDisk> {
        let disk = SimDisk::new(seed);
        disk.create_dir_all("d")?;
        disk.sync_dir("")?;
        write_atomic(&disk, "d/file", &old)?;
        Ok(disk)
    };
    let disk = start(0)?;
    let before = disk.operations();
    write_atomic(&disk, "d/file", &new)?;
    let steps = disk.operations() - before;
    assert_eq!(steps, 5);
    for seed in 0..200 {
        for step in 1..=steps + 1 {
            let disk = start(seed)?;
            disk.crash_after(step);
            let acknowledged = write_atomic(&disk, "d/file", &new).is_ok();
            assert_eq!(acknowledged, step > steps);
            for crash in [Crash::DropAll, Crash::Random, Crash::Process] {
                let found = disk.restart(crash);
                let content = found.read("d/file")?;
                assert!(
                    content == new || (content == old && !acknowledged),
                    "seed {seed} step {step}"
                );
                if crash != Crash::Process {
                    write_atomic(&found, "d/file", &old)?;
                    assert_eq!(found.read("d/file")?, old);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_crash_restarts_alike_for_equal_seeds_and_again() -> io::Result<()> {
    let run = |seed| -> io::Result<Vec<Vec<u8>>> {
        let disk = SimDisk::new(seed);
        durable(&disk, "log", b"")?;
        for index in 0..20_u64 {
            disk.open("log")?.write_at(index * 100, &[index as u8; 100])?;
        }
        (0..8).map(|_| disk.restart(Crash::Random).read("log")).collect()
    };
    assert_eq!(run(5)?, run(5)?);
    assert_ne!(run(5)?, run(6)?);
    assert!(run(5)?.iter().collect::<BTreeSet<_>>().len() > 3);
    Ok(())
}

#[test]
fn a_full_disk_takes_none_or_a_prefix() -> io::Result<()> {
    let mut taken = BTreeSet::new();
    for seed in 0..50 {
        let disk = SimDisk::new(seed);
        disk.set_capacity(10);
        let file = disk.create("a")?;
        file.write_at(0, b"123456")?;
        assert_eq!(disk.free_bytes()?, 4);
        assert_eq!(kind(file.write_at(6, b"789012")), Some(ErrorKind::StorageFull));
        let len = file.size()?;
        taken.insert(len);
        assert_eq!(disk.read("a")?, b"1234567890"[..len as usize]);
        file.write_at(0, b"abc")?;
        assert_eq!(kind(file.truncate(11)), Some(ErrorKind::StorageFull));
        disk.remove("a")?;
        assert_eq!(disk.free_bytes()?, 10);
        file.write_at(0, b"an unnamed file takes no room")
            .or_else(|error| {
                if error.kind() == ErrorKind::StorageFull {
                    Ok(())
                } else {
                    Err(error)
                }
            })?;
        assert_eq!(disk.free_bytes()?, 10);
        assert_eq!(disk.restart(Crash::DropAll).free_bytes()?, 10);
    }
    assert_eq!(taken, BTreeSet::from([6, 7, 8, 9, 10]));
    Ok(())
}

#[test]
fn a_byte_can_rot() -> io::Result<()> {
    let disk = SimDisk::new(7);
    durable(&disk, "a", b"abc")?;
    disk.corrupt("a", 1, 0x20)?;
    assert_eq!(disk.read("a")?, b"aBc");
    assert_eq!(kind(disk.corrupt("a", 3, 1)), Some(ErrorKind::UnexpectedEof));
    assert_eq!(kind(disk.corrupt("b", 0, 1)), Some(ErrorKind::NotFound));
    assert_eq!(disk.restart(Crash::DropAll).read("a")?, b"aBc");
    Ok(())
}

#[test]
fn the_trace_tells_the_order() -> io::Result<()> {
    let disk = SimDisk::new(7);
    disk.create_dir_all("d/e")?;
    disk.create_dir_all("d/e")?;
    write_atomic(&disk, "d/a", b"12")?;
    disk.mark("acknowledged");
    disk.link("d/a", "d/b")?;
    disk.open("d/b")?.truncate(1)?;
    disk.crash_after(1);
    assert!(
        disk.remove("d/none")
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    );
    assert!(disk.remove("d/b").is_err());
    let lines: Vec<String> = disk.trace().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "create_dir d",
            "create_dir d/e",
            "create d/a.tmp",
            "write d/a.tmp 0+2",
            "sync d/a.tmp",
            "rename d/a.tmp d/a",
            "sync_dir d",
            "mark acknowledged",
            "link d/a d/b",
            "truncate d/b 1",
            "remove d/b",
            "power loss",
        ]
    );
    assert_eq!(
        disk.trace()[4],
        Operation::Sync {
            path: "d/a.tmp".into()
        }
    );
    assert_eq!(disk.operations() as usize, lines.len() - 2);
    Ok(())
}

/// The undo list against a plain copy taken at each sync.
#[test]
fn the_durable_bytes_are_those_of_the_last_sync() -> io::Result<()> {
    let mut state = 1_u64;
    let mut next = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for seed in 0..300 {
        let disk = SimDisk::new(seed);
        durable(&disk, "log", b"")?;
        let file = disk.open("log")?;
        let mut synced = Vec::new();
        for _ in 0..next(40) {
            match next(6) {
                0 => {
                    file.sync()?;
                    synced = disk.read("log")?;
                }
                1 => file.truncate(next(3000))?,
                _ => file.write_at(next(2000), &vec![next(256) as u8; next(1500) as usize])?,
            }
        }
        let live = disk.read("log")?;
        assert_eq!((1 << 40) - disk.free_bytes()?, live.len() as u64);
        assert_eq!(disk.restart(Crash::DropAll).read("log")?, synced);
        let used = (1 << 40) - disk.restart(Crash::DropAll).free_bytes()?;
        assert_eq!(used, synced.len() as u64);
        disk.restart(Crash::Random).read("log")?;
    }
    Ok(())
}
