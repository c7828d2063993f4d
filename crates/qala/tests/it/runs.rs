//! Scheduled runs of models: their answers as rows of the lake, what is planted in the seeded city, what is kept of a run, and
//! what those see who may not see single records.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use qala_app::lake::Clock;
use qala_app::models::run::{Content, Input, Table};
use qala_app::{
    AppError, Centre, CentreOptions, Payload, Progress, Range, Reader, RunSchedule, RunState, SqlAnswer,
    models, table_of,
};
use qala_core::spec::RunPeriod;
use qala_core::{Grain, parse_instant};
use qala_sim::city::{Feed, Op, Pace, WholeCity, WholeOptions};
use serde_json::{Map, Value};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// A Thursday morning; the runs were made on other seeds.
const NOW: &str = "2026-01-15T08:00:00+05:00";
const SEED: u64 = 71;

type Row = Map<String, Value>;

#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}

fn now() -> i64 {
    parse_instant(NOW, None).unwrap()
}

async fn open(data: &Path) -> (Centre, Arc<Hands>) {
    let hands = Arc::new(Hands(AtomicI64::new(now())));
    let options = CentreOptions {
        clock: hands.clone(),
        ..CentreOptions::new(data)
    };
    (Centre::open(options).await.unwrap(), hands)
}

async fn send(centre: &Centre, city: &WholeCity, feeds: &[Feed], pace: Pace, from: i64, to: i64) {
    for message in city.messages_of(feeds, pace, from, to).only(Op::Upsert) {
        let spec = centre.feed(message.feed.id()).unwrap();
        let payload = Payload::Bytes(message.name.clone(), Arc::new(message.bytes));
        let import = centre.feed_import(spec, payload);
        let outcome = centre
            .import(import, Arc::new(Progress::default()))
            .await
            .unwrap();
        // Detectors have their planted faults.
        if message.feed != Feed::Traffic {
            assert_eq!(
                outcome.total.quarantined, 0,
                "{}: {:?}",
                message.name, outcome.problems
            );
        }
    }
}

fn city() -> WholeCity {
    WholeCity::build(&WholeOptions {
        seed: SEED,
        ..WholeOptions::default()
    })
    .unwrap()
}

fn word<'a>(row: &'a Row, name: &str) -> &'a str {
    row[name].as_str().unwrap()
}

fn at(row: &Row) -> (f64, f64) {
    (row["lon"].as_f64().unwrap(), row["lat"].as_f64().unwrap())
}

fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (x, y) = ((a.0 - b.0) * 81_260.0, (a.1 - b.1) * 111_195.0);
    x.hypot(y)
}

/// Verdicts of the model of a run on an input of its own.
fn classes(centre: &Centre, table: Table, seed: u64) -> Vec<String> {
    let spec = centre.run_spec("crime.clusters").unwrap();
    let settings: Vec<(String, String)> = spec.settings.clone().into_iter().collect();
    let input = Input {
        name: "areas".into(),
        content: Content::Table(table),
    };
    let tables = models::model("spatial.gi")
        .unwrap()
        .run(vec![input], &settings, seed)
        .unwrap();
    tables[0].texts("class").unwrap()
}

/// The input of the clusters as the model takes it.
async fn areas(centre: &Centre, period: RunPeriod) -> (Vec<String>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let spec = centre.run_spec("crime.clusters").unwrap();
    let sql = spec.query("areas", period, &centre.zone).unwrap();
    let query = qala_app::lake::Query::system(sql);
    let (batches, _) = qala_app::lake::collect(&*centre.engine, &query).await.unwrap();
    let table = table_of("areas", &batches, &centre.zone);
    let floats = |name: &str| table.floats(name).unwrap();
    (
        table.ids("area").unwrap(),
        floats("value"),
        floats("x_m"),
        floats("y_m"),
    )
}

