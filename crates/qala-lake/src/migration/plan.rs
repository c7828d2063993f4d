//! A stated mapping made ready for two versions of a spec.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::StringArray;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use qala_core::DatasetName;
use qala_core::Unit;
use qala_core::spec::{Carry, Column, ColumnType, DatasetSpec, FromPrevious, Role, Sensitivity, nearest};

use crate::error::{LakeError, Result};
use crate::schema::{column_type, table_schema};

/// Factor and offset.
pub(super) type Convert = (f64, f64);
const SAME: Convert = (1.0, 0.0);

/// How one column of the new version is filled.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    pub(super) column: String,
    pub(super) kind: DataType,
    pub(super) from: Option<String>,
    pub(super) constant: Option<String>,
    pub(super) replace: BTreeMap<String, String>,
    pub(super) convert: Option<Convert>,
}

/// How quantities of a long dataset are carried.
#[derive(Debug, Clone, Default)]
pub(super) struct Quantities {
    /// Old columns of quantity and value.
    pub(super) columns: Option<(String, String)>,
    /// Old quantity to the new one and the conversion of its values; `None`: its rows are left behind.
    pub(super) known: HashMap<String, Option<(String, Convert)>>,
}

/// How rows of one version become rows of the next.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) dataset: DatasetName,
    pub(crate) old: DatasetSpec,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// True when rows with different keys keep different keys.
    pub(super) keeps_key: bool,
    /// Columns whose values are pseudonyms already.
    pub(super) guarded: BTreeSet<String>,
    pub(super) fills: Vec<Fill>,
    pub(super) quantities: Quantities,
}

impl Plan {
    /// Makes a mapping ready.
    ///
    /// # Errors
    /// [`LakeError::Spec`] naming the column that has no source, an old one that goes nowhere, a unit that is not
    /// stated, or types that do not go together.
    pub(super) fn new(old: DatasetSpec, new: &DatasetSpec) -> Result<Self> {
        Self::build(old, new).map_err(|message| LakeError::Spec {
            dataset: new.name.to_string(),
            message,
        })
    }

    fn build(old: DatasetSpec, new: &DatasetSpec) -> Result<Self, String> {
        let none = FromPrevious::default();
        let stated = new.from_previous.as_ref().unwrap_or(&none);
        if old.kind != new.kind {
            return Err(format!(
                "version {} is of kind {:?}, version {} of kind {:?}; give the dataset a new name",
                old.version, old.kind, new.version, new.kind
            ));
        }
        let mut used: BTreeSet<&str> = stated.dropped.iter().map(String::as_str).collect();
        if let Some(name) = used.iter().find(|n| old.column(n).is_none()) {
            return Err(format!("`dropped` names `{name}`, {}", absent(&old, name)));
        }
        let mut fills = Vec::new();
        let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
        let mut guarded = BTreeSet::new();
        let is_long = !old.quantities.is_empty() && !new.quantities.is_empty();
        for column in &new.columns {
            let plain = Carry {
                from: old.column(&column.name).map(|c| c.name.clone()),
                ..Carry::default()
            };
            let carry = stated.columns.get(&column.name).unwrap_or(&plain);
            let source = match &carry.from {
                None if carry.value.is_none() && column.required => {
                    return Err(format!(
                        "`from_previous` does not say what `{}` is in old rows; name its old column with `from`, or a constant with `value`",
                        column.name
                    ));
                }
                None => None,
                Some(from) => Some(old.column(from).ok_or_else(|| {
                    format!(
                        "`{}` is to come from `{from}`, {}",
                        column.name,
                        absent(&old, from)
                    )
                })?),
            };
            let mut convert = None;
            if let Some(source) = source {
                used.insert(&source.name);
                sources.insert(&source.name, &column.name);
                check_types(source, column)?;
                if source.sensitivity == Sensitivity::Personal {
                    if column.sensitivity != Sensitivity::Personal {
                        return Err(format!("`{}` was personal and must stay so", column.name));
                    }
                    guarded.insert(column.name.clone());
                }
                let is_value =
                    is_long && column.role == Some(Role::Value) && source.role == Some(Role::Value);
                if !is_value {
                    let what = format!("`{}`", column.name);
                    convert =
                        Some(conversion(&what, source.unit, column.unit, carry.unit)?).filter(|c| *c != SAME);
                }
            }
            if let Some(text) = &carry.value {
                check_constant(column, text)?;
            }
            fills.push(Fill {
                column: column.name.clone(),
                kind: column_type(column),
                from: source.map(|c| c.name.clone()),
                constant: carry.value.clone(),
                replace: carry.replace.clone(),
                convert,
            });
        }
        if let Some(lost) = old.columns.iter().find(|c| !used.contains(c.name.as_str())) {
            return Err(format!(
                "the old column `{}` goes nowhere; name it in `from_previous.dropped`, or take it with `from`",
                lost.name
            ));
        }
        // A key that holds all of the old key, each column as it was, cannot make two rows one.
        let is_kept = |name: &String| {
            let to = sources.get(name.as_str());
            let plain = |to: &&&str| {
                let fill = fills.iter().find(|f| f.column == **to);
                fill.is_some_and(|f| f.replace.is_empty() && f.convert.is_none())
            };
            to.filter(plain).is_some_and(|to| new.key.iter().any(|k| k == to))
        };
        let quantities = if is_long {
            quantities(&old, new, stated)?
        } else {
            Quantities::default()
        };
        let mut names: Vec<&str> = quantities
            .known
            .values()
            .flatten()
            .map(|(n, _)| n.as_str())
            .collect();
        names.sort_unstable();
        let is_merged = names.windows(2).any(|w| w[0] == w[1]);
        Ok(Self {
            dataset: new.name.clone(),
            from: old.version,
            to: new.version,
            keeps_key: old.key.iter().all(is_kept) && !is_merged,
            guarded,
            fills,
            quantities,
            old,
        })
    }

