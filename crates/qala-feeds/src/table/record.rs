//! A JSON object as a record: values under keys and dotted paths.

use qala_core::Position;
use qala_core::spec::{DatasetSpec, Mapping};
use serde_json::{Map, Value as Json};

use super::cell::{Cell, Record};
use super::jsonl::Place;
use crate::envelope;
use crate::fault::PERSONAL;

/// A record with the paths that the plan asks for.
pub(crate) struct JsonRecord<'a> {
    pub(crate) object: &'a Map<String, Json>,
    pub(crate) paths: &'a [String],
    pub(crate) place: Place,
}

/// A JSON value as a cell.
pub(crate) fn cell(value: &Json) -> Cell<'_> {
    match value {
        Json::Null => Cell::Missing,
        Json::Bool(value) => Cell::Bool(*value),
        Json::String(text) => Cell::Text(text.as_bytes()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Int(whole),
            (None, Some(float)) => Cell::Float(float),
            (None, None) => Cell::Owned(number.to_string()),
        },
        nested => Cell::Owned(nested.to_string()),
    }
}

/// The value under a key, or under a dotted path.
pub(crate) fn at<'a>(object: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    below(object.get(first)?, rest)
}

/// The value under a dotted path; a number is the place in an array, from 0.
fn below<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    match value {
        Json::Object(inner) => at(inner, path),
        Json::Array(items) => {
            let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
            let item = items.get(first.parse::<usize>().ok()?)?;
            rest.map_or(Some(item), |rest| below(item, rest))
        }
        _ => None,
    }
}

/// Hides the value under a key, or under a dotted path.
pub(crate) fn hide(object: &mut Map<String, Json>, path: &str) {
    // A level of the topic is hidden with all of it.
    let whole = path
        .strip_prefix(envelope::TOPIC)
        .filter(|rest| rest.starts_with('/'));
    let path = whole.map_or(path, |_| envelope::TOPIC);
    if let Some(value) = object.get_mut(path) {
        *value = Json::String(PERSONAL.to_owned());
    } else if let Some((first, rest)) = path.split_once('.')
        && let Some(Json::Object(inner)) = object.get_mut(first)
    {
        hide(inner, rest);
    }
}

impl Record for JsonRecord<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(path) = self.paths.get(column) else {
            return Cell::Missing;
        };
        match at(self.object, path) {
            Some(value) => cell(value),
            None => {
                envelope::level(self.object, path).map_or(Cell::Missing, |level| Cell::Text(level.as_bytes()))
            }
        }
    }

    fn position(&self) -> Position {
        self.place.position(None)
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        let mut object = self.object.clone();
        for (index, path) in self.paths.iter().enumerate() {
            if personal(index) {
                hide(&mut object, path);
            }
        }
        serde_json::to_string(&object).ok()
    }
}

/// The source columns that spec and mapping ask for.
pub(crate) fn asked(spec: &DatasetSpec, mapping: &Mapping) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for column in &spec.columns {
        match mapping.columns.get(&column.name) {
            Some(map) => {
                paths.extend(map.from.clone());
                paths.extend(map.join.iter().flat_map(|join| parts(join)));
            }
            None => paths.push(column.name.clone()),
        }
    }
    for (name, map) in &mapping.columns {
        if map.from.is_none() && map.join.is_none() && map.value.is_none() {
            paths.push(name.clone());
        }
    }
    if let Some(unpivot) = &mapping.unpivot {
        paths.extend(unpivot.columns.keys().cloned());
        paths.retain(|path| *path != unpivot.name_to && *path != unpivot.value_to);
    }
    if !spec.quantities.is_empty() {
        paths.push("unit".to_owned());
    }
    paths.sort();
    paths.dedup();
    paths
}

/// A text that is no record.
pub(crate) struct Broken<'a> {
    pub(crate) raw: &'a str,
    pub(crate) place: Place,
}

impl Record for Broken<'_> {
    fn cell(&self, _: usize) -> Cell<'_> {
        Cell::Missing
    }

    fn position(&self) -> Position {
        self.place.position(None)
    }

    fn raw(&self, _: &dyn Fn(usize) -> bool) -> Option<String> {
        Some(self.raw.to_owned())
    }
}

/// Column names in a join pattern.
pub(crate) fn parts(join: &str) -> Vec<String> {
    let inside = join.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
    let name = |piece: &str| piece.rsplit_once(':').map_or(piece, |(name, _)| name).to_owned();
    inside.map(|(piece, _)| name(piece)).collect()
}
