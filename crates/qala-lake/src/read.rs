//! Reading a table's rows without a query engine: for key tables, compaction, start-up.

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qala_disk::Disk;

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

/// Reads some columns of a data file.
///
/// # Errors
/// IO; [`LakeError::Damaged`] when it is not the Parquet file it should be.
pub(crate) fn file(
    disk: &dyn Disk,
    dir: &str,
    file: &DataFile,
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>> {
    let path = format!("{dir}/{}", file.path);
    let bytes = Bytes::from(disk.read(&path).map_err(LakeError::io(format!("read {path}")))?);
    decode(&path, bytes, schema)
}

/// Some columns of a data file that was read whole; `path` is for errors.
///
/// # Errors
/// [`LakeError::Damaged`] when it is not the Parquet file it should be.
pub(crate) fn decode(path: &str, bytes: Bytes, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let damaged = |e: &dyn std::fmt::Display| LakeError::Damaged {
        what: path.to_owned(),
        detail: e.to_string(),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|e| damaged(&e))?;
    let wanted = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, f)| schema.field_with_name(f.name()).is_ok())
        .map(|(i, _)| i)
        .collect::<Vec<_>>();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(65_536)
        .build()
        .map_err(|e| damaged(&e))?;
    let mut out = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| damaged(&e))?;
        out.push(conform(&batch, schema)?);
    }
    Ok(out)
}

/// Reads some columns of all rows, also superseded ones, of the days that `keep` wants; parts of
/// the tail come whole when any of their days is wanted.
///
/// # Errors
/// As [`file`].
pub(crate) fn all(
    disk: &dyn Disk,
    table: &TableView,
    names: &[&str],
    keep: impl Fn(i32) -> bool,
) -> Result<Vec<RecordBatch>> {
    let mut out = Vec::new();
    each(disk, table, names, keep, |batch| {
        out.push(batch);
        Ok(())
    })?;
    Ok(out)
}

/// As [`all`], file by file.
///
/// # Errors
/// As [`file`]; those of `take`.
pub(crate) fn each(
    disk: &dyn Disk,
    table: &TableView,
    names: &[&str],
    keep: impl Fn(i32) -> bool,
    mut take: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let schema = project(&table.dataset.table, names);
    for data in table.files.iter().filter(|f| keep(f.day)) {
        for batch in file(disk, &table.dir, data, &schema)? {
            take(batch)?;
        }
    }
    for part in table.tail.iter().filter(|p| (p.days.0..=p.days.1).any(&keep)) {
        take(conform(&part.batch, &schema)?)?;
    }
    Ok(())
}
