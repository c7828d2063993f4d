//! Tests of control charts.

use std::fmt::Write;

use super::*;
use crate::fixture::{assert_close, numbers, run as run_model, tables};
use crate::random::Random;

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn one(rows: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    run_model(
        "indicators.control_chart",
        &[("series", &format!("t,value\n{rows}"))],
        settings,
    )
    .map(|mut all| all.remove(0))
}

fn signals(chart: &Chart, index: usize) -> Vec<&'static str> {
    chart.points[index]
        .signals
        .iter()
        .map(|signal| signal.name())
        .collect()
}

/// NIST e-Handbook 6.3.2.2, numbers of METHODS 11.
const NIST: [f64; 10] = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];

#[test]
fn the_handbook_example() {
    let rows: String = NIST
        .iter()
        .enumerate()
        .fold(String::new(), |mut rows, (day, value)| {
            writeln!(rows, "2026-03-{:02}T00:00:00+05:00,{value}", day + 1).unwrap();
            rows
        });
    let csv = format!("t,value\n{rows}");
    let table = tables("indicators.control_chart", &[("series", &csv)], &[])
        .unwrap()
        .remove(0);
    for row in 0..10 {
        for (column, expected) in [("centre", 50.81), ("upper", 55.8041), ("lower", 45.8159)] {
            assert!(
                (numbers(&table, column)[row].unwrap() - expected).abs() < 5e-5,
                "{column}"
            );
        }
    }
    let ranges = numbers(&table, "moving_range");
    assert_eq!(ranges[0], None);
    assert_close(ranges[1].unwrap(), 2.0, 1e-12);
    assert!(table.texts("signals").unwrap().iter().all(String::is_empty));
    let chart = xmr(&some(&NIST), None);
    assert!((chart.mean_moving_range.unwrap() - 1.8778).abs() < 5e-5);
    assert!((chart.moving_range_upper().unwrap() - 6.1347).abs() < 5e-5);
}

