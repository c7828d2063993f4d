//! What one query sees: committed files and the rows of the log that are not in files yet, frozen together.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use qala_core::Zone;
use qala_core::spec::{ColumnType, DatasetSpec};

use crate::error::Result;
use crate::files::Files;
use crate::query::hidden::Hidden;
use crate::schema::{self, SEQ};
use crate::superseded::{Sets, Superseded};

/// A dataset as the lake holds it: its spec and what is derived from it once.
#[derive(Debug)]
pub struct Dataset {
    /// The spec.
    pub spec: DatasetSpec,
    /// SQL name.
    pub(crate) name: Arc<str>,
    /// The zone of its local days.
    pub(crate) zone: Zone,
    /// Columns as senders give them.
    pub(crate) data: SchemaRef,
    /// Columns as they are stored.
    pub(crate) table: SchemaRef,
    /// Key columns; for a state dataset also the start of validity.
    pub(crate) key: Vec<String>,
    /// Columns that are compared to tell a duplicate from a correction.
    pub(crate) values: Vec<String>,
    /// Those of them that are not in the key.
    pub(crate) rest: Vec<String>,
    /// Superseded rows.
    pub(crate) superseded: Superseded,
    /// Where they lie in files.
    pub(crate) hidden: Hidden,
    /// Published sets of a snapshot dataset.
    pub(crate) sets: Sets,
}

impl Dataset {
    /// Digests of key and values of each row, the same in every process: two rows with the same key are one row, with the
    /// same values too they are duplicates.
    ///
    /// # Errors
    /// A column of another type than the dataset's.
    pub fn digests(&self, batch: &RecordBatch) -> Result<Vec<(u128, u64)>> {
        let batch = crate::read::conform(batch, &self.data)?;
        let keys = crate::index::key_hashes(&crate::index::pick(&batch, &self.key), 0)?;
        let values = crate::index::value_hashes(&crate::index::pick(&batch, &self.values), 0)?;
        Ok(keys.into_iter().zip(values).collect())
    }

    /// Prepares a dataset. `city_zone` stands in for `zone = "city"`.
    pub(crate) fn new(spec: DatasetSpec, city_zone: &Zone) -> Self {
        let zone = if spec.zone == "city" {
            None
        } else {
            Zone::new(&spec.zone).ok()
        };
        let mut key = spec.key.clone();
        if let Some(from) = spec.role(qala_core::spec::Role::ValidFrom)
            && !key.contains(&from.name)
        {
            key.push(from.name.clone());
        }
        let columns = || spec.columns.iter().map(|c| c.name.clone());
        Self {
            name: spec.name.as_str().into(),
            zone: zone.unwrap_or_else(|| city_zone.clone()),
            data: schema::data_schema(&spec),
            table: schema::table_schema(&spec),
            rest: columns().filter(|c| !key.contains(c)).collect(),
            values: columns().collect(),
            key,
            superseded: Superseded::default(),
            hidden: Hidden::default(),
            sets: Sets::default(),
            spec,
        }
    }

    /// Name of the time column, if any.
    pub(crate) fn time(&self) -> Option<&str> {
        self.spec.time().map(|c| c.name.as_str())
    }

    /// The local day of each row; rows of a dataset without a time column lie in the day they were received.
    pub(crate) fn days(&self, batch: &RecordBatch, received_at: i64) -> Vec<i32> {
        let column = self
            .spec
            .time()
            .and_then(|c| batch.column_by_name(&c.name).map(|a| (c.kind, a)));
        match column {
            Some((ColumnType::Time, array)) => {
                let values = array.as_primitive::<TimestampMicrosecondType>();
                let mut last = (1, 0, 0);
                values
                    .values()
                    .iter()
                    .map(|t| {
                        // Neighbours are mostly of the same local day.
                        if *t < last.0 || *t >= last.1 {
                            let day = self.zone.local_day(*t);
                            last = (self.zone.day_start(day), self.zone.day_start(day + 1), day);
                        }
                        last.2
                    })
                    .collect()
            }
            Some((ColumnType::Date, array)) => array.as_primitive::<Date32Type>().values().to_vec(),
            _ => vec![self.zone.local_day(received_at); batch.num_rows()],
        }
    }

    /// The local day of each stored row, which carries its own time of receipt.
    pub(crate) fn stored_days(&self, batch: &RecordBatch) -> Vec<i32> {
        if self.spec.time().is_some() {
            return self.days(batch, 0);
        }
        let received = batch.column_by_name(schema::RECEIVED_AT);
        let received = received.map(|c| c.as_primitive::<TimestampMicrosecondType>().values().to_vec());
        received
            .unwrap_or_default()
            .into_iter()
            .map(|r| self.zone.local_day(r))
            .collect()
    }
}

/// Parts of the tail with fewer rows together are joined; the records of a long message have more.
const MERGED_ROWS: usize = 32_768;

/// Rows of the log that are not in a file yet, in `_seq` order, with all stored columns.
#[derive(Debug)]
pub(crate) struct TailPart {
    /// Rows.
    pub(crate) batch: RecordBatch,
    /// Smallest `_seq`.
    pub(crate) min_seq: i64,
    /// Largest `_seq`.
    pub(crate) max_seq: i64,
    /// First and last local day.
    pub(crate) days: (i32, i32),
    /// Bytes in memory.
    pub(crate) bytes: usize,
}

