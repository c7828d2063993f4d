//! Real maps, compared with the counts of another reader (`scripts/reference_osm.py counts`).

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use qala_core::Problem;
use serde_json::Value;

use super::encode::repeat;
use crate::Stopped;
use crate::osm::{Feature, Receiver, Totals, read_map};
use crate::tests::{Given, root};

const FILES: [&str; 2] = ["almaty/almaty_osm_2013.osm.pbf", "osm/spo_osm.pbf"];

/// A public file, or `None` with a line that says so.
fn file(test: &str, path: &str) -> Option<PathBuf> {
    let found = root().join("../shared/data").join(path);
    if found.is_file() {
        return Some(found);
    }
    // Printing is captured; writing is not.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {test}: ../shared/data/{path} is not there"
    );
    None
}

fn reference() -> Value {
    let path = root().join("crates/qala-feeds/tests/reference_osm.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Counts what a map holds.
#[derive(Default)]
struct Count {
    found: BTreeMap<String, u64>,
    problems: BTreeMap<String, u64>,
    degrees: f64,
}

impl Receiver for Count {
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped> {
        let word = match &feature {
            Feature::Street(road) => {
                let (forward, backward) = road.car_kmh();
                let directions = u64::from(forward.is_some()) + u64::from(backward.is_some());
                *self.found.entry("car_directions".into()).or_insert(0) += directions;
                let cars = road.points.windows(2).filter(|_| directions > 0);
                self.degrees += cars
                    .map(|pair| {
                        let (x, y) = (
                            (pair[1].lon() - pair[0].lon()).abs(),
                            (pair[1].lat() - pair[0].lat()).abs(),
                        );
                        x + y
                    })
                    .sum::<f64>();
                "streets"
            }
            Feature::Junction(_) => "junctions",
            Feature::Building(_) => "buildings",
            Feature::Object(object) => object.kind.word(),
            Feature::Boundary(_) => "boundaries",
            Feature::Turn(_) => "turn_rules",
        };
        *self.found.entry(word.into()).or_insert(0) += 1;
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        *self.problems.entry(problem.code).or_insert(0) += 1;
        Ok(())
    }
}

fn count(bytes: &[u8]) -> (Totals, Count) {
    let mut count = Count::default();
    let totals = read_map(&mut Cursor::new(bytes), 1 << 34, &mut count).unwrap();
    (totals, count)
}

#[test]
fn real_maps() {
    let reference = reference();
    for path in FILES {
        let Some(found) = file("real_maps", path) else {
            continue;
        };
        let bytes = std::fs::read(found).unwrap();
        let (totals, count) = count(&bytes);
        let expected = &reference[path];
        let of = |name: &str| expected[name].as_u64().unwrap();
        assert!(totals.is_whole);
        assert_eq!(
            (totals.nodes, totals.ways, totals.relations),
            (of("nodes"), of("ways"), of("relations")),
            "{path}"
        );
        for (name, number) in expected["features"].as_object().unwrap() {
            let mut found = count.found.get(name).copied().unwrap_or(0);
            if name == "buildings" {
                // osmium mends an outline that passes a node twice; here it is told and rejected.
                found += count.problems.get("crossed_ring").copied().unwrap_or(0);
            }
            assert_eq!(
                found,
                number.as_u64().unwrap(),
                "{path} {name}; problems {:?}",
                count.problems
            );
        }
        let sum = expected["car_degrees"].as_f64().unwrap();
        assert!(
            (count.degrees - sum).abs() <= 1e-9 * sum,
            "{path}: {} {sum}",
            count.degrees
        );
        let outcome = Given::new("osm", path).read(&bytes);
        assert_eq!(outcome.published.len(), 1);
        let features: u64 = count
            .found
            .iter()
            .filter(|(name, _)| !["car_directions", "turn_rules"].contains(&name.as_str()))
            .map(|(_, number)| number)
            .sum();
        assert_eq!(outcome.given(), features);
        let _ = writeln!(
            std::io::stderr(),
            "proof: {path}: {} nodes, {} ways, {} relations, {} rows as osmium counts, problems {:?}",
            totals.nodes,
            totals.ways,
            totals.relations,
            outcome.given(),
            count.problems
        );
    }
}

/// Memory of this process at its highest, MB.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

#[test]
#[ignore = "a measurement; run alone with --ignored --nocapture"]
fn a_map_ten_times_as_large() {
    let path = FILES[0];
    let Some(found) = file("a_map_ten_times_as_large", path) else {
        return;
    };
    let once = std::fs::read(found).unwrap();
    let (single, found_once) = count(&once);
    let mut bytes = repeat(&once, 10);
    bytes.shrink_to_fit();
    if let Some(out) = std::env::var_os("QALA_REPEATED_MAP") {
        std::fs::write(out, &bytes).unwrap();
    }
    let before = peak_mb();
    for (name, bytes, copies) in [("once", &once, 1), ("ten times", &bytes, 10)] {
        let start = Instant::now();
        let (totals, found) = count(bytes);
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(
            (totals.nodes, totals.ways),
            (copies * single.nodes, copies * single.ways)
        );
        for (word, number) in &found.found {
            assert_eq!(*number, copies * found_once.found[word], "{word}");
        }
        let _ = writeln!(
            std::io::stderr(),
            "proof: {path} {name}: {:.1} MB, {} nodes, {} kept: {seconds:.2} s; peak {:?} MB (before {before:?}, the file itself is in memory)",
            bytes.len() as f64 / 1e6,
            totals.nodes,
            totals.kept_nodes,
            peak_mb()
        );
    }
}
