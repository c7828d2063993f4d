//! The situation room: incidents, procedures, decisions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Row, Text};

/// A function of government, as it is today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerToday {
    /// Id of the function.
    pub function: String,
    /// Its name.
    pub name: Text,
    /// Id of the department that performs it.
    pub department: Option<String>,
    /// Name of that department.
    pub department_name: Option<Text>,
    /// True when whoever asks may act for it.
    pub own: bool,
}

/// `GET /api/procedures`: what the duty office does when something of a kind happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// Id; also the kind of the incidents it is for.
    pub id: String,
    /// Version.
    pub version: u32,
    /// Title.
    pub title: Text,
    /// When it is started.
    pub start: Text,
    /// Function that leads.
    pub owner_function: String,
    /// Metres around the place in which it is looked who is affected.
    pub radius_m: Option<u32>,
    /// Steps in their order.
    pub steps: Vec<ProcedureStep>,
}

/// A step of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// Id.
    pub id: String,
    /// Function that does it.
    pub function: String,
    /// Minutes from the start within which it is done.
    pub within_min: u32,
    /// True when the incident is not closed before it is settled.
    pub required: bool,
    /// What to do.
    pub text: Text,
    /// What shows that it is done.
    pub check: Text,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Number.
    pub id: i64,
    /// Counted from 1: how often it was written.
    pub revision: i64,
    /// What happened.
    pub title: String,
    /// Id of a procedure, or `other`.
    pub kind: String,
    /// Of minor, moderate, severe, extreme.
    pub severity: String,
    /// Of open, contained, closed.
    pub state: String,
    /// A place of the city.
    pub place: Option<String>,
    /// Degrees; those of the middle of the place when the incident has no point of its own.
    pub lon: Option<f64>,
    /// Degrees.
    pub lat: Option<f64>,
    /// Metres around the point in which it is looked who is affected.
    pub radius_m: Option<f64>,
    /// True when the circle stands for a whole place.
    pub rough: bool,
    /// Function that leads.
    pub function: String,
    /// Functions that take part.
    pub participants: Vec<String>,
    /// Ids of the alarms it came from.
    pub alarms: Vec<String>,
    /// When it was opened.
    pub opened_at: String,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// Why it happened.
    pub cause: Option<String>,
    /// What is done differently next time.
    pub lesson: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// Number of the incident into which it was merged.
    pub merged_into: Option<i64>,
    /// Number of the incident from which it was split.
    pub split_from: Option<i64>,
    /// True for an exercise.
    pub drill: bool,
    /// Required and other steps that nobody has settled.
    pub open_steps: u64,
    /// When the next of them is due; over when it lies behind now.
    pub next_due: Option<String>,
}

/// A step of a running procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentStep {
    /// Procedure and step with a point between them.
    pub id: String,
    /// Procedure.
    pub procedure: String,
    /// Its version when it was started.
    pub procedure_version: u32,
    /// Function that does it.
    pub function: String,
    /// True when the incident is not closed before it is settled.
    pub required: bool,
    /// What to do.
    pub text: Text,
    /// What shows that it is done.
    pub check: Text,
    /// When the procedure was started.
    pub started_at: String,
    /// When it is due.
    pub due_at: String,
    /// Of open, done, skipped.
    pub state: String,
    /// A note, or the reason why it was skipped.
    pub note: Option<String>,
    /// When it was settled.
    pub settled_at: Option<String>,
    /// By whom.
    pub settled_by: Option<String>,
}

/// An entry of the timeline of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEntry {
    /// Number.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Word of what it tells, such as `step_done`.
    pub kind: String,
    /// The particular.
    pub text: String,
}

/// A file of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentFile {
    /// SHA-256 of its bytes.
    pub digest: String,
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// When it was attached.
    pub added_at: String,
    /// By whom.
    pub added_by: String,
}

