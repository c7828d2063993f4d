//! The journal of the shift, and who is on duty.

use qala_registry::{AuditAction, Duty, DutyPost, JournalKind};
use serde_json::Value;

use super::must_be_on_duty;
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Somebody who is to be on duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyWish {
    /// The function of government.
    pub function: String,
    /// Word of the post.
    pub post: String,
    /// Name of the person.
    pub person: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// First instant, µs of UTC.
    pub from_at: i64,
    /// First instant after it.
    pub to_at: i64,
}

impl Centre {
    /// Writes into the journal of the shift; the number of the entry.
    ///
    /// # Errors
    /// A kind that does not exist, an empty text, a hand-over to nobody; who may not; the registry's.
    pub async fn write_journal(
        &self,
        (kind, text): (&str, &str),
        next: Option<&str>,
        incident: Option<i64>,
        reader: &Reader,
    ) -> Result<i64> {
        must_be_on_duty(reader)?;
        let known = JournalKind::parse(kind)
            .ok_or_else(|| AppError::Usage(format!("`{kind}` is not note, handover or silenced")))?;
        let particulars = [("kind", Value::from(kind))];
        self.note_change(reader.id(), AuditAction::Journal, "journal", &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .write_journal((known, text), next, incident, reader.id(), now)
            .await?)
    }

    /// Puts somebody on duty; the number of the entry.
    ///
    /// # Errors
    /// A post or function that does not exist, a post that somebody has then; who may not; the registry's.
    pub async fn put_duty(&self, wish: &DutyWish, reader: &Reader) -> Result<i64> {
        must_be_on_duty(reader)?;
        self.known_function(&wish.function).await?;
        let post = DutyPost::parse(&wish.post)
            .ok_or_else(|| AppError::Usage(format!("`{}` is not head, acting_head or duty", wish.post)))?;
        let short = |text: &str| text.trim().chars().take(200).collect::<String>();
        let phone = wish.phone.as_deref().map(short).filter(|phone| !phone.is_empty());
        let duty = Duty {
            function: wish.function.clone(),
            post,
            person: short(&wish.person),
            phone,
            from_at: wish.from_at,
            to_at: wish.to_at,
            removed: false,
        };
        let particulars = [("function", Value::from(wish.function.clone()))];
        self.note_change(reader.id(), AuditAction::Journal, "duty", &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self.registry.put_duty(&duty, reader.id(), now).await?)
    }

    /// Ends a duty, or takes it back before it has begun.
    ///
    /// # Errors
    /// Who may not; the registry's.
    pub async fn end_duty(&self, id: i64, reader: &Reader) -> Result<()> {
        must_be_on_duty(reader)?;
        let object = format!("duty {id}");
        self.note_change(reader.id(), AuditAction::Journal, &object, &[])
            .await?;
        let now = self.clock.now();
        Ok(self.registry.end_duty(id, reader.id(), now).await?)
    }
}
