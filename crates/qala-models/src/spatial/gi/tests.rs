//! Tests of Gi and Gi* against the reference tables and worked numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::tests::{COLUMBUS_P, is_near, number, reference, rook, run};
use super::MODEL;

const TOY: &str = "area,value,x_m,y_m\na,2,10,10\nb,3,20,10\nc,3.2,40,10\nd,5,15,20\ne,8,30,20\nf,7,30,30\n";

#[test]
fn six_points_give_the_published_numbers() {
    let cases = [
        ("false", [-1.01367, -0.04362, 1.31559, -0.31413, 1.15374, 1.77834]),
        ("true", [-1.39728, -0.28918, 0.65065, -0.28918, 1.23452, 2.02424]),
    ];
    for (star, wanted) in cases {
        for row_standardised in ["true", "false"] {
            let settings = [
                ("distance_m", "15"),
                ("star", star),
                ("row_standardised", row_standardised),
            ];
            let rows = run(&MODEL, &[("areas", TOY)], &settings).unwrap();
            for (row, wanted) in rows.iter().zip(wanted) {
                assert!((number(&row[1]) - wanted).abs() < 5e-6, "{star} {row:?} {wanted}");
            }
        }
    }
}

#[test]
fn gi_star_is_that_of_the_reference_tables() {
    let sets = [
        ("columbus", "CRIME"),
        ("columbus", "HOVAL"),
        ("sids2", "SIDR74"),
        ("sids2", "SIDR79"),
        ("stl", "HR7984"),
        ("stl", "HR8893"),
    ];
    for (set, variable) in sets {
        let test = "gi_star_is_that_of_the_reference_tables";
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
            // The tables have nine decimals.
            assert!(
                (number(&row[1]) - wanted[2]).abs() < 1e-9,
                "{set} {variable} {row:?}"
            );
        }
    }
}

#[test]
fn p_is_that_of_esda_within_three_standard_errors() {
    let test = "p_is_that_of_esda_within_three_standard_errors";
    let Some((areas, weights, _)) = reference(test, "columbus", "CRIME") else {
        return;
    };
    let rows = run(&MODEL, &[("areas", &areas), ("weights", &weights)], &[]).unwrap();
    for (row, (wanted, _)) in rows.iter().zip(COLUMBUS_P) {
        assert!(is_near(number(&row[3]), 9_999.0, wanted, 3.0), "{row:?} {wanted}");
    }
}

/// p of Gi* over a lattice of counts, row by row: `scripts/reference_spatial.py` (esda 2.9.0, 99,999 permutations).
const COUNTS_P: [f64; 48] = [
    0.000_01, 0.247_90, 0.000_01, 0.221_18, 0.397_39, 0.189_26, 0.221_65, 0.315_75, 0.443_18, 0.000_01,
    0.357_25, 0.000_01, 0.357_54, 0.449_22, 0.357_43, 0.275_04, 0.275_04, 0.357_53, 0.450_11, 0.358_15,
    0.000_01, 0.356_24, 0.000_01, 0.442_09, 0.440_27, 0.356_85, 0.310_15, 0.310_15, 0.355_57, 0.450_08,
    0.356_17, 0.000_01, 0.490_26, 0.000_01, 0.356_17, 0.450_13, 0.357_35, 0.311_87, 0.311_87, 0.442_52,
    0.000_01, 0.248_15, 0.000_01, 0.248_15, 0.000_01, 0.221_83, 0.441_02, 0.399_99,
];