/// `GET /api/incidents`: incidents, and who answers for what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    /// The time of the centre.
    pub now: String,
    /// Incidents, the newest first.
    pub incidents: Vec<Incident>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `GET /api/incidents/{id}`: everything about one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentCard {
    /// The time of the centre.
    pub now: String,
    /// True when whoever asks may act on it.
    pub may_act: bool,
    /// The incident.
    pub incident: Incident,
    /// Steps of its procedures.
    pub steps: Vec<IncidentStep>,
    /// Its timeline, the oldest first.
    pub timeline: Vec<IncidentEntry>,
    /// Its files.
    pub files: Vec<IncidentFile>,
    /// Assignments that were given in it.
    pub tasks: Vec<Decision>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `POST /api/incidents`: an incident that begins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentWanted {
    /// What happened.
    pub title: String,
    /// Id of a procedure; none of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of minor, moderate, severe, extreme; moderate when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// A place of the city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Metres around the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<u32>,
    /// Function that leads; that of the procedure when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Ids of alarms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Whether the procedure is started at once.
    #[serde(default)]
    pub start: bool,
}

/// `POST /api/incidents/{id}/actions`: what is done with an incident. `text` says what, `number` names another incident.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentAction {
    /// Of note, contain, reopen, severity, owner, title, move, alarm, participant, procedure, close, merge, split.
    pub action: String,
    /// The words of a note, a severity, the id of a function, alarm, procedure or place (to move it), a title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The incident into which it is merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Degrees, to move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Degrees, to move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Metres, to move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<u32>,
    /// Why it happened, to close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What is done differently next time, to close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
    /// What came of it, to close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Alarms that go with what is split off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// The function that leads what is split off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// `PUT /api/incidents/{id}/steps/{step}`: how a step is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSettled {
    /// Of done, skipped.
    pub state: String,
    /// A note; of a skipped step the reason, which is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The number of what was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Number.
    pub id: i64,
}

/// The digest of what was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digested {
    /// SHA-256 of the bytes.
    pub digest: String,
}

/// A decision: an assignment to a function of government.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Number.
    pub id: i64,
    /// What is to be done.
    pub text: String,
    /// Function that does it.
    pub function: String,
    /// When it was given.
    pub given_at: String,
    /// By whom.
    pub given_by: String,
    /// By when.
    pub deadline: String,
    /// Of open, done, dropped.
    pub state: String,
    /// True when its deadline is over and it is open.
    pub overdue: bool,
    /// Percent.
    pub progress: u8,
    /// What its owner says.
    pub explanation: Option<String>,
    /// Number of the incident in which it was given.
    pub incident: Option<i64>,
    /// Number of the review in which it was given.
    pub review: Option<i64>,
    /// The indicator that it is to move.
    pub indicator: Option<String>,
    /// Place of the indicator.
    pub place: Option<String>,
    /// Symbol of its unit.
    pub unit: Option<String>,
    /// The indicator when it was given.
    pub before: Option<f64>,
    /// Passport of that value.
    pub before_passport: Option<String>,
    /// The indicator when it ended.
    pub after: Option<f64>,
    /// Passport of that value.
    pub after_passport: Option<String>,
    /// How many passports it cites.
    pub passports: u64,
    /// When it was done or dropped.
    pub done_at: Option<String>,
    /// True for one of an exercise.
    pub drill: bool,
    /// True when whoever asks may report on it.
    pub may_act: bool,
}

/// `GET /api/decisions`: decisions, overdue ones first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// The time of the centre.
    pub now: String,
    /// True when whoever asks may give assignments.
    pub may_decide: bool,
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `GET /api/decisions/{id}`: a decision with what it cites and how it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionCard {
    /// The decision.
    pub decision: Decision,
    /// The passports it cites, as they were when it was given.
    pub cited: Vec<Value>,
    /// Its revisions in the lake, the oldest first; a change is there within seconds.
    pub history: Vec<Row>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `POST /api/decisions`: an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionWanted {
    /// What is to be done.
    pub text: String,
    /// Function that does it.
    pub function: String,
    /// By when: an instant, or a day, which then is its end.
    pub deadline: String,
    /// The incident in which it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<i64>,
    /// The review in which it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<i64>,
    /// The indicator that it is to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<String>,
    /// Place of the indicator; the city when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Ids of passports that it cites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passports: Vec<String>,
}

/// `PUT /api/decisions/{id}`: how it goes. What is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionReport {
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// Why it is late, changed or dropped; what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Of done, dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Another deadline; it needs an explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}
