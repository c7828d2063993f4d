//! What goes over the wire: plain shapes, serde only.
//!
//! What belongs here: types that the server sends and clients read. What does not: how they are made, Arrow, DataFusion.

mod account;
mod alarm;
mod data;
mod map;
mod mapping;
pub mod openapi;
mod programme;
mod quarantine;
mod question;
mod room;
mod schedules;
mod shift;

pub use account::{
    Audit, AuditEntry, NewPassword, NewToken, OneTimePassword, Session, SessionUser, SignIn, Token,
    TokenWanted, User, UserWanted,
};
pub use alarm::{
    Alarm, AlarmDelivery, AlarmFound, AlarmMember, AlarmMissed, AlarmRule, AlarmSound, AlarmStep,
    AlarmWindow, AlarmWindowWanted, AlarmWord, Alarms, OpenAlarms, Warned,
};
pub use data::{DatasetEntry, Rows, Source};
pub use map::{
    Found, Inside, InsideItem, Layer, LayerProperty, LayerTime, Object, ObjectProperty, TileJson, VectorLayer,
};
pub use mapping::{
    Imported, MappingOffer, MappingReason, MappingTrial, MappingWanted, ProposeWanted, SourceColumn,
};
pub use programme::{Programme, ProgrammeMeasure, ProgrammeMoney, ProgrammeOwner, ProgrammeTarget};
pub use quarantine::{
    MendedRow, MendedRows, Quarantine, QuarantineGroup, QuarantineRow, RetriedMessage, RetryReport,
    RetryWanted,
};
pub use question::{
    AnswerColumn, Answered, Health, Passport, Question, SqlColumn, SqlTable, Verdict, Verified, VerifyWanted,
};

pub use room::{
    Decision, DecisionCard, DecisionReport, DecisionWanted, Decisions, Digested, Incident, IncidentAction,
    IncidentCard, IncidentEntry, IncidentFile, IncidentStep, IncidentWanted, Incidents, Numbered, OwnerToday,
    Procedure, ProcedureStep, StepSettled,
};
pub use schedules::{FeedSchedule, IndicatorSchedule, Schedules, TaskSchedule};
pub use shift::{
    AgendaPoint, CallEntry, DrillReport, DrillScenario, DrillWanted, Drills, DutyEntry, DutyWanted, Journal,
    JournalEntry, JournalWanted, MinuteLine, MorningPart, MorningText, ReviewCard, ReviewClosed,
    ReviewWanted, Reviews,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod obligation;

pub use obligation::{Contact, FeedDay, FeedHistory, Hours, Obligation, Silence};

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
    /// Scheduled runs of models.
    #[serde(default)]
    pub model_runs: Vec<ModelRun>,
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

/// A scheduled run of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRun {
    /// Id.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// Model.
    pub model: String,
    /// Title of the model.
    pub model_title: Option<Text>,
    /// Title.
    pub title: Text,
    /// The question it answers.
    pub question: Text,
    /// Function of government that owns the answer.
    pub owner_function: String,
    /// The function's name today.
    pub owner: Option<Text>,
    /// Local hour from which it runs once a day.
    pub daily_at_hour: Option<u8>,
    /// Minutes between two runs.
    pub every_min: Option<u32>,
    /// Local days of a period.
    pub days: u32,
    /// What it fills, as far as the reader may see it.
    pub outputs: Vec<ModelRunOutput>,
    /// How the newest run ended; absent before the first.
    pub last: Option<ModelRunState>,
}

/// A dataset that a run fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRunOutput {
    /// Output of the model.
    pub name: String,
    /// The dataset.
    pub dataset: Dataset,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRunState {
    /// `done`, `no_rows` or `failed`.
    pub state: String,
    /// Start of the period.
    pub period_start: String,
    /// End of the period.
    pub period_end: String,
    /// When it ended.
    pub computed_at: String,
    /// The `_seq` up to which its inputs were read.
    pub seq: Option<i64>,
    /// Rows of the answer.
    pub rows: i64,
    /// True when simulated data went in.
    pub simulated: bool,
    /// Why there are no rows; for staff.
    pub message: Option<String>,
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
    /// What its sender promised and how it stands to it; absent for a feed that is not in the pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligation: Option<Obligation>,
    /// How its bytes are fetched, and how that goes; absent for what was imported by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
}

