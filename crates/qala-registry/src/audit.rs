//! The audit: who did what, as a chain of entries of which each holds the hash of the one before.
//!
//! What belongs here: appending inside of a change, reading, and proving the chain. What does not: deciding what is
//! audited (each change writes its own entry; what is read is a use case), and keeping heads elsewhere.
//!
//! The chain shows that an entry was changed, removed or put in between. That the newest ones were cut off, or all of it
//! written anew, only a head that was kept elsewhere can show ([`Registry::check_audit`]).

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::error::RegistryError;
use crate::open::Registry;
use crate::user::hexadecimal;

/// What the first entry holds in the place of the hash of the one before.
const FIRST: &str = "";
/// Entries that are read at once.
const PAGE: u32 = 1000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// Somebody signed in.
    SignIn,
    /// Somebody tried to sign in and was refused.
    SignInFailed,
    /// Somebody signed out.
    SignOut,
    /// A password was set.
    PasswordSet,
    /// A user was added.
    UserAdd,
    /// A user's role, department or name was changed.
    UserChange,
    /// A user was removed.
    UserRemove,
    /// A token was made.
    TokenIssue,
    /// A token was revoked.
    TokenRevoke,
    /// Single records were read that are not for everybody.
    RecordsRead,
    /// Rows or values left as a file.
    Export,
    /// A free question was asked.
    Sql,
    /// Rows in quarantine were read again.
    QuarantineRetry,
    /// Rows in quarantine were mended and sent back.
    QuarantineMend,
    /// A file was taken in by hand.
    Import,
    /// An alarm was acknowledged, closed or noted on.
    AlarmAct,
    /// A window without alarms was made or ended.
    AlarmWindow,
    /// An alarm was said to be missing.
    AlarmMissed,
    /// The sound of alarms was turned off or on at a place of work.
    AlarmSound,
    /// An incident was opened or changed.
    Incident,
    /// A decision was given or reported on.
    Decision,
    /// The journal or the duty roster was written.
    Journal,
    /// A review was begun, minuted or closed.
    Review,
    /// A drill was started.
    Drill,
}

impl AuditAction {
    /// Its word in the entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignOut => "sign_out",
            Self::PasswordSet => "password_set",
            Self::UserAdd => "user_add",
            Self::UserChange => "user_change",
            Self::UserRemove => "user_remove",
            Self::TokenIssue => "token_issue",
            Self::TokenRevoke => "token_revoke",
            Self::RecordsRead => "records_read",
            Self::Export => "export",
            Self::Sql => "sql",
            Self::QuarantineRetry => "quarantine_retry",
            Self::QuarantineMend => "quarantine_mend",
            Self::Import => "import",
            Self::AlarmAct => "alarm_act",
            Self::AlarmWindow => "alarm_window",
            Self::AlarmMissed => "alarm_missed",
            Self::AlarmSound => "alarm_sound",
            Self::Incident => "incident",
            Self::Decision => "decision",
            Self::Journal => "journal",
            Self::Review => "review",
            Self::Drill => "drill",
        }
    }
}

/// What is to be written down.
#[derive(Debug, Clone)]
pub struct Note {
    actor: String,
    action: AuditAction,
    object: String,
    detail: Map<String, Value>,
}

impl Note {
    /// Somebody did something to something.
    pub fn new(actor: &str, action: AuditAction, object: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            action,
            object: object.to_owned(),
            detail: Map::new(),
        }
    }

    /// Adds a particular. Never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counted from 1, without holes.
    pub entry: i64,
    /// When, µs of UTC.
    pub at: i64,
    /// Who: the id of a user, or how somebody without one came in.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Particulars, a JSON object.
    pub detail: String,
    /// Hash of the entry before; empty for the first.
    pub previous: String,
    /// Hash of this entry.
    pub hash: String,
}

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            entry: row.try_get("entry")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            object: row.try_get("object")?,
            detail: row.try_get("detail")?,
            previous: row.try_get("previous")?,
            hash: row.try_get("hash")?,
        })
    }
}

impl AuditEntry {
    /// The hash that an entry of this content has: SHA-256 over the version of this form, the numbers in eight bytes
    /// big-endian, and each text after its length in eight bytes big-endian.
    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"qala audit 1\0");
        hasher.update(self.entry.to_be_bytes());
        hasher.update(self.at.to_be_bytes());
        for text in [
            &self.actor,
            &self.action,
            &self.object,
            &self.detail,
            &self.previous,
        ] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        hexadecimal(&hasher.finalize())
    }
}

/// The newest entry and its hash: whoever keeps it elsewhere can later show that nothing before it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The entry; 0 when there is none.
    pub entry: i64,
    /// Its hash.
    pub hash: String,
}

