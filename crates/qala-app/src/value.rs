//! Between rows of the engine and plain values: JSON for people and wires, columns for the lake.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_core::Zone;
use qala_core::spec::{Column, ColumnType, DatasetSpec};
use serde_json::{Map, Value};

use crate::error::{AppError, Result};

/// One cell as JSON: numbers as numbers, instants as ISO 8601 with the zone's offset, everything else as text.
fn cell(array: &dyn Array, row: usize, zone: &Zone) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            serde_json::Number::from_f64(value)
                .map_or_else(|| Value::String(value.to_string()), Value::Number)
        }
        DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, _) => {
            Value::String(zone.format(array.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        kind if kind.is_integer() => arrow::compute::cast(&array.slice(row, 1), &DataType::Int64)
            .ok()
            .filter(|a| a.is_valid(0))
            .map_or(Value::Null, |a| {
                Value::from(a.as_primitive::<Int64Type>().value(0))
            }),
        _ => Value::String(text_of(array, row)),
    }
}

/// One cell as text; empty for null.
pub fn text_of(array: &dyn Array, row: usize) -> String {
    let options = FormatOptions::default().with_display_error(true);
    ArrayFormatter::try_new(array, &options)
        .map(|f| f.value(row).to_string())
        .unwrap_or_default()
}

/// Rows as JSON objects, instants in the given zone.
pub fn rows_json(batches: &[RecordBatch], zone: &Zone) -> Vec<Map<String, Value>> {
    let mut out = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let fields = batch.schema_ref().fields().iter().zip(batch.columns());
            out.push(
                fields
                    .map(|(f, c)| (f.name().clone(), cell(&**c, row, zone)))
                    .collect(),
            );
        }
    }
    out
}

/// Rows as lists of values in the order of their columns, which may have equal names.
pub(crate) fn rows_of_values(batches: &[RecordBatch], zone: &Zone) -> Vec<Vec<Value>> {
    let rows = batches.iter().flat_map(|batch| {
        (0..batch.num_rows()).map(|row| {
            batch
                .columns()
                .iter()
                .map(|column| cell(&**column, row, zone))
                .collect()
        })
    });
    rows.collect()
}

/// JSON objects as rows of a dataset. Instants are µs of UTC, dates days since 1970-01-01; absent keys are null.
///
/// # Errors
/// A value that does not fit its column.
pub(crate) fn batch_of(spec: &DatasetSpec, rows: &[Map<String, Value>]) -> Result<RecordBatch> {
    let mut columns = Vec::with_capacity(spec.columns.len());
    for column in &spec.columns {
        let values: Vec<&Value> = rows
            .iter()
            .map(|row| row.get(&column.name).unwrap_or(&Value::Null))
            .collect();
        columns.push((column.name.clone(), array_of(spec, column, &values)?, true));
    }
    Ok(RecordBatch::try_from_iter_with_nullable(columns).map_err(qala_lake::LakeError::from)?)
}

/// Values of one column of a dataset, in the form of [`batch_of`].
///
/// # Errors
/// A value that does not fit.
pub(crate) fn array_of(spec: &DatasetSpec, column: &Column, values: &[&Value]) -> Result<ArrayRef> {
    fn each<T>(
        spec: &DatasetSpec,
        column: &Column,
        values: &[&Value],
        get: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let wrong = |value: &Value| {
            AppError::Usage(format!(
                "{}: the value {value} does not fit the column `{}`",
                spec.name, column.name
            ))
        };
        let one = |value: &&Value| match value {
            Value::Null => Ok(None),
            value => get(value).map(Some).ok_or_else(|| wrong(value)),
        };
        values.iter().map(one).collect()
    }
    Ok(match column.kind {
        ColumnType::Text => Arc::new(StringArray::from(each(spec, column, values, |v| {
            v.as_str().map(ToOwned::to_owned)
        })?)),
        ColumnType::Int => Arc::new(Int64Array::from(each(spec, column, values, Value::as_i64)?)),
        ColumnType::Float => Arc::new(Float64Array::from(each(spec, column, values, Value::as_f64)?)),
        ColumnType::Bool => Arc::new(BooleanArray::from(each(spec, column, values, Value::as_bool)?)),
        ColumnType::Time => {
            let times = each(spec, column, values, Value::as_i64)?;
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        }
        ColumnType::Date => Arc::new(Date32Array::from(each(spec, column, values, |v| {
            v.as_i64().and_then(|d| i32::try_from(d).ok())
        })?)),
        ColumnType::Decimal => {
            let units = each(spec, column, values, |v| v.as_i64().map(i128::from))?;
            let array = Decimal128Array::from(units).with_precision_and_scale(38, column.scale.unwrap_or(0));
            Arc::new(array.map_err(qala_lake::LakeError::from)?)
        }
    })
}
