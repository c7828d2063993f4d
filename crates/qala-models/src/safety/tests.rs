//! What the tests of this subject share: runs, and counts by chance.

use crate::random::Random;
use crate::run::{Content, Input, Model, Table};

/// Runs a model over CSV: rows of each output.
pub(super) fn run(
    model: &Model,
    inputs: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> Result<Vec<Vec<Vec<String>>>, String> {
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
    let rows = |table: &Table| {
        let csv = table.to_csv();
        csv.lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect()
    };
    Ok(tables.iter().map(rows).collect())
}

/// The number of a cell.
pub(super) fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

/// A count of the Poisson distribution, in parts of a mean that is not too large for its zero to be met.
pub(super) fn poisson(random: &mut Random, mean: f64) -> u32 {
    let mut count = 0;
    let mut left = mean;
    while left > 0.0 {
        let part = left.min(20.0);
        left -= part;
        let mut product = random.unit();
        while product > (-part).exp() {
            product *= random.unit();
            count += 1;
        }
    }
    count
}

/// A number of the gamma distribution of that mean, its shape a whole number (the sum of so many exponentials).
pub(super) fn gamma(random: &mut Random, shape: u32, mean: f64) -> f64 {
    let sum: f64 = (0..shape).map(|_| -(1.0 - random.unit()).ln()).sum();
    sum * mean / f64::from(shape)
}
