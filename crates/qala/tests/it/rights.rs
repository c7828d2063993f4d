//! Every route as every role: what is open, what is refused, what is hidden. A route that is not in the table fails the
//! test.

// Long because: one table says who may use which route.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::people::{Browser, PASSWORD, add};
use crate::support::{Server, ok};

/// Roles in the order of the columns of [`ROUTES`].
pub(crate) const ROLES: [&str; 5] = ["public", "staff", "operator", "analyst", "administrator"];
/// Open to all.
const ALL: [u16; 5] = [0; 5];
/// Open to who has signed in.
const PEOPLE: [u16; 5] = [401, 0, 0, 0, 0];
/// Open to administrators.
const ADMINISTRATORS: [u16; 5] = [401, 403, 403, 403, 0];
/// Open to analysts and administrators.
const ANALYSTS: [u16; 5] = [401, 403, 403, 0, 0];
/// Open to who is on duty.
const OPERATORS: [u16; 5] = [401, 403, 0, 0, 0];
/// Open to tokens of senders only.
const SENDERS: [u16; 5] = [401; 5];
/// Open to who is on duty in the situation room; staff act on what their own department owns.
const ON_DUTY: [u16; 5] = [401, 403, 0, 0, 0];
/// What a wrong password is answered with, whoever asks.
const WRONG_PASSWORD: [u16; 5] = [401; 5];

