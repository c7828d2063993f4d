//! Who boards and alights at each stop, by line, direction and part of the day, as counters in the doors tell it in the night.

use std::fmt::Write;

use super::super::Shape;
use super::super::dice::{Dice, apportion};
use super::super::truth::CityTruth;
use super::lines::{Line, service_index};
use super::passengers::true_passengers;
use crate::clock::date_text;
use crate::transit::calendar::{Service, service};

/// Parts of the day: name, hours of departure from the first stop, share of the passengers of a working day (assumption; on others
/// people travel as the vehicles run).
const BANDS: [(&str, std::ops::Range<i64>, f64); 4] = [
    ("am_peak", 7..10, 0.31),
    ("midday", 10..16, 0.26),
    ("pm_peak", 16..20, 0.32),
    ("off_peak", 20..31, 0.11),
];
/// Persons that a bus, a long bus and a metro train take (assumption: 12 m, 18 m, four cars).
const BUS: i64 = 85;
const LONG_BUS: i64 = 140;
const TRAIN: i64 = 640;
/// A line on which more than this share of a bus would be aboard, on the mean of its fullest stretch, has long buses (assumption: into
/// a bus fuller than that nobody gets).
const TOO_FULL: f64 = 1.2;
/// The day by which buses were chosen: Wednesday, 16 October 2024.
const CHOSEN_ON: i32 = 20_012;

/// What happened at a stop in a part of a day, all trips together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopCount {
    /// 0 there, 1 back.
    pub direction: usize,
    /// Part of the day.
    pub band: &'static str,
    /// Counted from 1.
    pub seq: usize,
    /// Stop.
    pub stop_id: String,
    /// Trips.
    pub trips: i64,
    /// Persons that one vehicle takes.
    pub capacity: i64,
    /// Who boarded.
    pub boardings: i64,
    /// Who alighted.
    pub alightings: i64,
    /// Who was aboard when the vehicles left: the truth.
    pub load: i64,
}

/// Trips of a line on a day by direction and part of the day. What departs before the first peak is off the peak.
fn trips(line: &Line, day: i32) -> Vec<(usize, usize, i64)> {
    let runs = &line.runs[service_index(service(day))];
    let of = |hour: i64| {
        BANDS
            .iter()
            .position(|b| b.1.contains(&hour))
            .unwrap_or(BANDS.len() - 1)
    };
    let mut list = Vec::new();
    for (direction, runs) in runs.iter().enumerate() {
        for band in 0..BANDS.len() {
            let count = runs.iter().filter(|run| of(run.start_s / 3600) == band).count();
            list.push((direction, band, count as i64));
        }
    }
    list
}

/// Chooses the vehicles of each line by its passengers.
pub(in super::super) fn choose_vehicles(shape: &mut Shape) {
    for index in 0..shape.transit.lines.len() {
        let counts = of_line(shape, index, CHOSEN_ON);
        let fullest = counts
            .iter()
            .map(|count| count.load as f64 / count.trips as f64)
            .fold(0.0, f64::max);
        let line = &mut shape.transit.lines[index];
        line.room = match line.is_metro {
            true => TRAIN,
            false if fullest > TOO_FULL * BUS as f64 => LONG_BUS,
            false => BUS,
        };
    }
}

/// The counts of a line on a service day, days since 1970.
fn of_line(shape: &Shape, index: usize, day: i32) -> Vec<StopCount> {
    let line = &shape.transit.lines[index];
    let dice = Dice::new(shape.seed, "city/stop-counts");
    let (passengers, _) = true_passengers(shape, index, day);
    let trips = trips(line, day);
    // In the morning one direction is fuller, in the evening the other (assumption).
    let tide = dice.between(index, -1, 0.3, 0.7);
    let works = service(day) == Service::Weekday;
    let weights: Vec<f64> = trips
        .iter()
        .map(|(direction, band, count)| {
            if !works {
                return *count as f64;
            }
            let share = match (BANDS[*band].0, direction) {
                ("am_peak", 0) | ("pm_peak", 1) => tide,
                ("am_peak" | "pm_peak", _) => 1.0 - tide,
                _ => 0.5,
            };
            if *count > 0 { BANDS[*band].2 * share } else { 0.0 }
        })
        .collect();
    let mut list = Vec::new();
    for ((direction, band, count), riders) in trips.iter().zip(apportion(passengers, &weights)) {
        let stops = &line.patterns[*direction].stops;
        let last = stops.len() - 1;
        let at =
            |purpose: usize, seq: usize| (index * 8 + direction * 4 + band) * 1_000 + purpose * 200 + seq;
        // Nobody boards at the last stop, everybody alights there.
        let boarding: Vec<f64> = (0..=last)
            .map(|seq| (last - seq) as f64 * dice.between(at(0, seq), 0, 0.4, 1.6))
            .collect();
        let boardings = apportion(riders, &boarding);
        let mut load = 0;
        for (seq, boarded) in boardings.into_iter().enumerate() {
            let share = match seq {
                0 => 0.0,
                _ if seq == last => 1.0,
                _ => (dice.between(at(1, seq), i64::from(day), 0.5, 1.5) / (last - seq + 1) as f64).min(1.0),
            };
            let alighted = (load as f64 * share).round() as i64;
            load += boarded - alighted;
            list.push(StopCount {
                direction: *direction,
                band: BANDS[*band].0,
                seq: seq + 1,
                stop_id: shape.transit.stops[stops[seq]].id.clone(),
                trips: *count,
                capacity: line.room,
                boardings: boarded,
                alightings: alighted,
                load,
            });
        }
    }
    list.retain(|count| count.trips > 0);
    list
}

/// The counts of a service day as a table.
pub(in super::super) fn report(shape: &Shape, day: i32) -> String {
    let mut text = String::from(
        "route_id,direction_id,service_date,band,seq,stop_id,trips,capacity,boardings,alightings\n",
    );
    let date = date_text(day);
    for (index, line) in shape.transit.lines.iter().enumerate() {
        for count in of_line(shape, index, day) {
            let _ = writeln!(
                text,
                "{},{},{date},{},{},{},{},{},{},{}",
                line.id,
                count.direction,
                count.band,
                count.seq,
                count.stop_id,
                count.trips,
                count.capacity,
                count.boardings,
                count.alightings
            );
        }
    }
    text
}

impl CityTruth<'_> {
    /// What happened at the stops of a line on a service day (days since 1970), with who was aboard; empty when there is no such
    /// line.
    pub fn stop_counts(&self, route_id: &str, day: i32) -> Vec<StopCount> {
        let line = self
            .shape
            .transit
            .lines
            .iter()
            .position(|line| line.id == route_id);
        line.map(|index| of_line(self.shape, index, day))
            .unwrap_or_default()
    }

    /// Ids of the lines.
    pub fn route_ids(&self) -> Vec<&str> {
        self.shape
            .transit
            .lines
            .iter()
            .map(|line| line.id.as_str())
            .collect()
    }
}
