//! Planted faults: each does what it says, and those by chance come at their rates.

use std::collections::BTreeSet;

use super::super::*;
use super::{DAY, ONE, WINTER, window};

fn planned(kind: EpisodeKind, magnitude: f64, quantity: Option<&str>) -> WholeCity {
    WholeCity::build(&WholeOptions {
        faults: FaultOptions {
            planned: vec![PlannedFault {
                feed: Feed::Posts,
                device: "SIM-CP03".to_owned(),
                quantity: quantity.map(str::to_owned),
                kind,
                magnitude,
                from: WINTER + 2 * HOUR,
                to: WINTER + 5 * HOUR,
            }],
            ..FaultOptions::none()
        },
        ..WholeOptions::default()
    })
    .unwrap()
}

/// (seconds since midnight as written, value) of one quantity of the faulty post, as sent.
fn sent(city: &WholeCity, op: Op) -> Vec<(i64, f64)> {
    let all = city.messages(Pace::Bulk, WINTER + 1, WINTER + 8 * HOUR + 1);
    let of = all.filter(|m| m.feed == Feed::Posts && m.op == op);
    let mut rows = Vec::new();
    for message in of {
        let list: Vec<serde_json::Value> = serde_json::from_slice(&message.bytes).unwrap();
        for row in list {
            if row["station_id"] == "SIM-CP03" && row["quantity"] == "pm25" {
                let t = qala_core::parse_instant(row["t"].as_str().unwrap(), None).unwrap();
                rows.push(((t - WINTER) / SECOND, row["value"].as_f64().unwrap()));
            }
        }
    }
    rows
}

#[test]
fn each_planned_fault_does_what_it_says() {
    let clean = WholeCity::build(&WholeOptions {
        faults: FaultOptions::none(),
        ..WholeOptions::default()
    })
    .unwrap();
    let good = sent(&clean, Op::Upsert);
    assert_eq!(good.len(), 24);
    let inside = |s: i64| (7_200..18_000).contains(&s);
    let at = |rows: &[(i64, f64)], s: i64| rows.iter().find(|r| r.0 == s).map(|r| r.1);

    let stuck = sent(&planned(EpisodeKind::Stuck, 0.0, Some("pm25")), Op::Upsert);
    let held = at(&good, 7_200);
    assert!(stuck.iter().filter(|r| inside(r.0)).all(|r| Some(r.1) == held));

    let gap = sent(&planned(EpisodeKind::Gap, 0.0, None), Op::Upsert);
    assert_eq!(gap.len(), 24 - 9);

    let unit = sent(&planned(EpisodeKind::UnitChange, 1000.0, None), Op::Upsert);
    for (s, value) in &unit {
        let usual = at(&good, *s).unwrap();
        let factor = if inside(*s) { 1000.0 } else { 1.0 };
        assert!(
            (value - usual * factor).abs() <= 0.000_051 * factor,
            "{s} {value} {usual}"
        );
    }
    let drift = sent(&planned(EpisodeKind::Drift, 2.4, None), Op::Upsert);
    let ratio = at(&drift, 16_800).unwrap() / at(&good, 16_800).unwrap();
    assert!((ratio - 1.266).abs() < 0.01, "{ratio}");

    let clock = sent(&planned(EpisodeKind::ClockShift, 420.0, None), Op::Upsert);
    assert_eq!(at(&clock, 7_200), None);
    assert_eq!(at(&clock, 7_620), at(&good, 7_200));

    let double = sent(&planned(EpisodeKind::Duplicate, 0.0, None), Op::Upsert);
    assert_eq!(double.len(), 24 + 9);

    let spiky = WholeCity::build(&WholeOptions {
        faults: FaultOptions {
            planned: vec![PlannedFault {
                feed: Feed::Traffic,
                device: "SIM-CD003".to_owned(),
                quantity: Some("speed".to_owned()),
                kind: EpisodeKind::Spike,
                magnitude: 8.0,
                from: WINTER + 2 * HOUR,
                to: WINTER + 5 * HOUR,
            }],
            ..FaultOptions::none()
        },
        ..WholeOptions::default()
    })
    .unwrap();
    let mut spikes = 0;
    spiky
        .truth()
        .labels(Feed::Traffic, WINTER, WINTER + 8 * HOUR, |label| {
            if label.quantity == "speed" && label.sent.is_some_and(|sent| sent > label.truth * 4.0) {
                assert_eq!((label.device, label.episode), (2, Some(EpisodeKind::Spike)));
                spikes += 1;
            }
        });
    assert!((2..20).contains(&spikes), "{spikes}");

    let wrong = planned(EpisodeKind::Retraction, 2.0, None);
    let (first, back) = (sent(&wrong, Op::Upsert), sent(&wrong, Op::Retract));
    assert_eq!((first.len(), back.len()), (24, 9));
    assert!(back.iter().all(|r| at(&first, r.0) == Some(r.1)));
    let faults = wrong.truth().faults(Feed::Posts, WINTER, WINTER + DAY);
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].device.as_str(), faults[0].kind),
        ("SIM-CP03", EpisodeKind::Retraction)
    );
}

