//! Bringing rollups up to date: each changed day is computed again from rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::TimestampMicrosecondType;

use crate::committer::blocking;
use crate::error::Result;
use crate::files;
use crate::query::engine::LocalEngine;
use crate::query::rollup;
use crate::view::TableView;

/// Days computed in one go.
const DAYS: usize = 31;

impl LocalEngine {
    /// Computes the changed days of all rollups again. Returns the number of days.
    ///
    /// # Errors
    /// The engine's or the disk's; what was computed before stays.
    pub async fn refresh_rollups(&self) -> Result<usize> {
        let mut names: Vec<Arc<str>> = self.lake().rollups.keys().cloned().collect();
        names.sort();
        let mut done = 0;
        for name in names {
            while let Some((table, stale, state)) = self.stale(&name)? {
                let days: BTreeSet<i32> = stale.into_iter().take(DAYS).collect();
                if days.is_empty() {
                    break;
                }
                let (table, days, batches) = self
                    .on_threads(async move {
                        let batches = table.aggregate(&state, &days).await?;
                        Ok((table, days, batches))
                    })
                    .await?;
                self.replace(&name, &table, &days, &batches).await?;
                done += days.len();
            }
        }
        Ok(done)
    }

    async fn replace(
        &self,
        name: &Arc<str>,
        rollup_table: &rollup::RollupTable,
        days: &BTreeSet<i32>,
        batches: &[RecordBatch],
    ) -> Result<()> {
        let lake = self.lake();
        let dataset = &rollup_table.rows.view.dataset;
        let schema = rollup::schema(dataset, &rollup_table.rollup);
        let as_of = rollup_table.rows.as_of;
        let all = concat_batches(&schema, batches)?;
        let buckets = all.column(0).as_primitive::<TimestampMicrosecondType>();
        let bucket_days: Vec<i32> = buckets
            .values()
            .iter()
            .map(|b| dataset.zone.local_day(*b))
            .collect();
        let mut parts: BTreeMap<i32, RecordBatch> = BTreeMap::new();
        for day in days {
            let mask: BooleanArray = bucket_days.iter().map(|d| Some(d == day)).collect();
            parts.insert(*day, filter_record_batch(&all, &mask)?);
        }
        let Some(table) = lake.rollups.get(name) else {
            return Ok(());
        };
        let mut table = table.lock().await;
        let old: Vec<_> = table
            .files()
            .iter()
            .filter(|f| days.contains(&f.day))
            .cloned()
            .collect();
        let mut added = Vec::new();
        for (day, batch) in parts {
            let unique = lake.unique_name();
            let (store, dir) = (table.store().clone(), table.dir().to_owned());
            let write = move || {
                let place = (day, Some(rollup::BUCKET));
                files::write(&store, &dir, &batch, place, &unique, Some(as_of))
            };
            added.push(blocking(write).await?);
        }
        let now = lake.options.clock.now();
        if let Err(error) = table.commit(&schema, &added, &old, None, now).await {
            table.reload().await?;
            return Err(error);
        }
        lake.shared.update(|view| {
            if let Some(view) = view.rollups.get_mut(name) {
                TableView::commit(Arc::make_mut(view), Arc::clone(table.files()), 0, 0);
            }
            Ok(())
        })
    }
}
