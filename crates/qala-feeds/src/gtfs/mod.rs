//! Import kind `gtfs`: a GTFS Schedule feed, a zip of text files, into one snapshot set per file.
//!
//! What belongs here: reading feeds. What does not: service days, which are the business of those who ask.

use std::io::{BufReader, Cursor, Read, Seek};

use flate2::read::MultiGzDecoder;
use qala_core::{DatasetName, FeedId, Position};
use zip::ZipArchive;

use crate::archive::{
    Budget, Feeds, Metered, Packing, damaged, fill, folder, join, length, member_name, open, packing,
    read_fault, too_deep,
};
use crate::fault::{Fault, Warnings, whole};
use crate::{Context, FeedKind, Input, Sink, Stopped};

mod checks;
mod rows;
mod standard;
mod structure;

#[cfg(test)]
mod tests;

use rows::{Ids, read_file};
pub(crate) use standard::clock;
use standard::{FILES, Presence};
use structure::{Entry, Structure, inspect};

/// Feeds may lie in archives within archives down to this depth.
const MAX_DEPTH: usize = 2;

/// Import kind `gtfs`.
pub(crate) struct Gtfs;

impl FeedKind for Gtfs {
    fn name(&self) -> &'static str {
        "gtfs"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut head = [0_u8; 4];
        let start = length(input).and_then(|packed| fill(input, &mut head).map(|got| (packed, got)));
        let start = start.and_then(|found| input.rewind().map(|()| found));
        let (packed, got) = match start {
            Ok(found) => found,
            Err(error) => return sink.problem(whole(read_fault(&error), None, 0)),
        };
        let budget = Budget::new(context.max_unpacked, packed);
        let mut feeds = Feeds::new(context.feed);
        match packing(&head[..got]) {
            Packing::Zip => archive(input, None, 0, &budget, &mut feeds, context, sink)?,
            Packing::Gzip => {
                let mut bytes = Vec::new();
                let mut unpacked = Metered::new(MultiGzDecoder::new(input), budget.clone());
                match unpacked.read_to_end(&mut bytes) {
                    Ok(_) if packing(&bytes) == Packing::Zip => {
                        archive(Cursor::new(bytes), None, 1, &budget, &mut feeds, context, sink)?;
                    }
                    Ok(_) => sink.problem(whole(no_zip(), None, 0))?,
                    Err(error) => sink.problem(whole(read_fault(&error), None, 0))?,
                }
            }
            Packing::Plain => sink.problem(whole(no_zip(), None, 0))?,
        }
        feeds.back(sink)
    }
}

fn no_zip() -> Fault {
    Fault::new(
        "unknown_format",
        "a GTFS feed is a zip of text files (stops.txt, routes.txt, …); this is no zip",
    )
}

/// Reads every feed of an archive: one per folder, one per inner archive.
fn archive<R: Read + Seek>(
    input: R,
    inside: Option<&str>,
    depth: usize,
    budget: &Budget,
    feeds: &mut Feeds,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    if depth > MAX_DEPTH {
        return sink.problem(too_deep(inside));
    }
    let mut archive = match open(input) {
        Ok(archive) => archive,
        Err(fault) => return sink.problem(whole(fault, inside, 0)),
    };
    feeds.alone(inside, archive.file_names_raw());
    // (folder, members), in the order of the archive; inner archives are groups of their own.
    let mut groups: Vec<(String, Vec<Entry>)> = Vec::new();
    for index in 0..archive.len() {
        let (path, is_zip) = match archive.by_index(index) {
            Ok(mut file) => {
                let mut head = [0_u8; 4];
                let Some(path) = member_name(&file) else { continue };
                let got = fill(&mut file, &mut head).unwrap_or(0);
                (path, packing(&head[..got]) == Packing::Zip)
            }
            Err(error) => {
                sink.problem(whole(damaged(&error), inside, 0))?;
                continue;
            }
        };
        if is_zip {
            groups.push((
                path,
                vec![Entry {
                    index,
                    name: String::new(),
                }],
            ));
            continue;
        }
        let at = folder(&path).to_owned();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let known = groups
            .iter_mut()
            .find(|(known, entries)| *known == at && !entries[0].name.is_empty());
        match known {
            Some((_, entries)) => entries.push(Entry { index, name }),
            None => groups.push((at, vec![Entry { index, name }])),
        }
    }
    if groups.is_empty() {
        return sink.problem(whole(
            Fault::new("empty", "the archive holds no files"),
            inside,
            0,
        ));
    }
    // Folders take their names before archives of the same stem do.
    for (path, _) in groups.iter().filter(|(_, entries)| !entries[0].name.is_empty()) {
        feeds.of(&join(inside, path));
    }
    for (path, entries) in groups {
        let whole_path = join(inside, &path);
        let id = feeds.of(&whole_path);
        feeds.enter(&id, sink)?;
        match entries.as_slice() {
            [inner] if inner.name.is_empty() => {
                let unpacked = archive
                    .by_index(inner.index)
                    .map_err(|error| damaged(&error))
                    .and_then(|file| {
                        let mut bytes = Vec::new();
                        let read = Metered::new(file, budget.clone()).read_to_end(&mut bytes);
                        read.map(|_| bytes).map_err(|error| read_fault(&error))
                    });
                match unpacked {
                    Ok(bytes) => {
                        let inner = Cursor::new(bytes);
                        self::archive(inner, Some(&whole_path), depth + 1, budget, feeds, context, sink)?;
                    }
                    Err(fault) => sink.problem(whole(fault, Some(&whole_path), 0))?,
                }
            }
            entries => one_feed(&mut archive, entries, &id, budget, context, sink)?,
        }
    }
    Ok(())
}

