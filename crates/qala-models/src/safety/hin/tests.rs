//! Tests of the high-injury network by hand and against known truth.

use super::super::tests::{gamma, number, poisson, run};
use super::{MODEL, Of, interval, network};
use crate::random::Random;

#[test]
fn the_network_is_the_shortest_head_with_the_share() {
    let segments = "segment,length_km,ksi\na,2,4\nb,1,5\nc,4,1\nd,1,3\ne,3,6\nf,1,\ng,,9\nh,5,0\n";
    // Per km: b 5, d 3, a 2, e 2, c .25; of 19 people .65 are 12.35: b, d, a make 12, e makes 18.
    let tables = run(&MODEL, &[("segments", segments)], &[]).unwrap();
    let rows: Vec<String> = tables[0].iter().map(|row| row[..3].join(",")).collect();
    assert_eq!(rows, ["b,1,1", "d,2,2", "a,3,4", "e,4,7"]);
    assert!((number(&tables[0][3][3]) - 18.0 / 19.0).abs() < 1e-12);
    // A share that is met exactly ends the network.
    let exact = "segment,length_km,ksi\na,1,6.0\nb,1,1\nc,1,3\n";
    let tables = run(&MODEL, &[("segments", exact)], &[("share", "0.9")]).unwrap();
    assert_eq!(tables[0].len(), 2);
    let all = run(&MODEL, &[("segments", exact)], &[("share", "1")]).unwrap();
    assert_eq!(all[0].len(), 3);
    assert!(
        number(&all[1][0][0]) <= 3.0 && number(&all[1][0][1]) >= 3.0,
        "{all:?}"
    );
}

#[test]
fn equal_rates_stay_in_the_order_of_the_input() {
    // 30 a km each, though not in the last digit of 33 / 1.1 and 6 / 0.2.
    for rows in [
        "a,1,30\nb,1.1,33\nc,0.2,6",
        "a,0.2,6\nb,1.1,33\nc,1,30",
        "a,1.1,33\nb,0.2,6\nc,1,30",
    ] {
        let segments = format!("segment,length_km,ksi\nz,1,1\n{rows}\n");
        let tables = run(&MODEL, &[("segments", &segments)], &[("share", "1")]).unwrap();
        let order: Vec<&str> = tables[0].iter().map(|row| row[0].as_str()).collect();
        assert_eq!(order, ["a", "b", "c", "z"], "{rows}");
    }
}

#[test]
fn the_interval_covers_the_true_length() {
    // People per km by chance, mean 3 to 12; the truth is the network of the rates themselves.
    for (shape, mean, seed) in [(1, 3.0, 1), (1, 8.0, 2), (4, 12.0, 5)] {
        let (mut covered, mut held) = (0, 0);
        for turn in 0..100 {
            let mut random = Random::part(seed, turn);
            let lengths: Vec<f64> = (0..100).map(|_| 0.2 + 1.8 * random.unit()).collect();
            let means: Vec<f64> = lengths
                .iter()
                .map(|length| length * gamma(&mut random, shape, mean))
                .collect();
            // As whole numbers a million times as large the rates take the same way as counts.
            let exact: Vec<u32> = means.iter().map(|mean| (mean * 1e6) as u32).collect();
            let truth = network(&lengths, &exact, 0.65).last().unwrap().length_km;
            let people: Vec<u32> = means.iter().map(|mean| poisson(&mut random, *mean)).collect();
            let of = |of| interval(of, &lengths, &people, 0.65, 200, turn).unwrap();
            let ((low, high), plain) = (of(Of::Covering), of(Of::Resampling));
            covered += u32::from((low..=high).contains(&truth));
            held += u32::from((plain.0..=plain.1).contains(&truth));
            assert!(low <= plain.0 && plain.1 <= high);
            assert!(
                high < 1.5 * truth + 10.0 && low > 0.3 * truth,
                "{low} {truth} {high}"
            );
        }
        println!("proof: shape {shape}, mean {mean}: covering {covered} of 100, resampling {held}");
        assert!(covered >= 90, "shape {shape}, mean {mean}: {covered} of 100");
    }
}

#[test]
fn what_cannot_be_computed_is_empty() {
    for segments in [
        "segment,length_km,ksi\n",
        "segment,length_km,ksi\na,1,0\n",
        "segment,length_km,ksi\na,,3\n",
    ] {
        let tables = run(&MODEL, &[("segments", segments)], &[]).unwrap();
        assert!(tables[0].is_empty());
        assert_eq!(tables[1], [["", ""]]);
    }
    let one = "segment,length_km,ksi\na,1.5,7\n";
    let tables = run(&MODEL, &[("segments", one)], &[]).unwrap();
    assert_eq!(
        (tables[0][0].join(","), tables[1][0].join(",")),
        ("a,1,1.5,1".to_owned(), tables[1][0].join(","))
    );
    let tables = run(&MODEL, &[("segments", one)], &[("bootstrap", "0")]).unwrap();
    assert_eq!(tables[1], [["", ""]]);
    let refused = [
        ("a,0,3\n", "row 1, column `length_km`: `0` is not above 0"),
        ("a,1,-3\n", "row 1, column `ksi`: `-3` is below 0"),
        ("a,1,1.5\n", "row 1, column `ksi`: `1.5` is not a whole number"),
        ("a,1,1\na,1,1\n", "row 2, column `segment`: `a` is there twice"),
    ];
    for (rows, message) in refused {
        let segments = format!("segment,length_km,ksi\n{rows}");
        let refusal = run(&MODEL, &[("segments", &segments)], &[]).unwrap_err();
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let (lengths, people) = ([1.0, 2.0, 0.5, 3.0, 1.0], [5, 3, 9, 1, 0]);
    let of = |seed| interval(Of::Covering, &lengths, &people, 0.65, 300, seed).unwrap();
    assert_eq!(of(1), of(1));
    let (low, high) = of(1);
    assert!(
        low <= 1.5 && 1.5 <= high && low > 0.0 && high <= 8.0,
        "{low} {high}"
    );
}
