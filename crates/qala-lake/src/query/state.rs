//! Reading a `state` dataset: a new interval closes the old one.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::error::Result;
use qala_core::spec::Role;

use crate::index::{key_hashes, pick};
use crate::view::Dataset;

/// Gives each row the end of validity that its successor sets: the smaller of its own `valid_to` and the `valid_from`
/// of the next row of the same key.
///
/// # Errors
/// Arrow's.
pub(crate) fn close_intervals(dataset: &Dataset, batches: &[RecordBatch]) -> Result<RecordBatch> {
    let batch = concat_batches(&dataset.table, batches)?;
    let (Some(from), Some(to)) = (
        dataset.spec.role(Role::ValidFrom),
        dataset.spec.role(Role::ValidTo),
    ) else {
        return Ok(batch);
    };
    let (Some(from), Ok(at)) = (batch.column_by_name(&from.name), dataset.table.index_of(&to.name)) else {
        return Ok(batch);
    };
    let (Some(from), Some(to)) = (
        from.as_primitive_opt::<TimestampMicrosecondType>(),
        batch.column(at).as_primitive_opt::<TimestampMicrosecondType>(),
    ) else {
        return Ok(batch);
    };
    let keys = key_hashes(&pick(&batch, &dataset.spec.key), 0)
        .map_err(|e| datafusion::error::DataFusionError::External(e.into()))?;
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    order.sort_by_key(|i| (keys[*i as usize], from.value(*i as usize)));
    let mut ends: Vec<Option<i64>> = (0..to.len())
        .map(|i| to.is_valid(i).then(|| to.value(i)))
        .collect();
    for pair in order.windows(2) {
        let (row, next) = (pair[0] as usize, pair[1] as usize);
        if keys[row] == keys[next] {
            let limit = from.value(next);
            ends[row] = Some(ends[row].map_or(limit, |e| e.min(limit)));
        }
    }
    let mut columns = batch.columns().to_vec();
    columns[at] = Arc::new(TimestampMicrosecondArray::from(ends).with_timezone("UTC"));
    let batch = RecordBatch::try_new(batch.schema(), columns)?;
    Ok(take_record_batch(
        &batch,
        &arrow::array::UInt32Array::from(order),
    )?)
}
