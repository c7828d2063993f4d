//! Tests of earned value: the worked table, other names of periods, quotients by zero, plans that contradict themselves.

use super::*;
use crate::fixture::{numbers, run as run_csv, tables};

const WORKED: &str =
    "period,pv,ev,ac\n1,10,8,9\n2,25,20,23\n3,45,36,42\n4,70,55,64\n5,100,78,92\n6,130,,\n7,150,,\n8,160,,\n";

/// cpi, spi, earned schedule, spi_t, eac, eac_t, tcpi of periods 3 and 5: METHODS 8, four digits.
const TABLE: [(usize, [f64; 7]); 2] = [
    (2, [0.8571, 0.8, 2.55, 0.85, 186.67, 9.412, 1.0508]),
    (4, [0.8478, 0.78, 4.2667, 0.8533, 188.72, 9.375, 1.2059]),
];

#[test]
fn the_worked_table_is_that_of_the_methods() {
    for settings in [&[][..], &[("bac", "160"), ("planned_duration", "8")]] {
        let table = tables("projects.earned_value", &[("series", WORKED)], settings)
            .expect("a run")
            .remove(0);
        assert_eq!(table.texts("period").expect("periods"), ["1", "2", "3", "4", "5"]);
        for (row, expected) in TABLE {
            let columns = ["cpi", "spi", "earned_schedule", "spi_t", "eac", "eac_t", "tcpi"];
            for (column, (expected, digit)) in columns.into_iter().zip(
                expected
                    .into_iter()
                    .zip([1e-4, 1e-4, 1e-4, 1e-4, 0.01, 1e-3, 1e-4]),
            ) {
                let found = numbers(&table, column)[row].expect("a number");
                assert!(
                    (found - expected).abs() <= digit / 2.0 + 1e-12,
                    "{column}: {found}"
                );
            }
        }
    }
}

#[test]
fn the_rows_may_be_in_any_order_and_periods_may_have_any_names() {
    let worked = tables("projects.earned_value", &[("series", WORKED)], &[])
        .expect("a run")
        .remove(0);
    let years = WORKED.replace('\n', "\n202");
    let years = years.strip_suffix("202").expect("a suffix");
    let months = WORKED.replace('\n', "\n2026-0");
    let months = months.strip_suffix("2026-0").expect("a suffix");
    let from_zero = WORKED.replacen("\n1,", "\n0,0,0,0\n1,", 1);
    for (csv, skipped) in [(years, 0), (months, 0), (from_zero.as_str(), 1)] {
        let found = tables("projects.earned_value", &[("series", csv)], &[])
            .expect("a run")
            .remove(0);
        for column in ["cpi", "earned_schedule", "spi_t", "eac_t", "tcpi"] {
            assert_eq!(
                numbers(&found, column)[skipped..],
                numbers(&worked, column),
                "{csv} {column}"
            );
        }
    }
    let mut lines: Vec<&str> = WORKED.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("period,pv,ev,ac\n{}\n", lines.join("\n"));
    let found = tables("projects.earned_value", &[("series", &turned)], &[])
        .expect("a run")
        .remove(0);
    assert_eq!(found.texts("period").expect("periods"), ["5", "4", "3", "2", "1"]);
    let mut schedule = numbers(&found, "earned_schedule");
    schedule.reverse();
    assert_eq!(schedule, numbers(&worked, "earned_schedule"));
}

#[test]
fn months_in_six_digits_follow_one_another_over_the_year() {
    let of = |names: [&str; 4]| {
        let rows = ["10,8,9", "20,18,20", "30,27,31", "40,36,41"];
        let rows: Vec<String> = names
            .iter()
            .zip(rows)
            .map(|(name, row)| format!("{name},{row}"))
            .collect();
        let text = format!("period,pv,ev,ac\n{}\n", rows.join("\n"));
        let found = tables("projects.earned_value", &[("series", &text)], &[])
            .expect("a result")
            .remove(0);
        (numbers(&found, "earned_schedule"), numbers(&found, "spi_t"))
    };
    let digits = of(["202510", "202511", "202512", "202601"]);
    assert_eq!(digits, of(["2025-10", "2025-11", "2025-12", "2026-01"]));
    assert!((digits.1[3].expect("a value") - 0.9).abs() < 1e-12, "{digits:?}");
}

