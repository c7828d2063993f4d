//! Tables of any shape into one dataset, by a mapping: CSV, workbooks, JSON lines and documents, Parquet, Arrow.
//!
//! What belongs here: the sources of cells and the mapping. What does not: formats with a fixed meaning.

use std::io::BufRead;

use qala_core::spec::DatasetSpec;

use crate::archive::{Member, each_file, read_fault};
use crate::fault::{Fault, hint, whole};
use crate::publish::Sets;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, FeedKind, Input, Sink, Stopped};

mod blocks;
pub(crate) mod cell;
mod chosen;
pub(crate) mod columnar;
pub(crate) mod csv;
mod ipc;
pub(crate) mod jsonl;
mod layout;
mod old;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod propose;
pub(crate) mod record;
pub(crate) mod row;
mod sheet;
mod totals;
mod values;
mod workbook;

#[cfg(test)]
mod books;
#[cfg(test)]
mod mended;
#[cfg(test)]
mod tests;

/// Import kind `table`.
pub(crate) struct Table;

impl FeedKind for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let spec = match target(context) {
            Ok(spec) => spec,
            Err(fault) => return sink.problem(whole(fault, None, 0)),
        };
        let mut sets = Sets::new(sink, context.feed);
        each_file(input, context, &mut sets, &mut |member, sink| {
            file(member, spec, context, sink)
        })?;
        sets.publish(spec)
    }
}

/// The dataset that is filled: the caller's, or the mapping's.
pub(crate) fn target<'a>(context: &Context<'a>) -> Result<&'a DatasetSpec, Fault> {
    if let Some(spec) = context.dataset {
        return Ok(spec);
    }
    let Some(name) = &context.mapping.dataset else {
        let message = "no dataset is named; name it with --dataset, or under `dataset` of the mapping";
        return Err(Fault::new("no_dataset", message));
    };
    context.spec(name.as_str()).ok_or_else(|| {
        let near = hint(
            name.as_str(),
            context.datasets.iter().map(|spec| spec.name.as_str()),
        );
        Fault::new("no_dataset", format!("dataset `{name}` is not known{near}"))
    })
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Json,
    Parquet,
    ArrowFile,
    ArrowStream,
    Workbook,
    Empty,
    Utf16,
}

/// By the first bytes, then the ending of the name, then the content.
fn format(head: &[u8], name: &str) -> Format {
    if head.is_empty() {
        return Format::Empty;
    }
    if head.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    if head.starts_with(b"ARROW1") {
        return Format::ArrowFile;
    }
    if head.starts_with(b"\xFF\xFF\xFF\xFF") {
        return Format::ArrowStream;
    }
    if sheet::is_old(head) || head.starts_with(b"PK\x03\x04") {
        return Format::Workbook;
    }
    if mark(head) == Mark::Utf16 {
        return Format::Utf16;
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("csv" | "tsv" | "txt") => return Format::Csv,
        _ if jsonl::is_lines_name(name) => return Format::JsonLines,
        _ => {}
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    match text.trim_ascii_start().first() {
        Some(b'{') if jsonl::is_lines(text) => Format::JsonLines,
        Some(b'{' | b'[') => Format::Json,
        _ => Format::Csv,
    }
}

fn file(
    member: Member<'_>,
    spec: &DatasetSpec,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let Member { name, inside, bytes } = member;
    let found = match bytes.fill_buf() {
        Ok(head) => format(head, name),
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    };
    match found {
        Format::Csv => csv::parse(bytes, spec, context, inside, sink),
        Format::JsonLines | Format::Json => {
            let mut one = jsonl::OneDataset::new(spec, context, inside);
            let place = (inside, context.selection.as_deref());
            match &context.mapping.records {
                None => jsonl::parse(bytes, found == Format::JsonLines, place, &mut one, sink)?,
                Some(text) => match path::Path::parse(text) {
                    Ok(path) => path::parse(bytes, &path, place, &mut one, sink)?,
                    Err(fault) => return sink.problem(whole(fault, inside, 0)),
                },
            }
            one.finish(sink)
        }
        Format::Parquet => columnar::parquet(bytes, spec, context, inside, sink),
        Format::ArrowFile => ipc::arrow(bytes, ipc::Shape::File, spec, context, inside, sink),
        Format::ArrowStream => ipc::arrow(bytes, ipc::Shape::Stream, spec, context, inside, sink),
        Format::Empty => {
            let fault = Fault::new("empty", "the file is empty; check that it was fetched to its end");
            sink.problem(whole(fault, inside, 0))
        }
        Format::Utf16 => sink.problem(whole(is_utf16(), inside, 0)),
        Format::Workbook => workbook::parse(bytes, spec, context, inside, sink),
    }
}

/// Reads the rest of a file into memory.
pub(crate) fn all(bytes: &mut dyn BufRead, context: &Context<'_>) -> Result<bytes::Bytes, Fault> {
    let mut all_bytes = Vec::new();
    let mut limited = std::io::Read::take(bytes, context.max_unpacked.saturating_add(1));
    std::io::Read::read_to_end(&mut limited, &mut all_bytes).map_err(|error| read_fault(&error))?;
    if all_bytes.len() as u64 > context.max_unpacked {
        let message = format!("the file is larger than {} bytes; split it", context.max_unpacked);
        return Err(Fault::new("too_large", message));
    }
    Ok(all_bytes.into())
}
