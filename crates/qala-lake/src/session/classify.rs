//! Rows against those that are there: new, duplicate, correction, taken back, part of a set.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Date32Type};
use qala_core::spec::Kind;
use qala_core::{FeedId, Problem};
use tokio::sync::MutexGuard;

use super::{Draft, Op, Session};
use crate::error::Result;
use crate::files;
use crate::index::{self, WHOLE};
use crate::keys::Entry;
use crate::lake::Core;
use crate::schema::FEED;
use crate::system::SupersededRow;
use crate::view::Dataset;

/// Keys that are looked for side by side.
const FETCH: usize = 16;

/// Rows of one dataset on their way into a record, with what the key tables are asked for.
#[derive(Debug)]
pub(crate) struct Arriving {
    pub(crate) dataset: Arc<Dataset>,
    pub(super) feed: FeedId,
    pub(super) batch: RecordBatch,
    /// Hashes of the keys; nothing for snapshots, whose sets are compared as a whole.
    pub(crate) keys: Vec<u128>,
    /// Local days.
    pub(crate) days: Vec<i32>,
    /// Hashes of what is not in the key; nothing when rows are taken back.
    values: Vec<u64>,
    /// Values of the time column, when it is part of the key and always there.
    pub(crate) times: Option<Vec<i64>>,
}

impl Arriving {
    /// Joins batches and looks at their rows. `seed` is that of the key tables.
    ///
    /// # Errors
    /// Arrow's.
    pub(super) fn new(
        (dataset, feed, batches): (Arc<Dataset>, FeedId, Vec<RecordBatch>),
        op: Op,
        seed: u64,
        received_at: i64,
    ) -> Result<Self> {
        let batch = concat_batches(&dataset.data, &batches)?;
        let mut rows = Self {
            keys: Vec::new(),
            days: Vec::new(),
            values: Vec::new(),
            times: None,
            dataset,
            feed,
            batch,
        };
        let (dataset, batch) = (&rows.dataset, &rows.batch);
        if dataset.spec.kind != Kind::Snapshot {
            rows.keys = index::table_keys(batch, &dataset.key, seed)?;
            rows.days = dataset.days(batch, received_at);
            if op == Op::Upsert {
                rows.values = index::table_values(batch, &dataset.rest, seed)?;
            }
            let time = dataset.time().filter(|_| dataset.spec.key_has_time());
            rows.times = time
                .and_then(|t| batch.column_by_name(t))
                .and_then(|c| instants(&**c));
        }
        Ok(rows)
    }

    /// The key-table slot of each row: its day, or [`WHOLE`].
    pub(crate) fn slots(&self) -> Vec<i32> {
        if self.dataset.spec.key_has_time() {
            self.days.clone()
        } else {
            vec![WHOLE; self.days.len()]
        }
    }
}

/// The values of a time column, when none is missing: µs, or days for dates.
fn instants(column: &dyn Array) -> Option<Vec<i64>> {
    if column.null_count() > 0 {
        return None;
    }
    match column.data_type() {
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().values();
            Some(days.iter().copied().map(i64::from).collect())
        }
        _ => files::time_values(column).map(<[i64]>::to_vec),
    }
}

