//! A mapping made ready: which source column fills which dataset column, with which units and words.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{ColumnMap, DatasetSpec, Mapping, Role, Unpivot};
use qala_core::{Unit, Zone};

use super::cell::Style;
use crate::batch::Limits;
use crate::fault::{Fault, hint, quote};
use crate::features::Projection;
use crate::number::Convert;

/// Whether the list of source columns is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// A column that is not listed is missing in every record (tables).
    Fixed,
    /// A record may have or lack any column (JSON).
    Open,
}

/// Stands for the index of a column: the record's own number.
pub(crate) const ROW: usize = usize::MAX;

/// What begins so is no column of the source, but a property of the record.
const PROPERTY: char = '@';

/// Where a cell comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Nothing,
    Column(usize),
    Join(Vec<Part>),
}

/// A piece of a joined cell.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Column { index: usize, width: usize },
}

/// How one dataset column is filled.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) limits: Limits,
    pub(crate) source: Source,
    pub(crate) constant: Option<String>,
    pub(crate) replace: BTreeMap<String, String>,
    pub(crate) style: Style,
    pub(crate) convert: Convert,
}

/// A column that becomes a row.
#[derive(Debug)]
pub(crate) struct Melt {
    pub(crate) source: usize,
    pub(crate) field: String,
    pub(crate) name: String,
    /// Index of the quantity when the name is one.
    pub(crate) quantity: Option<usize>,
    pub(crate) unit: Option<Unit>,
    /// The conversion when unit and target are known beforehand.
    pub(crate) convert: Convert,
}

/// A quantity of a long dataset.
#[derive(Debug)]
pub(crate) struct QuantityRule {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A mapping made ready for a list of source columns.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) rules: Vec<Rule>,
    /// Slots among `rules`.
    pub(crate) quantity: Option<usize>,
    pub(crate) value: Option<usize>,
    pub(crate) quantities: Vec<QuantityRule>,
    /// Unit of the value column by the mapping.
    pub(crate) value_unit: Option<Unit>,
    /// Source column that tells the unit of each row.
    pub(crate) row_unit: Option<usize>,
    pub(crate) unpivot: Option<UnpivotPlan>,
    pub(crate) missing: Vec<String>,
    /// Sources of personal columns.
    pub(crate) personal: BTreeSet<usize>,
    pub(crate) has_personal: bool,
    /// Source columns that nothing reads.
    pub(crate) unused: Vec<String>,
    /// Unpivoted columns that the source lacks.
    pub(crate) absent: Vec<Fault>,
    /// Slots of longitude and latitude that are given in another reference system, and that system.
    pub(crate) projected: Option<(usize, usize, Projection)>,
}

/// Columns turned into rows.
#[derive(Debug)]
pub(crate) struct UnpivotPlan {
    pub(crate) name: usize,
    pub(crate) value: usize,
    pub(crate) melts: Vec<Melt>,
    pub(crate) replace: BTreeMap<String, String>,
}

/// Why a mapping does not fit, and which cells its records would have made rows of.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) faults: Vec<Fault>,
    /// Unpivoted source columns that are there; `None` when each record is one row.
    pub(crate) melts: Option<Vec<usize>>,
    pub(crate) missing: Vec<String>,
}

struct Builder<'a> {
    spec: &'a DatasetSpec,
    mapping: &'a Mapping,
    zone: &'a Zone,
    columns: &'a [String],
    kind: Columns,
    used: BTreeSet<usize>,
    faults: Vec<Fault>,
}

impl Plan {
    /// Makes a mapping ready.
    pub(crate) fn new(
        spec: &DatasetSpec,
        mapping: &Mapping,
        zone: &Zone,
        columns: &[String],
        kind: Columns,
    ) -> Result<Self, Misfit> {
        let builder = Builder {
            spec,
            mapping,
            zone,
            columns,
            kind,
            used: BTreeSet::new(),
            faults: Vec::new(),
        };
        builder.build()
    }
}

