//! Tokens of senders, the dry run and the sandbox, over the real server.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Server, json, ok, qala};

const FEED: &str = "sim-air-readings";
const OTHER: &str = "sim-city-air-posts";

fn issue(data: &Path, more: &[&str]) -> String {
    let args = [&["token", "issue", "--for", "Integrator X"], more].concat();
    ok(data, &args).trim().to_owned()
}

fn reading(station: &str, minute: u32, value: &str) -> String {
    format!(
        r#"{{"station_id":"{station}","t":"2026-03-04T10:{minute:02}:00+05:00","quantity":"pm25","value":{value},"unit":"ug/m3"}}"#
    )
}

/// Pushes with a token; the status and the body as JSON.
fn push(server: &Server, feed: &str, token: Option<&str>, more: &[(&str, &str)], body: &str) -> (u16, Value) {
    let path = format!("/api/ingest/{feed}");
    send(server, &path, token, more, body)
}

fn send(server: &Server, path: &str, token: Option<&str>, more: &[(&str, &str)], body: &str) -> (u16, Value) {
    let bearer = token.map(|t| format!("Bearer {t}"));
    let mut headers = more.to_vec();
    if let Some(bearer) = &bearer {
        headers.push(("Authorization", bearer));
    }
    let method = if path.starts_with("/api/ingest") {
        "POST"
    } else {
        "GET"
    };
    let (status, text) = server.request(method, path, &headers, body.as_bytes()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn count(data: &Path, table: &str) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    json(data, &["sql", &sql, "--format", "json"])[0]["n"]
        .as_i64()
        .unwrap()
}

fn counts(receipt: &Value) -> [u64; 4] {
    ["received", "accepted", "duplicate", "quarantined"].map(|n| receipt[n].as_u64().unwrap())
}

#[test]
fn a_token_lets_in_to_its_feeds_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let good = issue(data, &["--feed", FEED]);
    let both = issue(
        data,
        &["--feed", &format!("{FEED},{OTHER}"), "--expires", "2099-12-31"],
    );
    issue(data, &["--feed", FEED, "--expires", "2099-01-01"]);
    let revoked = issue(data, &["--feed", FEED]);
    ok(
        data,
        &["user", "add", "ada", "--name", "Ada", "--role", "analyst"],
    );
    let of_ada = ["--user", "ada", "--scope", "read", "--expires", "2099-01-01"];
    let person = ok(data, &[&["token", "issue", "--for", "X"], &of_ada[..]].concat());
    // Only hashes are kept, and a token can be named without its secret.
    let bytes = std::fs::read(data.join("registry.sqlite")).unwrap();
    let wal = std::fs::read(data.join("registry.sqlite-wal")).unwrap_or_default();
    for token in [&good, &revoked] {
        let secret = token.strip_prefix("qala_").unwrap().as_bytes();
        for stored in [&bytes, &wal] {
            assert!(!stored.windows(secret.len()).any(|w| w == secret));
        }
    }
    let list = json(data, &["token", "list", "--format", "json"]);
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 5, "{list:?}");
    assert!(!format!("{list:?}").contains(good.trim_start_matches("qala_")));
    let mine: Vec<&Value> = list.iter().filter(|t| t["for"] == "Integrator X").collect();
    assert_eq!(mine.len(), 4);
    // The last one that was issued to the integrator stands first.
    ok(data, &["token", "revoke", mine[0]["id"].as_str().unwrap()]);
    let refused = qala(data, &["token", "revoke", "nothing"]);
    assert_eq!(refused.status.code(), Some(2));
    let refused = qala(
        data,
        &["token", "issue", "--for", "X", "--feed", "sim-air-reading"],
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("did you mean `sim-air-readings`"));
    let refused = qala(
        data,
        &[
            "token",
            "issue",
            "--for",
            "X",
            "--feed",
            FEED,
            "--expires",
            "2020-01-01",
        ],
    );
    assert_eq!(refused.status.code(), Some(2));
    // Somebody who is no sender gets no token of a sender by mistake.
    assert!(
        !qala(data, &["token", "issue", "--for", "ada", "--feed", FEED])
            .status
            .success()
    );

    let body = reading("s1", 0, "12");
    let server = Server::start(data);
    let status = |feed: &str, token: Option<&str>| push(&server, feed, token, &[], &body).0;
    assert_eq!(status(FEED, Some(&good)), 200);
    assert_eq!(status(FEED, Some(&both)), 200);
    assert_eq!(status(OTHER, Some(&both)), 200);
    assert_eq!(status(OTHER, Some(&good)), 403);
    assert_eq!(status("nowhere", Some(&good)), 403);
    assert_eq!(status(FEED, Some(person.trim())), 403);
    assert_eq!(status(FEED, Some(&revoked)), 401);
    assert_eq!(status(FEED, Some("qala_00")), 401);
    assert_eq!(status(FEED, Some(&format!("{good}0"))), 401);
    let basic = ("Authorization", "Basic YTpi");
    assert_eq!(push(&server, FEED, None, &[basic], &body).0, 401);
    let (_, why) = push(&server, FEED, Some(&revoked), &[], &body);
    assert!(why["error"].as_str().unwrap().contains("revoked"), "{why}");
    let (_, why) = push(&server, OTHER, Some(&good), &[], &body);
    assert!(why["error"].as_str().unwrap().contains(FEED), "{why}");
    // On this address a trial needs no token, unless somebody else's request was passed on.
    assert_eq!(status(FEED, None), 200);
    let (status, why) = push(&server, FEED, None, &[("X-Forwarded-For", "203.0.113.9")], &body);
    assert_eq!(status, 401);
    assert!(
        why["error"].as_str().unwrap().contains("qala token issue"),
        "{why}"
    );
    drop(server);

    let server = Server::start_as(data, &["serve", "--require-token"], &[]);
    let (status, why) = push(&server, FEED, None, &[], &body);
    assert_eq!(status, 401, "{why}");
    assert!(
        why["error"].as_str().unwrap().contains("Authorization: Bearer"),
        "{why}"
    );
    // Nor is a dry run or the name of a feed for everybody.
    assert_eq!(
        push(&server, &format!("{FEED}?dry_run=true"), None, &[], &body).0,
        401
    );
    assert_eq!(push(&server, "nowhere", None, &[], &body).0, 401);
    assert_eq!(push(&server, FEED, Some(&good), &[], &body).0, 200);
    drop(server);

    // A token ends when its time is over.
    #[expect(
        clippy::disallowed_methods,
        reason = "the token ends by the clock of the machine"
    )]
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let end = qala_core::Zone::utc().format(now.as_micros() as i64 + 5_000_000);
    let short = issue(data, &["--feed", FEED, "--expires", &end]);
    let server = Server::start(data);
    let start = std::time::Instant::now();
    let why = loop {
        let (status, answer) = push(&server, FEED, Some(&short), &[], &body);
        if status == 401 {
            break answer;
        }
        assert_eq!(status, 200, "{answer}");
        assert!(start.elapsed().as_secs() < 60, "it does not expire");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert!(why["error"].as_str().unwrap().contains("expired"), "{why}");
}

