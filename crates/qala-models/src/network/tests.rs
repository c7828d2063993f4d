//! Small networks with known answers, and random ones against slow and plain methods.

use proptest::prelude::*;

use super::*;

mod turns;

fn at(lon: f64, lat: f64) -> Location {
    Location { lon, lat }
}

/// Nodes are numbered by place in thousandths of a degree: 12 lies at x 1, y 2.
fn place(node: i64) -> Location {
    at(76.9 + (node / 10) as f64 * 1e-3, 43.2 + (node % 10) as f64 * 1e-3)
}

/// Id, nodes, speed along and against them.
type Drawn<'s> = (i64, &'s [i64], Option<f64>, Option<f64>);

fn network(streets: &[Drawn<'_>]) -> Network {
    let mut builder = Builder::default();
    for (id, nodes, forward_kmh, backward_kmh) in streets {
        let places: Vec<Location> = nodes.iter().map(|node| place(*node)).collect();
        builder
            .add(Street {
                id: *id,
                nodes,
                places: &places,
                forward_kmh: *forward_kmh,
                backward_kmh: *backward_kmh,
            })
            .unwrap();
    }
    builder.build().unwrap()
}

const BOTH: (Option<f64>, Option<f64>) = (Some(60.0), Some(60.0));

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-9)
}

#[test]
fn distances_are_those_of_the_sphere() {
    let degree = MEAN_RADIUS_M * std::f64::consts::PI / 180.0;
    assert!(is_close(distance_m(at(0.0, 0.0), at(0.0, 1.0)), degree));
    assert!(is_close(distance_m(at(0.0, 0.0), at(180.0, 0.0)), degree * 180.0));
    assert!(is_close(
        distance_m(at(76.0, 60.0), at(76.0, 90.0)),
        degree * 30.0
    ));
    assert_eq!(
        distance_m(at(76.9, 43.2), at(76.9, 43.2)).to_bits(),
        0.0_f64.to_bits()
    );
}

#[test]
fn streets_are_split_where_they_meet() {
    // A street of three nodes, crossed in the middle one.
    let network = network(&[(1, &[0, 10, 20], BOTH.0, BOTH.1), (2, &[11, 10, 9], BOTH.0, None)]);
    assert_eq!(network.vertices(), 5);
    assert_eq!(network.pieces().len(), 4);
    assert_eq!(network.edges().len(), 2 * 2 + 2);
    assert_eq!(network.pieces()[0].street, 1);
    let whole: f64 = network.length_m();
    let drawn = distance_m(place(0), place(10))
        + distance_m(place(10), place(20))
        + distance_m(place(11), place(10))
        + distance_m(place(10), place(9));
    assert!(is_close(whole, drawn));
}

#[test]
fn a_curve_stays_one_piece_with_its_shape() {
    let network = network(&[(1, &[0, 11, 20], Some(36.0), None)]);
    assert_eq!(
        (network.vertices(), network.pieces().len(), network.edges().len()),
        (2, 1, 1)
    );
    assert_eq!(network.shape(0), &[place(0), place(11), place(20)]);
    // 36 km/h are 10 m/s.
    assert!(is_close(network.edges()[0].seconds, network.length_m() / 10.0));
    assert!(network.shape(1).is_empty());
}

#[test]
fn a_closed_street_is_a_loop() {
    let network = network(&[(1, &[0, 10, 11, 1, 0], Some(20.0), None)]);
    assert_eq!((network.vertices(), network.edges().len()), (1, 1));
    assert_eq!(network.pieces()[0].from, network.pieces()[0].to);
    assert_eq!(
        Search::new(&network)
            .dijkstra(0, 0, Weight::Length)
            .unwrap()
            .edges,
        Vec::<u32>::new()
    );
}

#[test]
fn one_way_streets_are_kept() {
    let network = network(&[
        (1, &[0, 10], Some(60.0), None),
        (2, &[10, 11, 0], Some(20.0), None),
    ]);
    let (a, b) = (network.vertex(0).unwrap(), network.vertex(10).unwrap());
    let mut search = Search::new(&network);
    let there = search.dijkstra(a, b, Weight::Length).unwrap();
    let back = search.dijkstra(b, a, Weight::Length).unwrap();
    assert_eq!((there.edges.len(), back.edges.len()), (1, 1));
    assert!(is_close(there.cost, distance_m(place(0), place(10))));
    assert!(back.cost > there.cost && is_close(back.cost, back.length_m));
    assert_eq!(search.dijkstra(a, 99, Weight::Length), None);
    assert_eq!(search.dijkstra(99, a, Weight::Length), None);
    assert_eq!(search.a_star(a, 99, Weight::Time), None);
}

