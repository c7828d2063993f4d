//! The base map: streets, districts, buildings and their names, from the city's own tables.

use std::collections::HashMap;
use std::sync::Arc;

use qala_core::Text;
use qala_tiles::{Geometry, Spot, TileId, TileLayer, Value, encode};

use super::content::Content;
use super::tile::{Moment, Tile};
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Where streets lie: those of a map first, those of the traffic network where there is no map.
const STREETS: [&str; 2] = ["places_streets", "traffic_street_segments"];
const BUILDINGS: &str = "places_buildings";
const PLACES: &str = "organisation_places";
/// Layers of a base tile.
pub(crate) const BASE_LAYERS: [&str; 4] = ["districts", "streets", "buildings", "labels"];

/// The zoom from which streets of a class are drawn.
fn from_zoom(class: &str) -> u8 {
    match class.trim_end_matches("_link") {
        "motorway" | "trunk" | "primary" | "main" => 6,
        "secondary" | "arterial" | "collector" => 10,
        "tertiary" => 12,
        "residential" | "unclassified" | "living_street" | "local" | "" => 13,
        _ => 14,
    }
}

impl Centre {
    async fn now_of(self: &Arc<Self>, dataset: &str) -> Result<Option<Arc<Content>>> {
        let Ok(layer) = self.layer(dataset) else {
            return Ok(None);
        };
        let drawn = self.drawn(&layer, Moment::default(), true).await?;
        Ok(Some(drawn.content))
    }

    /// Streets, buildings and places as they are drawn.
    async fn base(self: &Arc<Self>) -> Result<Base> {
        let mut streets = None;
        for name in STREETS {
            streets = self
                .now_of(name)
                .await?
                .filter(|content| !content.shapes.is_empty());
            if streets.is_some() {
                break;
            }
        }
        let buildings = self.now_of(BUILDINGS).await?;
        let places = self
            .now_of(PLACES)
            .await?
            .filter(|content| !content.shapes.is_empty());
        Ok(Base {
            streets,
            buildings,
            places,
        })
    }

    /// West, south, east, north of the base map.
    pub(crate) async fn base_bounds(self: &Arc<Self>) -> Result<Option<[f64; 4]>> {
        let base = self.base().await?;
        Ok(base.streets.or(base.places).and_then(|content| content.bounds()))
    }

    pub(crate) async fn base_tile(self: &Arc<Self>, tile: TileId, known: Option<&str>) -> Result<Tile> {
        let base = self.base().await?;
        let version = |content: &Option<Arc<Content>>| content.as_ref().map_or(0, |c| c.version);
        let tag = format!(
            "\"{:x}-{:x}-{:x}-{:x}-{}-{}-{}\"",
            self.boot,
            version(&base.streets),
            version(&base.buildings),
            version(&base.places),
            tile.z,
            tile.x,
            tile.y
        );
        if known.is_some_and(|known| known.split(',').any(|k| k.trim().trim_start_matches("W/") == tag)) {
            return Ok(Tile::Unchanged(tag));
        }
        let names = self.place_names().await?;
        let bytes = tokio::task::spawn_blocking(move || base.draw(tile, &names))
            .await
            .map_err(|e| AppError::Remote(format!("a worker failed: {e}")))?;
        Ok(if bytes.is_empty() {
            Tile::Empty(tag)
        } else {
            Tile::Bytes(bytes, tag)
        })
    }

    /// Names of the districts.
    async fn place_names(&self) -> Result<HashMap<String, Text>> {
        let rows = self
            .rows("SELECT place_id, name_kk, name_ru, name_en FROM organisation_places WHERE valid_to IS NULL AND kind = 'district'")
            .await?;
        let word = |row: &serde_json::Map<String, serde_json::Value>, name: &str| {
            row.get(name)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let entry = |row: &serde_json::Map<String, serde_json::Value>| {
            let text = Text {
                kk: word(row, "name_kk"),
                ru: word(row, "name_ru"),
                en: word(row, "name_en"),
            };
            (word(row, "place_id"), text)
        };
        Ok(rows.iter().map(entry).collect())
    }
}

struct Base {
    streets: Option<Arc<Content>>,
    buildings: Option<Arc<Content>>,
    places: Option<Arc<Content>>,
}

fn names(text: &Text) -> [(&'static str, Value); 3] {
    [
        ("name_kk", Value::Text(text.kk.clone())),
        ("name_ru", Value::Text(text.ru.clone())),
        ("name_en", Value::Text(text.en.clone())),
    ]
}

impl Base {
    fn draw(&self, tile: TileId, districts: &HashMap<String, Text>) -> Vec<u8> {
        let mut layers = BASE_LAYERS.map(TileLayer::new);
        let [areas, lines, houses, labels] = &mut layers;
        if let Some(places) = &self.places {
            for drawing in places.shapes.tile(tile, |_| true) {
                let id = places.id(drawing.row);
                let kind = places.text(drawing.row, "kind").unwrap_or("district").to_owned();
                let mut properties = vec![("class", Value::Text(kind)), ("id", Value::Text(id))];
                properties.extend(names(&places.title(drawing.row)));
                areas.add(&drawing.geometry, properties);
            }
        }
        if let Some(streets) = &self.streets {
            let class = |row: u32| streets.text(row, "class").unwrap_or_default();
            for drawing in streets.shapes.tile(tile, |row| from_zoom(class(row)) <= tile.z) {
                let mut properties = vec![("class", Value::Text(class(drawing.row).to_owned()))];
                // Names are for those who are near.
                if tile.z >= 12 {
                    for name in ["name_kk", "name_ru", "name_en", "name"] {
                        if let Some(text) = streets.text(drawing.row, name) {
                            properties.push((name, Value::Text(text.to_owned())));
                        }
                    }
                }
                lines.add(&drawing.geometry, properties);
            }
        }
        if let Some(buildings) = self.buildings.as_ref().filter(|_| tile.z >= 14) {
            for drawing in buildings.shapes.tile(tile, |_| true) {
                houses.add(&drawing.geometry, [("class", Value::Text("building".into()))]);
            }
        }
        for (id, at) in self.middles() {
            let Some(text) = districts.get(&id) else { continue };
            let Some((x, y)) = Spot::of(at.0, at.1).and_then(|spot| tile.inside(spot)) else {
                continue;
            };
            let mut properties = vec![("class", Value::Text("district".into())), ("id", Value::Text(id))];
            properties.extend(names(text));
            labels.add(&Geometry::Points(vec![(x, y)]), properties);
        }
        encode(layers.into_iter().collect())
    }

    /// Where the name of each district stands: in the middle of its area, or of its streets where areas are not known.
    fn middles(&self) -> Vec<(String, (f64, f64))> {
        if let Some(places) = &self.places {
            return places
                .shapes
                .middles()
                .map(|(row, at)| (places.id(row), at))
                .collect();
        }
        let Some(streets) = &self.streets else {
            return Vec::new();
        };
        let mut sums: HashMap<&str, (f64, f64, f64)> = HashMap::new();
        for (row, (lon, lat)) in streets.shapes.middles() {
            if let Some(place) = streets.text(row, "place_id") {
                let sum = sums.entry(place).or_default();
                *sum = (sum.0 + lon, sum.1 + lat, sum.2 + 1.0);
            }
        }
        let middle = |(id, (x, y, n)): (&str, (f64, f64, f64))| (id.to_owned(), (x / n, y / n));
        sums.into_iter().map(middle).collect()
    }
}
