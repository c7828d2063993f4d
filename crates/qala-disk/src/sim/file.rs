//! The bytes of one simulated file, and which of them survive a power loss.
//!
//! What belongs here: content and the changes since the last sync. What does not: names.
//!
//! The content is kept once, as programs see it; each change since the last sync keeps only what
//! it destroyed. So an append copies its bytes once, a sync forgets the list, and the cost of
//! finding the durable content is paid at a crash.

use parking_lot::Mutex;

use super::random::Random;

/// Disks write whole sectors of this many bytes.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct FileNode {
    data: Mutex<FileData>,
}

#[derive(Debug, Default)]
struct FileData {
    content: Vec<u8>,
    unsynced: Vec<Change>,
    names: usize,
}

/// A change of the content, with what is needed to undo it.
#[derive(Debug, Clone)]
enum Change {
    Write {
        offset: usize,
        len: usize,
        old_len: usize,
        overwritten: Vec<u8>,
    },
    Resize {
        len: usize,
        old_len: usize,
        cut: Vec<u8>,
    },
}

/// A change that was undone, with what is needed to do it again.
#[derive(Debug)]
enum Redo {
    Write { offset: usize, bytes: Vec<u8> },
    Resize { len: usize },
}

impl FileNode {
    pub(super) fn durable(content: Vec<u8>) -> Self {
        Self {
            data: Mutex::new(FileData {
                content,
                ..FileData::default()
            }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.data.lock().content.len()
    }

    pub(super) fn names(&self) -> usize {
        self.data.lock().names
    }

    pub(super) fn add_name(&self) {
        self.data.lock().names += 1;
    }

    /// Takes one name away; returns the bytes that this sets free.
    pub(super) fn drop_name(&self) -> u64 {
        let mut data = self.data.lock();
        data.names = data.names.saturating_sub(1);
        if data.names == 0 {
            data.content.len() as u64
        } else {
            0
        }
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.data.lock().content.clone()
    }

    pub(super) fn read_at(&self, offset: usize, buf: &mut [u8]) -> usize {
        let data = self.data.lock();
        let rest = data.content.get(offset..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        count
    }

    pub(super) fn write_at(&self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let data = &mut *self.data.lock();
        let old_len = data.content.len();
        let overwritten = data.content[offset.min(old_len)..(offset + bytes.len()).min(old_len)].to_vec();
        put(&mut data.content, offset, bytes);
        data.unsynced.push(Change::Write {
            offset,
            len: bytes.len(),
            old_len,
            overwritten,
        });
    }

    pub(super) fn resize(&self, len: usize) {
        let data = &mut *self.data.lock();
        let old_len = data.content.len();
        let cut = data.content[len.min(old_len)..].to_vec();
        data.content.resize(len, 0);
        data.unsynced.push(Change::Resize { len, old_len, cut });
    }

    pub(super) fn sync(&self) {
        self.data.lock().unsynced.clear();
    }

    /// Flips bits of one byte; false if the file ends before it.
    pub(super) fn corrupt(&self, offset: usize, xor: u8) -> bool {
        let mut data = self.data.lock();
        data.content.get_mut(offset).map(|byte| *byte ^= xor).is_some()
    }

    /// What the last sync made durable.
    pub(super) fn synced_content(&self) -> Vec<u8> {
        let data = self.data.lock();
        let mut content = data.content.clone();
        for change in data.unsynced.iter().rev() {
            undo(&mut content, change);
        }
        content
    }

    /// What the last sync made durable, and a random selection of the changes after it.
    pub(super) fn random_content(&self, random: &mut Random) -> Vec<u8> {
        let data = self.data.lock();
        let mut content = data.content.clone();
        let mut changes = Vec::with_capacity(data.unsynced.len());
        for change in data.unsynced.iter().rev() {
            changes.push(redo(&content, change));
            undo(&mut content, change);
        }
        changes.reverse();
        match random.below(4) {
            0 => changes.clear(),
            1 => changes.truncate(random.below(changes.len() + 1)),
            2 => changes.retain(|_| random.coin()),
            _ => {}
        }
        let last_write = changes
            .iter()
            .rposition(|change| matches!(change, Redo::Write { .. }));
        for (index, change) in changes.into_iter().enumerate() {
            match change {
                Redo::Resize { len } => content.resize(len, 0),
                Redo::Write { offset, bytes } if Some(index) == last_write => {
                    put_torn(&mut content, offset, bytes, random);
                }
                Redo::Write { offset, bytes } => put(&mut content, offset, &bytes),
            }
        }
        content
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let old_len = content.len();
    if offset >= old_len {
        content.resize(offset, 0);
        content.extend_from_slice(bytes);
        return;
    }
    let (over, beyond) = bytes.split_at(bytes.len().min(old_len - offset));
    content[offset..offset + over.len()].copy_from_slice(over);
    content.extend_from_slice(beyond);
}

/// What is needed to do the last change again after it is undone.
fn redo(content: &[u8], change: &Change) -> Redo {
    match change {
        Change::Write { offset, len, .. } => Redo::Write {
            offset: *offset,
            bytes: content[*offset..offset + len].to_vec(),
        },
        Change::Resize { len, .. } => Redo::Resize { len: *len },
    }
}

/// Undoes the last change.
fn undo(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write {
            offset,
            old_len,
            overwritten,
            ..
        } => {
            content.truncate(*old_len);
            let start = (*offset).min(*old_len);
            content[start..start + overwritten.len()].copy_from_slice(overwritten);
        }
        Change::Resize { old_len, cut, .. } => {
            content.truncate(*old_len);
            content.extend_from_slice(cut);
        }
    }
}

/// Writes bytes that the power loss may have hit. Only bytes of this write are harmed, never older
/// ones of the same sector: no log could promise anything on a disk that does that.
fn put_torn(content: &mut Vec<u8>, offset: usize, mut bytes: Vec<u8>, random: &mut Random) {
    let end = offset + bytes.len();
    let first_sector = offset / SECTOR;
    let sectors = end.div_ceil(SECTOR) - first_sector;
    let last_sector = (end.div_ceil(SECTOR) - 1) * SECTOR;
    let last = last_sector.max(offset) - offset;
    match random.below(8) {
        damage @ (0 | 1) => {
            let kept = (first_sector + random.below(sectors)) * SECTOR;
            bytes.truncate(kept.max(offset) - offset);
            if !bytes.is_empty() {
                put(content, offset, &bytes);
            }
            // The length may have reached the disk before the bytes did.
            if damage == 1 && content.len() < end {
                content.resize(end, 0);
            }
            return;
        }
        2 => bytes[last..].fill(0),
        3 => bytes[last..].fill_with(|| random.next() as u8),
        _ => {}
    }
    put(content, offset, &bytes);
}
