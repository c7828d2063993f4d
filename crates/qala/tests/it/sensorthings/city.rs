//! What devices send is the city's: in the lake, in its datasets, after a restart.

use serde_json::{Value, json};

use super::{Client, furnish, id, place, service, stream};
use crate::support::{Server, json as run};

fn mapped(symbol: &str, properties: Value) -> Value {
    let mut body = stream("pm", "PM2.5", "optical");
    body["unitOfMeasurement"]["symbol"] = symbol.into();
    body["properties"] = properties;
    json!({"name": "post", "description": "d", "Locations": [place("roof", 76.9)], "Datastreams": [body]})
}

#[test]
fn a_datastream_that_names_a_dataset_gives_it_readings() {
    let (dir, server, mut client) = service();
    let properties =
        json!({"qala:dataset": "air_readings", "qala:quantity": "pm25", "qala:object": "post-1"});
    for (symbol, properties, part) in [
        ("K", properties.clone(), "unitOfMeasurement"),
        (
            "ug/m3",
            json!({"qala:dataset": "air_readings", "qala:quantity": "pm2", "qala:object": "x"}),
            "did you mean `pm25`?",
        ),
        (
            "ug/m3",
            json!({"qala:dataset": "air_reading", "qala:quantity": "pm25", "qala:object": "x"}),
            "air_reading",
        ),
        (
            "ug/m3",
            json!({"qala:dataset": "air_readings"}),
            "needs `qala:quantity`",
        ),
        (
            "ug/m3",
            json!({"qala:dataset": "air_stations", "qala:quantity": "pm25", "qala:object": "x"}),
            "does not hold readings",
        ),
    ] {
        let answer = client.send("POST", "Things", &mapped(symbol, properties));
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains(part), "{}", answer.text);
    }
    client.post("Things", &mapped("mg/m3", properties));
    let send = |client: &mut Client, minute: u32, result: Value| {
        let body = json!({"phenomenonTime": format!("2026-03-01T08:{minute:02}:00Z"), "result": result});
        client.post("Datastreams(1)/Observations", &body)
    };
    let first = send(&mut client, 0, json!(0.012));
    let second = send(&mut client, 1, json!(0.013));
    let third = send(&mut client, 2, json!(0.014));
    send(&mut client, 3, json!(99));
    send(&mut client, 4, json!("broken"));
    assert_eq!(
        client
            .send(
                "PATCH",
                &format!("Observations({first})"),
                &json!({"result": 0.02})
            )
            .status,
        200
    );
    let moved = json!({"phenomenonTime": "2026-03-01T09:00:00Z"});
    assert_eq!(
        client
            .send("PATCH", &format!("Observations({second})"), &moved)
            .status,
        200
    );
    assert_eq!(
        client
            .send("DELETE", &format!("Observations({third})"), &Value::Null)
            .status,
        200
    );
    drop(server);
    let sql = "SELECT to_char(t, '%H:%M') AS at, value FROM air_readings WHERE station_id = 'post-1' AND quantity = 'pm25' ORDER BY t";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    assert_eq!(
        rows,
        json!([{"at": "08:00", "value": 20.0}, {"at": "09:00", "value": 13.0}])
    );
    let sql = "SELECT code, count(*) AS n FROM lake_quarantine WHERE feed = 'sensorthings' GROUP BY code ORDER BY code";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    assert_eq!(
        rows,
        json!([{"code": "bad_number", "n": 1}, {"code": "out_of_range", "n": 1}])
    );
    let sql = "SELECT sum(received - accepted - duplicate - quarantined) AS off FROM lake_messages";
    assert_eq!(run(dir.path(), &["sql", sql, "--format", "json"])[0]["off"], 0);
}

#[test]
fn everything_is_there_after_a_restart_and_in_the_lake() {
    let (dir, server, mut client) = service();
    furnish(&mut client);
    client.send("DELETE", "Things(2)", &Value::Null);
    let before: Vec<Vec<Value>> = super::SETS.iter().map(|(set, ..)| client.list(set)).collect();
    let port = server.port;
    drop(server);
    let server = Server::start(dir.path());
    let mut client = Client::new(server.port);
    for ((set, ..), before) in super::SETS.iter().zip(before) {
        let now = json!(client.list(set)).to_string();
        let now: Value =
            serde_json::from_str(&now.replace(&format!(":{}/", server.port), &format!(":{port}/"))).unwrap();
        assert_eq!(now, json!(before), "{set}");
    }
    // Ids go on, also those of what was deleted.
    let next = client.post("Things", &json!({"name": "x", "description": "x"}));
    assert_eq!(next, 3);
    let ids = client.ids("Observations");
    let new = client.post("Datastreams(1)/Observations", &json!({"result": 1}));
    assert!(ids.iter().all(|id| *id < new));
    drop(server);
    // The history of the registry is in the lake, for people who ask SQL.
    let sql = "SELECT d.name, count(*) AS n FROM devices_observations o JOIN devices_entities d \
               ON d.entity = 'datastream' AND d.entity_id = o.datastream_id AND d.valid_to IS NULL GROUP BY d.name ORDER BY d.name";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    assert_eq!(
        rows,
        json!([{"name": "stream 1a", "n": 4}, {"name": "stream 1b", "n": 3}])
    );
    let sql = "SELECT entity_id, valid_to IS NULL AS is_open FROM devices_entities WHERE entity = 'thing' ORDER BY entity_id, valid_from";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    assert_eq!(
        rows,
        json!([{"entity_id": 1, "is_open": true}, {"entity_id": 2, "is_open": false}, {"entity_id": 3, "is_open": true}])
    );
}

