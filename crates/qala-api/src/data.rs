//! Rows of datasets.

use serde::{Deserialize, Serialize};

use crate::{Dataset, Row, Text};

/// One entry of `GET /api/datasets`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetEntry {
    /// SQL name.
    pub name: String,
    /// Subject.
    pub subject: String,
    /// `event`, `snapshot` or `state`.
    pub kind: String,
    /// Title.
    pub title: Text,
    /// What a row is.
    pub description: Option<Text>,
    /// Rows that are in force.
    pub rows: u64,
}

/// `GET /api/datasets/<name>/rows`: rows with the messages they came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// The dataset with the columns that may be seen.
    pub dataset: Dataset,
    /// What a row is.
    pub description: Option<Text>,
    /// Columns that may not be seen.
    pub hidden: usize,
    /// Rows that fit the filter.
    pub total: u64,
    /// Place in the log up to which was read.
    pub seq: i64,
    /// Rows, each with `_seq`, `_received_at` and `_source`.
    pub rows: Vec<Row>,
    /// The messages of these rows.
    pub sources: Vec<Source>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Id, the `_source` of rows.
    pub id: i64,
    /// Feed.
    pub feed: String,
    /// Import kind.
    pub kind: String,
    /// Name of the file.
    pub name: String,
    /// When it came.
    pub received_at: String,
    /// True when its feed is simulated.
    pub simulated: bool,
}
