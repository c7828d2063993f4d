//! The budget: everything adds up to the tiyn, and what is planted is there.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, MONDAY, ONE, WINTER, number, rows_of, table};

/// An amount of a row, tiyn.
fn tiyn(row: &BTreeMap<String, String>, name: &str) -> i64 {
    let (whole, part) = row[name].split_once('.').unwrap();
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    whole.parse::<i64>().unwrap() * 100 + sign * part.parse::<i64>().unwrap()
}

fn sums(rows: &[BTreeMap<String, String>]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(row["code"].clone()).or_default() += tiyn(row, "amount_kzt");
    }
    sums
}

#[test]
fn the_rows_of_a_year_add_up_to_the_truth_line_by_line() {
    // The message of a day comes in the night after it.
    let day = ONE.zone().local_day(WINTER) - 20;
    let (from, to) = (
        ONE.zone().day_start(crate::clock::month_start(2025, 1)),
        ONE.zone().day_start(day + 1),
    );
    let rows = |feed| rows_of(&ONE, feed, Pace::Bulk, from + 2 * HOUR, to + 2 * HOUR);
    let (payments, commitments) = (rows(Feed::Payments), rows(Feed::Commitments));
    let lists = ONE.lists(to - 1).unwrap();
    let plan = table(
        &lists
            .iter()
            .find(|f| f.feed == Feed::BudgetPlan.id())
            .unwrap()
            .bytes,
    );
    let this_year: Vec<_> = plan.into_iter().filter(|r| r["t"].starts_with("2025")).collect();
    let (plan, paid, committed) = (sums(&this_year), sums(&payments), sums(&commitments));
    let truth = ONE.truth().budget(day);
    assert!((260..340).contains(&truth.len()), "{}", truth.len());
    for line in &truth {
        let of = |sums: &BTreeMap<String, i64>| sums.get(&line.code).copied().unwrap_or(0);
        assert_eq!(
            [of(&plan), of(&committed), of(&paid)],
            [line.plan, line.committed, line.paid],
            "{}",
            line.code
        );
    }
    // Contracts are the commitments of what is bought.
    let contracts = rows(Feed::Contracts);
    let bought: Vec<_> = commitments
        .iter()
        .filter(|c| !c["contract_id"].is_empty())
        .cloned()
        .collect();
    assert_eq!(sums(&contracts), sums(&bought));
    assert_eq!(contracts.len(), bought.len());
    // CITY-FACTS section 11: 40,000 contracts a year.
    assert!((36_000..44_000).contains(&contracts.len()), "{}", contracts.len());
    assert!((65_000..80_000).contains(&payments.len()), "{}", payments.len());
    for (rows, key) in [
        (&payments, "payment_id"),
        (&contracts, "contract_id"),
        (&commitments, "commitment_id"),
    ] {
        let ids: std::collections::BTreeSet<&str> = rows.iter().map(|r| r[key].as_str()).collect();
        assert_eq!(ids.len(), rows.len());
    }
    // CITY-FACTS section 11: December 18–20 % of payments.
    let all: i64 = paid.values().sum();
    let december: i64 = payments
        .iter()
        .filter(|p| p["t"].starts_with("2025-12"))
        .map(|p| tiyn(p, "amount_kzt"))
        .sum();
    let share = december as f64 / all as f64;
    assert!((0.175..0.205).contains(&share), "{share}");
    let buyer = ONE.truth().budget_faults().lonely_buyer;
    let single = |of: &dyn Fn(&&BTreeMap<String, String>) -> bool| {
        let competitive: Vec<_> = contracts
            .iter()
            .filter(|c| c["method"] != "single_source")
            .filter(|c| of(c))
            .collect();
        competitive.iter().filter(|c| c["bids"] == "1").count() as f64 / competitive.len() as f64
    };
    let (planted, others) = (single(&|c| c["buyer"] == buyer), single(&|c| c["buyer"] != buyer));
    assert!(
        (planted - 0.65).abs() < 0.06 && (others - 0.22).abs() < 0.02,
        "{planted} {others}"
    );
}

