//! Offences: counts, clusters, repeats.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of};

fn metres(a: &Offence, b: &Offence) -> f64 {
    let (x, y) = ((a.lon - b.lon) * 81_260.0, (a.lat - b.lat) * 111_090.0);
    (x * x + y * y).sqrt()
}

#[test]
fn the_rows_are_those_of_the_truth_at_every_pace() {
    let (from, to) = (MONDAY, MONDAY + 7 * DAY);
    let rows = rows_of(&ONE, Feed::Offences, Pace::History, from, to);
    let truth = ONE.truth().offences(from, to);
    assert_eq!(rows.len(), truth.len());
    for (row, offence) in rows.iter().zip(&truth) {
        assert_eq!(
            (&row["offence_id"], row["kind"].as_str()),
            (&offence.id, offence.kind)
        );
        assert_eq!(row["t"], ONE.zone().format(offence.t));
        assert!((number(row, "lon") - offence.lon).abs() < 1e-9);
        assert!(offence.registered > offence.t && offence.registered < offence.t + 2 * DAY + HOUR);
    }
    assert_eq!(rows, rows_of(&ONE, Feed::Offences, Pace::Bulk, from + 1, to + 1));
    let live = rows_of(&ONE, Feed::Offences, Pace::Live, from + 1, from + DAY + 1);
    assert_eq!(live, rows[..live.len()]);
    let ids: std::collections::BTreeSet<&String> = truth.iter().map(|o| &o.id).collect();
    assert_eq!(ids.len(), truth.len());
}

#[test]
fn a_year_has_its_offences_and_its_repeats() {
    let list = ONE.truth().offences(WINTER - 365 * DAY, WINTER);
    // CITY-FACTS section 11: 40,000 a year.
    assert!((38_000..42_000).contains(&list.len()), "{}", list.len());
    let by: BTreeMap<&str, &Offence> = list.iter().map(|o| (o.id.as_str(), o)).collect();
    let mut followed: BTreeMap<&str, usize> = BTreeMap::new();
    for offence in &list {
        let Origin::Repeat(before) = &offence.origin else {
            continue;
        };
        let Some(before) = by.get(before.as_str()) else {
            continue;
        };
        *followed.entry(before.id.as_str()).or_default() += 1;
        assert!(metres(before, offence) < NEAR_M + 0.5 && before.kind == offence.kind);
        let days = ONE.zone().local_day(offence.t) - ONE.zone().local_day(before.t);
        assert!((1..=NEAR_DAYS).contains(&i64::from(days)), "{days}");
    }
    assert!(followed.values().all(|n| *n == 1));
    // Of those that are not the last in a row of four, 35 % are followed.
    let until = WINTER - 20 * DAY;
    let able = list.iter().filter(|o| {
        matches!(o.kind, "burglary" | "theft_from_vehicle") && o.t < until && !o.id.ends_with("-r-r-r")
    });
    let (mut all, mut with) = (0.0, 0.0);
    for offence in able {
        all += 1.0;
        with += f64::from(u8::from(followed.contains_key(offence.id.as_str())));
    }
    let share: f64 = with / all;
    assert!(
        (share - REPEATS).abs() < 4.0 * (REPEATS * (1.0 - REPEATS) / all).sqrt(),
        "{share} of {all}"
    );
}

#[test]
fn a_cluster_stands_out_in_its_place_and_time_and_nowhere_else() {
    let zone = ONE.zone();
    let last = zone.local_day(WINTER);
    let truth = ONE.truth();
    let clusters: Vec<Cluster> = truth.clusters(last - 365, last - 3);
    assert!((8..=11).contains(&clusters.len()), "{}", clusters.len());
    let list = truth.offences(zone.day_start(last - 420), WINTER);
    for cluster in clusters
        .iter()
        .filter(|c| c.first > last - 365 && c.last < last - 3)
    {
        let centre = Offence {
            id: String::new(),
            kind: cluster.kind,
            t: 0,
            registered: 0,
            lon: cluster.lon,
            lat: cluster.lat,
            by_police: false,
            origin: Origin::Background,
        };
        let inside = |first: i32, last: i32| {
            let days = first..=last;
            let near = list.iter().filter(|o| {
                o.kind == cluster.kind
                    && days.contains(&zone.local_day(o.t))
                    && metres(&centre, o) < cluster.radius_m + 1.0
            });
            near.count() as f64
        };
        let days = f64::from(cluster.last - cluster.first + 1);
        let due = cluster.a_day * days;
        let (before, during) = (
            inside(cluster.first - 40, cluster.first - 1) / 40.0,
            inside(cluster.first, cluster.last),
        );
        assert!(
            (during - before * days - due).abs() < 5.0 * due.sqrt(),
            "{cluster:?} {before} {during}"
        );
        assert!(during / days > 5.0 * before, "{cluster:?}");
    }
}

#[test]
fn the_background_lies_where_people_live_and_drive() {
    let truth = ONE.truth();
    let home = truth.home_offences_a_year();
    let list = truth.offences(WINTER - 100 * DAY, WINTER);
    let share = |district: usize| {
        let near = list.iter().filter(|o| {
            let point = crate::place::Point {
                lon: o.lon,
                lat: o.lat,
            };
            o.origin == Origin::Background && shape::locate(&ONE.shape.districts, point) == Some(district)
        });
        near.count() as f64
    };
    let all: f64 = home.iter().sum();
    for district in 0..8 {
        let cells = ONE
            .shape
            .cells
            .iter()
            .zip(&home)
            .filter(|(c, _)| c.district == district);
        let due: f64 = cells.map(|(_, h)| h).sum::<f64>() / all;
        let got = share(district) / list.len() as f64;
        // At least the part that happens at home.
        assert!(got > 0.5 * 0.6 * due, "{district} {got} {due}");
    }
}
