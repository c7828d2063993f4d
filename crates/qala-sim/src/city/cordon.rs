//! Cars that enter and leave the city, as counters on the roads at its edge tell them by the hour.

use std::fmt::Write;

use super::Shape;
use super::dice::Dice;
use super::facts::DISTRICTS;
use super::shape::elevation_m;
use super::streets::{Network, StreetClass, km_from_centre};
use super::truth::CityTruth;
use crate::clock::{SECOND, civil};
use crate::place::Point;
use crate::transit::calendar::{Service, service};

const HOUR: i64 = 3600 * SECOND;
/// Cars that enter on an average day (CITY-FACTS section 10: 240,000 in 2018, 250,000 to 300,000 in 2023). As many leave.
const A_DAY: f64 = 270_000.0;
/// Above this no road leads out, m (assumption: in the south and south-east are mountains).
const HIGHEST_M: f64 = 1_050.0;
/// Cars of a kind of day as a share of the average day, such that a week has the mean 1, and by month, mean 1 (assumption).
const KIND: [f64; 3] = [1.03, 0.97, 0.88];
const MONTHS: [f64; 12] = [
    0.93, 0.94, 0.98, 1.00, 1.03, 1.05, 1.06, 1.05, 1.02, 1.00, 0.98, 0.96,
];
/// Share of the day's cars by hour (assumption): to work in the morning and home in the evening; at the weekend out of the city in
/// the morning and back in the evening.
const IN: [f64; 24] = [
    0.008, 0.006, 0.005, 0.006, 0.012, 0.030, 0.062, 0.088, 0.084, 0.066, 0.056, 0.052, 0.050, 0.050, 0.050,
    0.050, 0.052, 0.054, 0.052, 0.046, 0.038, 0.032, 0.026, 0.025,
];
const OUT: [f64; 24] = [
    0.014, 0.008, 0.006, 0.005, 0.008, 0.018, 0.034, 0.046, 0.046, 0.044, 0.046, 0.048, 0.050, 0.052, 0.054,
    0.058, 0.066, 0.084, 0.092, 0.078, 0.054, 0.038, 0.029, 0.022,
];
const IN_WEEKEND: [f64; 24] = [
    0.010, 0.007, 0.006, 0.006, 0.010, 0.018, 0.030, 0.042, 0.052, 0.058, 0.060, 0.060, 0.058, 0.056, 0.056,
    0.058, 0.062, 0.068, 0.074, 0.070, 0.056, 0.040, 0.025, 0.018,
];
const OUT_WEEKEND: [f64; 24] = [
    0.014, 0.010, 0.008, 0.006, 0.010, 0.022, 0.044, 0.062, 0.072, 0.076, 0.072, 0.064, 0.056, 0.052, 0.050,
    0.050, 0.052, 0.054, 0.054, 0.050, 0.042, 0.034, 0.026, 0.020,
];

/// A road at the edge of the city.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    id: String,
    district: usize,
    point: Point,
    /// Its share of all cars.
    share: f64,
}

/// The cars that passed a gate in an hour one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateHour {
    /// Gate.
    pub gate_id: String,
    /// District in which the gate lies.
    pub place_id: &'static str,
    /// True when they entered.
    pub is_in: bool,
    /// Start of the hour, µs since 1970.
    pub t: i64,
    /// Cars.
    pub vehicles: i64,
}

