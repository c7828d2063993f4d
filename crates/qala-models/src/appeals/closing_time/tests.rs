//! Tests of the curve: a published trial, exact cases, recovery of a known truth, dates.

use std::fmt::Write;

use super::*;
use crate::fixture::{numbers, public_file, run as run_csv, tables};
use crate::random::Random;

/// Days of the 21 children of Freireich et al. (1963) under 6-MP, and whether the illness came back.
const FREIREICH: [(i64, bool); 21] = [
    (6, true),
    (6, true),
    (6, true),
    (6, false),
    (7, true),
    (9, false),
    (10, true),
    (10, false),
    (11, false),
    (13, true),
    (16, true),
    (17, false),
    (19, false),
    (20, false),
    (22, true),
    (23, true),
    (25, false),
    (32, false),
    (32, false),
    (34, false),
    (35, false),
];

/// Day, survival and its interval: METHODS 9 to four digits; all digits by `scripts/reference_closing.py`.
const CURVE: [(i64, f64, f64, f64); 7] = [
    (6, 0.857_142_857_143, 0.619_717_955_266, 0.951_551_747_647),
    (7, 0.806_722_689_076, 0.563_146_564_622, 0.922_809_019_203),
    (10, 0.752_941_176_471, 0.503_199_510_800, 0.889_361_835_169),
    (13, 0.690_196_078_431, 0.431_610_222_486, 0.849_065_963_349),
    (16, 0.627_450_980_392, 0.367_510_855_988, 0.804_912_189_472),
    (22, 0.537_815_126_050, 0.267_778_936_767, 0.746_790_717_635),
    (23, 0.448_179_271_709, 0.188_052_005_959, 0.680_142_628_495),
];

#[test]
fn a_published_trial_has_its_curve_and_intervals() {
    let spells: Vec<Spell> = FREIREICH
        .into_iter()
        .map(|(days, closed)| Spell { days, closed })
        .collect();
    let steps = curve(&spells);
    assert_eq!(steps.len(), CURVE.len());
    for (step, (day, survival, lo, hi)) in steps.iter().zip(CURVE) {
        let (found_lo, found_hi) = step.interval.expect("an interval");
        assert_eq!(step.day, day);
        for (found, expected) in [(step.survival, survival), (found_lo, lo), (found_hi, hi)] {
            assert!((found - expected).abs() < 1e-11, "{day}: {found} {expected}");
        }
    }
    for (step, rounded) in steps
        .iter()
        .zip([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482])
    {
        assert!((step.survival - rounded).abs() < 5e-5);
    }
    assert_eq!(median_days(&steps), Some(23));
}

/// The trial as files: every case opens on one day; those that were censored are open on the day on which they were last seen.
#[test]
fn the_same_trial_through_files() {
    let mut csv = String::from("group,opened,closed\n");
    for (days, closed) in FREIREICH {
        // As of 1 March: a case that is open for n days opened n days before.
        let opened = if closed { 20_000 } else { 20_513 - days };
        let date = |day: i64| {
            let start = jan_first_2024() + day - 20_000;
            format!("{}T06:00:00+05:00", written(start))
        };
        let closed = if closed {
            date(opened + days)
        } else {
            String::new()
        };
        writeln!(csv, "mp,{},{closed}", date(opened)).expect("a text");
    }
    let as_of = format!("{}T06:00:00+05:00", written(jan_first_2024() + 513));
    let found = tables("appeals.closing_time", &[("cases", &csv)], &[("as_of", &as_of)]).expect("a run");
    assert_eq!(found[0].ints("day").expect("days"), CURVE.map(|row| row.0));
    for (column, pick) in [("survival", 0), ("lo", 1), ("hi", 2)] {
        for (number, row) in numbers(&found[0], column).into_iter().zip(CURVE) {
            let expected = [row.1, row.2, row.3][pick];
            assert!((number.expect("a number") - expected).abs() < 1e-11, "{column}");
        }
    }
    assert_eq!(found[1].to_csv(), "group,median_days\nmp,23\n");
}

/// Days since 1970-01-01.
fn jan_first_2024() -> i64 {
    19_723
}

