//! Values of indicators against what is true of the seeded city, on seeds with which nothing was tuned.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use qala_sim::city::{CityTruth, Feed, Op, Pace, WholeCity, WholeOptions};
use serde_json::Value;

use crate::support::{Server, json, ok};

const HOUR: i64 = 3_600_000_000;
/// Two hours into a winter Wednesday: the Tuesday before it is whole.
const START: &str = "2026-02-11T02:00";
const DAY: &str = "2026-02-10";
const NEXT: &str = "2026-02-11";

/// The values of an indicator in a period, by place.
fn compute(data: &Path, id: &str, grain: &str, from: &str, to: &str) -> BTreeMap<String, Value> {
    let values = crate::support::compute(data, id, grain, from, to);
    let list = values.as_array().unwrap().iter();
    list.map(|v| (v["place"].as_str().unwrap().to_owned(), v.clone()))
        .collect()
}

fn of_day(data: &Path, id: &str) -> BTreeMap<String, Value> {
    compute(data, id, "day", DAY, NEXT)
}

fn value(values: &BTreeMap<String, Value>, place: &str) -> f64 {
    values[place]["value"]
        .as_f64()
        .unwrap_or_else(|| panic!("{place}: {values:?}"))
}

/// A list of the city as rows by column.
fn list(city: &WholeCity, origin: i64, feed: Feed) -> Vec<HashMap<String, String>> {
    let files = city.lists(origin).unwrap();
    let file = files.iter().find(|f| f.feed == feed.id()).unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let mut lines = text.lines().map(|l| l.split(',').map(ToOwned::to_owned));
    let names: Vec<String> = lines.next().unwrap().collect();
    lines
        .map(|cells| names.iter().cloned().zip(cells).collect())
        .collect()
}

