use std::path::Path;

use serde_json::Value;

use super::{document, document_3_0};

fn golden(name: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(name);
    let text = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os("QALA_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "schemas/{name} is not what the code says; `cargo xtask bless` writes it"
    );
}

#[test]
fn the_committed_documents_are_current() {
    golden("openapi.json", &document());
    golden("openapi-3.0.json", &document_3_0());
}

#[test]
fn every_reference_leads_somewhere_and_null_is_told_in_its_own_way() {
    fn walk(value: &Value, see: &mut impl FnMut(&str, &Value)) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    see(key, value);
                    walk(value, see);
                }
            }
            Value::Array(list) => list.iter().for_each(|v| walk(v, see)),
            _ => {}
        }
    }
    for document in [document(), document_3_0()] {
        let old = document["openapi"] == "3.0.3";
        let mut references = 0;
        walk(&document, &mut |key, value| {
            if key == "$ref" {
                let path = value.as_str().unwrap().trim_start_matches('#');
                assert!(document.pointer(path).is_some(), "{path}");
                references += 1;
            }
            assert!(!(old && key == "type" && value.is_array()), "{value}");
            assert!(old || key != "nullable");
        });
        assert!(references > 20);
    }
}

#[test]
fn what_serde_leaves_out_is_not_required_and_what_may_be_null_says_so() {
    let document = document();
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let feed = schema("Feed");
    let required = feed["required"].as_array().unwrap();
    assert!(
        required.contains(&"cadence_s".into()) && !required.contains(&"error".into()),
        "{feed}"
    );
    assert_eq!(
        feed["properties"]["cadence_s"]["type"],
        serde_json::json!(["integer", "null"])
    );
    assert_eq!(
        feed["properties"]["cadence_s"]["description"],
        "Promised seconds between two messages."
    );
    // `kind` goes over the wire as `type`.
    assert_eq!(schema("Column")["properties"]["type"]["description"], "Type.");
    assert_eq!(
        schema("Values")["properties"]["values"]["items"]["additionalProperties"],
        true
    );
}

#[test]
fn every_operation_has_its_own_id_and_documents_its_path() {
    let document = document();
    let mut ids = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{path}"
            );
            let named: Vec<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["in"] == "path")
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            let holes: Vec<&str> = path
                .split('{')
                .skip(1)
                .map(|p| p.split('}').next().unwrap())
                .collect();
            assert_eq!(named, holes, "{path}");
        }
    }
}