#[test]
fn a_token_that_was_shown_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let mut shown = Vec::new();
    for _ in 0..5 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qala"))
            .arg("--data")
            .arg(data)
            .args(["token", "issue", "--for", "Integrator X", "--feed", FEED])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        // Killed with the first byte that was seen of it.
        child.kill().ok();
        child.wait().unwrap();
        assert!(line.starts_with("qala_"), "{line}");
        shown.push(line.trim().to_owned());
    }
    let mut server = Server::start(data);
    for (i, token) in shown.iter().enumerate() {
        let body = reading(&format!("s{i}"), 0, "1");
        assert_eq!(push(&server, FEED, Some(token), &[], &body).0, 200);
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    drop(server);
    assert_eq!(
        json(data, &["token", "list", "--format", "json"])
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(count(data, "air_readings"), 5);
}

#[test]
fn a_dry_run_tells_everything_and_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let server = Server::start(data);
    let path = format!("/api/ingest/{FEED}?dry_run=true");
    let rows: Vec<String> = (0..30)
        .map(|m| reading("s1", m, if m == 7 { "\"x\"" } else { "10" }))
        .collect();
    let body = format!("[{}]", rows.join(","));
    for _ in 0..2 {
        let (status, receipt) = send(&server, &path, None, &[("Idempotency-Key", "a")], &body);
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(counts(&receipt), [30, 29, 0, 1], "{receipt}");
        assert_eq!(
            (&receipt["dry_run"], &receipt["dataset"]),
            (&true.into(), &"air_readings".into())
        );
        let shown = receipt["rows"].as_array().unwrap();
        assert_eq!(shown.len(), 20);
        assert_eq!(shown[0]["dataset"], "air_readings");
        assert_eq!(shown[0]["row"]["station_id"], "s1");
        assert_eq!(shown[0]["row"]["t"], "2026-03-04T10:00:00+05:00");
        assert_eq!(shown[0]["row"]["value"], 10.0);
        let problem = &receipt["problems"][0];
        assert_eq!(
            (&problem["position"]["record"], &problem["position"]["field"]),
            (&7.into(), &"value".into())
        );
    }
    // The key is still free.
    let (status, receipt) = push(
        &server,
        FEED,
        None,
        &[("Idempotency-Key", "a")],
        &reading("s2", 0, "1"),
    );
    assert_eq!((status, counts(&receipt)), (200, [1, 1, 0, 0]), "{receipt}");
    assert!(receipt.get("dry_run").is_none());
    // Number plates are not shown.
    let csv = "vehicle_id,t,lat,lon,license_plate\nb1,2026-03-04T10:00:00+05:00,43.2,76.9,123ABC02\n";
    let file = dir.path().join("plates.csv");
    std::fs::write(&file, csv).unwrap();
    drop(server);
    let args = [
        "import",
        "table",
        file.to_str().unwrap(),
        "--dataset",
        "transit_vehicle_positions",
        "--dry-run",
    ];
    let report = json(data, &[&args[..], &["--format", "json"]].concat());
    assert_eq!(report["accepted"], 1, "{report}");
    let row = &report["files"][0]["rows"][0]["row"];
    assert_eq!(
        (&row["vehicle_id"], &row["license_plate"]),
        (&"b1".into(), &"~".into()),
        "{report}"
    );
    assert_eq!(
        (
            count(data, "air_readings"),
            count(data, "transit_vehicle_positions")
        ),
        (1, 0)
    );
    assert_eq!(count(data, "lake_quarantine"), 0);
}

