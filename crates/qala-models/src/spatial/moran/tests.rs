//! Tests of global Moran against the reference table and worked numbers.

use super::super::conditional::Ties;
use super::super::tests::{is_near, noise, number, reference, rook, run, shared};
use super::super::weights::Weights;
use super::{MODEL, moran, p_permutation};

#[test]
fn all_is_that_of_the_reference_table() {
    let test = "all_is_that_of_the_reference_table";
    let Some(table) = shared(test, "reference/global_moran_geary_g.csv", None) else {
        return;
    };
    let mut count = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let Some((areas, weights, _)) = reference(test, cells[0], cells[1]) else {
            return;
        };
        let rows = run(&MODEL, &[("areas", &areas), ("weights", &weights)], &[]).unwrap();
        // i, expected, z, p_normal: ten decimals in the table.
        for (found, wanted) in rows[0].iter().zip([4, 5, 7, 8]) {
            assert!(
                (number(found) - number(cells[wanted])).abs() < 1e-9,
                "{line} {rows:?}"
            );
        }
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn st_louis_gives_the_published_numbers() {
    let test = "st_louis_gives_the_published_numbers";
    let Some((areas, weights, _)) = reference(test, "stl", "HR8893") else {
        return;
    };
    let rows = run(
        &MODEL,
        &[("areas", &areas), ("weights", &weights)],
        &[("permutations", "99999")],
    )
    .unwrap();
    assert!((number(&rows[0][0]) - 0.243_655_826_217_716_6).abs() < 1e-9);
    assert!((number(&rows[0][1]) + 0.012_987).abs() < 1e-6);
    assert!((number(&rows[0][3]) - 0.000_271).abs() < 5e-7);
    // esda 2.9.0 with 99,999 permutations as well (seed 1): .00136.
    assert!(is_near(number(&rows[0][4]), 99_999.0, 0.001_36, 3.0), "{rows:?}");
}

#[test]
fn permutations_agree_with_the_normal_distribution_where_it_holds() {
    let weights = Weights::from_pairs(900, &rook(30, 30)).row_standardised();
    for seed in 1..6 {
        let values = noise(900, seed);
        let z = moran(&values, &weights).unwrap().z.unwrap();
        let tail = crate::stats::normal_above(z.abs());
        let p = p_permutation(&values, &weights, 1_999, Ties::Above, seed, 1).unwrap();
        assert!(
            (p - tail).abs() < 3.0 * (tail * (1.0 - tail) / 1_999.0).sqrt() + 0.01,
            "{seed} {p} {tail}"
        );
        assert_eq!(
            p_permutation(&values, &weights, 1_999, Ties::Above, seed, 3),
            Some(p)
        );
    }
}

#[test]
fn unequal_weights_that_are_not_symmetric_follow_the_definition() {
    // W = [[0, 2, 0], [1, 0, 0], [0, 3, 0]], values 1, 2, 6: d = −2, −1, 3; S0 = 6, Σwdd = 2·2 + 1·2 + 3·(−3) = −3.
    // S1 = ½ Σ (w + w')² = (2 + 1)² + 3² = 18; rows 2 1 3, columns 1 5 0: S2 = 9 + 36 + 9 = 54.
    let areas = "area,value\na,1\nb,2\nc,6\n";
    let weights = "from,to,weight\na,b,2\nb,a,1\nc,b,3\n";
    let rows = run(
        &MODEL,
        &[("areas", areas), ("weights", weights)],
        &[("row_standardised", "false")],
    )
    .unwrap();
    assert!((number(&rows[0][0]) - 3.0 / 6.0 * -3.0 / 14.0).abs() < 1e-12);
    let variance: f64 = (9.0 * 18.0 - 3.0 * 54.0 + 3.0 * 36.0) / (8.0 * 36.0) - 0.25;
    let z = (-3.0 / 28.0 + 0.5) / variance.sqrt();
    assert!((number(&rows[0][2]) - z).abs() < 1e-12);
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let cases = [
        ("area,value,x_m,y_m\n", ",,,,"),
        ("area,value,x_m,y_m\na,1,0,0\n", ",,,,"),
        ("area,value,x_m,y_m\na,1,0,0\nb,1,1,1\nc,1,2,2\n", ",-0.5,,,"),
    ];
    for (areas, wanted) in cases {
        let rows = run(&MODEL, &[("areas", areas)], &[("k", "1")]).unwrap();
        assert_eq!(rows[0].join(","), wanted, "{areas}");
    }
    let areas = "area,value\na,1\nb,2\n";
    let rows = run(&MODEL, &[("areas", areas), ("weights", "from,to,weight\n")], &[]).unwrap();
    assert_eq!(rows[0].join(","), ",-1,,,");
}