/// The clusters of a run are the groups of its hot cells, counted by hand, in the city and in each district.
async fn clusters_open(centre: &Centre, cells: &[Row], period_end: i64) {
    let mut left: Vec<&Row> = cells.iter().filter(|row| row["class"] == "hot").collect();
    let mut wanted: BTreeMap<String, f64> = BTreeMap::new();
    while let Some(first) = left.pop() {
        let (mut open, mut heart) = (vec![first], first);
        while let Some(row) = open.pop() {
            if row["z"].as_f64() > heart["z"].as_f64() {
                heart = row;
            }
            // As the run's setting: middles of neighbouring cells are at most 175 m apart, those of the next ring 200 m and more.
            let (near, far): (Vec<&Row>, Vec<&Row>) = left
                .iter()
                .copied()
                .partition(|other| metres(at(row), at(other)) <= 185.0);
            open.extend(near);
            left = far;
        }
        for place in ["city", word(heart, "place_id")] {
            *wanted.entry(place.to_owned()).or_default() += 1.0;
        }
    }
    let spec = centre.indicator("crime.clusters_open").unwrap();
    let range = |from: i64, to: i64| Range {
        from,
        to,
        grain: Grain::Day,
    };
    let (values, _) = centre
        .run_indicator(spec, range(period_end, period_end + DAY))
        .await
        .unwrap();
    // A district without a cluster has none, and is told.
    assert_eq!(values.len(), 9, "{values:?}");
    for value in &values {
        let n = wanted.get(&value.place).copied().unwrap_or(0.0);
        assert_eq!((value.value, value.simulated), (Some(n), true), "{value:?}");
    }
    println!(
        "proof: seed {SEED}: {} clusters are open, by districts {wanted:?}",
        wanted["city"]
    );
    // A day whose run did not come has no value.
    let (none, _) = centre
        .run_indicator(spec, range(period_end - DAY, period_end))
        .await
        .unwrap();
    assert!(
        none.iter()
            .all(|v| v.value.is_none() && v.reason.as_deref() == Some("no_run")),
        "{none:?}"
    );
    // A run that is made again counts once.
    centre.run_now("crime.clusters", now()).await.unwrap();
    let (again, changed) = centre
        .run_indicator(spec, range(period_end, period_end + DAY))
        .await
        .unwrap();
    assert_eq!((again.len(), changed), (9, 0));
}

/// What somebody without an account sees.
async fn seen_by_anybody(centre: &Centre, sql: &str) -> Result<SqlAnswer, AppError> {
    centre.question(sql, None, Some(10_000), &Reader::public()).await
}

