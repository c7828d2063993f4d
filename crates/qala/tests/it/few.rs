//! What is made of few records is not told to whom these are not open, by whichever door.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::rights::{ROLES, people};
use crate::support::{Server, ok};

#[test]
fn values_of_the_public_and_of_staff_do_not_tell_how_few() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    ok(data, &["demo", "--small", "--fill-only"]);
    let indicator = "air.pm25_mean";
    ok(data, &["indicator", "compute", indicator, "--grain", "day"]);
    let (_server, browsers) = people(data, || Server::start(data));
    for (role, browser) in ROLES.iter().zip(&browsers) {
        let sees = ["analyst", "administrator"].contains(role);
        let values = browser
            .get(&format!("/api/indicators/{indicator}/values?grain=day"))
            .body;
        let value = values["values"].as_array().unwrap().first().unwrap().clone();
        let passport = browser
            .get(&format!("/api/passport?id={indicator}&verify=true"))
            .body;
        assert_eq!(passport["verdict"]["verdict"], "equal", "{passport}");
        for found in [&value, &passport["value"]] {
            assert!(found["value"].is_number(), "{found}");
            for name in ["numerator", "denominator", "row_count", "value_digest"] {
                assert_eq!(found.get(name).is_some(), sees, "{name} as {role}: {found}");
            }
        }
        let text = passport.to_string();
        assert!(sees || !text.contains("value_digest"), "{text}");
    }
}

/// Of values made of single records few are withheld, whichever door somebody takes to whom the records are not open.
#[test]
fn few_records_are_not_told_to_whom_they_are_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let mut csv = String::from("crash_id,t,severity,place_id\n");
    for (place, count) in [("almaly", 3), ("medeu", 6), ("auezov", 9)] {
        for n in 0..count {
            writeln!(csv, "{place}{n},2019-03-02T10:00:00+05:00,slight,{place}").unwrap();
        }
    }
    let file = data.join("crashes.csv");
    std::fs::write(&file, csv).unwrap();
    let file = file.to_str().unwrap();
    ok(data, &["import", "table", file, "--dataset", "safety_crashes"]);
    let indicator = "safety.record_completeness";
    for grain in ["month", "year"] {
        let range = ["--from", "2019-01-01", "--to", "2020-01-01"];
        ok(
            data,
            &[&["indicator", "compute", indicator, "--grain", grain], &range[..]].concat(),
        );
    }
    let (server, browsers) = people(data, || Server::start(data));
    for (role, browser) in ROLES.iter().zip(&browsers) {
        let is_open = ["analyst", "administrator"].contains(role);
        for grain in ["month", "year"] {
            let path =
                format!("/api/indicators/{indicator}/values?grain={grain}&from=2019-03-01&to=2019-03-02");
            let path = if grain == "year" {
                path.replace("2019-03-01&to=2019-03-02", "2019-01-01&to=2019-01-02")
            } else {
                path
            };
            let body = browser.get(&path).body;
            let rows = body["values"].as_array().unwrap();
            assert_eq!(rows.len(), 4, "{role} {body}");
            for row in rows {
                let is_few = ["almaly", "medeu"].contains(&row["place"].as_str().unwrap());
                assert_eq!(row["value"].is_null(), is_few, "{role} {grain} {row}");
                assert_eq!(
                    row.get("row_count").is_some_and(Value::is_number),
                    is_open,
                    "{role} {grain} {row}"
                );
            }
            // Told among others, they are the same, and say less of themselves.
            let alone = format!("/api/indicators/{indicator}/values?");
            let among = format!("/api/values?indicators=air.pm25_mean,{indicator}&");
            let many = browser.get(&path.replace(&alone, &among)).body;
            assert_eq!(many[0]["values"], json!([]), "{role} {many}");
            let told = many[1]["values"].as_array().unwrap();
            assert_eq!(told.len(), rows.len(), "{role} {many}");
            for (row, told) in rows.iter().zip(told) {
                assert_eq!((&row["place"], &row["value"]), (&told["place"], &told["value"]));
                assert!(told.get("row_count").is_none(), "{told}");
            }
        }
        let id = format!("{indicator}/almaly/year/2019-01-01T00:00:00+06:00").replace('+', "%2B");
        let passport = browser.get(&format!("/api/passport?id={id}&verify=true")).body;
        assert!(passport["value"]["value"].is_null(), "{role} {passport}");
        assert_eq!(passport["verdict"]["verdict"], "equal", "{role} {passport}");
        // Staff are of the department whose register it is.
        let is_open = is_open || *role == "staff";
        let asked =
            json!({ "sql": "SELECT count(*) AS n FROM indicator_values WHERE indicator LIKE 'safety.%'" });
        let answer = browser.ask("POST", "/api/sql", &asked).body;
        let told = answer["rows"][0][0]
            .as_i64()
            .or_else(|| answer["rows"][0]["n"].as_i64());
        assert_eq!(told.is_some_and(|n| n > 0), is_open, "{role} {answer}");
        let file = browser.get(&format!(
            "/api/indicators/{indicator}/values?grain=year&format=csv"
        ));
        assert_eq!(file.status == 200, is_open, "{role} {}", file.status);
        // Paper tells no more than the screen.
        let path = format!("/api/indicators/{indicator}/page.pdf?lang=en&grain=year&to=2020-01-02");
        let cookie = browser.cookie.clone().unwrap_or_default();
        let page = crate::screen::ask(&server, "GET", &path, &[("Cookie", &cookie)], b"");
        assert_eq!(page.status, 200);
        if let Some(words) = crate::screen::paper_words(&page.body) {
            let withheld = words.lines().filter(|line| line.contains("suppressed")).count();
            assert_eq!(withheld, 2, "{words}");
            assert!(is_open || !words.contains('÷'), "{role} {words}");
        }
    }
}
