//! Arrow IPC, file and stream. A file is read as the stream it holds, so that no size in it is believed
//! before the bytes are there.

use std::io::BufRead;

use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use bytes::Bytes;
use qala_core::Position;
use qala_core::spec::DatasetSpec;

use super::all;
use super::columnar::{Batches, guarded};
use crate::fault::{Fault, whole};
use crate::{Context, Sink, Stopped};

/// Widest alignment of Arrow files.
const MAX_ALIGNMENT: usize = 64;
/// Magic at both ends of a file.
const MAGIC: &[u8] = b"ARROW1";

/// The two shapes of Arrow IPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    File,
    Stream,
}

/// The stream within a file: without magic and padding before it, footer and magic after it.
fn stream(file: &Bytes) -> Bytes {
    let padding = file
        .iter()
        .skip(MAGIC.len())
        .take(MAX_ALIGNMENT)
        .take_while(|byte| **byte == 0)
        .count();
    let start = (MAGIC.len() + padding).min(file.len());
    let rest = &file[start..];
    let footer = rest
        .strip_suffix(MAGIC)
        .and_then(|rest| rest.split_last_chunk::<4>());
    let end = footer.and_then(|(before, length)| {
        before
            .len()
            .checked_sub(usize::try_from(i32::from_le_bytes(*length)).ok()?)
    });
    file.slice(start..end.map_or(file.len(), |end| start + end))
}

/// Reads Arrow IPC.
pub(super) fn arrow(
    bytes: &mut dyn BufRead,
    shape: Shape,
    spec: &DatasetSpec,
    context: &Context<'_>,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let all_bytes = match all(bytes, context) {
        Ok(all_bytes) => all_bytes,
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    };
    let mut buffer = Buffer::from(if shape == Shape::File {
        stream(&all_bytes)
    } else {
        all_bytes
    });
    let mut decoder = StreamDecoder::new();
    let mut batches: Option<Batches> = None;
    let mut fault = None;
    while !buffer.is_empty() {
        let before = buffer.len();
        match guarded(|| decoder.decode(&mut buffer)) {
            Ok(Some(batch)) => {
                let known = match &mut batches {
                    Some(known) => known,
                    None => batches.insert(Batches::new(&batch.schema(), spec, context, file, sink)?),
                };
                if let Err(wrong) = known.add(&batch, sink)? {
                    fault = Some(wrong);
                    break;
                }
            }
            // The end of the stream; a file has its footer after it.
            Ok(None) if buffer.len() == before => break,
            Ok(None) => {}
            Err(wrong) => {
                fault = Some(wrong);
                break;
            }
        }
    }
    let broken = fault.or_else(|| guarded(|| decoder.finish()).err());
    if let Some(fault) = broken {
        sink.problem(whole(fault, file, 1))?;
    }
    if let Some(batches) = batches {
        return batches.finish(sink);
    }
    let fault = Fault::new("empty", "the file holds no rows");
    let position = Position {
        file: file.map(str::to_owned),
        ..Position::default()
    };
    sink.problem(fault.warn(Some(&spec.name), position))
}
