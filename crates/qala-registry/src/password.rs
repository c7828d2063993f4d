//! Passwords: only their argon2id hashes are kept.
//!
//! What belongs here: hashing, comparing, storing. What does not: how often somebody may try, and what a good password
//! is, which are use cases. Costs are those of the OWASP cheat sheet: 19 MiB, two passes, one lane.

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use sqlx::Row;

use crate::audit::{self, AuditAction, Note};
use crate::error::RegistryError;
use crate::open::Registry;
use crate::user::User;

/// A password's hash with its salt and costs. Making and comparing one takes tens of milliseconds of a processor and
/// 19 MiB: not on a thread that answers others.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

impl PasswordHash {
    /// Hashes a password with 16 bytes of a cryptographic generator.
    ///
    /// # Errors
    /// [`RegistryError::Password`] for one of more than 4 GiB.
    pub fn new(password: &str, salt: [u8; 16]) -> Result<Self, RegistryError> {
        let failed = |error: argon2::password_hash::Error| RegistryError::Password(error.to_string());
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let hash = argon2id()
            .hash_password(password.as_bytes(), &salt)
            .map_err(failed)?;
        Ok(Self(hash.to_string()))
    }

    /// Says whether it is the hash of a password, without telling by its time how much of it is right.
    pub fn is_of(&self, password: &str) -> bool {
        argon2::password_hash::PasswordHash::new(&self.0)
            .is_ok_and(|hash| argon2id().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// Who knows a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordKind {
    /// Whoever handed it out, too: it only serves to choose another.
    OneTime,
    /// Its owner alone.
    Own,
}

/// What somebody who signs in is compared with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who it is.
    pub user: User,
    /// The password's hash.
    pub hash: PasswordHash,
    /// Who knows the password.
    pub kind: PasswordKind,
}

impl Registry {
    /// What somebody who signs in is compared with; `None` for who does not exist or has no password.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn credentials(&self, user: &str) -> Result<Option<Credentials>, RegistryError> {
        let mut link = self.lock().await?;
        let row = sqlx::query(
            "SELECT users.*, user_passwords.hash, user_passwords.one_time
             FROM users JOIN user_passwords USING (user_id) WHERE user_id = ?1",
        )
        .bind(user)
        .fetch_optional(link.connection()?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Credentials {
            user: sqlx::FromRow::from_row(&row)?,
            hash: PasswordHash(row.try_get("hash")?),
            kind: kind(row.try_get("one_time")?),
        }))
    }

    /// Gives a user a password, and ends every session of the user.
    ///
    /// # Errors
    /// [`RegistryError::UnknownUser`], or the disk fails.
    pub async fn set_password(
        &self,
        user: &str,
        hash: &PasswordHash,
        kind: PasswordKind,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let done = sqlx::query(
                "INSERT INTO user_passwords (user_id, hash, one_time, changed_at)
                 SELECT user_id, ?2, ?3, ?4 FROM users WHERE user_id = ?1
                 ON CONFLICT (user_id) DO UPDATE SET hash = ?2, one_time = ?3, changed_at = ?4",
            )
            .bind(user)
            .bind(&hash.0)
            .bind(i64::from(kind == PasswordKind::OneTime))
            .bind(now)
            .execute(&mut *connection)
            .await?;
            if done.rows_affected() == 0 {
                return Err(RegistryError::UnknownUser(user.to_owned()));
            }
            sqlx::query("DELETE FROM sessions WHERE user_id = ?1")
                .bind(user)
                .execute(&mut *connection)
                .await?;
            let word = match kind {
                PasswordKind::OneTime => "one-time",
                PasswordKind::Own => "own",
            };
            let note = Note::new(by, AuditAction::PasswordSet, user).with("kind", word);
            audit::append(connection, &note, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// How many users of a role have a password, by who knows it: one-time ones, own ones.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn passwords_of_role(&self, role: &str) -> Result<(u64, u64), RegistryError> {
        let mut link = self.lock().await?;
        let kinds: Vec<i64> = sqlx::query_scalar(
            "SELECT one_time FROM users JOIN user_passwords USING (user_id) WHERE role = ?1",
        )
        .bind(role)
        .fetch_all(link.connection()?)
        .await?;
        let one_time = kinds.iter().filter(|kind| **kind != 0).count();
        Ok((one_time as u64, (kinds.len() - one_time) as u64))
    }

    /// True if the user's hash is still that one: what was compared may have been changed meanwhile.
    pub(crate) async fn is_current(
        connection: &mut sqlx::SqliteConnection,
        credentials: &Credentials,
    ) -> Result<bool, RegistryError> {
        let found: Option<String> = sqlx::query_scalar("SELECT hash FROM user_passwords WHERE user_id = ?1")
            .bind(&credentials.user.id)
            .fetch_optional(connection)
            .await?;
        Ok(found.as_deref() == Some(credentials.hash.0.as_str()))
    }
}

pub(crate) fn kind(one_time: i64) -> PasswordKind {
    if one_time == 0 {
        PasswordKind::Own
    } else {
        PasswordKind::OneTime
    }
}
