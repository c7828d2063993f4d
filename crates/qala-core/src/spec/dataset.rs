//! The spec of a dataset: one table of the lake.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{FromPrevious, SpecError};
use crate::{DatasetName, FunctionId, Grain, Text, Unit};

/// What newer data do to older data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Things that happened; a row with the same key supersedes the older one.
    Event,
    /// A whole set per feed; a new set replaces the old one.
    Snapshot,
    /// Valid from–to; a new interval closes the old one.
    State,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Int,
    /// 64-bit float; NaN and infinities are rejected.
    Float,
    /// Decimal of 38 digits with the column's `scale`.
    Decimal,
    /// True or false.
    Bool,
    /// An instant: µs of UTC.
    Time,
    /// A calendar date: days since 1970-01-01.
    Date,
}

/// Who may see a column, or the rows of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// May be shown to residents, subject to small-cell rules.
    #[default]
    Public,
    /// Staff only.
    Internal,
    /// Tells of single persons or events: for those who work with single records, not for staff in general.
    Records,
    /// Replaced by a keyed pseudonym at the guard, before the log; who may see it is as for `records`.
    Personal,
}

impl Sensitivity {
    /// True when anybody may see it.
    pub fn is_public(&self) -> bool {
        *self == Self::Public
    }
}

/// What a column means to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// When it happened; partitions and retention follow it.
    Time,
    /// Start of validity of a `state` row.
    ValidFrom,
    /// End of validity of a `state` row, exclusive; may be null.
    ValidTo,
    /// The name of the measured quantity, one of `quantities`.
    Quantity,
    /// The measured value, in the unit of its quantity.
    Value,
    /// Longitude, WGS 84, degrees.
    Lon,
    /// Latitude, WGS 84, degrees.
    Lat,
    /// Geometry as well-known text, WGS 84.
    Geometry,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// SQL name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Digits after the point of a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<i8>,
    /// Unit of the stored numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Title for people.
    pub title: Text,
    /// True when a row without it is rejected.
    #[serde(default)]
    pub required: bool,
    /// Smallest plausible value; a smaller one is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest plausible value; a larger one is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The only values allowed, if not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Who may see it.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// What it means to the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A measured quantity of a long table (one row per object, quantity and time).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// Title for people.
    pub title: Text,
    /// Unit in which its values are stored.
    pub unit: Unit,
    /// Smallest plausible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest plausible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Mergeable parts kept per bucket of local time: sum (exact), count, min, max and the largest `_seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    /// Suffix of the SQL name: `hourly` makes `air_readings_hourly`.
    pub name: String,
    /// Bucket length.
    pub grain: Grain,
    /// Columns that split a bucket.
    pub by: Vec<String>,
    /// Numeric columns that are summed up.
    pub measures: Vec<String>,
}

/// The spec of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// SQL name, `<subject>_<plural noun>`.
    pub name: DatasetName,
    /// Subject folder.
    pub subject: String,
    /// What newer data do to older data.
    pub kind: Kind,
    /// Counted from 1; a changed unit, type or key is a new version.
    pub version: u32,
    /// Title for people.
    pub title: Text,
    /// What a row is, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// True when only the program itself writes it: values with their passports, what the registry tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// Who may see single rows; values that were made of them have rules of their own.
    #[serde(default, skip_serializing_if = "Sensitivity::is_public")]
    pub sensitivity: Sensitivity,
    /// Function of government whose department may see the rows, also when staff in general may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_function: Option<FunctionId>,
    /// IANA zone of local days, or `city` for the zone of the city's pack.
    pub zone: String,
    /// Columns that name a row. A time column among them makes duplicate search local to its day.
    pub key: Vec<String>,
    /// Columns in order. A snapshot also has the column `feed`, which the lake fills.
    pub columns: Vec<Column>,
    /// The quantities of a long table, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantities: BTreeMap<String, Quantity>,
    /// Rollups to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollups: Vec<Rollup>,
    /// Days for which rows are kept; absent means for ever. Rollups are kept for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// How rows of the version before become rows of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_previous: Option<FromPrevious>,
}

impl DatasetSpec {
    /// Reads and checks a spec. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key or column that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = super::from_toml(name, text)?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The first column with that role.
    pub fn role(&self, role: Role) -> Option<&Column> {
        self.columns.iter().find(|c| c.role == Some(role))
    }

