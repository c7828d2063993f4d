//! What a programme is made of: money of a year, targets of a year, measures.

use qala_core::{FunctionId, IndicatorId, Text};
use sqlx::SqliteConnection;

use super::{ProgrammeId, ProgrammeState, day, read_day, word};
use crate::error::RegistryError;
use crate::interval::{self, Cell, Interval, Put, Reader};

/// Planned money of a programme in a year, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeMoney {
    /// The programme.
    pub programme: ProgrammeId,
    /// The year.
    pub year: i32,
    /// Planned money in tiyn.
    pub planned_tiyn: i64,
    /// True when whoever made the record set it, and not the city.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for ProgrammeMoney {
    const TABLE: &'static str = "programme_money";
    const KEY: &'static [&'static str] = &["programme_id", "year"];
    const DATA: &'static [&'static str] = &["planned_tiyn", "assumed", "source"];

    fn key(&self) -> Vec<Cell> {
        vec![self.programme.as_str().into(), i64::from(self.year).into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.planned_tiyn.into(),
            i64::from(self.assumed).into(),
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
        Ok(Self {
            programme: row.checked(ProgrammeId::new(row.text("programme_id")?))?,
            year: row.checked(i32::try_from(row.int("year")?))?,
            planned_tiyn: row.int("planned_tiyn")?,
            assumed: row.int("assumed")? != 0,
            source: row.optional("source")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// In what a target is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetBasis {
    /// In the unit of the indicator.
    Value,
    /// As a share of what the indicator was in the base year.
    Share,
}

impl TargetBasis {
    /// The word used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Share => "share",
        }
    }
}

/// What an indicator is to be at the end of a year, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgrammeTarget {
    /// The programme.
    pub programme: ProgrammeId,
    /// The indicator.
    pub indicator: IndicatorId,
    /// The year.
    pub year: i32,
    /// In what the target is told.
    pub basis: TargetBasis,
    /// The target.
    pub target: f64,
    /// The year of which a share is told; `None`: the first whole year that is known.
    pub base_year: Option<i32>,
    /// The indicator that says how far the city is from the path.
    pub judged_by: Option<IndicatorId>,
    /// True when whoever made the record set it, and not the city.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for ProgrammeTarget {
    const TABLE: &'static str = "programme_targets";
    const KEY: &'static [&'static str] = &["programme_id", "indicator", "year"];
    const DATA: &'static [&'static str] = &["basis", "target", "base_year", "judged_by", "assumed", "source"];

    fn key(&self) -> Vec<Cell> {
        vec![
            self.programme.as_str().into(),
            self.indicator.as_str().into(),
            i64::from(self.year).into(),
        ]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.basis.as_str().into(),
            // The shortest decimal that is read back as the same number.
            self.target.to_string().as_str().into(),
            self.base_year.map(i64::from).into(),
            Cell::optional(self.judged_by.as_ref().map_or("", IndicatorId::as_str)),
            i64::from(self.assumed).into(),
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
        let judged_by = row.optional("judged_by")?;
        Ok(Self {
            programme: row.checked(ProgrammeId::new(row.text("programme_id")?))?,
            indicator: row.checked(IndicatorId::new(row.text("indicator")?))?,
            year: row.checked(i32::try_from(row.int("year")?))?,
            basis: match row.text("basis")?.as_str() {
                "value" => TargetBasis::Value,
                "share" => TargetBasis::Share,
                _ => row.checked(Err("unknown basis of a target"))?,
            },
            target: row.checked(row.text("target")?.parse())?,
            base_year: read_day(row, "base_year")?,
            judged_by: judged_by
                .map(|id| row.checked(IndicatorId::new(id)))
                .transpose()?,
            assumed: row.int("assumed")? != 0,
            source: row.optional("source")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// A measure of a programme, as it was from one instant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgrammeMeasure {
    /// The programme.
    pub programme: ProgrammeId,
    /// Which measure; an id within the programme.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Function of government that owns it.
    pub owner_function: FunctionId,
    /// How far it is.
    pub state: ProgrammeState,
    /// When it is due, days since 1970-01-01.
    pub due_on: Option<i32>,
    /// True when whoever made the record set it, and not the city.
    pub assumed: bool,
    /// Where it is written.
    pub source: Option<String>,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for ProgrammeMeasure {
    const TABLE: &'static str = "programme_measures";
    const KEY: &'static [&'static str] = &["programme_id", "measure_id"];
    const DATA: &'static [&'static str] = &[
        "title_kk",
        "title_ru",
        "title_en",
        "owner_function",
        "state",
        "due_on",
        "assumed",
        "source",
    ];

    fn key(&self) -> Vec<Cell> {
        vec![self.programme.as_str().into(), self.id.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.title.kk.as_str().into(),
            self.title.ru.as_str().into(),
            self.title.en.as_str().into(),
            self.owner_function.as_str().into(),
            self.state.as_str().into(),
            day(self.due_on),
            i64::from(self.assumed).into(),
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
        Ok(Self {
            programme: row.checked(ProgrammeId::new(row.text("programme_id")?))?,
            id: row.text("measure_id")?,
            title: row.trilingual("title")?,
            owner_function: row.checked(FunctionId::new(row.text("owner_function")?))?,
            state: ProgrammeState::read(row)?,
            due_on: read_day(row, "due_on")?,
            assumed: row.int("assumed")? != 0,
            source: row.optional("source")?,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Checks a measure and takes it in.
pub(crate) async fn put_measure(
    connection: &mut SqliteConnection,
    measure: &ProgrammeMeasure,
) -> Result<Put, RegistryError> {
    if measure.title.missing().is_some() {
        return Err(RegistryError::Empty {
            record: measure.shown(),
            what: "a form of the title",
        });
    }
    interval::put(connection, measure).await
}
