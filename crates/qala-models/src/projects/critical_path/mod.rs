//! Critical path: when each activity can and must begin, and which of them move the end.
//!
//! What belongs here: one network of activities with four kinds of links. What does not: calendars, resources, risk.

mod schedule;
#[cfg(test)]
mod tests;

pub use schedule::{Cycle, Dates, Kind, Link, dates};

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "projects.critical_path",
        purpose: "says when each activity can begin, when it must, and which activities move the end of the project",
        method: "forward and backward pass over links FS, SS, FF and SF with lags (Kelley and Walker 1959; precedence \
                 diagram by Fondahl 1961)",
        assumptions: &[
            "days from 0; ef = es + duration; nothing starts before day 0, whatever a negative lag would allow",
            "the end of the project is the largest ef; float is total float, ls − es; critical means a float of 0",
            "an empty kind is FS, an empty lag 0; several links between the same two activities all hold",
            "rows are in the order of the input",
        ],
        limits: &[
            "days without a calendar: weekends and seasons are not known",
            "an activity is not interrupted; people and machines are not limited",
            "links that lead back to where they began are refused, and the ring is named",
        ],
    },
    run,
};

/// Activities in the order of the input.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let activities = run.table("activities")?;
    let ids = activities.ids("activity")?;
    let durations = activities.floats("duration_days")?;
    let mut names = Names::default();
    for (row, id) in ids.iter().enumerate() {
        if names.place(id) != row {
            return Err(activities.wrong(row, "activity", "is there twice"));
        }
        if durations[row] < 0.0 {
            return Err(activities.wrong(row, "duration_days", "is below 0"));
        }
    }
    let links = match run.maybe_table("links") {
        Some(table) => links(table, &names)?,
        None => Vec::new(),
    };
    let dates = dates(&durations, &links).map_err(|Cycle(ring)| {
        let ring: Vec<&str> = ring
            .iter()
            .chain(ring.first())
            .map(|at| names.name(*at))
            .collect();
        Refusal(format!(
            "input `links`: the links lead back to where they began: {}; remove one of them",
            ring.join(" → ")
        ))
    })?;
    let critical = dates
        .iter()
        .map(|each| if each.float_days() == 0.0 { "true" } else { "false" });
    Ok(vec![
        Table::new("activities")
            .texts_of("activity", &ids)
            .floats_of("es", dates.iter().map(|each| each.es))
            .floats_of("ef", dates.iter().map(|each| each.ef))
            .floats_of("ls", dates.iter().map(|each| each.ls))
            .floats_of("lf", dates.iter().map(|each| each.lf))
            .floats_of("float", dates.iter().map(Dates::float_days))
            .texts_of("critical", critical),
    ])
}

fn links(table: &Table, names: &Names) -> Result<Vec<Link>, Refusal> {
    let (from, to) = (table.ids("from")?, table.ids("to")?);
    let kinds = table.texts("kind")?;
    let lags = table.maybe_floats("lag_days")?;
    let known = |row: usize, column: &str, id: &str| {
        names
            .find(id)
            .ok_or_else(|| table.wrong(row, column, "is no activity of the input `activities`"))
    };
    (0..from.len())
        .map(|row| {
            let kind = match kinds[row].as_str() {
                "" => Kind::FinishStart,
                text => {
                    Kind::parse(text).ok_or_else(|| table.wrong(row, "kind", "is none of FS, SS, FF, SF"))?
                }
            };
            Ok(Link {
                from: known(row, "from", &from[row])?,
                to: known(row, "to", &to[row])?,
                kind,
                lag_days: lags[row].unwrap_or(0.0),
            })
        })
        .collect()
}
