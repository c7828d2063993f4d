//! The query engine's seam and its local form.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProviderList, SchemaProvider, TableProvider,
};
use datafusion::common::DFSchema;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::optimizer::Optimizer;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionConfig;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::{mpsc, oneshot};

use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::query::limits;
use crate::query::pressure::Pressure;
use crate::query::pushdown::with_care_for_names;
use crate::query::rights::Principal;
use crate::query::rollup::{RollupTable, touched};
use crate::query::small::SmallFiles;
use crate::query::table::{LakeTable, read_schema};
use crate::query::texts;
use crate::query::threads::Threads;
use crate::system;
use crate::view::{TableView, View};

/// Up to which point of the log a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Up to this `_seq`.
    Seq(i64),
    /// What was complete at this instant, µs of UTC.
    Instant(i64),
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// One `SELECT` or `EXPLAIN`.
    pub sql: String,
    /// Up to where; `None`: everything visible now.
    pub as_of: Option<AsOf>,
    /// Who asks.
    pub principal: Principal,
    /// Longest time; `None`: the engine's own limit.
    pub timeout: Option<Duration>,
    /// True for a short question that somebody's safety hangs on: it neither steps back behind what comes in nor shares the
    /// memory of the others.
    pub urgent: bool,
}

impl Query {
    /// A question of the program itself about now.
    pub fn system(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            as_of: None,
            principal: Principal::system(),
            timeout: None,
            urgent: false,
        }
    }

    /// A short question of the program itself that waits for nobody; it has [`URGENT_MEMORY`].
    pub fn urgent(sql: impl Into<String>) -> Self {
        Self {
            urgent: true,
            ..Self::system(sql)
        }
    }

    /// The same question as of another point.
    #[must_use]
    pub fn as_of(mut self, as_of: Option<AsOf>) -> Self {
        self.as_of = as_of;
        self
    }
}

/// What the rest of the program needs from an SQL engine.
#[async_trait]
pub trait QueryEngine: Send + Sync {
    /// Runs a query; rows come as a stream. The `_seq` that was read up to comes with it.
    ///
    /// # Errors
    /// What is wrong with the query, or a limit that was reached.
    async fn run(&self, query: &Query) -> Result<(SendableRecordBatchStream, i64)>;
}

/// Runs a query and gathers its rows, with the `_seq` that was read up to.
///
/// # Errors
/// As [`QueryEngine::run`], and the time limit.
pub async fn collect(engine: &dyn QueryEngine, query: &Query) -> Result<(Vec<RecordBatch>, i64)> {
    let limit = query.timeout.unwrap_or(Duration::from_secs(300));
    let work = async {
        let (stream, seq) = engine.run(query).await?;
        let schema = stream.schema();
        let mut batches: Vec<RecordBatch> = stream.try_collect().await?;
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok((batches, seq))
    };
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(LakeError::Refused(format!(
            "the query took longer than {} s and was stopped",
            limit.as_secs()
        ))),
    }
}

/// Runs a query and hands its rows on as they come, so that an answer of any size takes little memory; stops when `take`
/// says false. An empty batch comes first: it tells the columns. Gives the `_seq` that was read up to.
///
/// # Errors
/// As [`QueryEngine::run`]; rows may have been handed on before.
pub async fn each(
    engine: &dyn QueryEngine,
    query: &Query,
    mut take: impl FnMut(&RecordBatch) -> bool,
) -> Result<i64> {
    let (mut rows, seq) = engine.run(query).await?;
    let mut goes_on = take(&RecordBatch::new_empty(rows.schema()));
    while goes_on && let Some(batch) = rows.try_next().await? {
        goes_on = take(&batch);
    }
    Ok(seq)
}

/// Limits of the local engine.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Memory of all queries together, bytes.
    pub memory: usize,
    /// Threads that one query uses.
    pub threads: usize,
    /// Plans are carried out as they are first made: no rule moves conditions, joins or limits. It is slow; answers that differ
    /// from those of an engine with its rules show that a rule is wrong.
    pub plain: bool,
    /// Bytes up to which a file is kept in memory, column by column, once it was read; 0: none is.
    pub small: u64,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            memory: 4 << 30,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            plain: false,
            small: 64 << 10,
        }
    }
}

/// Rows that go through a plan at a time.
const BATCH: usize = 16_384;
/// Memory of all urgent questions together, bytes.
pub const URGENT_MEMORY: usize = 48 << 20;

