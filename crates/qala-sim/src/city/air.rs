//! Air: what the sources give off, the boxes over the districts that carry it, and so the truth of every concentration.
//!
//! dC/dt = E / (A·H) − (C − inflow) · u / L in each district's box; the box takes in clean air when its lid rises. The
//! kinds of source are followed apart, so the share of each is known to the truth.

use qala_core::Zone;

use super::facts::{ALATAU, DISTRICTS, TURKSIB, ZHETYSU};
use super::people::Cell;
use super::streets::Network;
use super::weather::Climate;
use crate::clock::{SECOND, at_hour};
use crate::traffic::DEMAND;
use crate::transit::calendar::{Service, service};

/// Seconds between two states.
pub(super) const STEP_S: i64 = 600;
/// A day begins from clean air this much earlier: nothing older is left in the boxes by then.
const SPIN_UP_S: i64 = 36 * 3600;
/// Length of a district along the wind, m (assumption), and the settled area of a district, m² (assumption: a box of that
/// length and width).
const LENGTH_M: f64 = 8_000.0;
const AREA_M2: f64 = 64.0e6;
/// How much of what is in the air upwind comes in (assumption).
const CARRIED: f64 = 0.45;

/// PM2.5 of all stoves on a day of −10 °C at an hour of mean use, kg/s. Number of stoves: CITY-FACTS section 11. The
/// rate is an assumption, set so that the winter mean comes near 94 µg/m³ (CITY-FACTS section 8).
const STOVES_KG_S: f64 = 0.70;
/// PM2.5 of all road traffic at its usual peak, kg/s (assumption; the inventory of CITY-FACTS section 8 is mass of all
/// pollutants together and has no share of PM2.5).
const TRAFFIC_KG_S: f64 = 0.17;
/// PM2.5 of each of three heat and power plants at full load, kg/s (assumption).
const PLANT_KG_S: f64 = 0.05;
/// Dust of roads and building sites on a dry day, PM2.5, kg/s (assumption).
const DUST_KG_S: f64 = 0.05;
/// Height of the plume of a plant, m: above the lid it does not reach the ground (assumption).
const PLUME_M: f64 = 260.0;
/// Districts of the plants (assumption: at the edges, one in the centre of the north).
const PLANTS: [usize; 3] = [ALATAU, TURKSIB, ZHETYSU];

/// Use of stoves by the hour, mean 1: evening first, then morning (assumption).
const STOVE_USE: [f64; 24] = [
    0.93, 0.81, 0.70, 0.70, 0.81, 1.05, 1.40, 1.51, 1.28, 0.93, 0.58, 0.47, 0.47, 0.47, 0.47, 0.58, 0.81,
    1.16, 1.51, 1.74, 1.74, 1.63, 1.40, 1.16,
];

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Coal stoves of a district.
    Stoves,
    /// Road traffic of a district.
    Traffic,
    /// A heat and power plant.
    Plant,
    /// Dust of a district.
    Dust,
}

/// Kinds in the order of the parts of a concentration.
pub const SOURCE_KINDS: [SourceKind; 4] = [
    SourceKind::Stoves,
    SourceKind::Traffic,
    SourceKind::Plant,
    SourceKind::Dust,
];
const KINDS: usize = 4;
const BOXES: usize = 8;

/// A source whose rate the truth knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: SourceKind,
    /// Id of the district in which it lies.
    pub district: &'static str,
    /// PM2.5 at full use, kg/s.
    pub full_kg_s: f64,
}

/// A pollutant that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pollutant {
    Pm25,
    Pm10,
    No2,
    So2,
    Co,
    O3,
}

/// What flows in from the plain and µg of the pollutant for each µg of PM2.5 of a kind of source (assumptions; sulphur
/// comes with coal, nitrogen and carbon monoxide with traffic).
struct Mixture {
    background: f64,
    parts: [f64; KINDS],
}

impl Pollutant {
    fn mixture(self) -> Mixture {
        let (background, parts) = match self {
            Self::Pm25 => (7.0, [1.0, 1.0, 1.0, 1.0]),
            Self::Pm10 => (14.0, [1.15, 1.4, 1.4, 3.5]),
            Self::No2 => (6.0, [0.12, 1.5, 1.6, 0.0]),
            Self::So2 => (6.0, [0.9, 0.05, 5.0, 0.0]),
            Self::Co => (180.0, [11.0, 22.0, 2.0, 0.0]),
            Self::O3 => (0.0, [0.0; KINDS]),
        };
        Mixture { background, parts }
    }
}

/// Sources at full use by kind and district, kg/s.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    full: [[f64; BOXES]; KINDS],
}

impl Sources {
    pub(super) fn new(cells: &[Cell], network: &Network) -> Self {
        let mut stoves = [0.0; BOXES];
        for cell in cells {
            stoves[cell.district] += cell.stoves as f64;
        }
        let mut lanes = [0.0; BOXES];
        for (index, slot) in lanes.iter_mut().enumerate() {
            *slot = network.lane_metres(index);
        }
        let spread = |weights: [f64; BOXES], total: f64| {
            let sum: f64 = weights.iter().sum();
            weights.map(|w| total * w / sum.max(1.0))
        };
        let mut plants = [0.0; BOXES];
        for district in PLANTS {
            plants[district] += PLANT_KG_S;
        }
        Self {
            full: [
                spread(stoves, STOVES_KG_S),
                spread(lanes, TRAFFIC_KG_S),
                plants,
                spread(lanes, DUST_KG_S),
            ],
        }
    }

