//! Boardings and alightings by stop.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, number, rows_of};

/// Stretches of a working day that are crowded on average over a part of the day, in the peaks and otherwise; stretches of
/// all; lines with a crowded stretch.
fn crowded(city: &WholeCity, day: i32) -> (usize, usize, usize, usize) {
    let truth = city.truth();
    let (mut peak, mut other, mut all, mut lines) = (0, 0, 0, 0);
    for route in truth.route_ids() {
        let counts = truth.stop_counts(route, day);
        let full: Vec<_> = counts
            .iter()
            .filter(|c| c.load * 10 > c.trips * c.capacity * 8)
            .collect();
        let in_peak = full
            .iter()
            .filter(|c| c.band.ends_with("peak") && c.band != "off_peak");
        let in_peak = in_peak.count();
        peak += in_peak;
        other += full.len() - in_peak;
        all += counts.len();
        lines += usize::from(!full.is_empty());
        // Nobody is turned away here: on some days a few more than it takes are in the fullest bus. Saturdays and Sundays too.
        for day in [day, day + 4, day + 5] {
            let counts = truth.stop_counts(route, day);
            let full = counts
                .iter()
                .map(|c| c.load as f64 / (c.trips * c.capacity) as f64);
            let most = full.fold(0.0, f64::max);
            assert!(most < 1.4, "{route}, day {day}: {most}");
        }
    }
    (peak, other, all, lines)
}

#[test]
fn some_lines_are_crowded_in_the_peaks_and_few_otherwise() {
    let day = ONE.zone().local_day(MONDAY) + 1;
    for seed in [1, 2, 3] {
        let options = WholeOptions {
            seed,
            ..WholeOptions::default()
        };
        let city = WholeCity::build(&options).unwrap();
        let (peak, other, all, lines) = crowded(&city, day);
        println!(
            "seed {seed}: {peak} of {all} stretches crowded in the peaks, {other} otherwise, on {lines} lines"
        );
        // Some one in a hundred: stretches in the middle of every tenth line, one way, in the fuller peak.
        assert!(
            peak * 500 > all && peak * 50 < all,
            "seed {seed}: {peak} of {all}"
        );
        assert!(other * 3 < peak, "seed {seed}: {other} beside {peak}");
        assert!((5..=50).contains(&lines), "seed {seed}: {lines} lines");
    }
}

#[test]
fn passengers_board_and_alight_and_nobody_stays() {
    let rows = rows_of(&ONE, Feed::StopCounts, Pace::Bulk, MONDAY + DAY, MONDAY + 2 * DAY);
    let day = ONE.zone().local_day(MONDAY);
    let truth = ONE.truth();
    let mut at = 0;
    for route in truth.route_ids() {
        let counts = truth.stop_counts(route, day);
        let (passengers, _) = truth.passengers(route, day).unwrap();
        assert_eq!(
            counts.iter().map(|c| c.boardings).sum::<i64>(),
            passengers,
            "{route}"
        );
        let mut aboard: BTreeMap<(usize, &str), i64> = BTreeMap::new();
        for count in &counts {
            let row = &rows[at];
            assert_eq!(
                (row["route_id"].as_str(), row["band"].as_str()),
                (route, count.band)
            );
            assert_eq!(row["stop_id"], count.stop_id);
            let load = aboard.entry((count.direction, count.band)).or_default();
            *load += number(row, "boardings") as i64 - number(row, "alightings") as i64;
            assert!(*load == count.load && *load >= 0);
            at += 1;
        }
        assert!(aboard.values().all(|load| *load == 0), "{route}");
    }
    assert_eq!(at, rows.len());
}
