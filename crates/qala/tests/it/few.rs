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

/// Registers of people and what happened to them: the table, a record in it, the page of its subject.
const REGISTERS: [(&str, &str, &str); 3] = [
    ("crime_offences", "offence_id,kind", "crime.thefts_against_usual"),
    (
        "safety_crashes",
        "crash_id,severity",
        "safety.record_completeness",
    ),
    ("appeals_requests", "request_id,status", "appeals.open"),
];

/// Three in one district, six, nine and twelve in others, each at one place.
fn register(head: &str, word: &str, years: &[i32]) -> String {
    let mut csv = format!("{head},t,place_id,lon,lat\n");
    for year in years {
        for (place, count, lon) in [
            ("almaly", 3, LONELY),
            ("medeu", 6, 76.92),
            ("auezov", 9, 76.86),
            ("alatau", 12, 76.8),
        ] {
            for n in 0..count {
                writeln!(
                    csv,
                    "{place}-{year}-{n},{word},{year}-01-02T10:00:00+06:00,{place},{lon},43.25"
                )
                .unwrap();
            }
        }
    }
    csv
}

/// Where the three lie, at 43.25 north.
const LONELY: f64 = 76.95;

/// The tile of zoom 16 around a place.
fn tile_of(lon: f64, lat: f64) -> String {
    let side = f64::from(1 << 16);
    let x = (lon + 180.0) / 360.0 * side;
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side;
    format!("16/{}/{}.mvt", x as u32, y as u32)
}

/// Pages ask for values, maps for tiles, and both are asked here as nobody's page would: record by record, in a question, in a
/// search, around the place, in a tile of its own, in a time of its own.
#[test]
fn registers_of_people_are_behind_no_page_and_no_tile() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let range = ["--from", "2019-01-01", "--to", "2020-01-01"];
    for ((table, head, indicator), (word, years)) in REGISTERS.into_iter().zip([
        ("theft", [2018, 2019].as_slice()),
        ("slight", &[2019]),
        ("open", &[2019]),
    ]) {
        let file = data.join(format!("{table}.csv"));
        std::fs::write(&file, register(head, word, years)).unwrap();
        ok(
            data,
            &["import", "table", file.to_str().unwrap(), "--dataset", table],
        );
        ok(
            data,
            &[
                &["indicator", "compute", indicator, "--grain", "month"],
                &range[..],
            ]
            .concat(),
        );
    }
    let (_server, browsers) = people(data, || Server::start(data));
    for (role, browser) in ROLES.iter().zip(&browsers) {
        for (table, head, indicator) in REGISTERS {
            let is_open = ["analyst", "administrator"].contains(role)
                || (*role == "staff" && table == "safety_crashes");
            let status = |path: String| (browser.get(&path).status, format!("{path} as {role}"));
            let (rows, what) = status(format!("/api/datasets/{table}/rows"));
            assert_eq!(rows, if is_open { 200 } else { 404 }, "{what}");
            let (object, what) = status(format!("/api/objects/{table}/almaly-2019-1"));
            assert_eq!(object == 200, is_open, "{what}: {object}");
            for time in [
                "?t=2019-01-31",
                "?from=2019-01-02&t=2019-01-03",
                "?from=2018-01-01&t=2019-12-31",
            ] {
                let (tile, what) = status(format!("/tiles/{table}/{}{time}", tile_of(LONELY, 43.25)));
                assert_eq!(tile, if is_open { 200 } else { 204 }, "{what}");
                let path = format!("/api/inside?lon={LONELY}&lat=43.25&radius_m=1000&{}", &time[1..]);
                let layers = browser.get(&path).body;
                let of_table = layers
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|layer| layer["layer"] == table);
                let count = of_table.map_or(Value::Null, |layer| layer["count"].clone());
                assert_eq!(count.is_null(), !is_open, "{path} as {role}: {layers}");
            }
            let sql = format!(
                "SELECT count(*) AS n FROM {table} WHERE {} LIKE 'almaly-%'",
                head.split(',').next().unwrap()
            );
            let answer = browser.ask("POST", "/api/sql", &json!({ "sql": sql }));
            assert_eq!(answer.status == 200, is_open, "{sql} as {role}: {answer:?}");
            // The page of the subject: no value where there are few, and none that the others give away.
            let path =
                format!("/api/values?indicators={indicator}&grain=month&from=2019-01-01&to=2019-01-02");
            let body = browser.get(&path).body;
            let told = body[0]["values"].as_array().unwrap().iter();
            let hidden: Vec<&str> = told
                .filter(|row| row["value"].is_null() && row["reason"] == "suppressed")
                .map(|row| row["place"].as_str().unwrap())
                .collect();
            assert_eq!(hidden, ["almaly", "medeu"], "{indicator} as {role}: {body}");
        }
        let found = browser.get("/api/search?q=almaly-2019-1").body.to_string();
        let finds = ["staff", "analyst", "administrator"].contains(role);
        assert!(finds || !found.contains("almaly-2019-1"), "{role}: {found}");
    }
}
