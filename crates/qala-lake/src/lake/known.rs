//! Messages that came before: which of them stands for one that comes now, and whose turn it is when equal ones come at
//! the same time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use qala_core::FeedId;
use qala_disk::Disk;
use xxhash_rust::xxh3::xxh3_64;

use super::Lake;
use crate::error::{LakeError, Result};
use crate::read;
use crate::schema::SEQ;
use crate::session::{Message, Outcome};
use crate::system;
use crate::view::View;

/// What tells a message from others.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Hash of bytes, feed, kind, context and what the rows do.
    pub(crate) whole: u64,
    /// Hash of feed and idempotency key.
    pub(crate) key: Option<u64>,
}

impl Identity {
    pub(crate) fn of(message: &Message) -> Self {
        let text = format!(
            "{}\n{}\n{}\n{:?}\n{}",
            message.feed, message.kind, message.context, message.op, message.digest
        );
        let key = message.idempotency_key.as_deref();
        Self {
            whole: xxh3_64(text.as_bytes()),
            key: key.map(|key| key_mark(&message.feed, key)),
        }
    }

    /// The identity as it is stored.
    pub(crate) fn text(&self) -> String {
        format!("{:016x}", self.whole)
    }

    fn marks(&self) -> impl Iterator<Item = u64> {
        [self.whole].into_iter().chain(self.key)
    }
}

fn key_mark(feed: &FeedId, key: &str) -> u64 {
    xxh3_64(format!("key\n{feed}\n{key}").as_bytes())
}

/// The newest message of a feed.
#[derive(Debug)]
struct Last {
    seq: i64,
    source: i64,
    whole: u64,
    /// No other message of the feed was taken in while it was.
    alone: bool,
}

/// Where the messages that may be asked for again lie: `_seq`s in `lake_messages`.
#[derive(Debug, Default)]
pub(crate) struct Known {
    keys: HashMap<u64, i64>,
    last: HashMap<FeedId, Last>,
}

impl Known {
    /// Notes a message that lies at `seq` and whose first row lies at `source`, in any order.
    pub(crate) fn note(&mut self, feed: &FeedId, identity: &Identity, source: i64, seq: i64) {
        if let Some(key) = identity.key {
            self.keys.insert(key, seq);
        }
        let new = |alone| Last {
            seq,
            source,
            whole: identity.whole,
            alone,
        };
        match self.last.entry(feed.clone()) {
            Entry::Vacant(free) => {
                free.insert(new(true));
            }
            Entry::Occupied(mut last) if last.get().seq < seq => {
                let alone = last.get().seq < source;
                last.insert(new(alone));
            }
            Entry::Occupied(mut last) => last.get_mut().alone &= seq < last.get().source,
        }
    }

    /// Rows of a message that may never be finished were written: what came before may be overtaken by them.
    pub(crate) fn unsettle(&mut self, feed: &FeedId) {
        if let Some(last) = self.last.get_mut(feed) {
            last.alone = false;
        }
    }

    /// The message that may stand for one that comes now: that of its idempotency key; without a key, the newest of its
    /// feed, for a message before that one may have been overtaken.
    fn sought(&self, feed: &FeedId, identity: &Identity) -> Option<i64> {
        if let Some(key) = identity.key {
            return self.keys.get(&key).copied();
        }
        let last = self.last.get(feed)?;
        (last.alone && last.whole == identity.whole).then_some(last.seq)
    }
}

/// Reads what there is to know of former messages.
///
/// # Errors
/// Those of reading.
pub(super) fn read_known(disk: &dyn Disk, view: &View) -> Result<Known> {
    let mut known = Known::default();
    let Some(table) = view.tables.get(system::MESSAGES) else {
        return Ok(known);
    };
    let names = ["feed", "identity", "idempotency_key", "id", SEQ];
    for batch in read::rows(disk, table, &names, |_| true) {
        let batch = batch?;
        let text = |i: usize| batch.column(i).as_string::<i32>();
        let number = |i: usize| batch.column(i).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let (feed, whole) = (
                FeedId::new(text(0).value(row)),
                u64::from_str_radix(text(1).value(row), 16),
            );
            let (Ok(feed), Ok(whole)) = (feed, whole) else {
                continue;
            };
            let key = text(2).is_valid(row).then(|| key_mark(&feed, text(2).value(row)));
            let (source, seq) = (number(3).value(row), number(4).value(row));
            known.note(&feed, &Identity { whole, key }, source, seq);
        }
    }
    Ok(known)
}

