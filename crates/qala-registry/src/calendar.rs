//! Calendars of working days. A calendar can change inside a year, so each day has revisions with the instant
//! from which they were known; deadlines are counted with the calendar as known at some instant.

use std::collections::BTreeMap;

use qala_core::Text;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// An ordinary working day.
    Working,
    /// A day off of the week.
    WeekendOff,
    /// A holiday, on whatever day of the week.
    Holiday,
    /// A working day that is off, in place of another day.
    MovedOff,
    /// A day off of the week that is worked, in place of another day.
    MovedWorking,
}

impl DayKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Working,
        Self::WeekendOff,
        Self::Holiday,
        Self::MovedOff,
        Self::MovedWorking,
    ];

    /// The word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::WeekendOff => "weekend_off",
            Self::Holiday => "holiday",
            Self::MovedOff => "moved_off",
            Self::MovedWorking => "moved_working",
        }
    }

    /// True if people work on it.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::MovedWorking)
    }
}

/// One day of a calendar, as it was known from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// Which calendar.
    pub calendar: String,
    /// Days since 1970-01-01.
    pub day: i32,
    /// What the day is.
    pub kind: DayKind,
    /// The name of the holiday or the reason of the move; may be empty.
    pub title: Text,
    /// The act or the source that says so.
    pub act: String,
    /// Counted from 1: which version of the year's calendar says so.
    pub revision: u32,
    /// From when it was known, µs of UTC.
    pub valid_from: i64,
    /// Until when it was so known, exclusive; `None` if it still is.
    pub valid_to: Option<i64>,
}

/// What is known of a year beyond its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarYear {
    /// Which calendar.
    pub calendar: String,
    /// The year.
    pub year: i32,
    /// False if some holidays or moves are known to be missing.
    pub complete: bool,
    /// What is missing and why, in words; may be empty.
    pub note: String,
}

