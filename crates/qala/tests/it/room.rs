//! The situation room over HTTP: from the id of an alarm to a closed incident, an assignment, the review and the morning page.

use std::io::{BufRead, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::people::{Browser, add};
use crate::support::{Server, compute, json as ask_json, ok, until};

const ALARM: &str = "air.pm25_mean@city:2026-03-03";

/// The server with an operator and with staff of the department of communal infrastructure.
fn people(data: &Path) -> (Server, Browser, Browser) {
    let operator = add(data, "aigul", "operator", &[]);
    let staff = add(data, "serik", "staff", &["--department", "communal-housing"]);
    let server = Server::start_as(data, &["serve", "--require-token"], &[]);
    let mut one = Browser::new(&server);
    one.begin("aigul", &operator);
    let mut two = Browser::new(&server);
    two.begin("serik", &staff);
    (server, one, two)
}

fn number(browser: &Browser, path: &str, body: &Value) -> i64 {
    let answer = browser.ask("POST", path, body);
    assert_eq!(answer.status, 201, "{path} {answer:?}");
    answer.body["id"].as_i64().unwrap()
}

fn must(browser: &Browser, method: &str, path: &str, body: &Value, status: u16) -> Value {
    let answer = browser.ask(method, path, body);
    assert_eq!(answer.status, status, "{method} {path} {body} {answer:?}");
    answer.body
}

/// Rows of a question that only the program asks.
fn facts(data: &Path, sql: &str) -> Vec<Value> {
    let rows = ask_json(data, &["sql", sql, "--format", "json"]);
    rows.as_array().unwrap().clone()
}

#[test]
fn from_an_alarm_to_the_morning_page_and_every_step_is_a_fact() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (server, operator, staff) = people(&data);

    // An alarm becomes an incident with a running procedure.
    let wish = json!({
        "title": "Жылу құбыры жарылды", "kind": "heat-failure", "severity": "severe", "place": "medeu",
        "lon": 76.95, "lat": 43.25, "alarms": [ALARM], "start": true,
    });
    let id = number(&operator, "/api/incidents", &wish);
    let path = format!("/api/incidents/{id}");
    let card = must(&operator, "GET", &path, &Value::Null, 200);
    assert_eq!(card["incident"]["alarms"], json!([ALARM]));
    assert_eq!(card["incident"]["function"], "communal-infrastructure");
    assert_eq!(card["incident"]["radius_m"], 1500.0, "that of the procedure");
    let steps = card["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 7);
    assert_eq!(steps[0]["id"], "heat-failure.locate");
    assert!(steps[0]["due_at"].as_str().unwrap() > card["now"].as_str().unwrap());

    // A step is not skipped without a reason, and not settled twice.
    let step = |id: &str| format!("{path}/steps/{id}");
    let skip = |note: &str| json!({"state": "skipped", "note": note});
    must(&operator, "PUT", &step("heat-failure.road"), &skip(" "), 400);
    must(
        &operator,
        "PUT",
        &step("heat-failure.road"),
        &skip("there is no traffic"),
        204,
    );
    must(
        &operator,
        "PUT",
        &step("heat-failure.road"),
        &json!({"state": "done"}),
        400,
    );
    // Staff do the steps of their own functions.
    assert_eq!(must(&staff, "GET", &path, &Value::Null, 200)["may_act"], true);
    must(
        &staff,
        "PUT",
        &step("heat-failure.locate"),
        &json!({"state": "done", "note": "found"}),
        204,
    );
    let close =
        |cause: &str| json!({"action": "close", "cause": cause, "lesson": "l", "outcome": "warm again"});
    let actions = format!("{path}/actions");
    let refused = must(&operator, "POST", &actions, &close("rust"), 400);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("heat-failure.affected"),
        "{refused}"
    );
    // Pages say it in their reader's language.
    assert_eq!(refused["rule"], "steps_open", "{refused}");

    // A file, a note, another function, an assignment to a department.
    let file = operator.ask("POST", &format!("{path}/files?name=photo.json"), &json!({"a": 1}));
    assert_eq!(file.status, 201, "{file:?}");
    let digest = file.body["digest"].as_str().unwrap().to_owned();
    let read = must(
        &operator,
        "GET",
        &format!("{path}/files/{digest}"),
        &Value::Null,
        200,
    );
    assert_eq!(read, json!({"a": 1}));
    must(
        &operator,
        "POST",
        &actions,
        &json!({"action": "note", "text": "crew is there"}),
        200,
    );
    must(
        &operator,
        "POST",
        &actions,
        &json!({"action": "participant", "text": "health"}),
        200,
    );
    must(
        &operator,
        "POST",
        &actions,
        &json!({"action": "participant", "text": "helth"}),
        404,
    );
    let late = json!({"text": "x", "function": "communal-infrastructure", "deadline": "2020-01-01"});
    must(&operator, "POST", "/api/decisions", &late, 400);
    let task = json!({
        "text": "Құбырды ауыстыру", "function": "communal-infrastructure", "deadline": "2099-01-01", "incident": id,
    });
    must(&staff, "POST", "/api/decisions", &task, 403);
    let decision = number(&operator, "/api/decisions", &task);
    let near = json!({
        "text": "Есеп беру", "function": "communal-infrastructure",
        "deadline": until_tomorrow(&card), "incident": id,
    });
    let near = number(&operator, "/api/decisions", &near);
    let of_decision = format!("/api/decisions/{decision}");
    must(
        &staff,
        "PUT",
        &of_decision,
        &json!({"progress": 60, "explanation": "half is laid"}),
        204,
    );
    // Who is to do it gives himself no more time.
    must(
        &staff,
        "PUT",
        &of_decision,
        &json!({"deadline": "2099-02-01", "explanation": "x"}),
        403,
    );

    // The rest of the steps, and the end with its cause and outcome.
    for left in ["affected", "warn", "hospitals", "repair", "restore"] {
        must(
            &operator,
            "PUT",
            &step(&format!("heat-failure.{left}")),
            &json!({"state": "done"}),
            204,
        );
    }
    must(&operator, "POST", &actions, &close(" "), 400);
    must(&operator, "POST", &actions, &close("rust"), 200);
    must(&operator, "POST", &actions, &json!({"action": "reopen"}), 400);
    let word = json!({"action": "note", "text": "the report came"});
    must(&operator, "POST", &actions, &word, 200);
    let card = must(&operator, "GET", &path, &Value::Null, 200);
    assert_eq!(card["incident"]["state"], "closed");
    assert_eq!(card["tasks"].as_array().unwrap().len(), 2);

    // The review asks for it, in three languages, and the minutes are files.
    let review = must(&operator, "GET", "/api/review", &Value::Null, 200);
    let agenda = review["agenda"].as_array().unwrap();
    let kinds: Vec<&str> = agenda
        .iter()
        .map(|point| point["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["promised", "promised", "incident"], "{review}");
    assert_eq!(agenda[0]["id"], near.to_string(), "the one that is due first");
    assert_eq!(
        (&agenda[1]["progress"], &agenda[1]["explanation"]),
        (&json!(60), &json!("half is laid"))
    );
    let held = number(
        &operator,
        "/api/review",
        &json!({"title": "12-апта", "present": "Айгүл, Серік"}),
    );
    let line = json!({"item": 1, "text": "Жұмаға дейін бітіру", "decision": decision});
    must(
        &operator,
        "POST",
        &format!("/api/review/{held}/minutes"),
        &line,
        204,
    );
    must(
        &operator,
        "POST",
        &format!("/api/review/{held}/minutes"),
        &json!({"item": 9, "text": "x"}),
        400,
    );
    must(&staff, "PUT", &format!("/api/review/{held}"), &json!({}), 403);
    must(&operator, "PUT", &format!("/api/review/{held}"), &json!({}), 204);
    for lang in ["kk", "ru", "en"] {
        for (kind, start) in [("pdf", "%PDF-1.7"), ("docx", "PK")] {
            let answer = operator.get(&format!("/api/review/{held}/minutes.{kind}?lang={lang}"));
            assert_eq!(answer.status, 200, "{lang} {kind}");
            assert!(answer.body.as_str().unwrap().starts_with(start), "{lang} {kind}");
        }
    }

    // The morning page of the city and of the department say it too; another department's does not.
    let page = |department: &str| {
        let path = format!("/api/morning?lang=kk&department={department}");
        must(&operator, "GET", &path, &Value::Null, 200).to_string()
    };
    for department in ["", "communal-housing"] {
        let text = page(department);
        for words in ["Есеп беру", "Жылу құбыры жарылды", "warm again"] {
            assert!(text.contains(words), "{department}: {words}: {text}");
        }
        assert!(
            !text.contains("Құбырды ауыстыру"),
            "it is due in a hundred years: {text}"
        );
    }
    assert!(!page("road-traffic").contains("Есеп беру"));
    must(
        &operator,
        "GET",
        "/api/morning?department=none",
        &Value::Null,
        404,
    );
    for path in [
        "/api/morning.pdf?lang=ru",
        "/api/morning.pdf?lang=en&department=communal-housing",
    ] {
        let answer = operator.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.as_str().unwrap().starts_with("%PDF-1.7"), "{path}");
    }

    // The journal, and who is on duty.
    number(
        &operator,
        "/api/journal",
        &json!({"kind": "note", "text": "quiet", "incident": id}),
    );
    must(
        &operator,
        "POST",
        "/api/journal",
        &json!({"kind": "handover", "text": "calm"}),
        400,
    );
    number(
        &operator,
        "/api/journal",
        &json!({"kind": "handover", "text": "calm", "next": "Серік"}),
    );
    let duty = json!({
        "function": "health", "post": "acting_head", "person": "Дана", "phone": "112",
        "from_at": "2020-01-01", "to_at": "2099-01-01",
    });
    number(&operator, "/api/journal/duty", &duty);
    must(&operator, "POST", "/api/journal/duty", &duty, 400);
    let journal = must(&staff, "GET", "/api/journal", &Value::Null, 200);
    assert_eq!(journal["entries"][0]["next"], "Серік");
    assert_eq!(
        (&journal["duties"][0]["person"], &journal["duties"][0]["now"]),
        (&json!("Дана"), &json!(true))
    );
    assert!(!journal["calls"].as_array().unwrap().is_empty());
    assert_eq!(journal["may_write"], false);

    // The lake has it, revision by revision.
    let history = until("the decision is in the lake", || {
        let card = must(&operator, "GET", &of_decision, &Value::Null, 200);
        let history = card["history"].as_array().unwrap().clone();
        (history.len() == 2).then_some(history)
    });
    assert_eq!(
        (&history[0]["progress"], &history[1]["progress"]),
        (&json!(0), &json!(60))
    );
    let timeline = card["timeline"].as_array().unwrap().clone();
    drop(server);

    let told = facts(
        &data,
        "SELECT kind, text, actor FROM room_entries ORDER BY entry_id",
    );
    let kept: Vec<Value> = timeline
        .iter()
        .map(|entry| json!({"kind": entry["kind"], "text": entry["text"], "actor": entry["by"]}))
        .collect();
    assert_eq!(told, kept);
    let steps = facts(
        &data,
        "SELECT step, state, note, actor FROM room_steps WHERE revision = 2 ORDER BY t, step",
    );
    assert_eq!(steps.len(), 7);
    assert_eq!(
        steps[0],
        json!({"step": "heat-failure.road", "state": "skipped", "note": "there is no traffic", "actor": "aigul"})
    );
    let closed = facts(
        &data,
        "SELECT cause, outcome, alarms FROM room_incidents WHERE state = 'closed'",
    );
    assert_eq!(
        closed,
        [json!({"cause": "rust", "outcome": "warm again", "alarms": format!("[\"{ALARM}\"]")})]
    );

    // A backup keeps records, facts and files.
    let copy = dir.path().join("copy");
    let back = dir.path().join("back");
    ok(&data, &["backup", copy.to_str().unwrap()]);
    ok(&back, &["restore", copy.to_str().unwrap()]);
    assert_eq!(
        facts(
            &back,
            "SELECT kind, text, actor FROM room_entries ORDER BY entry_id"
        ),
        kept
    );
    let server = Server::start_as(&back, &["serve", "--require-token"], &[]);
    let mut again = Browser::new(&server);
    assert_eq!(again.sign_in("aigul", crate::people::PASSWORD).status, 200);
    let restored = must(&again, "GET", &path, &Value::Null, 200);
    assert_eq!(restored["timeline"], card["timeline"]);
    assert_eq!(restored["steps"], card["steps"]);
    let read = must(
        &again,
        "GET",
        &format!("{path}/files/{digest}"),
        &Value::Null,
        200,
    );
    assert_eq!(read, json!({"a": 1}));
}

/// Three are given, one of them about a district; of the two that are due at once one is done.
#[test]
fn decisions_past_their_deadline_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (server, operator, _) = people(&data);
    let told = must(&operator, "GET", "/api/decisions", &Value::Null, 200);
    let now = qala_core::parse_instant(told["now"].as_str().unwrap(), None).unwrap();
    let soon = qala_core::Zone::utc().format(now + 60_000_000);
    let give = |deadline: &str, place: &str| {
        let wish = json!({
            "text": "Есеп беру", "function": "communal-infrastructure", "deadline": deadline, "place": place,
        });
        number(&operator, "/api/decisions", &wish)
    };
    give(&soon, "medeu");
    let done = give(&soon, "");
    give("2099-01-01", "");
    let path = format!("/api/decisions/{done}");
    must(
        &operator,
        "PUT",
        &path,
        &json!({"state": "done", "explanation": "late"}),
        204,
    );
    until("the report is in the lake", || {
        let card = must(&operator, "GET", &path, &Value::Null, 200);
        (card["history"].as_array()?.len() == 2).then_some(())
    });
    drop(server);
    let day = |days: i64| qala_core::Zone::utc().format(now + days * 86_400_000_000);
    let id = "organisation.overdue_decisions";
    let (from, to) = (day(-365), day(0));
    let values = compute(&data, id, "year", &from, &to);
    let of = |place: &str| {
        let mut told = values
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v["place"] == place && v["value"].is_number());
        told.next_back().unwrap_or_else(|| panic!("{place}: {values}"))
    };
    for (place, overdue, decisions) in [("city", 1.0, 3), ("medeu", 1.0, 1), ("auezov", 0.0, 0)] {
        assert_eq!(
            (&of(place)["value"], &of(place)["row_count"]),
            (&json!(overdue), &json!(decisions)),
            "{place}"
        );
    }
    assert_eq!(of("city")["status"], "off_target");
    let before = values
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["place"] == "city")
        .unwrap();
    assert_eq!(
        before["reason"], "no_rows",
        "nothing was decided the year before: {values}"
    );
    let passport = format!("{id}/city/year/{}", of("city")["period_start"].as_str().unwrap());
    let passport = ask_json(&data, &["passport", &passport, "--verify", "--format", "json"]);
    assert_eq!(passport["verdict"]["verdict"], "equal", "{passport}");
}

