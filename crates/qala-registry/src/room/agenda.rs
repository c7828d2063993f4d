//! What stands on the agenda of a review, as it was when the review began.

use qala_core::Text;
use serde::{Deserialize, Serialize};

/// Why something is on the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgendaKind {
    /// It was promised, and the day is over.
    Overdue,
    /// It was promised, and the day is still to come.
    Promised,
    /// It was done since the last review.
    Done,
    /// An indicator is off its target.
    OffTarget,
    /// An indicator is to be watched.
    Watch,
    /// An incident that goes on or was closed since the last review.
    Incident,
}

impl AgendaKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Promised => "promised",
            Self::Done => "done",
            Self::OffTarget => "off_target",
            Self::Watch => "watch",
            Self::Incident => "incident",
        }
    }
}

/// A point of the agenda.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgendaItem {
    /// Why it is there.
    pub kind: AgendaKind,
    /// Number of the decision or incident, or id of the indicator.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// The function that answers for it.
    pub function: String,
    /// Places where it is off target.
    pub places: Vec<String>,
    /// Since when, µs of UTC.
    pub since: Option<i64>,
    /// The deadline, µs of UTC.
    pub deadline: Option<i64>,
    /// Percent done.
    pub progress: Option<u8>,
    /// What the owner says; what came of an incident.
    pub explanation: Option<String>,
    /// The indicator's value.
    pub value: Option<f64>,
    /// The indicator's value before a decision.
    pub before: Option<f64>,
    /// Its target.
    pub target: Option<f64>,
    /// Symbol of its unit; empty for none.
    pub unit: String,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The point of the agenda, counted from 0; absent for something else.
    pub item: Option<u32>,
    /// The words.
    pub text: String,
    /// The assignment that was given for it.
    pub decision: Option<i64>,
}
