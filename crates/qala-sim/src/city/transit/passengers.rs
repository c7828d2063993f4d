//! Passengers by line and day.

use std::fmt::Write;

use super::super::Shape;
use super::super::dice::Dice;
use super::lines::Line;
use crate::clock::date_text;
use crate::transit::calendar::{Service, service};

/// Passengers of an average day, the metro included (CITY-FACTS section 10).
const A_DAY: f64 = 1_500_000.0;
/// Of them in the metro (CITY-FACTS section 10).
const METRO: f64 = 120_000.0;
/// Bus passengers who do not pay (CITY-FACTS section 10).
const UNPAID: f64 = 0.49;

/// Passengers of a line as a multiple of what its timetable reckons with, least and most: most lines have fewer, one in sixteen has
/// twice as many (assumption: a timetable follows demand late; into a full bus nobody else gets).
const PULL: (f64, f64) = (0.5, 2.5);

/// Passengers of a kind of day as a share of the average day, such that a week has the mean 1 (assumption).
const KIND: [f64; 3] = [1.10, 0.82, 0.68];
/// The same by month (assumption: fewer in the holidays).
const MONTHS: [f64; 12] = [
    0.95, 1.02, 1.04, 1.05, 1.04, 0.95, 0.88, 0.89, 1.05, 1.06, 1.05, 1.02,
];

/// Passengers of a line on a service day (days since 1970), and how many of them paid.
pub(in super::super) fn true_passengers(shape: &Shape, line: usize, day: i32) -> (i64, i64) {
    let dice = Dice::new(shape.seed, "city/passengers");
    let lines = &shape.transit.lines;
    let kind = match service(day) {
        Service::Weekday => KIND[0],
        Service::Saturday => KIND[1],
        Service::Sunday => KIND[2],
    };
    let month = ((f64::from(day) / 365.2425).fract() * 12.0) as usize;
    let of_day = kind * MONTHS[month.min(11)] * (1.0 + 0.02 * dice.normal(9_999, i64::from(day)));
    let usual = if lines[line].is_metro {
        METRO
    } else {
        (A_DAY - METRO) * share_of_buses(shape, line)
    };
    let passengers = (usual * of_day * (1.0 + 0.05 * dice.normal(line, i64::from(day)))).max(0.0);
    let paid = if lines[line].is_metro {
        1.0
    } else {
        1.0 - UNPAID + 0.03 * dice.normal(line + 1_000, i64::from(day))
    };
    (passengers.round() as i64, (passengers * paid).round() as i64)
}

/// The share of all bus passengers that a line has: half by its buses, half by the people along it, and then more or fewer than that.
fn share_of_buses(shape: &Shape, line: usize) -> f64 {
    let dice = Dice::new(shape.seed, "city/line-demand");
    let lines = &shape.transit.lines;
    let buses = || lines.iter().enumerate().filter(|(_, l)| !l.is_metro);
    let fleet: f64 = buses().map(|(_, l)| l.fleet as f64).sum();
    let reach: f64 = buses().map(|(_, l)| l.reach).sum();
    let weight = |index: usize, l: &Line| {
        let pull = (PULL.0 / (1.0 - dice.unit(index, 0)).sqrt()).min(PULL.1);
        pull * (l.fleet as f64 / fleet.max(1.0) + l.reach / reach.max(1.0))
    };
    let all: f64 = buses().map(|(index, l)| weight(index, l)).sum();
    weight(line, &lines[line]) / all.max(f64::MIN_POSITIVE)
}

/// The passengers of a service day as a table.
pub(in super::super) fn report(shape: &Shape, day: i32) -> String {
    let mut text = String::from("route_id,service_date,mode,passengers,paid\n");
    let date = date_text(day);
    for (index, line) in shape.transit.lines.iter().enumerate() {
        let (passengers, paid) = true_passengers(shape, index, day);
        let mode = if line.is_metro { "metro" } else { "bus" };
        let _ = writeln!(text, "{},{date},{mode},{passengers},{paid}", line.id);
    }
    text
}
