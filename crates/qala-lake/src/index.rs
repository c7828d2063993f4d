//! Who has which key: finds duplicates and superseded rows at the time of arrival.
//!
//! One hash table per dataset and local day when the key holds the time, else one per dataset. A table is read from
//! the rows when its day is first touched and forgotten when memory runs short, so memory does not grow with the stream.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::error::Result;
use crate::keys::Keys;

/// The day of datasets whose key does not hold the time.
pub(crate) const WHOLE: i32 = i32::MIN;

#[derive(Debug, Default)]
struct Slot {
    keys: Keys,
    used: u64,
    last_seq: i64,
}

/// The key tables in memory.
#[derive(Debug)]
pub(crate) struct Index {
    slots: HashMap<(Arc<str>, i32), Slot>,
    clock: u64,
    budget: usize,
}

impl Index {
    /// An empty index that keeps about `budget` keys in memory.
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            slots: HashMap::new(),
            clock: 0,
            budget,
        }
    }

    /// True when the table of that day is in memory.
    pub(crate) fn has(&self, dataset: &Arc<str>, day: i32) -> bool {
        self.slots.contains_key(&(Arc::clone(dataset), day))
    }

    /// Puts a table that was read from rows into memory.
    pub(crate) fn insert(&mut self, dataset: Arc<str>, day: i32, keys: Keys) {
        self.clock += 1;
        self.slots.insert(
            (dataset, day),
            Slot {
                keys,
                used: self.clock,
                last_seq: 0,
            },
        );
    }

    /// The table of a day, for reading and writing; `None` when it is not in memory. `seq` is the largest `_seq` that
    /// will be written: the table is not forgotten before that row can be read back.
    pub(crate) fn keys(&mut self, dataset: &Arc<str>, day: i32, seq: i64) -> Option<&mut Keys> {
        self.clock += 1;
        let slot = self.slots.get_mut(&(Arc::clone(dataset), day))?;
        slot.used = self.clock;
        slot.last_seq = slot.last_seq.max(seq);
        Some(&mut slot.keys)
    }

    /// Forgets the tables used longest ago until the budget is kept. Only rows up to `published` can be read back.
    pub(crate) fn shrink(&mut self, published: i64) {
        let mut total: usize = self.slots.values().map(|s| s.keys.len()).sum();
        if total <= self.budget {
            return;
        }
        let mut order: Vec<(u64, (Arc<str>, i32))> = self
            .slots
            .iter()
            .filter(|(_, s)| s.last_seq <= published)
            .map(|(k, s)| (s.used, k.clone()))
            .collect();
        order.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in order {
            if total <= self.budget {
                break;
            }
            if let Some(slot) = self.slots.remove(&key) {
                total -= slot.keys.len();
            }
        }
    }

    /// Forgets everything: after a failed write the tables are read again from what is durable.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }
}

/// Hashes of rows over some columns, 128 bits each. Equal values give equal hashes whatever the batch.
///
/// # Errors
/// Arrow's, for types that cannot be compared.
pub(crate) fn key_hashes(columns: &[ArrayRef], seed: u64) -> Result<Vec<u128>> {
    let rows = encode(columns)?;
    Ok(rows
        .iter()
        .map(|row| xxh3_128_with_seed(row.as_ref(), seed))
        .collect())
}

/// Hashes of rows over some columns, 64 bits each.
///
/// # Errors
/// Arrow's, for types that cannot be compared.
pub(crate) fn value_hashes(columns: &[ArrayRef], seed: u64) -> Result<Vec<u64>> {
    let rows = encode(columns)?;
    Ok(rows
        .iter()
        .map(|row| xxh3_64_with_seed(row.as_ref(), seed))
        .collect())
}

fn encode(columns: &[ArrayRef]) -> Result<arrow::row::Rows> {
    let fields = columns
        .iter()
        .map(|c| SortField::new(c.data_type().clone()))
        .collect();
    Ok(RowConverter::new(fields)?.convert_columns(columns)?)
}

/// The key of a row as text, for people: `id=s1, t=2026-03-02T00:00:00Z`.
pub(crate) fn key_text(batch: &RecordBatch, names: &[String], row: usize) -> String {
    let options = FormatOptions::default().with_display_error(true);
    let cell = |name: &String| {
        let column = batch.column_by_name(name)?;
        let text = ArrayFormatter::try_new(column, &options)
            .ok()?
            .value(row)
            .to_string();
        Some(format!("{name}={text}"))
    };
    names.iter().filter_map(cell).collect::<Vec<_>>().join(", ")
}

/// The named columns of a batch; a missing one is skipped.
pub(crate) fn pick(batch: &RecordBatch, names: &[String]) -> Vec<ArrayRef> {
    names
        .iter()
        .filter_map(|n| batch.column_by_name(n).cloned())
        .collect()
}