/// Method, route as the server has it, an address of it, body, and per role the refusal; 0 for none.
const ROUTES: &[(&str, &str, &str, &str, [u16; 5])] = &[
    ("get", "/", "/", "", ALL),
    ("get", "/page/{*file}", "/page/app.js", "", ALL),
    ("get", "/data", "/data", "", ALL),
    ("get", "/data/{dataset}", "/data/air_readings", "", ALL),
    ("get", "/catalog.ttl", "/catalog.ttl", "", ALL),
    ("get", "/catalog.jsonld", "/catalog.jsonld", "", ALL),
    ("get", "/api/datasets", "/api/datasets", "", ALL),
    (
        "get",
        "/api/datasets/{name}/rows",
        "/api/datasets/air_readings/rows",
        "",
        ALL,
    ),
    ("get", "/api/catalog", "/api/catalog", "", ALL),
    (
        "get",
        "/api/values",
        "/api/values?indicators=air.pm25_mean&grain=day",
        "",
        ALL,
    ),
    (
        "get",
        "/api/indicators/{id}/values",
        "/api/indicators/air.pm25_mean/values",
        "",
        ALL,
    ),
    (
        "get",
        "/api/indicators/{id}/page.pdf",
        "/api/indicators/air.pm25_mean/page.pdf",
        "",
        ALL,
    ),
    ("get", "/api/now.pdf", "/api/now.pdf", "", ALL),
    ("get", "/api/places", "/api/places", "", ALL),
    ("get", "/api/programmes", "/api/programmes", "", ALL),
    (
        "get",
        "/api/programmes/{id}",
        "/api/programmes/vision-zero",
        "",
        ALL,
    ),
    ("get", "/api/passport", "/api/passport?id=air.pm25_mean", "", ALL),
    ("get", "/api/feeds", "/api/feeds", "", ALL),
    ("get", "/api/feeds/{id}", "/api/feeds/sim-air-readings", "", ALL),
    ("get", "/api/feeds/trust", "/api/feeds/trust", "", ALL),
    (
        "get",
        "/api/feeds/{id}/trust",
        "/api/feeds/sim-air-readings/trust",
        "",
        ALL,
    ),
    (
        "get",
        "/api/sandbox/messages",
        "/api/sandbox/messages",
        "",
        SENDERS,
    ),
    ("get", "/api/quarantine", "/api/quarantine", "", ANALYSTS),
    (
        "post",
        "/api/quarantine/retry",
        "/api/quarantine/retry",
        r#"{"feed":"none"}"#,
        ANALYSTS,
    ),
    (
        "post",
        "/api/quarantine/mended",
        "/api/quarantine/mended",
        r#"{"rows":[{"id":"none","raw":"x"}]}"#,
        ANALYSTS,
    ),
    // Without a form they are refused after the rights were asked.
    (
        "post",
        "/api/mapping/propose",
        "/api/mapping/propose",
        "{}",
        ANALYSTS,
    ),
    (
        "post",
        "/api/mapping/preview",
        "/api/mapping/preview",
        "{}",
        ANALYSTS,
    ),
    ("post", "/api/import", "/api/import", "{}", ANALYSTS),
    ("get", "/api/status", "/api/status", "", ALL),
    (
        "post",
        "/api/passport/verify",
        "/api/passport/verify",
        r#"{"id":"air.pm25_mean"}"#,
        ALL,
    ),
    ("get", "/api/openapi.json", "/api/openapi.json", "", ALL),
    ("get", "/api/openapi-3.0.json", "/api/openapi-3.0.json", "", ALL),
    ("get", "/api/layers", "/api/layers", "", ALL),
    ("get", "/tiles/{file}", "/tiles/base.json", "", ALL),
    (
        "get",
        "/tiles/{layer}/{z}/{x}/{file}",
        "/tiles/base/0/0/0.mvt",
        "",
        ALL,
    ),
    (
        "get",
        "/api/objects/{layer}/{id}",
        "/api/objects/air_stations/x",
        "",
        ALL,
    ),
    (
        "get",
        "/api/inside",
        "/api/inside?lon=77&lat=43&radius_m=100",
        "",
        ALL,
    ),
    ("post", "/api/sql", "/api/sql", r#"{"sql":"SELECT 1"}"#, ALL),
    ("get", "/api/sql/schema", "/api/sql/schema", "", ALL),
    ("get", "/api/search", "/api/search?q=air", "", ALL),
    // A subject that does not exist: a stream would have no end.
    ("get", "/api/events", "/api/events?topics=nothing", "", ALL),
    ("get", "/health/live", "/health/live", "", ALL),
    ("get", "/health/ready", "/health/ready", "", ALL),
    ("get", "/metrics", "/metrics", "", ALL),
    (
        "post",
        "/api/ingest/{feed}",
        "/api/ingest/sim-air-readings",
        "[]",
        SENDERS,
    ),
    ("any", "/sta/v1.1", "/sta/v1.1", "{}", SENDERS),
    ("any", "/sta/v1.1/", "/sta/v1.1/", "{}", SENDERS),
    ("any", "/sta/v1.1/{*path}", "/sta/v1.1/Things", "{}", SENDERS),
    ("get", "/api/session", "/api/session", "", ALL),
    (
        "post",
        "/api/session",
        "/api/session",
        r#"{"name":"x","password":"x"}"#,
        WRONG_PASSWORD,
    ),
    (
        "put",
        "/api/session/password",
        "/api/session/password",
        r#"{"password":"x","new_password":"three words are enough"}"#,
        WRONG_PASSWORD,
    ),
    ("get", "/api/users", "/api/users", "", ADMINISTRATORS),
    (
        "post",
        "/api/users",
        "/api/users",
        r#"{"title":"x","role":"x"}"#,
        ADMINISTRATORS,
    ),
    (
        "put",
        "/api/users/{name}",
        "/api/users/none",
        r#"{"title":"x","role":"x"}"#,
        ADMINISTRATORS,
    ),
    (
        "delete",
        "/api/users/{name}",
        "/api/users/none",
        "",
        ADMINISTRATORS,
    ),
    (
        "post",
        "/api/users/{name}/password",
        "/api/users/none/password",
        "",
        ADMINISTRATORS,
    ),
    ("get", "/api/tokens", "/api/tokens", "", PEOPLE),
    (
        "post",
        "/api/tokens",
        "/api/tokens",
        r#"{"label":"x","scopes":["x"],"expires":"x"}"#,
        PEOPLE,
    ),
    ("delete", "/api/tokens/{id}", "/api/tokens/none", "", PEOPLE),
    ("get", "/api/alarms", "/api/alarms", "", ALL),
    ("get", "/api/alarms/cap.xml", "/api/alarms/cap.xml", "", ALL),
    ("get", "/api/alarms/{id}", "/api/alarms/A-1", "", ALL),
    (
        "get",
        "/api/alarms/{id}/cap.xml",
        "/api/alarms/A-1/cap.xml",
        "",
        ALL,
    ),
    (
        "post",
        "/api/alarms/{id}/acknowledge",
        "/api/alarms/A-1/acknowledge",
        "{}",
        OPERATORS,
    ),
    (
        "post",
        "/api/alarms/{id}/close",
        "/api/alarms/A-1/close",
        "{}",
        OPERATORS,
    ),
    (
        "post",
        "/api/alarms/{id}/comment",
        "/api/alarms/A-1/comment",
        r#"{"note":"x"}"#,
        OPERATORS,
    ),
    (
        "post",
        "/api/alarm-sound",
        "/api/alarm-sound",
        r#"{"on":false}"#,
        PEOPLE,
    ),
    ("get", "/api/alarm-rules", "/api/alarm-rules", "", ALL),
    (
        "post",
        "/api/alarm-rules/{id}/missed",
        "/api/alarm-rules/none/missed",
        r#"{"at":"2026-03-02T08:00:00Z","note":"x"}"#,
        OPERATORS,
    ),
    ("get", "/api/alarm-windows", "/api/alarm-windows", "", PEOPLE),
    (
        "post",
        "/api/alarm-windows",
        "/api/alarm-windows",
        r#"{"to":"x","reason":"x"}"#,
        OPERATORS,
    ),
    (
        "delete",
        "/api/alarm-windows/{number}",
        "/api/alarm-windows/99",
        "",
        OPERATORS,
    ),
    (
        "post",
        "/hooks/alertmanager",
        "/hooks/alertmanager",
        "{}",
        SENDERS,
    ),
    ("get", "/api/schedules", "/api/schedules", "", ADMINISTRATORS),
    ("get", "/api/audit", "/api/audit", "", ADMINISTRATORS),
    ("get", "/api/procedures", "/api/procedures", "", PEOPLE),
    ("get", "/api/incidents", "/api/incidents", "", PEOPLE),
    // The staff are of the department that owns the traffic on roads.
    (
        "post",
        "/api/incidents",
        "/api/incidents",
        r#"{"title":"x","function":"civil-defence"}"#,
        ON_DUTY,
    ),
    ("get", "/api/incidents/{id}", "/api/incidents/1", "", PEOPLE),
    (
        "post",
        "/api/incidents/{id}/actions",
        "/api/incidents/1/actions",
        r#"{"action":"note","text":"x"}"#,
        ON_DUTY,
    ),
    (
        "put",
        "/api/incidents/{id}/steps/{step}",
        "/api/incidents/1/steps/none",
        r#"{"state":"done"}"#,
        ON_DUTY,
    ),
    (
        "post",
        "/api/incidents/{id}/files",
        "/api/incidents/1/files?name=x",
        r#"{"any":"bytes"}"#,
        ON_DUTY,
    ),
    (
        "get",
        "/api/incidents/{id}/files/{digest}",
        "/api/incidents/1/files/none",
        "",
        PEOPLE,
    ),
    ("get", "/api/drills", "/api/drills", "", PEOPLE),
    (
        "post",
        "/api/drills",
        "/api/drills",
        r#"{"scenario":"smog","seed":1}"#,
        ADMINISTRATORS,
    ),
    ("get", "/api/decisions", "/api/decisions", "", PEOPLE),
    (
        "post",
        "/api/decisions",
        "/api/decisions",
        r#"{"text":"x","function":"health","deadline":"2099-01-01"}"#,
        ON_DUTY,
    ),
    ("get", "/api/decisions/{id}", "/api/decisions/1", "", PEOPLE),
    (
        "put",
        "/api/decisions/{id}",
        "/api/decisions/1",
        r#"{"progress":10}"#,
        ON_DUTY,
    ),
    ("get", "/api/journal", "/api/journal", "", PEOPLE),
    (
        "post",
        "/api/journal",
        "/api/journal",
        r#"{"kind":"note","text":"x"}"#,
        ON_DUTY,
    ),
    (
        "post",
        "/api/journal/duty",
        "/api/journal/duty",
        r#"{"function":"health","post":"duty","person":"x","from_at":"2099-01-01","to_at":"2099-01-02"}"#,
        ON_DUTY,
    ),
    (
        "delete",
        "/api/journal/duty/{id}",
        "/api/journal/duty/1",
        "",
        ON_DUTY,
    ),
    ("get", "/api/review", "/api/review", "", PEOPLE),
    ("post", "/api/review", "/api/review", r#"{"title":"x"}"#, ON_DUTY),
    (
        "post",
        "/api/review/{id}/minutes",
        "/api/review/1/minutes",
        r#"{"text":"x"}"#,
        ON_DUTY,
    ),
    (
        "get",
        "/api/review/{id}/minutes.pdf",
        "/api/review/1/minutes.pdf",
        "",
        PEOPLE,
    ),
    (
        "get",
        "/api/review/{id}/minutes.docx",
        "/api/review/1/minutes.docx",
        "",
        PEOPLE,
    ),
    ("put", "/api/review/{id}", "/api/review/1", "{}", ON_DUTY),
    ("get", "/api/morning", "/api/morning", "", PEOPLE),
    ("get", "/api/morning.pdf", "/api/morning.pdf", "", PEOPLE),
    // The last one: it ends the session.
    ("delete", "/api/session", "/api/session", "", ALL),
];

/// Methods and routes as the source of the server names them.
fn routes_of_the_server() -> BTreeSet<(String, String)> {
    let source = include_str!("../../../qala-server/src/lib.rs");
    let source = source.split("#[cfg(test)]").next().unwrap();
    let mut found = BTreeSet::new();
    for part in source.split(".route(").skip(1) {
        // Up to the bracket that closes the call.
        let mut depth = 1;
        let end = part
            .char_indices()
            .find(|(_, c)| {
                depth += i32::from(*c == '(') - i32::from(*c == ')');
                depth == 0
            })
            .unwrap()
            .0;
        let call = &part[..end];
        let path = if call.trim_start().starts_with("sensorthings::ROOT") {
            "/sta/v1.1".to_owned()
        } else {
            let path = call.split('"').nth(1).unwrap();
            path.replace("{}", "/sta/v1.1")
                .replace("{{", "{")
                .replace("}}", "}")
        };
        let mut methods = 0;
        for method in ["get", "post", "put", "patch", "delete", "any"] {
            let begins = |(at, _): (usize, &str)| {
                call[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|c| !c.is_alphanumeric() && c != '_' && c != ':')
            };
            if call.match_indices(&format!("{method}(")).any(begins) {
                found.insert((method.to_owned(), path.clone()));
                methods += 1;
            }
        }
        assert!(methods > 0, "which methods does this route have: {call}");
    }
    found
}

#[test]
fn every_route_is_in_the_table_of_rights() {
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, route, ..)| ((*method).to_owned(), (*route).to_owned()))
        .collect();
    let server = routes_of_the_server();
    let missing: Vec<_> = server.difference(&table).collect();
    assert!(missing.is_empty(), "say in ROUTES who may use these: {missing:?}");
    let gone: Vec<_> = table.difference(&server).collect();
    assert!(gone.is_empty(), "the server does not have these: {gone:?}");
}

