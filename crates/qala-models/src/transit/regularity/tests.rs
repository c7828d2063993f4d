//! Tests of regularity.

use proptest::prelude::*;

use super::*;
use crate::fixture::{assert_close, numbers, run, tables};
use crate::random::Random;

const HEAD: &str = "route,stop,t_scheduled,t_actual\n";

fn one(rows: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    run(
        "transit.regularity",
        &[("passages", &format!("{HEAD}{rows}"))],
        settings,
    )
    .map(|mut all| all.remove(0))
}

/// METHODS 4: scheduled every 10 minutes; actual headways 5, 15, 8, 12: wait 458/80, scheduled 5, excess 0.725.
#[test]
fn the_worked_example() {
    let rows = "r,s,2026-03-02T08:00:00+05:00,2026-03-02T08:00:00+05:00\n\
                r,s,2026-03-02T08:40:00+05:00,2026-03-02T08:40:00+05:00\n\
                r,s,2026-03-02T08:10:00+05:00,2026-03-02T08:05:00+05:00\n\
                r,s,2026-03-02T08:20:00+05:00,2026-03-02T08:20:00+05:00\n\
                r,s,2026-03-02T08:30:00+05:00,2026-03-02T08:28:00+05:00\n";
    let csv = format!("{HEAD}{rows}");
    let table = tables("transit.regularity", &[("passages", &csv)], &[])
        .unwrap()
        .remove(0);
    let value = |column| numbers(&table, column)[0].unwrap();
    assert_close(value("awt_min"), 5.725, 1e-12);
    assert_close(value("swt_min"), 5.0, 1e-12);
    assert_close(value("ewt_min"), 0.725, 1e-12);
    // The variance of 5, 15, 8, 12 is 14.5.
    assert_close(value("cv_headway"), 14.5_f64.sqrt() / 10.0, 1e-12);
}

#[test]
fn days_are_pooled_and_no_headway_crosses_them() {
    // 03:50 belongs to the day before, 04:00 to the new one; the passage late after 04:00 stays with its timetable.
    let rows = "r,s,2026-03-02T23:50:00+05:00,2026-03-02T23:50:00+05:00\n\
                r,s,2026-03-03T03:50:00+05:00,2026-03-03T04:10:00+05:00\n\
                r,s,2026-03-03T04:00:00+05:00,2026-03-03T04:00:00+05:00\n\
                r,s,2026-03-03T04:20:00+05:00,2026-03-03T04:20:00+05:00\n";
    // Scheduled 240 and 20; actual 260 and 20.
    let scheduled: f64 = (240.0 * 240.0 + 400.0) / (2.0 * 260.0);
    let actual: f64 = (260.0 * 260.0 + 400.0) / (2.0 * 280.0);
    let csv = format!("{HEAD}{rows}");
    let table = tables("transit.regularity", &[("passages", &csv)], &[])
        .unwrap()
        .remove(0);
    assert_close(numbers(&table, "swt_min")[0].unwrap(), scheduled, 1e-12);
    assert_close(numbers(&table, "awt_min")[0].unwrap(), actual, 1e-12);
    // Days from midnight: 23:50 is alone.
    let table = tables(
        "transit.regularity",
        &[("passages", &csv)],
        &[("day_start", "00:00")],
    )
    .unwrap()
    .remove(0);
    assert_close(
        numbers(&table, "swt_min")[0].unwrap(),
        500.0 / (2.0 * 30.0),
        1e-12,
    );
}

#[test]
fn what_did_not_come_leaves_the_actual_series_only() {
    let rows = "b,s,2026-03-02T08:00:00+05:00,2026-03-02T08:00:00+05:00\n\
                b,s,2026-03-02T08:10:00+05:00,\n\
                b,s,2026-03-02T08:20:00+05:00,2026-03-02T08:20:00+05:00\n\
                a,s,,2026-03-02T08:00:00+05:00\n\
                a,s,,2026-03-02T08:30:00+05:00\n\
                a,t,2026-03-02T08:00:00+05:00,2026-03-02T08:00:00+05:00\n\
                a,u,,\n\
                a,v,2026-03-02T08:00:00+05:00,2026-03-02T08:00:00+05:00\n\
                a,v,2026-03-02T08:00:00+05:00,2026-03-02T08:00:00+05:00\n";
    assert_eq!(
        one(rows, &[]).unwrap(),
        "route,stop,awt_min,swt_min,ewt_min,cv_headway\nb,s,10,5,5,0\na,s,15,,,0\na,t,,,,\na,u,,,,\na,v,,,,\n"
    );
    assert_eq!(
        one("", &[]).unwrap(),
        "route,stop,awt_min,swt_min,ewt_min,cv_headway\n"
    );
}

#[test]
fn a_time_of_day_is_asked_for() {
    for wrong in ["4", "24:00", "04:60", "4:00", "+4:00", "04:00:00"] {
        assert_eq!(
            one("", &[("day_start", wrong)]),
            Err(format!(
                "setting `day_start`: `{wrong}` is not a time of day like 04:00"
            ))
        );
    }
}

/// Headways of a Poisson process: the wait is the mean headway, the variation 1.
#[test]
fn vehicles_that_come_by_chance_are_waited_for_a_whole_headway() {
    let mut random = Random::new(4);
    let mut t = 0.0;
    let passages: Vec<f64> = (0..200_000)
        .map(|_| {
            t -= 600.0 * (1.0 - random.unit()).ln();
            t
        })
        .collect();
    let mut headways = Headways::default();
    headways.add(&passages);
    // 2 % is more than four standard errors of either.
    assert_close(headways.wait().unwrap(), 600.0, 0.02);
    assert_close(headways.variation().unwrap(), 1.0, 0.02);
}

proptest! {
    /// Σh²/2Σh = (mean/2)(1 + cv²), whatever the headways.
    #[test]
    fn wait_and_variation_agree(headways in prop::collection::vec(1_u32..3600, 1..40)) {
        let mut t = 0.0;
        let passages: Vec<f64> = std::iter::once(0.0)
            .chain(headways.iter().map(|h| {
                t += f64::from(*h);
                t
            }))
            .collect();
        let mut sums = Headways::default();
        sums.add(&passages);
        let mean = t / headways.len() as f64;
        let expected = mean / 2.0 * (1.0 + sums.variation().unwrap().powi(2));
        prop_assert!((sums.wait().unwrap() - expected).abs() < 1e-9 * expected);
    }
}
