use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use qala_models::network::Network;
use qala_registry::Pack;

use super::{PackSources, build_pack, districts, put_row, stops};

fn pack() -> Pack {
    let files = [
        (
            "city.toml",
            "id = \"town\"\nname = { kk = \"Қала\", ru = \"Город\", en = \"Town\" }\nzone = \"Asia/Almaty\"\ncalendar = \"kz\"\nstart = \"2018-01-01\"\n",
        ),
        ("districts.toml", DISTRICTS),
    ];
    Pack::from_toml(files).unwrap()
}

const DISTRICTS: &str = "# Two parts.\n[[place]]\nid = \"north\"\nname = { kk = \"Әуезов ауданы\", ru = \"Север\", en = \"North\" }\n\n[[place]]\nid = \"south\"\ngeometry = \"old\"\nname = { kk = \"Оңтүстік\", ru = \"Юг\", en = \"South\" }\n";

fn feature(name: &str, geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{{"id":4,"name":"{name}"}},"geometry":{geometry}}}"#)
}

const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[76.5,43],[77,43],[77,43.25],[76.5,43]]]}"#;

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

#[test]
fn districts_are_found_by_their_names() {
    // The city's own file writes another letter that looks the same.
    let text = collection(&[feature("əуезов ауданы", SQUARE), feature("elsewhere", SQUARE)]);
    let found = districts::read(&text, &pack()).unwrap();
    assert_eq!(
        found.geometry["north"],
        "POLYGON ((76.5 43, 77 43, 77 43.25, 76.5 43))"
    );
    assert_eq!(found.without_geometry, ["south"]);
    assert_eq!(found.unknown_features, ["elsewhere"]);
    let several =
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[2,2],[3,2],[3,3],[2,2]]]]}"#;
    let found = districts::read(&collection(&[feature("South", several)]), &pack()).unwrap();
    assert_eq!(
        found.geometry["south"],
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((2 2, 3 2, 3 3, 2 2)))"
    );
}

#[test]
fn districts_that_cannot_be_used_are_named() {
    let told = |text: &str| districts::read(text, &pack()).unwrap_err();
    assert!(told("[").contains("no JSON"));
    assert!(told("{}").contains("features"));
    assert!(
        told(&collection(&[feature(
            "north",
            r#"{"type":"Point","coordinates":[1,2]}"#
        )]))
        .contains("`north`")
    );
    let open = r#"{"type":"Polygon","coordinates":[[[76.5,43],[77,43],[77,43.25],[76.5,44]]]}"#;
    assert!(told(&collection(&[feature("north", open)])).contains("no polygon"));
    let twice = collection(&[feature("north", SQUARE), feature("Север", SQUARE)]);
    assert!(told(&twice).contains("two features"));
}

#[test]
fn a_geometry_replaces_the_one_before_and_comments_stay() {
    let geometry = BTreeMap::from([
        ("north".to_owned(), "POLYGON ((0 0, 1 0, 1 1, 0 0))".to_owned()),
        ("south".to_owned(), "POLYGON ((2 2, 3 2, 3 3, 2 2))".to_owned()),
    ]);
    let text = districts::with_geometry(DISTRICTS, &geometry);
    assert!(text.starts_with("# Two parts.\n[[place]]\nid = \"north\"\ngeometry = \"POLYGON ((0 0"));
    assert!(!text.contains("old"));
    assert_eq!(districts::with_geometry(&text, &geometry), text);
}

#[test]
fn cells_are_quoted_where_needed() {
    let mut out = String::new();
    put_row(&mut out, &["a".into(), "b,c".into(), "say \"so\"".into()]);
    assert_eq!(out, "a,\"b,c\",\"say \"\"so\"\"\"\n");
}

/// The folder of the public files, or `None` with a line that says so.
fn data(test: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    let _ = writeln!(std::io::stderr(), "skipped: {test}: ../shared/data is not there");
    None
}

#[test]
fn stops_of_a_timetable_are_taken() {
    let Some(data) = data("stops_of_a_timetable_are_taken") else {
        return;
    };
    let path = data.join("gtfs/spo_r5r.zip");
    let mut problems = BTreeMap::new();
    let found = stops::read(&mut std::fs::File::open(&path).unwrap(), &path, &mut problems).unwrap();
    assert_eq!(found.len(), 654);
    assert!(
        found
            .iter()
            .all(|stop| stop.source == "spo_r5r" && stop.lat < -23.0 && stop.lon < -46.0)
    );
}

#[test]
fn a_real_city_is_built() {
    let Some(data) = data("a_real_city_is_built") else {
        return;
    };
    let sources = PackSources {
        pack: "almaty".into(),
        osm: data.join("almaty/almaty_osm_2013.osm.pbf"),
        districts: data.join("almaty/districts_osm.geojson"),
        gtfs: Vec::new(),
    };
    let start = Instant::now();
    let built = build_pack(&sources).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let report = &built.report;
    // Counted by another reader: scripts/reference_osm.py.
    assert_eq!((report.districts, report.without_geometry.len()), (8, 0));
    assert_eq!((report.streets, report.junctions), (4_259, 6_654));
    assert_eq!((report.stops, report.schools, report.kindergartens), (192, 69, 6));
    assert_eq!((report.vertices, report.cut_off), (8_370, 259));
    let graph = Network::from_bytes(&built.files["streets.graph"]).unwrap();
    assert_eq!(graph.vertices(), report.vertices);
    let districts = String::from_utf8(built.files["districts.toml"].clone()).unwrap();
    let texts: Vec<(&str, String)> = Pack::FILES
        .into_iter()
        .filter_map(|name| Some((name, String::from_utf8(built.files.get(name)?.clone()).unwrap())))
        .collect();
    let pack = Pack::from_toml(texts.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
    assert_eq!(
        pack.places
            .iter()
            .filter(|place| place.geometry.is_some())
            .count(),
        8,
        "{districts}"
    );
    let _ = writeln!(
        std::io::stderr(),
        "proof: pack of a real city in {seconds:.2} s: {report:?}"
    );
}
