//! The first reading of a feed: which files and fields are there, and how many rows. Nothing is handed over before
//! it is known that the feed can be published.

use std::io::{BufReader, Read, Seek};

use qala_core::Position;
use qala_core::spec::DatasetSpec;
use zip::ZipArchive;

use super::standard::{FILES, FileRule, Presence, rule};
use crate::archive::{Budget, Metered, damaged, read_fault};
use crate::fault::{Fault, hint};
use crate::table::csv::{Lines, warn_twins};
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, Sink, Stopped};

/// A member of the archive.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) index: usize,
    /// Name without its folder.
    pub(super) name: String,
}

/// A file of the standard as the feed has it.
pub(super) struct Found<'a> {
    pub(super) rule: &'static FileRule,
    pub(super) spec: &'a DatasetSpec,
    pub(super) index: usize,
    pub(super) header: Vec<String>,
    pub(super) rows: u64,
    /// False when a required field is missing or the bytes cannot be read.
    pub(super) is_sound: bool,
    /// True when bytes of it cannot be read, whatever they hold.
    pub(super) is_damaged: bool,
}

/// A feed after its first reading.
pub(super) struct Structure<'a> {
    pub(super) files: Vec<Found<'a>>,
    /// False when a required file is missing or not sound.
    pub(super) is_publishable: bool,
}

/// The lines of a GTFS file, after its byte order mark.
pub(super) fn lines<R: Read>(mut bytes: R) -> std::io::Result<(Lines<impl Read>, Mark)> {
    let mut head = [0_u8; 3];
    let got = crate::archive::fill(&mut bytes, &mut head)?;
    let mark = mark(&head[..got]);
    let skip = if mark == Mark::Utf8 { 3 } else { 0 };
    let again = std::io::Cursor::new(head[skip.min(got)..got].to_vec());
    Ok((Lines::new(again.chain(bytes), b','), mark))
}

/// Reads all files of a feed once and tells what is wrong with them as wholes.
pub(super) fn inspect<'a, R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    entries: &[Entry],
    context: &Context<'a>,
    budget: &Budget,
    sink: &mut dyn Sink,
) -> Result<Structure<'a>, Stopped> {
    let mut files = Vec::new();
    for entry in entries {
        let Some(rule) = rule(&entry.name) else {
            let known = FILES.iter().map(|rule| rule.stem);
            let stem = entry.name.strip_suffix(".txt").unwrap_or(&entry.name);
            let message = match entry.name.as_str() {
                "locations.geojson" => "`locations.geojson` is not read yet".to_owned(),
                name => format!(
                    "`{name}` is not a file of GTFS; it is not read{}",
                    hint(stem, known)
                ),
            };
            sink.problem(Fault::new("unknown_file", message).warn(None, at(&entry.name)))?;
            continue;
        };
        let dataset = format!("gtfs_{}", rule.stem);
        let Some(spec) = context.spec(&dataset) else {
            let message = format!("dataset `{dataset}` is not installed; the file is not read");
            sink.problem(Fault::new("no_dataset", message).warn(None, at(&entry.name)))?;
            continue;
        };
        files.push(file(archive, entry, rule, spec, budget, sink)?);
    }
    let mut is_publishable = true;
    for rule in FILES.iter().filter(|rule| rule.presence == Presence::Required) {
        let found = files.iter().find(|file| file.rule.stem == rule.stem);
        if let Some(found) = found {
            is_publishable &= found.is_sound;
        } else {
            is_publishable = false;
            let message = format!(
                "`{}.txt` is missing; a feed is not complete without it",
                rule.stem
            );
            let fault = Fault::new("missing_file", message);
            sink.problem(fault.reject(None, 0, at(&format!("{}.txt", rule.stem))))?;
        }
    }
    let mut calendars = files
        .iter()
        .filter(|file| file.rule.presence == Presence::Calendar)
        .peekable();
    if calendars.peek().is_none() {
        let message =
            "neither `calendar.txt` nor `calendar_dates.txt` is there; no trip has a day without one";
        sink.problem(Fault::new("missing_file", message).reject(None, 0, at("calendar.txt")))?;
    }
    is_publishable &= calendars.peek().is_some() && calendars.all(|file| file.is_sound);
    // New trips along old shapes would be a city that never was.
    is_publishable &= !files.iter().any(|file| file.is_damaged);
    // The order of the standard: what is referred to comes before what refers.
    files.sort_by_key(|file| FILES.iter().position(|rule| rule.stem == file.rule.stem));
    Ok(Structure {
        files,
        is_publishable,
    })
}

