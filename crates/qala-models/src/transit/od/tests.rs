//! Tests of the origin–destination matrix.

use proptest::prelude::*;

use super::*;
use crate::fixture::{assert_close, run};
use crate::random::Random;

fn one(seed: &str, rows: &str, columns: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    run(
        "transit.od",
        &[
            ("seed", &format!("origin,destination,value\n{seed}")),
            ("rows", &format!("origin,total\n{rows}")),
            ("columns", &format!("destination,total\n{columns}")),
        ],
        settings,
    )
    .map(|mut all| all.remove(0))
}

/// scripts/reference_od.py (ipfn 1.4.4).
const IPFN: [[f64; 6]; 6] = [
    [
        0.0,
        25.438_781_693_923_353,
        19.665_137_819_141_663,
        43.674_843_990_447_56,
        24.539_583_658_268_615,
        6.681_652_838_218_812,
    ],
    [
        10.185_764_366_401_541,
        0.0,
        4.019_122_005_118_407,
        12.496_649_626_007_86,
        52.661_191_934_520_05,
        0.637_272_067_952_160_3,
    ],
    [
        3.573_671_380_995_197_7,
        14.896_914_410_786_714,
        0.0,
        2.922_963_037_452_496_4,
        20.529_064_741_273_185,
        3.577_386_429_492_411,
    ],
    [
        70.837_375_513_512_03,
        46.018_736_633_024_304,
        40.656_250_603_716_28,
        0.0,
        29.594_725_382_719_712,
        12.892_911_867_027_651,
    ],
    [
        1.539_388_363_400_567_6,
        5.238_341_635_700_65,
        0.462_792_648_975_271_34,
        1.798_700_554_614_549_1,
        0.0,
        1.210_776_797_308_962,
    ],
    [
        3.863_800_375_690_679,
        18.407_225_626_564_983,
        12.196_696_923_048_38,
        2.106_842_791_477_528,
        23.675_434_283_218_436,
        0.0,
    ],
];

#[test]
fn the_matrix_is_that_of_ipfn() {
    let rows = [120.0, 80.0, 45.5, 200.0, 10.25, 60.25];
    let columns = [90.0, 110.0, 77.0, 63.0, 151.0, 25.0];
    let mut cells: Vec<Cell> = (0..36)
        .map(|index| Cell {
            row: index / 6,
            column: index % 6,
            value: if index / 6 == index % 6 {
                0.0
            } else {
                (1 + (7 * (index / 6) + 3 * (index % 6)) % 11) as f64
            },
        })
        .collect();
    fit(&mut cells, &rows, &columns, 1e-12).unwrap();
    for cell in &cells {
        assert_close(cell.value, IPFN[cell.row][cell.column], 1e-9);
    }
}

