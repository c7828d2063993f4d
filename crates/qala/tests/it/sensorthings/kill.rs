//! SIGKILL while devices send: each observation that was acknowledged is there, once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::{Client, id, place, stream};
use crate::support::{Server, json as run};

const SENDERS: i64 = 4;

fn kills(count: u64) -> usize {
    let dir = tempfile::tempdir().unwrap();
    {
        let server = Server::start(dir.path());
        let mut client = Client::new(server.port);
        let streams: Vec<_> = (0..SENDERS)
            .map(|i| stream(&format!("s{i}"), "temperature", "t"))
            .collect();
        let thing = json!({"name": "post", "description": "d", "Locations": [place("roof", 76.9)], "Datastreams": streams});
        client.post("Things", &thing);
    }
    // What was acknowledged: id of the observation → its result, which no other has.
    let acknowledged: Arc<Mutex<HashMap<i64, i64>>> = Arc::default();
    let sent: Arc<Mutex<i64>> = Arc::default();
    for kill in 0..count {
        let mut server = Server::start(dir.path());
        let stop = Arc::new(AtomicBool::new(false));
        let port = server.port;
        let senders: Vec<_> = (1..=SENDERS)
            .map(|datastream| {
                let (stop, acknowledged, sent) = (Arc::clone(&stop), Arc::clone(&acknowledged), Arc::clone(&sent));
                std::thread::spawn(move || {
                    let mut client = Client::new(port);
                    while !stop.load(Ordering::Relaxed) {
                        let result = {
                            let mut sent = sent.lock().unwrap();
                            *sent += 1;
                            *sent
                        };
                        let body = if datastream % 2 == 0 {
                            json!({"result": result}).to_string()
                        } else {
                            json!([{"Datastream": {"@iot.id": datastream}, "components": ["result"], "dataArray": [[result]]}]).to_string()
                        };
                        let path = if datastream % 2 == 0 {
                            format!("Datastreams({datastream})/Observations")
                        } else {
                            "CreateObservations".into()
                        };
                        let Some(answer) = client.try_send("POST", &path, "application/json", &body) else {
                            std::thread::sleep(Duration::from_millis(5));
                            continue;
                        };
                        assert_eq!(answer.status, 201, "{}", answer.text);
                        let made = match answer.json() {
                            serde_json::Value::Array(links) => {
                                let link = links[0].as_str().unwrap();
                                link.rsplit_once('(').unwrap().1.trim_end_matches(')').parse().unwrap()
                            }
                            entity => id(&entity),
                        };
                        acknowledged.lock().unwrap().insert(made, result);
                    }
                })
            })
            .collect();
        // Random enough, and the same in each run.
        let wait = 80 + (kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 700;
        std::thread::sleep(Duration::from_millis(wait));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().unwrap();
        }
    }
    let sql = "SELECT observation_id AS id, result_number AS n FROM devices_observations";
    let rows = run(dir.path(), &["sql", sql, "--format", "json"]);
    let mut found: HashMap<i64, i64> = HashMap::new();
    for row in rows.as_array().unwrap() {
        let old = found.insert(row["id"].as_i64().unwrap(), row["n"].as_f64().unwrap() as i64);
        assert!(old.is_none(), "{row} is there twice");
    }
    let acknowledged = acknowledged.lock().unwrap();
    for (id, result) in acknowledged.iter() {
        assert_eq!(
            found.get(id),
            Some(result),
            "the acknowledged observation {id} is lost"
        );
    }
    let results: std::collections::HashSet<&i64> = found.values().collect();
    assert_eq!(results.len(), found.len(), "a result is there twice");
    // Only what was under way at a kill may be there unacknowledged.
    assert!(found.len() <= acknowledged.len() + (SENDERS as usize) * count as usize);
    acknowledged.len()
}

#[test]
fn acknowledged_observations_survive_a_few_kills() {
    assert!(kills(4) > 0);
}

#[test]
#[ignore = "long: part of make prove"]
fn acknowledged_observations_survive_a_hundred_kills() {
    let acknowledged = kills(100);
    println!(
        "proof: SIGKILL through SensorThings kills=100 acknowledged_observations={acknowledged} lost=0 doubled=0"
    );
}
