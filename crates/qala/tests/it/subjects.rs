//! Subjects that come from books and lists: their indicators over years of rows against an independent computation, against what is
//! true of the seeded city, and against what must not be told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use qala_core::parse_instant;
use qala_sim::city::{Change, Feed, Op, Pace, Request, WholeCity, WholeOptions};
use serde_json::Value;

use crate::support::{Server, ok};

const DAY: i64 = 86_400_000_000;
/// A Monday: the books end with the year.
const START: &str = "2026-01-05T00:00";
const END: &str = "2026-01-05T00:00:00+05:00";
/// What is sent, and from when; scripts/reference_subjects.py reads the same.
const BOOKS: [(&str, Pace, &[Feed]); 6] = [
    (
        "2024-01-01T00:00:00+06:00",
        Pace::History,
        &[Feed::Crashes, Feed::Offences],
    ),
    (
        "2024-12-30T00:00:00+05:00",
        Pace::History,
        &[
            Feed::Commitments,
            Feed::Contracts,
            Feed::Payments,
            Feed::Payables,
            Feed::Movements,
            Feed::Queue,
        ],
    ),
    (
        "2025-09-01T00:00:00+05:00",
        Pace::History,
        &[Feed::Requests, Feed::Changes, Feed::Lights, Feed::Footfall],
    ),
    ("2025-12-01T00:00:00+05:00", Pace::History, &[Feed::Cordon]),
    (
        "2025-12-29T00:00:00+05:00",
        Pace::History,
        &[Feed::AirHours, Feed::TrafficHours, Feed::Passengers],
    ),
    ("2025-12-29T00:00:00+05:00", Pace::Bulk, &[Feed::StopCounts]),
];
const SUBJECTS: [&str; 9] = [
    "population",
    "schools",
    "safety",
    "budget",
    "crime",
    "appeals",
    "projects",
    "organisation",
    "assets",
];
const OTHERS: [&str; 5] = [
    "air.residents_exposed",
    "traffic.delay_vehicle_hours",
    "traffic.entering_cars",
    "transit.crowded_passenger_minutes",
    "transit.daily_boardings",
];

fn at(text: &str) -> i64 {
    parse_instant(text, None).unwrap()
}

/// Values of a range by place and period.
fn compute(data: &Path, id: &str, grain: &str, from: &str, to: &str) -> BTreeMap<(String, i64), Value> {
    let values = crate::support::compute(data, id, grain, from, to);
    let list = values.as_array().unwrap().iter();
    list.map(|v| {
        let start = at(v["period_start"].as_str().unwrap());
        ((v["place"].as_str().unwrap().to_owned(), start), v.clone())
    })
    .collect()
}

/// The values of one period by place; none where there is no value.
fn of(data: &Path, id: &str, grain: &str, from: &str, to: &str) -> BTreeMap<String, Option<f64>> {
    compute(data, id, grain, from, to)
        .into_iter()
        .map(|((place, _), v)| (place, v["value"].as_f64()))
        .collect()
}

fn of_december(data: &Path, id: &str) -> f64 {
    of(data, id, "month", "2025-12-01", "2026-01-01")["city"].unwrap()
}

fn of_year(data: &Path, id: &str) -> f64 {
    of(data, id, "year", "2025-01-01", "2026-01-01")["city"].unwrap()
}

fn same(seed: u64, id: &str, found: f64, truth: f64) {
    println!("proof: seed {seed}, {id}: {found}, the truth is {truth}");
    assert!(
        (found - truth).abs() <= 1e-9 * truth.abs().max(1.0),
        "seed {seed}, {id}: {found}, the truth is {truth}"
    );
}

fn fill(data: &Path, seed: u64) -> WholeCity {
    let text = seed.to_string();
    let args = [
        "demo",
        "--fill-only",
        "--start",
        START,
        "--seed",
        &text,
        "--history",
        "none",
    ];
    ok(data, &args);
    let city = WholeCity::build(&WholeOptions {
        seed,
        ..WholeOptions::default()
    })
    .unwrap();
    let server = Server::start(data);
    for (from, pace, feeds) in BOOKS {
        for message in city.messages_of(feeds, pace, at(from), at(END)).only(Op::Upsert) {
            let path = format!("/api/ingest/{}", message.feed.id());
            let (status, body) = server.request("POST", &path, &[], &message.bytes).unwrap();
            assert_eq!(status, 200, "{path}: {body}");
        }
    }
    city
}

/// Golden files of these subjects.
fn golden_files() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../indicators/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut list: Vec<(String, PathBuf)> = files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(id, _)| {
            OTHERS.contains(&id.as_str()) || SUBJECTS.contains(&id.split('.').next().unwrap_or_default())
        })
        .collect();
    list.sort();
    list
}

