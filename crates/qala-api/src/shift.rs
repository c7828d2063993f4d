//! The situation room: journal, reviews, morning pages, drills.

use serde::{Deserialize, Serialize};

use crate::{Incident, OwnerToday, Text};

/// An entry of the journal of the shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Number.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Of note, handover, silenced.
    pub kind: String,
    /// What is said.
    pub text: String,
    /// To whom the shift was handed over.
    pub next: Option<String>,
    /// The incident that it is about.
    pub incident: Option<i64>,
    /// True for one of an exercise.
    pub drill: bool,
}

/// Somebody on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyEntry {
    /// Number.
    pub id: i64,
    /// Function of government.
    pub function: String,
    /// Of head, acting_head, duty.
    pub post: String,
    /// The person.
    pub person: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// From when.
    pub from_at: String,
    /// Until when.
    pub to_at: String,
    /// True when it is so now.
    pub now: bool,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEntry {
    /// About what: ids of feeds.
    pub feeds: Vec<String>,
    /// The person or desk.
    pub name: Text,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// True if nobody answers there.
    pub simulated: bool,
}

/// `GET /api/journal`: the journal, who is on duty, whom to call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// The time of the centre.
    pub now: String,
    /// True when whoever asks may write.
    pub may_write: bool,
    /// Entries, the newest first.
    pub entries: Vec<JournalEntry>,
    /// Who is or will be on duty.
    pub duties: Vec<DutyEntry>,
    /// Whom to call about feeds.
    pub calls: Vec<CallEntry>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `POST /api/journal`: an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalWanted {
    /// Of note, handover, silenced.
    pub kind: String,
    /// What is said.
    pub text: String,
    /// To whom the shift is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The incident that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<i64>,
}

/// `POST /api/journal/duty`: somebody on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyWanted {
    /// Function of government.
    pub function: String,
    /// Of head, acting_head, duty.
    pub post: String,
    /// The person.
    pub person: String,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// From when.
    pub from_at: String,
    /// Until when.
    pub to_at: String,
}

/// A point of the agenda of a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgendaPoint {
    /// Of overdue, promised, done, off_target, watch, incident.
    pub kind: String,
    /// Number of the decision or incident, or id of the indicator.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Function that answers for it.
    pub function: String,
    /// Places.
    pub places: Vec<String>,
    /// Since when.
    pub since: Option<String>,
    /// The deadline.
    pub deadline: Option<String>,
    /// Percent done.
    pub progress: Option<u8>,
    /// What its owner says.
    pub explanation: Option<String>,
    /// The value.
    pub value: Option<f64>,
    /// The value before the decision.
    pub before: Option<f64>,
    /// The target.
    pub target: Option<f64>,
    /// Symbol of the unit; empty for none.
    pub unit: String,
}

/// A line of minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinuteLine {
    /// Point of the agenda, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// What was agreed.
    pub text: String,
    /// Number of the assignment that was given for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<i64>,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewCard {
    /// Number.
    pub id: i64,
    /// Title.
    pub title: String,
    /// When it began.
    pub held_at: String,
    /// Of open, closed.
    pub state: String,
    /// Who was there.
    pub present: String,
    /// The agenda as it was then.
    pub agenda: Vec<AgendaPoint>,
    /// What was agreed.
    pub minutes: Vec<MinuteLine>,
}

/// `GET /api/review`: the agenda as it would be now, and the reviews there were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reviews {
    /// The time of the centre.
    pub now: String,
    /// True when whoever asks may hold a review.
    pub may_write: bool,
    /// The agenda of now.
    pub agenda: Vec<AgendaPoint>,
    /// Reviews, the newest first.
    pub reviews: Vec<ReviewCard>,
    /// Functions of government.
    pub owners: Vec<OwnerToday>,
}

/// `POST /api/review`: a review that begins with the agenda of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewWanted {
    /// Title.
    pub title: String,
    /// Who is there.
    #[serde(default)]
    pub present: String,
}

/// `PUT /api/review/{id}`: closes a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewClosed {
    /// Who was there; as before when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<String>,
}

/// `GET /api/morning`: the morning page as plain text, for an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MorningText {
    /// Whose page it is.
    pub over: String,
    /// The first sentence.
    pub title: String,
    /// Its parts.
    pub parts: Vec<MorningPart>,
}

/// A part of the morning page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MorningPart {
    /// Heading.
    pub heading: String,
    /// Lines.
    pub lines: Vec<String>,
}

/// A scenario of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillScenario {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Procedure that it tries.
    pub procedure: String,
}

/// A drill with its report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillReport {
    /// The incident.
    pub incident: Incident,
    /// Steps that were done in time.
    pub on_time: u64,
    /// Steps that were done late, or are overdue.
    pub late: u64,
    /// Steps that were skipped.
    pub skipped: u64,
    /// Steps that are open and not yet due.
    pub open: u64,
}

/// `GET /api/drills`: scenarios, and the drills there were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drills {
    /// True when whoever asks may start one.
    pub may_start: bool,
    /// Scenarios.
    pub scenarios: Vec<DrillScenario>,
    /// Drills, the newest first.
    pub drills: Vec<DrillReport>,
}

/// `POST /api/drills`: a drill that begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillWanted {
    /// Scenario.
    pub scenario: String,
    /// Seed: the same one gives the same events.
    #[serde(default)]
    pub seed: u64,
}
