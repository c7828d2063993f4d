//! Turns that are forbidden, against a search that knows edges only.

use proptest::prelude::*;

use super::{any_streets, is_close, place};
use crate::network::{Builder, Location, Network, Search, Street, Turn, Weight};

/// Streets of two directions, 60 km/h, and rules.
fn network(streets: &[(i64, &[i64])], turns: &[Turn]) -> Network {
    let mut builder = Builder::default();
    for turn in turns {
        builder.turn(*turn);
    }
    for (id, nodes) in streets {
        let places: Vec<Location> = nodes.iter().map(|node| place(*node)).collect();
        let street = Street {
            id: *id,
            nodes,
            places: &places,
            forward_kmh: Some(60.0),
            backward_kmh: Some(60.0),
        };
        builder.add(street).unwrap();
    }
    builder.build().unwrap()
}

fn rule(from: i64, via: i64, to: i64, is_only: bool) -> Turn {
    Turn {
        from,
        via,
        to,
        is_only,
    }
}

/// The nodes of the shortest path.
fn path(network: &Network, from: i64, to: i64) -> Vec<i64> {
    let ends = (network.vertex(from).unwrap(), network.vertex(to).unwrap());
    let mut search = Search::new(network);
    let route = search.dijkstra(ends.0, ends.1, Weight::Length).unwrap();
    let faster = search.a_star(ends.0, ends.1, Weight::Length).unwrap();
    assert_eq!(route.cost.to_bits(), faster.cost.to_bits());
    let edges = route.edges.iter().map(|edge| network.edges()[*edge as usize].to);
    std::iter::once(from)
        .chain(edges.map(|vertex| network.node(vertex).unwrap()))
        .collect()
}

/// A cross at 11 with arms to the west (1), south (10), east (21) and north (12), and a way round from east to north.
const CROSS: [(i64, &[i64]); 5] = [
    (1, &[1, 11]),
    (2, &[10, 11]),
    (3, &[11, 21]),
    (4, &[11, 12]),
    (5, &[21, 22, 12]),
];

#[test]
fn a_forbidden_turn_is_driven_round() {
    assert_eq!(path(&network(&CROSS, &[]), 1, 12), [1, 11, 12]);
    let without = network(&CROSS, &[rule(1, 11, 4, false)]);
    assert_eq!(without.forbidden_turns(), 1);
    assert_eq!(path(&without, 1, 12), [1, 11, 21, 12]);
    assert_eq!(path(&without, 10, 12), [10, 11, 12]);
    // Neither north nor east: one turns round in the south.
    let both = network(&CROSS, &[rule(1, 11, 4, false), rule(1, 11, 3, false)]);
    assert_eq!(path(&both, 1, 12), [1, 11, 10, 11, 12]);
    // The only way on is to the south, where nobody may turn round.
    let closed = network(&CROSS, &[rule(1, 11, 2, true), rule(2, 10, 2, false)]);
    let mut search = Search::new(&closed);
    let ends = (closed.vertex(1).unwrap(), closed.vertex(12).unwrap());
    assert_eq!(search.dijkstra(ends.0, ends.1, Weight::Time), None);
    // What is bound stays bound in its part of the network and in its bytes.
    let part = without.largest_component();
    assert_eq!(part.forbidden_turns(), 1);
    let read = Network::from_bytes(&without.to_bytes()).unwrap();
    assert_eq!(read, without);
    assert_eq!(path(&read, 1, 12), [1, 11, 21, 12]);
}

#[test]
fn a_rule_that_means_nothing_forbids_nothing() {
    let passing: [(i64, &[i64]); 3] = [(1, &[1, 11, 21]), (2, &[10, 11]), (3, &[11, 12])];
    for turn in [
        rule(9, 11, 4, false),
        rule(1, 99, 4, false),
        rule(1, 11, 9, false),
        // The only way on is not there: the rule would close the street.
        rule(1, 11, 9, true),
    ] {
        assert_eq!(network(&CROSS, &[turn]).forbidden_turns(), 0, "{turn:?}");
    }
    // A street that passes the node: from which side does the rule mean?
    assert_eq!(network(&passing, &[rule(1, 11, 3, false)]).forbidden_turns(), 0);
    assert_eq!(network(&passing, &[rule(2, 11, 3, false)]).forbidden_turns(), 1);
}

/// Least costs from a vertex to all, over edges that may follow each other, until nothing gets cheaper.
fn over_edges(network: &Network, from: u32) -> Vec<f64> {
    let edges = network.edges();
    let mut least = vec![f64::INFINITY; edges.len()];
    for edge in network.edges_from(from) {
        least[edge] = edges[edge].length_m;
    }
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for edge in 0..edges.len() {
            for next in network.edges_from(edges[edge].to) {
                let through = least[edge] + edges[next].length_m;
                if !network.is_forbidden(edge as u32, next as u32) && through < least[next] {
                    least[next] = through;
                    is_changed = true;
                }
            }
        }
    }
    let mut costs = vec![f64::INFINITY; network.vertices()];
    for (edge, cost) in edges.iter().zip(least) {
        let to = edge.to as usize;
        costs[to] = costs[to].min(cost);
    }
    costs[from as usize] = 0.0;
    costs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn paths_obey_and_are_shortest(streets in any_streets(), turns in prop::collection::vec((0_usize..60, 0_usize..60, 0_usize..100, any::<bool>()), 0..60)) {
        let mut builder = Builder::default();
        for (id, (nodes, forward, backward, kmh)) in streets.iter().enumerate() {
            let places: Vec<Location> = nodes.iter().map(|node| place(*node)).collect();
            let kmh = Some(f64::from(*kmh));
            let _ = builder.add(Street {
                id: id as i64,
                nodes,
                places: &places,
                forward_kmh: kmh.filter(|_| *forward),
                backward_kmh: kmh.filter(|_| *backward),
            });
        }
        for (from, to, via, is_only) in turns {
            // An end of the first street, so that some rules mean something.
            let nodes = streets.get(from % streets.len()).map(|street| &street.0);
            let via = nodes.and_then(|nodes| if via % 2 == 0 { nodes.first() } else { nodes.last() });
            builder.turn(rule((from % streets.len()) as i64, *via.unwrap(), (to % streets.len()) as i64, is_only));
        }
        let network = builder.build().unwrap();
        let mut search = Search::new(&network);
        for from in 0..network.vertices() as u32 {
            let expected = over_edges(&network, from);
            let within = search.within(from, Weight::Length, f64::MAX);
            prop_assert_eq!(within.len(), expected.iter().filter(|cost| cost.is_finite()).count());
            for to in 0..network.vertices() as u32 {
                let found = search.dijkstra(from, to, Weight::Length);
                let faster = search.a_star(from, to, Weight::Length);
                prop_assert_eq!(faster.map(|route| route.cost.to_bits()), found.as_ref().map(|route| route.cost.to_bits()));
                let cost = expected[to as usize];
                prop_assert_eq!(found.is_some(), cost.is_finite());
                let Some(route) = found else { continue };
                prop_assert!(is_close(route.cost, cost), "{} {cost}", route.cost);
                for pair in route.edges.windows(2) {
                    prop_assert!(!network.is_forbidden(pair[0], pair[1]));
                }
            }
        }
    }
}
