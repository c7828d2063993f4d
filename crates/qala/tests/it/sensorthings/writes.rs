//! Create and update.

use serde_json::{Value, json};

use super::{Client, SETS, place, service, stream};

fn counts(client: &mut Client) -> Vec<usize> {
    SETS.iter().map(|(set, ..)| client.list(set).len()).collect()
}

#[test]
fn entities_are_created() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    let thing = client.post("Things", &json!({"name": "post", "description": "a post"}));
    let location = client.post("Locations", &place("river", 76.9));
    let sensor = json!({"name": "barometer", "description": "b", "encodingType": "application/pdf", "metadata": {"a": [1]}});
    let sensor = client.post("Sensors", &sensor);
    let property = client.post(
        "ObservedProperties",
        &json!({"name": "dew", "definition": "http://x/dew", "description": "dew point"}),
    );
    let feature = json!({"name": "station", "description": "s", "encodingType": "application/vnd.geo+json",
        "feature": {"type": "Point", "coordinates": [10, 10]}});
    let feature = client.post("FeaturesOfInterest", &feature);
    let mut body = stream("dew", "x", "x");
    for (name, id) in [
        ("Thing", thing),
        ("Sensor", sensor),
        ("ObservedProperty", property),
    ] {
        body[name] = json!({"@iot.id": id});
    }
    let datastream = client.post("Datastreams", &body);
    let link = json!({"@iot.id": datastream});

    let with_feature = json!({"phenomenonTime": "2026-03-01T00:40:00.000Z", "result": 8, "Datastream": link,
        "FeatureOfInterest": {"@iot.id": feature}});
    let first = client.post("Observations", &with_feature);
    assert_eq!(
        client.get(&format!("Observations({first})/FeatureOfInterest"))["@iot.id"],
        feature
    );

    // Without a feature one is made of the thing's location, once. Without a resultTime it is null.
    let plain = json!({"phenomenonTime": "2026-03-01T00:00:00Z", "resultTime": "2026-03-01T06:00:00+05:00", "result": 100, "Datastream": link});
    let refused = client.send("POST", "Observations", &plain);
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(
        refused.json()["message"]
            .as_str()
            .unwrap()
            .contains("has no Location")
    );
    let moved = client.send(
        "PATCH",
        &format!("Things({thing})"),
        &json!({"Locations": [{"@iot.id": location}]}),
    );
    assert_eq!(moved.status, 200, "{}", moved.text);
    assert_eq!(
        client.ids(&format!("Things({thing})/HistoricalLocations")).len(),
        1
    );
    let second = client.post("Observations", &plain);
    assert_eq!(
        client.get(&format!("Observations({second})"))["resultTime"],
        "2026-03-01T01:00:00Z"
    );
    let made = client.get(&format!("Observations({second})/FeatureOfInterest"));
    assert_eq!(
        made["feature"],
        client.get(&format!("Locations({location})"))["location"]
    );
    let third = client.post("Observations", &json!({"result": 105, "Datastream": link}));
    let found = client.get(&format!("Observations({third})"));
    assert!(
        found["resultTime"].is_null() && found["phenomenonTime"].is_string(),
        "{found}"
    );
    assert_eq!(
        client.get(&format!("Observations({third})/FeatureOfInterest"))["@iot.id"],
        made["@iot.id"]
    );

    // Results of every kind come back as they went in.
    for result in [
        json!(true),
        json!("wet"),
        json!({"a": [1, null]}),
        json!(12.5),
        json!(1e300),
        json!(9_007_199_254_740_993_i64),
        Value::Null,
    ] {
        let id = client.post(
            &format!("Datastreams({datastream})/Observations"),
            &json!({"result": result, "parameters": {"k": "v"},
            "resultQuality": "good", "validTime": "2026-03-01T00:00:00Z/2026-03-02T00:00:00Z"}),
        );
        let found = client.get(&format!("Observations({id})"));
        assert_eq!(found["result"], result);
        assert_eq!(
            (&found["resultQuality"], &found["parameters"]["k"]),
            (&json!("good"), &json!("v"))
        );
        assert_eq!(found["validTime"], "2026-03-01T00:00:00Z/2026-03-02T00:00:00Z");
    }

    let history = json!({"time": "2015-03-01T00:40:00.000Z", "Thing": {"@iot.id": thing}, "Locations": [{"@iot.id": location}]});
    let history = client.post("HistoricalLocations", &history);
    assert_eq!(
        client
            .ids(&format!("Locations({location})/HistoricalLocations"))
            .len(),
        2
    );
    assert_eq!(
        client.get(&format!("HistoricalLocations({history})/Thing"))["@iot.id"],
        thing
    );
}

