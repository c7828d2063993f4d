//! The sandbox of integrators: what came with their tokens, kept apart from the registry and from the lake.
//!
//! What belongs here: which message and which row came before, by digests, and the answers that were given. What does not:
//! the rows themselves, which are never kept. The file may be deleted at any time; a backup leaves it out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::Mutex;

use crate::error::RegistryError;
use crate::open;

/// µs for which everything is kept.
const KEPT: i64 = 7 * 86_400_000_000;
/// Newest messages kept of each token.
const MESSAGES: i64 = 10_000;
/// Newest rows known of each token.
const ROWS: i64 = 1_000_000;
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL,
    feed TEXT NOT NULL,
    idempotency_key TEXT,
    digest TEXT NOT NULL,
    identity TEXT NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS messages_by_token ON messages (token, feed, at);
CREATE TABLE IF NOT EXISTS rows (
    token TEXT NOT NULL,
    dataset TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (token, dataset, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_by_age ON rows (token, at);
";

/// A message that was sent with a sandbox token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxMessage {
    /// The id of the token.
    pub token: String,
    /// The feed.
    pub feed: String,
    /// The sender's idempotency key.
    pub key: Option<String>,
    /// Digest of its bytes.
    pub digest: String,
    /// Digest of its bytes and of all else that decides its rows.
    pub identity: String,
    /// True if its rows are taken back.
    pub retract: bool,
}

/// The good rows of a message for one dataset: digests of key and values, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxRows {
    /// The dataset.
    pub dataset: String,
    /// Digests of key and values.
    pub rows: Vec<(u128, u64)>,
}

/// What became of the rows of one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SandboxCounts {
    /// The dataset.
    pub dataset: String,
    /// New rows, corrections, and rows that were found to be taken back.
    pub accepted: u64,
    /// Rows that were there with the same values.
    pub duplicate: u64,
    /// Corrections.
    pub superseded: u64,
    /// Rows to take back that were not there.
    pub missing: u64,
}

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SandboxTaken {
    /// It is new; this is its answer.
    New(String),
    /// The same key and bytes came before: the answer of then.
    Repeated(String),
    /// The same bytes came before under another key or none: the answer of then, whose rows are all duplicates now.
    Known(String),
    /// The key came before with other bytes, or to do something else with them.
    KeyReused,
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxKept {
    /// The feed.
    pub feed: String,
    /// The sender's idempotency key.
    pub idempotency_key: Option<String>,
    /// The answer that was given.
    pub answer: String,
    /// When it came, µs of UTC.
    pub at: i64,
}

/// The sandbox's file.
#[derive(Debug)]
pub struct Sandbox {
    path: PathBuf,
    // Dropped after any failure and opened again by the next caller: nothing here is worth more than that.
    connection: Mutex<Option<SqliteConnection>>,
}

impl Sandbox {
    /// The sandbox in a file, which is made when it is first needed.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            connection: Mutex::new(None),
        }
    }

    async fn connect(&self) -> Result<SqliteConnection, RegistryError> {
        let mut connection = open::options().filename(&self.path).connect().await?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Takes a message in, unless it came before. `answer` makes the answer that is kept, of what became of the rows. When
    /// this returns, both are durable.
    ///
    /// # Errors
    /// The disk fails; then nothing of the message is kept.
    pub async fn take(
        &self,
        message: &SandboxMessage,
        rows: &[SandboxRows],
        answer: impl FnOnce(&[SandboxCounts]) -> String + Send,
        now: i64,
    ) -> Result<SandboxTaken, RegistryError> {
        let mut held = self.connection.lock().await;
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let taken = take(&mut connection, message, rows, answer, now).await?;
        *held = Some(connection);
        Ok(taken)
    }

    /// The newest messages of a token, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn messages(
        &self,
        token: &str,
        limit: u32,
        now: i64,
    ) -> Result<Vec<SandboxKept>, RegistryError> {
        let mut held = self.connection.lock().await;
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let found: Vec<(String, Option<String>, String, i64)> = sqlx::query_as(
            "SELECT feed, idempotency_key, answer, at FROM messages WHERE token = ?1 AND at > ?2
             ORDER BY id DESC LIMIT ?3",
        )
        .bind(token)
        .bind(now - KEPT)
        .bind(limit)
        .fetch_all(&mut connection)
        .await?;
        *held = Some(connection);
        let kept = found
            .into_iter()
            .map(|(feed, idempotency_key, answer, at)| SandboxKept {
                feed,
                idempotency_key,
                answer,
                at,
            })
            .collect();
        Ok(kept)
    }
}