/// The gates: where main streets end at the edge of the city.
pub(super) fn gates(seed: u64, network: &Network) -> Vec<Gate> {
    let dice = Dice::new(seed, "city/gates");
    let mut found: Vec<(usize, f64)> = Vec::new();
    let main = (0..network.streets.len()).filter(|s| network.streets[*s].class == StreetClass::Main);
    for (first, last) in main.filter_map(|street| network.ends(street)) {
        // A street of one junction has one end.
        for junction in [Some(first), (last != first).then_some(last)]
            .into_iter()
            .flatten()
        {
            let point = network.junctions[junction].point;
            let is_known = found.iter().any(|(known, _)| *known == junction);
            if !is_known && elevation_m(point) < HIGHEST_M {
                // Roads near the centre carry more.
                let pull = dice.between(junction, 0, 0.4, 1.6) / (1.0 + km_from_centre(point) / 10.0);
                found.push((junction, pull));
            }
        }
    }
    found.sort_unstable_by_key(|(junction, _)| *junction);
    let all: f64 = found.iter().map(|(_, pull)| pull).sum();
    found
        .into_iter()
        .enumerate()
        .map(|(index, (junction, pull))| Gate {
            id: format!("SIM-GT{:02}", index + 1),
            district: network.junctions[junction].district,
            point: network.junctions[junction].point,
            share: pull / all.max(f64::MIN_POSITIVE),
        })
        .collect()
}

/// The cars that pass a gate in the hour that begins at `hour`.
fn vehicles(shape: &Shape, index: usize, is_in: bool, hour: i64) -> i64 {
    let dice = Dice::new(shape.seed, "city/cordon");
    let day = shape.zone.local_day(hour);
    let local = hour + shape.zone.offset(hour);
    let of_day = (local.rem_euclid(24 * HOUR) / HOUR) as usize;
    let (kind, table) = match (service(day), is_in) {
        (Service::Weekday, true) => (KIND[0], &IN),
        (Service::Weekday, false) => (KIND[0], &OUT),
        (Service::Saturday, true) => (KIND[1], &IN_WEEKEND),
        (Service::Saturday, false) => (KIND[1], &OUT_WEEKEND),
        (Service::Sunday, true) => (KIND[2], &IN_WEEKEND),
        (Service::Sunday, false) => (KIND[2], &OUT_WEEKEND),
    };
    let object = index * 2 + usize::from(is_in);
    let of_gate = 1.0 + 0.04 * dice.normal(object, i64::from(day));
    let mean =
        A_DAY * kind * MONTHS[civil(day).1 as usize - 1] * shape.gates[index].share * of_gate * table[of_day];
    (mean + mean.max(0.0).sqrt() * dice.normal(object + 100_000, hour / SECOND))
        .round()
        .max(0.0) as i64
}

/// The hours from `from` to `to`, gate by gate, both ways.
fn hours(shape: &Shape, from: i64, to: i64) -> Vec<(usize, GateHour)> {
    let mut list = Vec::new();
    let mut hour = from;
    while hour < to {
        for (index, gate) in shape.gates.iter().enumerate() {
            for is_in in [true, false] {
                let told = GateHour {
                    gate_id: gate.id.clone(),
                    place_id: DISTRICTS[gate.district].id,
                    is_in,
                    t: hour,
                    vehicles: vehicles(shape, index, is_in, hour),
                };
                list.push((index, told));
            }
        }
        hour += HOUR;
    }
    list
}

/// The hours from `from` (included) to `to` (excluded) as a table; both are full hours.
pub(super) fn report(shape: &Shape, from: i64, to: i64) -> String {
    let mut text = String::from("gate_id,direction,t,vehicles,place_id,lon,lat\n");
    for (index, told) in hours(shape, from, to) {
        let point = shape.gates[index].point;
        let _ = writeln!(
            text,
            "{},{},{},{},{},{:.6},{:.6}",
            told.gate_id,
            if told.is_in { "in" } else { "out" },
            shape.zone.format(told.t),
            told.vehicles,
            told.place_id,
            point.lon,
            point.lat
        );
    }
    text
}

impl CityTruth<'_> {
    /// The cars that passed the gates of the city in the full hours from `from` to `to`, µs since 1970.
    pub fn gate_hours(&self, from: i64, to: i64) -> Vec<GateHour> {
        hours(self.shape, from, to)
            .into_iter()
            .map(|(_, told)| told)
            .collect()
    }
}
