//! The seeded city goes in by the public door; its indicators equal an independent computation and verify.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{Server, json, ok};

fn golden(id: &str) -> BTreeMap<(String, String, i64), (Option<f64>, i64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../indicators/golden/{id}.csv"));
    let Ok(text) = std::fs::read_to_string(path) else {
        return BTreeMap::new();
    };
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let start = qala_core::parse_instant(cells[2], None).unwrap();
            (
                (cells[0].into(), cells[1].into(), start),
                (cells[3].parse().ok(), cells[4].parse().unwrap()),
            )
        })
        .collect()
}

fn check_golden(data: &Path) -> usize {
    let mut compared = 0;
    let list = json(data, &["indicator", "list", "--format", "json"]);
    assert!(list.as_array().unwrap().len() >= 10);
    for indicator in list.as_array().unwrap() {
        let id = indicator["id"].as_str().unwrap();
        let golden = golden(id);
        for grain in ["hour", "day"] {
            if !indicator["grains"]
                .as_str()
                .unwrap()
                .split(',')
                .any(|g| g == grain)
            {
                continue;
            }
            let args = [
                "indicator",
                "compute",
                id,
                "--from",
                "2026-03-02",
                "--to",
                "2026-03-05",
                "--grain",
                grain,
                "--format",
                "json",
            ];
            let values = json(data, &args);
            let found: BTreeMap<(String, i64), &Value> = values
                .as_array()
                .unwrap()
                .iter()
                .map(|v| {
                    let start = qala_core::parse_instant(v["period_start"].as_str().unwrap(), None).unwrap();
                    ((v["place"].as_str().unwrap().to_owned(), start), v)
                })
                .collect();
            let first = qala_core::parse_instant("2026-03-02T00:00:00+05:00", None).unwrap();
            let last = first + 3 * 86_400_000_000;
            for ((place, g, start), (value, rows)) in &golden {
                if g != grain || *start < first || *start >= last {
                    continue;
                }
                let what = format!("{id} {place} {grain} {start}");
                let row = found
                    .get(&(place.clone(), *start))
                    .unwrap_or_else(|| panic!("{what}: no value"));
                assert_eq!(row["row_count"].as_i64().unwrap(), *rows, "{what}");
                match (value, row["value"].as_f64()) {
                    (Some(a), Some(b)) => assert!(
                        (a - b).abs() <= 1e-12 * a.abs().max(1.0),
                        "{what}: {b}, expected {a}"
                    ),
                    (a, b) => assert_eq!(*a, b, "{what}"),
                }
                compared += 1;
            }
        }
    }
    compared
}

fn verify_all(data: &Path) {
    let sql = "SELECT indicator, place, grain, period_start FROM indicator_values WHERE value IS NOT NULL \
               AND grain = 'day' ORDER BY indicator, place, period_start";
    let values = json(data, &["sql", sql, "--format", "json"]);
    let values = values.as_array().unwrap();
    assert!(values.len() >= 20, "only {} values", values.len());
    // One of each indicator, and always a district.
    let mut seen = std::collections::BTreeSet::new();
    for v in values {
        let text = |n: &str| v[n].as_str().unwrap().to_owned();
        if !seen.insert((text("indicator"), text("place"))) {
            continue;
        }
        let id = format!(
            "{}/{}/{}/{}",
            text("indicator"),
            text("place"),
            text("grain"),
            text("period_start")
        );
        let passport = json(data, &["passport", &id, "--verify", "--format", "json"]);
        // Positions of vehicles are kept for 30 days, and these lie further back.
        let of_positions = [
            "transit.vehicles_reporting",
            "transit.trips_run",
            "transit.on_time_share",
            "transit.excess_wait",
        ];
        let expected = if of_positions.contains(&text("indicator").as_str()) {
            "rows_gone"
        } else {
            "equal"
        };
        assert_eq!(passport["verdict"]["verdict"], expected, "{id}: {passport}");
        assert_eq!(passport["value"]["simulated"], true, "{id}");
        // What is counted of other values leads to those, which have passports of their own.
        let of_values = text("indicator") == "organisation.indicators_off_target";
        assert!(
            of_values || !passport["messages"].as_array().unwrap().is_empty(),
            "{id} leads to no message"
        );
    }
}

