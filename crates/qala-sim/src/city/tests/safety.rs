//! Crashes: what is planted is sent, and a simple look at the rows finds it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of, table, window};

/// Two years that end with 2025.
const FROM: i64 = WINTER - 749 * DAY;
const TO: i64 = WINTER - 19 * DAY;

#[test]
fn the_register_holds_the_crashes_of_the_truth() {
    let (from, to) = (MONDAY - 14 * DAY, MONDAY);
    let rows = rows_of(&ONE, Feed::Crashes, Pace::History, from, to);
    let truth = ONE.truth().crashes(from, to);
    assert_eq!(rows.len(), truth.len());
    assert!(truth.len() > 100, "{}", truth.len());
    for (row, crash) in rows.iter().zip(&truth) {
        assert_eq!(row["crash_id"], crash.id);
        let counts = ["killed", "injured", "seriously_injured"].map(|c| number(row, c) as i64);
        assert_eq!(counts, [crash.killed, crash.injured, crash.serious]);
        assert!(row["segment_id"].is_empty() || row["segment_id"] == crash.segment_id);
    }
    // The same crashes close lanes.
    let incidents: BTreeSet<String> = ONE
        .truth()
        .incidents(from, to)
        .into_iter()
        .map(|i| i.id)
        .collect();
    assert!(truth.iter().all(|c| incidents.contains(&c.id)));
    let bulk = rows_of(&ONE, Feed::Crashes, Pace::Bulk, from + 1, to + 1);
    assert_eq!(rows, bulk);
}

#[test]
fn crashes_and_the_hurt_come_near_the_fact_sheet() {
    // CITY-FACTS section 11: 6,000 crashes, 7,500 injured, 68 killed a year, 12 % of the injured seriously; before 2024
    // 3,800 and 4,900 with the same killed.
    let sums = |from, to| {
        let list = ONE.truth().crashes(from, to);
        let sum = |pick: fn(&Crash) -> i64| list.iter().map(pick).sum::<i64>() as f64;
        [
            list.len() as f64,
            sum(|c| c.injured),
            sum(|c| c.serious),
            sum(|c| c.killed),
        ]
    };
    let after = sums(FROM, TO).map(|s| s / 2.0);
    let before = sums(FROM - 731 * DAY, FROM - DAY).map(|s| s / 2.0);
    for (got, wanted, slack) in [
        (after, [6_000.0, 7_500.0, 900.0, 68.0], [0.07, 0.07, 0.1, 0.25]),
        (before, [3_800.0, 4_900.0, 900.0, 68.0], [0.07, 0.07, 0.1, 0.25]),
    ] {
        for n in 0..4 {
            assert!(
                (got[n] / wanted[n] - 1.0_f64).abs() < slack[n],
                "{got:?} {wanted:?}"
            );
        }
    }
}

#[test]
fn counts_by_segment_follow_the_planted_rates() {
    // Two years before anything was built.
    let day = |year| ONE.zone().day_start(crate::clock::month_start(year, 1));
    let (from, to) = (day(2020), day(2022));
    let truth = ONE.truth();
    let risks = truth.crash_risks();
    let mut seen: BTreeMap<String, f64> = BTreeMap::new();
    for crash in truth.crashes(from, to) {
        *seen.entry(crash.segment_id).or_default() += 1.0;
    }
    let years = truth.crash_years(from, to);
    assert!((years / 2.0 - 3_800.0 / 6_000.0).abs() < 0.05, "{years}");
    let of = |id: &str| seen.get(id).copied().unwrap_or(0.0);
    // Twelve dangerous segments stand out; the rest of each class keeps its function to within four standard errors.
    let (mut got, mut due) = (0.0, 0.0);
    for risk in risks.iter().filter(|r| r.is_dangerous) {
        got += of(&risk.segment_id);
        due += risk.rate * years;
        assert!(risk.rate > 7.9 * risk.predicted);
    }
    assert!((got - due).abs() < 4.0 * due.sqrt() && due > 100.0, "{got} {due}");
    for function in truth.crash_functions() {
        let class: Vec<_> = risks
            .iter()
            .filter(|r| r.facility == function.facility && !r.is_dangerous)
            .collect();
        let formula =
            |r: &CrashRisk| r.length_km * function.intercept.exp() * (r.aadt as f64).powf(function.slope);
        assert!(
            class
                .iter()
                .all(|r| (formula(r) / r.predicted - 1.0).abs() < 1e-9)
        );
        let predicted: f64 = class.iter().map(|r| r.predicted * years).sum();
        let count: f64 = class.iter().map(|r| of(&r.segment_id)).sum();
        let rate: f64 = class.iter().map(|r| r.rate * years).sum();
        assert!(
            (count - rate).abs() < 4.0 * rate.sqrt(),
            "{function:?} {count} {rate}"
        );
        // Moments of the negative binomial: the squares beyond the mean, over the squares of the prediction.
        let beyond: f64 = class
            .iter()
            .map(|r| {
                let (n, m) = (of(&r.segment_id), r.predicted * years * rate / predicted);
                (n - m).powi(2) - n
            })
            .sum();
        let squares: f64 = class.iter().map(|r| (r.predicted * years).powi(2)).sum();
        let k = beyond / squares;
        assert!(
            (k / function.overdispersion - 1.0).abs() < 0.3,
            "{function:?} {k}"
        );
    }
}

