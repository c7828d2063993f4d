//! Data files: sorted Parquet, one local day each, whose names say what they hold.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::Result;
use crate::schema::SEQ;

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

    /// The same file under the name of a rollup's day that was computed at `seq`.
    pub(crate) fn computed_at(mut self, seq: i64) -> Self {
        let unique = self
            .path
            .trim_end_matches(".parquet")
            .rsplit('-')
            .next()
            .unwrap_or_default()
            .to_owned();
        self.max_seq = seq;
        self.path = Self::name(
            self.day,
            self.rows,
            (self.min_seq, seq),
            (self.min_time, self.max_time),
            &unique,
        );
        self
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

fn range(column: &dyn Array) -> (i64, i64) {
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

/// The batch as a Parquet file, its columns encoded side by side: a sender waits for this after a large message.
///
/// # Errors
/// Parquet's.
fn encode(batch: &RecordBatch, properties: WriterProperties) -> Result<Vec<u8>> {
    let out = Vec::with_capacity(batch.num_rows() * 16);
    let writer = ArrowWriter::try_new(out, batch.schema(), Some(properties))?;
    let (mut file, columns) = writer.into_serialized_writer()?;
    for (number, start) in (0..batch.num_rows()).step_by(ROW_GROUP).enumerate() {
        let rows = batch.slice(start, ROW_GROUP.min(batch.num_rows() - start));
        let mut group = file.next_row_group()?;
        for chunk in chunks(&rows, columns.create_column_writers(number)?)? {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
    }
    Ok(file.into_inner()?)
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

/// Writes the rows of one local day. `unique` tells files of the same range apart.
///
/// # Errors
/// Parquet's.
pub(crate) fn write(
    batch: &RecordBatch,
    day: i32,
    time: Option<&str>,
    unique: &str,
    cold: bool,
) -> Result<(DataFile, Vec<u8>)> {
    let batch = sorted(batch, time)?;
    let out = encode(&batch, properties(cold))?;
    let seq = batch.column_by_name(SEQ).map_or((0, 0), |c| range(&**c));
    let span = time
        .and_then(|t| batch.column_by_name(t))
        .map_or((0, 0), |c| range(&**c));
    let rows = batch.num_rows() as u64;
    let path = DataFile::name(day, rows, seq, span, unique);
    let file = DataFile {
        path,
        day,
        rows,
        bytes: out.len() as u64,
        min_seq: seq.0,
        max_seq: seq.1,
        min_time: span.0,
        max_time: span.1,
    };
    Ok((file, out))
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
