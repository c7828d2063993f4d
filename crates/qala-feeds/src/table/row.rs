//! Records through a plan: rows into batches, faults into problems.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, Position, Reading, Unit, Zone};
use serde_json::Value as Json;

use super::cell::{Record, is_missing, written};
use super::plan::{Columns, Misfit, Plan};
use super::totals::Totals;
use super::values::{LastTime, Work};
use crate::batch::{Batch, Value};
use crate::fault::{Fault, PERSONAL, Warnings, reject_all, with_raw};
use crate::selection::{Choice, Selection};
use crate::{Context, Sink, Stopped};

/// Fills one dataset from records with known columns.
pub(crate) struct Rows {
    dataset: DatasetName,
    file: Option<String>,
    state: State,
    scratch: Vec<Value<'static>>,
    /// Units met in the records' own unit column.
    units: Vec<(String, Unit)>,
    /// By column, the time that was read last.
    times: Vec<LastTime>,
    selection: Option<Arc<Selection>>,
    totals: Totals,
    warnings: Warnings,
}

enum State {
    Ready { plan: Box<Plan>, batch: Box<Batch> },
    Misfit { misfit: Misfit, rows: u64 },
}

impl Rows {
    /// Makes the mapping ready. One that does not fit rejects every record.
    pub(crate) fn new(
        spec: &DatasetSpec,
        mapping: &Mapping,
        context: &Context<'_>,
        columns: &[String],
        kind: Columns,
        file: Option<&str>,
    ) -> Self {
        let plan = zone(spec, mapping, context.city_zone)
            .map_err(|fault| Misfit {
                faults: vec![fault],
                melts: None,
                missing: Vec::new(),
            })
            .and_then(|zone| Plan::new(spec, mapping, &zone, columns, kind));
        let state = match plan {
            Ok(plan) => {
                let filled = plan
                    .rules
                    .iter()
                    .filter_map(|rule| spec.column(&rule.limits.name));
                let batch = Batch::new(&spec.name, filled);
                State::Ready {
                    plan: Box::new(plan),
                    batch: Box::new(batch),
                }
            }
            Err(misfit) => State::Misfit { misfit, rows: 0 },
        };
        Self {
            dataset: spec.name.clone(),
            file: file.map(str::to_owned),
            state,
            scratch: Vec::new(),
            units: Vec::new(),
            times: Vec::new(),
            selection: context.selection.clone(),
            totals: Totals::new(mapping.totals.as_deref().unwrap_or_default()),
            warnings: Warnings::default(),
        }
    }

    /// Leaves out rows that begin with one of the usual words for sums, unless the mapping names its own.
    pub(crate) fn without_usual_totals(mut self, mapping: &Mapping) -> Self {
        if mapping.totals.is_none() {
            self.totals = Totals::usual();
        }
        self
    }

    /// The records that are read, when not all are.
    pub(crate) fn selection(&self) -> Option<Arc<Selection>> {
        self.selection.clone()
    }