#[test]
fn entities_within_entities_are_created_whole_or_not_at_all() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    let whole = json!({
        "name": "office", "description": "an office", "properties": {"floor": 3},
        "Locations": [place("roof", 76.9)], "Datastreams": [stream("light", "lux", "fluxomatic")]
    });
    // First what is wrong: nothing of it may stay.
    for (at, name) in [
        ("/Datastreams/0", "Sensor"),
        ("/Datastreams/0", "ObservedProperty"),
        ("/Datastreams/0", "unitOfMeasurement"),
        ("/Datastreams/0/Sensor", "encodingType"),
        ("/Datastreams/0/ObservedProperty", "definition"),
        ("/Locations/0", "location"),
        ("", "name"),
    ] {
        let mut body = whole.clone();
        body.pointer_mut(at)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        let answer = client.send("POST", "Things", &body);
        assert_eq!(answer.status, 400, "without {name}: {}", answer.text);
        assert!(
            answer.json()["message"].as_str().unwrap().contains(name),
            "{}",
            answer.text
        );
    }
    assert_eq!(counts(client), [0; 8]);

    let thing = client.post("Things", &whole);
    assert_eq!(
        client.get(&format!("Things({thing})/Locations"))["value"][0]["name"],
        "roof"
    );
    let found = client.get(&format!(
        "Things({thing})/Datastreams?$expand=Sensor,ObservedProperty"
    ));
    assert_eq!(found["value"][0]["Sensor"]["metadata"], "sheet.pdf");
    assert_eq!(found["value"][0]["ObservedProperty"]["name"], "lux");

    // A datastream with its observations, an observation with its feature.
    let mut body = stream("heat", "temperature", "thermometer");
    body["Thing"] = json!({"@iot.id": thing});
    body["Observations"] = json!([{"phenomenonTime": "2026-03-01T00:10:00Z", "result": 10}]);
    let datastream = client.post("Datastreams", &body);
    let found = client.list(&format!("Datastreams({datastream})/Observations"));
    assert_eq!((found.len(), &found[0]["result"]), (1, &json!(10)));
    let observation = json!({"result": 100, "Datastream": {"@iot.id": datastream}, "FeatureOfInterest": {
        "name": "spot", "description": "d", "encodingType": "application/vnd.geo+json", "feature": {"type": "Point", "coordinates": [-114.05, 51.05]}}});
    let observation = client.post("Observations", &observation);
    assert_eq!(
        client.get(&format!("Observations({observation})/FeatureOfInterest"))["name"],
        "spot"
    );

    // Below an address the relation need not be said.
    let below = client.post(
        &format!("Things({thing})/Datastreams"),
        &stream("wind", "wind", "vane"),
    );
    assert_eq!(
        client.get(&format!("Datastreams({below})/Thing"))["@iot.id"],
        thing
    );
    // A client that sends all it knows of a related entity means the one that is there.
    let mut body = stream("again", "x", "x");
    body["Thing"] = client.get(&format!("Things({thing})?$select=id,name"));
    let again = client.post("Datastreams", &body);
    assert_eq!(
        client.get(&format!("Datastreams({again})/Thing"))["@iot.id"],
        thing
    );
    let yard = client.post(&format!("Things({thing})/Locations"), &place("yard", 77.0));
    assert_eq!(client.ids(&format!("Things({thing})/Locations")), [yard]);

    let before = counts(client);
    for (set, body) in [
        ("Observations", json!({"result": 1})),
        (
            "Observations",
            json!({"result": 1, "Datastream": {"@iot.id": 999}}),
        ),
        (
            "Observations",
            json!({"result": 1, "Datastream": {"@iot.id": below}, "FeatureOfInterest": {"name": "x"}}),
        ),
        ("Datastreams", json!({"name": "x"})),
        (
            "Sensors",
            json!({"name": "x", "description": "x", "encodingType": "y"}),
        ),
        (
            "HistoricalLocations",
            json!({"time": "2026-03-01T00:00:00Z", "Thing": {"@iot.id": thing}}),
        ),
        (
            "HistoricalLocations",
            json!({"time": "noon", "Thing": {"@iot.id": thing}, "Locations": [{"@iot.id": yard}]}),
        ),
        ("Things", json!([])),
        (
            "Things",
            json!({"name": "x", "description": "x", "colour": "red"}),
        ),
        (
            "Locations",
            json!({"name": "x", "description": "x", "encodingType": "application/geo+json", "location": {"type": "Pt"}}),
        ),
    ] {
        let answer = client.send("POST", set, &body);
        assert_eq!(answer.status, 400, "{set} {body}: {}", answer.text);
    }
    assert_eq!(
        client
            .try_send("POST", "Things", "application/json", "{\"name\"")
            .unwrap()
            .status,
        400
    );
    assert_eq!(
        client
            .send("POST", &format!("Things({thing})"), &json!({}))
            .status,
        405
    );
    assert_eq!(counts(client), before);
}

