//! What the tests of this subject share: real data, lattices, runs; and tests of places, weights and permutations.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::PathBuf;

use super::conditional::{Drawing, Drawn, Stopping, Ties, draw};
use super::places::Places;
use super::weights::Weights;
use crate::random::Random;
use crate::run::{Content, Input, Model, Table};

/// Text of a file of `shared/data`, or of one inside a zip there; tells that the test is skipped when it is not there.
pub(super) fn shared(test: &str, path: &str, member: Option<&str>) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(path);
    let Ok(bytes) = std::fs::read(&file) else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: ../shared/data/{path} is not there"
        );
        return None;
    };
    let mut text = String::new();
    match member {
        Some(member) => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            archive
                .by_name(member)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
        }
        None => text = String::from_utf8(bytes).unwrap(),
    }
    Some(text)
}

/// Runs a model over CSV, without numbering the lines: rows of the first output.
pub(super) fn run(
    model: &Model,
    inputs: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> Result<Vec<Vec<String>>, String> {
    let inputs = inputs
        .iter()
        .map(|(name, csv)| Input {
            name: (*name).to_owned(),
            content: Content::Table(Table::from_csv(name, csv.as_bytes()).unwrap()),
        })
        .collect();
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let tables = model
        .run(inputs, &settings, 1)
        .map_err(|refusal| refusal.to_string())?;
    let rows = tables[0].to_csv();
    Ok(rows
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect())
}

/// The number of a cell.
pub(super) fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

/// CSV of the inputs `areas` and `weights` of one of the three reference sets, and the rows of its table.
pub(super) fn reference(test: &str, set: &str, variable: &str) -> Option<(String, String, Vec<Vec<f64>>)> {
    let table = shared(test, &format!("reference/local_{set}_{variable}.csv"), None)?;
    let gal = shared(test, &format!("spatial/{set}.zip"), Some(&format!("{set}.gal")))?;
    let rows: Vec<Vec<f64>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect();
    let mut weights = "from,to,weight\n".to_owned();
    let mut order = Vec::new();
    let mut lines = gal.lines().skip(1);
    while let Some(head) = lines.next() {
        let Some(id) = head.split_whitespace().next() else {
            continue;
        };
        order.push(id.to_owned());
        for neighbour in lines.next().unwrap_or("").split_whitespace() {
            writeln!(weights, "{id},{neighbour},1").unwrap();
        }
    }
    assert_eq!(order.len(), rows.len(), "{set}");
    // The tables are in the order of the file of shapes, as is the file of neighbours where ids count from 1.
    if order.iter().any(|id| id == "1") {
        order = (1..=rows.len()).map(|id| id.to_string()).collect();
    }
    let mut areas = "area,value\n".to_owned();
    for (id, row) in order.iter().zip(&rows) {
        writeln!(areas, "{id},{}", row[1]).unwrap();
    }
    Some((areas, weights, rows))
}

/// p of Gi* and of local Moran for the Columbus crimes, area by area: `scripts/reference_spatial.py` (esda 2.9.0, 99,999
/// permutations).
pub(super) const COLUMBUS_P: [(f64, f64); 49] = [
    (0.18256, 0.18355),
    (0.16862, 0.16866),
    (0.24026, 0.24027),
    (0.47381, 0.47381),
    (0.15012, 0.15012),
    (0.32358, 0.32271),
    (0.03662, 0.03662),
    (0.16254, 0.16254),
    (0.37799, 0.37799),
    (0.11540, 0.11540),
    (0.01323, 0.01323),
    (0.09052, 0.09052),
    (0.34906, 0.34906),
    (0.10237, 0.10237),
    (0.00778, 0.00778),
    (0.00024, 0.00024),
    (0.03369, 0.03369),
    (0.02170, 0.02170),
    (0.10997, 0.10997),
    (0.22745, 0.22745),
    (0.18688, 0.18689),
    (0.45541, 0.45541),
    (0.03682, 0.03686),
    (0.00016, 0.00016),
    (0.00128, 0.00128),
    (0.01708, 0.01708),
    (0.42525, 0.42525),
    (0.00495, 0.00495),
    (0.00101, 0.00101),
    (0.01779, 0.01779),
    (0.03911, 0.03917),
    (0.00224, 0.00224),
    (0.39182, 0.39182),
    (0.05019, 0.05019),
    (0.37352, 0.37352),
    (0.00750, 0.00750),
    (0.00598, 0.00598),
    (0.08355, 0.08355),
    (0.01782, 0.01787),
    (0.01978, 0.01978),
    (0.06445, 0.06443),
    (0.08178, 0.08285),
    (0.43565, 0.43565),
    (0.47710, 0.47710),
    (0.35051, 0.35051),
    (0.04542, 0.04645),
    (0.06249, 0.06369),
    (0.20541, 0.20541),
    (0.19927, 0.19929),
];

/// Holds p of `permutations` permutations against one of 99,999, within `errors` standard errors of both.
pub(super) fn is_near(p: f64, permutations: f64, reference: f64, errors: f64) -> bool {
    let variance = reference * (1.0 - reference) * (1.0 / permutations + 1.0 / 99_999.0);
    (p - reference).abs() <= errors * variance.sqrt() + 1.0 / permutations
}

/// Pairs of a lattice whose cells are neighbours when they share a side.
pub(super) fn rook(height: u32, width: u32) -> Vec<(u32, u32, f64)> {
    let mut pairs = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let cell = row * width + column;
            if column + 1 < width {
                pairs.extend([(cell, cell + 1, 1.0), (cell + 1, cell, 1.0)]);
            }
            if row + 1 < height {
                pairs.extend([(cell, cell + width, 1.0), (cell + width, cell, 1.0)]);
            }
        }
    }
    pairs
}

