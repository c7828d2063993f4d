//! Settings of this installation: a key and a text. They are not facts of the city and have no outbox row.

use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::interval::Put;
use crate::open::Registry;

/// Stores a value unless it is there already.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    key: &str,
    value: &str,
    now: i64,
) -> Result<Put, RegistryError> {
    let done = sqlx::query(
        "INSERT INTO settings (key, value, changed_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = ?2, changed_at = ?3 WHERE value <> ?2",
    )
    .bind(key)
    .bind(value)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(if done.rows_affected() == 0 {
        Put::Unchanged
    } else {
        Put::Changed
    })
}

impl Registry {
    /// The value of a setting.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, RegistryError> {
        let mut link = self.lock().await?;
        let value = sqlx::query_scalar("SELECT value FROM settings WHERE key = ?1")
            .bind(key)
            .fetch_optional(link.connection()?)
            .await?;
        Ok(value)
    }

    /// Sets a setting.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn set_setting(&self, key: &str, value: &str, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = put(change.connection(), key, value, now).await;
        self.end(change, outcome).await
    }
}