/// What became of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditProof {
    /// Every entry is as it was written, up to this one.
    Whole(AuditHead),
    /// From this entry on nothing can be believed.
    Broken {
        /// The first entry that is wrong or missing.
        entry: i64,
        /// What is wrong with it.
        why: String,
    },
}

/// Appends an entry inside of a change.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    note: &Note,
    now: i64,
) -> Result<(), RegistryError> {
    let head = head(connection).await?;
    let mut entry = AuditEntry {
        entry: head.entry + 1,
        at: now,
        actor: note.actor.clone(),
        action: note.action.as_str().to_owned(),
        object: note.object.clone(),
        detail: Value::Object(note.detail.clone()).to_string(),
        previous: head.hash,
        hash: String::new(),
    };
    entry.hash = entry.digest();
    sqlx::query(
        "INSERT INTO audit (entry, at, actor, action, object, detail, previous, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(entry.entry)
    .bind(entry.at)
    .bind(&entry.actor)
    .bind(&entry.action)
    .bind(&entry.object)
    .bind(&entry.detail)
    .bind(&entry.previous)
    .bind(&entry.hash)
    .execute(connection)
    .await?;
    Ok(())
}

async fn head(connection: &mut SqliteConnection) -> Result<AuditHead, RegistryError> {
    let newest: Option<AuditEntry> = sqlx::query_as("SELECT * FROM audit ORDER BY entry DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(newest.map_or_else(
        || AuditHead {
            entry: 0,
            hash: FIRST.to_owned(),
        },
        |entry| AuditHead {
            entry: entry.entry,
            hash: entry.hash,
        },
    ))
}

impl Registry {
    /// Writes down what is no change of a record: what was read, or refused.
    ///
    /// # Errors
    /// The disk fails. Then what was to be read is not to be given.
    pub async fn note(&self, note: &Note, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = append(change.connection(), note, now).await;
        self.end(change, outcome).await
    }

    /// Up to `limit` entries from the entry `from` back, the newest first; from the newest when absent.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn audit(&self, from: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, RegistryError> {
        let mut link = self.lock().await?;
        Ok(
            sqlx::query_as("SELECT * FROM audit WHERE entry <= ?1 ORDER BY entry DESC LIMIT ?2")
                .bind(from.unwrap_or(i64::MAX))
                .bind(limit)
                .fetch_all(link.connection()?)
                .await?,
        )
    }

    /// The newest entry and its hash.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn audit_head(&self) -> Result<AuditHead, RegistryError> {
        let mut link = self.lock().await?;
        head(link.connection()?).await
    }

    /// Proves the chain from its first entry on, and that it goes through heads that were kept.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn check_audit(&self, kept: &[AuditHead]) -> Result<AuditProof, RegistryError> {
        let mut link = self.lock().await?;
        let mut last = AuditHead {
            entry: 0,
            hash: FIRST.to_owned(),
        };
        loop {
            let page: Vec<AuditEntry> =
                sqlx::query_as("SELECT * FROM audit WHERE entry > ?1 ORDER BY entry LIMIT ?2")
                    .bind(last.entry)
                    .bind(PAGE)
                    .fetch_all(link.connection()?)
                    .await?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                if let Some(why) = fault(&entry, &last, kept) {
                    let entry = last.entry + 1;
                    return Ok(AuditProof::Broken { entry, why });
                }
                last = AuditHead {
                    entry: entry.entry,
                    hash: entry.hash,
                };
            }
        }
        let beyond = kept.iter().filter(|head| head.entry > last.entry);
        if let Some(head) = beyond.min_by_key(|head| head.entry) {
            return Ok(AuditProof::Broken {
                entry: last.entry + 1,
                why: format!(
                    "it is missing: a head that was kept says that there are {} entries",
                    head.entry
                ),
            });
        }
        Ok(AuditProof::Whole(last))
    }
}

/// What is wrong with an entry after the one before it.
fn fault(entry: &AuditEntry, last: &AuditHead, kept: &[AuditHead]) -> Option<String> {
    if entry.entry != last.entry + 1 {
        return Some(format!("it is missing; the next one is {}", entry.entry));
    }
    if entry.previous != last.hash {
        return Some("it does not hold the hash of the entry before".into());
    }
    if entry.hash != entry.digest() {
        return Some("its content is not what its hash was made of".into());
    }
    let differs = |head: &&AuditHead| head.entry == entry.entry && head.hash != entry.hash;
    kept.iter()
        .find(differs)
        .map(|_| "it is not the one whose hash was kept: it, or one before it, was written anew".into())
}