#[test]
fn entities_are_changed() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    super::furnish(client);
    let observation = client.ids("Observations")[0];
    for (path, body) in [
        ("Things(1)", json!({"description": "patched"})),
        (
            "Locations(1)",
            json!({"location": {"type": "Point", "coordinates": [114.05, -50.0]}}),
        ),
        ("HistoricalLocations(1)", json!({"time": "2015-07-01T00:00:00Z"})),
        ("Sensors(1)", json!({"metadata": "patched"})),
        ("ObservedProperties(1)", json!({"description": "patched"})),
        (
            "FeaturesOfInterest(1)",
            json!({"feature": {"type": "Point", "coordinates": [114.05, -51.05]}}),
        ),
        (
            "Datastreams(1)",
            json!({"description": "patched", "unitOfMeasurement": {"name": "e", "symbol": "S2", "definition": "d"}}),
        ),
        (
            &format!("Observations({observation})"),
            json!({"phenomenonTime": "2015-07-01T00:40:00Z", "result": 7.5}),
        ),
        (
            &format!("Observations({observation})"),
            json!({"Datastream": {"@iot.id": 2}}),
        ),
    ] {
        let mut expected = client.get(path);
        for (name, value) in body.as_object().unwrap() {
            if expected.get(name).is_some() {
                expected[name] = value.clone();
            }
        }
        let answer = client.send("PATCH", path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.json(), expected, "{path}");
        assert_eq!(client.get(path), expected, "{path}");
    }
    assert_eq!(
        client.get(&format!("Observations({observation})/Datastream"))["@iot.id"],
        2
    );

    // There and back again: the second time is no repetition of the first.
    let path = format!("Observations({observation})");
    for result in [1, 2, 1, 2] {
        assert_eq!(
            client.send("PATCH", &path, &json!({"result": result})).status,
            200
        );
        assert_eq!(client.get(&path)["result"], result);
    }
    assert_eq!(client.ids("Observations").len(), 12);

    // Whole replacement: what is not named is gone, relations stay.
    let answer = client.send("PUT", "Things(2)", &json!({"name": "new", "description": "d"}));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(client.get("Things(2)").get("properties").is_none());
    assert_eq!(client.ids("Things(2)/Datastreams"), [3, 4]);
    assert_eq!(
        client.send("PUT", "Things(2)", &json!({"name": "only"})).status,
        400
    );
    let answer = client.send(
        "PUT",
        &path,
        &json!({"result": 3, "phenomenonTime": "2026-04-01T00:00:00Z"}),
    );
    assert_eq!((answer.status, &answer.json()["result"]), (200, &json!(3)));

    // JSON Patch.
    let patch = r#"[{"op": "replace", "path": "/name", "value": "patched"}, {"op": "add", "path": "/properties", "value": {"k": 1}}]"#;
    for path in ["Things(2)", "Datastreams(3)", "Sensors(2)"] {
        let answer = client
            .try_send("PATCH", path, "application/json-patch+json", patch)
            .unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let found = client.get(path);
        assert_eq!(
            (&found["name"], &found["properties"]["k"]),
            (&json!("patched"), &json!(1)),
            "{path}"
        );
    }

    // Related entities cannot be written out in a change, nor changed at the end that does not hold them.
    for (path, body) in [
        ("Things(1)", json!({"Locations": [place("x", 1.0)]})),
        ("Things(1)", json!({"Datastreams": [stream("x", "x", "x")]})),
        ("Sensors(1)", json!({"Datastreams": [stream("x", "x", "x")]})),
        (
            "ObservedProperties(1)",
            json!({"Datastreams": [stream("x", "x", "x")]}),
        ),
        (
            "Datastreams(1)",
            json!({"ObservedProperty": {"name": "c", "definition": "c", "description": "c"}}),
        ),
        (
            "Datastreams(1)",
            json!({"Sensor": {"name": "c", "encodingType": "c", "metadata": "c", "description": "c"}}),
        ),
        (
            "Datastreams(1)",
            json!({"Thing": {"name": "c", "description": "c"}}),
        ),
        ("Datastreams(1)", json!({"Observations": [{"result": 1}]})),
        ("Datastreams(1)", json!({"Thing": {"@iot.id": 99}})),
        (&path, json!({"FeatureOfInterest": {"name": "x"}})),
        (&path, json!({"result": 1, "resultTime": "noon"})),
        ("Things(1)", json!({"name": null})),
        ("Things(1)", json!("x")),
    ] {
        let answer = client.send("PATCH", path, &body);
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text);
    }
    assert_eq!(
        client.send("PATCH", "Things(99)", &json!({"name": "x"})).status,
        404
    );
    assert_eq!(client.send("PATCH", "Things", &json!({"name": "x"})).status, 405);
}