/// The stored answer at `seq`, as it answers `message`.
///
/// # Errors
/// [`LakeError::KeyReused`]; those of reading.
fn answer(
    disk: &dyn Disk,
    view: &View,
    seq: i64,
    message: &Message,
    identity: &Identity,
) -> Result<Option<Outcome>> {
    let Some(table) = view.tables.get(system::MESSAGES) else {
        return Ok(None);
    };
    let names = ["feed", "digest", "identity", "idempotency_key", "receipts", SEQ];
    let schema = read::project(&table.dataset.table, &names);
    let mut batches = Vec::new();
    for file in table
        .files
        .iter()
        .filter(|f| f.min_seq <= seq && seq <= f.max_seq)
    {
        let place = Some((SEQ, (seq, seq)));
        batches.push(read::span(disk, &table.dir, file, &schema, place)?);
    }
    let tail = table.tail.iter().filter(|p| p.min_seq <= seq && seq <= p.max_seq);
    let tail = tail.map(|part| read::conform(&part.batch, &schema));
    for batch in batches.into_iter().flatten().chain(tail) {
        let batch = batch?;
        let seqs = batch.column(5).as_primitive::<Int64Type>().values();
        let Some(row) = seqs.iter().position(|s| *s == seq) else {
            continue;
        };
        let text = |i: usize| {
            let column = batch.column(i).as_string::<i32>();
            column.is_valid(row).then(|| column.value(row))
        };
        let key = message.idempotency_key.as_deref();
        if text(0) != Some(message.feed.as_str()) || (key.is_some() && text(3) != key) {
            return Ok(None);
        }
        let same = text(1) == Some(message.digest.as_str()) && text(2) == Some(identity.text().as_str());
        if let (Some(key), false) = (key, same) {
            let (feed, key) = (message.feed.to_string(), key.to_owned());
            return Err(LakeError::KeyReused { feed, key });
        }
        if !same {
            return Ok(None);
        }
        let stored = text(4).unwrap_or_default();
        let mut outcome: Outcome = serde_json::from_str(stored).map_err(|e| LakeError::Damaged {
            what: "a stored receipt".into(),
            detail: e.to_string(),
        })?;
        outcome.repeated = true;
        if key.is_none() {
            // The same bytes once more: every row is there already.
            for receipt in outcome.datasets.iter_mut().chain([&mut outcome.total]) {
                receipt.duplicate += receipt.accepted;
                (receipt.accepted, receipt.superseded) = (0, 0);
                (receipt.seq_from, receipt.seq_to) = (0, 0);
            }
        }
        return Ok(Some(outcome));
    }
    Ok(None)
}

/// A message is being taken in; equal ones wait until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    lake: &'a Lake,
    identity: Identity,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut flying = self.lake.in_flight.lock();
        for mark in self.identity.marks() {
            flying.remove(&mark);
        }
        drop(flying);
        self.lake.landed.notify_waiters();
    }
}

impl Lake {
    /// Waits until no message with the same bytes or the same idempotency key is being taken in.
    pub(super) async fn turn(&self, identity: &Identity) -> Turn<'_> {
        loop {
            let landed = self.landed.notified();
            {
                let mut flying = self.in_flight.lock();
                if !identity.marks().any(|mark| flying.contains(&mark)) {
                    flying.extend(identity.marks());
                    return Turn {
                        lake: self,
                        identity: identity.clone(),
                    };
                }
            }
            landed.await;
        }
    }

    /// The answer of a message that came before and stands for this one.
    ///
    /// # Errors
    /// [`LakeError::KeyReused`]; those of reading.
    pub(super) async fn answered(&self, message: &Message, identity: &Identity) -> Result<Option<Outcome>> {
        let Some(seq) = self.known.lock().sought(&message.feed, identity) else {
            return Ok(None);
        };
        let (disk, view) = (Arc::clone(&self.disk), self.view());
        let (message, identity) = (message.clone(), identity.clone());
        crate::committer::blocking(move || answer(&*disk, &view, seq, &message, &identity)).await
    }
}
