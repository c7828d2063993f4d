//! How many people are in a vehicle after each stop.
//!
//! What belongs here: the load of a trip from its counts. What does not: scaling of counters by manual counts, and what
//! is done where there was no counter.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "transit.load",
        purpose: "How many people are in the vehicle after each stop of a trip.",
        method: "Load after a stop = load before + boardings − alightings, from 0 at the first stop, in the order of seq. With \
                 balance = proportional the alightings of a trip are multiplied by ΣB/ΣA, so that the vehicle is empty at the \
                 end; default none.",
        assumptions: &[
            "A trip begins empty.",
            "Negative loads are kept: to cut them off would make the totals too large.",
            "The error of the counters lies in the alightings, and is the same share of them at every stop.",
        ],
        limits: &[
            "Where a count is missing, the load from there to the end of the trip is empty; with proportional that of the whole \
             trip.",
            "A trip with boardings and no alightings cannot be balanced: its loads are empty.",
        ],
    },
    run,
};

/// How alightings are brought to the number of boardings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// They are taken as counted.
    None,
    /// Those of a trip are multiplied by one factor, ΣB/ΣA.
    Proportional,
}

/// Load after each stop of a trip, from boardings and alightings in the order of its stops; absent where it cannot be
/// computed.
pub fn loads(counts: &[(Option<f64>, Option<f64>)], balance: Balance) -> Vec<Option<f64>> {
    let factor = match balance {
        Balance::None => Some(1.0),
        Balance::Proportional => counts
            .iter()
            .try_fold((0.0, 0.0), |(b, a), (boardings, alightings)| {
                Some((b + (*boardings)?, a + (*alightings)?))
            })
            .and_then(|(b, a)| match (b > 0.0, a > 0.0) {
                (_, true) => Some(b / a),
                (false, false) => Some(1.0),
                (true, false) => None,
            }),
    };
    let mut load = factor.map(|_| 0.0);
    counts
        .iter()
        .map(|(boardings, alightings)| {
            load = load
                .zip(factor)
                .and_then(|(load, factor)| Some(load + (*boardings)? - factor * (*alightings)?));
            load
        })
        .collect()
}

/// Trips in the order of first appearance, their stops in the order of `seq`.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let balance = match run.settings().text("balance") {
        "proportional" => Balance::Proportional,
        _ => Balance::None,
    };
    let counts = run.table("counts")?;
    let ids = counts.ids("trip")?;
    let seqs = counts.ints("seq")?;
    let stops = counts.texts("stop")?;
    let boardings = counts.maybe_floats("boardings")?;
    let alightings = counts.maybe_floats("alightings")?;
    for (column, cells) in [("boardings", &boardings), ("alightings", &alightings)] {
        if let Some(row) = cells.iter().position(|cell| cell.is_some_and(|n| n < 0.0)) {
            return Err(counts.wrong(row, column, "is below 0; a count cannot be"));
        }
    }
    let mut names = Names::default();
    let mut seen = HashMap::with_capacity(ids.len());
    let mut order: Vec<(usize, i64, usize)> = Vec::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        let trip = names.place(id);
        if let Some(first) = seen.insert((trip, seqs[row]), row) {
            let what = format!(
                "is already in row {} for trip `{id}`; give each stop of a trip once",
                first + 1
            );
            return Err(counts.wrong(row, "seq", &what));
        }
        order.push((trip, seqs[row], row));
    }
    order.sort_unstable();
    let mut load = Vec::with_capacity(order.len());
    for trip in order.chunk_by(|a, b| a.0 == b.0) {
        let of_trip: Vec<_> = trip
            .iter()
            .map(|(_, _, row)| (boardings[*row], alightings[*row]))
            .collect();
        load.extend(loads(&of_trip, balance));
    }
    Ok(vec![
        Table::new("load")
            .texts_of("trip", order.iter().map(|(trip, _, _)| names.name(*trip)))
            .ints_of("seq", order.iter().map(|(_, seq, _)| *seq))
            .texts_of("stop", order.iter().map(|(_, _, row)| &stops[*row]))
            .floats_of("load", load),
    ])
}
