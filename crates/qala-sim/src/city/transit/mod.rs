//! Public transport of the full city: bus lines over the grid and a metro line, their timetable, the buses, the passengers.

mod counts;
mod gtfs;
mod lines;
mod passengers;
mod positions;

pub use counts::StopCount;
pub(super) use counts::{choose_vehicles, report as stop_counts};
pub(super) use gtfs::write as timetable;
pub(super) use lines::{Transit, draw};
pub(super) use passengers::{report as passengers, true_passengers};
pub(super) use positions::{buses, message as positions};

/// Trips of a line on a weekday, both directions.
#[cfg(test)]
pub(super) fn trips_of_a_weekday(line: &lines::Line) -> usize {
    line.runs[0].iter().map(Vec::len).sum()
}
