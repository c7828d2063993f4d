//! Which local days of a dataset have changed, and when: what was computed from them before must be computed again.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::lake::Lake;
use crate::query::rollup::touched;

impl Lake {
    /// The newest `_seq` that touches each local day of a dataset; a dataset without a time column lies in the days in
    /// which its rows were received.
    ///
    /// # Errors
    /// [`crate::LakeError::UnknownDataset`].
    pub fn touched(&self, dataset: &str) -> Result<BTreeMap<i32, i64>> {
        let dataset = self.dataset(dataset)?;
        let view = self.view();
        let table = view.tables.get(&dataset.name);
        Ok(table.map(|table| touched(table, view.seq)).unwrap_or_default())
    }
}
