//! Vision Zero: which streets hurt more than streets like them, and did a measure help.
//!
//! What belongs here: one folder for each model of the subject. What does not: where the numbers come from.

use crate::run::{Model, Refusal, Table};

pub mod before_after;
pub mod hin;
pub mod screening;

#[cfg(test)]
mod tests;

/// The models of this subject: a model is added with its `mod` line and its entry here.
pub const MODELS: &[&Model] = &[&before_after::MODEL, &hin::MODEL, &screening::MODEL];

/// What is known of a site from sites like it and from its own count (Hauer, Harwood, Council and Griffith 2002,
/// <https://doi.org/10.3141/1784-16>).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Weight of the prediction, 0 to 1.
    pub weight: f64,
    /// Expected crashes.
    pub expected: f64,
    /// Their variance.
    pub variance: f64,
}

/// The empirical Bayes estimate from crashes predicted and observed over the same years, with variance μ +
/// `overdispersion`·μ² of sites like this one.
pub fn empirical_bayes(predicted: f64, observed: f64, overdispersion: f64) -> Estimate {
    let weight = 1.0 / (1.0 + overdispersion * predicted);
    let expected = weight * predicted + (1.0 - weight) * observed;
    Estimate {
        weight,
        expected,
        variance: (1.0 - weight) * expected,
    }
}

/// The numbers of a column, none of them below 0.
fn not_below_zero(table: &Table, column: &str) -> Result<Vec<Option<f64>>, Refusal> {
    let cells = table.maybe_floats(column)?;
    match cells.iter().position(|cell| cell.is_some_and(|cell| cell < 0.0)) {
        Some(row) => Err(table.wrong(row, column, "is below 0")),
        None => Ok(cells),
    }
}

/// The ids of a column, each of them once.
fn once(table: &Table, column: &str) -> Result<Vec<String>, Refusal> {
    let ids = table.ids(column)?;
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    match ids.iter().position(|id| !seen.insert(id.as_str())) {
        Some(row) => Err(table.wrong(row, column, "is there twice; give one row for each")),
        None => Ok(ids),
    }
}
