//! Reading a table's rows without a query engine: for key tables, compaction, start-up.

use std::io::{BufReader, Read};
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use qala_disk::{Disk, DiskFile};

use crate::error::{LakeError, Result};
use crate::files::DataFile;
use crate::view::TableView;

/// The fields `names` of a table schema, in that order.
pub(crate) fn project(schema: &Schema, names: &[&str]) -> SchemaRef {
    let fields: Vec<_> = names
        .iter()
        .filter_map(|n| schema.field_with_name(n).ok().cloned())
        .collect();
    Arc::new(Schema::new(fields))
}

/// Brings a batch to `schema`: picks columns by name, fills absent ones with nulls.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|f| {
            batch
                .column_by_name(f.name())
                .cloned()
                .unwrap_or_else(|| new_null_array(f.data_type(), batch.num_rows()))
        })
        .collect();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A file of a disk as the Parquet reader asks for it: piece by piece, so that a file of any size takes little memory.
#[derive(Debug, Clone)]
struct Pieces {
    file: Arc<dyn DiskFile>,
    size: u64,
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.size
    }
}

/// Reads a file from a place on.
struct Reading {
    file: Arc<dyn DiskFile>,
    at: u64,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(self.at, buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl ChunkReader for Pieces {
    type T = BufReader<Reading>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let file = Arc::clone(&self.file);
        Ok(BufReader::new(Reading { file, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = vec![0; length];
        let read = self.file.read_at(start, &mut bytes)?;
        if read < length {
            let message = format!("the file ends {} bytes too early", length - read);
            return Err(ParquetError::EOF(message));
        }
        Ok(bytes.into())
    }
}

/// Rows as they are read.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// Rows of a batch that is read from a file.
pub(crate) const BATCH: usize = 65_536;

fn open(disk: &dyn Disk, dir: &str, file: &DataFile) -> Result<(String, Pieces)> {
    let path = format!("{dir}/{}", file.path);
    let io = || LakeError::io(format!("read {path}"));
    let file: Arc<dyn DiskFile> = disk.open(&path).map_err(io())?.into();
    let size = file.size().map_err(io())?;
    Ok((path, Pieces { file, size }))
}

/// Reads some columns of a data file, `rows` rows at a time.
///
/// # Errors
/// IO; [`LakeError::Damaged`] when it is not the Parquet file it should be.
pub(crate) fn file(
    disk: &dyn Disk,
    dir: &str,
    file: &DataFile,
    schema: &SchemaRef,
    rows: usize,
) -> Result<Batches> {
    let (path, pieces) = open(disk, dir, file)?;
    decode(path, pieces, schema, rows)
}

/// Reads those row groups of a data file in which a time column may have values from first to last.
///
/// # Errors
/// As [`file`].
pub(crate) fn span(
    disk: &dyn Disk,
    dir: &str,
    file: &DataFile,
    schema: &SchemaRef,
    span: Option<(&str, (i64, i64))>,
) -> Result<Batches> {
    let (path, pieces) = open(disk, dir, file)?;
    let keep = |group: &RowGroupMetaData| {
        let Some((time, (first, last))) = span else {
            return true;
        };
        let column = group.columns().iter().find(|c| c.column_path().string() == time);
        let bounds = match column.and_then(|c| c.statistics()) {
            Some(Statistics::Int64(s)) => s.min_opt().copied().zip(s.max_opt().copied()),
            Some(Statistics::Int32(s)) => s
                .min_opt()
                .copied()
                .map(i64::from)
                .zip(s.max_opt().copied().map(i64::from)),
            _ => None,
        };
        bounds.is_none_or(|(least, most)| least <= last && most >= first)
    };
    decode_groups(path, pieces, schema, BATCH, keep)
}

/// Some columns of a Parquet file, `rows` rows at a time; `path` is for errors.
///
/// # Errors
/// [`LakeError::Damaged`] when it is not the Parquet file it should be.
pub(crate) fn decode<R: ChunkReader + Send + 'static>(
    path: String,
    input: R,
    schema: &SchemaRef,
    rows: usize,
) -> Result<Batches> {
    decode_groups(path, input, schema, rows, |_| true)
}

fn decode_groups<R: ChunkReader + Send + 'static>(
    path: String,
    input: R,
    schema: &SchemaRef,
    rows: usize,
    keep: impl Fn(&RowGroupMetaData) -> bool,
) -> Result<Batches> {
    let damaged = |path: &str, e: &dyn std::fmt::Display| LakeError::Damaged {
        what: path.to_owned(),
        detail: e.to_string(),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(input).map_err(|e| damaged(&path, &e))?;
    let wanted = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, f)| schema.field_with_name(f.name()).is_ok())
        .map(|(i, _)| i)
        .collect::<Vec<_>>();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let groups = builder.metadata().row_groups().iter().enumerate();
    let groups = groups
        .filter(|(_, group)| keep(group))
        .map(|(at, _)| at)
        .collect();
    let reader = builder
        .with_projection(mask)
        .with_row_groups(groups)
        .with_batch_size(rows)
        .build()
        .map_err(|e| damaged(&path, &e))?;
    let schema = Arc::clone(schema);
    Ok(Box::new(reader.map(move |batch| {
        conform(&batch.map_err(|e| damaged(&path, &e))?, &schema)
    })))
}

/// Reads some columns of all rows, also superseded ones, of the days that `keep` wants, batch by batch; parts of
/// the tail come whole when any of their days is wanted.
///
/// # Errors
/// As [`file`], in the place of rows.
pub(crate) fn rows<'a>(
    disk: &'a dyn Disk,
    table: &'a TableView,
    names: &[&str],
    keep: impl Fn(i32) -> bool + 'a,
) -> impl Iterator<Item = Result<RecordBatch>> + 'a {
    let schema = project(&table.dataset.table, names);
    let keep = Arc::new(keep);
    let (day, tail) = (Arc::clone(&keep), Arc::clone(&schema));
    let committed = table
        .files
        .iter()
        .filter(move |f| day(f.day))
        .flat_map(move |data| {
            file(disk, &table.dir, data, &schema, BATCH)
                .unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
        });
    let waiting = table
        .tail
        .iter()
        .filter(move |p| (p.days.0..=p.days.1).any(&*keep))
        .map(move |part| conform(&part.batch, &tail));
    committed.chain(waiting)
}
