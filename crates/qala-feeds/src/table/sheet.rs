//! Workbooks: the sheets of an XLSX or XLS file as rows of cells.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use calamine::{DataRef, Dimensions, Reader, SheetType, SheetVisible, Xlsx};

use super::columnar::guarded;
use super::old;
use crate::fault::{Fault, quote};

/// Cells of one sheet; more are no table of a city's department.
const MAX_CELLS: usize = 20_000_000;
/// Days from 30 December 1899, where counting begins, to 1 January 1904, where some workbooks begin.
const EPOCH_1904: f64 = 1_462.0;

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(Arc<str>),
    Number(f64),
    /// Days since 30 December 1899, in a cell that shows a date.
    Date(f64),
    Bool(bool),
    /// `#N/A` and its like.
    Error(String),
}

/// The cells of a sheet that are not empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// By row, counted from 0, and column.
    pub(super) rows: BTreeMap<u32, BTreeMap<u32, Value>>,
    /// Merged cells: first and last row and column.
    pub(super) merged: Vec<((u32, u32), (u32, u32))>,
}

/// An opened workbook.
enum Book {
    New(Box<Xlsx<Cursor<Bytes>>>),
    Old(old::Book),
}

/// Names of the sheets that people see, and the chosen sheets with their cells.
pub(super) struct Workbook {
    pub(super) names: Vec<String>,
    pub(super) sheets: Vec<Sheet>,
}

/// Says whether bytes begin like an old workbook.
pub(super) fn is_old(head: &[u8]) -> bool {
    head.starts_with(b"\xD0\xCF\x11\xE0")
}

/// Reads the sheets that `choice` names: a name, a number from 1, `*`; the first one without a choice.
pub(super) fn read(bytes: &Bytes, choice: Option<&str>) -> Result<Workbook, Fault> {
    let mut book = guarded(|| open(bytes))?;
    let names = book.names();
    let chosen = chosen(&names, choice)?;
    let mut sheets = Vec::new();
    let mut left = MAX_CELLS;
    for name in chosen {
        let sheet = guarded(|| book.sheet(&name, left))?;
        let Some(sheet) = sheet else {
            let message = format!("the sheet `{name}` has more than {MAX_CELLS} cells; split it");
            return Err(Fault::new("too_large", message));
        };
        left = left.saturating_sub(sheet.rows.values().map(BTreeMap::len).sum());
        sheets.push(sheet);
    }
    Ok(Workbook { names, sheets })
}

fn chosen(names: &[String], choice: Option<&str>) -> Result<Vec<String>, Fault> {
    let missing = || {
        let names: Vec<String> = names.iter().take(30).map(|name| quote(name.as_bytes())).collect();
        let message = format!(
            "the workbook has no such sheet; `sheet` of the mapping is one of: {}",
            names.join(", ")
        );
        Fault::new("missing_sheet", message)
    };
    let Some(choice) = choice.map(str::trim) else {
        return names.first().map(|name| vec![name.clone()]).ok_or_else(missing);
    };
    if choice == "*" {
        return Ok(names.to_vec());
    }
    let same = |name: &&String| name.trim().to_lowercase() == choice.to_lowercase();
    let by_number = || names.get(choice.parse::<usize>().ok()?.checked_sub(1)?);
    names
        .iter()
        .find(same)
        .or_else(by_number)
        .map(|name| vec![name.clone()])
        .ok_or_else(missing)
}

fn open(bytes: &Bytes) -> Result<Book, String> {
    if is_old(bytes) {
        return old::Book::open(bytes).map(Book::Old);
    }
    let book = Xlsx::new(Cursor::new(bytes.clone())).map_err(|error| error.to_string())?;
    Ok(Book::New(Box::new(book)))
}

impl Book {
    /// Worksheets that are shown, in their order.
    fn names(&self) -> Vec<String> {
        let book = match self {
            Self::New(book) => book,
            Self::Old(book) => return book.names(),
        };
        let is_shown = |sheet: &&calamine::Sheet| {
            sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet
        };
        let shown = book.sheets_metadata().iter().filter(is_shown);
        shown.map(|sheet| sheet.name.clone()).collect()
    }

    /// The cells of a sheet; `None` when there are more than `limit`.
    fn sheet(&mut self, name: &str, limit: usize) -> Result<Option<Sheet>, String> {
        let (sheet, is_1904) = match self {
            Self::New(book) => (new_sheet(book, name, limit)?, book.has_1904_epoch()),
            Self::Old(book) => (book.sheet(name, limit)?, book.is_1904),
        };
        let shift = if is_1904 { EPOCH_1904 } else { 0.0 };
        Ok(sheet.map(|mut sheet| {
            for value in sheet.rows.values_mut().flat_map(BTreeMap::values_mut) {
                if let Value::Date(at) = value {
                    *at += shift;
                }
            }
            sheet
        }))
    }
}

fn new_sheet(book: &mut Xlsx<Cursor<Bytes>>, name: &str, limit: usize) -> Result<Option<Sheet>, String> {
    let mut sheet = Sheet {
        name: name.to_owned(),
        ..Sheet::default()
    };
    let mut count = 0_usize;
    let text = |error: calamine::XlsxError| error.to_string();
    // A sheet may claim any size: cells are taken one by one, never as a grid.
    let mut cells = book.worksheet_cells_reader(name).map_err(text)?;
    while let Some(cell) = cells.next_cell().map_err(text)? {
        let (row, column) = cell.get_position();
        if let Some(value) = value(cell.get_value()) {
            count += 1;
            if count > limit {
                return Ok(None);
            }
            sheet.rows.entry(row).or_default().insert(column, value);
        }
    }
    drop(cells);
    let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
    let is_sound = |merged: &&Dimensions| merged.start.0 <= merged.end.0 && merged.start.1 <= merged.end.1;
    sheet.merged = merged
        .iter()
        .filter(is_sound)
        .map(|merged| (merged.start, merged.end))
        .collect();
    Ok(Some(sheet))
}

fn value(cell: &DataRef<'_>) -> Option<Value> {
    match cell {
        DataRef::Int(value) => Some(Value::Number(*value as f64)),
        DataRef::Float(value) => Some(Value::Number(*value)),
        DataRef::SharedString(text) => words(text).map(Value::Text),
        DataRef::Bool(value) => Some(Value::Bool(*value)),
        DataRef::DateTime(at) => Some(date(at)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            words(text).map(Value::Text)
        }
        DataRef::Error(error) => Some(Value::Error(error.to_string())),
        DataRef::Empty => None,
    }
}

/// A text that is not blank.
pub(super) fn words(text: &str) -> Option<Arc<str>> {
    (!text.trim().is_empty()).then(|| Arc::from(text))
}

/// A duration stays a number of days.
fn date(at: &calamine::ExcelDateTime) -> Value {
    if at.is_duration() {
        return Value::Number(at.as_f64());
    }
    Value::Date(at.as_f64())
}
