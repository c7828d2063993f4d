//! Sessions of people who signed in. A session is known by a secret of 256 random bits; only its hash is kept.
//!
//! What belongs here: begin, find, prolong, end. What does not: how long one lasts, and cookies.

use std::fmt;

use sqlx::Row;

use crate::audit::{self, AuditAction, Note};
use crate::error::RegistryError;
use crate::open::Registry;
use crate::password::{self, Credentials, PasswordKind};
use crate::token::hash;
use crate::user::{User, hexadecimal};

/// The secret of a session. It is sent once, to be sent back.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(String);

impl SessionSecret {
    /// The secret itself: hand it to the browser and forget it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// A session that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is, with the role of this moment.
    pub user: User,
    /// Who knows the password it began with.
    pub password: PasswordKind,
    /// When it began, µs of UTC.
    pub created_at: i64,
    /// When it was last prolonged.
    pub seen_at: i64,
    /// The first instant at which it is over.
    pub expires_at: i64,
}

impl Registry {
    /// Begins a session for somebody whose password was compared, with 32 bytes of a cryptographic generator. `None` if
    /// the password was changed since.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn begin_session(
        &self,
        credentials: &Credentials,
        address: &str,
        secret: [u8; 32],
        expires_at: i64,
        now: i64,
    ) -> Result<Option<SessionSecret>, RegistryError> {
        let secret = SessionSecret(hexadecimal(&secret));
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            if !Self::is_current(connection, credentials).await? {
                return Ok(None);
            }
            // Nobody asks for those that are over; here is where new ones come from.
            sqlx::query("DELETE FROM sessions WHERE expires_at <= ?1")
                .bind(now)
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "INSERT INTO sessions (session_hash, user_id, created_at, seen_at, expires_at)
                 VALUES (?1, ?2, ?3, ?3, ?4)",
            )
            .bind(hash(secret.reveal()))
            .bind(&credentials.user.id)
            .bind(now)
            .bind(expires_at)
            .execute(&mut *connection)
            .await?;
            let user = credentials.user.id.as_str();
            let note = Note::new(user, AuditAction::SignIn, user).with("address", address);
            audit::append(connection, &note, now).await?;
            Ok(Some(secret))
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// The session of a secret, if it is not over.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn session(&self, secret: &str, now: i64) -> Result<Option<Session>, RegistryError> {
        let mut link = self.lock().await?;
        // Found by its hash: what the time of the comparison tells is of the hash, not of the secret.
        let row = sqlx::query(
            "SELECT users.*, sessions.created_at AS began_at, sessions.seen_at, sessions.expires_at,
                    coalesce(user_passwords.one_time, 1) AS one_time
             FROM sessions JOIN users USING (user_id) LEFT JOIN user_passwords USING (user_id)
             WHERE session_hash = ?1 AND expires_at > ?2",
        )
        .bind(hash(secret))
        .bind(now)
        .fetch_optional(link.connection()?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Session {
            user: sqlx::FromRow::from_row(&row)?,
            password: password::kind(row.try_get("one_time")?),
            created_at: row.try_get("began_at")?,
            seen_at: row.try_get("seen_at")?,
            expires_at: row.try_get("expires_at")?,
        }))
    }

    /// Prolongs a session.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn prolong_session(
        &self,
        secret: &str,
        expires_at: i64,
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = sqlx::query(
            "UPDATE sessions SET seen_at = ?2, expires_at = ?3 WHERE session_hash = ?1 AND expires_at > ?2",
        )
        .bind(hash(secret))
        .bind(now)
        .bind(expires_at)
        .execute(change.connection())
        .await
        .map(drop)
        .map_err(RegistryError::from);
        self.end(change, outcome).await
    }

    /// Ends a session; one that is not there is ended already.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn end_session(&self, secret: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let user: Option<String> =
                sqlx::query_scalar("DELETE FROM sessions WHERE session_hash = ?1 RETURNING user_id")
                    .bind(hash(secret))
                    .fetch_optional(&mut *connection)
                    .await?;
            let Some(user) = user else { return Ok(()) };
            audit::append(connection, &Note::new(&user, AuditAction::SignOut, &user), now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }
}