#[test]
fn the_sandbox_behaves_as_the_door_and_reaches_no_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let token = issue(data, &["--feed", FEED, "--sandbox"]);
    let other = issue(data, &["--feed", FEED, "--sandbox"]);
    let real = issue(data, &["--feed", FEED]);
    let server = Server::start(data);
    let key = |k: &'static str| [("Idempotency-Key", k)];
    let sent = |more: &[(&str, &str)], body: &str| push(&server, FEED, Some(&token), more, body);
    let two = format!("[{},{}]", reading("s1", 0, "1"), reading("s1", 1, "2"));
    let (status, first) = sent(&key("a"), &two);
    assert_eq!((status, counts(&first)), (200, [2, 2, 0, 0]), "{first}");
    assert_eq!(
        (&first["sandbox"], &first["dry_run"]),
        (&true.into(), &true.into())
    );
    assert_eq!(first["rows"].as_array().unwrap().len(), 2);
    // The same again, other bytes under the key, the same bytes without the key.
    assert_eq!(sent(&key("a"), &two), (200, first.clone()));
    let (status, why) = sent(&key("a"), &reading("s1", 2, "3"));
    assert_eq!(status, 409, "{why}");
    assert_eq!(counts(&sent(&[], &two).1), [2, 0, 2, 0]);
    // A duplicate, a correction, a new row, one that comes twice, a bad one.
    let mixed = format!(
        "[{},{},{},{},{}]",
        reading("s1", 0, "1"),
        reading("s1", 1, "9"),
        reading("s1", 2, "3"),
        reading("s1", 2, "3"),
        reading("s1", 3, "\"x\"")
    );
    let (status, receipt) = sent(&key("b"), &mixed);
    assert_eq!((status, counts(&receipt)), (200, [5, 2, 2, 1]), "{receipt}");
    // What is taken back must be there.
    let path = format!("/api/ingest/{FEED}?op=retract");
    let gone = format!("[{},{}]", reading("s1", 2, "3"), reading("s9", 2, "3"));
    let (status, receipt) = send(&server, &path, Some(&token), &key("c"), &gone);
    assert_eq!((status, counts(&receipt)), (200, [2, 1, 0, 1]), "{receipt}");
    assert_eq!(counts(&sent(&key("d"), &reading("s1", 2, "3")).1), [1, 1, 0, 0]);
    // Another token has another sandbox, and a key of its own.
    assert_eq!(
        counts(&push(&server, FEED, Some(&other), &key("a"), &two).1),
        [2, 2, 0, 0]
    );
    let (status, why) = sent(&[], &"x".repeat(9 << 20));
    assert_eq!(status, 413, "{why}");
    assert_eq!(push(&server, OTHER, Some(&token), &[], &two).0, 403);

    let messages = |token: Option<&str>| send(&server, "/api/sandbox/messages", token, &[], "");
    let (status, list) = messages(Some(&token));
    assert_eq!(status, 200, "{list}");
    let keys: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["idempotency_key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["d", "c", "b", "a"]);
    assert_eq!(list[3]["receipt"], first);
    assert_eq!(
        list[2]["receipt"]["problems"][0]["position"]["record"], 4,
        "{list}"
    );
    assert_eq!(messages(None).0, 401);
    assert_eq!(messages(Some("qala_00")).0, 401);
    assert_eq!(messages(Some(&real)).0, 403);
    assert_eq!(messages(Some(&other)).1.as_array().unwrap().len(), 1);

    // After a kill all is as it was: the same receipt, the same duplicates.
    let mut server = server;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let server = Server::start(data);
    assert_eq!(push(&server, FEED, Some(&token), &key("a"), &two), (200, first));
    assert_eq!(
        counts(&push(&server, FEED, Some(&token), &key("e"), &reading("s1", 1, "9")).1),
        [1, 0, 1, 0]
    );
    // The real token finds a clean table.
    assert_eq!(
        counts(&push(&server, FEED, Some(&real), &key("a"), &two).1),
        [2, 2, 0, 0]
    );
    drop(server);
    assert_eq!(count(data, "air_readings"), 2);
    assert_eq!(count(data, "lake_quarantine"), 0);
    let sql = format!("SELECT count(*) AS n FROM lake_messages WHERE feed = '{FEED}'");
    assert_eq!(json(data, &["sql", &sql, "--format", "json"])[0]["n"], 1);
}

