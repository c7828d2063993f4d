//! The weather at any instant, and by day the air that carries what the sources give off.

use qala_core::Zone;

use super::dice::Dice;
use crate::clock::{SECOND, at_hour};

const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Means by month: °C, relative humidity %, pressure hPa (computed from the hourly model values that CITY-FACTS section 8
/// names, January 2024 to May 2025; not measurements).
const TEMPERATURE: [f64; 12] = [
    -3.3, -5.0, 4.0, 13.0, 17.5, 23.5, 25.2, 25.2, 16.0, 11.5, 4.0, -5.0,
];
const HUMIDITY: [f64; 12] = [
    75.1, 75.6, 69.3, 62.6, 64.7, 47.0, 47.4, 42.8, 52.4, 60.7, 68.2, 76.5,
];
const PRESSURE: [f64; 12] = [
    925.5, 925.4, 923.8, 922.1, 921.1, 917.5, 914.2, 917.4, 923.6, 924.2, 926.4, 928.1,
];
/// Temperature by the hour less its mean of the day, °C: winter and summer (the same model values).
const WINTER_DAY: [f64; 24] = [
    -1.2, -1.4, -1.4, -1.5, -1.6, -1.9, -2.2, -2.0, -1.6, -0.2, 1.1, 1.6, 2.1, 2.4, 2.6, 2.4, 1.7, 0.7, 0.1,
    -0.1, -0.2, -0.5, -0.7, -0.9,
];
const SUMMER_DAY: [f64; 24] = [
    -3.1, -3.5, -3.8, -4.1, -4.6, -4.5, -3.6, -1.5, 0.1, 1.5, 2.7, 3.5, 4.0, 4.5, 4.7, 4.7, 4.4, 3.8, 2.9,
    1.0, -0.5, -1.4, -2.0, -2.5,
];
/// Height of the mixed layer, m: winter nights have inversions (CITY-FACTS section 11; heights: assumption), summer days
/// a deep layer (the model values).
const WINTER_LID: [f64; 24] = [
    110.0, 105.0, 100.0, 100.0, 100.0, 100.0, 105.0, 115.0, 140.0, 190.0, 280.0, 380.0, 480.0, 560.0, 580.0,
    540.0, 430.0, 290.0, 200.0, 160.0, 140.0, 130.0, 120.0, 115.0,
];
const SUMMER_LID: [f64; 24] = [
    190.0, 180.0, 170.0, 170.0, 170.0, 180.0, 260.0, 420.0, 640.0, 820.0, 950.0, 1050.0, 1120.0, 1160.0,
    1170.0, 1120.0, 980.0, 760.0, 520.0, 340.0, 260.0, 230.0, 210.0, 200.0,
];
/// Wind, m/s: below 1 m/s in half of the winter nights (CITY-FACTS section 11).
const WIND: [f64; 24] = [
    0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 1.0, 1.3, 1.6, 1.8, 2.0, 2.0, 1.9, 1.7, 1.4, 1.1, 0.9, 0.9,
    0.9, 0.9, 0.9,
];

/// Base of heating degrees, °C (assumption: houses are heated below 10 °C outside).
const HEATED_BELOW: f64 = 10.0;

/// The weather over the city at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weather {
    /// Air temperature at 800 m, °C.
    pub temperature: f64,
    /// Relative humidity, %.
    pub humidity: f64,
    /// Pressure at 800 m, hPa.
    pub pressure: f64,
    /// m/s.
    pub wind_speed: f64,
    /// Degrees from which the wind comes.
    pub wind_from: f64,
    /// Rain or melted snow, mm in the hour.
    pub rain_mm: f64,
    /// Height of the mixed layer, m.
    pub lid_m: f64,
    /// How far heating is turned up: 0 none, 1 on a day of −10 °C.
    pub heating: f64,
}

