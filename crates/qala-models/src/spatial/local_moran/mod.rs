//! Local Moran: which areas are like their neighbours, and which stand out among them?

use super::areas;
use super::conditional::{self, Ties};
use super::gi::{counts_both, drawing};
use super::weights::Weights;
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use crate::stats;

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "spatial.local_moran",
    purpose: "Which areas are like their neighbours (high amid high, low amid low) and which stand out (high amid low, low amid \
              high): Anselin's local Moran, with p by conditional permutation, adjusted for many areas.",
    method: "I of an area = (n − 1)·d·Σ w·d(neighbours)/Σ d², d = value minus mean (Anselin 1995, \
             doi 10.1111/j.1538-4632.1995.tb00338.x). z: I minus the mean of the permutations by their standard deviation. \
             p_permutation = (min(c, P − c) + 1)/(P + 1), c draws with at least the observed I: the values of the neighbours \
             are drawn P times from all other areas. \
             p_adjusted: Benjamini and Hochberg. Quadrant: 1 high-high, 2 low-high, 3 low-low, 4 high-low.",
    assumptions: &[
        "row_standardised = true: weights of a row are divided by their sum.",
        "ties = contract: a draw equal to the observed one counts in c only, as in esda. With counts of which many are the same \
         that makes the p of ordinary areas small (where all draws are the observed one, as for a value equal to the mean, c = P and p = 1/(P + 1)); ties = both \
         counts equal draws on both sides, in c and in P − c, and such areas are no clusters. Without ties both are the same.",
        "p_permutation is the smaller tail, not doubled: at a limit of 0.05 one in ten areas without any pattern is below it.",
        "A value equal to the mean, and neighbours whose mean is the mean, count as low.",
        "An area without a value is no area; its row is empty. An area without neighbours counts among all, its row is empty.",
        "stopping = sequential ends the draws of an area after (P + 1)/60, at least 10, on both sides (Besag and Clifford); its \
         p is then that number by the draws made, its z is of those draws. It pays when weights are unequal; with equal \
         weights full is faster still.",
    ],
    limits: &[
        "It says where values lie together, not why. Use rates, or counts against what is usual.",
        "The quadrant is given for every area: read it together with p_adjusted.",
        "The weights are not made symmetric: `from` is the area, `to` its neighbour.",
    ],
};

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let areas = areas::read(run)?;
    let weights = if run.settings().flag("row_standardised") {
        areas.weights.clone().row_standardised()
    } else {
        areas.weights.clone()
    };
    let drawing = drawing(run);
    let locals = local_moran(&areas.centred, &weights);
    let both_sides = counts_both(run);
    // I is the own value times the neighbours' sum: below the mean it falls as the sum rises.
    let ties = |area: usize| match (both_sides, areas.centred[area] < 0.0) {
        (true, _) => Ties::Both,
        (false, true) => Ties::Below,
        (false, false) => Ties::Above,
    };
    let drawn = conditional::draw(&areas.centred, &weights, &drawing, ties);
    let both = || locals.iter().zip(&drawn).zip(&areas.centred);
    let p: Vec<Option<f64>> = both()
        .map(|((local, drawn), own)| {
            // A value at the mean has I = 0 whatever its neighbours are: every draw is the observed one.
            let p = |drawn: conditional::Drawn| match (*own == 0.0, both_sides) {
                (false, _) => drawn.p(drawing.permutations),
                (true, true) => 1.0,
                (true, false) => 1.0 / f64::from(drawing.permutations + 1),
            };
            local.and(*drawn).map(p)
        })
        .collect();
    let z: Vec<Option<f64>> = both()
        .map(|((local, drawn), own)| {
            let z = local.and(*drawn)?.z()?;
            (*own != 0.0).then_some(z * own.signum())
        })
        .collect();
    let i: Vec<Option<f64>> = locals.iter().map(|local| local.map(|local| local.i)).collect();
    let quadrants: Vec<Option<i64>> = locals
        .iter()
        .map(|local| local.map(|local| i64::from(local.quadrant)))
        .collect();
    Ok(vec![
        Table::new("local_moran")
            .texts_of("area", &areas.ids)
            .floats_of("i", areas.spread(&i))
            .floats_of("z", areas.spread(&z))
            .floats_of("p_permutation", areas.spread(&p))
            .floats_of("p_adjusted", areas.spread(&stats::adjusted(&p)))
            .ints_of("quadrant", areas.spread(&quadrants)),
    ])
}

/// The local statistic of an area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Local {
    /// Local Moran.
    pub i: f64,
    /// 1 high-high, 2 low-high, 3 low-low, 4 high-low: the area first, its neighbours second.
    pub quadrant: u8,
}

/// Local Moran; `centred` are values minus their mean. Absent for an area without neighbours and where all values are the
/// same.
pub fn local_moran(centred: &[f64], weights: &Weights) -> Vec<Option<Local>> {
    let squares: f64 = centred.iter().map(|value| value * value).sum();
    let others = centred.len() as f64 - 1.0;
    (0..centred.len())
        .map(|area| {
            if weights.row(area).0.is_empty() || squares == 0.0 {
                return None;
            }
            let (own, lag) = (centred[area], weights.lag(area, centred));
            let quadrant = match (own > 0.0, lag > 0.0) {
                (true, true) => 1,
                (false, true) => 2,
                (false, false) => 3,
                (true, false) => 4,
            };
            Some(Local {
                i: others * own * lag / squares,
                quadrant,
            })
        })
        .collect()
}
