//! The seeded city in full goes in by the public door: counted as planted, the same twice, whole after kills.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use qala_sim::Counts;
use qala_sim::city::{Feed, Op, Pace, WholeCity, WholeOptions};
use serde_json::Value;

use crate::support::{Server, json, ok};

/// The two hours before six on a winter morning: the first buses are out.
const START: &str = "2026-01-20T06:00";
const HOUR: i64 = 3_600_000_000;

fn fill<'a>(seed: &'a str, history: &'a str) -> Vec<&'a str> {
    vec![
        "demo",
        "--fill-only",
        "--start",
        START,
        "--seed",
        seed,
        "--history",
        history,
    ]
}

fn sql(data: &Path, query: &str) -> Vec<Value> {
    let rows = json(data, &["sql", query, "--format", "json"]);
    rows.as_array().unwrap().clone()
}

/// Rows by feed: received, accepted, duplicate, quarantined.
fn counted(data: &Path) -> BTreeMap<String, [u64; 4]> {
    let query = "SELECT feed, sum(received) AS r, sum(accepted) AS a, sum(duplicate) AS d, sum(quarantined) AS q \
                 FROM lake_messages WHERE feed LIKE 'sim-city-%' AND op = 'upsert' GROUP BY feed";
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    sql(data, query)
        .iter()
        .map(|row| {
            let counts = ["r", "a", "d", "q"].map(|name| number(row, name));
            (row["feed"].as_str().unwrap().to_owned(), counts)
        })
        .collect()
}

/// Every message, in the order of each feed.
fn messages(data: &Path) -> Vec<Value> {
    let query = "SELECT feed, idempotency_key, op, digest, received, accepted + duplicate AS good, quarantined FROM lake_messages \
                 WHERE feed LIKE 'sim-city-%' ORDER BY feed, idempotency_key";
    sql(data, query)
}

/// Every value of an indicator, bit for bit. Not the count of those off target: it is made of values that are stored when it is asked for,
/// and a kill changes which periods were there then.
fn values(data: &Path) -> Vec<Value> {
    let query = "SELECT indicator, place, grain, period_start, value_digest FROM indicator_values \
                 WHERE indicator <> 'organisation.indicators_off_target' \
                 ORDER BY indicator, place, grain, period_start";
    sql(data, query)
}

fn city(seed: u64) -> WholeCity {
    WholeCity::build(&WholeOptions {
        seed,
        ..WholeOptions::default()
    })
    .unwrap()
}

fn as_planted(counts: Counts) -> [u64; 4] {
    [
        counts.received,
        counts.accepted,
        counts.duplicate,
        counts.quarantined,
    ]
}

#[test]
fn every_feed_is_counted_as_it_was_planted_for_two_seeds() {
    let origin = qala_core::parse_instant("2026-01-20T06:00:00+05:00", None).unwrap();
    let mut digests = Vec::new();
    for seed in [1, 7] {
        let dir = tempfile::tempdir().unwrap();
        ok(dir.path(), &fill(&seed.to_string(), "none"));
        let city = city(seed);
        let mut found = counted(dir.path());
        for list in city.lists(origin).unwrap() {
            let [received, accepted, ..] = found.remove(&list.feed).unwrap();
            assert!(received > 0 && received == accepted, "{} {seed}", list.feed);
        }
        let mut truth = city.truth();
        for feed in [Feed::Posts, Feed::Sensors, Feed::Weather, Feed::Traffic] {
            let expected = as_planted(truth.counts(feed, origin - 2 * HOUR, origin));
            assert_eq!(found.remove(feed.id()), Some(expected), "{feed:?} {seed}");
        }
        // The others have no planted faults that change a count.
        let mut sent: BTreeMap<String, u64> = BTreeMap::new();
        for message in city
            .messages(Pace::Live, origin - 2 * HOUR + 1, origin + 1)
            .only(Op::Upsert)
        {
            *sent.entry(message.feed.id().to_owned()).or_default() += message.records as u64;
        }
        for (feed, [received, accepted, ..]) in found {
            assert_eq!((received, accepted), (sent[&feed], sent[&feed]), "{feed} {seed}");
        }
        the_archive(dir.path(), &city, origin);
        digests.push(messages(dir.path()));
    }
    assert_ne!(digests[0], digests[1], "two seeds are two cities");
}

