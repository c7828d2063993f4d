//! Tests of network screening against worked numbers and known truth.

use std::fmt::Write as _;

use super::super::tests::{gamma, number, poisson, run};
use super::MODEL;
use crate::random::Random;

const HEAD: &str = "segment,facility,length_km,aadt,years,crashes\n";

/// The first row of the ranking.
fn first(segment: &str, coefficients: &str, settings: &[(&str, &str)]) -> Vec<f64> {
    let segments = format!("{HEAD}{segment}\n");
    let coefficients = format!("facility,intercept,slope,overdispersion\n{coefficients}\n");
    let inputs = [
        ("segments", segments.as_str()),
        ("coefficients", coefficients.as_str()),
    ];
    let tables = run(&MODEL, &inputs, settings).unwrap();
    tables[0][0][1..].iter().map(|cell| number(cell)).collect()
}

#[test]
fn hauer_and_others_give_their_published_numbers() {
    let coefficients = format!("rural,{},0.564,{}", 0.0224_f64.ln(), 1.0 / 2.05);
    let per_km = [("per_km", "true")];
    let one = first("a,rural,1.8,4000,1,12", &coefficients, &per_km);
    assert!((one[1] - 0.4598).abs() < 5e-5, "{one:?}");
    assert!(
        (one[2] - 8.476).abs() < 5e-4 && (one[3] - 2.140).abs() < 5e-4,
        "{one:?}"
    );
    assert!((one[2] / 1.8 - 4.71).abs() < 5e-3 && (one[3] / 1.8 - 1.19).abs() < 5e-3);
    let three = first("a,rural,1.8,4000,3,27", &coefficients, &per_km);
    assert!((three[1] - 0.2210).abs() < 5e-5, "{three:?}");
    assert!((three[2] / 3.0 - 7.97).abs() < 5e-3 && (three[3] / 3.0 - 1.44).abs() < 5e-3);
    assert!((three[2] / 5.4 - 4.43).abs() < 5e-3 && (three[3] / 5.4 - 0.80).abs() < 5e-3);
}

#[test]
fn equal_excess_is_ranked_by_the_name() {
    // As many kilometres and years, though not in the last digit of the expected number.
    let inputs = |first: &str, second: &str| {
        format!(
            "{HEAD}{first},f,0.1,60000,5,0\n{second},f,0.5,60000,1,0\n{first}x,f,0.7,60000,3,0\n{second}x,f,0.3,60000,7,0\n"
        )
    };
    for (first, second) in [("a", "b"), ("b", "a")] {
        let segments = inputs(first, second);
        let coefficients = "facility,intercept,slope,overdispersion\nf,-8.2,0.9,0.4\n";
        let tables = run(
            &MODEL,
            &[("segments", &segments), ("coefficients", coefficients)],
            &[],
        )
        .unwrap();
        let order: Vec<&str> = tables[0].iter().map(|row| row[0].as_str()).collect();
        assert_eq!(order, ["a", "b", "ax", "bx"], "{tables:?}");
    }
}

#[test]
fn sample_problem_1_of_the_highway_safety_manual() {
    // Lengths in miles. The modification factor and the calibration go into the intercept.
    let base = 365e-6_f64.ln() - 0.312;
    let bare = first(
        "a,rural,1.5,10000,1,10",
        &format!("rural,{base},1,0.236"),
        &[("per_km", "true")],
    );
    assert!((bare[0] - 4.008).abs() < 5e-4, "{bare:?}");
    let intercept = base + (1.38_f64 * 1.10).ln();
    let exact = first(
        "a,rural,1.5,10000,1,10",
        &format!("rural,{intercept},1,0.236"),
        &[("per_km", "true")],
    );
    assert!(
        (exact[0] - 6.084).abs() < 5e-4
            && (exact[1] - 0.5109).abs() < 5e-5
            && (exact[2] - 7.999).abs() < 5e-4,
        "{exact:?}"
    );
    let rounded = first(
        "a,rural,1.5,10000,1,10",
        &format!("rural,{intercept},1,0.157"),
        &[],
    );
    assert!(
        (rounded[1] - 0.5115).abs() < 5e-5 && (rounded[2] - 7.997).abs() < 5e-4,
        "{rounded:?}"
    );
    assert!((exact[4] - (exact[2] - exact[0])).abs() < 1e-12);
}