    /// What is done with a record; everything is read when nothing was selected.
    fn choice<R: Record>(&self, record: &R) -> Choice<'_> {
        match &self.selection {
            None => Choice::Read,
            Some(selection) => selection.at(&position(record, self.file.as_deref())),
        }
    }

    /// True when the mapping fits.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    /// Tells what of the source is not used, and what it lacks without need.
    pub(crate) fn introduce(&self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let State::Ready { plan, .. } = &self.state else {
            return Ok(());
        };
        let position = || Position {
            file: self.file.clone(),
            ..Position::default()
        };
        for fault in &plan.absent {
            sink.problem(fault.clone().warn(Some(&self.dataset), position()))?;
        }
        if !plan.unused.is_empty() {
            let names: Vec<&str> = plan.unused.iter().take(20).map(String::as_str).collect();
            let more = if plan.unused.len() > 20 { ", …" } else { "" };
            let message = format!("columns that nothing reads: {}{more}", names.join(", "));
            sink.problem(Fault::new("unused_column", message).warn(Some(&self.dataset), position()))?;
        }
        Ok(())
    }

    /// Adds the rows of a record.
    pub(crate) fn record<R: Record>(&mut self, record: &R, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let fields = match self.choice(record) {
            Choice::Skip => return Ok(()),
            Choice::Read => None,
            Choice::Fields(fields) => Some(fields.clone()),
        };
        if self.totals.takes(record) {
            return Ok(());
        }
        let (plan, batch) = match &mut self.state {
            State::Ready { plan, batch } => (&**plan, batch),
            State::Misfit { misfit, rows } => {
                *rows += match &misfit.melts {
                    None => 1,
                    Some(melts) => filled(record, melts.iter().copied(), &misfit.missing),
                };
                return Ok(());
            }
        };
        let mut work = Work {
            plan,
            record,
            units: &mut self.units,
            times: &mut self.times,
            quantity: None,
            doubt: None,
        };
        let mut values: Vec<Value<'_>> = mem::take(&mut self.scratch);
        let base = work.base(&mut values);
        if let (Some((rule, often)), Ok(())) = (work.doubt, &base) {
            let file = self.file.as_deref();
            let (code, message) = doubt(often);
            let fault = || Fault::new(code, message);
            let place = (code, file.unwrap_or_default(), rule.limits.name.as_str());
            let at = || position(record, file);
            self.warnings.warn(sink, fault, place, Some(&self.dataset), at)?;
        }
        let tell = |fault: Fault, rows: u64, sink: &mut dyn Sink| {
            let problem = fault.reject(Some(&self.dataset), rows, position(record, self.file.as_deref()));
            sink.problem(with_raw(problem, raw(plan, record)))
        };
        if let Some(unpivot) = &plan.unpivot {
            if let Err(fault) = base {
                let cells = unpivot.melts.iter().map(|melt| melt.source);
                let rows = filled(record, cells, &plan.missing);
                if rows > 0 {
                    tell(fault, rows, sink)?;
                }
            } else {
                // When only cells of the record were rejected, the others are there already.
                let only = fields
                    .filter(|fields| fields.iter().all(|f| unpivot.melts.iter().any(|m| m.field == *f)));
                for melt in &unpivot.melts {
                    if only.as_ref().is_some_and(|fields| !fields.contains(&melt.field)) {
                        continue;
                    }
                    let cell = record.cell(melt.source);
                    if is_missing(&cell, &plan.missing) {
                        continue;
                    }
                    match work.melted(
                        melt,
                        cell,
                        &unpivot.replace,
                        (unpivot.name, unpivot.value),
                        &mut values,
                    ) {
                        Ok(()) => batch.push(&values, sink)?,
                        Err(fault) => tell(fault.of(&melt.field), 1, sink)?,
                    }
                }
            }
        } else {
            match base {
                Ok(()) => batch.push(&values, sink)?,
                Err(fault) => tell(fault, 1, sink)?,
            }
        }
        self.scratch = recycle(values);
        Ok(())
    }

    /// True when a record adds up others and is left out: then it may also have fewer cells than the header.
    pub(super) fn leaves_out<R: Record>(&mut self, record: &R) -> bool {
        self.choice(record) == Choice::Read && self.totals.takes(record)
    }

    /// Rejects a record that is no record: its line has too many cells, its text is not JSON.
    pub(crate) fn broken<R: Record>(
        &mut self,
        fault: Fault,
        record: &R,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if self.choice(record) == Choice::Skip {
            return Ok(());
        }
        let (has_personal, rows) = match &self.state {
            State::Ready { plan, .. } => {
                let melts = plan
                    .unpivot
                    .as_ref()
                    .map(|unpivot| unpivot.melts.iter().map(|melt| melt.source));
                (
                    plan.has_personal,
                    melts.map_or(1, |melts| filled(record, melts, &plan.missing).max(1)),
                )
            }
            State::Misfit { .. } => (true, 1),
        };
        let hidden = has_personal.then(|| PERSONAL.to_owned());
        let raw = hidden
            .or_else(|| record.raw(&|_| false))
            .filter(|raw| !raw.is_empty());

        let problem = fault.reject(Some(&self.dataset), rows, position(record, self.file.as_deref()));
        sink.problem(with_raw(problem, raw.map(Cow::Owned)))
    }

    /// Hands over the last rows, and tells why all were rejected if they were.
    pub(crate) fn finish(mut self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.warnings.finish(sink)?;
        self.totals.tell(&self.dataset, self.file.as_deref(), sink)?;
        match self.state {
            State::Ready { mut batch, .. } => batch.flush(sink),
            State::Misfit { misfit, rows } => {
                let position = Position {
                    file: self.file,
                    ..Position::default()
                };
                reject_all(sink, misfit.faults, Some(&self.dataset), rows, &position)
            }
        }
    }
}

