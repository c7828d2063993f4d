//! Delete, and what goes along.

use serde_json::Value;

use super::{Client, SETS, furnish, service};

/// The sets that are empty.
fn empty(client: &mut Client) -> Vec<&'static str> {
    let sets = SETS.iter().map(|(set, ..)| *set);
    sets.filter(|set| client.list(set).is_empty()).collect()
}

#[test]
fn what_cannot_be_without_it_goes_along() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    for (set, gone) in [
        (
            "Things",
            &["Things", "HistoricalLocations", "Datastreams", "Observations"][..],
        ),
        ("Locations", &["Locations", "HistoricalLocations"]),
        ("HistoricalLocations", &["HistoricalLocations"]),
        ("Datastreams", &["Datastreams", "Observations"]),
        ("Sensors", &["Datastreams", "Sensors", "Observations"]),
        (
            "ObservedProperties",
            &["Datastreams", "ObservedProperties", "Observations"],
        ),
        ("FeaturesOfInterest", &["Observations", "FeaturesOfInterest"]),
        ("Observations", &["Observations"]),
    ] {
        client.clear();
        assert_eq!(empty(client).len(), 8);
        furnish(client);
        for id in client.ids(set) {
            let path = format!("{set}({id})");
            let answer = client.send("DELETE", &path, &Value::Null);
            assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{path}");
            assert_eq!(client.status(&path), 404, "{path}");
            assert_eq!(client.send("DELETE", &path, &Value::Null).status, 404, "{path}");
        }
        assert_eq!(empty(client), gone, "{set}");
    }
}

#[test]
fn only_what_is_named_goes() {
    let (_dir, _server, mut client) = service();
    let client = &mut client;
    furnish(client);
    for (set, ..) in SETS {
        let answer = client.send("DELETE", &format!("{set}({})", i64::MAX), &Value::Null);
        assert_eq!(answer.status, 404, "{set}");
        assert_eq!(client.send("DELETE", set, &Value::Null).status, 405, "{set}");
    }
    assert_eq!(client.send("DELETE", "Datastreams(2)", &Value::Null).status, 200);
    assert_eq!(client.ids("Observations").len(), 9);
    assert_eq!(client.ids("Things(1)/Datastreams"), [1]);
    // A location that goes leaves its thing nowhere; the next observation has no place.
    assert_eq!(client.send("DELETE", "Locations(1)", &Value::Null).status, 200);
    assert!(client.ids("Things(1)/Locations").is_empty());
    let refused = client.send(
        "POST",
        "Datastreams(1)/Observations",
        &serde_json::json!({"result": 1}),
    );
    assert_eq!(refused.status, 400);
}