/// The weather of a seed.
#[derive(Debug, Clone)]
pub(super) struct Climate {
    dice: Dice,
    zone: Zone,
}

/// A value of the middle of each month, with straight lines between them.
fn by_month(table: &[f64; 12], instant: i64) -> f64 {
    let years = instant as f64 / (365.2425 * DAY as f64);
    let months = ((years - years.floor()) * 12.0 + 11.5) % 12.0;
    let month = months as usize % 12;
    table[month] + (table[(month + 1) % 12] - table[month]) * (months - months.floor())
}

/// Numbers of the waves of [`Climate`].
#[derive(Clone, Copy)]
enum Wave {
    Warm,
    Gust,
    Calm,
    Lid,
    Damp,
    Pressure,
    Turn,
    Rain,
}

impl Climate {
    pub(super) fn new(seed: u64, zone: &Zone) -> Self {
        Self {
            dice: Dice::new(seed, "city/weather"),
            zone: zone.clone(),
        }
    }

    fn wave(&self, which: Wave, instant: i64, hours: i64) -> f64 {
        self.dice.wave(which as usize, instant, hours * HOUR)
    }

    /// The weather at an instant.
    pub(super) fn at(&self, instant: i64) -> Weather {
        let local = instant + self.zone.offset(instant);
        let second = local.rem_euclid(DAY) / SECOND;
        let mean = by_month(&TEMPERATURE, instant);
        // 0 in the depth of winter, 1 in summer.
        let summer = ((mean + 5.0) / 30.0).clamp(0.0, 1.0);
        let blend = |winter: &[f64; 24], high: &[f64; 24]| {
            at_hour(winter, second) * (1.0 - summer) + at_hour(high, second) * summer
        };
        let temperature = mean + blend(&WINTER_DAY, &SUMMER_DAY) + 3.2 * self.wave(Wave::Warm, instant, 70);
        let rain = self.wave(Wave::Rain, instant, 14) - 1.05;
        let rain_mm = if rain > 0.0 { rain * 1.6 } else { 0.0 };
        // Calm spells of a day or two, in which the layer is low as well: winter smog.
        let calm = (1.0 + 0.3 * self.wave(Wave::Calm, instant, 40)).clamp(0.45, 1.8);
        let gust = 1.0 + 0.22 * self.wave(Wave::Gust, instant, 2);
        let wind_speed = (at_hour(&WIND, second) * (1.0 + 0.25 * summer) * calm * gust).max(0.2);
        let low = (1.0 + 0.18 * self.wave(Wave::Lid, instant, 30)).clamp(0.6, 1.5);
        let lid_m = blend(&WINTER_LID, &SUMMER_LID) * low * (0.6 + 0.4 * calm) * (1.0 + rain_mm * 0.3);
        // The breeze: from the mountains in the south at night, from the plain in the north by day (after the relief).
        let by_day = (9 * 3600..19 * 3600).contains(&second);
        let turn = 28.0 * self.wave(Wave::Turn, instant, 3);
        let wind_from = (if by_day { 345.0 } else { 175.0 } + turn).rem_euclid(360.0);
        let humidity = by_month(&HUMIDITY, instant) - 1.6 * blend(&WINTER_DAY, &SUMMER_DAY)
            + 8.0 * self.wave(Wave::Damp, instant, 30)
            + 12.0 * rain_mm;
        Weather {
            temperature,
            humidity: humidity.clamp(12.0, 100.0),
            pressure: by_month(&PRESSURE, instant) + 4.0 * self.wave(Wave::Pressure, instant, 60),
            wind_speed,
            wind_from,
            rain_mm,
            lid_m,
            heating: ((HEATED_BELOW - temperature) / 20.0).clamp(0.0, 1.8),
        }
    }

    /// Says whether the air comes up from the plain.
    pub(super) fn is_from_plain(weather: &Weather) -> bool {
        weather.wind_from > 270.0 || weather.wind_from < 90.0
    }
}
