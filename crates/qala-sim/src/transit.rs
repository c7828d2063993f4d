//! Public transport: eight lines on a grid of streets, their timetable as GTFS, and the vehicles as GTFS-Realtime.

pub(crate) mod calendar;
mod gtfs;
mod network;
mod timetable;
mod vehicles;
pub(crate) mod wire;

use crate::clock::Clock;
use crate::place::District;
use crate::truth::{ServiceDay, Truth};
use crate::{CityOptions, SimError, SimFile, file};

pub(crate) use gtfs::{clock_text, pack};
pub(crate) use network::{DWELL_S, Pattern, STREETS};
pub(crate) use vehicles::bearing;

/// Feed of the timetable.
pub(crate) const SCHEDULE: &str = "sim-gtfs";
/// Feed of the vehicle positions.
pub(crate) const POSITIONS: &str = "sim-vehicle-positions";

/// Makes the files of timetable and positions and adds to the truth.
pub(crate) fn generate(
    options: &CityOptions,
    clock: &Clock,
    district: &District,
    truth: &mut Truth,
) -> Result<Vec<SimFile>, SimError> {
    let network = network::draw(options.seed);
    let timetable = timetable::plan(&network);
    let validity = calendar::Validity::around(clock);
    let zip = gtfs::write(&network, &timetable, validity, truth)?;
    let mut files = vec![file(SCHEDULE, "gtfs.zip", "gtfs", zip)];
    let inside = network.stops.iter().filter(|s| district.holds(s.point));
    truth.transit.stops_in_district = inside.map(|s| s.id.clone()).collect();
    truth.transit.service_days = (-1..clock.days)
        .map(|d| service_day(&timetable, clock.first_day + d))
        .collect();
    files.extend(vehicles::generate(options, clock, &network, &timetable, truth));
    Ok(files)
}

fn service_day(timetable: &timetable::Timetable, day: i32) -> ServiceDay {
    let (mut trips, mut departures, mut late) = (0, 0, 0);
    for run in timetable.runs(calendar::service(day)) {
        trips += 1;
        let leaves = timetable.departures(&run);
        departures += leaves.len() as u64;
        late += leaves.iter().filter(|second| **second >= 86_400).count() as u64;
    }
    let date = crate::clock::date_text(day);
    ServiceDay {
        date,
        trips,
        departures,
        departures_past_midnight: late,
    }
}