/// Place, begin of the period, value, number of rows.
type Row<'a> = (&'a str, i64, Option<f64>, i64);

/// Every golden value; none where it is not told.
fn check_golden(data: &Path, city: &WholeCity) -> usize {
    let mut compared = 0;
    for (id, path) in golden_files() {
        let text = std::fs::read_to_string(path).unwrap();
        let mut by_grain: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            by_grain.entry(cells[1]).or_default().push((
                cells[0],
                at(cells[2]),
                cells[3].parse().ok(),
                cells[4].parse().unwrap(),
            ));
        }
        for (grain, rows) in by_grain {
            let first = rows.iter().map(|r| r.1).min().unwrap();
            let last = rows.iter().map(|r| r.1).max().unwrap();
            let zone = city.zone();
            let found = compute(data, &id, grain, &zone.format(first), &zone.format(last + DAY));
            for (place, start, value, count) in rows {
                let row = &found[&(place.to_owned(), start)];
                let what = format!("{id} {place} {grain} {}", zone.format(start));
                assert_eq!(row["row_count"].as_i64(), Some(count), "{what}");
                match (value, row["value"].as_f64()) {
                    (Some(a), Some(b)) => {
                        assert!(
                            (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                            "{what}: {b}, expected {a}"
                        );
                    }
                    (a, b) => assert_eq!(a, b, "{what}"),
                }
                compared += 1;
            }
        }
    }
    compared
}

fn list(city: &WholeCity, feed: Feed) -> Vec<HashMap<String, String>> {
    let files = city.lists(at(END)).unwrap();
    let file = files.iter().find(|f| f.feed == feed.id()).unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let mut lines = text.lines().map(|l| l.split(',').map(ToOwned::to_owned));
    let names: Vec<String> = lines.next().unwrap().collect();
    lines
        .map(|cells| names.iter().cloned().zip(cells).collect())
        .collect()
}

fn crashes_and_offences(data: &Path, city: &WholeCity, seed: u64) {
    let truth = city.truth();
    let (from, to) = (at("2025-01-01T00:00:00+05:00"), at("2026-01-01T00:00:00+05:00"));
    let hurt: i64 = truth.crashes(from, to).iter().map(|c| c.killed + c.serious).sum();
    same(
        seed,
        "safety.killed_seriously_injured",
        of_year(data, "safety.killed_seriously_injured"),
        hurt as f64,
    );
    let offences = truth.offences(at(BOOKS[0].0), at(END));
    let counted = |from: i64, to: i64, kinds: &[&str]| {
        let of = offences
            .iter()
            .filter(|o| !o.by_police && o.t >= from && o.t < to && kinds.contains(&o.kind));
        of.count() as f64
    };
    let before = at("2024-01-01T00:00:00+06:00");
    for (id, kinds) in [
        (
            "crime.thefts_against_usual",
            ["theft", "theft_from_vehicle", "vehicle_theft", "burglary"].as_slice(),
        ),
        (
            "crime.violence_against_usual",
            &["assault", "robbery", "hooliganism"],
        ),
    ] {
        same(
            seed,
            id,
            of_year(data, id),
            counted(from, to, kinds) / counted(before, from, kinds),
        );
    }
}

fn budget(data: &Path, city: &WholeCity, seed: u64) {
    let day = city.zone().local_day(at("2025-12-31T12:00:00+05:00"));
    let lines = city.truth().budget(day);
    let home: HashMap<String, String> = list(city, Feed::BudgetCodes)
        .into_iter()
        .map(|row| (row["code"].clone(), row["place_id"].clone()))
        .collect();
    for (id, part) in [
        (
            "budget.execution",
            (|l| l.paid) as fn(&qala_sim::city::LineTruth) -> i64,
        ),
        ("budget.commitments", |l| l.committed),
    ] {
        let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for line in &lines {
            for place in ["city", &home[&line.code]] {
                let sum = sums.entry(place.to_owned()).or_default();
                *sum = (sum.0 + part(line), sum.1 + line.plan);
            }
        }
        sums.remove("");
        let found = of(data, id, "year", "2025-01-01", "2026-01-01");
        assert_eq!(found.len(), sums.len(), "{id}: {found:?}");
        for (place, (part, plan)) in &sums {
            same(
                seed,
                &format!("{id} {place}"),
                found[place].unwrap(),
                *part as f64 / *plan as f64,
            );
        }
    }
}

/// Says whether a request is open at an instant, and since when.
fn is_open(request: &Request, instant: i64) -> bool {
    if request.opened >= instant || request.topic == "question" {
        return false;
    }
    let states = request.changes.iter().filter(|c| c.1 != Change::Redirected);
    let last = states.take_while(|c| c.0 < instant).last();
    last.is_none_or(|c| c.1 == Change::Reopened)
}