#[test]
fn a_document_of_another_service_is_imported() {
    let (dir, server, mut client) = service();
    furnish(&mut client);
    let dump = client.get("Things?$expand=Datastreams($expand=ObservedProperty,Observations($top=100))");
    assert_eq!(dump["value"].as_array().map(Vec::len), Some(2));
    drop(server);
    let file = dir.path().join("dump.json");
    std::fs::write(&file, dump.to_string()).unwrap();
    let args = [
        "import",
        "sensorthings",
        file.to_str().unwrap(),
        "--dataset",
        "air_readings",
        "--format",
        "json",
    ];
    let outcome = run(dir.path(), &args);
    let text = outcome.to_string();
    assert!(text.contains("\"accepted\":6"), "{text}");
    // The humidity is said to be in degrees.
    assert!(text.contains("\"quarantined\":6"), "{text}");
    let sql = "SELECT station_id, count(*) AS n FROM air_readings GROUP BY station_id ORDER BY station_id";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    assert_eq!(
        rows,
        json!([{"station_id": "thing 1", "n": 3}, {"station_id": "thing 2", "n": 3}])
    );
}

#[test]
fn addresses_follow_the_host_that_was_asked() {
    let (_dir, server, mut client) = service();
    let thing = client.post("Things", &json!({"name": "x", "description": "x"}));
    let headers = [("Host", "city.example"), ("X-Forwarded-Proto", "https")];
    let (status, body) = server
        .request("GET", "/sta/v1.1/Things", &headers[1..], b"")
        .unwrap();
    let found: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, id(&found["value"][0])), (200, thing));
    assert!(
        found["value"][0]["@iot.selfLink"]
            .as_str()
            .unwrap()
            .starts_with("https://localhost/sta/v1.1/Things(")
    );
}

#[test]
fn another_transport_brings_observations_by_the_same_door() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = qala_app::CentreOptions::new(dir.path());
        let centre = qala_app::Centre::open(options).await.unwrap();
        let thing = json!({"name": "post", "description": "d", "Locations": [place("roof", 76.9)],
            "Datastreams": [stream("s", "temperature", "t")]});
        centre
            .sta_post("http://x", "Things", thing.to_string().as_bytes())
            .await
            .unwrap();
        let path = "Datastreams(1)/Observations";
        let first = centre
            .sta_create_observation(path, br#"{"result": 12.5}"#)
            .await
            .unwrap();
        let bodies: [(&str, &[u8]); 5] = [
            (path, br#"{"result": 1}"#),
            ("Datastreams(9)/Observations", br#"{"result": 2}"#),
            (path, b"\xff"),
            ("Things", b"{}"),
            ("Observations", br#"{"result": 3, "Datastream": {"@iot.id": 1}}"#),
        ];
        let made = centre.sta_create_observations(&bodies).await.unwrap();
        let good: Vec<bool> = made.iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, false, false, true]);
        assert!(made.iter().flatten().all(|id| *id > first));
        // Many at once become few messages: those that come while others are written go together.
        let many = (0..200).map(|_| centre.sta_create_observation(path, br#"{"result": 4}"#));
        let mut ids: Vec<i64> = Vec::new();
        for one in futures_of(many).await {
            ids.push(one.unwrap());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 200);
        let messages = centre
            .rows(
                "SELECT count(*) AS n, sum(accepted) AS rows FROM lake_messages WHERE feed = 'sensorthings'",
            )
            .await
            .unwrap();
        assert_eq!(messages[0]["rows"], 203);
        assert!(messages[0]["n"].as_i64().unwrap() < 100, "{messages:?}");
        centre.close().await.unwrap();
    });
}

/// Drives all of some work at once.
async fn futures_of<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_ready = true;
        for (work, done) in &mut waiting {
            if done.is_none() {
                match work.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
