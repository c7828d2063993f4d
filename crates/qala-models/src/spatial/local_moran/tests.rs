//! Tests of local Moran against the reference tables and worked numbers.

use std::fmt::Write as _;

use super::super::areas::centred;
use super::super::conditional::{Drawing, Stopping, Ties, draw};
use super::super::tests::{COLUMBUS_P, is_near, number, reference, run};
use super::super::weights::Weights;
use super::MODEL;

#[test]
fn statistics_and_quadrants_are_those_of_the_reference_tables() {
    let sets = [
        ("columbus", "CRIME"),
        ("columbus", "HOVAL"),
        ("sids2", "SIDR74"),
        ("sids2", "SIDR79"),
        ("stl", "HR7984"),
        ("stl", "HR8893"),
    ];
    for (set, variable) in sets {
        let test = "statistics_and_quadrants_are_those_of_the_reference_tables";
        let Some((areas, weights, wanted)) = reference(test, set, variable) else {
            return;
        };
        let rows = run(
            &MODEL,
            &[("areas", &areas), ("weights", &weights)],
            &[("permutations", "99")],
        )
        .unwrap();
        assert_eq!(rows.len(), wanted.len());
        for (row, wanted) in rows.iter().zip(&wanted) {
            assert!(
                (number(&row[1]) - wanted[3]).abs() < 1e-9,
                "{set} {variable} {row:?}"
            );
            assert!(
                (number(&row[5]) - wanted[4]).abs() < 0.5,
                "{set} {variable} {row:?}"
            );
        }
    }
}

#[test]
fn a_value_that_is_the_mean_is_not_above_it() {
    // The mean of these is 0.7, though their sum divided by six is a little less.
    let centred = centred(&[0.4, 0.5, 0.8, 0.9, 0.9, 0.7]);
    assert!(
        centred[5] == 0.0 && centred[2] > 0.0 && centred[1] < 0.0,
        "{centred:?}"
    );
}

#[test]
fn p_is_that_of_esda_within_three_standard_errors() {
    let test = "p_is_that_of_esda_within_three_standard_errors";
    let Some((areas, weights, _)) = reference(test, "columbus", "CRIME") else {
        return;
    };
    let rows = run(&MODEL, &[("areas", &areas), ("weights", &weights)], &[]).unwrap();
    for (row, (_, wanted)) in rows.iter().zip(COLUMBUS_P) {
        assert!(is_near(number(&row[3]), 9_999.0, wanted, 3.0), "{row:?} {wanted}");
    }
}

#[test]
fn p_and_z_are_those_of_the_exact_distribution() {
    // Ten areas in a ring, two neighbours each: the 36 pairs of others can be listed.
    let values: [f64; 10] = [-0.9, 1.3, 0.2, -2.1, 0.7, 0.4, -0.3, 1.9, -1.5, 0.3];
    let pairs: Vec<(u32, u32, f64)> = (0..10)
        .flat_map(|area| [(area, (area + 1) % 10, 0.5), (area, (area + 9) % 10, 0.5)])
        .collect();
    let weights = Weights::from_pairs(10, &pairs);
    let permutations = 99_999;
    let drawing = Drawing {
        permutations,
        stopping: Stopping::Full,
        seed: 2,
        threads: 1,
    };
    let drawn = draw(&values, &weights, &drawing, |_| Ties::Both);
    for (area, found) in drawn.iter().enumerate() {
        let mut sums = Vec::new();
        for a in (0..10).filter(|a| *a != area) {
            for b in (a + 1..10).filter(|b| *b != area) {
                sums.push(0.5 * (values[a] + values[b]));
            }
        }
        let observed = weights.lag(area, &values);
        let share =
            |counts: &dyn Fn(f64) -> bool| sums.iter().filter(|sum| counts(**sum)).count() as f64 / 36.0;
        let exact = share(&|sum| sum >= observed - 1e-9).min(share(&|sum| sum <= observed + 1e-9));
        let found = found.unwrap();
        let error = (exact * (1.0 - exact) / f64::from(permutations)).sqrt();
        assert!(
            (found.p(permutations) - exact).abs() < 4.0 * error + 2e-5,
            "{area} {exact} {found:?}"
        );
        let mean = sums.iter().sum::<f64>() / 36.0;
        let sd = (sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / 36.0).sqrt();
        assert!(
            (found.z().unwrap() - (observed - mean) / sd).abs() < 0.03,
            "{area}"
        );
    }
}

#[test]
fn the_example_of_de_smith_gives_the_published_numbers() {
    // The example `desmith` of libpysal, after de Smith, Goodchild and Longley: value and neighbours of each area.
    let values = [2.24, 3.10, 4.55, -5.15, -4.39, 0.46, 5.54, 9.02, -2.09, -3.06];
    let neighbours: [&[u8]; 10] = [
        &[2, 4],
        &[1, 5],
        &[4, 7],
        &[1, 3, 5, 8],
        &[2, 4, 6, 9],
        &[5, 10],
        &[3, 8],
        &[4, 7, 9],
        &[5, 8, 10],
        &[6, 9],
    ];
    let mut areas = "area,value\n".to_owned();
    let mut weights = "from,to,weight\n".to_owned();
    for (area, (value, row)) in values.iter().zip(neighbours).enumerate() {
        writeln!(areas, "{},{value}", area + 1).unwrap();
        for neighbour in row {
            writeln!(weights, "{},{neighbour},1", area + 1).unwrap();
        }
    }
    let rows = run(&MODEL, &[("areas", &areas), ("weights", &weights)], &[]).unwrap();
    let wanted = [
        -0.1141, -0.1994, -0.1335, -0.5177, 0.4810, 0.1221, 1.1915, -0.5814, 0.0710, 0.3431,
    ];
    let quadrants = ["4", "4", "4", "2", "3", "3", "1", "4", "3", "3"];
    for ((row, wanted), quadrant) in rows.iter().zip(wanted).zip(quadrants) {
        assert!((number(&row[1]) - wanted).abs() < 5e-5, "{row:?} {wanted}");
        assert_eq!(row[5], quadrant);
    }
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let same = "area,value,x_m,y_m\na,5,0,0\nb,5,1,0\nc,5,2,0\n";
    let rows = run(&MODEL, &[("areas", same)], &[("k", "1")]).unwrap();
    assert!(
        rows.iter().all(|row| row[1..].iter().all(String::is_empty)),
        "{rows:?}"
    );
    assert!(
        run(&MODEL, &[("areas", "area,value,x_m,y_m\n")], &[("k", "1")])
            .unwrap()
            .is_empty()
    );
    // b is at the mean: whatever its neighbours, its I is 0. By the letter c = P; counted on both sides it is nothing.
    let middle = "area,value,x_m,y_m\na,1,0,0\nb,2,1,0\nc,3,2,0\nd,0,3,0\ne,4,4,0\n";
    for (ties, p) in [("contract", "0.01"), ("both", "1")] {
        let settings = |name, value| [(name, value), ("ties", ties), ("permutations", "99")];
        let rows = run(&MODEL, &[("areas", middle)], &settings("k", "2")).unwrap();
        assert_eq!(
            (rows[1][1].as_str(), rows[1][2].as_str(), rows[1][3].as_str()),
            ("0", "", p)
        );
        // All others are neighbours: every draw is the observed one.
        let rows = run(&MODEL, &[("areas", middle)], &settings("distance_m", "9")).unwrap();
        assert!(
            rows.iter().all(|row| row[2].is_empty() && row[3] == p),
            "{rows:?}"
        );
    }
}