#[test]
fn seeded_city_gives_the_golden_values_and_they_verify() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    ok(data, &["demo", "--small", "--start", "2026-03-02", "--fill-only"]);
    let compared = check_golden(data);
    assert!(compared > 500, "only {compared} golden values were compared");
    verify_all(data);
    off_target(data);
    // Neither merging and cleaning up, nor filling again, changes a bit.
    ok(data, &["tidy"]);
    verify_all(data);
    let before = json(
        data,
        &[
            "sql",
            "SELECT count(*) AS n FROM air_readings",
            "--format",
            "json",
        ],
    );
    ok(data, &["demo", "--small", "--start", "2026-03-02", "--fill-only"]);
    let after = json(
        data,
        &[
            "sql",
            "SELECT count(*) AS n FROM air_readings",
            "--format",
            "json",
        ],
    );
    assert_eq!(before, after);
    // Rollups say what rows say.
    let rolled = "SELECT qsum_merge(value_state) AS s, sum(value_n) AS n FROM air_readings_hourly WHERE quantity = 'pm25'";
    let rows = "SELECT qsum(value) AS s, count(value) AS n FROM air_readings WHERE quantity = 'pm25'";
    assert_eq!(
        json(data, &["sql", rolled, "--format", "json"]),
        json(data, &["sql", rows, "--format", "json"])
    );
    // No number plate is kept anywhere in the clear.
    let plates = json(
        data,
        &[
            "sql",
            "SELECT DISTINCT license_plate AS p FROM transit_vehicle_positions",
            "--format",
            "json",
        ],
    );
    for plate in plates.as_array().unwrap() {
        assert!(
            plate["p"].is_null() || plate["p"].as_str().unwrap().starts_with('~'),
            "{plate}"
        );
    }
    page_and_api(data);
}

/// Values beyond their limit are counted by place and day from the golden values; only indicators without hysteresis and with it
/// that are clearly on one side.
fn off_target(data: &Path) {
    let sql = "SELECT indicator, place, period_start, value, status FROM indicator_values \
               WHERE grain = 'day' AND value IS NOT NULL ORDER BY indicator, place, period_start";
    let rows = json(data, &["sql", sql, "--format", "json"]);
    // What the headers say: better is lower, or higher; target, limit, hysteresis.
    let rule = |id: &str| -> Option<(f64, f64, f64)> {
        Some(match id {
            "air.pm25_mean" => (1.0, 35.0, 2.0),
            "air.pm25_max_hour" => (1.0, 160.0, 5.0),
            "air.pm25_against_national_norm"
            | "air.pm25_against_who_guideline"
            | "air.pm25_against_eu_limit" => (1.0, 1.0, 0.02),
            "air.standard_index" => (1.0, 5.0, 0.1),
            "air.highest_repeatability" => (1.0, 20.0, 0.5),
            "air.station_coverage" | "traffic.detectors_working" | "transit.on_time_share" => {
                (-1.0, 0.75, 0.01)
            }
            "air.stations_within_tolerance" => (-1.0, 0.8, 0.01),
            _ => return None,
        })
    };
    // By place and day: surely off target, perhaps (within the hysteresis), judged.
    let mut wanted: BTreeMap<(String, i64), (u32, u32, i64)> = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        let id = row["indicator"].as_str().unwrap();
        let Some((sign, limit, slack)) = rule(id) else {
            assert_eq!(
                row["status"], "unknown",
                "{id} has a target that this test does not know"
            );
            continue;
        };
        let start = qala_core::parse_instant(row["period_start"].as_str().unwrap(), None).unwrap();
        let slot = wanted
            .entry((row["place"].as_str().unwrap().to_owned(), start))
            .or_default();
        let beyond = sign * (row["value"].as_f64().unwrap() - limit);
        slot.0 += u32::from(beyond > 0.0);
        slot.1 += u32::from(beyond > -slack);
        slot.2 += 1;
    }
    let args = [
        "--grain",
        "day",
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-05",
        "--format",
        "json",
    ];
    let id = "organisation.indicators_off_target";
    let found = json(data, &[&["indicator", "compute", id][..], &args].concat());
    let (mut compared, mut most) = (0, 0.0_f64);
    for value in found.as_array().unwrap() {
        let start = qala_core::parse_instant(value["period_start"].as_str().unwrap(), None).unwrap();
        let place = value["place"].as_str().unwrap().to_owned();
        let (surely, perhaps, judged) = wanted[&(place, start)];
        let n = value["value"].as_f64().unwrap();
        assert!(
            f64::from(surely) <= n && n <= f64::from(perhaps),
            "{value}: {surely} to {perhaps}"
        );
        assert_eq!(value["row_count"].as_i64(), Some(judged), "{value}");
        assert_eq!(value["simulated"], true, "{value}");
        compared += 1;
        most = most.max(n);
    }
    println!("proof: {id}: {compared} values are those of the limits, {most} at most");
    assert!(compared >= 6 && most >= 2.0, "{compared} {most}");
    // What was kept is the same: it was computed after the values that it counts.
    let kept = format!(
        "SELECT place, period_start, value FROM indicator_values WHERE indicator = '{id}' AND grain = 'day'"
    );
    let kept = json(data, &["sql", &kept, "--format", "json"]);
    let key = |v: &Value| {
        let start = qala_core::parse_instant(v["period_start"].as_str().unwrap(), None).unwrap();
        (v["place"].as_str().unwrap().to_owned(), start)
    };
    let kept: BTreeMap<(String, i64), &Value> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (key(v), &v["value"]))
        .collect();
    for value in found.as_array().unwrap() {
        assert_eq!(kept[&key(value)], &value["value"], "{value}");
    }
}

