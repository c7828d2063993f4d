//! Rollups: mergeable parts per bucket of local time, kept per day; a day that changed is read from rows again.
//!
//! A rollup's day is *fresh* when it was computed at or after the newest `_seq` that touches the day. Only fresh days
//! are read from the rollup's file; all others, and every day of a query that looks back before that `_seq`, are
//! aggregated from rows. Buckets are never incremented.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, Session, TableProvider,
};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, collect};
use qala_core::spec::{ColumnType, Rollup};

use crate::files::DataFile;
use crate::query::engine::with_tables;
use crate::query::table::{LakeTable, bounds_of};
use crate::schema::{SEQ, instant};
use crate::view::{Dataset, TableView};

/// Start of a bucket, an instant.
pub(crate) const BUCKET: &str = "bucket";

/// Columns of a rollup: `bucket`, the columns that split it, and per measure `<m>_n`, `<m>_sum`, `<m>_min`, `<m>_max`,
/// `<m>_state` (the exact sum, for `qsum_merge` and `qavg_merge`), and the largest `_seq` in it.
pub(crate) fn schema(dataset: &Dataset, rollup: &Rollup) -> SchemaRef {
    let mut fields = vec![Field::new(BUCKET, instant(), true)];
    let column = |name: &String| dataset.table.field_with_name(name).ok().cloned();
    fields.extend(rollup.by.iter().filter_map(column));
    for measure in &rollup.measures {
        let kind = dataset
            .table
            .field_with_name(measure)
            .map_or(DataType::Float64, |f| f.data_type().clone());
        fields.push(Field::new(format!("{measure}_n"), DataType::Int64, true));
        fields.push(Field::new(format!("{measure}_sum"), DataType::Float64, true));
        fields.push(Field::new(format!("{measure}_min"), kind.clone(), true));
        fields.push(Field::new(format!("{measure}_max"), kind, true));
        fields.push(Field::new(format!("{measure}_state"), DataType::Binary, true));
    }
    fields.push(Field::new(SEQ, DataType::Int64, true));
    Arc::new(Schema::new(fields))
}

