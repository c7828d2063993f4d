//! One dataset as a table of one query: files and tail, frozen, seen up to a `_seq`, by one principal.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue, ToDFSchema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{
    FileGroup, FileGroupPartitioner, FileScanConfigBuilder, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, collect};
use object_store::ObjectStore;
use qala_core::spec::Kind;

use crate::files::DataFile;
use crate::query::plan::{BarrierExec, Visible, VisibleExec};
use crate::query::pressure::{Pressure, Resting};
use crate::query::small::SmallFiles;
use crate::query::state::close_intervals;
use crate::query::texts;
use crate::schema::{FEED, SEQ, SOURCE};
use crate::superseded::SetRange;
use crate::view::{Dataset, TableView};

/// Scans of this many bytes are cut into pieces of files.
const PIECES_FROM: usize = 4 << 20;

/// The types in which a question reads a dataset. The intervals of a state are closed before, in stored types.
pub(crate) fn read_schema(dataset: &Dataset) -> SchemaRef {
    if dataset.spec.kind == Kind::State {
        Arc::clone(&dataset.table)
    } else {
        texts::as_views(&dataset.table)
    }
}

/// A dataset as a table.
#[derive(Debug)]
pub(crate) struct LakeTable {
    pub(crate) view: Arc<TableView>,
    pub(crate) as_of: i64,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) url: ObjectStoreUrl,
    /// Columns that the principal sees.
    pub(crate) schema: SchemaRef,
    /// Condition on rows, over all stored columns.
    pub(crate) rows: Option<Expr>,
    /// True when nothing is hidden, so that plans may be open.
    pub(crate) open: bool,
    /// Of what comes in; long scans rest while it is high.
    pub(crate) pressure: Arc<Pressure>,
    pub(crate) small: Arc<SmallFiles>,
}

/// True for `column op literal` and combinations by AND: all that may cross a row barrier, because evaluating it can
/// neither fail nor tell anything but its own answer.
fn literal_comparison(filter: &Expr) -> bool {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => literal_comparison(left) && literal_comparison(right),
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq => matches!(
                (left.as_ref(), right.as_ref()),
                (Expr::Column(_), Expr::Literal(..)) | (Expr::Literal(..), Expr::Column(_))
            ),
            _ => false,
        },
        Expr::Between(between) => {
            matches!(*between.expr, Expr::Column(_))
                && matches!(
                    (&*between.low, &*between.high),
                    (Expr::Literal(..), Expr::Literal(..))
                )
        }
        Expr::InList(list) => {
            matches!(*list.expr, Expr::Column(_)) && list.list.iter().all(|e| matches!(e, Expr::Literal(..)))
        }
        Expr::IsNull(e) | Expr::IsNotNull(e) => matches!(**e, Expr::Column(_)),
        _ => false,
    }
}

/// An instant in µs, a date in days or a whole number of a literal; false when it was rounded down.
fn whole_literal(value: &ScalarValue) -> Option<(i64, bool)> {
    match value {
        ScalarValue::TimestampMicrosecond(Some(t), _) => Some((*t, true)),
        ScalarValue::TimestampNanosecond(Some(t), _) => Some((t.div_euclid(1000), t.rem_euclid(1000) == 0)),
        ScalarValue::TimestampMillisecond(Some(t), _) => Some((t.checked_mul(1000)?, true)),
        ScalarValue::TimestampSecond(Some(t), _) => Some((t.checked_mul(1_000_000)?, true)),
        ScalarValue::Date32(Some(d)) => Some((i64::from(*d), true)),
        ScalarValue::Int64(Some(n)) => Some((*n, true)),
        _ => None,
    }
}

/// All that a range can hold.
pub(crate) const ANY: (i64, i64) = (i64::MIN, i64::MAX);

