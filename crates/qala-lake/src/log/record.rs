//! One record of the log: everything that became durable together because of one message.
//!
//! Layout, little-endian: magic `QREC`, version u8, 3 zero bytes, payload length u64, first `_seq` i64, number of
//! `_seq`s u64, `_received_at` i64, source i64, first `_seq` of the group that was written at once i64, CRC-32C of all of these and of the payload u32. The payload is one
//! section per dataset: name length u16, name, spec version u32, rows u64, IPC length u64, Arrow IPC stream.

use std::sync::Arc;

use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;

use crate::error::{LakeError, Result};

const MAGIC: [u8; 4] = *b"QREC";
const VERSION: u8 = 1;
/// Bytes before the payload.
pub(crate) const HEADER: usize = 60;

/// Rows of one dataset in a record. Rows have consecutive `_seq`s in the order of sections.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Dataset.
    pub(crate) dataset: Arc<str>,
    /// Version of the dataset's spec.
    pub(crate) version: u32,
    /// The dataset's own columns.
    pub(crate) batch: RecordBatch,
}

/// A record, in memory.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// `_seq` of the first row.
    pub(crate) seq: i64,
    /// `_received_at` of all rows, µs.
    pub(crate) received_at: i64,
    /// `_source` of all rows: the message id.
    pub(crate) source: i64,
    /// Rows by dataset.
    pub(crate) sections: Vec<Section>,
}

impl Record {
    /// Number of `_seq`s used: at least one, so that every record has a place.
    pub(crate) fn count(&self) -> i64 {
        (self.sections.iter().map(|s| s.batch.num_rows()).sum::<usize>() as i64).max(1)
    }

    /// Writes the record; `group` is the first `_seq` of those written at once.
    pub(crate) fn encode(&self, group: i64) -> Result<Vec<u8>> {
        let guess: usize = self
            .sections
            .iter()
            .map(|s| s.batch.get_array_memory_size())
            .sum();
        let mut out = Vec::with_capacity(HEADER + guess + 1024);
        out.resize(HEADER, 0);
        for section in &self.sections {
            out.extend_from_slice(&(section.dataset.len() as u16).to_le_bytes());
            out.extend_from_slice(section.dataset.as_bytes());
            out.extend_from_slice(&section.version.to_le_bytes());
            out.extend_from_slice(&(section.batch.num_rows() as u64).to_le_bytes());
            let length_at = out.len();
            out.extend_from_slice(&[0; 8]);
            let mut writer = StreamWriter::try_new(&mut out, &section.batch.schema())?;
            writer.write(&section.batch)?;
            writer.finish()?;
            drop(writer);
            let length = (out.len() - length_at - 8) as u64;
            out[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
        }
        let payload = (out.len() - HEADER) as u64;
        out[0..4].copy_from_slice(&MAGIC);
        out[4] = VERSION;
        out[8..16].copy_from_slice(&payload.to_le_bytes());
        out[16..24].copy_from_slice(&self.seq.to_le_bytes());
        out[24..32].copy_from_slice(&self.count().to_le_bytes());
        out[32..40].copy_from_slice(&self.received_at.to_le_bytes());
        out[40..48].copy_from_slice(&self.source.to_le_bytes());
        out[48..56].copy_from_slice(&group.to_le_bytes());
        let crc = checksum(&out);
        out[56..60].copy_from_slice(&crc.to_le_bytes());
        Ok(out)
    }
}

fn checksum(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[..56]), &record[HEADER..])
}

/// The fixed part of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Payload bytes.
    pub(crate) payload: u64,
    /// First `_seq`.
    pub(crate) seq: i64,
    /// Number of `_seq`s.
    pub(crate) count: i64,
    /// First `_seq` of the records that were written and fsynced together with this one.
    pub(crate) group: i64,
}

/// What stands at a position of a segment.
pub(crate) enum Found {
    /// A whole record with a good checksum.
    Record(Header, Record),
    /// The end, or bytes that were never acknowledged.
    Torn(&'static str),
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    let mut buffer = [0; 8];
    buffer.copy_from_slice(&bytes[at..at + 8]);
    i64::from_le_bytes(buffer)
}

/// Reads the record at the start of `bytes`.
///
/// # Errors
/// [`LakeError::Damaged`] when the checksum is good but the content cannot be read: a bug or a newer version.
pub(crate) fn decode(bytes: &[u8]) -> Result<Found> {
    if bytes.is_empty() {
        return Ok(Found::Torn("end"));
    }
    if bytes.len() < HEADER || bytes[0..4] != MAGIC {
        return Ok(Found::Torn("no record header"));
    }
    let payload = i64_at(bytes, 8) as u64;
    let Some(end) = usize::try_from(payload)
        .ok()
        .and_then(|p| p.checked_add(HEADER))
        .filter(|e| *e <= bytes.len())
    else {
        return Ok(Found::Torn("record is cut off"));
    };
    let whole = &bytes[..end];
    let mut crc = [0; 4];
    crc.copy_from_slice(&whole[56..60]);
    if checksum(whole) != u32::from_le_bytes(crc) {
        return Ok(Found::Torn("checksum does not match"));
    }
    if whole[4] != VERSION {
        return Err(LakeError::NewerFormat {
            found: u32::from(whole[4]),
            known: u32::from(VERSION),
        });
    }
    let header = Header {
        payload,
        seq: i64_at(whole, 16),
        count: i64_at(whole, 24),
        group: i64_at(whole, 48),
    };
    let mut record = Record {
        seq: header.seq,
        received_at: i64_at(whole, 32),
        source: i64_at(whole, 40),
        sections: Vec::new(),
    };
    let damaged = |detail: &str| LakeError::Damaged {
        what: format!("log record {}", header.seq),
        detail: detail.into(),
    };
    let mut at = HEADER;
    let mut take = |n: usize| -> Result<&[u8]> {
        let part = whole
            .get(at..at + n)
            .ok_or_else(|| damaged("section is cut off"))?;
        at += n;
        Ok(part)
    };
    loop {
        let Ok(length) = take(2) else { break };
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        let dataset: Arc<str> = std::str::from_utf8(take(length)?)
            .map_err(|_| damaged("name is not UTF-8"))?
            .into();
        let version = take(4)?;
        let version = u32::from_le_bytes([version[0], version[1], version[2], version[3]]);
        take(8)?;
        let bytes = usize::try_from(i64_at(take(8)?, 0)).map_err(|_| damaged("length is negative"))?;
        let mut reader = StreamReader::try_new(take(bytes)?, None)?;
        let batch = reader.next().ok_or_else(|| damaged("section has no rows"))??;
        record.sections.push(Section {
            dataset,
            version,
            batch,
        });
    }
    Ok(Found::Record(header, record))
}
