//! Every public file of a city's departments by the real program, with its saved mapping, against the counts of other readers
//! (scripts/reference_files.py, scripts/reference_osm.py).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::support::{Server, json, shared};

/// The folders whose files all go in.
const FOLDERS: [&str; 10] = [
    "almaty",
    "kazakhstan",
    "osm",
    "schools",
    "open311",
    "budget",
    "crash",
    "crime",
    "appeals",
    "demography",
];
/// Of folders whose other files have tests of their own (`real_data`, `qala-feeds`).
const FILES: [&str; 2] = [
    "air/london_marylebone_hourly.csv.gz",
    "ridership/hangzhou_metro_inflow.csv.gz",
];

/// No data of a city: an instance of the p-median problem, and descriptors of other files.
fn is_no_data(path: &str) -> bool {
    path == "schools/pmed1.txt" || path.ends_with("_datapackage.json")
}

fn kind(path: &str) -> &'static str {
    if path.ends_with(".pbf") {
        "osm"
    } else if path.contains(".geojson") || path.contains("-boundaries.json") {
        "geojson"
    } else {
        "table"
    }
}

fn reference(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../qala-feeds/tests")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Rows and rejected rows as another reader counts them.
fn expected(path: &str, files: &Value, maps: &Value) -> Option<(u64, u64)> {
    if let Some(map) = maps.get(path) {
        let features = map["features"].as_object()?;
        let counted = features
            .iter()
            .filter(|(name, _)| !["car_directions", "turn_rules"].contains(&name.as_str()));
        return Some((counted.map(|(_, count)| count.as_u64().unwrap()).sum(), 0));
    }
    let counts = files["files"].get(path)?;
    Some((counts["rows"].as_u64()?, counts["quarantined"].as_u64()?))
}

/// Lines of a CSV file: those within quotes go on.
fn lines(text: &str) -> usize {
    let mut quoted = false;
    text.bytes()
        .filter(|byte| {
            quoted ^= *byte == b'"';
            *byte == b'\n' && !quoted
        })
        .count()
}

/// What came in of files has its page with the messages that its rows came in, and leaves as a file, whole.
fn pages_and_files(data: &Path) {
    let server = Server::start(data);
    let get = |path: &str| {
        let (status, body) = server.request("GET", path, &[], b"").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    let read = |path: &str| serde_json::from_str::<Value>(&get(path)).unwrap();
    let mut seen = 0;
    for dataset in read("/api/datasets").as_array().unwrap() {
        let name = dataset["name"].as_str().unwrap();
        let page = read(&format!("/api/datasets/{name}/rows?limit=5"));
        let (total, rows) = (page["total"].as_u64().unwrap(), page["rows"].as_array().unwrap());
        if total == 0 {
            continue;
        }
        let from_a_file = |row: &&Value| {
            page["sources"]
                .as_array()
                .unwrap()
                .iter()
                .any(|s| s["id"] == row["_source"])
        };
        assert_eq!(rows.iter().filter(from_a_file).count(), rows.len(), "{name}");
        let file = get(&format!("/api/datasets/{name}/rows?format=csv"));
        assert_eq!(lines(&file) as u64, total + 1, "{name}");
        seen += 1;
    }
    assert!(seen > 20, "only {seen} tables have rows");
}

#[test]
fn every_public_file_goes_in_with_a_saved_mapping() {
    let Some(shared) = shared("every_public_file_goes_in_with_a_saved_mapping") else {
        return;
    };
    let start = Instant::now();
    let (files, maps) = (
        reference("reference_counts.json"),
        reference("reference_osm.json"),
    );
    let mut paths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    let in_folder = |folder: &str| {
        let entries = std::fs::read_dir(shared.join(folder)).unwrap();
        let named = entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()));
        named.collect::<Vec<String>>()
    };
    let all = FOLDERS.into_iter().flat_map(in_folder);
    for path in all.chain(FILES.map(ToOwned::to_owned)) {
        if is_no_data(&path) {
            continue;
        }
        let counts = expected(&path, &files, &maps);
        wanted.insert(
            path.clone(),
            counts.unwrap_or_else(|| panic!("{path}: no reader has counted it")),
        );
        paths.entry(kind(&path)).or_default().push(path);
    }
    let dir = tempfile::tempdir().unwrap();
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, paths) in &paths {
        let full: Vec<String> = paths
            .iter()
            .map(|path| shared.join(path).display().to_string())
            .collect();
        let mut args = vec!["import", kind, "--format", "json"];
        args.extend(full.iter().map(String::as_str));
        let report = json(dir.path(), &args);
        for (path, file) in paths.iter().zip(report["files"].as_array().unwrap()) {
            let number = |name: &str| file[name].as_u64().unwrap();
            let taken = number("accepted") + number("duplicate");
            assert_eq!(number("received"), taken + number("quarantined"), "{path}");
            let problems = file["problems"].as_array().unwrap().iter();
            let rejected = |code: &str| {
                let rows = problems.clone().filter(|one| one["code"] == code);
                rows.map(|one| one["rows"].as_u64().unwrap()).sum::<u64>()
            };
            // The other reader of maps counts buildings whose rings cross, and leaves out ways whose nodes are not in the file.
            let (counted, left_out) = match *kind {
                "osm" => (rejected("crossed_ring"), rejected("missing_node")),
                _ => (0, 0),
            };
            let counts = (taken + counted, number("quarantined") - counted - left_out);
            found.insert(path.clone(), counts);
            codes.insert(
                path.clone(),
                problems
                    .map(|one| one["code"].as_str().unwrap().to_owned())
                    .collect(),
            );
        }
    }
    assert_eq!(found, wanted);
    // What is wrong is named.
    for (path, code) in [
        ("almaty/city_works_projects.geojson", "invalid_geometry"),
        ("almaty/planned_power_outages_2026-07.geojson", "invalid_geometry"),
        ("schools/dc_new-boundaries.json.gz", "invalid_geometry"),
        ("almaty/osm2013_roads.geojson.gz", "bad_number"),
        ("almaty/air_weather_hourly_model.csv.gz", "repeated_hour"),
    ] {
        assert!(codes[path].contains(code), "{path}: {:?}", codes[path]);
    }
    // The same files once more are nothing new.
    let again = shared.join("almaty/kindergartens.csv").display().to_string();
    let report = json(dir.path(), &["import", "table", &again, "--format", "json"]);
    assert_eq!(report["files"][0]["repeated"], true);
    pages_and_files(dir.path());
    drop(writeln!(
        std::io::stderr(),
        "proof: {} public files by the real program in {:.1} s, {} rows taken and {} in quarantine, as the other readers count",
        found.len(),
        start.elapsed().as_secs_f64(),
        found.values().map(|(taken, _)| taken).sum::<u64>(),
        found.values().map(|(_, bad)| bad).sum::<u64>(),
    ));
}
