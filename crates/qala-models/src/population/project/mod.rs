//! How many people of each sex and age there will be (cohort-component method).
//!
//! What belongs here: the projection of given rates, and survival from death rates. What does not: forecasts of the rates
//! themselves.

mod input;
mod life_table;
mod step;

#[cfg(test)]
mod tests;

pub use life_table::{Survival, survival};
pub use step::{Cohorts, Events, Fault, Rates, step};

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};
use input::{Input, SEXES};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "population.project",
        purpose: "How many people of each sex and age there will be in each area, and the births, deaths and migrants in between.",
        method: "Cohort-component method in steps as long as an age group is wide (w years): N'(x+w) = (N_x + M_x/2)·S_x + \
                 M_(x+w)/2; the last group adds its own survivors; births = w·Σ f·(N + N')/2 over women, split by the sex ratio \
                 (boys to a girl); N'_0 = births·S_(−1) + M_0/2. Births − deaths + migrants is the change of the population, to \
                 rounding. The year of a rate is the start of its step.",
        assumptions: &[
            "Half of the migrants come or go before the deaths of the step, half after.",
            "Ages without a fertility rate have no births; a sex and age without a migration row has no migrants; without the \
             input migration the areas are closed.",
            "Girls that are born within the step may have children in it only if age 0 has a fertility rate.",
            "Where the population has women only and sex_ratio_at_birth is 0, only women are projected.",
        ],
        limits: &[
            "Rates are taken as given: no rate is carried on to years that it was not given for, such a year is refused.",
            "Areas do not exchange people: migrants come from nowhere and go nowhere.",
            "It gives one path and no interval: run it over draws of the rates to have one.",
            "More leaving people than there are is refused, not cut off.",
        ],
    },
    run,
};

/// Areas in the order of `population`, then years, male before female, ages.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let input = Input::read(run)?;
    let mut projection = Projection::default();
    let mut events: Vec<(usize, i64, Events)> = Vec::new();
    for area in 0..input.areas.len() {
        let mut now = input.population(area);
        projection.add(area, input.start_year, &now, &input);
        for index in 0..input.steps {
            let year = input.start_year.saturating_add(index * input.width);
            let rates = input.rates(area, year)?;
            let (next, happened) = step(&now, &rates).map_err(|fault| input.refuse(area, year, fault))?;
            events.push((area, year, happened));
            projection.add(area, year.saturating_add(input.width), &next, &input);
            now = next;
        }
    }
    let happened = |value: fn(&Events) -> f64| events.iter().map(move |(_, _, events)| value(events));
    Ok(vec![
        projection.table(&input.areas),
        Table::new("events")
            .texts_of("area", events.iter().map(|(area, _, _)| input.areas.name(*area)))
            .ints_of("year", events.iter().map(|(_, year, _)| *year))
            .floats_of("births", happened(|events| events.births))
            .floats_of("deaths", happened(|events| events.deaths))
            .floats_of("migrants", happened(|events| events.migrants)),
    ])
}

/// The rows of the output `projection`.
#[derive(Default)]
struct Projection {
    areas: Vec<usize>,
    years: Vec<i64>,
    sexes: Vec<&'static str>,
    ages: Vec<i64>,
    counts: Vec<f64>,
}

impl Projection {
    fn add(&mut self, area: usize, year: i64, cohorts: &Cohorts, input: &Input) {
        for (sex, counts) in cohorts.iter().enumerate().filter(|(sex, _)| input.has(*sex)) {
            for (group, count) in counts.iter().enumerate() {
                self.areas.push(area);
                self.years.push(year);
                self.sexes.push(SEXES[sex]);
                self.ages.push(group as i64 * input.width);
                self.counts.push(*count);
            }
        }
    }

    fn table(self, areas: &Names) -> Table {
        Table::new("projection")
            .texts_of("area", self.areas.iter().map(|area| areas.name(*area)))
            .ints_of("year", self.years)
            .texts_of("sex", self.sexes)
            .ints_of("age", self.ages)
            .floats_of("count", self.counts)
    }
}
