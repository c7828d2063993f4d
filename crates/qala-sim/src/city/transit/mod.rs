//! Public transport of the full city: bus lines over the grid and a metro line, their timetable, the buses, the passengers.

mod gtfs;
mod lines;
mod passengers;
mod positions;

pub(super) use gtfs::write as timetable;
pub(super) use lines::{Transit, draw};
pub(super) use passengers::{report as passengers, true_passengers};
pub(super) use positions::{buses, message as positions};