/// How the bytes of a feed are fetched, and how that goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transport {
    /// `file`, `folder`, `push`, `poll` or `mqtt`.
    pub kind: String,
    /// When we last asked, or tried to connect.
    pub asked: Option<String>,
    /// When the other side last answered well, with news or without.
    pub answered: Option<String>,
    /// When new data last came.
    pub changed: Option<String>,
    /// Failures since the last good answer.
    pub failures: u32,
    /// When we ask or try next.
    pub next: Option<String>,
    /// Of a subscription: the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<Broker>,
}

/// How a subscription to a broker goes. Counts are since the start of the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broker {
    /// Since when we are connected; absent when we are not.
    pub connected_since: Option<String>,
    /// True when the broker knew our session again and had kept what came meanwhile.
    pub session_kept: bool,
    /// Quality of service granted: 0 is best effort, 1 and 2 lose nothing.
    pub qos: Option<u8>,
    /// Messages taken in.
    pub messages: u64,
    /// Of these, retained ones.
    pub retained: u64,
    /// Retained ones that were left, as the feed says.
    pub skipped: u64,
    /// Messages sent again that were there already.
    pub again: u64,
    /// Messages that could not be read; they are in quarantine.
    pub refused: u64,
    /// Messages a second.
    pub per_second: f64,
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
    /// Every row up to this `_seq` is in its table's files.
    pub committed_seq: i64,
    /// Bytes that are in the log and not yet in tables.
    pub tail_bytes: usize,
    /// Bytes free on the disk.
    pub disk_free_bytes: u64,
    /// The server's time.
    pub now: String,
    /// Datasets and when they fill the disk.
    pub storage: Vec<Storage>,
    /// Ranges of periods whose values are due and not computed yet: some hundred after much was filled in, few or none else.
    pub values_due: usize,
    /// How far the seeded city has come; absent when the centre shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<Demo>,
}

/// How far the seeded city has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Demo {
    /// Seed.
    pub seed: u64,
    /// What it does now: `recent`, `history`, `days`, `corrections`, `live`.
    pub phase: String,
    /// Messages of the phase that are durable.
    pub done: u64,
    /// Messages of the phase at most.
    pub expected: u64,
    /// Rows received since the start of the program.
    pub rows: u64,
    /// By how many seconds of its own time live is behind.
    pub behind_s: i64,
    /// How many times faster than the wall clock its time runs; 1 when it has caught up.
    pub speed: u32,
    /// When its time has caught up with the wall clock, if it runs faster: an instant of the wall clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catches_up: Option<String>,
    /// Begin of the time that is not filled in yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_from: Option<String>,
    /// End of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_to: Option<String>,
    /// Bytes of the data directory, when they were last counted.
    pub disk_bytes: u64,
    /// Why it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
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
    /// True when nothing reached a dataset.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// True when it came with a sandbox token: rows are compared with what came with that token before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sandbox: bool,
    /// Of a dry run: the first rows as they would be in the table, each with its dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this form")]
fn is_false(value: &bool) -> bool {
    !value
}

/// `GET /api/sandbox/messages`: a message that came with a sandbox token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxMessage {
    /// When it came.
    pub received_at: String,
    /// Feed.
    pub feed: String,
    /// The sender's idempotency key.
    pub idempotency_key: Option<String>,
    /// The receipt that was given.
    pub receipt: Receipt,
}

/// Any error: one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The sentence, in English.
    pub error: String,
    /// A word for the rule that was broken, where pages say it in their reader's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the sentence is about: a number, a name, a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// A refusal of SensorThings, in the form of its reference implementation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaFault {
    /// Status of HTTP.
    pub code: u16,
    /// Always `error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sentence, in English.
    pub message: String,
}

impl From<String> for ErrorBody {
    fn from(error: String) -> Self {
        Self {
            error,
            rule: None,
            about: None,
        }
    }
}