/// What is told of a clock that shows a reading twice or never.
fn doubt(often: Reading) -> (&'static str, &'static str) {
    match often {
        Reading::Never => (
            "skipped_hour",
            "the clock was put forward over this time; it is read with the clock before the change",
        ),
        Reading::Twice | Reading::Once => (
            "repeated_hour",
            "the clock was put back and showed this time twice; it is read as its first coming; write the offset from UTC to tell them apart",
        ),
    }
}

/// The zone of times without an offset.
pub(crate) fn zone(spec: &DatasetSpec, mapping: &Mapping, city_zone: &Zone) -> Result<Zone, Fault> {
    match mapping.zone.as_deref().unwrap_or(&spec.zone) {
        "city" => Ok(city_zone.clone()),
        name => Zone::new(name).map_err(|error| Fault::new("bad_mapping", error.to_string())),
    }
}

fn position<R: Record>(record: &R, file: Option<&str>) -> Position {
    Position {
        file: file.map(str::to_owned),
        ..record.position()
    }
}

/// The record as it is kept. Where a dataset has personal columns, a cell that slipped, or one under a header that
/// nothing reads, may hold what is personal: only numbers and times are shown of it.
fn raw<R: Record>(plan: &Plan, record: &R) -> Option<Cow<'static, str>> {
    let is_hidden = |column| {
        plan.personal.contains(&column)
            || plan.has_personal && written(&record.cell(column)).is_some_and(|text| !is_harmless(&text))
    };
    let text = record.raw(&is_hidden)?;
    if plan.has_personal
        && let Ok(mut value @ Json::Object(_)) = serde_json::from_str(&text)
    {
        hide_words(&mut value);
        return serde_json::to_string(&value).ok().map(Cow::Owned);
    }
    Some(Cow::Owned(text))
}

/// Numbers and times cannot name anybody; a number as long as that of a phone, a card or a person can.
fn is_harmless(text: &str) -> bool {
    let is_digits = text.bytes().all(|b| b.is_ascii_digit());
    text.bytes()
        .all(|b| b.is_ascii_digit() || b" +-.,:/TZ".contains(&b))
        && !(is_digits && text.len() > 8)
}

/// Hides every text in a JSON value that may name somebody, keys excepted.
fn hide_words(value: &mut Json) {
    match value {
        Json::String(text) if !is_harmless(text) => PERSONAL.clone_into(text),
        Json::Number(number) if !is_harmless(&number.to_string()) => *value = Json::from(PERSONAL),
        Json::Array(items) => items.iter_mut().for_each(hide_words),
        Json::Object(members) => members.values_mut().for_each(hide_words),
        _ => {}
    }
}

/// How many of these cells hold something.
fn filled<R: Record>(record: &R, cells: impl Iterator<Item = usize>, missing: &[String]) -> u64 {
    cells
        .filter(|column| !is_missing(&record.cell(*column), missing))
        .count() as u64
}

/// Empties a vector and keeps its memory for values that borrow from another record.
#[inline]
fn recycle<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    values.into_iter().map(|_| Value::Null).collect()
}
