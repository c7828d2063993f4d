//! How well feed trust finds planted faults of the seeded city: the evaluation alone, without the program around it.
//!
//! `QALA_SEEDS=1,2 cargo test -p qala-models --test trust -- --ignored --nocapture` prints the figures of these seeds, and with
//! `QALA_MISSES=1` each fault that was missed and each finding that was none.

use std::collections::BTreeMap;

use qala_models::feed_trust::{Finding, HOUR, Kind, Planted, Score, Window, judge, score};
use qala_sim::city::{FaultOptions, Feed};

use crate::planted;

type Scores = BTreeMap<(Feed, Kind), Score>;

/// What is found of planted faults in one feed of one seed, and how many findings there are in two days of clean data.
fn evaluate(feed: Feed, seed: u64, scores: &mut Scores, alarms: &mut BTreeMap<Feed, Vec<usize>>) {
    let plain = planted::city(seed, planted::records_only());
    let from = planted::begin(&plain, seed);
    let usual = planted::usual(&plain, feed, from);
    for faults in [FaultOptions::none(), planted::records_only()] {
        let city = planted::city(seed, faults);
        let window = planted::window(&city, feed, from, &usual);
        let (findings, truth) = (judge(&window), planted::truth(&city, feed, &window));
        let wrong = Kind::ALL
            .into_iter()
            .map(|kind| score(kind, &findings, &truth).wrong)
            .sum();
        alarms.entry(feed).or_default().push(wrong);
        if std::env::var_os("QALA_MISSES").is_some() {
            tell(&format!("{} {seed} clean", feed.id()), &window, &findings, &truth);
        }
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
        if std::env::var_os("QALA_MISSES").is_some() {
            tell(
                &format!("{} {seed} {round}", feed.id()),
                &window,
                &findings,
                &truth,
            );
        }
    }
}

/// Prints what was missed and what was found in vain.
fn tell(place: &str, window: &Window, findings: &[Finding], truth: &[Planted]) {
    let hour = |t: i64| (t - window.from) as f64 / HOUR as f64;
    let quantity = |channel: Option<usize>| channel.map_or("all", |c| window.channels[c].quantity.as_str());
    for kind in Kind::ALL {
        for fault in truth.iter().filter(|t| t.kind == kind) {
            let alone = std::slice::from_ref(fault);
            let missed = score(kind, findings, alone);
            if missed.found < missed.planted {
                println!(
                    "{place}: missed {} of {} {} {} {:.1}-{:.1} {:.3}",
                    missed.planted - missed.found,
                    kind.as_str(),
                    window.devices[fault.device],
                    quantity(fault.channel),
                    hour(fault.from),
                    hour(fault.to),
                    fault.magnitude
                );
            }
        }
        for finding in findings.iter().filter(|f| f.kind == kind) {
            let wrong = score(kind, std::slice::from_ref(finding), truth).wrong;
            if wrong > 0 {
                let at_fault: Vec<String> = truth
                    .iter()
                    .filter(|t| t.device == finding.device && t.is_stated)
                    .map(|t| format!("{} of {}", t.kind.as_str(), quantity(t.channel)))
                    .collect();
                println!(
                    "{place}: in vain {wrong} {} {} {} {:.1}-{:.1} {:.3} confidence {:.3} [{}]",
                    kind.as_str(),
                    window.devices[finding.device],
                    quantity(finding.channel),
                    hour(finding.from),
                    hour(finding.to),
                    finding.magnitude,
                    finding.confidence,
                    at_fault.join(", ")
                );
            }
        }
    }
}

#[test]
#[ignore = "minutes: all feeds of readings on the seeds of QALA_SEEDS"]
fn planted_faults_of_the_city_are_found() {
    let list = std::env::var("QALA_SEEDS").unwrap_or_else(|_| "1".to_owned());
    let seeds: Vec<u64> = list.split(',').map(|seed| seed.trim().parse().unwrap()).collect();
    let only = std::env::var("QALA_FEEDS").unwrap_or_default();
    let (mut scores, mut alarms) = (Scores::new(), BTreeMap::new());
    for seed in &seeds {
        for feed in planted::FEEDS
            .into_iter()
            .filter(|feed| only.is_empty() || only.split(',').any(|id| feed.id().ends_with(id)))
        {
            evaluate(feed, *seed, &mut scores, &mut alarms);
        }
    }
    let mut sums: BTreeMap<Kind, Score> = BTreeMap::new();
    for ((_, kind), score) in &scores {
        let sum = sums.entry(*kind).or_default();
        *sum = sum.plus(*score);
    }
    let line = |name: &str, kind: Kind, s: &Score| {
        println!(
            "{name}, {}: {} of {} planted found (recall {:.3}); {} of {} findings right (precision {:.3})",
            kind.as_str(),
            s.found,
            s.planted,
            s.recall().unwrap_or(f64::NAN),
            s.right,
            s.right + s.wrong,
            s.precision().unwrap_or(f64::NAN)
        );
    };
    println!("seeds {seeds:?}");
    for (kind, score) in &sums {
        line("all feeds", *kind, score);
    }
    for ((feed, kind), score) in &scores {
        line(feed.id(), *kind, score);
    }
    for (feed, counts) in &alarms {
        // Each window is of two days.
        let a_day = counts.iter().sum::<usize>() as f64 / counts.len() as f64 / 2.0;
        println!("{}: {a_day:.2} false alarms a day", feed.id());
    }
    assert!(scores.values().any(|score| score.planted > 0));
}