async fn take(
    connection: &mut SqliteConnection,
    message: &SandboxMessage,
    rows: &[SandboxRows],
    answer: impl FnOnce(&[SandboxCounts]) -> String + Send,
    now: i64,
) -> Result<SandboxTaken, RegistryError> {
    let mut change = connection.begin_with("BEGIN IMMEDIATE").await?;
    forget(&mut change, &message.token, now).await?;
    if let Some(before) = find(&mut change, message).await? {
        change.commit().await?;
        return Ok(before);
    }
    let mut counts = Vec::new();
    for part in rows {
        counts.push(count(&mut change, message, part, now).await?);
    }
    let answer = answer(&counts);
    sqlx::query(
        "INSERT INTO messages (token, feed, idempotency_key, digest, identity, answer, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(&message.token)
    .bind(&message.feed)
    .bind(&message.key)
    .bind(&message.digest)
    .bind(&message.identity)
    .bind(&answer)
    .bind(now)
    .execute(&mut *change)
    .await?;
    change.commit().await?;
    Ok(SandboxTaken::New(answer))
}

/// Forgets what is old, and the oldest of what is too much.
async fn forget(connection: &mut SqliteConnection, token: &str, now: i64) -> Result<(), RegistryError> {
    for table in ["messages", "rows"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE at <= ?1")))
            .bind(now - KEPT)
            .execute(&mut *connection)
            .await?;
    }
    for (table, most) in [("messages", MESSAGES), ("rows", ROWS)] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "DELETE FROM {table} WHERE token = ?1
             AND at <= (SELECT at FROM {table} WHERE token = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)"
        )))
        .bind(token)
        .bind(most)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Looks for the same message as the real door does: by key, then by what it is.
async fn find(
    connection: &mut SqliteConnection,
    message: &SandboxMessage,
) -> Result<Option<SandboxTaken>, RegistryError> {
    let by_key: Option<(String, String)> = sqlx::query_as(
        "SELECT identity, answer FROM messages WHERE token = ?1 AND feed = ?2 AND idempotency_key = ?3",
    )
    .bind(&message.token)
    .bind(&message.feed)
    .bind(&message.key)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some((identity, answer)) = by_key {
        return Ok(Some(if identity == message.identity {
            SandboxTaken::Repeated(answer)
        } else {
            SandboxTaken::KeyReused
        }));
    }
    let same: Option<String> = sqlx::query_scalar(
        "SELECT answer FROM messages WHERE token = ?1 AND feed = ?2 AND identity = ?3 LIMIT 1",
    )
    .bind(&message.token)
    .bind(&message.feed)
    .bind(&message.identity)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(same.map(SandboxTaken::Known))
}

/// Counts the rows of one dataset against those that came before, and remembers them.
async fn count(
    connection: &mut SqliteConnection,
    message: &SandboxMessage,
    part: &SandboxRows,
    now: i64,
) -> Result<SandboxCounts, RegistryError> {
    let json = |keys: &mut dyn Iterator<Item = String>| {
        let all: Vec<String> = keys.map(|key| format!("\"{key}\"")).collect();
        format!("[{}]", all.join(","))
    };
    let key = |key: u128| format!("{key:032x}");
    let known: Vec<(String, String)> = sqlx::query_as(
        "SELECT key, value FROM rows WHERE token = ?1 AND dataset = ?2
         AND key IN (SELECT value FROM json_each(?3))",
    )
    .bind(&message.token)
    .bind(&part.dataset)
    .bind(json(&mut part.rows.iter().map(|(k, _)| key(*k))))
    .fetch_all(&mut *connection)
    .await?;
    let mut known: HashMap<String, String> = known.into_iter().collect();
    let mut counts = SandboxCounts {
        dataset: part.dataset.clone(),
        ..SandboxCounts::default()
    };
    let mut changed: HashMap<String, String> = HashMap::new();
    for (k, value) in &part.rows {
        let (k, value) = (key(*k), format!("{value:016x}"));
        if message.retract {
            match known.remove(&k) {
                Some(_) => {
                    counts.accepted += 1;
                    changed.insert(k, String::new());
                }
                None => counts.missing += 1,
            }
            continue;
        }
        match known.insert(k.clone(), value.clone()) {
            Some(old) if old == value => counts.duplicate += 1,
            old => {
                counts.accepted += 1;
                counts.superseded += u64::from(old.is_some());
                changed.insert(k, value);
            }
        }
    }
    let sql = if message.retract {
        "DELETE FROM rows WHERE token = ?1 AND dataset = ?2 AND key IN (SELECT value FROM json_each(?3)) AND at <= ?4"
    } else {
        // Key and value stand behind each other in one word.
        "INSERT INTO rows (token, dataset, key, value, at)
         SELECT ?1, ?2, substr(value, 1, 32), substr(value, 33), ?4 FROM json_each(?3) WHERE true
         ON CONFLICT (token, dataset, key) DO UPDATE SET value = excluded.value, at = excluded.at"
    };
    sqlx::query(sql)
        .bind(&message.token)
        .bind(&part.dataset)
        .bind(json(&mut changed.iter().map(|(k, v)| format!("{k}{v}"))))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(counts)
}
