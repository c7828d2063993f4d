//! Data files: sorted Parquet, one local day each, whose names say what they hold.

mod merge;

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

pub(crate) use self::merge::merge;
use crate::error::{LakeError, Result};
use crate::schema::SEQ;
use crate::store::{DiskStore, NewFile};

const ROW_GROUP: usize = 131_072;
/// The columns of fewer rows are encoded by one thread.
const SIDE_BY_SIDE: usize = 16_384;

/// One data file of a table. Immutable; its name carries everything but the size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// Path below the table's folder: `_day=2024-02-29/<min_seq>-<max_seq>-<rows>-<min_time>-<max_time>-<unique>.parquet`.
    pub(crate) path: String,
    /// Local day, days since 1970-01-01.
    pub(crate) day: i32,
    /// Rows.
    pub(crate) rows: u64,
    /// Bytes.
    pub(crate) bytes: u64,
    /// Smallest `_seq`.
    pub(crate) min_seq: i64,
    /// Largest `_seq`.
    pub(crate) max_seq: i64,
    /// Smallest value of the time column in its own unit (µs, or days for dates); equal to `max_time` = 0 without one.
    pub(crate) min_time: i64,
    /// Largest value of the time column.
    pub(crate) max_time: i64,
}

/// The partition value of a local day: `2024-02-29`.
pub(crate) fn day_text(day: i32) -> String {
    let text = qala_core::Zone::utc().format(i64::from(day) * 86_400_000_000);
    text[..10].to_owned()
}

impl DataFile {
    /// A file that is still to be written.
    fn new(day: i32, rows: u64, seq: (i64, i64), time: (i64, i64), unique: &str) -> Self {
        Self {
            path: Self::name(day, rows, seq, time, unique),
            day,
            rows,
            bytes: 0,
            min_seq: seq.0,
            max_seq: seq.1,
            min_time: time.0,
            max_time: time.1,
        }
    }

    fn name(day: i32, rows: u64, seq: (i64, i64), time: (i64, i64), unique: &str) -> String {
        // `m` instead of a minus sign keeps `-` as the separator.
        let number = |n: i64| n.to_string().replace('-', "m");
        format!(
            "_day={}/{}-{}-{rows}-{}-{}-{unique}.parquet",
            day_text(day),
            number(seq.0),
            number(seq.1),
            number(time.0),
            number(time.1)
        )
    }

    /// Reads a file's facts back from its path; `None` for a foreign file.
    pub(crate) fn from_path(path: &str, bytes: u64) -> Option<Self> {
        let (day, name) = path.strip_prefix("_day=")?.split_once('/')?;
        let day = qala_core::parse_date(day)?;
        let mut parts = name.strip_suffix(".parquet")?.split('-');
        let mut number = || parts.next()?.replace('m', "-").parse::<i64>().ok();
        let (min_seq, max_seq, rows, min_time, max_time) =
            (number()?, number()?, number()?, number()?, number()?);
        Some(Self {
            path: path.into(),
            day,
            rows: rows as u64,
            bytes,
            min_seq,
            max_seq,
            min_time,
            max_time,
        })
    }

    /// Delta statistics, for other readers.
    pub(crate) fn stats(&self) -> String {
        format!(
            r#"{{"numRecords":{},"minValues":{{"_seq":{}}},"maxValues":{{"_seq":{}}},"nullCount":{{"_seq":0}}}}"#,
            self.rows, self.min_seq, self.max_seq
        )
    }
}

/// The values of a time column as integers: µs for instants, days for dates.
pub(crate) fn time_values(column: &dyn Array) -> Option<&[i64]> {
    match column.data_type() {
        DataType::Timestamp(..) => Some(column.as_primitive::<TimestampMicrosecondType>().values()),
        _ => None,
    }
}

/// The smallest and the largest value of a column as integers: µs for instants, days for dates; zeros without any.
pub(crate) fn range(column: &dyn Array) -> (i64, i64) {
    let span = |values: &mut dyn Iterator<Item = i64>| {
        values.fold(None, |acc: Option<(i64, i64)>, v| {
            Some(acc.map_or((v, v), |(a, b)| (a.min(v), b.max(v))))
        })
    };
    match column.data_type() {
        DataType::Timestamp(..) => {
            span(&mut column.as_primitive::<TimestampMicrosecondType>().iter().flatten()).unwrap_or((0, 0))
        }
        DataType::Date32 => span(
            &mut column
                .as_primitive::<Date32Type>()
                .iter()
                .flatten()
                .map(i64::from),
        )
        .unwrap_or((0, 0)),
        DataType::Int64 => span(&mut column.as_primitive::<Int64Type>().iter().flatten()).unwrap_or((0, 0)),
        _ => (0, 0),
    }
}

fn properties(cold: bool) -> WriterProperties {
    let zstd = ZstdLevel::try_new(3).map_or(Compression::SNAPPY, Compression::ZSTD);
    WriterProperties::builder()
        .set_compression(if cold { zstd } else { Compression::SNAPPY })
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_dictionary_enabled(ColumnPath::from(SEQ), false)
        .set_column_encoding(ColumnPath::from(SEQ), Encoding::DELTA_BINARY_PACKED)
        .set_created_by("qala".into())
        .build()
}

