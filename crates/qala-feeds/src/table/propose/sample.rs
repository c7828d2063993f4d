//! A look at a file: its names and its first values, whatever its format.

use std::io::{BufRead, Cursor, Read};

use qala_core::spec::{Encoding, Mapping};
use serde_json::Value as Json;

use super::super::cell::written;
use super::super::layout::{self, Layout, Line};
use super::super::{Format, format, sheet};
use crate::fault::Fault;

mod lines_of_cells;

/// Records that are looked at.
const RECORDS: usize = 2_000;
/// Values of a column that are shown, and letters of each.
const SHOWN: usize = 3;
const SHOWN_LETTERS: usize = 80;
/// Documents larger than this are not looked through.
const DOCUMENT: usize = 256 << 20;

/// What was seen of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guess {
    /// The import kind that reads it.
    pub kind: &'static str,
    /// Character set of a text.
    pub encoding: Option<&'static str>,
    /// Field separator of a text.
    pub delimiter: Option<char>,
    /// Row of the header, from 1; absent: the columns have no names.
    pub header_row: Option<u32>,
    /// The sheet that was looked at.
    pub sheet: Option<String>,
    /// Path of the records in a document.
    pub records: Option<String>,
}

/// Names and values.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) guess: Guess,
    pub(super) encoding: Option<Encoding>,
    pub(super) names: Vec<String>,
    /// By record, then column; an empty text is no value.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) has_header: bool,
    /// What stands above the table.
    pub(super) title: Option<String>,
    /// What a mapping of a text must say, because the reader does not find it: the row of the header, the field separator, and
    /// the first words of rows that add up others.
    pub(super) header_row: Option<u32>,
    pub(super) delimiter: Option<char>,
    pub(super) totals: Option<Vec<String>>,
}

impl Sample {
    /// The values of a column that are there.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(column));
        cells.map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    /// The first different values of each column, as a person looks at them.
    pub(super) fn firsts(&self) -> Vec<Vec<String>> {
        let first = |column| {
            let mut found: Vec<String> = Vec::new();
            for value in self.values(column) {
                let shown: String = value.chars().take(SHOWN_LETTERS).collect();
                if !found.contains(&shown) {
                    found.push(shown);
                }
                if found.len() == SHOWN {
                    break;
                }
            }
            found
        };
        (0..self.names.len()).map(first).collect()
    }
}

/// Looks at one unpacked file.
pub(super) fn of(name: &str, bytes: &mut dyn BufRead) -> Result<Sample, Fault> {
    let mut all = Vec::new();
    Read::take(&mut *bytes, DOCUMENT as u64)
        .read_to_end(&mut all)
        .map_err(|error| crate::archive::read_fault(&error))?;
    match format(&all, name) {
        Format::Workbook => workbook(&all.into()),
        Format::Csv => lines_of_cells::look(&all),
        Format::Json => document(&all),
        Format::JsonLines => lines(&all),
        Format::Empty => Err(Fault::new("empty", "the file is empty")),
        Format::Parquet | Format::ArrowFile | Format::ArrowStream | Format::Utf16 => {
            let message = "a mapping is proposed for CSV, workbooks, JSON and GeoJSON; columns of other formats carry the dataset's names, or a mapping is written by hand";
            Err(Fault::new("no_proposal", message))
        }
    }
}

fn workbook(bytes: &bytes::Bytes) -> Result<Sample, Fault> {
    let book = sheet::read(bytes, None)?;
    let sheet = book
        .sheets
        .first()
        .ok_or_else(|| Fault::new("empty", "the workbook has no sheet"))?;
    let empty = || Fault::new("empty", format!("the sheet `{}` has no cells", sheet.name));
    let layout = Layout::of(sheet, &Mapping::default()).ok_or_else(empty)?;
    let mut rows = Vec::new();
    for (row, cells) in sheet.rows.range(layout.data..) {
        if layout.line(sheet, *row, cells) != Line::Record {
            continue;
        }
        let width = u32::try_from(layout.names.len()).unwrap_or(u32::MAX);
        let cell = |column| cells.get(&column).and_then(|value| written(&layout::cell(value)));
        rows.push(
            (0..width)
                .map(|column| cell(column).unwrap_or_default())
                .collect(),
        );
        if rows.len() == RECORDS {
            break;
        }
    }
    Ok(Sample {
        guess: Guess {
            kind: "table",
            header_row: layout.header.map(|(first, _)| first),
            sheet: Some(sheet.name.clone()),
            ..Guess::default()
        },
        title: title(sheet, &layout),
        names: layout.names,
        rows,
        has_header: true,
        ..Sample::default()
    })
}

