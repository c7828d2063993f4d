//! Strongly connected parts: within one, every vertex can be reached from every other.

use super::build::first_edges;
use super::graph::{Edge, Network, Piece};

/// No number yet.
const NONE: u32 = u32::MAX;

impl Network {
    /// The part of each vertex, and the number of parts. (Tarjan's algorithm with a stack of its own: a city is deeper
    /// than a thread's.)
    pub fn components(&self) -> (Vec<u32>, usize) {
        let count = self.vertices();
        let (mut order, mut low, mut part) = (vec![NONE; count], vec![0_u32; count], vec![NONE; count]);
        let (mut next_order, mut parts) = (0_u32, 0_u32);
        let mut open: Vec<u32> = Vec::new();
        // (vertex, its next edge)
        let mut walk: Vec<(u32, usize)> = Vec::new();
        for root in 0..count as u32 {
            if order[root as usize] != NONE {
                continue;
            }
            walk.push((root, self.edges_from(root).start));
            while let Some((vertex, next)) = walk.pop() {
                let at = vertex as usize;
                if order[at] == NONE {
                    order[at] = next_order;
                    low[at] = next_order;
                    next_order += 1;
                    open.push(vertex);
                }
                if next < self.edges_from(vertex).end {
                    walk.push((vertex, next + 1));
                    let to = self.edges[next].to;
                    if order[to as usize] == NONE {
                        walk.push((to, self.edges_from(to).start));
                    } else if part[to as usize] == NONE {
                        low[at] = low[at].min(order[to as usize]);
                    }
                    continue;
                }
                if low[at] == order[at] {
                    while let Some(member) = open.pop() {
                        part[member as usize] = parts;
                        if member == vertex {
                            break;
                        }
                    }
                    parts += 1;
                }
                if let Some((parent, _)) = walk.last() {
                    let parent = *parent as usize;
                    low[parent] = low[parent].min(low[at]);
                }
            }
        }
        (part, parts as usize)
    }

    /// The largest strongly connected part as a network of its own; of equal ones that of the smallest node.
    #[must_use]
    pub fn largest_component(&self) -> Self {
        let (part, parts) = self.components();
        let mut sizes = vec![0_usize; parts];
        for number in &part {
            sizes[*number as usize] += 1;
        }
        let most = sizes.iter().copied().max().unwrap_or(0);
        let Some(largest) = part
            .iter()
            .copied()
            .find(|number| sizes[*number as usize] == most)
        else {
            return self.restricted(|_| false);
        };
        self.restricted(|vertex| part.get(vertex as usize) == Some(&largest))
    }

    /// The network between the vertices that are kept.
    fn restricted(&self, is_kept: impl Fn(u32) -> bool) -> Self {
        let mut number = vec![NONE; self.vertices()];
        let mut kept = Self::default();
        for vertex in (0..self.vertices() as u32).filter(|vertex| is_kept(*vertex)) {
            let at = vertex as usize;
            number[at] = kept.nodes.len() as u32;
            kept.nodes.push(self.nodes[at]);
            kept.places.push(self.places[at]);
        }
        let mut piece_number = vec![NONE; self.pieces.len()];
        for (at, piece) in self.pieces.iter().enumerate() {
            let (from, to) = (number[piece.from as usize], number[piece.to as usize]);
            if from == NONE || to == NONE {
                continue;
            }
            piece_number[at] = kept.pieces.len() as u32;
            kept.pieces.push(Piece {
                from,
                to,
                shape_start: kept.shapes.len() as u32,
                ..*piece
            });
            kept.shapes.extend_from_slice(self.shape(at as u32));
        }
        let mut starts = Vec::new();
        let mut edge_number = vec![NONE; self.edges.len()];
        for vertex in 0..self.vertices() as u32 {
            for at in self.edges_from(vertex) {
                let edge = &self.edges[at];
                let (from, to) = (number[vertex as usize], number[edge.to as usize]);
                if from == NONE || to == NONE {
                    continue;
                }
                edge_number[at] = kept.edges.len() as u32;
                starts.push(from);
                kept.edges.push(Edge {
                    to,
                    piece: piece_number[edge.piece as usize],
                    ..*edge
                });
            }
        }
        kept.first_edge = first_edges(kept.nodes.len(), starts.into_iter());
        // Edges keep their order, so pairs do.
        let pairs = self.forbidden.iter();
        let pairs = pairs.map(|(from, into)| (edge_number[*from as usize], edge_number[*into as usize]));
        kept.forbidden = pairs
            .filter(|(from, into)| *from != NONE && *into != NONE)
            .collect();
        kept
    }
}
