//! An address that is asked again and again: a local server that answers, changes, breaks off and goes away.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Server, json, pack, until};

/// What the address answers to the next requests.
#[derive(Debug, Clone)]
enum Answer {
    /// 200 with this body and ETag, or 304 when the ETag was sent along.
    Good(String, &'static str),
    /// 500.
    Broken,
    /// 503, and how long it wants to be left alone.
    Later(&'static str),
    /// 200 that promises more bytes than come.
    BreaksOff(String),
    /// 200 whose bytes all come, but whose JSON was cut before it was sent.
    Cut(String, &'static str),
    /// The connection is closed without an answer.
    Gone,
}

#[derive(Debug, Default)]
struct Seen {
    /// `If-None-Match` of each request, and the status of its answer.
    requests: Vec<(Option<String>, u16)>,
    /// `Authorization` of each request.
    tokens: Vec<Option<String>>,
}

struct Address {
    port: u16,
    answer: Arc<Mutex<Answer>>,
    seen: Arc<Mutex<Seen>>,
}

impl Address {
    fn new(first: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Self {
            port,
            answer: Arc::new(Mutex::new(first)),
            seen: Arc::default(),
        };
        let (answer, seen) = (Arc::clone(&address.answer), Arc::clone(&address.seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = answer.lock().unwrap().clone();
                serve(stream, &answer, &seen);
            }
        });
        address
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn requests(&self) -> Vec<(Option<String>, u16)> {
        self.seen.lock().unwrap().requests.clone()
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, seen: &Mutex<Seen>) {
    let (mut tag, mut token) = (None, None);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 0) && line.trim() != "" {
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "if-none-match" => tag = Some(value.trim().to_owned()),
                "authorization" => token = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        line.clear();
    }
    seen.lock().unwrap().tokens.push(token);
    let (status, head, body) = match answer {
        Answer::Good(_, etag) if tag.as_deref() == Some(*etag) => {
            (304, format!("ETag: {etag}\r\n"), String::new())
        }
        Answer::Good(body, etag) | Answer::Cut(body, etag) => (
            200,
            format!("ETag: {etag}\r\nContent-Length: {}\r\n", body.len()),
            body.clone(),
        ),
        Answer::Broken => (500, "Content-Length: 0\r\n".into(), String::new()),
        Answer::Later(when) => (
            503,
            format!("Retry-After: {when}\r\nContent-Length: 0\r\n"),
            String::new(),
        ),
        Answer::BreaksOff(body) => (
            200,
            format!("ETag: \"half\"\r\nContent-Length: {}\r\n", body.len()),
            body[..body.len() / 2].to_owned(),
        ),
        Answer::Gone => {
            seen.lock().unwrap().requests.push((tag, 0));
            return;
        }
    };
    seen.lock().unwrap().requests.push((tag, status));
    drop(write!(
        stream,
        "HTTP/1.1 {status} X\r\n{head}Connection: close\r\n\r\n{body}"
    ));
}

fn reading(hour: u32, value: u32) -> String {
    format!(
        "{{\"station_id\":\"s1\",\"t\":\"2026-03-02T{hour:02}:00:00Z\",\"quantity\":\"pm25\",\"value\":{value},\"unit\":\"ug/m3\"}}"
    )
}

fn readings(hours: std::ops::Range<u32>) -> String {
    let all: Vec<String> = hours.map(|h| reading(h, h)).collect();
    format!("[{}]", all.join(","))
}

/// A feed that asks an address.
fn polled(port: u16, transport: &str) -> [(&'static str, String); 1] {
    let text = format!(
        "id = \"polled\"\nkind = \"json\"\ntitle = {{ kk = \"а\", ru = \"б\", en = \"c\" }}\n\
         transport = {{ type = \"poll\", url = \"http://127.0.0.1:{port}/now.json\", {transport} }}\n\
         dataset = \"air_readings\"\nowner_function = \"air-quality\"\nlicence = \"CC0-1.0\"\n"
    );
    [("polled", text)]
}

fn feed(server: &Server) -> Value {
    let (status, body) = server.request("GET", "/api/feeds", &[], b"").unwrap();
    assert_eq!(status, 200, "{body}");
    let feeds: Value = serde_json::from_str(&body).unwrap();
    let found = feeds.as_array().unwrap().iter().find(|f| f["id"] == "polled");
    found.cloned().unwrap()
}

fn accepted(server: &Server) -> i64 {
    feed(server)["accepted"].as_i64().unwrap()
}

#[test]
fn an_address_is_asked_with_its_etag_and_nothing_known_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let folder = dir.path().join("pack");
    let address = Address::new(Answer::Good(readings(0..2), "\"one\""));
    pack(&folder, &polled(address.port, "every_s = 1"));
    let pack = ["serve", "--pack", folder.to_str().unwrap()];
    let start = || Server::start_as(&data, &pack, &[]);

    // Rows come; then the address is asked with its ETag, and nothing is taken in again.
    let server = start();
    until("the first rows", || (accepted(&server) == 2).then_some(()));
    until("a 304", || {
        address.requests().iter().any(|(_, s)| *s == 304).then_some(())
    });
    let requests = address.requests();
    assert_eq!(requests[0], (None, 200));
    assert!(
        requests[1..].iter().all(|r| *r == (Some("\"one\"".into()), 304)),
        "{requests:?}"
    );
    let known = feed(&server);
    assert_eq!((&known["messages"], &known["accepted"]), (&1.into(), &2.into()));
    assert!(
        known["error"].is_null() && known["last_answered"].is_string(),
        "{known}"
    );

    // It fails in every way: what is known stays, and the feed says what is wrong.
    let half = readings(0..4);
    for (answer, words) in [
        (Answer::Broken, "answered 500"),
        (Answer::BreaksOff(readings(0..4)), "now.json"),
        (Answer::Gone, "now.json"),
    ] {
        address.answers(answer);
        let known = until(words, || {
            let known = feed(&server);
            known["error"]
                .as_str()
                .is_some_and(|e| e.contains(words))
                .then_some(known)
        });
        assert_eq!(
            (&known["messages"], &known["accepted"]),
            (&1.into(), &2.into()),
            "{known}"
        );
        // The next failure shows itself only in the next answer.
        address.answers(Answer::Good(readings(0..2), "\"one\""));
        until("a good answer", || feed(&server)["error"].is_null().then_some(()));
    }

    // A body cut by its sender: its first rows are taken, its ETag is not believed.
    address.answers(Answer::Cut(half[..half.len() - 30].to_owned(), "\"two\""));
    until("the cut body", || {
        let known = feed(&server);
        known["error"]
            .as_str()
            .is_some_and(|e| e.contains("not whole"))
            .then_some(())
    });
    assert_eq!(accepted(&server), 3);

    // It is stopped and started again: the last believed ETag is still known, and the rest comes.
    drop(server);
    let asked = address.requests().len();
    address.answers(Answer::Good(half, "\"two\""));
    let server = start();
    until("the rest", || (accepted(&server) == 4).then_some(()));
    assert_eq!(address.requests()[asked], (Some("\"one\"".into()), 200));
    until("a 304 of the new one", || {
        address
            .requests()
            .last()
            .is_some_and(|r| *r == (Some("\"two\"".into()), 304))
            .then_some(())
    });
    drop(server);
    let args = ["--pack", folder.to_str().unwrap(), "sql", "--format", "json"];
    let sql = "SELECT count(*) AS n, count(DISTINCT t) AS d, sum(value) AS s FROM air_readings";
    let found = json(&data, &[&args[..], &[sql]].concat());
    assert_eq!(
        (&found[0]["n"], &found[0]["d"], &found[0]["s"]),
        (&4.into(), &4.into(), &6.0.into())
    );
}

#[test]
fn an_address_is_left_alone_when_it_asks_for_it_and_that_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let folder = dir.path().join("pack");
    let address = Address::new(Answer::Good(readings(0..2), "\"one\""));
    let transport = "every_s = 1, headers = { Authorization = \"env:QALA_TEST_TOKEN\" }";
    pack(&folder, &polled(address.port, transport));
    let pack = ["serve", "--pack", folder.to_str().unwrap()];
    let start = |environment: &[(&'static str, String)]| Server::start_as(&data, &pack, environment);
    let failing = |server: &Server, words: &str| {
        until(words, || {
            let known = feed(server);
            known["error"]
                .as_str()
                .is_some_and(|e| e.contains(words))
                .then_some(known)
        })
    };

    // Without its secret it is not asked at all.
    let server = start(&[]);
    failing(&server, "QALA_TEST_TOKEN is not set");
    assert_eq!(address.requests(), []);
    drop(server);

    let token = [("QALA_TEST_TOKEN", "Bearer of-the-city".to_owned())];
    let server = start(&token);
    until("the first rows", || (accepted(&server) == 2).then_some(()));
    let tokens = address.seen.lock().unwrap().tokens.clone();
    assert_eq!(tokens[0].as_deref(), Some("Bearer of-the-city"));
    let good = until("a good state", || {
        let state = feed(&server)["transport"].clone();
        (state["failures"] == 0 && state["changed"].is_string()).then_some(state)
    });
    assert_eq!(good["kind"], "poll");

    // It asks to be left alone for an hour. What was known stays.
    address.answers(Answer::Later("3600"));
    let later = failing(&server, "answered 503")["transport"].clone();
    assert_eq!(
        (&later["failures"], &later["changed"]),
        (&1.into(), &good["changed"])
    );
    assert!(later["next"].as_str() > later["asked"].as_str(), "{later}");
    let asked = address.requests().len();
    // It is shown before it is kept.
    std::thread::sleep(Duration::from_millis(500));
    drop(server);

    // After a restart the state is there at once, and the hour is not over.
    let server = start(&token);
    let known = feed(&server);
    assert_eq!(known["transport"], later, "{known}");
    assert!(known["error"].as_str().unwrap().contains("503"));
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(address.requests().len(), asked);
    assert_eq!(accepted(&server), 2);
}