/// The query that makes a rollup's rows from the rows of `table`.
fn query(dataset: &Dataset, rollup: &Rollup, table: &str, from: i64, to: i64) -> String {
    let time = dataset.time().unwrap_or_default();
    let date = dataset.spec.time().is_some_and(|c| c.kind == ColumnType::Date);
    let moment = if date {
        format!("CAST({time} AS TIMESTAMP)")
    } else {
        time.to_owned()
    };
    let zone = if date { "UTC" } else { dataset.zone.name() };
    let bucket = format!("local_start('{}', {moment}, '{zone}')", rollup.grain);
    let mut columns = vec![format!("{bucket} AS {BUCKET}")];
    columns.extend(rollup.by.iter().cloned());
    for m in &rollup.measures {
        let f = format!("CAST({m} AS DOUBLE)");
        columns.push(format!(
            "count({m}) AS {m}_n, qsum({f}) AS {m}_sum, min({m}) AS {m}_min, max({m}) AS {m}_max, qsum_state({f}) AS {m}_state"
        ));
    }
    columns.push(format!("max({SEQ}) AS {SEQ}"));
    let mut group = vec![bucket];
    group.extend(rollup.by.iter().cloned());
    let literal = |t: i64| {
        if date {
            format!("DATE '{}'", crate::files::day_text(t as i32))
        } else {
            let text = qala_core::Zone::utc().format(t).replace("+00:00", "Z");
            format!("arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
        }
    };
    format!(
        "SELECT {} FROM {table} WHERE {time} >= {} AND {time} < {} GROUP BY {}",
        columns.join(", "),
        literal(from),
        literal(to),
        group.join(", ")
    )
}

/// First value of the time column in a local day.
fn day_start(dataset: &Dataset, day: i32) -> i64 {
    let date = dataset.spec.time().is_some_and(|c| c.kind == ColumnType::Date);
    if date {
        i64::from(day)
    } else {
        dataset.zone.day_start(day)
    }
}

/// The newest `_seq`, up to `as_of`, that touches each local day of a table.
pub(crate) fn touched(view: &TableView, as_of: i64) -> BTreeMap<i32, i64> {
    let mut days: BTreeMap<i32, i64> = BTreeMap::new();
    let mut touch = |day: i32, seq: i64| {
        let newest = days.entry(day).or_insert(i64::MIN);
        *newest = (*newest).max(seq);
    };
    for file in view.files.iter().filter(|f| f.min_seq <= as_of) {
        touch(file.day, file.max_seq);
    }
    for part in view.tail.iter().filter(|p| p.min_seq <= as_of) {
        for day in part.days.0..=part.days.1 {
            touch(day, part.max_seq);
        }
    }
    for day in view.dataset.superseded.days() {
        if let Some(seq) = view.dataset.superseded.newest(day, i64::MAX) {
            touch(day, seq);
        }
    }
    days
}

/// The queries over `table` that make a rollup's rows of some days; neighbouring days are one query.
pub(crate) fn queries(dataset: &Dataset, rollup: &Rollup, table: &str, days: &BTreeSet<i32>) -> Vec<String> {
    let list: Vec<i32> = days.iter().copied().collect();
    list.chunk_by(|a, b| a + 1 == *b)
        .filter_map(|run| Some((*run.first()?, *run.last()?)))
        .map(|(first, last)| {
            let (from, to) = (day_start(dataset, first), day_start(dataset, last + 1));
            query(dataset, rollup, table, from, to)
        })
        .collect()
}

/// Files of the fresh days of a rollup and, of all other days, those that must be aggregated from rows; days outside
/// the range `bounds` of buckets are left out.
pub(crate) fn fresh_and_stale(
    rows: &TableView,
    rollup: &TableView,
    as_of: i64,
    bounds: (i64, i64),
) -> (Vec<Arc<DataFile>>, BTreeSet<i32>) {
    let zone = &rows.dataset.zone;
    let wanted = |day: i32| zone.day_start(day) <= bounds.1 && zone.day_start(day + 1) > bounds.0;
    let touched = touched(rows, as_of);
    let computed: BTreeMap<i32, &Arc<DataFile>> = rollup.files.iter().map(|f| (f.day, f)).collect();
    let mut fresh = Vec::new();
    for (day, file) in &computed {
        let newest = touched.get(day).copied().unwrap_or(file.min_seq);
        if wanted(*day) && file.max_seq >= newest && newest <= as_of {
            fresh.push(Arc::clone(file));
        }
    }
    let fresh_days: BTreeSet<i32> = fresh.iter().map(|f| f.day).collect();
    let stale = touched
        .into_keys()
        .filter(|day| wanted(*day) && !fresh_days.contains(day));
    (fresh, stale.collect())
}

/// A rollup as a table of one query.
#[derive(Debug)]
pub(crate) struct RollupTable {
    /// The table whose rows are rolled up.
    pub(crate) rows: Arc<LakeTable>,
    /// Which rollup.
    pub(crate) rollup: Rollup,
    /// Its files; `max_seq` of a file is the `_seq` it was computed at.
    pub(crate) files: Arc<TableView>,
}

impl RollupTable {
    /// Aggregates some days from rows.
    ///
    /// # Errors
    /// The engine's.
    pub(crate) async fn aggregate(
        &self,
        state: &SessionState,
        days: &BTreeSet<i32>,
    ) -> Result<Vec<RecordBatch>> {
        let dataset = &self.rows.view.dataset;
        let schemas = Arc::new(MemorySchemaProvider::new());
        schemas.register_table("rows".into(), Arc::clone(&self.rows) as Arc<dyn TableProvider>)?;
        let catalog = Arc::new(MemoryCatalogProvider::new());
        catalog.register_schema("public", schemas)?;
        let state = with_tables(state, catalog);
        let mut out = Vec::new();
        for sql in queries(dataset, &self.rollup, "rows", days) {
            let plan = state.create_logical_plan(&sql).await?;
            let plan = state.create_physical_plan(&plan).await?;
            for batch in collect(plan, state.task_ctx()).await? {
                out.push(cast(&batch, &schema(dataset, &self.rollup))?);
            }
        }
        Ok(out)
    }
}

fn cast(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(f, c)| arrow::compute::cast(c, f.data_type()))
        .collect::<std::result::Result<_, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[async_trait]
impl TableProvider for RollupTable {
    fn schema(&self) -> SchemaRef {
        schema(&self.rows.view.dataset, &self.rollup)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let bounds = bounds_of(filters, BUCKET);
        let (mut fresh, stale) = fresh_and_stale(&self.rows.view, &self.files, self.rows.as_of, bounds);
        let schema = self.schema();
        let columns: Vec<usize> = projection
            .cloned()
            .unwrap_or_else(|| (0..schema.fields().len()).collect());
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let (dir, store) = (&self.files.dir, &self.rows.store);
        let shown: SchemaRef = Arc::new(schema.project(&columns)?);
        let mut batches = Vec::new();
        if !columns.is_empty() {
            let small = self.rows.small.take([&mut fresh, &mut Vec::new()], columns.len());
            match self.rows.small.rows(store, dir, &small, &shown).await? {
                Some(rows) => batches = rows,
                None => fresh.extend(small),
            }
        }
        if !fresh.is_empty() {
            inputs.push(self.rows.parquet_of(
                state,
                dir,
                &schema,
                fresh.iter().map(|file| (file, None)),
                &columns,
                filters,
            )?);
        }
        if !stale.is_empty() {
            let session = state
                .as_any()
                .downcast_ref::<SessionState>()
                .ok_or_else(|| DataFusionError::Internal("rollups need a local session".into()))?;
            for batch in self.aggregate(session, &stale).await? {
                batches.push(batch.project(&columns)?);
            }
        }
        if !batches.is_empty() {
            inputs.push(MemorySourceConfig::try_new_exec(
                &[batches],
                Arc::clone(&shown),
                None,
            )?);
        }
        Ok(match inputs.len() {
            0 => Arc::new(EmptyExec::new(shown)),
            1 => inputs.remove(0),
            _ => UnionExec::try_new(inputs)?,
        })
    }
}
