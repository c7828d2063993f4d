//! SIGKILLs of the real program while alarms are raised and people are told: each alarm reaches each contact once on each channel,
//! as far as the channel can tell.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{alarm_in, counted, folder, incidents, receiver};
use crate::support::{Server, json};

fn notice(port: u16, token: &str) -> String {
    format!(
        r#"
[[channel]]
id = "hook"
by = {{ type = "webhook" }}

[[channel]]
id = "bot"
by = {{ type = "telegram", url = "http://127.0.0.1:{port}", token = "file:{token}" }}

[[contact]]
id = "desk"
name = {{ kk = "а", ru = "б", en = "c" }}
functions = ["waste"]
at = {{ hook = "http://127.0.0.1:{port}/desk", bot = "100" }}

[[contact]]
id = "head"
name = {{ kk = "а", ru = "б", en = "c" }}
functions = ["waste"]
at = {{ hook = "http://127.0.0.1:{port}/head" }}
"#
    )
}

/// Raises so many alarms while the program is killed so often. Returns messages that came twice: those whose far side told by the
/// key, and those that it could not tell.
fn kills(alarms: usize, kills: usize) -> (usize, usize) {
    let dir = tempfile::tempdir().unwrap();
    let (port, heard) = receiver(Duration::from_millis(5));
    let token = dir.path().join("token");
    std::fs::write(&token, "1:x").unwrap();
    let pack = folder(dir.path(), &notice(port, token.to_str().unwrap()), &[]);
    let data = dir.path().join("data");
    let args = ["--pack", pack.to_str().unwrap(), "serve"];
    let mut sent = 0;
    for kill in 0..kills {
        let mut server = Server::start_as(&data, &args, &[]);
        let target = alarms * (kill + 1) / kills;
        // As many as are left to this round; what breaks off comes again.
        let begun = Instant::now();
        let wait = Duration::from_millis(40 + (kill as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 600);
        while sent < target && begun.elapsed() < Duration::from_secs(20) {
            let upto = (sent + 10).min(target);
            let rows: Vec<_> = (sent..upto)
                .map(|n| (format!("B{n}"), "s", "breakdown", 0.3))
                .collect();
            let body = incidents(crate::alarms::now(), &rows);
            let key = format!("k{sent}");
            match server.request(
                "POST",
                "/api/ingest/incidents",
                &[("Idempotency-Key", &key)],
                body.as_bytes(),
            ) {
                Some((200, _)) => sent = upto,
                other => panic!("{other:?}"),
            }
        }
        std::thread::sleep(wait);
        server.child.kill().unwrap();
        server.child.wait().unwrap();
    }
    let server = Server::start_as(&data, &args, &[]);
    // Until everybody was told of everything.
    let begun = Instant::now();
    let all = |path: &str| counted(&heard, path).len();
    while all("/desk") < alarms || all("/head") < alarms || all("/bot") < alarms {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "desk {}, head {}, bot {} of {alarms}",
            all("/desk"),
            all("/head"),
            all("/bot")
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(1));
    let (status, page) = server.request("GET", "/api/alarms?limit=1", &[], b"").unwrap();
    assert_eq!(status, 200, "{page}");
    drop(server);
    let sql = |sql: &str| -> Vec<Value> {
        let args = ["--pack", pack.to_str().unwrap(), "sql", sql, "--format", "json"];
        json(&data, &args).as_array().unwrap().clone()
    };
    let raised = sql(
        "SELECT count(DISTINCT alarm) AS n, count(DISTINCT cause) AS causes FROM alarms_changes WHERE rule = 'test.each'",
    );
    assert_eq!(
        (raised[0]["n"].as_u64(), raised[0]["causes"].as_u64()),
        (Some(alarms as u64), Some(alarms as u64))
    );
    // One key for each alarm, contact and channel, and each was noted as sent.
    let told = sql(
        "SELECT channel, contact, count(DISTINCT key) AS keys, count(DISTINCT alarm) AS alarms, \
         count(DISTINCT CASE WHEN state = 'sent' THEN key END) AS sent FROM alarms_deliveries GROUP BY channel, contact",
    );
    assert_eq!(told.len(), 3, "{told:?}");
    for row in &told {
        for name in ["keys", "alarms", "sent"] {
            assert_eq!(row[name].as_u64(), Some(alarms as u64), "{row}");
        }
    }
    let hooks = [counted(&heard, "/desk"), counted(&heard, "/head")];
    let by_key: usize = hooks.iter().flat_map(|h| h.values()).map(|n| n - 1).sum();
    assert!(
        hooks.iter().all(|h| h.len() == alarms),
        "a key for each alarm and no other"
    );
    // Where the far side cannot tell, what may have come twice is marked, and nothing else came twice.
    let marked: HashSet<String> =
        sql("SELECT DISTINCT alarm FROM alarms_deliveries WHERE channel = 'bot' AND at_least_once")
            .iter()
            .map(|row| row["alarm"].as_str().unwrap().to_owned())
            .collect();
    let mut twice = 0;
    for (text, count) in counted(&heard, "/bot") {
        if count > 1 {
            twice += count - 1;
            assert!(marked.contains(&alarm_in(&text)), "{text}");
        }
    }
    (by_key, twice)
}

#[test]
fn each_alarm_reaches_each_contact_once_over_a_few_kills() {
    kills(20, 3);
}

#[test]
#[ignore = "long: part of make prove"]
fn a_thousand_alarms_reach_their_contacts_over_a_hundred_kills() {
    let (by_key, twice) = kills(1000, 100);
    println!(
        "proof: alarms=1000 SIGKILL kills=100 contacts_and_channels=3 lost=0 second_messages_by_key={by_key} \
         (told apart by the key) second_messages_where_nobody_can_tell={twice} (each marked at least once)"
    );
}
