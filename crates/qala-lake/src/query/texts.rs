//! Texts are stored as `Utf8` and given as `Utf8`; in between, questions read them as views, which are grouped and
//! compared without being copied.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;

fn retyped(schema: &Schema, from: &DataType, to: &DataType) -> SchemaRef {
    let field = |field: &Arc<Field>| {
        if field.data_type() == from {
            Arc::new(field.as_ref().clone().with_data_type(to.clone()))
        } else {
            Arc::clone(field)
        }
    };
    let fields: Vec<_> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new(fields).with_metadata(schema.metadata().clone()))
}

/// The schema with views in the place of texts.
pub(crate) fn as_views(schema: &Schema) -> SchemaRef {
    retyped(schema, &DataType::Utf8, &DataType::Utf8View)
}

/// The schema with texts in the place of views.
pub(crate) fn as_texts(schema: &Schema) -> SchemaRef {
    retyped(schema, &DataType::Utf8View, &DataType::Utf8)
}

/// The batch in the types of `schema`.
///
/// # Errors
/// Arrow's.
pub(crate) fn to(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        })
        .collect::<std::result::Result<_, _>>()?;
    let rows = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &rows,
    )?)
}
