//! How the lake is: what waits, what is stored, and when the disk will be full.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use qala_core::spec::Kind;

use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::view::TableView;

const DAY: i64 = 86_400_000_000;
/// The rate of growth is taken from this many days.
const RATE_DAYS: i64 = 7;

/// What a dataset takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Dataset.
    pub dataset: String,
    /// Bytes of its data files.
    pub bytes: u64,
    /// Rows in its data files, superseded ones included.
    pub rows: u64,
    /// Local days with data.
    pub days: usize,
    /// When, at the rate of its last days and with its retention, it alone fills the disk: µs of UTC.
    pub full_on: Option<i64>,
}

/// How the lake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Largest visible `_seq`.
    pub seq: i64,
    /// Every row up to this `_seq` is in its table's files.
    pub committed_seq: i64,
    /// Bytes in the log that are not in tables.
    pub tail_bytes: usize,
    /// Bytes of the key tables in memory.
    pub key_bytes: usize,
    /// Bytes free.
    pub free_bytes: u64,
    /// By dataset, largest first; datasets without data are left out.
    pub storage: Vec<Stored>,
}

impl Lake {
    /// How many rows of each dataset can be seen, from what is known without reading a file. A dataset of which that cannot
    /// be said is left out: a snapshot, or one with days that retention has emptied and late rows filled again.
    pub fn visible_rows(&self) -> BTreeMap<String, u64> {
        let view = self.view();
        let now = self.options.clock.now();
        let count = |table: &Arc<TableView>| {
            let dataset = &table.dataset;
            let kept_from = dataset
                .spec
                .retention_days
                .map_or(i32::MIN, |keep| dataset.zone.local_day(now) - keep as i32);
            let days: BTreeSet<i32> = table.files.iter().map(|file| file.day).collect();
            let is_old = days.first().is_some_and(|day| *day < kept_from);
            if dataset.spec.kind == Kind::Snapshot || is_old {
                return None;
            }
            let is_there = |day| {
                days.contains(&day)
                    || table
                        .tail
                        .iter()
                        .any(|part| (part.days.0..=part.days.1).contains(&day))
            };
            let stored: u64 = table.files.iter().map(|file| file.rows).sum();
            let waiting: u64 = table.tail.iter().map(|part| part.batch.num_rows() as u64).sum();
            let hidden = dataset.superseded.hidden(is_there, view.seq());
            Some((
                dataset.name.to_string(),
                (stored + waiting).saturating_sub(hidden),
            ))
        };
        view.tables.values().filter_map(count).collect()
    }

    /// An instant from which on a dataset has so many rows in its newest files, if they can all be seen; none where all of it is
    /// needed, and for a dataset without a time.
    pub fn newest_from(&self, dataset: &str, rows: u64) -> Option<i64> {
        let view = self.view();
        let table = view.tables.get(dataset)?;
        table.dataset.time()?;
        let mut files: Vec<_> = table.files.iter().collect();
        files.sort_unstable_by_key(|file| std::cmp::Reverse(file.max_time));
        let (mut there, mut from) = (0, i64::MAX);
        for file in &files {
            (there, from) = (there + file.rows, from.min(file.min_time));
            if there >= rows {
                let older = files.iter().any(|file| file.min_time < from);
                return older.then_some(from);
            }
        }
        None
    }

    /// Looks at memory and disk.
    ///
    /// # Errors
    /// The disk does not answer.
    pub fn health(&self) -> Result<Health> {
        let view = self.view();
        let free_bytes = self
            .disk
            .free_bytes()
            .map_err(LakeError::io("ask for free disk space"))?;
        let now = self.options.clock.now();
        let mut storage = Vec::new();
        for table in view.tables.values().filter(|t| !t.files.is_empty()) {
            let files = &table.files;
            let bytes: u64 = files.iter().map(|f| f.bytes).sum();
            let mut days: Vec<i32> = files.iter().map(|f| f.day).collect();
            days.sort_unstable();
            days.dedup();
            // The newest days with data, whenever they were: a feed that stopped does not count as one that shrinks.
            let recent: Vec<i32> = days.iter().rev().take(RATE_DAYS as usize).copied().collect();
            let grown: u64 = files
                .iter()
                .filter(|f| recent.contains(&f.day))
                .map(|f| f.bytes)
                .sum();
            let per_day = grown / recent.len().max(1) as u64;
            let full = (free_bytes.saturating_sub(self.options.reserve))
                .checked_div(per_day)
                .map(|d| d as i64);
            // What retention removes in time never fills the disk.
            let kept = table.dataset.spec.retention_days.map(i64::from);
            let full_on = full
                .filter(|d| *d < 36_500 && kept.is_none_or(|k| *d < k))
                .map(|d| now + d * DAY);
            storage.push(Stored {
                dataset: table.dataset.name.to_string(),
                bytes,
                rows: files.iter().map(|f| f.rows).sum(),
                days: days.len(),
                full_on,
            });
        }
        storage.sort_by(|a, b| (b.bytes, &a.dataset).cmp(&(a.bytes, &b.dataset)));
        Ok(Health {
            seq: view.seq,
            committed_seq: view.first_uncommitted() - 1,
            tail_bytes: view.tail_bytes(),
            key_bytes: self.shared.key_bytes.load(Ordering::Relaxed),
            free_bytes,
            storage,
        })
    }
}