#[test]
fn many_observations_at_once() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    super::furnish(client);
    let body = json!([
        {"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"], "dataArray@iot.count": 3,
         "dataArray": [["2026-05-01T00:00:00Z", 1, 1], ["noon", 2, 1], ["2026-05-01T00:02:00Z", 3, 99]]},
        {"Datastream": {"@iot.id": 3}, "components": ["result"], "dataArray": [[4], ["five"], [6, 7]]}
    ]);
    let answer = client.send("POST", "CreateObservations", &body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    let lines = answer.json();
    let is_good: Vec<bool> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l.as_str().unwrap().starts_with("http"))
        .collect();
    assert_eq!(is_good, [true, false, false, true, true, false], "{lines}");
    assert_eq!(client.get(lines[4].as_str().unwrap())["result"], "five");
    assert_eq!(client.ids("Observations").len(), 15);
    for body in [
        json!({}),
        json!([{"components": []}]),
        json!([{"Datastream": {"@iot.id": 1}, "components": ["colour"], "dataArray": []}]),
    ] {
        assert_eq!(
            client.send("POST", "CreateObservations", &body).status,
            400,
            "{body}"
        );
    }

    // The same shape to read.
    let found = client.get("Observations?$resultFormat=dataArray&$filter=phenomenonTime lt 2026-03-05T00:00:00Z&$count=true&$select=phenomenonTime,result");
    assert_eq!(found["@iot.count"], 4);
    let groups = found["value"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["components"], json!(["id", "phenomenonTime", "result"]));
    assert_eq!(groups[0]["dataArray"][2][2], 3);
    assert_eq!(groups[1]["dataArray@iot.count"], 1);
}
