//! The lake's own tables: messages, quarantine and what of it was read again, superseded rows, published sets.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use qala_core::spec::{DatasetSpec, SpecError};

use crate::error::Result;
use crate::view::Dataset;

/// Messages taken in, with their counts.
pub(crate) const MESSAGES: &str = "lake_messages";
/// Rejected rows and warnings.
pub(crate) const QUARANTINE: &str = "lake_quarantine";
/// Quarantine rows that were read again: open ones are not in it.
pub const RESOLVED: &str = "lake_resolved";
/// Rows superseded or retracted.
pub(crate) const SUPERSEDED: &str = "lake_superseded";
/// Published snapshot sets.
pub(crate) const SETS: &str = "lake_sets";

/// The specs of the lake's own tables.
///
/// # Errors
/// Never, as long as the embedded files are good; a test reads them.
pub(crate) fn specs() -> Result<Vec<DatasetSpec>, SpecError> {
    [
        (MESSAGES, include_str!("system/lake_messages.toml")),
        (QUARANTINE, include_str!("system/lake_quarantine.toml")),
        (RESOLVED, include_str!("system/lake_resolved.toml")),
        (SUPERSEDED, include_str!("system/lake_superseded.toml")),
        (SETS, include_str!("system/lake_sets.toml")),
    ]
    .into_iter()
    .map(|(name, text)| DatasetSpec::from_toml(name, text))
    .collect()
}

/// A row superseded or retracted.
#[derive(Debug, Clone)]
pub(crate) struct SupersededRow {
    pub(crate) dataset: Arc<str>,
    pub(crate) day: i32,
    pub(crate) key: u128,
    pub(crate) old: i64,
    pub(crate) new: i64,
    pub(crate) retract: bool,
}

/// The section of [`SUPERSEDED`].
///
/// # Errors
/// Arrow's.
pub(crate) fn superseded_batch(dataset: &Dataset, rows: &[SupersededRow]) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &*r.dataset))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| r.day))),
        Arc::new(StringArray::from_iter_values(
            rows.iter().map(|r| format!("{:032x}", r.key)),
        )),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.old))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.new))),
        Arc::new(StringArray::from_iter_values(
            rows.iter()
                .map(|r| if r.retract { "retract" } else { "supersede" }),
        )),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&dataset.data), columns)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn embedded_specs_are_good() {
        assert_eq!(super::specs().unwrap().len(), 5);
    }
}
