//! SensorThings 1.1 from outside, by plain HTTP: the abstract tests of the conformance classes sensing core,
//! create-update-delete and filtering, and what this service promises beyond them.

mod city;
mod core;
mod deletes;
mod filtering;
mod kill;
mod writes;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::Server;

/// The sets, with the properties and relations that the standard asks of each.
pub(crate) const SETS: [(&str, &[&str], &[&str]); 8] = [
    (
        "Things",
        &["name", "description"],
        &["Datastreams", "HistoricalLocations", "Locations"],
    ),
    (
        "Locations",
        &["name", "description", "encodingType", "location"],
        &["HistoricalLocations", "Things"],
    ),
    ("HistoricalLocations", &["time"], &["Thing", "Locations"]),
    (
        "Datastreams",
        &["name", "description", "unitOfMeasurement", "observationType"],
        &["Thing", "Sensor", "ObservedProperty", "Observations"],
    ),
    (
        "Sensors",
        &["name", "description", "encodingType", "metadata"],
        &["Datastreams"],
    ),
    (
        "ObservedProperties",
        &["name", "definition", "description"],
        &["Datastreams"],
    ),
    (
        "Observations",
        &["phenomenonTime", "result", "resultTime"],
        &["Datastream", "FeatureOfInterest"],
    ),
    (
        "FeaturesOfInterest",
        &["name", "description", "encodingType", "feature"],
        &["Observations"],
    ),
];

/// The set that a relation leads to.
pub(crate) fn set_of(relation: &str) -> &'static str {
    match relation {
        "Thing" => "Things",
        "Sensor" => "Sensors",
        "ObservedProperty" => "ObservedProperties",
        "Datastream" => "Datastreams",
        "FeatureOfInterest" => "FeaturesOfInterest",
        set => SETS.iter().find(|(name, ..)| *name == set).unwrap().0,
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// A connection that stays open.
pub(crate) struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// One request below the service root, or to an address that the service gave; nothing when the connection broke.
    pub(crate) fn try_send(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Option<Answer> {
        let path = match path.strip_prefix(&format!("http://127.0.0.1:{}", self.port)) {
            Some(rest) => rest.to_owned(),
            None => format!("/sta/v1.1/{path}"),
        };
        let path = path.replace(' ', "%20");
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            stream.set_nodelay(true).ok()?;
            self.stream = Some(BufReader::new(stream));
        }
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        let answer = self.exchange(&request);
        if answer.is_none() {
            self.stream = None;
        }
        answer
    }

    fn exchange(&mut self, request: &str) -> Option<Answer> {
        let stream = self.stream.as_mut()?;
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let (mut length, mut location) = (0, None);
        loop {
            line.clear();
            stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "location" => location = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some(Answer {
            status,
            location,
            text: String::from_utf8(body).unwrap(),
        })
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.try_send(method, path, "application/json", &body)
            .unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// The document at a path that must be there.
    pub(crate) fn get(&mut self, path: &str) -> Value {
        let answer = self.send("GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json()
    }

    /// The status of a question.
    pub(crate) fn status(&mut self, path: &str) -> u16 {
        self.send("GET", path, &Value::Null).status
    }

    /// The entities of a set.
    pub(crate) fn list(&mut self, path: &str) -> Vec<Value> {
        self.get(path)["value"]
            .as_array()
            .unwrap_or_else(|| panic!("{path}"))
            .clone()
    }

    /// The ids of a set, in its order.
    pub(crate) fn ids(&mut self, path: &str) -> Vec<i64> {
        self.list(path).iter().map(id).collect()
    }

    /// Posts an entity that must be taken; its id, read back from the address that was given.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> i64 {
        let answer = self.send("POST", path, body);
        assert_eq!(answer.status, 201, "POST {path}: {}", answer.text);
        let location = answer.location.clone().unwrap();
        let found = self.get(&location);
        assert_eq!(found, answer.json(), "POST {path}");
        assert_eq!(found["@iot.selfLink"], location.as_str());
        id(&found)
    }

    /// Deletes everything.
    pub(crate) fn clear(&mut self) {
        for set in [
            "Observations",
            "FeaturesOfInterest",
            "Datastreams",
            "Sensors",
            "ObservedProperties",
            "HistoricalLocations",
            "Locations",
            "Things",
        ] {
            loop {
                let ids = self.ids(set);
                if ids.is_empty() {
                    break;
                }
                for id in ids {
                    let answer = self.send("DELETE", &format!("{set}({id})"), &Value::Null);
                    assert_eq!(answer.status, 200, "{set}({id}): {}", answer.text);
                }
            }
        }
    }
}

pub(crate) fn id(entity: &Value) -> i64 {
    entity["@iot.id"].as_i64().unwrap_or_else(|| panic!("{entity}"))
}

/// A server with a data directory of its own.
pub(crate) fn service() -> (tempfile::TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let client = Client::new(server.port);
    (dir, server, client)
}

pub(crate) fn place(name: &str, lon: f64) -> Value {
    json!({
        "name": name, "description": format!("the place {name}"), "encodingType": "application/vnd.geo+json",
        "location": {"type": "Point", "coordinates": [lon, 43.25]}
    })
}

pub(crate) fn stream(name: &str, quantity: &str, sensor: &str) -> Value {
    json!({
        "name": name, "description": format!("the stream {name}"),
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "degree Celsius", "symbol": "Cel", "definition": "http://unitsofmeasure.org/Cel"},
        "ObservedProperty": {
            "name": quantity, "definition": format!("http://example.org/{quantity}"), "description": format!("how much {quantity}")
        },
        "Sensor": {"name": sensor, "description": "an instrument", "encodingType": "application/pdf", "metadata": "sheet.pdf"}
    })
}

/// Two things at two places with two datastreams each, and three observations of each of the four.
pub(crate) fn furnish(client: &mut Client) {
    for thing in 1..=2 {
        let body = json!({
            "name": format!("thing {thing}"), "description": format!("the thing {thing}"),
            "properties": {"owner": format!("office {thing}"), "floor": thing},
            "Locations": [place(&format!("place {thing}"), 76.0 + f64::from(thing))],
            "Datastreams": [
                stream(&format!("stream {thing}a"), "temperature", &format!("sensor {thing}a")),
                stream(&format!("stream {thing}b"), "humidity", &format!("sensor {thing}b")),
            ]
        });
        client.post("Things", &body);
    }
    let mut result = 0;
    for stream in client.ids("Datastreams") {
        for _ in 0..3 {
            result += 1;
            let body = json!({"phenomenonTime": format!("2026-03-{result:02}T00:00:00Z"), "result": result});
            client.post(&format!("Datastreams({stream})/Observations"), &body);
        }
    }
}
