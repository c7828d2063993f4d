//! The log: segments of records, appended, fsynced, read back after a crash, removed when tables hold their rows.
//!
//! What belongs here: bytes in order. What does not: what a row means, duplicates, tables.

mod record;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use qala_disk::{Disk, DiskFile, parent};

pub(crate) use record::{Record, Section};

use crate::error::{LakeError, Result};

/// A segment is closed when it is longer than this.
const SEGMENT_BYTES: u64 = 64 << 20;

#[derive(Debug)]
struct Segment {
    path: String,
    first_seq: i64,
}

/// The log of one partition. One owner writes.
#[derive(Debug)]
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    dir: String,
    segments: Vec<Segment>,
    open: Option<(Box<dyn DiskFile>, u64)>,
    /// A segment with bytes of a failed write that could not be cut off yet, and its good length.
    uncut: Option<(String, u64)>,
    segment_bytes: u64,
    next_seq: i64,
}

impl Log {
    /// Opens the log in `dir`, hands every record to `replay` in order, and cuts a torn tail off.
    ///
    /// # Errors
    /// IO; [`LakeError::Damaged`] when a record that was followed by others does not match its checksum, or when
    /// `_seq`s are missing between two segments.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &str,
        mut replay: impl FnMut(Record) -> Result<()>,
    ) -> Result<Self> {
        disk.create_dir_all(dir)
            .map_err(LakeError::io(format!("create folder {dir}")))?;
        for ancestor in ancestors(dir) {
            disk.sync_dir(ancestor)
                .map_err(LakeError::io(format!("fsync folder {ancestor}")))?;
        }
        let entries = disk.list(dir).map_err(LakeError::io(format!("list {dir}")))?;
        let mut segments: Vec<Segment> = entries
            .iter()
            .filter_map(|e| {
                let first_seq = e.name.strip_suffix(".log")?.parse().ok()?;
                Some(Segment {
                    path: format!("{dir}/{}", e.name),
                    first_seq,
                })
            })
            .collect();
        segments.sort_by_key(|s| s.first_seq);
        let mut log = Self {
            disk,
            dir: dir.into(),
            segments: Vec::new(),
            open: None,
            uncut: None,
            segment_bytes: SEGMENT_BYTES,
            next_seq: 1,
        };
        let count = segments.len();
        for (index, segment) in segments.into_iter().enumerate() {
            let last = index + 1 == count;
            let damaged = |detail: String| LakeError::Damaged {
                what: format!("log segment {}", segment.path),
                detail,
            };
            if segment.first_seq < log.next_seq || (index > 0 && segment.first_seq != log.next_seq) {
                return Err(damaged(format!("it should begin with _seq {}", log.next_seq)));
            }
            log.next_seq = segment.first_seq;
            let bytes = log
                .disk
                .read(&segment.path)
                .map_err(LakeError::io(format!("read {}", segment.path)))?;
            let mut at = 0;
            loop {
                match record::decode(&bytes[at..])? {
                    record::Found::Record(header, record) => {
                        if header.seq != log.next_seq {
                            return Err(damaged(format!(
                                "_seq {} at byte {at}, expected {}",
                                header.seq, log.next_seq
                            )));
                        }
                        log.next_seq = header.seq + header.count;
                        at += record::HEADER + header.payload as usize;
                        replay(record)?;
                    }
                    record::Found::Torn(_) if at == bytes.len() => break,
                    record::Found::Torn(why) if last => {
                        // A group is written at once: a torn one may hold whole records behind a broken one, and none
                        // of them was acknowledged. A later group proves that this place was once durable.
                        if later_group(&bytes[at + 1..], log.next_seq)? {
                            return Err(damaged(format!(
                                "{why} at byte {at}, and acknowledged records follow"
                            )));
                        }
                        tracing::warn!(
                            segment = segment.path,
                            at,
                            why,
                            "cut an unacknowledged tail off the log"
                        );
                        let file = log
                            .disk
                            .open(&segment.path)
                            .map_err(LakeError::io("open the last log segment"))?;
                        file.truncate(at as u64)
                            .map_err(LakeError::io("cut the log's tail"))?;
                        file.sync().map_err(LakeError::io("fsync the log"))?;
                        break;
                    }
                    record::Found::Torn(why) => return Err(damaged(format!("{why} at byte {at}"))),
                }
            }
            log.segments.push(segment);
        }
        Ok(log)
    }

    /// The next `_seq` to give.
    pub(crate) fn next_seq(&self) -> i64 {
        self.next_seq
    }

    /// Starts numbering at `seq` when the log is empty (its segments were removed after their rows were committed).
    pub(crate) fn resume_at(&mut self, seq: i64) {
        self.next_seq = self.next_seq.max(seq);
    }

    /// Appends records and returns when they and their directory entries are durable. After an error nothing of
    /// them counts: the segment is cut back and a new one is begun.
    ///
    /// # Errors
    /// IO, or [`LakeError::DiskFull`].
    pub(crate) fn append(&mut self, records: &[Record]) -> Result<()> {
        let mut bytes = Vec::new();
        let mut next = self.next_seq;
        for record in records {
            if record.seq != next {
                return Err(LakeError::Closed(format!(
                    "_seq {} was to follow {next}",
                    record.seq
                )));
            }
            next = record.seq + record.count();
            let encoded = record.encode(self.next_seq)?;
            if bytes.is_empty() {
                bytes = encoded;
            } else {
                bytes.extend_from_slice(&encoded);
            }
        }
        match self.write(&bytes) {
            Ok(()) => {
                self.next_seq = next;
                Ok(())
            }
            Err(error) => {
                self.undo();
                Err(error)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.cut()?;
        if self.open.as_ref().is_none_or(|(_, at)| *at > self.segment_bytes) {
            self.roll()?;
        }
        let Some((file, at)) = &mut self.open else {
            return Err(LakeError::Closed("no open segment".into()));
        };
        file.write_at(*at, bytes)
            .map_err(LakeError::io("write the log"))?;
        file.sync().map_err(LakeError::io("fsync the log"))?;
        *at += bytes.len() as u64;
        Ok(())
    }

    /// Takes back bytes that may have reached the file after a failed write, so that they never come alive. What cannot
    /// be taken back now is before the next write.
    fn undo(&mut self) {
        let (Some((file, before)), Some(last)) = (self.open.take(), self.segments.last()) else {
            return;
        };
        drop(file);
        self.uncut = Some((last.path.clone(), before));
        if let Err(error) = self.cut() {
            tracing::error!(%error, "could not cut the log back after a failed write");
        }
    }

    fn cut(&mut self) -> Result<()> {
        let Some((path, length)) = &self.uncut else {
            return Ok(());
        };
        let file = self
            .disk
            .open(path)
            .map_err(LakeError::io("open a log segment"))?;
        file.truncate(*length)
            .and_then(|()| file.sync())
            .map_err(LakeError::io("cut a failed write off the log"))?;
        self.uncut = None;
        Ok(())
    }

    fn roll(&mut self) -> Result<()> {
        // A segment that has no room is done with, whatever becomes of the next one.
        self.open = None;
        let path = format!("{}/{:020}.log", self.dir, self.next_seq);
        let file = match self.disk.create(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                // From before the start or a failed write. It begins with the next `_seq`, so nothing in it counts.
                let file = self
                    .disk
                    .open(&path)
                    .map_err(LakeError::io("open a log segment"))?;
                file.truncate(0)
                    .and_then(|()| file.sync())
                    .map_err(LakeError::io("empty a log segment"))?;
                file
            }
            made => made.map_err(LakeError::io(format!("create {path}")))?,
        };
        self.disk
            .sync_dir(parent(&path))
            .map_err(LakeError::io("fsync the log folder"))?;
        if self.segments.last().is_none_or(|s| s.path != path) {
            self.segments.push(Segment {
                path,
                first_seq: self.next_seq,
            });
        }
        self.open = Some((file, 0));
        Ok(())
    }

    /// Removes segments all of whose rows are in tables up to and including `_seq` `committed`. The open one stays.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn remove_through(&mut self, committed: i64) -> Result<()> {
        let mut removed = false;
        while self.segments.len() > 1 && self.segments[1].first_seq <= committed + 1 {
            self.disk
                .remove(&self.segments[0].path)
                .map_err(LakeError::io("remove a log segment"))?;
            self.segments.remove(0);
            removed = true;
        }
        if removed {
            self.disk
                .sync_dir(&self.dir)
                .map_err(LakeError::io("fsync the log folder"))?;
        }
        Ok(())
    }
}

/// Says whether `bytes` hold a whole record of a group that begins after `_seq` `seq`.
fn later_group(bytes: &[u8], seq: i64) -> Result<bool> {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|w| w == b"QREC") {
        if let record::Found::Record(header, _) = record::decode(&bytes[at + found..])?
            && header.group > seq
        {
            return Ok(true);
        }
        at += found + 1;
    }
    Ok(false)
}

/// The folders above `dir`, nearest last, ending with its parent's chain: `a/b/c` gives ``, `a`, `a/b`.
pub(crate) fn ancestors(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(dir.match_indices('/').map(|(at, _)| &dir[..at]))
}
