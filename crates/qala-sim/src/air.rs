//! Air: stations and their readings, from a box model of the winter night inversion.
//!
//! What is true is the concentration of the box; what is sent are readings of stations that see it with their own factor
//! and noise, in their own units and intervals.

mod field;
mod readings;

use std::fmt::Write;

use crate::clock::Clock;
use crate::place::{CENTRE, District, HALF, Point};
use crate::random::Random;
use crate::truth::Truth;
use crate::{CityOptions, SimFile, file};

/// Feed of the list of stations.
pub(crate) const STATIONS: &str = "sim-air-stations";
/// Feed of the readings.
pub(crate) const READINGS: &str = "sim-air-readings";

/// Two official posts and ten sensors: one district's share of 16 and 280 (CITY-FACTS section 11), the sensors thinned.
const OFFICIAL: usize = 2;
const INSIDE: usize = 10;
const ALL: usize = 12;

/// A station.
#[derive(Debug, Clone)]
struct Station {
    id: String,
    point: Point,
    official: bool,
    altitude_m: f64,
    inside: bool,
    /// Concentration here divided by that of the box.
    factor: f64,
    /// What the instrument shows divided by what is there.
    gain: f64,
    /// Seconds after the full interval at which it measures.
    offset_s: i64,
}

/// Makes the files of stations and readings and adds to the truth.
pub(crate) fn generate(
    options: &CityOptions,
    clock: &Clock,
    district: &District,
    truth: &mut Truth,
) -> Vec<SimFile> {
    let stations = place_stations(options.seed, district);
    let field = field::simulate(options.seed, clock);
    let mut files = vec![file(STATIONS, "air-stations.csv", "table", list(&stations))];
    truth.snapshot("air_stations", stations.len() as u64);
    files.extend(readings::generate(options, clock, &stations, &field, truth));
    files
}

fn place_stations(seed: u64, district: &District) -> Vec<Station> {
    let mut random = Random::of(seed, "air/stations");
    (0..ALL)
        .map(|index| {
            let official = index < OFFICIAL;
            let inside = index < INSIDE;
            let point = if inside {
                district.inside(&mut random)
            } else {
                district.outside(&mut random)
            };
            // North is downhill, where cold air gathers (assumption after the relief: mountains in the south).
            let north = (point.lat - CENTRE.lat) / HALF.lat;
            Station {
                id: if official {
                    format!("SIM-P{}", index + 1)
                } else {
                    format!("SIM-S{:02}", index + 1 - OFFICIAL)
                },
                point,
                official,
                altitude_m: (830.0 - 70.0 * north).round(),
                inside,
                factor: 1.0 + 0.15 * north + random.between(-0.08, 0.08),
                // Sensors are not certified (CITY-FACTS section 8); ± 15 % is an assumption.
                gain: if official { 1.0 } else { random.between(0.85, 1.15) },
                offset_s: if official { 0 } else { random.whole(0, 59) },
            }
        })
        .collect()
}

fn list(stations: &[Station]) -> String {
    let mut text = String::from("station_id,name_kk,name_ru,name_en,lon,lat,official,altitude_m\n");
    for (index, station) in stations.iter().enumerate() {
        let (kk, ru, en) = if station.official {
            ("бекет", "Пост", "Post")
        } else {
            ("датчик", "Датчик", "Sensor")
        };
        let number = if station.official {
            index + 1
        } else {
            index + 1 - OFFICIAL
        };
        let Station {
            id,
            point,
            official,
            altitude_m,
            ..
        } = station;
        let _ = writeln!(
            text,
            "{id},{number}-{kk},{ru} {number},{en} {number},{:.6},{:.6},{official},{altitude_m}",
            point.lon, point.lat
        );
    }
    text
}
