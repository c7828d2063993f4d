//! Server-sent events: what comes, and what comes after a connection broke.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Server, pack};

/// One event: name, id, data.
#[derive(Debug, Clone)]
struct Event {
    name: String,
    id: String,
    data: String,
}

struct Stream {
    lines: BufReader<TcpStream>,
}

impl Stream {
    fn open(server: &Server, topics: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let last = last.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        write!(
            stream,
            "GET /api/events?topics={topics} HTTP/1.1\r\nHost: x\r\n{last}\r\n"
        )
        .unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 2 {
            if line.starts_with("HTTP/1.1") {
                assert!(line.contains(" 200 "), "{line}");
            }
            line.clear();
        }
        Self { lines }
    }

    /// The next event of a name.
    fn next(&mut self, name: &str) -> Event {
        let mut event = Event {
            name: String::new(),
            id: String::new(),
            data: String::new(),
        };
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream ended");
            let line = line.trim_end();
            if let Some(data) = line.strip_prefix("data: ") {
                event.data = data.to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                event.id = id.to_owned();
            } else if let Some(said) = line.strip_prefix("event: ") {
                event.name = said.to_owned();
            } else if line.is_empty() && !event.name.is_empty() {
                if event.name == name {
                    return event;
                }
                event.name.clear();
            }
        }
    }

    fn ends(&mut self) -> bool {
        let mut rest = String::new();
        while self.lines.read_line(&mut rest).is_ok_and(|n| n > 0) {}
        true
    }
}

const FEED: &str = r#"id = "buses"
kind = "table"
title = { kk = "Автобус", ru = "Автобус", en = "Buses" }
transport = { type = "push" }
dataset = "transit_vehicle_positions"
owner_function = "public-transport"
licence = "CC0-1.0"
"#;

#[test]
fn buses_move_on_the_screen_and_nothing_is_missed_after_a_break() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("pack");
    pack(&folder, &[("buses", FEED.to_owned())]);
    let data = dir.path().join("data");
    let mut server = Server::start_as(&data, &["--pack", folder.to_str().unwrap(), "serve"], &[]);
    let send = |server: &Server, bus: &str, lon: f64| {
        let now = super::now();
        let t = qala_core::Zone::utc().format(now);
        let body = format!("vehicle_id,t,lat,lon,bearing,route_id\n{bus},{t},43.25,{lon},90,R1\n");
        let (status, body) = server
            .request("POST", "/api/ingest/buses", &[], body.as_bytes())
            .unwrap();
        assert_eq!(status, 200, "{body}");
    };
    let ids = |event: &Event| -> Vec<String> {
        let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        data["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["id"].as_str().unwrap().to_owned())
            .collect()
    };
    send(&server, "A", 76.9);
    let mut stream = Stream::open(&server, "vehicles", None);
    // Where everything is comes first.
    assert_eq!(ids(&stream.next("vehicles")), ["A"]);
    let begin = Instant::now();
    send(&server, "B", 76.91);
    let moved = stream.next("vehicles");
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(ids(&moved), ["B"], "only what moved");
    let item: serde_json::Value = serde_json::from_str(&moved.data).unwrap();
    assert_eq!(
        (&item["items"][0]["route"], &item["items"][0]["bearing"]),
        (&"R1".into(), &90.0.into())
    );
    drop(stream);
    send(&server, "C", 76.92);
    std::thread::sleep(Duration::from_secs(2));
    send(&server, "D", 76.93);
    std::thread::sleep(Duration::from_secs(2));
    let mut stream = Stream::open(&server, "vehicles", Some(&moved.id));
    let (first, second) = (stream.next("vehicles"), stream.next("vehicles"));
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec!["C".to_owned()], vec!["D".to_owned()])
    );
    // An id of another run of the program.
    let mut late = Stream::open(&server, "vehicles", Some("1-5"));
    late.next("reset");
    assert_eq!(ids(&late.next("vehicles")).len(), 4);
    // What the lake says of itself.
    let mut status = Stream::open(&server, "status", None);
    send(&server, "A", 76.95);
    assert!(status.next("status").data.contains("\"seq\""));
    let (bad, _) = server
        .request("GET", "/api/events?topics=weather", &[], b"")
        .unwrap();
    assert_eq!(bad, 400);
    // The program stops although somebody listens.
    let asked = std::process::Command::new("kill")
        .arg(server.child.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success() && stream.ends() && late.ends());
    let begin = Instant::now();
    while server.child.try_wait().unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not stop");
        std::thread::sleep(Duration::from_millis(50));
    }
}
