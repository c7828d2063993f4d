//! A network as bytes, for a file: numbers in little-endian order behind a mark that carries the version.

use super::globe::Location;
use super::graph::{Edge, Network, Piece};

/// The mark; its last byte is the version. Version 1 knew no forbidden turns, and nothing followed the edges.
const MARK: &[u8; 8] = b"QALANET\x02";
/// Bytes of the mark and of the four counts.
const HEAD: usize = 8 + 4 * 8;
const PLACE: usize = 16;
const PIECE: usize = 8 + 4 + 4 + 8 + 4;
const EDGE: usize = 4 + 4 + 8 + 8;

/// Bytes that are no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BytesError {
    /// Another kind of file.
    #[error("the bytes are no street network")]
    Mark,
    /// Written by a newer program.
    #[error("the street network has version {0}, which is not known; build the pack again with this program")]
    Version(u8),
    /// Cut off, or longer than its counts say.
    #[error("the street network is cut off or too long; build the pack again")]
    Length,
    /// Numbers that contradict each other.
    #[error("the street network contradicts itself ({0}); build the pack again")]
    Contradiction(&'static str),
}

impl Network {
    /// The network as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.memory_bytes() + HEAD);
        out.extend_from_slice(MARK);
        for count in [
            self.nodes.len(),
            self.pieces.len(),
            self.shapes.len(),
            self.edges.len(),
        ] {
            out.extend_from_slice(&(count as u64).to_le_bytes());
        }
        for node in &self.nodes {
            out.extend_from_slice(&node.to_le_bytes());
        }
        for place in self.places.iter().chain(&self.shapes) {
            out.extend_from_slice(&place.lon.to_le_bytes());
            out.extend_from_slice(&place.lat.to_le_bytes());
        }
        for piece in &self.pieces {
            out.extend_from_slice(&piece.street.to_le_bytes());
            out.extend_from_slice(&piece.from.to_le_bytes());
            out.extend_from_slice(&piece.to.to_le_bytes());
            out.extend_from_slice(&piece.length_m.to_le_bytes());
            out.extend_from_slice(&piece.shape_start.to_le_bytes());
        }
        for vertex in 0..=self.nodes.len() {
            let first = self.first_edge.get(vertex).copied().unwrap_or(0);
            out.extend_from_slice(&first.to_le_bytes());
        }
        for edge in &self.edges {
            out.extend_from_slice(&edge.to.to_le_bytes());
            out.extend_from_slice(&edge.piece.to_le_bytes());
            out.extend_from_slice(&edge.length_m.to_le_bytes());
            out.extend_from_slice(&edge.seconds.to_le_bytes());
        }
        out.extend_from_slice(&(self.forbidden.len() as u64).to_le_bytes());
        for (from, into) in &self.forbidden {
            out.extend_from_slice(&from.to_le_bytes());
            out.extend_from_slice(&into.to_le_bytes());
        }
        out
    }

    /// Reads a network and checks that it holds together.
    ///
    /// # Errors
    /// [`BytesError`] that says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        let mark = bytes.get(..8).ok_or(BytesError::Mark)?;
        if mark[..7] != MARK[..7] {
            return Err(BytesError::Mark);
        }
        let version = mark[7];
        if version == 0 || version > MARK[7] {
            return Err(BytesError::Version(mark[7]));
        }
        let mut rest = Rest(&bytes[8..]);
        let counts = [rest.u64()?, rest.u64()?, rest.u64()?, rest.u64()?];
        let expected = expected_length(counts).ok_or(BytesError::Length)?;
        let behind = (bytes.len() as u64)
            .checked_sub(expected)
            .ok_or(BytesError::Length)?;
        let turns = match version {
            1 => 0,
            _ => behind.checked_sub(8).ok_or(BytesError::Length)? / 8,
        };
        if behind != if version == 1 { 0 } else { 8 + turns * 8 } {
            return Err(BytesError::Length);
        }
        let [vertices, pieces, shapes, edges] = counts.map(|count| count as usize);
        let mut network = Self {
            nodes: rest.list(vertices, Rest::i64)?,
            places: rest.list(vertices, Rest::place)?,
            shapes: rest.list(shapes, Rest::place)?,
            pieces: rest.list(pieces, Rest::piece)?,
            first_edge: rest.list(vertices + 1, Rest::u32)?,
            edges: rest.list(edges, Rest::edge)?,
            forbidden: Vec::new(),
        };
        if version > 1 {
            if rest.u64()? != turns {
                return Err(BytesError::Length);
            }
            network.forbidden = rest.list(turns as usize, |rest| Ok((rest.u32()?, rest.u32()?)))?;
        }
        network.check().map_err(BytesError::Contradiction)?;
        Ok(network)
    }

    fn check(&self) -> Result<(), &'static str> {
        let vertices = self.nodes.len() as u64;
        if !self.nodes.is_sorted_by(|a, b| a < b) {
            return Err("nodes are out of order");
        }
        if !self
            .places
            .iter()
            .chain(&self.shapes)
            .all(|place| place.is_valid())
        {
            return Err("a place is not on the globe");
        }
        let is_vertex = |vertex: u32| u64::from(vertex) < vertices;
        let is_amount = |number: f64| number.is_finite() && number >= 0.0;
        let mut start = 0;
        for piece in &self.pieces {
            if !is_vertex(piece.from) || !is_vertex(piece.to) || !is_amount(piece.length_m) {
                return Err("a piece has no ends or no length");
            }
            if piece.shape_start < start || piece.shape_start as usize > self.shapes.len() {
                return Err("the shapes of pieces are out of order");
            }
            start = piece.shape_start;
        }
        let is_rising = self.first_edge.is_sorted() && self.first_edge.first() == Some(&0);
        if !is_rising || self.first_edge.last().map(|last| *last as usize) != Some(self.edges.len()) {
            return Err("edges are out of order");
        }
        for vertex in 0..vertices as u32 {
            for edge in &self.edges[self.edges_from(vertex)] {
                let piece = self
                    .pieces
                    .get(edge.piece as usize)
                    .ok_or("an edge has no piece")?;
                let joins = [(piece.from, piece.to), (piece.to, piece.from)].contains(&(vertex, edge.to));
                if !joins || !is_amount(edge.length_m) || !is_amount(edge.seconds) {
                    return Err("an edge does not follow its piece");
                }
            }
        }
        let meets = |(from, into): &(u32, u32)| {
            let end = self.edges.get(*from as usize).map(|edge| edge.to);
            end.is_some_and(|end| self.edges_from(end).contains(&(*into as usize)))
        };
        if !self.forbidden.is_sorted_by(|a, b| a < b) || !self.forbidden.iter().all(meets) {
            return Err("a forbidden turn joins no edges");
        }
        Ok(())
    }
}

