//! The public test files, compared with the counts of other readers (scripts/reference_counts.py).

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use serde_json::Value;

use super::{Given, Outcome, root};

/// The folder of the public files, or `None` with a line that says so.
pub(super) fn data(test: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    // Printing is captured; writing is not.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: ../shared/data is not there");
    None
}

pub(super) fn reference() -> Value {
    let path = root().join("crates/qala-feeds/tests/reference_counts.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(super) fn import(folder: &Path, kind: &str, path: &str, mapping: &str) -> Outcome {
    let mapping = if mapping.is_empty() {
        String::new()
    } else {
        std::fs::read_to_string(root().join("packs/import").join(mapping)).unwrap()
    };
    Given::new(kind, path)
        .mapping(&mapping)
        .read(std::fs::read(folder.join(path)).unwrap())
}

#[test]
fn gtfs_feeds() {
    let Some(folder) = data("gtfs_feeds") else { return };
    let reference = reference();
    for (archive, feeds) in reference["gtfs"].as_object().unwrap() {
        let outcome = import(&folder.join("gtfs"), "gtfs", archive, "");
        let mut rejected: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut unpublished: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (feed, problem) in &outcome.problems {
            let dataset = problem
                .dataset
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let counts = if problem.code == "set_not_published" {
                &mut unpublished
            } else {
                &mut rejected
            };
            *counts.entry((feed.clone(), dataset)).or_insert(0) += problem.rows;
        }
        let rows = outcome.rows();
        let is_real = archive != "transitfeed_faulty_feeds.zip";
        let mut total = 0;
        for (feed, files) in feeds.as_object().unwrap() {
            for (stem, counts) in files.as_object().unwrap() {
                let key = (feed.clone(), format!("gtfs_{stem}"));
                let of = |map: &BTreeMap<(String, String), u64>| map.get(&key).copied().unwrap_or(0);
                let (given, lost) = (of(&rows), of(&rejected));
                let expected = counts["rows"].as_u64().unwrap();
                assert_eq!(given + lost + of(&unpublished), expected, "{archive} {key:?}");
                if is_real {
                    assert_eq!(lost, counts["conflicts"].as_u64().unwrap(), "{archive} {key:?}");
                }
                total += expected;
            }
            let is_published = outcome.published.iter().any(|(published, _)| published == feed);
            assert!(is_published || !is_real, "{archive} {feed}");
        }
        assert_eq!(outcome.received(), total, "{archive}");
        let warnings =
            outcome.problem_count - outcome.problems.iter().filter(|(_, p)| p.rows > 0).count() as u64;
        println!(
            "proof: {archive}: {total} rows as the reference counts, {} handed over, {} rejected, {} feeds published, {warnings} notes",
            outcome.given(),
            outcome.rejected,
            outcome.published.len()
        );
    }
}

#[test]
fn the_fault_of_each_faulty_feed_is_told() {
    let Some(folder) = data("the_fault_of_each_faulty_feed_is_told") else {
        return;
    };
    let outcome = import(&folder.join("gtfs"), "gtfs", "transitfeed_faulty_feeds.zip", "");
    let told = [
        ("bad_date_format", "bad_date"),
        ("bad_utf8", "bad_encoding"),
        ("contains_null", "bad_character"),
        ("duplicate_stop_sequence", "duplicate_key"),
        ("extra_row_cells", "wrong_field_count"),
        ("good_feed", ""),
        ("good_feed.zip", ""),
        ("invalid_route_agency", "unknown_reference"),
        ("missing_calendar", "missing_file"),
        ("missing_column", "missing_column"),
        ("missing_endpoint_times", "missing_value"),
        ("missing_routes", "missing_file"),
        ("missing_stop_times", "missing_file"),
        ("missing_stops", "missing_file"),
        ("missing_weekday_column", "missing_column"),
        ("negative_stop_sequence", "out_of_range"),
        ("unknown_file", "unknown_file"),
        ("unknown_format.zip", "unknown_file"),
        ("upgrade_translations/new-feed", "missing_file"),
    ];
    for (feed, code) in told {
        let feed = feed.rsplit('/').next().unwrap();
        let codes: Vec<&str> = outcome
            .problems
            .iter()
            .filter(|(of, problem)| of == feed || problem.position.file.as_deref() == Some(feed))
            .map(|(_, problem)| problem.code.as_str())
            .collect();
        if code.is_empty() {
            assert!(codes.is_empty(), "{feed}: {codes:?}");
        } else {
            assert!(codes.contains(&code), "{feed}: {codes:?}");
        }
    }
    let published: Vec<&str> = outcome.published.iter().map(|(feed, _)| feed.as_str()).collect();
    assert!(published.contains(&"good_feed") && !published.contains(&"missing_stops"));
}

#[test]
fn gtfs_realtime_messages() {
    let Some(folder) = data("gtfs_realtime_messages") else {
        return;
    };
    let reference = reference();
    for (name, counts) in reference["gtfs_rt"].as_object().unwrap() {
        let outcome = import(&folder.join("gtfs_rt"), "gtfs-rt", name, "");
        assert_eq!(outcome.rejected, 0, "{name}: {}", outcome.text());
        let rows = outcome.rows();
        for dataset in [
            "transit_vehicle_positions",
            "transit_trip_updates",
            "transit_alerts",
        ] {
            let given = rows
                .get(&("feed".to_owned(), dataset.to_owned()))
                .copied()
                .unwrap_or(0);
            assert_eq!(given, counts[dataset].as_u64().unwrap(), "{name} {dataset}");
        }
        let (mut latitudes, mut trips) = (0.0, 0);
        for (_, dataset, batch) in &outcome.batches {
            if dataset == "transit_vehicle_positions" {
                let column = batch.column_by_name("lat").unwrap();
                latitudes += column.as_primitive::<Float64Type>().values().iter().sum::<f64>();
                let column = batch.column_by_name("trip_id").unwrap();
                trips += column.len() - column.null_count();
            }
        }
        assert!((latitudes - counts["sum_lat"].as_f64().unwrap()).abs() < 1e-6);
        assert_eq!(trips as u64, counts["with_trip"].as_u64().unwrap());
        println!(
            "proof: {name}: {} rows as gtfs-realtime-bindings counts",
            outcome.given()
        );
    }
}

/// What the reference says of one part of a long table.
#[derive(Debug, Default)]
struct Part {
    rows: u64,
    sum: f64,
    exact: u64,
    conflicting: u64,
    first: i64,
    last: i64,
}

/// Parts of the output by the given column; the key is that of the dataset.
fn parts(outcome: &Outcome, by: &str, key: &[&str]) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut seen: HashMap<String, f64> = HashMap::new();
    for (_, _, batch) in &outcome.batches {
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap();
            if let Some(text) = column.as_string_opt::<i32>() {
                return text.value(row).to_owned();
            }
            match column.as_primitive_opt::<Date32Type>() {
                Some(days) => days.value(row).to_string(),
                None => column
                    .as_primitive::<TimestampMicrosecondType>()
                    .value(row)
                    .to_string(),
            }
        };
        for row in 0..batch.num_rows() {
            let value = match batch.column_by_name("value") {
                Some(column) => column.as_primitive::<Float64Type>().value(row),
                None => batch
                    .column_by_name("boardings")
                    .unwrap()
                    .as_primitive::<Int64Type>()
                    .value(row) as f64,
            };
            let at = batch
                .column_by_name("t")
                .map(|column| column.as_primitive::<TimestampMicrosecondType>().value(row));
            let at = at.unwrap_or(0) / 1_000_000;
            let part = parts.entry(text(by, row)).or_insert(Part {
                first: i64::MAX,
                ..Part::default()
            });
            part.rows += 1;
            part.sum += value;
            part.first = part.first.min(at);
            part.last = part.last.max(at);
            let id: Vec<String> = key.iter().map(|name| text(name, row)).collect();
            match seen.insert(id.join("|"), value) {
                None => {}
                Some(before) if before.to_bits() == value.to_bits() => part.exact += 1,
                Some(_) => part.conflicting += 1,
            }
        }
    }
    parts
}

