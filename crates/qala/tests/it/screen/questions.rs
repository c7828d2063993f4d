//! Questions in SQL, and the catalogue of who asks.

use serde_json::{Value, json};

use super::{Answer, ask, crashes, get, import, person};
use crate::support::Server;

fn question(server: &Server, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .copied()
        .chain([("content-type", "application/json")])
        .collect();
    ask(server, "POST", "/api/sql", &headers, body.to_string().as_bytes())
}

#[test]
fn questions_are_read_only_limited_and_see_what_their_asker_may_see() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    import(&data, "traffic_incidents", "a", &crashes(1_500, 1));
    import(&data, "crime_offences", "o", &crashes(10, 2));
    let token = person(&data);
    let server = Server::start(&data);
    let answer = question(
        &server,
        &json!({"sql": "SELECT incident_id, lon, t FROM traffic_incidents ORDER BY incident_id"}),
        &[],
    )
    .json();
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1_000);
    assert_eq!(answer["truncated"], true);
    let kinds: Vec<&str> = answer["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "float", "time"]);
    let answer = question(
        &server,
        &json!({"sql": "SELECT count(*) FROM traffic_incidents", "limit": 5}),
        &[],
    )
    .json();
    assert_eq!(
        (&answer["rows"], &answer["truncated"]),
        (&json!([[1500]]), &false.into())
    );
    let before = json!({"sql": "SELECT count(*) FROM traffic_incidents", "as_of": "2020-01-01T00:00:00Z"});
    assert_eq!(question(&server, &before, &[]).json()["rows"], json!([[0]]));
    for (sql, status) in [
        ("DELETE FROM traffic_incidents", 400),
        ("CREATE TABLE x (a int)", 400),
        ("COPY traffic_incidents TO '/tmp/x'", 400),
        ("SELECT nothing FROM traffic_incidents", 400),
        ("SELECT lon FROM crime_offences", 400),
        ("SELECT * FROM lake_quarantine", 400),
        ("SELEC", 400),
        ("", 400),
    ] {
        let answer = question(&server, &json!({"sql": sql}), &[]);
        assert_eq!(answer.status, status, "{sql}");
        assert!(answer.json()["error"].as_str().unwrap().len() > 5);
    }
    let bearer = format!("Bearer {token}");
    let signed_in = [("authorization", bearer.as_str())];
    let lon = json!({"sql": "SELECT count(lon) FROM crime_offences"});
    assert_eq!(question(&server, &lon, &signed_in).json()["rows"], json!([[10]]));
    assert_eq!(
        question(&server, &lon, &[("authorization", "Bearer qala_no")]).status,
        401
    );
    // Forms that are none.
    for (body, kind, status) in [
        ("{", "application/json", 400),
        ("{\"sql\": 1}", "application/json", 422),
        // An array is no object without names.
        ("[\"SELECT 1\", null, null]", "application/json", 422),
        ("{\"sql\": \"SELECT 1\", \"more\": 1}", "application/json", 422),
        ("{\"sql\": \"SELECT 1\"}", "text/plain", 415),
    ] {
        let answer = ask(
            &server,
            "POST",
            "/api/sql",
            &[("content-type", kind)],
            body.as_bytes(),
        );
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    let large = "x".repeat(3 << 20);
    assert_eq!(question(&server, &json!({"sql": large}), &[]).status, 413);
    let tables = get(&server, "/api/sql/schema").json();
    let columns = |tables: &Value, name: &str| -> Vec<String> {
        let table = tables.as_array().unwrap().iter().find(|t| t["name"] == name);
        let columns = table.map(|table| table["columns"].as_array().unwrap().clone());
        let names = columns.into_iter().flatten();
        names.map(|c| c["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(columns(&tables, "traffic_incidents").contains(&"lon".to_owned()));
    // Single offences are not for everybody.
    assert!(columns(&tables, "crime_offences").is_empty());
    let of_analysts = ask(&server, "GET", "/api/sql/schema", &signed_in, b"").json();
    assert!(columns(&of_analysts, "crime_offences").contains(&"lon".to_owned()));
    assert!(
        !tables
            .as_array()
            .unwrap()
            .iter()
            .any(|t| t["name"].as_str().unwrap().starts_with("lake_"))
    );
}

#[test]
fn a_value_is_recomputed_when_somebody_asks() {
    let dir = tempfile::tempdir().unwrap();
    crate::support::ok(dir.path(), &["demo", "--small", "--fill-only"]);
    let server = Server::start(dir.path());
    let catalog = get(&server, "/api/catalog").json();
    let ids = catalog["indicators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["id"].as_str().unwrap());
    let mut equal = 0;
    for id in ids {
        let body = json!({"id": id}).to_string();
        let answer = ask(
            &server,
            "POST",
            "/api/passport/verify",
            &[("content-type", "application/json")],
            body.as_bytes(),
        );
        if answer.status == 404 || answer.status == 400 {
            continue;
        }
        let verdict = answer.json();
        assert_eq!(
            (&verdict["equal"], &verdict["reason"]),
            (&true.into(), &"equal".into()),
            "{id}: {verdict}"
        );
        assert_eq!(verdict["value"], verdict["recomputed"]);
        equal += 1;
    }
    assert!(equal > 3, "{equal}");
}
