//! Stacks that give off sulphur and dust, and three monitors around the strongest of them, which see it when the wind comes from it.
//!
//! What belongs here: the register as a city keeps it, and the values of the monitors. What does not: the air over the
//! districts, into which the plants go by their own rates (`air`).

use std::fmt::Write;

use super::Shape;
use super::crime::beside;
use super::dice::{Chooser, Dice};
use super::facts::{ALATAU, DISTRICTS, TURKSIB, ZHETYSU};
use super::people::Cell;
use super::shape::elevation_m;
use super::truth::CityTruth;
use crate::clock::SECOND;
use crate::fixed::Fixed;
use crate::place::Point;

const HOUR: i64 = 3600 * SECOND;
/// Industrial stacks beside the three plants (assumption).
const SMALL: usize = 12;
const PLANTS: [usize; 3] = [ALATAU, TURKSIB, ZHETYSU];
/// Monitors around the first plant: degrees in which the plant lies, seen from the monitor, with sine and cosine, and metres to it. The
/// breeze comes from the plain by day and from the mountains at night, so two of them often lie below the wind.
const MONITORS: [(f64, (f64, f64), f64); 3] = [
    (345.0, (-0.258_819_045_102_521, 0.965_925_826_289_068), 1_100.0),
    (180.0, (0.0, -1.0), 1_300.0),
    (90.0, (1.0, 0.0), 900.0),
];
/// Widest angle between the wind and the plant at which a monitor still sees it, degrees (assumption).
pub const SEEN_DEG: f64 = 25.0;
/// SO2 right below the wind at 1 m/s and full load, and away from it, µg/m³ (assumption).
const PLUME: f64 = 180.0;
const BACKGROUND: f64 = 9.0;

/// A stack of the register.
#[derive(Debug, Clone)]
pub(super) struct Stack {
    id: String,
    is_plant: bool,
    number: usize,
    district: usize,
    point: Point,
    height_m: f64,
    diameter_m: f64,
    velocity_m_s: f64,
    temperature_k: f64,
    so2_g_s: f64,
    pm25_g_s: f64,
}

/// What is true of a monitor.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorTruth {
    /// Station.
    pub station_id: String,
    /// Stack that it sees.
    pub source_id: String,
    /// Degrees in which the stack lies, seen from the monitor.
    pub bearing_deg: f64,
}

/// Draws the register.
pub(super) fn draw(seed: u64, cells: &[Cell]) -> Vec<Stack> {
    let dice = Dice::new(seed, "city/stacks");
    let mut stacks: Vec<Stack> = Vec::new();
    for n in 0..PLANTS.len() + SMALL {
        let unit = |purpose: i64, low: f64, high: f64| dice.between(n, purpose, low, high);
        let is_plant = n < PLANTS.len();
        let within = |cell: &Cell| {
            let of = if is_plant {
                cell.district == PLANTS[n]
            } else {
                DISTRICTS[cell.district].houses > 0.3
            };
            if of { 1.0 } else { 0.0 }
        };
        let cell = &cells[Chooser::new(cells.iter().map(within)).pick(unit(0, 0.0, 1.0))];
        let range = |plant: (f64, f64), small: (f64, f64), purpose: i64, digits: u8| {
            let (low, high) = if is_plant { plant } else { small };
            Fixed::round(unit(purpose, low, high), digits).value()
        };
        stacks.push(Stack {
            id: format!("SIM-AS{:02}", n + 1),
            is_plant,
            number: n + 1,
            district: cell.district,
            point: cell.point,
            height_m: range((100.0, 180.0), (20.0, 45.0), 1, 0),
            diameter_m: range((5.0, 8.0), (0.8, 1.6), 2, 1),
            velocity_m_s: range((12.0, 20.0), (5.0, 11.0), 3, 1),
            temperature_k: range((400.0, 440.0), (380.0, 470.0), 4, 0),
            so2_g_s: range((150.0, 400.0), (0.5, 6.0), 5, 1),
            // The rate at full load that the air over the districts knows (50 g/s).
            pm25_g_s: if is_plant {
                50.0
            } else {
                range((0.0, 1.0), (0.1, 1.5), 6, 1)
            },
        });
    }
    stacks
}

