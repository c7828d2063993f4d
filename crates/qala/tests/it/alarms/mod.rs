//! Alarms of the whole program: rules on real rows, one alarm for each cause, notices that reach people once, and the doors of
//! other programs.

mod doors;
mod kill;
mod rules;
mod score;
mod speed;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::pack;

/// A feed of incidents that is pushed.
pub(crate) const FEED: &str = r#"id = "incidents"
kind = "table"
title = { kk = "Оқиға", ru = "События", en = "Incidents" }
transport = { type = "push" }
dataset = "traffic_incidents"
owner_function = "road-traffic"
licence = "CC0-1.0"
"#;

/// A rule that makes an alarm of each breakdown, and one that groups crashes by street.
pub(crate) const EACH: &str = r#"id = "test.each"
version = 1
title = { kk = "Бұзылу", ru = "Поломка", en = "A breakdown" }
advice = { kk = "Көмек", ru = "Помощь", en = "Help" }
owner_function = "waste"
severity = "critical"
public = true
group = "key"
escalation = [{ after_min = 10 }, { after_min = 30, function = "parking" }]

[when]
type = "event"
dataset = "traffic_incidents"
sql = "SELECT incident_id AS key, place_id AS place, t, ended_at FROM traffic_incidents WHERE _seq > :after AND _seq <= :upto AND kind = 'breakdown'"
"#;

/// The pack of the city with the feed, the rule, and what is told to whom.
pub(crate) fn folder(dir: &Path, notice: &str, feeds: &[(&str, String)]) -> PathBuf {
    let folder = dir.join("pack");
    let mut all = vec![("incidents", FEED.to_owned())];
    all.extend(feeds.iter().cloned());
    pack(&folder, &all);
    std::fs::create_dir_all(folder.join("alarms/test")).unwrap();
    std::fs::write(folder.join("alarms/test/each.toml"), EACH).unwrap();
    std::fs::write(folder.join("alarms.toml"), notice).unwrap();
    folder
}

/// Rows of incidents: id, street, kind, share of lanes closed.
pub(crate) fn incidents(now: i64, rows: &[(String, &str, &str, f64)]) -> String {
    let t = qala_core::Zone::utc().format(now);
    let mut text = String::from("incident_id,t,kind,street_id,place_id,lon,lat,closed_share,ended_at\n");
    for (id, street, kind, closed) in rows {
        writeln!(text, "{id},{t},{kind},{street},almaly,76.9,43.25,{closed},").unwrap();
    }
    text
}

/// What a receiver heard: path and the key or the text, in order.
pub(crate) type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// A receiver of webhooks and of the Telegram interface that counts what comes. It answers after a while, so that a kill can fall
/// between sending and noting.
pub(crate) fn receiver(wait: Duration) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || {
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let mut bytes = Vec::new();
                let mut buffer = [0; 4096];
                // One connection may bring several requests.
                loop {
                    let Ok(got) = stream.read(&mut buffer) else { return };
                    if got == 0 {
                        return;
                    }
                    bytes.extend_from_slice(&buffer[..got]);
                    let Some(head_end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
                        continue;
                    };
                    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
                    let line = |name: &str| {
                        head.lines()
                            .find_map(|l| l.strip_prefix(name).map(|v| v.trim().to_owned()))
                    };
                    let length: usize = line("content-length:").map_or(0, |n| n.parse().unwrap());
                    if bytes.len() < head_end + 4 + length {
                        continue;
                    }
                    let body =
                        String::from_utf8_lossy(&bytes[head_end + 4..head_end + 4 + length]).into_owned();
                    let path = head.split(' ').nth(1).unwrap().to_owned();
                    let what = match line("idempotency-key:") {
                        Some(key) => key,
                        None => body,
                    };
                    kept.lock().unwrap().push((path, what));
                    std::thread::sleep(wait);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                    bytes.drain(..head_end + 4 + length);
                }
            });
        }
    });
    (port, heard)
}

/// How often each thing was heard on paths that begin so.
pub(crate) fn counted(heard: &Heard, path: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for (at, what) in heard.lock().unwrap().iter() {
        if at.starts_with(path) {
            *counts.entry(what.clone()).or_default() += 1;
        }
    }
    counts
}

/// The id of an alarm in a text, such as `A-17`.
pub(crate) fn alarm_in(text: &str) -> String {
    let at = text.rfind("A-").unwrap_or_else(|| panic!("no alarm in {text}"));
    let number: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
    format!("A-{number}")
}

/// The clock of the machine, µs since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a test compares with the clock of the machine"
)]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    since.as_micros() as i64
}
