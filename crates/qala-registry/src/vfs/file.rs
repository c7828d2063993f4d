//! An open file as SQLite sees it.
//!
//! What belongs here: what each call does on the disk. What does not: pointers and C types.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use qala_disk::{DiskFile, parent};

use super::Shared;

/// An open file: one of the disk, or a nameless one in memory.
pub(super) struct OpenFile {
    shared: Arc<Shared>,
    body: Body,
    /// SQLite's lock level; nobody else can hold one (see [`Shared::take`]).
    pub(super) lock: i32,
}

enum Body {
    Named(Named),
    /// A statement journal or a sorter: lives as long as the handle and never needs to be durable.
    Nameless(Mutex<Vec<u8>>),
}

struct Named {
    path: String,
    file: Box<dyn DiskFile>,
    is_database: bool,
    removed_at_close: bool,
    /// Whether this handle has made the name durable. An existing file may have been created by a process
    /// that died before it synced the folder, so each handle does it once.
    name_is_durable: Mutex<bool>,
}

/// How a named file is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub(super) creation: Creation,
    pub(super) is_database: bool,
    pub(super) removed_at_close: bool,
}

/// Whether a file may or must be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Creation {
    Never,
    IfMissing,
    Always,
}

/// Why a file was not opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another connection of this process has the database.
    InUse,
    /// The disk says no.
    Io(io::Error),
}

impl OpenFile {
    /// Opens a file of the disk.
    pub(super) fn named(shared: &Arc<Shared>, path: &str, mode: Mode) -> Result<Self, Refusal> {
        if mode.is_database && !shared.take(path) {
            return Err(Refusal::InUse);
        }
        match open(shared, path, mode) {
            Ok(file) => {
                shared.opened();
                Ok(Self {
                    shared: Arc::clone(shared),
                    body: Body::Named(Named {
                        path: path.to_owned(),
                        file,
                        is_database: mode.is_database,
                        removed_at_close: mode.removed_at_close,
                        name_is_durable: Mutex::new(false),
                    }),
                    lock: 0,
                })
            }
            Err(error) => {
                if mode.is_database {
                    shared.give_back(path);
                }
                Err(Refusal::Io(error))
            }
        }
    }

    /// Makes a file in memory.
    pub(super) fn nameless(shared: &Arc<Shared>) -> Self {
        shared.opened();
        Self {
            shared: Arc::clone(shared),
            body: Body::Nameless(Mutex::default()),
            lock: 0,
        }
    }

    /// Fills `buf` as far as the file reaches; returns the number of bytes read.
    pub(super) fn read(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        match &self.body {
            Body::Named(named) => named.file.read_at(offset, buf),
            Body::Nameless(bytes) => {
                let bytes = bytes.lock();
                let rest = usize::try_from(offset)
                    .ok()
                    .and_then(|start| bytes.get(start..))
                    .unwrap_or_default();
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }
        }
    }

    pub(super) fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &self.body {
            Body::Named(named) => named.file.write_at(offset, data),
            Body::Nameless(bytes) => {
                let start = usize::try_from(offset).map_err(io::Error::other)?;
                let mut bytes = bytes.lock();
                if bytes.len() < start + data.len() {
                    bytes.resize(start + data.len(), 0);
                }
                bytes[start..start + data.len()].copy_from_slice(data);
                Ok(())
            }
        }
    }

    pub(super) fn truncate(&self, len: u64) -> io::Result<()> {
        match &self.body {
            Body::Named(named) => named.file.truncate(len),
            Body::Nameless(bytes) => {
                bytes
                    .lock()
                    .resize(usize::try_from(len).map_err(io::Error::other)?, 0);
                Ok(())
            }
        }
    }

    /// Makes bytes and name durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        let Body::Named(named) = &self.body else {
            return Ok(());
        };
        named.file.sync()?;
        let mut durable = named.name_is_durable.lock();
        if !*durable {
            self.shared.disk.sync_dir(parent(&named.path))?;
            *durable = true;
        }
        Ok(())
    }

    pub(super) fn size(&self) -> io::Result<u64> {
        match &self.body {
            Body::Named(named) => named.file.size(),
            Body::Nameless(bytes) => Ok(bytes.lock().len() as u64),
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Body::Named(named) = &self.body {
            if named.removed_at_close
                && let Err(error) = self.shared.disk.remove(&named.path)
            {
                tracing::debug!(path = named.path, %error, "a temporary file was not removed");
            }
            if named.is_database {
                self.shared.give_back(&named.path);
            }
        }
        self.shared.closed();
    }
}

fn open(shared: &Shared, path: &str, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
    if mode.creation == Creation::Always {
        return shared.disk.create(path);
    }
    match shared.disk.open(path) {
        Err(error) if mode.creation == Creation::IfMissing && error.kind() == io::ErrorKind::NotFound => {
            shared.disk.create(path)
        }
        outcome => outcome,
    }
}
