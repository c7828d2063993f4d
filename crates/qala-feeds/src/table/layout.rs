//! The shape of a sheet: where its header is, how its columns are called, which rows are records.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::Mapping;

use super::cell::{Cell, serial_micros, written};
use super::sheet::{Sheet, Value};

/// The header is looked for in so many rows that hold something.
const HEAD_ROWS: usize = 60;
/// Rows of a header at most.
const MOST_HEADER_ROWS: u32 = 6;
/// Share of the widest row that a header fills.
const FILLED: f64 = 0.6;
/// Share of a header's cells that are words, years or dates.
const NAMES: f64 = 0.8;

/// The shape of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Rows of the header, counted from 1: first and last; `None` without a header.
    pub(super) header: Option<(u32, u32)>,
    /// The first row of data, counted from 0.
    pub(super) data: u32,
    /// Names of all columns from A on.
    pub(super) names: Vec<String>,
}

/// What a row below the header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Record,
    /// One text by itself: the heading of the rows below it, or a note.
    Heading,
    /// Nothing under a name.
    Empty,
}

/// A value as a cell.
pub(super) fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Text(text) => Cell::Text(text.as_bytes()),
        Value::Error(text) => Cell::Text(text.as_bytes()),
        Value::Number(number) => Cell::Serial(*number),
        Value::Bool(value) => Cell::Bool(*value),
        Value::Date(serial) => {
            let local = serial_micros(*serial);
            let day = i32::try_from(local.div_euclid(86_400_000_000));
            match day {
                Ok(day) if serial.fract() == 0.0 => Cell::Date(day),
                _ => Cell::Local(local),
            }
        }
    }
}

/// A value in a header: blanks and ends of lines are one blank.
fn name(value: &Value) -> String {
    let text = written(&cell(value)).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words, years and dates name columns; other numbers do not.
fn is_name(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.trim().parse::<f64>().map_or(true, is_year),
        Value::Number(number) => is_year(*number),
        Value::Date(_) => true,
        Value::Bool(_) | Value::Error(_) => false,
    }
}

fn is_year(number: f64) -> bool {
    number.fract() == 0.0 && (1900.0..=2100.0).contains(&number)
}

impl Layout {
    /// Finds the shape of a sheet; what the mapping says is not looked for.
    pub(super) fn of(sheet: &Sheet, mapping: &Mapping) -> Option<Self> {
        let first = *sheet.rows.keys().next()?;
        let width = sheet
            .rows
            .values()
            .filter_map(|row| row.keys().next_back())
            .max()?
            .saturating_add(1);
        let said = mapping.header_row.map(|row| row.saturating_sub(1));
        if !mapping.header {
            let names = (1..=width).map(|place| place.to_string()).collect();
            return Some(Self {
                header: None,
                data: said.unwrap_or(first),
                names,
            });
        }
        let top = said.or_else(|| header(sheet)).unwrap_or(first);
        let rows = mapping
            .header_rows
            .unwrap_or_else(|| height(sheet, top))
            .clamp(1, MOST_HEADER_ROWS);
        let names = (0..width)
            .map(|column| column_name(sheet, top, rows, column))
            .collect();
        let mut data = top.saturating_add(rows);
        if sheet.rows.get(&data).is_some_and(is_numbering) {
            data += 1;
        }
        Some(Self {
            header: Some((top + 1, top + rows)),
            data,
            names,
        })
    }

    /// What a row below the header is.
    pub(super) fn line(&self, sheet: &Sheet, row: u32, cells: &BTreeMap<u32, Value>) -> Line {
        let mut named = cells.iter().filter(|(column, _)| {
            // A first column without a name holds what the rows are about.
            **column == 0
                || self
                    .names
                    .get(**column as usize)
                    .is_some_and(|name| !name.is_empty())
        });
        match (named.next(), named.next()) {
            (None, _) => Line::Empty,
            (Some((column, Value::Text(_))), None) if self.is_alone(sheet, row, *column) => Line::Heading,
            _ => Line::Record,
        }
    }

    /// A single text is a record of a narrow table, and a heading in a wide one or across columns.
    fn is_alone(&self, sheet: &Sheet, row: u32, column: u32) -> bool {
        let is_merged = region(sheet, row, column).is_some_and(|(from, to)| to.1 > from.1);
        is_merged || self.names.len() >= 3
    }
}

/// The merged cells that a cell belongs to.
fn region(sheet: &Sheet, row: u32, column: u32) -> Option<((u32, u32), (u32, u32))> {
    let holds = |(from, to): &&((u32, u32), (u32, u32))| {
        (from.0..=to.0).contains(&row) && (from.1..=to.1).contains(&column)
    };
    sheet.merged.iter().find(holds).copied()
}

/// The value of a cell; that of merged cells stands in their first one.
fn value(sheet: &Sheet, row: u32, column: u32) -> Option<&Value> {
    let at = |row: u32, column: u32| sheet.rows.get(&row)?.get(&column);
    at(row, column).or_else(|| region(sheet, row, column).and_then(|(from, _)| at(from.0, from.1)))
}

/// The first row that looks like a header.
fn header(sheet: &Sheet) -> Option<u32> {
    let rows = || sheet.rows.iter().take(HEAD_ROWS);
    let widest = rows().map(|(_, cells)| cells.len()).max()?;
    let fits = |row: u32, cells: &BTreeMap<u32, Value>| {
        let merged = sheet
            .merged
            .iter()
            .filter(|(from, _)| from.0 == row && cells.contains_key(&from.1))
            .map(|(from, to)| (to.1 - from.1) as usize)
            .sum::<usize>();
        let words: BTreeSet<String> = cells.values().map(name).collect();
        let names = cells.values().filter(|value| is_name(value)).count();
        let is_wide = (cells.len() + merged) as f64 >= (widest as f64 * FILLED).max(2.0);
        is_wide && words.len() >= 2 && names as f64 >= cells.len() as f64 * NAMES
    };
    rows()
        .find(|(row, cells)| fits(**row, cells))
        .map(|(row, _)| *row)
}

/// How many rows a header has: as many as its merged cells cover, and one more below names that stand over several columns.
fn height(sheet: &Sheet, top: u32) -> u32 {
    let mut last = top;
    let mut row = top;
    while row <= last && row < top + MOST_HEADER_ROWS {
        for (from, to) in sheet.merged.iter().filter(|(from, _)| from.0 == row) {
            let is_over = to.1 > from.1 && sheet.rows.get(&(to.0 + 1)).is_some_and(is_names);
            last = last.max(to.0 + u32::from(is_over));
        }
        row += 1;
    }
    last - top + 1
}

fn is_names(cells: &BTreeMap<u32, Value>) -> bool {
    !cells.is_empty() && cells.values().all(is_name)
}

/// The name of a column: its words from top to bottom, each once.
fn column_name(sheet: &Sheet, top: u32, rows: u32, column: u32) -> String {
    let mut parts: Vec<String> = Vec::new();
    for row in top..top + rows {
        let part = value(sheet, row, column).map(name).unwrap_or_default();
        if !part.is_empty() && parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    parts.join(" ")
}

/// The row of column numbers that statistical tables have below their header: `А 1 2 3`.
fn is_numbering(cells: &BTreeMap<u32, Value>) -> bool {
    let mut next = 1_u32;
    for value in cells.values() {
        let text = name(value);
        if text.parse() == Ok(next) {
            next += 1;
        } else if next != 1 || text.chars().count() != 1 {
            return false;
        }
    }
    next > 2
}
