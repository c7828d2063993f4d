//! From a dataset's spec to Arrow columns, and the columns that the lake adds.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use qala_core::spec::{Column, ColumnType, DatasetSpec, Kind};

/// Place of a row in the log.
pub const SEQ: &str = "_seq";
/// When the log took the row in, µs of UTC, never decreasing.
pub const RECEIVED_AT: &str = "_received_at";
/// The message the row came in: its id in `lake_messages`.
pub const SOURCE: &str = "_source";
/// The feed of a snapshot row.
pub const FEED: &str = "feed";

/// The Arrow type of an instant.
pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The Arrow type in which a column is stored.
pub fn column_type(column: &Column) -> DataType {
    match column.kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Decimal => DataType::Decimal128(38, column.scale.unwrap_or(0)),
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Time => instant(),
        ColumnType::Date => DataType::Date32,
    }
}

/// The columns of a dataset as its senders give them. Nullability is not in the Arrow schema: the check
/// stage enforces `required`, and evolving it must not change files.
pub fn data_schema(spec: &DatasetSpec) -> SchemaRef {
    let mut fields: Vec<Field> = spec
        .columns
        .iter()
        .map(|c| Field::new(&c.name, column_type(c), true))
        .collect();
    if spec.kind == Kind::Snapshot {
        fields.push(Field::new(FEED, DataType::Utf8, true));
    }
    Arc::new(Schema::new(fields))
}

/// The columns of a dataset as they are stored and queried: those of [`data_schema`] and the lake's own.
pub fn table_schema(spec: &DatasetSpec) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = data_schema(spec).fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(SEQ, DataType::Int64, true)));
    fields.push(Arc::new(Field::new(RECEIVED_AT, instant(), true)));
    fields.push(Arc::new(Field::new(SOURCE, DataType::Int64, true)));
    Arc::new(Schema::new(fields))
}