/// Values by chance, minus their mean.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let values: Vec<f64> = (0..count).map(|_| random.normal()).collect();
    super::areas::centred(&values)
}

fn drawing(permutations: u32, seed: u64) -> Drawing {
    Drawing {
        permutations,
        stopping: Stopping::Full,
        seed,
        threads: 1,
    }
}

#[test]
fn places_near_are_those_found_by_looking_at_all() {
    let mut random = Random::new(3);
    // A coarse grid: many points at one place and many at equal distances.
    let x: Vec<f64> = (0..400).map(|_| random.below(15) as f64).collect();
    let y: Vec<f64> = (0..400).map(|_| random.below(15) as f64).collect();
    let places = Places::new(&x, &y);
    for area in (0..400).step_by(7) {
        let distance = |other: usize| super::places::between([x[area], y[area]], [x[other], y[other]]);
        let mut found = Vec::new();
        places.within(x[area], y[area], 2.0, &mut |other| found.push(other));
        found.sort_unstable();
        let wanted: Vec<u32> = (0..400_u32)
            .filter(|other| distance(*other as usize) <= 2.0)
            .collect();
        assert_eq!(found, wanted);
        let mut all: Vec<u32> = (0..400_u32).filter(|other| *other as usize != area).collect();
        all.sort_by(|a, b| distance(*a as usize).total_cmp(&distance(*b as usize)));
        assert_eq!(places.nearest(x[area], y[area], 9, Some(area as u32)), all[..9]);
    }
    assert!(Places::new(&[], &[]).nearest(0.0, 0.0, 3, None).is_empty());
}