fn appeals(data: &Path, city: &WholeCity, seed: u64) {
    let end = at("2026-01-01T00:00:00+05:00");
    let requests = city.truth().requests(at(BOOKS[2].0), end);
    let open: Vec<&Request> = requests.iter().filter(|r| is_open(r, end)).collect();
    same(
        seed,
        "appeals.open",
        of_december(data, "appeals.open"),
        open.len() as f64,
    );
    let overdue = open.iter().filter(|r| r.due < end).count();
    same(
        seed,
        "appeals.overdue",
        of_december(data, "appeals.overdue"),
        overdue as f64,
    );
    // Some requests come from near another by chance, and a failure makes many at once; every planted repeat is one.
    let asked = requests
        .iter()
        .filter(|r| r.opened >= at("2025-12-01T00:00:00+05:00") && r.place.is_some());
    let (again, all) = asked.fold((0.0, 0.0), |(again, all), r| {
        (again + f64::from(u8::from(r.repeats.is_some())), all + 1.0)
    });
    let found = of_december(data, "appeals.repeated_share");
    let truth = again / all;
    println!("proof: seed {seed}, appeals.repeated_share: {found:.4}, planted {truth:.4}");
    assert!(found >= truth && found < truth + 0.1, "{found} {truth}");
}

fn projects(data: &Path, city: &WholeCity, seed: u64) {
    let truth = city.truth();
    let begun: HashMap<String, i64> = list(city, Feed::Projects)
        .into_iter()
        .map(|row| {
            let number = |range: std::ops::Range<usize>| row["start_on"][range].parse::<i64>().unwrap();
            (row["project_id"].clone(), 12 * number(0..4) + number(5..7) - 1)
        })
        .collect();
    // Whole months from the start to the end of December 2025.
    let months = |id: &str| 12 * 2026 - begun[id];
    let under_way: Vec<_> = truth
        .projects()
        .into_iter()
        .filter(|p| months(&p.id) >= 1 && (months(&p.id) as f64) < p.true_months)
        .collect();
    let over = under_way.iter().filter(|p| p.is_over).count();
    same(
        seed,
        "projects.over_cost",
        of_december(data, "projects.over_cost"),
        over as f64,
    );
    let day = city.zone().local_day(at("2025-12-31T12:00:00+05:00"));
    let blocked = truth.blocked_projects(day);
    let blocked = under_way.iter().filter(|p| blocked.contains(&p.id)).count();
    same(
        seed,
        "projects.blocked",
        of_december(data, "projects.blocked"),
        blocked as f64,
    );
    // A late project shows it in its promises only with time.
    let late: usize = under_way.iter().filter(|p| p.is_late).count();
    let found = of_december(data, "projects.late");
    println!("proof: seed {seed}, projects.late: {found}, {late} will be late in the end");
    assert!(
        found > 0.0 && found <= under_way.len() as f64,
        "{found} of {}",
        under_way.len()
    );
}

fn administration_and_assets(data: &Path, city: &WholeCity, seed: u64) {
    let truth = city.truth();
    let nobody = truth
        .organisation_faults()
        .into_iter()
        .filter(|f| ["orphan_function", "unknown_owner", "ended_owner"].contains(&f.rule))
        .count();
    let id = "organisation.functions_without_owner";
    same(seed, id, of_december(data, id), nobody as f64);
    // The list is of the day on which the city began to send, in a month that still runs.
    let assets = truth.assets(city.zone().local_day(at(END)));
    let running = |id: &str| of(data, id, "month", "2026-01-01", "2026-02-01")["city"].unwrap();
    same(
        seed,
        "assets.inspections_overdue",
        running("assets.inspections_overdue"),
        assets.overdue as f64,
    );
    same(
        seed,
        "assets.renewal_due",
        running("assets.renewal_due"),
        assets.renewal_due as f64,
    );
    let end = at("2026-01-01T00:00:00+05:00");
    let dark: BTreeSet<String> = truth
        .lights_out(end, end + 1)
        .into_iter()
        .filter(|l| l.from < end && l.to >= end)
        .map(|l| l.asset_id)
        .collect();
    // A light that goes out again before it is mended is told to be lit once: the newest report holds.
    let found = of_december(data, "assets.lights_out");
    println!(
        "proof: seed {seed}, assets.lights_out: {found}, the truth is {}",
        dark.len()
    );
    assert!(found <= dark.len() as f64 && found >= 0.9 * dark.len() as f64);
    let first = city.zone().local_day(at("2025-12-01T12:00:00+05:00"));
    let visitors: i64 = (0..)
        .map_while(|space| {
            truth.visitors(space, first)?;
            Some(
                (first..first + 31)
                    .map(|day| truth.visitors(space, day).unwrap())
                    .sum::<i64>(),
            )
        })
        .sum();
    same(
        seed,
        "assets.public_space_footfall",
        of_december(data, "assets.public_space_footfall"),
        visitors as f64 / 31.0,
    );
}

