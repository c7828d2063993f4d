//! What holds of all feeds from books: another seed is another book, and windows can be cut anywhere.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, digest};

const BOOKS: [Feed; 18] = [
    Feed::Crashes,
    Feed::Offences,
    Feed::Requests,
    Feed::Changes,
    Feed::Commitments,
    Feed::Contracts,
    Feed::Payments,
    Feed::Payables,
    Feed::Movements,
    Feed::Queue,
    Feed::Lights,
    Feed::Footfall,
    Feed::Monitors,
    Feed::Amendments,
    Feed::ProgressNews,
    Feed::PromiseNews,
    Feed::BlockNews,
    Feed::Passengers,
];

#[test]
fn another_seed_is_another_book() {
    let two = WholeCity::build(&WholeOptions {
        seed: 2,
        ..WholeOptions::default()
    })
    .unwrap();
    // What is the same in every city: classifications, and how many live in each district.
    let lists = |city: &WholeCity| -> BTreeMap<String, Vec<u8>> {
        city.lists(WINTER)
            .unwrap()
            .into_iter()
            .map(|f| (f.feed, f.bytes))
            .collect()
    };
    let (a, b) = (lists(&ONE), lists(&two));
    let same: Vec<&String> = a.keys().filter(|feed| a[*feed] == b[*feed]).collect();
    assert_eq!(
        same,
        [Feed::Topics.id(), Feed::BudgetCodes.id(), Feed::Districts.id()]
    );
    let month = crate::clock::month_start(2026, 1);
    let (from, to) = (ONE.zone().day_start(month - 1), ONE.zone().day_start(month + 8));
    for feed in BOOKS {
        let of = |city: &WholeCity| {
            city.messages_of(&[feed], Pace::Bulk, from, to)
                .collect::<Vec<_>>()
        };
        let (a, b) = (of(&ONE), of(&two));
        assert!(
            a.is_empty() && feed.id().ends_with("-news") || digest(a.iter()) != digest(b.iter()),
            "{feed:?}"
        );
    }
    // What is planted is planted in both, each in its own place.
    let (a, b) = (ONE.truth(), two.truth());
    let places = |truth: &CityTruth<'_>| -> BTreeSet<String> {
        truth
            .crash_risks()
            .into_iter()
            .filter(|r| r.is_dangerous)
            .map(|r| r.segment_id)
            .collect()
    };
    assert_eq!((places(&a).len(), places(&b).len()), (12, 12));
    assert_ne!(places(&a), places(&b));
    assert_ne!(a.budget_faults(), b.budget_faults());
    assert_ne!(a.organisation_faults(), b.organisation_faults());
    assert_eq!(a.organisation_faults().len(), b.organisation_faults().len());
}

#[test]
fn years_cut_in_two_are_the_same_years() {
    let from = MONDAY - 33 * DAY;
    for (pace, to, cuts) in [
        (
            Pace::History,
            MONDAY + 7 * DAY,
            [DAY, 5 * DAY + 7, 29 * DAY + HOUR],
        ),
        (Pace::Live, from + 6 * HOUR, [HOUR, HOUR + 7, 4 * HOUR]),
    ] {
        let of = |from, to| ONE.messages_of(&BOOKS, pace, from, to).collect::<Vec<_>>();
        let whole = of(from, to);
        for cut in cuts {
            let mut parts = of(from, from + cut);
            parts.extend(of(from + cut, to));
            assert_eq!(digest(whole.iter()), digest(parts.iter()), "{pace:?} {cut}");
        }
        assert!(
            whole.windows(2).all(|p| p[0].time <= p[1].time),
            "time never goes back"
        );
        let names: BTreeSet<(Feed, &str)> = whole.iter().map(|m| (m.feed, m.name.as_str())).collect();
        assert_eq!(names.len(), whole.len());
    }
}

#[test]
fn the_years_before_reach_the_last_days_and_not_today() {
    let now = WINTER + 3 * HOUR;
    let phases = ONE.phases(now, USUAL_DAYS);
    let (history, bulk) = (phases[1], phases[2]);
    for feed in [Feed::Crashes, Feed::Footfall, Feed::Monitors] {
        let days = |phase: Phase| -> BTreeSet<String> {
            let messages = ONE.messages_of(&[feed], phase.pace, phase.from.max(now - 40 * DAY), phase.to);
            let rows = messages.flat_map(|m| super::table(&m.bytes));
            rows.map(|r| r["t"].chars().take(10).collect()).collect()
        };
        let (years, last) = (days(history), days(bulk));
        // The archive ends before today, and the two leave no day out.
        let today = "2026-01-20";
        assert!(years.iter().all(|d| d.as_str() < today), "{feed:?} {years:?}");
        let all: Vec<&String> = years.union(&last).collect();
        let first = crate::clock::month_start(2026, 1);
        for day in first..ONE.zone().local_day(WINTER) {
            let text = crate::clock::date_text(day);
            assert!(all.contains(&&text), "{feed:?} {text}");
        }
    }
}
