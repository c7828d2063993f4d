//! Rows against their dataset's spec.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Float64Type};
use qala_core::Problem;

use super::{Op, Session};
use crate::error::{LakeError, Result};
use crate::view::Dataset;

impl Session<'_> {
    /// Brings a batch to the dataset's columns and rejects rows that break its rules.
    pub(super) fn check(&mut self, dataset: &Dataset, batch: &RecordBatch) -> Result<RecordBatch> {
        let wrong = |message: String| LakeError::Spec {
            dataset: dataset.name.to_string(),
            message,
        };
        for field in batch.schema().fields() {
            let Ok(expected) = dataset.data.field_with_name(field.name()) else {
                return Err(wrong(format!("there is no column `{}`", field.name())));
            };
            if expected.data_type() != field.data_type() {
                let (want, have) = (expected.data_type(), field.data_type());
                return Err(wrong(format!(
                    "column `{}` is {want}, the rows bring {have}",
                    field.name()
                )));
            }
        }
        let batch = crate::read::conform(batch, &dataset.data)?;
        let mut bad: HashMap<usize, (&'static str, String)> = HashMap::new();
        for column in &dataset.spec.columns {
            let Some(array) = batch.column_by_name(&column.name) else {
                continue;
            };
            let needed = match self.message.op {
                Op::Upsert => column.required,
                Op::Retract => dataset.key.contains(&column.name),
            };
            if needed && array.null_count() > 0 {
                for row in (0..array.len()).filter(|i| array.is_null(*i)) {
                    bad.insert(
                        row,
                        (
                            "missing_value",
                            format!("`{}` is empty; it is required", column.name),
                        ),
                    );
                }
            }
            if let DataType::Float64 = array.data_type() {
                let values = array.as_primitive::<Float64Type>();
                if values.values().iter().any(|v| !v.is_finite()) {
                    for row in
                        (0..values.len()).filter(|i| values.is_valid(*i) && !values.value(*i).is_finite())
                    {
                        bad.insert(
                            row,
                            ("bad_number", format!("`{}` is not a finite number", column.name)),
                        );
                    }
                }
            }
        }
        if bad.is_empty() {
            return Ok(batch);
        }
        let mut rows: Vec<usize> = bad.keys().copied().collect();
        rows.sort_unstable();
        for row in rows {
            let (code, message) = &bad[&row];
            // The parser knows the place in the source; here it is lost, and a number of the batch would mislead.
            self.problem(Problem::rejected(
                code,
                message.clone(),
                Some(dataset.spec.name.clone()),
                1,
            ));
        }
        let keep: BooleanArray = (0..batch.num_rows())
            .map(|i| Some(!bad.contains_key(&i)))
            .collect();
        Ok(filter_record_batch(&batch, &keep)?)
    }
}
