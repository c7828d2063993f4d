//! The second reading: the lines of one file into rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use qala_core::spec::Column;
use qala_core::{Position, TimeStyle, Zone};
use xxhash_rust::xxh3::xxh3_64;

use super::checks::Checks;
use super::standard::{CLOCKS, DEFINES, REFERS, clock};
use super::structure::{Found, is_blank, lines};
use crate::archive::read_fault;
use crate::batch::{Batch, Limits, Value};
use crate::fault::{Fault, Warnings, cut, quote};
use crate::number::Convert;
use crate::table::cell::{Cell, Record, Style, read};
use crate::table::csv::{Line, only_empty_more};
use crate::{Sink, Stopped};

/// Ids met so far, as hashes, by what they name.
#[derive(Default)]
pub(super) struct Ids {
    known: BTreeMap<&'static str, HashSet<u64>>,
}

impl Ids {
    fn add(&mut self, noun: &'static str, id: &str) {
        self.known.entry(noun).or_default().insert(xxh3_64(id.as_bytes()));
    }

    fn has(&self, noun: &str, hash: u64) -> bool {
        self.known.get(noun).is_some_and(|ids| ids.contains(&hash))
    }
}

/// A field of the file and how it is read.
struct FieldRule {
    limits: Limits,
    source: Option<usize>,
    is_clock: bool,
    /// What stands for an empty field of the key.
    when_empty: Option<i64>,
    defines: Option<&'static str>,
    refers: Option<&'static str>,
}

/// One file at work.
struct FileRows<'a> {
    found: &'a Found<'a>,
    name: String,
    fields: Vec<FieldRule>,
    /// Places of the key among the fields.
    key: Vec<usize>,
    style: Style,
    /// Hash of the key → hash of the row.
    seen: HashMap<u64, u64>,
    /// References of a file to itself, checked at its end: (field, hash, line).
    pending: Vec<(usize, u64, u64)>,
    bytes: Vec<u8>,
}

/// Reads a file. Returns how many rows were handed over.
pub(super) fn read_file(
    bytes: impl Read,
    found: &Found<'_>,
    ids: &mut Ids,
    warnings: &mut Warnings,
    sink: &mut dyn Sink,
) -> Result<u64, Stopped> {
    let name = format!("{}.txt", found.rule.stem);
    let at = || Position {
        file: Some(name.clone()),
        ..Position::default()
    };
    let dataset = Some(&found.spec.name);
    let (mut lines, _) = match lines(bytes) {
        Ok(lines) => lines,
        Err(error) => {
            sink.problem(read_fault(&error).reject(dataset, found.rows, at()))?;
            return Ok(0);
        }
    };
    let mut file = FileRows::new(found, &name);
    let filled: Vec<&Column> = file
        .fields
        .iter()
        .filter_map(|field| found.spec.column(&field.limits.name))
        .collect();
    let mut batch = Batch::new(&found.spec.name, filled.into_iter());
    let mut checks = Checks::new(found.rule.stem);
    // The header was read before.
    let mut is_header = true;
    let (mut given, mut rejected) = (0, 0);
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => {
                // The first reading went through, so the bytes have changed underneath.
                let left = found.rows.saturating_sub(given + rejected);
                sink.problem(fault.reject(dataset, left, at()))?;
                break;
            }
        }
        if std::mem::take(&mut is_header) || is_blank(lines.cells()) {
            continue;
        }
        let line = lines.line();
        match file.row(&line, lines.cells(), ids, warnings, sink)? {
            Ok(values) => {
                checks.row(&name, &values, &line, &|n| file.place(n), warnings, dataset, sink)?;
                batch.push(&values, sink)?;
                given += 1;
            }
            Err(fault) => {
                rejected += 1;
                let position = Position {
                    line: Some(line.number()),
                    ..at()
                };
                let raw = cut(line.written(&|_| false));
                sink.problem(fault.reject(dataset, 1, position).with_raw(raw))?;
            }
        }
    }
    batch.flush(sink)?;
    file.finish(ids, warnings, sink)?;
    checks.finish(&name, warnings, dataset, sink)?;
    warnings.finish(sink)?;
    Ok(given)
}