    /// Every source.
    pub(super) fn list(&self) -> Vec<Source> {
        let mut sources = Vec::new();
        for (kind, full) in SOURCE_KINDS.into_iter().zip(&self.full) {
            for (facts, full) in DISTRICTS.iter().zip(full).filter(|(_, full)| **full > 0.0) {
                let word = match kind {
                    SourceKind::Stoves => "stoves",
                    SourceKind::Traffic => "traffic",
                    SourceKind::Plant => "plant",
                    SourceKind::Dust => "dust",
                };
                sources.push(Source {
                    id: format!("{word}-{}", facts.id),
                    kind,
                    district: facts.id,
                    full_kg_s: *full,
                });
            }
        }
        sources
    }
}

/// Everything on which the air depends.
#[derive(Debug, Clone)]
pub(super) struct Atmosphere {
    pub(super) climate: Climate,
    pub(super) sources: Sources,
    pub(super) zone: Zone,
}

/// The boxes of one local day, by step: PM2.5 by kind and district, µg/m³.
#[derive(Debug)]
pub(super) struct AirDay {
    start: i64,
    states: Vec<[[f64; BOXES]; KINDS]>,
}

impl Atmosphere {
    /// Use of each kind of source at an instant, as a share of full use.
    pub(super) fn usage(&self, instant: i64) -> [f64; KINDS] {
        let weather = self.climate.at(instant);
        let day = self.zone.local_day(instant);
        let second = (instant + self.zone.offset(instant)).rem_euclid(86_400 * SECOND) / SECOND;
        let traffic = at_hour(&DEMAND, second)
            * if service(day) == Service::Weekday {
                1.0
            } else {
                0.75
            };
        let wet = if weather.rain_mm > 0.0 || weather.temperature < -2.0 {
            0.3
        } else {
            1.0
        };
        [
            weather.heating * at_hour(&STOVE_USE, second),
            // Cold engines give off more (assumption).
            traffic * (1.0 + 0.15 * weather.heating),
            0.35 + 0.5 * weather.heating.min(1.3),
            traffic * wet,
        ]
    }

    /// Works out a local day.
    pub(super) fn day(&self, day: i32) -> AirDay {
        let start = self.zone.day_start(day);
        let end = self.zone.day_start(day + 1);
        let step = STEP_S * SECOND;
        let mut air = [[0.0; BOXES]; KINDS];
        let mut states = Vec::with_capacity(((end - start) / step) as usize + 1);
        let mut instant = start - SPIN_UP_S * SECOND;
        let mut lid = self.climate.at(instant).lid_m;
        while instant <= end {
            if instant >= start {
                states.push(air);
            }
            let weather = self.climate.at(instant);
            let usage = self.usage(instant);
            // Rain washes out (assumption).
            let loss = (weather.wind_speed / LENGTH_M + 4e-5 * weather.rain_mm) * STEP_S as f64;
            let rise = (weather.lid_m / lid).max(1.0);
            lid = weather.lid_m;
            let from_plain = Climate::is_from_plain(&weather);
            let reaches = if lid < PLUME_M { 0.15 } else { 1.0 };
            for (kind, cells) in air.iter_mut().enumerate() {
                let lofted = if kind == 2 { reaches } else { 1.0 };
                let before = *cells;
                for (index, cell) in cells.iter_mut().enumerate() {
                    let facts = &DISTRICTS[index];
                    let upwind = if from_plain { facts.below } else { facts.above };
                    let inflow = upwind.iter().map(|u| before[*u]).sum::<f64>() / upwind.len().max(1) as f64;
                    let emitted = self.sources.full[kind][index] * usage[kind] * lofted * 1e9;
                    *cell = before[index] / rise + emitted / AREA_M2 / lid * STEP_S as f64
                        - (before[index] - CARRIED * inflow) * loss;
                    *cell = cell.max(0.0);
                }
            }
            instant += step;
        }
        AirDay { start, states }
    }
}

impl AirDay {
    /// PM2.5 by kind of source over a district at an instant of the day, µg/m³.
    pub(super) fn parts(&self, district: usize, instant: i64) -> [f64; KINDS] {
        let step = STEP_S * SECOND;
        let index = ((instant - self.start) / step).clamp(0, self.states.len() as i64 - 2) as usize;
        let share = ((instant - self.start - index as i64 * step) as f64 / step as f64).clamp(0.0, 1.0);
        let mut parts = [0.0; KINDS];
        for (kind, part) in parts.iter_mut().enumerate() {
            let (a, b) = (
                self.states[index][kind][district],
                self.states[index + 1][kind][district],
            );
            *part = a + (b - a) * share;
        }
        parts
    }
}

/// Concentration where the parts are multiplied by the factors of a place, µg/m³.
pub(super) fn concentration(
    pollutant: Pollutant,
    parts: [f64; KINDS],
    factors: [f64; KINDS],
    heat: f64,
) -> f64 {
    if pollutant == Pollutant::O3 {
        // Sun makes it, fresh nitrogen oxide eats it (after the model values of CITY-FACTS section 8: 50 to 130).
        let no2 = concentration(Pollutant::No2, parts, factors, heat);
        return (62.0 + 1.6 * heat.max(0.0) - 0.55 * no2).max(4.0);
    }
    let mixture = pollutant.mixture();
    let sum: f64 = (0..KINDS).map(|k| parts[k] * factors[k] * mixture.parts[k]).sum();
    mixture.background + sum
}
