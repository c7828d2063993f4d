use std::path::Path;

use proptest::prelude::*;

use super::standard::{CLOCKS, DEFINES, FILES, REFERS, clock};
use crate::tests::{Given, Outcome, check_samples, datasets, files, gzip, zip, zip_folder};

#[test]
fn samples() {
    check_samples("gtfs", "gtfs");
}

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/gtfs/samples")
        .join(name)
}

/// Files of the good sample.
fn good() -> Vec<(String, Vec<u8>)> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files(&sample("small"))
        .iter()
        .map(|path| (name(path), std::fs::read(path).unwrap()))
        .collect()
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    zip(&members)
}

fn read(bytes: impl AsRef<[u8]>) -> Outcome {
    Given::new("gtfs", "a.zip").read(bytes)
}

#[test]
fn the_standard_fits_the_specs() {
    let specs = datasets();
    for rule in FILES {
        let spec = specs
            .iter()
            .find(|spec| spec.name.as_str() == format!("gtfs_{}", rule.stem))
            .unwrap();
        for (field, _) in rule.may_be_empty {
            assert!(
                spec.column(field).is_some_and(|column| column.required),
                "{} {field}",
                rule.stem
            );
            assert!(spec.key.iter().any(|key| key == field), "{} {field}", rule.stem);
        }
        for column in spec
            .columns
            .iter()
            .filter(|column| CLOCKS.contains(&column.name.as_str()))
        {
            assert_eq!(
                column.unit.unwrap().symbol(),
                "s",
                "{} {}",
                rule.stem,
                column.name
            );
        }
    }
    for (file, field, noun) in DEFINES.iter().chain(REFERS) {
        let spec = specs
            .iter()
            .find(|spec| spec.name.as_str() == format!("gtfs_{file}"))
            .unwrap();
        assert!(spec.column(field).is_some(), "{file} {field}");
        assert!(DEFINES.iter().any(|(_, _, known)| known == noun), "{noun}");
    }
    let count = specs
        .iter()
        .filter(|spec| spec.name.as_str().starts_with("gtfs_"))
        .count();
    assert_eq!(count, FILES.len());
}