impl Interval for CalendarDay {
    const TABLE: &'static str = "calendar_days";
    const KEY: &'static [&'static str] = &["calendar", "day"];
    const DATA: &'static [&'static str] = &["kind", "title_kk", "title_ru", "title_en", "act", "revision"];

    fn key(&self) -> Vec<Cell> {
        vec![self.calendar.as_str().into(), i64::from(self.day).into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.kind.as_str().into(),
            Cell::optional(&self.title.kk),
            Cell::optional(&self.title.ru),
            Cell::optional(&self.title.en),
            self.act.as_str().into(),
            i64::from(self.revision).into(),
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
        Ok(Self {
            calendar: row.text("calendar")?,
            day: row.checked(i32::try_from(row.int("day")?))?,
            kind: row.checked(
                DayKind::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)
                    .ok_or("unknown kind of day"),
            )?,
            title: row.trilingual("title")?,
            act: row.text("act")?,
            revision: row.checked(u32::try_from(row.int("revision")?))?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// A calendar as known at one instant, in memory: no deadline changes while it is being counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    id: String,
    days: BTreeMap<i32, DayKind>,
    incomplete: BTreeMap<i32, String>,
}

impl Calendar {
    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a day is; `None` if the calendar does not reach it.
    pub fn kind(&self, day: i32) -> Option<DayKind> {
        self.days.get(&day).copied()
    }

    /// Years of which some holidays or moves are known to be missing, with what is missing.
    pub fn incomplete(&self) -> &BTreeMap<i32, String> {
        &self.incomplete
    }

    /// True if people work on a day.
    ///
    /// # Errors
    /// [`RegistryError::CalendarUnknown`] if the calendar does not reach the day.
    pub fn is_working(&self, day: i32) -> Result<bool, RegistryError> {
        self.kind(day)
            .map(DayKind::is_working)
            .ok_or_else(|| RegistryError::CalendarUnknown {
                calendar: self.id.clone(),
                year: year_of(day),
            })
    }

    /// The `count`-th working day after `day`, which is not counted itself; `day` if `count` is 0.
    ///
    /// # Errors
    /// [`RegistryError::CalendarUnknown`] if the calendar does not reach so far.
    pub fn working_days_after(&self, day: i32, count: u32) -> Result<i32, RegistryError> {
        let mut at = day;
        for _ in 0..count {
            at += 1;
            while !self.is_working(at)? {
                at += 1;
            }
        }
        Ok(at)
    }
}

/// The civil year of a day counted from 1970-01-01.
pub(crate) fn year_of(day: i32) -> i64 {
    // The year that begins at or before the day: 146,097 days are 400 years, and the estimate is off by one at most.
    let estimate = 1970 + i64::from(day) * 400 / 146_097;
    (estimate - 1..=estimate + 1)
        .rev()
        .find(|year| first_day(*year) <= i64::from(day))
        .unwrap_or(estimate)
}

/// The first day of a civil year, counted from 1970-01-01.
pub(crate) fn first_day(year: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    365 * (year - 1970) + leap_days - 477
}

/// Checks a day and takes it in.
pub(crate) async fn put(connection: &mut SqliteConnection, day: &CalendarDay) -> Result<Put, RegistryError> {
    if day.act.trim().is_empty() {
        return Err(RegistryError::Empty {
            record: day.shown(),
            what: "the act",
        });
    }
    interval::put(connection, day).await
}

/// Says what is known of a year.
pub(crate) async fn put_year(
    connection: &mut SqliteConnection,
    year: &CalendarYear,
) -> Result<(), RegistryError> {
    sqlx::query(
        "INSERT INTO calendar_years (calendar, year, complete, note) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (calendar, year) DO UPDATE SET complete = ?3, note = ?4
         WHERE complete <> ?3 OR note <> ?4",
    )
    .bind(&year.calendar)
    .bind(year.year)
    .bind(year.complete)
    .bind(&year.note)
    .execute(connection)
    .await?;
    Ok(())
}

async fn load(
    connection: &mut SqliteConnection,
    id: &str,
    known_at: Option<i64>,
) -> Result<Calendar, RegistryError> {
    let days: Vec<CalendarDay> = interval::of(&mut *connection, &[id.into()]).await?;
    let years: Vec<(i32, String)> =
        sqlx::query_as("SELECT year, note FROM calendar_years WHERE calendar = ?1 AND complete = 0")
            .bind(id)
            .fetch_all(connection)
            .await?;
    let is_known = |day: &CalendarDay| known_at.map_or(day.valid_to.is_none(), |at| day.is_in_force(at));
    Ok(Calendar {
        id: id.to_owned(),
        days: days
            .into_iter()
            .filter(is_known)
            .map(|day| (day.day, day.kind))
            .collect(),
        incomplete: years.into_iter().collect(),
    })
}

impl Registry {
    /// Adds a day of a calendar, or a later revision of one, which ends the earlier one.
    ///
    /// # Errors
    /// The day names no act or contradicts what is there, or the disk fails.
    pub async fn put_calendar_day(&self, day: &CalendarDay, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = put(change.connection(), day).await;
        self.end(change, outcome).await
    }

    /// All revisions of all days of a calendar, in the order of the day and of the revision.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn calendar_days(&self, id: &str) -> Result<Vec<CalendarDay>, RegistryError> {
        let mut link = self.lock().await?;
        interval::of(link.connection()?, &[id.into()]).await
    }

    /// A calendar as known at an instant, or with its latest revisions.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn calendar(&self, id: &str, known_at: Option<i64>) -> Result<Calendar, RegistryError> {
        let mut link = self.lock().await?;
        load(link.connection()?, id, known_at).await
    }

    /// Whether people work on a day, by the latest revision.
    ///
    /// # Errors
    /// [`RegistryError::CalendarUnknown`] if the calendar does not reach the day, or the disk fails.
    pub async fn is_working(&self, calendar: &str, day: i32) -> Result<bool, RegistryError> {
        self.calendar(calendar, None).await?.is_working(day)
    }

    /// The `count`-th working day after `day`, by the latest revision.
    ///
    /// # Errors
    /// [`RegistryError::CalendarUnknown`] if the calendar does not reach so far, or the disk fails.
    pub async fn working_days_after(
        &self,
        calendar: &str,
        day: i32,
        count: u32,
    ) -> Result<i32, RegistryError> {
        self.calendar(calendar, None)
            .await?
            .working_days_after(day, count)
    }
}
