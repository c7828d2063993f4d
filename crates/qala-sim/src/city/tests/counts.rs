//! Boardings and alightings by stop.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, number, rows_of};

#[test]
fn passengers_board_and_alight_and_nobody_stays() {
    let rows = rows_of(&ONE, Feed::StopCounts, Pace::Bulk, MONDAY + DAY, MONDAY + 2 * DAY);
    let day = ONE.zone().local_day(MONDAY);
    let truth = ONE.truth();
    let mut at = 0;
    let (mut crowded, mut trips) = (0, 0);
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
            trips += i64::from(count.seq == 1) * count.trips;
            crowded += i64::from(count.load > count.trips * count.capacity * 8 / 10);
            at += 1;
        }
        assert!(aboard.values().all(|load| *load == 0), "{route}");
    }
    assert_eq!(at, rows.len());
    println!("{at} rows, {trips} trips, {crowded} crowded");
    // On average over a band few stretches are crowded.
    assert!(crowded < at as i64 / 5, "{crowded} of {at}");
}
