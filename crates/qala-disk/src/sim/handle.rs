//! An open file of the simulated disk.
//!
//! What belongs here: what each call on a file counts, takes and refuses. What does not: how the
//! bytes are kept.

use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::file::FileNode;
use super::folder::Node;
use super::trace::Operation;
use super::{Fault, State, failure};
use crate::DiskFile;

/// A handle of one file, named in the trace by the path it was opened under.
pub(super) struct SimFile {
    state: Arc<Mutex<State>>,
    node: Arc<FileNode>,
    path: Arc<str>,
}

impl SimFile {
    pub(super) fn new(state: Arc<Mutex<State>>, node: Arc<FileNode>, path: Arc<str>) -> Self {
        Self { state, node, path }
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.state.lock().check_power()?;
        Ok(self
            .node
            .read_at(usize::try_from(offset).unwrap_or(usize::MAX), buf))
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::Write)?;
        if data.is_empty() {
            return Ok(());
        }
        let start = usize::try_from(offset).map_err(|_| failure(io::ErrorKind::FileTooLarge, &self.path))?;
        let end = offset
            .checked_add(data.len() as u64)
            .filter(|end| i64::try_from(*end).is_ok())
            .ok_or_else(|| failure(io::ErrorKind::FileTooLarge, &self.path))?;
        let limit = state.limit(&self.node);
        let taken = if end <= limit {
            data
        } else {
            let room = limit.saturating_sub(offset) as usize;
            let count = if state.random.coin() {
                state.random.below(room + 1)
            } else {
                0
            };
            &data[..count]
        };
        let path = Arc::clone(&self.path);
        let outcome = state.step(Operation::Write {
            path,
            offset,
            len: taken.len() as u64,
        });
        if !taken.is_empty() {
            state.account(
                &self.node,
                (self.node.len() as u64).max(offset + taken.len() as u64),
            );
            self.node.write_at(start, taken);
        }
        outcome?;
        if taken.len() < data.len() {
            return Err(failure(io::ErrorKind::StorageFull, &self.path));
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        self.state.lock().check_power()?;
        Ok(self.node.len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::Truncate)?;
        let new_len = usize::try_from(len).map_err(|_| failure(io::ErrorKind::FileTooLarge, &self.path))?;
        if new_len > self.node.len() && len > state.limit(&self.node) {
            return Err(failure(io::ErrorKind::StorageFull, &self.path));
        }
        let outcome = state.step(Operation::Truncate {
            path: Arc::clone(&self.path),
            len,
        });
        state.account(&self.node, len);
        self.node.resize(new_len);
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::Sync)?;
        match state.step(Operation::Sync {
            path: Arc::clone(&self.path),
        }) {
            Ok(()) => self.node.sync(),
            Err(error) => {
                state.interrupted = Some(Node::File(Arc::clone(&self.node)));
                return Err(error);
            }
        }
        Ok(())
    }
}
