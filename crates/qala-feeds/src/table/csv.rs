//! CSV and its relatives: lines of cells.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use csv::{ByteRecord, Reader, ReaderBuilder};
use qala_core::Position;
use qala_core::spec::{DatasetSpec, Encoding};

use super::blocks::{self, next_block};
use super::cell::{Cell, Record};
use super::plan::Columns;
use super::row::Rows;
use crate::archive::read_fault;
use crate::fault::{Fault, PERSONAL, whole};
use crate::selection::Selection;
use crate::text::{Mark, Utf8, encoding_name, guess_encoding, is_utf16, mark, not_utf8};
use crate::{Context, Sink, Stopped};

const BUFFER: usize = 256 * 1024;
/// A record over this many lines has most likely a quote that is never closed.
const MANY_LINES: usize = 50;
/// Longest record, as of JSON lines: one is held in memory several times over.
#[cfg(not(test))]
const MAX_RECORD: usize = 16 << 20;
#[cfg(test)]
const MAX_RECORD: usize = 2 << 20;

/// Notes how the first line ends, and stops a record that does not end.
struct Endings<R> {
    inner: R,
    last: u8,
    is_crlf: Option<bool>,
    /// Bytes read since the last record began, those of the buffer's rest left out.
    since: usize,
}

impl<R: Read> Read for Endings<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.since > MAX_RECORD {
            return Err(io::Error::other(TooLong));
        }
        let count = self.inner.read(out)?;
        self.since += count;
        let new = &out[..count];
        if self.is_crlf.is_none() {
            self.is_crlf = new.iter().position(|byte| *byte == b'\n').map(|at| {
                let before = if at == 0 { self.last } else { new[at - 1] };
                before == b'\r'
            });
            self.last = new.last().copied().unwrap_or(self.last);
        }
        Ok(count)
    }
}

/// A record is longer than [`MAX_RECORD`].
#[derive(Debug, thiserror::Error)]
#[error("a record has no end")]
struct TooLong;

/// Lines of a text file with their numbers.
pub(crate) struct Lines<R> {
    reader: Reader<Endings<R>>,
    record: ByteRecord,
    delimiter: u8,
    /// Lines of the file before the first one of `R`.
    before: u64,
}

impl<R: Read> Lines<R> {
    /// Reads lines of cells.
    pub(crate) fn new(input: R, delimiter: u8) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .from_reader(Endings {
                inner: input,
                last: 0,
                is_crlf: None,
                since: 0,
            });
        Self {
            reader,
            record: ByteRecord::new(),
            delimiter,
            before: 0,
        }
    }

    /// Lines whose first one is not the first of the file.
    pub(super) fn after(mut self, lines: u64) -> Self {
        self.before = lines;
        self
    }

    /// Bytes and lines read so far.
    pub(super) fn read(&self) -> (usize, u64) {
        let position = self.reader.position();
        (position.byte() as usize, self.before + position.line() - 1)
    }

    /// Goes to the next record; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, Fault> {
        self.reader.get_mut().since = 0;
        let begin = self.before + self.reader.position().line();
        self.reader
            .read_byte_record(&mut self.record)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooLong>) => {
                    // What was read of it is not kept.
                    self.record = ByteRecord::new();
                    let message = format!(
                        "the record that begins in line {begin} is longer than {} MiB, and nothing after it is read; close its quote or end the line",
                        MAX_RECORD >> 20
                    );
                    Fault::new("record_too_long", message)
                }
                csv::ErrorKind::Io(error) => read_fault(&error),
                other => Fault::new("bad_csv", format!("the lines cannot be read further ({other:?})")),
            })
    }

    /// The record.
    pub(crate) fn line(&self) -> Line<'_> {
        let is_crlf = self.reader.get_ref().is_crlf == Some(true);
        Line {
            record: &self.record,
            end: self.reader.position().line(),
            is_crlf,
            delimiter: self.delimiter,
            before: self.before,
            number: None,
        }
    }

    /// The record that a person wrote in the place of this one; what is personal comes from this one.
    fn mended(&self, selection: &Selection, file: Option<&str>) -> Option<ByteRecord> {
        let position = Position {
            file: file.map(str::to_owned),
            ..self.line().position()
        };
        let text = selection.text(&position)?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(text.as_bytes());
        let mut written = ByteRecord::new();
        reader.read_byte_record(&mut written).ok()?;
        let cells = written.iter().enumerate().map(|(index, cell)| {
            let own = self.record.get(index).filter(|_| cell == PERSONAL.as_bytes());
            own.unwrap_or(cell)
        });
        Some(cells.collect())
    }

    /// The cells.
    pub(crate) fn cells(&self) -> &ByteRecord {
        &self.record
    }
}

