//! Appeals: counts, closing times, repeats, the late function.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, rows_of, table};

const YEAR: (i64, i64) = (WINTER - 384 * DAY, WINTER - 19 * DAY);

#[test]
fn rows_are_those_of_the_truth_at_every_pace() {
    let (from, to) = (MONDAY, MONDAY + 7 * DAY);
    let rows = rows_of(&ONE, Feed::Requests, Pace::History, from, to);
    let truth = ONE.truth().requests(from, to);
    assert_eq!(rows.len(), truth.len());
    for (row, request) in rows.iter().zip(&truth) {
        assert_eq!(
            (&row["request_id"], row["service_code"].as_str()),
            (&request.id, request.topic)
        );
        assert_eq!(row["status"] == "closed", request.topic == "question");
    }
    assert_eq!(rows, rows_of(&ONE, Feed::Requests, Pace::Bulk, from + 1, to + 1));
    let live = rows_of(&ONE, Feed::Requests, Pace::Live, from + 1, from + DAY + 1);
    assert_eq!(live, rows[..live.len()]);
    // Every change of the week is sent, whenever its request came.
    let sent = rows_of(&ONE, Feed::Changes, Pace::History, from, to);
    let mut due: Vec<(i64, String, &str)> = ONE
        .truth()
        .requests(from - 210 * DAY, to)
        .into_iter()
        .flat_map(|r| {
            r.changes
                .iter()
                .map(|c| (c.0, r.id.clone(), c.1.as_str()))
                .collect::<Vec<_>>()
        })
        .filter(|c| c.0 >= from && c.0 < to)
        .collect();
    due.sort();
    let due: Vec<String> = due
        .iter()
        .map(|(t, id, what)| format!("{id} {} {what}", ONE.zone().format(*t)))
        .collect();
    let sent: Vec<String> = sent
        .iter()
        .map(|r| format!("{} {} {}", r["request_id"], r["t"], r["status"]))
        .collect();
    assert_eq!(sent, due);
    assert!(sent.len() > 300, "{}", sent.len());
}

#[test]
fn a_year_has_its_appeals_by_topic_and_season() {
    let list = ONE.truth().requests(YEAR.0, YEAR.1);
    // CITY-FACTS section 6: 636 a day, 69 % solved without sending on; section 11: spring 1.3 times as many.
    let a_day = list.len() as f64 / 365.0;
    assert!((605.0..670.0).contains(&a_day), "{a_day}");
    let at_once = list.iter().filter(|r| r.topic == "question").count() as f64 / list.len() as f64;
    assert!((0.63..0.70).contains(&at_once), "{at_once}");
    let failures = ONE
        .truth()
        .failures(ONE.zone().local_day(YEAR.0), ONE.zone().local_day(YEAR.1) - 1);
    let failed: BTreeSet<i32> = failures.iter().map(|f| f.day).collect();
    let usual = |from: i32, to: i32| {
        let days: Vec<i32> = (from..to).filter(|d| !failed.contains(d)).collect();
        let of = list.iter().filter(|r| {
            let day = ONE.zone().local_day(r.opened);
            (from..to).contains(&day) && !failed.contains(&day)
        });
        of.count() as f64 / days.len() as f64
    };
    let spring = crate::clock::month_start(2025, 3);
    let ratio = usual(spring, spring + 91) / usual(spring + 92, spring + 92 + 91);
    assert!((ratio / (1.3 / 0.9) - 1.0).abs() < 0.05, "{ratio}");
    // Transport 21 % of what is sent on and no failure.
    let sent: Vec<&Request> = list
        .iter()
        .filter(|r| r.topic != "question" && !failed.contains(&ONE.zone().local_day(r.opened)))
        .collect();
    let share = |topic: &str| sent.iter().filter(|r| r.topic == topic).count() as f64 / sent.len() as f64;
    assert!((share("transport") - 0.21).abs() < 0.015 && (share("roads") - 0.13).abs() < 0.02);
    // A failure is a day of some 3,000 in one district.
    for failure in &failures {
        let of = |r: &&Request| ONE.zone().local_day(r.opened) == failure.day;
        let count = list.iter().filter(of).count();
        assert!(
            (2_500..3_400).contains(&count) && failure.requests > 2_000,
            "{count}"
        );
    }
}

#[test]
fn closing_times_have_the_planted_medians_and_one_function_is_late() {
    let list = ONE.truth().requests(YEAR.0, YEAR.1);
    let mut late = BTreeSet::new();
    for topic in ONE.truth().topics() {
        for is_late in [false, true] {
            let mut days: Vec<f64> = list
                .iter()
                .filter(|r| {
                    let month = crate::clock::civil(ONE.zone().local_day(r.opened)).1;
                    r.topic == topic.topic && (month >= 9) == is_late
                })
                .map(|r| {
                    let closed = r.changes.iter().find(|c| c.1 == Change::Closed);
                    closed.map_or(f64::INFINITY, |c| (c.0 - r.opened) as f64 / DAY as f64)
                })
                .collect();
            days.sort_by(f64::total_cmp);
            let factor = if is_late { topic.late_factor } else { 1.0 };
            let due = topic.median_days * factor;
            // The 1.5 % that are never closed move the median a little.
            let below = days.iter().filter(|d| **d <= due).count() as f64;
            let all = days.len() as f64;
            assert!(
                (below - 0.4925 * all).abs() < 4.0 * (0.25 * all).sqrt(),
                "{topic:?} {is_late} {below} {all}"
            );
        }
        if topic.late_factor > 1.0 {
            late.insert(topic.function);
        }
    }
    assert_eq!(late.len(), 1);
    for request in list.iter().filter(|r| r.topic != "question") {
        assert!(
            request.changes.windows(2).all(|c| c[0].0 <= c[1].0),
            "{request:?}"
        );
        assert!(request.changes.iter().all(|c| c.0 >= request.opened));
    }
}

#[test]
fn one_in_eight_asks_again_from_the_same_place() {
    let list = ONE.truth().requests(YEAR.0, YEAR.0 + 120 * DAY);
    let by: BTreeMap<&str, &Request> = list.iter().map(|r| (r.id.as_str(), r)).collect();
    assert_eq!(by.len(), list.len());
    let mut repeats = 0.0;
    for request in &list {
        let Some(first) = request.repeats.as_ref().and_then(|r| by.get(r.as_str())) else {
            continue;
        };
        repeats += 1.0;
        assert_eq!((first.topic, first.function), (request.topic, request.function));
        if let (Some(a), Some(b)) = (first.place, request.place) {
            let (x, y) = ((a.0 - b.0) * 81_260.0, (a.1 - b.1) * 111_090.0);
            assert!((x * x + y * y).sqrt() < 40.5);
        }
        let days = (request.opened - first.opened) as f64 / DAY as f64;
        assert!((2.0..21.5).contains(&days), "{days}");
    }
    let first = |r: &&Request| r.topic != "question" && r.repeats.is_none() && r.opened < YEAR.0 + 99 * DAY;
    let able = list.iter().filter(first).count() as f64;
    // Failures bring requests that nobody repeats.
    let share = repeats / able;
    assert!((0.08..0.14).contains(&share), "{share}");
}

#[test]
fn topics_are_a_list() {
    let lists = ONE.lists(WINTER).unwrap();
    let topics = table(&lists.iter().find(|f| f.feed == Feed::Topics.id()).unwrap().bytes);
    let known: BTreeSet<&str> = ONE.truth().topics().iter().map(|t| t.topic).collect();
    assert_eq!(topics.len(), known.len() + 1);
}
