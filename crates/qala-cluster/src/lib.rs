//! The same questions on many machines: `QueryEngine` on Ballista, behind the cargo feature `cluster`.
//!
//! What belongs here: how the committed rows of a lake become a plan that travels, and starting the parts of a cluster.
//! What does not: HTTP of our own, the registry, and which rows are visible: `qala_lake::Committed` says that.
//!
//! | file | what |
//! |---|---|
//! | `engine` | [`ClusterEngine`]: a question, planned here and answered by the cluster |
//! | `rows` | the visible rows of a table as a plan of Parquet files, filters and an anti-join |
//! | `parts` | a deep plan in pieces that can be read |
//! | `windows` | sorts below windows, complete |
//! | `catalog` | the tables of one question |
//! | `session` | sessions of client, scheduler and executor, with one list of functions in all three |
//! | `roles` | a scheduler, an executor, and a whole cluster in this process |
#![cfg(feature = "cluster")]

mod catalog;
mod engine;
mod parts;
mod roles;
mod rows;
mod session;
mod windows;

pub use engine::{ClusterEngine, ClusterOptions};
pub use roles::{ExecutorOptions, InProcess, serve_executor, serve_scheduler};
