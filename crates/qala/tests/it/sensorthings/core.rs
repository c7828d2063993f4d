//! Sensing core: reading entities, their properties and what they are related to.

use serde_json::Value;

use super::{Client, SETS, furnish, id, service, set_of};

/// What every entity has.
fn check(entity: &Value, properties: &[&str], relations: &[&str]) {
    let object = entity.as_object().unwrap();
    assert!(
        entity["@iot.id"].is_i64() && entity["@iot.selfLink"].is_string(),
        "{entity}"
    );
    for property in properties {
        assert!(object.contains_key(*property), "{property}: {entity}");
    }
    for relation in relations {
        let link = entity[format!("{relation}@iot.navigationLink")].as_str().unwrap();
        assert_eq!(
            link,
            format!("{}/{relation}", entity["@iot.selfLink"].as_str().unwrap())
        );
    }
}

/// Follows relations from a path to some depth; each step and its references must answer.
fn follow(client: &mut Client, path: &str, set: &str, is_set: bool, depth: usize) -> usize {
    let found = client.get(path);
    let references = client.get(&format!("{path}/$ref"));
    let (entity, reference) = if is_set {
        let list = found["value"].as_array().unwrap();
        assert!(!list.is_empty(), "{path}");
        assert_eq!(list.len(), references["value"].as_array().unwrap().len());
        (list[0].clone(), references["value"][0].clone())
    } else {
        (found, references)
    };
    assert_eq!(reference.as_object().unwrap().len(), 1, "{path}/$ref");
    assert_eq!(reference["@iot.selfLink"], entity["@iot.selfLink"], "{path}/$ref");
    if depth == 1 {
        return 1;
    }
    let base = if is_set {
        format!("{path}({})", id(&entity))
    } else {
        path.to_owned()
    };
    let (_, _, relations) = SETS.iter().find(|(name, ..)| *name == set).unwrap();
    let below = relations.iter().map(|relation| {
        let target = set_of(relation);
        follow(
            client,
            &format!("{base}/{relation}"),
            target,
            target == *relation,
            depth - 1,
        )
    });
    1 + below.sum::<usize>()
}

#[test]
fn sensing_core() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);

    // The root lists the sets and tells what the service can do.
    let root = client.get("");
    let names: Vec<&str> = root["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), SETS.len());
    for (set, ..) in SETS {
        let url = root["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["name"] == set)
            .unwrap()["url"]
            .as_str()
            .unwrap();
        assert!(url.ends_with(&format!("/sta/v1.1/{set}")), "{url}");
        assert_eq!(client.status(url), 200);
    }
    let conformance = root["serverSettings"]["conformance"].to_string();
    assert!(
        conformance.contains("iot_sensing/1.1/req/data-array/data-array"),
        "{conformance}"
    );

    for (set, properties, relations) in SETS {
        // Sets, and single entities.
        let list = client.list(set);
        assert!(!list.is_empty(), "{set}");
        for entity in &list {
            check(entity, properties, relations);
        }
        let first = &list[0];
        let one = client.get(&format!("{set}({})", id(first)));
        assert_eq!(&one, first);

        // One that is not there.
        for missing in [i64::MAX, 0, -1, 999_999] {
            assert_eq!(
                client.status(&format!("{set}({missing})")),
                404,
                "{set}({missing})"
            );
        }

        // Properties, by themselves and as bare values.
        for property in properties {
            let path = format!("{set}({})/{property}", id(first));
            let found = client.get(&path);
            assert_eq!(found.as_object().unwrap().len(), 1, "{path}");
            assert_eq!(found[property], first[property], "{path}");
            let value = client.send("GET", &format!("{path}/$value"), &Value::Null);
            assert_eq!(value.status, 200, "{path}/$value");
            let expected = match &first[property] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(value.text, expected, "{path}/$value");
        }
        assert_eq!(client.status(&format!("{set}({})/colour", id(first))), 404);
    }
    let steps: usize = SETS
        .iter()
        .map(|(set, ..)| follow(client, set, set, true, 4))
        .sum();
    assert!(steps > 150, "{steps}");

    // Keys inside of a property.
    assert_eq!(client.get("Things(2)/properties/owner")["owner"], "office 2");
    assert_eq!(
        client.get("Datastreams(1)/unitOfMeasurement/symbol")["symbol"],
        "Cel"
    );
    // An entity of another set is not below this one.
    assert_eq!(client.status("Things(1)/Datastreams(3)"), 404);
    assert_eq!(client.status("Things(2)/Datastreams(3)"), 200);
    assert_eq!(
        client
            .send("GET", "Datastreams(1)/Observations/$count", &Value::Null)
            .text,
        "3"
    );
    assert_eq!(client.status("$batch"), 501);
}