impl<'a> FileRows<'a> {
    fn new(found: &'a Found<'a>, name: &str) -> Self {
        let stem = found.rule.stem;
        let link = |links: &[super::standard::Link], field: &str| {
            links
                .iter()
                .find(|(file, name, _)| *file == stem && *name == field)
                .map(|(_, _, noun)| *noun)
        };
        let mut fields = Vec::new();
        for column in &found.spec.columns {
            let source = found.header.iter().position(|field| *field == column.name);
            let empty = found
                .rule
                .may_be_empty
                .iter()
                .find(|(field, _)| *field == column.name);
            if source.is_none() && empty.is_none() {
                continue;
            }
            fields.push(FieldRule {
                limits: Limits::new(column),
                source,
                is_clock: CLOCKS.contains(&column.name.as_str()),
                when_empty: empty.map(|(_, value)| *value),
                defines: link(DEFINES, &column.name),
                refers: link(REFERS, &column.name),
            });
        }
        let place = |name: &String| fields.iter().position(|field| field.limits.name == *name);
        let key = found.spec.key.iter().filter_map(place).collect();
        let style = Style {
            time: TimeStyle::Iso,
            zone: Zone::utc(),
            decimal: b'.',
            thousands: None,
        };
        Self {
            found,
            name: name.to_owned(),
            fields,
            key,
            style,
            seen: HashMap::new(),
            pending: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Place of a field among the values.
    fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.limits.name == name)
    }

