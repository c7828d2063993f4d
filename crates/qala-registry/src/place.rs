//! Places: the city, its districts and whatever else has a name and a boundary.

use qala_core::{PlaceId, Text};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use crate::error::RegistryError;
use crate::interval::{self, Cell, Interval, Put, Reader};
use crate::open::Registry;

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    /// The whole city.
    City,
    /// A district of the city.
    District,
    /// A cell of a grid.
    Cell,
    /// A street.
    Street,
    /// A named object: a school, a station, a park.
    Object,
}

impl PlaceKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::City, Self::District, Self::Cell, Self::Street, Self::Object];

    /// The word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::District => "district",
            Self::Cell => "cell",
            Self::Street => "street",
            Self::Object => "object",
        }
    }
}

/// A place, as it was from one instant to another. A moved boundary or a new name is a new interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Which place; the same through all its intervals.
    pub id: PlaceId,
    /// What it is.
    pub kind: PlaceKind,
    /// Its name.
    pub name: Text,
    /// The place that contains it.
    pub parent: Option<PlaceId>,
    /// Its code in the national classifier of territories.
    pub kato: Option<String>,
    /// Its boundary or point as well-known text, WGS 84, longitude first.
    pub geometry: Option<String>,
    /// True if it belongs to the seeded city and not to a real one.
    pub simulated: bool,
    /// Start of validity in µs of UTC.
    pub valid_from: i64,
    /// End of validity in µs of UTC, exclusive; `None` until further notice.
    pub valid_to: Option<i64>,
}

impl Interval for Place {
    const TABLE: &'static str = "places";
    const KEY: &'static [&'static str] = &["place_id"];
    const DATA: &'static [&'static str] = &[
        "kind",
        "name_kk",
        "name_ru",
        "name_en",
        "parent_id",
        "kato",
        "geometry",
        "simulated",
    ];

    fn key(&self) -> Vec<Cell> {
        vec![self.id.as_str().into()]
    }

    fn data(&self) -> Vec<Cell> {
        vec![
            self.kind.as_str().into(),
            self.name.kk.as_str().into(),
            self.name.ru.as_str().into(),
            self.name.en.as_str().into(),
            self.parent
                .as_ref()
                .map_or(Cell::Null, |parent| parent.as_str().into()),
            Cell::optional(self.kato.as_deref().unwrap_or_default()),
            Cell::optional(self.geometry.as_deref().unwrap_or_default()),
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
        let kind = row.text("kind")?;
        let parent = row.optional("parent_id")?;
        Ok(Self {
            id: row.checked(PlaceId::new(row.text("place_id")?))?,
            kind: row.checked(
                PlaceKind::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)
                    .ok_or("unknown kind of place"),
            )?,
            name: row.trilingual("name")?,
            parent: parent
                .map(|parent| row.checked(PlaceId::new(parent)))
                .transpose()?,
            kato: row.optional("kato")?,
            geometry: row.optional("geometry")?,
            simulated: row.int("simulated")? != 0,
            valid_from: row.int("valid_from")?,
            valid_to: row.optional_int("valid_to")?,
        })
    }
}

/// Checks a place and takes it in.
pub(crate) async fn put(connection: &mut SqliteConnection, place: &Place) -> Result<Put, RegistryError> {
    if place.name.missing().is_some() {
        return Err(RegistryError::Empty {
            record: place.shown(),
            what: "a form of the name",
        });
    }
    if let Some(parent) = &place.parent
        && interval::of::<Place>(connection, &[parent.as_str().into()])
            .await?
            .is_empty()
    {
        return Err(RegistryError::UnknownParent {
            place: place.id.clone(),
            parent: parent.clone(),
        });
    }
    interval::put(connection, place).await
}

impl Registry {
    /// Adds a place, a new interval of one, or corrects the interval with the same start.
    ///
    /// # Errors
    /// The place contradicts itself or the intervals that are there, or the disk fails.
    pub async fn put_place(&self, place: &Place, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = put(change.connection(), place).await;
        self.end(change, outcome).await
    }

    /// Ends a place at an instant.
    ///
    /// # Errors
    /// There is no such place, or the disk fails.
    pub async fn end_place(&self, id: &PlaceId, at: i64, now: i64) -> Result<Put, RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let shown = format!("the place `{id}`");
        let outcome = interval::end::<Place>(change.connection(), &[id.as_str().into()], at, &shown).await;
        self.end(change, outcome).await
    }

    /// Takes back an interval of a place that was registered by mistake.
    ///
    /// # Errors
    /// There is no interval with that start, or the disk fails.
    pub async fn retract_place(&self, id: &PlaceId, valid_from: i64, now: i64) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let shown = format!("the place `{id}` from {valid_from}");
        let outcome =
            interval::retract::<Place>(change.connection(), &[id.as_str().into()], valid_from, &shown).await;
        self.end(change, outcome).await
    }

    /// All intervals of all places, in the order of id and start.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn places(&self) -> Result<Vec<Place>, RegistryError> {
        let mut link = self.lock().await?;
        interval::all(link.connection()?).await
    }

    /// The places in force at an instant.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn places_at(&self, at: i64) -> Result<Vec<Place>, RegistryError> {
        let mut link = self.lock().await?;
        interval::at(link.connection()?, at).await
    }
}
