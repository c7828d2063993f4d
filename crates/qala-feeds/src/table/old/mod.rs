//! Old workbooks (XLS, BIFF5 and BIFF8): cells taken one by one out of the stream of records (MS-XLS).
//!
//! What belongs here: values of cells, which of them are dates, merged cells. What does not: formulas (their last value is in
//! the file), colours, charts, macros, and workbooks with a password.
//!
//! No number of the file decides how much memory is taken: a sheet is never laid out as a grid by the size it claims, a shared
//! text is held once however often it stands in cells, and no stretch of the file is read for two sheets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sheet::{Sheet, Value, words};
use text::{Letters, Parts, code_page};

mod compound;
mod text;

/// Texts of a sheet's cells may be so many times as long as the file: the same text may stand in many cells.
const MOST_REPEATED: usize = 32;
/// Below so many bytes of texts nobody counts.
const FEW_TEXTS: usize = 32 << 20;
/// Columns of an old sheet.
const COLUMNS: u32 = 256;

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let word = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(word.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let word = bytes.get(at..at.checked_add(8)?)?;
    Some(f64::from_le_bytes(word.try_into().ok()?))
}

/// Names of records.
mod record {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const PASSWORD: u16 = 0x002F;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const NUMBERS: u16 = 0x00BD;
    pub(super) const RICH_TEXT: u16 = 0x00D6;
    pub(super) const STYLE: u16 = 0x00E0;
    pub(super) const MERGED: u16 = 0x00E5;
    pub(super) const TEXTS: u16 = 0x00FC;
    pub(super) const SHARED_TEXT: u16 = 0x00FD;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const TEXT: u16 = 0x0204;
    pub(super) const TRUTH: u16 = 0x0205;
    pub(super) const RESULT: u16 = 0x0207;
    pub(super) const SHORT_NUMBER: u16 = 0x027E;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// The records of a stream from a place on.
struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// The next record and its bytes; `None` at the end of the stream.
    fn next(&mut self) -> Result<Option<(u16, &'a [u8])>, String> {
        let Some(kind) = u16_at(self.stream, self.at) else {
            return Ok(None);
        };
        let Some(data) = u16_at(self.stream, self.at + 2)
            .and_then(|length| self.stream.get(self.at + 4..)?.get(..usize::from(length)))
        else {
            return Err(format!("the record at byte {} runs past the end", self.at));
        };
        self.at += 4 + data.len();
        Ok(Some((kind, data)))
    }

    /// A record with all that continue it.
    fn parts(&mut self, first: &'a [u8]) -> Result<Parts<'a>, String> {
        let mut parts = vec![first];
        while u16_at(self.stream, self.at) == Some(record::CONTINUE) {
            let Some((_, data)) = self.next()? else { break };
            parts.push(data);
        }
        Ok(Parts::new(parts))
    }
}

/// A sheet that people see.
#[derive(Debug)]
struct Shown {
    name: String,
    /// Where its records begin.
    at: usize,
}

/// An opened workbook.
pub(super) struct Book {
    stream: Vec<u8>,
    sheets: Vec<Shown>,
    /// Shared texts; `None` stands for a blank one.
    texts: Vec<Option<Arc<str>>>,
    /// By style, whether a number in it is a date.
    dates: Vec<bool>,
    letters: Letters,
    pub(super) is_1904: bool,
    /// Bytes of the stream that have not been read for a sheet yet.
    unread: usize,
}

impl Book {
    /// Reads what all sheets share.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub(super) fn open(file: &[u8]) -> Result<Self, String> {
        let stream = compound::stream(file, &["Workbook", "WORKBOOK", "Book", "BOOK"])?;
        let mut book = Self {
            sheets: Vec::new(),
            texts: Vec::new(),
            dates: Vec::new(),
            letters: Letters::Unicode,
            is_1904: false,
            unread: stream.len(),
            stream: Vec::new(),
        };
        let mut records = Records {
            stream: &stream,
            at: 0,
        };
        let mut formats: BTreeMap<u16, bool> = BTreeMap::new();
        let mut styles: Vec<u16> = Vec::new();
        let cut = || "a record is cut short".to_owned();
        while let Some((kind, data)) = records.next()? {
            match kind {
                record::BEGIN => match u16_at(data, 0) {
                    Some(0x0600) => {}
                    Some(0x0500) => book.letters = Letters::Bytes(code_page(1252)),
                    _ => return Err("it is older than Excel 5".to_owned()),
                },
                record::PASSWORD => return Err("it is protected by a password".to_owned()),
                record::CODE_PAGE => {
                    if let (Letters::Bytes(_), Some(page)) = (book.letters, u16_at(data, 0)) {
                        book.letters = Letters::Bytes(code_page(page));
                    }
                }
                record::DATE_MODE => book.is_1904 = u16_at(data, 0) == Some(1),
                record::FORMAT => {
                    let number = u16_at(data, 0).ok_or_else(cut)?;
                    let rest = Parts::new(vec![&data[2..]]);
                    let code = match book.letters {
                        Letters::Unicode => { rest }.text::<2>(book.letters),
                        Letters::Bytes(_) => { rest }.text::<1>(book.letters),
                    };
                    formats.insert(number, is_date_code(&code.ok_or_else(cut)?));
                }
                record::STYLE => styles.push(u16_at(data, 2).ok_or_else(cut)?),
                record::SHEET => {
                    let at = u32_at(data, 0).ok_or_else(cut)? as usize;
                    let (Some(visibility), Some(what)) = (data.get(4), data.get(5)) else {
                        return Err(cut());
                    };
                    if (visibility & 3, *what) == (0, 0) {
                        let mut rest = Parts::new(vec![&data[6..]]);
                        let mut name = rest.text::<1>(book.letters).ok_or_else(cut)?;
                        name.retain(|letter| letter != '\0');
                        book.sheets.push(Shown { name, at });
                    }
                }
                record::TEXTS => {
                    let mut parts = records.parts(data)?;
                    parts.skip(8).ok_or_else(cut)?;
                    while parts.has_more() {
                        book.texts.push(words(&parts.rich().ok_or_else(cut)?));
                    }
                }
                record::END => break,
                _ => {}
            }
        }
        let is_date = |format: u16| formats.get(&format).copied().unwrap_or(is_date_number(format));
        book.dates = styles.into_iter().map(is_date).collect();
        book.stream = stream;
        Ok(book)
    }

