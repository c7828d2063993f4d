//! Decisions and assignments: who does what by when, why, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::incident::{Hand, Incident, LONGEST, TimelineKind, tell};
use super::{Body, Versioned, insert, newest, one, refused, said, update};
use crate::error::RegistryError;
use crate::open::Registry;

/// Passports that are cited at most.
const MOST_PASSPORTS: usize = 20;

/// How an assignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionState {
    /// It is to be done.
    Open,
    /// It was done.
    Done,
    /// It was taken back; the explanation says why.
    Dropped,
}

impl DecisionState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }
}

/// A value of the indicator that was to be moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value; absent when it could not be computed.
    pub value: Option<f64>,
    /// The id of its passport.
    pub passport: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What is to be done.
    pub text: String,
    /// The function of government that does it.
    pub function: String,
    /// When it was given, µs of UTC.
    pub given_at: i64,
    /// By whom.
    pub given_by: String,
    /// By when, µs of UTC.
    pub deadline: i64,
    /// How it stands.
    pub state: DecisionState,
    /// Percent.
    pub progress: u8,
    /// Why it is late, changed or dropped; what was done.
    pub explanation: Option<String>,
    /// The incident in which it was given.
    pub incident: Option<i64>,
    /// The review in which it was given.
    pub review: Option<i64>,
    /// The indicator that it is to move.
    pub indicator: Option<String>,
    /// The place of the indicator; the city when absent.
    pub place: Option<String>,
    /// The indicator when the decision was given.
    pub before: Option<Measured>,
    /// The indicator when it ended.
    pub after: Option<Measured>,
    /// The passports that it cites, as they were then.
    pub passports: Vec<Value>,
    /// When it was done or dropped, µs of UTC.
    pub done_at: Option<i64>,
    /// True for one of an exercise.
    pub drill: bool,
}

impl Body for Decision {
    const TABLE: &'static str = "room_decisions";
    const ID: &'static str = "decision_id";
    const NOUN: &'static str = "decision";
}

impl Decision {
    /// True when it should have been done by then.
    pub fn is_overdue(&self, now: i64) -> bool {
        self.state == DecisionState::Open && self.deadline < now
    }
}

/// A decision that is given.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDecision {
    /// What is to be done.
    pub text: String,
    /// The function that does it.
    pub function: String,
    /// By when, µs of UTC.
    pub deadline: i64,
    /// The incident in which it is given.
    pub incident: Option<i64>,
    /// The review in which it is given.
    pub review: Option<i64>,
    /// The indicator that it is to move.
    pub indicator: Option<String>,
    /// The place of the indicator.
    pub place: Option<String>,
    /// The indicator now.
    pub before: Option<Measured>,
    /// The passports that it cites, as they are now.
    pub passports: Vec<Value>,
}

/// What is told of a decision on the way. What is absent stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionReport {
    /// Percent.
    pub progress: Option<u8>,
    /// Why.
    pub explanation: Option<String>,
    /// Done or dropped.
    pub state: Option<DecisionState>,
    /// Another deadline, µs of UTC.
    pub deadline: Option<i64>,
    /// The indicator now.
    pub after: Option<Measured>,
}

