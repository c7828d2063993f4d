//! Trips from where to where: a seed matrix brought to counted totals.
//!
//! What belongs here: iterative proportional fitting. What does not: the seed itself (trip chaining, surveys).

mod fit;

#[cfg(test)]
mod tests;

pub use fit::{Cell, Unmet, fit};

use std::collections::HashMap;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "transit.od",
        purpose: "Trips from each origin to each destination that agree with what was counted at both ends and are otherwise as \
                  like the seed as can be.",
        method: "Iterative proportional fitting (Deming and Stephan 1940): rows are multiplied to their totals, then columns, \
                 until the largest error of a margin is at most tolerance times the total. Pairs are those of the seed, in its \
                 order.",
        assumptions: &[
            "A pair that is not in the seed, or 0 there, has no trips.",
            "The totals of rows and columns are of the same trips: sums that differ by more than 1e-9 of them are refused.",
            "The fitted matrix keeps the cross-ratios of the seed: where the seed is wrong in them, so is the result.",
        ],
        limits: &[
            "Totals that the zeros of the seed cannot reach are refused, with the origin or destination where it fails.",
            "It gives one matrix and no interval.",
        ],
    },
    run,
};

/// Rows of the seed, in its order.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let seed = run.table("seed")?;
    let (origins, row_totals) = totals(run.table("rows")?, "origin")?;
    let (destinations, column_totals) = totals(run.table("columns")?, "destination")?;
    let (rows_sum, columns_sum) = (row_totals.iter().sum::<f64>(), column_totals.iter().sum::<f64>());
    if (rows_sum - columns_sum).abs() > 1e-9 * rows_sum.max(columns_sum) {
        return Err(Refusal(format!(
            "the totals of `rows` sum to {rows_sum}, those of `columns` to {columns_sum}; scale one of them so that they are \
             equal"
        )));
    }
    let from = seed.ids("origin")?;
    let to = seed.ids("destination")?;
    let values = seed.floats("value")?;
    let mut cells = Vec::with_capacity(from.len());
    let mut seen = HashMap::with_capacity(from.len());
    for row in 0..from.len() {
        let place = |names: &Names, name: &str, column: &str, table: &str| {
            names.find(name).ok_or_else(|| {
                let what = format!("is not in `{table}`; give it a total there, 0 if nobody travels");
                seed.wrong(row, column, &what)
            })
        };
        let cell = Cell {
            row: place(&origins, &from[row], "origin", "rows")?,
            column: place(&destinations, &to[row], "destination", "columns")?,
            value: values[row],
        };
        if cell.value < 0.0 {
            return Err(seed.wrong(row, "value", "is below 0; trips cannot be"));
        }
        if let Some(first) = seen.insert((cell.row, cell.column), row) {
            let what = format!(
                "with the origin `{}` is already in row {}; give each pair once",
                from[row],
                first + 1
            );
            return Err(seed.wrong(row, "destination", &what));
        }
        cells.push(cell);
    }
    let tolerance = run.settings().float("tolerance").unwrap_or(1e-9);
    let fitted = fit(&mut cells, &row_totals, &column_totals, tolerance);
    fitted.map_err(|unmet| {
        let (table, name) = match unmet {
            Unmet::Row(place) => ("rows", origins.name(place)),
            Unmet::Column(place) => ("columns", destinations.name(place)),
        };
        Refusal(format!(
            "the total of `{name}` in `{table}` cannot be met: the seed has zeros or no pairs where trips would have to be; \
             give the seed small values there, or allow a larger tolerance"
        ))
    })?;
    Ok(vec![
        Table::new("od")
            .texts_of("origin", from)
            .texts_of("destination", to)
            .floats_of("value", cells.iter().map(|cell| cell.value)),
    ])
}

/// Names and totals of a margin.
fn totals(table: &Table, column: &str) -> Result<(Names, Vec<f64>), Refusal> {
    let ids = table.ids(column)?;
    let totals = table.floats("total")?;
    let mut names = Names::default();
    for (row, id) in ids.iter().enumerate() {
        if names.place(id) != row {
            return Err(table.wrong(row, column, "is there twice; give each one total"));
        }
        if totals[row] < 0.0 {
            return Err(table.wrong(row, "total", "is below 0; trips cannot be"));
        }
    }
    Ok((names, totals))
}