    /// Names of the sheets that people see.
    pub(super) fn names(&self) -> Vec<String> {
        self.sheets.iter().map(|sheet| sheet.name.clone()).collect()
    }

    /// The cells of a sheet; `None` when there are more than `limit`.
    ///
    /// # Errors
    /// What is wrong with the sheet, in words.
    pub(super) fn sheet(&mut self, name: &str, limit: usize) -> Result<Option<Sheet>, String> {
        let Some(shown) = self.sheets.iter().find(|sheet| sheet.name == name) else {
            return Err(format!("there is no sheet `{name}`"));
        };
        let mut records = Records {
            stream: &self.stream,
            at: shown.at,
        };
        if !matches!(records.next()?, Some((record::BEGIN, _))) {
            return Err(format!("the sheet `{name}` does not begin where the file says"));
        }
        let mut cells = Cells {
            book: self,
            sheet: Sheet {
                name: name.to_owned(),
                ..Sheet::default()
            },
            count: 0,
            texts: 0,
            formula: None,
        };
        // Charts within a sheet are streams of their own.
        let mut depth = 0_usize;
        while let Some((kind, data)) = records.next()? {
            match kind {
                record::BEGIN => depth += 1,
                record::END if depth == 0 => break,
                record::END => depth -= 1,
                record::TEXT | record::RICH_TEXT | record::RESULT if depth == 0 => {
                    let parts = records.parts(data)?;
                    cells.text(kind, data, parts)?;
                }
                _ if depth == 0 => cells.take(kind, data)?,
                _ => {}
            }
            if cells.count > limit {
                return Ok(None);
            }
        }
        let (read, sheet) = (records.at - shown.at, cells.sheet);
        self.unread = self
            .unread
            .checked_sub(read)
            .ok_or("two sheets lie in the same place")?;
        Ok(Some(sheet))
    }
}

/// The cells of a sheet, as they come.
struct Cells<'a> {
    book: &'a Book,
    sheet: Sheet,
    count: usize,
    /// Bytes of all texts.
    texts: usize,
    /// The cell of a formula whose text comes in a record of its own.
    formula: Option<(u32, u32)>,
}

/// Row and column at the beginning of a record.
fn place(data: &[u8]) -> Result<(u32, u32), String> {
    let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else {
        return Err("a cell is cut short".to_owned());
    };
    Ok((u32::from(row), u32::from(column)))
}

