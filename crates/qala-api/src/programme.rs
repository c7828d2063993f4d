//! Programmes of the city.

use serde::{Deserialize, Serialize};

use crate::Text;

/// An item of `GET /api/programmes`, and `GET /api/programmes/{id}`: a programme with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Programme {
    /// Id.
    pub id: String,
    /// `programme`, `roadmap` or `plan`.
    pub kind: String,
    /// Title.
    pub title: Text,
    /// When it was adopted, as far as it is known: a date, a month or a year.
    pub adopted: Option<String>,
    /// The act that adopted it.
    pub legal_basis: Option<String>,
    /// First day.
    pub begins_on: Option<String>,
    /// Last day.
    pub ends_on: Option<String>,
    /// `planned`, `running`, `done` or `stopped`.
    pub state: String,
    /// Where it is written.
    pub source: Option<String>,
    /// Who owns it.
    pub owner: ProgrammeOwner,
    /// Planned money by year.
    pub money: Vec<ProgrammeMoney>,
    /// Targets by indicator and year.
    pub targets: Vec<ProgrammeTarget>,
    /// Measures.
    pub measures: Vec<ProgrammeMeasure>,
}

/// Who owns a programme or a measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeOwner {
    /// Function of government.
    pub function_id: String,
    /// Its name today.
    pub function: Option<Text>,
    /// The department that performs it today.
    pub department_id: Option<String>,
    /// Its name.
    pub department: Option<Text>,
}

/// Planned money of a programme in a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeMoney {
    /// Year.
    pub year: i32,
    /// Planned money, KZT.
    pub planned_kzt: f64,
    /// True when the city did not set it: an assumption.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
}

/// What an indicator is to be at the end of a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeTarget {
    /// Indicator.
    pub indicator: String,
    /// Year.
    pub year: i32,
    /// `value`: in the unit of the indicator; `share`: of what it was in the base year.
    pub basis: String,
    /// Target.
    pub target: f64,
    /// The base year of a share; absent: the first whole year that is known.
    pub base_year: Option<i32>,
    /// The indicator that says how far the city is from the path: 1 is on it, more is worse.
    pub judged_by: Option<String>,
    /// True when the city did not set it: an assumption.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
}

/// A measure of a programme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgrammeMeasure {
    /// Id within the programme.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Who owns it.
    pub owner: ProgrammeOwner,
    /// `planned`, `running`, `done` or `stopped`.
    pub state: String,
    /// When it is due.
    pub due_on: Option<String>,
    /// True when the city did not set it: an assumption.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
}