/// A date of 2024 or 2025 as text.
fn written(day: i64) -> String {
    let mut left = day - jan_first_2024();
    for (year, february) in [(2024, 29), (2025, 28)] {
        for (month, length) in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            .into_iter()
            .enumerate()
        {
            if left < length {
                return format!("{year}-{:02}-{:02}", month + 1, left + 1);
            }
            left -= length;
        }
    }
    panic!("{day} is later")
}

#[test]
fn a_day_is_24_hours_and_what_is_closed_later_is_open_then() {
    let csv = "group,opened,closed\n\
               b,2026-01-01T12:00:00+05:00,2026-01-03T11:59:59+05:00\n\
               a,2026-01-01T12:00:00+05:00,2026-01-04T08:00:00Z\n\
               b,2026-01-01T12:00:00+05:00,2026-01-03T07:00:00Z\n\
               a,2026-01-01T12:00:00+05:00,\n\
               c,2026-02-01T00:00:00+05:00,2026-02-02T00:00:00+05:00\n\
               ,2026-01-01T12:00:00+05:00,2026-01-01T12:00:00+05:00\n";
    let out = run_csv(
        "appeals.closing_time",
        &[("cases", csv)],
        &[("as_of", "2026-01-05T00:00:00+05:00")],
    )
    .expect("a run");
    // Day 1 ends a second later than the first case of b; c is opened after as_of.
    assert!(
        out[0].starts_with("group,day,survival,lo,hi\nb,1,0.5,"),
        "{}",
        out[0]
    );
    assert!(
        out[0].contains("\nb,2,0,,\na,3,0.5,") && out[0].ends_with("\n,0,0,,\n"),
        "{}",
        out[0]
    );
    assert_eq!(out[1], "group,median_days\nb,1\na,3\nc,\n,0\n");
    // Closed a second after as_of.
    let out = run_csv(
        "appeals.closing_time",
        &[("cases", csv)],
        &[("as_of", "2026-01-03T11:59:59+05:00")],
    )
    .expect("a run");
    assert_eq!(out[1], "group,median_days\nb,1\na,\nc,\n,0\n");
    // A date is its first moment in the offset of the cases; at that moment nothing but the last row is closed.
    let dated = run_csv(
        "appeals.closing_time",
        &[("cases", csv)],
        &[("as_of", "2026-01-03")],
    )
    .expect("a run");
    assert_eq!(dated[1], "group,median_days\nb,\na,\nc,\n,0\n");
    // Without a setting: the last moment of the file, in which c is closed.
    let last = run_csv("appeals.closing_time", &[("cases", csv)], &[]).expect("a run");
    assert_eq!(last[1], "group,median_days\nb,1\na,3\nc,1\n,0\n");
}

#[test]
fn dates_without_a_time_are_days_of_the_calendar() {
    let csv = "group,opened,closed\na,2026-01-01,2026-01-03\na,2026-01-01,\n";
    for as_of in ["2026-01-10", "2026-01-10T03:00:00+05:00", ""] {
        let out = run_csv("appeals.closing_time", &[("cases", csv)], &[("as_of", as_of)]).expect("a run");
        assert_eq!(out[1], "group,median_days\na,2\n", "{as_of}");
    }
    let out = run_csv(
        "appeals.closing_time",
        &[("cases", csv)],
        &[("as_of", "2026-01-02")],
    )
    .expect("a run");
    assert_eq!(out, ["group,day,survival,lo,hi\n", "group,median_days\na,\n"]);
    let empty = run_csv("appeals.closing_time", &[("cases", "group,opened,closed\n")], &[]).expect("a run");
    assert_eq!(empty, ["group,day,survival,lo,hi\n", "group,median_days\n"]);
}

/// Ten of twenty closed is exactly a half, whatever the product rounds to.
#[test]
fn a_median_of_exactly_a_half_is_found() {
    for count in (2..400).step_by(2) {
        let spells: Vec<Spell> = (1..=count).map(|days| Spell { days, closed: true }).collect();
        assert_eq!(median_days(&curve(&spells)), Some(count / 2), "{count}");
    }
}

