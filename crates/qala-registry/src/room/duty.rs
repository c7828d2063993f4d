//! The journal of the shift with its hand-overs, and who is on duty.

use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::incident::LONGEST;
use super::{Body, Versioned, insert, newest, one, record_of, refused, said, text_of, update};
use crate::error::RegistryError;
use crate::open::Registry;

const JOURNAL: &str = "room_journal";

/// What an entry of the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JournalKind {
    /// Somebody wrote something down.
    Note,
    /// The shift was handed over.
    Handover,
    /// The sound of alarms was silenced.
    Silenced,
}

impl JournalKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Handover => "handover",
            Self::Silenced => "silenced",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Note, Self::Handover, Self::Silenced]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    kind: JournalKind,
    text: String,
    next: Option<String>,
    incident: Option<i64>,
    drill: bool,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Counted from 1.
    pub id: i64,
    /// When, µs of UTC.
    pub at: i64,
    /// Who.
    pub by: String,
    /// What it is.
    pub kind: JournalKind,
    /// What is said.
    pub text: String,
    /// To whom the shift was handed over.
    pub next: Option<String>,
    /// The incident that it is about.
    pub incident: Option<i64>,
    /// True for one of an exercise.
    pub drill: bool,
}

/// In which post somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyPost {
    /// Leads the function.
    Head,
    /// Leads it while the head is away.
    ActingHead,
    /// Answers the telephone.
    Duty,
}

impl DutyPost {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::ActingHead => "acting_head",
            Self::Duty => "duty",
        }
    }

    /// The post of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Head, Self::ActingHead, Self::Duty]
            .into_iter()
            .find(|post| post.as_str() == word)
    }
}

/// Somebody in a post for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// The function of government.
    pub function: String,
    /// The post.
    pub post: DutyPost,
    /// Name of the person.
    pub person: String,
    /// Telephone number as it is dialled.
    pub phone: Option<String>,
    /// First instant, µs of UTC.
    pub from_at: i64,
    /// First instant after it.
    pub to_at: i64,
    /// True when it was put in by mistake.
    pub removed: bool,
}

impl Body for Duty {
    const TABLE: &'static str = "room_duty";
    const ID: &'static str = "duty_id";
    const NOUN: &'static str = "duty";
}

impl Registry {
    /// Writes into the journal; the number of the entry.
    ///
    /// # Errors
    /// An empty text, or a hand-over to nobody; the disk fails.
    pub async fn write_journal(
        &self,
        (kind, text): (JournalKind, &str),
        next: Option<&str>,
        incident: Option<i64>,
        by: &str,
        now: i64,
    ) -> Result<i64, RegistryError> {
        said(text, "the entry of the journal", "the text")?;
        let next = next.map(str::trim).filter(|next| !next.is_empty());
        if kind == JournalKind::Handover && next.is_none() {
            return Err(RegistryError::Empty {
                record: "the hand-over".into(),
                what: "to whom",
            });
        }
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let mut drill = false;
            if let Some(incident) = incident {
                let found: Versioned<super::Incident> = one(connection, incident).await?;
                drill = found.record.drill;
            }
            let entry = Entry {
                kind,
                text: text.trim().chars().take(LONGEST).collect(),
                next: next.map(|next| next.chars().take(200).collect()),
                incident,
                drill,
            };
            let done =
                sqlx::query("INSERT INTO room_journal (changed_at, changed_by, body) VALUES (?1, ?2, ?3)")
                    .bind(now)
                    .bind(by)
                    .bind(text_of(JOURNAL, &entry)?)
                    .execute(connection)
                    .await?;
            Ok(done.last_insert_rowid())
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Entries of the journal, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn journal(&self, limit: u32) -> Result<Vec<JournalEntry>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query("SELECT * FROM room_journal ORDER BY entry_id DESC LIMIT ?1")
            .bind(limit)
            .fetch_all(link.connection()?)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let entry: Entry = record_of(JOURNAL, row)?;
            found.push(JournalEntry {
                id: row.try_get("entry_id")?,
                at: row.try_get("changed_at")?,
                by: row.try_get("changed_by")?,
                kind: entry.kind,
                text: entry.text,
                next: entry.next,
                incident: entry.incident,
                drill: entry.drill,
            });
        }
        Ok(found)
    }

    /// Puts somebody on duty; the number of the entry.
    ///
    /// # Errors
    /// An empty name or function, a time that ends before it begins, a post that somebody has then; the disk fails.
    pub async fn put_duty(&self, duty: &Duty, by: &str, now: i64) -> Result<i64, RegistryError> {
        said(&duty.person, "the duty", "the person")?;
        said(&duty.function, "the duty", "the function")?;
        if duty.to_at <= duty.from_at {
            return Err(RegistryError::EmptyInterval {
                record: "the duty".into(),
            });
        }
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let known: Vec<Versioned<Duty>> = newest(connection, "TRUE", u32::MAX).await?;
            let meets = |other: &&Versioned<Duty>| {
                let other = &other.record;
                !other.removed
                    && other.function == duty.function
                    && other.post == duty.post
                    && other.from_at < duty.to_at
                    && duty.from_at < other.to_at
            };
            if let Some(other) = known.iter().find(meets) {
                return Err(refused(
                    "post_taken",
                    &other.record.person,
                    format!("{} has this post then; end that first", other.record.person),
                ));
            }
            insert(connection, duty, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Ends a duty now, or takes it back when it has not begun.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`], or the disk fails.
    pub async fn end_duty(&self, id: i64, by: &str, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Versioned<Duty> = one(connection, id).await?;
            let mut after = before.record.clone();
            if after.from_at >= now {
                after.removed = true;
            } else if after.to_at > now {
                after.to_at = now;
            }
            update(connection, &before, &after, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Who is or will be on duty from an instant on, the soonest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn duties(&self, from: i64) -> Result<Vec<Versioned<Duty>>, RegistryError> {
        let mut link = self.lock().await?;
        let mut found: Vec<Versioned<Duty>> = newest(link.connection()?, "TRUE", u32::MAX).await?;
        found.retain(|duty| !duty.record.removed && duty.record.to_at > from);
        found.sort_by_key(|duty| (duty.record.from_at, duty.id));
        Ok(found)
    }
}
