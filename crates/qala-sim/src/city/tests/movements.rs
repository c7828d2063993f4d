//! The population balances to the person, and has the size and growth of the fact sheet.

use super::super::facts::{DISTRICTS, RESIDENTS};
use super::super::*;
use super::{DAY, ONE, WINTER, number, rows_of, table};

#[test]
fn every_district_balances_in_every_month() {
    let zone = ONE.zone();
    let (from, to) = (
        zone.day_start(crate::clock::month_start(2023, 2)),
        zone.day_start(crate::clock::month_start(2026, 3)) + 2 * HOUR,
    );
    let rows = rows_of(&ONE, Feed::Movements, Pace::History, from, to);
    assert_eq!(rows.len(), 38 * 8);
    let truth = ONE.truth();
    for facts in &DISTRICTS {
        let mut before = truth.residents(facts.id, 2023, 1).unwrap();
        for row in rows.iter().filter(|r| r["place_id"] == facts.id) {
            let of = |name: &str| number(row, name) as i64;
            let end = before + of("births") - of("deaths") + of("arrivals") - of("departures");
            assert_eq!(of("residents_at_end"), end, "{row:?}");
            before = end;
        }
        assert_eq!(before, truth.residents(facts.id, 2026, 3).unwrap());
    }
    let city = |year| {
        DISTRICTS
            .iter()
            .map(|d| truth.residents(d.id, year, 2).unwrap())
            .sum::<i64>()
    };
    assert_eq!(city(2026), RESIDENTS);
    // 50,000 a year (CITY-FACTS section 1).
    let growth = (city(2026) - city(2023)) as f64 / 3.0;
    assert!((45_000.0..55_000.0).contains(&growth), "{growth}");
    let births: f64 = rows
        .iter()
        .filter(|r| r["t"].starts_with("2025"))
        .map(|r| number(r, "births"))
        .sum();
    let deaths: f64 = rows
        .iter()
        .filter(|r| r["t"].starts_with("2025"))
        .map(|r| number(r, "deaths"))
        .sum();
    assert!(
        (33_000.0..45_000.0).contains(&births) && (9_000.0..18_000.0).contains(&deaths),
        "{births} {deaths}"
    );
}

#[test]
fn pyramids_add_up_to_the_residents() {
    let lists = ONE.lists(WINTER).unwrap();
    let of = |feed: Feed| table(&lists.iter().find(|f| f.feed == feed.id()).unwrap().bytes);
    let rows = of(Feed::Pyramids);
    assert_eq!(rows.len(), 4 * 8 * 2 * 18);
    for facts in &DISTRICTS {
        for year in 2023..=2026 {
            let within = rows
                .iter()
                .filter(|r| r["place_id"] == facts.id && r["year"] == year.to_string());
            let sum: i64 = within.map(|r| number(r, "residents") as i64).sum();
            assert_eq!(sum, ONE.truth().residents(facts.id, year, 1).unwrap());
        }
    }
    // 0–15 are 24.2 % (CITY-FACTS section 3): three groups of five years and a fifth of the next.
    let sum = |of: &dyn Fn(f64) -> f64| {
        rows.iter()
            .map(|r| of(number(r, "age")) * number(r, "residents"))
            .sum::<f64>()
    };
    let young = sum(&|age| {
        if age < 15.0 {
            1.0
        } else if age < 20.0 {
            0.2
        } else {
            0.0
        }
    }) / sum(&|_| 1.0);
    assert!((young - 0.242).abs() < 0.006, "{young}");
    let rates = of(Feed::Rates);
    assert_eq!(rates.len(), 8 * (7 + 2 * 19 + 2 * 18));
    let total: f64 = rates
        .iter()
        .filter(|r| r["kind"] == "fertility" && r["place_id"] == "medeu")
        .map(|r| 5.0 * number(r, "value"))
        .sum();
    assert!((total - 1.765).abs() < 0.01, "{total}");
}

#[test]
fn the_queue_falls_when_places_are_given() {
    let zone = ONE.zone();
    let start = zone.day_start(crate::clock::month_start(2025, 10));
    let rows = rows_of(&ONE, Feed::Queue, Pace::Live, start, start + DAY);
    assert_eq!(rows.len(), 8);
    for row in &rows {
        let (waiting, admitted) = ONE.truth().kindergarten_queue(&row["place_id"], 2025, 9).unwrap();
        assert_eq!(
            (number(row, "waiting") as i64, number(row, "admitted") as i64),
            (waiting, admitted)
        );
        assert_eq!(row["t"], "2025-09-30");
        let (august, _) = ONE.truth().kindergarten_queue(&row["place_id"], 2025, 8).unwrap();
        assert!(waiting < august && admitted > august - waiting);
    }
}
