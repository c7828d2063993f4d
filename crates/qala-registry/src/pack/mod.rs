//! What the pack of a city says about the organisation: places, functions, departments, owners, calendar, contacts, programmes.
//!
//! What belongs here: the meaning of the files. What does not: reading files (text comes in), geometry (it comes
//! from the user's map data), feeds and targets (other readers).

mod build;
mod files;
mod load;
mod programmes;

pub use load::{LoadReport, load_pack};

use qala_core::spec::SpecError;
use qala_core::{PlaceId, Text};

use crate::calendar::{CalendarDay, CalendarYear};
use crate::contact::FeedContact;
use crate::department::Department;
use crate::function::{FunctionOwner, GovernmentFunction};
use crate::place::Place;
use crate::programme::Programmes;

/// The organisation of one city, read from its pack and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// The place that is the whole city.
    pub city: PlaceId,
    /// Its name.
    pub name: Text,
    /// Its zone in the tz database.
    pub zone: String,
    /// A box around it: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// The calendar by which its deadlines are counted.
    pub calendar: String,
    /// The first instant of the pack's record, µs of UTC.
    pub start: i64,
    /// The city and its parts, each after its parent.
    pub places: Vec<Place>,
    /// Functions of government.
    pub functions: Vec<GovernmentFunction>,
    /// Departments.
    pub departments: Vec<Department>,
    /// Who performs what; the interval ends where the next one of the function starts.
    pub owners: Vec<FunctionOwner>,
    /// Whom to call about which feed; the interval ends where the next one of the feed starts.
    pub contacts: Vec<FeedContact>,
    /// Programmes of the city with their money, targets and measures.
    pub programmes: Programmes,
    /// Every day of every year that the calendar file lists, and its later revisions.
    pub calendar_days: Vec<CalendarDay>,
    /// Which years are complete.
    pub calendar_years: Vec<CalendarYear>,
}

impl Pack {
    /// The files that are read; the rest of a pack is for others.
    pub const FILES: [&'static str; 7] = [
        "city.toml",
        "districts.toml",
        "functions.toml",
        "departments.toml",
        "calendar.toml",
        "contacts.toml",
        "programmes.toml",
    ];

    /// Reads a pack from its files, given as name and text. `city.toml` must be there; names other than
    /// [`Pack::FILES`] are passed over.
    ///
    /// # Errors
    /// [`SpecError`] naming the file and what is wrong in it; an unknown key comes with the nearest known one.
    pub fn from_toml<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SpecError> {
        build::pack(&files::Files::read(files)?)
    }
}
