//! Before and after: did a measure help, once the luck of the sites that were chosen is taken out?

use super::{Estimate, empirical_bayes, not_below_zero, once};
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "safety.before_after",
    purpose: "By which factor crashes changed at sites with a measure, against what would have happened without it: empirical \
              Bayes before and after, beside the plain comparison, which flatters sites chosen after bad years.",
    method: "Highway Safety Manual, chapter 9. Of each site: w = 1/(1 + k·P_B), expected before = w·P_B + (1 − w)·O_B, r = P_A/P_B, \
             P = years·prediction per year; π = Σ r·expected before, V = Σ r²·(1 − w)·expected before, λ = Σ O_A. \
             OR' = λ/π; effect = OR'/(1 + V/π²); se² = OR'²·(1/λ + V/π²)/(1 + V/π²) (the Manual's equations 9A.1-8, -9, -11 and \
             -12); lo, hi = effect ± 1.96·se. naive_effect = observed per year after by observed per year before, in the row \
             total of the sums of both.",
    assumptions: &[
        "1: no change; 0.8: a fifth fewer crashes. A row for each site in order of the input, then `total` over all sites.",
        "predicted_before and predicted_after are crashes per year by the prediction for streets like these, with the traffic of \
         the time; variance μ + overdispersion·μ² over the years before.",
        "The standard error is read as the Manual writes it: OR' (not the effect) squared, and the whole bracket by 1 + V/π² to the \
         power of one. Hauer (1997) has the effect squared and the square of 1 + V/π²; over many sites both are the same, of a \
         single site they differ by up to 14 %.",
        "A total is of all sites: it is empty where one site has no effect.",
        "Without a crash after, the effect is 0 and has no standard error: λ is taken as its own variance.",
    ],
    limits: &[
        "It takes out chance and traffic, not what else changed at the same time at these sites alone.",
        "The interval is symmetric; for few crashes it may reach below 0 and is only rough.",
        "Crashes that moved to other streets are not seen.",
    ],
};

/// The row of all sites.
const TOTAL: &str = "total";

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let table = run.table("sites")?;
    let mut ids = once(table, "site")?;
    if let Some(row) = ids.iter().position(|id| id == TOTAL) {
        return Err(table.wrong(
            row,
            "site",
            "is the name of the row of all sites; give the site another",
        ));
    }
    let columns = [
        "years_before",
        "predicted_before",
        "observed_before",
        "years_after",
        "predicted_after",
        "observed_after",
        "overdispersion",
    ];
    let mut cells = Vec::with_capacity(columns.len());
    for column in columns {
        cells.push(not_below_zero(table, column)?);
    }
    let sites: Vec<Option<Site>> = (0..ids.len())
        .map(|row| {
            let cell = |column: usize| cells[column][row];
            Some(Site {
                years_before: cell(0)?,
                predicted_before: cell(1)?,
                observed_before: cell(2)?,
                years_after: cell(3)?,
                predicted_after: cell(4)?,
                observed_after: cell(5)?,
                overdispersion: cell(6)?,
            })
        })
        .collect();
    let mut effects: Vec<Option<Effect>> = sites
        .iter()
        .map(|site| site.and_then(|site| effect(&[site])))
        .collect();
    let mut naive: Vec<Option<f64>> = sites
        .iter()
        .map(|site| site.and_then(|site| naive_effect(&[site])))
        .collect();
    let all: Option<Vec<Site>> = sites.into_iter().collect();
    effects.push(all.as_deref().and_then(effect));
    naive.push(all.as_deref().and_then(naive_effect));
    ids.push(TOTAL.to_owned());
    let column = |of: fn(&Effect) -> Option<f64>| {
        effects
            .iter()
            .map(|effect| effect.as_ref().and_then(of))
            .collect::<Vec<_>>()
    };
    Ok(vec![
        Table::new("effects")
            .texts_of("site", ids)
            .floats_of("effect", column(|effect| Some(effect.effect)))
            .floats_of("se", column(|effect| effect.se))
            .floats_of("lo", column(|effect| Some(effect.effect - 1.96 * effect.se?)))
            .floats_of("hi", column(|effect| Some(effect.effect + 1.96 * effect.se?)))
            .floats_of("naive_effect", naive),
    ])
}

/// What is known of a site with a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Years before the measure.
    pub years_before: f64,
    /// Crashes a year predicted for them.
    pub predicted_before: f64,
    /// Crashes in them.
    pub observed_before: f64,
    /// Years after the measure.
    pub years_after: f64,
    /// Crashes a year predicted for them.
    pub predicted_after: f64,
    /// Crashes in them.
    pub observed_after: f64,
    /// k of the variance μ + k·μ².
    pub overdispersion: f64,
}

/// By which factor crashes changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The unbiased ratio of crashes to those to be expected without the measure.
    pub effect: f64,
    /// Its standard error; absent without a crash after.
    pub se: Option<f64>,
}

/// The effect over these sites; absent when there is none or one has no prediction before.
pub fn effect(sites: &[Site]) -> Option<Effect> {
    let (mut expected, mut variance, mut observed) = (0.0, 0.0, 0.0);
    for site in sites {
        let before = site.years_before * site.predicted_before;
        let Estimate {
            expected: own,
            variance: of_own,
            ..
        } = empirical_bayes(before, site.observed_before, site.overdispersion);
        let ratio = site.years_after * site.predicted_after / before;
        expected += ratio * own;
        variance += ratio * ratio * of_own;
        observed += site.observed_after;
    }
    let biased = observed / expected;
    let relative = variance / (expected * expected);
    let effect = biased / (1.0 + relative);
    let square = biased * biased * (1.0 / observed + relative) / (1.0 + relative);
    effect.is_finite().then_some(Effect {
        effect,
        se: (observed > 0.0).then(|| square.sqrt()),
    })
}

/// Crashes a year after by crashes a year before, without any correction; absent when there were none before.
pub fn naive_effect(sites: &[Site]) -> Option<f64> {
    let after: f64 = sites
        .iter()
        .map(|site| site.observed_after / site.years_after)
        .sum();
    let before: f64 = sites
        .iter()
        .map(|site| site.observed_before / site.years_before)
        .sum();
    Some(after / before).filter(|effect| effect.is_finite())
}