#[test]
fn faults_by_chance_come_at_their_rates_and_are_counted() {
    let mut truth = ONE.truth();
    for feed in [Feed::Traffic, Feed::Sensors] {
        let counts = truth.counts(feed, WINTER, WINTER + 3 * HOUR);
        assert_eq!(
            counts.received,
            counts.accepted + counts.duplicate + counts.quarantined
        );
        let share = |part: u64| part as f64 / counts.received as f64;
        assert!(
            (0.002..0.03).contains(&share(counts.duplicate)),
            "{feed:?} {counts:?}"
        );
        assert!(
            (0.000_1..0.004).contains(&share(counts.quarantined)),
            "{feed:?} {counts:?}"
        );
        let messages = window(&ONE, Pace::Bulk, WINTER + 1, WINTER + 3 * HOUR + 1);
        let of = messages.iter().filter(|m| m.feed == feed && m.op == Op::Upsert);
        let records: usize = of.map(|m| m.records).sum();
        let per_record = if feed == Feed::Traffic { 1 } else { 3 };
        assert_eq!(records as u64, counts.records * per_record, "{feed:?}");
    }
    let mut kinds = BTreeSet::new();
    for feed in [Feed::Traffic, Feed::Sensors] {
        for fault in truth.faults(feed, WINTER, WINTER + 14 * DAY) {
            assert!(fault.from < fault.to && fault.to - fault.from <= 30 * HOUR);
            kinds.insert(fault.kind);
        }
    }
    assert_eq!(kinds.len(), EpisodeKind::ALL.len());
    let (mut all, mut late) = (0, 0);
    truth.labels(Feed::Traffic, WINTER, WINTER + HOUR, |label| {
        all += 1;
        late += usize::from(matches!(label.fate, Fate::Late(_)));
    });
    assert_eq!(all, 60 * 600 * 2);
    assert!(
        (0.015..0.025).contains(&(f64::from(late as u32) / f64::from(all))),
        "{late} of {all}"
    );
}

#[test]
fn a_city_without_faults_sends_each_record_once() {
    let clean = WholeCity::build(&WholeOptions {
        faults: FaultOptions::none(),
        ..WholeOptions::default()
    })
    .unwrap();
    let counts = clean.truth().counts(Feed::Traffic, WINTER, WINTER + HOUR);
    assert_eq!(
        (counts.records, counts.duplicate, counts.quarantined),
        (36_000, 0, 0)
    );
    let posts = clean.truth().counts(Feed::Posts, WINTER, WINTER + 2 * HOUR);
    assert_eq!((posts.received, posts.superseding), (6 * 16 * 6, 0));
}

#[test]
fn options_out_of_range_are_refused() {
    let every = |positions_every_s| WholeOptions {
        positions_every_s,
        ..WholeOptions::default()
    };
    assert!(WholeCity::build(&every(7)).is_err() && WholeCity::build(&every(17)).is_err());
    let mut unknown = WholeOptions::default();
    unknown.faults.planned.push(PlannedFault {
        feed: Feed::Posts,
        device: "nobody".to_owned(),
        quantity: None,
        kind: EpisodeKind::Gap,
        magnitude: 0.0,
        from: 0,
        to: 1,
    });
    assert!(WholeCity::build(&unknown).is_err());
}

#[test]
fn the_counts_are_those_of_the_importer() {
    // What `qala import` reported for the messages of seed 1 from 07:00 to 08:00: received, accepted, duplicate, quarantined.
    let mut truth = ONE.truth();
    for (feed, reported) in [
        (Feed::Traffic, (71_698, 71_344, 320, 34)),
        (Feed::Sensors, (10_050, 9_989, 60, 1)),
        (Feed::Posts, (282, 276, 6, 0)),
    ] {
        let counts = truth.counts(feed, WINTER + 7 * HOUR, WINTER + 8 * HOUR);
        let ours = (
            counts.received,
            counts.accepted,
            counts.duplicate,
            counts.quarantined,
        );
        assert_eq!(ours, reported, "{feed:?}");
    }
}
