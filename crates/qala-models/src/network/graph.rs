//! The graph: vertices where streets meet or end, pieces of streets between them, directed edges over pieces.

use super::globe::{Location, distance_m};
use super::search::Weight;

/// A directed graph in compressed rows: edges lie in the order of the vertex from which they start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// Ids of the map's nodes, ascending: a vertex is its place in this list.
    pub(super) nodes: Vec<i64>,
    /// One for each vertex.
    pub(super) places: Vec<Location>,
    pub(super) pieces: Vec<Piece>,
    /// The places along each piece, ends included; see [`Piece::shape_start`].
    pub(super) shapes: Vec<Location>,
    /// Where the edges of each vertex begin, and a last entry where they end.
    pub(super) first_edge: Vec<u32>,
    pub(super) edges: Vec<Edge>,
    /// Pairs of edges: from the first one may not turn into the second. Ascending.
    pub(super) forbidden: Vec<(u32, u32)>,
}

/// A piece of a street between two vertices, in the direction in which the street is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The street's id.
    pub street: i64,
    /// Vertex at its start.
    pub from: u32,
    /// Vertex at its end.
    pub to: u32,
    /// Length, metres.
    pub length_m: f64,
    /// Where its places begin in the list of all; they end where those of the next piece begin.
    pub(super) shape_start: u32,
}

/// A piece in a direction in which one may drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// Vertex at its end.
    pub to: u32,
    /// The piece that it runs over.
    pub piece: u32,
    /// Length, metres.
    pub length_m: f64,
    /// Time at the limit, seconds.
    pub seconds: f64,
}

impl Edge {
    /// What driving over it costs: metres or seconds.
    pub fn cost(&self, weight: Weight) -> f64 {
        match weight {
            Weight::Length => self.length_m,
            Weight::Time => self.seconds,
        }
    }
}

impl Network {
    /// Number of vertices.
    pub fn vertices(&self) -> usize {
        self.nodes.len()
    }

    /// Every piece of a street.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Every edge, in the order of the vertices from which they start.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The numbers of the edges that start at a vertex; none for a vertex that does not exist.
    pub fn edges_from(&self, vertex: u32) -> std::ops::Range<usize> {
        let at = vertex as usize;
        match (self.first_edge.get(at), self.first_edge.get(at + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// The vertex of a node of the map.
    pub fn vertex(&self, node: i64) -> Option<u32> {
        let at = self.nodes.binary_search(&node).ok()?;
        u32::try_from(at).ok()
    }

    /// The node of the map at a vertex.
    pub fn node(&self, vertex: u32) -> Option<i64> {
        self.nodes.get(vertex as usize).copied()
    }

    /// Where a vertex lies.
    pub fn place(&self, vertex: u32) -> Option<Location> {
        self.places.get(vertex as usize).copied()
    }

    /// The places along a piece, from its start to its end, both included.
    pub fn shape(&self, piece: u32) -> &[Location] {
        let at = piece as usize;
        let Some(start) = self.pieces.get(at).map(|piece| piece.shape_start as usize) else {
            return &[];
        };
        let next = self.pieces.get(at + 1).map(|next| next.shape_start as usize);
        self.shapes
            .get(start..next.unwrap_or(self.shapes.len()))
            .unwrap_or_default()
    }

    /// Length of all pieces, metres: a street of two directions counts once.
    pub fn length_m(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.length_m).sum()
    }

    /// The highest speed of any edge, metres per second.
    pub(super) fn top_speed(&self) -> f64 {
        let speeds = self
            .edges
            .iter()
            .filter(|edge| edge.seconds > 0.0)
            .map(|edge| edge.length_m / edge.seconds);
        speeds.fold(0.0, f64::max)
    }

    /// Length of a line of places, metres.
    pub(super) fn length_of(places: &[Location]) -> f64 {
        places.windows(2).map(|pair| distance_m(pair[0], pair[1])).sum()
    }

    /// Bytes that the network holds in memory.
    pub fn memory_bytes(&self) -> usize {
        self.nodes.len() * size_of::<i64>()
            + self.places.len() * size_of::<Location>()
            + self.pieces.len() * size_of::<Piece>()
            + self.shapes.len() * size_of::<Location>()
            + self.first_edge.len() * size_of::<u32>()
            + self.edges.len() * size_of::<Edge>()
            + self.forbidden.len() * size_of::<(u32, u32)>()
    }
}
