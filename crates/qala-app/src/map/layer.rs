//! A dataset as a layer: found by the roles of its columns.

use qala_core::spec::{Column, ColumnType, DatasetSpec, Kind, Role, Sensitivity};

use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Seconds before the moment whose rows are drawn.
pub(crate) const WINDOW_S: i64 = 30 * 86_400;
/// The same for moving things, which are drawn where they were last.
pub(crate) const MOVING_WINDOW_S: i64 = 600;
/// Properties of an object on the map at most.
const MOST_PROPERTIES: usize = 16;
/// Columns that hold names.
pub(crate) const NAMES: [&str; 5] = ["name_kk", "name_ru", "name_en", "name", "title"];

/// Where a row lies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Longitude and latitude.
    Degrees(&'a str, &'a str),
    /// Well-known text.
    Text(&'a str),
    /// A row is one place of a line: longitude, latitude, its number in the line.
    Step(&'a str, &'a str, &'a str),
}

/// A layer.
#[derive(Debug, Clone)]
pub(crate) struct LayerSpec<'a> {
    pub(crate) spec: &'a DatasetSpec,
    pub(crate) place: Place<'a>,
    /// Columns that name an object.
    pub(crate) id: Vec<&'a str>,
    /// When it happened.
    pub(crate) time: Option<&'a str>,
    /// Start and end of validity.
    pub(crate) validity: Option<(&'a str, Option<&'a str>)>,
    /// True when an object is drawn where it was last.
    pub(crate) moves: bool,
}

impl<'a> LayerSpec<'a> {
    /// `None` for a dataset whose rows have no place.
    pub(crate) fn of(spec: &'a DatasetSpec) -> Option<Self> {
        let name = |role: Role| spec.role(role).map(|column| column.name.as_str());
        let place = match (name(Role::Geometry), name(Role::Lon), name(Role::Lat)) {
            (Some(text), _, _) => Place::Text(text),
            (None, Some(lon), Some(lat)) => {
                let last = spec.key.last().and_then(|key| spec.column(key));
                match last {
                    Some(step) if spec.key.len() > 1 && step.kind == ColumnType::Int => {
                        Place::Step(lon, lat, step.name.as_str())
                    }
                    _ => Place::Degrees(lon, lat),
                }
            }
            _ => return None,
        };
        let time = name(Role::Time).filter(|_| spec.kind == Kind::Event);
        let left_out = |column: &&str| match place {
            Place::Step(_, _, step) => *column == step,
            _ => Some(*column) == time || Some(*column) == name(Role::ValidFrom),
        };
        let mut id: Vec<&str> = spec
            .key
            .iter()
            .map(String::as_str)
            .filter(|c| !left_out(c))
            .collect();
        if id.is_empty() {
            id = spec.key.iter().map(String::as_str).collect();
        }
        // Only what moves has a speed.
        let has_speed = ["speed", "bearing"]
            .iter()
            .any(|name| spec.column(name).is_some());
        Some(Self {
            spec,
            place,
            id,
            time,
            validity: name(Role::ValidFrom).map(|from| (from, name(Role::ValidTo))),
            moves: time.is_some() && spec.key_has_time() && has_speed,
        })
    }

    /// Columns that are properties of single objects: public ones that are neither place nor name of the row.
    pub(crate) fn properties(&self) -> Vec<&'a Column> {
        let places = [
            Role::Lon,
            Role::Lat,
            Role::Geometry,
            Role::ValidFrom,
            Role::ValidTo,
        ];
        let simple = [
            ColumnType::Text,
            ColumnType::Int,
            ColumnType::Float,
            ColumnType::Bool,
            ColumnType::Time,
        ];
        let mut columns: Vec<&Column> = self
            .spec
            .columns
            .iter()
            .filter(|c| c.sensitivity == Sensitivity::Public && simple.contains(&c.kind))
            .filter(|c| !c.role.is_some_and(|role| places.contains(&role)))
            .filter(|c| !self.id.contains(&c.name.as_str()))
            .collect();
        if matches!(self.place, Place::Step(..)) {
            // They are of a place of the line, not of the line.
            columns.clear();
        }
        // Names first, so that they are never among those that are too many.
        columns.sort_by_key(|c| !super::is_name(&c.name));
        columns.truncate(MOST_PROPERTIES);
        columns
    }

    /// Seconds before the moment whose rows are drawn.
    pub(crate) fn window_s(&self) -> i64 {
        if self.moves { MOVING_WINDOW_S } else { WINDOW_S }
    }
}

/// The columns of a layer of moving things.
#[derive(Debug, Clone)]
pub(crate) struct LayerColumns {
    pub(crate) table: String,
    /// What names a thing, as tiles do: an expression.
    pub(crate) id: String,
    pub(crate) lon: String,
    pub(crate) lat: String,
    pub(crate) time: String,
    /// Columns that anybody may see.
    pub(crate) more: Vec<String>,
}

impl Centre {
    /// Layers of things that move.
    pub(crate) fn moving_layers(&self) -> Vec<LayerColumns> {
        let columns = |layer: LayerSpec<'_>| {
            let (Place::Degrees(lon, lat), Some(time)) = (layer.place, layer.time) else {
                return None;
            };
            let public = |c: &&Column| c.sensitivity == Sensitivity::Public;
            Some(LayerColumns {
                table: layer.spec.name.to_string(),
                id: super::load::id_expression(&layer),
                lon: lon.to_owned(),
                lat: lat.to_owned(),
                time: time.to_owned(),
                more: layer
                    .spec
                    .columns
                    .iter()
                    .filter(public)
                    .map(|c| c.name.clone())
                    .collect(),
            })
        };
        self.layer_specs()
            .into_iter()
            .filter(|layer| layer.moves)
            .filter_map(columns)
            .collect()
    }

    /// Every layer.
    pub(crate) fn layer_specs(&self) -> Vec<LayerSpec<'_>> {
        let specs = self.lake.specs();
        let own = |spec: &&DatasetSpec| !spec.name.as_str().starts_with("lake_");
        specs.into_iter().filter(own).filter_map(LayerSpec::of).collect()
    }

    /// A layer by its id, which is the name of its dataset.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn layer(&self, id: &str) -> Result<LayerSpec<'_>> {
        self.layer_specs()
            .into_iter()
            .find(|layer| layer.spec.name.as_str() == id)
            .ok_or_else(|| AppError::Usage(format!("there is no layer `{id}`; /api/layers lists them")))
    }
}
