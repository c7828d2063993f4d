//! The doors of alarms: acts over HTTP with rights, Alertmanager in, CAP out.

use std::time::Duration;

use serde_json::{Value, json};

use super::{folder, incidents, now};
use crate::people::{Browser, add};
use crate::screen::get;
use crate::support::{Server, until};

/// What Alertmanager 0.25 sends to a webhook: recorded from Debian's package with `amtool alert add PM25High severity=critical
/// district=751110000 --annotation=summary="PM2.5 is high"`; host and time were changed.
const FIRING: &str = include_str!("alertmanager.json");

fn resolved() -> String {
    FIRING
        .replace("\"status\": \"firing\"", "\"status\": \"resolved\"")
        .replace("0001-01-01T00:00:00Z", "2026-03-02T09:00:00Z")
}

#[test]
fn alertmanager_raises_one_alarm_for_a_group_and_its_retries_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let post = |body: &str| {
        let (status, text) = server
            .request(
                "POST",
                "/hooks/alertmanager",
                &[("Content-Type", "application/json")],
                body.as_bytes(),
            )
            .unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        (status, answer)
    };
    let (status, answer) = post(FIRING);
    assert_eq!(
        (status, &answer["firing"], &answer["raised"]),
        (200, &json!(1), &json!(1)),
        "{answer}"
    );
    let (_, again) = post(FIRING);
    assert_eq!((&again["firing"], &again["raised"]), (&json!(1), &json!(0)));
    // The public is not told of it; who is on duty sees it.
    assert_eq!(get(&server, "/api/alarms").json()["total"], 0);
    let mut ada = Browser::new(&server);
    ada.begin("ada", &add(dir.path(), "ada", "operator", &[]));
    let page = ada.get("/api/alarms").body;
    let alarm = &page["alarms"][0];
    assert_eq!(
        (
            &alarm["rule"],
            &alarm["severity"],
            &alarm["place_id"],
            &alarm["owner_function"]
        ),
        (
            &json!("alertmanager"),
            &json!("critical"),
            &json!("almaly"),
            &json!("civil-defence")
        ),
        "{alarm}"
    );
    assert_eq!(page["open"]["critical"], 1);
    let (status, answer) = post(&resolved());
    assert_eq!((status, &answer["resolved"]), (200, &json!(1)));
    assert!(ada.get("/api/alarms").body["alarms"][0]["cleared_at"].is_string());
    for (body, words) in [
        ("{}", "no message of Alertmanager"),
        ("x", "no message of Alertmanager"),
        (
            &FIRING.replace("\"version\": \"4\"", "\"version\": \"3\""),
            "version 4",
        ),
    ] {
        let (status, answer) = post(body);
        assert!(
            status == 400 && answer["error"].as_str().unwrap().contains(words),
            "{answer}"
        );
    }
}

