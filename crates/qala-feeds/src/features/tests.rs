use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use proptest::prelude::*;

use crate::tests::{Given, Outcome, check_samples, gzip, zip};

#[test]
fn samples() {
    check_samples("geojson", "features");
}

const MAPPING: &str = "[columns]\nboundary_id = { from = \"code\" }\nkind = { value = \"block\" }\nname_ru = { from = \"name\" }\n";

/// The same without names.
const BARE: &str = "[columns]\nboundary_id = { from = \"code\" }\nkind = { value = \"block\" }\n";

fn boundaries<'a>(kind: &'a str, name: &'a str) -> Given<'a> {
    Given::new(kind, name)
        .dataset("places_boundaries")
        .mapping(MAPPING)
}

fn ring(x: f64, y: f64, side: f64) -> Vec<shapefile::Point> {
    [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
        .map(|(dx, dy)| shapefile::Point::new(x + dx * side, y + dy * side))
        .to_vec()
}

/// A shapefile of two polygons whose names are Cyrillic, in windows-1251.
fn parts(x: f64, y: f64, side: f64) -> (Vec<u8>, Vec<u8>) {
    let mut shp = std::io::Cursor::new(Vec::new());
    {
        let mut writer = shapefile::ShapeWriter::new(&mut shp);
        let holed = shapefile::Polygon::with_rings(vec![
            shapefile::PolygonRing::Outer(ring(x, y, side)),
            shapefile::PolygonRing::Inner(ring(x + side / 4.0, y + side / 4.0, side / 4.0)),
        ]);
        writer.write_shape(&holed).unwrap();
        let bow = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)];
        let bow = bow
            .map(|(dx, dy)| shapefile::Point::new(x + dx * side, y + dy * side))
            .to_vec();
        writer
            .write_shape(&shapefile::Polygon::new(shapefile::PolygonRing::Outer(bow)))
            .unwrap();
        writer.finalize().unwrap();
    }
    let mut dbf = Vec::new();
    dbf.extend([3, 126, 1, 1, 2, 0, 0, 0, 97, 0, 15, 0]);
    dbf.resize(32, 0);
    for (name, kind, width) in [(b"code", b'N', 4_u8), (b"name", b'C', 10_u8)] {
        let mut field = [0_u8; 32];
        field[..4].copy_from_slice(name);
        field[11] = kind;
        field[16] = width;
        dbf.extend(field);
    }
    dbf.push(0x0D);
    for line in [" 7   Алматы    ", " 8   Шымкент   "] {
        dbf.extend(encoding_rs::WINDOWS_1251.encode(line).0.iter());
    }
    (shp.into_inner(), dbf)
}

