//! Rows that were not taken in: looking at them, reading them again, sending them mended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `GET /api/quarantine`: a page of rows, and what there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Rows that are meant by the filter.
    pub total: u64,
    /// The page, the newest first.
    pub rows: Vec<QuarantineRow>,
    /// All open rows by feed, dataset and reason; those of most rows first.
    pub groups: Vec<QuarantineGroup>,
}

/// A row in quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuarantineRow {
    /// Id.
    pub id: String,
    /// Feed.
    pub feed: String,
    /// Dataset it was meant for; empty when that is not known.
    pub dataset: String,
    /// `rejected` or `warning`.
    pub severity: String,
    /// Machine word of the reason, such as `bad_number`.
    pub code: String,
    /// The reason in a sentence.
    pub message: String,
    /// The file inside an archive.
    pub file: Option<String>,
    /// Line of a text, from 1.
    pub line: Option<i64>,
    /// Record of another file, from 0.
    pub record: Option<i64>,
    /// Field or column.
    pub field: Option<String>,
    /// How many dataset rows it stands for.
    pub rows: i64,
    /// The record as it came; personal fields are replaced.
    pub raw: Option<String>,
    /// When it came.
    pub received_at: String,
    /// Message it came in.
    pub source: i64,
    /// True when its text can be mended in its place.
    pub mendable: bool,
    /// Message by which it was read again.
    pub resolved_by: Option<i64>,
}

/// Open rows of one feed and dataset with the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineGroup {
    /// Feed.
    pub feed: String,
    /// Dataset; empty when it is not known.
    pub dataset: String,
    /// Machine word of the reason.
    pub code: String,
    /// Rows.
    pub rows: i64,
}

/// `POST /api/quarantine/retry`: which open rows are read again. What is absent leaves no row out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryWanted {
    /// Of this feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// Of this dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// With this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `POST /api/quarantine/mended`: rows with the text that stands in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MendedRows {
    /// The rows, up to 10,000.
    pub rows: Vec<MendedRow>,
}

/// A mended row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MendedRow {
    /// Id in quarantine.
    pub id: String,
    /// The whole record, as it should have come.
    pub raw: String,
}

/// What came of reading rows again. Always received = accepted + duplicate + quarantined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetryReport {
    /// Rows received.
    pub received: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows that were there already.
    pub duplicate: u64,
    /// Rows that are still wrong.
    pub quarantined: u64,
    /// Rows that stay as they were, because their message could not be read again.
    pub left: u64,
    /// By message.
    pub messages: Vec<RetriedMessage>,
}

/// A message some of whose rows were read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetriedMessage {
    /// The message in which they were rejected.
    pub retried: i64,
    /// Quarantine rows read again.
    pub rows: u64,
    /// The message that read them again.
    pub message: Option<i64>,
    /// Rows received.
    pub received: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows that were there already.
    pub duplicate: u64,
    /// Rows that are still wrong.
    pub quarantined: u64,
    /// The first reasons of those that are still wrong.
    pub problems: Vec<Value>,
    /// Why the rows were not read again.
    pub error: Option<String>,
}