/// Cars that entered in December, city and districts.
fn cordon(data: &Path, city: &WholeCity, seed: u64) {
    let (from, to) = (at("2025-12-01T00:00:00+05:00"), at("2026-01-01T00:00:00+05:00"));
    let mut cars: BTreeMap<&str, i64> = BTreeMap::new();
    for hour in city.truth().gate_hours(from, to).iter().filter(|h| h.is_in) {
        for place in ["city", hour.place_id] {
            *cars.entry(place).or_default() += hour.vehicles;
        }
    }
    let id = "traffic.entering_cars";
    let found = of(data, id, "month", "2025-12-01", "2026-01-01");
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        cars.keys().collect::<Vec<_>>(),
        "{id}"
    );
    for (place, cars) in cars {
        same(
            seed,
            &format!("{id} {place}"),
            found[place].unwrap(),
            cars as f64 / 31.0,
        );
    }
    // Of November only its last day has come.
    let november = compute(data, id, "month", "2025-11-01", "2025-12-01");
    assert!(
        november
            .values()
            .all(|v| v["value"].is_null() && v["reason"] == "low_coverage"),
        "{november:?}"
    );
}

/// Few people in a district are not told, nor is the district from which they could be worked out.
fn small_cells(data: &Path) {
    let mut crashes = String::from("crash_id,t,killed,injured,seriously_injured,place_id\n");
    let mut offences = String::from("offence_id,t,kind,reported_by,place_id,lon,lat\n");
    for (place, count) in [("almaly", 3), ("medeu", 6), ("auezov", 9), ("alatau", 12)] {
        for n in 0..count {
            let t = "2019-01-02T10:00:00+05:00";
            writeln!(crashes, "{place}{n},{t},0,1,1,{place}").unwrap();
            writeln!(offences, "{place}{n},{t},theft,resident,{place},76.9,43.25").unwrap();
        }
    }
    for (name, dataset, text) in [
        ("few-crashes", "safety_crashes", crashes),
        ("few-offences", "crime_offences", offences),
    ] {
        let path = data.join(format!("{name}.csv"));
        std::fs::write(&path, text).unwrap();
        let file = path.to_str().unwrap();
        ok(data, &["import", "table", file, "--dataset", dataset]);
    }
    let id = "safety.killed_seriously_injured";
    let found = of(data, id, "year", "2019-01-01", "2020-01-01");
    let expected = [
        ("city", Some(30.0)),
        ("almaly", None),
        ("medeu", None),
        ("auezov", Some(9.0)),
        ("alatau", Some(12.0)),
        ("turksib", Some(0.0)),
    ];
    for (place, value) in expected {
        assert_eq!(found[place], value, "{id} {place}: {found:?}");
    }
    let all = compute(data, id, "year", "2019-01-01", "2020-01-01");
    let is_said = |v: &Value| !v["value"].is_null() || v["reason"] == "suppressed";
    assert!(all.values().all(is_said), "{all:?}");
    // Shorter periods are the city's only: the hidden ones would be their difference.
    assert_eq!(of(data, id, "month", "2019-01-01", "2019-02-01").len(), 1);
    let found = of(data, "crime.repeat_share", "month", "2019-01-01", "2019-02-01");
    assert_eq!((found["almaly"], found["medeu"]), (None, None), "{found:?}");
    assert!(found["auezov"].is_some() && found["city"].is_some(), "{found:?}");
}

#[test]
fn indicators_of_the_books_are_the_golden_values_and_the_truth() {
    of_seeds(&[1]);
}

#[test]
#[ignore = "minutes: a seed that was not used while the indicators were written"]
fn indicators_of_the_books_are_the_truth_of_another_seed() {
    of_seeds(&[43]);
}

fn of_seeds(seeds: &[u64]) {
    for seed in seeds.iter().copied() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let city = fill(data, seed);
        if seed == 1 {
            let compared = check_golden(data, &city);
            println!("proof: {compared} golden values of the books are met");
            assert!(compared > 1000, "only {compared} golden values were compared");
        }
        crashes_and_offences(data, &city, seed);
        budget(data, &city, seed);
        appeals(data, &city, seed);
        projects(data, &city, seed);
        administration_and_assets(data, &city, seed);
        cordon(data, &city, seed);
        small_cells(data);
    }
}