/// An instant a day after the time of the centre.
fn until_tomorrow(card: &Value) -> String {
    let now = qala_core::parse_instant(card["now"].as_str().unwrap(), None).unwrap();
    qala_core::Zone::utc().format(now + 86_400_000_000)
}

#[test]
fn a_drill_is_marked_and_the_same_seed_prints_the_same_log() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let administrator = add(data, "bolat", "administrator", &[]);
    let run = |seed: &str| ok(data, &["drill", "run", "earthquake", "--seed", seed]);
    let (one, again, other) = (run("7"), run("7"), run("8"));
    assert_eq!(one.into_bytes(), again.into_bytes());
    assert_ne!(run("7"), other);
    let drills = facts(
        data,
        "SELECT count(*) AS n FROM room_incidents WHERE drill AND state = 'closed'",
    );
    assert_eq!(drills, [json!({"n": 4})]);
    assert_eq!(
        facts(data, "SELECT count(*) AS n FROM room_entries WHERE NOT drill"),
        [json!({"n": 0})]
    );

    let server = Server::start_as(data, &["serve", "--require-token"], &[]);
    let mut browser = Browser::new(&server);
    browser.begin("bolat", &administrator);
    must(
        &browser,
        "POST",
        "/api/drills",
        &json!({"scenario": "flood"}),
        404,
    );
    let id = number(
        &browser,
        "/api/drills",
        &json!({"scenario": "earthquake", "seed": 3}),
    );
    // Its first event comes by itself within seconds.
    let text = until("the first event", || {
        let card = must(
            &browser,
            "GET",
            &format!("/api/incidents/{id}"),
            &Value::Null,
            200,
        );
        assert_eq!(card["incident"]["drill"], true);
        let timeline = card["timeline"].as_array().unwrap().clone();
        let event = timeline.iter().find(|entry| entry["kind"] == "event")?;
        Some(event["text"].as_str().unwrap().to_owned())
    });
    assert!(text.contains("балл"), "{text}");
    let listed = must(&browser, "GET", "/api/drills", &Value::Null, 200);
    assert_eq!(listed["drills"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&listed["drills"][0]["open"], &listed["scenarios"][3]["id"]),
        (&json!(9), &json!("stadium"))
    );
    // Neither the review nor the morning page takes it for something that happened.
    let review = must(&browser, "GET", "/api/review", &Value::Null, 200);
    assert_eq!(review["agenda"], json!([]));
    let page = must(&browser, "GET", "/api/morning?lang=en", &Value::Null, 200).to_string();
    assert!(!page.contains("Drill"), "{page}");
}

