//! The real disk: a folder tree under one root folder of the machine.
//!
//! What belongs here: system calls. What does not: retries, buffering, caching.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::path::{check, check_folder, name};
use crate::{Disk, DiskFile, Entry};

/// A folder of the machine. A symbolic link in it is followed, so that an operator can move a part
/// of the tree to another disk; renames and links across that border then fail.
#[derive(Debug, Clone)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Takes `root` as the root of the tree. It and its missing parents are created, and their
    /// entries made durable, since nobody else can sync a folder above the root.
    ///
    /// # Errors
    /// The folder cannot be created or synced.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = std::path::absolute(root.into())?;
        let missing: Vec<&Path> = root.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(&root)?;
        for folder in missing {
            if let Some(above) = folder.parent() {
                sync_folder(above)?;
            }
        }
        Ok(Self { root })
    }

    /// The root folder, as an absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn file(&self, path: &str) -> io::Result<PathBuf> {
        check(path)?;
        Ok(self.root.join(path))
    }

    fn folder(&self, path: &str) -> io::Result<PathBuf> {
        check_folder(path)?;
        Ok(if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        })
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.file(path)?)?;
        Ok(Box::new(RealFile { file }))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.file(path)?)?;
        Ok(Box::new(RealFile { file }))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.file(path)?)
    }

    fn stat(&self, path: &str) -> io::Result<Entry> {
        let metadata = fs::metadata(self.folder(path)?)?;
        Ok(entry(name(path).to_owned(), &metadata))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in fs::read_dir(self.folder(dir)?)? {
            let found = found?;
            // A name that is not UTF-8 is not ours; it is shown, and cannot be opened.
            let name = found.file_name().to_string_lossy().into_owned();
            match fs::metadata(found.path()) {
                Ok(metadata) => entries.push(entry(name, &metadata)),
                // Removed since the folder was read, or a symbolic link to nowhere.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn create_dir_all(&self, dir: &str) -> io::Result<()> {
        fs::create_dir_all(self.folder(dir)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file(from)?, self.file(to)?)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.file(from)?, self.file(to)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.file(path)?)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        sync_folder(&self.folder(dir)?)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        free_bytes(&self.root)
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
}

impl DiskFile for RealFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self
                .file
                .read_at(&mut buf[filled..], offset.saturating_add(filled as u64))
            {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn entry(name: String, metadata: &fs::Metadata) -> Entry {
    let is_dir = metadata.is_dir();
    Entry {
        name,
        len: if is_dir { 0 } else { metadata.len() },
        is_dir,
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY)
        .open(folder)?
        .sync_all()
}

fn free_bytes(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    let mut stats = MaybeUninit::<libc::statvfs>::uninit();
    #[expect(unsafe_code, reason = "the standard library has no statvfs")]
    // SAFETY: `path` ends with a NUL and lives through the call, `stats` has room for one statvfs,
    // and is read only after the call returned 0, which says that it was filled.
    let stats = unsafe {
        if libc::statvfs(path.as_ptr(), stats.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        stats.assume_init()
    };
    Ok(widen(stats.f_bavail).saturating_mul(widen(stats.f_frsize)))
}

/// The fields of statvfs are 32 bits wide on some systems and 64 on others.
fn widen(number: impl Into<u64>) -> u64 {
    number.into()
}
