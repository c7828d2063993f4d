//! The outbox: what the lake does not know yet.
//!
//! What belongs here: reading it, remembering how far the relay came, and throwing old rows away. What does not:
//! writing it, which the triggers of the schema do, and sending it, which the relay does.

use serde_json::{Map, Value};
use sqlx::{Row, SqliteConnection};

use crate::error::RegistryError;
use crate::open::Registry;

/// What the lake is to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxOp {
    /// Append the row; it supersedes one with the same key.
    Upsert,
    /// Take the row with this key back. The payload holds the key and `valid_from` only.
    Retract,
}

/// One change of one row of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Grows with every change and never comes back: the idempotency key.
    pub id: i64,
    /// The dataset.
    pub dataset: String,
    /// What to do.
    pub op: OutboxOp,
    /// The dataset's columns. Instants are integers in µs of UTC, dates are integers in days since 1970-01-01.
    pub payload: Map<String, Value>,
    /// When the change was made, µs of UTC.
    pub recorded_at: i64,
}

/// How far the relay is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxPosition {
    /// The last row that the lake has for certain; 0 at first.
    pub acknowledged: i64,
    /// The last row that was written; 0 at first. It is known even after a prune.
    pub last: i64,
}

pub(crate) async fn position(connection: &mut SqliteConnection) -> Result<OutboxPosition, RegistryError> {
    let row = sqlx::query(
        "SELECT acknowledged, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0) AS last
         FROM outbox_position",
    )
    .fetch_one(connection)
    .await?;
    Ok(OutboxPosition {
        acknowledged: row.try_get("acknowledged")?,
        last: row.try_get("last")?,
    })
}

impl Registry {
    /// Up to `limit` rows after the row `after`, oldest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn pending(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT id, dataset, op, payload, recorded_at FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(link.connection()?)
        .await?;
        let mut pending = Vec::with_capacity(rows.len());
        for row in rows {
            let wrong = |problem: String| RegistryError::Row {
                table: "outbox",
                problem,
            };
            let op: String = row.try_get("op")?;
            let payload: String = row.try_get("payload")?;
            pending.push(OutboxRow {
                id: row.try_get("id")?,
                dataset: row.try_get("dataset")?,
                op: match op.as_str() {
                    "upsert" => OutboxOp::Upsert,
                    "retract" => OutboxOp::Retract,
                    other => return Err(wrong(format!("the operation `{other}` is not known"))),
                },
                payload: serde_json::from_str(&payload).map_err(|error| wrong(error.to_string()))?,
                recorded_at: row.try_get("recorded_at")?,
            });
        }
        Ok(pending)
    }

    /// Remembers that the lake has every row up to `id`. An older id changes nothing.
    ///
    /// # Errors
    /// [`RegistryError::AcknowledgedTooMuch`] for a row that was never written, or the disk fails.
    pub async fn acknowledge(&self, id: i64, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let position = position(change.connection()).await?;
            if id > position.last {
                return Err(RegistryError::AcknowledgedTooMuch {
                    asked: id,
                    last: position.last,
                });
            }
            sqlx::query("UPDATE outbox_position SET acknowledged = ?1 WHERE acknowledged < ?1")
                .bind(id)
                .execute(change.connection())
                .await?;
            Ok(())
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// How far the relay is behind.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn position(&self) -> Result<OutboxPosition, RegistryError> {
        let mut link = self.lock().await?;
        position(link.connection()?).await
    }

    /// Removes acknowledged rows recorded before an instant; returns how many.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn prune(&self, recorded_before: i64, now: i64) -> Result<u64, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "DELETE FROM outbox WHERE recorded_at < ?1 AND id <= (SELECT acknowledged FROM outbox_position)",
        )
        .bind(recorded_before)
        .execute(change.connection())
        .await
        .map(|done| done.rows_affected())
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Makes new outbox ids start after `id`, if they would not. Call it after a backup was restored beside a lake
    /// that went on: the lake has seen ids up to `id` and would take new rows with old ids for repetitions.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn continue_after(&self, id: i64, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            if position(change.connection()).await?.last >= id {
                return Ok(());
            }
            // SQLite keeps the last id of an AUTOINCREMENT table here; the row exists after the first insert only.
            let done = sqlx::query("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'outbox'")
                .bind(id)
                .execute(change.connection())
                .await?;
            if done.rows_affected() == 0 {
                sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?1)")
                    .bind(id)
                    .execute(change.connection())
                    .await?;
            }
            Ok(())
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }
}
