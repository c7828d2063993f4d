//! The simulated disk: a folder tree in memory that forgets what was not synced.
//!
//! What belongs here: the rules of POSIX, read pessimistically, and the power switch. What does
//! not: faults of the network or the clock (qala-sim), and anything that is not a disk.
//!
//! The model. A file has synced content and the changes since; a folder has synced entries and the
//! changes since. Syncing a file does not sync its name, syncing a folder does not sync the files
//! or folders in it. A rename within a folder is one change, so the target name stands for the old
//! file or the new one; a rename across folders is two, and the file may survive under both names
//! or under none.

mod file;
mod folder;
mod handle;
mod random;
mod survivors;
#[cfg(test)]
mod tests;
mod trace;

use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

pub use self::trace::Operation;

use self::file::FileNode;
use self::folder::{Change, Folder, Node};
use self::handle::SimFile;
use self::random::Random;
use self::survivors::Survivors;
use crate::path::{check, check_folder, name};
use crate::{Disk, DiskFile, Entry, parent};

/// Room on a disk whose capacity was not set: 1 TiB.
const DEFAULT_CAPACITY: u64 = 1 << 40;

/// What a crash takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The power goes, and everything after the last sync is lost: the worst case.
    DropAll,
    /// The power goes. Of each file, a seeded choice of the writes after its last sync survives:
    /// all, none, a prefix or any subset, the last of them perhaps torn at a sector, or with zeros
    /// or garbage in its last sector. Of each folder, a prefix of the changes survives.
    Random,
    /// The process dies and the machine stays up. Nothing is lost, and what was not synced still
    /// is not: a later power loss can take it. The new disk takes the tree over, so restart the
    /// crashed disk this way once.
    Process,
}

/// The error of every operation from the crash on, inside an [`io::Error`] of kind `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("simulated power loss")]
pub struct PowerLoss;

impl PowerLoss {
    /// True if this error says that the power is gone.
    pub fn caused(error: &io::Error) -> bool {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>())
            .is_some()
    }
}

/// An operation that a failing disk refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Creating a file.
    Create,
    /// Writing; nothing is written.
    Write,
    /// Cutting or growing a file.
    Truncate,
    /// Syncing a file.
    Sync,
    /// Removing a file.
    Remove,
    /// Syncing a folder.
    SyncDir,
}

/// A disk in memory, deterministic for a seed, with a power switch. Clones are handles of one disk.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    random: Random,
    root: Arc<Folder>,
    capacity: u64,
    used: u64,
    operations: u64,
    crash_at: Option<u64>,
    down: bool,
    interrupted: Option<Node>,
    failing: Vec<Fault>,
    trace: Vec<Operation>,
}

impl State {
    fn new(random: Random, root: Arc<Folder>, capacity: u64, used: u64) -> Self {
        Self {
            random,
            root,
            capacity,
            used,
            operations: 0,
            crash_at: None,
            down: false,
            interrupted: None,
            failing: Vec::new(),
            trace: Vec::new(),
        }
    }

    fn check_power(&self) -> io::Result<()> {
        if self.down { Err(power_loss()) } else { Ok(()) }
    }

    /// Refuses an operation before it does or counts anything.
    fn check_fault(&self, fault: Fault) -> io::Result<()> {
        if self.failing.contains(&fault) {
            return Err(io::Error::other(format!("simulated failure: {fault:?}")));
        }
        Ok(())
    }

    fn cut_power(&mut self) {
        if !self.down {
            self.down = true;
            self.trace.push(Operation::PowerLoss);
        }
    }

    /// Counts an operation that is about to change something, and returns how it will end. One
    /// that ends in a power loss is carried out all the same, unsynced: some of it may survive.
    fn step(&mut self, operation: Operation) -> io::Result<()> {
        self.operations += 1;
        self.trace.push(operation);
        if self.crash_at == Some(self.operations) {
            self.cut_power();
        }
        self.check_power()
    }

    fn find(&self, path: &str) -> io::Result<Node> {
        let mut node = Node::Folder(Arc::clone(&self.root));
        if path.is_empty() {
            return Ok(node);
        }
        for name in path.split('/') {
            let Node::Folder(folder) = &node else {
                return Err(failure(io::ErrorKind::NotADirectory, path));
            };
            node = folder
                .get(name)
                .ok_or_else(|| failure(io::ErrorKind::NotFound, path))?;
        }
        Ok(node)
    }

    fn find_folder(&self, path: &str) -> io::Result<Arc<Folder>> {
        match self.find(path)? {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(failure(io::ErrorKind::NotADirectory, path)),
        }
    }

    fn find_file(&self, path: &str) -> io::Result<Arc<FileNode>> {
        match self.find(path)? {
            Node::File(file) => Ok(file),
            Node::Folder(_) => Err(failure(io::ErrorKind::IsADirectory, path)),
        }
    }

    fn drop_name(&mut self, node: &Node) {
        if let Node::File(file) = node {
            self.used = self.used.saturating_sub(file.drop_name());
        }
    }