#[test]
fn a_draw_is_from_all_others_and_never_holds_the_area_itself() {
    // Five areas, values 1, 10, 100, 1000, 10000: the sum tells which were drawn. Area 0 has three neighbours.
    let values = [1.0, 10.0, 100.0, 1000.0, 10_000.0];
    let pairs = [(0, 1, 1.0), (0, 2, 1.0), (0, 3, 1.0), (1, 0, 2.0), (1, 2, 1.0)];
    let weights = Weights::from_pairs(5, &pairs);
    let permutations = 40_000;
    let drawn = draw(&values, &weights, &drawing(permutations, 1), |_| Ties::Both);
    // Of the four sets of three others only {1, 2, 3} is not above the observed one.
    let first = drawn[0].unwrap();
    assert_eq!(first.at_least, permutations);
    let share = f64::from(first.at_most) / f64::from(permutations);
    assert!(
        (share - 0.25).abs() < 3.0 * (0.25_f64 * 0.75 / f64::from(permutations)).sqrt(),
        "{share}"
    );
    // Of the twelve ordered pairs of others, weighted 2 and 1, those at most 2·1 + 100 are (1, 100) only.
    let second = drawn[1].unwrap();
    let share = f64::from(second.at_most) / f64::from(permutations);
    let expected = 1.0 / 12.0;
    assert!(
        (share - expected).abs() < 3.0 * (expected * (1.0 - expected) / f64::from(permutations)).sqrt(),
        "{share}"
    );
    assert_eq!(drawn[2..], [None, None, None]);
}

#[test]
fn counting_in_sorted_draws_is_counting_one_by_one() {
    let values = noise(60, 5);
    let equal = Weights::from_pairs(60, &rook(6, 10));
    // The same weights but for a trifle, so that they count as unequal.
    let nearly: Vec<(u32, u32, f64)> = rook(6, 10)
        .into_iter()
        .map(|(from, to, weight)| (from, to, weight + f64::from(to) * 1e-13))
        .collect();
    let unequal = Weights::from_pairs(60, &nearly);
    for permutations in [1, 255, 2_000] {
        let sorted = draw(&values, &equal, &drawing(permutations, 7), |_| Ties::Above);
        let one_by_one = draw(&values, &unequal, &drawing(permutations, 7), |_| Ties::Above);
        for (a, b) in sorted.iter().zip(&one_by_one) {
            let (a, b) = (a.unwrap(), b.unwrap());
            assert_eq!((a.at_least, a.at_most, a.draws), (b.at_least, b.at_most, b.draws));
            assert_eq!(a.z().is_some(), permutations > 1);
            assert!((a.z().unwrap_or(0.0) - b.z().unwrap_or(0.0)).abs() < 1e-8);
        }
    }
}

#[test]
fn threads_change_nothing() {
    let values = noise(1_000, 2);
    for weights in [
        Weights::from_pairs(1_000, &rook(25, 40)),
        Weights::from_pairs(1_000, &unequal(25, 40)),
    ] {
        for stopping in [Stopping::Full, Stopping::Sequential(20)] {
            let of = |threads| {
                let drawing = Drawing {
                    stopping,
                    threads,
                    ..drawing(999, 4)
                };
                draw(&values, &weights, &drawing, |_| Ties::Above)
            };
            assert_eq!(of(1), of(3));
        }
    }
}

/// A rook lattice whose weights differ within each row.
fn unequal(height: u32, width: u32) -> Vec<(u32, u32, f64)> {
    rook(height, width)
        .into_iter()
        .map(|(from, to, _)| (from, to, 1.0 + f64::from((from * 7 + to * 3) % 5) / 4.0))
        .collect()
}

