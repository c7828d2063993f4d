//! Shortest paths.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::globe::{Location, distance_m};
use super::graph::Network;

/// No edge.
const NONE: u32 = u32::MAX;

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Metres.
    Length,
    /// Seconds at the limit.
    Time,
}

/// A path.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Metres or seconds, by the weight that was asked for.
    pub cost: f64,
    /// Length, metres.
    pub length_m: f64,
    /// Time at the limit, seconds.
    pub seconds: f64,
    /// The edges in the order in which they are driven; none when start and end are one.
    pub edges: Vec<u32>,
}

/// A vertex that waits, with the cost of the way to it and the least cost of the whole way through it.
struct Waiting {
    least: f64,
    cost: f64,
    vertex: u32,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    /// The heap gives the greatest first: that is the cheapest here, of equal ones the first vertex.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .least
            .total_cmp(&self.least)
            .then(other.vertex.cmp(&self.vertex))
    }
}

/// The room that a search needs; kept from one search to the next.
pub struct Search<'n> {
    network: &'n Network,
    top_speed: f64,
    cost: Vec<f64>,
    came_by: Vec<u32>,
    touched: Vec<u32>,
    waiting: BinaryHeap<Waiting>,
    settled: usize,
}

impl<'n> Search<'n> {
    /// Room for searches in a network: 12 bytes for each vertex.
    pub fn new(network: &'n Network) -> Self {
        Self {
            top_speed: network.top_speed(),
            cost: vec![f64::INFINITY; network.vertices()],
            came_by: vec![NONE; network.vertices()],
            touched: Vec::new(),
            waiting: BinaryHeap::new(),
            settled: 0,
            network,
        }
    }

    /// The cheapest path by Dijkstra's algorithm; `None` when there is none, or a vertex does not exist.
    pub fn dijkstra(&mut self, from: u32, to: u32, weight: Weight) -> Option<Route> {
        self.run(from, Some(to), weight, f64::INFINITY, |_| 0.0);
        self.route(from, to)
    }

    /// The same path by A*: vertices away from the end are not looked at. The cost is the same to the last bit.
    pub fn a_star(&mut self, from: u32, to: u32, weight: Weight) -> Option<Route> {
        let end = self.network.place(to)?;
        let speed = match weight {
            Weight::Length => 1.0,
            Weight::Time => self.top_speed,
        };
        if speed <= 0.0 {
            return self.dijkstra(from, to, weight);
        }
        let network = self.network;
        self.run(from, Some(to), weight, f64::INFINITY, |vertex| {
            network
                .place(vertex)
                .map_or(0.0, |place| least_m(place, end) / speed)
        });
        self.route(from, to)
    }

    /// Every vertex that can be reached within `limit` metres or seconds, with its cost, in the order of vertices.
    pub fn within(&mut self, from: u32, weight: Weight, limit: f64) -> Vec<(u32, f64)> {
        self.run(from, None, weight, limit, |_| 0.0);
        let costs = self
            .touched
            .iter()
            .map(|vertex| (*vertex, self.cost[*vertex as usize]));
        let mut reached: Vec<(u32, f64)> = costs.filter(|(_, cost)| *cost <= limit).collect();
        reached.sort_unstable_by_key(|(vertex, _)| *vertex);
        reached
    }

    /// How many vertices the last search settled.
    pub fn settled(&self) -> usize {
        self.settled
    }

    fn run(&mut self, from: u32, to: Option<u32>, weight: Weight, limit: f64, least: impl Fn(u32) -> f64) {
        for vertex in self.touched.drain(..) {
            self.cost[vertex as usize] = f64::INFINITY;
            self.came_by[vertex as usize] = NONE;
        }
        self.waiting.clear();
        self.settled = 0;
        if from as usize >= self.cost.len() {
            return;
        }
        self.reach(from, 0.0, NONE, least(from));
        while let Some(Waiting { cost, vertex, .. }) = self.waiting.pop() {
            if cost > self.cost[vertex as usize] {
                continue;
            }
            self.settled += 1;
            if to == Some(vertex) || cost > limit {
                return;
            }
            for number in self.network.edges_from(vertex) {
                let edge = self.network.edges[number];
                let through = cost + edge.cost(weight);
                // Rounding may make an estimate a hair too bold between neighbours; a vertex that was settled is then
                // taken up again.
                if through < self.cost[edge.to as usize] {
                    self.reach(edge.to, through, number as u32, least(edge.to));
                }
            }
        }
    }

    fn reach(&mut self, vertex: u32, cost: f64, by: u32, least: f64) {
        let at = vertex as usize;
        if self.cost[at].is_infinite() {
            self.touched.push(vertex);
        }
        self.cost[at] = cost;
        self.came_by[at] = by;
        self.waiting.push(Waiting {
            least: cost + least,
            cost,
            vertex,
        });
    }

    /// The path that the last search found.
    fn route(&self, from: u32, to: u32) -> Option<Route> {
        let cost = *self.cost.get(to as usize)?;
        if cost.is_infinite() {
            return None;
        }
        let mut edges = Vec::new();
        let mut at = to;
        while at != from {
            let number = self.came_by[at as usize];
            edges.push(number);
            let edge = self.network.edges.get(number as usize)?;
            let piece = self.network.pieces.get(edge.piece as usize)?;
            at = if self.starts_at(piece.from, number) {
                piece.from
            } else {
                piece.to
            };
        }
        edges.reverse();
        let sum = |of: fn(&super::graph::Edge) -> f64| {
            edges
                .iter()
                .filter_map(|number| self.network.edges.get(*number as usize))
                .map(of)
                .sum()
        };
        Some(Route {
            cost,
            length_m: sum(|edge| edge.length_m),
            seconds: sum(|edge| edge.seconds),
            edges,
        })
    }

    /// True when the edge starts at the vertex.
    fn starts_at(&self, vertex: u32, edge: u32) -> bool {
        self.network.edges_from(vertex).contains(&(edge as usize))
    }
}

/// A bound below the length of every way between two places: the great circle, less what rounding may add to it.
fn least_m(a: Location, b: Location) -> f64 {
    (distance_m(a, b) * (1.0 - 1e-9) - 1e-5).max(0.0)
}