/// The first text above the header.
fn title(sheet: &sheet::Sheet, layout: &Layout) -> Option<String> {
    let (first, _) = layout.header?;
    let above = sheet.rows.range(..first.saturating_sub(1));
    let mut texts = above.flat_map(|(_, cells)| cells.values());
    let text = texts.find_map(|value| written(&layout::cell(value)))?;
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ")).filter(|words| !words.is_empty())
}

/// The texts and numbers of an object, those in inner objects under dotted paths.
fn flatten(value: &Json, before: &str, out: &mut Vec<(String, String)>) {
    let Json::Object(object) = value else { return };
    for (key, value) in object {
        let path = format!("{before}{key}");
        match value {
            Json::Object(_) => flatten(value, &format!("{path}."), out),
            Json::String(text) => out.push((path, text.clone())),
            Json::Null => out.push((path, String::new())),
            Json::Bool(_) | Json::Number(_) => out.push((path, value.to_string())),
            Json::Array(_) => {}
        }
    }
}

fn of_objects<'a>(objects: impl Iterator<Item = &'a Json>) -> (Vec<String>, Vec<Vec<String>>) {
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for object in objects.take(RECORDS) {
        let mut pairs = Vec::new();
        flatten(object, "", &mut pairs);
        let mut row = vec![String::new(); names.len()];
        for (name, value) in pairs {
            let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name.clone());
                row.push(String::new());
                names.len() - 1
            });
            if let Some(cell) = row.get_mut(place) {
                *cell = value;
            }
        }
        rows.push(row);
    }
    (names, rows)
}

fn lines(bytes: &[u8]) -> Result<Sample, Fault> {
    let parsed: Vec<Json> = Cursor::new(bytes)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str(&line).ok())
        .take(RECORDS)
        .collect();
    if parsed.is_empty() {
        return Err(Fault::new("bad_json", "no line of the file is an object"));
    }
    let (names, rows) = of_objects(parsed.iter());
    let guess = Guess {
        kind: "table",
        ..Guess::default()
    };
    Ok(Sample {
        guess,
        names,
        rows,
        has_header: true,
        ..Sample::default()
    })
}

fn document(bytes: &[u8]) -> Result<Sample, Fault> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let document: Json = serde_json::from_slice(bytes)
        .map_err(|error| Fault::new("broken_json", format!("this is not JSON ({error})")))?;
    if let Some(features) = document.get("features").and_then(Json::as_array) {
        let nothing = Json::Null;
        let (names, rows) = of_objects(
            features
                .iter()
                .map(|one| one.get("properties").unwrap_or(&nothing)),
        );
        let guess = Guess {
            kind: "geojson",
            ..Guess::default()
        };
        return Ok(Sample {
            guess,
            names,
            rows,
            has_header: true,
            ..Sample::default()
        });
    }
    let mut best: Option<(String, &Vec<Json>)> = None;
    longest(&document, "", 0, &mut best);
    let (path, records) =
        best.ok_or_else(|| Fault::new("missing_records", "the document holds no array of objects"))?;
    let (names, rows) = of_objects(records.iter());
    let guess = Guess {
        kind: "table",
        records: (!path.is_empty()).then(|| format!("{path}[*]")),
        ..Guess::default()
    };
    Ok(Sample {
        guess,
        names,
        rows,
        has_header: true,
        ..Sample::default()
    })
}

/// The longest array of objects, by its path; keys that hold points cannot be written in a path.
fn longest<'a>(value: &'a Json, path: &str, depth: usize, best: &mut Option<(String, &'a Vec<Json>)>) {
    match value {
        Json::Array(items)
            if items.iter().all(Json::is_object)
                && items.len() > best.as_ref().map_or(0, |(_, known)| known.len()) =>
        {
            *best = Some((path.to_owned(), items));
        }
        Json::Object(object) if depth < 6 => {
            for (key, value) in object
                .iter()
                .filter(|(key, _)| !key.contains(['.', '[', ']', '*']))
            {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                longest(value, &path, depth + 1, best);
            }
        }
        _ => {}
    }
}