/// DataFusion in this process, on threads of its own that give way to those that take messages in.
pub struct LocalEngine {
    inner: Arc<Inner>,
    threads: Threads,
    urgent: Threads,
}

struct Inner {
    lake: Arc<Lake>,
    /// What all questions have in common. It knows no table, so that nothing of a question can hang on it.
    base: Arc<SessionState>,
    /// The same for urgent questions, with memory of its own.
    urgent: Arc<SessionState>,
    small: Arc<SmallFiles>,
}

/// Rules of the engine without which a plan says the same.
const MOVING: &[&str] = &[
    "FilterPushdown",
    "FilterPushdown(Post)",
    "LimitAggregation",
    "LimitPushdown",
    "ProjectionPushdown",
    "TopKAggregation",
    "aggregate_statistics",
    "common_sub_expression_eliminate",
    "eliminate_duplicated_expr",
    "eliminate_group_by_constant",
    "eliminate_join",
    "eliminate_limit",
    "eliminate_outer_join",
    "filter_null_join_keys",
    "propagate_empty_relation",
    "push_down_filter",
    "push_down_limit",
    "single_distinct_aggregation_to_group_by",
];

/// The state that all questions with one memory have in common.
fn base(lake: &Lake, memory: usize, threads: usize, plain: bool) -> Result<Arc<SessionState>> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(memory, 0.9)
        .build_arc()?;
    runtime.register_object_store(url()?.as_ref(), Arc::new(lake.store.clone()));
    let mut config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_batch_size(BATCH)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema("qala", "public");
    config.options_mut().execution.parquet.pushdown_filters = false;
    config.options_mut().sql_parser.enable_ident_normalization = true;
    config.options_mut().execution.time_zone = Some("UTC".into());
    // What each sort keeps for merging what it wrote to disk: the usual 10 MiB leave nothing of a small memory.
    let reserved = &mut config.options_mut().execution.sort_spill_reservation_bytes;
    *reserved = (*reserved).min(memory / 32);
    let (rules, steps) = (Optimizer::default().rules, PhysicalOptimizer::default().rules);
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features();
    let builder = if plain {
        let is_needed = |name: &str| !MOVING.contains(&name);
        builder
            .with_optimizer_rules(rules.into_iter().filter(|rule| is_needed(rule.name())).collect())
            .with_physical_optimizer_rules(steps.into_iter().filter(|rule| is_needed(rule.name())).collect())
    } else {
        builder.with_physical_optimizer_rules(with_care_for_names(&steps))
    };
    let mut state = builder.build();
    crate::functions::register_all(&mut state)?;
    super::subqueries::read_in_subqueries(&mut state);
    Ok(Arc::new(state))
}

fn url() -> Result<ObjectStoreUrl> {
    Ok(ObjectStoreUrl::parse("qala://lake/")?)
}

impl LocalEngine {
    /// An engine over a lake.
    ///
    /// # Errors
    /// DataFusion's.
    pub fn new(lake: Arc<Lake>, options: &LocalOptions) -> Result<Self> {
        let inner = Inner {
            base: base(&lake, options.memory, options.threads, options.plain)?,
            urgent: base(&lake, URGENT_MEMORY, 1, options.plain)?,
            small: Arc::new(SmallFiles::of(options.small)),
            lake,
        };
        Ok(Self {
            inner: Arc::new(inner),
            threads: Threads::start(options.threads)?,
            urgent: Threads::urgent()?,
        })
    }

    /// The lake.
    pub fn lake(&self) -> &Arc<Lake> {
        &self.inner.lake
    }

    /// Runs work on the engine's threads.
    ///
    /// # Errors
    /// The work's; [`LakeError::Closed`] when it failed in a way it should not.
    pub(crate) async fn on_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.threads.spawn(work);
        done.await
            .map_err(|e| LakeError::Closed(format!("a query failed: {e}")))?
    }

    /// The `_seq` that stands for a point of the log.
    ///
    /// # Errors
    /// Reading the messages; a point before the first message.
    pub async fn resolve(&self, as_of: AsOf) -> Result<i64> {
        match as_of {
            AsOf::Seq(seq) => Ok(seq),
            AsOf::Instant(instant) => {
                let at = qala_core::Zone::utc().format(instant).replace("+00:00", "Z");
                // The last row of a message is its own, but of one that takes rows back it is that of the last of these.
                let last = |table| {
                    format!(
                        "SELECT max(_seq) AS s FROM {table} \
                         WHERE _received_at <= arrow_cast('{at}', 'Timestamp(Microsecond, Some(\"UTC\"))')"
                    )
                };
                let (messages, superseded) = (last(system::MESSAGES), last(system::SUPERSEDED));
                let sql = format!("SELECT max(s) FROM ({messages} UNION ALL {superseded})");
                let (batches, _) = collect(self, &Query::system(sql)).await?;
                let column = batches
                    .first()
                    .map(|b| b.column(0).as_primitive::<Int64Type>().clone());
                // Nothing had come by then: everything is empty.
                Ok(column.and_then(|c| c.iter().next().flatten()).unwrap_or(0))
            }
        }
    }
}

