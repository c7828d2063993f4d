//! The spec of a model: what goes in, what can be set, what comes out.

use serde::{Deserialize, Serialize};

use super::SpecError;
use crate::{ModelId, Text, Unit};

/// The kind of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingKind {
    /// Whole number.
    Int,
    /// Number.
    Float,
    /// `true` or `false`.
    Bool,
    /// Text, one of `values` if they are given.
    Text,
    /// Comma-separated list.
    List,
}

/// One setting of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Name, as in `--set name=value`.
    pub name: String,
    /// Kind of value.
    pub kind: SettingKind,
    /// Value when none is given, as text.
    pub default: String,
    /// What it does.
    pub title: Text,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Allowed words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputForm {
    /// A table with named columns.
    #[default]
    Table,
    /// The bytes of a file whose format the model reads itself.
    File,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Name, as in `--input name=file`.
    pub name: String,
    /// A table, or a file that the model reads itself.
    #[serde(default)]
    pub form: InputForm,
    /// Says whether the model runs without it.
    #[serde(default)]
    pub may_be_absent: bool,
    /// Columns that must be there.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Columns that may be there.
    #[serde(default)]
    pub optional: Vec<String>,
}

/// One column of an output table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputColumn {
    /// Name.
    pub name: String,
    /// Unit; absent: a number without one, or no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Says whether it is there only for some settings.
    #[serde(default)]
    pub optional: bool,
}

/// One output table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// Name, as in `--out name=file`.
    pub name: String,
    /// Says whether it is there only for some settings.
    #[serde(default)]
    pub may_be_absent: bool,
    /// Columns, in order.
    pub columns: Vec<OutputColumn>,
}

/// The spec of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Id.
    pub id: ModelId,
    /// Counted from 1.
    pub version: u32,
    /// Title for people.
    pub title: Text,
    /// Input tables.
    pub inputs: Vec<InputSpec>,
    /// Settings.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Output tables.
    pub outputs: Vec<OutputSpec>,
}

impl ModelSpec {
    /// Reads a model spec. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        super::from_toml(name, text)
    }
}
