//! Tables of cells: what goes into a model and what comes out.

use super::time::days_of;
use super::{Moment, Refusal};

/// Texts of a column, one after the other in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a cell.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// The cell of that row; empty when there is none.
    pub fn get(&self, row: usize) -> &str {
        let from = if row == 0 {
            0
        } else {
            self.ends.get(row - 1).copied().unwrap_or(0)
        };
        self.ends
            .get(row)
            .and_then(|end| self.bytes.get(from..*end))
            .unwrap_or("")
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cells.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(cells: I) -> Self {
        let mut texts = Self::default();
        for cell in cells {
            texts.push(cell.as_ref());
        }
        texts
    }
}

/// Cells of a column; an absent one is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Texts; empty: missing.
    Text(Texts),
    /// Numbers.
    Float(Vec<Option<f64>>),
    /// Whole numbers.
    Int(Vec<Option<i64>>),
}

impl Cells {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Float(cells) => cells.len(),
            Self::Int(cells) => cells.len(),
        }
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Named columns of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<(String, Cells)>,
}

impl Table {
    /// A table without columns; `name` is that of the input or output, for messages.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            columns: Vec::new(),
        }
    }

    /// With one more column.
    #[must_use]
    pub fn with(mut self, name: &str, cells: Cells) -> Self {
        self.columns.push((name.to_owned(), cells));
        self
    }

    /// With one more column of texts.
    #[must_use]
    pub fn texts_of<S: AsRef<str>>(self, name: &str, cells: impl IntoIterator<Item = S>) -> Self {
        self.with(name, Cells::Text(cells.into_iter().collect()))
    }

    /// With one more column of numbers; what is not finite is missing.
    #[must_use]
    pub fn floats_of<N: Into<Option<f64>>>(self, name: &str, cells: impl IntoIterator<Item = N>) -> Self {
        let cells = cells
            .into_iter()
            .map(|cell| cell.into().filter(|n| n.is_finite()));
        self.with(name, Cells::Float(cells.collect()))
    }

    /// With one more column of whole numbers.
    #[must_use]
    pub fn ints_of<N: Into<Option<i64>>>(self, name: &str, cells: impl IntoIterator<Item = N>) -> Self {
        self.with(name, Cells::Int(cells.into_iter().map(Into::into).collect()))
    }

    /// Reads CSV in UTF-8 with a header.
    ///
    /// # Errors
    /// [`Refusal`] naming the line that is no CSV, a column without a name or one that is there twice.
    pub fn from_csv(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let wrong = |error: csv::Error| Refusal(format!("input `{name}`: {error}"));
        let header = reader.headers().map_err(wrong)?.clone();
        let mut columns: Vec<(String, Texts)> = Vec::new();
        for column in &header {
            if column.is_empty() {
                return Err(Refusal(format!(
                    "input `{name}`: a column has no name; the first line must be a header"
                )));
            }
            if columns.iter().any(|(known, _)| known == column) {
                return Err(Refusal(format!(
                    "input `{name}`: the column `{column}` is there twice"
                )));
            }
            columns.push((column.to_owned(), Texts::default()));
        }
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            for ((_, cells), cell) in columns.iter_mut().zip(&record) {
                cells.push(cell);
            }
        }
        Ok(columns
            .into_iter()
            .fold(Self::new(name), |table, (column, cells)| {
                table.with(&column, Cells::Text(cells))
            }))
    }

    /// Writes CSV with a header; numbers in the shortest form that reads back the same, missing cells empty.
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = String>| {
            for (index, cell) in cells.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&quoted(&cell));
            }
            text.push('\n');
        };
        line(&mut self.names().cloned());
        for row in 0..self.rows() {
            line(&mut self.columns.iter().map(|(_, cells)| written(cells, row)));
        }
        text
    }

    /// The cells of a row as text, in the form of CSV without its quotes.
    pub fn row(&self, row: usize) -> Vec<String> {
        self.columns
            .iter()
            .map(|(_, cells)| written(cells, row))
            .collect()
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().map(|(name, _)| name)
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[(String, Cells)] {
        &self.columns
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }

    /// Says whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| name == column)
    }

    /// The texts of a column; empty where missing.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such column.
    pub fn texts(&self, column: &str) -> Result<Vec<String>, Refusal> {
        let cells = self.cells(column)?;
        Ok((0..cells.len()).map(|row| written(cells, row)).collect())
    }

    /// The texts of a column, none of them missing.
    ///
    /// # Errors
    /// [`Refusal`] naming the row that has none.
    pub fn ids(&self, column: &str) -> Result<Vec<String>, Refusal> {
        let texts = self.texts(column)?;
        match texts.iter().position(String::is_empty) {
            Some(row) => Err(self.wrong(row, column, "is empty")),
            None => Ok(texts),
        }
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is no finite number.
    pub fn maybe_floats(&self, column: &str) -> Result<Vec<Option<f64>>, Refusal> {
        match self.cells(column)? {
            Cells::Float(cells) => Ok(cells.clone()),
            Cells::Int(cells) => Ok(cells.iter().map(|cell| cell.map(|n| n as f64)).collect()),
            Cells::Text(texts) => self.parsed(column, texts, "is not a number", |text| {
                text.parse::<f64>().ok().filter(|number| number.is_finite())
            }),
        }
    }

    /// The numbers of a column, none of them missing.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is missing or no finite number.
    pub fn floats(&self, column: &str) -> Result<Vec<f64>, Refusal> {
        self.all(column, self.maybe_floats(column)?)
    }

    /// The whole numbers of a column.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is no whole number.
    pub fn maybe_ints(&self, column: &str) -> Result<Vec<Option<i64>>, Refusal> {
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        match self.cells(column)? {
            Cells::Int(cells) => Ok(cells.clone()),
            Cells::Float(cells) => cells
                .iter()
                .enumerate()
                .map(|(row, cell)| match cell.map(whole) {
                    Some(None) => Err(self.wrong(row, column, "is not a whole number")),
                    number => Ok(number.flatten()),
                })
                .collect(),
            Cells::Text(texts) => self.parsed(column, texts, "is not a whole number", |text| {
                text.parse()
                    .ok()
                    .or_else(|| text.parse::<f64>().ok().and_then(whole))
            }),
        }
    }

    /// The whole numbers of a column, none of them missing.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is missing or no whole number.
    pub fn ints(&self, column: &str) -> Result<Vec<i64>, Refusal> {
        self.all(column, self.maybe_ints(column)?)
    }

    /// The truth values of a column: `true` or `false`, `1` or `0`.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is missing or neither.
    pub fn flags(&self, column: &str) -> Result<Vec<bool>, Refusal> {
        let texts: Texts = self.texts(column)?.into_iter().collect();
        let flags = self.parsed(column, &texts, "must be true or false", |text| {
            match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            }
        })?;
        self.all(column, flags)
    }

    /// The moments of a column: ISO 8601 with an offset.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is no moment.
    pub fn maybe_moments(&self, column: &str) -> Result<Vec<Option<Moment>>, Refusal> {
        let what = "is not an ISO 8601 time with an offset, like 2026-03-02T08:15:00+05:00";
        match self.cells(column)? {
            Cells::Text(texts) => self.parsed(column, texts, what, Moment::parse),
            Cells::Float(_) | Cells::Int(_) => Err(self.wrong(0, column, what)),
        }
    }

    /// The moments of a column, none of them missing.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is missing or no moment.
    pub fn moments(&self, column: &str) -> Result<Vec<Moment>, Refusal> {
        self.all(column, self.maybe_moments(column)?)
    }

    /// The dates of a column, `YYYY-MM-DD`, alone or before a time (whose local day it is): days since 1970-01-01.
    ///
    /// # Errors
    /// [`Refusal`] naming the cell that is no date.
    pub fn maybe_days(&self, column: &str) -> Result<Vec<Option<i64>>, Refusal> {
        let what = "is not a date like 2026-03-02";
        match self.cells(column)? {
            Cells::Text(texts) => self.parsed(column, texts, what, |text| {
                days_of(text).or_else(|| Moment::parse(text).map(Moment::local_day))
            }),
            Cells::Float(_) | Cells::Int(_) => Err(self.wrong(0, column, what)),
        }
    }

    /// A refusal about one cell; `row` counts from 0.
    pub fn wrong(&self, row: usize, column: &str, what: &str) -> Refusal {
        let cell = self
            .cells(column)
            .map(|cells| written(cells, row))
            .unwrap_or_default();
        Refusal(format!(
            "input `{}`, row {}, column `{column}`: `{cell}` {what}",
            self.name,
            row + 1
        ))
    }

    fn cells(&self, column: &str) -> Result<&Cells, Refusal> {
        self.columns
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, cells)| cells)
            .ok_or_else(|| Refusal(format!("input `{}`: the column `{column}` is missing", self.name)))
    }

    fn parsed<T>(
        &self,
        column: &str,
        texts: &Texts,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, Refusal> {
        texts
            .iter()
            .enumerate()
            .map(|(row, text)| match text.trim() {
                "" => Ok(None),
                text => match parse(text) {
                    Some(value) => Ok(Some(value)),
                    None => Err(self.wrong(row, column, what)),
                },
            })
            .collect()
    }

    fn all<T>(&self, column: &str, cells: Vec<Option<T>>) -> Result<Vec<T>, Refusal> {
        cells
            .into_iter()
            .enumerate()
            .map(|(row, cell)| cell.ok_or_else(|| self.wrong(row, column, "is empty")))
            .collect()
    }
}

/// A cell as text.
fn written(cells: &Cells, row: usize) -> String {
    match cells {
        Cells::Text(texts) => texts.get(row).to_owned(),
        Cells::Float(numbers) => numbers
            .get(row)
            .copied()
            .flatten()
            .map_or(String::new(), |number| {
                // Negative zero is zero to a reader.
                let number = if number == 0.0 { 0.0 } else { number };
                let plain = number.abs() == 0.0 || (1e-5..1e16).contains(&number.abs());
                if plain {
                    format!("{number}")
                } else {
                    format!("{number:e}")
                }
            }),
        Cells::Int(numbers) => numbers
            .get(row)
            .copied()
            .flatten()
            .map_or(String::new(), |number| number.to_string()),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
