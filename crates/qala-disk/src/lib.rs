//! The one small trait through which the log, the tables and the registry touch a disk.
//!
//! What belongs here: the trait, the real disk under a root folder, and the simulated disk that
//! forgets everything after the last fsync. What does not: any knowledge of what is written.

mod path;
mod real;
mod sim;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::io;

pub use real::RealDisk;
pub use sim::{Crash, Fault, Operation, PowerLoss, SimDisk};

/// One directory entry: its name (not its path), its length in bytes, and whether it is a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// File or folder name without its parent.
    pub name: String,
    /// Length in bytes; zero for a folder.
    pub len: u64,
    /// True for a folder.
    pub is_dir: bool,
}

/// An open file. Offsets and lengths are in bytes. All methods are thread-safe.
pub trait DiskFile: Send + Sync + Debug {
    /// Fills `buf` from `offset` as far as the file reaches; returns the number of bytes read.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `data` at `offset`, growing the file if needed.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;
    /// The length of the file.
    fn size(&self) -> io::Result<u64>;
    /// Cuts or grows (with zeros) the file to `len`.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Makes the bytes (not the directory entry) durable: fdatasync.
    fn sync(&self) -> io::Result<()>;
}

/// A folder tree. Paths are relative to its root, `/`-separated, without `.` and `..`; a path that
/// breaks this rule is refused with [`io::ErrorKind::InvalidInput`].
pub trait Disk: Send + Sync + Debug {
    /// Creates a new file for reading and writing; `AlreadyExists` if there is one.
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file for reading and writing; `NotFound` if there is none.
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Reads a whole file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// The entry of a file or folder; `NotFound` if there is none.
    fn stat(&self, path: &str) -> io::Result<Entry>;
    /// Entries of a folder, sorted by name; `NotFound` if there is no such folder.
    fn list(&self, dir: &str) -> io::Result<Vec<Entry>>;
    /// Creates a folder and its parents. Durable only after [`Disk::sync_dir`] of each parent.
    fn create_dir_all(&self, dir: &str) -> io::Result<()>;
    /// Renames, replacing the target. Durable only after [`Disk::sync_dir`] of both parents.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Gives a file a second name; `AlreadyExists` if the name is taken. Atomic: it is how
    /// "create this file, whole, unless it is there" is done.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file. Durable only after [`Disk::sync_dir`] of the parent.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes the entries of a folder durable. The root is the empty string.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// Bytes that can still be written.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// The parent folder of a relative path; the root is the empty string.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Writes a whole file so that it is either absent or complete, whatever happens: temporary name,
/// fsync, rename, fsync of the folder. Replaces an older file of that name.
///
/// # Errors
/// Any IO error; the older file is then still there.
pub fn write_atomic(disk: &dyn Disk, path: &str, data: &[u8]) -> io::Result<()> {
    let temporary = format!("{path}.tmp");
    match disk.remove(&temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = disk.create(&temporary)?;
    file.write_at(0, data)?;
    file.sync()?;
    drop(file);
    disk.rename(&temporary, path)?;
    disk.sync_dir(parent(path))
}
