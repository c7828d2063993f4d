//! Questions in SQL, and their answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Row, Text};

/// `POST /api/sql`: a question, read only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// One `SELECT` or `EXPLAIN`.
    pub sql: String,
    /// As the lake knew it at this instant; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Rows at most, up to 10,000; 1,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Columns.
    pub columns: Vec<AnswerColumn>,
    /// Rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// True when there would be more rows.
    pub truncated: bool,
    /// Place in the log up to which was read.
    pub seq: i64,
    /// Milliseconds it took.
    pub took_ms: u64,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerColumn {
    /// Name.
    pub name: String,
    /// Type, as Arrow names it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One entry of `GET /api/sql/schema`: a table that the caller may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqlTable {
    /// SQL name.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Columns that the caller may see.
    pub columns: Vec<SqlColumn>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqlColumn {
    /// SQL name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unit symbol.
    pub unit: Option<String>,
    /// Title.
    pub title: Text,
}

/// `GET /api/passport`: a stored value and how it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passport {
    /// The stored row of `indicator_values`.
    pub value: Row,
    /// The query that made it.
    pub sql: String,
    /// Feeds and messages whose rows were read, newest first, at most twenty.
    pub messages: Vec<Row>,
    /// Earlier values of the same period, newest first: restatements.
    pub history: Vec<Row>,
    /// The result of the check, when it was asked for.
    pub verdict: Option<Verdict>,
}

/// What the check of a value found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// `equal`, `different`, `definition_changed` or `rows_gone`.
    pub verdict: String,
    /// When it is different: the value now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recomputed: Option<f64>,
    /// When the rows are gone: digest of the value and its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// `POST /api/passport/verify`: which value to recompute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyWanted {
    /// `<indicator>/<place>/<grain>/<period start>`; an indicator's id alone means its newest value of the city.
    pub id: String,
}

/// The value, recomputed from rows as they were known then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// True when both are equal, bit for bit.
    pub equal: bool,
    /// The stored value.
    pub value: Option<f64>,
    /// The recomputed one, when it could be recomputed.
    pub recomputed: Option<f64>,
    /// `equal`, `different`, `definition_changed` or `rows_gone`.
    pub reason: String,
}

/// `GET /health/live` and `GET /health/ready`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
}
