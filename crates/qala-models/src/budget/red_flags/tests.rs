//! Tests of the red flags.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::run::{Content, Input};

/// Runs the model and gives the rows as texts.
fn rows(releases: &[u8], settings: &[(&str, &str)]) -> Result<Vec<[String; 4]>, String> {
    let input = Input {
        name: "releases".to_owned(),
        content: Content::File(releases.to_vec()),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let tables = MODEL
        .run(vec![input], &settings, 0)
        .map_err(|refusal| refusal.to_string())?;
    let columns = ["ocid", "subject", "indicator", "value"].map(|column| tables[0].texts(column).unwrap());
    Ok((0..tables[0].rows())
        .map(|row| columns.each_ref().map(|column| column[row].clone()))
        .collect())
}

/// The files of an archive of Unix tapes.
fn files_of(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut at = 0;
    while at + 512 <= bytes.len() && bytes[at] != 0 {
        let field = |from: usize, length: usize| {
            let field = &bytes[at + from..at + from + length];
            String::from_utf8_lossy(field)
                .trim_matches(['\0', ' '])
                .to_owned()
        };
        let size = usize::from_str_radix(&field(124, 12), 8).unwrap();
        if matches!(bytes[at + 156], b'0' | 0) {
            let name = field(0, 100);
            let name = name.rsplit('/').next().unwrap().to_owned();
            files.insert(name, bytes[at + 512..at + 512 + size].to_vec());
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    files
}

/// The settings that a fixture is named for, as in Cardinal's own tests.
fn settings_of(name: &str) -> Vec<(String, String)> {
    let mut parts = name.split('-');
    let code = parts.next().unwrap();
    let parts: Vec<&str> = parts.collect();
    let mut settings = vec![
        (
            "no_price_comparison_procurement_methods".to_owned(),
            "NPC".to_owned(),
        ),
        (
            "exclusions.procurement_method_details".to_owned(),
            "EXC".to_owned(),
        ),
    ];
    match parts.as_slice() {
        [option, value] => settings.push((format!("{code}.{option}"), value.replace('+', "|"))),
        [option, pairs @ ..] => {
            let pairs: Vec<String> = pairs.chunks(2).map(|pair| pair.join("=")).collect();
            settings.push((format!("{code}.{option}"), pairs.join("|")));
        }
        [] => {}
    }
    settings
}

#[test]
fn flags_are_those_of_cardinal() {
    let file = "ocds/cardinal/cardinal_indicator_fixtures.tar.gz";
    let Some(archive) = crate::fixture::public_bytes("flags_are_those_of_cardinal", file) else {
        return;
    };
    let files = files_of(&archive);
    let mut pairs = 0;
    for (file, expected) in files.iter().filter(|(name, _)| name.ends_with(".expected")) {
        let name = file.trim_end_matches(".expected");
        let code = &name[..4];
        let expected: Value = serde_json::from_slice(expected).unwrap();
        let mut wanted = BTreeMap::new();
        for (group, ids) in expected.as_object().unwrap() {
            for (id, values) in ids.as_object().unwrap() {
                for (indicator, value) in values.as_object().unwrap() {
                    let who = if group == "OCID" {
                        id.clone()
                    } else {
                        format!("{group}:{id}")
                    };
                    wanted.insert((who, indicator.clone()), value.as_f64().unwrap());
                }
            }
        }
        // `R038-tenderer` names whom it is about, not an option.
        let settings = settings_of(name.trim_end_matches("-tenderer"));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let found: BTreeMap<(String, String), f64> = rows(&files[&format!("{name}.jsonl")], &settings)
            .unwrap()
            .into_iter()
            .filter(|[_, _, indicator, _]| indicator == code)
            .map(|[ocid, subject, indicator, value]| ((ocid + &subject, indicator), value.parse().unwrap()))
            .collect();
        assert_eq!(found, wanted, "{name}");
        pairs += 1;
    }
    assert_eq!(pairs, 15);
}

fn line(ocid: &str, rest: &str) -> String {
    format!("{{\"ocid\":\"{ocid}\",{rest}}}\n")
}

const SHORT: &str = r#""tender":{"tenderPeriod":{"startDate":"2026-03-01T00:00:00+05:00","endDate":"2026-03-05T00:00:00+05:00"}}"#;

#[test]
fn what_is_no_json_object_is_named_by_its_line() {
    let cases = [
        ("{\"ocid\":\"a\"}\n\n5\n", "line 3: this is no JSON object"),
        ("{\"ocid\":\"a\"}\n{\"ocid\":\n", "line 2: this is no JSON ("),
        ("[]", "line 1: this is no JSON object"),
        ("{\"ocid\":\"a\"}\n\u{0}", "line 2: this is no JSON ("),
    ];
    for (text, message) in cases {
        let refusal = rows(text.as_bytes(), &[]).unwrap_err();
        assert!(
            refusal.starts_with(&format!("input `releases`, {message}")),
            "{refusal}"
        );
    }
    assert_eq!(rows(b"", &[]), Ok(Vec::new()));
    assert_eq!(rows(b"\n \r\n", &[]), Ok(Vec::new()));
    let refusal = rows(b"\xff{}", &[]).unwrap_err();
    assert!(refusal.contains("line 1"), "{refusal}");
}

#[test]
fn whatever_has_another_shape_counts_as_absent() {
    let odd = [
        r#""tender":null,"bids":5,"awards":{},"buyer":[]"#,
        r#""tender":{"tenderPeriod":[],"numberOfTenderers":"1","procuringEntity":{"id":null}},"bids":{"details":[null,5,{"status":3,"tenderers":[null,{"id":[]}],"value":{"amount":"x"}}]},"awards":[null,{"suppliers":5,"items":[{}]}]"#,
        r#""bids":{"details":{}},"awards":[{"status":"active","suppliers":[{}]}]"#,
    ];
    let mut text: String = odd
        .iter()
        .enumerate()
        .map(|(index, rest)| line(&index.to_string(), rest))
        .collect();
    text += "{\"ocid\":7}\n{}\n{\"releases\":7}\n{\"records\":[{},5,null]}\n";
    assert_eq!(rows(text.as_bytes(), &[]), Ok(Vec::new()));
}

#[test]
fn releases_of_one_process_are_merged_by_date() {
    let text = line(
        "a",
        r#""date":"2026-03-09T00:00:00Z","tender":{"status":"complete","procurementMethod":"open"}"#,
    ) + &line("b", SHORT)
        + &line("a", &format!(r#""date":"2026-03-01T00:00:00Z",{SHORT}"#))
        + &line(
            "a",
            r#""date":"2026-03-05T00:00:00Z","tender":{"status":"cancelled","procurementMethod":"limited"}"#,
        );
    let found = rows(
        text.as_bytes(),
        &[("indicators", "R003"), ("R003.procurement_methods", "open")],
    )
    .unwrap();
    assert_eq!(found, [["a", "", "R003", "1"].map(str::to_owned)]);
    let bids = r#""bids":{"details":[{"id":"1","status":"pending","tenderers":[{"id":7}],"value":{"amount":5,"currency":"KZT"}},{"id":"2","status":"valid","tenderers":{"id":"8"},"value":{"amount":5,"currency":"KZT"}}]}"#;
    let text = line("c", bids)
        + &line(
            "c",
            r#""date":"2026-01-01T00:00:00Z","bids":{"details":[{"id":"1","status":"withdrawn"}]}"#,
        );
    assert_eq!(rows(text.as_bytes(), &[("indicators", "R028")]), Ok(Vec::new()));
    let found = rows(line("c", bids).as_bytes(), &[("indicators", "R028")]).unwrap();
    let wanted = [
        ["c", "", "R028", "1"],
        ["", "Tenderer:7", "R028", "1"],
        ["", "Tenderer:8", "R028", "1"],
    ];
    assert_eq!(found, wanted.map(|row| row.map(str::to_owned)));
}

#[test]
fn packages_are_read_on_one_line_and_on_many() {
    let release = format!("{{\"ocid\":\"a\",{SHORT}}}");
    for package in [
        format!("{{\"uri\":\"x\",\n\"releases\":[\n{release}]}}"),
        format!("{{\"releases\":[{release}]}}\n"),
        format!("{{\"records\":[{{\"ocid\":\"a\",\"compiledRelease\":{release}}}]}}\n"),
        format!("\u{feff}{{\"records\":[{{\"releases\":[{release}]}}]}}"),
    ] {
        let found = rows(package.as_bytes(), &[]).unwrap();
        assert_eq!(found, [["a", "", "R003", "1"].map(str::to_owned)], "{package}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    for (name, value, message) in [
        (
            "indicators",
            "R003,R999",
            "setting `indicators`: `R999` is none of R003, R018",
        ),
        (
            "R003.procurement_method_details",
            "x",
            "setting `R003.procurement_method_details`: `x` is not written like `details=15`",
        ),
        (
            "R003.thresold",
            "1",
            "unknown setting `R003.thresold`; did you mean `R003.threshold`?",
        ),
        (
            "R024.threshold",
            "low",
            "setting `R024.threshold`: `low` is not a number",
        ),
    ] {
        let refusal = rows(b"", &[(name, value)]).unwrap_err();
        assert!(refusal.starts_with(message), "{refusal}");
    }
}

#[test]
fn a_late_bid_is_late_whatever_the_offset() {
    let bid = |date: &str| {
        line(
            "a",
            &format!(
                r#""tender":{{"tenderPeriod":{{"endDate":"2026-03-05T12:00:00+05:00"}}}},"bids":{{"details":[{{"status":"valid","date":"{date}","tenderers":[{{"id":"W"}}]}}]}},"awards":[{{"status":"active","suppliers":[{{"id":"W"}}]}}]"#
            ),
        )
    };
    // As texts both would be compared wrongly.
    let only = [("indicators", "R030")];
    assert_eq!(
        rows(bid("2026-03-05T13:00:00+06:00").as_bytes(), &only),
        Ok(Vec::new())
    );
    assert_eq!(
        rows(bid("2026-03-05T07:00:01Z").as_bytes(), &only).unwrap().len(),
        2
    );
}
