//! What a parser found wrong with its input, with the place where it is wrong.

use serde::{Deserialize, Serialize};

use crate::DatasetName;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rows named by the problem were not accepted: they go to quarantine.
    Rejected,
    /// The rows were accepted; a person should know.
    Warning,
}

/// Where in a payload something stands. Every part is optional because formats differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// The file inside an archive, such as `stops.txt`.
    pub file: Option<String>,
    /// The line of a text file, counted from 1, header included.
    pub line: Option<u64>,
    /// The record of a binary or nested file, counted from 0.
    pub record: Option<u64>,
    /// The field or column.
    pub field: Option<String>,
}

/// One problem of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whether rows were lost to it.
    pub severity: Severity,
    /// A stable machine word such as `bad_number`, `missing_column`, `duplicate_key`.
    pub code: String,
    /// One sentence for a person: what is wrong and what to do.
    pub message: String,
    /// Where it is.
    pub position: Position,
    /// The dataset that the rows were meant for, when known.
    pub dataset: Option<DatasetName>,
    /// How many dataset rows were rejected by it; zero for a warning.
    pub rows: u64,
    /// The raw record, so that it can be mended and retried; personal fields replaced.
    pub raw: Option<String>,
}

impl Problem {
    /// A problem that rejects `rows` rows of `dataset`.
    pub fn rejected(code: &str, message: impl Into<String>, dataset: Option<DatasetName>, rows: u64) -> Self {
        Self {
            severity: Severity::Rejected,
            code: code.into(),
            message: message.into(),
            position: Position::default(),
            dataset,
            rows,
            raw: None,
        }
    }

    /// A problem that loses no row.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::rejected(code, message, None, 0)
        }
    }

    /// The same problem at a position.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = position;
        self
    }

    /// The same problem with the raw record.
    #[must_use]
    pub fn with_raw(mut self, raw: impl Into<String>) -> Self {
        self.raw = Some(raw.into());
        self
    }
}
