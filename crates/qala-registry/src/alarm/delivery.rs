//! The outbox to people: what is to be sent, what may have gone out, what was taken.
//!
//! A notice is marked as being sent before the first byte goes out. After a crash in between nobody knows whether it arrived: it
//! is sent again with the same key, and marked where the far side cannot tell a repetition.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::alarm_id;
use crate::error::RegistryError;
use crate::open::Registry;

/// A notice of an alarm to one contact on one channel. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmDelivery {
    /// Number.
    pub number: i64,
    /// Key that the far side gets.
    pub key: String,
    /// Id of the alarm.
    pub alarm: String,
    /// Number of the alarm.
    pub alarm_number: i64,
    /// Channel.
    pub channel: String,
    /// Kind of channel.
    pub kind: String,
    /// Contact.
    pub contact: String,
    /// Step of escalation.
    pub step: i64,
    /// `waiting`, `sending`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: i64,
    /// How often it went out or may have.
    pub sends: i64,
    /// True when it may have come twice.
    pub at_least_once: bool,
    /// When it was planned.
    pub first_at: i64,
    /// When it is tried next.
    pub next_at: i64,
    /// When the far side took it.
    pub sent_at: Option<i64>,
    /// What was wrong the last time.
    pub error: Option<String>,
}

impl FromRow<'_, SqliteRow> for AlarmDelivery {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let alarm: i64 = row.try_get("alarm")?;
        Ok(Self {
            number: row.try_get("number")?,
            key: row.try_get("key")?,
            alarm: alarm_id(alarm),
            alarm_number: alarm,
            channel: row.try_get("channel")?,
            kind: row.try_get("kind")?,
            contact: row.try_get("contact")?,
            step: row.try_get("step")?,
            state: row.try_get("state")?,
            attempts: row.try_get("attempts")?,
            sends: row.try_get("sends")?,
            at_least_once: row.try_get("at_least_once")?,
            first_at: row.try_get("first_at")?,
            next_at: row.try_get("next_at")?,
            sent_at: row.try_get("sent_at")?,
            error: row.try_get("error")?,
        })
    }
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The far side took it.
    Sent,
    /// It did not, for certain; it is tried again at an instant.
    Refused {
        /// What was wrong.
        error: String,
        /// When it is tried again, µs of UTC.
        again_at: i64,
    },
    /// Nobody knows; it is tried again at an instant.
    Unknown {
        /// What was wrong.
        error: String,
        /// When it is tried again, µs of UTC.
        again_at: i64,
        /// Whether the far side tells repetitions.
        tells_repetitions: bool,
    },
    /// It is given up.
    GivenUp {
        /// What was wrong.
        error: String,
    },
}

impl Registry {
    /// Makes notices that were being sent when the program ended wait again. `telling` are the channels whose far side tells
    /// repetitions; the others are marked. Returns how many.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn recover_deliveries(&self, telling: &[String], now: i64) -> Result<u64, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "UPDATE alarm_deliveries SET state = 'waiting', next_at = ?1, revision = revision + 1,
                 at_least_once = iif(channel IN (SELECT value FROM json_each(?2)), at_least_once, 1)
             WHERE state = 'sending'",
        )
        .bind(now)
        .bind(serde_json::to_string(telling).unwrap_or_default())
        .execute(change.connection())
        .await
        .map(|done| done.rows_affected())
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Takes up to `limit` notices that are due and marks them as being sent, the worst alarms first. What belongs to an alarm
    /// that was closed before anybody was told is given up.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn take_deliveries(&self, limit: u32, now: i64) -> Result<Vec<AlarmDelivery>, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            sqlx::query(
                "UPDATE alarm_deliveries SET state = 'failed', error = 'the alarm was closed before', revision = revision + 1
                 WHERE state = 'waiting' AND attempts = 0
                     AND alarm IN (SELECT number FROM alarms WHERE state = 'closed')",
            )
            .execute(&mut *connection)
            .await?;
            let rows = sqlx::query(
                "SELECT d.* FROM alarm_deliveries d JOIN alarms a ON a.number = d.alarm
                 WHERE d.state = 'waiting' AND d.next_at <= ?1
                 ORDER BY CASE a.severity WHEN 'critical' THEN 0 WHEN 'major' THEN 1 WHEN 'minor' THEN 2 ELSE 3 END, d.number
                 LIMIT ?2",
            )
            .bind(now)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
            let mut taken = Vec::with_capacity(rows.len());
            for row in &rows {
                let mut one = AlarmDelivery::from_row(row)?;
                sqlx::query(
                    "UPDATE alarm_deliveries SET state = 'sending', attempts = attempts + 1, sends = sends + 1,
                         revision = revision + 1 WHERE number = ?1",
                )
                .bind(one.number)
                .execute(&mut *connection)
                .await?;
                one.attempts += 1;
                taken.push(one);
            }
            Ok(taken)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Notes how tries ended.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn end_deliveries(&self, ends: &[(i64, DeliveryEnd)], now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            for (number, end) in ends {
                // (state, when sent, error, when next, bytes that did not go out, mark)
                let (state, sent, error, next, back, mark) = match end {
                    DeliveryEnd::Sent => ("sent", Some(now), None, now, 0, false),
                    DeliveryEnd::Refused { error, again_at } => {
                        ("waiting", None, Some(error), *again_at, 1, false)
                    }
                    DeliveryEnd::Unknown {
                        error,
                        again_at,
                        tells_repetitions,
                    } => ("waiting", None, Some(error), *again_at, 0, !tells_repetitions),
                    DeliveryEnd::GivenUp { error } => ("failed", None, Some(error), now, 1, false),
                };
                sqlx::query(
                    "UPDATE alarm_deliveries SET state = ?2, sent_at = ?3, error = ?4, next_at = ?5, sends = max(sends - ?6, 0),
                         at_least_once = max(at_least_once, ?7), revision = revision + 1 WHERE number = ?1 AND state = 'sending'",
                )
                .bind(number)
                .bind(state)
                .bind(sent)
                .bind(error)
                .bind(next)
                .bind(back)
                .bind(mark)
                .execute(change.connection())
                .await?;
            }
            Ok(())
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// When the next notice is due, µs of UTC; `None` when none waits.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn next_delivery_at(&self) -> Result<Option<i64>, RegistryError> {
        let mut link = self.lock().await?;
        let next = sqlx::query("SELECT min(next_at) FROM alarm_deliveries WHERE state = 'waiting'")
            .fetch_one(link.connection()?)
            .await?;
        Ok(next.try_get(0)?)
    }

    /// The notices of an alarm, in the order in which they were planned.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn deliveries_of(&self, alarm: i64) -> Result<Vec<AlarmDelivery>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query("SELECT * FROM alarm_deliveries WHERE alarm = ?1 ORDER BY number")
            .bind(alarm)
            .fetch_all(link.connection()?)
            .await?;
        rows.iter().map(|row| Ok(AlarmDelivery::from_row(row)?)).collect()
    }
}