/// The closed range of a column of instants or whole numbers that filters leave open.
pub(crate) fn bounds_of(filters: &[Expr], column: &str) -> (i64, i64) {
    let mut bounds = ANY;
    // A value that was rounded down lies above `value` and below the next one: an open bound is then a closed one, and
    // files are only skipped when surely outside.
    let mut narrow = |op: Operator, (value, is_exact): (i64, bool)| match op {
        Operator::Eq => bounds = (bounds.0.max(value), bounds.1.min(value)),
        Operator::Gt if is_exact => bounds.0 = bounds.0.max(value.saturating_add(1)),
        Operator::Gt | Operator::GtEq => bounds.0 = bounds.0.max(value),
        Operator::Lt if is_exact => bounds.1 = bounds.1.min(value.saturating_sub(1)),
        Operator::Lt | Operator::LtEq => bounds.1 = bounds.1.min(value),
        _ => {}
    };
    for filter in filters.iter().flat_map(split_conjunction) {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
                (Expr::Column(c), Expr::Literal(v, _)) if c.name == column => {
                    if let Some(value) = whole_literal(v) {
                        narrow(*op, value);
                    }
                }
                (Expr::Literal(v, _), Expr::Column(c)) if c.name == column => {
                    if let (Some(value), Some(op)) = (whole_literal(v), op.swap()) {
                        narrow(op, value);
                    }
                }
                _ => {}
            },
            Expr::Between(b) if !b.negated => {
                if let (Expr::Column(c), Expr::Literal(low, _), Expr::Literal(high, _)) =
                    (&*b.expr, &*b.low, &*b.high)
                    && c.name == column
                    && let (Some(low), Some(high)) = (whole_literal(low), whole_literal(high))
                {
                    narrow(Operator::GtEq, low);
                    narrow(Operator::LtEq, high);
                }
            }
            _ => {}
        }
    }
    bounds
}

/// The instants of a column that filters leave open, sorted, when one names them one by one.
fn listed(filters: &[Expr], column: &str) -> Option<Vec<i64>> {
    let named = |filter: &Expr| {
        let Expr::InList(list) = filter else {
            return None;
        };
        if list.negated || !matches!(&*list.expr, Expr::Column(c) if c.name == column) {
            return None;
        }
        let whole = |value: &Expr| match value {
            Expr::Literal(value, _) => whole_literal(value).filter(|(_, exact)| *exact).map(|(t, _)| t),
            _ => None,
        };
        let mut values = list.list.iter().map(whole).collect::<Option<Vec<i64>>>()?;
        values.sort_unstable();
        Some(values)
    };
    filters.iter().flat_map(split_conjunction).find_map(named)
}

/// What filters leave open of a table's files.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Of the time column.
    pub(crate) times: (i64, i64),
    /// Of `_seq`.
    pub(crate) seqs: (i64, i64),
    /// Instants of the time column one by one, sorted.
    pub(crate) instants: Option<Vec<i64>>,
}

impl Asked {
    /// A range of the time column, and all of the rest.
    pub(crate) fn within(times: (i64, i64)) -> Self {
        Self {
            times,
            seqs: ANY,
            instants: None,
        }
    }

    fn by(dataset: &Dataset, filters: &[Expr]) -> Self {
        Self {
            times: dataset.time().map_or(ANY, |time| bounds_of(filters, time)),
            seqs: bounds_of(filters, SEQ),
            instants: dataset.time().and_then(|time| listed(filters, time)),
        }
    }

    fn may_be_in(&self, file: &DataFile, timed: bool) -> bool {
        let meets = |(from, to): (i64, i64), min, max| max >= from && min <= to;
        let is_listed = |instants: &Vec<i64>| {
            let next = instants.partition_point(|t| *t < file.min_time);
            instants.get(next).is_some_and(|t| *t <= file.max_time)
        };
        meets(self.seqs, file.min_seq, file.max_seq)
            && (!timed
                || meets(self.times, file.min_time, file.max_time)
                    && self.instants.as_ref().is_none_or(is_listed))
    }
}

/// True when a range of `_seq`s meets a current set, or when there are no sets at all.
fn in_sets(sets: Option<&[SetRange]>, from: i64, to: i64) -> bool {
    sets.is_none_or(|sets| sets.iter().any(|set| set.from <= to && set.to >= from))
}

