//! The cells of a record, read into the values of a row.

use qala_core::spec::ColumnType;
use qala_core::{Reading, Unit};

use super::cell::{Cell, Record, is_missing, is_missing_text, read, reading, written};
use super::plan::{Melt, Part, Plan, ROW, Rule, Source, unknown_quantity};
use crate::batch::{Value, bounds};
use crate::fault::{Fault, quote};
use crate::number::Convert;

/// A time as it was written, and its instant. Many records in a row tell the same time, which is then read once.
pub(super) type LastTime = (Vec<u8>, i64);

/// One record at work.
pub(super) struct Work<'p, 'r, 'u, R> {
    pub(super) plan: &'p Plan,
    pub(super) record: &'r R,
    pub(super) units: &'u mut Vec<(String, Unit)>,
    pub(super) times: &'u mut Vec<LastTime>,
    /// The row's quantity once it is known.
    pub(super) quantity: Option<usize>,
    /// A time whose reading the clock shows twice or never.
    pub(super) doubt: Option<(&'p Rule, Reading)>,
}

impl<'p: 'v, 'r: 'v, 'v, R: Record> Work<'p, 'r, '_, R> {
    /// Reads every column except those that an unpivoted cell fills.
    #[inline]
    pub(super) fn base(&mut self, values: &mut Vec<Value<'v>>) -> Result<(), Fault> {
        let plan = self.plan;
        let melted = plan.unpivot.as_ref().map(|unpivot| (unpivot.name, unpivot.value));
        for (slot, rule) in plan.rules.iter().enumerate() {
            let is_melted = melted.is_some_and(|(name, value)| slot == name || slot == value);
            if is_melted || plan.value == Some(slot) {
                values.push(Value::Null);
                continue;
            }
            let value = self.column(slot, rule)?;
            let is_projected = plan
                .projected
                .as_ref()
                .is_some_and(|(lon, lat, _)| slot == *lon || slot == *lat);
            if !is_projected {
                rule.limits.check(&value)?;
            }
            if plan.quantity == Some(slot) {
                self.quantity = Some(self.quantity_of(&value)?);
            }
            values.push(value);
        }
        if let Some((lon, lat, projection)) = &plan.projected {
            if let (Value::Float(x), Value::Float(y)) = (&values[*lon], &values[*lat]) {
                let (x, y) = projection.degrees(*x, *y)?;
                (values[*lon], values[*lat]) = (Value::Float(x), Value::Float(y));
            }
            for slot in [*lon, *lat] {
                plan.rules[slot].limits.check(&values[slot])?;
            }
        }
        if let Some(slot) = plan
            .value
            .filter(|slot| melted.is_none_or(|(_, value)| value != *slot))
        {
            let rule = &plan.rules[slot];
            let value = match self.source(rule) {
                Some(cell) => self.measured(rule, cell, plan.value_unit)?,
                None => Value::Null,
            };
            rule.limits.check(&value)?;
            values[slot] = value;
        }
        Ok(())
    }