#[test]
fn earned_schedule_inverts_the_plan_and_stands_still_where_the_plan_does() {
    let points = [(1.0, 10.0), (2.0, 10.0), (4.0, 30.0), (5.0, 40.0), (6.0, 40.0)].map(|(time, pv)| Point {
        time,
        pv: Some(pv),
        ev: None,
        ac: None,
    });
    let plan = Plan::new(&points);
    assert_eq!((plan.total(), plan.duration()), (40.0, 5.0));
    for (value, time) in [
        (0.0, 0.0),
        (5.0, 0.5),
        (9.0, 0.9),
        (10.0, 2.0),
        (20.0, 3.0),
        (35.0, 4.5),
        (40.0, 5.0),
        (50.0, 5.0),
    ] {
        let found = plan.time_of(value).expect("a time");
        assert!((found - time).abs() < 1e-12, "{value}: {found}");
    }
    assert_eq!(Plan::new(&[]).time_of(1.0), None);
    // A project that is on plan in every period has indices of 1.
    for point in points {
        let found = indices(
            &Point {
                ev: point.pv,
                ac: point.pv,
                ..point
            },
            &plan,
            40.0,
            5.0,
        );
        assert_eq!(
            (found.cpi, found.spi, found.eac),
            (Some(1.0), Some(1.0), Some(40.0))
        );
    }
}

#[test]
fn a_late_project_ends_with_an_spi_of_1_but_not_in_time() {
    let csv = "period,pv,ev,ac\n1,50,25,30\n2,100,50,60\n3,100,75,90\n4,100,100,120\n";
    let out = run_csv("projects.earned_value", &[("series", csv)], &[]).expect("a run");
    assert_eq!(
        out[0].lines().last(),
        Some("4,0.8333333333333334,1,120,0,2,0.5,4")
    );
}

#[test]
fn what_cannot_be_computed_is_empty() {
    // Nothing done, nothing paid; done but not paid; paid but not known what was done; budget spent.
    let csv = "period,pv,ev,ac\n1,0,0,0\n2,10,5,0\n3,20,,8\n4,,12,20\n5,20,12,30\n";
    let out = run_csv("projects.earned_value", &[("series", csv)], &[]).expect("a run");
    assert_eq!(
        out[0],
        "period,cpi,spi,eac,tcpi,earned_schedule,spi_t,eac_t\n\
         1,,,,1,1,1,3\n\
         2,,0.5,,0.75,1.5,0.75,4\n\
         3,,,,,,,\n\
         4,0.6,,33.333333333333336,,2.2,0.55,5.454545454545454\n\
         5,0.4,0.6,50,-0.8,2.2,0.44000000000000006,6.8181818181818175\n"
    );
    let out = run_csv("projects.earned_value", &[("series", "period,pv,ev,ac\n")], &[]).expect("a run");
    assert_eq!(out[0].lines().count(), 1);
    let out = run_csv(
        "projects.earned_value",
        &[("series", "period,pv,ev,ac\n1,,,\n2,,3,\n")],
        &[],
    )
    .expect("a run");
    assert_eq!(out[0].lines().last(), Some("2,,,,,,,"));
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    for (csv, message) in [
        (
            "1,10,,\n2,9,,\n",
            "row 2, column `pv`: `9` is less than the plan of an earlier period",
        ),
        ("1,10,,\n1,12,,\n", "row 2, column `period`: `1` is there twice"),
        ("1,-1,,\n", "row 1, column `pv`: `-1` is below 0"),
        (",1,,\n", "row 1, column `period`: `` is empty"),
    ] {
        let csv = format!("period,pv,ev,ac\n{csv}");
        let found = run_csv("projects.earned_value", &[("series", &csv)], &[]).expect_err("a refusal");
        assert!(found.contains(message), "{found}");
    }
}