impl Inner {
    /// What plans a question: all of the base, and the tables of whoever asks.
    fn state(&self, query: &Query, view: Arc<View>, as_of: i64) -> Result<SessionState> {
        let mut tables = self.tables(&query.principal, view, as_of)?;
        if query.urgent {
            tables.pressure = Arc::default();
        }
        let tables = Arc::new(tables);
        let base = if query.urgent { &self.urgent } else { &self.base };
        Ok(with_tables(base, Arc::new(Catalog { tables })))
    }

    fn tables(&self, principal: &Principal, view: Arc<View>, as_of: i64) -> Result<Tables> {
        let store = Arc::new(self.lake.store.clone());
        Ok(Tables {
            view,
            as_of,
            principal: principal.clone(),
            store,
            url: url()?,
            parser: Arc::clone(&self.base),
            pressure: Arc::clone(&self.lake.pressure),
            small: Arc::clone(&self.small),
        })
    }

    async fn plan(&self, query: &Query, view: Arc<View>, seq: i64) -> Result<SendableRecordBatchStream> {
        let state = self.state(query, view, seq)?;
        let options = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let plan = state.create_logical_plan(&query.sql).await?;
        options.verify_plan(&plan)?;
        let plan = state.create_physical_plan(&plan).await?;
        Ok(execute_stream(plan, state.task_ctx())?)
    }
}

/// The base with the tables of one catalogue. Not by the builder and not by a session context: each of them copies every
/// SQL function several times, which costs more than to plan a small question.
pub(crate) fn with_tables(base: &SessionState, catalog: Arc<dyn CatalogProvider>) -> SessionState {
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog("qala".into(), catalog);
    let mut state = base.clone();
    state.register_catalog_list(Arc::new(catalogs));
    state.mark_start_execution();
    state
}

/// A rollup's table as of now, its days that must be computed again, and the session that asks.
type Stale = (RollupTable, BTreeSet<i32>, Arc<SessionState>);

impl LocalEngine {
    /// Days of a rollup that must be computed again, and its table as of now.
    pub(crate) fn stale(&self, name: &str) -> Result<Option<Stale>> {
        let inner = &self.inner;
        let view = inner.lake.view();
        let Some(files) = view.rollups.get(name) else {
            return Ok(None);
        };
        let files = Arc::clone(files);
        let tables = inner.tables(&Principal::system(), Arc::clone(&view), view.seq)?;
        let Some(table) = tables.rollup(name, &files) else {
            return Ok(None);
        };
        let done: BTreeMap<i32, i64> = files.files.iter().map(|f| (f.day, f.max_seq)).collect();
        let touched = touched(&table.rows.view, view.seq);
        let stale = touched
            .into_iter()
            .filter(|(d, s)| done.get(d).is_none_or(|c| c < s))
            .map(|(d, _)| d)
            .collect();
        Ok(Some((table, stale, Arc::clone(&inner.base))))
    }
}

#[async_trait]
impl QueryEngine for LocalEngine {
    async fn run(&self, query: &Query) -> Result<(SendableRecordBatchStream, i64)> {
        limits::check(&query.sql)?;
        let as_of = match query.as_of {
            Some(as_of) => Some(Box::pin(self.resolve(as_of)).await?),
            None => None,
        };
        let view = self.inner.lake.view();
        let seq = as_of.map_or(view.seq, |s| s.min(view.seq));
        let (inner, query) = (Arc::clone(&self.inner), query.clone());
        let (opened, open) = oneshot::channel();
        let (batches, rows) = mpsc::channel(2);
        let threads = if query.urgent { &self.urgent } else { &self.threads };
        let task = threads.spawn(async move {
            let began = std::time::Instant::now();
            let mut stream = match inner.plan(&query, view, seq).await {
                Ok(stream) => stream,
                Err(error) => return drop(opened.send(Err(error))),
            };
            let planned_ms = began.elapsed().as_millis() as u64;
            let schema = texts::as_texts(&stream.schema());
            if opened.send(Ok(Arc::clone(&schema))).is_err() {
                return;
            }
            while let Some(batch) = stream.next().await {
                let batch = batch.and_then(|batch| texts::to(&batch, &schema));
                if batches.send(batch).await.is_err() {
                    return;
                }
            }
            let ms = began.elapsed().as_millis() as u64;
            tracing::debug!(planned_ms, ms, sql = query.sql, "a question was answered");
        });
        let running = Running(task);
        let schema = open
            .await
            .map_err(|_| LakeError::Closed("the query was stopped".into()))??;
        let rows = futures::stream::unfold((rows, running), |(mut rows, running)| async {
            let batch = rows.recv().await?;
            Some((batch, (rows, running)))
        });
        Ok((Box::pin(RecordBatchStreamAdapter::new(schema, rows)), seq))
    }
}

