//! Shortest paths of given pairs in given streets:
//! `cargo run -p qala-models --example shortest_paths -- streets.csv pairs.csv > paths.csv`.
//!
//! `streets.csv` is what the example `osm_streets` of `qala-feeds` prints; `pairs.csv` begins with the columns `from` and `to`,
//! ids of nodes. Printed: from, to, metres of the shortest path, seconds of the fastest one; empty when there is none.
//! A* must give the same bits as Dijkstra's algorithm.

use std::io::{BufWriter, Error, Write};
use std::time::Instant;

use qala_models::network::{Builder, Location, Network, Search, Street, Turn, Weight};

fn main() -> Result<(), Error> {
    let usage = || Error::other("usage: shortest_paths streets.csv pairs.csv");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [streets, pairs] = arguments.as_slice() else {
        return Err(usage());
    };
    let mut told = std::io::stderr();
    let start = Instant::now();
    let network = read(&std::fs::read_to_string(streets)?)?;
    writeln!(
        told,
        "built in {:.2} s with the reading of the file: {} vertices, {} pieces, {} edges, {:.1} km; {:.1} MB; {} vertices in the largest part; {} forbidden turns",
        start.elapsed().as_secs_f64(),
        network.vertices(),
        network.pieces().len(),
        network.edges().len(),
        network.length_m() / 1000.0,
        network.memory_bytes() as f64 / 1e6,
        network.largest_component().vertices(),
        network.forbidden_turns(),
    )?;
    let mut search = Search::new(&network);
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "from,to,metres,seconds")?;
    // (seconds, vertices settled) of Dijkstra and A*.
    let mut spent = [(0.0, 0_usize); 2];
    let mut count = 0_u32;
    for line in std::fs::read_to_string(pairs)?.lines().skip(1) {
        let mut fields = line.split(',');
        let mut node = || {
            fields
                .next()
                .and_then(|field| field.parse::<i64>().ok())
                .ok_or_else(|| Error::other(line))
        };
        let (from, to) = (node()?, node()?);
        let ends = network.vertex(from).zip(network.vertex(to));
        let mut costs = Vec::new();
        for weight in [Weight::Length, Weight::Time] {
            let Some((a, b)) = ends else {
                costs.push(None);
                continue;
            };
            let start = Instant::now();
            let plain = search.dijkstra(a, b, weight).map(|route| route.cost);
            spent[0].0 += start.elapsed().as_secs_f64();
            spent[0].1 += search.settled();
            let start = Instant::now();
            let aimed = search.a_star(a, b, weight).map(|route| route.cost);
            spent[1].0 += start.elapsed().as_secs_f64();
            spent[1].1 += search.settled();
            if plain.map(f64::to_bits) != aimed.map(f64::to_bits) {
                return Err(Error::other(format!(
                    "{from} to {to}: Dijkstra {plain:?}, A* {aimed:?}"
                )));
            }
            costs.push(plain);
        }
        count += 2;
        let text = |cost: Option<f64>| cost.map(|cost| format!("{cost:?}")).unwrap_or_default();
        writeln!(out, "{from},{to},{},{}", text(costs[0]), text(costs[1]))?;
    }
    let count = f64::from(count.max(1));
    for (name, (seconds, settled)) in ["Dijkstra", "A*"].into_iter().zip(spent) {
        let (ms, settled) = (seconds * 1000.0 / count, settled as f64 / count);
        writeln!(told, "{name}: {ms:.3} ms and {settled:.0} vertices a path")?;
    }
    out.flush()
}

/// The network of a file of streets.
fn read(text: &str) -> Result<Network, Error> {
    let mut builder = Builder::default();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [way, forward, backward, drawn] = fields.as_slice() else {
            return Err(Error::other(line));
        };
        if *way == "turn" {
            let (via, to) = drawn.split_once(';').ok_or_else(|| Error::other(line))?;
            builder.turn(Turn {
                from: backward.parse().map_err(Error::other)?,
                via: via.parse().map_err(Error::other)?,
                to: to.parse().map_err(Error::other)?,
                is_only: *forward == "only",
            });
            continue;
        }
        let (mut nodes, mut places) = (Vec::new(), Vec::new());
        for node in drawn.split(';') {
            let numbers: Vec<i64> = node.split(' ').filter_map(|number| number.parse().ok()).collect();
            let [id, lon, lat] = numbers.as_slice() else {
                return Err(Error::other(line));
            };
            nodes.push(*id);
            places.push(Location {
                lon: *lon as f64 / 1e7,
                lat: *lat as f64 / 1e7,
            });
        }
        let street = Street {
            id: way.parse().map_err(Error::other)?,
            nodes: &nodes,
            places: &places,
            forward_kmh: forward.parse().ok(),
            backward_kmh: backward.parse().ok(),
        };
        // A street of a single place is no street; it is told and left out.
        if let Err(error) = builder.add(street) {
            writeln!(std::io::stderr(), "{error}")?;
        }
    }
    builder.build().map_err(Error::other)
}