#[test]
fn an_early_end_keeps_p_and_leaves_the_rest_as_it_was() {
    let weights = Weights::from_pairs(2_500, &unequal(50, 50));
    let weights_of_counts = Weights::from_pairs(2_500, &rook(50, 50));
    let enough = Drawing::enough(4_999);
    let full = drawing(4_999, 3);
    let early = Drawing {
        stopping: Stopping::Sequential(enough),
        ..full
    };
    let cases = [(noise(2_500, 9), weights), (counts(2_500, 9), weights_of_counts)];
    for ((values, weights), ties) in cases
        .iter()
        .flat_map(|case| [Ties::Above, Ties::Below, Ties::Both].map(|ties| (case, ties)))
    {
        let full = draw(values, weights, &full, |_| ties);
        let early = draw(values, weights, &early, |_| ties);
        let (mut stopped, mut made) = (0, 0_u64);
        for (full, early) in full.iter().zip(&early) {
            let (full, early): (Drawn, Drawn) = (full.unwrap(), early.unwrap());
            made += u64::from(early.draws);
            let (p, wanted) = (early.p(4_999), full.p(4_999));
            if early.draws == 4_999 {
                // Counts in sorted draws and one by one are the same; their moments are rounded differently.
                assert_eq!(p.to_bits(), wanted.to_bits());
            } else {
                stopped += 1;
                assert_eq!(ties.tail(early.at_least, early.at_most, early.draws), enough);
                // The error of p is p/√h.
                assert!(
                    (p - wanted).abs() < 5.0 * wanted / f64::from(enough).sqrt(),
                    "{ties:?} {p} {wanted}"
                );
            }
        }
        // Under no pattern p is even, so nearly all stop, after 15 of 100 draws by and large. Of counts, the areas whose sum is
        // the least there can be have nothing below it and go on to the end.
        let has_ties = values.iter().filter(|value| **value < 0.0).count() > 2_000;
        assert_eq!(
            stopped > 2_200,
            !has_ties || ties != Ties::Above,
            "{ties:?} {stopped}"
        );
        assert!(has_ties || made < 2_500 * 4_999 / 4, "{ties:?} {made}");
    }
}

#[test]
fn an_early_end_looks_at_each_draw_whatever_the_chunk() {
    // A draw is one of two values by the toss of a coin: the tails are 7 when the rarer side came up 7 times.
    let values = [0.0, 1.0, 0.0, 1.0, 0.0];
    let weights = Weights::from_pairs(5, &[(0, 1, 1.0), (4, 2, 1.0)]);
    let early = Drawing {
        stopping: Stopping::Sequential(7),
        ..drawing(999, 6)
    };
    // Area 0 sees a 1, so draws of 1 are ties: c counts them, P − c those of 0.
    let of = |ties| draw(&values, &weights, &early, |_| ties)[0].unwrap();
    let above = of(Ties::Above);
    assert_eq!(above.draws - above.at_least, 7, "{above:?}");
    assert!(above.draws < CHUNK_OF_DRAWS, "{above:?}");
    assert!((above.p(999) - 7.0 / f64::from(above.draws)).abs() < 1e-12);
    // Fallen the other way all are at most as high as the observed one: c = P, and nothing ends early.
    let below = of(Ties::Below);
    assert_eq!((below.at_most, below.draws), (999, 999));
    assert!((below.p(999) - 0.001).abs() < 1e-12);
    // Counted on both sides, ties are the rarer side now.
    let both = of(Ties::Both);
    assert_eq!((both.at_least.min(both.at_most), both.at_most), (7, both.draws));
}

/// Draws that are looked at together.
const CHUNK_OF_DRAWS: u32 = 256;

/// Counts by chance, nine in ten of them 0, minus their mean.
fn counts(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let values: Vec<f64> = (0..count)
        .map(|_| f64::from(u8::from(random.below(10) == 0)))
        .collect();
    super::areas::centred(&values)
}

#[test]
fn p_without_a_pattern_is_even_and_ties_on_both_sides_do_not_make_it_small() {
    let weights = Weights::from_pairs(10_000, &rook(100, 100));
    let below = |values: &[f64], ties: Ties| {
        let drawn = draw(values, &weights, &drawing(999, 1), |_| ties);
        drawn.iter().filter(|drawn| drawn.unwrap().p(999) <= 0.05).count()
    };
    // The smaller of two tails: a tenth of the areas, less with ties on both sides.
    assert!(below(&noise(10_000, 8), Ties::Above) < 1_200);
    assert!(below(&counts(10_000, 8), Ties::Both) < 1_200);
    // Counts of small numbers: most sums are met again and again. Ties in c only: no sum is below the neighbours of which
    // none has anything, which are two areas in three.
    assert!(below(&counts(10_000, 8), Ties::Above) > 6_000);
}
