//! How many places there are to a child within reach (enhanced two-step floating catchment areas).
//!
//! What belongs here: the two steps over given travel times. What does not: travel times themselves.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "schools.access",
        purpose: "Places to a resident that are within reach of an area, with what other areas take of them reckoned in; and \
                  places to a weighted resident around each site.",
        method: "Enhanced two-step floating catchment areas (Luo and Qi 2009). Step 1: ratio of a site = places / Σ population · \
                 W over the areas that reach it. Step 2: value of an area = Σ ratio · W over the sites it reaches. W is the \
                 weight of the first band whose bound is not below the travel time; beyond the last band it is 0.",
        assumptions: &[
            "A pair that is absent or has no cost is unreachable.",
            "Default bands are 10, 20 and 30 minutes with the weights 1, 0.68 and 0.22.",
            "Everybody in an area needs a place alike; a place is used by whoever is within reach, in the shares of W.",
        ],
        limits: &[
            "A site that nobody reaches has no ratio; an area that reaches nothing has the value 0.",
            "A missing population empties the ratios of the sites it reaches, and missing places the ratio of the site; areas \
             that reach a site without a ratio have no value.",
            "Costs to an area or site that is not in demand or supply are refused, and so is a pair that is there twice.",
        ],
    },
    run,
};

/// Who reaches what, with which weight above 0: area, site, weight.
pub type Reach = (usize, usize, f64);

/// What is computed; absent where it cannot be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// Places to a resident, by area.
    pub areas: Vec<Option<f64>>,
    /// Places to a weighted resident, by site.
    pub sites: Vec<Option<f64>>,
}

/// Both steps, from the population of areas, the places of sites and the pairs within reach.
pub fn access(population: &[Option<f64>], places: &[Option<f64>], reach: &[Reach]) -> Access {
    let mut demand = vec![Some(0.0); places.len()];
    for (area, site, weight) in reach {
        demand[*site] = demand[*site]
            .zip(population[*area])
            .map(|(sum, people): (f64, f64)| sum + people * weight);
    }
    let sites: Vec<Option<f64>> = places
        .iter()
        .zip(&demand)
        .map(|(places, demand)| Some((*places)? / demand.filter(|demand| *demand > 0.0)?))
        .collect();
    let mut areas = vec![Some(0.0); population.len()];
    for (area, site, weight) in reach {
        areas[*area] = areas[*area]
            .zip(sites[*site])
            .map(|(sum, ratio): (f64, f64)| sum + ratio * weight);
    }
    Access { areas, sites }
}

/// The weight of a travel time: that of the first band whose bound is not below it, 0 beyond the last.
fn weight(cost_min: f64, bands: &[(f64, f64)]) -> f64 {
    bands
        .iter()
        .find(|(bound, _)| cost_min <= *bound)
        .map_or(0.0, |(_, weight)| *weight)
}

/// Areas and sites in the order of their inputs.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let bands = bands(run)?;
    let (areas, population) = amounts(run.table("demand")?, "area", "population")?;
    let (sites, places) = amounts(run.table("supply")?, "site", "places")?;
    let costs = run.table("costs")?;
    let from = costs.ids("area")?;
    let to = costs.ids("site")?;
    let cost_min = costs.maybe_floats("cost_min")?;
    let mut seen = HashMap::with_capacity(from.len());
    let mut reach = Vec::new();
    for row in 0..from.len() {
        let place = |names: &Names, name: &str, column: &str, table: &str| {
            names.find(name).ok_or_else(|| {
                costs.wrong(
                    row,
                    column,
                    &format!("is not in `{table}`; add it there or leave the pair out"),
                )
            })
        };
        let area = place(&areas, &from[row], "area", "demand")?;
        let site = place(&sites, &to[row], "site", "supply")?;
        if let Some(first) = seen.insert((area, site), row) {
            let what = format!(
                "with the area `{}` is already in row {}; give each pair once",
                from[row],
                first + 1
            );
            return Err(costs.wrong(row, "site", &what));
        }
        let Some(cost) = cost_min[row] else { continue };
        if cost < 0.0 {
            return Err(costs.wrong(row, "cost_min", "is below 0"));
        }
        let weight = weight(cost, &bands);
        if weight > 0.0 {
            reach.push((area, site, weight));
        }
    }
    let found = access(&population, &places, &reach);
    Ok(vec![
        Table::new("access")
            .texts_of("area", areas.iter())
            .floats_of("value", found.areas),
        Table::new("sites")
            .texts_of("site", sites.iter())
            .floats_of("ratio", found.sites),
    ])
}

/// Bounds, rising, and the weights of the bands.
fn bands(run: &Run) -> Result<Vec<(f64, f64)>, Refusal> {
    let bounds = run.settings().floats("bands_min")?;
    let weights = run.settings().floats("weights")?;
    if bounds.len() != weights.len() || bounds.is_empty() {
        return Err(Refusal(format!(
            "settings `bands_min` and `weights`: {} bounds and {} weights; give each band one weight",
            bounds.len(),
            weights.len()
        )));
    }
    if bounds.windows(2).any(|pair| pair[0] >= pair[1]) || bounds[0] < 0.0 {
        return Err(Refusal(
            "setting `bands_min`: the bounds must rise, from 0 or more".to_owned(),
        ));
    }
    if weights.iter().any(|weight| *weight < 0.0) {
        return Err(Refusal("setting `weights`: a weight is below 0".to_owned()));
    }
    Ok(bounds.into_iter().zip(weights).collect())
}

/// Names, each once, and numbers of 0 or more.
fn amounts(table: &Table, id: &str, column: &str) -> Result<(Names, Vec<Option<f64>>), Refusal> {
    let numbers = table.maybe_floats(column)?;
    let mut names = Names::default();
    for (row, name) in table.ids(id)?.iter().enumerate() {
        if names.place(name) != row {
            return Err(table.wrong(row, id, "is there twice; give it one row"));
        }
        if numbers[row].is_some_and(|number| number < 0.0) {
            return Err(table.wrong(row, column, "is below 0"));
        }
    }
    Ok((names, numbers))
}
