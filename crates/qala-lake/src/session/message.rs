//! What a message is, and the answer to it.

use qala_core::{FeedId, Problem};
use serde::{Deserialize, Serialize};

/// What the rows of a message do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// New rows and corrections.
    Upsert,
    /// Take rows back; only their key columns are needed.
    Retract,
}

/// A message, before its rows are read.
#[derive(Debug, Clone)]
pub struct Message {
    /// Feed.
    pub feed: FeedId,
    /// Import kind.
    pub kind: String,
    /// File name or address.
    pub name: String,
    /// Digest of the bytes received, such as `sha256:…`.
    pub digest: String,
    /// What else decides the rows: dataset, mapping. The same bytes under another mapping are another message.
    pub context: String,
    /// Idempotency key given by the sender.
    pub idempotency_key: Option<String>,
    /// What the rows do.
    pub op: Op,
}

/// What happened to the rows of one dataset. Always received = accepted + duplicate + quarantined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Dataset; empty in the total.
    pub dataset: String,
    /// Log partition.
    pub partition: u16,
    /// First `_seq` given; zero when no row was accepted.
    pub seq_from: i64,
    /// Last `_seq` given.
    pub seq_to: i64,
    /// Rows that came.
    pub received: u64,
    /// Rows taken in.
    pub accepted: u64,
    /// Rows that were there already with the same values.
    pub duplicate: u64,
    /// Rows rejected.
    pub quarantined: u64,
    /// Accepted rows that superseded another, and rows retracted.
    pub superseded: u64,
}

/// The answer to a message, given when all of it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Message id, the `_source` of its rows.
    pub message: i64,
    /// Digest of the bytes received.
    pub digest: String,
    /// True when this is the stored answer to a message that came before.
    pub repeated: bool,
    /// Sum over datasets.
    pub total: Receipt,
    /// By dataset.
    pub datasets: Vec<Receipt>,
    /// The first problems.
    pub problems: Vec<Problem>,
    /// Warnings, which lose no row.
    pub warnings: u64,
}
