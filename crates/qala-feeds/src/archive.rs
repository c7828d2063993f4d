//! Opens `.gz` and `.zip` by their first bytes, within bounds: how much may come out, how deep archives may nest.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use qala_core::FeedId;
use zip::ZipArchive;

use crate::fault::{Fault, whole};
use crate::{Context, Input, Sink, Stopped};

/// Archives within archives are opened down to this depth.
const MAX_DEPTH: usize = 2;
/// Members of one archive.
const MAX_MEMBERS: usize = 100_000;
/// What unpacks to less than this is never called a bomb.
const HARMLESS: u64 = 64 << 20;
/// The member that makes a zip archive a workbook.
const WORKBOOK: &str = "xl/workbook.xml";
/// How a PDF begins.
const PDF: &[u8] = b"%PDF";
/// Above this many bytes out of one byte in, a payload is called a bomb. City tables stay below 50.
const MAX_RATIO: u64 = 300;

/// Marks the error of a payload that unpacks to too much.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TooLarge(String);

/// Bytes that may still be unpacked; shared by all readers of a payload.
#[derive(Clone)]
pub(crate) struct Budget {
    max: u64,
    packed: u64,
    used: Rc<Cell<u64>>,
}

impl Budget {
    /// A budget for a payload of `packed` bytes.
    pub(crate) fn new(max: u64, packed: u64) -> Self {
        Self {
            max,
            packed,
            used: Rc::default(),
        }
    }

    /// The same bounds, counted from zero: for reading a payload once more.
    pub(crate) fn anew(&self) -> Self {
        Self::new(self.max, self.packed)
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let used = self.used.get().saturating_add(bytes as u64);
        self.used.set(used);
        let message = if used > self.max {
            format!(
                "unpacks to more than {} bytes; split it, or raise the limit of unpacked bytes if it is really that large",
                self.max
            )
        } else if used > HARMLESS && used / self.packed.max(1) > MAX_RATIO {
            format!(
                "unpacks to more than {MAX_RATIO} times its {} bytes, as zip bombs do; send it unpacked if it is genuine",
                self.packed
            )
        } else {
            return Ok(());
        };
        Err(io::Error::other(TooLarge(message)))
    }
}

/// A reader that spends a budget.
pub(crate) struct Metered<R> {
    inner: R,
    budget: Budget,
}

impl<R> Metered<R> {
    /// Meters what is read from `inner`.
    pub(crate) fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.budget.spend(count)?;
        Ok(count)
    }
}

/// What went wrong while bytes were read.
pub(crate) fn read_fault(error: &io::Error) -> Fault {
    if let Some(large) = error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()) {
        return Fault::new("too_large", large.to_string());
    }
    Fault::new(
        "damaged_archive",
        format!("the bytes cannot be read to their end ({error}); fetch the file again"),
    )
}

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not packed.
    Plain,
    /// gzip.
    Gzip,
    /// zip.
    Zip,
}

/// Recognises packed bytes by their first ones.
pub(crate) fn packing(head: &[u8]) -> Packing {
    if head.starts_with(b"\x1f\x8b") {
        Packing::Gzip
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Packing::Zip
    } else {
        Packing::Plain
    }
}

/// One unpacked file.
pub(crate) struct Member<'a> {
    /// Its name; inside an archive its path there.
    pub(crate) name: &'a str,
    /// Its path in an archive; `None` when the payload itself is the file.
    pub(crate) inside: Option<&'a str>,
    /// Its bytes.
    pub(crate) bytes: &'a mut dyn BufRead,
}

/// Is given each unpacked file in turn.
pub(crate) type Visit<'v> = dyn FnMut(Member<'_>, &mut dyn Sink) -> Result<(), Stopped> + 'v;

/// Length of an input.
pub(crate) fn length(input: &mut dyn Input) -> io::Result<u64> {
    let length = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(0))?;
    Ok(length)
}

/// The name without the ending of a compressed file.
fn without_gz(name: &str) -> &str {
    name.strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".GZ"))
        .unwrap_or(name)
}