/// A query that stops when nobody reads its answer any more.
struct Running(tokio::task::JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
struct Catalog {
    tables: Arc<Tables>,
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        vec!["public".into()]
    }
    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == "public").then(|| Arc::clone(&self.tables) as _)
    }
}

/// The tables that exist for one principal.
pub(crate) struct Tables {
    view: Arc<View>,
    as_of: i64,
    principal: Principal,
    store: Arc<dyn object_store::ObjectStore>,
    url: ObjectStoreUrl,
    /// Reads conditions on rows. Not the question's own state: that one holds these tables, and neither would ever go.
    parser: Arc<SessionState>,
    /// Of what comes in; long scans rest while it is high.
    pressure: Arc<Pressure>,
    small: Arc<SmallFiles>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tables as of {}", self.as_of)
    }
}

impl Tables {
    /// A rollup. It holds values of many rows, so only principals from whom no row is hidden see it.
    fn rollup(&self, name: &str, files: &Arc<TableView>) -> Option<RollupTable> {
        let dataset = &files.dataset;
        let rollup = dataset
            .spec
            .rollups
            .iter()
            .find(|r| name == format!("{}_{}", dataset.name, r.name))?;
        if !self.principal.sees_all() {
            return None;
        }
        let rows = LakeTable {
            view: Arc::clone(self.view.tables.get(&dataset.name)?),
            as_of: self.as_of,
            store: Arc::clone(&self.store),
            url: self.url.clone(),
            schema: read_schema(dataset),
            rows: None,
            open: true,
            pressure: Arc::clone(&self.pressure),
            small: Arc::clone(&self.small),
        };
        Some(RollupTable {
            rows: Arc::new(rows),
            rollup: rollup.clone(),
            files: Arc::clone(files),
        })
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .view
            .tables
            .keys()
            .chain(self.view.rollups.keys())
            .filter(|n| self.principal.table(n).is_some())
            .map(ToString::to_string)
            .collect();
        names.sort();
        names
    }

    fn table_exist(&self, name: &str) -> bool {
        let known = self.view.tables.contains_key(name) || self.view.rollups.contains_key(name);
        self.principal.table(name).is_some() && known
    }

    async fn table(&self, name: &str) -> datafusion::error::Result<Option<Arc<dyn TableProvider>>> {
        if let Some(files) = self.view.rollups.get(name) {
            return Ok(self.rollup(name, files).map(|t| Arc::new(t) as _));
        }
        let (Some(rights), Some(view)) = (self.principal.table(name), self.view.tables.get(name)) else {
            return Ok(None);
        };
        let all = &read_schema(&view.dataset);
        let schema = match &rights.columns {
            None => Arc::clone(all),
            Some(columns) => {
                let granted: HashSet<&str> = columns.iter().map(String::as_str).collect();
                let fields: Vec<_> = all
                    .fields()
                    .iter()
                    .filter(|f| granted.contains(f.name().as_str()))
                    .cloned()
                    .collect();
                Arc::new(Schema::new(fields))
            }
        };
        let rows = match &rights.rows {
            None => None,
            Some(sql) => {
                let schema = DFSchema::try_from(Schema::clone(all))?;
                Some(self.parser.create_logical_expr(sql, &schema)?)
            }
        };
        Ok(Some(Arc::new(LakeTable {
            view: Arc::clone(view),
            as_of: self.as_of,
            store: Arc::clone(&self.store),
            url: self.url.clone(),
            schema,
            rows,
            open: self.principal.sees_all(),
            pressure: Arc::clone(&self.pressure),
            small: Arc::clone(&self.small),
        })))
    }
}
