//! Rows that add up others: they are left out, and that is said.

use qala_core::{DatasetName, Position};

use super::cell::{Cell, Record};
use crate::fault::Fault;
use crate::{Sink, Stopped};

/// First words of such rows in Kazakh, Russian and English.
const USUAL: [&str; 10] = [
    "барлығы",
    "жиыны",
    "жиынтығы",
    "жалпы жиыны",
    "итого",
    "всего",
    "total",
    "totals",
    "grand total",
    "subtotal",
];
/// Columns in which the word may stand: numbering and codes come before it.
const COLUMNS: usize = 3;
/// How many rows are named one by one.
const NAMED: usize = 10;

/// Says whether a text, in small letters, begins with a word.
fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// The usual word with which a row of cells adds up others.
pub(super) fn usual_word(cells: &[String]) -> Option<&'static str> {
    let mut first = cells.iter().take(COLUMNS).map(|cell| cell.trim().to_lowercase());
    first.find_map(|text| USUAL.into_iter().find(|word| begins(&text, word)))
}

/// Which rows are left out, and which were.
#[derive(Debug, Default)]
pub(super) struct Totals {
    words: Vec<String>,
    count: u64,
    first: Vec<u64>,
}

impl Totals {
    /// Leaves out rows that begin with one of these words.
    pub(super) fn new(words: &[String]) -> Self {
        Self {
            words: words.iter().map(|word| word.trim().to_lowercase()).collect(),
            ..Self::default()
        }
    }

    /// Leaves out rows that begin with one of the usual words.
    pub(super) fn usual() -> Self {
        Self::new(&USUAL.map(str::to_owned))
    }

    /// True when the record adds up others; it is counted.
    pub(super) fn takes<R: Record>(&mut self, record: &R) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let is_total = (0..COLUMNS).any(|column| {
            let text = match record.cell(column) {
                Cell::Text(text) => String::from_utf8_lossy(text).trim().to_lowercase(),
                Cell::Owned(text) => text.trim().to_lowercase(),
                _ => return false,
            };
            self.words.iter().any(|word| begins(&text, word))
        });
        if is_total {
            let position = record.position();
            self.count += 1;
            if self.first.len() < NAMED {
                self.first
                    .push(position.line.or(position.record).unwrap_or_default());
            }
        }
        is_total
    }

    /// Tells how many rows were left out.
    pub(super) fn tell(
        &self,
        dataset: &DatasetName,
        file: Option<&str>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if self.count == 0 {
            return Ok(());
        }
        let named: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        let more = if self.count > NAMED as u64 { ", …" } else { "" };
        let message = format!(
            "{} rows that add up others were left out (rows {}{more}); `totals = []` in the mapping reads them",
            self.count,
            named.join(", ")
        );
        let position = Position {
            file: file.map(str::to_owned),
            ..Position::default()
        };
        sink.problem(Fault::new("totals_left_out", message).warn(Some(dataset), position))
    }
}
