//! What is true of the simulated city, and what an import of its files must report. Kept apart from the files.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::{Clock, SECOND, date_text};
use crate::place::District;
use crate::{CityOptions, Counts, Planted};

/// The truth of a city.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Always true.
    pub simulated: bool,
    /// Seed.
    pub seed: u64,
    /// Zone of local days.
    pub zone: &'static str,
    /// First local day.
    pub start: String,
    /// Number of local days.
    pub days: i32,
    /// Outline of the district as well-known text.
    pub district: String,
    /// What importing all files once, in their order, must report for each dataset.
    pub datasets: BTreeMap<String, Counts>,
    /// Air by the hour.
    pub air_hours: Vec<AirHour>,
    /// Road traffic by the hour.
    pub traffic_hours: Vec<TrafficHour>,
    /// Public transport.
    pub transit: TransitTruth,
    /// Every planted fault.
    pub planted: Vec<Planted>,
}

/// A mean over the rows that are visible after the import.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PlaceMean {
    /// The mean; absent when there is no row.
    pub mean: Option<f64>,
    /// Rows used.
    pub rows: u64,
}

/// PM2.5 in one hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AirHour {
    /// Start of the hour, local time with offset.
    pub start: String,
    /// True concentration of the box over the district, µg/m³, mean of the hour.
    pub box_pm25_ug_m3: f64,
    /// Mean over the hourly means of all stations, as received.
    pub city: PlaceMean,
    /// The same over the stations in the district.
    pub district: PlaceMean,
}

/// Road traffic in one hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrafficHour {
    /// Start of the hour, local time with offset.
    pub start: String,
    /// Speed without noise and outages, mean over detectors and minutes in the district, km/h.
    pub true_district_speed_km_h: f64,
    /// Mean over the hourly means of the detectors, of the speeds received, km/h.
    pub city_speed: PlaceMean,
    /// The same in the district.
    pub district_speed: PlaceMean,
    /// The same of the flows received, veh/h.
    pub city_flow: PlaceMean,
    /// The same in the district.
    pub district_flow: PlaceMean,
}

/// Public transport.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TransitTruth {
    /// Stops inside the district.
    pub stops_in_district: Vec<String>,
    /// Service days, the day before the first one included, because its last trips end after midnight.
    pub service_days: Vec<ServiceDay>,
    /// Vehicles seen by the hour.
    pub vehicle_hours: Vec<VehicleHour>,
    /// Messages of vehicle positions.
    pub messages: u64,
}

/// The timetable of one service day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceDay {
    /// Date.
    pub date: String,
    /// Trips.
    pub trips: u64,
    /// Departures from stops; the last stop of a trip has none.
    pub departures: u64,
    /// Departures after 24:00.
    pub departures_past_midnight: u64,
}

/// Vehicles in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VehicleHour {
    /// Start of the hour, local time with offset.
    pub start: String,
    /// Different vehicles with an accepted position.
    pub vehicles: u64,
    /// Accepted positions.
    pub positions: u64,
}

impl Truth {
    pub(crate) fn new(options: &CityOptions, clock: &Clock, district: &District) -> Self {
        Self {
            simulated: true,
            seed: options.seed,
            zone: crate::ZONE,
            start: date_text(clock.first_day),
            days: clock.days,
            district: district.wkt(),
            datasets: BTreeMap::new(),
            air_hours: Vec::new(),
            traffic_hours: Vec::new(),
            transit: TransitTruth::default(),
            planted: Vec::new(),
        }
    }

    /// The truth as a JSON document.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Records the counts of a dataset.
    pub(crate) fn dataset(&mut self, name: &str, counts: Counts) {
        self.datasets.insert(name.to_owned(), counts);
    }

    /// Records a snapshot dataset of which every row is good.
    pub(crate) fn snapshot(&mut self, name: &str, rows: u64) {
        let counts = Counts {
            records: rows,
            received: rows,
            accepted: rows,
            visible: rows,
            ..Counts::default()
        };
        self.dataset(name, counts);
    }
}

/// Sums and counts by object and hour.
pub(crate) struct Hourly {
    start: i64,
    hours: usize,
    sums: Vec<Vec<(f64, u64)>>,
}

const HOUR: i64 = 3600 * SECOND;

impl Hourly {
    pub(crate) fn new(clock: &Clock, objects: usize) -> Self {
        let hours = ((clock.end() - clock.start()) / HOUR) as usize;
        Self {
            start: clock.start(),
            hours,
            sums: vec![vec![(0.0, 0); objects]; hours],
        }
    }

    pub(crate) fn hours(&self) -> usize {
        self.hours
    }

    pub(crate) fn start(&self, hour: usize) -> i64 {
        self.start + hour as i64 * HOUR
    }

    pub(crate) fn add(&mut self, object: usize, t: i64, value: f64) {
        let hour = (t - self.start) / HOUR;
        if let Some(cell) = self.sums.get_mut(hour as usize).and_then(|h| h.get_mut(object)) {
            cell.0 += value;
            cell.1 += 1;
        }
    }
}

impl PlaceMean {
    /// The mean over the hourly means of objects.
    pub(crate) fn of_objects(hourly: &Hourly, hour: usize, objects: &[usize]) -> Self {
        let cells: Vec<(f64, u64)> = objects
            .iter()
            .map(|o| hourly.sums[hour][*o])
            .filter(|cell| cell.1 > 0)
            .collect();
        let sum: f64 = cells.iter().map(|(sum, count)| sum / *count as f64).sum();
        let mean = (!cells.is_empty()).then(|| sum / cells.len() as f64);
        Self {
            mean,
            rows: cells.iter().map(|c| c.1).sum(),
        }
    }
}
