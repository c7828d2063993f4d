//! A look at lines of cells: where their header is, what separates the cells, which rows add up others.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::Encoding;

use super::super::super::csv::{Lines, guess_delimiter};
use super::super::super::totals;
use super::{Guess, RECORDS, Sample};
use crate::fault::Fault;
use crate::text::{Mark, decode, encoding_name, guess_encoding, mark};

/// Bytes of a text that are looked at.
const HEAD: usize = 1 << 20;
/// The header is looked for in so many records.
const HEAD_RECORDS: usize = 60;
/// Share of the columns that a header fills.
const FILLED: f64 = 0.6;
/// Bytes at the end of a text in which its last rows are looked for.
const TAIL: usize = 8 << 10;
/// Rows at the end of a text that may add up others, with notes below them.
const LAST: usize = 10;
/// Where more rows than this share begin with such a word, it is a value among others.
const MOST_TOTALS: f64 = 0.2;

/// A record with the number of its first line, from 1.
struct Record {
    line: u64,
    cells: Vec<String>,
}

impl Record {
    fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.is_empty()).count()
    }

    /// Says whether it fills a table of so many columns as names do; a title does not.
    fn is_wide(&self, columns: usize) -> bool {
        self.filled() as f64 >= (columns as f64 * FILLED).max(2.0)
    }

    fn is_header_of(&self, columns: usize) -> bool {
        let words: BTreeSet<&String> = self.cells.iter().filter(|cell| !cell.is_empty()).collect();
        self.cells.len() == columns && self.is_wide(columns) && words.len() >= 2 && is_header(&self.cells)
    }
}

/// Looks at a text.
pub(super) fn look(all: &[u8]) -> Result<Sample, Fault> {
    let bytes = &all[..all.len().min(HEAD)];
    let (bytes, encoding) = match mark(bytes) {
        Mark::Utf8 => (&bytes[3..], Encoding::Utf8),
        _ => (bytes, guess_encoding(bytes)),
    };
    let plain = decode(bytes, encoding);
    let guessed = guess_delimiter(plain.as_bytes());
    let mut records = read(&plain, guessed, RECORDS + 1);
    if records.is_empty() {
        return Err(Fault::new("empty", "the file has no lines"));
    }
    let mut delimiter = guessed;
    let mut place = 0;
    if !is_of_table(&records) {
        // The first line does not even tell what separates cells.
        if let Some((found, at)) = below_titles(&plain, guessed) {
            (delimiter, place) = (found, at);
            records = read(&plain, delimiter, RECORDS + 1 + at);
        }
    }
    let mut table = records.split_off(place);
    let title = records
        .iter()
        .flat_map(|record| &record.cells)
        .find(|cell| !cell.is_empty());
    let title = title.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let has_header = is_header(&table[0].cells);
    let (names, row) = if has_header {
        let header = table.remove(0);
        (header.cells, Some(header.line))
    } else {
        (
            (1..=table[0].cells.len())
                .map(|place| place.to_string())
                .collect(),
            None,
        )
    };
    let row = row.and_then(|row| u32::try_from(row).ok());
    let totals = totals_of(&table, all, encoding, delimiter);
    if totals.is_some() {
        table.retain(|record| totals::usual_word(&record.cells).is_none());
    }
    Ok(Sample {
        guess: Guess {
            kind: "table",
            encoding: Some(encoding_name(encoding)),
            delimiter: Some(char::from(delimiter)),
            header_row: row,
            ..Guess::default()
        },
        encoding: (encoding != Encoding::Utf8).then_some(encoding),
        names,
        rows: table.into_iter().map(|record| record.cells).collect(),
        has_header,
        title,
        header_row: row.filter(|_| place > 0),
        delimiter: (delimiter != guessed).then_some(char::from(delimiter)),
        totals,
    })
}