/// Gives every file of a payload to `visit`: the payload itself, or what is packed in it. Files in folders and
/// inner archives belong to feeds of their own.
pub(crate) fn each_file(
    input: &mut dyn Input,
    context: &Context<'_>,
    sink: &mut dyn Sink,
    visit: &mut Visit<'_>,
) -> Result<(), Stopped> {
    let packed = match length(input) {
        Ok(packed) => packed,
        Err(error) => return sink.problem(whole(read_fault(&error), None, 0)),
    };
    let mut walk = Walk {
        context,
        budget: Budget::new(context.max_unpacked, packed),
        feeds: Feeds::new(context.feed),
        visit,
    };
    let name = context.name.rsplit(['/', '\\']).next().unwrap_or(context.name);
    walk.bytes(input, name, None, 0, sink)?;
    walk.feeds.back(sink)
}

struct Walk<'a, 'v> {
    context: &'a Context<'a>,
    budget: Budget,
    feeds: Feeds,
    visit: &'a mut Visit<'v>,
}

impl Walk<'_, '_> {
    fn bytes(
        &mut self,
        input: &mut dyn Input,
        name: &str,
        inside: Option<&str>,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut head = [0_u8; 4];
        let got = match fill(input, &mut head).and_then(|got| input.seek(SeekFrom::Start(0)).map(|_| got)) {
            Ok(got) => got,
            Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
        };
        match packing(&head[..got]) {
            Packing::Plain if head[..got].starts_with(PDF) => {
                sink.problem(whole(no_table("a PDF document"), inside, 0))
            }
            Packing::Plain => self.plain(
                &mut BufReader::with_capacity(256 * 1024, input),
                name,
                inside,
                sink,
            ),
            Packing::Gzip => self.gzip(&mut BufReader::new(input), name, inside, depth, sink),
            Packing::Zip => self.zip(input, name, inside, depth, sink),
        }
    }

    fn plain(
        &mut self,
        bytes: &mut dyn BufRead,
        name: &str,
        inside: Option<&str>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        (self.visit)(Member { name, inside, bytes }, sink)
    }

    fn gzip(
        &mut self,
        input: &mut dyn BufRead,
        name: &str,
        inside: Option<&str>,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let name = without_gz(name);
        let unpacked = Metered::new(MultiGzDecoder::new(input), self.budget.clone());
        let mut unpacked = BufReader::with_capacity(256 * 1024, unpacked);
        let head = match unpacked.fill_buf() {
            Ok(head) => packing(head),
            Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
        };
        if head == Packing::Plain {
            return self.plain(&mut unpacked, name, inside, sink);
        }
        if depth >= MAX_DEPTH {
            return sink.problem(too_deep(inside));
        }
        let mut bytes = Vec::new();
        match unpacked.read_to_end(&mut bytes) {
            Ok(_) => self.bytes(&mut Cursor::new(bytes), name, inside, depth + 1, sink),
            Err(error) => sink.problem(whole(read_fault(&error), inside, 0)),
        }
    }

