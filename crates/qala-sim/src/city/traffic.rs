//! Detectors on the streets, and the true flow and speed at each at any instant.

use std::fmt::Write;

use super::Shape;
use super::dice::Dice;
use super::incidents::Incident;
use super::streets::{Network, StreetClass, km_from_centre};
use crate::clock::{SECOND, at_hour};
use crate::place::Point;
use crate::traffic::{DEMAND, DEMAND_WEEKEND};
use crate::transit::bearing;
use crate::transit::calendar::{Service, service};

/// Detectors (CITY-FACTS section 11).
const DETECTORS: usize = 600;
/// Most vehicles an hour on a lane at signals (assumption).
const LANE_VEH_H: f64 = 900.0;
/// A stopped lane is felt this far upstream and downstream, m (assumption).
const FELT_M: f64 = 1_200.0;

/// A detector over all lanes of one direction.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    pub(super) id: String,
    number: usize,
    pub(super) point: Point,
    pub(super) segment: usize,
    pub(super) street: usize,
    direction_deg: f64,
    lanes: i64,
    free_flow_kmh: f64,
    /// Most vehicles an hour.
    pub(super) capacity: f64,
    /// Demand at the usual peak as a share of the capacity.
    pub(super) load: f64,
}

/// Stands the detectors at even steps through the lanes of main streets and collectors.
pub(super) fn place(seed: u64, network: &Network) -> Vec<Detector> {
    let dice = Dice::new(seed, "city/detectors");
    let streets: Vec<usize> = (0..network.segments.len())
        .filter(|s| network.streets[network.segments[*s].street].class != StreetClass::Local)
        .collect();
    // More of them where more is driven: near the centre.
    let weight = |segment: usize| {
        let segment = &network.segments[segment];
        let lanes = network.streets[segment.street].class.lanes() as f64;
        lanes / (1.0 + km_from_centre(network.along(segment, 0.5)) / 6.0)
    };
    let total: f64 = streets.iter().map(|s| weight(*s)).sum();
    let step = total / DETECTORS as f64;
    let (mut passed, mut chosen) = (0.0, Vec::with_capacity(DETECTORS));
    for segment in streets {
        passed += weight(segment);
        while chosen.len() < DETECTORS && passed >= (chosen.len() as f64 + 0.5) * step {
            chosen.push(segment);
        }
    }
    chosen
        .into_iter()
        .enumerate()
        .map(|(index, position)| {
            let segment = &network.segments[position];
            let street = &network.streets[segment.street];
            let (a, b) = (
                network.junctions[segment.from].point,
                network.junctions[segment.to].point,
            );
            let forward = dice.unit(index, 1) < 0.5;
            let point = network.along(segment, dice.between(index, 2, 0.25, 0.75));
            // The nearer to the centre, the fuller; every eighth stands before a bottleneck (assumption).
            let load = if dice.unit(index, 3) < 0.125 {
                dice.between(index, 4, 0.97, 1.12)
            } else {
                dice.between(index, 4, 0.55, 0.9) - (km_from_centre(point) * 0.015).min(0.25)
            };
            Detector {
                id: format!("SIM-CD{:03}", index + 1),
                number: index + 1,
                point,
                segment: position,
                street: segment.street,
                direction_deg: if forward { bearing(a, b) } else { bearing(b, a) },
                lanes: street.class.lanes(),
                free_flow_kmh: (street.class.limit_kmh() as f64 * dice.between(index, 5, 0.8, 1.02)).round(),
                capacity: LANE_VEH_H * street.class.lanes() as f64,
                load,
            }
        })
        .collect()
}