#[test]
fn the_fastest_path_may_be_longer() {
    let network = network(&[
        (1, &[0, 10], Some(10.0), None),
        (2, &[0, 11, 10], Some(60.0), None),
    ]);
    let (a, b) = (network.vertex(0).unwrap(), network.vertex(10).unwrap());
    let mut search = Search::new(&network);
    let short = search.dijkstra(a, b, Weight::Length).unwrap();
    let fast = search.dijkstra(a, b, Weight::Time).unwrap();
    assert!(short.length_m < fast.length_m && fast.seconds < short.seconds);
    let piece = network.edges()[fast.edges[0] as usize].piece;
    assert_eq!(network.pieces()[piece as usize].street, 2);
}

#[test]
fn dead_ends_of_one_way_streets_are_pruned() {
    let network = network(&[
        (1, &[0, 10], BOTH.0, BOTH.1),
        (2, &[10, 20], BOTH.0, BOTH.1),
        (3, &[20, 30], Some(60.0), None),
        (4, &[70, 80], BOTH.0, BOTH.1),
    ]);
    let (_, parts) = network.components();
    assert_eq!(parts, 3);
    let kept = network.largest_component();
    assert_eq!(
        (kept.vertices(), kept.pieces().len(), kept.edges().len()),
        (3, 2, 4)
    );
    assert_eq!(kept.vertex(30), None);
    assert_eq!(kept.components().1, 1);
    assert_eq!(kept.shape(1), network.shape(1));
    let nothing = Builder::default().build().unwrap();
    assert_eq!(nothing.largest_component(), nothing);
}

#[test]
fn bad_streets_are_named() {
    let mut builder = Builder::default();
    let mut add = |nodes: &[i64], places: &[Location], kmh: f64| {
        builder.add(Street {
            id: 7,
            nodes,
            places,
            forward_kmh: Some(kmh),
            backward_kmh: None,
        })
    };
    let good = [at(0.0, 0.0), at(0.0, 1.0)];
    assert_eq!(add(&[1], &good[..1], 60.0), Err(StreetError::Shape(7)));
    assert_eq!(add(&[1, 2, 3], &good, 60.0), Err(StreetError::Shape(7)));
    assert_eq!(add(&[1, 1], &good, 60.0), Err(StreetError::Shape(7)));
    assert_eq!(
        add(&[1, 2], &[at(0.0, 0.0), at(0.0, 91.0)], 60.0),
        Err(StreetError::Place(7))
    );
    assert_eq!(
        add(&[1, 2], &[at(0.0, 0.0), at(f64::NAN, 0.0)], 60.0),
        Err(StreetError::Place(7))
    );
    assert_eq!(add(&[1, 2], &good, 0.0), Err(StreetError::Speed(7)));
    assert_eq!(add(&[1, 2], &good, f64::NAN), Err(StreetError::Speed(7)));
    assert_eq!(builder.build().unwrap().vertices(), 0);
}

