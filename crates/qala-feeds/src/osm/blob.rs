//! The blobs of a file: where they lie, and what is in them.

use std::io::{self, Read, SeekFrom};

use bytes::Bytes;
use flate2::read::ZlibDecoder;
use prost::Message;

use super::block::Block;
use super::message::{Blob, BlobHeader, HeaderBlock, PrimitiveBlock};
use crate::Input;
use crate::archive::{Budget, Metered, fill, read_fault};
use crate::fault::{Fault, quote};

/// Bounds of the format.
const MAX_HEADER: u32 = 64 << 10;
const MAX_BLOB: u64 = 32 << 20;
/// What a file may require of its readers and this one understands.
const FEATURES: [&str; 2] = ["OsmSchema-V0.6", "DenseNodes"];

/// A blob of data: its number in the file and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Counted from 0.
    pub(super) record: u64,
    offset: u64,
    size: u64,
}

/// What stands next in a file.
pub(super) enum Found {
    Header(Place),
    Data(Place),
    Other,
    End,
}

/// Walks from blob to blob without reading what is in them.
pub(super) struct Walk {
    at: u64,
    record: u64,
}

impl Walk {
    /// Begins at the start of a file.
    pub(super) fn new() -> Self {
        Self { at: 0, record: 0 }
    }

    /// Number of the blob that comes next, from 0.
    pub(super) fn record(&self) -> u64 {
        self.record
    }

    /// The next blob. After a fault the places of further blobs are not known.
    pub(super) fn next(&mut self, input: &mut dyn Input, length: u64) -> Result<Found, Fault> {
        if self.at >= length {
            return Ok(Found::End);
        }
        let damaged = |what: String| {
            let message = format!("{what}; what follows cannot be found, fetch the file again");
            Fault::new("damaged_file", message)
        };
        let mut size = [0_u8; 4];
        let got = read_at(input, self.at, &mut size)?;
        let size = u32::from_be_bytes(size);
        if got < 4 || size > MAX_HEADER {
            return Err(damaged(format!(
                "no blob header stands at byte {}: this is not OSM PBF, or it is damaged",
                self.at
            )));
        }
        let mut head = vec![0_u8; size as usize];
        let got = read_at(input, self.at + 4, &mut head)?;
        let header = BlobHeader::decode(head.get(..got).unwrap_or_default())
            .ok()
            .filter(|_| got == head.len());
        let Some(BlobHeader {
            kind: Some(kind),
            size: Some(blob),
        }) = header
        else {
            return Err(damaged(format!("the blob header at byte {} is broken", self.at)));
        };
        let blob = u64::try_from(blob).unwrap_or(u64::MAX);
        let offset = self.at + 4 + u64::from(size);
        if blob > MAX_BLOB {
            return Err(damaged(format!(
                "the blob at byte {offset} claims more than {MAX_BLOB} bytes"
            )));
        }
        if offset + blob > length {
            return Err(damaged(format!(
                "the file ends within the blob at byte {offset}, {} bytes too early",
                offset + blob - length
            )));
        }
        let place = Place {
            record: self.record,
            offset,
            size: blob,
        };
        self.at = offset + blob;
        self.record += 1;
        Ok(match kind.as_str() {
            "OSMHeader" => Found::Header(place),
            "OSMData" => Found::Data(place),
            _ => Found::Other,
        })
    }
}

fn read_at(input: &mut dyn Input, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
    let read = |error: io::Error| read_fault(&error);
    input.seek(SeekFrom::Start(at)).map_err(read)?;
    fill(input, buffer).map_err(read)
}

fn broken(what: impl std::fmt::Display) -> Fault {
    let message = format!("the blob cannot be read ({what}); its elements are missing, fetch the file again");
    Fault::new("damaged_blob", message)
}

/// Reads and unpacks a blob.
pub(super) fn unpack(input: &mut dyn Input, place: Place, budget: &Budget) -> Result<Bytes, Fault> {
    let mut bytes = vec![0_u8; place.size as usize];
    let got = read_at(input, place.offset, &mut bytes)?;
    if got < bytes.len() {
        return Err(broken("the file ends within it"));
    }
    let blob = Blob::decode(Bytes::from(bytes)).map_err(broken)?;
    if let Some(raw) = blob.raw {
        return Ok(raw);
    }
    let Some(packed) = blob.zlib else {
        let method = match (blob.lzma, blob.lz4, blob.zstd) {
            (Some(_), _, _) => "lzma",
            (_, Some(_), _) => "lz4",
            (_, _, Some(_)) => "zstd",
            _ => return Err(broken("it is empty")),
        };
        let message = format!(
            "the blob is compressed with {method}, which is not read; write the file with zlib (`osmium cat -f pbf,pbf_compression=zlib`)"
        );
        return Err(Fault::new("unknown_compression", message));
    };
    // One byte more than allowed tells a blob that is too large from one that just fits.
    let mut unpacked = Vec::with_capacity(
        blob.raw_size
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(0)
            .min(MAX_BLOB as usize),
    );
    let reader = Metered::new(ZlibDecoder::new(&packed[..]), budget.clone());
    match reader.take(MAX_BLOB + 1).read_to_end(&mut unpacked) {
        Ok(_) if unpacked.len() as u64 > MAX_BLOB => {
            Err(broken(format!("it unpacks to more than {MAX_BLOB} bytes")))
        }
        Ok(_) => Ok(Bytes::from(unpacked)),
        Err(error) => {
            let fault = read_fault(&error);
            Err(if fault.code == "too_large" {
                fault
            } else {
                broken(error)
            })
        }
    }
}

/// Checks that a file asks for nothing that this reader does not know.
pub(super) fn check_header(input: &mut dyn Input, place: Place, budget: &Budget) -> Result<(), Fault> {
    let header = HeaderBlock::decode(unpack(input, place, budget)?).map_err(broken)?;
    let unknown = |feature: &&String| !FEATURES.contains(&feature.as_str());
    let Some(feature) = header.required_features.iter().find(unknown) else {
        return Ok(());
    };
    let message = format!(
        "the file requires {} of its readers, which is not known here; extract a plain map of one day from it",
        quote(feature.as_bytes())
    );
    Err(Fault::new("unknown_format", message))
}

/// Reads a blob of data.
pub(super) fn read_block(input: &mut dyn Input, place: Place, budget: &Budget) -> Result<Block, Fault> {
    let block = PrimitiveBlock::decode(unpack(input, place, budget)?).map_err(broken)?;
    Block::new(block).map_err(broken)
}
