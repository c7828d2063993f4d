//! The map: which datasets are layers, their indexes, tiles, what lies near a place.
//!
//! What belongs here: from rows to what is drawn. What does not: the bytes of tiles and the index (`qala-tiles`), HTTP.

mod base;
mod content;
mod info;
mod layer;
mod load;
mod near;
mod object;
mod store;
mod tile;

pub use info::{LayerInfo, LayerKind};
pub use near::{InsideLayer, NearItem};
pub use object::{FoundObject, Property};
pub use store::MapStore;
pub use tile::{BASE, Moment, Tile, TileWanted};

pub(crate) use layer::LayerColumns;
pub(crate) use load::{instant as instant_literal, quoted};

/// True for a column that holds names of things.
pub(crate) fn is_name(column: &str) -> bool {
    layer::NAMES.contains(&column) || column.ends_with("_name")
}