/// Somebody of each role; staff are of the department that owns the traffic on roads.
pub(crate) fn people(data: &std::path::Path, start: impl Fn() -> Server) -> (Server, Vec<Browser>) {
    let passwords: Vec<String> = ROLES[1..]
        .iter()
        .map(|role| {
            let more: &[&str] = if *role == "staff" {
                &["--department", "road-traffic"]
            } else {
                &[]
            };
            add(data, role, role, more)
        })
        .collect();
    let server = start();
    let mut browsers = vec![Browser::new(&server)];
    for (role, password) in ROLES[1..].iter().zip(&passwords) {
        let mut browser = Browser::new(&server);
        browser.begin(role, password);
        browsers.push(browser);
    }
    (server, browsers)
}

#[test]
fn every_route_opens_to_its_roles_and_to_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let (_server, browsers) = people(data, || {
        Server::start_as(data, &["serve", "--require-token"], &[])
    });
    for (method, _, path, body, expected) in ROUTES {
        let body: Value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap()
        };
        // What reads by SensorThings is open; what writes is not.
        let method = if *method == "any" { "post" } else { method };
        for ((role, browser), expected) in ROLES.iter().zip(&browsers).zip(expected) {
            let answer = browser.ask(&method.to_uppercase(), path, &body);
            let refused = if [401, 403].contains(&answer.status) {
                answer.status
            } else {
                0
            };
            assert_eq!(refused, *expected, "{method} {path} as {role}: {answer:?}");
            assert!(answer.status < 500, "{method} {path} as {role}: {answer:?}");
        }
    }
    let body = &browsers[0].get("/sta/v1.1").body;
    assert!(body["value"].is_array(), "{body}");
}

