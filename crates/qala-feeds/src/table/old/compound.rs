//! Compound files (MS-CFB): the container that an old workbook lies in.
//!
//! What belongs here: sectors and chains, up to the bytes of one stream. What does not: what the stream says.
//!
//! Every number of the container is held against the length of the file before it is used: a chain has no more sectors
//! than the file, a stream no more bytes. So damaged bytes cost no more memory than sound ones.

use super::{u16_at, u32_at};

/// Bytes of the header that are used.
const HEADER: usize = 512;
/// Bytes of an entry of the directory.
const ENTRY: usize = 128;
/// Bytes of a small sector.
const SMALL: usize = 64;
/// Streams below this size lie in small sectors.
const CUTOFF: usize = 4096;
/// Sector ids from here on are marks.
const RESERVED: u32 = 0xFFFF_FFFA;
/// The mark at the end of a chain.
const END: u32 = 0xFFFF_FFFE;

struct Container<'a> {
    file: &'a [u8],
    sector: usize,
    /// By sector, the next one of its chain.
    next: Vec<u32>,
}

/// The bytes of the stream that has one of these names, the first one first.
///
/// # Errors
/// What is wrong with the container, in words.
pub(super) fn stream(file: &[u8], names: &[&str]) -> Result<Vec<u8>, String> {
    let container = Container::open(file)?;
    let directory = container.chain(container.header(48)?, usize::MAX)?;
    let entries: Vec<&[u8]> = directory.chunks_exact(ENTRY).collect();
    let found = names
        .iter()
        .find_map(|name| entries.iter().find(|entry| is_stream(entry, name)));
    let (Some(entry), Some(root)) = (found, entries.first()) else {
        return Err("it holds no workbook".to_owned());
    };
    let (start, size) = container.place(entry)?;
    if size >= CUTOFF {
        return container.chain(start, size);
    }
    let (root_start, root_size) = container.place(root)?;
    let small = container.chain(root_start, root_size)?;
    let next = words(&container.chain(container.header(60)?, usize::MAX)?);
    let sector = |id: u32| {
        small
            .get(id as usize * SMALL..)
            .map(|rest| &rest[..rest.len().min(SMALL)])
    };
    chain(start, size, &next, small.len().div_ceil(SMALL), &sector)
}

/// Says whether an entry of the directory is a stream of that name.
fn is_stream(entry: &[u8], name: &str) -> bool {
    let wanted = name.encode_utf16().flat_map(u16::to_le_bytes);
    let length = usize::from(u16_at(entry, 64).unwrap_or_default());
    // The length counts the zero at the end of the name.
    entry.get(66) == Some(&2)
        && length == name.len() * 2 + 2
        && wanted.eq(entry[..name.len() * 2].iter().copied())
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0)).collect()
}

impl<'a> Container<'a> {
    fn open(file: &'a [u8]) -> Result<Self, String> {
        if file.len() < HEADER || !file.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
            return Err("its header is cut off".to_owned());
        }
        let sector = match (u16_at(file, 30), u16_at(file, 32)) {
            (Some(9), Some(6)) => 512,
            (Some(12), Some(6)) => 4096,
            _ => return Err("its sectors have no size that the standard knows".to_owned()),
        };
        let mut container = Self {
            file,
            sector,
            next: Vec::new(),
        };
        let mut tables = words(&file[76..HEADER]);
        let mut more = container.header(68)?;
        let mut steps = 0;
        while more < RESERVED {
            steps += 1;
            if steps > container.sectors() {
                return Err("its list of sectors runs in a circle".to_owned());
            }
            let mut list = words(container.sector(more).ok_or_else(beyond)?);
            more = list.pop().unwrap_or(END);
            tables.extend(list);
        }
        for table in tables.into_iter().filter(|id| *id < RESERVED) {
            let table = words(container.sector(table).ok_or_else(beyond)?);
            container.next.extend(table);
            if container.next.len() > container.sectors() + sector {
                break;
            }
        }
        Ok(container)
    }

    /// Sectors of the file, a part of one counted whole.
    fn sectors(&self) -> usize {
        self.file.len().div_ceil(self.sector)
    }

    fn header(&self, at: usize) -> Result<u32, String> {
        u32_at(self.file, at).ok_or_else(beyond)
    }

    /// A sector; the last one of a file may be cut short.
    fn sector(&self, id: u32) -> Option<&'a [u8]> {
        let rest = self
            .file
            .get((id as usize).checked_add(1)?.checked_mul(self.sector)?..)?;
        Some(&rest[..rest.len().min(self.sector)]).filter(|sector| !sector.is_empty())
    }

    /// First sector and size of a stream.
    fn place(&self, entry: &[u8]) -> Result<(u32, usize), String> {
        let start = u32_at(entry, 116).ok_or_else(beyond)?;
        let size = u32_at(entry, 120).ok_or_else(beyond)? as usize;
        if size > self.file.len() {
            return Err(format!(
                "a stream of {size} bytes in a file of {}",
                self.file.len()
            ));
        }
        Ok((start, size))
    }

    fn chain(&self, start: u32, most: usize) -> Result<Vec<u8>, String> {
        chain(start, most, &self.next, self.sectors(), &|id| self.sector(id))
    }
}

fn beyond() -> String {
    "a sector lies beyond the end of the file".to_owned()
}

/// The bytes of a chain, at most so many bytes and so many sectors.
fn chain<'s>(
    start: u32,
    most: usize,
    next: &[u32],
    sectors: usize,
    sector: &dyn Fn(u32) -> Option<&'s [u8]>,
) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut id = start;
    let mut steps = 0;
    while id != END && out.len() < most {
        steps += 1;
        if steps > sectors {
            return Err("a chain of sectors runs in a circle".to_owned());
        }
        let bytes = sector(id).ok_or_else(beyond)?;
        out.extend_from_slice(&bytes[..bytes.len().min(most - out.len())]);
        id = *next.get(id as usize).ok_or_else(beyond)?;
    }
    Ok(out)
}
