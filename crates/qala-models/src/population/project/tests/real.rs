//! The United Nations' projection of a country, from its own rates.

use super::*;
use crate::fixture::public_file;

/// Rows of a country for a year or period, by rising age: the numbers of two columns.
fn rows(file: &str, country: &str, year: &str, columns: [&str; 2]) -> Vec<[f64; 2]> {
    let table = Table::from_csv("file", file.as_bytes()).unwrap();
    let text = |column: &str| table.texts(column).unwrap();
    let (countries, years, ages) = (text("country"), text("year"), text("age"));
    let numbers = columns.map(text);
    let mut found: Vec<(u32, [f64; 2])> = (0..table.rows())
        .filter(|row| countries[*row] == country && years[*row] == year)
        .map(|row| {
            let age = ages[row].split(['-', '+']).next().unwrap().parse().unwrap();
            (age, [0, 1].map(|column| numbers[column][row].parse().unwrap()))
        })
        .collect();
    found.sort_by_key(|(age, _)| *age);
    found.into_iter().map(|(_, numbers)| numbers).collect()
}

fn by_sex(rows: &[[f64; 2]]) -> Cohorts {
    [0, 1].map(|sex| rows.iter().map(|row| row[sex]).collect())
}

/// WPP 2019, 2020 to 2050, closed: the UN reckons without migration there. The files hold no total fertility after 2020:
/// it is solved so that ages 0 to 4 come out as published; everything else is free. scripts/reference_population.py
/// gives the same numbers.
#[test]
fn the_projection_of_the_united_nations_is_reproduced() {
    let test = "the_projection_of_the_united_nations_is_reproduced";
    let file = |name: &str| public_file(test, &format!("demography/{name}.csv.gz"));
    let Some(base) = file("wpp2019_population_age_sex_1950_2020") else {
        return;
    };
    let (mortality, pattern) = (
        file("wpp2019_mortality").unwrap(),
        file("wpp2019_fertility_age_pattern").unwrap(),
    );
    let published = file("wpp2019_population_projection_2025_2100").unwrap();
    let country = "Kazakhstan";
    let mut now = by_sex(&rows(&base, country, "2020", ["popM", "popF"]));
    let total = |people: &Cohorts| people.iter().flatten().sum::<f64>();
    let mut total_fertility = Vec::new();
    for year in (2020..2050).step_by(5) {
        let period = format!("{year}-{}", year + 5);
        let deaths = by_sex(&rows(&mortality, country, &period, ["mxM", "mxF"]));
        let survival = [0, 1].map(|sex| survival(&deaths[sex], sex == 1).unwrap());
        let shares = rows(&pattern, country, &period, ["percentASFR", "percentASFR"]);
        let mut rates = Rates {
            width: 5.0,
            fertility: vec![0.0; 21],
            survival_of_born: [survival[0].of_born, survival[1].of_born],
            survival: survival.map(|survival| survival.of_groups),
            migrants: [vec![0.0; 21], vec![0.0; 21]],
            sex_ratio_at_birth: 1.061,
        };
        for (rate, share) in rates.fertility[3..].iter_mut().zip(shares) {
            *rate = share[0] / 100.0 / 5.0;
        }
        let target = by_sex(&rows(
            &published,
            country,
            &(year + 5).to_string(),
            ["popMprojMed", "popFprojMed"],
        ));
        let (one_child, _) = step(&now, &rates).unwrap();
        let fertility = (target[0][0] + target[1][0]) / (one_child[0][0] + one_child[1][0]);
        rates.fertility.iter_mut().for_each(|rate| *rate *= fertility);
        total_fertility.push(fertility);
        now = step(&now, &rates).unwrap().0;
        assert_close(total(&now), total(&target), 1e-5);
        for (group, (men, women)) in target[0].iter().zip(&target[1]).enumerate() {
            // Of 100 and older there are a few hundred, printed in thousands with three digits.
            let tolerance = if group == 20 { 0.025 } else { 5e-4 };
            assert_close(now[0][group] + now[1][group], men + women, tolerance);
        }
        // METHODS 12, thousands: the file's sums of both sexes.
        for (of_year, group, count) in [
            (2025, 0, 1_706.57),
            (2025, 1, 1_916.93),
            (2025, 13, 731.60),
            (2050, 0, 1_829.65),
            (2050, 1, 1_855.57),
            (2050, 13, 1_064.18),
        ] {
            if of_year == year + 5 {
                assert_close(now[0][group] + now[1][group], count, 5e-5);
            }
        }
        // Boys and girls apart: the sex ratio at birth and the survival of the born.
        assert_close(now[0][0], target[0][0], 2e-4);
    }
    assert_close(total(&now), 24_024.031_170_114_074, 1e-9);
    let expected = [2.6215, 2.5011, 2.3971, 2.3079, 2.2292, 2.1613];
    for (found, expected) in total_fertility.into_iter().zip(expected) {
        assert_close(found, expected, 5e-5);
    }
}

#[test]
fn survival_needs_rates_above_0() {
    assert_eq!(survival(&[0.01, 0.001, 0.001], false), None);
    assert_eq!(survival(&[0.01, 0.001, 0.0, 0.1], false), None);
    // The same death rate at every age from 1 on: all of them survive by e^(−5m), but for the way infants die.
    let flat = survival(&[0.02; 20], true).unwrap();
    for share in &flat.of_groups[2..] {
        assert_close(*share, (-0.1_f64).exp(), 1e-4);
    }
    assert!(flat.of_born < 1.0 && flat.of_born > 0.9);
}