fn table(test: &str, path: &str, mapping: &str, by: &str, key: &[&str]) {
    let Some(folder) = data(test) else { return };
    let reference = reference();
    let outcome = import(&folder, "table", path, mapping);
    assert_eq!(
        outcome.rejected,
        0,
        "{:?}",
        &outcome.codes()[..outcome.codes().len().min(5)]
    );
    let parts = parts(&outcome, by, key);
    let expected = reference["tables"][path].as_object().unwrap();
    assert_eq!(parts.keys().collect::<Vec<_>>(), {
        let mut names: Vec<_> = expected.keys().collect();
        names.sort();
        names
    });
    for (name, part) in &parts {
        let counts = &expected[name];
        assert_eq!(part.rows, counts["rows"].as_u64().unwrap(), "{name}");
        assert_eq!(part.exact, counts["exact_duplicates"].as_u64().unwrap(), "{name}");
        assert_eq!(
            part.conflicting,
            counts["conflicting_duplicates"].as_u64().unwrap(),
            "{name}"
        );
        let sum = counts["sum"].as_f64().unwrap();
        assert!(
            (part.sum - sum).abs() <= sum.abs() * 1e-9,
            "{name}: {} {sum}",
            part.sum
        );
        if let Some(first) = counts["first_t"].as_i64() {
            assert_eq!(
                (part.first, part.last),
                (first, counts["last_t"].as_i64().unwrap()),
                "{name}"
            );
        }
    }
    println!(
        "proof: {path}: {} rows as pandas counts, sums and duplicates too",
        outcome.given()
    );
}

