//! Programmes of the city: Vision Zero, roadmaps, plans, with their money, targets by year and measures.
//!
//! What belongs here: the records and the rules of one programme. What does not: whether the city is on the path, which is asked of
//! the values of indicators.

mod parts;

use std::fmt;

use qala_core::{FunctionId, InvalidId, Text};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

pub(crate) use parts::put_measure;
pub use parts::{ProgrammeMeasure, ProgrammeMoney, ProgrammeTarget, TargetBasis};

/// The id of a programme: lower-case Latin letters, digits, `-`, `_` and `.`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProgrammeId(String);

impl ProgrammeId {
    /// Checks and wraps an id.
    ///
    /// # Errors
    /// [`InvalidId`] unless it obeys the rule of function ids, which is the same.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
        FunctionId::new(text).map(|checked| Self(checked.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProgrammeId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl From<ProgrammeId> for String {
    fn from(id: ProgrammeId) -> Self {
        id.0
    }
}

impl fmt::Display for ProgrammeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of programme it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgrammeKind {
    /// A programme of its own, such as Vision Zero.
    Programme,
    /// A roadmap of the city.
    Roadmap,
    /// A plan of one field.
    Plan,
}

impl ProgrammeKind {
    const ALL: [Self; 3] = [Self::Programme, Self::Roadmap, Self::Plan];

    /// The word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Programme => "programme",
            Self::Roadmap => "roadmap",
            Self::Plan => "plan",
        }
    }
}

/// How far a programme or a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgrammeState {
    /// Not begun.
    Planned,
    /// Under way.
    Running,
    /// Done.
    Done,
    /// Given up.
    Stopped,
}

impl ProgrammeState {
    const ALL: [Self; 4] = [Self::Planned, Self::Running, Self::Done, Self::Stopped];

    /// The word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    fn read(row: &Reader<'_>) -> Result<Self, RegistryError> {
        let word = row.text("state")?;
        let known = Self::ALL.into_iter().find(|known| known.as_str() == word);
        row.checked(known.ok_or("unknown state of a programme"))
    }
}

/// A programme, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Programme {
    /// Which programme; the same through all its intervals.
    pub id: ProgrammeId,
    /// What kind.
    pub kind: ProgrammeKind,
    /// Its title.
    pub title: Text,
    /// When it was adopted, as far as it is known: a date, a month or a year in ISO 8601.
    pub adopted: Option<String>,
    /// The act that adopted it.
    pub legal_basis: Option<String>,
    /// First day, days since 1970-01-01.
    pub begins_on: Option<i32>,
    /// Last day, days since 1970-01-01.
    pub ends_on: Option<i32>,
    /// Function of government that owns it.
    pub owner_function: FunctionId,
    /// How far it is.
    pub state: ProgrammeState,
    /// Where it is written.
    pub source: Option<String>,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

/// A cell of a day or of nothing.
fn day(day: Option<i32>) -> Cell {
    day.map(i64::from).into()
}

/// A cell of a text or of nothing.
fn word(text: Option<&String>) -> Cell {
    Cell::optional(text.map_or("", String::as_str))
}

/// A day as it is stored.
fn read_day(row: &Reader<'_>, column: &str) -> Result<Option<i32>, RegistryError> {
    let stored = row.optional_int(column)?;
    stored.map(|day| row.checked(i32::try_from(day))).transpose()
}

impl Interval for Programme {
    const TABLE: &'static str = "programmes";
    const KEY: &'static [&'static str] = &["programme_id"];
    const DATA: &'static [&'static str] = &[
        "kind",
        "title_kk",
        "title_ru",
        "title_en",
        "adopted",
        "legal_basis",
        "begins_on",
        "ends_on",
        "owner_function",
        "state",
        "source",
    ];

    fn key(&self) -> Vec<Cell> {
        vec![self.id.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.kind.as_str().into(),
            self.title.kk.as_str().into(),
            self.title.ru.as_str().into(),
            self.title.en.as_str().into(),
            word(self.adopted.as_ref()),
            word(self.legal_basis.as_ref()),
            day(self.begins_on),
            day(self.ends_on),
            self.owner_function.as_str().into(),
            self.state.as_str().into(),
            word(self.source.as_ref()),
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
        let kind = row.text("kind")?;
        let known = ProgrammeKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind);
        Ok(Self {
            id: row.checked(ProgrammeId::new(row.text("programme_id")?))?,
            kind: row.checked(known.ok_or("unknown kind of programme"))?,
            title: row.trilingual("title")?,
            adopted: row.optional("adopted")?,
            legal_basis: row.optional("legal_basis")?,
            begins_on: read_day(row, "begins_on")?,
            ends_on: read_day(row, "ends_on")?,
            owner_function: row.checked(FunctionId::new(row.text("owner_function")?))?,
            state: ProgrammeState::read(row)?,
            source: row.optional("source")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Checks a programme and takes it in.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    programme: &Programme,
) -> Result<Put, RegistryError> {
    if programme.title.missing().is_some() {
        return Err(RegistryError::Empty {
            record: programme.shown(),
            what: "a form of the title",
        });
    }
    interval::put(connection, programme).await
}

/// All that is known of the programmes at an instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Programmes {
    /// Programmes, in the order of their ids.
    pub programmes: Vec<Programme>,
    /// Their money, by programme and year.
    pub money: Vec<ProgrammeMoney>,
    /// Their targets, by programme, indicator and year.
    pub targets: Vec<ProgrammeTarget>,
    /// Their measures, by programme and measure.
    pub measures: Vec<ProgrammeMeasure>,
}

impl Registry {
    /// Adds a programme, or changes it from an instant on, or corrects the interval with the same start.
    ///
    /// # Errors
    /// A form of the title is empty, the record contradicts what is there, or the disk fails.
    pub async fn put_programme(&self, programme: &Programme, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = put(change.connection(), programme).await;
        self.end(change, outcome).await
    }

    /// Programmes, money, targets and measures in force at an instant.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn programmes_at(&self, at: i64) -> Result<Programmes, RegistryError> {
        let mut link = self.lock().await?;
        let connection = link.connection()?;
        Ok(Programmes {
            programmes: interval::at(connection, at).await?,
            money: interval::at(connection, at).await?,
            targets: interval::at(connection, at).await?,
            measures: interval::at(connection, at).await?,
        })
    }
}