#[test]
fn p_of_counts_with_many_ties_is_that_of_esda() {
    let mut areas = "area,value\n".to_owned();
    let mut weights = "from,to,weight\n".to_owned();
    for cell in 0..48 {
        let count = [0, 1, 0, 3][(cell * cell * 7 + cell * 3) % 11 % 4];
        writeln!(areas, "{cell},{count}").unwrap();
    }
    for (from, to, _) in rook(6, 8) {
        writeln!(weights, "{from},{to},1").unwrap();
    }
    let inputs = [("areas", areas.as_str()), ("weights", weights.as_str())];
    let p = |settings: &[(&str, &str)]| -> Vec<f64> {
        let rows = run(&MODEL, &inputs, settings).unwrap();
        rows.iter().map(|row| number(&row[3])).collect()
    };
    let contract = p(&[]);
    for (cell, (p, wanted)) in contract.iter().zip(COUNTS_P).enumerate() {
        assert!(is_near(*p, 9_999.0, wanted, 3.0), "{cell} {p} {wanted}");
    }
    // Counted on both sides, a cell amid nothing is like most others.
    let both = p(&[("ties", "both")]);
    assert!(
        contract[0] < 0.001 && both[0] > 0.2,
        "{} {}",
        contract[0],
        both[0]
    );
    assert!(
        both.iter()
            .zip(&contract)
            .all(|(both, contract)| both >= contract)
    );
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let areas = "area,value\na,1\nb,2\nc,\nd,4\ne,7\nf,3\n";
    let weights = "from,to,weight\na,b,1\nb,a,1\na,c,1\nc,a,1\nd,d,1\nf,a,0\n";
    let rows = run(&MODEL, &[("areas", areas), ("weights", weights)], &[]).unwrap();
    let empty: Vec<bool> = rows
        .iter()
        .map(|row| row[1..].iter().all(String::is_empty))
        .collect();
    // c has no value; d is its own neighbour only, e has none, f one of weight 0.
    assert_eq!(empty, [false, false, true, true, true, true]);
    // Without c the results are the same.
    let without = run(
        &MODEL,
        &[
            ("areas", "area,value\na,1\nb,2\nd,4\ne,7\nf,3\n"),
            ("weights", "from,to,weight\na,b,1\nb,a,1\n"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(rows[..2], without[..2]);
    for same in [
        "area,value,x_m,y_m\n",
        "area,value,x_m,y_m\na,1,0,0\n",
        "area,value,x_m,y_m\na,.1,0,0\nb,.1,1,0\nc,.1,2,0\n",
    ] {
        let rows = run(&MODEL, &[("areas", same)], &[("k", "1")]).unwrap();
        assert!(
            rows.iter().all(|row| row[1..].iter().all(String::is_empty)),
            "{rows:?}"
        );
    }
    let rows = run(&MODEL, &[("areas", TOY)], &[("k", "2"), ("permutations", "0")]).unwrap();
    assert!(
        rows.iter()
            .all(|row| !row[1].is_empty() && row[3].is_empty() && row[4].is_empty())
    );
}

#[test]
fn inputs_that_contradict_themselves_are_refused() {
    let areas = "area,value\na,1\nb,2\n";
    let cases = [
        (areas, None, &[][..], "nothing says which areas are neighbours"),
        (
            areas,
            Some("from,to,weight\na,b,1\n"),
            &[("k", "1")][..],
            "neighbours are given twice",
        ),
        (areas, None, &[("k", "1")][..], "the column `x_m` is missing"),
        (
            "area,value\na,1\na,2\n",
            None,
            &[("k", "1")][..],
            "row 2, column `area`: `a` is there twice",
        ),
        (
            areas,
            Some("from,to,weight\na,z,1\n"),
            &[][..],
            "row 1, column `to`: `z` is no area",
        ),
        (
            areas,
            Some("from,to,weight\na,b,-1\n"),
            &[][..],
            "row 1, column `weight`: `-1` is below 0",
        ),
        (
            areas,
            Some("from,to,weight\na,b,1\na,b,2\n"),
            &[][..],
            "row 2, column `from`: `a` has this neighbour twice",
        ),
        (
            areas,
            Some("from,to,weight\na,b,\n"),
            &[][..],
            "row 1, column `weight`: `` is empty",
        ),
        (
            "area,value,x_m,y_m\na,1,,0\nb,2,1,1\n",
            None,
            &[("k", "1")][..],
            "row 1, column `x_m`: `` is empty",
        ),
    ];
    for (areas, weights, settings, message) in cases {
        let mut inputs = vec![("areas", areas)];
        inputs.extend(weights.map(|weights| ("weights", weights)));
        let refusal = run(&MODEL, &inputs, settings).unwrap_err();
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn a_planted_hot_spot_is_found_and_little_else() {
    let mut random = crate::random::Random::new(11);
    let mut areas = "area,value,x_m,y_m\n".to_owned();
    let is_hot = |row: i32, column: i32| (10..15).contains(&row) && (20..25).contains(&column);
    for row in 0..40 {
        for column in 0..40 {
            let value = random.normal() + if is_hot(row, column) { 4.0 } else { 0.0 };
            writeln!(areas, "{row}_{column},{value},{column},{row}").unwrap();
        }
    }
    for stopping in ["full", "sequential"] {
        let rows = run(
            &MODEL,
            &[("areas", &areas)],
            &[("distance_m", "1"), ("stopping", stopping)],
        )
        .unwrap();
        let (mut hits, mut far) = (0, 0);
        for row in rows.iter().filter(|row| number(&row[4]) <= 0.05) {
            let (r, c) = row[0].split_once('_').unwrap();
            let (r, c): (i32, i32) = (r.parse().unwrap(), c.parse().unwrap());
            hits += i32::from(is_hot(r, c) && number(&row[1]) > 0.0);
            far += i32::from(!(8..17).contains(&r) || !(18..27).contains(&c));
        }
        assert!(hits >= 20, "{stopping}: {hits} of 25");
        assert!(far <= 3, "{stopping}: {far} far away");
    }
}

#[test]
fn a_verdict_follows_the_sign_and_the_share_of_false_findings() {
    let (rows, columns) = (30, 30);
    let hot = |row: i32, column: i32| (5..9).contains(&row) && (5..9).contains(&column);
    let cold = |row: i32, column: i32| (20..24).contains(&row) && (20..24).contains(&column);
    let lattice = |shift: f64| {
        let mut random = crate::random::Random::new(5);
        let mut areas = "area,value,x_m,y_m\n".to_owned();
        for row in 0..rows {
            for column in 0..columns {
                let sign = f64::from(i8::from(hot(row, column)) - i8::from(cold(row, column)));
                writeln!(
                    areas,
                    "{row}_{column},{},{column},{row}",
                    random.normal() + sign * shift
                )
                .unwrap();
            }
        }
        areas + "none,,50,50\n"
    };
    let settings = [
        ("distance_m", "1"),
        ("permutations", "49999"),
        ("stopping", "sequential"),
        ("fdr", "0.05"),
    ];
    let found = run(&MODEL, &[("areas", &lattice(4.0))], &settings).unwrap();
    let count = |found: &[Vec<String>], class: &str| found.iter().filter(|row| row[5] == class).count();
    assert!(count(&found, "hot") >= 12 && count(&found, "cold") >= 12);
    for row in &found {
        match row[5].as_str() {
            "" => assert_eq!((row[0].as_str(), row[1].as_str()), ("none", "")),
            class => {
                assert_eq!(class != "none", 2.0 * number(&row[4]) <= 0.05, "{row:?}");
                assert!(
                    class == "none" || (class == "hot") == (number(&row[1]) > 0.0),
                    "{row:?}"
                );
            }
        }
    }
    let nothing = run(&MODEL, &[("areas", &lattice(0.0))], &settings).unwrap();
    assert!(count(&nothing, "none") >= 898);
    // Without the setting the columns are those of the contract.
    let plain = run(&MODEL, &[("areas", TOY)], &[("k", "2")]).unwrap();
    assert_eq!(plain[0].len(), 5);
}

#[test]
fn neighbouring_areas_of_one_verdict_are_one_cluster() {
    let hot = |row: i32, column: i32| {
        (3..7).contains(&row) && (3..7).contains(&column)
            || (18..22).contains(&row) && (4..8).contains(&column)
    };
    let cold = |row: i32, column: i32| (20..24).contains(&row) && (20..24).contains(&column);
    let mut random = crate::random::Random::new(8);
    let mut areas = "area,value,x_m,y_m\nnone,,9,9\n".to_owned();
    for (row, column) in (0..30).flat_map(|row| (0..30).map(move |column| (row, column))) {
        let sign = f64::from(i8::from(hot(row, column)) - i8::from(cold(row, column)));
        let value = random.normal() + 4.0 * sign;
        writeln!(areas, "{row}_{column},{value},{column},{row}").unwrap();
    }
    let settings = [
        ("distance_m", "1"),
        ("permutations", "49999"),
        ("stopping", "sequential"),
        ("fdr", "0.05"),
    ];
    let tables = crate::fixture::tables("spatial.gi", &[("areas", &areas)], &settings).unwrap();
    // By hand: areas with a verdict, flooded one after the other.
    let rows = tables[0].texts("area").unwrap();
    let (classes, z) = (
        tables[0].texts("class").unwrap(),
        tables[0].maybe_floats("z").unwrap(),
    );
    let mut left: BTreeMap<(i32, i32), (String, f64)> = rows
        .iter()
        .zip(classes.iter().zip(&z))
        .filter(|(_, (class, _))| ["hot", "cold"].contains(&class.as_str()))
        .map(|(area, (class, z))| {
            let (row, column) = area.split_once('_').unwrap();
            (
                (row.parse().unwrap(), column.parse().unwrap()),
                (class.clone(), z.unwrap()),
            )
        })
        .collect();
    let mut wanted = Vec::new();
    while let Some((start, (class, _))) = left.first_key_value().map(|(at, what)| (*at, what.clone())) {
        let (mut open, mut members) = (vec![start], Vec::new());
        while let Some(at) = open.pop() {
            if left.get(&at).is_some_and(|what| what.0 == class) {
                members.push((left.remove(&at).unwrap().1, at));
                open.extend(
                    [(-1, 0), (1, 0), (0, -1), (0, 1)].map(|(row, column)| (at.0 + row, at.1 + column)),
                );
            }
        }
        let heart = members
            .iter()
            .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
            .unwrap();
        wanted.push((
            heart.0,
            format!("{}_{}", heart.1.0, heart.1.1),
            class,
            members.len() as i64,
        ));
    }
    wanted.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let clusters = &tables[1];
    let found: Vec<(f64, String, String, i64)> = (0..clusters.rows())
        .map(|row| {
            (
                clusters.floats("z").unwrap()[row],
                clusters.texts("area").unwrap()[row].clone(),
                clusters.texts("class").unwrap()[row].clone(),
                clusters.ints("areas").unwrap()[row],
            )
        })
        .collect();
    assert_eq!(found, wanted);
    // What is planted: two hot ones and a cold one, of twelve areas or so.
    let large = |class: &str| {
        found
            .iter()
            .filter(|cluster| cluster.2 == class && cluster.3 >= 8)
            .count()
    };
    assert_eq!((large("hot"), large("cold")), (2, 1), "{found:?}");
    assert!(found.len() <= 6, "{found:?}");
    // Without the setting the tables are those of the contract.
    let plain = crate::fixture::tables("spatial.gi", &[("areas", TOY)], &[("k", "2")]).unwrap();
    assert_eq!(plain.len(), 1);
}
