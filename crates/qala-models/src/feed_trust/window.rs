//! What is judged: what the devices of a feed sent in a window of time, and what was usual in the days before.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// µs in an hour.
pub const HOUR: i64 = 3_600_000_000;

/// A value as it came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The time that it names, µs since 1970.
    pub t: i64,
    /// The value, in the unit of its quantity.
    pub value: f64,
    /// Which message brought it: a place in [`Window::received`].
    pub message: u32,
}

/// The readings of a device in the order in which they came. Copies of a window share those that are the same in both: only
/// what is planted into a copy is written anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series(Arc<Vec<Reading>>);

impl Deref for Series {
    type Target = Vec<Reading>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Series {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a> IntoIterator for &'a Series {
    type Item = &'a Reading;
    type IntoIter = std::slice::Iter<'a, Reading>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// How differences of a quantity are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Zero is nothing, and twice as much is twice as much: concentrations, counts, speeds.
    Ratio,
    /// Zero is a convention: degrees Celsius, pressure over sea, percent of humidity.
    Interval,
    /// A direction: 359 is beside 1.
    Circular,
}

impl Nature {
    /// The nature of what is measured in a unit (UCUM symbol).
    pub fn of(unit: &str) -> Self {
        match unit {
            "deg" => Self::Circular,
            "Cel" | "hPa" | "%" => Self::Interval,
            _ => Self::Ratio,
        }
    }
}

/// What a value becomes when it is sent in another unit under the old name: `factor` times the value, plus `offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// The unit that is sent.
    pub name: &'static str,
    /// Factor.
    pub factor: f64,
    /// Offset.
    pub offset: f64,
}

/// One quantity that the devices of a feed send.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Name of the quantity.
    pub quantity: String,
    /// How differences are meant.
    pub nature: Nature,
    /// Smallest value that can be.
    pub min: f64,
    /// Largest value that can be.
    pub max: f64,
    /// Units in which it may be sent by mistake.
    pub conversions: Vec<Conversion>,
    /// Readings by device, in the order in which they came, also those that came twice and those out of range.
    pub series: Vec<Series>,
    /// Means by device and hour in the days before the window; the last is that of the hour before [`Window::from`]. NaN
    /// where there was no reading; empty when nothing is known of the days before.
    pub usual: Vec<Vec<f64>>,
}

/// What the devices of a feed sent in a window of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Ids of the devices.
    pub devices: Vec<String>,
    /// First instant, µs since 1970.
    pub from: i64,
    /// Instant after the last, µs since 1970.
    pub to: i64,
    /// When each message came in, µs since 1970, never decreasing.
    pub received: Vec<i64>,
    /// Quantities.
    pub channels: Vec<Channel>,
}

impl Window {
    /// Hours of the window; a begun one counts.
    pub(super) fn hours(&self) -> usize {
        ((self.to - self.from).max(0) as u64).div_ceil(HOUR as u64) as usize
    }
}

impl Channel {
    pub(super) fn is_possible(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

const fn times(name: &'static str, factor: f64) -> Conversion {
    Conversion {
        name,
        factor,
        offset: 0.0,
    }
}

/// Parts per billion of one µg/m³ at 20 °C and 1013 hPa: 24.055 litres a mole over the molar mass (Directive 2008/50/EC,
/// annex VI, sets these conditions for gases).
const fn gas(molar_mass: f64) -> [Conversion; 4] {
    [
        times("mg/m3", 1e-3),
        times("ng/m3", 1e3),
        times("ppb", 24.055 / molar_mass),
        times("ppm", 24.055e-3 / molar_mass),
    ]
}

/// The units in which a quantity may be sent under the name of `unit`, its unit in the data (UCUM symbol). Both directions of
/// each mistake are in the list: milligrams named micrograms, and micrograms named milligrams.
pub fn conversions(quantity: &str, unit: &str) -> Vec<Conversion> {
    let list: &[Conversion] = match unit {
        "ug/m3" => match quantity {
            "no2" | "nox" => &gas(46.0055),
            "no" => &gas(30.0061),
            "so2" => &gas(64.066),
            "o3" => &gas(47.9982),
            "co" => &gas(28.010),
            _ => &[times("mg/m3", 1e-3), times("ng/m3", 1e3)],
        },
        "Cel" => &[
            Conversion {
                name: "degF",
                factor: 1.8,
                offset: 32.0,
            },
            Conversion {
                name: "K",
                factor: 1.0,
                offset: 273.15,
            },
        ],
        "hPa" => &[times("Pa", 100.0), times("kPa", 0.1), times("mm[Hg]", 0.750_062)],
        "%" => &[times("ratio", 0.01)],
        "ratio" => &[times("%", 100.0)],
        "km/h" => &[times("m/s", 1.0 / 3.6), times("mi/h", 0.621_371)],
        "m/s" => &[
            times("km/h", 3.6),
            times("mi/h", 2.236_936),
            times("kn", 1.943_844),
        ],
        "mm" => &[times("m", 1e-3), times("in", 1.0 / 25.4)],
        "veh/h" => &[times("veh/min", 1.0 / 60.0), times("veh/d", 24.0)],
        _ => &[],
    };
    list.to_vec()
}
