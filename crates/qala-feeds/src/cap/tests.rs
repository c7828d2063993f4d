use proptest::prelude::*;

use crate::tests::{Given, check_samples};

#[test]
fn samples() {
    check_samples("cap", "cap");
}

const HEAD: &str = "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>7</identifier><sender>met</sender>\
                    <sent>2026-03-02T08:00:00+05:00</sent><status>Actual</status><msgType>Alert</msgType>";

#[test]
fn a_warning_is_a_row_with_its_words_by_language_and_its_area_turned_round() {
    let text = format!(
        "{HEAD}<info><language>kk-KZ</language><event>Сел</event><severity>Severe</severity><area><areaDesc>A</areaDesc>\
         <polygon>43.1,76.9 43.2,76.9 43.2,77.0 43.1,76.9</polygon></area></info>\
         <info><language>ru</language><event>Сель</event><headline>Сель &amp; дождь</headline></info></alert>"
    );
    let shown = Given::new("cap", "a").read(&text).text();
    for words in [
        "Сел",
        "Сель & дождь",
        "MULTIPOLYGON(((76.9 43.1, 76.9 43.2, 77 43.2, 76.9 43.1)))",
        "Severe",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // A later message names the first one.
    let later = text.replace(
        "<msgType>Alert</msgType>",
        "<msgType>Cancel</msgType><references>met,5,2026-03-02T07:00:00+05:00 met,6,2026-03-02T07:30:00+05:00</references>",
    );
    assert!(Given::new("cap", "a").read(&later).text().contains('5'));
}

#[test]
fn a_circle_is_a_polygon_of_its_radius() {
    let shown = |circle: &str| {
        let text = format!(
            "{HEAD}<info><event>e</event><area><areaDesc>A</areaDesc><circle>{circle}</circle></area></info></alert>"
        );
        Given::new("cap", "a").read(&text).text()
    };
    // 11.1195 km are a tenth of a degree of latitude, and 0.2 degrees of longitude at 60 degrees.
    let text = shown("60,76 11.1195");
    for corner in ["76.2 60", "76 60.1", "75.8 60", "76 59.9"] {
        assert!(text.contains(corner), "{corner}: {text}");
    }
    for none in ["60,76", "60,76 0", "89.99,76 50", "north,76 5"] {
        assert!(!shown(none).contains("MULTIPOLYGON"), "{none}");
    }
}

#[test]
fn bad_inputs_become_problems() {
    let no_time = HEAD.replace("<sent>2026-03-02T08:00:00+05:00</sent>", "") + "</alert>";
    let cases = [
        ("", "empty", 0),
        ("<a/>", "no_records", 0),
        ("<alert><identifier>", "broken_xml", 1),
        ("<alert></info>", "broken_xml", 1),
        (no_time.as_str(), "missing_value", 1),
    ];
    for (text, code, rows) in cases {
        let outcome = Given::new("cap", "a").read(text);
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
        Given::new("cap", "a").read(&bytes);
    }

    #[test]
    fn a_message_cut_anywhere(end in 0_usize..2_000) {
        let sample = include_bytes!("samples/warnings.xml");
        Given::new("cap", "a").read(&sample[..end.min(sample.len())]);
    }
}