#[test]
fn the_truth_is_inside_of_the_interval_as_often_as_it_says() {
    // Closing takes an exponential time with a mean of 20 days; who looks stops after 5 to 60 days. S(10) = e^-½.
    let truth = (-0.5_f64).exp();
    let mut inside = 0;
    let mut mean = 0.0;
    for run in 0..400 {
        let mut random = Random::part(7, run);
        let spells: Vec<Spell> = (0..200)
            .map(|_| {
                let (length, seen) = (-20.0 * (1.0 - random.unit()).ln(), 5.0 + 55.0 * random.unit());
                // In hours, so that rounding to whole units moves nothing.
                Spell {
                    days: (length.min(seen) * 24.0) as i64,
                    closed: length <= seen,
                }
            })
            .collect();
        let steps = curve(&spells);
        let step = steps
            .iter()
            .take_while(|step| step.day < 240)
            .last()
            .expect("a step");
        let (lo, hi) = step.interval.expect("an interval");
        inside += i32::from((lo..hi).contains(&truth));
        mean += step.survival / 400.0;
    }
    // 380 expected; a standard deviation is 4.4.
    assert!((365..395).contains(&inside), "{inside}");
    assert!((mean - truth).abs() < 0.006, "{mean}");
}

#[test]
fn what_cannot_be_used_is_named() {
    let run = |row: &str, as_of: &str| {
        let csv = format!("group,opened,closed\n{row}\n");
        run_csv("appeals.closing_time", &[("cases", &csv)], &[("as_of", as_of)]).expect_err("a refusal")
    };
    assert_eq!(
        run("a,2026-01-02T00:00Z,2026-01-01T00:00Z", ""),
        "input `cases`, row 1, column `closed`: `2026-01-01T00:00Z` is before the case was opened; mend one of the two"
    );
    assert_eq!(
        run("a,,2026-01-01T00:00Z", ""),
        "input `cases`, row 1, column `opened`: `` is empty; a case must have been opened"
    );
    assert!(run("a,2026-01-01T00:00,", "").contains("is not an ISO 8601 time with an offset"));
    assert!(run("a,2026-01-01T00:00Z,", "soon").contains("setting `as_of`: `soon` is neither a date nor"));
}

#[test]
fn real_requests_of_a_city_go_through() {
    let Some(text) = public_file(
        "real_requests_of_a_city_go_through",
        "appeals/nyc_311_brooklyn.csv",
    ) else {
        return;
    };
    let table = Table::from_csv("requests", text.as_bytes()).expect("a table");
    // `06/20/2016 10:04:21 PM`
    let moment = |text: &str| match text.split(['/', ' ', ':']).collect::<Vec<_>>()[..] {
        [month, day, year, hour, minute, second, half] => {
            let hour = hour.parse::<u32>().expect("an hour") % 12 + if half == "PM" { 12 } else { 0 };
            format!("{year}-{month}-{day}T{hour:02}:{minute}:{second}-04:00")
        }
        _ => panic!("{text}"),
    };
    let [agencies, opened, closed] =
        ["Agency", "Created Date", "Closed Date"].map(|column| table.texts(column).expect("a column"));
    let mut csv = String::from("group,opened,closed\n");
    for row in 0..table.rows() {
        writeln!(
            csv,
            "{},{},{}",
            agencies[row],
            moment(&opened[row]),
            moment(&closed[row])
        )
        .expect("a text");
    }
    let found = tables("appeals.closing_time", &[("cases", &csv)], &[]).expect("a run");
    // All 78 are closed: the median is that of the closed ones.
    let cases = Table::from_csv("cases", csv.as_bytes()).expect("a table");
    let moments = ["opened", "closed"].map(|column| cases.moments(column).expect("moments"));
    let groups = found[1].texts("group").expect("groups");
    assert_eq!(groups.len(), 2);
    for (group, median) in groups.iter().zip(found[1].ints("median_days").expect("medians")) {
        let mut days: Vec<i64> = (0..agencies.len())
            .filter(|row| agencies[*row] == *group)
            .map(|row| (moments[1][row].micros - moments[0][row].micros) / DAY_MICROS)
            .collect();
        days.sort_unstable();
        assert_eq!(median, days[days.len().div_ceil(2) - 1], "{group}");
    }
}
