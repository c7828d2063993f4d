//! Backup to an object store while senders are running, and back.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::s3::{KEY, S3};
use crate::support::{Server, json, request};

fn qala(data: &Path, environment: &[(&'static str, String)], args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qala"))
        .arg("--data")
        .arg(data)
        .args(args)
        .envs(environment.iter().map(|(n, v)| (n, v)))
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn until<T>(what: &str, mut test: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = test() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends readings until told to stop; gives the number of rows that were acknowledged.
fn send(port: u16, sender: usize, stop: &AtomicBool) -> u64 {
    let mut sent = 0;
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return sent;
        }
        let rows: Vec<String> = (0..50)
            .map(|i| {
                format!(
                    r#"{{"station_id":"s{sender}-{number}","t":"2026-03-02T00:00:{i:02}Z","quantity":"pm25","value":{},"unit":"ug/m3"}}"#,
                    number % 90 + i
                )
            })
            .collect();
        let body = format!("[{}]", rows.join(","));
        if let Some((200, _)) = request(port, "POST", "/api/ingest/sim-air-readings", &[], body.as_bytes()) {
            sent += 50;
        }
    }
    sent
}

fn copies(s3: &S3) -> Vec<String> {
    let names = s3.names();
    let whole = names.iter().filter_map(|n| n.strip_suffix("/BACKUP.json"));
    whole.map(ToOwned::to_owned).collect()
}

/// What is compared: rows, sums, places in the log, messages and the registry.
fn facts(data: &Path, seq: &str) -> Vec<Value> {
    [
        "SELECT count(*) AS n, qsum(value) AS s, sum(_seq) AS q, max(_seq) AS m FROM air_readings",
        "SELECT station_id, count(*) AS n, sum(_seq) AS q FROM air_readings GROUP BY station_id ORDER BY station_id",
        "SELECT count(*) AS n, sum(received - accepted - duplicate - quarantined) AS off, max(id) AS last FROM lake_messages",
        "SELECT place_id, valid_from FROM organisation_places ORDER BY place_id, valid_from",
    ]
    .map(|sql| json(data, &["sql", sql, "--as-of", seq, "--format", "json"]))
    .to_vec()
}

#[test]
fn a_copy_in_an_object_store_taken_under_ingest_equals_the_source_as_of_its_mark() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let s3 = S3::start();
    let environment = s3.environment(KEY);
    // Enough that the log is sent in parts.
    let mut csv = String::from("station_id,quantity,t,value\n");
    for i in 0..240_000 {
        let (hour, minute, second) = (i / 3600 % 24, i / 60 % 60, i % 60);
        let (station, value) = (i / 86_400, i % 500);
        writeln!(
            csv,
            "big-{station},pm25,2026-03-01T{hour:02}:{minute:02}:{second:02}Z,{value}"
        )
        .unwrap();
    }
    let file = dir.path().join("big.csv");
    std::fs::write(&file, csv).unwrap();
    let file = file.display().to_string();
    let output = qala(
        &data,
        &[],
        &["import", "table", &file, "--dataset", "air_readings"],
    );
    assert!(output.status.success(), "{}", text(&output));

    let args = ["serve", "--backup", "s3://city/qala", "--backup-every-s", "1"];
    let server = Server::start_as(&data, &args, &environment);
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..2)
        .map(|sender| {
            let (stop, port) = (Arc::clone(&stop), server.port);
            std::thread::spawn(move || send(port, sender, &stop))
        })
        .collect();
    s3.busy(2);
    let name = until("three copies", || copies(&s3).get(2).cloned());
    stop.store(true, Ordering::Relaxed);
    let sent: u64 = senders.into_iter().map(|s| s.join().unwrap()).sum();
    assert!(sent > 0);
    assert!(s3.counts().0 > 0, "nothing was sent in parts");
    drop(server);

    let restored = dir.path().join("restored");
    let output = qala(
        &restored,
        &environment,
        &["restore", &format!("s3://city/{name}")],
    );
    assert!(output.status.success(), "{}", text(&output));
    let manifest: Value = serde_json::from_slice(&s3.object(&format!("{name}/BACKUP.json"))).unwrap();
    let seq = manifest["seq"].to_string();
    let found = facts(&restored, &seq);
    assert_eq!(found, facts(&data, &seq));
    assert!(found[0][0]["n"].as_i64().unwrap() > 240_000, "{found:?}");
    assert_eq!(found[2][0]["off"], 0);

    // One level too high: the copies are named, page by page.
    let other = dir.path().join("other");
    let output = qala(&other, &environment, &["restore", "s3://city/qala"]);
    assert_eq!(output.status.code(), Some(1));
    for copy in copies(&s3) {
        let copy = copy.rsplit('/').next().unwrap();
        assert!(text(&output).contains(copy), "{copy}: {}", text(&output));
    }
    assert!(s3.counts().1 > 1, "the list was not continued");
    // A changed file, another key, an unknown bucket.
    let log = s3
        .names()
        .into_iter()
        .find(|n| n.starts_with(&name) && n.contains("/log/"))
        .unwrap();
    let mut bytes = s3.object(&log);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    s3.put(&log, bytes);
    for (environment, from, words) in [
        (&environment, format!("s3://city/{name}"), "is damaged"),
        (
            &s3.environment("OTHER"),
            format!("s3://city/{name}"),
            "InvalidAccessKeyId",
        ),
        (&environment, "s3://town/qala".into(), "NoSuchBucket"),
    ] {
        let output = qala(&dir.path().join(words), environment, &["restore", &from]);
        assert!(
            !output.status.success() && text(&output).contains(words),
            "{from}: {}",
            text(&output)
        );
    }
}