    fn zip(
        &mut self,
        input: &mut dyn Input,
        name: &str,
        inside: Option<&str>,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if depth > MAX_DEPTH {
            return sink.problem(too_deep(inside));
        }
        let mut archive = match open(&mut *input) {
            Ok(archive) => archive,
            Err(fault) => return sink.problem(whole(fault, inside, 0)),
        };
        if archive.index_for_name(WORKBOOK).is_some() {
            return match workbook(archive, &self.budget) {
                Ok(bytes) => self.plain(&mut Cursor::new(bytes), name, inside, sink),
                Err(fault) => sink.problem(whole(fault, inside, 0)),
            };
        }
        if let Some(what) = document(&archive) {
            return sink.problem(whole(no_table(what), inside, 0));
        }
        self.feeds.alone(inside, archive.file_names_raw());
        for index in 0..archive.len() {
            let mut file = match archive.by_index(index) {
                Ok(file) => file,
                Err(error) => {
                    sink.problem(whole(damaged(&error), inside, 0))?;
                    continue;
                }
            };
            let Some(path) = member_name(&file) else { continue };
            let shown = inside.map_or_else(|| path.clone(), |outer| format!("{outer}/{path}"));
            self.feeds.select(inside, &path, sink)?;
            let mut bytes = BufReader::with_capacity(64 * 1024, Metered::new(&mut file, self.budget.clone()));
            let head = match bytes.fill_buf() {
                Ok(head) => packing(head),
                Err(error) => {
                    sink.problem(whole(read_fault(&error), Some(&shown), 0))?;
                    continue;
                }
            };
            match head {
                Packing::Plain => self.plain(&mut bytes, &path, Some(&shown), sink)?,
                Packing::Gzip => self.gzip(&mut bytes, &path, Some(&shown), depth + 1, sink)?,
                Packing::Zip => {
                    let mut inner = Vec::new();
                    match bytes.read_to_end(&mut inner) {
                        Ok(_) => self.zip(&mut Cursor::new(inner), &path, Some(&shown), depth + 1, sink)?,
                        Err(error) => sink.problem(whole(read_fault(&error), Some(&shown), 0))?,
                    }
                }
            }
        }
        if archive.is_empty() {
            let fault = Fault::new(
                "empty",
                format!("`{}` is an archive without files", self.context.name),
            );
            return sink.problem(whole(fault, inside, 0));
        }
        Ok(())
    }
}

fn no_table(what: &str) -> Fault {
    let message = format!("this is {what}; save its table as .xlsx or .csv and send that");
    Fault::new("no_table", message)
}

/// What an archive is that is one document of an office and no table.
fn document<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<&'static str> {
    [
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a presentation"),
        ("META-INF/manifest.xml", "an OpenDocument file"),
    ]
    .into_iter()
    .find_map(|(member, what)| archive.index_for_name(member).map(|_| what))
}

/// A workbook's bytes as they are, when all that is packed in them stays within bounds.
fn workbook<R: Read + Seek>(mut archive: ZipArchive<R>, budget: &Budget) -> Result<Vec<u8>, Fault> {
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| damaged(&error))?;
        let mut unpacked = Metered::new(&mut file, budget.clone());
        io::copy(&mut unpacked, &mut io::sink()).map_err(|error| read_fault(&error))?;
    }
    let mut input = archive.into_inner();
    let mut bytes = Vec::new();
    input
        .seek(SeekFrom::Start(0))
        .and_then(|_| input.read_to_end(&mut bytes))
        .map_err(|error| read_fault(&error))?;
    Ok(bytes)
}

/// Opens a zip archive within bounds.
pub(crate) fn open<R: Read + Seek>(input: R) -> Result<ZipArchive<R>, Fault> {
    let archive = ZipArchive::new(input).map_err(|error| damaged(&error))?;
    if archive.len() > MAX_MEMBERS {
        let message = format!("the archive has {} files, more than {MAX_MEMBERS}", archive.len());
        return Err(Fault::new("too_large", message));
    }
    Ok(archive)
}

/// The path of a member; `None` for folders and for what operating systems leave behind.
pub(crate) fn member_name<R: Read + ?Sized>(file: &zip::read::ZipFile<'_, R>) -> Option<String> {
    let raw = String::from_utf8_lossy(file.name_raw()).replace('\\', "/");
    (!is_litter(&raw)).then_some(raw)
}

/// Folders, and files that operating systems leave behind.
fn is_litter(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or_default();
    path.ends_with('/') || path.starts_with("__MACOSX/") || stem.starts_with('.') || stem == "Thumbs.db"
}

fn is_zip_name(path: &str) -> bool {
    path.len() > 4 && path.as_bytes()[path.len() - 4..].eq_ignore_ascii_case(b".zip")
}

/// The folder of a path; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder within an archive within the payload.
pub(crate) fn join(archive: Option<&str>, folder: &str) -> String {
    match archive {
        None => folder.to_owned(),
        Some(archive) if folder.is_empty() => archive.to_owned(),
        Some(archive) => format!("{archive}/{folder}"),
    }
}