/// Records with their lines, as the reader counts them.
fn read(plain: &str, delimiter: u8, most: usize) -> Vec<Record> {
    let mut lines = Lines::new(plain.as_bytes(), delimiter);
    let mut records = Vec::new();
    while records.len() < most && lines.advance().unwrap_or(false) {
        let cell = |cell: &[u8]| String::from_utf8_lossy(cell).trim().to_owned();
        records.push(Record {
            line: lines.line().number(),
            cells: lines.cells().iter().map(cell).collect(),
        });
    }
    records
}

/// Says whether the first record is one of the table: as wide as the others, but for empty cells at their ends.
fn is_of_table(records: &[Record]) -> bool {
    let columns = columns(records);
    let first = &records[0];
    let has_more = |record: &Record| {
        record
            .cells
            .iter()
            .skip(first.cells.len())
            .any(|cell| !cell.is_empty())
    };
    let is_alike = first.cells.len() == columns || !records.iter().any(has_more);
    columns < 2 || (is_alike && first.is_wide(columns))
}

/// How many cells most records have.
fn columns(records: &[Record]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for record in records {
        *counts.entry(record.cells.len()).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|(columns, count)| (*count, *columns));
    most.map_or(0, |(columns, _)| columns)
}

/// The separator and the place of the header among the records, where titles stand above it: of the separators the one that
/// makes most records of one width, the guessed one first.
fn below_titles(plain: &str, guessed: u8) -> Option<(u8, usize)> {
    let mut best: Option<(usize, u8, usize)> = None;
    for delimiter in [guessed, b';', b',', b'\t', b'|'] {
        let records = read(plain, delimiter, RECORDS);
        let columns = columns(&records);
        let head = records.iter().take(HEAD_RECORDS);
        let found = head.clone().position(|record| record.is_header_of(columns));
        let Some(place) = found.filter(|place| *place + 1 < records.len()) else {
            continue;
        };
        let alike = records[place..]
            .iter()
            .filter(|record| record.cells.len() == columns)
            .count();
        let weight = alike * columns;
        if columns >= 2 && best.is_none_or(|(known, _, _)| weight > known) {
            best = Some((weight, delimiter, place));
        }
    }
    best.map(|(_, delimiter, place)| (delimiter, place))
}

/// The words of rows that add up others, when such a row stands at the end of the text and few have such a word.
fn totals_of(table: &[Record], all: &[u8], encoding: Encoding, delimiter: u8) -> Option<Vec<String>> {
    let start = all.len().saturating_sub(TAIL);
    let tail = &all[start..];
    // A line that is cut in two is not looked at.
    let tail = match tail.iter().position(|byte| *byte == b'\n') {
        Some(end) if start > 0 => &tail[end + 1..],
        _ => tail,
    };
    let last = read(&decode(tail, encoding), delimiter, usize::MAX);
    let words_of = |records: &[Record]| -> Vec<&'static str> {
        let words = records
            .iter()
            .filter_map(|record| totals::usual_word(&record.cells));
        words.collect()
    };
    let ends = words_of(&last[last.len().saturating_sub(LAST)..]);
    let inside = words_of(table);
    if ends.is_empty() || inside.len() as f64 > (table.len() as f64 * MOST_TOTALS).max(1.0) {
        return None;
    }
    let words: BTreeSet<&str> = ends.into_iter().chain(inside).collect();
    Some(words.into_iter().map(str::to_owned).collect())
}

/// A line of names has no numbers, except years, and no name twice.
fn is_header(cells: &[String]) -> bool {
    let filled: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    let is_value = |cell: &&&String| {
        let number = cell.replace(',', ".").parse::<f64>();
        let is_date = cell.len() >= 8
            && cell
                .bytes()
                .all(|b| b.is_ascii_digit() || b"-:./ TZ+".contains(&b));
        number.is_ok_and(|number| !(1900.0..=2100.0).contains(&number)) || is_date
    };
    !filled.is_empty() && !filled.iter().any(|cell| is_value(&cell))
}
