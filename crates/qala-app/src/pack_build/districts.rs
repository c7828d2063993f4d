//! Districts from GeoJSON into the pack's `districts.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use qala_registry::Pack;
use serde_json::Value;

/// What a file of districts holds for a pack.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Well-known text by the id of the place.
    pub(super) geometry: BTreeMap<String, String>,
    pub(super) without_geometry: Vec<String>,
    pub(super) unknown_features: Vec<String>,
}

/// Reads a file of districts. A feature belongs to the place whose id or name, in any language, is one of its properties.
pub(super) fn read(text: &str, pack: &Pack) -> Result<Found, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| format!("this is no JSON ({error})"))?;
    let features = json.get("features").and_then(Value::as_array);
    let features = features.ok_or("this is no GeoJSON FeatureCollection: it has no `features`")?;
    let mut found = Found::default();
    for (number, feature) in features.iter().enumerate() {
        let properties = feature.get("properties").and_then(Value::as_object);
        let words: Vec<&str> = properties
            .into_iter()
            .flat_map(|map| map.values())
            .filter_map(Value::as_str)
            .collect();
        let place = pack.places.iter().find(|place| {
            let own = [place.id.as_str(), &place.name.kk, &place.name.ru, &place.name.en];
            words.iter().any(|word| own.iter().any(|own| is_same(own, word)))
        });
        let Some(place) = place else {
            found.unknown_features.push(words.join(", "));
            continue;
        };
        let geometry = feature.get("geometry").and_then(area_text);
        let geometry = geometry.ok_or_else(|| {
            format!(
                "feature {number} (`{}`) has no polygon of longitudes and latitudes",
                place.id
            )
        })?;
        if found.geometry.insert(place.id.to_string(), geometry).is_some() {
            return Err(format!("the place `{}` has two features", place.id));
        }
    }
    let without = pack.places.iter().filter(|place| place.id != pack.city);
    let mut without: Vec<String> = without.map(|place| place.id.to_string()).collect();
    without.retain(|id| !found.geometry.contains_key(id));
    without.dedup();
    found.without_geometry = without;
    Ok(found)
}

/// Same letters, whatever their case; two letters that look the same in Kazakh texts count as one.
fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace('ə', "ә");
    plain(a) == plain(b)
}

/// A polygon or several as well-known text.
fn area_text(geometry: &Value) -> Option<String> {
    let coordinates = geometry.get("coordinates")?.as_array()?;
    match geometry.get("type")?.as_str()? {
        "Polygon" => Some(format!("POLYGON {}", rings(coordinates)?)),
        "MultiPolygon" => {
            let polygons = coordinates.iter().map(|polygon| rings(polygon.as_array()?));
            Some(format!(
                "MULTIPOLYGON ({})",
                polygons.collect::<Option<Vec<_>>>()?.join(", ")
            ))
        }
        _ => None,
    }
}

fn rings(rings: &[Value]) -> Option<String> {
    if rings.is_empty() {
        return None;
    }
    let rings = rings.iter().map(|ring| {
        let places: &Vec<Value> = ring.as_array()?;
        // A ring ends where it starts.
        if places.len() < 4 || places.first() != places.last() {
            return None;
        }
        let mut out = String::new();
        for place in places {
            let (lon, lat) = (place.get(0)?.as_f64()?, place.get(1)?.as_f64()?);
            if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
                return None;
            }
            let separator = if out.is_empty() { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = write!(out, "{separator}{lon} {lat}");
        }
        Some(format!("({out})"))
    });
    Some(format!("({})", rings.collect::<Option<Vec<_>>>()?.join(", ")))
}

/// The text of `districts.toml` with a geometry in every entry of a place that has one. Comments stay; a geometry that was
/// there goes.
pub(super) fn with_geometry(text: &str, geometry: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_replaced = false;
    for line in text.lines() {
        let (key, value) = line
            .split_once('=')
            .map_or((line.trim(), ""), |(key, value)| (key.trim(), value.trim()));
        if key == "[[place]]" {
            is_replaced = false;
        }
        if key == "geometry" && is_replaced {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if key == "id"
            && let Some(shape) = geometry.get(value.trim_matches('"'))
        {
            // Well-known text has no quotation marks, so it needs no escape.
            let _ = writeln!(out, "geometry = \"{shape}\"");
            is_replaced = true;
        }
    }
    out
}
