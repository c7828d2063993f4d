//! What lies on the map.

use serde::{Deserialize, Serialize};

use crate::{Row, Text};

/// One entry of `GET /api/layers`: a layer of the map. Its tiles are at `/tiles/<id>/{z}/{x}/{y}.mvt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// The dataset whose rows are drawn.
    pub dataset: String,
    /// Subject.
    pub subject: String,
    /// `points`, `lines`, `areas`, or `cells`: squares with how many rows lie in them, for those who may not see the rows.
    pub kind: String,
    /// Titles of the feeds that its rows came from.
    pub source: Text,
    /// Licences of these feeds.
    pub licence: String,
    /// True when rows of it are simulated.
    pub simulated: bool,
    /// When its newest row came.
    pub updated_at: Option<String>,
    /// West, south, east, north in degrees; absent while nothing is on the map.
    pub bounds: Option<[f64; 4]>,
    /// Smallest zoom that has tiles.
    pub minzoom: u8,
    /// Largest zoom that has tiles.
    pub maxzoom: u8,
    /// Rows that can be drawn; of moving things how many there are now. Absent for cells.
    pub count: Option<u64>,
    /// When it happened; absent for what does not happen but is.
    pub time: Option<LayerTime>,
    /// Properties of single objects.
    pub properties: Vec<LayerProperty>,
}

/// The time of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerTime {
    /// The first moment; absent for moving things, of which only the newest are looked at.
    pub from: Option<String>,
    /// The last moment: what a tile shows when no moment is asked for.
    pub to: Option<String>,
    /// Seconds before the moment whose rows are drawn.
    pub window_s: i64,
    /// True when an object is drawn once, where it was last.
    pub moves: bool,
}

/// A property of an object on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerProperty {
    /// Name in tiles.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Unit symbol.
    pub unit: Option<String>,
}

/// `GET /tiles/<layer>.json`: [TileJSON 3.0.0](https://github.com/mapbox/tilejson-spec/tree/master/3.0.0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TileJson {
    /// `3.0.0`.
    pub tilejson: String,
    /// Id of the layer.
    pub name: String,
    /// Licence and source.
    pub attribution: String,
    /// `xyz`.
    pub scheme: String,
    /// Address of tiles.
    pub tiles: Vec<String>,
    /// Smallest zoom.
    pub minzoom: u8,
    /// Largest zoom.
    pub maxzoom: u8,
    /// West, south, east, north in degrees.
    pub bounds: [f64; 4],
    /// Layers in the tiles.
    pub vector_layers: Vec<VectorLayer>,
}

/// A layer in a tile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorLayer {
    /// Name in the tile.
    pub id: String,
    /// Properties and what they are.
    pub fields: std::collections::BTreeMap<String, String>,
}

/// `GET /api/objects/<layer>/<id>`: one thing on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Layer.
    pub layer: String,
    /// Id in its layer.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Longitude and latitude of a place in it, degrees.
    pub location: Option<[f64; 2]>,
    /// The place of the city's hierarchy that it lies in.
    pub place: Option<String>,
    /// What is known of it.
    pub properties: Vec<ObjectProperty>,
    /// Its newest readings, where a dataset of readings names it.
    pub readings: Vec<Row>,
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectProperty {
    /// Column.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Unit symbol.
    pub unit: Option<String>,
    /// Value.
    pub value: serde_json::Value,
}

/// `GET /api/inside`: what of one layer lies in the circle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// Layer.
    pub layer: String,
    /// Title.
    pub title: Text,
    /// How many; absent when they are fewer than five and single rows may not be seen.
    pub count: Option<u64>,
    /// People in its rows, such as residents of cells; absent where rows count none, and for fewer than five.
    pub persons: Option<u64>,
    /// The nearest.
    pub items: Vec<InsideItem>,
}

/// A thing in the circle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsideItem {
    /// Id in its layer.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Metres from the middle.
    pub distance_m: f64,
}

/// One entry of `GET /api/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `indicator`, `programme`, `dataset`, `feed`, `place` or `object`.
    pub kind: String,
    /// Id.
    pub id: String,
    /// Title in the language asked for.
    pub title: String,
    /// What it is.
    pub subtitle: String,
    /// Path of its page.
    pub href: String,
}