impl TailPart {
    /// Adds the lake's columns to rows with consecutive `_seq`s.
    ///
    /// # Errors
    /// Arrow's.
    pub(crate) fn stamp(
        dataset: &Dataset,
        batch: &RecordBatch,
        seq: i64,
        received_at: i64,
        source: i64,
    ) -> Result<Self> {
        let rows = batch.num_rows();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        let seqs: Int64Array = (seq..seq + rows as i64).collect();
        columns.push(Arc::new(seqs));
        columns.push(Arc::new(
            TimestampMicrosecondArray::from_value(received_at, rows).with_timezone("UTC"),
        ));
        columns.push(Arc::new(Int64Array::from_value(source, rows)));
        let days = dataset.days(batch, received_at);
        let span = (
            days.iter().min().copied().unwrap_or(0),
            days.iter().max().copied().unwrap_or(0),
        );
        Ok(Self::new(
            RecordBatch::try_new(Arc::clone(&dataset.table), columns)?,
            span,
        ))
    }

    fn new(batch: RecordBatch, days: (i32, i32)) -> Self {
        let seqs: &[i64] = batch
            .column_by_name(SEQ)
            .map_or(&[], |c| c.as_primitive::<Int64Type>().values());
        let (first, last) = (seqs.first().copied(), seqs.last().copied());
        let bytes = batch.get_array_memory_size();
        Self {
            min_seq: first.unwrap_or(0),
            max_seq: last.unwrap_or(0),
            batch,
            days,
            bytes,
        }
    }

    /// The rows after `_seq` `offset`.
    fn after(self: &Arc<Self>, offset: i64) -> Option<Arc<Self>> {
        if self.min_seq > offset {
            return Some(Arc::clone(self));
        }
        if self.max_seq <= offset {
            return None;
        }
        let seqs = self.batch.column_by_name(SEQ)?;
        let start = seqs
            .as_primitive::<Int64Type>()
            .values()
            .partition_point(|s| *s <= offset);
        Some(Arc::new(Self::new(
            self.batch.slice(start, self.batch.num_rows() - start),
            self.days,
        )))
    }
}

/// One table in a view.
#[derive(Debug, Clone)]
pub(crate) struct TableView {
    /// The dataset.
    pub(crate) dataset: Arc<Dataset>,
    /// Folder of the table.
    pub(crate) dir: Arc<str>,
    /// Committed files.
    pub(crate) files: Files,
    /// `_seq` up to which rows are in files.
    pub(crate) committed: i64,
    /// With a tail: the end of a record up to which all rows are in files. Without one they reach to the view's end.
    pub(crate) complete: i64,
    /// Rows after it.
    pub(crate) tail: Arc<Vec<Arc<TailPart>>>,
}

impl TableView {
    /// Appends a part, merging small ones so that thousands of small messages do not make thousands of parts.
    ///
    /// # Errors
    /// Arrow's.
    pub(crate) fn push(&mut self, part: TailPart) -> Result<()> {
        let mut tail = self.tail.as_ref().clone();
        let mut last = Arc::new(part);
        while let Some(before) = tail.last() {
            let rows = before.batch.num_rows() + last.batch.num_rows();
            if before.batch.num_rows() > 2 * last.batch.num_rows() || rows > MERGED_ROWS {
                break;
            }
            let merged = concat_batches(&before.batch.schema(), [&before.batch, &last.batch])?;
            let days = (before.days.0.min(last.days.0), before.days.1.max(last.days.1));
            last = Arc::new(TailPart::new(merged, days));
            tail.pop();
        }
        tail.push(last);
        self.tail = Arc::new(tail);
        Ok(())
    }

    /// Takes over new files that hold the rows up to `committed`; nothing else of this table was visible up to the end
    /// of the view `seen`.
    pub(crate) fn commit(&mut self, files: Files, committed: i64, seen: i64) {
        let mut tail = Vec::with_capacity(self.tail.len());
        for part in self.tail.iter() {
            tail.extend(part.after(committed));
        }
        self.files = files;
        self.committed = committed;
        self.complete = self.complete.max(seen);
        self.tail = Arc::new(tail);
    }

    /// Bytes of the tail.
    pub(crate) fn tail_bytes(&self) -> usize {
        self.tail.iter().map(|p| p.bytes).sum()
    }
}

/// Everything that one query sees. Immutable; swapped as one pointer.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Largest `_seq` that is durable and visible.
    pub(crate) seq: i64,
    /// Tables by dataset.
    pub(crate) tables: HashMap<Arc<str>, Arc<TableView>>,
    /// Files of rollups by SQL name; `max_seq` of a file is the `_seq` it was computed at.
    pub(crate) rollups: HashMap<Arc<str>, Arc<TableView>>,
}

impl View {
    /// Largest `_seq` that is durable and visible.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The largest `_seq` that the table of a dataset has; 0 when it has no rows.
    pub fn newest(&self, dataset: &str) -> i64 {
        let newest = |table: &Arc<TableView>| table.tail.last().map_or(table.committed, |part| part.max_seq);
        self.tables.get(dataset).map_or(0, newest)
    }

    /// Bytes in memory that are not in files yet.
    pub(crate) fn tail_bytes(&self) -> usize {
        self.tables.values().map(|t| t.tail_bytes()).sum()
    }

    /// The first `_seq` that some table has not committed; segments of the log before it can go.
    pub(crate) fn first_uncommitted(&self) -> i64 {
        self.tables
            .values()
            .filter_map(|t| t.tail.first())
            .map(|p| p.min_seq)
            .min()
            .unwrap_or(self.seq + 1)
    }
}