/// Sorts rows by time, then by `_seq`; rows without a time column by `_seq`.
pub(crate) fn sorted(batch: &RecordBatch, time: Option<&str>) -> Result<RecordBatch> {
    let column = |name: &str| batch.column_by_name(name).cloned();
    let ascending = |values| SortColumn {
        values,
        options: Some(SortOptions {
            descending: false,
            nulls_first: true,
        }),
    };
    let keys: Vec<SortColumn> = time
        .into_iter()
        .chain([SEQ])
        .filter_map(column)
        .map(ascending)
        .collect();
    if let [only] | [only, _] = keys.as_slice()
        && let Some(values) = time_values(&*only.values)
        && values.is_sorted()
        && batch
            .column_by_name(SEQ)
            .is_none_or(|s| s.as_primitive::<Int64Type>().values().is_sorted())
    {
        return Ok(batch.clone());
    }
    let order: UInt32Array = lexsort_to_indices(&keys, None)?;
    Ok(take_record_batch(batch, &order)?)
}

/// A data file that is being written, one row group after the other.
struct Encoder {
    file: SerializedFileWriter<NewFile>,
    columns: ArrowRowGroupWriterFactory,
    groups: usize,
    path: String,
}

impl Encoder {
    fn begin(store: &DiskStore, path: String, schema: SchemaRef, cold: bool) -> Result<Self> {
        let out = store
            .begin(&path)
            .map_err(LakeError::io(format!("create {path}")))?;
        let writer = ArrowWriter::try_new(out, schema, Some(properties(cold)))?;
        let (file, columns) = writer.into_serialized_writer()?;
        Ok(Self {
            file,
            columns,
            groups: 0,
            path,
        })
    }

    /// Writes rows as one row group, its columns encoded side by side: a sender waits for this after a large message.
    fn group(&mut self, rows: &RecordBatch) -> Result<()> {
        let chunks = chunks(rows, self.columns.create_column_writers(self.groups)?)?;
        self.groups += 1;
        let write = |file: &mut SerializedFileWriter<NewFile>| {
            let mut group = file.next_row_group()?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close().map(drop)
        };
        write(&mut self.file).map_err(|e| failed(&self.path, e))
    }

    /// Makes the file durable. Gives its size in bytes.
    fn finish(mut self) -> Result<u64> {
        self.file.finish().map_err(|e| failed(&self.path, e))?;
        let out = self.file.inner();
        out.finish()
            .map_err(LakeError::io(format!("write {}", self.path)))
    }
}

/// A disk's error keeps its name on the way through the encoder.
fn failed(path: &str, error: ParquetError) -> LakeError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(io) => LakeError::io(format!("write {path}"))(*io),
            Err(other) => ParquetError::External(other).into(),
        },
        other => other.into(),
    }
}

/// Encodes the columns of one row group, each with its own writer; our tables have no nested columns.
///
/// # Errors
/// Parquet's.
fn chunks(rows: &RecordBatch, writers: Vec<ArrowColumnWriter>) -> Result<Vec<ArrowColumnChunk>> {
    let schema = rows.schema();
    let encode = |column: usize, mut writer: ArrowColumnWriter| -> parquet::errors::Result<_> {
        for leaf in compute_leaves(schema.field(column), rows.column(column))? {
            writer.write(&leaf)?;
        }
        writer.close()
    };
    if rows.num_rows() < SIDE_BY_SIDE {
        let chunks = writers.into_iter().enumerate().map(|(i, w)| encode(i, w));
        return Ok(chunks.collect::<parquet::errors::Result<_>>()?);
    }
    let count = writers.len();
    let work = Mutex::new(writers.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                while let Some((column, writer)) = { work.lock().next() } {
                    let chunk = encode(column, writer);
                    done.lock().push((column, chunk));
                }
            });
        }
    });
    let mut done = done.into_inner();
    done.sort_by_key(|(column, _)| *column);
    let chunks = done.into_iter().map(|(_, chunk)| chunk);
    Ok(chunks.collect::<parquet::errors::Result<_>>()?)
}

/// Writes the rows of one local day into a table's folder `dir`; durable on return. The file is not part of the table
/// before a commit names it. `unique` tells files of the same range apart; `computed_at` is for rollups.
///
/// # Errors
/// IO, Parquet's.
pub(crate) fn write(
    store: &DiskStore,
    dir: &str,
    batch: &RecordBatch,
    (day, time): (i32, Option<&str>),
    unique: &str,
    computed_at: Option<i64>,
) -> Result<DataFile> {
    let batch = sorted(batch, time)?;
    let mut seq = batch.column_by_name(SEQ).map_or((0, 0), |c| range(&**c));
    // The `_seq` at which a rollup's day was computed stands in the name, whatever rows it had.
    seq.1 = computed_at.unwrap_or(seq.1);
    let span = time
        .and_then(|t| batch.column_by_name(t))
        .map_or((0, 0), |c| range(&**c));
    let mut file = DataFile::new(day, batch.num_rows() as u64, seq, span, unique);
    let mut out = Encoder::begin(store, format!("{dir}/{}", file.path), batch.schema(), false)?;
    for start in (0..batch.num_rows()).step_by(ROW_GROUP) {
        out.group(&batch.slice(start, ROW_GROUP.min(batch.num_rows() - start)))?;
    }
    file.bytes = out.finish()?;
    Ok(file)
}

/// A shared list of files.
pub(crate) type Files = Arc<Vec<Arc<DataFile>>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let path = DataFile::name(-3, 7, (1, 9), (-5, 8), "a1");
        let file = DataFile::from_path(&path, 100).unwrap();
        assert_eq!(
            (
                file.day,
                file.rows,
                file.min_seq,
                file.max_seq,
                file.min_time,
                file.max_time
            ),
            (-3, 7, 1, 9, -5, 8)
        );
        assert!(DataFile::from_path("part-000.parquet", 1).is_none());
    }
}