#[test]
fn each_role_sees_its_tables_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let csv = "crash_id,t,severity,lon,lat\nc1,2026-03-02T08:00:00+05:00,slight,76.9,43.2\n";
    let file = dir.path().join("crashes.csv");
    std::fs::write(&file, csv).unwrap();
    ok(
        data,
        &[
            "import",
            "table",
            file.to_str().unwrap(),
            "--dataset",
            "safety_crashes",
        ],
    );
    let (_server, browsers) = people(data, || Server::start(data));
    let names = |browser: &Browser, path: &'static str, list: &str| -> (&'static str, BTreeSet<String>) {
        let answer = browser.get(path).body;
        let all = answer.pointer(list).unwrap().as_array().unwrap();
        let names = all.iter().map(|d| d["name"].as_str().unwrap().to_owned());
        (path, names.collect())
    };
    let lists: Vec<_> = browsers
        .iter()
        .map(|b| {
            [
                names(b, "/api/datasets", ""),
                names(b, "/api/catalog", "/datasets"),
            ]
        })
        .collect();
    // Per role: whether the rows of a dataset are there.
    for (dataset, seen) in [
        ("air_readings", [true; 5]),
        ("organisation_places", [true; 5]),
        ("lake_messages", [true; 5]),
        ("crime_offences", [false, false, false, true, true]),
        ("population_disease_cases", [false, false, false, true, true]),
        ("appeals_requests", [false, false, false, true, true]),
        // Of the department that owns it.
        ("safety_crashes", [false, true, false, true, true]),
        ("lake_quarantine", [false, false, false, true, true]),
        ("audit_entries", [false, false, false, false, true]),
        ("room_incidents", [false, true, true, true, true]),
        ("room_decisions", [false, true, true, true, true]),
    ] {
        for (n, ((role, browser), seen)) in ROLES.iter().zip(&browsers).zip(seen).enumerate() {
            let rows = browser.get(&format!("/api/datasets/{dataset}/rows"));
            assert_eq!(
                rows.status,
                if seen { 200 } else { 404 },
                "{dataset} as {role}: {rows:?}"
            );
            for (path, names) in &lists[n] {
                assert_eq!(names.contains(dataset), seen, "{dataset} in {path} as {role}");
            }
        }
    }
    // Per role: whether a column is there.
    for (dataset, column, seen) in [
        ("feeds_contacts", "feed_id", [true; 5]),
        ("feeds_contacts", "phone", [false, true, true, true, true]),
        ("lake_messages", "receipts", [false, true, true, true, true]),
        ("indicator_values", "value", [true; 5]),
        ("indicator_values", "numerator", [false, false, false, true, true]),
        (
            "indicator_values",
            "value_digest",
            [false, false, false, true, true],
        ),
        (
            "transit_vehicle_positions",
            "license_plate",
            [false, false, false, true, true],
        ),
    ] {
        for ((role, browser), seen) in ROLES.iter().zip(&browsers).zip(seen) {
            let path = format!("/api/datasets/{dataset}/rows?order={column}");
            let rows = browser.get(&path);
            assert_eq!(
                rows.status,
                if seen { 200 } else { 404 },
                "{path} as {role}: {rows:?}"
            );
            let names = rows.body["dataset"]["columns"].as_array();
            let is_there = names.is_some_and(|c| c.iter().any(|c| c["name"] == column));
            assert_eq!(is_there, seen, "{path} as {role}");
        }
    }
    // Whom to call.
    for (role, browser) in ROLES.iter().zip(&browsers) {
        let one = browser.get("/api/feeds/sim-city-air-posts").body;
        let contacts = one["contacts"].as_array().unwrap();
        assert_eq!(contacts.is_empty(), *role == "public", "{one}");
        assert_eq!(one["obligation"]["contact"].is_null(), *role == "public", "{one}");
        let all = browser.get("/api/feeds").body;
        let has = all.to_string().contains("+7");
        assert!(*role != "public" || !has, "{all}");
    }
    // Reading records was written down, reading what is for everybody was not.
    let audit = browsers[4].get("/api/audit?limit=1000").body;
    let entries = audit["entries"].as_array().unwrap();
    let reads = |actor: &str, object: &str| {
        entries
            .iter()
            .filter(|e| e["action"] == "records_read" && e["actor"] == actor && e["object"] == object)
            .count()
    };
    assert_eq!(reads("analyst", "crime_offences"), 1);
    assert_eq!(reads("staff", "safety_crashes"), 1);
    assert_eq!(reads("analyst", "air_readings"), 0);
    assert!(
        entries
            .iter()
            .all(|e| e["actor"] != "public" || e["action"] == "sign_in_failed")
    );
    let read = entries.iter().find(|e| e["object"] == "safety_crashes").unwrap();
    assert_eq!(read["detail"]["rows"], 1, "{read}");
    assert_eq!(audit["head"], entries[0]["entry"]);
    assert_eq!(audit["head_hash"], entries[0]["hash"]);
    // The lake has the history of it, for administrators.
    let told = crate::support::until("the audit in the lake", || {
        let rows = browsers[4]
            .get("/api/datasets/audit_entries/rows?order=-entry&limit=1")
            .body;
        rows["rows"].as_array()?.first().cloned()
    });
    assert!(told["hash"].is_string(), "{told}");
    assert_eq!(browsers[0].sign_in_again(), 401);
}

impl Browser {
    /// A password of the tests does not open a name that nobody has.
    fn sign_in_again(&self) -> u16 {
        self.clone().sign_in("public", PASSWORD).status
    }
}
