//! Who has which key: finds duplicates and superseded rows at the time of arrival.
//!
//! One hash table per dataset and local day when the key holds the time, else one per dataset. A table is read from
//! the rows when its day is first touched and forgotten when memory runs short, so memory does not grow with the stream.
//! Days that do not fit are not read whole: their tables hold the keys that were asked for, and know that they are not
//! all.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float64Type, Int64Type,
    TimestampMicrosecondType, ToByteSlice,
};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::error::{LakeError, Result};
use crate::keys::Keys;

/// The day of datasets whose key does not hold the time.
pub(crate) const WHOLE: i32 = i32::MIN;
/// Memory of a key in a table that was just read, as a guess before it is.
const KEY: usize = 36;

#[derive(Debug)]
struct Slot {
    keys: Keys,
    /// False when only some keys of the day are in the table.
    whole: bool,
    used: u64,
    last_seq: i64,
}

impl Slot {
    fn bytes(&self) -> usize {
        self.keys.bytes() + size_of::<Self>() + 64
    }
}

/// What is in memory of a day's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    /// Nothing.
    Nothing,
    /// Some keys. With `true` it may be read again: all its rows are visible.
    Some(bool),
    /// Every key.
    All,
}

/// The key tables in memory.
#[derive(Debug)]
pub(crate) struct Index {
    slots: HashMap<(Arc<str>, i32), Slot>,
    clock: u64,
    /// Tables used after this are needed by the message at hand.
    needed: u64,
    budget: usize,
}

impl Index {
    /// An empty index that takes about `budget` bytes of memory.
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            slots: HashMap::new(),
            clock: 0,
            needed: 0,
            budget,
        }
    }

    /// Bytes of all tables.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.values().map(Slot::bytes).sum()
    }

    /// A new set of rows begins: tables that it does not touch may be forgotten.
    pub(crate) fn begin(&mut self) {
        self.needed = self.clock;
    }

    /// What is in memory of a day's table; it stays there for the rows at hand. Only rows up to `published` can be read
    /// back.
    pub(crate) fn has(&mut self, dataset: &Arc<str>, day: i32, published: i64) -> Has {
        self.clock += 1;
        let Some(slot) = self.slots.get_mut(&(Arc::clone(dataset), day)) else {
            return Has::Nothing;
        };
        slot.used = self.clock;
        if slot.whole {
            Has::All
        } else {
            Has::Some(slot.last_seq <= published)
        }
    }

    /// The keys among `keys` of which the table of a day knows nothing.
    pub(crate) fn unknown(
        &self,
        dataset: &Arc<str>,
        day: i32,
        keys: impl Iterator<Item = u128>,
    ) -> Vec<u128> {
        match self.slots.get(&(Arc::clone(dataset), day)) {
            Some(slot) if slot.whole => Vec::new(),
            Some(slot) => keys.filter(|k| !slot.keys.knows(*k)).collect(),
            None => keys.collect(),
        }
    }

    /// Forgets tables, those used longest ago first, until `rows` keys more fit; false, and nothing forgotten, when they
    /// never will, or would take more than half of the room. Only rows up to `published` can be read back.
    pub(crate) fn make_room(&mut self, rows: u64, published: i64) -> bool {
        let needed = usize::try_from(rows).unwrap_or(usize::MAX).saturating_mul(KEY);
        let stays = |s: &&Slot| s.used > self.needed || s.last_seq > published;
        let pinned: usize = self.slots.values().filter(stays).map(Slot::bytes).sum();
        // One that takes most of the room would drive out all others, and they it, with every message.
        if needed > self.budget / 2 || pinned.saturating_add(needed) > self.budget {
            return false;
        }
        self.forget(self.budget - needed, published);
        true
    }

    /// Puts a table that was read from rows into memory.
    pub(crate) fn insert(&mut self, dataset: Arc<str>, day: i32, keys: Keys) {
        self.clock += 1;
        let slot = Slot {
            keys,
            whole: true,
            used: self.clock,
            last_seq: 0,
        };
        self.slots.insert((dataset, day), slot);
    }

    /// The table of a day of which only some keys are known, to enter more; an empty one when there was none.
    pub(crate) fn partial(&mut self, dataset: Arc<str>, day: i32) -> &mut Keys {
        self.clock += 1;
        let new = || Slot {
            keys: Keys::new((day != WHOLE).then_some(day)),
            whole: false,
            used: 0,
            last_seq: 0,
        };
        let slot = self.slots.entry((dataset, day)).or_insert_with(new);
        slot.used = self.clock;
        &mut slot.keys
    }

    /// The table of a day, for reading and writing. `seq` is the largest `_seq` that will be written: the table is not
    /// forgotten before that row can be read back.
    ///
    /// # Errors
    /// When it is not in memory.
    pub(crate) fn keys(&mut self, dataset: &Arc<str>, day: i32, seq: i64) -> Result<&mut Keys> {
        self.clock += 1;
        let slot = self
            .slots
            .get_mut(&(Arc::clone(dataset), day))
            .ok_or_else(|| LakeError::Closed(format!("the key table of {dataset} was not loaded")))?;
        slot.used = self.clock;
        slot.last_seq = slot.last_seq.max(seq);
        Ok(&mut slot.keys)
    }

    /// What was to be written has `_seq`s below `next`: fewer than were thought when duplicates were among the rows.
    pub(crate) fn settle(&mut self, next: i64) {
        for slot in self.slots.values_mut() {
            slot.last_seq = slot.last_seq.min(next - 1);
        }
    }

    /// Forgets the tables used longest ago until the budget is kept. Only rows up to `published` can be read back.
    /// False when it cannot be kept yet.
    pub(crate) fn shrink(&mut self, published: i64) -> bool {
        self.needed = self.clock;
        self.forget(self.budget, published) <= self.budget
    }

    /// Forgets tables that may go until the others have `limit` bytes. Gives the bytes that are left.
    fn forget(&mut self, limit: usize, published: i64) -> usize {
        let mut total = self.bytes();
        if total <= limit {
            return total;
        }
        let mut order: Vec<(u64, (Arc<str>, i32))> = self
            .slots
            .iter()
            .filter(|(_, s)| s.used <= self.needed && s.last_seq <= published)
            .map(|(k, s)| (s.used, k.clone()))
            .collect();
        order.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in order {
            if total <= limit {
                break;
            }
            if let Some(slot) = self.slots.remove(&key) {
                total -= slot.bytes();
            }
        }
        total
    }

    /// Forgets everything: after a failed write the tables are read again from what is durable.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }
}

