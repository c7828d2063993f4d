//! The engine seam: log, tail, Delta tables, catalogue, SQL functions, rights, as-of, and the query engine.
//!
//! What belongs here: everything that touches DataFusion, Parquet and Delta. What does not: HTTP, any city's name.

pub mod backup;
mod committed;
mod committer;
mod error;
mod files;
pub mod functions;
mod guard;
mod health;
mod index;
mod keep;
mod keys;
mod lake;
mod log;
mod migration;
mod query;
mod read;
mod schema;
mod session;
mod store;
mod superseded;
mod system;
mod table;
mod touched;
mod view;
mod writer;

pub use committed::{
    Committed, CommittedFile, CommittedRollup, CommittedTable, Interval, SetRange, SupersededRows,
};
pub use error::{LakeError, Result};
pub use health::{Health, Stored};
pub use lake::{Begin, Clock, FORMAT, Lake, LakeOptions, PARTITION};
pub use query::{
    AsOf, LocalEngine, LocalOptions, Principal, Query, QueryEngine, Rights, TableRights, URGENT_MEMORY,
    at_leisure, collect, each, read_in_subqueries, with_care_for_names,
};
pub use schema::{FEED, RECEIVED_AT, SEQ, SOURCE, column_type, data_schema, table_schema};
pub use session::{Message, Op, Outcome, Receipt, Session};
pub use system::RESOLVED;
pub use view::{Dataset, View};