/// The files of a table that a reader up to `as_of` needs for what is asked: those of which every row is visible, that is files of
/// days without superseded rows and wholly up to `as_of`; and those whose rows need a look.
pub(crate) fn split(
    view: &TableView,
    as_of: i64,
    asked: &Asked,
    sets: Option<&[SetRange]>,
) -> (Vec<Arc<DataFile>>, Vec<Arc<DataFile>>) {
    let dataset = &view.dataset;
    let timed = dataset.time().is_some();
    view.files
        .iter()
        .filter(|file| {
            asked.may_be_in(file, timed) && file.min_seq <= as_of && in_sets(sets, file.min_seq, file.max_seq)
        })
        .cloned()
        .partition(|file| sets.is_none() && file.max_seq <= as_of && !dataset.superseded.touches(file.day))
}

impl LakeTable {
    /// A plan over all visible rows with the stored columns `columns`; `filters` may skip files and row groups.
    async fn visible_plan(
        &self,
        state: &dyn Session,
        columns: &[String],
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let dataset = &self.view.dataset;
        let table = &read_schema(dataset);
        let asked = Asked::by(dataset, filters);
        let sets = (dataset.spec.kind == Kind::Snapshot).then(|| Arc::new(dataset.sets.ranges(self.as_of)));
        let (mut clean, mut mixed) =
            split(&self.view, self.as_of, &asked, sets.as_deref().map(Vec::as_slice));
        let tail: Vec<_> = self
            .view
            .tail
            .iter()
            .filter(|p| p.max_seq >= asked.seqs.0 && p.min_seq <= asked.seqs.1)
            .filter(|p| {
                p.min_seq <= self.as_of && in_sets(sets.as_deref().map(Vec::as_slice), p.min_seq, p.max_seq)
            })
            .collect();
        let visible = Visible {
            dataset: Arc::clone(dataset),
            as_of: self.as_of,
            sets,
        };
        let shown: Vec<usize> = columns
            .iter()
            .map(|c| table.index_of(c))
            .collect::<Result<_, _>>()?;
        let output: SchemaRef = Arc::new(table.project(&shown)?);
        // With what tells which rows are visible.
        let mut wanted = shown.clone();
        let of_sets: &[&str] = if visible.sets.is_some() {
            &[FEED, SOURCE]
        } else {
            &[]
        };
        for extra in [SEQ].iter().chain(of_sets) {
            let at = table.index_of(extra)?;
            if !wanted.contains(&at) {
                wanted.push(at);
            }
        }
        let stored: SchemaRef = Arc::new(dataset.table.project(&wanted)?);
        let small = self.small.take([&mut clean, &mut mixed], wanted.len());
        let read = self
            .small
            .rows(&self.store, &self.view.dir, &small, &stored)
            .await?;
        let mut parts = read.unwrap_or_else(|| {
            mixed.extend(small);
            Vec::new()
        });
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let (settled, mut mixed): (Vec<_>, Vec<_>) = mixed
            .into_iter()
            .partition(|f| visible.sets.is_none() && f.max_seq <= self.as_of);
        let (selected, unsure) = dataset
            .hidden
            .split(&self.view, &self.store, settled, self.as_of)
            .await?;
        mixed.extend(unsure);
        if !clean.is_empty() || !selected.is_empty() {
            let whole = clean.iter().map(|file| (file, None));
            let some = selected.iter().map(|(file, rows)| (file, Some(rows)));
            inputs.push(self.parquet(state, whole.chain(some), &shown, filters)?);
        }
        if !mixed.is_empty() {
            let plan = self.parquet(state, mixed.iter().map(|file| (file, None)), &wanted, filters)?;
            inputs.push(Arc::new(VisibleExec::new(plan, visible.clone(), columns.len())?));
        }
        for part in tail {
            parts.push(part.batch.project(&wanted)?);
        }
        if !parts.is_empty() {
            let first: Vec<usize> = (0..columns.len()).collect();
            let mut rows = Vec::with_capacity(parts.len());
            for part in &parts {
                let part = visible.filter(part)?;
                if part.num_rows() > 0 {
                    rows.push(texts::to(&part.project(&first)?, &output)?);
                }
            }
            inputs.push(MemorySourceConfig::try_new_exec(
                &[rows],
                Arc::clone(&output),
                None,
            )?);
        }
        Ok(match inputs.len() {
            0 => Arc::new(EmptyExec::new(output)),
            1 => inputs.remove(0),
            _ => UnionExec::try_new(inputs)?,
        })
    }