/// The fault of an archive that cannot be opened.
pub(crate) fn damaged(error: &zip::result::ZipError) -> Fault {
    Fault::new(
        "damaged_archive",
        format!("the zip archive cannot be opened ({error}); fetch the file again"),
    )
}

/// The problem of archives within archives within archives.
pub(crate) fn too_deep(inside: Option<&str>) -> qala_core::Problem {
    let message = format!("archives nest deeper than {MAX_DEPTH} levels; unpack the outer ones first");
    whole(Fault::new("too_large", message), inside, 0)
}

/// Reads until the buffer is full or the input ends.
pub(crate) fn fill<R: Read + ?Sized>(input: &mut R, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match input.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// Names the feeds of an archive: files at the top belong to the payload's feed, each folder and inner archive
/// is a feed of its own, named by its stem (by its whole path when the stem is taken).
pub(crate) struct Feeds {
    own: FeedId,
    current: FeedId,
    /// (path of the folder or archive, its feed).
    known: Vec<(String, FeedId)>,
    taken: BTreeSet<String>,
}

impl Feeds {
    /// Begins with the payload's own feed.
    pub(crate) fn new(own: &FeedId) -> Self {
        Self {
            own: own.clone(),
            current: own.clone(),
            known: Vec::new(),
            taken: BTreeSet::from([own.as_str().to_owned()]),
        }
    }

    /// The feed of a folder or an inner archive.
    pub(crate) fn of(&mut self, path: &str) -> FeedId {
        if path.is_empty() {
            return self.own.clone();
        }
        if let Some((_, feed)) = self.known.iter().find(|(known, _)| known == path) {
            return feed.clone();
        }
        let last = path.rsplit('/').next().unwrap_or(path);
        let stem = last
            .strip_suffix(".zip")
            .or_else(|| last.strip_suffix(".ZIP"))
            .unwrap_or(last);
        let tidy = |text: &str| -> String {
            text.chars()
                .filter(|c| !c.is_control() && *c != '\'' && *c != '"')
                .take(100)
                .collect()
        };
        let choices = [tidy(stem), tidy(path), format!("{}/{}", self.own, tidy(path))];
        let name = choices
            .into_iter()
            .find(|name| !name.is_empty() && !self.taken.contains(name));
        let feed = name
            .and_then(|name| FeedId::new(name).ok())
            .unwrap_or_else(|| self.own.clone());
        self.taken.insert(feed.as_str().to_owned());
        self.known.push((path.to_owned(), feed.clone()));
        feed
    }

    /// Tells the sink that rows of this feed follow, if they do not already.
    pub(crate) fn enter(&mut self, feed: &FeedId, sink: &mut dyn Sink) -> Result<(), Stopped> {
        if *feed == self.current {
            return Ok(());
        }
        self.current = feed.clone();
        sink.feed(feed)
    }

    fn select(&mut self, archive: Option<&str>, path: &str, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let feed = self.of(&join(archive, folder(path)));
        self.enter(&feed, sink)
    }

    /// An archive whose files all lie in one folder, or that holds one archive only, is no archive of several feeds.
    pub(crate) fn alone<'n>(&mut self, archive: Option<&str>, names: impl Iterator<Item = &'n [u8]>) {
        let mut groups = BTreeSet::new();
        for name in names {
            let name = String::from_utf8_lossy(name).replace('\\', "/");
            if !is_litter(&name) {
                groups.insert(if is_zip_name(&name) {
                    name
                } else {
                    folder(&name).to_owned()
                });
            }
        }
        if let (1, Some(only)) = (groups.len(), groups.pop_first())
            && !only.is_empty()
        {
            let feed = self.of(archive.unwrap_or(""));
            self.known.push((join(archive, &only), feed));
        }
    }

    /// Returns to the payload's own feed.
    pub(crate) fn back(&mut self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let own = self.own.clone();
        self.enter(&own, sink)
    }
}
