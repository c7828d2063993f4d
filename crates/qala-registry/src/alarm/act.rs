//! What people do with alarms.

use super::{Alarm, alarm_id};
use crate::error::RegistryError;
use crate::open::Registry;
use sqlx::FromRow;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmAct<'a> {
    /// Somebody has it: sound and escalation end.
    Acknowledge,
    /// It is done; `verdict` is `right` or `wrong` and goes to the record of the rule.
    Close {
        /// Whether the rule was right.
        verdict: Option<&'a str>,
    },
    /// Nothing but a note.
    Comment,
}

/// What happened without an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmMiss<'a> {
    /// The rule whose work it was.
    pub rule: &'a str,
    /// When it happened, µs of UTC.
    pub at: i64,
    /// Where.
    pub place: Option<&'a str>,
    /// What happened.
    pub note: &'a str,
    /// Who says so.
    pub by: &'a str,
}

impl Registry {
    /// Does something with an alarm that is not closed; what is over is closed when it is acknowledged. A verdict may be given
    /// or changed later too. Returns the alarm as it is then.
    ///
    /// # Errors
    /// [`RegistryError::UnknownAlarm`], or the disk fails.
    pub async fn act_on_alarm(
        &self,
        number: i64,
        act: AlarmAct<'_>,
        by: &str,
        note: Option<&str>,
        now: i64,
    ) -> Result<Alarm, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let (sql, verdict) = match act {
                AlarmAct::Acknowledge => (
                    "UPDATE alarms SET acknowledged_at = ?2, acknowledged_by = ?3, note = coalesce(?4, note), revision = revision + 1,
                         state = iif(cleared_at IS NULL, 'acknowledged', 'closed'),
                         closed_at = iif(cleared_at IS NULL, NULL, ?2), closed_by = iif(cleared_at IS NULL, NULL, ?3)
                     WHERE number = ?1 AND state = 'open' AND ?5 IS NULL",
                    None,
                ),
                AlarmAct::Close { verdict } => (
                    "UPDATE alarms SET state = 'closed', closed_at = coalesce(closed_at, ?2), closed_by = coalesce(closed_by, ?3),
                         note = coalesce(?4, note), verdict = coalesce(?5, verdict), revision = revision + 1
                     WHERE number = ?1 AND (state <> 'closed' OR ?5 IS NOT NULL)",
                    verdict,
                ),
                AlarmAct::Comment => (
                    "UPDATE alarms SET note = ?4, revision = revision + 1
                     WHERE number = ?1 AND ?2 > 0 AND ?3 <> '' AND ?5 IS NULL",
                    None,
                ),
            };
            let done = sqlx::query(sql)
                .bind(number)
                .bind(now)
                .bind(by)
                .bind(note)
                .bind(verdict)
                .execute(change.connection())
                .await?;
            let row = sqlx::query("SELECT * FROM alarms WHERE number = ?1")
                .bind(number)
                .fetch_optional(change.connection())
                .await?;
            let alarm = row.map(|row| Alarm::from_row(&row)).transpose()?;
            match (alarm, act) {
                // Two who acknowledge the same alarm: the second sees that it is done.
                (Some(alarm), AlarmAct::Acknowledge) if alarm.acknowledged.is_some() => Ok(alarm),
                (Some(alarm), _) if done.rows_affected() > 0 => Ok(alarm),
                _ => Err(RegistryError::UnknownAlarm(alarm_id(number))),
            }
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Writes down that a rule raised nothing although it should have.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn note_alarm_miss(&self, miss: &AlarmMiss<'_>, now: i64) -> Result<i64, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "INSERT INTO alarm_misses (rule, at, place_id, note, told_by, told_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(miss.rule)
        .bind(miss.at)
        .bind(miss.place)
        .bind(miss.note)
        .bind(miss.by)
        .bind(now)
        .execute(change.connection())
        .await
        .map(|done| done.last_insert_rowid())
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }
}
