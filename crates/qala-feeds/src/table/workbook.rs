//! Records of a workbook: the rows of its sheets.

use std::collections::BTreeMap;
use std::io::BufRead;

use qala_core::Position;
use qala_core::spec::DatasetSpec;
use serde_json::{Map, Value as Json};

use super::all;
use super::cell::{Cell, Record, written};
use super::jsonl::{self, JsonRecord, Place};
use super::layout::{self, Layout, Line};
use super::plan::Columns;
use super::row::Rows;
use super::sheet::{self, Sheet, Value};
use crate::fault::{Fault, PERSONAL, whole};
use crate::{Context, Sink, Stopped};

/// How many rows a note names one by one.
const NAMED: usize = 10;

/// A row of a sheet.
struct Row<'a> {
    cells: &'a BTreeMap<u32, Value>,
    names: &'a [String],
    sheet: &'a str,
    section: &'a str,
    /// Counted from 1.
    number: u64,
}

/// Properties of a row, behind its columns.
const PROPERTIES: [&str; 2] = ["@sheet", "@section"];

impl Row<'_> {
    fn key(&self, column: usize) -> String {
        let name = self.names.get(column).filter(|name| !name.is_empty());
        name.map_or_else(|| (column + 1).to_string(), String::clone)
    }
}

impl Record for Row<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let columns = self.names.len() - PROPERTIES.len();
        if column == columns {
            return Cell::Text(self.sheet.as_bytes());
        }
        if column == columns + 1 {
            return Cell::Text(self.section.as_bytes());
        }
        let value = u32::try_from(column)
            .ok()
            .and_then(|column| self.cells.get(&column));
        value.map_or(Cell::Missing, layout::cell)
    }

    fn position(&self) -> Position {
        Position {
            line: Some(self.number),
            ..Position::default()
        }
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        let pairs = self.cells.iter().filter_map(|(column, value)| {
            let column = *column as usize;
            let text = if personal(column) {
                PERSONAL.to_owned()
            } else {
                written(&layout::cell(value))?
            };
            Some((self.key(column), Json::String(text)))
        });
        serde_json::to_string(&pairs.collect::<Map<_, _>>()).ok()
    }
}

/// Reads a workbook into a dataset.
pub(super) fn parse(
    bytes: &mut dyn BufRead,
    spec: &DatasetSpec,
    context: &Context<'_>,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let read = all(bytes, context).and_then(|bytes| sheet::read(&bytes, context.mapping.sheet.as_deref()));
    let book = match read {
        Ok(book) => book,
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    };
    let is_choice_free = context.mapping.sheet.is_none() && book.names.len() > 1;
    for sheet in &book.sheets {
        let place = file.map_or_else(|| sheet.name.clone(), |file| format!("{file}/{}", sheet.name));
        let Some(layout) = Layout::of(sheet, context.mapping) else {
            let fault = Fault::new("empty", format!("the sheet `{}` has no cells", sheet.name));
            sink.problem(whole(fault, Some(&place), 0))?;
            continue;
        };
        if is_choice_free {
            let message = format!(
                "the first of {} sheets is read; `sheet` of the mapping chooses another: {}",
                book.names.len(),
                book.names.join(", ")
            );
            note("first_sheet", message, &place, sink)?;
        }
        records(sheet, &layout, spec, context, &place, sink)?;
    }
    Ok(())
}

/// Tells something that loses no row.
fn note(code: &'static str, message: String, place: &str, sink: &mut dyn Sink) -> Result<(), Stopped> {
    let position = Position {
        file: Some(place.to_owned()),
        ..Position::default()
    };
    sink.problem(Fault::new(code, message).warn(None, position))
}

fn records(
    sheet: &Sheet,
    layout: &Layout,
    spec: &DatasetSpec,
    context: &Context<'_>,
    place: &str,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let mapping = context.mapping;
    if let Some((first, last)) = layout.header.filter(|(first, _)| *first > 1) {
        let message = format!(
            "the header is in rows {first} to {last}, above it is no table; `header_row` of the mapping names another"
        );
        note("found_header", message, place, sink)?;
    }
    let mut names = layout.names.clone();
    super::csv::warn_twins(&names, Some(place), sink)?;
    names.extend(PROPERTIES.map(str::to_owned));
    let mut rows =
        Rows::new(spec, mapping, context, &names, Columns::Fixed, Some(place)).without_usual_totals(mapping);
    rows.introduce(sink)?;
    let selection = rows.selection();
    let mut section = String::new();
    let mut headings = Vec::new();
    for (row, cells) in sheet.rows.range(layout.data..) {
        match layout.line(sheet, *row, cells) {
            Line::Empty => continue,
            Line::Heading => {
                let text = cells.values().find_map(|value| written(&layout::cell(value)));
                text.unwrap_or_default().trim().clone_into(&mut section);
                headings.push(row + 1);
                continue;
            }
            Line::Record => {}
        }
        let record = Row {
            cells,
            names: &names,
            sheet: &sheet.name,
            section: &section,
            number: u64::from(*row) + 1,
        };
        let position = Position {
            file: Some(place.to_owned()),
            ..record.position()
        };
        match selection.as_ref().and_then(|selection| selection.text(&position)) {
            None => rows.record(&record, sink)?,
            Some(text) => match mended(text, &record) {
                Ok(object) => {
                    let record = JsonRecord {
                        object: &object,
                        paths: &names,
                        place: Place::Line(record.number),
                    };
                    rows.record(&record, sink)?;
                }
                Err(fault) => rows.broken(fault, &record, sink)?,
            },
        }
    }
    if !headings.is_empty() {
        let named: Vec<String> = headings.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if headings.len() > NAMED { ", …" } else { "" };
        let message = format!(
            "{} rows hold a single text: headings and notes, no records (rows {}{more}); a mapping reads the heading above a row as `@section`",
            headings.len(),
            named.join(", ")
        );
        note("headings_left_out", message, place, sink)?;
    }
    rows.finish(sink)
}

/// The record that a person wrote in the place of this one, as the raw text shows it: names and values.
fn mended(text: &str, own: &Row<'_>) -> Result<Map<String, Json>, Fault> {
    let mut object =
        serde_json::from_str::<Map<String, Json>>(text).map_err(|error| jsonl::bad_json(&error))?;
    for (column, name) in own.names.iter().enumerate() {
        let is_property = PROPERTIES.contains(&name.as_str());
        let is_hidden = object.get(&own.key(column)).and_then(Json::as_str) == Some(PERSONAL);
        if is_property || is_hidden {
            let value = written(&own.cell(column)).map_or(Json::Null, Json::String);
            object.insert(own.key(column), value);
        }
    }
    Ok(object)
}
