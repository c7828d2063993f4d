//! What a simulated disk was asked to do, in order, so that tests can assert on the order.
//!
//! What belongs here: operations that change something. What does not: reads.

use std::fmt;
use std::sync::Arc;

/// One entry of the trace of a [`SimDisk`](crate::SimDisk). Its `Display` is a short line such as
/// `write log/0.seg 0+512`. A file is named by the path under which its handle was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A file was created.
    Create {
        /// The new file.
        path: Arc<str>,
    },
    /// Bytes were written.
    Write {
        /// The file.
        path: Arc<str>,
        /// Where the first byte went.
        offset: u64,
        /// How many bytes were taken: fewer than given if the disk was full.
        len: u64,
    },
    /// A file was cut or grown.
    Truncate {
        /// The file.
        path: Arc<str>,
        /// Its new length in bytes.
        len: u64,
    },
    /// The bytes of a file were made durable.
    Sync {
        /// The file.
        path: Arc<str>,
    },
    /// A name was changed.
    Rename {
        /// The old path.
        from: Arc<str>,
        /// The new path.
        to: Arc<str>,
    },
    /// A file got a second name.
    Link {
        /// The name it had.
        from: Arc<str>,
        /// The name it got.
        to: Arc<str>,
    },
    /// A file was removed.
    Remove {
        /// The file.
        path: Arc<str>,
    },
    /// One folder was created.
    CreateDir {
        /// The new folder.
        path: Arc<str>,
    },
    /// The entries of a folder were made durable.
    SyncDir {
        /// The folder; the root is the empty string.
        path: Arc<str>,
    },
    /// The power went during the operation before this one, or between two operations.
    PowerLoss,
    /// A note of the test.
    Mark(String),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { path } => write!(f, "create {path}"),
            Self::Write { path, offset, len } => write!(f, "write {path} {offset}+{len}"),
            Self::Truncate { path, len } => write!(f, "truncate {path} {len}"),
            Self::Sync { path } => write!(f, "sync {path}"),
            Self::Rename { from, to } => write!(f, "rename {from} {to}"),
            Self::Link { from, to } => write!(f, "link {from} {to}"),
            Self::Remove { path } => write!(f, "remove {path}"),
            Self::CreateDir { path } => write!(f, "create_dir {path}"),
            Self::SyncDir { path } => write!(f, "sync_dir {path}"),
            Self::PowerLoss => f.write_str("power loss"),
            Self::Mark(note) => write!(f, "mark {note}"),
        }
    }
}