/// One record of a text file.
pub(crate) struct Line<'a> {
    record: &'a ByteRecord,
    /// The reader's line number after the record.
    end: u64,
    is_crlf: bool,
    delimiter: u8,
    before: u64,
    /// The number of the line in whose place this one stands.
    number: Option<u64>,
}

impl<'a> Line<'a> {
    /// Another record in the place of this one.
    fn with(&self, record: &'a ByteRecord) -> Self {
        Self {
            record,
            number: Some(self.number()),
            ..*self
        }
    }

    /// The number of its first line, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        if let Some(number) = self.number {
            return number;
        }
        // The reader counts LF. After a line ending in LF it stands on the next one; after CR LF it has seen the CR
        // only and still stands on the line. Its number before the record is that of blank lines that it skips.
        let inner = newlines(self.record.as_slice()) as u64;
        let start = self.record.position().map_or(1, csv::Position::line);
        let beyond = inner + u64::from(!self.is_crlf);
        self.before + start.max(self.end.saturating_sub(beyond)).max(1)
    }

    /// The record written again, cells that `hide` names replaced.
    pub(crate) fn written(&self, hide: &dyn Fn(usize) -> bool) -> String {
        let mut out = String::new();
        for (index, cell) in self.record.iter().enumerate() {
            if index > 0 {
                out.push(char::from(self.delimiter));
            }
            if out.len() > 2_000 {
                break;
            }
            let cell = if hide(index) {
                Cow::Borrowed(PERSONAL)
            } else {
                String::from_utf8_lossy(cell)
            };
            let is_special = |c: char| c == '"' || c == '\n' || c == '\r' || c == char::from(self.delimiter);
            if cell.contains(is_special) {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            } else {
                out.push_str(&cell);
            }
        }
        out
    }

    /// What is wrong when the number of cells is not that of the header.
    pub(crate) fn wrong_count(&self, expected: usize) -> Fault {
        let mut message = format!("the line has {} fields, the header {expected}", self.record.len());
        if newlines(self.record.as_slice()) > MANY_LINES {
            message.push_str("; a quote that opens here is not closed");
        } else {
            message.push_str("; put quotes around cells that hold the separator");
        }
        Fault::new("wrong_field_count", message)
    }
}

pub(super) fn newlines(bytes: &[u8]) -> usize {
    // Counted in bytes, many at a time.
    let few = |part: &[u8]| {
        part.iter()
            .fold(0_u8, |n, byte| n.wrapping_add(u8::from(*byte == b'\n')))
    };
    bytes.chunks(255).map(|part| usize::from(few(part))).sum()
}

impl Record for Line<'_> {
    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        self.record.get(column).map_or(Cell::Missing, Cell::Text)
    }

    fn position(&self) -> Position {
        Position {
            line: Some(self.number()),
            ..Position::default()
        }
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        Some(self.written(personal))
    }
}