    /// Accounts for a new length of a file; a file without a name takes no room.
    fn account(&mut self, file: &FileNode, len: u64) {
        if file.names() > 0 {
            self.used = (self.used + len).saturating_sub(file.len() as u64);
        }
    }

    /// The length up to which this file may grow.
    fn limit(&self, file: &FileNode) -> u64 {
        (file.len() as u64).saturating_add(self.capacity.saturating_sub(self.used))
    }
}

impl SimDisk {
    /// An empty disk of 1 TiB. Equal seeds and equal operations give equal crashes.
    pub fn new(seed: u64) -> Self {
        let state = State::new(Random::new(seed), Arc::default(), DEFAULT_CAPACITY, 0);
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Cuts the power during the `count`-th changing operation from now, or now if `count` is 0.
    /// From then on every call on the disk and its files fails with [`PowerLoss`].
    pub fn crash_after(&self, count: u64) {
        let mut state = self.state.lock();
        state.crash_at = Some(state.operations.saturating_add(count));
        if count == 0 {
            state.cut_power();
        }
    }

    /// The disk as it is found after a crash, with all of it synced (but see [`Crash::Process`]),
    /// and with operations and trace at zero. Cuts the power if it is still on: old handles stay
    /// dead. The same crash can be restarted again, and [`Crash::Random`] then differs.
    #[must_use]
    pub fn restart(&self, crash: Crash) -> Self {
        let mut state = self.state.lock();
        state.cut_power();
        let moment = state.operations;
        let random = state.random.fork(moment);
        let next = if crash == Crash::Process {
            State::new(random, Arc::clone(&state.root), state.capacity, state.used)
        } else {
            let survivors = Survivors::of(&state.root, crash, random, state.interrupted.clone());
            State::new(survivors.random, survivors.root, state.capacity, survivors.used)
        };
        Self {
            state: Arc::new(Mutex::new(next)),
        }
    }

    /// True from the crash on.
    pub fn is_down(&self) -> bool {
        self.state.lock().down
    }

    /// How many operations changed or synced something so far: create, write, truncate, sync,
    /// rename, link, remove, create one folder, sync a folder. One that was refused (not found,
    /// exists already) is not counted.
    pub fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// Sets the size of the disk, in bytes of named files. A write beyond it fails with
    /// `StorageFull`, and takes none or, by a seeded choice, some of its bytes.
    pub fn set_capacity(&self, bytes: u64) {
        self.state.lock().capacity = bytes;
    }

    /// Refuses these operations from now on, for all paths; without any, the disk is well again.
    pub fn fail(&self, faults: &[Fault]) {
        self.state.lock().failing = faults.to_vec();
    }

    /// Flips the bits `xor` of one byte, as a failing medium does. Neither counted nor traced.
    ///
    /// # Errors
    /// There is no such file, or it ends before `offset`.
    pub fn corrupt(&self, path: &str, offset: u64, xor: u8) -> io::Result<()> {
        check(path)?;
        let state = self.state.lock();
        state.check_power()?;
        let file = state.find_file(path)?;
        if file.corrupt(usize::try_from(offset).unwrap_or(usize::MAX), xor) {
            Ok(())
        } else {
            Err(failure(io::ErrorKind::UnexpectedEof, path))
        }
    }

    /// Everything that was counted since the start, in order, with the marks; the operation during
    /// which the power went is the last but one.
    pub fn trace(&self) -> Vec<Operation> {
        self.state.lock().trace.clone()
    }

    /// Adds a note to the trace, such as "acknowledged 17".
    pub fn mark(&self, note: &str) {
        self.state.lock().trace.push(Operation::Mark(note.to_owned()));
    }

    fn handle(&self, node: Arc<FileNode>, path: Arc<str>) -> Box<dyn DiskFile> {
        Box::new(SimFile::new(Arc::clone(&self.state), node, path))
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("SimDisk")
            .field("operations", &state.operations)
            .field("used", &state.used)
            .field("down", &state.down)
            .finish_non_exhaustive()
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        check(path)?;
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::Create)?;
        let folder = state.find_folder(parent(path))?;
        if folder.get(name(path)).is_some() {
            return Err(failure(io::ErrorKind::AlreadyExists, path));
        }
        let path: Arc<str> = path.into();
        let outcome = state.step(Operation::Create {
            path: Arc::clone(&path),
        });
        let file = Arc::new(FileNode::default());
        file.add_name();
        folder.apply(Change::Put {
            name: name(&path).into(),
            node: Node::File(Arc::clone(&file)),
        });
        outcome?;
        Ok(self.handle(file, path))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        check(path)?;
        let state = self.state.lock();
        state.check_power()?;
        Ok(self.handle(state.find_file(path)?, path.into()))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        check(path)?;
        let state = self.state.lock();
        state.check_power()?;
        Ok(state.find_file(path)?.content())
    }

