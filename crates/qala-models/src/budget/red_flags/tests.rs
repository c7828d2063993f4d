//! Tests of the red flags.

use std::collections::BTreeMap;
use std::io::Read as _;

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
    let tables = MODEL.run(vec![input], &settings, 0).map_err(|refusal| refusal.to_string())?;
    let columns = ["ocid", "subject", "indicator", "value"].map(|column| tables[0].texts(column).unwrap());
    Ok((0..tables[0].rows())
        .map(|row| columns.each_ref().map(|column| column[row].clone()))
        .collect())
}

/// The files of an archive of Unix tapes.
fn files_of(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(archive).read_to_end(&mut bytes).unwrap();
    let mut files = BTreeMap::new();
    let mut at = 0;
    while at + 512 <= bytes.len() && bytes[at] != 0 {
        let field = |from: usize, length: usize| {
            let field = &bytes[at + from..at + from + length];
            String::from_utf8_lossy(field).trim_matches(['\0', ' ']).to_owned()
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
        ("no_price_comparison_procurement_methods".to_owned(), "NPC".to_owned()),
        ("exclusions.procurement_method_details".to_owned(), "EXC".to_owned()),
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
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/ocds/cardinal/cardinal_indicator_fixtures.tar.gz"
    );
    let Ok(archive) = std::fs::read(path) else {
        crate::participation::pabulib::skipped("flags_are_those_of_cardinal", path);
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
                    let who = if group == "OCID" { id.clone() } else { format!("{group}:{id}") };
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
