//! Units of measurement: a closed list, each with its dimension and its way to the base unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A unit of the list in [`Unit::all`]. Written by its symbol, ASCII: `ug/m3`, `km/h`, `Cel`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    symbol: &'static str,
    dimension: &'static str,
    factor: f64,
    offset: f64,
}

/// A unit that is not on the list, or two that do not measure the same thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The symbol is not known.
    #[error("unit `{symbol}` is not known{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown {
        /// What was written.
        symbol: String,
        /// The nearest known symbol.
        suggestion: Option<String>,
    },
    /// The two units have different dimensions.
    #[error("`{from}` cannot be converted to `{to}`: one is a {from_dimension}, the other a {to_dimension}")]
    Incompatible {
        /// Source unit.
        from: &'static str,
        /// Target unit.
        to: &'static str,
        /// What the source measures.
        from_dimension: &'static str,
        /// What the target measures.
        to_dimension: &'static str,
    },
}

const fn unit(symbol: &'static str, dimension: &'static str, factor: f64) -> Unit {
    Unit {
        symbol,
        dimension,
        factor,
        offset: 0.0,
    }
}

/// base = value * factor + offset.
const UNITS: &[Unit] = &[
    unit("1", "number", 1.0),
    unit("ratio", "ratio", 1.0),
    unit("%", "ratio", 0.01),
    unit("count", "count", 1.0),
    unit("persons", "count", 1.0),
    unit("vehicles", "count", 1.0),
    unit("trips", "count", 1.0),
    unit("boardings", "count", 1.0),
    unit("kg/m3", "mass concentration", 1.0),
    unit("g/m3", "mass concentration", 1e-3),
    unit("mg/m3", "mass concentration", 1e-6),
    unit("ug/m3", "mass concentration", 1e-9),
    unit("ppb", "mole fraction", 1e-9),
    unit("ppm", "mole fraction", 1e-6),
    unit("m", "length", 1.0),
    unit("mm", "length", 1e-3),
    unit("km", "length", 1e3),
    unit("mi", "length", 1609.344),
    unit("ft", "length", 0.3048),
    unit("s", "time", 1.0),
    unit("ms", "time", 1e-3),
    unit("min", "time", 60.0),
    unit("h", "time", 3600.0),
    unit("d", "time", 86400.0),
    unit("m/s", "speed", 1.0),
    unit("km/h", "speed", 1.0 / 3.6),
    unit("mph", "speed", 0.447_04),
    unit("kn", "speed", 1852.0 / 3600.0),
    unit("1/h", "rate", 1.0 / 3600.0),
    unit("veh/h", "rate", 1.0 / 3600.0),
    unit("veh/min", "rate", 1.0 / 60.0),
    unit("deg", "angle", 1.0),
    unit("K", "temperature", 1.0),
    Unit {
        symbol: "Cel",
        dimension: "temperature",
        factor: 1.0,
        offset: 273.15,
    },
    Unit {
        symbol: "degF",
        dimension: "temperature",
        factor: 5.0 / 9.0,
        offset: 459.67 * 5.0 / 9.0,
    },
    unit("Pa", "pressure", 1.0),
    unit("hPa", "pressure", 100.0),
    unit("mmHg", "pressure", 133.322_387_415),
    unit("kg", "mass", 1.0),
    unit("t", "mass", 1e3),
    unit("kg/s", "mass rate", 1.0),
    unit("t/y", "mass rate", 1e3 / 31_556_952.0),
    unit("m2", "area", 1.0),
    unit("km2", "area", 1e6),
    unit("KZT", "money", 1.0),
    unit("1000 KZT", "money", 1e3),
    unit("dB", "sound level", 1.0),
    unit("W", "power", 1.0),
    unit("kW", "power", 1e3),
];

/// Spellings met in the wild.
const ALIASES: &[(&str, &str)] = &[
    ("µg/m³", "ug/m3"),
    ("μg/m³", "ug/m3"),
    ("ug/m^3", "ug/m3"),
    ("µg/m3", "ug/m3"),
    ("μg/m3", "ug/m3"),
    ("мкг/м3", "ug/m3"),
    ("мкг/м³", "ug/m3"),
    ("mg/m³", "mg/m3"),
    ("мг/м3", "mg/m3"),
    ("мг/м³", "mg/m3"),
    ("C", "Cel"),
    ("°C", "Cel"),
    ("degC", "Cel"),
    ("F", "degF"),
    ("°F", "degF"),
    ("kmh", "km/h"),
    ("kph", "km/h"),
    ("км/ч", "km/h"),
    ("mi/h", "mph"),
    ("m s-1", "m/s"),
    ("м/с", "m/s"),
    ("percent", "%"),
    ("°", "deg"),
    ("mbar", "hPa"),
    ("sec", "s"),
    ("seconds", "s"),
    ("minutes", "min"),
    ("hours", "h"),
];

impl Unit {
    /// All known units.
    pub fn all() -> &'static [Self] {
        UNITS
    }

    /// Finds a unit by its symbol or a known other spelling.
    ///
    /// # Errors
    /// [`UnitError::Unknown`] with the nearest symbol.
    pub fn parse(symbol: &str) -> Result<Self, UnitError> {
        let wanted = symbol.trim();
        let wanted = ALIASES
            .iter()
            .find(|(alias, _)| *alias == wanted)
            .map_or(wanted, |(_, name)| name);
        UNITS
            .iter()
            .find(|u| u.symbol == wanted)
            .copied()
            .ok_or_else(|| UnitError::Unknown {
                symbol: symbol.into(),
                suggestion: crate::spec::nearest(wanted, UNITS.iter().map(|u| u.symbol)),
            })
    }

    /// The symbol, as it is stored beside a column.
    pub fn symbol(&self) -> &'static str {
        self.symbol
    }

    /// What the unit measures, in English.
    pub fn dimension(&self) -> &'static str {
        self.dimension
    }

    /// The factor and offset that turn a value of this unit into `to`: `to = value * factor + offset`.
    /// They are exactly (1, 0) for equal units.
    ///
    /// # Errors
    /// [`UnitError::Incompatible`] when the dimensions differ.
    pub fn to(&self, to: &Self) -> Result<(f64, f64), UnitError> {
        if self.dimension != to.dimension {
            return Err(UnitError::Incompatible {
                from: self.symbol,
                to: to.symbol,
                from_dimension: self.dimension,
                to_dimension: to.dimension,
            });
        }
        if self.symbol == to.symbol {
            return Ok((1.0, 0.0));
        }
        Ok((self.factor / to.factor, (self.offset - to.offset) / to.factor))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol)
    }
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
