//! Whom to call about a feed: the person or duty desk at its sender. A change of contact is a new interval.

use qala_core::{FeedId, Text};
use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

/// The contact of a feed, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedContact {
    /// The feed.
    pub feed: FeedId,
    /// The person or the desk.
    pub name: Text,
    /// Telephone number as it is dialled.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// True if nobody answers there, because the feed belongs to the seeded city.
    pub simulated: bool,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for FeedContact {
    const TABLE: &'static str = "feed_contacts";
    const KEY: &'static [&'static str] = &["feed_id"];
    const DATA: &'static [&'static str] = &["name_kk", "name_ru", "name_en", "phone", "email", "simulated"];

    fn key(&self) -> Vec<Cell> {
        vec![self.feed.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.name.kk.as_str().into(),
            self.name.ru.as_str().into(),
            self.name.en.as_str().into(),
            Cell::optional(self.phone.as_deref().unwrap_or_default()),
            Cell::optional(self.email.as_deref().unwrap_or_default()),
            i64::from(self.simulated).into(),
        ]
    }

    fn valid_from(&self) -> i64 {
        self.valid_from
    }

    fn valid_to(&self) -> Option<i64> {
        self.valid_to
    }

    fn set_valid_to(&mut self, valid_to: Option<i64>) {
        self.valid_to = valid_to;
    }

    fn read(row: &Reader<'_>) -> Result<Self, RegistryError> {
        Ok(Self {
            feed: row.checked(FeedId::new(row.text("feed_id")?))?,
            name: row.trilingual("name")?,
            phone: row.optional("phone")?,
            email: row.optional("email")?,
            simulated: row.int("simulated")? != 0,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Checks a contact and takes it in.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    contact: &FeedContact,
) -> Result<Put, RegistryError> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let empty = if contact.name.missing().is_some() {
        "a form of the name"
    } else if !given(&contact.phone) && !given(&contact.email) {
        "what to call by (phone or e-mail)"
    } else {
        return interval::put(connection, contact).await;
    };
    Err(RegistryError::Empty {
        record: contact.shown(),
        what: empty,
    })
}

impl Registry {
    /// Adds the contact of a feed, which ends the one before it, or corrects the interval with the same start.
    ///
    /// # Errors
    /// The contact has no name, or neither phone nor e-mail, or contradicts what is there; the disk fails.
    pub async fn put_contact(&self, contact: &FeedContact, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = put(change.connection(), contact).await;
        self.end(change, outcome).await
    }

    /// All intervals of all contacts, in the order of feed and start.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn contacts(&self) -> Result<Vec<FeedContact>, RegistryError> {
        let mut link = self.lock().await?;
        interval::all(link.connection()?).await
    }

    /// The contacts in force at an instant.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn contacts_at(&self, at: i64) -> Result<Vec<FeedContact>, RegistryError> {
        let mut link = self.lock().await?;
        interval::at(link.connection()?, at).await
    }
}