const UTM: &str = "PROJCS[\"WGS_1984_UTM_Zone_43N\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"False_Easting\",500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",75.0],PARAMETER[\"Scale_Factor\",0.9996],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";

fn packed(shp: &[u8], dbf: &[u8], prj: &str, cpg: &str) -> Vec<u8> {
    let mut members = vec![
        ("in/blocks.SHP", shp),
        ("in/blocks.dbf", dbf),
        ("in/readme.txt", b"x".as_slice()),
    ];
    if !prj.is_empty() {
        members.push(("in/blocks.prj", prj.as_bytes()));
    }
    if !cpg.is_empty() {
        members.push(("in/blocks.cpg", cpg.as_bytes()));
    }
    zip(&members)
}

fn assert_two_blocks(outcome: &Outcome) {
    let text = outcome.text();
    assert_eq!((outcome.given(), outcome.rejected), (1, 1), "{text}");
    assert!(
        text.contains("7 | block | Алматы | Алматы | 76.8") || text.contains("7 | block | Алматы | 76.8"),
        "{text}"
    );
    assert!(
        text.contains("invalid_geometry") && text.contains("Шымкент"),
        "{text}"
    );
}

#[test]
fn shapefiles_are_projected_and_their_names_decoded() {
    let (shp, dbf) = parts(652_000.0, 4_790_000.0, 1_000.0);
    for cpg in ["ANSI 1251", "", "no such thing"] {
        let outcome = boundaries("shapefile", "blocks.zip").read(packed(&shp, &dbf, UTM, cpg));
        assert_two_blocks(&outcome);
    }
    // A .cpg that lies shows in the names, and the mapping mends it.
    let bytes = packed(&shp, &dbf, UTM, "UTF-8");
    assert!(
        boundaries("shapefile", "blocks.zip")
            .read(&bytes)
            .text()
            .contains('\u{fffd}')
    );
    let mapping = format!("encoding = \"windows-1251\"\n{MAPPING}");
    assert_two_blocks(
        &boundaries("shapefile", "blocks.zip")
            .mapping(&mapping)
            .read(&bytes),
    );
    // The mapping names the system that the archive does not.
    let bytes = packed(&shp, &dbf, "", "1251");
    let outcome = boundaries("shapefile", "blocks.zip").read(&bytes);
    assert_eq!((outcome.given(), outcome.rejected), (0, 2));
    let codes: Vec<&str> = outcome.codes().iter().map(|(code, _)| *code).collect();
    assert!(
        codes.contains(&"guessed_crs") && codes.contains(&"bad_coordinate"),
        "{codes:?}"
    );
    let mapping = format!("crs = \"EPSG:32643\"\n{MAPPING}");
    assert_two_blocks(
        &boundaries("shapefile", "blocks.zip")
            .mapping(&mapping)
            .read(&bytes),
    );
    // A system that cannot be read is said, and nothing is guessed.
    let odd = UTM.replace("Transverse_Mercator", "Krovak");
    let outcome = boundaries("shapefile", "blocks.zip").read(packed(&shp, &dbf, &odd, ""));
    assert_eq!((outcome.given(), outcome.codes()[0].0), (0, "unknown_crs"));
}

#[test]
fn geoparquet_of_any_system() {
    let point = |x: f64, y: f64| {
        let mut bytes = vec![1, 1, 0, 0, 0];
        bytes.extend(x.to_le_bytes());
        bytes.extend(y.to_le_bytes());
        bytes
    };
    let write = |geo: Option<&str>, x: f64, y: f64| {
        let points = [point(x, y), point(f64::NAN, 1.0), vec![9, 9]];
        let points: Vec<&[u8]> = points.iter().map(Vec::as_slice).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("code", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
            ("geometry", Arc::new(BinaryArray::from(points))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        if let Some(geo) = geo {
            writer.append_key_value_metadata(KeyValue::new("geo".into(), geo.to_owned()));
        }
        writer.close().unwrap();
        bytes
    };
    let about = |crs: &str| {
        format!(
            r#"{{"version":"1.0.0","primary_column":"geometry","columns":{{"geometry":{{"encoding":"WKB","geometry_types":["Point"]{crs}}}}}}}"#
        )
    };
    let utm = about(r#","crs":{"name":"x","id":{"authority":"EPSG","code":32643}}"#);
    for (geo, x, y) in [(about(""), 76.88, 43.25), (utm, 652_987.0, 4_790_000.0)] {
        let outcome = boundaries("geoparquet", "a.parquet")
            .mapping(BARE)
            .read(write(Some(&geo), x, y));
        assert_eq!((outcome.given(), outcome.rejected), (1, 2), "{}", outcome.text());
        assert!(outcome.text().contains("POINT(76.8"), "{}", outcome.text());
    }
    let arrow = about("").replace("WKB", "point");
    for geo in [None, Some("{"), Some(arrow.as_str())] {
        let outcome = boundaries("geoparquet", "a.parquet").read(write(geo, 76.0, 43.0));
        assert_eq!((outcome.given(), outcome.codes()[0].0), (0, "unknown_format"));
    }
}

#[test]
fn bad_inputs_become_problems() {
    let (shp, dbf) = parts(76.8, 43.2, 0.01);
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("geojson", Vec::new(), "empty"),
        ("geojson", b"{\"type\":\"Topology\"}".to_vec(), "missing_records"),
        (
            "geojson",
            b"{\"features\":[{\"properties\":{}".to_vec(),
            "broken_json",
        ),
        ("geojson", gzip(&vec![b' '; 100 << 20]), "too_large"),
        ("shapefile", b"no archive".to_vec(), "empty"),
        (
            "shapefile",
            zip(&[("a.shp", b"no shapes".as_slice())]),
            "damaged_file",
        ),
        (
            "shapefile",
            zip(&[("a.shp", shp.as_slice()), ("a.dbf", &dbf[..20])]),
            "damaged_file",
        ),
        (
            "shapefile",
            packed(&shp[..shp.len() - 40], &dbf, "", "1251"),
            "damaged_file",
        ),
        ("geoparquet", b"PAR1 and no more".to_vec(), "damaged_file"),
    ];
    for (kind, bytes, code) in cases {
        let outcome = boundaries(kind, "a").read(bytes);
        assert!(
            outcome.codes().iter().any(|(found, _)| *found == code),
            "{kind} {code}: {:?}",
            outcome.codes()
        );
    }
}

#[test]
fn a_mended_feature_is_read_in_its_place() {
    let bytes =
        br#"{"features":[{"properties":{"code":"a"},"geometry":{"type":"Point","coordinates":[76.9]}}]}"#;
    let place = qala_core::Position {
        record: Some(0),
        ..qala_core::Position::default()
    };
    let mut selection = crate::Selection::default();
    assert!(selection.mend(
        &place,
        r#"{"properties":{"code":"a"},"geometry":{"type":"Point","coordinates":[76.9,43.2]}}"#
    ));
    assert_eq!(
        boundaries("geojson", "a.geojson").read(bytes).codes(),
        [("bad_geometry", 1), ("set_not_published", 0)]
    );
    let outcome = boundaries("geojson", "a.geojson")
        .selection(selection)
        .read(bytes);
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for kind in ["geojson", "shapefile", "geoparquet"] {
            boundaries(kind, "a").read(&bytes);
        }
        boundaries("shapefile", "a.zip").read(zip(&[("a.shp", &bytes), ("a.dbf", &bytes), ("a.prj", &bytes)]));
    }

    #[test]
    fn damaged_shapefiles(at in 0_usize..2000, byte: u8) {
        let (shp, dbf) = parts(76.8, 43.2, 0.01);
        for damaged in [0, 1] {
            let mut parts = [shp.clone(), dbf.clone()];
            let at = at % parts[damaged].len();
            parts[damaged][at] = byte;
            boundaries("shapefile", "a.zip").read(packed(&parts[0], &parts[1], "", "1251"));
        }
    }

    #[test]
    fn every_feature_is_accounted_for(points in prop::collection::vec((-200.0..200.0_f64, -100.0..100.0_f64), 0..20)) {
        let features: Vec<String> = points
            .iter()
            .enumerate()
            .map(|(code, (x, y))| format!(r#"{{"properties":{{"code":{code}}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}"#))
            .collect();
        let outcome = boundaries("geojson", "a").read(format!(r#"{{"features":[{}]}}"#, features.join(",")));
        let good = points.iter().filter(|(x, y)| x.abs() <= 180.0 && y.abs() <= 90.0).count() as u64;
        prop_assert_eq!((outcome.given(), outcome.received()), (good, points.len() as u64));
    }
}
