//! Reviews: a meeting whose agenda is frozen when it begins, and its minutes.

use serde::{Deserialize, Serialize};

use super::agenda::{AgendaItem, Agreed};
use super::incident::LONGEST;
use super::{Body, Versioned, insert, newest, one, refused, said, update};
use crate::error::RegistryError;
use crate::open::Registry;

/// Lines of minutes at most.
const MOST_MINUTES: usize = 200;

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewState {
    /// It goes on.
    Open,
    /// The minutes are done.
    Closed,
}

impl ReviewState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Title.
    pub title: String,
    /// When it began, µs of UTC.
    pub held_at: i64,
    /// How far it is.
    pub state: ReviewState,
    /// Who was there.
    pub present: String,
    /// The agenda as it was then.
    pub agenda: Vec<AgendaItem>,
    /// What was agreed.
    pub minutes: Vec<Agreed>,
}

impl Body for Review {
    const TABLE: &'static str = "room_reviews";
    const ID: &'static str = "review_id";
    const NOUN: &'static str = "review";
}

impl Registry {
    /// Begins a review with its agenda; its number.
    ///
    /// # Errors
    /// An empty title; [`RegistryError::Refused`] while another review goes on; the disk fails.
    pub async fn begin_review(
        &self,
        (title, present): (&str, &str),
        agenda: Vec<AgendaItem>,
        by: &str,
        now: i64,
    ) -> Result<i64, RegistryError> {
        said(title, "the review", "the title")?;
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let open: Vec<Versioned<Review>> = newest(connection, "body ->> '$.state' = 'open'", 1).await?;
            if let Some(open) = open.first() {
                return Err(refused(
                    "review_open",
                    &open.id,
                    format!("the review {} goes on; close it first", open.id),
                ));
            }
            let review = Review {
                title: title.trim().chars().take(LONGEST).collect(),
                held_at: now,
                state: ReviewState::Open,
                present: present.trim().chars().take(LONGEST).collect(),
                agenda,
                minutes: Vec::new(),
            };
            insert(connection, &review, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Adds a line to the minutes of a review.
    ///
    /// # Errors
    /// An empty line; [`RegistryError::Refused`] for a closed review or a point that is not on its agenda;
    /// [`RegistryError::NotThere`]; the disk fails.
    pub async fn minute(&self, id: i64, agreed: &Agreed, by: &str, now: i64) -> Result<(), RegistryError> {
        said(&agreed.text, "the minutes", "the line")?;
        self.change_review(id, by, now, |review| {
            if review.minutes.len() >= MOST_MINUTES {
                return Err(refused(
                    "minutes",
                    &MOST_MINUTES,
                    format!("minutes have at most {MOST_MINUTES} lines"),
                ));
            }
            let points = review.agenda.len();
            if agreed.item.is_some_and(|item| item as usize >= points) {
                return Err(refused(
                    "agenda",
                    &points,
                    format!("the agenda has {points} points"),
                ));
            }
            let mut agreed = agreed.clone();
            agreed.text = agreed.text.trim().chars().take(LONGEST).collect();
            review.minutes.push(agreed);
            Ok(())
        })
        .await
    }

    /// Says who was there, and closes a review.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for one that is closed; [`RegistryError::NotThere`]; the disk fails.
    pub async fn close_review(
        &self,
        id: i64,
        present: Option<&str>,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        self.change_review(id, by, now, |review| {
            if let Some(present) = present {
                review.present = present.trim().chars().take(LONGEST).collect();
            }
            review.state = ReviewState::Closed;
            Ok(())
        })
        .await
    }

    async fn change_review(
        &self,
        id: i64,
        by: &str,
        now: i64,
        edit: impl FnOnce(&mut Review) -> Result<(), RegistryError> + Send,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Versioned<Review> = one(connection, id).await?;
            if before.record.state == ReviewState::Closed {
                return Err(refused(
                    "review_closed",
                    &id,
                    format!("the review {id} is closed"),
                ));
            }
            let mut after = before.record.clone();
            edit(&mut after)?;
            update(connection, &before, &after, by, now).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// A review.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`], or the disk fails.
    pub async fn review(&self, id: i64) -> Result<Versioned<Review>, RegistryError> {
        let mut link = self.lock().await?;
        one(link.connection()?, id).await
    }

    /// Reviews, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn reviews(&self, limit: u32) -> Result<Vec<Versioned<Review>>, RegistryError> {
        let mut link = self.lock().await?;
        newest(link.connection()?, "TRUE", limit).await
    }
}
