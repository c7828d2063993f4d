//! The query engine on a cluster: a question is planned here and answered there.
//!
//! It is planned with placeholders, which tell which tables it reads and in which time; then the files of these tables
//! are put in their place, and that plan travels. Only committed rows can be read there, so the `_seq` that comes with the
//! answer is the one up to which all of these tables are in files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use qala_lake::{Committed, LakeError, LocalEngine, Query, QueryEngine, Result, Rights};
use url::Url;

use crate::catalog::{Placeholder, Tables};
use crate::{parts, rows, session};

/// The port of a scheduler whose address names none.
const PORT: u16 = 50050;

/// How questions are put to a cluster.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Parts into which the rows of a question are split: at least one for each core of the cluster.
    pub partitions: usize,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self { partitions: 16 }
    }
}

/// Ballista, asked from this process.
///
/// It differs from [`LocalEngine`] in this: rows that are not in files yet are not seen, and the `_seq` that comes with
/// an answer says so; only principals from whom nothing is hidden are answered; `CAST(… AS VARCHAR)` gives `Utf8`
/// where the local engine gives `Utf8View`. Questions without a table are answered by the local engine.
pub struct ClusterEngine {
    local: Arc<LocalEngine>,
    base: SessionState,
    here: AtomicU64,
}

impl ClusterEngine {
    /// An engine over the lake of `local` on the cluster whose scheduler is at `scheduler`, such as `http://host:50050`.
    /// Nothing is connected before the first question. Scheduler and executors must see the lake's folder under the same
    /// path.
    ///
    /// # Errors
    /// [`LakeError::Refused`] for an address that is none, and for a lake whose folder is not known; DataFusion's.
    pub fn new(local: Arc<LocalEngine>, scheduler: &str, options: &ClusterOptions) -> Result<Self> {
        local.lake().committed()?;
        let base = session::client(&address(scheduler)?, options.partitions)?;
        Ok(Self {
            local,
            base,
            here: AtomicU64::new(0),
        })
    }

    /// How many questions the local engine answered so far.
    pub fn answered_here(&self) -> u64 {
        self.here.load(Ordering::Relaxed)
    }

    /// Plans a question over the files of the tables that it reads, as of `as_of` or as far as all of them reach; nothing
    /// when it reads none.
    async fn plan(
        &self,
        committed: &Committed,
        sql: &str,
        as_of: Option<i64>,
    ) -> Result<Option<(SessionState, LogicalPlan, i64)>> {
        let mut tables: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
        for name in committed.names() {
            if let Some(schema) = committed.schema(name) {
                let name = name.to_owned();
                tables.insert(name.clone(), Arc::new(Placeholder { name, schema }));
            }
        }
        let state = SessionStateBuilder::new_from_existing(self.base.clone())
            // Executors keep what they know of files by session.
            .with_session_id(self.base.session_id().to_owned())
            .with_catalog_list(Tables::catalogs(tables))
            .build();
        let named = select(&state, sql).await?;
        // Subqueries become joins while tables are still tables: not every rule knows its way in plans below them.
        let optimised = state.optimize(&named)?;
        let reads = reads(committed, &named, &optimised)?;
        if reads.is_empty() {
            return Ok(None);
        }
        let complete = committed.complete(reads.keys().map(String::as_str));
        let seq = as_of.map_or(complete, |seq| seq.min(complete));
        let mut rows = BTreeMap::new();
        for (name, bounds) in reads {
            let plan = if let Some(table) = committed.table(&name, seq, bounds) {
                rows::of_table(&table)?
            } else if let Some(rollup) = committed.rollup(&name, seq, bounds) {
                let mut stale = Vec::new();
                for sql in &rollup.stale {
                    let planned = Box::pin(self.plan(committed, sql, Some(seq))).await?;
                    stale.extend(planned.map(|(_, plan, _)| plan));
                }
                rows::of_rollup(&rollup, stale)?
            } else {
                continue;
            };
            rows.insert(name, plan);
        }
        let plan = state.optimize(&rows::in_place(optimised, &rows)?)?;
        Ok(Some((state, rows::nothing_in_place(plan)?, seq)))
    }
}

#[async_trait]
impl QueryEngine for ClusterEngine {
    async fn run(&self, query: &Query) -> Result<(SendableRecordBatchStream, i64)> {
        if query.principal.rights != Rights::All {
            return Err(LakeError::Refused(format!(
                "the cluster answers only who may see everything, and something is hidden from `{}`: the barrier that hides \
                 rows and columns does not travel to executors; ask the local engine",
                query.principal.id
            )));
        }
        let as_of = match query.as_of {
            Some(as_of) => Some(self.local.resolve(as_of).await?),
            None => None,
        };
        let committed = self.local.lake().committed()?;
        let Some((state, plan, seq)) = self.plan(&committed, &query.sql, as_of).await? else {
            self.here.fetch_add(1, Ordering::Relaxed);
            return self.local.run(query).await;
        };
        let plan = parts::in_parts(plan)?;
        let physical = state.query_planner().create_physical_plan(&plan, &state).await?;
        Ok((execute_stream(physical, state.task_ctx())?, seq))
    }
}

/// The address of a scheduler as its clients want it.
fn address(text: &str) -> Result<String> {
    let parsed = Url::parse(text).ok();
    match parsed
        .as_ref()
        .and_then(|url| Some((url.host_str()?, url.port())))
    {
        Some((host, port)) => Ok(format!("http://{host}:{}", port.unwrap_or(PORT))),
        None => Err(LakeError::Refused(format!(
            "`{text}` is not the address of a scheduler; give one such as http://host:{PORT}"
        ))),
    }
}

/// Reads a question; only `SELECT` and `EXPLAIN` are questions.
async fn select(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let context = SessionContext::new_with_state(state.clone());
    Ok(context
        .sql_with_options(sql, options)
        .await?
        .into_unoptimized_plan())
}

/// The tables of a plan, each with the range of its time column that the optimised plan leaves open.
fn reads(
    committed: &Committed,
    plan: &LogicalPlan,
    optimised: &LogicalPlan,
) -> Result<BTreeMap<String, (i64, i64)>> {
    let mut bounds: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    scans(optimised, |name, filters| {
        let range = committed.bounds(name, filters);
        // One that is read twice is read as far as either reaches.
        bounds
            .entry(name.to_owned())
            .and_modify(|all| *all = (all.0.min(range.0), all.1.max(range.1)))
            .or_insert(range);
    })?;
    let mut reads = BTreeMap::new();
    scans(plan, |name, _| {
        let range = bounds.get(name).copied().unwrap_or((i64::MIN, i64::MAX));
        reads.insert(name.to_owned(), range);
    })?;
    Ok(reads)
}

fn scans(
    plan: &LogicalPlan,
    mut found: impl FnMut(&str, &[datafusion::logical_expr::Expr]),
) -> Result<(), DataFusionError> {
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if let Some(table) = provider.downcast_ref::<Placeholder>() {
                found(&table.name, &scan.filters);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(address("http://one:5").unwrap(), "http://one:5");
        assert_eq!(address("df://10.0.0.7").unwrap(), "http://10.0.0.7:50050");
        for bad in ["", "one", "one:5", "http://"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