#[test]
fn planted_clusters_are_found_and_little_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let (centre, _) = open(dir.path()).await;
        let city = city();
        let zone = city.zone().clone();
        let today = zone.local_day(now());
        let begin = zone.day_start(today - 460);
        send(&centre, &city, &[Feed::Offences], Pace::History, begin, zone.day_start(today) + HOUR).await;
        let note = centre.run_now("crime.clusters", now()).await.unwrap();
        assert_eq!((note.state, note.simulated), (RunState::Done, true), "{note:?}");
        let rows = centre.rows("SELECT * FROM crime_clusters").await.unwrap();
        let groups = centre.rows("SELECT * FROM crime_cluster_groups").await.unwrap();
        assert!(!groups.is_empty());
        assert_eq!((rows.len() + groups.len()) as i64, note.rows);
        let hot: Vec<&Row> = rows.iter().filter(|row| row["class"] == "hot").collect();
        // Those of which much lies in the 90 days.
        let truth = city.truth();
        let standing = truth.clusters(today - 90, today - 1);
        let planted = |c: &qala_sim::city::Cluster| c.a_day * f64::from(c.last.min(today - 1) - c.first.max(today - 90) + 1);
        let large: Vec<_> = standing.iter().filter(|c| planted(c) >= 30.0).collect();
        assert!(!large.is_empty(), "{standing:?}");
        for cluster in &large {
            let near = hot.iter().filter(|row| metres(at(row), (cluster.lon, cluster.lat)) < cluster.radius_m + 200.0);
            let near = near.count();
            println!("proof: {} with {:.0} offences: {near} cells", cluster.id, planted(cluster));
            assert!(near >= 2, "{cluster:?}");
        }
        // A cell is hot by its neighbours too: a ring around those that a cluster touches.
        let is_false = |row: &&&Row| standing.iter().all(|c| metres(at(row), (c.lon, c.lat)) > c.radius_m + 600.0);
        let wrong = hot.iter().filter(is_false).count();
        println!("proof: seed {SEED}: {} cells, {} hot, {wrong} of them far from every planted cluster", rows.len(), hot.len());
        assert!(wrong <= 1 + hot.len() / 10, "{wrong} of {}", hot.len());

        // Values dealt out anew among the cells have no clusters: one table in twenty may have a finding.
        let spec = centre.run_spec("crime.clusters").unwrap();
        let (ids, values, x, y) = areas(&centre, spec.period(now(), &centre.zone)).await;
        let mut random = models::random::Random::new(5);
        let mut with_finding = 0;
        for seed in 0..12 {
            let mut dealt = values.clone();
            random.shuffle(&mut dealt);
            let table = Table::new("areas")
                .texts_of("area", &ids)
                .floats_of("value", dealt)
                .floats_of("x_m", x.clone())
                .floats_of("y_m", y.clone());
            with_finding += u32::from(classes(&centre, table, seed).iter().any(|class| class != "none" && !class.is_empty()));
        }
        println!("proof: seed {SEED}: {with_finding} of 12 tables without clusters have a finding");
        // More than three of twelve come by chance once in 400 times.
        assert!(with_finding <= 3, "{with_finding}");

        // The message of a row says by what.
        let message = centre
            .rows("SELECT DISTINCT m.feed, m.kind, m.context FROM lake_messages AS m JOIN crime_clusters AS c ON c._source = m.id")
            .await
            .unwrap();
        assert_eq!(message.len(), 1);
        let context: Value = serde_json::from_str(word(&message[0], "context")).unwrap();
        assert_eq!((word(&message[0], "kind"), word(&message[0], "feed")), ("model", "run.crime.clusters"));
        assert_eq!((&context["seed"], &context["seq"]), (&Value::from(9001), &Value::from(note.seq)));
        assert_eq!(context["model_hash"], note.model_hash.as_str());
        assert!(context["settings"].as_str().unwrap().contains("permutations"));

        // Whoever may not see records sees no counts and no cell of few.
        for column in ["n", "expected", "z", "p", "q"] {
            assert!(seen_by_anybody(&centre, &format!("SELECT {column} FROM crime_clusters")).await.is_err());
        }
        let told = seen_by_anybody(&centre, "SELECT cell FROM crime_clusters").await.unwrap();
        let told: BTreeSet<String> = told.rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect();
        let many = rows.iter().filter(|row| row["n"].as_i64().unwrap() >= 5);
        assert_eq!(told, many.map(|row| word(row, "cell").to_owned()).collect());
        assert!(told.len() < rows.len());
        clusters_open(&centre, &rows, note.period_end).await;
        centre.close().await.unwrap();
    });
}

