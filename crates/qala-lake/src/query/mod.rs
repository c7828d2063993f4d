//! Questions to the lake: the engine, its tables, rights, and what a query may cost.

mod engine;
pub(crate) mod hidden;
mod limits;
mod plan;
pub(crate) mod pressure;
mod pushdown;
mod refresh;
mod rights;
pub(crate) mod rollup;
pub(crate) mod small;
mod state;
mod subqueries;
pub(crate) mod table;
mod texts;
mod threads;

pub use engine::{AsOf, LocalEngine, LocalOptions, Query, QueryEngine, URGENT_MEMORY, collect, each};
pub use pushdown::with_care_for_names;
pub use rights::{Principal, Rights, TableRights};
pub use subqueries::read_in_subqueries;
pub use threads::at_leisure;
