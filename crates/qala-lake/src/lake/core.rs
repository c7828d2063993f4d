//! What one sender at a time may touch: the next `_seq`, and who has which key.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;

use crate::error::{LakeError, Result};
use crate::files;
use crate::index::{Has, Index, WHOLE, table_keys, table_values};
use crate::keys::{Entry, Keys};
use crate::lake::Lake;
use crate::read;
use crate::schema::{RECEIVED_AT, SEQ};
use crate::session::Arriving;
use crate::view::{Dataset, TableView};

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
    /// The `_seq`s up to `next` are given.
    pub(crate) fn settle(&mut self, next: i64) {
        self.next_seq = next;
        self.index.settle(next);
    }
    /// Forgets key tables until their memory is what it may be; false when that must wait for rows to be written.
    pub(crate) fn index_shrink(&mut self, lake: &Lake) -> bool {
        let fits = self.index.shrink(lake.shared.view.load().seq);
        lake.shared.key_bytes.store(self.index.bytes(), Ordering::Relaxed);
        fits
    }

    /// Brings into memory what the key tables must know of these rows: the tables of their days when they fit, else the
    /// rows of these keys alone.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) fn ready(&mut self, lake: &Lake, rows: &Arriving) -> Result<()> {
        let dataset = &rows.dataset;
        let slots = rows.slots();
        let view = lake.view();
        let (mut readable, mut pinned) = (BTreeSet::new(), BTreeSet::new());
        for run in slots.chunk_by(|a, b| a == b) {
            let slot = run[0];
            match self.index.has(&dataset.name, slot, view.seq) {
                Has::All => {}
                Has::Nothing | Has::Some(true) => {
                    readable.insert(slot);
                }
                Has::Some(false) => {
                    pinned.insert(slot);
                }
            }
        }
        if readable.is_empty() && pinned.is_empty() {
            return Ok(());
        }
        let Some(table) = view.tables.get(&dataset.name) else {
            return Err(LakeError::Closed(format!(
                "the table of {} is not open",
                dataset.name
            )));
        };
        if self.index.make_room(rows_of(table, &readable), view.seq) {
            for (slot, keys) in lake.load_keys(table, &readable, self.seed)? {
                self.index.insert(Arc::clone(&dataset.name), slot, keys);
            }
        } else {
            pinned.append(&mut readable);
        }
        let mut asked: BTreeMap<i32, Asked> = BTreeMap::new();
        for (row, slot) in slots.iter().enumerate().filter(|(_, s)| pinned.contains(*s)) {
            asked.entry(*slot).or_default().add(rows, row);
        }
        for (slot, asked) in &mut asked {
            let keys = asked.keys.drain();
            asked.keys = self
                .index
                .unknown(&dataset.name, *slot, keys)
                .into_iter()
                .collect();
        }
        asked.retain(|_, asked| !asked.keys.is_empty());
        if asked.is_empty() {
            return Ok(());
        }
        let found = lake.look_up(table, &asked, self.seed)?;
        for (slot, key, row) in found {
            self.index
                .partial(Arc::clone(&dataset.name), slot)
                .insert(key, row);
        }
        for (slot, asked) in asked {
            let keys = self.index.partial(Arc::clone(&dataset.name), slot);
            asked.keys.into_iter().for_each(|key| keys.insert_none(key));
        }
        Ok(())
    }
}

/// Keys that are looked for in a day's rows.
#[derive(Debug, Default)]
struct Asked {
    keys: HashSet<u128>,
    /// First and last value of the time column, when it is part of the key.
    span: Option<(i64, i64)>,
}

impl Asked {
    fn add(&mut self, rows: &Arriving, row: usize) {
        self.keys.insert(rows.keys[row]);
        if let Some(times) = &rows.times {
            let (first, last) = self.span.unwrap_or((i64::MAX, i64::MIN));
            self.span = Some((first.min(times[row]), last.max(times[row])));
        }
    }
}

/// How many rows the tables of some days are read from.
fn rows_of(table: &TableView, slots: &BTreeSet<i32>) -> u64 {
    let wanted = |day: i32| slots.contains(&day) || slots.contains(&WHOLE);
    let files = table.files.iter().filter(|f| wanted(f.day)).map(|f| f.rows);
    let parts = table.tail.iter().filter(|p| (p.days.0..=p.days.1).any(wanted));
    files.chain(parts.map(|p| p.batch.num_rows() as u64)).sum()
}

/// Rows that nothing superseded, with their `_seq`s.
fn current(dataset: &Dataset, batch: &RecordBatch, also: impl Fn(usize) -> bool) -> Result<RecordBatch> {
    let seqs = seqs(batch)?;
    let keep: BooleanArray = (0..batch.num_rows())
        .map(|row| Some(also(row) && dataset.superseded.by(seqs.value(row)).is_none()))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}

