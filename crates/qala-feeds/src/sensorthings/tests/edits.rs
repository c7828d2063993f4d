use std::sync::Arc;

use serde_json::{Value, json};

use crate::sensorthings::{Draft, Edit, Entity, Graph, How, NewObservation, Refusal, apply_json_patch};

/// Carries a change out on a graph, with the observations it makes.
fn carry<T>(
    graph: &mut Graph,
    work: impl FnOnce(&mut Edit<'_>) -> Result<T, Refusal>,
) -> Result<(T, Vec<(i64, i64)>), Refusal> {
    let copy = graph.clone();
    let mut edit = Edit::new(&copy, 1_000_000);
    let value = work(&mut edit)?;
    let made = edit
        .observations
        .iter()
        .map(|o| (o.datastream, o.feature))
        .collect();
    for change in edit.into_changes() {
        match change {
            Ok(record) => graph.put(record),
            Err((entity, id)) => graph.remove(entity, id),
        }
    }
    Ok((value, made))
}

fn post(graph: &mut Graph, entity: Entity, body: &Value) -> Result<(i64, Vec<(i64, i64)>), Refusal> {
    let draft = Draft::read(entity, body)?;
    carry(graph, |edit| edit.create(draft, &[]))
}

fn counts(graph: &Graph) -> Vec<usize> {
    Entity::RECORDS
        .iter()
        .map(|entity| graph.ids(*entity).count())
        .collect()
}

fn whole() -> Value {
    json!({
        "name": "post", "description": "a post",
        "Locations": [{
            "name": "roof", "description": "roof", "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [76.9, 43.2]}
        }],
        "Datastreams": [{
            "name": "pm", "description": "pm", "observationType": "m",
            "unitOfMeasurement": {"name": "u", "symbol": "ug/m3", "definition": "d"},
            "Sensor": {"name": "s", "description": "s", "encodingType": "text/html", "metadata": {"x": 1}},
            "ObservedProperty": {"name": "pm25", "description": "", "definition": "d"},
            "Observations": [{"result": 1}, {"result": 2, "phenomenonTime": "2026-01-01T00:00:00Z"}]
        }]
    })
}

#[test]
fn a_deep_insert_makes_all_or_nothing() {
    let mut graph = Graph::default();
    let (thing, made) = post(&mut graph, Entity::Thing, &whole()).unwrap();
    // Thing, Location, HistoricalLocation, Datastream, Sensor, ObservedProperty, and the feature made of the location.
    assert_eq!((thing, counts(&graph)), (1, vec![1, 1, 1, 1, 1, 1, 1]));
    assert_eq!(made, [(1, 1), (1, 1)]);
    let location = graph.find(Entity::Location, 1).unwrap();
    let feature = graph.find(Entity::FeatureOfInterest, 1).unwrap();
    assert_eq!(feature.body["feature"], location.body["location"]);
    for (pointer, part) in [
        ("/Datastreams/0/Sensor", "needs its Sensor"),
        ("/Datastreams/0/ObservedProperty", "needs its ObservedProperty"),
        ("/Datastreams/0/name", "needs `name`"),
        ("/Locations/0/location", "needs `location`"),
    ] {
        let mut body = whole();
        let (above, last) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(above)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(last);
        let before = counts(&graph);
        let error = post(&mut graph, Entity::Thing, &body).unwrap_err().to_string();
        assert!(error.contains(part), "{pointer}: {error}");
        assert_eq!(counts(&graph), before);
    }
    let wrong = json!({"name": "x", "description": "x", "Datastreams": [{"@iot.id": 99}]});
    let error = post(&mut graph, Entity::Thing, &wrong).unwrap_err();
    assert!(matches!(error, Refusal::Wrong(_)), "{error}");
}

#[test]
fn a_thing_that_moves_has_a_history() {
    let mut graph = Graph::default();
    let (thing, _) = post(&mut graph, Entity::Thing, &whole()).unwrap();
    let other = json!({"name": "yard", "description": "y", "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [77.0, 43.2]}});
    let draft = Draft::read(Entity::Location, &other).unwrap();
    let relation = Entity::Thing.relation("Locations").unwrap();
    let (yard, _) = carry(&mut graph, |edit| {
        edit.create_below(Entity::Thing, thing, relation, draft)
    })
    .unwrap();
    assert_eq!(graph.related(Entity::Thing, thing, relation), [yard]);
    assert_eq!(graph.ids(Entity::HistoricalLocation).count(), 2);
    // The next observation is about the new place.
    let new = NewObservation::read(&json!({"result": 1, "Datastream": {"@iot.id": 1}}), 0).unwrap();
    let ((), made) = carry(&mut graph, |edit| edit.observe(new.clone())).unwrap();
    assert_eq!(made, [(1, 2)]);
    let ((), made) = carry(&mut graph, |edit| edit.observe(new)).unwrap();
    assert_eq!(made, [(1, 2)]);
    // The same place again is no move.
    let same = json!({"Locations": [{"@iot.id": yard}]});
    carry(&mut graph, |edit| {
        edit.change(Entity::Thing, thing, &same, How::Patch)
    })
    .unwrap();
    assert_eq!(graph.ids(Entity::HistoricalLocation).count(), 2);
}

#[test]
fn an_observation_needs_a_datastream_and_a_place() {
    let mut graph = Graph::default();
    let mut body = whole();
    body.as_object_mut().unwrap().remove("Locations");
    body["Datastreams"][0]
        .as_object_mut()
        .unwrap()
        .remove("Observations");
    post(&mut graph, Entity::Thing, &body).unwrap();
    for (body, part) in [
        (json!({"result": 1}), "needs its Datastream"),
        (
            json!({"result": 1, "Datastream": {"@iot.id": 9}}),
            "no Datastreams(9)",
        ),
        (
            json!({"result": 1, "Datastream": {"@iot.id": 1}}),
            "has no Location",
        ),
        (
            json!({"result": 1, "Datastream": {"@iot.id": 1}, "FeatureOfInterest": {"name": "x"}}),
            "needs `description`",
        ),
        (json!({"Datastream": {"@iot.id": 1}}), "needs a `result`"),
        (
            json!({"result": 1, "phenomenonTime": "yesterday"}),
            "is not a time",
        ),
        (
            json!({"result": 1, "resultTme": "x"}),
            "did you mean `resultTime`?",
        ),
        (json!({"result": 1, "parameters": 3}), "must be an object"),
        (json!(1), "is a JSON object"),
    ] {
        let read = NewObservation::read(&body, 0);
        let error = read
            .and_then(|new| carry(&mut graph, |edit| edit.observe(new)))
            .unwrap_err();
        assert!(
            matches!(&error, Refusal::Wrong(text) if text.contains(part)),
            "{body}: {error}"
        );
    }
}

#[test]
fn deleting_takes_along_what_cannot_be_without_it() {
    let order = Entity::RECORDS;
    for (entity, gone, emptied) in [
        (
            Entity::Thing,
            &[Entity::Thing, Entity::HistoricalLocation, Entity::Datastream][..],
            1,
        ),
        (
            Entity::Location,
            &[Entity::Location, Entity::HistoricalLocation],
            0,
        ),
        (Entity::HistoricalLocation, &[Entity::HistoricalLocation], 0),
        (Entity::Datastream, &[Entity::Datastream], 1),
        (Entity::Sensor, &[Entity::Sensor, Entity::Datastream], 1),
        (
            Entity::ObservedProperty,
            &[Entity::ObservedProperty, Entity::Datastream],
            1,
        ),
        (Entity::FeatureOfInterest, &[Entity::FeatureOfInterest], 1),
    ] {
        let mut graph = Graph::default();
        post(&mut graph, Entity::Thing, &whole()).unwrap();
        let (found, _) = carry(&mut graph, |edit| {
            edit.delete(entity, 1)?;
            Ok(edit.emptied.len())
        })
        .unwrap();
        assert_eq!(found, emptied, "{entity:?}");
        let left: Vec<Entity> = order.into_iter().filter(|e| graph.ids(*e).count() == 0).collect();
        let mut gone = gone.to_vec();
        gone.sort();
        assert_eq!(left, gone, "{entity:?}");
        assert!(carry(&mut graph, |edit| edit.delete(entity, 1)).is_err());
    }
    // An id does not come back.
    let mut graph = Graph::default();
    post(&mut graph, Entity::Thing, &whole()).unwrap();
    carry(&mut graph, |edit| edit.delete(Entity::Thing, 1)).unwrap();
    assert_eq!(post(&mut graph, Entity::Thing, &whole()).unwrap().0, 2);
}

#[test]
fn changes_touch_what_they_name() {
    let mut graph = Graph::default();
    post(&mut graph, Entity::Thing, &whole()).unwrap();
    let mut change = |entity: Entity, body: &Value, how: How| {
        carry(&mut graph, |edit| edit.change(entity, 1, body, how))
            .map(|_| Arc::clone(graph.find(entity, 1).unwrap()))
    };
    let found = change(
        Entity::Thing,
        &json!({"description": "other", "properties": {"a": 1}}),
        How::Patch,
    )
    .unwrap();
    assert_eq!(
        (&found.body["name"], &found.body["description"]),
        (&json!("post"), &json!("other"))
    );
    let found = change(
        Entity::Thing,
        &json!({"name": "n", "description": "d", "@iot.id": 1}),
        How::Replace,
    )
    .unwrap();
    assert!(!found.body.contains_key("properties"));
    assert_eq!(found.links["Locations"], [1]);
    for (entity, body) in [
        (Entity::Thing, json!({"name": null})),
        (Entity::Thing, json!({"name": 3})),
        (Entity::Thing, json!({"Locations": [{"name": "inline"}]})),
        (Entity::Thing, json!({"Datastreams": [{"@iot.id": 1}]})),
        (Entity::Datastream, json!({"Sensor": {"name": "inline"}})),
        (Entity::Datastream, json!({"Thing": {"@iot.id": 7}})),
        (Entity::Datastream, json!({"Observations": [{"result": 1}]})),
        (Entity::Location, json!({"location": {"type": "Point"}})),
    ] {
        assert!(
            matches!(change(entity, &body, How::Patch), Err(Refusal::Wrong(_))),
            "{body}"
        );
    }
    assert!(change(Entity::Thing, &json!({"name": "only"}), How::Replace).is_err());
}

#[test]
fn json_patches() {
    let body = json!({"name": "a", "properties": {"x": [1, 2]}});
    let body = body.as_object().unwrap();
    let patch = json!([
        {"op": "test", "path": "/name", "value": "a"},
        {"op": "replace", "path": "/name", "value": "b"},
        {"op": "add", "path": "/properties/x/-", "value": 3},
        {"op": "copy", "from": "/properties/x/0", "path": "/properties/y"},
        {"op": "move", "from": "/properties/x", "path": "/properties/z~1w"},
        {"op": "remove", "path": "/properties/y"}
    ]);
    let found = apply_json_patch(body, &patch).unwrap();
    assert_eq!(found, json!({"name": "b", "properties": {"z/w": [1, 2, 3]}}));
    for patch in [
        json!({}),
        json!([{"op": "test", "path": "/name", "value": "z"}]),
        json!([{"op": "replace", "path": "/nothing", "value": 1}]),
        json!([{"op": "fly", "path": "/name"}]),
        json!([{"op": "add", "path": "/properties/x/9", "value": 1}]),
        json!([{"op": "move", "from": "/properties", "path": "/properties/x"}]),
        json!([{"op": "add", "path": "name", "value": 1}]),
    ] {
        assert!(apply_json_patch(body, &patch).is_err(), "{patch}");
    }
}