/// The cells of a column.
struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Text(&'a StringArray),
    Bool(&'a BooleanArray),
    Four(&'a [[u8; 4]]),
    Eight(&'a [[u8; 8]]),
    Sixteen(&'a [[u8; 16]]),
}

impl<'a> Cells<'a> {
    fn of(column: &'a dyn Array) -> Result<Self> {
        fn bytes<T: ArrowPrimitiveType, const N: usize>(column: &dyn Array) -> &[[u8; N]] {
            column.as_primitive::<T>().values().to_byte_slice().as_chunks().0
        }
        let values = match column.data_type() {
            DataType::Utf8 => Values::Text(column.as_string()),
            DataType::Boolean => Values::Bool(column.as_boolean()),
            DataType::Int64 => Values::Eight(bytes::<Int64Type, 8>(column)),
            DataType::Float64 => Values::Eight(bytes::<Float64Type, 8>(column)),
            DataType::Decimal128(..) => Values::Sixteen(bytes::<Decimal128Type, 16>(column)),
            DataType::Timestamp(..) => Values::Eight(bytes::<TimestampMicrosecondType, 8>(column)),
            DataType::Date32 => Values::Four(bytes::<Date32Type, 4>(column)),
            other => {
                let message = format!("a key table cannot hold {other}");
                return Err(ArrowError::NotYetImplemented(message).into());
            }
        };
        let nulls = column.nulls();
        Ok(Self { nulls, values })
    }

    /// Writes the cell of a row.
    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        let is_there = self.nulls.is_none_or(|n| n.is_valid(row));
        out.push(u8::from(is_there));
        if !is_there {
            return;
        }
        match self.values {
            Values::Text(texts) => {
                let text = texts.value(row).as_bytes();
                out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                out.extend_from_slice(text);
            }
            Values::Bool(values) => out.push(u8::from(values.value(row))),
            Values::Four(values) => out.extend_from_slice(&values[row]),
            Values::Eight(values) => out.extend_from_slice(&values[row]),
            Values::Sixteen(values) => out.extend_from_slice(&values[row]),
        }
    }
}

/// Hashes of rows over the named columns, for key tables: these live as long as the process, so how a row is written
/// down for its hash may change.
fn rows<T>(batch: &RecordBatch, names: &[String], hash: impl Fn(&[u8]) -> T) -> Result<Vec<T>> {
    let columns = pick(batch, names);
    let columns = columns
        .iter()
        .map(|c| Cells::of(&**c))
        .collect::<Result<Vec<_>>>()?;
    let mut bytes = Vec::new();
    let row = |row| {
        bytes.clear();
        for column in &columns {
            column.write(row, &mut bytes);
        }
        hash(&bytes)
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Hashes of the keys of a batch, for key tables.
///
/// # Errors
/// Columns of a type that no dataset has.
pub(crate) fn table_keys(batch: &RecordBatch, names: &[String], seed: u64) -> Result<Vec<u128>> {
    rows(batch, names, |bytes| xxh3_128_with_seed(bytes, seed))
}

/// Hashes of what the rows of a batch have beside their key, for key tables.
///
/// # Errors
/// Columns of a type that no dataset has.
pub(crate) fn table_values(batch: &RecordBatch, names: &[String], seed: u64) -> Result<Vec<u64>> {
    rows(batch, names, |bytes| xxh3_64_with_seed(bytes, seed))
}

/// Hashes of rows over some columns, 128 bits each. Equal values give equal hashes whatever the batch; they are stored,
/// so they stay what they are.
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

/// Hashes of rows over some columns, 64 bits each; stored as well.
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use arrow::array::{Date32Array, Decimal128Array, Float64Array, Int64Array, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn rows_that_differ_anywhere_have_other_hashes() {
        // Column by column, values of which each pair differs; the first row of each is null.
        let columns: Vec<(&str, ArrayRef)> = vec![
            (
                "text",
                Arc::new(StringArray::from(vec![None, Some(""), Some("a"), Some("ab")])),
            ),
            (
                "more",
                Arc::new(StringArray::from(vec![None, Some("ba"), Some("b"), Some("")])),
            ),
            (
                "whole",
                Arc::new(Int64Array::from(vec![None, Some(0), Some(1), Some(-1)])),
            ),
            (
                "float",
                Arc::new(Float64Array::from(vec![
                    None,
                    Some(0.0),
                    Some(1.0),
                    Some(f64::MIN_POSITIVE),
                ])),
            ),
            (
                "exact",
                Arc::new(Decimal128Array::from(vec![
                    None,
                    Some(0),
                    Some(1),
                    Some(1 << 100),
                ])),
            ),
            (
                "bool",
                Arc::new(BooleanArray::from(vec![None, Some(false), Some(true), None])),
            ),
            (
                "day",
                Arc::new(Date32Array::from(vec![None, Some(0), Some(1), Some(-1)])),
            ),
            (
                "t",
                Arc::new(TimestampMicrosecondArray::from(vec![
                    None,
                    Some(0),
                    Some(1),
                    Some(-1),
                ])),
            ),
        ];
        let names: Vec<String> = columns.iter().map(|(n, _)| (*n).to_owned()).collect();
        let mut seen = HashSet::new();
        for (at, (name, column)) in columns.iter().enumerate() {
            for row in 0..if *name == "bool" { 3 } else { 4 } {
                // One row in which only this column is not as in the first row of all.
                let one = columns.iter().enumerate().map(|(i, (n, c))| {
                    let value = if i == at {
                        column.slice(row, 1)
                    } else {
                        c.slice(0, 1)
                    };
                    (*n, value, true)
                });
                let batch = RecordBatch::try_from_iter_with_nullable(one).unwrap();
                let key = table_keys(&batch, &names, 7).unwrap()[0];
                assert_eq!(seen.insert(key), row > 0 || at == 0, "{name}, row {row}");
                let values = table_values(&batch, &names, 7).unwrap();
                assert_ne!(values, table_values(&batch, &names, 8).unwrap());
            }
        }
        // A row has the same hash wherever it stands.
        let all =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        let keys = table_keys(&all, &names, 7).unwrap();
        assert_eq!(table_keys(&all.slice(2, 2), &names, 7).unwrap(), keys[2..]);
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 4);
    }
}
