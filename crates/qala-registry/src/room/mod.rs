//! The situation room: incidents, their steps and timelines, the journal, the duty roster, decisions, reviews.
//!
//! What belongs here: the records and the rules between them. What does not: who may do what, and the clock: times come in. The
//! triggers of the schema tell the lake of each change.

mod agenda;
mod decision;
mod duty;
mod file;
mod incident;
mod regroup;
mod review;
mod step;

pub use agenda::{AgendaItem, AgendaKind, Agreed};
pub use decision::{Decision, DecisionReport, DecisionState, Measured, NewDecision};
pub use duty::{Duty, DutyPost, JournalEntry, JournalKind};
pub use file::{AttachedFile, LARGEST_FILE, MOST_FILES};
pub use incident::{Closing, Incident, IncidentState, NewIncident, Severity, TimelineEntry, TimelineKind};
pub use regroup::SplitWish;
pub use review::{Review, ReviewState};
pub use step::{NewStep, Settled, Step, StepState};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::error::RegistryError;

/// A record with its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// Counted from 1, and never given again.
    pub id: i64,
    /// Counted from 1: how often it was written.
    pub revision: i64,
    /// When it was last changed, µs of UTC.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
    /// What it says.
    pub record: T,
}

/// A record that is kept as one JSON object.
pub(crate) trait Body: Serialize + DeserializeOwned + PartialEq + Send + Sync {
    const TABLE: &'static str;
    /// The column of its id.
    const ID: &'static str;
    /// What it is called in messages.
    const NOUN: &'static str;
}

fn text_of<T: Serialize>(table: &'static str, record: &T) -> Result<String, RegistryError> {
    serde_json::to_string(record).map_err(|error| RegistryError::Row {
        table,
        problem: error.to_string(),
    })
}

fn record_of<T: DeserializeOwned>(table: &'static str, row: &SqliteRow) -> Result<T, RegistryError> {
    let body: String = row.try_get("body")?;
    serde_json::from_str(&body).map_err(|error| RegistryError::Row {
        table,
        problem: error.to_string(),
    })
}

fn versioned<T: Body>(row: &SqliteRow) -> Result<Versioned<T>, RegistryError> {
    Ok(Versioned {
        id: row.try_get(T::ID)?,
        revision: row.try_get("revision")?,
        changed_at: row.try_get("changed_at")?,
        changed_by: row.try_get("changed_by")?,
        record: record_of(T::TABLE, row)?,
    })
}

/// Adds a record; its id.
async fn insert<T: Body>(
    connection: &mut SqliteConnection,
    record: &T,
    by: &str,
    now: i64,
) -> Result<i64, RegistryError> {
    // Only constants of this crate are pasted into SQL; every value is bound.
    let sql = format!(
        "INSERT INTO {} (revision, changed_at, changed_by, body) VALUES (1, ?1, ?2, ?3)",
        T::TABLE
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(now)
        .bind(by)
        .bind(text_of(T::TABLE, record)?)
        .execute(connection)
        .await?;
    Ok(done.last_insert_rowid())
}

/// Writes a record's next revision, unless it says the same.
async fn update<T: Body>(
    connection: &mut SqliteConnection,
    before: &Versioned<T>,
    record: &T,
    by: &str,
    now: i64,
) -> Result<(), RegistryError> {
    if before.record == *record {
        return Ok(());
    }
    let sql = format!(
        "UPDATE {} SET revision = revision + 1, changed_at = ?1, changed_by = ?2, body = ?3 WHERE {} = ?4",
        T::TABLE,
        T::ID
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(now)
        .bind(by)
        .bind(text_of(T::TABLE, record)?)
        .bind(before.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The record of an id.
async fn one<T: Body>(connection: &mut SqliteConnection, id: i64) -> Result<Versioned<T>, RegistryError> {
    let sql = format!("SELECT * FROM {} WHERE {} = ?1", T::TABLE, T::ID);
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) => versioned(&row),
        None => Err(RegistryError::NotThere {
            what: T::NOUN,
            id: id.to_string(),
        }),
    }
}

/// The newest records that meet a condition, which is a constant of this crate.
async fn newest<T: Body>(
    connection: &mut SqliteConnection,
    condition: &'static str,
    limit: u32,
) -> Result<Vec<Versioned<T>>, RegistryError> {
    let sql = format!(
        "SELECT * FROM {} WHERE {condition} ORDER BY {} DESC LIMIT ?1",
        T::TABLE,
        T::ID
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(versioned).collect()
}

/// A text that must say something.
fn said(text: &str, record: &str, what: &'static str) -> Result<(), RegistryError> {
    if text.trim().is_empty() {
        return Err(RegistryError::Empty {
            record: record.to_owned(),
            what,
        });
    }
    Ok(())
}

/// A refusal: the rule, what it is about, and the sentence.
fn refused(rule: &'static str, about: &dyn std::fmt::Display, why: impl Into<String>) -> RegistryError {
    RegistryError::Refused {
        rule,
        about: about.to_string(),
        why: why.into(),
    }
}