#[test]
fn an_alarm_goes_from_the_event_to_its_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let pack = folder(dir.path(), "", &[]);
    let data = dir.path().join("data");
    let server = Server::start_as(&data, &["--pack", pack.to_str().unwrap(), "serve"], &[]);
    let rows = [
        ("C1".to_owned(), "s1", "crash", 0.7),
        ("C2".to_owned(), "s1", "crash", 0.8),
    ];
    let body = incidents(now(), &rows);
    let (status, text) = server
        .request("POST", "/api/ingest/incidents", &[], body.as_bytes())
        .unwrap();
    assert_eq!(status, 200, "{text}");
    let alarm = until("an alarm for the public", || {
        let page = get(&server, "/api/alarms").json();
        page["alarms"].get(0).cloned()
    });
    assert_eq!(
        (&alarm["rule"], &alarm["members"]),
        (&json!("traffic.lanes"), &json!(2)),
        "{alarm}"
    );
    assert_eq!(alarm["place"]["en"], "Almaly");
    let id = alarm["id"].as_str().unwrap().to_owned();
    // CAP, as the public gets it.
    let feed = get(&server, "/api/alarms/cap.xml");
    assert_eq!(feed.headers["content-type"], "application/atom+xml");
    assert!(String::from_utf8_lossy(&feed.body).contains(&format!("/api/alarms/{id}/cap.xml")));
    let cap = get(&server, &format!("/api/alarms/{id}/cap.xml"));
    assert_eq!(cap.headers["content-type"], "application/cap+xml");
    let text = String::from_utf8_lossy(&cap.body).into_owned();
    assert!(
        text.contains("<language>kk-KZ</language>") && text.contains("+05:00</sent>"),
        "{text}"
    );
    if let Ok(kept) = std::env::var("QALA_CAP_OUT") {
        std::fs::write(kept, &cap.body).unwrap();
    }
    // Who is on duty acts; a member of staff does not.
    let mut staff = Browser::new(&server);
    staff.begin(
        "sam",
        &add(&data, "sam", "staff", &["--department", "road-traffic"]),
    );
    let act =
        |who: &Browser, what: &str, body: &Value| who.ask("POST", &format!("/api/alarms/{id}/{what}"), body);
    assert_eq!(act(&staff, "acknowledge", &json!({})).status, 403);
    let mut ada = Browser::new(&server);
    ada.begin("ada", &add(&data, "ada", "operator", &[]));
    let done = act(&ada, "acknowledge", &json!({"note": "patrol is on its way"}));
    assert_eq!(
        (done.status, &done.body["state"]),
        (200, &json!("acknowledged")),
        "{done:?}"
    );
    assert_eq!(act(&ada, "comment", &json!({"note": " "})).status, 400);
    assert_eq!(act(&ada, "close", &json!({"verdict": "maybe"})).status, 400);
    let done = act(&ada, "close", &json!({"verdict": "right"}));
    assert_eq!(
        (done.status, &done.body["verdict"]),
        (200, &json!("right")),
        "{done:?}"
    );
    assert_eq!(
        act(&ada, "comment", &json!({"note": "buses are back"})).status,
        200
    );
    // What it is made of and how it changed; the public sees neither, nor who worked on it.
    let found = ada.get(&format!("/api/alarms/{id}")).body;
    let states: Vec<&str> = found["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["closed", "closed", "acknowledged", "open"], "{found}");
    assert_eq!(found["members"].as_array().unwrap().len(), 2);
    let public = get(&server, &format!("/api/alarms/{id}")).json();
    assert!(public["changes"].as_array().unwrap().is_empty() && public["alarm"]["acknowledged_by"].is_null());
    assert!(public["alarm"]["note"].is_null(), "{public}");
    let missed = json!({"at": "2026-03-02T08:00:00+05:00", "note": "a street was closed for an hour"});
    assert_eq!(
        ada.ask("POST", "/api/alarm-rules/traffic.lanes/missed", &missed)
            .status,
        204
    );
    let rules = ada.get("/api/alarm-rules").body;
    let lanes = rules
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["id"] == "traffic.lanes")
        .unwrap();
    assert_eq!(
        (
            &lanes["right"],
            &lanes["missed"],
            &lanes["precision"],
            &lanes["recall"]
        ),
        (&json!(1), &json!(1), &json!(1.0), &json!(0.5))
    );
    // Everything that was done is in the audit.
    let mut root = Browser::new(&server);
    root.begin("root", &add(&data, "root", "administrator", &[]));
    let audit = root.get("/api/audit").body.to_string();
    assert!(
        audit.matches("alarm_act").count() >= 3 && audit.contains("alarm_missed"),
        "{audit}"
    );
    // And stands after a restart.
    drop(server);
    let server = Server::start_as(&data, &["--pack", pack.to_str().unwrap(), "serve"], &[]);
    std::thread::sleep(Duration::from_millis(1_500));
    let page = get(&server, "/api/alarms?state=closed").json();
    assert_eq!(
        (&page["total"], &page["alarms"][0]["id"]),
        (&json!(1), &json!(id))
    );
}

/// A feed of warnings that is pushed.
const WARNINGS: &str = r#"id = "warnings"
kind = "cap"
title = { kk = "Ескертулер", ru = "Предупреждения", en = "Warnings" }
transport = { type = "push" }
dataset = "alarms_warnings"
owner_function = "civil-defence"
licence = "CC0-1.0"
"#;

#[test]
fn a_warning_of_another_centre_is_an_alarm_until_it_is_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let pack = folder(dir.path(), "", &[("warnings", WARNINGS.to_owned())]);
    let data = dir.path().join("data");
    let server = Server::start_as(&data, &["--pack", pack.to_str().unwrap(), "serve"], &[]);
    let mut ada = Browser::new(&server);
    ada.begin("ada", &add(&data, "ada", "operator", &[]));
    let sent = qala_core::Zone::new("Asia/Almaty").unwrap().format(now());
    let warn = |id: &str, status: &str, kind: &str, more: &str| {
        let text = format!(
            "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>{id}</identifier><sender>weather.example.org</sender>\
             <sent>{sent}</sent><status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{more}<info>\
             <language>kk-KZ</language><event>Сел қаупі</event><severity>Extreme</severity></info></alert>"
        );
        let (code, answer) = server
            .request("POST", "/api/ingest/warnings", &[], text.as_bytes())
            .unwrap();
        assert_eq!(code, 200, "{answer}");
    };
    // An exercise raises nothing; a second message about the same danger no second alarm.
    warn("W-0", "Exercise", "Alert", "");
    warn("W-1", "Actual", "Alert", "");
    let first = format!("<references>weather.example.org,W-1,{sent}</references>");
    warn("W-2", "Actual", "Update", &first);
    let queue = || ada.get("/api/alarms").body;
    let alarm = until("an alarm of the warning", || queue()["alarms"].get(0).cloned());
    assert_eq!(
        (&alarm["rule"], &alarm["severity"], &alarm["owner_function"]),
        (
            &json!("alarms.warning"),
            &json!("critical"),
            &json!("civil-defence")
        ),
        "{alarm}"
    );
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(queue()["total"], 1, "{}", queue());
    warn("W-3", "Actual", "Cancel", &first);
    until("the end of the warning", || {
        queue()["alarms"][0]["cleared_at"].is_string().then_some(())
    });
}