#[test]
fn bytes_say_what_is_wrong_with_them() {
    let good = network(&[(1, &[0, 10, 20], BOTH.0, BOTH.1), (2, &[10, 11], Some(5.0), None)]);
    let bytes = good.to_bytes();
    assert_eq!(Network::from_bytes(&bytes).unwrap(), good);
    assert_eq!(Network::from_bytes(b"PK"), Err(BytesError::Mark));
    let mut newer = bytes.clone();
    newer[7] = 3;
    assert_eq!(Network::from_bytes(&newer), Err(BytesError::Version(3)));
    // The form before, without the count of forbidden turns.
    let mut older = bytes[..bytes.len() - 8].to_vec();
    older[7] = 1;
    assert_eq!(Network::from_bytes(&older).unwrap(), good);
    assert_eq!(
        Network::from_bytes(&bytes[..bytes.len() - 1]),
        Err(BytesError::Length)
    );
    let mut huge = bytes.clone();
    huge[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(Network::from_bytes(&huge), Err(BytesError::Length));
    let mut wrong = bytes.clone();
    let last_edge = bytes.len() - 8 - 24;
    wrong[last_edge..last_edge + 4].copy_from_slice(&99_u32.to_le_bytes());
    assert!(matches!(
        Network::from_bytes(&wrong),
        Err(BytesError::Contradiction(_))
    ));
}

/// Streets between places of a 10 × 10 grid: (nodes, forward, backward).
fn any_streets() -> impl Strategy<Value = Vec<(Vec<i64>, bool, bool, u8)>> {
    let street = (
        prop::collection::vec(0_i64..100, 2..5),
        any::<bool>(),
        any::<bool>(),
        5_u8..120,
    );
    prop::collection::vec(street, 1..60)
}

fn of(streets: &[(Vec<i64>, bool, bool, u8)]) -> Network {
    let mut builder = Builder::default();
    for (id, (nodes, forward, backward, kmh)) in streets.iter().enumerate() {
        let places: Vec<Location> = nodes.iter().map(|node| place(*node)).collect();
        let kmh = f64::from(*kmh);
        // A street of one place is refused; that is another test.
        let _ = builder.add(Street {
            id: id as i64,
            nodes,
            places: &places,
            forward_kmh: forward.then_some(kmh),
            backward_kmh: backward.then_some(kmh),
        });
    }
    builder.build().unwrap()
}

/// Costs of all pairs by the method of Floyd and Warshall.
fn all_pairs(network: &Network, weight: Weight) -> Vec<Vec<f64>> {
    let count = network.vertices();
    let mut cost = vec![vec![f64::INFINITY; count]; count];
    for (vertex, row) in cost.iter_mut().enumerate() {
        row[vertex] = 0.0;
        for edge in &network.edges()[network.edges_from(vertex as u32)] {
            let to = edge.to as usize;
            row[to] = row[to].min(edge.cost(weight));
        }
    }
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                let through = cost[from][middle] + cost[middle][to];
                cost[from][to] = cost[from][to].min(through);
            }
        }
    }
    cost
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn paths_are_shortest(streets in any_streets()) {
        let network = of(&streets);
        let mut search = Search::new(&network);
        for weight in [Weight::Length, Weight::Time] {
            let expected = all_pairs(&network, weight);
            for from in 0..network.vertices() as u32 {
                let within = search.within(from, weight, f64::MAX);
                prop_assert_eq!(within.len(), expected[from as usize].iter().filter(|cost| cost.is_finite()).count());
                for to in 0..network.vertices() as u32 {
                    let found = search.dijkstra(from, to, weight);
                    let faster = search.a_star(from, to, weight);
                    let cost = expected[from as usize][to as usize];
                    prop_assert_eq!(found.is_some(), cost.is_finite());
                    prop_assert_eq!(faster.as_ref().map(|route| route.cost.to_bits()), found.as_ref().map(|route| route.cost.to_bits()));
                    let Some(route) = found else { continue };
                    prop_assert!(is_close(route.cost, cost), "{} {cost}", route.cost);
                    // The edges are a path from start to end.
                    let mut here = from;
                    for edge in &route.edges {
                        prop_assert!(network.edges_from(here).contains(&(*edge as usize)));
                        here = network.edges()[*edge as usize].to;
                    }
                    prop_assert_eq!(here, to);
                }
            }
        }
    }

    #[test]
    fn parts_are_what_reaches_each_other(streets in any_streets()) {
        let network = of(&streets);
        let (part, count) = network.components();
        let reach = all_pairs(&network, Weight::Length);
        for a in 0..network.vertices() {
            prop_assert!((part[a] as usize) < count);
            for b in 0..network.vertices() {
                let mutual = reach[a][b].is_finite() && reach[b][a].is_finite();
                prop_assert_eq!(part[a] == part[b], mutual);
            }
        }
        let largest = network.largest_component();
        prop_assert!(largest.vertices() <= network.vertices() && largest.components().1 <= 1);
        prop_assert_eq!(Network::from_bytes(&largest.to_bytes()).unwrap(), largest);
    }

    #[test]
    fn the_nearest_is_the_nearest(streets in any_streets(), lon in 76.85_f64..76.96, lat in 43.15_f64..43.26, max_m in 1.0_f64..9000.0) {
        let network = of(&streets);
        let nearest = Nearest::new(&network);
        let here = at(lon, lat);
        let distances = (0..network.vertices() as u32).map(|vertex| distance_m(here, network.place(vertex).unwrap()));
        let least = distances.fold(f64::INFINITY, f64::min);
        let found = nearest.vertex(here, max_m);
        prop_assert_eq!(found.is_some(), least <= max_m);
        if let Some((_, distance)) = found {
            prop_assert_eq!(distance.to_bits(), least.to_bits());
        }
        // Streets: against a fine comb of places on each.
        let street = nearest.street(here, f64::INFINITY);
        prop_assert_eq!(street.is_some(), !network.pieces().is_empty());
        let Some(street) = street else { return Ok(()) };
        prop_assert!((0.0..=1.0).contains(&street.share));
        for piece in 0..network.pieces().len() as u32 {
            for pair in network.shape(piece).windows(2) {
                for step in 0..=50 {
                    let share = f64::from(step) / 50.0;
                    let comb = at(pair[0].lon + (pair[1].lon - pair[0].lon) * share, pair[0].lat + (pair[1].lat - pair[0].lat) * share);
                    prop_assert!(street.distance_m <= distance_m(here, comb) * 1.001 + 0.01);
                }
            }
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..600, byte: u8) {
        let _ = Network::from_bytes(&bytes);
        let _ = Network::from_bytes(&[b"QALANET\x02".as_slice(), &bytes].concat());
        let good = network(&[(1, &[0, 10, 20], BOTH.0, BOTH.1), (2, &[10, 11], Some(5.0), None)]);
        let mut damaged = good.to_bytes();
        let length = damaged.len();
        damaged[at % length] = byte;
        if let Ok(network) = Network::from_bytes(&damaged) {
            // What is accepted can be searched.
            let mut search = Search::new(&network);
            for from in 0..network.vertices() as u32 {
                search.within(from, Weight::Time, f64::MAX);
                let _ = search.a_star(from, 0, Weight::Length);
            }
            let _ = Nearest::new(&network).street(place(0), 1e4);
            let _ = network.largest_component();
        }
    }
}
