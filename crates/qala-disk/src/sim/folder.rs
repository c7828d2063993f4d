//! The names in one simulated folder, and which of them survive a power loss.
//!
//! What belongs here: entries and the changes since the last sync. What does not: bytes.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;

use super::file::FileNode;
use super::random::Random;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Node {
    File(Arc<FileNode>),
    Folder(Arc<Folder>),
}

impl Node {
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(a), Self::File(b)) => Arc::ptr_eq(a, b),
            (Self::Folder(a), Self::Folder(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

pub(super) type Entries = BTreeMap<Arc<str>, Node>;

#[derive(Debug, Default)]
pub(super) struct Folder {
    data: Mutex<FolderData>,
}

#[derive(Debug, Default)]
struct FolderData {
    entries: Entries,
    unsynced: Vec<Undo>,
}

/// One change of the names of a folder, whole or not at all.
#[derive(Debug)]
pub(super) enum Change {
    /// A name now stands for this node.
    Put { name: Arc<str>, node: Node },
    /// A name is gone.
    Take { name: Arc<str> },
    /// A node changed its name within the folder.
    Move { from: Arc<str>, to: Arc<str> },
}

/// What the names touched by a change stood for before it.
type Undo = Vec<(Arc<str>, Option<Node>)>;

impl Folder {
    pub(super) fn durable(entries: Entries) -> Self {
        Self {
            data: Mutex::new(FolderData {
                entries,
                unsynced: Vec::new(),
            }),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Node> {
        self.data.lock().entries.get(name).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.lock().entries.is_empty()
    }

    pub(super) fn entries(&self) -> Entries {
        self.data.lock().entries.clone()
    }

    pub(super) fn apply(&self, change: Change) {
        let data = &mut *self.data.lock();
        let undo = apply(&mut data.entries, change);
        data.unsynced.push(undo);
    }

    pub(super) fn sync(&self) {
        // The nodes that only the list knew are dropped after the lock.
        let forgotten = mem::take(&mut self.data.lock().unsynced);
        drop(forgotten);
    }

    /// What the last sync made durable.
    pub(super) fn synced_entries(&self) -> Entries {
        let data = self.data.lock();
        let mut entries = data.entries.clone();
        for undo in data.unsynced.iter().rev() {
            revert(&mut entries, undo);
        }
        entries
    }

    /// What the last sync made durable, and a random prefix of the changes after it.
    pub(super) fn random_entries(&self, random: &mut Random) -> Entries {
        let data = self.data.lock();
        let count = data.unsynced.len();
        let kept = match random.below(3) {
            0 => 0,
            1 => random.below(count + 1),
            _ => count,
        };
        let mut entries = data.entries.clone();
        for undo in data.unsynced[kept..].iter().rev() {
            revert(&mut entries, undo);
        }
        entries
    }
}

fn apply(entries: &mut Entries, change: Change) -> Undo {
    match change {
        Change::Put { name, node } => {
            let old = entries.insert(Arc::clone(&name), node);
            vec![(name, old)]
        }
        Change::Take { name } => {
            let old = entries.remove(&name);
            vec![(name, old)]
        }
        Change::Move { from, to } => {
            let moved = entries.remove(&from);
            let replaced = match &moved {
                Some(node) => entries.insert(Arc::clone(&to), node.clone()),
                None => entries.get(&to).cloned(),
            };
            vec![(from, moved), (to, replaced)]
        }
    }
}

fn revert(entries: &mut Entries, undo: &Undo) {
    for (name, old) in undo {
        match old {
            Some(node) => entries.insert(Arc::clone(name), node.clone()),
            None => entries.remove(name),
        };
    }
}
