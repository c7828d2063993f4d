//! Tests of Knox's counts and p.

use std::fmt::Write as _;

use super::super::tests::{number, run, shared};
use super::{Bounds, MODEL, knox};
use crate::random::Random;

fn burkitt(test: &str) -> Option<String> {
    let text = shared(test, "crime/burkitt_space_time.csv", None)?;
    let mut events = "x_m,y_m,t_days\n".to_owned();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        writeln!(events, "{},{},{}", cells[0], cells[1], cells[2]).unwrap();
    }
    Some(events)
}

#[test]
fn a_bound_that_is_met_but_for_rounding_is_met() {
    // 0.4 less 0.1 is a little more than 0.3.
    let bounds = Bounds {
        distance_m: 5.0,
        time_days: 0.3,
    };
    let by_file = run(
        &MODEL,
        &[("events", "x_m,y_m,t_days\n0,0,0.1\n3,4,0.4\n")],
        &[("distance_m", "5"), ("time_days", "0.3"), ("permutations", "19")],
    )
    .unwrap();
    assert_eq!(by_file[0][0], "1", "{by_file:?}");
    // The bounds themselves are as they are given.
    let strict = knox(&[0.0, 3.0], &[0.0, 4.0], &[0.1, 0.4], bounds, 0, 1, 1).unwrap();
    assert_eq!((strict.close_in_space, strict.close_in_time), (1, 0));
}

#[test]
fn all_counts_are_those_of_the_reference_table() {
    let test = "all_counts_are_those_of_the_reference_table";
    let (Some(events), Some(table)) = (
        burkitt(test),
        shared(test, "reference/knox_burkitt_counts.csv", None),
    ) else {
        return;
    };
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|column| {
            let lines = events.lines().skip(1);
            lines
                .map(|line| number(line.split(',').nth(column).unwrap()))
                .collect()
        })
        .collect();
    let mut count = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(number).collect();
        let bounds = Bounds {
            distance_m: cells[0],
            time_days: cells[1],
        };
        let found = knox(&columns[0], &columns[1], &columns[2], bounds, 0, 1, 1).unwrap();
        let counts = [
            found.pairs,
            found.close_in_space,
            found.close_in_time,
            found.close_pairs,
        ];
        assert_eq!(counts.map(|count| count as f64)[..], cells[2..6], "{line}");
        assert!((found.expected().unwrap() - cells[6]).abs() < 1e-6, "{line}");
        let settings = [
            ("distance_m", &*cells[0].to_string()),
            ("time_days", &*cells[1].to_string()),
        ];
        let rows = run(
            &MODEL,
            &[("events", &events)],
            &[settings[0], settings[1], ("permutations", "19")],
        )
        .unwrap();
        assert!((number(&rows[0][0]) - cells[5]).abs() < 0.5);
        assert!((number(&rows[0][2]) - cells[5] / found.expected().unwrap()).abs() < 1e-12);
        count += 1;
    }
    assert_eq!(count, 20);
}

#[test]
fn burkitt_gives_the_published_count_and_p() {
    let Some(events) = burkitt("burkitt_gives_the_published_count_and_p") else {
        return;
    };
    let settings = [("distance_m", "20"), ("time_days", "5"), ("permutations", "9999")];
    let rows = run(&MODEL, &[("events", &events)], &settings).unwrap();
    assert_eq!(rows[0][0], "13");
    // Published: .17 of 99 permutations, whose standard error is .038.
    assert!((number(&rows[0][3]) - 0.17).abs() < 3.0 * 0.038, "{rows:?}");
}

#[test]
fn both_ways_to_count_give_what_looking_at_all_pairs_gives() {
    let mut random = Random::new(4);
    let mut take = |below: usize| (0..150).map(|_| random.below(below) as f64).collect::<Vec<_>>();
    let (x, y, t) = (take(20), take(20), take(50));
    // Few close in space, then few close in time.
    for (distance_m, time_days) in [(2.0, 20.0), (15.0, 1.0), (0.0, 50.0), (40.0, 0.0)] {
        let mut wanted = [0; 3];
        for a in 0..150 {
            for b in 0..a {
                let near = ((x[a] - x[b]).powi(2) + (y[a] - y[b]).powi(2)).sqrt() <= distance_m;
                let soon = (t[a] - t[b]).abs() <= time_days;
                let counts = [near, soon, near && soon];
                for (sum, is) in wanted.iter_mut().zip(counts) {
                    *sum += u64::from(is);
                }
            }
        }
        let bounds = Bounds {
            distance_m,
            time_days,
        };
        let found = knox(&x, &y, &t, bounds, 99, 1, 1).unwrap();
        assert_eq!(
            [found.close_in_space, found.close_in_time, found.close_pairs],
            wanted
        );
        assert_eq!(knox(&x, &y, &t, bounds, 99, 1, 3), Some(found));
    }
}

#[test]
fn p_is_even_without_a_pattern_and_small_with_planted_repeats() {
    let bounds = Bounds {
        distance_m: 300.0,
        time_days: 7.0,
    };
    let mut small = 0;
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let mut take = |most: f64| (0..300).map(|_| random.unit() * most).collect::<Vec<_>>();
        let (mut x, mut y, mut t) = (take(5_000.0), take(5_000.0), take(365.0));
        let p = knox(&x, &y, &t, bounds, 99, seed, 1).unwrap().p.unwrap();
        small += u32::from(p <= 0.1);
        // Every sixth event comes again nearby within the week.
        for event in 0..50 {
            (x[event + 50], y[event + 50], t[event + 50]) = (x[event] + 50.0, y[event], t[event] + 3.0);
        }
        let p = knox(&x, &y, &t, bounds, 99, seed, 1).unwrap().p.unwrap();
        assert!(p <= 0.01, "{seed} {p}");
    }
    // A tenth or, as counts are whole, a little less: 12 of 120, standard deviation 3.3.
    assert!((1..=21).contains(&small), "{small}");
}

#[test]
fn what_cannot_be_computed_is_empty_and_bounds_are_asked_for() {
    let bounds = [("distance_m", "1"), ("time_days", "1")];
    let cases = [
        ("x_m,y_m,t_days\n", "0,,,"),
        ("x_m,y_m,t_days\n1,1,1\n", "0,,,"),
        ("x_m,y_m,t_days\n1,1,1\n5,5,9\n1,,1\n", "0,0,,1"),
        ("x_m,y_m,t_days\n1,1,1\n1,1,1\n", "1,1,1,1"),
    ];
    for (events, wanted) in cases {
        assert_eq!(
            run(&MODEL, &[("events", events)], &bounds).unwrap()[0].join(","),
            wanted,
            "{events}"
        );
    }
    let refusal = run(&MODEL, &[("events", cases[0].0)], &bounds[..1]).unwrap_err();
    assert_eq!(refusal, "the setting `time_days` is missing: how near is near?");
}