/// A day of the feeds that only the years before have, pushed to the running centre.
fn the_archive(data: &Path, city: &WholeCity, origin: i64) {
    let server = Server::start(data);
    let day = city.zone().day_start(city.zone().local_day(origin) - 30);
    let mut seen = Vec::new();
    for message in city
        .messages(Pace::History, day, day + 24 * HOUR)
        .only(Op::Upsert)
    {
        let path = format!("/api/ingest/{}", message.feed.id());
        let (status, body) = server.request("POST", &path, &[], &message.bytes).unwrap();
        let receipt: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        let records = message.records as u64;
        if message.feed != Feed::Weather {
            assert_eq!(
                (receipt["received"].as_u64(), receipt["accepted"].as_u64()),
                (Some(records), Some(records)),
                "{path}"
            );
        }
        seen.push(message.feed);
    }
    for feed in [
        Feed::AirHours,
        Feed::TrafficHours,
        Feed::Passengers,
        Feed::Incidents,
    ] {
        assert!(seen.contains(&feed), "{feed:?}");
    }
    drop(server);
    // Of the archive come values, of each district where there are stations. What came that night is of the day before.
    let (from, to) = (city.zone().format(day - 24 * HOUR), city.zone().format(day));
    let compute = |id: &str| {
        let args = [
            "indicator",
            "compute",
            id,
            "--grain",
            "day",
            "--from",
            &from,
            "--to",
            &to,
            "--format",
            "json",
        ];
        json(data, &args).as_array().unwrap().clone()
    };
    let air = compute("air.pm25_mean");
    assert_eq!(air.len(), 9, "{air:?}");
    let within = |rows: &[Value], low: f64, high: f64| {
        for row in rows {
            let value = row["value"].as_f64().unwrap();
            assert!((low..high).contains(&value) && row["simulated"] == true, "{row}");
        }
    };
    within(&air, 5.0, 500.0);
    within(&compute("transit.daily_boardings"), 500_000.0, 5_000_000.0);
}

#[test]
fn same_seed_and_start_give_the_same_messages_after_any_number_of_kills() {
    let whole = tempfile::tempdir().unwrap();
    // Today's morning by the hour comes before the last two hours.
    ok(whole.path(), &fill("1", "0"));
    let expected = (messages(whole.path()), values(whole.path()));
    assert!(expected.1.len() > 100, "{:?}", expected.1);
    let torn = tempfile::tempdir().unwrap();
    for kill in 0..4_u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qala"))
            .arg("--data")
            .arg(torn.path())
            .args(fill("1", "0"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(700 + kill * 900));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    ok(torn.path(), &fill("1", "0"));
    assert_eq!((messages(torn.path()), values(torn.path())), expected);
    // And once more changes nothing.
    ok(torn.path(), &fill("1", "0"));
    assert_eq!((messages(torn.path()), values(torn.path())), expected);
    for table in ["air_readings", "traffic_readings", "transit_vehicle_positions"] {
        let query = format!("SELECT count(*) AS n FROM {table}");
        assert_eq!(sql(torn.path(), &query), sql(whole.path(), &query), "{table}");
    }
}

#[test]
fn the_city_lives_while_it_is_served_and_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    // Two hours in, then a fast time; nothing is behind by more than a test machine is slow.
    let args = ["demo", "--history", "none", "--speed", "50", "--start", START];
    let live = |server: &Server| -> Value {
        let start = Instant::now();
        loop {
            let (status, body) = server.request("GET", "/api/status", &[], b"").unwrap();
            assert_eq!(status, 200, "{body}");
            let body: Value = serde_json::from_str(&body).unwrap();
            if body["demo"]["phase"] == "live" && body["demo"]["behind_s"].as_i64().unwrap() < 600 {
                return body;
            }
            assert!(body["demo"]["error"].is_null(), "{body}");
            assert!(start.elapsed() < Duration::from_secs(120), "{body}");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let first = {
        let server = Server::start_as(dir.path(), &args, &[]);
        let first = live(&server);
        assert_eq!(first["demo"]["speed"], 50, "{first}");
        // The whole page talks of the city's own time, which lies in the past.
        assert!(
            first["now"].as_str().unwrap().starts_with("2026-01-20T"),
            "{first}"
        );
        first
    };
    let server = Server::start_as(dir.path(), &args, &[]);
    let second = live(&server);
    assert!(second["now"].as_str() >= first["now"].as_str(), "{second}");
    drop(server);
    let query = "SELECT count(*) - count(DISTINCT feed || idempotency_key) AS twice FROM lake_messages \
                 WHERE feed LIKE 'sim-city-%'";
    assert_eq!(sql(dir.path(), query)[0]["twice"], 0);
}
