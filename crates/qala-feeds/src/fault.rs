//! What is wrong with one cell or record, and warnings that do not flood.

use std::borrow::Cow;
use std::collections::BTreeMap;

use qala_core::{DatasetName, Position, Problem, Severity};

use crate::{Sink, Stopped};

/// Longest raw record kept in a problem, in bytes.
const RAW_LIMIT: usize = 2_000;
/// Longest quotation of a cell in a message, in characters.
const QUOTE_LIMIT: usize = 60;
/// How many warnings of one kind and place are given one by one.
const WARNINGS_EACH: u64 = 20;

/// Stands for the value of a personal field in raw records.
pub(crate) const PERSONAL: &str = "[personal]";

/// One thing that is wrong, before it has a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Machine word.
    pub(crate) code: &'static str,
    /// Sentence for a person.
    pub(crate) message: String,
    /// Field or column.
    pub(crate) field: Option<String>,
}

impl Fault {
    /// A fault of no particular field.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// The same fault of a field.
    pub(crate) fn of(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same fault of a field, unless the name is empty.
    pub(crate) fn of_some(self, field: &str) -> Self {
        if field.is_empty() { self } else { self.of(field) }
    }

    /// The problem that rejects `rows` rows.
    pub(crate) fn reject(self, dataset: Option<&DatasetName>, rows: u64, mut position: Position) -> Problem {
        if self.field.is_some() {
            position.field = self.field;
        }
        Problem::rejected(self.code, self.message, dataset.cloned(), rows).at(position)
    }

    /// The problem that loses no row.
    pub(crate) fn warn(self, dataset: Option<&DatasetName>, mut position: Position) -> Problem {
        if self.field.is_some() {
            position.field = self.field;
        }
        let mut problem = Problem::warning(self.code, self.message).at(position);
        problem.dataset = dataset.cloned();
        problem
    }
}

/// A cell as a message quotes it: short, without control characters.
pub(crate) fn quote(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell.get(..QUOTE_LIMIT * 4).unwrap_or(cell));
    let mut short: String = text
        .chars()
        .take(QUOTE_LIMIT)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > QUOTE_LIMIT || cell.len() > QUOTE_LIMIT * 4 {
        short.push('…');
    }
    format!("`{short}`")
}

/// A raw record cut to its limit at a character boundary.
pub(crate) fn cut(mut raw: String) -> String {
    if raw.len() > RAW_LIMIT {
        let end = (0..=RAW_LIMIT)
            .rev()
            .find(|at| raw.is_char_boundary(*at))
            .unwrap_or(0);
        raw.truncate(end);
    }
    raw
}

/// `; did you mean …?` when a known word is near.
pub(crate) fn hint<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best = qala_core::spec::nearest(written, known);
    best.map(|best| format!("; did you mean `{best}`?"))
        .unwrap_or_default()
}

/// Rejected rows of the payload whose reason is the same for all, told once.
pub(crate) fn reject_all(
    sink: &mut dyn Sink,
    faults: Vec<Fault>,
    dataset: Option<&DatasetName>,
    rows: u64,
    position: &Position,
) -> Result<(), Stopped> {
    let mut left = rows;
    for fault in faults {
        sink.problem(fault.reject(dataset, left, position.clone()))?;
        left = 0;
    }
    Ok(())
}

/// Warnings of one payload: the first of each kind one by one, the rest as a number at the end.
#[derive(Default)]
pub(crate) struct Warnings {
    seen: BTreeMap<(&'static str, String, String), (u64, Option<DatasetName>)>,
}

impl Warnings {
    /// Passes a warning on, unless many of its kind were passed for the same file and field.
    pub(crate) fn warn(
        &mut self,
        sink: &mut dyn Sink,
        fault: impl FnOnce() -> Fault,
        place: (&'static str, &str, &str),
        dataset: Option<&DatasetName>,
        position: impl FnOnce() -> Position,
    ) -> Result<(), Stopped> {
        let (code, file, field) = place;
        let key = (code, file.to_owned(), field.to_owned());
        let entry = self.seen.entry(key).or_insert_with(|| (0, dataset.cloned()));
        entry.0 += 1;
        if entry.0 > WARNINGS_EACH {
            return Ok(());
        }
        sink.problem(fault().of_some(field).warn(dataset, position()))
    }

    /// Tells how many more there were of each kind, and starts anew.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        for ((code, file, field), (count, dataset)) in std::mem::take(&mut self.seen) {
            if count > WARNINGS_EACH {
                let more = count - WARNINGS_EACH;
                let file = (!file.is_empty()).then_some(file);
                let position = Position {
                    file,
                    ..Position::default()
                };
                let fault = Fault::new(code, format!("{more} more warnings of this kind for this field"));
                sink.problem(fault.of_some(&field).warn(dataset.as_ref(), position))?;
            }
        }
        Ok(())
    }
}

/// A problem that tells of a whole payload or file.
pub(crate) fn whole(fault: Fault, file: Option<&str>, rows: u64) -> Problem {
    let position = Position {
        file: file.map(str::to_owned),
        ..Position::default()
    };
    fault.reject(None, rows, position)
}

/// The raw form of a record.
pub(crate) fn with_raw(problem: Problem, raw: Option<Cow<'_, str>>) -> Problem {
    match raw {
        Some(raw) if problem.severity == Severity::Rejected => problem.with_raw(cut(raw.into_owned())),
        _ => problem,
    }
}