fn at(file: &str) -> Position {
    Position {
        file: Some(file.to_owned()),
        ..Position::default()
    }
}

fn file<'a, R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    entry: &Entry,
    rule: &'static FileRule,
    spec: &'a DatasetSpec,
    budget: &Budget,
    sink: &mut dyn Sink,
) -> Result<Found<'a>, Stopped> {
    let mut found = Found {
        rule,
        spec,
        index: entry.index,
        header: Vec::new(),
        rows: 0,
        is_sound: false,
        is_damaged: true,
    };
    let dataset = Some(&spec.name);
    let member = match archive.by_index(entry.index) {
        Ok(member) => member,
        Err(error) => {
            sink.problem(damaged(&error).reject(dataset, 0, at(&entry.name)))?;
            return Ok(found);
        }
    };
    let bytes = BufReader::with_capacity(64 * 1024, Metered::new(member, budget.clone()));
    let (mut lines, mark) = match lines(bytes) {
        Ok(lines) => lines,
        Err(error) => {
            sink.problem(read_fault(&error).reject(dataset, 0, at(&entry.name)))?;
            return Ok(found);
        }
    };
    if mark == Mark::Utf16 {
        found.is_damaged = false;
        sink.problem(is_utf16().reject(dataset, 0, at(&entry.name)))?;
        return Ok(found);
    }
    match lines.advance() {
        Ok(true) => {
            let names = lines
                .cells()
                .iter()
                .map(|cell| String::from_utf8_lossy(cell.trim_ascii()).into_owned());
            found.header = names.collect();
        }
        Ok(false) => {
            found.is_damaged = false;
            let fault = Fault::new("empty", "the file has no header line");
            sink.problem(fault.reject(dataset, 0, at(&entry.name)))?;
            return Ok(found);
        }
        Err(fault) => {
            sink.problem(fault.reject(dataset, 0, at(&entry.name)))?;
            return Ok(found);
        }
    }
    found.is_sound = fields(&found, &entry.name, sink)?;
    found.is_damaged = false;
    loop {
        match lines.advance() {
            Ok(true) if is_blank(lines.cells()) => {}
            Ok(true) => found.rows += 1,
            Ok(false) => break,
            Err(fault) => {
                sink.problem(fault.reject(dataset, 0, at(&entry.name)))?;
                found.is_sound = false;
                found.is_damaged = true;
                break;
            }
        }
    }
    if found.rows == 0 && rule.presence == Presence::Required && found.is_sound {
        let fault = Fault::new(
            "empty",
            "the file has a header but no rows; a feed is not complete without them",
        );
        sink.problem(fault.reject(dataset, 0, at(&entry.name)))?;
        found.is_sound = false;
    }
    Ok(found)
}

/// A line of white space only.
pub(super) fn is_blank(cells: &csv::ByteRecord) -> bool {
    cells.len() == 1 && cells.iter().all(|cell| cell.trim_ascii().is_empty())
}

/// Compares the header with the spec; false when a required field is missing.
fn fields(found: &Found<'_>, name: &str, sink: &mut dyn Sink) -> Result<bool, Stopped> {
    let spec = found.spec;
    warn_twins(&found.header, Some(name), sink)?;
    let line = |file: &str| Position {
        line: Some(1),
        ..at(file)
    };
    for field in found
        .header
        .iter()
        .filter(|field| spec.column(field).is_none() && !field.is_empty())
    {
        let free = spec.columns.iter().map(|column| column.name.as_str());
        let near = hint(
            field,
            free.filter(|column| !found.header.iter().any(|field| field == column)),
        );
        let message = format!("`{field}` is not a field of `{name}`; it is not read{near}");
        sink.problem(
            Fault::new("unknown_column", message)
                .of(field)
                .warn(Some(&spec.name), line(name)),
        )?;
    }
    let mut is_sound = true;
    for column in spec.columns.iter().filter(|column| column.required) {
        let may_be_empty = found
            .rule
            .may_be_empty
            .iter()
            .any(|(field, _)| *field == column.name);
        if may_be_empty || found.header.contains(&column.name) {
            continue;
        }
        is_sound = false;
        let unknown = found
            .header
            .iter()
            .map(String::as_str)
            .filter(|field| spec.column(field).is_none());
        let message = format!(
            "the required field `{}` is missing{}",
            column.name,
            hint(&column.name, unknown)
        );
        let fault = Fault::new("missing_column", message).of(&column.name);
        sink.problem(fault.reject(Some(&spec.name), 0, line(name)))?;
    }
    Ok(is_sound)
}
