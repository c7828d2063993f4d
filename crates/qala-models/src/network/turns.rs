//! Turns that are forbidden: from one edge into another, at the vertex between them.
//!
//! What belongs here: which pairs of edges a rule of the map means. What does not: the search, and reading maps.

use std::collections::BTreeMap;

use super::graph::Network;

/// A rule of the map about the way from one street into another at a node that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Id of the street that one comes from.
    pub from: i64,
    /// Id of the node.
    pub via: i64,
    /// Id of the street that one turns into.
    pub to: i64,
    /// True when this is the only way on; false when it is forbidden.
    pub is_only: bool,
}

impl Network {
    /// Number of forbidden pairs of edges.
    pub fn forbidden_turns(&self) -> usize {
        self.forbidden.len()
    }

    /// True when one may not drive from an edge into another.
    pub fn is_forbidden(&self, from: u32, into: u32) -> bool {
        self.forbidden.binary_search(&(from, into)).is_ok()
    }

    /// Edges from which some turn is forbidden, ascending.
    pub(super) fn bound_edges(&self) -> Vec<u32> {
        let mut edges: Vec<u32> = self.forbidden.iter().map(|(from, _)| *from).collect();
        edges.dedup();
        edges
    }

    /// Forbids what rules say; the number of rules that mean no pair of edges.
    pub(super) fn forbid(&mut self, turns: &[Turn]) -> usize {
        let into = self.edges_into(turns);
        let ends = self.ends_at(turns);
        let street = |edge: u32| {
            let piece = self.edges.get(edge as usize).map(|edge| edge.piece as usize);
            piece
                .and_then(|piece| self.pieces.get(piece))
                .map(|piece| piece.street)
        };
        let mut forbidden = Vec::new();
        let mut without = 0;
        for turn in turns {
            let vertex = self.vertex(turn.via);
            // A street that passes the node has two ways on: which one is meant, the rule does not say.
            let ends_here = |street| vertex.is_some_and(|vertex| ends.get(&(street, vertex)) == Some(&1));
            let Some(vertex) = vertex.filter(|_| ends_here(turn.from) && ends_here(turn.to)) else {
                without += 1;
                continue;
            };
            let from = into
                .iter()
                .filter(|(to, edge)| *to == vertex && street(*edge) == Some(turn.from))
                .map(|(_, edge)| *edge);
            let out: Vec<u32> = self.edges_from(vertex).map(|edge| edge as u32).collect();
            let leads = |edge: &u32| street(*edge) == Some(turn.to);
            let before = forbidden.len();
            // Where the only way on does not exist, the rule means nothing: it would close the street.
            if out.iter().any(leads) {
                for from in from {
                    let meant = out.iter().filter(|edge| leads(edge) != turn.is_only);
                    forbidden.extend(meant.map(|edge| (from, *edge)));
                }
            }
            without += usize::from(forbidden.len() == before);
        }
        forbidden.sort_unstable();
        forbidden.dedup();
        self.forbidden = forbidden;
        without
    }

    /// How many ends of pieces of the streets of rules lie at their nodes, by street and vertex.
    fn ends_at(&self, turns: &[Turn]) -> BTreeMap<(i64, u32), u32> {
        let mut ends = BTreeMap::new();
        for turn in turns {
            if let Some(vertex) = self.vertex(turn.via) {
                ends.insert((turn.from, vertex), 0);
                ends.insert((turn.to, vertex), 0);
            }
        }
        for piece in &self.pieces {
            for vertex in [piece.from, piece.to] {
                if let Some(count) = ends.get_mut(&(piece.street, vertex)) {
                    *count += 1;
                }
            }
        }
        ends
    }

    /// The edges that end at the nodes of rules: (vertex, edge).
    fn edges_into(&self, turns: &[Turn]) -> Vec<(u32, u32)> {
        let mut vertices: Vec<u32> = turns.iter().filter_map(|turn| self.vertex(turn.via)).collect();
        vertices.sort_unstable();
        let edges = (0_u32..).zip(&self.edges);
        edges
            .filter(|(_, edge)| vertices.binary_search(&edge.to).is_ok())
            .map(|(number, edge)| (edge.to, number))
            .collect()
    }
}