    /// Fills the slots of an unpivoted cell.
    pub(super) fn melted(
        &mut self,
        melt: &'p Melt,
        cell: Cell<'v>,
        replace: &'p std::collections::BTreeMap<String, String>,
        (name_slot, value_slot): (usize, usize),
        values: &mut [Value<'v>],
    ) -> Result<(), Fault> {
        let rules = &self.plan.rules;
        let cell = replaced(cell, replace);
        let named = &rules[name_slot];
        values[name_slot] = match named.limits.kind {
            ColumnType::Text => Value::text(&melt.name),
            // Columns that are years or dates.
            _ => read(
                Cell::Text(melt.name.as_bytes()),
                &named.limits,
                &named.style,
                Convert::NONE,
            )?,
        };
        rules[name_slot].limits.check(&values[name_slot])?;
        let rule = &rules[value_slot];
        let is_long = self.plan.value == Some(value_slot) && !self.plan.quantities.is_empty();
        let value = if is_long {
            if melt.quantity.is_some() {
                self.quantity = melt.quantity;
            }
            self.measured(rule, cell, melt.unit)?
        } else {
            read(cell, &rule.limits, &rule.style, melt.convert)?
        };
        rule.limits.check(&value)?;
        values[value_slot] = value;
        Ok(())
    }

    /// The cell of a rule after its words; `None` when it is missing and nothing stands in.
    #[inline]
    fn source(&self, rule: &'p Rule) -> Option<Cell<'v>> {
        let constant = || rule.constant.as_deref().map(|text| Cell::Text(text.as_bytes()));
        let cell = match &rule.source {
            Source::Nothing => return constant(),
            Source::Column(index) => cell_at(self.record, *index),
            Source::Join(parts) => self.joined(parts),
        };
        if rule.replace.is_empty()
            && let Cell::Text(text) = cell
        {
            // Made anew and not moved: what was just written in halves cannot be read at once.
            let is_missing = is_missing_text(text, &self.plan.missing);
            return if is_missing {
                constant()
            } else {
                Some(Cell::Text(text))
            };
        }
        if is_missing(&cell, &self.plan.missing) {
            return constant();
        }
        let cell = replaced(cell, &rule.replace);
        if is_missing(&cell, &[]) {
            constant()
        } else {
            Some(cell)
        }
    }

    #[inline]
    fn column(&mut self, slot: usize, rule: &'p Rule) -> Result<Value<'v>, Fault> {
        let plan = self.plan;
        let read = |cell| {
            read(cell, &rule.limits, &rule.style, rule.convert).map_err(|fault| hidden(fault, rule, plan))
        };
        match self.source(rule) {
            None => Ok(Value::Null),
            Some(cell) if rule.limits.kind == ColumnType::Time => self.time(slot, rule, cell),
            // Made anew and not moved, as above.
            Some(Cell::Text(text)) => read(Cell::Text(text)),
            Some(cell) => read(cell),
        }
    }

    #[inline]
    fn time(&mut self, slot: usize, rule: &'p Rule, cell: Cell<'v>) -> Result<Value<'v>, Fault> {
        if let (Cell::Text(text), Some((last, instant))) = (&cell, self.times.get(slot))
            && last == text
            && !text.is_empty()
        {
            return Ok(Value::Time(*instant));
        }
        let again = cell.clone();
        let value = read(cell, &rule.limits, &rule.style, rule.convert)
            .map_err(|fault| hidden(fault, rule, self.plan))?;
        let Value::Time(instant) = value else {
            return Ok(value);
        };
        if rule.style.zone.is_near_change(instant) {
            let often = reading(&again, &rule.style);
            if often != Reading::Once {
                self.doubt = Some((rule, often));
                return Ok(value);
            }
        }
        if let Cell::Text(text) = again {
            if self.times.len() <= slot {
                self.times.resize_with(slot + 1, LastTime::default);
            }
            let (last, at) = &mut self.times[slot];
            last.clear();
            last.extend_from_slice(text);
            *at = instant;
        }
        Ok(value)
    }

    fn joined(&self, parts: &[Part]) -> Cell<'v> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Column { index, width } => {
                    let cell = cell_at(self.record, *index);
                    if is_missing(&cell, &self.plan.missing) {
                        return Cell::Missing;
                    }
                    let Some(piece) = written(&cell) else {
                        return Cell::Missing;
                    };
                    let piece = piece.trim();
                    for _ in piece.chars().count()..*width {
                        text.push('0');
                    }
                    text.push_str(piece);
                }
            }
        }
        Cell::Owned(text)
    }

    fn quantity_of(&self, value: &Value<'_>) -> Result<usize, Fault> {
        let name = if let Value::Text(name) = value {
            name.as_ref()
        } else {
            ""
        };
        let found = self
            .plan
            .quantities
            .iter()
            .position(|quantity| quantity.name == name);
        let field = || {
            self.plan
                .quantity
                .map(|slot| self.plan.rules[slot].limits.name.clone())
                .unwrap_or_default()
        };
        found.ok_or_else(|| unknown_quantity(name, &self.plan.quantities).of(&field()))
    }

    /// A measured value in the unit of its quantity, within the quantity's bounds.
    #[inline]
    fn measured(&mut self, rule: &'p Rule, cell: Cell<'v>, unit: Option<Unit>) -> Result<Value<'v>, Fault> {
        let plan = self.plan;
        let Some(quantity) = self.quantity.map(|index| &plan.quantities[index]) else {
            return Err(unknown_quantity("", &plan.quantities).of(&rule.limits.name));
        };
        let from = self.row_unit()?.or(unit);
        let value = match from {
            Some(from) if from != quantity.unit => {
                let convert = Convert::new(&from, &quantity.unit)
                    .map_err(|error| Fault::new("wrong_unit", error.to_string()).of("unit"))?;
                read(cell, &rule.limits, &rule.style, convert)?
            }
            _ => read(cell, &rule.limits, &rule.style, Convert::NONE)?,
        };
        let number = match &value {
            Value::Float(number) => *number,
            Value::Int(number) => *number as f64,
            _ => return Ok(value),
        };
        if number < quantity.min || number > quantity.max {
            let what = format!("{} in {}", quantity.name, quantity.unit);
            let message = format!(
                "{}; check the unit of the source",
                bounds(number, quantity.min, quantity.max, &what)
            );
            return Err(Fault::new("out_of_range", message).of(&rule.limits.name));
        }
        Ok(value)
    }

    /// The unit that the record itself tells.
    #[inline]
    fn row_unit(&mut self) -> Result<Option<Unit>, Fault> {
        let Some(column) = self.plan.row_unit else {
            return Ok(None);
        };
        let cell = self.record.cell(column);
        if is_missing(&cell, &self.plan.missing) {
            return Ok(None);
        }
        let symbol = written(&cell).unwrap_or_default();
        if let Some((_, unit)) = self.units.iter().find(|(known, _)| *known == symbol) {
            return Ok(Some(*unit));
        }
        let unit =
            Unit::parse(&symbol).map_err(|error| Fault::new("unknown_unit", error.to_string()).of("unit"))?;
        if self.units.len() < 64 {
            self.units.push((symbol, unit));
        }
        Ok(Some(unit))
    }
}

/// The cell after the words of the mapping.
fn replaced<'v>(cell: Cell<'v>, words: &'v std::collections::BTreeMap<String, String>) -> Cell<'v> {
    if words.is_empty() {
        return cell;
    }
    let word = match &cell {
        Cell::Text(text) => std::str::from_utf8(text.trim_ascii())
            .ok()
            .and_then(|text| words.get(text)),
        other => written(other).and_then(|text| words.get(text.trim())),
    };
    word.map_or(cell, |word| Cell::Text(word.as_bytes()))
}

/// A fault does not quote what may be personal: cells slip from one column into the next.
fn hidden(mut fault: Fault, rule: &Rule, plan: &Plan) -> Fault {
    if rule.limits.personal || plan.has_personal {
        fault.message = format!("{} cannot be read", quote(rule.limits.name.as_bytes()));
    }
    fault
}

/// The cell of a column, or the record's own number.
#[inline]
fn cell_at<R: Record>(record: &R, index: usize) -> Cell<'_> {
    if index != ROW {
        return record.cell(index);
    }
    let position = record.position();
    let number = position.line.or(position.record).unwrap_or_default();
    Cell::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