#[test]
fn beijing_air() {
    let key = ["station_id", "quantity", "t"];
    table(
        "beijing_air",
        "air/beijing_multisite_hourly.csv.gz",
        "beijing_multisite_hourly.toml",
        "quantity",
        &key,
    );
}

#[test]
fn metr_la_speeds() {
    let key = ["detector_id", "quantity", "t"];
    table(
        "metr_la_speeds",
        "traffic/metr_la_speed_week.csv.gz",
        "metr_la_speed_week.toml",
        "quantity",
        &key,
    );
}

#[test]
fn i94_volumes() {
    let key = ["detector_id", "quantity", "t"];
    table(
        "i94_volumes",
        "traffic/i94_hourly_volume.csv.gz",
        "i94_hourly_volume.toml",
        "quantity",
        &key,
    );
}

#[test]
fn cta_boardings() {
    let key = ["mode", "service_date"];
    table(
        "cta_boardings",
        "ridership/cta_daily_boardings.csv",
        "cta_daily_boardings.toml",
        "mode",
        &key,
    );
}

#[test]
fn ocds_packages() {
    let Some(folder) = data("ocds_packages") else {
        return;
    };
    let reference = reference();
    for (archive, counts) in reference["ocds"].as_object().unwrap() {
        let outcome = import(&folder.join("ocds"), "ocds", archive, "");
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for ((_, dataset), count) in outcome.rows() {
            *rows.entry(dataset).or_default() += count;
        }
        let expected: BTreeMap<String, u64> = serde_json::from_value(counts["rows"].clone()).unwrap();
        assert_eq!(rows, expected, "{archive}: {:?}", outcome.codes());
        assert_eq!(
            Some(outcome.rejected),
            counts["quarantined"].as_u64(),
            "{archive}: {:?}",
            outcome.codes()
        );
    }
}

#[test]
fn open311_requests() {
    let Some(folder) = data("open311_requests") else {
        return;
    };
    let reference = reference();
    let path = "open311/sf_georeport_requests.json";
    let outcome = import(&folder, "open311", path, "");
    assert_eq!(Some(outcome.given()), reference["files"][path]["rows"].as_u64());
    assert_eq!(outcome.rejected, 0);
}