    fn stat(&self, path: &str) -> io::Result<Entry> {
        check_folder(path)?;
        let state = self.state.lock();
        state.check_power()?;
        Ok(entry(name(path), &state.find(path)?))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<Entry>> {
        check_folder(dir)?;
        let state = self.state.lock();
        state.check_power()?;
        let entries = state.find_folder(dir)?.entries();
        Ok(entries.iter().map(|(name, node)| entry(name, node)).collect())
    }

    fn create_dir_all(&self, dir: &str) -> io::Result<()> {
        check_folder(dir)?;
        let mut state = self.state.lock();
        state.check_power()?;
        let mut folder = Arc::clone(&state.root);
        let mut end = 0;
        for part in dir.split('/').filter(|part| !part.is_empty()) {
            end += part.len();
            folder = match folder.get(part) {
                Some(Node::Folder(next)) => next,
                Some(Node::File(_)) if end == dir.len() => {
                    return Err(failure(io::ErrorKind::AlreadyExists, dir));
                }
                Some(Node::File(_)) => return Err(failure(io::ErrorKind::NotADirectory, dir)),
                None => {
                    let outcome = state.step(Operation::CreateDir {
                        path: dir[..end].into(),
                    });
                    let next = Arc::new(Folder::default());
                    let node = Node::Folder(Arc::clone(&next));
                    folder.apply(Change::Put {
                        name: part.into(),
                        node,
                    });
                    outcome?;
                    next
                }
            };
            end += 1;
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        check(from)?;
        check(to)?;
        let mut state = self.state.lock();
        state.check_power()?;
        let source = state.find_folder(parent(from))?;
        let target = state.find_folder(parent(to))?;
        let node = state.find(from)?;
        if is_within(to, from) && matches!(node, Node::Folder(_)) {
            return Err(failure(io::ErrorKind::InvalidInput, to));
        }
        if is_within(from, to) {
            return Err(failure(io::ErrorKind::DirectoryNotEmpty, to));
        }
        let replaced = target.get(name(to));
        match (&node, &replaced) {
            (node, Some(old)) if node.is(old) => return Ok(()),
            (Node::File(_), Some(Node::Folder(_))) => return Err(failure(io::ErrorKind::IsADirectory, to)),
            (Node::Folder(_), Some(Node::File(_))) => return Err(failure(io::ErrorKind::NotADirectory, to)),
            (_, Some(Node::Folder(old))) if !old.is_empty() => {
                return Err(failure(io::ErrorKind::DirectoryNotEmpty, to));
            }
            _ => {}
        }
        let outcome = state.step(Operation::Rename {
            from: from.into(),
            to: to.into(),
        });
        if Arc::ptr_eq(&source, &target) {
            source.apply(Change::Move {
                from: name(from).into(),
                to: name(to).into(),
            });
        } else {
            target.apply(Change::Put {
                name: name(to).into(),
                node,
            });
            source.apply(Change::Take {
                name: name(from).into(),
            });
        }
        if let Some(old) = &replaced {
            state.drop_name(old);
        }
        outcome
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        check(from)?;
        check(to)?;
        let mut state = self.state.lock();
        state.check_power()?;
        let node = state.find(from)?;
        let target = state.find_folder(parent(to))?;
        if target.get(name(to)).is_some() {
            return Err(failure(io::ErrorKind::AlreadyExists, to));
        }
        let Node::File(file) = &node else {
            return Err(failure(io::ErrorKind::PermissionDenied, from));
        };
        let outcome = state.step(Operation::Link {
            from: from.into(),
            to: to.into(),
        });
        file.add_name();
        target.apply(Change::Put {
            name: name(to).into(),
            node,
        });
        outcome
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        check(path)?;
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::Remove)?;
        let folder = state.find_folder(parent(path))?;
        let node = Node::File(state.find_file(path)?);
        let outcome = state.step(Operation::Remove { path: path.into() });
        folder.apply(Change::Take {
            name: name(path).into(),
        });
        state.drop_name(&node);
        outcome
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        check_folder(dir)?;
        let mut state = self.state.lock();
        state.check_power()?;
        state.check_fault(Fault::SyncDir)?;
        let folder = state.find_folder(dir)?;
        match state.step(Operation::SyncDir { path: dir.into() }) {
            Ok(()) => folder.sync(),
            Err(error) => {
                state.interrupted = Some(Node::Folder(folder));
                return Err(error);
            }
        }
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let state = self.state.lock();
        state.check_power()?;
        Ok(state.capacity.saturating_sub(state.used))
    }
}

fn entry(name: &str, node: &Node) -> Entry {
    match node {
        Node::File(file) => Entry {
            name: name.to_owned(),
            len: file.len() as u64,
            is_dir: false,
        },
        Node::Folder(_) => Entry {
            name: name.to_owned(),
            len: 0,
            is_dir: true,
        },
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn power_loss() -> io::Error {
    io::Error::other(PowerLoss)
}

/// An error of the kind that the real disk gives.
fn failure(kind: io::ErrorKind, path: &str) -> io::Error {
    io::Error::new(kind, format!("{kind}: {path:?}"))
}
