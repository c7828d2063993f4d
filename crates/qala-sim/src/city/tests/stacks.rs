//! Stacks: the wind of the highest values points at the planted one.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of, table};

#[test]
fn the_wind_of_high_values_points_at_the_stack() {
    let (from, to) = (MONDAY - 91 * DAY, MONDAY);
    let rows = rows_of(&ONE, Feed::Monitors, Pace::History, from, to);
    assert_eq!(rows.len(), 3 * 24 * 91);
    let truth = ONE.truth();
    for monitor in truth.monitors() {
        let mut list: Vec<(f64, f64)> = (0..91 * 24)
            .zip(rows.iter().filter(|r| r["station_id"] == monitor.station_id))
            .map(|(hour, row)| {
                let t = from + hour * HOUR;
                assert_eq!(row["t"], ONE.zone().format(t));
                (number(row, "value"), truth.weather(t).wind_from)
            })
            .collect();
        // Share of the hours of a sector of 30 degrees that are among the highest tenth: the conditional probability function.
        list.sort_by(|a, b| a.0.total_cmp(&b.0));
        let limit = list[list.len() * 9 / 10].0;
        let share = |sector: f64| {
            let of = |wind: f64| ((wind - sector + 540.0).rem_euclid(360.0) - 180.0).abs() <= 15.0;
            let within: Vec<_> = list.iter().filter(|l| of(l.1)).collect();
            let high = within.iter().filter(|l| l.0 >= limit).count() as f64;
            (within.len() >= 20).then(|| high / within.len() as f64)
        };
        let best = (0..12)
            .map(|n| f64::from(n) * 30.0)
            .filter_map(|s| Some((s, share(s)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        let off = ((best.0 - monitor.bearing_deg + 540.0).rem_euclid(360.0) - 180.0).abs();
        // The wind hardly ever comes from the east, where the third one sees the stack.
        if monitor.bearing_deg != 90.0 {
            assert!(off <= 30.0 && best.1 > 0.2, "{monitor:?} {best:?}");
        }
    }
    let live = rows_of(&ONE, Feed::Monitors, Pace::Live, from + 1, from + DAY + 1);
    assert_eq!(live, rows[..live.len()]);
}

#[test]
fn the_register_lists_plants_and_small_stacks() {
    let files: BTreeMap<String, Vec<u8>> = ONE
        .lists(WINTER)
        .unwrap()
        .into_iter()
        .map(|f| (f.feed, f.bytes))
        .collect();
    let stacks = table(&files[Feed::Stacks.id()]);
    assert_eq!(stacks.len(), 15);
    let plants: Vec<_> = stacks.iter().filter(|s| s["kind"] == "plant").collect();
    let places: Vec<&str> = plants.iter().map(|s| s["place_id"].as_str()).collect();
    assert_eq!(places, ["alatau", "turksib", "zhetysu"]);
    assert!(
        plants
            .iter()
            .all(|s| number(s, "height_m") >= 100.0 && number(s, "so2_g_s") >= 150.0)
    );
    let monitors = table(&files[Feed::MonitorStations.id()]);
    for (row, truth) in monitors.iter().zip(ONE.truth().monitors()) {
        let (x, y) = (
            (number(plants[0], "lon") - number(row, "lon")) * 81_260.0,
            (number(plants[0], "lat") - number(row, "lat")) * 111_090.0,
        );
        let bearing = x.atan2(y).to_degrees().rem_euclid(360.0);
        assert!((bearing - truth.bearing_deg).abs() < 0.1, "{bearing} {truth:?}");
    }
}