fn number(row: &HashMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

/// Sums by district and for the city, to the digit.
fn exactly(data: &Path, id: &str, rows: impl Iterator<Item = (String, f64)>) {
    let mut truth: BTreeMap<String, f64> = BTreeMap::new();
    for (place, part) in rows {
        *truth.entry(place).or_default() += part;
        *truth.entry("city".into()).or_default() += part;
    }
    let found = compute(data, id, "year", "2026-01-01", "2027-01-01");
    let found: BTreeMap<String, f64> = found.keys().map(|p| (p.clone(), value(&found, p))).collect();
    assert_eq!(found, truth, "{id}");
    println!(
        "proof: {id}: {} in the city and 8 districts, exactly the truth",
        truth["city"]
    );
}

/// Pupils of a school beyond its places.
fn over(row: &HashMap<String, String>) -> f64 {
    number(row, "enrolled") - number(row, "capacity")
}

/// The lists: schools and people.
fn lists(data: &Path, city: &WholeCity, origin: i64) {
    let schools: Vec<_> = list(city, origin, Feed::Schools)
        .into_iter()
        .filter(|row| row["kind"] == "school")
        .collect();
    let by = |part: fn(&HashMap<String, String>) -> f64| {
        schools
            .iter()
            .map(move |row| (row["place_id"].clone(), part(row)))
    };
    exactly(data, "schools.missing_places", by(|row| over(row).max(0.0)));
    exactly(data, "schools.free_places", by(|row| (-over(row)).max(0.0)));
    exactly(
        data,
        "schools.third_shift_pupils",
        by(|row| {
            if number(row, "shifts") >= 3.0 {
                number(row, "enrolled")
            } else {
                0.0
            }
        }),
    );
    let shares = compute(data, "schools.overfull_share", "year", "2026-01-01", "2027-01-01");
    let overfull = schools.iter().filter(|row| over(row) > 0.0).count();
    assert_eq!(shares["city"]["numerator"].as_f64(), Some(overfull as f64));
    assert_eq!(shares["city"]["denominator"].as_f64(), Some(schools.len() as f64));
    let truth = city.truth();
    let counted = list(city, origin, Feed::Districts).into_iter().map(|row| {
        let place = row["place_id"].clone();
        let residents = truth.residents(&place, 2026, 1).unwrap();
        (place, residents as f64)
    });
    exactly(data, "population.residents", counted);
    let children = list(city, origin, Feed::Residents)
        .into_iter()
        .filter(|row| row["age_group"] == "0-5")
        .map(|row| (row["place_id"].clone(), number(&row, "residents")));
    exactly(data, "population.children_0_6", children);
}

/// Means of the truth by device and hour, of one quantity of some feeds.
fn true_hours(
    truth: &mut CityTruth<'_>,
    feeds: &[Feed],
    quantity: &str,
    day: i64,
) -> BTreeMap<(Feed, usize, i64), f64> {
    let mut sums: BTreeMap<(Feed, usize, i64), (f64, u32)> = BTreeMap::new();
    for feed in feeds {
        truth.labels(*feed, day, day + 24 * HOUR, |label| {
            if label.quantity == quantity {
                let slot = sums
                    .entry((*feed, label.device, (label.t - day) / HOUR))
                    .or_default();
                slot.0 += label.truth;
                slot.1 += 1;
            }
        });
    }
    sums.into_iter()
        .map(|(key, (sum, n))| (key, sum / f64::from(n)))
        .collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

fn near(seed: u64, id: &str, found: f64, truth: f64, share: f64) {
    let error = found / truth - 1.0;
    println!(
        "proof: seed {seed}, {id}: {found:.4}, the truth is {truth:.4}, error {:.2} %",
        100.0 * error
    );
    assert!(
        error.abs() <= share,
        "seed {seed}, {id}: {found}, the truth is {truth}"
    );
}

fn streets_and_air(data: &Path, city: &WholeCity, seed: u64, origin: i64, day: i64) {
    let mut truth = city.truth();
    let speeds = true_hours(&mut truth, &[Feed::Traffic], "speed", day);
    let flows = true_hours(&mut truth, &[Feed::Traffic], "flow", day);
    let found = |id: &str| value(&of_day(data, id), "city");
    near(
        seed,
        "traffic.mean_speed",
        found("traffic.mean_speed"),
        mean(speeds.values().copied()),
        0.01,
    );
    near(
        seed,
        "traffic.flow",
        found("traffic.flow"),
        mean(flows.values().copied()),
        0.01,
    );
    // Only detectors whose free-flow speed the list tells: of the others the indicator has an estimate.
    let free: Vec<Option<f64>> = list(city, origin, Feed::Detectors)
        .iter()
        .map(|row| row["free_flow_kmh"].parse().ok())
        .collect();
    let (mut longer, mut all) = (0.0, 0.0);
    for (key, speed) in &speeds {
        if let Some(free) = free[key.1] {
            longer += flows[key] * free / speed;
            all += flows[key];
        }
    }
    near(
        seed,
        "traffic.travel_time_index",
        found("traffic.travel_time_index"),
        longer / all,
        0.01,
    );
    let air = true_hours(&mut truth, &[Feed::Posts, Feed::Sensors], "pm25", day);
    near(
        seed,
        "air.pm25_mean",
        found("air.pm25_mean"),
        mean(air.values().copied()),
        0.03,
    );
}

/// Passengers of the day before, as they are sent in the night, and what the buses of the day show.
fn transit(data: &Path, city: &WholeCity, seed: u64, origin: i64) {
    let truth = city.truth();
    let yesterday = city.zone().local_day(origin) - 2;
    let lines = (1..1000)
        .map(|n| format!("SIM-R{n:03}"))
        .take_while(|id| truth.passengers(id, yesterday).is_some())
        .chain(["SIM-M1".to_owned()]);
    let passengers: i64 = lines.map(|id| truth.passengers(&id, yesterday).unwrap().0).sum();
    let found = compute(data, "transit.daily_boardings", "day", "2026-02-09", DAY);
    assert!(
        (value(&found, "city") - passengers as f64).abs() < 0.5,
        "seed {seed}"
    );
    println!("proof: seed {seed}, transit.daily_boardings: {passengers}, exactly the truth");
    // Every run of the timetable is run; the metro sends no positions.
    let metro = "SELECT sum((end_time - start_time + headway_secs - 1) / headway_secs) AS n FROM gtfs_frequencies \
                 WHERE trip_id LIKE 'SIM-M1-weekday-%'";
    let metro = json(data, &["sql", metro, "--format", "json"])[0]["n"]
        .as_f64()
        .unwrap();
    let scheduled = value(&of_day(data, "transit.scheduled_trips"), "city");
    let run = value(&of_day(data, "transit.trips_run"), "city");
    assert!((run - (scheduled - metro)).abs() < 0.5, "seed {seed}: {run}");
    println!("proof: seed {seed}, transit.trips_run: {run}, exactly the runs of the buses");
    // No bus of the seeded city starts early or is later than 330 s.
    let on_time = value(&of_day(data, "transit.on_time_share"), "city");
    let wait = value(&of_day(data, "transit.excess_wait"), "city");
    println!("proof: seed {seed}, transit.on_time_share: {on_time:.4}, transit.excess_wait: {wait:.3} min");
    assert!(on_time > 0.98 && (0.0..1.0).contains(&wait), "{on_time} {wait}");
}

/// Everybody aboard of crowded stretches, by the truth of the city, times the minutes of the timetable; all districts.
fn crowding(data: &Path, city: &WholeCity, seed: u64, origin: i64) {
    let rows = |sql: &str| json(data, &["sql", sql, "--format", "json"]);
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let minutes = rows(
        "SELECT t.route_id, t.direction_id AS direction, a.stop_sequence AS seq, avg(b.arrival_time - a.departure_time) / 60.0 AS m \
         FROM gtfs_trips AS t JOIN gtfs_stop_times AS a ON a.trip_id = t.trip_id \
         JOIN gtfs_stop_times AS b ON b.trip_id = a.trip_id AND b.stop_sequence = a.stop_sequence + 1 GROUP BY 1, 2, 3",
    );
    let minutes: HashMap<(String, u64, u64), f64> = minutes
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let number = |name: &str| row[name].as_u64().unwrap();
            (
                (word(row, "route_id"), number("direction"), number("seq")),
                row["m"].as_f64().unwrap(),
            )
        })
        .collect();
    let homes = rows(
        "SELECT s.stop_id, p.place_id FROM gtfs_stops AS s JOIN organisation_places AS p \
         ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.stop_lon, s.stop_lat)) WHERE p.kind = 'district'",
    );
    let homes: HashMap<String, String> = homes
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (word(row, "stop_id"), word(row, "place_id")))
        .collect();
    let truth = city.truth();
    let day = city.zone().local_day(origin) - 2;
    let mut expected: BTreeMap<String, f64> = BTreeMap::new();
    let mut stretches = 0;
    for route in truth.route_ids() {
        for count in truth.stop_counts(route, day) {
            let key = (route.to_owned(), count.direction as u64, count.seq as u64);
            let Some(minutes) = minutes.get(&key) else {
                continue;
            };
            let is_crowded = count.load as f64 > 0.8 * (count.trips * count.capacity) as f64;
            let part = if is_crowded {
                count.load as f64 * minutes
            } else {
                0.0
            };
            stretches += usize::from(is_crowded);
            for place in ["city", &homes[&count.stop_id]] {
                *expected.entry(place.to_owned()).or_default() += part;
            }
        }
    }
    let id = "transit.crowded_passenger_minutes";
    let found = compute(data, id, "day", "2026-02-09", DAY);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "seed {seed}"
    );
    for (place, minutes) in &expected {
        let error = (value(&found, place) - minutes).abs();
        assert!(error <= 1e-9 * minutes.max(1.0), "seed {seed}, {place}: {error}");
    }
    assert!(expected["city"] > 10_000.0, "seed {seed}: {expected:?}");
    println!(
        "proof: seed {seed}, {id}: {:.0} on {stretches} stretches, exactly the truth",
        expected["city"]
    );
}

