//! Road traffic: detectors and one record a minute of flow and speed.

mod readings;

use std::fmt::Write;

use crate::clock::Clock;
use crate::place::{District, Point};
use crate::random::Random;
use crate::truth::Truth;
use crate::{CityOptions, SimFile, file};

/// Feed of the list of detectors.
pub(crate) const DETECTORS: &str = "sim-traffic-detectors";
/// Feed of the readings.
pub(crate) const READINGS: &str = "sim-traffic-readings";

/// 30 of the city's 600 detectors (CITY-FACTS section 11), six of them outside the district.
const INSIDE: usize = 24;
const ALL: usize = 30;

/// Demand by the hour of a working day as a share of its usual peak: morning and evening peaks, the evening the higher
/// (the scores of CITY-FACTS section 10 rise from 0 at night to 7 in the evening peak).
pub(crate) const DEMAND: [f64; 24] = [
    0.12, 0.08, 0.06, 0.05, 0.07, 0.18, 0.45, 0.85, 1.00, 0.85, 0.70, 0.68, 0.70, 0.72, 0.72, 0.78, 0.90,
    1.05, 1.10, 0.90, 0.65, 0.45, 0.30, 0.20,
];
/// The same for Saturday and Sunday (assumption: one flat peak in the afternoon).
pub(crate) const DEMAND_WEEKEND: [f64; 24] = [
    0.18, 0.12, 0.08, 0.06, 0.06, 0.10, 0.20, 0.32, 0.45, 0.55, 0.62, 0.68, 0.72, 0.74, 0.74, 0.74, 0.74,
    0.72, 0.68, 0.60, 0.50, 0.40, 0.30, 0.22,
];

/// A detector over all lanes of one direction.
#[derive(Debug, Clone)]
struct Detector {
    id: String,
    point: Point,
    road: usize,
    direction_deg: f64,
    lanes: i64,
    free_flow_kmh: f64,
    inside: bool,
    /// Most vehicles an hour: 900 a lane at signals (assumption).
    capacity: f64,
    /// Demand at the usual peak as a share of the capacity.
    load: f64,
}

/// Makes the files of detectors and readings and adds to the truth.
pub(crate) fn generate(
    options: &CityOptions,
    clock: &Clock,
    district: &District,
    truth: &mut Truth,
) -> Vec<SimFile> {
    let detectors = place_detectors(options.seed, district);
    let mut files = vec![file(
        DETECTORS,
        "traffic-detectors.csv",
        "table",
        list(&detectors),
    )];
    truth.snapshot("traffic_detectors", detectors.len() as u64);
    files.extend(readings::generate(options, clock, &detectors, truth));
    files
}

fn place_detectors(seed: u64, district: &District) -> Vec<Detector> {
    let mut random = Random::of(seed, "traffic/detectors");
    (0..ALL)
        .map(|index| {
            let inside = index < INSIDE;
            let point = if inside {
                district.inside(&mut random)
            } else {
                district.outside(&mut random)
            };
            let lanes = random.whole(1, 3);
            // Every fourth detector stands before a bottleneck (assumption).
            let load = if index % 4 == 0 {
                random.between(0.97, 1.12)
            } else {
                random.between(0.5, 0.85)
            };
            Detector {
                id: format!("SIM-D{:02}", index + 1),
                point,
                road: random.whole(0, 7) as usize,
                direction_deg: random.whole(0, 3) as f64 * 90.0,
                lanes,
                // City streets of a limit of 60 km/h (assumption).
                free_flow_kmh: random.between(46.0, 62.0).round(),
                inside,
                capacity: 900.0 * lanes as f64,
                load,
            }
        })
        .collect()
}

fn list(detectors: &[Detector]) -> String {
    let mut text = String::from(
        "detector_id,name_kk,name_ru,name_en,lon,lat,road_name,direction_deg,lanes,free_flow_kmh\n",
    );
    for (index, detector) in detectors.iter().enumerate() {
        let number = index + 1;
        let (kk, ru, en) = crate::transit::STREETS[detector.road];
        let Detector {
            id,
            point,
            direction_deg,
            lanes,
            free_flow_kmh,
            ..
        } = detector;
        // Every fifth has no known free-flow speed, as happens; who needs it estimates it.
        let free_flow = if index % 5 == 4 {
            String::new()
        } else {
            free_flow_kmh.to_string()
        };
        let _ = writeln!(
            text,
            "{id},{kk} көшесі: {number}-детектор,Улица {ru}: детектор {number},{en} street: detector {number},\
             {:.6},{:.6},{kk} көшесі,{direction_deg},{lanes},{free_flow}",
            point.lon, point.lat
        );
    }
    text
}
