//! Users. They are not facts of the city: they have no dataset and no outbox row.
//!
//! What belongs here: who may come in, and with what role. What does not: their tokens (`token`), passwords (`password`),
//! and what a role may see.

use std::fmt::{self, Write as _};

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::audit::{self, AuditAction, Note};
use crate::error::RegistryError;
use crate::open::Registry;

/// A person or a program that may use this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to come in with.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What the user does here: a word of [`crate::Role`], or `sender` for a program that only sends.
    pub role: String,
    /// The department of a member of staff.
    pub department: Option<String>,
    /// When the user was added, µs of UTC.
    pub created_at: i64,
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("user_id")?,
            name: row.try_get("name")?,
            role: row.try_get("role")?,
            department: row.try_get("department_id")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A user to be added, or what a user is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUser<'a> {
    /// The name to come in with.
    pub id: &'a str,
    /// The name to show.
    pub name: &'a str,
    /// What the user does here.
    pub role: &'a str,
    /// The department of a member of staff.
    pub department: Option<&'a str>,
}

impl NewUser<'_> {
    fn check(&self) -> Result<(), RegistryError> {
        for (what, text) in [
            ("the id", self.id),
            ("the name", self.name),
            ("the role", self.role),
        ] {
            if text.trim().is_empty() {
                let record = format!("the user `{}`", self.id);
                return Err(RegistryError::Empty { record, what });
            }
        }
        Ok(())
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
    /// Adds a user. `by` is who does it, for the audit.
    ///
    /// # Errors
    /// [`RegistryError::UserExists`], an empty id, name or role, or the disk fails.
    pub async fn add_user(&self, user: &NewUser<'_>, by: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            add(connection, user, now).await?;
            let note = Note::new(by, AuditAction::UserAdd, user.id)
                .with("role", user.role)
                .with("department", user.department);
            audit::append(connection, &note, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Changes name, role and department of a user. It holds from the next request on.
    ///
    /// # Errors
    /// [`RegistryError::UnknownUser`], an empty name or role, or the disk fails.
    pub async fn change_user(&self, user: &NewUser<'_>, by: &str, now: i64) -> Result<(), RegistryError> {
        user.check()?;
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Option<User> = sqlx::query_as("SELECT * FROM users WHERE user_id = ?1")
                .bind(user.id)
                .fetch_optional(&mut *connection)
                .await?;
            let before = before.ok_or_else(|| RegistryError::UnknownUser(user.id.to_owned()))?;
            sqlx::query(
                "UPDATE users SET name = ?2, role = ?3, rights_class = ?3, department_id = ?4 WHERE user_id = ?1",
            )
            .bind(user.id)
            .bind(user.name)
            .bind(user.role)
            .bind(user.department)
            .execute(&mut *connection)
            .await?;
            let note = Note::new(by, AuditAction::UserChange, user.id)
                .with("role", user.role)
                .with("role_before", before.role)
                .with("department", user.department)
                .with("department_before", before.department);
            audit::append(connection, &note, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// The user of an id.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn user(&self, id: &str) -> Result<Option<User>, RegistryError> {
        let mut link = self.lock().await?;
        Ok(sqlx::query_as("SELECT * FROM users WHERE user_id = ?1")
            .bind(id)
            .fetch_optional(link.connection()?)
            .await?)
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

    /// Removes a user with the password, all sessions and all tokens.
    ///
    /// # Errors
    /// [`RegistryError::UnknownUser`], or the disk fails.
    pub async fn remove_user(&self, id: &str, by: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let done = sqlx::query("DELETE FROM users WHERE user_id = ?1")
                .bind(id)
                .execute(&mut *connection)
                .await?;
            if done.rows_affected() == 0 {
                return Err(RegistryError::UnknownUser(id.to_owned()));
            }
            audit::append(connection, &Note::new(by, AuditAction::UserRemove, id), now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }
}

/// Checks a user and takes it in.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    user: &NewUser<'_>,
    now: i64,
) -> Result<(), RegistryError> {
    user.check()?;
    // `rights_class` is of version 1; what a role may see is worked out from the role.
    let done = sqlx::query(
        "INSERT INTO users (user_id, name, role, rights_class, created_at, department_id)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5) ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(user.id)
    .bind(user.name)
    .bind(user.role)
    .bind(now)
    .bind(user.department)
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(RegistryError::UserExists(user.id.to_owned()));
    }
    Ok(())
}