    fn parquet<'a>(
        &self,
        state: &dyn Session,
        files: impl Iterator<Item = (&'a Arc<DataFile>, Option<&'a RowSelection>)>,
        columns: &[usize],
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.parquet_of(
            state,
            &self.view.dir,
            &read_schema(&self.view.dataset),
            files,
            columns,
            filters,
        )
    }

    /// A scan of data files, of some only the selected rows, with the columns `columns` of `table`.
    pub(crate) fn parquet_of<'a>(
        &self,
        state: &dyn Session,
        dir: &str,
        table: &SchemaRef,
        files: impl Iterator<Item = (&'a Arc<DataFile>, Option<&'a RowSelection>)>,
        columns: &[usize],
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(Arc::clone(&self.store), cache);
        let readers = Resting::new(readers, &self.pressure);
        let mut source = ParquetSource::new(Arc::clone(table))
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_table_parquet_options(state.default_table_options().parquet);
        let usable = filters.iter().filter(|f| literal_comparison(f)).cloned();
        if let Some(filter) = conjunction(usable) {
            let schema = DFSchema::try_from(Schema::clone(table))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let group: FileGroup = files
            .map(|(f, rows)| {
                let file = PartitionedFile::new(format!("{dir}/{}", f.path), f.bytes);
                match rows {
                    Some(rows) => file.with_extension(ParquetRowSelection::new(rows.clone())),
                    None => file,
                }
            })
            .collect::<Vec<_>>()
            .into();
        // Evenly, large files in pieces: a partition that ends last is what a question waits for.
        let partitions = state.config().target_partitions().max(1);
        let groups = FileGroupPartitioner::new()
            .with_target_partitions(partitions)
            .with_repartition_file_min_size(PIECES_FROM)
            .repartition_file_groups(std::slice::from_ref(&group))
            .unwrap_or_else(|| group.split_files(partitions));
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(Some(columns.to_vec()))?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|f| {
                if literal_comparison(f) {
                    TableProviderFilterPushDown::Inexact
                } else {
                    TableProviderFilterPushDown::Unsupported
                }
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let names = |at: &[usize]| {
            at.iter()
                .map(|i| self.schema.field(*i).name().clone())
                .collect::<Vec<_>>()
        };
        let every: Vec<usize> = (0..self.schema.fields().len()).collect();
        let shown = names(projection.unwrap_or(&every));
        let state_kind = self.view.dataset.spec.kind == Kind::State;
        if self.open && self.rows.is_none() && !state_kind {
            return self.visible_plan(state, &shown, filters).await;
        }
        // Everything below happens behind the barrier.
        let all: Vec<String> = self
            .view
            .dataset
            .table
            .fields()
            .iter()
            .map(|f| f.name().clone())
            .collect();
        let mut needed = shown.clone();
        if state_kind {
            needed = all;
        } else if let Some(rows) = &self.rows {
            for column in rows.column_refs() {
                if !needed.contains(&column.name) {
                    needed.push(column.name.clone());
                }
            }
        }
        let mut plan = self
            .visible_plan(state, &needed, if state_kind { &[] } else { filters })
            .await?;
        if state_kind {
            let batches = collect(plan, state.task_ctx()).await?;
            let closed = close_intervals(&self.view.dataset, &batches)?;
            let schema = closed.schema();
            plan = MemorySourceConfig::try_new_exec(&[vec![closed]], schema, None)?;
        }
        if let Some(rows) = &self.rows {
            let schema = plan.schema().to_dfschema()?;
            plan = Arc::new(FilterExec::try_new(
                state.create_physical_expr(rows.clone(), &schema)?,
                plan,
            )?);
        }
        let schema = plan.schema();
        let columns = shown
            .iter()
            .map(|name| {
                let column = datafusion::physical_expr::expressions::Column::new_with_schema(name, &schema)?;
                Ok((Arc::new(column) as _, name.clone()))
            })
            .collect::<Result<Vec<_>>>()?;
        plan = Arc::new(datafusion::physical_plan::projection::ProjectionExec::try_new(
            columns, plan,
        )?);
        if self.open {
            return Ok(plan);
        }
        Ok(Arc::new(BarrierExec::new(
            Arc::clone(&self.view.dataset.name),
            plan,
        )))
    }
}
