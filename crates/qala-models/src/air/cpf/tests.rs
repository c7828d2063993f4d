//! Tests of the conditional probability function.

use std::fmt::Write;

use super::*;
use crate::fixture::{numbers, public_file, run as run_csv, tables};
use crate::random::Random;

/// Direction, n, m and CPF of SO₂ at a road in London: METHODS 1.3, base R 4.2.2.
const LONDON: [(i64, i64, f64); 12] = [
    (3020, 175, 0.05795),
    (2532, 74, 0.02923),
    (1725, 150, 0.08696),
    (1572, 397, 0.25254),
    (1722, 235, 0.13647),
    (1983, 163, 0.08220),
    (4533, 414, 0.09133),
    (7236, 755, 0.10434),
    (5682, 849, 0.14942),
    (4331, 506, 0.11683),
    (3020, 158, 0.05232),
    (2720, 137, 0.05037),
];

/// Bins of wind speed from the east: upper bound, n and CBPF.
const EAST: [(f64, i64, f64); 5] = [
    (2.0, 140, 0.0929),
    (4.0, 649, 0.2203),
    (6.0, 558, 0.3118),
    (8.0, 184, 0.3098),
    (f64::INFINITY, 41, 0.2439),
];

/// date,ws,wd,nox,no2,o3,pm10,so2,co,pm25
fn london(test: &str) -> Option<String> {
    let text = public_file(test, "air/london_marylebone_hourly.csv.gz")?;
    let mut csv = String::from("t,wd_deg,ws_m_s,value\n");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        writeln!(csv, "{}Z,{},{},{}", cells[0], cells[2], cells[1], cells[7]).expect("a text");
    }
    Some(csv)
}

#[test]
fn london_has_the_table_of_the_methods() {
    let Some(csv) = london("london_has_the_table_of_the_methods") else {
        return;
    };
    let table = &tables("air.cpf", &[("readings", &csv)], &[]).expect("a run")[0];
    assert_eq!(table.names().collect::<Vec<_>>(), ["sector_deg", "n", "m", "p"]);
    let (n, m) = (table.ints("n").expect("n"), table.ints("m").expect("m"));
    assert_eq!(n.iter().sum::<i64>(), 40_076);
    assert!((m.iter().sum::<i64>() as f64 / 40_076.0 - 0.100_134_7).abs() < 5e-8);
    let p = table.floats("p").expect("p");
    for (sector, (expected_n, expected_m, expected_p)) in LONDON.into_iter().enumerate() {
        assert_eq!((n[sector], m[sector]), (expected_n, expected_m), "{sector}");
        assert!((p[sector] - expected_p).abs() < 5e-6, "{sector}: {}", p[sector]);
    }
}

#[test]
fn london_has_the_bins_of_the_methods_with_and_without_a_first_break_of_0() {
    let Some(csv) = london("london_has_the_bins_of_the_methods_with_and_without_a_first_break_of_0") else {
        return;
    };
    let binned = |breaks| {
        tables("air.cpf", &[("readings", &csv)], &[("ws_breaks", breaks)])
            .expect("a run")
            .remove(0)
    };
    let table = binned("2,4,6,8");
    assert_eq!(table, binned("0,2,4,6,8"));
    let (n, p, hi) = (
        table.ints("n").expect("n"),
        table.floats("p").expect("p"),
        numbers(&table, "ws_hi"),
    );
    for (bin, (upper, expected_n, expected_p)) in EAST.into_iter().enumerate() {
        let row = 3 * 5 + bin;
        assert_eq!(
            (n[row], hi[row]),
            (expected_n, Some(upper).filter(|upper| upper.is_finite()))
        );
        assert!((p[row] - expected_p).abs() < 5e-5, "{upper}: {}", p[row]);
    }
    // The percentile is that of all readings: the bins of a sector add up to the sector.
    for (sector, (expected_n, ..)) in LONDON.into_iter().enumerate() {
        assert_eq!(n[sector * 5..sector * 5 + 5].iter().sum::<i64>(), expected_n);
    }
}

