//! Network screening: on which streets do more crashes happen than on streets like them, chance taken out?

use std::collections::HashMap;

use super::{empirical_bayes, not_below_zero, once};
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use crate::stats::settled;

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "safety.screening",
    purpose: "Streets ranked by the crashes to be expected above those of streets like them: what can be gained there.",
    method: "Empirical Bayes (Hauer and others 2002; Highway Safety Manual). Predicted = years·length_km·exp(intercept)·aadt^slope; \
             k = overdispersion, with per_km overdispersion/length_km; weight w = 1/(1 + k·predicted); expected = w·predicted + \
             (1 − w)·crashes; sd = √((1 − w)·expected); excess = expected − predicted. Ranked by falling excess, ties by id.",
    assumptions: &[
        "All columns are totals over the years of the segment, not per year.",
        "Variance of crashes around the prediction: μ + k·μ² (negative binomial).",
        "Rows are in order of rank; a segment that lacks a number has what can be computed of it, no rank, and stands last.",
        "A facility's coefficients come from elsewhere: they are neither fitted nor calibrated here.",
    ],
    limits: &[
        "It finds where, not why.",
        "With coefficients of another country the excess holds only for comparison; calibrate before quoting it.",
        "Segments of very different length: an excess is of the segment, not per kilometre.",
    ],
};

/// Coefficients of a kind of street.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    intercept: f64,
    slope: f64,
    overdispersion: f64,
}

/// What is computed of a segment.
#[derive(Default)]
struct Line {
    predicted: Option<f64>,
    weight: Option<f64>,
    expected: Option<f64>,
    sd: Option<f64>,
    excess: Option<f64>,
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let coefficients = coefficients(run.table("coefficients")?)?;
    let table = run.table("segments")?;
    let ids = once(table, "segment")?;
    let facilities = table.ids("facility")?;
    let columns = ["length_km", "aadt", "years", "crashes"].map(|column| not_below_zero(table, column));
    let [lengths, aadt, years, crashes] = columns;
    let (lengths, aadt, years, crashes) = (lengths?, aadt?, years?, crashes?);
    let is_per_km = run.settings().flag("per_km");
    let mut lines = Vec::with_capacity(ids.len());
    for (row, facility) in facilities.iter().enumerate() {
        let coefficients = coefficients
            .get(facility)
            .ok_or_else(|| table.wrong(row, "facility", "has no row in the input `coefficients`"))?;
        let known = lengths[row].zip(aadt[row]).zip(years[row]);
        lines.push(known.map_or_else(Line::default, |((length_km, aadt), years)| {
            line(*coefficients, length_km, aadt, years, crashes[row], is_per_km)
        }));
    }
    let mut order: Vec<usize> = (0..ids.len()).collect();
    let excess: Vec<Option<f64>> = lines.iter().map(|line| line.excess.map(settled)).collect();
    order.sort_by(|a, b| match (excess[*a], excess[*b]) {
        (Some(x), Some(y)) => y.total_cmp(&x).then_with(|| ids[*a].cmp(&ids[*b])),
        (x, y) => y.is_some().cmp(&x.is_some()).then(a.cmp(b)),
    });
    let column = |of: fn(&Line) -> Option<f64>| order.iter().map(|row| of(&lines[*row])).collect::<Vec<_>>();
    let ranks = (1..)
        .zip(&order)
        .map(|(rank, row)| lines[*row].excess.map(|_| rank));
    Ok(vec![
        Table::new("ranking")
            .texts_of("segment", order.iter().map(|row| &ids[*row]))
            .floats_of("predicted", column(|line| line.predicted))
            .floats_of("weight", column(|line| line.weight))
            .floats_of("expected", column(|line| line.expected))
            .floats_of("expected_sd", column(|line| line.sd))
            .floats_of("excess", column(|line| line.excess))
            .ints_of("rank", ranks),
    ])
}

fn coefficients(table: &Table) -> Result<HashMap<String, Coefficients>, Refusal> {
    let ids = once(table, "facility")?;
    let (intercepts, slopes) = (table.floats("intercept")?, table.floats("slope")?);
    let overdispersions = table.floats("overdispersion")?;
    if let Some(row) = overdispersions.iter().position(|k| *k < 0.0) {
        return Err(table.wrong(row, "overdispersion", "is below 0"));
    }
    let rows = intercepts.into_iter().zip(slopes).zip(overdispersions);
    Ok(ids
        .into_iter()
        .zip(rows)
        .map(|(facility, ((intercept, slope), overdispersion))| {
            let coefficients = Coefficients {
                intercept,
                slope,
                overdispersion,
            };
            (facility, coefficients)
        })
        .collect())
}

fn line(
    of: Coefficients,
    length_km: f64,
    aadt: f64,
    years: f64,
    crashes: Option<f64>,
    is_per_km: bool,
) -> Line {
    let predicted = years * predicted(length_km, aadt, of.intercept, of.slope);
    let overdispersion = if is_per_km {
        of.overdispersion / length_km
    } else {
        of.overdispersion
    };
    // A street without length or with a negative slope and no traffic: nothing to compare with.
    if !predicted.is_finite() || !overdispersion.is_finite() {
        return Line::default();
    }
    let weight = empirical_bayes(predicted, 0.0, overdispersion).weight;
    let estimate = crashes.map(|crashes| empirical_bayes(predicted, crashes, overdispersion));
    Line {
        predicted: Some(predicted),
        weight: Some(weight),
        expected: estimate.map(|estimate| estimate.expected),
        sd: estimate.map(|estimate| estimate.variance.sqrt()),
        excess: estimate.map(|estimate| estimate.expected - predicted),
    }
}

/// Crashes per year on a street of that length and traffic (vehicles a day, both ways): length·exp(intercept)·aadt^slope.
pub fn predicted(length_km: f64, aadt: f64, intercept: f64, slope: f64) -> f64 {
    length_km * intercept.exp() * aadt.powf(slope)
}