#[test]
fn clocks() {
    let cases = [
        ("6:05:00", Some(21_900)),
        ("06:05:00", Some(21_900)),
        ("25:30:00", Some(91_800)),
        ("100:00:00", Some(360_000)),
        ("6:60:00", None),
        ("6:5:00", None),
        ("06:05", None),
        (":05:00", None),
        ("-1:05:00", None),
    ];
    for (text, expected) in cases {
        assert_eq!(clock(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn bad_inputs_become_problems() {
    let text = zip(&[("readme.md", b"hello".as_slice())]);
    let cases: [(&[u8], &str); 5] = [
        (b"", "unknown_format"),
        (b"stop_id,stop_name\n", "unknown_format"),
        (b"PK\x03\x04", "damaged_archive"),
        (b"\x1f\x8b\x08", "damaged_archive"),
        (&text, "unknown_file"),
    ];
    for (bytes, code) in cases {
        let outcome = read(bytes);
        assert_eq!(outcome.codes(), [(code, 0)]);
        assert!(outcome.published.is_empty());
    }
}

#[test]
fn a_feed_without_a_required_file_is_not_published() {
    for missing in [
        "agency.txt",
        "stops.txt",
        "routes.txt",
        "trips.txt",
        "stop_times.txt",
    ] {
        let mut files = good();
        files.retain(|(name, _)| name != missing);
        let whole: u64 = read(packed(&files)).received();
        let outcome = read(packed(&files));
        assert_eq!(outcome.given(), 0, "{missing}");
        assert!(outcome.published.is_empty() && outcome.received() == whole && whole > 10);
        assert!(outcome.text().contains("missing_file") && outcome.text().contains("set_not_published"));
    }
    let mut files = good();
    files.retain(|(name, _)| !name.starts_with("calendar"));
    assert!(read(packed(&files)).published.is_empty());
    let mut files = good();
    files.retain(|(name, _)| name != "calendar.txt");
    assert_eq!(read(packed(&files)).published.len(), 1);
    let mut files = good();
    for (_, bytes) in files.iter_mut().filter(|(name, _)| name == "routes.txt") {
        *bytes = b"route_id,route_type\n,3\n".to_vec();
    }
    let outcome = read(packed(&files));
    assert!(outcome.published.is_empty() && outcome.text().contains("set_not_published"));
}

#[test]
fn an_optional_file_that_cannot_be_read_keeps_its_old_set() {
    let mut files = good();
    for (_, bytes) in files.iter_mut().filter(|(name, _)| name == "fare_rules.txt") {
        *bytes = b"route_id\nr1\n".to_vec();
    }
    let outcome = read(packed(&files));
    let (_, published) = &outcome.published[0];
    assert_eq!(published.len(), FILES.len() - 1);
    assert!(!published.iter().any(|name| name.as_str() == "gtfs_fare_rules"));
}

#[test]
fn feeds_of_an_archive() {
    let files = good();
    let inner = packed(&files);
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for folder in ["north", "south"] {
        members.extend(
            files
                .iter()
                .map(|(name, bytes)| (format!("{folder}/{name}"), bytes.clone())),
        );
    }
    members.push(("west.zip".into(), inner.clone()));
    members.push(("north.zip".into(), inner.clone()));
    members.push(("bad.zip".into(), b"not a zip".to_vec()));
    let outcome = read(packed(&members));
    let feeds: Vec<&str> = outcome.published.iter().map(|(feed, _)| feed.as_str()).collect();
    assert_eq!(feeds, ["north", "south", "west", "north.zip"]);
    // A feed in a folder, or packed twice, is still the feed.
    let wrapped: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(name, bytes)| (format!("google_transit/{name}"), bytes.clone()))
        .collect();
    for bytes in [
        packed(&wrapped),
        gzip(&inner),
        packed(&[("x.zip".into(), inner.clone())]),
    ] {
        assert_eq!(read(bytes).published[0].0, "feed");
    }
}

#[test]
fn bombs_are_refused() {
    let mut files = good();
    let mut shapes = b"shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n".to_vec();
    // Of records that may be that long, so that it is the archive's own limit that is met.
    let mut record = vec![b'0'; 1 << 20];
    record.push(b'\n');
    shapes.extend(record.repeat(90));
    files.push(("levels.txt".into(), shapes));
    let outcome = read(packed(&files));
    assert!(
        outcome.codes().iter().any(|(code, _)| *code == "too_large"),
        "{:?}",
        outcome.codes()
    );
}

/// Lines of all files after their headers.
fn lines(files: &[(String, Vec<u8>)]) -> u64 {
    let count = |bytes: &[u8]| {
        csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(bytes)
            .byte_records()
            .count()
    };
    files.iter().map(|(_, bytes)| count(bytes) as u64).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        read([b"PK\x03\x04".as_slice(), &bytes].concat());
    }

    #[test]
    fn damaged_archives(at in 0_usize..8000, byte: u8, cut in 0_usize..8000) {
        let mut bytes = zip_folder(&sample("small"));
        let length = bytes.len();
        bytes[at % length] = byte;
        read(&bytes);
        bytes.truncate(cut % length);
        read(&bytes);
    }

    #[test]
    fn damaged_texts_are_accounted_for(file in 0_usize..14, at in 0_usize..400, byte in "[a-z0-9,.:\\-\" ]") {
        let mut files = good();
        let file = file % files.len();
        let bytes = &mut files[file].1;
        // The header decides whether there are rows at all; it has tests of its own.
        let start = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
        let length = bytes.len() - start;
        bytes[start + at % length] = byte.as_bytes()[0];
        let outcome = read(packed(&files));
        prop_assert_eq!(outcome.received(), lines(&files), "{}", outcome.text());
    }
}
