//! Access tokens of users: of people, and of programs that send data. One mechanism; only hashes are kept.
//!
//! What belongs here: issuing, finding, revoking, and what a token grants. What does not: deciding whether a message is
//! let in, which is a use case.

use qala_core::FeedId;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::audit::{self, AuditAction, Note};
use crate::error::RegistryError;
use crate::open::Registry;
use crate::role::Scope;
use crate::user::{self, NewUser, User, UserToken, hexadecimal};

/// The role of a program that only sends.
const SENDER: &str = "sender";
/// Digits of the hash by which people name a token; they give nothing away.
const ID_DIGITS: usize = 12;
const SELECT: &str =
    "SELECT users.*, user_tokens.token_hash, user_tokens.label, user_tokens.feeds, user_tokens.scopes, user_tokens.sandbox,
     user_tokens.created_at AS issued_at, user_tokens.expires_at, user_tokens.revoked_at
     FROM user_tokens JOIN users USING (user_id)";

/// What a token grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenGrant {
    /// What it is for.
    pub label: String,
    /// The feeds it may push to; `None` for a token of a person, which pushes nothing.
    pub feeds: Option<Vec<FeedId>>,
    /// What a token of a person may be used for. One that was made before there were scopes reads.
    pub scopes: Vec<Scope>,
    /// True if what comes with it is checked and answered, and never reaches a dataset.
    pub sandbox: bool,
    /// The first instant at which it lets nobody in, µs of UTC.
    pub expires_at: Option<i64>,
}

impl TokenGrant {
    /// The grant of a person's token.
    pub fn person(label: impl Into<String>, scopes: impl Into<Vec<Scope>>) -> Self {
        Self {
            label: label.into(),
            scopes: scopes.into(),
            ..Self::default()
        }
    }
}

/// A token as it is known here: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The name people call it by; no secret.
    pub id: String,
    /// Whose it is.
    pub user: User,
    /// What it grants.
    pub grant: TokenGrant,
    /// When it was issued, µs of UTC.
    pub issued_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

impl Token {
    /// True if it still lets somebody in.
    pub fn is_valid(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.grant.expires_at.is_none_or(|end| now < end)
    }
}

/// A token with the hash it is compared by.
struct Stored {
    hash: String,
    token: Token,
}

impl FromRow<'_, SqliteRow> for Stored {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let hash: String = row.try_get("token_hash")?;
        let feeds: Option<String> = row.try_get("feeds")?;
        let feeds = feeds
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let scopes: Option<String> = row.try_get("scopes")?;
        let scopes = match scopes {
            None if feeds.is_none() => vec![Scope::Read],
            None => Vec::new(),
            Some(text) => {
                let words: Vec<String> =
                    serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                // A scope that this program does not know opens nothing.
                words.iter().filter_map(|word| Scope::parse(word)).collect()
            }
        };
        let sandbox: i64 = row.try_get("sandbox")?;
        Ok(Self {
            token: Token {
                id: hash.get(..ID_DIGITS).unwrap_or_default().to_owned(),
                user: User::from_row(row)?,
                grant: TokenGrant {
                    label: row.try_get("label")?,
                    feeds,
                    scopes,
                    sandbox: sandbox != 0,
                    expires_at: row.try_get("expires_at")?,
                },
                issued_at: row.try_get("issued_at")?,
                revoked_at: row.try_get("revoked_at")?,
            },
            hash,
        })
    }
}

/// What is kept of a secret.
pub(crate) fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token.as_bytes()))
}

/// Compares without telling by its time where two texts differ.
fn is_equal(one: &str, other: &str) -> bool {
    let differences = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |found, (a, b)| found | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differences) == 0
}