fn page_and_api(data: &Path) {
    let server = Server::start(data);
    let get = |path: &str| {
        let (status, body) = server.request("GET", path, &[], b"").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    assert!(get("/").to_lowercase().contains("<html"));
    let catalog: Value = serde_json::from_str(&get("/api/catalog")).unwrap();
    assert!(catalog["indicators"].as_array().unwrap().len() >= 10);
    for indicator in catalog["indicators"].as_array().unwrap() {
        for lang in ["kk", "ru", "en"] {
            assert!(!indicator["title"][lang].as_str().unwrap().is_empty());
        }
    }
    let values: Value = serde_json::from_str(&get("/api/indicators/air.pm25_mean/values?grain=day")).unwrap();
    let value = values["values"]
        .as_array()
        .unwrap()
        .iter()
        .find(|v| v["place"] == "city")
        .unwrap();
    let id = format!(
        "air.pm25_mean/city/day/{}",
        value["period_start"].as_str().unwrap()
    )
    .replace('+', "%2B");
    let passport: Value = serde_json::from_str(&get(&format!("/api/passport?id={id}&verify=true"))).unwrap();
    assert_eq!(passport["verdict"]["verdict"], "equal");
    for path in ["/api/places", "/api/feeds", "/api/status"] {
        get(path);
    }
    let (status, body) = server
        .request("GET", "/api/indicators/air.pm25_meen/values", &[], b"")
        .unwrap();
    assert_eq!(status, 404);
    assert!(body.contains("did you mean"), "{body}");
    // Pushing: the same key gives the same receipt, other bytes under it are refused.
    let body = br#"[{"station_id":"x","t":"2026-03-04T10:00:00+05:00","quantity":"pm25","value":12,"unit":"ug/m3"}]"#;
    let push = |body: &[u8]| {
        server
            .request(
                "POST",
                "/api/ingest/sim-air-readings",
                &[("Idempotency-Key", "a")],
                body,
            )
            .unwrap()
    };
    let (status, first) = push(body);
    assert_eq!(status, 200, "{first}");
    let receipt: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(
        (receipt["received"].as_u64(), receipt["accepted"].as_u64()),
        (Some(1), Some(1))
    );
    assert!(
        receipt["digest"].as_str().unwrap().starts_with("sha256:")
            && receipt["seq_from"].as_i64().unwrap() > 0
    );
    assert_eq!(push(body), (200, first));
    assert_eq!(push(b"[]").0, 409);
    assert_eq!(
        server
            .request("POST", "/api/ingest/nowhere", &[], body)
            .unwrap()
            .0,
        404
    );
}
