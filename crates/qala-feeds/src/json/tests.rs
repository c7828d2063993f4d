use proptest::prelude::*;

use crate::tests::{Given, check_samples, gzip, zip};

#[test]
fn samples() {
    check_samples("json", "json");
}

#[test]
fn a_named_dataset_takes_its_first_key_column() {
    let text = r#"{"id": "s", "t": "2026-03-05T10:00Z", "quantity": "temperature", "value": 3}"#;
    let outcome = Given::new("json", "a").dataset("air_readings").read(text);
    assert!(
        outcome
            .text()
            .contains("s | temperature | 2026-03-05T10:00:00Z | 3.0"),
        "{}",
        outcome.text()
    );
    let outcome = Given::new("json", "a").dataset("traffic_readings").read(text);
    assert_eq!(outcome.codes(), [("unknown_quantity", 1)]);
}

#[test]
fn bad_inputs_become_problems() {
    let cases: [(&[u8], &str, u64); 7] = [
        (b"", "empty", 0),
        (b"\xFF\xFE{\0", "bad_encoding", 0),
        (b"nothing", "broken_json", 1),
        (b"{}", "missing_value", 1),
        (b"[[], 3]", "bad_json", 1),
        (b"\x89PNG\r\n\x1a\n", "broken_json", 1),
        (
            b"{\"quantity\": \"pm25\", \"station_id\": \"\xFF\"}",
            "broken_json",
            1,
        ),
    ];
    for (bytes, code, rows) in cases {
        let outcome = Given::new("json", "a.json").read(bytes);
        assert_eq!(
            outcome.codes()[0],
            (code, rows),
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    let deep = "[".repeat(10_000);
    assert_eq!(
        Given::new("json", "a.json").read(deep).codes()[0].0,
        "broken_json"
    );
}

#[test]
fn packed_messages_are_opened() {
    let text = br#"[{"id": "s", "t": "2026-03-05T10:00Z", "quantity": "speed", "value": 3}]"#;
    assert_eq!(Given::new("json", "a.json.gz").read(gzip(text)).given(), 1);
    assert_eq!(
        Given::new("json", "a.zip")
            .read(zip(&[("a.json", text), ("b.json", text)]))
            .given(),
        2
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        Given::new("json", "a").read(&bytes);
    }

    #[test]
    fn arrays_are_accounted_for(values in proptest::collection::vec("-?[0-9a-z]{1,4}", 0..20)) {
        let objects: Vec<String> = values.iter().map(|value| format!(
            r#"{{"id": "s", "t": "2026-03-05T10:00Z", "quantity": "speed", "value": "{value}"}}"#
        )).collect();
        let outcome = Given::new("json", "a").read(format!("[{}]", objects.join(",")));
        prop_assert_eq!(outcome.received(), values.len() as u64);
        let outcome = Given::new("json", "a.jsonl").read(objects.join("\n"));
        prop_assert_eq!(outcome.received(), values.len() as u64);
    }
}
