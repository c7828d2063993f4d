//! Vector tiles of what lies on a map: an index of points by place and time, lines and areas cut to tiles, and the bytes of
//! [Mapbox Vector Tile 2.1](https://github.com/mapbox/vector-tile-spec/tree/master/2.1).
//!
//! What belongs here: plain numbers in, tiles out. What does not: where rows come from, who may see them, HTTP.

mod clip;
mod mercator;
mod mvt;
mod points;
mod shapes;
mod window;
mod wkt;

#[cfg(test)]
mod tests;

pub use mercator::{DEEPEST, EXTENT, Spot, TileId, distance_m};
pub use mvt::{Geometry, TileLayer, Value, encode};
pub use points::{GRID, Mark, PointIndex, Stone};
pub use shapes::{Drawing, ShapeIndex, ShapeKind};
pub use window::Seconds;
pub use wkt::{Form, parse};