#[test]
fn loads_are_those_of_the_city_and_speeds_are_held_against_four_weeks() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let (centre, hands) = open(dir.path()).await;
        let city = city();
        let zone = city.zone().clone();
        let today = zone.local_day(now());
        let day = |n: i32| zone.day_start(today + n);
        send(&centre, &city, &[Feed::StopCounts], Pace::Bulk, day(-3), day(0) + 5 * HOUR).await;
        let note = centre.run_now("transit.load_profiles", now()).await.unwrap();
        assert_eq!((note.state, note.simulated), (RunState::Done, true), "{note:?}");
        let rows = centre.rows("SELECT * FROM transit_load_profiles").await.unwrap();
        let key = |route: &str, direction: u64, band: &str, seq: u64| format!("{route} {direction} {band} {seq}");
        let found: BTreeMap<String, &Row> = rows
            .iter()
            .map(|row| {
                let number = |name: &str| row[name].as_u64().unwrap();
                (key(word(row, "route_id"), number("direction_id"), word(row, "band"), number("seq")), row)
            })
            .collect();
        let truth = city.truth();
        let mut stops = 0;
        for route in truth.route_ids() {
            for count in truth.stop_counts(route, today - 1) {
                let row = found[&key(route, count.direction as u64, count.band, count.seq as u64)];
                assert_eq!(row["load"].as_f64(), Some(count.load as f64), "{row:?}");
                assert_eq!(row["trips"].as_i64(), Some(count.trips));
                stops += 1;
            }
        }
        println!("proof: seed {SEED}: the load at {stops} stops is that of the city");
        assert_eq!(stops, rows.len());

        // The hours of four weeks and the minutes of this morning.
        send(&centre, &city, &[Feed::TrafficHours], Pace::History, day(-29), day(-7) + 2 * HOUR).await;
        let live = |from: i64, to: i64| send(&centre, &city, &[Feed::Traffic], Pace::Bulk, from, to);
        live(now() - 7 * DAY - 2 * HOUR, now() - 7 * DAY + HOUR).await;
        live(now() - 2 * HOUR, now() + HOUR).await;
        let mut schedule = RunSchedule::default();
        // What has come by now: nothing of the last quarter of an hour is missing.
        schedule.turn(&centre).await;
        let notes = centre.run_notes().await.unwrap();
        assert_eq!(notes["traffic.against_usual"].state, RunState::Done, "{notes:?}");
        let speeds = centre.rows("SELECT * FROM traffic_against_usual").await.unwrap();
        let judged: Vec<&Row> = speeds.iter().filter(|row| row["ratio"].is_number()).collect();
        assert!(judged.len() * 10 > speeds.len() * 8, "{} of {}", judged.len(), speeds.len());
        // By hand, for each detector.
        let window = |column: &str, back: i64, minutes: i64| {
            let end = now() - back * 7 * DAY;
            let text = |t: i64| format!("to_timestamp('{}')", qala_core::Zone::utc().format(t));
            format!("{column} >= {} AND {column} < {}", text(end - minutes * 60_000_000), text(end))
        };
        let mut before: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for back in 1..=4 {
            let measured = format!(
                "SELECT detector_id, avg(value) AS v FROM traffic_readings WHERE quantity = 'speed' AND value > 0 AND {} GROUP BY 1",
                window("t", back, 15)
            );
            let archived = format!(
                "SELECT detector_id, avg(speed_kmh) AS v FROM traffic_hourly_counts WHERE speed_kmh > 0 AND {} GROUP BY 1",
                window("t", back, 60)
            );
            let mut week: BTreeMap<String, f64> = BTreeMap::new();
            for sql in [archived, measured] {
                for row in centre.rows(&sql).await.unwrap() {
                    week.insert(word(&row, "detector_id").to_owned(), row["v"].as_f64().unwrap());
                }
            }
            for (id, speed) in week {
                before.entry(id).or_default().push(speed);
            }
        }
        for row in &judged {
            let mut weeks = before[word(row, "detector_id")].clone();
            weeks.sort_by(f64::total_cmp);
            assert_eq!(row["n"].as_u64(), Some(weeks.len() as u64));
            let middle = weeks.len() / 2;
            let usual = if weeks.len() % 2 == 1 {
                weeks[middle]
            } else {
                f64::midpoint(weeks[middle - 1], weeks[middle])
            };
            let ratio = row["speed"].as_f64().unwrap() / usual;
            assert!((row["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9, "{row:?} {weeks:?}");
        }
        println!("proof: seed {SEED}: {} detectors held against usual", judged.len());

        // Done is done until the next period.
        let sets = "SELECT count(*) AS n FROM lake_messages WHERE kind = 'model'";
        let messages = centre.rows(sets).await.unwrap()[0]["n"].clone();
        schedule.turn(&centre).await;
        RunSchedule::default().turn(&centre).await;
        assert_eq!(centre.rows(sets).await.unwrap()[0]["n"], messages);
        hands.0.fetch_add(15 * 60_000_000, Ordering::AcqRel);
        schedule.turn(&centre).await;
        assert_ne!(centre.rows(sets).await.unwrap()[0]["n"], messages);
        centre.close().await.unwrap();
    });
}