#[test]
fn fifty_ranked_hold_more_of_the_worst_than_the_plain_ranking() {
    let (mut ours, mut plain) = (0, 0);
    for seed in 0..10 {
        let mut random = Random::new(seed);
        let mut segments = HEAD.to_owned();
        let (mut excess, mut density) = (Vec::new(), Vec::new());
        for segment in 0..2_000 {
            let length = 0.2 + 1.8 * random.unit();
            let aadt = 2_000.0 * (2.5 * random.unit()).exp();
            let predicted = 3.0 * super::predicted(length, aadt, -7.0, 0.8);
            // Variance μ + 0.5·μ².
            let truth = gamma(&mut random, 2, predicted);
            let crashes = poisson(&mut random, truth);
            writeln!(segments, "{segment},street,{length},{aadt},3,{crashes}").unwrap();
            excess.push(truth - predicted);
            density.push(f64::from(crashes) / length);
        }
        let top = |of: &[f64]| {
            let mut order: Vec<usize> = (0..of.len()).collect();
            order.sort_by(|a, b| of[*b].total_cmp(&of[*a]));
            order[..50].to_vec()
        };
        let worst = top(&excess);
        let coefficients = "facility,intercept,slope,overdispersion\nstreet,-7,0.8,0.5\n";
        let tables = run(
            &MODEL,
            &[("segments", &segments), ("coefficients", coefficients)],
            &[],
        )
        .unwrap();
        let ranked: Vec<usize> = tables[0][..50]
            .iter()
            .map(|row| row[0].parse().unwrap())
            .collect();
        ours += ranked.iter().filter(|segment| worst.contains(segment)).count();
        plain += top(&density)
            .iter()
            .filter(|segment| worst.contains(segment))
            .count();
    }
    assert!(ours as f64 >= 1.3 * plain as f64, "{ours} {plain} of 500");
    assert!(ours >= 250, "{ours} of 500");
}

#[test]
fn ranks_fall_ties_go_by_id_and_what_is_missing_stands_last() {
    let segments = format!(
        "{HEAD}b,s,1,1000,1,5\na,s,1,1000,1,5\nc,s,1,1000,1,\nd,s,,1000,1,9\ne,s,1,1000,1,7\nf,s,1,0,1,0\ng,t,1,0,1,3\n"
    );
    let coefficients = "facility,intercept,slope,overdispersion\ns,-6,1,0.5\nt,-6,-1,0.5\n";
    let tables = run(
        &MODEL,
        &[("segments", &segments), ("coefficients", coefficients)],
        &[],
    )
    .unwrap();
    let rows: Vec<String> = tables[0]
        .iter()
        .map(|row| format!("{}{}", row[0], row[6]))
        .collect();
    assert_eq!(rows, ["e1", "a2", "b3", "f4", "c", "d", "g"]);
    // Without crashes the prediction stands; without a length, or with an infinite prediction, nothing does.
    assert!(!tables[0][4][1].is_empty() && !tables[0][4][2].is_empty() && tables[0][4][3].is_empty());
    assert!(
        tables[0][5..]
            .iter()
            .all(|row| row[1..].iter().all(String::is_empty))
    );
    let none = run(&MODEL, &[("segments", HEAD), ("coefficients", coefficients)], &[]).unwrap();
    assert!(none[0].is_empty());
}

#[test]
fn inputs_that_contradict_themselves_are_refused() {
    let coefficients = "facility,intercept,slope,overdispersion\ns,-6,1,0.5\n";
    let cases = [
        (
            "a,s,1,1000,1,5\na,s,1,1000,1,5\n",
            coefficients,
            "row 2, column `segment`: `a` is there twice",
        ),
        (
            "a,x,1,1000,1,5\n",
            coefficients,
            "row 1, column `facility`: `x` has no row",
        ),
        (
            "a,s,1,1000,1,-5\n",
            coefficients,
            "row 1, column `crashes`: `-5` is below 0",
        ),
        (
            "a,s,1,1000,1,5\n",
            "facility,intercept,slope,overdispersion\ns,-6,1,-1\n",
            "column `overdispersion`: `-1` is below 0",
        ),
        (
            "a,s,1,1000,1,5\n",
            "facility,intercept,slope,overdispersion\ns,-6,,1\n",
            "column `slope`: `` is empty",
        ),
        (
            "a,s,1,1000,1,5\n",
            "facility,intercept,slope,overdispersion\ns,1,1,1\ns,2,1,1\n",
            "row 2, column `facility`",
        ),
    ];
    for (segments, coefficients, message) in cases {
        let segments = format!("{HEAD}{segments}");
        let refusal = run(
            &MODEL,
            &[("segments", &segments), ("coefficients", coefficients)],
            &[],
        )
        .unwrap_err();
        assert!(refusal.contains(message), "{refusal}");
    }
}
