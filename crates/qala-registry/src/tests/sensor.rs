use serde_json::{Map, Value, json};

use super::{SECOND, empty};
use crate::{OutboxOp, SensorChange, SensorEntity};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn thing(id: i64, name: &str) -> SensorEntity {
    SensorEntity {
        entity: "thing".into(),
        id,
        body: map(json!({"name": name})),
        links: Map::new(),
    }
}

#[tokio::test]
async fn a_change_is_whole_and_told_to_the_lake() {
    let registry = empty().await;
    let stream = SensorEntity {
        entity: "datastream".into(),
        id: 1,
        body: map(json!({"name": "pm25"})),
        links: map(json!({"Thing": [1], "Sensor": [2], "ObservedProperty": [3]})),
    };
    let changes = [
        SensorChange::Put(thing(1, "post")),
        SensorChange::Put(stream.clone()),
    ];
    registry.change_sensor_entities(&changes, SECOND).await.unwrap();
    assert_eq!(
        registry.sensor_entities().await.unwrap(),
        [stream, thing(1, "post")]
    );
    let told = registry.pending(0, 10).await.unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!(
        serde_json::to_string(&told[1].payload).unwrap(),
        r#"{"entity":"datastream","entity_id":1,"name":"pm25","body":"{\"name\":\"pm25\"}","links":"{\"Thing\":[1],\"Sensor\":[2],\"ObservedProperty\":[3]}","thing_id":1,"sensor_id":2,"observed_property_id":3,"valid_from":1000000,"valid_to":null}"#
    );
    // One part that is wrong undoes the others.
    let mut wrong = thing(9, "no");
    wrong.entity = "lamp".into();
    let changes = [SensorChange::Put(thing(2, "two")), SensorChange::Put(wrong)];
    assert!(registry.change_sensor_entities(&changes, SECOND).await.is_err());
    assert_eq!(registry.sensor_entities().await.unwrap().len(), 2);
    assert_eq!(registry.pending(2, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_deleted_entity_ends_and_its_id_never_comes_back() {
    let registry = empty().await;
    let put = |name: &str| [SensorChange::Put(thing(7, name))];
    registry.change_sensor_entities(&put("a"), SECOND).await.unwrap();
    // A second change in the same instant is a later interval all the same.
    registry.change_sensor_entities(&put("b"), SECOND).await.unwrap();
    let gone = [SensorChange::Remove("thing".into(), 7)];
    registry.change_sensor_entities(&gone, SECOND).await.unwrap();
    let told = registry.pending(0, 10).await.unwrap();
    let spans: Vec<(i64, Option<i64>)> = told
        .iter()
        .map(|row| {
            assert_eq!(row.op, OutboxOp::Upsert);
            let number = |name: &str| row.payload[name].as_i64();
            (number("valid_from").unwrap(), number("valid_to"))
        })
        .collect();
    assert_eq!(
        spans,
        [(SECOND, None), (SECOND + 1, None), (SECOND + 1, Some(SECOND + 2))]
    );
    assert!(registry.sensor_entities().await.unwrap().is_empty());
    assert_eq!(registry.sensor_last_ids().await.unwrap(), [("thing".into(), 7)]);
}