impl Cells<'_> {
    fn put(&mut self, (row, column): (u32, u32), value: Option<Value>) -> Result<(), String> {
        if column >= COLUMNS {
            return Err(format!(
                "a cell in column {}, old sheets have {COLUMNS}",
                column + 1
            ));
        }
        let Some(value) = value else { return Ok(()) };
        if let Value::Text(text) = &value {
            self.texts += text.len();
            let most = self.book.stream.len() * MOST_REPEATED;
            if self.texts > most.max(FEW_TEXTS) {
                return Err(format!(
                    "its texts are more than {MOST_REPEATED} times as long as the file"
                ));
            }
        }
        self.count += 1;
        self.sheet.rows.entry(row).or_default().insert(column, value);
        Ok(())
    }

    /// A number as its style shows it.
    fn number(&self, style: Option<u16>, number: f64) -> Value {
        let is_date = style.and_then(|style| self.book.dates.get(usize::from(style)));
        if is_date == Some(&true) {
            Value::Date(number)
        } else {
            Value::Number(number)
        }
    }

    fn take(&mut self, kind: u16, data: &[u8]) -> Result<(), String> {
        let cut = || "a cell is cut short".to_owned();
        match kind {
            record::NUMBER => {
                let number = f64_at(data, 6).ok_or_else(cut)?;
                self.put(place(data)?, Some(self.number(u16_at(data, 4), number)))
            }
            record::SHORT_NUMBER => {
                let number = short(u32_at(data, 6).ok_or_else(cut)?);
                self.put(place(data)?, Some(self.number(u16_at(data, 4), number)))
            }
            record::NUMBERS => {
                let (row, first) = place(data)?;
                let pairs = data.get(4..data.len().saturating_sub(2)).ok_or_else(cut)?;
                for (column, pair) in (first..).zip(pairs.chunks_exact(6)) {
                    let number = short(u32_at(pair, 2).ok_or_else(cut)?);
                    self.put((row, column), Some(self.number(u16_at(pair, 0), number)))?;
                }
                Ok(())
            }
            record::SHARED_TEXT => {
                let index = u32_at(data, 6).ok_or_else(cut)? as usize;
                let Some(text) = self.book.texts.get(index) else {
                    return Err(format!("a cell with text {index} of {}", self.book.texts.len()));
                };
                self.put(place(data)?, text.clone().map(Value::Text))
            }
            record::TRUTH => {
                let (Some(value), Some(is_error)) = (data.get(6), data.get(7)) else {
                    return Err(cut());
                };
                let value = if *is_error == 0 {
                    Value::Bool(*value != 0)
                } else {
                    error(*value)
                };
                self.put(place(data)?, Some(value))
            }
            record::FORMULA => {
                let at = place(data)?;
                self.formula = None;
                let result = data.get(6..14).ok_or_else(cut)?;
                let value = match (result[0], u16_at(result, 6)) {
                    (0, Some(0xFFFF)) => {
                        self.formula = Some(at);
                        None
                    }
                    (1, Some(0xFFFF)) => Some(Value::Bool(result[2] != 0)),
                    (2, Some(0xFFFF)) => Some(error(result[2])),
                    (_, Some(0xFFFF)) => None,
                    _ => Some(self.number(u16_at(data, 4), f64_at(result, 0).ok_or_else(cut)?)),
                };
                self.put(at, value)
            }
            record::MERGED => {
                let count = usize::from(u16_at(data, 0).ok_or_else(cut)?);
                for merged in data[2..].chunks_exact(8).take(count) {
                    let side = |at: usize| u16_at(merged, at).map(u32::from).ok_or_else(cut);
                    let (top, bottom, left, right) = (side(0)?, side(2)?, side(4)?, side(6)?);
                    if top <= bottom && left <= right {
                        self.sheet.merged.push(((top, left), (bottom, right)));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A text that stands in its record, or the text of the formula before it.
    fn text(&mut self, kind: u16, data: &[u8], mut parts: Parts<'_>) -> Result<(), String> {
        let at = if kind == record::RESULT {
            let Some(at) = self.formula.take() else {
                return Ok(());
            };
            at
        } else {
            parts.skip(6).ok_or("a cell is cut short")?;
            place(data)?
        };
        let text = parts.text::<2>(self.book.letters).ok_or("a text is cut short")?;
        self.put(at, words(&text).map(Value::Text))
    }
}

/// A number of thirty bits (MS-XLS 2.5.217): whole, or the upper part of a double; perhaps in hundredths.
fn short(bits: u32) -> f64 {
    let number = if bits & 2 == 2 {
        f64::from(bits.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(bits & !3) << 32)
    };
    if bits & 1 == 1 { number / 100.0 } else { number }
}

fn error(code: u8) -> Value {
    let name = match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    };
    Value::Error(name.to_owned())
}

/// Numbers of the formats that every workbook has: days and times of day.
fn is_date_number(format: u16) -> bool {
    matches!(format, 14..=22 | 27..=36 | 50..=58)
}

/// Says whether a format shows a date or a time of day. What counts hours without end (`[h]:mm`) is a duration.
fn is_date_code(code: &str) -> bool {
    let mut letters = code.chars();
    let mut is_date = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => drop(letters.by_ref().find(|end| *end == '"')),
            '\\' | '_' | '*' => drop(letters.next()),
            '[' => {
                let inside: String = letters.by_ref().take_while(|end| *end != ']').collect();
                let mut inside = inside.chars();
                let first = inside.next().map(|first| first.to_ascii_lowercase());
                if matches!(first, Some('h' | 'm' | 's'))
                    && inside.all(|next| Some(next.to_ascii_lowercase()) == first)
                {
                    return false;
                }
            }
            ';' => break,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => is_date = true,
            _ => {}
        }
    }
    is_date
}
