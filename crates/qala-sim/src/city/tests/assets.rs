//! Assets: condition and inspections, lights, public spaces.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of, table};

#[test]
fn the_list_holds_what_is_true_of_the_day() {
    let files = ONE.lists(WINTER).unwrap();
    let rows = table(&files.iter().find(|f| f.feed == Feed::Assets.id()).unwrap().bytes);
    let truth = ONE.truth().assets(ONE.zone().local_day(WINTER));
    let overdue = |of: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        rows.iter()
            .filter(|r| of(r) && r["inspection_due_on"].as_str() < "2026-01-20")
            .count()
    };
    assert_eq!(overdue(&|_| true), truth.overdue);
    assert_eq!(
        rows.iter()
            .filter(|r| number(r, "renewal_year") <= 2026.0)
            .count(),
        truth.renewal_due
    );
    let share = |careless: bool| {
        let of = |r: &BTreeMap<String, String>| (r["place_id"] == truth.careless) == careless;
        overdue(&of) as f64 / rows.iter().filter(|r| of(r)).count() as f64
    };
    assert!(
        (share(true) - 0.30).abs() < 0.05 && (share(false) - 0.05).abs() < 0.01,
        "{} {}",
        share(true),
        share(false)
    );
    assert!(rows.iter().all(|r| (1.0..=5.0).contains(&number(r, "condition"))));
    assert!(rows.iter().all(|r| r["inspected_on"].as_str() <= "2026-01-20"));
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|r| r["asset_id"].as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!((8_000..20_000).contains(&rows.len()), "{}", rows.len());
}

#[test]
fn lights_go_out_and_are_lit_again_as_the_truth_says() {
    let (from, to) = (MONDAY - 63 * DAY, MONDAY);
    let rows = rows_of(&ONE, Feed::Lights, Pace::History, from, to);
    assert_eq!(rows, rows_of(&ONE, Feed::Lights, Pace::Bulk, from + 1, to + 1));
    let truth = ONE.truth().lights_out(from, to);
    let out = |t: i64| truth.iter().filter(|l| l.from <= t && t < l.to).count();
    let standing = |t: i64| {
        let text = ONE.zone().format(t);
        let count = |status: &str| {
            rows.iter()
                .filter(|r| r["status"] == status && r["t"] < text)
                .count()
        };
        count("out") as i64 - count("lit") as i64
    };
    // The difference over time is that of the truth.
    let (a, b) = (from + 40 * DAY, to - DAY);
    assert_eq!(out(b) as i64 - out(a) as i64, standing(b) - standing(a));
    let slow = ONE.truth().assets(ONE.zone().local_day(to)).slow;
    let files = ONE.lists(WINTER).unwrap();
    let assets = table(&files.iter().find(|f| f.feed == Feed::Assets.id()).unwrap().bytes);
    let place: BTreeMap<&str, &str> = assets
        .iter()
        .map(|r| (r["asset_id"].as_str(), r["place_id"].as_str()))
        .collect();
    let mean = |slowly: bool| {
        let days: Vec<f64> = truth
            .iter()
            .filter(|l| (place[l.asset_id.as_str()] == slow) == slowly)
            .map(|l| (l.to - l.from) as f64 / DAY as f64)
            .collect();
        days.iter().sum::<f64>() / days.len() as f64
    };
    let ratio = mean(true) / mean(false);
    assert!((3.0..5.2).contains(&ratio), "{ratio}");
}

#[test]
fn the_largest_space_has_its_visitors() {
    let (from, to) = (WINTER - 364 * DAY, WINTER);
    let rows = rows_of(&ONE, Feed::Footfall, Pace::Bulk, from + 2 * HOUR, to + 2 * HOUR);
    assert_eq!(rows.len(), 364 * 24);
    // CITY-FACTS section 2: 120,000 pedestrians on a weekday.
    let weekday = |r: &&BTreeMap<String, String>| {
        let day: Vec<i32> = r["t"].split('-').map(|p| p.parse().unwrap()).collect();
        crate::clock::weekday(crate::clock::month_start(day[0], day[1]) + day[2] - 1) < 5
    };
    let largest: Vec<f64> = rows
        .iter()
        .filter(|r| r["space_id"] == "SIM-PS01")
        .filter(weekday)
        .map(|r| number(r, "visitors"))
        .collect();
    let mean = largest.iter().sum::<f64>() / largest.len() as f64;
    assert!((100_000.0..130_000.0).contains(&mean), "{mean}");
    let day = ONE.zone().local_day(to) - 1;
    let row = rows.iter().rfind(|r| r["space_id"] == "SIM-PS07").unwrap();
    assert_eq!(
        number(row, "visitors") as i64,
        ONE.truth().visitors(6, day).unwrap()
    );
}
