//! Any bytes: nothing panics, and what is understood can be written again.

use proptest::prelude::*;
use serde_json::Value;

use super::filters::town;
use crate::sensorthings::filter::parse;
use crate::sensorthings::{
    Draft, Edit, Entity, Evaluator, How, NewObservation, Options, Period, Target, apply_json_patch,
    read_data_array,
};
use crate::tests::Given;

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "name",
        "id",
        "time",
        "(",
        ")",
        ",",
        "'",
        "''",
        "eq",
        "gt",
        "and",
        "or",
        "not",
        "add",
        "-",
        "1",
        "2.5",
        "null",
        "true",
        "properties/x",
        "Datastreams/name",
        "Things/Datastreams/id",
        "substringof(",
        "length(",
        "geo.distance(",
        "geography'POINT(1 2)'",
        "geography'POLYGON((0 0",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z/",
        "duration'P1D'",
        "st_within(",
        "location",
        "Locations/location",
        " ",
        "%",
        "ж",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

/// JSON of the words that bodies are made of.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "2026-01-01T00:00:00Z",
            "application/geo+json",
            "Point",
            "ж",
            "/name",
            "add"
        ])
        .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "name",
        "description",
        "encodingType",
        "location",
        "Locations",
        "Datastreams",
        "Datastream",
        "Sensor",
        "Thing",
        "Observations",
        "result",
        "phenomenonTime",
        "@iot.id",
        "properties",
        "dataArray",
        "components",
        "value",
        "type",
        "coordinates",
        "op",
        "path",
        "unitOfMeasurement",
        "geometries",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_path(text in "\\PC{0,80}") {
        if let Ok(Target::Path(path)) = Target::parse(&text) {
            let again = Target::parse(&path.text()).unwrap();
            prop_assert!(matches!(again, Target::Path(other) if other.text() == path.text()));
        }
    }

    #[test]
    fn any_query(text in "\\PC{0,120}") {
        for entity in Entity::ALL {
            drop(Options::parse(&text, entity));
            drop(Options::parse(&format!("$expand={text}"), entity));
            drop(Options::parse(&format!("$filter={text}"), entity));
        }
    }

    #[test]
    fn any_filter(text in words()) {
        let graph = town();
        let evaluator = Evaluator { graph: &graph, now: 0 };
        for entity in [Entity::Thing, Entity::Location, Entity::HistoricalLocation, Entity::Observation] {
            if let Ok(filter) = parse(&text, entity) {
                let chosen = graph.ids(entity).filter(|id| evaluator.holds(&filter, entity, *id)).count();
                prop_assert!(chosen <= 2);
            }
        }
    }

    #[test]
    fn any_time(text in "\\PC{0,40}") {
        if let Ok(period) = Period::parse(&text) {
            prop_assert_eq!(Period::parse(&period.text()).unwrap(), period);
        }
    }

    #[test]
    fn any_instant(at in crate::sensorthings::MIN_TIME..crate::sensorthings::MAX_TIME) {
        prop_assert_eq!(Period::parse(&Period::instant(at).text()).unwrap(), Period::instant(at));
    }

    #[test]
    fn any_body(body in json(), patch in json()) {
        let graph = town();
        for entity in Entity::RECORDS {
            let mut edit = Edit::new(&graph, 0);
            if let Ok(draft) = Draft::read(entity, &body) {
                drop(edit.create(draft, &[]));
            }
            drop(edit.change(Entity::Thing, 1, &body, How::Patch));
            drop(edit.change(Entity::Datastream, 1, &body, How::Replace));
        }
        if let Ok(new) = NewObservation::read(&body, 0) {
            drop(Edit::new(&graph, 0).observe(new));
        }
        drop(read_data_array(&body, 0));
        if let Some(object) = body.as_object() {
            drop(apply_json_patch(object, &patch));
        }
    }

    #[test]
    fn any_document(body in json(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in [body.to_string().into_bytes(), bytes] {
            let outcome = Given::new("sensorthings", "a.json").read(&bytes);
            prop_assert_eq!(outcome.received(), outcome.given() + outcome.rejected);
        }
    }
}