#[test]
fn pairs_keep_the_order_of_the_seed_and_the_first_sweep_goes_over_rows() {
    let seed = "b,x,1\na,y,1\na,x,1\nb,y,1\n";
    assert_eq!(
        one(seed, "a,10\nb,30\n", "x,20\ny,20\n", &[]).unwrap(),
        "origin,destination,value\nb,x,15\na,y,5\na,x,5\nb,y,15\n"
    );
    // With a wide tolerance one sweep is enough: rows to 10 and 30, then columns.
    let seed = "a,x,1\na,y,3\nb,x,1\nb,y,0\n";
    let csv = one(seed, "a,10\nb,30\n", "x,33\ny,7\n", &[("tolerance", "0.5")]).unwrap();
    let values: Vec<f64> = csv
        .lines()
        .skip(1)
        .map(|l| l.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    for (found, expected) in values
        .into_iter()
        .zip([2.5 * 33.0 / 32.5, 7.0, 30.0 * 33.0 / 32.5, 0.0])
    {
        assert!((found - expected).abs() < 1e-12);
    }
}

#[test]
fn nobody_travels_where_the_totals_are_zero() {
    assert_eq!(
        one("a,x,2\nb,x,3\n", "a,0\nb,5\n", "x,5\ny,0\n", &[]).unwrap(),
        "origin,destination,value\na,x,0\nb,x,5\n"
    );
    assert_eq!(
        one("a,x,2\n", "a,0\n", "x,0\n", &[]).unwrap(),
        "origin,destination,value\na,x,0\n"
    );
    assert_eq!(one("", "", "", &[]).unwrap(), "origin,destination,value\n");
}

#[test]
fn contradictions_are_refused() {
    let unmet = "cannot be met: the seed has zeros or no pairs where trips would have to be; give the seed small values there, \
                 or allow a larger tolerance";
    for (seed, rows, columns, message) in [
        (
            "a,x,1\n",
            "a,10\n",
            "x,11\n",
            "the totals of `rows` sum to 10, those of `columns` to 11; scale one of them so that they are equal".to_owned(),
        ),
        (
            "c,x,1\n",
            "a,10\n",
            "x,10\n",
            "input `seed`, row 1, column `origin`: `c` is not in `rows`; give it a total there, 0 if nobody travels".to_owned(),
        ),
        (
            "a,x,1\na,x,2\n",
            "a,10\n",
            "x,10\n",
            "input `seed`, row 2, column `destination`: `x` with the origin `a` is already in row 1; give each pair once"
                .to_owned(),
        ),
        (
            "a,x,-1\n",
            "a,10\n",
            "x,10\n",
            "input `seed`, row 1, column `value`: `-1` is below 0; trips cannot be".to_owned(),
        ),
        ("a,x,\n", "a,10\n", "x,10\n", "input `seed`, row 1, column `value`: `` is empty".to_owned()),
        (
            "a,x,1\n",
            "a,10\na,0\n",
            "x,10\n",
            "input `rows`, row 2, column `origin`: `a` is there twice; give each one total".to_owned(),
        ),
        (
            "a,x,1\n",
            "a,-10\n",
            "x,-10\n",
            "input `rows`, row 1, column `total`: `-10` is below 0; trips cannot be".to_owned(),
        ),
        // No pair leads from b; the diagonal alone cannot carry 10 and 20 to 15 and 15.
        ("a,x,1\n", "a,10\nb,5\n", "x,15\n", format!("the total of `b` in `rows` {unmet}")),
        (
            "a,x,1\nb,y,1\n",
            "a,10\nb,20\n",
            "x,15\ny,15\n",
            format!("the total of `a` in `rows` {unmet}"),
        ),
    ] {
        assert_eq!(one(seed, rows, columns, &[]), Err(message), "{seed}");
    }
}

#[test]
fn a_large_matrix_takes_no_long_time() {
    let mut random = Random::new(1);
    let n = 600;
    let mut cells: Vec<Cell> = (0..n * n)
        .map(|index| Cell {
            row: index / n,
            column: index % n,
            value: random.unit(),
        })
        .collect();
    let truth: Vec<f64> = cells
        .iter()
        .map(|cell| cell.value * 50.0 * random.unit())
        .collect();
    let (mut rows, mut columns) = (vec![0.0; n], vec![0.0; n]);
    for (cell, value) in cells.iter().zip(&truth) {
        rows[cell.row] += value;
        columns[cell.column] += value;
    }
    fit(&mut cells, &rows, &columns, 1e-9).unwrap();
}

proptest! {
    /// Margins are met and the cross-ratios of the seed stay: both together have one solution.
    #[test]
    fn margins_are_met_and_cross_ratios_kept(
        seed in prop::collection::vec(0.1_f64..10.0, 16),
        truth in prop::collection::vec(0.1_f64..10.0, 16),
    ) {
        let (mut rows, mut columns) = (vec![0.0; 4], vec![0.0; 4]);
        for (index, value) in truth.iter().enumerate() {
            rows[index / 4] += value;
            columns[index % 4] += value;
        }
        let mut cells: Vec<Cell> = seed
            .iter()
            .enumerate()
            .map(|(index, value)| Cell { row: index / 4, column: index % 4, value: *value })
            .collect();
        fit(&mut cells, &rows, &columns, 1e-12).unwrap();
        for line in 0..4 {
            let row: f64 = cells.iter().filter(|cell| cell.row == line).map(|cell| cell.value).sum();
            let column: f64 = cells.iter().filter(|cell| cell.column == line).map(|cell| cell.value).sum();
            prop_assert!((row - rows[line]).abs() < 1e-9 && (column - columns[line]).abs() < 1e-9);
        }
        let ratio = |at: &dyn Fn(usize) -> f64, i: usize, j: usize| at(0) * at(i * 4 + j) / (at(j) * at(i * 4));
        for (i, j) in [(1, 1), (2, 3), (3, 2)] {
            let before = ratio(&|index| seed[index], i, j);
            let after = ratio(&|index| cells[index].value, i, j);
            prop_assert!((before - after).abs() < 1e-9 * before);
        }
    }
}
