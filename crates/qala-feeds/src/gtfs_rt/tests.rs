use std::path::Path;

use proptest::prelude::*;

use crate::tests::{Given, check_samples, gzip, zip};

#[test]
fn samples() {
    check_samples("gtfs-rt", "gtfs_rt");
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/gtfs_rt/samples")
            .join(name),
    )
    .unwrap()
}

fn read(bytes: impl AsRef<[u8]>) -> crate::tests::Outcome {
    Given::new("gtfs-rt", "a.pb").read(bytes)
}

#[test]
fn every_update_row_has_its_own_key() {
    let outcome = read(sample("trips.pb"));
    let text = outcome.text();
    for key in [
        "t2 |  | stop:a |",
        "t2 |  | stop:b |",
        "t2 |  | stop:a#2 |",
        "t3 | 20260305 | trip |",
    ] {
        assert!(text.contains(key), "{key}\n{text}");
    }
}

#[test]
fn plates_are_never_kept_in_problems() {
    let outcome = read(sample("vehicles.pb"));
    let told = format!("{:?}", outcome.problems);
    assert!(
        told.contains("[personal]") && !told.contains("777 AAA 02"),
        "{told}"
    );
}

#[test]
fn messages_in_archives() {
    let bytes = sample("vehicles.pb");
    let rows = read(&bytes).received();
    assert_eq!(read(gzip(&bytes)).received(), rows);
    assert_eq!(
        read(zip(&[("a.pb", &bytes), ("b.pb", &bytes)])).received(),
        2 * rows
    );
}

#[test]
fn the_json_form_is_refused() {
    let outcome = read(br#"{"header": {"gtfs_realtime_version": "2.0"}}"#);
    assert_eq!(outcome.codes()[0].0, "bad_protobuf");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let outcome = read(&bytes);
        prop_assert!(outcome.received() > 0 || outcome.problem_count > 0);
    }

    #[test]
    fn damaged_messages(at in 0_usize..2000, byte: u8, cut in 0_usize..2000) {
        for name in ["vehicles.pb", "trips.pb", "alerts.pb"] {
            let mut bytes = sample(name);
            let length = bytes.len();
            bytes[at % length] = byte;
            // A message cut between two entities, or whose entities have become unknown fields, is still a message.
            read(&bytes);
            bytes.truncate(cut % length);
            read(&bytes);
        }
    }
}
