//! Rows of the old version as rows of the new one.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray, new_null_array,
};
use arrow::compute::is_not_null;
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch, kernels::zip::zip};
use arrow::datatypes::{DataType, Float64Type};

use super::plan::{Convert, Fill, Plan};
use crate::error::Result;

/// A value that does not fit becomes null, and the check tells of it when it is needed.
fn cast(array: &dyn Array, kind: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    Ok(cast_with_options(array, kind, &options)?)
}

fn converted(array: &dyn Array, (factor, offset): Convert) -> Result<ArrayRef> {
    let numbers = cast(array, &DataType::Float64)?;
    let numbers = numbers.as_primitive::<Float64Type>();
    Ok(Arc::new(numbers.unary::<_, Float64Type>(|v| v * factor + offset)))
}

/// A float as the nearest whole number, for columns that hold those.
fn whole(array: ArrayRef, kind: &DataType) -> ArrayRef {
    match (array.as_primitive_opt::<Float64Type>(), kind) {
        (Some(numbers), DataType::Int64) => Arc::new(numbers.unary::<_, Float64Type>(f64::round)),
        _ => array,
    }
}

impl Plan {
    /// The rows in the columns of the new version.
    ///
    /// # Errors
    /// Arrow's.
    pub(super) fn map(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let batch = self.quantities(batch)?;
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for fill in &self.fills {
            columns.push((fill.column.as_str(), fill.array(&batch)?));
        }
        Ok(RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(n, a)| (n, a, true)),
        )?)
    }

    /// Renames quantities, converts their values, and leaves out the rows of dropped ones.
    fn quantities(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let Some((name, value)) = &self.quantities.columns else {
            return Ok(batch.clone());
        };
        let (Ok(name_at), Ok(value_at)) = (batch.schema().index_of(name), batch.schema().index_of(value))
        else {
            return Ok(batch.clone());
        };
        let names = batch.column(name_at).as_string::<i32>();
        let rule = |name: Option<&str>| name.and_then(|n| self.quantities.known.get(n));
        let keep: BooleanArray = names
            .iter()
            .map(|n| Some(!matches!(rule(n), Some(None))))
            .collect();
        let renamed: StringArray = names
            .iter()
            .map(|n| rule(n).and_then(Option::as_ref).map(|(to, _)| to.as_str()).or(n))
            .collect();
        let kind = batch.column(value_at).data_type().clone();
        let is_converted = self
            .quantities
            .known
            .values()
            .flatten()
            .any(|(_, c)| *c != (1.0, 0.0));
        let mut columns = batch.columns().to_vec();
        if is_converted {
            let numbers = cast(&columns[value_at], &DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            let values: Float64Array = numbers
                .iter()
                .zip(names)
                .map(|(v, n)| {
                    let (factor, offset) = rule(n).and_then(Option::as_ref).map_or((1.0, 0.0), |(_, c)| *c);
                    v.map(|v| {
                        if (factor, offset) == (1.0, 0.0) {
                            v
                        } else {
                            v * factor + offset
                        }
                    })
                })
                .collect();
            columns[value_at] = cast(&whole(Arc::new(values), &kind), &kind)?;
        }
        columns[name_at] = Arc::new(renamed);
        Ok(filter_record_batch(
            &RecordBatch::try_new(batch.schema(), columns)?,
            &keep,
        )?)
    }
}

impl Fill {
    fn array(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let rows = batch.num_rows();
        let source = self.from.as_ref().and_then(|n| batch.column_by_name(n)).cloned();
        let mut array = source.unwrap_or_else(|| new_null_array(&self.kind, rows));
        if !self.replace.is_empty() {
            let texts = cast(&array, &DataType::Utf8)?;
            let words = texts.as_string::<i32>();
            let word = |w: Option<&str>| w.map(|w| self.replace.get(w).map_or(w, String::as_str).to_owned());
            array = Arc::new(words.iter().map(word).collect::<StringArray>());
        }
        if let Some(convert) = self.convert {
            array = whole(converted(&array, convert)?, &self.kind);
        } else if array.data_type() == &DataType::Float64 {
            array = whole(array, &self.kind);
        }
        array = cast(&array, &self.kind)?;
        if let Some(text) = &self.constant
            && array.null_count() > 0
        {
            let constant = StringArray::from_iter_values(std::iter::repeat_n(text, rows));
            array = zip(&is_not_null(&array)?, &array, &cast(&constant, &self.kind)?)?;
        }
        Ok(array)
    }
}
