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
    let damaged = |e: parquet::errors::ParquetError| LakeError::Damaged {
        what: path.clone(),
        detail: e.to_string(),
    };
    let bytes = Bytes::from(disk.read(&path).map_err(LakeError::io(format!("read {path}")))?);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(damaged)?;
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
        .map_err(damaged)?;
    let mut out = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| LakeError::Damaged {
            what: path.clone(),
            detail: e.to_string(),
        })?;
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
    let schema = project(&table.dataset.table, names);
    let mut out = Vec::new();
    for data in table.files.iter().filter(|f| keep(f.day)) {
        out.extend(file(disk, &table.dir, data, &schema)?);
    }
    for part in table.tail.iter().filter(|p| (p.days.0..=p.days.1).any(&keep)) {
        out.push(conform(&part.batch, &schema)?);
    }
    Ok(out)
}
