//! What one sender at a time may touch: the next `_seq`, and who has which key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;

use crate::error::Result;
use crate::index::{Index, key_hashes, pick, value_hashes};
use crate::keys::{Entry, Keys};
use crate::lake::Lake;
use crate::read;
use crate::schema::{RECEIVED_AT, SEQ};
use crate::session::slots;
use crate::view::Dataset;

/// What one sender at a time may touch.
#[derive(Debug)]
pub(crate) struct Core {
    pub(super) next_seq: i64,
    pub(super) received_at: i64,
    pub(super) epoch: u64,
    pub(super) seed: u64,
    pub(super) index: Index,
}

impl Core {
    pub(crate) fn next_seq(&self) -> i64 {
        self.next_seq
    }
    pub(crate) fn received_at(&self) -> i64 {
        self.received_at
    }
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }
    pub(crate) fn index(&mut self) -> &mut Index {
        &mut self.index
    }
    pub(crate) fn advance(&mut self, next: i64) {
        self.next_seq = next;
    }
    pub(crate) fn index_shrink(&mut self, lake: &Lake) {
        self.index.shrink(lake.shared.view.load().seq);
    }

    /// The key-table slot of each row; tables that are not in memory are read from the rows.
    pub(crate) fn slots(&mut self, lake: &Lake, dataset: &Arc<Dataset>, days: &[i32]) -> Result<Vec<i32>> {
        let slots = slots(dataset, days);
        let mut missing = BTreeSet::new();
        let mut last = None;
        for slot in &slots {
            if last != Some(*slot) && !self.index.has(&dataset.name, *slot) {
                missing.insert(*slot);
            }
            last = Some(*slot);
        }
        if !missing.is_empty() {
            for (slot, keys) in lake.load_keys(dataset, &missing, self.seed)? {
                self.index.insert(Arc::clone(&dataset.name), slot, keys);
            }
        }
        Ok(slots)
    }
}

impl Lake {
    /// Reads the current rows of some days (or of the whole dataset) into key tables.
    fn load_keys(
        &self,
        dataset: &Arc<Dataset>,
        wanted: &BTreeSet<i32>,
        seed: u64,
    ) -> Result<BTreeMap<i32, Keys>> {
        let mut slots: BTreeMap<i32, Keys> = wanted.iter().map(|s| (*s, Keys::default())).collect();
        let view = self.view();
        let Some(table) = view.tables.get(&dataset.name) else {
            return Ok(slots);
        };
        let whole = wanted.contains(&crate::index::WHOLE);
        let mut names: Vec<&str> = dataset.values.iter().map(String::as_str).collect();
        names.extend([SEQ, RECEIVED_AT]);
        let keep = |day| whole || wanted.contains(&day);
        // One batch at a time: the rows of all wanted days together may not fit.
        read::each(&*self.disk, table, &names, keep, |batch| {
            let days = dataset.stored_days(&batch);
            let seqs = batch.column(names.len() - 2).as_primitive::<Int64Type>();
            let current: BooleanArray = (0..batch.num_rows())
                .map(|i| {
                    let here = whole || wanted.contains(&days[i]);
                    Some(here && dataset.superseded.by(seqs.value(i)).is_none())
                })
                .collect();
            let batch = filter_record_batch(&batch, &current)?;
            let days: Vec<i32> = days
                .into_iter()
                .zip(&current)
                .filter(|(_, c)| *c == Some(true))
                .map(|(d, _)| d)
                .collect();
            let seqs = batch.column(names.len() - 2).as_primitive::<Int64Type>();
            let key = key_hashes(&pick(&batch, &dataset.key), seed)?;
            let value = value_hashes(&pick(&batch, &dataset.values), seed)?;
            for row in 0..batch.num_rows() {
                let day = days[row];
                let slot = if whole { crate::index::WHOLE } else { day };
                if let Some(keys) = slots.get_mut(&slot) {
                    keys.insert(
                        key[row],
                        Entry {
                            seq: seqs.value(row),
                            value: value[row],
                            day,
                        },
                    );
                }
            }
            Ok(())
        })?;
        Ok(slots)
    }
}
