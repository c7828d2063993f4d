//! Tests of before and after against a case by hand and known truth.

use super::super::tests::{gamma, number, poisson, run};
use super::{MODEL, Site, effect, naive_effect};
use crate::random::Random;

const HEAD: &str = "site,years_before,predicted_before,observed_before,years_after,predicted_after,observed_after,overdispersion\n";

#[test]
fn two_sites_give_the_numbers_worked_out_by_hand() {
    // Site a: P_B = 5·2 = 10, k = 0.2: w = 1/3, expected before = 10/3 + 2/3·16 = 14; r = 2·2.5/10 = 0.5: π = 7,
    // V = 0.25·2/3·14 = 7/3. Site b: P_B = 4, k = 0.25: w = 1/2, expected before = 2 + 3 = 5; r = 1: π = 5, V = 2.5.
    let sites = format!("{HEAD}a,5,2,16,2,2.5,4,0.2\nb,4,1,6,2,2,5,0.25\n");
    let rows = &run(&MODEL, &[("sites", &sites)], &[]).unwrap()[0];
    let cases = [
        ("a", 4.0, 7.0, 7.0 / 3.0, (4.0 / 2.0) / (16.0 / 5.0)),
        ("b", 5.0, 5.0, 2.5, (5.0 / 2.0) / (6.0 / 4.0)),
        ("total", 9.0, 12.0, 7.0 / 3.0 + 2.5, 4.5 / 4.7),
    ];
    for (row, (site, observed, expected, variance, naive)) in rows.iter().zip(cases) {
        let relative: f64 = variance / (expected * expected);
        let wanted = observed / expected / (1.0 + relative);
        let square: f64 = (observed / expected).powi(2) * (1.0 / observed + relative) / (1.0 + relative);
        let se = square.sqrt();
        assert_eq!(row[0], site);
        for (found, wanted) in
            row[1..]
                .iter()
                .zip([wanted, se, wanted - 1.96 * se, wanted + 1.96 * se, naive])
        {
            assert!((number(found) - wanted).abs() < 1e-12, "{row:?} {wanted}");
        }
    }
    assert_eq!(rows.len(), 3);
}

#[test]
fn the_effect_is_free_of_the_luck_of_the_chosen_sites() {
    // No measure did anything. Sites are those of 2,000 whose count of three years was highest above the prediction.
    let (mut ours, mut naive) = (0.0, 0.0);
    let runs = 40;
    for seed in 0..runs {
        let mut random = Random::new(seed);
        let mut sites: Vec<(f64, Site)> = (0..2_000)
            .map(|_| {
                let predicted = 0.7 + 1.5 * random.unit();
                let truth = gamma(&mut random, 3, predicted);
                let before = f64::from(poisson(&mut random, 3.0 * truth));
                let after = f64::from(poisson(&mut random, 3.0 * truth));
                let site = Site {
                    years_before: 3.0,
                    predicted_before: predicted,
                    observed_before: before,
                    years_after: 3.0,
                    predicted_after: predicted,
                    observed_after: after,
                    overdispersion: 1.0 / 3.0,
                };
                (before - 3.0 * predicted, site)
            })
            .collect();
        sites.sort_by(|a, b| b.0.total_cmp(&a.0));
        let chosen: Vec<Site> = sites[..100].iter().map(|(_, site)| *site).collect();
        let found = effect(&chosen).unwrap();
        ours += found.effect / f64::from(runs as u32);
        naive += naive_effect(&chosen).unwrap() / f64::from(runs as u32);
        assert!((found.effect - 1.0).abs() < 4.5 * found.se.unwrap(), "{found:?}");
    }
    assert!((ours - 1.0).abs() < 0.02, "{ours}");
    assert!(naive < 0.87, "{naive}");
}

#[test]
fn the_interval_covers_a_known_effect() {
    let mut covered = 0;
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let sites: Vec<Site> = (0..20)
            .map(|_| {
                let truth = gamma(&mut random, 3, 4.0);
                Site {
                    years_before: 5.0,
                    predicted_before: 4.0,
                    observed_before: f64::from(poisson(&mut random, 5.0 * truth)),
                    years_after: 2.0,
                    predicted_after: 4.4,
                    observed_after: f64::from(poisson(&mut random, 2.0 * 1.1 * 0.7 * truth)),
                    overdispersion: 1.0 / 3.0,
                }
            })
            .collect();
        let found = effect(&sites).unwrap();
        covered += u32::from((found.effect - 0.7).abs() <= 1.96 * found.se.unwrap());
    }
    // 95 % of 200: 190, standard deviation 3.
    assert!((180..=200).contains(&covered), "{covered}");
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let cases = [
        ("", vec!["total,,,,,"]),
        ("a,5,2,16,2,2.5,,0.2\n", vec!["a,,,,,", "total,,,,,"]),
        ("a,5,0,16,2,2.5,4,0.2\n", vec!["a,,,,,0.625", "total,,,,,0.625"]),
        ("a,5,2,0,2,2,0,0.2\n", vec!["a,0,,,,", "total,0,,,,"]),
    ];
    for (sites, wanted) in cases {
        let rows = &run(&MODEL, &[("sites", &format!("{HEAD}{sites}"))], &[]).unwrap()[0];
        let rows: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
        assert_eq!(rows, wanted);
    }
    let refused = [
        (
            "total,5,2,16,2,2.5,4,0.2\n",
            "is the name of the row of all sites",
        ),
        (
            "a,5,2,16,2,2.5,4,0.2\na,5,2,16,2,2.5,4,0.2\n",
            "row 2, column `site`: `a` is there twice",
        ),
        (
            "a,-5,2,16,2,2.5,4,0.2\n",
            "row 1, column `years_before`: `-5` is below 0",
        ),
    ];
    for (sites, message) in refused {
        let refusal = run(&MODEL, &[("sites", &format!("{HEAD}{sites}"))], &[]).unwrap_err();
        assert!(refusal.contains(message), "{refusal}");
    }
}
