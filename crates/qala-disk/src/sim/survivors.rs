//! What a power loss leaves of the tree.
//!
//! What belongs here: the walk from the root over what survives. What does not: what survives of
//! one file or one folder (`file`, `folder`).

use std::collections::HashMap;
use std::sync::Arc;

use super::Crash;
use super::file::FileNode;
use super::folder::{Entries, Folder, Node};
use super::random::Random;

/// The tree that a power loss leaves.
pub(super) struct Survivors {
    pub(super) root: Arc<Folder>,
    /// The bytes of its files.
    pub(super) used: u64,
    /// The generator, as far as the choices have taken it.
    pub(super) random: Random,
}

struct Builder {
    crash: Crash,
    random: Random,
    /// What the sync was about during which the power went, if that sync took effect.
    synced: Option<Node>,
    /// Old nodes by address: the new file, or the old folder.
    seen: HashMap<usize, Node>,
    used: u64,
}

impl Survivors {
    /// Chooses what survives. `interrupted` is what the sync was about during which the power went.
    pub(super) fn of(
        root: &Arc<Folder>,
        crash: Crash,
        mut random: Random,
        interrupted: Option<Node>,
    ) -> Self {
        let synced = interrupted.filter(|_| crash == Crash::Random && random.coin());
        let mut builder = Builder {
            crash,
            random,
            synced,
            seen: HashMap::new(),
            used: 0,
        };
        let root = builder.folder(root);
        Self {
            root,
            used: builder.used,
            random: builder.random,
        }
    }
}

impl Builder {
    fn is_synced(&self, node: &Node) -> bool {
        self.synced.as_ref().is_some_and(|synced| synced.is(node))
    }

    fn folder(&mut self, folder: &Arc<Folder>) -> Arc<Folder> {
        let entries = if self.is_synced(&Node::Folder(Arc::clone(folder))) {
            folder.entries()
        } else if self.crash == Crash::Random {
            folder.random_entries(&mut self.random)
        } else {
            folder.synced_entries()
        };
        let mut survivors = Entries::new();
        for (name, node) in entries {
            if let Some(node) = self.node(&node) {
                survivors.insert(name, node);
            }
        }
        Arc::new(Folder::durable(survivors))
    }

    fn node(&mut self, node: &Node) -> Option<Node> {
        let address = match node {
            Node::File(file) => Arc::as_ptr(file) as usize,
            Node::Folder(folder) => Arc::as_ptr(folder) as usize,
        };
        match self.seen.get(&address) {
            Some(Node::File(file)) => {
                file.add_name();
                Some(Node::File(Arc::clone(file)))
            }
            // A folder that was moved and survived under both names: the first one is kept.
            Some(Node::Folder(_)) => None,
            None => Some(self.first(node, address)),
        }
    }

    fn first(&mut self, node: &Node, address: usize) -> Node {
        match node {
            Node::Folder(folder) => {
                self.seen.insert(address, node.clone());
                Node::Folder(self.folder(folder))
            }
            Node::File(file) => {
                let content = if self.is_synced(node) {
                    file.content()
                } else if self.crash == Crash::Random {
                    file.random_content(&mut self.random)
                } else {
                    file.synced_content()
                };
                self.used += content.len() as u64;
                let survivor = Arc::new(FileNode::durable(content));
                survivor.add_name();
                self.seen.insert(address, Node::File(Arc::clone(&survivor)));
                Node::File(survivor)
            }
        }
    }
}
