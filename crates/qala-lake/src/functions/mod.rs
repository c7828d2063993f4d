//! The SQL functions of Qala: one list that feeds the local engine, Ballista's scheduler and its executors.
//!
//! Functions of rows and columns only: what reads tables, rights or the log does not belong here.
//!
//! | file | functions |
//! |---|---|
//! | `qsum` | `qsum`, `qavg`, `qsum_state`, `qsum_merge`, `qavg_merge`, `qstate_merge` |
//! | `time` | `local_start`, `…_end`, `…_date`, `…_hour`, `…_weekday`, `…_text`, `service_time` |
//! | `h3` | `h3_cell`, `h3_parent`, `h3_lon`, `h3_lat`, `h3_boundary_wkt`, `h3_resolution`, `h3_distance` |
//! | `geo` | `st_…` of geodatafusion |
//! | `utc` | `date_trunc`, `date_part`, faster where all is UTC |
//!
//! To add a function: a [`scalar`] definition in the list of its file, with words and an example, and
//! golden rows in the tests beside it.

mod digits;
pub mod exact;
mod geo;
mod geo_named;
mod h3;
mod integer;
mod qsum;
mod scalar;
#[cfg(test)]
mod tests;
mod time;
mod utc;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// Every scalar function beyond DataFusion's own or in its stead, each name once.
pub fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    let mut all = time::functions();
    all.extend(h3::functions());
    all.extend(geo::scalar_functions());
    all.extend(utc::functions());
    all
}

/// Every aggregate function beyond DataFusion's own, each name once.
pub fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    let mut all = qsum::functions();
    all.extend(geo::aggregate_functions());
    all
}

/// Registers every function of [`scalar_functions`] and [`aggregate_functions`], replacing those of the
/// same name.
///
/// # Errors
/// What the registry reports; a session never refuses.
pub fn register_all(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for function in scalar_functions() {
        registry.register_udf(function)?;
    }
    for function in aggregate_functions() {
        registry.register_udaf(function)?;
    }
    Ok(())
}
