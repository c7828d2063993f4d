//! How rows of the version before become rows of this version of a dataset.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::dataset::DatasetSpec;
use super::nearest;
use crate::Unit;

/// What happens to the rows of the version before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OldRows {
    /// Current rows are carried over.
    #[default]
    Carry,
    /// They stay where they are; the new version begins empty.
    Leave,
}

/// Where a column comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carry {
    /// Column of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A constant; with `from` it stands in where the old value is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Unit of the old numbers, to be stated when it changes; they are converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Old words and what they become.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
}

/// Where a quantity comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarryQuantity {
    /// Quantity of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Unit of its old values, to be stated when it changes; they are converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

/// The mapping of the version before to this one. A column or quantity that is not listed is the old one of the same
/// name, type and unit; an old one that goes nowhere must be named as dropped.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromPrevious {
    /// What happens to the rows.
    #[serde(default)]
    pub rows: OldRows,
    /// Columns of this version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Carry>,
    /// Quantities of this version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantities: BTreeMap<String, CarryQuantity>,
    /// Columns of the version before that are left behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Quantities of the version before whose rows are left behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_quantities: Vec<String>,
}

impl FromPrevious {
    /// Checks what can be checked without the version before.
    ///
    /// # Errors
    /// One sentence naming the key that is wrong.
    pub(super) fn check(&self, spec: &DatasetSpec) -> Result<(), String> {
        if spec.version < 2 {
            return Err("`from_previous` belongs to version 2 and later".into());
        }
        let known = |what: &str, name: &str, names: &BTreeSet<&str>| {
            if names.contains(name) {
                return Ok(());
            }
            let hint = nearest(name, names.iter().copied());
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            Err(format!(
                "`from_previous` fills the {what} `{name}`, which is not declared{hint}"
            ))
        };
        let columns = spec.columns.iter().map(|c| c.name.as_str()).collect();
        for (name, carry) in &self.columns {
            known("column", name, &columns)?;
            if carry.from.is_none() && carry.value.is_none() {
                return Err(format!("`from_previous.columns.{name}` needs `from` or `value`"));
            }
            let to = spec.column(name).and_then(|c| c.unit);
            if let Some(from) = carry.unit {
                let Some(to) = to else {
                    return Err(format!(
                        "`from_previous.columns.{name}` states a unit, but the column has none"
                    ));
                };
                from.to(&to)
                    .map_err(|e| format!("`from_previous.columns.{name}`: {e}"))?;
            }
        }
        let quantities = spec.quantities.keys().map(String::as_str).collect();
        for (name, carry) in &self.quantities {
            known("quantity", name, &quantities)?;
            if let (Some(from), Some(to)) = (carry.unit, spec.quantities.get(name)) {
                from.to(&to.unit)
                    .map_err(|e| format!("`from_previous.quantities.{name}`: {e}"))?;
            }
        }
        Ok(())
    }
}