impl Registry {
    /// Makes a token for a user from 32 bytes of a cryptographic generator. `by` is who does it, for the audit. When this returns, it is durable.
    ///
    /// # Errors
    /// [`RegistryError::UnknownUser`], or the disk fails.
    pub async fn issue_token(
        &self,
        user: &str,
        grant: &TokenGrant,
        secret: [u8; 32],
        by: &str,
        now: i64,
    ) -> Result<UserToken, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = issue(change.connection(), user, grant, secret, by, now).await;
        self.end(change, outcome).await
    }

    /// The same for a program that sends data. It is a user with the role `sender`, added when it is new.
    ///
    /// # Errors
    /// [`RegistryError::UserExists`] for the name of somebody who is no sender; an empty name; the disk fails.
    pub async fn issue_sender_token(
        &self,
        sender: &str,
        grant: &TokenGrant,
        secret: [u8; 32],
        by: &str,
        now: i64,
    ) -> Result<UserToken, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let role: Option<String> = sqlx::query_scalar("SELECT role FROM users WHERE user_id = ?1")
                .bind(sender)
                .fetch_optional(&mut *connection)
                .await?;
            match role.as_deref() {
                Some(SENDER) => {}
                Some(_) => return Err(RegistryError::UserExists(sender.to_owned())),
                None => {
                    let new = NewUser {
                        id: sender,
                        name: sender,
                        role: SENDER,
                        department: None,
                    };
                    user::add(connection, &new, now).await?;
                }
            }
            issue(connection, sender, grant, secret, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// The token of that text, whether it is still valid or not; `None` if there is none.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn token(&self, text: &str) -> Result<Option<Token>, RegistryError> {
        let hash = hash(text);
        let mut link = self.lock().await?;
        // Found by the first digits, which are no secret; the rest is compared in constant time.
        let found: Vec<Stored> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE token_hash >= ?1 AND token_hash < ?1 || 'g'"
        )))
        .bind(hash.get(..ID_DIGITS).unwrap_or_default())
        .fetch_all(link.connection()?)
        .await?;
        Ok(found
            .into_iter()
            .find(|stored| is_equal(&stored.hash, &hash))
            .map(|stored| stored.token))
    }

    /// All tokens, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, RegistryError> {
        let mut link = self.lock().await?;
        let all: Vec<Stored> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{SELECT} ORDER BY user_tokens.created_at DESC, token_hash"
        )))
        .fetch_all(link.connection()?)
        .await?;
        Ok(all.into_iter().map(|stored| stored.token).collect())
    }

    /// Revokes a token by its id. It stays in the list; revoking it again changes nothing.
    ///
    /// # Errors
    /// [`RegistryError::UnknownToken`], or the disk fails.
    pub async fn revoke_token(&self, id: &str, by: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let known: i64 =
                sqlx::query_scalar("SELECT count(*) FROM user_tokens WHERE substr(token_hash, 1, ?2) = ?1")
                    .bind(id)
                    .bind(ID_DIGITS as i64)
                    .fetch_one(&mut *connection)
                    .await?;
            if known == 0 {
                return Err(RegistryError::UnknownToken(id.to_owned()));
            }
            let done = sqlx::query(
                "UPDATE user_tokens SET revoked_at = ?3
                 WHERE substr(token_hash, 1, ?2) = ?1 AND revoked_at IS NULL",
            )
            .bind(id)
            .bind(ID_DIGITS as i64)
            .bind(now)
            .execute(&mut *connection)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(());
            }
            audit::append(connection, &Note::new(by, AuditAction::TokenRevoke, id), now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }
}

async fn issue(
    connection: &mut sqlx::SqliteConnection,
    user: &str,
    grant: &TokenGrant,
    secret: [u8; 32],
    by: &str,
    now: i64,
) -> Result<UserToken, RegistryError> {
    let token = UserToken::new(secret);
    let feeds = grant
        .feeds
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| RegistryError::Row {
            table: "user_tokens",
            problem: error.to_string(),
        })?;
    let words: Vec<&str> = grant.scopes.iter().map(|scope| scope.as_str()).collect();
    let scopes = grant
        .feeds
        .is_none()
        .then(|| serde_json::Value::from(words.clone()).to_string());
    let stored = hash(token.reveal());
    let done = sqlx::query(
        "INSERT INTO user_tokens (token_hash, user_id, label, created_at, feeds, sandbox, expires_at, scopes)
         SELECT ?1, user_id, ?3, ?4, ?5, ?6, ?7, ?8 FROM users WHERE user_id = ?2",
    )
    .bind(&stored)
    .bind(user)
    .bind(&grant.label)
    .bind(now)
    .bind(feeds)
    .bind(i64::from(grant.sandbox))
    .bind(grant.expires_at)
    .bind(scopes)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(RegistryError::UnknownUser(user.to_owned()));
    }
    let feeds: Vec<&str> = grant.feeds.iter().flatten().map(FeedId::as_str).collect();
    let note = Note::new(
        by,
        AuditAction::TokenIssue,
        stored.get(..ID_DIGITS).unwrap_or_default(),
    )
    .with("user", user)
    .with("scopes", words)
    .with("feeds", feeds)
    .with("sandbox", grant.sandbox)
    .with("expires_at", grant.expires_at);
    audit::append(connection, &note, now).await?;
    Ok(token)
}