/// The decision after a report.
fn reported(
    before: &Decision,
    id: i64,
    report: &DecisionReport,
    now: i64,
) -> Result<Decision, RegistryError> {
    if before.state != DecisionState::Open {
        return Err(refused(
            "decision_ended",
            &id,
            format!("the decision {id} has ended; give another one"),
        ));
    }
    let mut after = before.clone();
    if let Some(progress) = report.progress {
        if progress > 100 {
            return Err(refused("progress", &"0–100", "progress is 0 to 100 percent"));
        }
        after.progress = progress;
    }
    let told = report.explanation.as_deref().map(str::trim);
    let told = told.filter(|text| !text.is_empty());
    if let Some(text) = told {
        after.explanation = Some(text.chars().take(LONGEST).collect());
    }
    if let Some(deadline) = report.deadline.filter(|deadline| *deadline != before.deadline) {
        if told.is_none() {
            return Err(refused(
                "moved_unexplained",
                &id,
                "a deadline is moved with an explanation",
            ));
        }
        after.deadline = deadline;
    }
    match report.state {
        None | Some(DecisionState::Open) => {}
        Some(DecisionState::Done) => {
            if before.is_overdue(now) && after.explanation.is_none() {
                return Err(refused(
                    "late_unexplained",
                    &id,
                    "it is done after its deadline; explain why",
                ));
            }
            after.state = DecisionState::Done;
            after.progress = 100;
        }
        Some(DecisionState::Dropped) => {
            if told.is_none() {
                return Err(refused(
                    "drop_unexplained",
                    &id,
                    "a decision is dropped with an explanation",
                ));
            }
            after.state = DecisionState::Dropped;
        }
    }
    if after.state != DecisionState::Open {
        after.done_at = Some(now);
        after.after.clone_from(&report.after);
    }
    Ok(after)
}

impl Registry {
    /// Gives an assignment; its number.
    ///
    /// # Errors
    /// An empty text or owner; [`RegistryError::Refused`] for a deadline that is over or for an incident that is closed;
    /// [`RegistryError::NotThere`] for an incident or a review that does not exist; the disk fails.
    pub async fn decide(&self, new: &NewDecision, by: &str, now: i64) -> Result<i64, RegistryError> {
        said(&new.text, "the decision", "the text")?;
        said(&new.function, "the decision", "the function that does it")?;
        if new.deadline <= now {
            return Err(refused("deadline_past", &"", "a deadline lies ahead"));
        }
        if new.passports.len() > MOST_PASSPORTS {
            return Err(refused(
                "passports",
                &MOST_PASSPORTS,
                format!("a decision cites at most {MOST_PASSPORTS} passports"),
            ));
        }
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let mut drill = false;
            if let Some(incident) = new.incident {
                let found: Versioned<Incident> = one(connection, incident).await?;
                found.record.must_run(incident)?;
                drill = found.record.drill;
            }
            if let Some(review) = new.review {
                one::<super::Review>(connection, review).await?;
            }
            let decision = Decision {
                text: new.text.trim().chars().take(LONGEST).collect(),
                function: new.function.clone(),
                given_at: now,
                given_by: by.to_owned(),
                deadline: new.deadline,
                state: DecisionState::Open,
                progress: 0,
                explanation: None,
                incident: new.incident,
                review: new.review,
                indicator: new.indicator.clone(),
                place: new.place.clone(),
                before: new.before.clone(),
                after: None,
                passports: new.passports.clone(),
                done_at: None,
                drill,
            };
            let id = insert(connection, &decision, by, now).await?;
            if let Some(incident) = new.incident {
                let text = format!("{id}: {}", decision.text);
                let hand = Hand { by, now };
                tell(connection, incident, drill, TimelineKind::Assigned, &text, hand).await?;
            }
            Ok(id)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Tells how an assignment goes, or that it ended.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for one that has ended, and where an explanation is missing; [`RegistryError::NotThere`]; the
    /// disk fails.
    pub async fn report_decision(
        &self,
        id: i64,
        report: &DecisionReport,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Versioned<Decision> = one(connection, id).await?;
            let after = reported(&before.record, id, report, now)?;
            update(connection, &before, &after, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// A decision.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`], or the disk fails.
    pub async fn decision(&self, id: i64) -> Result<Versioned<Decision>, RegistryError> {
        let mut link = self.lock().await?;
        one(link.connection()?, id).await
    }

    /// The decisions that are to be done, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn open_decisions(&self, limit: u32) -> Result<Vec<Versioned<Decision>>, RegistryError> {
        let mut link = self.lock().await?;
        newest(link.connection()?, "body ->> '$.state' = 'open'", limit).await
    }

    /// All decisions, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn decisions(&self, limit: u32) -> Result<Vec<Versioned<Decision>>, RegistryError> {
        let mut link = self.lock().await?;
        newest(link.connection()?, "TRUE", limit).await
    }
}
