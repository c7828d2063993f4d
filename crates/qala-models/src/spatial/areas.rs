//! Areas and their neighbours as the models of this subject are given them.

use std::collections::{HashMap, HashSet};

use super::weights::Weights;
use crate::run::{Refusal, Run, Table};
use crate::stats;

/// What was read.
pub(super) struct Areas {
    /// The ids, in order of the input.
    pub(super) ids: Vec<String>,
    /// The place among those with a value, for each id; absent: no value.
    places: Vec<Option<usize>>,
    /// Values minus their mean, of the areas that have one.
    pub(super) centred: Vec<f64>,
    /// Neighbours among the areas that have a value.
    pub(super) weights: Weights,
}

impl Areas {
    /// The ids of the areas that have a value, in their order.
    pub(super) fn names(&self) -> Vec<&str> {
        let known = self.ids.iter().zip(&self.places);
        known
            .filter(|(_, place)| place.is_some())
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// One cell per area of the input from one per area with a value.
    pub(super) fn spread<T: Copy>(&self, results: &[Option<T>]) -> Vec<Option<T>> {
        self.places
            .iter()
            .map(|place| results.get((*place)?).copied().flatten())
            .collect()
    }
}

/// Reads the inputs `areas` and `weights` and the settings `k` and `distance_m`.
pub(super) fn read(run: &Run) -> Result<Areas, Refusal> {
    let table = run.table("areas")?;
    let ids = table.ids("area")?;
    let values = table.maybe_floats("value")?;
    let mut rows: HashMap<&str, usize> = HashMap::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        if rows.insert(id, row).is_some() {
            return Err(table.wrong(row, "area", "is there twice; give one row for each area"));
        }
    }
    let mut places = Vec::with_capacity(ids.len());
    let mut known = Vec::new();
    for value in &values {
        places.push(value.map(|_| known.len()));
        known.extend(*value);
    }
    let settings = run.settings();
    let weights = match (
        run.maybe_table("weights"),
        settings.int("k"),
        settings.float("distance_m"),
    ) {
        (Some(pairs), None, None) => of_pairs(pairs, &rows, &places, known.len())?,
        (None, Some(k), None) => {
            let [x, y] = coordinates(table, &places)?;
            Weights::nearest(&x, &y, k as usize)
        }
        (None, None, Some(distance_m)) => {
            let [x, y] = coordinates(table, &places)?;
            Weights::within(&x, &y, stats::inclusive(distance_m))
        }
        (None, None, None) => {
            return Err(Refusal(
                "nothing says which areas are neighbours; give the input `weights`, or set k or distance_m"
                    .to_owned(),
            ));
        }
        _ => {
            return Err(Refusal(
                "neighbours are given twice; give only one of the input `weights`, k and distance_m"
                    .to_owned(),
            ));
        }
    };
    Ok(Areas {
        centred: centred(&known),
        ids,
        places,
        weights,
    })
}

/// Values minus their mean; exact zeros when all are the same.
pub(super) fn centred(values: &[f64]) -> Vec<f64> {
    let mean = stats::mean(values).unwrap_or(0.0);
    let first = values.first().copied().unwrap_or(0.0);
    if values.iter().all(|value| *value - first == 0.0) {
        return vec![0.0; values.len()];
    }
    // A value is the mean when only the rounding of the mean keeps them apart.
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let apart = |value: &f64| Some(value - mean).filter(|apart| apart.abs() > 1e-14 * largest);
    values.iter().map(|value| apart(value).unwrap_or(0.0)).collect()
}

fn of_pairs(
    table: &Table,
    rows: &HashMap<&str, usize>,
    places: &[Option<usize>],
    areas: usize,
) -> Result<Weights, Refusal> {
    let weights = table.floats("weight")?;
    let ends = ["from", "to"].map(|column| -> Result<Vec<usize>, Refusal> {
        table
            .ids(column)?
            .iter()
            .enumerate()
            .map(|(row, id)| {
                rows.get(id.as_str())
                    .copied()
                    .ok_or_else(|| table.wrong(row, column, "is no area of the input `areas`"))
            })
            .collect()
    });
    let [from, to] = ends;
    let (from, to) = (from?, to?);
    let mut seen = HashSet::with_capacity(weights.len());
    let mut pairs = Vec::with_capacity(weights.len());
    for (row, weight) in weights.into_iter().enumerate() {
        if weight < 0.0 {
            return Err(table.wrong(row, "weight", "is below 0"));
        }
        if !seen.insert((from[row], to[row])) {
            return Err(table.wrong(
                row,
                "from",
                "has this neighbour twice; give one row for each pair",
            ));
        }
        if let (Some(a), Some(b)) = (places[from[row]], places[to[row]]) {
            pairs.push((a as u32, b as u32, weight));
        }
    }
    Ok(Weights::from_pairs(areas, &pairs))
}

/// Coordinates of the areas that have a value.
fn coordinates(table: &Table, places: &[Option<usize>]) -> Result<[Vec<f64>; 2], Refusal> {
    let mut both = [Vec::new(), Vec::new()];
    for (column, kept) in ["x_m", "y_m"].into_iter().zip(&mut both) {
        let cells = table.maybe_floats(column)?;
        for (row, (cell, place)) in cells.into_iter().zip(places).enumerate() {
            if place.is_some() {
                let wanted = "is empty; neighbours by distance need the place of each area";
                kept.push(cell.ok_or_else(|| table.wrong(row, column, wanted))?);
            }
        }
    }
    Ok(both)
}
