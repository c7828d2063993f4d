//! The spec of a feed: where messages come from, what format they have, and how their columns map to a dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{SpecError, TakenFor, Transport};
use crate::{DatasetName, FeedId, FunctionId, Hours, Promise, Text, TimeStyle, Unit};

/// The character set of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1251 (Cyrillic).
    #[serde(rename = "windows-1251")]
    Windows1251,
    /// Windows-1252 (Western European).
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// How one dataset column is filled. `from`, `value` or both: the constant stands in where the source is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// Source column (CSV header, JSON key or dotted path, Parquet column); a number is a position from 1. What begins
    /// with `@` is no column but a property of the record: `@row`, `@sheet`, `@section` (the heading above the row), and
    /// of a feature `@id`, `@geometry` (well-known text), `@wkb`, `@lon`, `@lat` (of its centre). Of a message of a broker:
    /// `@topic`, `@topic/2` (its second level), `@value` (a body that is no object), `@received`, `@retained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Several source columns put together: `{year}-{month:2}-{day:2}T{hour:2}:00`. `{name}` is the cell as it stands,
    /// `{name:2}` is filled up with zeros to two digits; missing when one of the cells is. Stands instead of `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// A constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Unit of the source numbers; converted to the unit of the column or quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// How times are written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub time: TimeStyle,
    /// Words of the source and what they become: `{ Да = "true" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
}

/// Turns columns into rows: one row per listed column that is not empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unpivot {
    /// Source columns, in order, and the name each gets in `name_to`. Empty: every column that the mapping does not use,
    /// under its own name.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Dataset column that takes the name.
    pub name_to: String,
    /// Dataset column that takes the value.
    pub value_to: String,
    /// Unit of each source column, where it is not the quantity's own.
    #[serde(default)]
    pub units: BTreeMap<String, Unit>,
    /// Unit of all source columns that `units` does not name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Words of the unpivoted columns and what they become: `{ NNE = "22.5" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
}

/// How a table's columns become a dataset's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The dataset that is filled; `--dataset` overrides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// Zone of times without an offset; absent: the dataset's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Character set; absent: guessed from the first bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Field separator of a CSV; absent: the one of `,;\t|` that fits the header best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Decimal sign of numbers.
    #[serde(default = "point")]
    pub decimal: char,
    /// Sign between groups of three digits, besides blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// False when the first line holds data; columns are then named `1`, `2`, …
    #[serde(default = "yes")]
    pub header: bool,
    /// Row of the header, from 1; absent: found in a workbook, the first line of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
    /// Rows of a workbook's header, joined from top to bottom; absent: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<u32>,
    /// Sheet of a workbook: its name, its number from 1, or `*` for all of one shape; absent: the first that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// First words of rows that add up others and are left out; absent: the usual words in a workbook, none in a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Vec<String>>,
    /// Path of the records of a JSON document: `result.items[*]`; absent: the outermost array, or the one that is wrapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Reference system of the coordinates, such as `EPSG:32643`; absent: what the file says, else WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// Words that mean "missing", besides the empty field.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Dataset column → source. A column that is not listed is taken from a source column of the same name.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnMap>,
    /// Columns turned into rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpivot: Option<Unpivot>,
    /// Which files it is taken for once it is saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_for: Option<TakenFor>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn point() -> char {
    '.'
}

fn yes() -> bool {
    true
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            dataset: None,
            zone: None,
            encoding: None,
            delimiter: None,
            decimal: '.',
            thousands: None,
            header: true,
            header_row: None,
            header_rows: None,
            sheet: None,
            totals: None,
            records: None,
            crs: None,
            missing: Vec::new(),
            columns: BTreeMap::new(),
            unpivot: None,
            taken_for: None,
        }
    }
}

impl Mapping {
    /// Reads a mapping. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        super::from_toml(name, text)
    }

    /// The mapping as it is saved: a text that [`Self::from_toml`] reads, a line for each column.
    ///
    /// # Errors
    /// [`SpecError`] when something in it has no form in TOML.
    pub fn to_toml(&self) -> Result<String, SpecError> {
        let wrong = |error: toml::ser::Error| SpecError::new("mapping", error.to_string());
        let mut all = toml::Table::try_from(self).map_err(wrong)?;
        let columns = all.remove("columns");
        // What is said by leaving it out is left out.
        all.retain(|key, value| match key {
            "decimal" => value.as_str() != Some("."),
            "header" => value.as_bool() != Some(true),
            "missing" => value.as_array().is_some_and(|words| !words.is_empty()),
            _ => true,
        });
        let (tables, plain): (toml::Table, toml::Table) =
            all.into_iter().partition(|(_, value)| value.is_table());
        let mut text = toml::to_string(&plain).map_err(wrong)?;
        let columns = columns.as_ref().and_then(toml::Value::as_table);
        if let Some(columns) = columns.filter(|columns| !columns.is_empty()) {
            text.push_str("\n[columns]\n");
            for (column, map) in columns {
                let is_bare = column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let quoted = toml::Value::String(column.clone()).to_string();
                let column = if is_bare { column } else { &quoted };
                text.push_str(&format!("{column} = {map}\n"));
            }
        }
        if !tables.is_empty() {
            text.push('\n');
            text.push_str(&toml::to_string(&tables).map_err(wrong)?);
        }
        Ok(text)
    }
}

/// The devices of a feed: stations, detectors, vehicles. One that is silent while the others go on is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// Dataset whose rows name them; absent: that of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// Column with the id of the device.
    pub column: String,
    /// A device is silent when its newest reading is so many seconds older than the feed's newest.
    pub silent_s: u64,
}

/// The spec of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSpec {
    /// Id, unique in the pack.
    pub id: FeedId,
    /// Import kind: `table`, `json`, `gtfs`, `gtfs-rt`, `geojson`, `shapefile`, `geoparquet`.
    pub kind: String,
    /// Title for people.
    pub title: Text,
    /// How bytes are fetched.
    pub transport: Transport,
    /// Target of `table` and `json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// Mapping of `table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Promised seconds between two messages; absent: no promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cadence_s: Option<u64>,
    /// Seconds that a message may be late; absent: half of the cadence, at least 10 s and at most an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_s: Option<u64>,
    /// When the sender works, by the city's clock; absent: always. Outside of it nothing is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Devices that are watched one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Devices>,
    /// Function of government that answers for the feed.
    pub owner_function: FunctionId,
    /// Licence of the data.
    pub licence: String,
    /// True when the data are simulated; shown everywhere.
    #[serde(default)]
    pub simulated: bool,
}

impl FeedSpec {
    /// Reads a feed spec. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = super::from_toml(name, text)?;
        spec.transport
            .check()
            .map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// What the sender promised; `None` when nothing was.
    pub fn promise(&self) -> Option<Promise> {
        Some(Promise::new(self.cadence_s?, self.grace_s, self.hours))
    }
}