    /// The column by which rows are laid into local days, if any.
    pub fn time(&self) -> Option<&Column> {
        self.role(Role::Time)
    }

    /// True when a row and its corrections always lie in the same local day.
    pub fn key_has_time(&self) -> bool {
        self.time().is_some_and(|t| self.key.contains(&t.name))
    }

    /// True when some column is personal.
    pub fn is_personal(&self) -> bool {
        self.columns
            .iter()
            .any(|c| c.sensitivity == Sensitivity::Personal)
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        if !self.name.as_str().starts_with(&self.subject) && !self.name.as_str().starts_with("gtfs_") {
            return Err(format!(
                "the name must start with the subject: `{}_…`",
                self.subject
            ));
        }
        if let Some(lang) = self.title.missing() {
            return Err(format!("the title has no {lang:?} form"));
        }
        for column in &self.columns {
            self.check_column(column)?;
            if !names.insert(column.name.as_str()) {
                return Err(format!("column `{}` is declared twice", column.name));
            }
        }
        let known = |what: &str, list: &[String]| -> Result<(), String> {
            for name in list {
                if !names.contains(name.as_str()) {
                    let hint = super::nearest(name, names.iter().copied());
                    let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                    return Err(format!(
                        "{what} names the column `{name}`, which is not declared{hint}"
                    ));
                }
            }
            Ok(())
        };
        known("key", &self.key)?;
        if self.key.is_empty() {
            return Err("key is empty; name the columns that tell one row from another".into());
        }
        if self.sensitivity == Sensitivity::Personal {
            return Err(
                "the sensitivity of a dataset is public, internal or records; `personal` is of columns"
                    .into(),
            );
        }
        if self.zone != "city" {
            crate::Zone::new(&self.zone).map_err(|e| e.to_string())?;
        }
        if self.kind == Kind::State && self.role(Role::ValidFrom).is_none() {
            return Err("a state dataset needs a column with role `valid_from`".into());
        }
        for rollup in &self.rollups {
            known("rollup", &rollup.by)?;
            known("rollup", &rollup.measures)?;
            if rollup.grain > Grain::Day {
                return Err(format!(
                    "rollup `{}`: buckets are kept by local day, so the grain is at most a day",
                    rollup.name
                ));
            }
            if self.time().is_none() {
                return Err(format!(
                    "rollup `{}` needs a column with role `time`",
                    rollup.name
                ));
            }
        }
        if self.role(Role::Quantity).is_some() == self.quantities.is_empty() {
            return Err("a column with role `quantity` and the table `quantities` go together".into());
        }
        match &self.from_previous {
            Some(previous) => previous.check(self),
            None => Ok(()),
        }
    }

    fn check_column(&self, column: &Column) -> Result<(), String> {
        let name = &column.name;
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            return Err(format!(
                "column `{name}`: names are lower-case Latin letters, digits and `_`, letter first"
            ));
        }
        if name == "feed" && self.kind == Kind::Snapshot {
            return Err("the column `feed` of a snapshot is added by the lake; remove it".into());
        }
        if let Some(lang) = column.title.missing() {
            return Err(format!("column `{name}`: the title has no {lang:?} form"));
        }
        if (column.kind == ColumnType::Decimal) != column.scale.is_some() {
            return Err(format!(
                "column `{name}`: `scale` belongs to decimals, and every decimal has one"
            ));
        }
        let timed = matches!(column.role, Some(Role::Time | Role::ValidFrom | Role::ValidTo));
        if timed && !matches!(column.kind, ColumnType::Time | ColumnType::Date) {
            return Err(format!(
                "column `{name}`: the role needs the type `time` or `date`"
            ));
        }
        if self.key.contains(name) && !column.required {
            return Err(format!(
                "column `{name}` is part of the key and must be `required = true`"
            ));
        }
        if column.role == Some(Role::Time) && !column.required {
            return Err(format!(
                "column `{name}` has the role `time` and must be `required = true`"
            ));
        }
        if column.sensitivity == Sensitivity::Personal && column.kind != ColumnType::Text {
            return Err(format!(
                "column `{name}`: only text can be personal, because its pseudonym is text"
            ));
        }
        Ok(())
    }
}