    /// The values of a line, or why it is rejected.
    fn row<'v>(
        &mut self,
        line: &Line<'v>,
        cells: &'v csv::ByteRecord,
        ids: &mut Ids,
        warnings: &mut Warnings,
        sink: &mut dyn Sink,
    ) -> Result<Result<Vec<Value<'v>>, Fault>, Stopped> {
        let expected = self.found.header.len();
        if cells.len() > expected && !only_empty_more(cells, expected) {
            return Ok(Err(line.wrong_count(expected)));
        }
        let dataset = Some(&self.found.spec.name);
        let position = || Position {
            file: Some(self.name.clone()),
            line: Some(line.number()),
            ..Position::default()
        };
        if cells.len() != expected {
            let fault = || {
                let mut fault = line.wrong_count(expected);
                fault.message = format!(
                    "the line has {} fields, the header {expected}; what is missing or too much counts as empty",
                    cells.len()
                );
                fault
            };
            warnings.warn(
                sink,
                fault,
                ("wrong_field_count", &self.name, ""),
                dataset,
                position,
            )?;
        }
        let mut values = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let cell = field
                .source
                .and_then(|source| cells.get(source))
                .unwrap_or_default();
            let text = cell.trim_ascii();
            if text.len() != cell.len() {
                let said = || {
                    let message = format!("white space around {}; it was cut off", quote(text));
                    Fault::new("white_space", message)
                };
                let place = ("white_space", self.name.as_str(), field.limits.name.as_str());
                warnings.warn(sink, said, place, dataset, position)?;
            }
            let value = match field.value(text, &self.style) {
                Ok(value) => value,
                Err(fault) => return Ok(Err(fault)),
            };
            if let Err(fault) = field.limits.check(&value) {
                return Ok(Err(fault));
            }
            values.push(value);
        }
        if let Err(fault) = self.unique(&values) {
            return Ok(Err(fault));
        }
        self.references(&values, line, ids, warnings, sink)?;
        Ok(Ok(values))
    }

    /// Rejects a row whose key was given with other values before. The same row again is left to the lake to count.
    fn unique(&mut self, values: &[Value<'_>]) -> Result<(), Fault> {
        self.bytes.clear();
        for place in &self.key {
            write(&values[*place], &mut self.bytes);
        }
        let key = xxh3_64(&self.bytes);
        self.bytes.clear();
        for value in values {
            write(value, &mut self.bytes);
        }
        let row = xxh3_64(&self.bytes);
        let first = *self.seen.entry(key).or_insert(row);
        if first == row {
            return Ok(());
        }
        let named: Vec<String> = self
            .key
            .iter()
            .map(|place| format!("{} {}", self.fields[*place].limits.name, shown(&values[*place])))
            .collect();
        let message = format!(
            "{} was given before with other values; the first row stands, remove one of them",
            named.join(", ")
        );
        Err(Fault::new("duplicate_key", message).of(&self.fields[self.key[0]].limits.name))
    }

    fn references(
        &mut self,
        values: &[Value<'_>],
        line: &Line<'_>,
        ids: &mut Ids,
        warnings: &mut Warnings,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        for (place, (field, value)) in self.fields.iter().zip(values).enumerate() {
            let Value::Text(id) = value else { continue };
            if let Some(noun) = field.defines {
                ids.add(noun, id);
            }
            let Some(noun) = field.refers.filter(|_| !id.is_empty()) else {
                continue;
            };
            let hash = xxh3_64(id.as_bytes());
            if ids.has(noun, hash) {
                continue;
            }
            let is_own = DEFINES
                .iter()
                .any(|(file, _, own)| *file == self.found.rule.stem && *own == noun);
            if is_own {
                self.pending.push((place, hash, line.number()));
                continue;
            }
            let said = || unknown(noun, &quote(id.as_bytes()));
            let at = || Position {
                file: Some(self.name.clone()),
                line: Some(line.number()),
                ..Position::default()
            };
            let place = (
                "unknown_reference",
                self.name.as_str(),
                field.limits.name.as_str(),
            );
            warnings.warn(sink, said, place, Some(&self.found.spec.name), at)?;
        }
        Ok(())
    }

    /// Checks the references of the file to itself.
    fn finish(&mut self, ids: &Ids, warnings: &mut Warnings, sink: &mut dyn Sink) -> Result<(), Stopped> {
        for (place, hash, line) in std::mem::take(&mut self.pending) {
            let field = &self.fields[place];
            let Some(noun) = field.refers.filter(|noun| !ids.has(noun, hash)) else {
                continue;
            };
            let said = || unknown(noun, "the id");
            let at = || Position {
                file: Some(self.name.clone()),
                line: Some(line),
                ..Position::default()
            };
            let place = (
                "unknown_reference",
                self.name.as_str(),
                field.limits.name.as_str(),
            );
            warnings.warn(sink, said, place, Some(&self.found.spec.name), at)?;
        }
        Ok(())
    }
}

fn unknown(noun: &str, id: &str) -> Fault {
    Fault::new(
        "unknown_reference",
        format!("{id} names no {noun} of the feed; the row is kept"),
    )
}

impl FieldRule {
    fn value<'v>(&self, text: &'v [u8], style: &Style) -> Result<Value<'v>, Fault> {
        use qala_core::spec::ColumnType;
        if text.is_empty() {
            return Ok(match (self.when_empty, self.limits.kind) {
                (Some(_), ColumnType::Text) => Value::text(""),
                (Some(number), _) => Value::Int(number),
                (None, _) => Value::Null,
            });
        }
        if self.is_clock {
            return clock(text).map(Value::Int).ok_or_else(|| {
                let message = format!("{} is not a time of the form 6:05:00 or 25:30:00", quote(text));
                Fault::new("bad_time", message).of(&self.limits.name)
            });
        }
        if self.limits.kind == ColumnType::Date && !(text.len() == 8 && text.iter().all(u8::is_ascii_digit)) {
            let message = format!("{} is not a date of the form 20240229", quote(text));
            return Err(Fault::new("bad_date", message).of(&self.limits.name));
        }
        read(Cell::Text(text), &self.limits, style, Convert::NONE)
    }
}

/// A value as bytes that differ when the values differ.
fn write(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Text(text) => {
            out.push(1);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Int(value) | Value::Time(value) => {
            out.push(2);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Float(value) => {
            out.push(3);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::Decimal(value) => {
            out.push(4);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Bool(value) => out.push(5 + u8::from(*value)),
        Value::Date(value) => {
            out.push(7);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => quote(text.as_bytes()),
        Value::Int(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// The position of a line, for checks.
pub(super) fn position(name: &str, line: &Line<'_>) -> Position {
    Position {
        file: Some(name.to_owned()),
        ..line.position()
    }
}