/// The register as a table.
pub(super) fn list(shape: &Shape) -> String {
    let mut text = String::from(
        "source_id,kind,name_kk,name_ru,name_en,place_id,lon,lat,height_m,diameter_m,velocity_m_s,temperature_k,\
         so2_g_s,pm25_g_s\n",
    );
    for stack in &shape.stacks {
        let (kind, [kk, ru, en]) = if stack.is_plant {
            ("plant", ["жылу электр орталығы", "ТЭЦ", "Heat and power plant"])
        } else {
            ("industry", ["қазандық", "Котельная", "Boiler stack"])
        };
        let number = stack.number;
        let _ = writeln!(
            text,
            "{},{kind},№ {number} {kk},{ru} № {number},{en} {number},{},{:.6},{:.6},{},{},{},{},{},{}",
            stack.id,
            DISTRICTS[stack.district].id,
            stack.point.lon,
            stack.point.lat,
            stack.height_m,
            stack.diameter_m,
            stack.velocity_m_s,
            stack.temperature_k,
            stack.so2_g_s,
            stack.pm25_g_s
        );
    }
    text
}

fn monitor_id(n: usize) -> String {
    format!("SIM-CM{:02}", n + 1)
}

/// The monitors as a table of stations.
pub(super) fn list_monitors(shape: &Shape) -> String {
    let mut text = String::from("station_id,name_kk,name_ru,name_en,lon,lat,official,altitude_m\n");
    for (n, (_, (sine, cosine), metres)) in MONITORS.iter().enumerate() {
        let point = beside(shape.stacks[0].point, (-sine, -cosine), *metres);
        let number = n + 1;
        let _ = writeln!(
            text,
            "{},{number}-өнеркәсіптік бекет,Промышленный пост {number},Industrial monitor {number},{:.6},{:.6},false,{}",
            monitor_id(n),
            point.lon,
            point.lat,
            elevation_m(point).round()
        );
    }
    text
}

/// SO2 at a monitor at the full hour, µg/m³.
fn value(shape: &Shape, monitor: usize, hour: i64) -> f64 {
    let dice = Dice::new(shape.seed, "city/monitors");
    let weather = shape.atmosphere.climate.at(hour);
    let (bearing, _, metres) = MONITORS[monitor];
    let off = (weather.wind_from - bearing + 540.0).rem_euclid(360.0) - 180.0;
    let seen = (1.0 - off.abs() / SEEN_DEG).max(0.0);
    // The plant runs between a third and full load, more in the cold.
    let load = 0.35 + 0.5 * weather.heating.min(1.3);
    let plume = PLUME * load * seen * (1_000.0 / metres) / weather.wind_speed.max(0.5);
    let noise = 1.0 + 0.2 * dice.normal(monitor, hour / SECOND);
    let elsewhere = BACKGROUND
        * (1.0 + 0.5 * weather.heating)
        * (1.0 + 0.3 * dice.wave(monitor + 10, hour / SECOND, 7_200));
    ((plume + elsewhere) * noise).max(0.5)
}

/// The values of the monitors in a window of whole hours, as a table; none when there is no hour in it.
pub(super) fn report(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let mut text = String::from("station_id,quantity,t,value,readings\n");
    let mut hour = from;
    while hour < to {
        let time = shape.zone.format(hour);
        for monitor in 0..MONITORS.len() {
            let so2 = Fixed::round(value(shape, monitor, hour), 1);
            let _ = writeln!(text, "{},so2,{time},{so2},1", monitor_id(monitor));
        }
        hour += HOUR;
    }
    (from < to).then_some(text)
}

impl CityTruth<'_> {
    /// What is true of the monitors around the strongest stack.
    pub fn monitors(&self) -> Vec<MonitorTruth> {
        let of = MONITORS
            .iter()
            .enumerate()
            .map(|(n, (bearing_deg, _, _))| MonitorTruth {
                station_id: monitor_id(n),
                source_id: self.shape.stacks[0].id.clone(),
                bearing_deg: *bearing_deg,
            });
        of.collect()
    }
}