impl Session<'_> {
    /// Event and state rows. Returns (accepted, duplicate, superseding).
    pub(super) fn supersede(
        core: &mut MutexGuard<'_, Core>,
        rows: &Arriving,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let Arriving {
            dataset, batch, keys, ..
        } = rows;
        let slots = rows.slots();
        let mut keep = vec![true; batch.num_rows()];
        let (mut next, mut duplicate, mut superseding) = (draft.next, 0, 0);
        let last = draft.next + batch.num_rows() as i64;
        let mut row = 0;
        for run in slots.chunk_by(|a, b| a == b) {
            let known = core.index().keys(&dataset.name, run[0], last)?;
            for i in row..row + run.len() {
                if (i - row).is_multiple_of(FETCH) {
                    known.fetch(&keys[i..(i + FETCH).min(row + run.len())]);
                }
                let entry = Entry {
                    seq: next,
                    value: rows.values[i],
                    day: rows.days[i],
                };
                // Looked at where it lies: to move it would be to wait for all that was written before.
                match &mut known.entry(keys[i]) {
                    Ok(old) if old.get().has(rows.values[i]) => {
                        duplicate += 1;
                        keep[i] = false;
                        continue;
                    }
                    Ok(old) => {
                        let before = old.replace(entry);
                        superseding += 1;
                        draft.superseded.push(SupersededRow {
                            dataset: Arc::clone(&dataset.name),
                            day: before.day,
                            key: keys[i],
                            old: before.seq,
                            new: next,
                            retract: false,
                        });
                    }
                    Err(free) => free.insert(entry),
                }
                next += 1;
            }
            row += run.len();
        }
        let kept = (next - draft.next) as u64;
        let rows = if duplicate == 0 {
            batch.clone()
        } else {
            filter_record_batch(batch, &BooleanArray::from(keep))?
        };
        draft.push(dataset, rows);
        Ok((kept, duplicate, superseding))
    }

    /// Rows to take back. Returns (found, 0, found); the others are rejected.
    pub(super) fn retract(
        &mut self,
        core: &mut MutexGuard<'_, Core>,
        rows: &Arriving,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let (dataset, slots) = (&rows.dataset, rows.slots());
        let last = draft.next + 2 * rows.batch.num_rows() as i64;
        let mut found = 0;
        let mut lost = Vec::new();
        for (i, key) in rows.keys.iter().enumerate() {
            match core.index().keys(&dataset.name, slots[i], last)?.remove(*key) {
                Some(old) => {
                    found += 1;
                    draft.superseded.push(SupersededRow {
                        dataset: Arc::clone(&dataset.name),
                        day: old.day,
                        key: *key,
                        old: old.seq,
                        // Its own place in the log, known when the section is written.
                        new: i64::MIN,
                        retract: true,
                    });
                }
                None => lost.push(i),
            }
        }
        for i in lost {
            let message = "there is no row with this key to take back";
            let mut problem =
                Problem::rejected("nothing_to_retract", message, Some(dataset.spec.name.clone()), 0);
            problem.raw = Some(index::key_text(&rows.batch, &dataset.key, i));
            self.problem(problem);
        }
        Ok((found, 0, found))
    }

    /// Rows of a snapshot set. Returns (accepted, duplicate, 0).
    pub(super) fn add_to_set(&mut self, rows: &Arriving, draft: &mut Draft) -> Result<(u64, u64, u64)> {
        let Arriving {
            dataset, feed, batch, ..
        } = rows;
        let feeds: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            feed.as_str(),
            batch.num_rows(),
        )));
        let at = batch.schema().index_of(FEED)?;
        let mut columns = batch.columns().to_vec();
        columns[at] = feeds;
        let batch = RecordBatch::try_new(batch.schema(), columns)?;
        // Digests are stored, so their seed never changes.
        let keys = index::key_hashes(&index::pick(&batch, &dataset.key), 0)?;
        let values = index::value_hashes(&index::pick(&batch, &dataset.values), 0)?;
        let mut clashes = Vec::new();
        let set = self
            .sets
            .entry((Arc::clone(&dataset.name), feed.clone()))
            .or_default();
        if set.rows == 0 {
            set.from = draft.next;
        }
        let mut duplicate = 0;
        let keep: Vec<bool> = (0..keys.len())
            .map(|i| match set.keys.insert(keys[i], values[i]) {
                None => {
                    set.digest = set
                        .digest
                        .wrapping_add(keys[i] ^ u128::from(values[i]).rotate_left(64));
                    true
                }
                Some(old) if old == values[i] => {
                    duplicate += 1;
                    false
                }
                Some(old) => {
                    set.keys.insert(keys[i], old);
                    clashes.push(i);
                    false
                }
            })
            .collect();
        let kept = keep.iter().filter(|k| **k).count() as u64;
        let sent = batch.clone();
        let rows = if kept as usize == keep.len() {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(keep))?
        };
        draft.push(dataset, rows);
        set.rows += kept;
        set.to = draft.next - 1;
        for i in clashes {
            let message = format!("another row of the set has the same {}", dataset.key.join(", "));
            let mut problem = Problem::rejected("duplicate_key", message, Some(dataset.spec.name.clone()), 0);
            problem.raw = Some(index::key_text(&sent, &dataset.key, i));
            self.problem(problem);
        }
        Ok((kept, duplicate, 0))
    }
}
