//! Rows against those that are there: new, duplicate, correction, taken back, part of a set.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use qala_core::{FeedId, Problem};
use tokio::sync::MutexGuard;

use super::{Draft, Session};
use crate::error::{LakeError, Result};
use crate::index::{self, WHOLE};
use crate::keys::Entry;
use crate::lake::Core;
use crate::schema::FEED;
use crate::system::SupersededRow;
use crate::view::Dataset;

impl Session<'_> {
    /// Event and state rows. Returns (accepted, duplicate, superseding).
    pub(super) fn supersede(
        &self,
        core: &mut MutexGuard<'_, Core>,
        dataset: &Arc<Dataset>,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let keys = index::key_hashes(&index::pick(batch, &dataset.key), core.seed())?;
        let values = index::value_hashes(&index::pick(batch, &dataset.values), core.seed())?;
        let days = dataset.days(batch, core.received_at());
        let slots = core.slots(self.lake, dataset, &days)?;
        let mut keep = vec![true; batch.num_rows()];
        let (mut next, mut duplicate, mut superseding) = (draft.next, 0, 0);
        let last = draft.next + batch.num_rows() as i64;
        let mut row = 0;
        while row < keys.len() {
            let slot = slots[row];
            let run = slots[row..].iter().take_while(|s| **s == slot).count();
            let Some(known) = core.index().keys(&dataset.name, slot, last) else {
                return Err(LakeError::Closed(format!(
                    "the key table of {} was not loaded",
                    dataset.name
                )));
            };
            for i in row..row + run {
                let entry = Entry {
                    seq: next,
                    value: values[i],
                    day: days[i],
                };
                match known.entry(keys[i]) {
                    Ok(old) if old.get().value == values[i] => {
                        duplicate += 1;
                        keep[i] = false;
                        continue;
                    }
                    Ok(mut old) => {
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
            row += run;
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
        dataset: &Arc<Dataset>,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let keys = index::key_hashes(&index::pick(batch, &dataset.key), core.seed())?;
        let days = dataset.days(batch, core.received_at());
        let slots = core.slots(self.lake, dataset, &days)?;
        let last = draft.next + 2 * batch.num_rows() as i64;
        let mut found = 0;
        let mut lost = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            let known = core.index().keys(&dataset.name, slots[i], last);
            match known.and_then(|k| k.remove(*key)) {
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
            problem.raw = Some(index::key_text(batch, &dataset.key, i));
            self.problem(problem);
        }
        Ok((found, 0, found))
    }

    /// Rows of a snapshot set. Returns (accepted, duplicate, 0).
    pub(super) fn add_to_set(
        &mut self,
        dataset: &Arc<Dataset>,
        feed: &FeedId,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
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

/// The key-table slot of each row: its day, or [`WHOLE`].
pub(crate) fn slots(dataset: &Dataset, days: &[i32]) -> Vec<i32> {
    if dataset.spec.key_has_time() {
        days.to_vec()
    } else {
        vec![WHOLE; days.len()]
    }
}
