//! Workbooks: the sheets of an XLSX or XLS file as rows of cells.

use std::collections::BTreeMap;
use std::io::Cursor;

use bytes::Bytes;
use calamine::{Data, DataRef, Dimensions, Reader, SheetType, SheetVisible, Xls, Xlsx};

use super::columnar::guarded;
use crate::fault::Fault;

/// Cells of one sheet; more are no table of a city's department.
const MAX_CELLS: usize = 20_000_000;
/// Bytes of an old workbook: the library lays all its sheets out as grids when it opens it, so that a large one costs
/// many times its size. Old workbooks of departments have at most a few megabytes: 65,536 rows was all that a sheet held.
const MAX_OLD_BYTES: usize = 64 << 20;
/// Days from 30 December 1899, where counting begins, to 1 January 1904, where some workbooks begin.
const EPOCH_1904: f64 = 1_462.0;

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    /// Days since 30 December 1899, in a cell that shows a date.
    Date(f64),
    Bool(bool),
    /// `#N/A` and its like.
    Error(String),
}

impl Value {
    /// A date counted from another day.
    fn shifted(self, days: f64) -> Self {
        match self {
            Self::Date(at) => Self::Date(at + days),
            other => other,
        }
    }
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
    Old(Box<Xls<Cursor<Bytes>>>),
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
    let input = Cursor::new(bytes.clone());
    if is_old(bytes) {
        if bytes.len() > MAX_OLD_BYTES {
            return Err(format!(
                "an old workbook of more than {MAX_OLD_BYTES} bytes; save it as .xlsx"
            ));
        }
        let book: Xls<_> = Xls::new(input).map_err(|error| error.to_string())?;
        return Ok(Book::Old(Box::new(book)));
    }
    let book = Xlsx::new(input).map_err(|error| error.to_string())?;
    Ok(Book::New(Box::new(book)))
}

impl Book {
    /// Worksheets that are shown, in their order.
    fn names(&self) -> Vec<String> {
        let sheets = match self {
            Self::New(book) => book.sheets_metadata(),
            Self::Old(book) => book.sheets_metadata(),
        };
        let is_shown = |sheet: &&calamine::Sheet| {
            sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet
        };
        let shown = sheets.iter().filter(is_shown);
        shown.map(|sheet| sheet.name.clone()).collect()
    }

    fn is_1904(&self) -> bool {
        match self {
            Self::New(book) => book.has_1904_epoch(),
            Self::Old(book) => book.has_1904_epoch(),
        }
    }

    /// The cells of a sheet; `None` when there are more than `limit`.
    fn sheet(&mut self, name: &str, limit: usize) -> Result<Option<Sheet>, String> {
        let mut sheet = Sheet {
            name: name.to_owned(),
            ..Sheet::default()
        };
        let mut count = 0_usize;
        let shift = if self.is_1904() { EPOCH_1904 } else { 0.0 };
        match self {
            Self::New(book) => {
                let text = |error: calamine::XlsxError| error.to_string();
                // A sheet may claim any size: cells are taken one by one, never as a grid.
                let mut cells = book.worksheet_cells_reader(name).map_err(text)?;
                while let Some(cell) = cells.next_cell().map_err(text)? {
                    let (row, column) = cell.get_position();
                    if let Some(value) = new_value(cell.get_value()).map(|value| value.shifted(shift)) {
                        count += 1;
                        if count > limit {
                            return Ok(None);
                        }
                        sheet.rows.entry(row).or_default().insert(column, value);
                    }
                }
                drop(cells);
                let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
                sheet.merged = merged.iter().map(span).collect();
            }
            Self::Old(book) => {
                let text = |error: calamine::XlsError| error.to_string();
                let range = book.worksheet_range(name).map_err(text)?;
                let (top, left) = range.start().unwrap_or_default();
                for (row, column, cell) in range.used_cells() {
                    if let Some(value) = old_value(cell).map(|value| value.shifted(shift)) {
                        count += 1;
                        if count > limit {
                            return Ok(None);
                        }
                        let row = top + u32::try_from(row).unwrap_or_default();
                        let column = left + u32::try_from(column).unwrap_or_default();
                        sheet.rows.entry(row).or_default().insert(column, value);
                    }
                }
                let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
                sheet.merged = merged.iter().map(span).collect();
            }
        }
        Ok(Some(sheet))
    }
}

fn span(merged: &Dimensions) -> ((u32, u32), (u32, u32)) {
    (merged.start, merged.end)
}

fn new_value(cell: &DataRef<'_>) -> Option<Value> {
    match cell {
        DataRef::Int(value) => Some(Value::Number(*value as f64)),
        DataRef::Float(value) => Some(Value::Number(*value)),
        DataRef::SharedString(text) => words(text),
        DataRef::Bool(value) => Some(Value::Bool(*value)),
        DataRef::DateTime(at) => Some(date(at)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => words(text),
        DataRef::Error(error) => Some(Value::Error(error.to_string())),
        DataRef::Empty => None,
    }
}

fn old_value(cell: &Data) -> Option<Value> {
    match cell {
        Data::Int(value) => Some(Value::Number(*value as f64)),
        Data::Float(value) => Some(Value::Number(*value)),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => words(text),
        Data::Bool(value) => Some(Value::Bool(*value)),
        Data::DateTime(at) => Some(date(at)),
        Data::Error(error) => Some(Value::Error(error.to_string())),
        Data::Empty => None,
    }
}

/// A text that is not blank.
fn words(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| Value::Text(text.to_owned()))
}

/// A duration stays a number of days.
fn date(at: &calamine::ExcelDateTime) -> Value {
    if at.is_duration() {
        return Value::Number(at.as_f64());
    }
    Value::Date(at.as_f64())
}
