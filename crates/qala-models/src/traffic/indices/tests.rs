//! Tests of the travel-time indices.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::fixture::{assert_close, numbers, public_file, run, tables};

fn one(csv: &str) -> Result<String, String> {
    run("traffic.indices", &[("readings", csv)], &[]).map(|mut all| all.remove(0))
}

#[test]
fn a_small_street_by_hand() {
    // Night speeds 40 and 60: the 85th percentile is 57. Times over 1 km in h: 1/20, 1/40, 1/60, of 60 m the same ratios.
    let csv = "segment,t,length_m,speed_kmh\n\
               a,2026-03-02T22:00:00+05:00,60,40\n\
               a,2026-03-03T05:59:59+05:00,60,60\n\
               a,2026-03-03T06:00:00+05:00,60,20\n\
               a,2026-03-03T08:00:00+05:00,60,\n\
               a,2026-03-03T09:00:00+05:00,60,0\n\
               a,2026-03-03T10:00:00+05:00,60,-5\n";
    let tables = tables("traffic.indices", &[("readings", csv)], &[]).unwrap();
    let value = |column| numbers(&tables[0], column)[0].unwrap();
    let mean = (0.05 + 0.025 + 1.0 / 60.0) / 3.0;
    let late = 0.025 + 0.9 * 0.025;
    assert_close(value("free_flow_kmh"), 57.0, 1e-12);
    assert_close(value("tti"), mean * 57.0, 1e-12);
    assert_close(value("pti"), late * 57.0, 1e-12);
    assert_close(value("buffer_index"), (late - mean) / mean, 1e-12);
}

#[test]
fn the_night_is_that_of_the_written_offset() {
    // 17:30 UTC is 22:30 at +05:00 and no night hour in UTC.
    let csv = "segment,t,length_m,speed_kmh\n\
               b,2026-03-02T17:30:00Z,100,50\n\
               a,2026-03-02T22:30:00+05:00,100,50\n";
    assert_eq!(
        one(csv).unwrap(),
        "segment,free_flow_kmh,tti,pti,buffer_index\nb,,,,0\na,50,1,1,0\n"
    );
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let csv = "segment,t,length_m,speed_kmh\n\
               no_speed,2026-03-02T23:00:00+05:00,100,\n\
               no_length,2026-03-02T23:00:00+05:00,,50\n\
               zero_length,2026-03-02T23:00:00+05:00,0,50\n\
               some_length,2026-03-02T23:00:00+05:00,,50\n\
               some_length,2026-03-02T23:05:00+05:00,80,50\n";
    assert_eq!(
        one(csv).unwrap(),
        "segment,free_flow_kmh,tti,pti,buffer_index\nno_speed,,,,\nno_length,50,,,\nzero_length,50,,,\n\
         some_length,50,1,1,0\n"
    );
    assert_eq!(
        one("segment,t,length_m,speed_kmh\n").unwrap(),
        "segment,free_flow_kmh,tti,pti,buffer_index\n"
    );
}

#[test]
fn contradictions_are_refused() {
    let head = "segment,t,length_m,speed_kmh\na,2026-03-02T23:00:00+05:00,100,50\n";
    for (row, message) in [
        (
            "a,2026-03-02T23:00:00+05:00,120,50",
            "input `readings`, row 2, column `length_m`: `120` is another length than in an earlier row of segment `a`; \
             give it one length",
        ),
        (
            "b,2026-03-02T23:00:00+05:00,-1,50",
            "input `readings`, row 2, column `length_m`: `-1` is below 0",
        ),
        (
            "b,2026-03-02T23:00:00,1,50",
            "input `readings`, row 2, column `t`: `2026-03-02T23:00:00` is not an ISO 8601 time with an offset, like \
             2026-03-02T08:15:00+05:00",
        ),
        (
            ",2026-03-02T23:00:00+05:00,1,50",
            "input `readings`, row 2, column `segment`: `` is empty",
        ),
    ] {
        assert_eq!(one(&format!("{head}{row}\n")), Err(message.to_owned()));
    }
}

/// scripts/reference_traffic.py (numpy 2.4.6).
#[test]
fn a_week_of_real_detectors_is_as_numpy_computes_it() {
    let Some(text) = public_file(
        "a_week_of_real_detectors_is_as_numpy_computes_it",
        "traffic/metr_la_speed_week.csv.gz",
    ) else {
        return;
    };
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').skip(1).collect();
    let mut csv = String::from("segment,t,length_m,speed_kmh\n");
    for line in lines {
        let (t, cells) = line.split_once(',').unwrap();
        for (name, mph) in names.iter().zip(cells.split(',')) {
            let kmh = mph.parse::<f64>().unwrap() * 1.609_344;
            writeln!(csv, "{name},{t}-08:00,500,{kmh}").unwrap();
        }
    }
    let table = tables("traffic.indices", &[("readings", &csv)], &[])
        .unwrap()
        .remove(0);
    let columns = ["free_flow_kmh", "tti", "pti", "buffer_index"].map(|column| numbers(&table, column));
    for (name, expected) in [
        (
            "773869",
            [
                108.524_707_656_133_84,
                1.192_668_686_643_960_6,
                1.857_461_548_638_896_8,
                0.557_399_443_315_302,
            ],
        ),
        (
            "717446",
            [
                108.362_495_994_635_54,
                1.530_870_338_120_53,
                2.508_353_256_414_258,
                0.638_514_506_391_048_8,
            ],
        ),
        (
            "769373",
            [
                103.199_184,
                1.411_039_578_239_505_5,
                4.353_632_992_817_837,
                2.085_408_134_511_493,
            ],
        ),
    ] {
        let row = names.iter().position(|known| *known == name).unwrap();
        for (column, expected) in columns.iter().zip(expected) {
            assert_close(column[row].unwrap(), expected, 1e-9);
        }
    }
    let sums = [
        21_946.851_897_681_43,
        258.593_385_589_713_2,
        469.564_907_556_297_1,
        150.537_492_170_952_7,
    ];
    for (column, expected) in columns.iter().zip(sums) {
        assert_close(column.iter().map(|cell| cell.unwrap()).sum(), expected, 1e-9);
    }
}

proptest! {
    #[test]
    fn neither_the_order_of_rows_nor_the_unit_of_speed_matters(
        speeds in prop::collection::vec(1.0_f64..120.0, 1..60),
        turn in 0_usize..60,
    ) {
        let night = &speeds[..speeds.len().div_ceil(2)];
        let found = indices(&speeds, night);
        let mut turned = speeds.clone();
        turned.rotate_left(turn % speeds.len());
        prop_assert_eq!(found, indices(&turned, night));
        let doubled: Vec<f64> = speeds.iter().map(|speed| speed * 2.0).collect();
        let twice = indices(&doubled, &doubled[..night.len()]);
        prop_assert_eq!((found.tti, found.pti, found.buffer_index), (twice.tti, twice.pti, twice.buffer_index));
        prop_assert!(found.pti.unwrap() + 1e-12 >= quantile_of_free(&speeds, &found));
    }
}

/// The shortest travel time against free flow: no index can lie below it.
fn quantile_of_free(speeds: &[f64], found: &Indices) -> f64 {
    let fastest = speeds.iter().copied().fold(0.0, f64::max);
    found.free_flow_kmh.unwrap() / fastest
}
