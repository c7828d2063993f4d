//! Real SIGKILLs at random moments under full ingest: what was acknowledged is there, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Server, json, request};

const SENDERS: u64 = 4;

fn body(station: u64, number: u64) -> String {
    let rows: Vec<String> = (0..20)
        .map(|i| {
            let minute = number % 1440;
            format!(
                r#"{{"station_id":"s{station}-{}","t":"2026-03-02T{:02}:{:02}:{i:02}+05:00","quantity":"pm25","value":{},"unit":"ug/m3"}}"#,
                number / 1440,
                minute / 60,
                minute % 60,
                number % 97 + 1
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}

fn kills(count: u64) -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let numbers: Vec<Arc<AtomicU64>> = (0..SENDERS).map(|_| Arc::default()).collect();
    let mut acknowledged = 0;
    for kill in 0..count {
        let server = Server::start(dir.path());
        let stop = Arc::new(AtomicBool::new(false));
        let port = server.port;
        let senders: Vec<_> = numbers
            .iter()
            .enumerate()
            .map(|(station, number)| {
                let (stop, number) = (Arc::clone(&stop), Arc::clone(number));
                std::thread::spawn(move || {
                    let mut good = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let n = number.load(Ordering::Relaxed);
                        let key = format!("{station}-{n}");
                        let text = body(station as u64, n);
                        match request(
                            port,
                            "POST",
                            "/api/ingest/sim-air-readings",
                            &[("Idempotency-Key", &key)],
                            text.as_bytes(),
                        ) {
                            Some((200, receipt)) => {
                                let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
                                assert_eq!(receipt["received"], 20, "{receipt}");
                                assert_eq!(receipt["quarantined"], 0, "{receipt}");
                                // Only an acknowledged message is left behind; the others are sent again.
                                number.fetch_add(1, Ordering::Relaxed);
                                good += 1;
                            }
                            Some((429 | 507, _)) => std::thread::sleep(Duration::from_millis(50)),
                            Some((status, text)) => panic!("{status}: {text}"),
                            None => std::thread::sleep(Duration::from_millis(5)),
                        }
                    }
                    good
                })
            })
            .collect();
        // Random enough, and the same in each run.
        let wait = 60 + (kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 700;
        std::thread::sleep(Duration::from_millis(wait));
        let mut server = server;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            acknowledged += sender.join().unwrap();
        }
    }
    // The messages that were under way may be there or not; every acknowledged row is there exactly once.
    let sql =
        "SELECT station_id, count(*) AS n, count(DISTINCT t) AS d FROM air_readings GROUP BY station_id";
    let rows = json(dir.path(), &["sql", sql, "--format", "json"]);
    let mut found: HashMap<u64, (u64, u64)> = HashMap::new();
    for row in rows.as_array().unwrap() {
        let station: u64 = row["station_id"].as_str().unwrap()[1..]
            .split('-')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let entry = found.entry(station).or_default();
        entry.0 += row["n"].as_u64().unwrap();
        entry.1 += row["d"].as_u64().unwrap();
    }
    for (station, number) in numbers.iter().enumerate() {
        let sent = number.load(Ordering::Relaxed) * 20;
        let (rows, distinct) = found.get(&(station as u64)).copied().unwrap_or_default();
        assert_eq!(rows, distinct, "station {station} has doubled rows");
        assert!(
            rows == sent || rows == sent + 20,
            "station {station}: {sent} rows acknowledged, {rows} found"
        );
    }
    let books = json(
        dir.path(),
        &[
            "sql",
            "SELECT sum(received - accepted - duplicate - quarantined) AS off FROM lake_messages",
            "--format",
            "json",
        ],
    );
    assert_eq!(books[0]["off"], 0);
    (acknowledged, count)
}

#[test]
fn acknowledged_survives_a_few_kills() {
    kills(4);
}

#[test]
#[ignore = "long: part of make prove"]
fn acknowledged_survives_two_hundred_kills() {
    let (messages, kills) = kills(200);
    println!("proof: SIGKILL kills={kills} acknowledged_messages={messages} lost=0 doubled=0");
}
