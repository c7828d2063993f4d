//! Cars at the edge of the city.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of};

#[test]
fn cars_enter_as_the_facts_say_and_as_many_leave() {
    let truth = ONE.truth();
    let (mut entered, mut left, mut days) = (0, 0, BTreeMap::<i32, i64>::new());
    // Every sixth day of a year, so that each day of the week is among them.
    for step in 0..61 {
        let from = ONE
            .zone()
            .day_start(ONE.zone().local_day(WINTER) - 200 + step * 6);
        for hour in truth.gate_hours(from, from + DAY) {
            if hour.is_in {
                entered += hour.vehicles;
                *days.entry(step).or_default() += hour.vehicles;
            } else {
                left += hour.vehicles;
            }
        }
    }
    let a_day = entered as f64 / 61.0;
    let (least, most) = (days.values().min().unwrap(), days.values().max().unwrap());
    println!("{a_day:.0} cars enter a day, {least} to {most}");
    assert!((240_000.0..300_000.0).contains(&a_day), "{a_day}");
    assert!(*least > 190_000 && *most < 320_000, "{least} {most}");
    assert!(
        (left as f64 / entered as f64 - 1.0).abs() < 0.02,
        "{left} {entered}"
    );
}

#[test]
fn hours_of_all_paces_are_the_truth() {
    let (from, to) = (MONDAY, MONDAY + DAY);
    let truth = ONE.truth().gate_hours(from, to);
    let gates: BTreeSet<&str> = truth.iter().map(|h| h.gate_id.as_str()).collect();
    let districts: BTreeSet<&str> = truth.iter().map(|h| h.place_id).collect();
    assert!((20..=60).contains(&gates.len()), "{} gates", gates.len());
    assert!(
        districts.len() >= 4 && !districts.contains("almaly"),
        "{districts:?}"
    );
    assert_eq!(truth.len(), gates.len() * 2 * 24);
    // Three lanes at the edge take 2,700 cars an hour.
    assert!(truth.iter().all(|h| h.vehicles < 3_000));
    let hour = |h: i64, is_in: bool| {
        let of = truth
            .iter()
            .filter(|x| x.t == from + h * 3_600_000_000 && x.is_in == is_in);
        of.map(|x| x.vehicles).sum::<i64>()
    };
    // To work in the morning, home in the evening.
    assert!(hour(7, true) * 10 > hour(7, false) * 15);
    assert!(hour(18, false) * 10 > hour(18, true) * 15);
    assert!(hour(3, true) * 8 < hour(7, true));
    let expected: BTreeMap<(String, String, String), f64> = truth
        .iter()
        .map(|h| {
            let direction = if h.is_in { "in" } else { "out" };
            (
                (h.gate_id.clone(), direction.to_owned(), ONE.zone().format(h.t)),
                h.vehicles as f64,
            )
        })
        .collect();
    // The message of an hour comes when it ends, that of a day in the night after it.
    for (pace, from, to) in [
        (Pace::Live, from + 1, to + 1),
        (Pace::Bulk, from + 1, to + 1),
        (Pace::History, to, to + DAY),
    ] {
        let rows = rows_of(&ONE, Feed::Cordon, pace, from, to);
        let told: BTreeMap<(String, String, String), f64> = rows
            .iter()
            .map(|r| {
                (
                    (r["gate_id"].clone(), r["direction"].clone(), r["t"].clone()),
                    number(r, "vehicles"),
                )
            })
            .collect();
        assert_eq!((told.len(), told == expected), (rows.len(), true), "{pace:?}");
    }
}