#[test]
fn what_is_built_works_as_planted_and_a_naive_look_flatters_it() {
    let truth = ONE.truth();
    let zone = ONE.zone();
    let risks: BTreeMap<String, CrashRisk> = truth
        .crash_risks()
        .into_iter()
        .map(|r| (r.segment_id.clone(), r))
        .collect();
    let overdispersion = |facility| {
        let functions = truth.crash_functions();
        functions
            .into_iter()
            .find(|f| f.facility == facility)
            .unwrap()
            .overdispersion
    };
    let count = |from: i64, to: i64| {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for crash in truth.crashes(from, to) {
            *counts.entry(crash.segment_id).or_default() += 1.0;
        }
        (counts, truth.crash_years(from, to))
    };
    // By kind: crashes after, those due by the true rates, those due by empirical Bayes, and those due by the count before.
    let mut sums: BTreeMap<&str, [f64; 4]> = BTreeMap::new();
    let all = truth.treatments();
    let days: BTreeSet<i32> = all
        .iter()
        .map(|t| t.day)
        .filter(|d| crate::clock::civil(*d).0 < 2026)
        .collect();
    assert_eq!(days.len(), 4);
    for day in days {
        let (before, years_before) = count(zone.day_start(day - 365), zone.day_start(day));
        let (after, years_after) = count(zone.day_start(day), zone.day_start(day + 365));
        for treatment in all.iter().filter(|t| t.day == day) {
            let risk = &risks[&treatment.segment_id];
            let of =
                |counts: &BTreeMap<String, f64>| counts.get(&treatment.segment_id).copied().unwrap_or(0.0);
            let predicted = risk.predicted * years_before;
            let weight = 1.0 / (1.0 + overdispersion(risk.facility) * predicted);
            let expected = weight * predicted + (1.0 - weight) * of(&before);
            let slot = sums.entry(treatment.kind).or_default();
            slot[0] += of(&after);
            slot[1] += risk.rate * years_after;
            slot[2] += expected * years_after / years_before;
            slot[3] += of(&before) * years_after / years_before;
        }
    }
    for (kind, planted) in [("raised_crossing", 0.6), ("markings", 1.0)] {
        let [got, due, bayes, naive] = sums[kind];
        assert!(got > 40.0, "{kind} {got}");
        let slack = 3.5 * planted / got.sqrt();
        assert!((got / due - planted).abs() < slack, "{kind} {got} {due}");
        // Empirical Bayes finds it; the naive look finds an effect that is not there.
        assert!((got / bayes - planted).abs() < slack, "{kind} {got} {bayes}");
        assert!(got / naive < planted * 0.85, "{kind} {got} {naive}");
    }
}

#[test]
fn lists_of_safety_fit_the_streets() {
    let lists: BTreeMap<String, Vec<u8>> = ONE
        .lists(WINTER)
        .unwrap()
        .into_iter()
        .map(|f| (f.feed, f.bytes))
        .collect();
    let volumes = table(&lists[Feed::Volumes.id()]);
    let streets = table(&lists[Feed::Streets.id()]);
    assert_eq!(volumes.len(), streets.len());
    assert!(
        volumes
            .iter()
            .zip(&streets)
            .all(|(v, s)| v["segment_id"] == s["segment_id"])
    );
    let treated = table(&lists[Feed::Treatments.id()]);
    assert_eq!(treated.len(), 96, "24 a year since 2022");
    assert!(treated.iter().all(|t| t["built_on"].as_str() < "2026-01-20"));
    assert!(
        window(&ONE, Pace::Live, WINTER, WINTER + 1)
            .iter()
            .all(|m| !m.bytes.is_empty())
    );
}
