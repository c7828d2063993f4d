//! Times in which nothing is raised, because people work on what would raise it.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::error::RegistryError;
use crate::open::Registry;

/// A window. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmWindow {
    /// Number.
    pub number: i64,
    /// A rule, or all of a subject (`air.*`); `None`: all rules.
    pub rule: Option<String>,
    /// A place or a feed; `None`: all.
    pub place: Option<String>,
    /// From.
    pub from: i64,
    /// To, exclusive.
    pub to: i64,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// What would have been raised.
    pub hushed: i64,
    /// Who ended it before its time.
    pub ended_by: Option<String>,
}

/// A window that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowWanted<'a> {
    /// A rule, or all of a subject (`air.*`).
    pub rule: Option<&'a str>,
    /// A place or a feed.
    pub place: Option<&'a str>,
    /// From, µs of UTC.
    pub from: i64,
    /// To, exclusive.
    pub to: i64,
    /// Why.
    pub reason: &'a str,
    /// Who makes it.
    pub by: &'a str,
}

impl AlarmWindow {
    /// Says whether it is about what a rule finds at a place, or of a feed.
    pub fn covers(&self, rule: &str, object: Option<&str>) -> bool {
        let of_rule = self
            .rule
            .as_deref()
            .is_none_or(|wanted| match wanted.strip_suffix('*') {
                Some(start) => rule.starts_with(start),
                None => rule == wanted,
            });
        of_rule && self.place.as_deref().is_none_or(|place| object == Some(place))
    }
}

impl FromRow<'_, SqliteRow> for AlarmWindow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            rule: row.try_get("rule")?,
            place: row.try_get("place_id")?,
            from: row.try_get("from_at")?,
            to: row.try_get("to_at")?,
            reason: row.try_get("reason")?,
            by: row.try_get("made_by")?,
            hushed: row.try_get("hushed")?,
            ended_by: row.try_get("ended_by")?,
        })
    }
}

pub(super) async fn in_force(
    connection: &mut SqliteConnection,
    now: i64,
) -> Result<Vec<AlarmWindow>, RegistryError> {
    let rows = sqlx::query("SELECT * FROM alarm_windows WHERE from_at <= ?1 AND to_at > ?1 ORDER BY number")
        .bind(now)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(AlarmWindow::from_row(row)?)).collect()
}

pub(super) async fn hush(connection: &mut SqliteConnection, number: i64) -> Result<(), RegistryError> {
    sqlx::query("UPDATE alarm_windows SET hushed = hushed + 1, revision = revision + 1 WHERE number = ?1")
        .bind(number)
        .execute(connection)
        .await?;
    Ok(())
}

impl Registry {
    /// Makes a window; returns its number.
    ///
    /// # Errors
    /// An end that is not after the start, no reason, or the disk fails.
    pub async fn add_alarm_window(&self, wanted: &WindowWanted<'_>, now: i64) -> Result<i64, RegistryError> {
        let record = || format!("the window from {} to {}", wanted.from, wanted.to);
        if wanted.to <= wanted.from {
            return Err(RegistryError::EmptyInterval { record: record() });
        }
        if wanted.reason.trim().is_empty() {
            return Err(RegistryError::Empty {
                record: record(),
                what: "the reason",
            });
        }
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "INSERT INTO alarm_windows (rule, place_id, from_at, to_at, reason, made_by, hushed, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 1)",
        )
        .bind(wanted.rule)
        .bind(wanted.place)
        .bind(wanted.from)
        .bind(wanted.to)
        .bind(wanted.reason)
        .bind(wanted.by)
        .execute(change.connection())
        .await
        .map(|done| done.last_insert_rowid())
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Ends a window now; false when there is none of that number that has not ended.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn end_alarm_window(&self, number: i64, by: &str, now: i64) -> Result<bool, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "UPDATE alarm_windows SET to_at = max(?2, from_at + 1), ended_by = ?3, revision = revision + 1
             WHERE number = ?1 AND to_at > ?2 AND ended_by IS NULL",
        )
        .bind(number)
        .bind(now)
        .bind(by)
        .execute(change.connection())
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Windows that end after an instant, the first to begin first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn alarm_windows(&self, ending_after: i64) -> Result<Vec<AlarmWindow>, RegistryError> {
        let mut link = self.lock().await?;
        let rows =
            sqlx::query("SELECT * FROM alarm_windows WHERE to_at > ?1 ORDER BY from_at, number LIMIT 1000")
                .bind(ending_after)
                .fetch_all(link.connection()?)
                .await?;
        rows.iter().map(|row| Ok(AlarmWindow::from_row(row)?)).collect()
    }
}