#[test]
fn the_cpf_points_at_a_planted_source_and_is_flat_without_one() {
    let mut random = Random::new(11);
    let mut draw = |planted: bool| -> Vec<f64> {
        let readings: Vec<Reading> = (0..20_000)
            .map(|_| {
                let wd_deg = 360.0 * random.unit();
                let stack = if planted && (wd_deg - 210.0).abs() < 15.0 {
                    40.0
                } else {
                    0.0
                };
                Reading {
                    wd_deg,
                    ws_m_s: 10.0 * random.unit(),
                    value: 20.0 + stack + 10.0 * random.normal(),
                }
            })
            .collect();
        shares(&readings, 12, 90.0, &[])
            .iter()
            .filter_map(|bins| bins[0].p())
            .collect()
    };
    let p = draw(true);
    assert!(
        p[7] > 0.9 && p.iter().enumerate().all(|(sector, p)| sector == 7 || *p < 0.1),
        "{p:?}"
    );
    // Without a source every sector has 0.1; a standard deviation is 0.0073.
    assert!(draw(false).iter().all(|p| (p - 0.1).abs() < 0.03));
}

#[test]
fn bounds_belong_to_one_sector_and_one_bin() {
    let csv =
        "t,wd_deg,ws_m_s,value\n,345,2,1\n,344.9,2.1,2\n,15,4,3\n,360,0,4\n,0,9,5\n,90,,6\n,,3,7\n,90,3,\n";
    let out = run_csv(
        "air.cpf",
        &[("readings", csv)],
        &[("percentile", "100"), ("sector_deg", "180"), ("ws_breaks", "2,4")],
    );
    // [270, 90) is around 0; the largest complete value is 5.
    assert_eq!(
        out.expect("a run")[0],
        "sector_deg,ws_lo,ws_hi,n,m,p\n0,0,2,2,0,0\n0,2,4,2,0,0\n0,4,,1,1,1\n180,0,2,0,0,\n180,2,4,0,0,\n180,4,,0,0,\n"
    );
    let sectors = run_csv("air.cpf", &[("readings", csv)], &[("sector_deg", "120")]).expect("a run");
    assert_eq!(sectors[0], "sector_deg,n,m,p\n0,5,1,0.2\n120,0,0,\n240,0,0,\n");
    let sectors = run_csv("air.cpf", &[("readings", csv)], &[]).expect("a run");
    // 345 and both zeros are in the first sector, 15 in the second, 344.9 in the last.
    assert!(
        sectors[0].starts_with("sector_deg,n,m,p\n0,3,1,0.3333333333333333\n30,1,0,0\n60,0,0,\n"),
        "{}",
        sectors[0]
    );
    assert!(sectors[0].ends_with("\n330,1,0,0\n"), "{}", sectors[0]);
    let empty = run_csv(
        "air.cpf",
        &[("readings", "t,wd_deg,ws_m_s,value\n")],
        &[("sector_deg", "180")],
    )
    .expect("a run");
    assert_eq!(empty[0], "sector_deg,n,m,p\n0,0,0,\n180,0,0,\n");
}

#[test]
fn what_cannot_be_used_is_named() {
    let run = |row: &str, settings: &[(&str, &str)]| {
        run_csv(
            "air.cpf",
            &[("readings", &format!("t,wd_deg,ws_m_s,value\n{row}\n"))],
            settings,
        )
        .expect_err("a refusal")
    };
    assert_eq!(
        run(",999,1,1", &[]),
        "input `readings`, row 1, column `wd_deg`: `999` is not between 0 and 360; leave it empty when there is no direction"
    );
    assert!(run(",9,-1,1", &[]).contains("column `ws_m_s`: `-1` is below 0"));
    assert!(run("", &[("sector_deg", "50")]).contains("360 is not a whole number of sectors of 50"));
    assert!(run("", &[("ws_breaks", "4,2")]).contains("must be 0 or more and rise"));
}