/// Bytes of a network with these counts.
fn expected_length([vertices, pieces, shapes, edges]: [u64; 4]) -> Option<u64> {
    let parts = [
        (vertices, 8 + PLACE + 4),
        (pieces, PIECE),
        (shapes, PLACE),
        (edges, EDGE),
    ];
    // The list of first edges has one entry more than there are vertices.
    parts.into_iter().try_fold(HEAD as u64 + 4, |sum, (count, size)| {
        sum.checked_add(count.checked_mul(size as u64)?)
    })
}

struct Rest<'b>(&'b [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BytesError> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(BytesError::Length)?;
        self.0 = rest;
        Ok(*first)
    }

    fn list<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, BytesError>,
    ) -> Result<Vec<T>, BytesError> {
        (0..count).map(|_| read(self)).collect()
    }

    fn u64(&mut self) -> Result<u64, BytesError> {
        self.take().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, BytesError> {
        self.take().map(i64::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, BytesError> {
        self.take().map(u32::from_le_bytes)
    }

    fn f64(&mut self) -> Result<f64, BytesError> {
        self.take().map(f64::from_le_bytes)
    }

    fn place(&mut self) -> Result<Location, BytesError> {
        Ok(Location {
            lon: self.f64()?,
            lat: self.f64()?,
        })
    }

    fn piece(&mut self) -> Result<Piece, BytesError> {
        Ok(Piece {
            street: self.i64()?,
            from: self.u32()?,
            to: self.u32()?,
            length_m: self.f64()?,
            shape_start: self.u32()?,
        })
    }

    fn edge(&mut self) -> Result<Edge, BytesError> {
        Ok(Edge {
            to: self.u32()?,
            piece: self.u32()?,
            length_m: self.f64()?,
            seconds: self.f64()?,
        })
    }
}