#[test]
fn a_run_that_fails_is_said_kept_and_tried_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let (mut centre, hands) = open(dir.path()).await;
        let city = city();
        let today = city.zone().local_day(now());
        let begin = city.zone().day_start(today - 3);
        send(
            &centre,
            &city,
            &[Feed::StopCounts],
            Pace::Bulk,
            begin,
            city.zone().day_start(today) + 5 * HOUR,
        )
        .await;
        centre
            .runs
            .retain(|run| run.id.as_str() == "transit.load_profiles");
        centre.runs[0].most_rows = Some(10);
        let note = |notes: &std::collections::HashMap<String, qala_app::RunNote>| {
            notes["transit.load_profiles"].clone()
        };
        let mut schedule = RunSchedule::default();
        schedule.turn(&centre).await;
        let first = note(&centre.run_notes().await.unwrap());
        assert_eq!((first.state, first.tries), (RunState::Failed, 1));
        assert!(
            first
                .message
                .as_ref()
                .unwrap()
                .contains("the input `counts` has more than 10 rows"),
            "{first:?}"
        );
        // Not at once, and not by another that has just begun.
        schedule.turn(&centre).await;
        RunSchedule::default().turn(&centre).await;
        assert_eq!(note(&centre.run_notes().await.unwrap()).tries, 1);
        hands.0.fetch_add(6 * 60_000_000, Ordering::AcqRel);
        schedule.turn(&centre).await;
        assert_eq!(note(&centre.run_notes().await.unwrap()).tries, 2);
        // Mended: another definition is another run.
        centre.runs[0].most_rows = None;
        hands.0.fetch_add(11 * 60_000_000, Ordering::AcqRel);
        schedule.turn(&centre).await;
        let mended = note(&centre.run_notes().await.unwrap());
        assert_eq!((mended.state, mended.tries), (RunState::Done, 1), "{mended:?}");
        assert!(mended.rows > 1_000);
        // Without rows there is nothing to compute from, which is said too.
        centre.runs = qala_app::Content::runs().unwrap();
        let empty = centre.run_now("crime.clusters", now()).await.unwrap();
        assert_eq!(empty.state, RunState::NoRows);
        assert_eq!(empty.message.as_deref(), Some("the input `areas` has no rows"));
        let error = centre
            .run_now("crime.cluster", now())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `crime.clusters`"), "{error}");
        centre.close().await.unwrap();
    });
}

#[test]
fn every_run_fits_its_model_and_its_datasets() {
    let datasets = qala_app::Content::datasets().unwrap();
    let known: Vec<_> = datasets.iter().collect();
    let runs = qala_app::Content::runs().unwrap();
    assert!(runs.len() >= 3);
    for run in &runs {
        assert_eq!(qala_app::run_faults(run, &known), [""; 0]);
    }
    let mut wrong = runs[0].clone();
    let output = wrong.outputs.values_mut().next().unwrap();
    output.columns.insert("clas".into(), "z".into());
    wrong.settings.insert("permutation".into(), "9".into());
    let faults = qala_app::run_faults(&wrong, &known).join("\n");
    for words in ["did you mean `class`", "did you mean `permutations`"] {
        assert!(faults.contains(words), "{faults}");
    }
}