#[test]
fn years_have_the_size_of_the_fact_sheet_and_money_is_left() {
    // CITY-FACTS section 5: 1,624 bn in 2024, 2.8 trillion in 2026; section 11: 3–4 % carried over.
    for (year, billions) in [(2024, 1_624.0), (2026, 2_800.0)] {
        let (plan, paid) = ONE.truth().budget_year(year);
        let plan_bn = plan as f64 / 1e11;
        assert!((plan_bn / billions - 1.0).abs() < 0.03, "{year} {plan_bn}");
        let left = 1.0 - paid as f64 / plan as f64;
        assert!((0.025..0.045).contains(&left), "{year} {left}");
    }
    let end = crate::clock::month_start(2026, 1) - 1;
    let faults = ONE.truth().budget_faults();
    let lines = ONE.truth().budget(end);
    assert_eq!((faults.slow.len(), faults.unpaid.len()), (2, 3));
    for line in &lines {
        let share = line.paid as f64 / line.plan as f64;
        let slow = faults.slow.contains(&line.code);
        assert!(line.paid <= line.plan && line.paid <= line.committed && line.committed <= line.plan);
        assert_eq!(share < 0.8, slow, "{} {share}", line.code);
    }
    let plan: i64 = lines.iter().map(|l| l.plan).sum();
    let works: i64 = lines
        .iter()
        .filter(|l| l.code.ends_with(".431"))
        .map(|l| l.plan)
        .sum();
    // Development is 30.4 % (CITY-FACTS section 5).
    let share = works as f64 / plan as f64;
    assert!((0.27..0.33).contains(&share), "{share}");
    // Nothing is paid that is not committed.
    for day in [end - 360, end - 250, end - 100, end - 30, end - 10] {
        for line in ONE.truth().budget(day) {
            assert!(line.paid <= line.committed, "{day} {line:?}");
        }
    }
}

#[test]
fn every_code_has_its_parents_and_programmes_are_120() {
    let lists = ONE.lists(WINTER).unwrap();
    let codes = table(
        &lists
            .iter()
            .find(|f| f.feed == Feed::BudgetCodes.id())
            .unwrap()
            .bytes,
    );
    let known: BTreeMap<&str, &str> = codes
        .iter()
        .map(|c| (c["code"].as_str(), c["level"].as_str()))
        .collect();
    assert_eq!(known.len(), codes.len());
    for code in &codes {
        let parent = code["code"].rsplit_once('.').map_or("", |c| c.0);
        assert_eq!(code["parent"], parent);
        assert!(parent.is_empty() || known.contains_key(parent));
    }
    let at = |level: &str| known.values().filter(|l| **l == level).count();
    assert_eq!((at("1"), at("4")), (13, 120));
    let offices: std::collections::BTreeSet<&str> =
        known.keys().filter_map(|c| c.split('.').nth(2)).collect();
    // 25 administrators and 8 districts (CITY-FACTS section 11).
    assert_eq!(offices.len(), 33, "{offices:?}");
    let lines: Vec<&str> = known
        .iter()
        .filter(|(_, l)| **l == "5")
        .map(|(c, _)| *c)
        .collect();
    let truth = ONE.truth().budget(ONE.zone().local_day(WINTER));
    assert!(truth.iter().all(|l| lines.contains(&l.code.as_str())));
}

#[test]
fn bills_that_wait_are_on_the_planted_lines() {
    let start = ONE.zone().day_start(crate::clock::month_start(2026, 1));
    let rows = rows_of(&ONE, Feed::Payables, Pace::History, start, start + 3 * DAY);
    assert!(rows.len() > 250 && rows.iter().all(|r| r["t"] == "2025-12-31"));
    let planted = ONE.truth().budget_faults().unpaid;
    for row in &rows {
        let share = number(row, "over_90_days_kzt") / number(row, "amount_kzt");
        assert_eq!(share > 0.1, planted.contains(&row["code"]), "{row:?}");
    }
    // Once a month, at every pace.
    let year = |pace| {
        ONE.messages_of(&[Feed::Payables], pace, start, start + 365 * DAY)
            .count()
    };
    assert_eq!((year(Pace::History), year(Pace::Live)), (12, 12));
}

#[test]
fn the_archive_of_a_week_is_its_days() {
    for feed in [Feed::Payments, Feed::Commitments, Feed::Contracts, Feed::Footfall] {
        let week = rows_of(&ONE, feed, Pace::History, MONDAY, MONDAY + 7 * DAY);
        let days = rows_of(
            &ONE,
            feed,
            Pace::Live,
            MONDAY + 2 * HOUR,
            MONDAY + 7 * DAY + 2 * HOUR,
        );
        assert!(week.len() > 100 && week == days, "{feed:?}");
    }
}