    /// Columns of the old table.
    pub(super) fn stored(&self) -> Vec<&str> {
        let own = self.old.columns.iter().map(|c| c.name.as_str());
        own.chain([
            crate::schema::SEQ,
            crate::schema::RECEIVED_AT,
            crate::schema::SOURCE,
        ])
        .filter(|n| table_schema(&self.old).field_with_name(n).is_ok())
        .collect()
    }
}

fn absent(old: &DatasetSpec, name: &str) -> String {
    let hint = nearest(name, old.columns.iter().map(|c| c.name.as_str()));
    let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
    format!("which version {} does not have{hint}", old.version)
}

/// The conversion between two units; one that changes must be stated.
fn conversion(
    what: &str,
    from: Option<Unit>,
    to: Option<Unit>,
    stated: Option<Unit>,
) -> Result<Convert, String> {
    if let (Some(from), Some(stated)) = (from, stated)
        && from != stated
    {
        return Err(format!("{what} was in {from}; `from_previous` says {stated}"));
    }
    match (from.or(stated), to) {
        (Some(from), Some(to)) if from != to && stated.is_none() => Err(format!(
            "{what} was in {from} and is in {to}; state `unit = \"{from}\"` in `from_previous`, so that old values are converted"
        )),
        (Some(from), Some(to)) => from.to(&to).map_err(|e| format!("{what}: {e}")),
        _ => Ok(SAME),
    }
}

fn check_types(source: &Column, column: &Column) -> Result<(), String> {
    let number = |kind| matches!(kind, ColumnType::Int | ColumnType::Float | ColumnType::Decimal);
    let fits = source.kind == column.kind
        || (number(source.kind) && number(column.kind))
        || (column.kind == ColumnType::Text && source.kind != ColumnType::Time);
    if fits {
        return Ok(());
    }
    Err(format!(
        "`{}` was {:?} as `{}` and is {:?} now; old values cannot be carried over, give a constant with `value` and drop `{}`",
        column.name, source.kind, source.name, column.kind, source.name
    ))
}

fn check_constant(column: &Column, text: &str) -> Result<(), String> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let text = StringArray::from(vec![text]);
    cast_with_options(&text, &column_type(column), &options)
        .map(drop)
        .map_err(|e| format!("the constant of `{}` does not fit: {e}", column.name))
}

fn quantities(old: &DatasetSpec, new: &DatasetSpec, stated: &FromPrevious) -> Result<Quantities, String> {
    let columns = old
        .role(Role::Quantity)
        .zip(old.role(Role::Value))
        .map(|(q, v)| (q.name.clone(), v.name.clone()));
    let mut known: HashMap<String, Option<(String, Convert)>> = HashMap::new();
    for name in &stated.dropped_quantities {
        if !old.quantities.contains_key(name) {
            return Err(format!(
                "`dropped_quantities` names `{name}`, which is no old quantity"
            ));
        }
        known.insert(name.clone(), None);
    }
    for (name, quantity) in &new.quantities {
        let carry = stated.quantities.get(name);
        let from = carry.and_then(|c| c.from.as_ref()).unwrap_or(name);
        let Some(before) = old.quantities.get(from) else {
            if carry.is_some() {
                return Err(format!(
                    "the quantity `{name}` is to come from `{from}`, which is no old quantity"
                ));
            }
            continue;
        };
        let what = format!("the quantity `{name}`");
        let convert = conversion(
            &what,
            Some(before.unit),
            Some(quantity.unit),
            carry.and_then(|c| c.unit),
        )?;
        if known
            .insert(from.clone(), Some((name.clone(), convert)))
            .is_some()
        {
            return Err(format!("the old quantity `{from}` goes to two places"));
        }
    }
    match old.quantities.keys().find(|n| !known.contains_key(*n)) {
        Some(lost) => Err(format!(
            "the old quantity `{lost}` goes nowhere; name it in `from_previous.dropped_quantities`, or take it with `from`"
        )),
        None => Ok(Quantities { columns, known }),
    }
}
