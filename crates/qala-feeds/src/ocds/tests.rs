use proptest::prelude::*;

use super::MAPPINGS;
use crate::tests::{Given, check_samples, datasets};

#[test]
fn samples() {
    check_samples("ocds", "ocds");
}

#[test]
fn every_mapping_has_its_dataset_and_columns() {
    assert_eq!(MAPPINGS.len(), 4);
    for (_, mapping) in MAPPINGS.iter() {
        let name = mapping.dataset.as_ref().unwrap();
        let specs = datasets();
        let spec = specs.iter().find(|spec| spec.name == *name).unwrap();
        for column in mapping.columns.keys() {
            assert!(spec.column(column).is_some(), "{name} {column}");
        }
    }
}

const RELEASE: &str = r#"{"ocid": "o-1", "id": "1", "date": "2026-01-05T10:00:00+05:00", "tag": ["tender", "award"],
    "tender": {"id": "t", "tenderers": [{"id": "a"}, {"id": "b"}], "value": {"amount": 10.5, "currency": "KZT"}},
    "awards": [{"id": "x", "suppliers": [{"id": "a", "name": "A"}, {"id": 7, "name": "B"}]}]}"#;

#[test]
fn a_release_is_the_same_alone_in_packages_in_records_and_in_lines() {
    let read = |name, text: &str| Given::new("ocds", name).read(text);
    let alone = read("a.json", RELEASE).text();
    assert!(
        alone.contains("tender; award") && alone.contains("a; 7"),
        "{alone}"
    );
    let flat = RELEASE.replace('\n', " ");
    let package = format!(r#"{{"uri": "u", "releases": [{RELEASE}]}}"#);
    for text in [
        package.clone(),
        format!(r#"{{"records": [{{"ocid": "o-1", "releases": [{RELEASE}], "compiledRelease": {{}}}}]}}"#),
        format!(
            r#"{{"records": [{{"ocid": "o-1", "releases": [{{"url": "u"}}], "compiledRelease": {RELEASE}}}]}}"#
        ),
        format!("[{RELEASE}]"),
        format!("[{package}]"),
        format!("{flat}\n"),
    ] {
        assert_eq!(read("a.json", &text).text(), alone, "{text}");
    }
    assert_eq!(
        read("a.jsonl", &format!("{flat}\n{}\n", package.replace('\n', " "))).given(),
        4
    );
}

#[test]
fn bad_inputs_become_problems() {
    let cases = [
        ("", "empty", 0),
        ("{}", "no_release", 1),
        (r#"{"releases": [3]}"#, "no_release", 1),
        (r#"{"ocid": "a"}"#, "missing_value", 1),
        (r#"{"ocid": "a", "id": "1", "date": "soon"}"#, "bad_time", 1),
        (
            r#"{"ocid": "a", "date": [{"releaseID": "1", "releaseDate": "2026-01-05T10:00:00Z", "value": "x"}]}"#,
            "versioned_release",
            1,
        ),
        ("no", "broken_json", 1),
    ];
    for (text, code, rows) in cases {
        let outcome = Given::new("ocds", "a.json").read(text);
        assert_eq!(
            outcome.codes().first(),
            Some(&(code, rows)),
            "{text}: {:?}",
            outcome.codes()
        );
    }
    // Nothing was released: an empty package is whole.
    assert_eq!(
        Given::new("ocds", "a.json")
            .read(r#"{"releases": []}"#)
            .received(),
        0
    );
    let deep = (0..10).fold(RELEASE.to_owned(), |inner, _| {
        format!(r#"{{"releases": [{inner}], "ocid": "a"}}"#)
    });
    assert_eq!(
        Given::new("ocds", "a.json").read(deep).codes(),
        [("no_release", 1)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        Given::new("ocds", "a").read(&bytes);
    }
}