/// Baseline 1, −1, …: centre 0, mR̄ 2, σ 1.773; the rules are tried on what follows.
#[test]
fn each_rule_speaks_at_the_point_that_completes_it() {
    let baseline: Vec<f64> = (0..20)
        .map(|index| if index % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    let after = |values: &[f64]| {
        let all = [baseline.as_slice(), values].concat();
        let chart = xmr(&some(&all), Some(20));
        assert_close(chart.points[0].upper.unwrap(), 6.0 / 1.128, 1e-12);
        (20..all.len())
            .map(|index| signals(&chart, index).join(";"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        after(&[5.3, 5.4, -5.4]),
        ["", "beyond_limit;two_of_three", "beyond_limit"]
    );
    assert_eq!(after(&[3.6, 0.0, 3.6, -3.6]), ["", "", "two_of_three", ""]);
    assert_eq!(after(&[3.6, 0.0, 0.0, 3.6]), ["", "", "", ""]);
    assert_eq!(
        after(&[1.8, 1.8, -0.1, 1.8, 1.8, 0.5]),
        ["", "", "", "", "four_of_five", ""]
    );
    // The baseline ends below the centre, so the run begins with the first of these.
    let run = after(&[0.5; 9]);
    assert_eq!(run, ["", "", "", "", "", "", "", "run_8", "run_8"]);
    assert_eq!(after(&[0.5, 0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5]), [""; 9]);
}

#[test]
fn what_is_missing_breaks_the_chain() {
    let values = [Some(1.0), None, Some(3.0), Some(2.0)];
    let chart = xmr(&values, None);
    let ranges: Vec<_> = chart.points.iter().map(|point| point.moving_range).collect();
    assert_eq!(ranges, [None, None, None, Some(1.0)]);
    assert_eq!(chart.points[1].centre, Some(2.0));
    let mut long = some(&[0.5; 12]);
    long.extend(some(&[-0.5; 12]));
    long[4] = None;
    let chart = xmr(&long, None);
    assert!(!signals(&chart, 11).contains(&"run_8"));
    assert!(signals(&chart, 19).contains(&"run_8"));
    // The baseline counts points that are there.
    assert_eq!(
        xmr(&[None, Some(1.0), Some(2.0), Some(9.0)], Some(2)).points[0].centre,
        Some(1.5)
    );
}

#[test]
fn a_series_that_does_not_move_is_no_news() {
    let chart = xmr(&[Some(0.1); 30], None);
    assert!(
        chart
            .points
            .iter()
            .all(|point| point.signals.is_empty() && point.centre == Some(0.1))
    );
    assert_eq!(chart.points[3].upper, Some(0.1));
    let chart = residual_xmr(&[Some(0.1); 30], None);
    assert!(chart.points.iter().all(|point| point.signals.is_empty()));
    let mut moved = vec![Some(0.1); 30];
    moved.push(Some(0.2));
    assert_eq!(signals(&xmr(&moved, Some(30)), 30), ["beyond_limit"]);
}

#[test]
fn rows_are_put_in_order_and_short_series_have_no_limits() {
    assert_eq!(
        one("2026-03-02,2\n2026-03-01,1\n", &[]).unwrap(),
        "t,value,centre,lower,upper,moving_range,signals\n2026-03-01,1,1.5,-1.1595744680851068,4.159574468085107,,\n\
         2026-03-02,2,1.5,-1.1595744680851068,4.159574468085107,1,\n"
    );
    assert_eq!(
        one("7,5\n", &[]).unwrap(),
        "t,value,centre,lower,upper,moving_range,signals\n7,5,5,,,,\n"
    );
    assert_eq!(
        one("7,\n", &[("method", "residual_xmr")]).unwrap(),
        "t,value,centre,lower,upper,moving_range,signals\n7,,,,,,\n"
    );
    assert_eq!(
        one("", &[]).unwrap(),
        "t,value,centre,lower,upper,moving_range,signals\n"
    );
}

#[test]
fn contradictions_are_refused() {
    for (rows, settings, message) in [
        (
            "2026-03-02T05:00:00+05:00,1\n2026-03-02T00:00:00Z,2\n",
            vec![],
            "input `series`, row 2, column `t`: `2026-03-02T00:00:00Z` is the time of row 1 too; give each time one value",
        ),
        (
            "soon,1\n",
            vec![],
            "input `series`, row 1, column `t`: `soon` is not an ISO 8601 time with an offset, like 2026-03-02T08:15:00+05:00",
        ),
        (",1\n", vec![], "input `series`, row 1, column `t`: `` is empty"),
        (
            "1,1\n",
            vec![("baseline", "1")],
            "setting `baseline`: `1` is below 2",
        ),
        (
            "1,1\n",
            vec![("method", "ewma")],
            "setting `method`: `ewma` is none of xmr, residual_xmr",
        ),
    ] {
        assert_eq!(one(rows, &settings), Err(message.to_owned()));
    }
}

/// The share of points with limits that are beyond one.
fn beyond(chart: &Chart) -> f64 {
    let there = chart.points.iter().filter(|point| point.upper.is_some()).count();
    let news = chart
        .points
        .iter()
        .filter(|point| point.signals.contains(&Signal::BeyondLimit))
        .count();
    news as f64 / there as f64
}

/// METHODS 11: .27 % a point ± .05 points on normal noise.
#[test]
fn noise_is_not_news() {
    let mut random = Random::new(11);
    let noise: Vec<f64> = (0..200_000).map(|_| random.normal()).collect();
    let share = beyond(&xmr(&some(&noise), None));
    assert!((share - 0.0027).abs() < 0.0005, "{share}");
    // Not correlated: the residual chart is the plain one.
    assert_eq!(residual_xmr(&some(&noise), None), xmr(&some(&noise), None));
}

#[test]
fn correlated_noise_is_not_news_to_the_residual_chart_and_a_jump_is() {
    let mut random = Random::new(12);
    let mut level = 0.0;
    let mut values: Vec<f64> = (0..100_000)
        .map(|_| {
            level = 0.7 * level + random.normal();
            20.0 + level
        })
        .collect();
    let plain = beyond(&xmr(&some(&values), None));
    assert!(plain > 0.05, "{plain}");
    let chart = residual_xmr(&some(&values), None);
    let share = beyond(&chart);
    assert!((share - 0.0027).abs() < 0.0005, "{share}");
    assert_eq!(chart.points[0].centre, None);
    // The forecast of the point after 24 is 20 + 0.7·4; its limits lie 3 standard deviations of the noise around.
    let after = values
        .iter()
        .position(|value| (*value - 24.0).abs() < 0.01)
        .unwrap()
        + 1;
    let point = &chart.points[after];
    assert!((point.centre.unwrap() - 22.8).abs() < 0.1, "{point:?}");
    assert!((point.upper.unwrap() - point.centre.unwrap() - 3.0).abs() < 0.05);
    values[50_000] += 12.0;
    assert!(signals(&residual_xmr(&some(&values), Some(40_000)), 50_000).contains(&"beyond_limit"));
}

#[test]
fn what_a_forecast_of_one_step_does_not_explain_is_not_drawn() {
    let mut random = Random::new(13);
    let wave: Vec<f64> = (0..400)
        .map(|index| (f64::from(index) / 8.0).sin() + 0.01 * random.normal())
        .collect();
    let chart = residual_xmr(&some(&wave), None);
    assert!(chart.points.iter().all(|point| *point == Point::default()));
    assert!(xmr(&some(&wave), None).points[0].upper.is_some());
}

/// scripts/reference_control_chart.py (numpy 2.4.6).
#[test]
fn the_residual_chart_is_as_numpy_computes_it() {
    let mut values = vec![3.0];
    for t in 1..60_u32 {
        values.push(0.8 * values[values.len() - 1] + f64::from(t * 7919 % 101) / 101.0);
    }
    let chart = residual_xmr(&some(&values), Some(40));
    assert_close(chart.mean_moving_range.unwrap(), 0.367_005_232_743_748_8, 1e-9);
    for (t, centre, lower, upper, range) in [
        (
            1,
            2.711_767_569_255_661_3,
            1.735_689_822_596_754_7,
            3.687_845_315_914_567_7,
            None,
        ),
        (
            39,
            2.429_514_115_382_01,
            1.453_436_368_723_103_3,
            3.405_591_862_040_916_2,
            Some(0.397_361_971_163_207_04),
        ),
        (
            59,
            2.503_575_236_814_744_4,
            1.527_497_490_155_837_8,
            3.479_652_983_473_650_7,
            Some(0.440_228_145_107_043_56),
        ),
    ] {
        let point = &chart.points[t];
        assert_close(point.centre.unwrap(), centre, 1e-9);
        assert_close(point.lower.unwrap(), lower, 1e-9);
        assert_close(point.upper.unwrap(), upper, 1e-9);
        assert_eq!(point.moving_range.is_some(), range.is_some());
        assert_close(point.moving_range.unwrap_or(1.0), range.unwrap_or(1.0), 1e-9);
    }
}
