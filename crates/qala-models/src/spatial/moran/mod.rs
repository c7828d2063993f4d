//! Global Moran: are neighbouring areas more alike than by chance, over the whole map?

use super::areas;
use super::conditional::Ties;
use super::gi::counts_both;
use super::weights::Weights;
use crate::Card;
use crate::random::Random;
use crate::run::{Model, Refusal, Run, Table};
use crate::{stats, threads};

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "spatial.moran",
    purpose: "Whether values of neighbouring areas are more alike than by chance, over the whole map: Moran's I.",
    method: "I = n/S0·Σ w·d·d/Σ d², d = value minus mean; expected −1/(n − 1); z and the two-sided p_normal by the variance \
             under normality (Cliff and Ord 1981). p_permutation = (min(c, P − c) + 1)/(P + 1) over P orders of all values, c of \
             them with at least the observed I.",
    assumptions: &[
        "row_standardised = true: weights of a row are divided by their sum.",
        "ties = contract: an order with the very I that was observed counts in c only, as in esda; ties = both counts it in c and \
         in P − c, for few areas or few different values. p_permutation is the smaller tail, not doubled.",
        "An area without a value is left out, with its pairs. An area without neighbours counts in n and in the mean.",
    ],
    limits: &[
        "One number for the whole map: it does not say where.",
        "Where areas differ in residents, rates of small areas vary more; then p_normal is only a rough guide.",
        "All is empty but the expectation when no area has neighbours or all values are the same.",
    ],
};

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let areas = areas::read(run)?;
    let weights = if run.settings().flag("row_standardised") {
        areas.weights.row_standardised()
    } else {
        areas.weights
    };
    let permutations = run.settings().int("permutations").unwrap_or(0) as u32;
    let ties = if counts_both(run) { Ties::Both } else { Ties::Above };
    let moran = moran(&areas.centred, &weights);
    let p = moran
        .is_some()
        .then(|| {
            p_permutation(
                &areas.centred,
                &weights,
                permutations,
                ties,
                run.seed(),
                threads::available(),
            )
        })
        .flatten();
    let count = areas.centred.len() as f64;
    Ok(vec![
        Table::new("moran")
            .floats_of("i", [moran.map(|moran| moran.i)])
            .floats_of("expected", [(count > 1.0).then(|| -1.0 / (count - 1.0))])
            .floats_of("z", [moran.and_then(|moran| moran.z)])
            .floats_of(
                "p_normal",
                [moran
                    .and_then(|moran| moran.z)
                    .map(|z| 2.0 * stats::normal_above(z.abs()))],
            )
            .floats_of("p_permutation", [p]),
    ])
}

/// Global Moran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moran {
    /// Moran's I.
    pub i: f64,
    /// Standard deviate under normality; absent when the variance is not above 0.
    pub z: Option<f64>,
}

/// Moran's I; `centred` are values minus their mean. Absent when no area has neighbours or all values are the same.
pub fn moran(centred: &[f64], weights: &Weights) -> Option<Moran> {
    let count = centred.len() as f64;
    let squares: f64 = centred.iter().map(|value| value * value).sum();
    let mut columns = vec![0.0; centred.len()];
    let (mut s0, mut s1) = (0.0, 0.0);
    for area in 0..weights.areas() {
        let (neighbours, row) = weights.row(area);
        for (neighbour, weight) in neighbours.iter().zip(row) {
            s0 += weight;
            s1 += weight * (weight + weights.weight(*neighbour as usize, area as u32));
            columns[*neighbour as usize] += weight;
        }
    }
    if s0 == 0.0 || squares == 0.0 {
        return None;
    }
    let s2: f64 = columns
        .iter()
        .enumerate()
        .map(|(area, column)| (column + weights.row(area).1.iter().sum::<f64>()).powi(2))
        .sum();
    let i = count / s0 * product(centred, weights) / squares;
    let expected = -1.0 / (count - 1.0);
    let variance = (count * count * s1 - count * s2 + 3.0 * s0 * s0) / ((count * count - 1.0) * s0 * s0)
        - expected * expected;
    Some(Moran {
        i,
        z: (variance > 1e-14).then(|| (i - expected) / variance.sqrt()),
    })
}

/// (min(c, P − c) + 1)/(P + 1) over `permutations` orders of the values, c of them with at least the observed I; `ties` tells
/// where one with the same I counts. Absent without permutations. The result is the same for any number of threads.
pub fn p_permutation(
    centred: &[f64],
    weights: &Weights,
    permutations: u32,
    ties: Ties,
    seed: u64,
    threads: usize,
) -> Option<f64> {
    if permutations == 0 {
        return None;
    }
    let observed = product(centred, weights);
    let largest = centred.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let all: f64 = (0..weights.areas())
        .map(|area| weights.row(area).1.iter().sum::<f64>())
        .sum();
    let same = 1e-12 * all * largest * largest;
    let count = |first: usize| {
        let (mut at_least, mut at_most) = (0_u32, 0_u32);
        let mut order = centred.to_vec();
        for permutation in (first as u32..permutations).step_by(threads.max(1)) {
            order.copy_from_slice(centred);
            Random::part(seed, u64::from(permutation)).shuffle(&mut order);
            let product = product(&order, weights);
            at_least += u32::from(product >= observed - same);
            at_most += u32::from(product <= observed + same);
        }
        (at_least, at_most)
    };
    let (at_least, at_most) = threads::side_by_side(threads, count)
        .into_iter()
        .fold((0, 0), |sums, part| (sums.0 + part.0, sums.1 + part.1));
    let tail = ties.tail(at_least, at_most, permutations);
    Some(f64::from(tail + 1) / f64::from(permutations + 1))
}

/// Σ w·d·d over all pairs.
fn product(values: &[f64], weights: &Weights) -> f64 {
    values
        .iter()
        .enumerate()
        .map(|(area, value)| value * weights.lag(area, values))
        .sum()
}