/// A day of the archive of hours, pushed to the running centre, long before any reading.
fn the_archive(data: &Path, city: &WholeCity, seed: u64, day: i64) {
    let old = day - 30 * 24 * HOUR;
    let server = Server::start(data);
    for message in city
        .messages_of(&[Feed::TrafficHours], Pace::History, old + HOUR, old + 26 * HOUR)
        .only(Op::Upsert)
    {
        let path = format!("/api/ingest/{}", message.feed.id());
        let (status, body) = server.request("POST", &path, &[], &message.bytes).unwrap();
        assert_eq!(status, 200, "{body}");
    }
    drop(server);
    let speeds = true_hours(&mut city.truth(), &[Feed::Traffic], "speed", old);
    let zone = city.zone();
    let (from, to) = (zone.format(old), zone.format(old + 24 * HOUR));
    let found = compute(data, "traffic.mean_speed", "day", &from, &to);
    near(
        seed,
        "traffic.mean_speed of the archive",
        value(&found, "city"),
        mean(speeds.values().copied()),
        0.01,
    );
    assert_eq!(found.len(), 9, "{found:?}");
}

#[test]
fn indicators_are_near_the_truth_of_two_seeds() {
    let origin = qala_core::parse_instant("2026-02-11T02:00:00+05:00", None).unwrap();
    for seed in [41, 42] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let text = seed.to_string();
        ok(
            data,
            &[
                "demo",
                "--fill-only",
                "--start",
                START,
                "--seed",
                &text,
                "--history",
                "1",
            ],
        );
        let city = WholeCity::build(&WholeOptions {
            seed,
            ..WholeOptions::default()
        })
        .unwrap();
        let day = city.zone().day_start(city.zone().local_day(origin) - 1);
        lists(data, &city, origin);
        transit(data, &city, seed, origin);
        crowding(data, &city, seed, origin);
        streets_and_air(data, &city, seed, origin, day);
        the_archive(data, &city, seed, day);
    }
}
