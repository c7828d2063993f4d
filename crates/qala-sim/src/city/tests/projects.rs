//! The portfolio: series that add up to their truth, and what is told over time.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{DAY, ONE, WINTER, number, table};

fn lists(instant: i64) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let files = ONE
        .lists(instant)
        .unwrap()
        .into_iter()
        .filter(|f| f.kind == "table");
    files.map(|f| (f.feed.clone(), table(&f.bytes))).collect()
}

#[test]
fn fifty_projects_with_their_planted_fates() {
    let truth = ONE.truth().projects();
    // CITY-FACTS section 1: 50 key projects.
    assert_eq!(truth.len(), 50);
    let count = |of: fn(&ProjectTruth) -> bool| truth.iter().filter(|p| of(p)).count();
    assert_eq!(count(|p| p.is_over), 10);
    assert_eq!(count(|p| p.block.is_some()), 6);
    assert_eq!(count(|p| p.is_late), 18, "twelve by their pace and six blocked");
    // Far enough in time all is told: the last month says what the truth says.
    let all = lists(WINTER + 6 * 365 * DAY);
    let mut last: BTreeMap<&str, &BTreeMap<String, String>> = BTreeMap::new();
    for row in &all[Feed::Progress.id()] {
        if let Some(before) = last.insert(&row["project_id"], row) {
            for column in ["planned_kzt", "earned_kzt", "spent_kzt"] {
                assert!(number(before, column) <= number(row, column), "cumulative");
            }
        }
    }
    for project in &truth {
        let row = last[project.id.as_str()];
        let bac = project.bac as f64 * 1000.0;
        assert!((number(row, "earned_kzt") / bac - 1.0).abs() < 1e-9);
        assert!((number(row, "spent_kzt") / project.cost / 1000.0 - 1.0).abs() < 1e-6);
        assert_eq!(number(row, "period") as i64, project.true_months.ceil() as i64);
    }
    for row in &all[Feed::Baselines.id()] {
        assert!(number(row, "planned_kzt") > 0.0);
    }
}

#[test]
fn what_is_told_through_a_day_and_what_comes_after_it_are_all() {
    let zone = ONE.zone();
    let day = zone.local_day(WINTER);
    let (begin, end) = (zone.day_start(day), zone.day_start(day + 400));
    for (list, stream) in [
        (Feed::Progress, Feed::ProgressNews),
        (Feed::Promises, Feed::PromiseNews),
        (Feed::Blocks, Feed::BlockNews),
    ] {
        let before = lists(begin - 1).remove(list.id()).unwrap();
        let after = lists(end - 1).remove(list.id()).unwrap();
        // The message of a day or month comes in the night after it.
        let news: Vec<_> = ONE
            .messages_of(&[stream], Pace::Live, begin + 2 * HOUR, end + 2 * HOUR)
            .flat_map(|m| table(&m.bytes))
            .collect();
        let rows = |lists: &[&Vec<BTreeMap<String, String>>]| -> BTreeSet<String> {
            lists
                .iter()
                .flat_map(|l| l.iter())
                .map(|r| format!("{r:?}"))
                .collect()
        };
        let (got, due) = (rows(&[&before, &news]), rows(&[&after]));
        assert!(got.len() > before.len(), "{list:?}");
        let open: Vec<&String> = due.difference(&got).collect();
        assert!(open.is_empty(), "{list:?} {open:?}");
    }
}

#[test]
fn blocked_projects_earn_nothing_meanwhile() {
    let rows = lists(WINTER + 6 * 365 * DAY).remove(Feed::Progress.id()).unwrap();
    for project in ONE.truth().projects() {
        let Some((from, length, _)) = project.block else {
            continue;
        };
        let earned = |period: i64| {
            let row = rows
                .iter()
                .find(|r| r["project_id"] == project.id && r["period"] == period.to_string());
            number(row.unwrap(), "earned_kzt")
        };
        assert!(earned(from) == earned(from + length) && earned(from + length + 1) > earned(from + length));
    }
    let day = ONE.zone().local_day(WINTER);
    let told: BTreeMap<String, String> = lists(WINTER)
        .remove(Feed::Blocks.id())
        .unwrap()
        .into_iter()
        .map(|r| (r["project_id"].clone(), r["status"].clone()))
        .collect();
    let blocked: Vec<String> = told
        .into_iter()
        .filter(|(_, s)| s == "blocked")
        .map(|(p, _)| p)
        .collect();
    assert_eq!(blocked, ONE.truth().blocked_projects(day));
}

#[test]
fn works_are_linked_without_circles() {
    let mut all = lists(WINTER);
    let (works, links) = (
        all.remove(Feed::Activities.id()).unwrap(),
        all.remove(Feed::ActivityLinks.id()).unwrap(),
    );
    assert_eq!((works.len(), links.len()), (500, 600));
    let ids: BTreeSet<&str> = works.iter().map(|w| w["activity_id"].as_str()).collect();
    for link in &links {
        assert!(ids.contains(link["from_activity"].as_str()) && ids.contains(link["to_activity"].as_str()));
        assert!(
            link["from_activity"] < link["to_activity"],
            "links go forward, so there is no circle"
        );
    }
}