impl Builder<'_> {
    fn build(mut self) -> Result<Plan, Misfit> {
        for name in self
            .mapping
            .columns
            .keys()
            .filter(|name| self.spec.column(name).is_none())
        {
            let near = hint(name, self.spec.columns.iter().map(|c| c.name.as_str()));
            let message = format!(
                "the mapping fills `{name}`, which dataset `{}` does not have{near}",
                self.spec.name
            );
            self.faults.push(Fault::new("bad_mapping", message).of(name));
        }
        let signs = [
            Some(self.mapping.decimal),
            self.mapping.delimiter,
            self.mapping.thousands,
        ];
        if signs.into_iter().flatten().any(|sign| !sign.is_ascii()) {
            let message = "`decimal`, `thousands` and `delimiter` of the mapping must be ASCII characters";
            self.faults.push(Fault::new("bad_mapping", message));
        }
        let unpivot = self.mapping.unpivot.as_ref();
        let is_melted = |name: &str| unpivot.is_some_and(|u| u.name_to == name || u.value_to == name);
        let mut personal = BTreeSet::new();
        let mut rules = Vec::new();
        for column in &self.spec.columns {
            let limits = Limits::new(column);
            let mut rule = if is_melted(&column.name) {
                let style = self.style(&ColumnMap::default());
                Rule {
                    limits,
                    source: Source::Nothing,
                    constant: None,
                    replace: BTreeMap::new(),
                    style,
                    convert: Convert::NONE,
                }
            } else {
                let Some(rule) = self.rule(&column.name, limits) else {
                    continue;
                };
                rule
            };
            if rule.limits.personal {
                personal.extend(sources(&rule.source));
            }
            if column.role != Some(Role::Value) {
                let from = self.mapping.columns.get(&column.name).and_then(|map| map.unit);
                rule.convert = self.convert(from, column.unit, &column.name);
            }
            rules.push(rule);
        }
        let slot = |role: Role| rules.iter().position(|rule| rule.limits.role == Some(role));
        let (quantity, value) = (slot(Role::Quantity), slot(Role::Value));
        let quantities = self.quantities();
        let row_unit = if quantity.is_some() && self.spec.column("unit").is_none() {
            self.columns
                .iter()
                .position(|name| name.eq_ignore_ascii_case("unit"))
        } else {
            None
        };
        self.used.extend(row_unit);
        let projected = self.projected(&rules);
        let mut absent = Vec::new();
        let mut unpivot_plan = None;
        if let Some(unpivot) = unpivot {
            let slot = |name: &str| rules.iter().position(|rule| rule.limits.name == name);
            if let (Some(name), Some(to)) = (slot(&unpivot.name_to), slot(&unpivot.value_to)) {
                let melts = self.melts(unpivot, (name, to), &rules, &quantities, &mut absent);
                unpivot_plan = Some(UnpivotPlan {
                    name,
                    value: to,
                    melts,
                    replace: unpivot.replace.clone(),
                });
            } else {
                let message = format!(
                    "`unpivot` names `{}` and `{}`; both must be columns of `{}`",
                    unpivot.name_to, unpivot.value_to, self.spec.name
                );
                self.faults.push(Fault::new("bad_mapping", message));
            }
        }
        let value_name = value
            .map(|slot| rules[slot].limits.name.clone())
            .unwrap_or_default();
        let value_unit = self.mapping.columns.get(&value_name).and_then(|map| map.unit);
        if self.faults.is_empty() {
            let unused = |(index, name): &(usize, &String)| {
                !self.used.contains(index) && !name.is_empty() && !name.starts_with(PROPERTY)
            };
            let unused = self
                .columns
                .iter()
                .enumerate()
                .filter(unused)
                .map(|(_, name)| name.clone())
                .collect();
            return Ok(Plan {
                rules,
                quantity,
                value,
                quantities,
                value_unit,
                row_unit,
                unpivot: unpivot_plan,
                missing: self.mapping.missing.clone(),
                personal,
                has_personal: self.spec.is_personal(),
                unused,
                absent,
                projected,
            });
        }
        let melts = unpivot.map(|unpivot| self.melted(unpivot));
        Err(Misfit {
            faults: self.faults,
            melts,
            missing: self.mapping.missing.clone(),
        })
    }

    fn style(&self, map: &ColumnMap) -> Style {
        Style {
            time: map.time,
            zone: self.zone.clone(),
            decimal: u8::try_from(self.mapping.decimal).unwrap_or(b'.'),
            thousands: self.mapping.thousands.and_then(|sign| u8::try_from(sign).ok()),
        }
    }

    /// The slots of coordinates that are given in another reference system.
    fn projected(&mut self, rules: &[Rule]) -> Option<(usize, usize, Projection)> {
        let crs = self
            .mapping
            .crs
            .as_deref()
            .filter(|_| self.kind == Columns::Fixed)?;
        let slot = |role: Role| rules.iter().position(|rule| rule.limits.role == Some(role));
        let (lon, lat) = (slot(Role::Lon)?, slot(Role::Lat)?);
        match Projection::parse(crs) {
            Ok(projection) => projection.map(|projection| (lon, lat, projection)),
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// The rule of a column; `None` when nothing fills it.
    fn rule(&mut self, name: &str, limits: Limits) -> Option<Rule> {
        let fallback = ColumnMap::default();
        let map = self.mapping.columns.get(name);
        let (explicit, map) = (map.is_some(), map.unwrap_or(&fallback));
        let has_constant = map.value.is_some();
        let source = if let Some(join) = &map.join {
            self.join(join, name)
        } else {
            let wanted = map.from.as_deref().or((!has_constant).then_some(name));
            match wanted.map(|wanted| (wanted, self.find(wanted))) {
                None => Source::Nothing,
                Some((_, Some(index))) => Source::Column(index),
                Some((wanted, None)) => {
                    let needed = (explicit && map.from.is_some()) || limits.required;
                    if needed && !has_constant {
                        let fault = self.lacks(wanted, name);
                        self.faults.push(fault);
                    }
                    Source::Nothing
                }
            }
        };
        self.used.extend(sources(&source));
        if matches!(source, Source::Nothing) && !has_constant && !limits.required {
            return None;
        }
        let style = self.style(map);
        Some(Rule {
            limits,
            source,
            constant: map.value.clone(),
            replace: map.replace.clone(),
            style,
            convert: Convert::NONE,
        })
    }

    /// A source column by its name, or by its position from 1.
    fn find(&self, wanted: &str) -> Option<usize> {
        if wanted == "@row" {
            return Some(ROW);
        }
        let exact = self.columns.iter().position(|name| name == wanted);
        let loose = || {
            self.columns
                .iter()
                .position(|name| name.trim().eq_ignore_ascii_case(wanted.trim()))
        };
        let place = || {
            let place = wanted.parse::<usize>().ok()?.checked_sub(1)?;
            (self.kind == Columns::Fixed && place < self.columns.len()).then_some(place)
        };
        exact.or_else(loose).or_else(place)
    }

    fn lacks(&self, wanted: &str, column: &str) -> Fault {
        let free = self.columns.iter().map(String::as_str);
        let near = hint(wanted, free);
        let list: Vec<String> = self
            .columns
            .iter()
            .take(30)
            .map(|name| quote(name.as_bytes()))
            .collect();
        let message = format!(
            "the file has no column `{wanted}`{near}; map `{column}` to one of: {}",
            list.join(", ")
        );
        Fault::new("missing_column", message).of(wanted)
    }

    fn join(&mut self, pattern: &str, column: &str) -> Source {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some((text, after)) = rest.split_once('{') {
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let Some((inside, after)) = after.split_once('}') else {
                let message = format!("`join` of `{column}` has a `{{` without its `}}`");
                self.faults.push(Fault::new("bad_mapping", message).of(column));
                return Source::Nothing;
            };
            let (name, width) = match inside.rsplit_once(':') {
                Some((name, width)) if width.parse::<u8>().is_ok_and(|w| w < 32) => {
                    (name, width.parse().unwrap_or(0))
                }
                _ => (inside, 0),
            };
            if let Some(index) = self.find(name) {
                parts.push(Part::Column { index, width });
            } else {
                let fault = self.lacks(name, column);
                self.faults.push(fault);
            }
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Source::Join(parts)
    }

    fn convert(&mut self, from: Option<Unit>, to: Option<Unit>, column: &str) -> Convert {
        let result = match (from, to) {
            (None, _) => return Convert::NONE,
            (Some(from), Some(to)) => Convert::new(&from, &to).map_err(|error| error.to_string()),
            (Some(from), None) => Err(format!(
                "the column has no unit, the mapping says `{from}`; remove it"
            )),
        };
        result.unwrap_or_else(|message| {
            self.faults.push(Fault::new("wrong_unit", message).of(column));
            Convert::NONE
        })
    }

    fn quantities(&self) -> Vec<QuantityRule> {
        let rule = |(name, quantity): (&String, &qala_core::spec::Quantity)| QuantityRule {
            name: name.clone(),
            unit: quantity.unit,
            min: quantity.min.unwrap_or(f64::NEG_INFINITY),
            max: quantity.max.unwrap_or(f64::INFINITY),
        };
        self.spec.quantities.iter().map(rule).collect()
    }

    /// Indices of the unpivoted columns that the source has.
    fn melted(&self, unpivot: &Unpivot) -> Vec<usize> {
        if unpivot.columns.is_empty() {
            let is_free = |index: &usize| {
                let name = &self.columns[*index];
                !self.used.contains(index) && !name.is_empty() && !name.starts_with(PROPERTY)
            };
            return (0..self.columns.len()).filter(is_free).collect();
        }
        unpivot
            .columns
            .keys()
            .filter_map(|name| self.find(name))
            .collect()
    }

    fn melts(
        &mut self,
        unpivot: &Unpivot,
        (name_slot, value_slot): (usize, usize),
        rules: &[Rule],
        quantities: &[QuantityRule],
        absent: &mut Vec<Fault>,
    ) -> Vec<Melt> {
        let is_quantity = rules[name_slot].limits.role == Some(Role::Quantity);
        let column_unit = self.spec.column(&unpivot.value_to).and_then(|column| column.unit);
        let is_long = rules[value_slot].limits.role == Some(Role::Value) && !quantities.is_empty();
        let listed: Vec<(Option<usize>, String, String)> = if unpivot.columns.is_empty() {
            let all = self.melted(unpivot).into_iter();
            all.map(|index| {
                (
                    Some(index),
                    self.columns[index].clone(),
                    self.columns[index].clone(),
                )
            })
            .collect()
        } else {
            let all = unpivot.columns.iter();
            all.map(|(from, to)| (self.find(from), from.clone(), to.clone()))
                .collect()
        };
        let mut melts = Vec::new();
        for (source, field, name) in listed {
            let quantity = quantities.iter().position(|q| q.name == name);
            if is_quantity && quantity.is_none() {
                let fault = unknown_quantity(&name, quantities).of(&field);
                self.faults.push(fault);
                continue;
            }
            let Some(source) = source else {
                absent.push(self.lacks(&field, &unpivot.value_to));
                continue;
            };
            self.used.insert(source);
            let unit = unpivot.units.get(&field).copied().or(unpivot.unit);
            let target = if is_quantity {
                quantity.map(|q| quantities[q].unit)
            } else {
                column_unit
            };
            // A name that is no quantity leaves the unit to the row's quantity.
            let convert = if is_long && !is_quantity {
                Convert::NONE
            } else {
                self.convert(unit, target, &field)
            };
            let quantity = quantity.filter(|_| is_quantity);
            melts.push(Melt {
                source,
                field,
                name,
                quantity,
                unit,
                convert,
            });
        }
        melts
    }
}

/// The fault of a word that names no quantity.
pub(crate) fn unknown_quantity(name: &str, quantities: &[QuantityRule]) -> Fault {
    let names = || quantities.iter().map(|q| q.name.as_str());
    let near = hint(name, names());
    let known: Vec<&str> = names().collect();
    let message = format!(
        "{} is not a quantity of the dataset{near} (known: {})",
        quote(name.as_bytes()),
        known.join(", ")
    );
    Fault::new("unknown_quantity", message)
}

fn sources(source: &Source) -> Vec<usize> {
    match source {
        Source::Nothing => Vec::new(),
        Source::Column(index) => vec![*index],
        Source::Join(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Column { index, .. } => Some(*index),
                Part::Text(_) => None,
            })
            .collect(),
    }
}
