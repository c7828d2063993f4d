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

/// A state that waits, with the cost of the way to it and the least cost of the whole way through it.
struct Waiting {
    least: f64,
    cost: f64,
    state: u32,
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
    /// The heap gives the greatest first: that is the cheapest here, of equal ones the first state.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .least
            .total_cmp(&self.least)
            .then(other.state.cmp(&self.state))
    }
}

/// The room that a search needs; kept from one search to the next.
///
/// A search goes from state to state. A state is a vertex; one that was reached over an edge from which some turn is forbidden is a
/// state of its own, for its ways on are fewer.
pub struct Search<'n> {
    network: &'n Network,
    top_speed: f64,
    /// Edges from which some turn is forbidden: their states follow those of the vertices.
    bound: Vec<u32>,
    cost: Vec<f64>,
    /// By which edge a state was reached, and from which state.
    came_by: Vec<(u32, u32)>,
    touched: Vec<u32>,
    waiting: BinaryHeap<Waiting>,
    settled: usize,
}

impl<'n> Search<'n> {
    /// Room for searches in a network: 16 bytes for each vertex.
    pub fn new(network: &'n Network) -> Self {
        let bound = network.bound_edges();
        let states = network.vertices() + bound.len();
        Self {
            top_speed: network.top_speed(),
            bound,
            cost: vec![f64::INFINITY; states],
            came_by: vec![(NONE, NONE); states],
            touched: Vec::new(),
            waiting: BinaryHeap::new(),
            settled: 0,
            network,
        }
    }

    /// The cheapest path by Dijkstra's algorithm; `None` when there is none, or a vertex does not exist.
    pub fn dijkstra(&mut self, from: u32, to: u32, weight: Weight) -> Option<Route> {
        let end = self.run(from, Some(to), weight, f64::INFINITY, |_| 0.0)?;
        self.route(from, end)
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
        let end = self.run(from, Some(to), weight, f64::INFINITY, |vertex| {
            network
                .place(vertex)
                .map_or(0.0, |place| least_m(place, end) / speed)
        })?;
        self.route(from, end)
    }

    /// Every vertex that can be reached within `limit` metres or seconds, with its cost, in the order of vertices.
    pub fn within(&mut self, from: u32, weight: Weight, limit: f64) -> Vec<(u32, f64)> {
        self.run(from, None, weight, limit, |_| 0.0);
        let costs = self
            .touched
            .iter()
            .map(|state| (self.vertex(*state), self.cost[*state as usize]));
        let mut reached: Vec<(u32, f64)> = costs.filter(|(_, cost)| *cost <= limit).collect();
        // Of the states of one vertex the cheapest counts.
        reached.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        reached.dedup_by_key(|(vertex, _)| *vertex);
        reached
    }

    /// The vertex of a state.
    fn vertex(&self, state: u32) -> u32 {
        let Some(number) = (state as usize).checked_sub(self.network.vertices()) else {
            return state;
        };
        let edge = self
            .bound
            .get(number)
            .and_then(|edge| self.network.edges.get(*edge as usize));
        edge.map_or(NONE, |edge| edge.to)
    }

    /// The state that an edge leads to.
    fn state(&self, edge: u32) -> u32 {
        let to = self.network.edges[edge as usize].to;
        if self.bound.is_empty() {
            return to;
        }
        let own = self.bound.binary_search(&edge).ok();
        own.map_or(to, |number| (self.network.vertices() + number) as u32)
    }

    /// How many vertices the last search settled.
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// Searches until a state of `to` is settled, which is given back, or until nothing within `limit` waits.
    fn run(
        &mut self,
        from: u32,
        to: Option<u32>,
        weight: Weight,
        limit: f64,
        least: impl Fn(u32) -> f64,
    ) -> Option<u32> {
        for state in self.touched.drain(..) {
            self.cost[state as usize] = f64::INFINITY;
            self.came_by[state as usize] = (NONE, NONE);
        }
        self.waiting.clear();
        self.settled = 0;
        if from as usize >= self.network.vertices() {
            return None;
        }
        self.reach(from, 0.0, (NONE, NONE), least(from));
        while let Some(Waiting { cost, state, .. }) = self.waiting.pop() {
            if cost > self.cost[state as usize] {
                continue;
            }
            self.settled += 1;
            let vertex = self.vertex(state);
            if to == Some(vertex) {
                return Some(state);
            }
            if cost > limit {
                return None;
            }
            // The edge that only some turns follow.
            let bound = (state != vertex).then(|| self.came_by[state as usize].0);
            for number in self.network.edges_from(vertex) {
                let number = number as u32;
                if bound.is_some_and(|bound| self.network.is_forbidden(bound, number)) {
                    continue;
                }
                let edge = self.network.edges[number as usize];
                let through = cost + edge.cost(weight);
                let next = self.state(number);
                // Rounding may make an estimate a hair too bold between neighbours; a state that was settled is then
                // taken up again.
                if through < self.cost[next as usize] {
                    self.reach(next, through, (number, state), least(edge.to));
                }
            }
        }
        None
    }

    fn reach(&mut self, state: u32, cost: f64, by: (u32, u32), least: f64) {
        let at = state as usize;
        if self.cost[at].is_infinite() {
            self.touched.push(state);
        }
        self.cost[at] = cost;
        self.came_by[at] = by;
        self.waiting.push(Waiting {
            least: cost + least,
            cost,
            state,
        });
    }

    /// The path that the last search found to a state.
    fn route(&self, from: u32, end: u32) -> Option<Route> {
        let cost = *self.cost.get(end as usize)?;
        let mut edges = Vec::new();
        let mut at = end;
        while at != from {
            let (edge, before) = *self.came_by.get(at as usize)?;
            edges.push(edge);
            at = before;
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
}

/// A bound below the length of every way between two places: the great circle, less what rounding may add to it.
fn least_m(a: Location, b: Location) -> f64 {
    (distance_m(a, b) * (1.0 - 1e-9) - 1e-5).max(0.0)
}