/// The separator that occurs most often in the first line, outside quotes.
pub(crate) fn guess_delimiter(head: &[u8]) -> u8 {
    const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
    let mut counts = [0_usize; 4];
    let mut quoted = false;
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            byte if !quoted => {
                if let Some(at) = CANDIDATES.iter().position(|candidate| candidate == byte) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let mut best = 0;
    for at in 1..counts.len() {
        if counts[at] > counts[best] {
            best = at;
        }
    }
    CANDIDATES[best]
}

/// Names of a header's columns.
pub(crate) fn header(record: &ByteRecord) -> Result<Vec<String>, Fault> {
    record
        .iter()
        .map(|cell| {
            let name = std::str::from_utf8(cell).map_err(|_| not_utf8(cell))?;
            Ok(name.trim().to_owned())
        })
        .collect()
}

/// Reads a CSV into a dataset.
pub(super) fn parse(
    bytes: &mut dyn BufRead,
    spec: &DatasetSpec,
    context: &Context<'_>,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let mapping = context.mapping;
    let head = match bytes.fill_buf() {
        Ok(head) => head,
        Err(error) => return sink.problem(whole(read_fault(&error), file, 0)),
    };
    let delimiter = mapping.delimiter.and_then(|sign| u8::try_from(sign).ok());
    let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(head));
    let mut encoding = mapping.encoding.unwrap_or_else(|| guess_encoding(head));
    match mark(head) {
        Mark::Utf16 => return sink.problem(whole(is_utf16(), file, 0)),
        Mark::Utf8 => {
            bytes.consume(3);
            encoding = Encoding::Utf8;
        }
        Mark::None => {}
    }
    if mapping.encoding.is_none() && encoding != Encoding::Utf8 {
        let message = format!(
            "the text is no UTF-8 and is read as {}, judged by its letters; `encoding` of the mapping names another",
            encoding_name(encoding)
        );
        let position = Position {
            file: file.map(str::to_owned),
            ..Position::default()
        };
        sink.problem(Fault::new("guessed_encoding", message).warn(None, position))?;
    }
    let mut text = Utf8::new(bytes, encoding);
    let mut head = next_block(&mut text, Vec::new());
    let in_parallel = head.is_plain && !head.is_last;
    let mut lines = Lines::new(head.and_all(0, &mut text), delimiter);
    match lines.advance() {
        Ok(true) => {}
        Ok(false) => {
            let fault = Fault::new(
                "empty",
                "the file has no lines; check that it was fetched to its end",
            );
            return sink.problem(whole(fault, file, 0));
        }
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    }
    while let Some(row) = mapping.header_row
        && lines.line().number() < u64::from(row)
    {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => {
                let message =
                    format!("the text ends before row {row}, which `header_row` of the mapping names");
                return sink.problem(whole(Fault::new("empty", message), file, 0));
            }
            Err(fault) => return sink.problem(whole(fault, file, 0)),
        }
    }
    let names = if mapping.header {
        match header(lines.cells()) {
            Ok(names) => names,
            Err(fault) => {
                let rows = count(&mut lines);
                return sink.problem(whole(fault, file, rows));
            }
        }
    } else {
        (1..=lines.cells().len()).map(|place| place.to_string()).collect()
    };
    warn_twins(&names, file, sink)?;
    let new_rows = || Rows::new(spec, mapping, context, &names, Columns::Fixed, file);
    let rows = new_rows();
    rows.introduce(sink)?;
    let begins_here = mapping.header || mapping.header_row.is_none();
    if rows.is_ready() && in_parallel && begins_here {
        let (bytes, before) = if mapping.header { lines.read() } else { (0, 0) };
        drop(lines);
        return blocks::parse(
            head,
            bytes,
            before,
            &mut text,
            delimiter,
            new_rows,
            names.len(),
            file,
            sink,
        );
    }
    records(&mut lines, rows, names.len(), !mapping.header, file, sink)
}

/// Reads the records of `lines` to their end; `has_record`: the first one is read already.
pub(super) fn records<R: Read>(
    lines: &mut Lines<R>,
    mut rows: Rows,
    columns: usize,
    mut has_record: bool,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let selection = rows.selection();
    loop {
        if !has_record {
            match lines.advance() {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    sink.problem(whole(fault, file, 0))?;
                    break;
                }
            }
        }
        has_record = false;
        let mended = selection.as_ref().and_then(|s| lines.mended(s, file));
        let line = lines.line();
        let line = match &mended {
            Some(record) => line.with(record),
            None => line,
        };
        let cells = line.record;
        if cells.len() == columns || only_empty_more(cells, columns) {
            rows.record(&line, sink)?;
        } else if !rows.leaves_out(&line) {
            rows.broken(line.wrong_count(columns), &line, sink)?;
        }
    }
    rows.finish(sink)
}

/// Separators without cells after the last column, as some programs write them.
pub(crate) fn only_empty_more(cells: &ByteRecord, expected: usize) -> bool {
    cells.len() > expected
        && cells
            .iter()
            .skip(expected)
            .all(|cell| cell.trim_ascii().is_empty())
}

fn count<R: Read>(lines: &mut Lines<R>) -> u64 {
    let mut rows = 0;
    while let Ok(true) = lines.advance() {
        rows += 1;
    }
    rows
}

/// Warns of column names that come twice.
pub(crate) fn warn_twins(names: &[String], file: Option<&str>, sink: &mut dyn Sink) -> Result<(), Stopped> {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) && !name.is_empty() {
            let message = format!("the header names `{name}` twice; the first one is read");
            let position = Position {
                file: file.map(str::to_owned),
                line: Some(1),
                ..Position::default()
            };
            sink.problem(
                Fault::new("duplicate_column", message)
                    .of(name)
                    .warn(None, position),
            )?;
        }
    }
    Ok(())
}
