//! What goes over the wire: plain shapes, serde only.
//!
//! What belongs here: types that the server sends and clients read. What does not: how they are made, Arrow, DataFusion.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A row of JSON: instants are ISO 8601 with the city's offset.
pub type Row = Map<String, Value>;

/// The same words in three languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// Kazakh.
    pub kk: String,
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// `GET /api/catalog`: what there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// Name of the city.
    pub city: Text,
    /// IANA zone of the city.
    pub zone: String,
    /// The server's time in the city's zone.
    pub now: String,
    /// Version of the program.
    pub version: String,
    /// Indicators.
    pub indicators: Vec<Indicator>,
    /// Datasets.
    pub datasets: Vec<Dataset>,
}

/// An indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Id.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// Title.
    pub title: Text,
    /// The question it answers.
    pub question: Text,
    /// The decision it serves.
    pub decision: Text,
    /// Unit symbol.
    pub unit: String,
    /// `lower`, `higher` or `neither`.
    pub better: String,
    /// Grains.
    pub grains: Vec<String>,
    /// Function of government that owns it.
    pub owner_function: String,
    /// The function's name today.
    pub owner: Option<Text>,
    /// Target and limit.
    pub targets: Option<Targets>,
}

/// Target and limit of an indicator, in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// Target.
    pub target: f64,
    /// Limit.
    pub limit: f64,
    /// Hysteresis.
    pub hysteresis: f64,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// SQL name.
    pub name: String,
    /// Subject.
    pub subject: String,
    /// `event`, `snapshot` or `state`.
    pub kind: String,
    /// Title.
    pub title: Text,
    /// Columns.
    pub columns: Vec<Column>,
}

/// A column of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
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

/// `GET /api/indicators/<id>/values`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Values {
    /// Indicator.
    pub indicator: String,
    /// Grain.
    pub grain: String,
    /// Rows of `indicator_values`.
    pub values: Vec<Row>,
}

/// `GET /api/feeds`: a feed and what came from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Id.
    pub id: String,
    /// Import kind.
    pub kind: String,
    /// Title.
    pub title: Text,
    /// True when its data are simulated.
    pub simulated: bool,
    /// Promised seconds between two messages.
    pub cadence_s: Option<u64>,
    /// Function of government that answers for it.
    pub owner_function: String,
    /// Licence.
    pub licence: String,
    /// When the last message came.
    pub last_received: Option<String>,
    /// Messages.
    pub messages: i64,
    /// Rows received.
    pub received: i64,
    /// Rows accepted.
    pub accepted: i64,
    /// Duplicate rows.
    pub duplicate: i64,
    /// Rows in quarantine.
    pub quarantined: i64,
    /// Of an address that is asked again and again: when it last answered well, changed or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_answered: Option<String>,
    /// Why its last answer could not be taken in; what came before stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `GET /api/feeds/<id>/trust`: how far a feed can be trusted, on the newest day that was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedTrust {
    /// Rows of `feeds_trust`: freshness, completeness, plausibility, faults, recall and precision.
    pub measures: Vec<Row>,
    /// Rows of `feeds_faults`: what is wrong with which device.
    pub faults: Vec<Row>,
}

/// `GET /api/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Largest visible `_seq`.
    pub seq: i64,
    /// Bytes that are in the log and not yet in tables.
    pub tail_bytes: usize,
    /// Bytes free on the disk.
    pub disk_free_bytes: u64,
    /// The server's time.
    pub now: String,
    /// Datasets and when they fill the disk.
    pub storage: Vec<Storage>,
}

/// What a dataset takes on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Storage {
    /// Dataset.
    pub dataset: String,
    /// Bytes.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// The day on which, at the rate of the last week, it alone fills the disk.
    pub full_on: Option<String>,
}

/// The answer to `POST /api/ingest/<feed>`. Always received = accepted + duplicate + quarantined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Dataset; empty when the message filled several.
    pub dataset: String,
    /// Log partition.
    pub partition: u16,
    /// First `_seq`.
    pub seq_from: i64,
    /// Last `_seq`.
    pub seq_to: i64,
    /// Rows received.
    pub received: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Duplicate rows.
    pub duplicate: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Digest of the bytes received.
    pub digest: String,
    /// Message id, the `_source` of its rows.
    pub message: i64,
    /// The same by dataset, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<Row>,
    /// The first problems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Value>,
}

/// Any error: one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The sentence.
    pub error: String,
}
