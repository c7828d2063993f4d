//! Stations of air and weather.

use std::fmt::Write;

use super::dice::Dice;
use super::facts::DISTRICTS;
use super::instruments::{CHANNELS, Values};
use super::people::Cell;
use super::shape::elevation_m;
use super::weather::Weather;
use crate::clock::SECOND;
use crate::place::Point;

/// Official posts and other sensors (CITY-FACTS section 11).
const POSTS: usize = 16;
const SENSORS: usize = 280;
/// Sensors set up in 2025 (CITY-FACTS section 8); spread evenly over the year (assumption).
const OF_2025: usize = 200;
/// Weather stations: one in each quarter of the compass (assumption).
const WEATHER: usize = 4;
/// 1 January 2025 00:00 in UTC+5, in s.
const YEAR_2025_S: i64 = 1_735_671_600;
const YEAR_S: i64 = 365 * 86_400;

/// A station.
#[derive(Debug, Clone)]
pub(super) struct Station {
    pub(super) id: String,
    point: Point,
    pub(super) district: usize,
    altitude_m: f64,
    /// First instant of its readings, µs.
    pub(super) since: i64,
    /// Concentration here divided by that of the district's box, by kind of source.
    pub(super) factors: [f64; 4],
    /// What the instrument shows divided by what is there.
    pub(super) gain: f64,
}

/// All stations.
#[derive(Debug, Clone)]
pub(super) struct Stations {
    pub(super) posts: Vec<Station>,
    pub(super) sensors: Vec<Station>,
    pub(super) weather: Vec<Station>,
}

impl Station {
    /// Air temperature here, °C: 6.5 K less for each km up (ICAO standard atmosphere).
    pub(super) fn temperature(&self, weather: &Weather) -> f64 {
        weather.temperature - (self.altitude_m - 800.0) * 0.0065
    }

    /// The weather here, by the channels of the feed.
    pub(super) fn weather(&self, weather: &Weather) -> Values {
        let mut values = [None; CHANNELS];
        let here = [
            self.temperature(weather),
            weather.humidity,
            // 1 hPa less for each 9 m up.
            weather.pressure - (self.altitude_m - 800.0) / 9.0,
            weather.wind_speed * self.factors[0],
            weather.wind_from,
            weather.rain_mm * (1.0 + (self.altitude_m - 800.0) / 2000.0),
        ];
        for (slot, value) in values.iter_mut().zip(here) {
            *slot = Some(value);
        }
        values
    }
}

/// Places the stations where people live.
pub(super) fn place(seed: u64, cells: &[Cell]) -> Stations {
    let dice = Dice::new(seed, "city/stations");
    let mut passed = 0;
    let sums: Vec<i64> = cells
        .iter()
        .map(|c| {
            passed += c.total();
            passed
        })
        .collect();
    // At even steps through the residents, each half a step to either side.
    let cell = |index: usize, of: usize, purpose: i64| -> &Cell {
        let step = passed as f64 / of as f64;
        let wanted = (index as f64 + dice.unit(index, purpose)) * step;
        let found = sums.partition_point(|s| (*s as f64) <= wanted);
        &cells[found.min(cells.len() - 1)]
    };
    let station = |id: String, cell: &Cell, index: usize, purpose: i64, gain: f64, since: i64| {
        let point = Point {
            lon: cell.point.lon + dice.between(index, purpose + 1, -0.0015, 0.0015),
            lat: cell.point.lat + dice.between(index, purpose + 2, -0.0010, 0.0010),
        }
        .rounded();
        let altitude_m = elevation_m(point).round();
        // Cold air gathers low (assumption after the relief); roads and stoves are nearer or farther.
        let relief = (1.12 - (altitude_m - 700.0) / 1500.0).clamp(0.5, 1.25);
        let near =
            |axis: i64, spread: f64| relief * (1.0 + dice.between(index, purpose + axis, -spread, spread));
        Station {
            id,
            point,
            district: cell.district,
            altitude_m,
            since,
            factors: [near(3, 0.3), near(4, 0.45), near(5, 0.1), near(6, 0.4)],
            gain,
        }
    };
    let posts = (0..POSTS)
        .map(|i| {
            station(
                format!("SIM-CP{:02}", i + 1),
                cell(i, POSTS, 10),
                i,
                20,
                1.0,
                i64::MIN,
            )
        })
        .collect();
    let sensors = (0..SENSORS)
        .map(|i| {
            // Every seventh two stand since before 2025.
            let order = i * 7 % SENSORS;
            let since = if order < SENSORS - OF_2025 {
                i64::MIN
            } else {
                let day = (order - (SENSORS - OF_2025)) as i64 * YEAR_S / OF_2025 as i64 / 86_400;
                (YEAR_2025_S + day * 86_400) * SECOND
            };
            // ± 15 % (assumption).
            let gain = dice.between(i, 31, 0.85, 1.15);
            station(
                format!("SIM-CS{:03}", i + 1),
                cell(i, SENSORS, 30),
                i,
                40,
                gain,
                since,
            )
        })
        .collect();
    let weather = (0..WEATHER)
        .map(|i| {
            station(
                format!("SIM-CM{}", i + 1),
                cell(i, WEATHER, 50),
                i,
                60,
                1.0,
                i64::MIN,
            )
        })
        .collect();
    Stations {
        posts,
        sensors,
        weather,
    }
}

impl Stations {
    /// The stations as a table.
    pub(super) fn list(&self) -> String {
        let mut text = String::from("station_id,name_kk,name_ru,name_en,lon,lat,official,altitude_m\n");
        let kinds = [
            (&self.posts, "бекет", "Пост", "Post", true),
            (&self.sensors, "датчик", "Датчик", "Sensor", false),
            (
                &self.weather,
                "метеобекет",
                "Метеостанция",
                "Weather station",
                false,
            ),
        ];
        for (stations, kk, ru, en, official) in kinds {
            for (index, station) in stations.iter().enumerate() {
                let number = index + 1;
                let [where_kk, where_ru, where_en] = DISTRICTS[station.district].names;
                let _ = writeln!(
                    text,
                    "{},{where_kk} {number}-{kk},{ru} {number} ({where_ru}),{en} {number} ({where_en}),{:.6},{:.6},\
                     {official},{}",
                    station.id, station.point.lon, station.point.lat, station.altitude_m
                );
            }
        }
        text
    }
}
