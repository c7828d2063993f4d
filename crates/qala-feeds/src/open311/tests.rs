use proptest::prelude::*;

use crate::tests::{Given, check_samples};

#[test]
fn samples() {
    check_samples("open311", "open311");
}

#[test]
fn both_forms_say_the_same() {
    let xml = "<?xml version='1.0'?><service_requests><request><service_request_id>7</service_request_id>\
               <status>open</status><service_name>Snow &amp; ice</service_name>\
               <requested_datetime>2026-01-05T10:00:00+05:00</requested_datetime><lat>43.2</lat><long>76.9</long>\
               <address/></request></service_requests>";
    let json = r#"[{"service_request_id": 7, "status": "open", "service_name": "Snow & ice",
        "requested_datetime": "2026-01-05T10:00:00+05:00", "lat": 43.2, "long": 76.9, "address": null}]"#;
    let of = |name, text: &str| Given::new("open311", name).read(text).text();
    assert_eq!(of("a", xml), of("a", json));
    assert_eq!(
        of("a", &format!(r#"{{"service_requests": {json}}}"#)),
        of("a", json)
    );
    assert!(of("a", xml).contains("Snow & ice"), "{}", of("a", xml));
}

#[test]
fn bad_inputs_become_problems() {
    let cases = [
        ("", "empty", 0),
        ("<a/>", "no_records", 0),
        ("<service_requests><request><status>", "broken_xml", 1),
        ("<service_requests><request></service_requests>", "broken_xml", 1),
        (
            "<service_requests><request/><request></request></service_requests>",
            "missing_value",
            1,
        ),
        ("[1]", "bad_json", 1),
        ("{}", "missing_value", 1),
        ("no", "broken_json", 1),
    ];
    for (text, code, rows) in cases {
        let outcome = Given::new("open311", "a").read(text);
        assert_eq!(
            outcome.codes().first(),
            Some(&(code, rows)),
            "{text}: {:?}",
            outcome.codes()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        Given::new("open311", "a").read(&bytes);
    }

    #[test]
    fn any_tags(parts in proptest::collection::vec(prop_oneof![
        Just("<request>"), Just("</request>"), Just("<status>"), Just("</status>"), Just("&amp;"), Just("&x;"), Just("a"), Just("<!--"), Just("-->")
    ], 0..30)) {
        Given::new("open311", "a").read(format!("<service_requests>{}</service_requests>", parts.concat()));
    }
}
