//! The administration: the tables hold what is planted, and nothing else is wrong by the simplest reading of each rule.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{ONE, WINTER, table};

type Rows = Vec<BTreeMap<String, String>>;

fn lists() -> [Rows; 4] {
    let files = ONE.lists(WINTER).unwrap();
    [Feed::Bodies, Feed::Staff, Feed::Statutes, Feed::Declared]
        .map(|feed| table(&files.iter().find(|f| f.feed == feed.id()).unwrap().bytes))
}

#[test]
fn faults_are_in_the_tables_and_nothing_else_is_wrong() {
    let [bodies, posts, functions, indicators] = lists();
    let mut planted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for fault in ONE.truth().organisation_faults() {
        planted.entry(fault.rule).or_default().insert(fault.object);
    }
    let found = |rule: &str, objects: BTreeSet<String>| assert_eq!(objects, planted[rule], "{rule}");
    let ended: BTreeSet<&str> = bodies
        .iter()
        .filter(|b| !b["ends_on"].is_empty())
        .map(|b| b["body_id"].as_str())
        .collect();
    let known: BTreeSet<&str> = bodies.iter().map(|b| b["body_id"].as_str()).collect();
    assert_eq!(known.len(), bodies.len());
    let ids = |rows: &Rows, id: &str, of: &dyn Fn(&BTreeMap<String, String>) -> bool| -> BTreeSet<String> {
        rows.iter().filter(|r| of(r)).map(|r| r[id].clone()).collect()
    };
    found(
        "orphan_function",
        ids(&functions, "function_id", &|f| f["owner_body_id"].is_empty()),
    );
    found(
        "unknown_owner",
        ids(&functions, "function_id", &|f| {
            !f["owner_body_id"].is_empty() && !known.contains(f["owner_body_id"].as_str())
        }),
    );
    found(
        "ended_owner",
        ids(&functions, "function_id", &|f| {
            ended.contains(f["owner_body_id"].as_str())
        }),
    );
    found(
        "indicator_without_source",
        ids(&indicators, "indicator_id", &|i| i["source"].is_empty()),
    );
    let statutes: BTreeSet<&str> = functions.iter().map(|f| f["function_id"].as_str()).collect();
    found(
        "indicator_without_function",
        ids(&indicators, "indicator_id", &|i| {
            !statutes.contains(i["function_id"].as_str())
        }),
    );
    found(
        "post_without_body",
        ids(&posts, "post_id", &|p| {
            !known.contains(p["body_id"].as_str()) || ended.contains(p["body_id"].as_str())
        }),
    );
    // Titles that are the same but for capitals and two words.
    let plain = |f: &BTreeMap<String, String>| f["title"].to_lowercase().replace(" в городе", "");
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in &functions {
        by.entry(plain(function))
            .or_default()
            .push(function["function_id"].clone());
    }
    found(
        "duplicate_function",
        by.into_values()
            .filter(|ids| ids.len() > 1)
            .map(|ids| ids.join(";"))
            .collect(),
    );
    let parent: BTreeMap<&str, &str> = bodies
        .iter()
        .map(|b| (b["body_id"].as_str(), b["parent_id"].as_str()))
        .collect();
    let ring = parent
        .iter()
        .filter(|(body, above)| parent.get(*above) == Some(body))
        .map(|(b, _)| (*b).to_owned());
    found("body_cycle", ring.take(1).collect());
    let spans = known.iter().filter(|b| !ended.contains(*b)).filter(|body| {
        let of = |manages: bool| {
            let own = posts
                .iter()
                .filter(|p| p["body_id"] == **body && (p["kind"] == "management") == manages);
            own.count()
        };
        let below = parent.values().filter(|p| *p == *body).count() + of(false);
        !(4..=12).contains(&(below / of(true).max(1)))
    });
    found("span", spans.map(|b| (*b).to_owned()).collect());
    let programmes: BTreeSet<&str> = functions.iter().map(|f| f["programme"].as_str()).collect();
    assert_eq!(programmes.len(), 120);
}

#[test]
fn departments_are_24_and_one_is_short_of_people() {
    let [bodies, posts, _, _] = lists();
    // CITY-FACTS section 4: 24 departments and 8 district administrations.
    let kind = |kind: &str| {
        bodies
            .iter()
            .filter(|b| b["kind"] == kind && b["ends_on"].is_empty())
            .count()
    };
    assert_eq!((kind("department"), kind("district_administration")), (24, 8));
    let short = ONE.truth().short_department();
    let vacant = |of: &dyn Fn(&str) -> bool| {
        let all: Vec<_> = posts.iter().filter(|p| of(&p["body_id"])).collect();
        all.iter().filter(|p| p["filled"] == "false").count() as f64 / all.len() as f64
    };
    let (there, elsewhere) = (
        vacant(&|b| b.starts_with(&short)),
        vacant(&|b| !b.starts_with(&short)),
    );
    assert!(
        there > 0.2 && (0.04..0.12).contains(&elsewhere),
        "{there} {elsewhere}"
    );
    assert!(
        ["management", "support", "core"]
            .iter()
            .all(|k| posts.iter().any(|p| p["kind"] == *k))
    );
}
