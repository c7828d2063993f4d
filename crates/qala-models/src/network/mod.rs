//! The street network: a directed graph of streets between junctions, and shortest paths in it.
//!
//! What belongs here: the graph, its strongly connected parts, paths, the nearest street. What does not: reading maps
//! (`qala-feeds`), timetables, traffic.

mod build;
mod bytes;
mod components;
mod globe;
mod graph;
mod nearest;
mod search;
mod turns;

#[cfg(test)]
mod tests;

pub use build::{Builder, Street, StreetError};
pub use bytes::BytesError;
pub use globe::{Location, MEAN_RADIUS_M, distance_m};
pub use graph::{Edge, Network, Piece};
pub use nearest::{Nearest, OnPiece};
pub use search::{Route, Search, Weight};
pub use turns::Turn;

use crate::Card;

/// The card of this model.
pub const CARD: Card = Card {
    id: "network",
    purpose: "Shortest paths by length or time over the streets of a city, and the nearest street of a place.",
    method: "Streets are split where they meet. Lengths are great-circle distances on the sphere of the mean radius of \
             WGS 84 (6,371,008.8 m); paths by Dijkstra's algorithm, or by A* with the great-circle distance, with equal \
             answers.",
    assumptions: &[
        "Cars drive at the limit: times are free-flow times, without signals, queues and turns.",
        "The sphere differs from the ellipsoid by up to 0.5 % of a length.",
    ],
    limits: &[
        "Turns that the map forbids at a node are kept; those over several streets, by the hour, and penalties are not. To turn \
         round where streets meet is allowed unless the map forbids it.",
        "The largest strongly connected part is found without regard to forbidden turns.",
        "Heights are not known: a climb is as long as its map.",
        "Networks across the 180th meridian are not supported by the search for the nearest street.",
    ],
};
