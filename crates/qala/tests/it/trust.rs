//! Feed trust: planted faults of the seeded city are found, and a day is judged by the whole program.

mod planted;

use std::collections::BTreeMap;

use qala_models::feed_trust::{Kind, Score, judge, score};
use qala_sim::city::{FaultOptions, Feed};

use crate::support::{json, ok};

/// Seeds that were not used when the thresholds were chosen (those were 1 to 20, and 45 to 50 for December), nor when a miss was
/// looked into (101 to 103); fixed before the first look at them.
const SEEDS: [u64; 3] = [201, 202, 203];
/// A seed on which thresholds were chosen: what is found there must not be lost, and says nothing of how good it is elsewhere.
const KNOWN: u64 = 1;

type Scores = BTreeMap<(Feed, Kind), Score>;

/// What is found of planted faults in one feed of one seed, and how many findings there are in clean data by kind.
fn evaluate(
    feed: Feed,
    seed: u64,
    scores: &mut Scores,
    alarms: &mut BTreeMap<(Feed, &'static str), Vec<usize>>,
) {
    let plain = planted::city(seed, planted::records_only());
    let from = planted::begin(&plain, seed);
    let usual = planted::usual(&plain, feed, from);
    for (name, faults) in [
        ("no fault at all", FaultOptions::none()),
        (
            "single records late, missing, double, wrong",
            planted::records_only(),
        ),
    ] {
        let city = planted::city(seed, faults);
        let window = planted::window(&city, feed, from, &usual);
        let (findings, truth) = (judge(&window), planted::truth(&city, feed, &window));
        let wrong = Kind::ALL
            .into_iter()
            .map(|kind| score(kind, &findings, &truth).wrong)
            .sum();
        alarms.entry((feed, name)).or_default().push(wrong);
    }
    for round in 0..planted::rounds(feed) {
        let mut faults = planted::records_only();
        faults.planned = planted::plan(&plain, feed, seed, round, from);
        let city = planted::city(seed, faults);
        let window = planted::window(&city, feed, from, &usual);
        let (findings, truth) = (judge(&window), planted::truth(&city, feed, &window));
        for kind in Kind::ALL {
            let sum = scores.entry((feed, kind)).or_default();
            *sum = sum.plus(score(kind, &findings, &truth));
        }
    }
}

/// Sums of all feeds by kind.
fn by_kind(scores: &Scores) -> BTreeMap<Kind, Score> {
    let mut sums: BTreeMap<Kind, Score> = BTreeMap::new();
    for ((_, kind), score) in scores {
        let sum = sums.entry(*kind).or_default();
        *sum = sum.plus(*score);
    }
    sums
}

fn check(scores: &BTreeMap<Kind, Score>) {
    for (kind, score) in scores {
        assert!(score.planted >= 5, "{kind:?} {score:?}");
        let (recall, precision) = (score.recall().unwrap(), score.precision().unwrap());
        assert!(recall >= 0.9 && precision >= 0.9, "{kind:?} {score:?}");
    }
}

#[test]
fn planted_faults_of_the_city_are_found() {
    let (mut scores, mut alarms) = (Scores::new(), BTreeMap::new());
    for feed in [Feed::Posts, Feed::Sensors] {
        evaluate(feed, KNOWN, &mut scores, &mut alarms);
    }
    check(&by_kind(&scores));
}

/// All feeds of readings, three seeds: the figures of the model card.
#[test]
#[ignore = "minutes: all feeds of readings on three seeds"]
fn feed_trust_on_three_seeds() {
    let (mut scores, mut alarms) = (Scores::new(), BTreeMap::new());
    for seed in SEEDS {
        for feed in planted::FEEDS {
            evaluate(feed, seed, &mut scores, &mut alarms);
        }
    }
    let line = |name: &str, kind: Kind, s: &Score| {
        println!(
            "proof: {name}, {}: {} of {} planted found (recall {:.3}); {} of {} findings right (precision {:.3})",
            kind.as_str(),
            s.found,
            s.planted,
            s.recall().unwrap_or(f64::NAN),
            s.right,
            s.right + s.wrong,
            s.precision().unwrap_or(f64::NAN)
        );
    };
    println!("proof: seeds {SEEDS:?}");
    let sums = by_kind(&scores);
    for (kind, score) in &sums {
        line("all feeds", *kind, score);
    }
    for ((feed, kind), score) in &scores {
        line(feed.id(), *kind, score);
    }
    for ((feed, name), counts) in &alarms {
        // Each window is of two days.
        let a_day = counts.iter().sum::<usize>() as f64 / counts.len() as f64 / 2.0;
        println!("proof: {}, {name}: {a_day:.2} false alarms a day", feed.id());
    }
    check(&sums);
}

#[test]
fn a_day_is_judged_by_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (data, messages) = (dir.path().join("data"), dir.path().join("messages"));
    std::fs::create_dir(&messages).unwrap();
    let plain = planted::city(3, planted::records_only());
    let from = planted::begin(&plain, 3);
    let mut faults = planted::records_only();
    faults.planned = planted::plan(&plain, Feed::Posts, 3, 0, from);
    assert_eq!(faults.planned.len(), 2);
    let city = planted::city(3, faults);
    for message in planted::messages(&city, Feed::Posts, from) {
        std::fs::write(messages.join(&message.name), &message.bytes).unwrap();
    }
    let feed = Feed::Posts.id();
    ok(
        &data,
        &[
            "import",
            "json",
            messages.to_str().unwrap(),
            "--dataset",
            "air_readings",
            "--feed",
            feed,
        ],
    );
    let day = &city.zone().format(from + 24 * qala_models::feed_trust::HOUR)[..10];
    let judge = || {
        json(
            &data,
            &["feed", "trust", "--feed", feed, "--day", day, "--format", "json"],
        )
    };
    let trust = judge();
    let value = |measure: &str, fault: &str| {
        let rows = trust["measures"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|r| r["measure"] == measure && r["fault"] == fault)
            .unwrap();
        row["value"].as_f64().unwrap_or(f64::NAN)
    };
    assert!(value("completeness", "all") > 0.9 && value("completeness", "all") < 1.0);
    assert!(value("plausibility", "all") > 0.99);
    // A clock is judged by when its messages came, and these all came at once: its fault cannot be seen.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::ClockShift) {
        let (recall, planted) = (value("recall", kind.as_str()), kind.as_str());
        // On a small day a kind may have been planted nowhere: then nothing is said of it.
        assert!(recall.is_nan() || recall >= 0.5, "{planted}: {recall}");
    }
    for fault in planted::plan(&plain, Feed::Posts, 3, 0, from) {
        let found = trust["faults"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["device"] == fault.device.as_str());
        let stands = fault.to > from + 24 * qala_models::feed_trust::HOUR;
        assert!(found || !stands, "{fault:?} in {}", trust["faults"]);
    }
    // What is kept is what was said; judged again it is the same.
    let kept = |table: &str| {
        let rows = json(
            &data,
            &[
                "sql",
                &format!("SELECT count(*) AS n FROM {table}"),
                "--format",
                "json",
            ],
        );
        rows[0]["n"].as_u64().unwrap() as usize
    };
    let counts = (
        trust["measures"].as_array().unwrap().len(),
        trust["faults"].as_array().unwrap().len(),
    );
    assert_eq!((kept("feeds_trust"), kept("feeds_faults")), counts);
    let again = judge();
    assert_eq!(again["faults"].as_array().unwrap().len(), counts.1);
    assert_eq!((kept("feeds_trust"), kept("feeds_faults")), counts);
    assert!(
        crate::support::qala(&data, &["feed", "trust", "--feed", "nobody"])
            .status
            .code()
            == Some(2)
    );
}