/// A clock that stands.
#[derive(Debug)]
struct Stands(i64);

impl qala_app::lake::Clock for Stands {
    fn now(&self) -> i64 {
        self.0
    }
}

/// A mail server that takes one letter; gives its lines.
fn post_office() -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = Vec::new();
        let mut in_letter = false;
        stream.write_all(b"220 mail.example.org\r\n").unwrap();
        let reader = std::io::BufReader::new(stream.try_clone().unwrap());
        for line in reader.lines().map_while(Result::ok) {
            let answer: &[u8] = match line.as_str() {
                "." if in_letter => {
                    in_letter = false;
                    b"250 taken\r\n"
                }
                _ if in_letter => b"",
                "DATA" => {
                    in_letter = true;
                    b"354 go on\r\n"
                }
                _ => b"250 fine\r\n",
            };
            lines.push(line);
            stream.write_all(answer).unwrap();
        }
        lines
    });
    (port, heard)
}

#[tokio::test]
async fn the_morning_page_goes_out_once_by_mail() {
    let dir = tempfile::tempdir().unwrap();
    let pack = dir.path().join("pack");
    crate::support::pack(&pack, &[]);
    let (port, office) = post_office();
    let notice = format!(
        "[[channel]]\nid = \"mail\"\nby = {{ type = \"mail\", host = \"127.0.0.1\", port = {port}, tls = \"none\", \
         from = \"qala@example.org\" }}\n\n[[morning]]\npage = \"city\"\nlang = \"ru\"\nby = \"mail\"\nto = \"mayor@example.org\"\n"
    );
    std::fs::write(pack.join("alarms.toml"), notice).unwrap();
    let at = |time: &str| {
        let clock = std::sync::Arc::new(Stands(qala_core::parse_instant(time, None).unwrap()));
        qala_app::CentreOptions {
            clock,
            pack: pack.to_str().unwrap().to_owned(),
            ..qala_app::CentreOptions::new(dir.path().join("data"))
        }
    };
    // Before eight there is none.
    let early = qala_app::Centre::open(at("2026-03-02T07:59:00+05:00"))
        .await
        .unwrap();
    assert_eq!(early.make_morning_pages().await.unwrap(), 0);
    assert_eq!(early.mail_morning_pages().await.unwrap(), 0);
    drop(early);
    let centre = qala_app::Centre::open(at("2026-03-02T08:00:00+05:00"))
        .await
        .unwrap();
    assert!(centre.make_morning_pages().await.unwrap() >= 3);
    assert_eq!(centre.mail_morning_pages().await.unwrap(), 1);
    assert_eq!(centre.mail_morning_pages().await.unwrap(), 0, "once a day");
    let letter = office.join().unwrap().join("\n");
    for words in [
        "RCPT TO:<mayor@example.org>",
        "Subject: =?UTF-8?B?",
        "Message-ID: <morning-2026-03-02-city-ru@example.org>",
        "Content-Type: text/plain; charset=utf-8",
        "filename=\"city-ru-2026-03-02.pdf\"",
        // `%PDF-` in base64.
        "\n\nJVBERi",
    ] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
}
