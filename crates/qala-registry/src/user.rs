//! Users. They are not facts of the city: they have no dataset and no outbox row.
//!
//! What belongs here: who may come in, and with what rights class. What does not: their tokens (`token`), passwords, and
//! what a rights class may see (`qala-lake`).

use std::fmt::{self, Write as _};

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::error::RegistryError;
use crate::open::Registry;

/// A person or a program that may use this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to come in with.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What the user does here, such as `analyst`.
    pub role: String,
    /// The class of rights, which decides what the user may see.
    pub rights_class: String,
    /// When the user was added, µs of UTC.
    pub created_at: i64,
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("user_id")?,
            name: row.try_get("name")?,
            role: row.try_get("role")?,
            rights_class: row.try_get("rights_class")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A new access token. It is shown once; the registry keeps only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct UserToken(String);

impl UserToken {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self(format!("qala_{}", hexadecimal(&secret)))
    }

    /// The token itself: hand it to the user and forget it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken(…)")
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

impl Registry {
    /// Adds a user.
    ///
    /// # Errors
    /// [`RegistryError::UserExists`], an empty id, name, role or rights class, or the disk fails.
    pub async fn add_user(
        &self,
        id: &str,
        name: &str,
        role: &str,
        rights_class: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = add(change.connection(), id, name, role, rights_class, now).await;
        self.end(change, outcome).await
    }

    /// All users in the order of their ids.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn users(&self) -> Result<Vec<User>, RegistryError> {
        let mut link = self.lock().await?;
        Ok(sqlx::query_as("SELECT * FROM users ORDER BY user_id")
            .fetch_all(link.connection()?)
            .await?)
    }

    /// Removes a user and all tokens of the user.
    ///
    /// # Errors
    /// [`RegistryError::UnknownUser`], or the disk fails.
    pub async fn remove_user(&self, id: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query("DELETE FROM users WHERE user_id = ?1")
            .bind(id)
            .execute(change.connection())
            .await;
        let outcome = match outcome {
            Ok(done) if done.rows_affected() == 0 => Err(RegistryError::UnknownUser(id.to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        };
        self.end(change, outcome).await
    }
}

/// Checks a user and takes it in.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    id: &str,
    name: &str,
    role: &str,
    rights_class: &str,
    now: i64,
) -> Result<(), RegistryError> {
    for (what, text) in [
        ("the id", id),
        ("the name", name),
        ("the role", role),
        ("the rights class", rights_class),
    ] {
        if text.trim().is_empty() {
            let record = format!("the user `{id}`");
            return Err(RegistryError::Empty { record, what });
        }
    }
    let done = sqlx::query(
        "INSERT INTO users (user_id, name, role, rights_class, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(id)
    .bind(name)
    .bind(role)
    .bind(rights_class)
    .bind(now)
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(RegistryError::UserExists(id.to_owned()));
    }
    Ok(())
}
