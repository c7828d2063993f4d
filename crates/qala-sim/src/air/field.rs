//! The air over the district: one well-mixed box whose lid sinks at night.
//!
//! dC/dt = E / H − (C − B) · u / L, and the box takes in clean air when its lid rises. E is the emission per area, H the
//! height of the lid, u the wind, L the length of the box, B the background.

use crate::clock::{Clock, SECOND, at_hour};
use crate::random::Random;
use crate::traffic::DEMAND;

/// Seconds between two states.
pub(super) const STEP_S: i64 = 300;
/// Length of the box along the wind, m: the settled part of the city (assumption).
const LENGTH_M: f64 = 10_000.0;
/// What flows in from outside, µg/m³ (assumption: cleanest winter afternoons).
const BACKGROUND: f64 = 12.0;
/// Stoves (30,000 houses, CITY-FACTS section 11) as emission of PM2.5 per area at full use, µg/(m² s). The size is an
/// assumption, set so that the winter mean comes near 94 µg/m³ (CITY-FACTS section 8).
const STOVES: f64 = 1.45;
/// Road traffic, the same at full flow: an assumption (the inventory of CITY-FACTS section 8 has no share of PM2.5).
const ROADS: f64 = 0.5;

/// Use of stoves by the hour: evening first, then morning (assumption).
const STOVE_USE: [f64; 24] = [
    0.80, 0.70, 0.60, 0.60, 0.70, 0.90, 1.20, 1.30, 1.10, 0.80, 0.50, 0.40, 0.40, 0.40, 0.40, 0.50, 0.70,
    1.00, 1.30, 1.50, 1.50, 1.40, 1.20, 1.00,
];
/// Height of the mixed layer by the hour, m: night inversions of the winter (CITY-FACTS section 11; heights: assumption).
const LID_M: [f64; 24] = [
    130.0, 125.0, 120.0, 120.0, 120.0, 120.0, 125.0, 140.0, 170.0, 240.0, 380.0, 560.0, 740.0, 880.0, 920.0,
    860.0, 700.0, 460.0, 300.0, 220.0, 180.0, 160.0, 145.0, 135.0,
];
/// Wind by the hour, m/s: below 1 m/s in half of the nights (CITY-FACTS section 11).
const WIND: [f64; 24] = [
    0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.8, 0.8, 0.9, 1.1, 1.4, 1.7, 2.0, 2.2, 2.2, 2.1, 1.8, 1.5, 1.2, 1.0, 0.9,
    0.9, 0.8, 0.8,
];
/// Temperature of early March by the hour, °C (assumption).
const TEMPERATURE: [f64; 24] = [
    -3.0, -3.5, -4.0, -4.5, -5.0, -5.2, -5.0, -4.2, -2.5, -0.5, 1.5, 3.2, 4.6, 5.6, 6.0, 5.8, 5.0, 3.6, 2.0,
    0.8, -0.3, -1.2, -2.0, -2.6,
];

/// The air at one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Air {
    /// PM2.5, µg/m³.
    pub(super) pm25: f64,
    /// NO₂, µg/m³.
    pub(super) no2: f64,
    /// °C.
    pub(super) temperature: f64,
    /// m/s.
    pub(super) wind_speed: f64,
    /// Degrees from which the wind comes.
    pub(super) wind_from: f64,
}

/// The states from the first instant of the span on, every [`STEP_S`] seconds.
pub(super) fn simulate(seed: u64, clock: &Clock) -> Vec<Air> {
    let mut random = Random::of(seed, "air/field");
    // One day more in front, so that the first night has a past.
    let from = clock.start() - 86_400 * SECOND;
    let steps = (clock.end() - from) / (STEP_S * SECOND);
    let mut air = Vec::with_capacity(steps as usize);
    let (mut pm25, mut no2) = (60.0, 40.0);
    let mut lid_before = LID_M[0];
    let (mut gust, mut day, mut calm, mut warm) = (0.0, i32::MIN, 1.0, 0.0);
    for step in 0..steps {
        let instant = from + step * STEP_S * SECOND;
        let today = clock.zone.local_day(instant + 6 * 3600 * SECOND);
        if today != day {
            // Days differ at 18:00: every other night is calm (CITY-FACTS section 11), some days are warmer.
            day = today;
            calm = if random.chance(0.5) {
                random.between(0.75, 1.0)
            } else {
                random.between(1.0, 1.5)
            };
            warm = random.between(-1.5, 1.5);
        }
        gust = 0.9 * gust + 0.1 * random.normal();
        let second = clock.second_of_day(instant);
        let lid = at_hour(&LID_M, second) * (0.6 + 0.4 * calm);
        let wind = (at_hour(&WIND, second) * calm * (1.0 + gust)).max(0.2);
        let traffic = at_hour(&DEMAND, second);
        let seconds = STEP_S as f64;
        let rise = (lid / lid_before).max(1.0);
        lid_before = lid;
        let loss = wind / LENGTH_M * seconds;
        let emission = STOVES * at_hour(&STOVE_USE, second) + ROADS * traffic;
        pm25 = BACKGROUND + (pm25 - BACKGROUND) / rise;
        pm25 += emission / lid * seconds - (pm25 - BACKGROUND) * loss;
        // NO₂ follows the traffic and lives for about an hour by day (assumption).
        no2 = 10.0 + (no2 - 10.0) / rise;
        no2 += 1.3 * traffic / lid * seconds - (no2 - 10.0) * (loss + seconds / 5400.0);
        // Down the slope from the south at night, up the slope from the north by day (assumption after the relief).
        let up = second > 9 * 3600 && second < 18 * 3600;
        let turn = random.normal() * 20.0;
        let wind_from = if up { 350.0 + turn } else { 180.0 + turn };
        air.push(Air {
            pm25,
            no2,
            temperature: at_hour(&TEMPERATURE, second) + warm + 0.5 * gust,
            wind_speed: wind,
            wind_from: wind_from.rem_euclid(360.0),
        });
    }
    air.split_off((86_400 / STEP_S) as usize)
}