#[test]
fn tokens_are_issued_and_revoked_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let server = Server::start_as(data, &["serve", "--require-token"], &[]);
    let token = issue(data, &["--feed", FEED]);
    assert!(token.starts_with("qala_"), "{token}");
    let body = reading("s1", 0, "1");
    assert_eq!(push(&server, FEED, Some(&token), &[], &body).0, 200);
    let list = json(data, &["token", "list", "--format", "json"]);
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let feeds = ok(data, &["feed", "list", "--format", "csv"]);
    assert!(feeds.contains(&format!("{FEED},kept,")), "{feeds}");
    ok(data, &["token", "revoke", &id]);
    assert_eq!(push(&server, FEED, Some(&token), &[], &body).0, 401);
    let refused = qala(data, &["token", "revoke", "nothing"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("qala token list"));
    let refused = qala(data, &["feed", "show", "sim-air-reading"]);
    assert_eq!(refused.status.code(), Some(2));
    // Everything else still needs the directory for itself.
    assert!(!qala(data, &["sql", "SELECT 1"]).status.success());
    // Nobody else on the machine may ask.
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(data.join("control.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // Killed with the answer in hand: what was issued is there.
    let token = issue(data, &["--feed", FEED]);
    drop(server);
    let server = Server::start_as(data, &["serve", "--require-token"], &[]);
    assert_eq!(push(&server, FEED, Some(&token), &[], &body).0, 200);
}
