//! From streets to the graph.

use super::globe::Location;
use super::graph::{Edge, Network, Piece};
use super::turns::Turn;

/// A street as the map draws it.
#[derive(Debug, Clone, Copy)]
pub struct Street<'s> {
    /// Its id.
    pub id: i64,
    /// Ids of its nodes: streets meet where they share one.
    pub nodes: &'s [i64],
    /// The places of the nodes, one for each.
    pub places: &'s [Location],
    /// Speed from the first node to the last, km/h; `None` where one may not drive.
    pub forward_kmh: Option<f64>,
    /// Speed from the last node to the first, km/h.
    pub backward_kmh: Option<f64>,
}

/// A street, or a number of streets, that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreetError {
    /// Not one place for each node, or fewer than two nodes.
    #[error("street {0} has fewer than two nodes, or not one place for each")]
    Shape(i64),
    /// A place that is not on the globe.
    #[error("street {0} leaves the globe")]
    Place(i64),
    /// A speed that is no positive number.
    #[error("street {0} has a speed that is no positive number")]
    Speed(i64),
    /// More than four thousand million pieces or places.
    #[error("the network is too large")]
    TooLarge,
}

struct Drawn {
    id: i64,
    start: usize,
    forward_kmh: Option<f64>,
    backward_kmh: Option<f64>,
}

/// Gathers streets in a few long columns, and makes the graph of them.
#[derive(Default)]
pub struct Builder {
    streets: Vec<Drawn>,
    nodes: Vec<i64>,
    places: Vec<Location>,
    turns: Vec<Turn>,
}

impl Builder {
    /// Adds a rule about a turn. One that names streets or nodes that are not there means nothing.
    pub fn turn(&mut self, turn: Turn) {
        self.turns.push(turn);
    }

    /// Adds a street.
    ///
    /// # Errors
    /// [`StreetError`] that says what is wrong with it; it is then left out.
    pub fn add(&mut self, street: Street<'_>) -> Result<(), StreetError> {
        if street.nodes.len() != street.places.len() || street.nodes.len() < 2 {
            return Err(StreetError::Shape(street.id));
        }
        if !street.places.iter().all(|place| place.is_valid()) {
            return Err(StreetError::Place(street.id));
        }
        let speeds = [street.forward_kmh, street.backward_kmh];
        if speeds
            .into_iter()
            .flatten()
            .any(|kmh| !kmh.is_finite() || kmh <= 0.0)
        {
            return Err(StreetError::Speed(street.id));
        }
        let start = self.nodes.len();
        for (node, place) in street.nodes.iter().zip(street.places) {
            // A node that is drawn twice in a row is one node.
            if self
                .nodes
                .get(start..)
                .is_some_and(|own| own.last() == Some(node))
            {
                continue;
            }
            self.nodes.push(*node);
            self.places.push(*place);
        }
        if self.nodes.len() < start + 2 {
            self.nodes.truncate(start);
            self.places.truncate(start);
            return Err(StreetError::Shape(street.id));
        }
        self.streets.push(Drawn {
            id: street.id,
            start,
            forward_kmh: street.forward_kmh,
            backward_kmh: street.backward_kmh,
        });
        Ok(())
    }

    /// The graph of the streets that were added: vertices are the ends of streets and the nodes that streets share.
    ///
    /// # Errors
    /// [`StreetError::TooLarge`].
    pub fn build(self) -> Result<Network, StreetError> {
        let vertices = self.vertices();
        let mut network = Network {
            places: vec![Location { lon: 0.0, lat: 0.0 }; vertices.len()],
            nodes: vertices,
            ..Network::default()
        };
        // (from, edge), before they are put in order.
        let mut edges: Vec<(u32, Edge)> = Vec::new();
        for (number, street) in self.streets.iter().enumerate() {
            let end = self
                .streets
                .get(number + 1)
                .map_or(self.nodes.len(), |next| next.start);
            self.split(street, street.start..end, &mut network, &mut edges)?;
        }
        u32::try_from(edges.len()).map_err(|_| StreetError::TooLarge)?;
        // A stable order: edges of one vertex stay in the order of streets.
        edges.sort_by_key(|(from, _)| *from);
        network.first_edge = first_edges(network.nodes.len(), edges.iter().map(|(from, _)| *from));
        network.edges = edges.into_iter().map(|(_, edge)| edge).collect();
        network.forbid(&self.turns);
        Ok(network)
    }

    /// Nodes that are an end of a street, or that occur more than once; ascending.
    fn vertices(&self) -> Vec<i64> {
        let mut uses = self.nodes.clone();
        for (number, street) in self.streets.iter().enumerate() {
            let end = self
                .streets
                .get(number + 1)
                .map_or(self.nodes.len(), |next| next.start);
            uses.extend(self.nodes.get(street.start));
            uses.extend(self.nodes.get(end.saturating_sub(1)));
        }
        uses.sort_unstable();
        let mut vertices: Vec<i64> = uses
            .chunk_by(i64::eq)
            .filter(|same| same.len() > 1)
            .map(|same| same[0])
            .collect();
        vertices.shrink_to_fit();
        vertices
    }

    fn split(
        &self,
        street: &Drawn,
        range: std::ops::Range<usize>,
        network: &mut Network,
        edges: &mut Vec<(u32, Edge)>,
    ) -> Result<(), StreetError> {
        let mut begun: Option<(usize, u32)> = None;
        for at in range {
            let Ok(vertex) = network.nodes.binary_search(&self.nodes[at]) else {
                continue;
            };
            network.places[vertex] = self.places[at];
            let vertex = u32::try_from(vertex).map_err(|_| StreetError::TooLarge)?;
            if let Some((start, from)) = begun {
                let shape = &self.places[start..=at];
                let length_m = Network::length_of(shape);
                let number = u32::try_from(network.pieces.len()).map_err(|_| StreetError::TooLarge)?;
                let shape_start = u32::try_from(network.shapes.len()).map_err(|_| StreetError::TooLarge)?;
                network.shapes.extend_from_slice(shape);
                network.pieces.push(Piece {
                    street: street.id,
                    from,
                    to: vertex,
                    length_m,
                    shape_start,
                });
                let edge = |to, kmh: f64| Edge {
                    to,
                    piece: number,
                    length_m,
                    seconds: length_m * 3.6 / kmh,
                };
                edges.extend(street.forward_kmh.map(|kmh| (from, edge(vertex, kmh))));
                edges.extend(street.backward_kmh.map(|kmh| (vertex, edge(from, kmh))));
            }
            begun = Some((at, vertex));
        }
        Ok(())
    }
}

/// Where the edges of each vertex begin, from the start of each edge in order.
pub(super) fn first_edges(vertices: usize, starts: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut first = vec![0_u32; vertices + 1];
    for from in starts {
        if let Some(count) = first.get_mut(from as usize + 1) {
            *count += 1;
        }
    }
    for at in 1..first.len() {
        first[at] += first[at - 1];
    }
    first
}
