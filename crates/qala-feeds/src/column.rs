//! The Arrow types of a dataset's columns.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use qala_core::spec::{Column, ColumnType, DatasetSpec};

/// The Arrow type in which a column is stored.
pub fn column_type(column: &Column) -> DataType {
    match column.kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Decimal => DataType::Decimal128(38, column.scale.unwrap_or(0)),
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Date => DataType::Date32,
    }
}

/// The Arrow schema of a dataset's declared columns (the lake adds its own); what is not required may be null.
pub fn schema(spec: &DatasetSpec) -> Schema {
    Schema::new(spec.columns.iter().map(field).collect::<Vec<_>>())
}

/// The Arrow field of a column.
pub(crate) fn field(column: &Column) -> Field {
    Field::new(&column.name, column_type(column), !column.required)
}
