//! Sessions of the client, the scheduler and the executors. All three know the functions of
//! [`qala_lake::functions`]: a function that only two of them know is found out when a query fails.

use std::sync::Arc;

use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use datafusion::error::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;

use crate::catalog::{CATALOG, SCHEMA};
use crate::parts::Codec;
use crate::windows::SortedPartitions;

/// The settings of a session; those of the client travel with each query.
pub(crate) fn config(partitions: usize) -> SessionConfig {
    let mut config = SessionConfig::new_with_ballista()
        .with_ballista_logical_extension_codec(Arc::new(Codec::default()))
        // Planned anew while it runs, a question one of whose stages turns out empty can wait for ever for the stage
        // beside it (apache/datafusion-ballista#2150).
        .with_ballista_adaptive_query_planner(false)
        .with_target_partitions(partitions.max(1))
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA);
    // As in the local engine.
    config.options_mut().execution.parquet.pushdown_filters = false;
    config.options_mut().sql_parser.enable_ident_normalization = true;
    config.options_mut().execution.time_zone = Some("UTC".into());
    config
}

/// A session of the scheduler.
///
/// # Errors
/// DataFusion's.
pub(crate) fn scheduler(config: SessionConfig) -> Result<SessionState> {
    let state = default_session_builder(config)?;
    let rules = qala_lake::with_care_for_names(state.physical_optimizers());
    let mut state = SessionStateBuilder::new_from_existing(state)
        .with_physical_optimizer_rules(rules)
        .with_physical_optimizer_rule(Arc::new(SortedPartitions))
        .build();
    qala_lake::functions::register_all(&mut state)?;
    Ok(state)
}

/// The functions of an executor. Ballista's own default registry lacks functions of arrays, so it is taken from a
/// session.
///
/// # Errors
/// DataFusion's.
pub(crate) fn executor_functions() -> Result<Arc<BallistaFunctionRegistry>> {
    Ok(Arc::new((&scheduler(config(1))?).into()))
}

/// A session of who asks the scheduler at `url`.
///
/// # Errors
/// DataFusion's.
pub(crate) fn client(url: &str, partitions: usize) -> Result<SessionState> {
    let state = SessionStateBuilder::new()
        .with_config(config(partitions))
        .with_default_features()
        .build();
    let mut state = state.upgrade_for_ballista(url.to_owned())?;
    // The upgrade put Ballista's functions in place of ours.
    qala_lake::functions::register_all(&mut state)?;
    qala_lake::read_in_subqueries(&mut state);
    Ok(state)
}