/// The detectors as a table.
pub(super) fn list(detectors: &[Detector], network: &Network) -> String {
    let mut text = String::from(
        "detector_id,name_kk,name_ru,name_en,lon,lat,road_name,direction_deg,lanes,free_flow_kmh\n",
    );
    for detector in detectors {
        let street = network.segments[detector.segment].street;
        let [kk, ru, en] = &network.streets[street].names;
        let number = detector.number;
        // Every fifth has no known free-flow speed, as happens; who needs it estimates it.
        let free_flow = if number % 5 == 0 {
            String::new()
        } else {
            detector.free_flow_kmh.to_string()
        };
        let _ = writeln!(
            text,
            "{},{kk} көшесі: {number}-детектор,Улица {ru}: детектор {number},{en} street: detector {number},{:.6},\
             {:.6},{kk} көшесі,{},{},{free_flow}",
            detector.id, detector.point.lon, detector.point.lat, detector.direction_deg, detector.lanes
        );
    }
    text
}

/// Demand by month as a share of the year's busiest (assumption: many leave in summer).
const MONTHS: [f64; 12] = [
    0.93, 0.97, 0.98, 0.99, 0.98, 0.93, 0.88, 0.89, 1.0, 1.0, 0.99, 0.97,
];

/// What is the same for all detectors at one instant.
pub(super) struct Moment {
    /// Demand as a share of the usual peak.
    share: f64,
    /// Free-flow speed as a share of that on a dry street.
    grip: f64,
    drift: Dice,
    instant: i64,
}

/// Demand of the city at an instant as a share of the usual peak.
pub(super) fn demand(shape: &Shape, instant: i64) -> f64 {
    let local = instant + shape.zone.offset(instant);
    let day = shape.zone.local_day(instant);
    let second = local.rem_euclid(86_400 * SECOND) / SECOND;
    let table = match service(day) {
        Service::Weekday => &DEMAND,
        Service::Saturday | Service::Sunday => &DEMAND_WEEKEND,
    };
    // The month to within a day.
    let month = (f64::from(day) / 365.2425).fract() * 12.0;
    at_hour(table, second) * MONTHS[(month as usize).min(11)]
}

impl Moment {
    pub(super) fn new(shape: &Shape, instant: i64) -> Self {
        let weather = shape.atmosphere.climate.at(instant);
        // Rain slows, snow more (assumption).
        let grip = if weather.rain_mm <= 0.0 {
            1.0
        } else if weather.temperature > 0.5 {
            0.93
        } else {
            0.78
        };
        Self {
            share: demand(shape, instant),
            grip,
            drift: Dice::new(shape.seed, "city/demand"),
            instant,
        }
    }

    /// Flow in veh/h and mean speed in km/h.
    pub(super) fn state(&self, detector: &Detector, incidents: &[Incident]) -> (f64, f64) {
        // Demand wanders over half an hour, and from day to day.
        let wander = 0.05 * self.drift.wave(detector.number, self.instant / SECOND, 1800)
            + 0.04
                * self
                    .drift
                    .wave(detector.number + 10_000, self.instant / SECOND, 86_400);
        let wanted = (self.share * detector.load * (1.0 + wander)).max(0.0);
        let open = 1.0 - closed(detector, incidents);
        let (flow, factor) = after(wanted, open);
        (
            flow * detector.capacity,
            detector.free_flow_kmh * self.grip * factor,
        )
    }
}

/// Share of the lanes that incidents close for a detector: those on its street nearby.
fn closed(detector: &Detector, incidents: &[Incident]) -> f64 {
    let mut closed: f64 = 0.0;
    for incident in incidents.iter().filter(|i| i.street == detector.street) {
        if incident.point.metres_to(detector.point) < FELT_M {
            closed = closed.max(incident.closed);
        }
    }
    closed
}

/// Flow as a share of capacity and speed as a share of free flow, for a demand and the share of lanes that are open.
/// Free until 95 % of what is open, congested from 105 %, a straight line between.
fn after(wanted: f64, open: f64) -> (f64, f64) {
    let full = wanted / open.max(0.05);
    let free = (wanted, 1.0 - 0.3 * full * full);
    let jammed = (0.93 * open, 0.46 - 0.26 * ((full - 1.0) / 0.3).clamp(0.0, 1.0));
    let share = ((full - 0.95) / 0.1).clamp(0.0, 1.0);
    if share <= 0.0 {
        return free;
    }
    let mix = |a: f64, b: f64| a + (b - a) * share;
    (mix(free.0, jammed.0), mix(free.1, jammed.1))
}