fn seqs(batch: &RecordBatch) -> Result<&Int64Array> {
    let column = batch.column_by_name(SEQ).ok_or_else(|| LakeError::Damaged {
        what: "rows of a table".into(),
        detail: format!("they have no column {SEQ}"),
    })?;
    Ok(column.as_primitive::<Int64Type>())
}

/// The rows of a batch as entries of key tables.
fn entries(dataset: &Dataset, batch: &RecordBatch, seed: u64) -> Result<Vec<(u128, Entry)>> {
    let days = dataset.stored_days(batch);
    let keys = table_keys(batch, &dataset.key, seed)?;
    let values = table_values(batch, &dataset.rest, seed)?;
    let entry = |((day, value), seq): ((i32, u64), &i64)| Entry {
        seq: *seq,
        value,
        day,
    };
    let entries = days
        .into_iter()
        .zip(values)
        .zip(seqs(batch)?.values().iter())
        .map(entry);
    Ok(keys.into_iter().zip(entries).collect())
}

impl Lake {
    /// Reads the current rows of some days (or of the whole dataset) into key tables.
    fn load_keys(&self, table: &TableView, wanted: &BTreeSet<i32>, seed: u64) -> Result<BTreeMap<i32, Keys>> {
        let dataset = &table.dataset;
        let new = |slot: &i32| (*slot, Keys::new((*slot != WHOLE).then_some(*slot)));
        let mut slots: BTreeMap<i32, Keys> = wanted.iter().map(new).collect();
        let whole = wanted.contains(&WHOLE);
        let mut names: Vec<&str> = dataset.values.iter().map(String::as_str).collect();
        names.extend([SEQ, RECEIVED_AT]);
        let keep = |day| whole || wanted.contains(&day);
        // One batch at a time: the rows of all wanted days together may not fit.
        for batch in read::rows(&*self.disk, table, &names, keep) {
            let batch = current(dataset, &batch?, |_| true)?;
            for (key, row) in entries(dataset, &batch, seed)? {
                if let Some(keys) = slots.get_mut(if whole { &WHOLE } else { &row.day }) {
                    keys.insert(key, row);
                }
            }
        }
        Ok(slots)
    }

    /// Looks for the current rows of some keys, by slot, without keeping more than these in memory.
    fn look_up(
        &self,
        table: &TableView,
        asked: &BTreeMap<i32, Asked>,
        seed: u64,
    ) -> Result<Vec<(i32, u128, Entry)>> {
        let dataset = &table.dataset;
        let slot = |day: i32| if asked.contains_key(&WHOLE) { WHOLE } else { day };
        let mut found = Vec::new();
        let mut take = |batch: &RecordBatch| -> Result<()> {
            let days = dataset.stored_days(batch);
            let keys = table_keys(batch, &dataset.key, seed)?;
            let is_asked = |row: usize| {
                asked
                    .get(&slot(days[row]))
                    .is_some_and(|a| a.keys.contains(&keys[row]))
            };
            let rows = current(dataset, batch, is_asked)?;
            let entries = entries(dataset, &rows, seed)?;
            found.extend(entries.into_iter().map(|(key, row)| (slot(row.day), key, row)));
            Ok(())
        };
        let mut names: Vec<&str> = dataset.values.iter().map(String::as_str).collect();
        names.extend([SEQ, RECEIVED_AT]);
        let schema = read::project(&dataset.table, &names);
        for file in table.files.iter() {
            let Some(asked) = asked.get(&slot(file.day)) else {
                continue;
            };
            if asked
                .span
                .is_some_and(|(from, to)| file.max_time < from || file.min_time > to)
            {
                continue;
            }
            let span = dataset.time().zip(asked.span);
            for batch in read::span(&*self.disk, &table.dir, file, &schema, span)? {
                take(&batch?)?;
            }
        }
        let join = |a: Option<(i64, i64)>, b: Option<(i64, i64)>| {
            let (a, b) = a.zip(b)?;
            Some((a.0.min(b.0), a.1.max(b.1)))
        };
        let span = asked.values().map(|a| a.span).reduce(join).flatten();
        for part in table.tail.iter() {
            let times = dataset.time().and_then(|time| part.batch.column_by_name(time));
            if let (Some((from, to)), Some(times)) = (span, times) {
                let (first, last) = files::range(&**times);
                if last < from || first > to {
                    continue;
                }
            }
            take(&read::conform(&part.batch, &schema)?)?;
        }
        Ok(found)
    }
}