/// Reads one feed: first its structure, then, if it can be published, its rows.
fn one_feed<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    entries: &[Entry],
    feed: &FeedId,
    budget: &Budget,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    if !entries.iter().any(|entry| standard::rule(&entry.name).is_some()) {
        for entry in entries {
            let message = format!("`{}` is no file of a GTFS feed", entry.name);
            let position = Position {
                file: Some(entry.name.clone()),
                ..Position::default()
            };
            sink.problem(Fault::new("unknown_file", message).warn(None, position))?;
        }
        return Ok(());
    }
    let structure = inspect(archive, entries, context, budget, sink)?;
    if !structure.is_publishable {
        return not_published(&structure, feed, |_| true, sink);
    }
    // The second reading unpacks the same bytes again.
    let budget = budget.anew();
    let mut ids = Ids::default();
    let mut warnings = Warnings::default();
    let mut is_complete = true;
    for found in structure.files.iter().filter(|file| file.is_sound) {
        let member = match archive.by_index(found.index) {
            Ok(member) => member,
            Err(error) => {
                sink.problem(damaged(&error).reject(
                    Some(&found.spec.name),
                    found.rows,
                    Position::default(),
                ))?;
                is_complete = false;
                continue;
            }
        };
        let bytes = BufReader::with_capacity(64 * 1024, Metered::new(member, budget.clone()));
        let given = read_file(bytes, found, &mut ids, &mut warnings, sink)?;
        is_complete &= given > 0 || found.rule.presence != Presence::Required;
    }
    not_published(
        &structure,
        feed,
        |stem| {
            structure
                .files
                .iter()
                .any(|file| file.rule.stem == stem && !file.is_sound)
        },
        sink,
    )?;
    if !is_complete {
        let message =
            format!("no row of a required file is good; the set of feed `{feed}` before stays in force");
        return sink.problem(whole(Fault::new("set_not_published", message), None, 0));
    }
    // Files that the feed does not have are empty sets, except those that could not be read.
    let is_read = |stem: &str| {
        !structure
            .files
            .iter()
            .any(|file| file.rule.stem == stem && !file.is_sound)
    };
    let datasets: Vec<DatasetName> = FILES
        .iter()
        .filter(|rule| is_read(rule.stem))
        .filter_map(|rule| context.spec(&format!("gtfs_{}", rule.stem)))
        .map(|spec| spec.name.clone())
        .collect();
    sink.publish(&datasets)
}

/// Counts the rows of files that are not handed over.
fn not_published(
    structure: &Structure<'_>,
    feed: &FeedId,
    of: impl Fn(&str) -> bool,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    for file in structure.files.iter().filter(|file| of(file.rule.stem)) {
        let message = format!(
            "the {} rows of `{}.txt` are not published; the set of feed `{feed}` before stays in force",
            file.rows, file.rule.stem
        );
        let position = Position {
            file: Some(format!("{}.txt", file.rule.stem)),
            ..Position::default()
        };
        let fault = Fault::new("set_not_published", message);
        sink.problem(fault.reject(Some(&file.spec.name), file.rows, position))?;
    }
    Ok(())
}
