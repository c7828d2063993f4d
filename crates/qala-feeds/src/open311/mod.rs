//! Import kind `open311`: service requests of Open311 GeoReport v2, JSON and XML.
//!
//! What belongs here: the standard's names and its two forms. What does not: asking a server for them (a transport's), free
//! texts and addresses, which may name people and are not taken.

use std::io::BufRead;
use std::sync::LazyLock;

use qala_core::spec::{DatasetSpec, Mapping};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value as Json};

use crate::archive::{Member, each_file, read_fault};
use crate::fault::{Fault, cut, whole};
use crate::table::jsonl::{self, JsonRecord, Place, Receiver, asked};
use crate::table::plan::Columns;
use crate::table::row::Rows;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, FeedKind, Input, Sink, Stopped};

#[cfg(test)]
mod tests;

/// The dataset when none is named.
const DATASET: &str = "appeals_requests";
/// Longest text of one field of a request, in bytes; longer is no request.
const MAX_TEXT: usize = 1 << 20;

static MAPPING: LazyLock<Mapping> =
    LazyLock::new(|| Mapping::from_toml("open311", include_str!("requests.toml")).unwrap_or_default());

/// Import kind `open311`.
pub(crate) struct Open311;

impl FeedKind for Open311 {
    fn name(&self) -> &'static str {
        "open311"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let Some(spec) = context.dataset.or_else(|| context.spec(DATASET)) else {
            let message =
                format!("there is no dataset `{DATASET}`; add its spec or name another with --dataset");
            return sink.problem(whole(Fault::new("unknown_dataset", message), None, 0));
        };
        // A saved mapping adds to the standard's names, or replaces them, and may name a zone.
        let mut mapping = context.mapping.clone();
        for (column, map) in &MAPPING.columns {
            mapping
                .columns
                .entry(column.clone())
                .or_insert_with(|| map.clone());
        }
        each_file(input, context, sink, &mut |member, sink| {
            file(member, spec, &mapping, context, sink)
        })
    }
}

fn file(
    member: Member<'_>,
    spec: &DatasetSpec,
    mapping: &Mapping,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let Member { name, inside, bytes } = member;
    let paths = asked(spec, mapping);
    let mut requests = Requests {
        file: inside,
        rows: Rows::new(spec, mapping, context, &paths, Columns::Open, inside),
        paths,
    };
    let head = match bytes.fill_buf() {
        Ok([]) => return sink.problem(whole(Fault::new("empty", "the message is empty"), inside, 0)),
        Ok(head) if mark(head) == Mark::Utf16 => return sink.problem(whole(is_utf16(), inside, 0)),
        Ok(head) => head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head),
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    };
    if head.trim_ascii_start().first() == Some(&b'<') {
        xml(bytes, &mut requests, sink)?;
    } else {
        let is_lines = jsonl::is_lines_name(name) || jsonl::is_lines(head);
        let selection = context.selection.as_deref();
        jsonl::parse(bytes, is_lines, (inside, selection), &mut requests, sink)?;
    }
    requests.rows.finish(sink)
}

struct Requests<'a> {
    file: Option<&'a str>,
    rows: Rows,
    paths: Vec<String>,
}

impl Receiver for Requests<'_> {
    fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        // Some servers wrap the list in an object.
        let wrapped = ["service_requests", "requests"]
            .iter()
            .find_map(|key| object.get(*key)?.as_array());
        let Some(list) = wrapped else {
            let Self { rows, paths, .. } = self;
            return rows.record(&JsonRecord { object, paths, place }, sink);
        };
        for (index, value) in list.iter().enumerate() {
            let place = Place::Number(index as u64);
            match value.as_object() {
                Some(inner) if !inner.contains_key("service_requests") => {
                    let Self { rows, paths, .. } = self;
                    rows.record(
                        &JsonRecord {
                            object: inner,
                            paths,
                            place,
                        },
                        sink,
                    )?;
                }
                _ => self.broken(no_request(), &value.to_string(), place, sink)?,
            }
        }
        Ok(())
    }

    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let problem = fault.reject(None, 1, place.position(self.file));
        sink.problem(if raw.is_empty() {
            problem
        } else {
            problem.with_raw(cut(raw.to_owned()))
        })
    }
}

fn no_request() -> Fault {
    Fault::new(
        "bad_json",
        "this is no service request; a list of objects is expected",
    )
}

/// Reads `<service_requests><request>…`: each child of a request is a field.
fn xml(bytes: &mut dyn BufRead, requests: &mut Requests<'_>, sink: &mut dyn Sink) -> Result<(), Stopped> {
    let mut reader = Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    let mut open: Option<Map<String, Json>> = None;
    let mut field: Option<(String, String)> = None;
    let mut count = 0;
    loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => {
                let message =
                    format!("the XML is broken after {count} requests ({error}); nothing after it is read");
                return requests.broken(Fault::new("broken_xml", message), "", Place::Number(count), sink);
            }
        };
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "request" => open = Some(Map::new()),
            Event::Start(tag) if open.is_some() && field.is_none() => {
                field = Some((tag.local_name().as_ref().to_owned(), String::new()));
            }
            Event::Text(text) => add(&mut field, &text),
            Event::CData(text) => add(&mut field, &text),
            Event::GeneralRef(name) => {
                let told =
                    quick_xml::escape::unescape(&format!("&{};", &*name)).map(std::borrow::Cow::into_owned);
                add(&mut field, &told.unwrap_or_default());
            }
            Event::End(tag) => {
                if tag.local_name().as_ref() == "request" {
                    if let Some(object) = open.take() {
                        requests.object(&object, Place::Number(count), sink)?;
                    }
                    count += 1;
                } else if let Some((name, text)) = field.take() {
                    if name != tag.local_name().as_ref() {
                        // An element inside a field.
                        field = Some((name, text));
                    } else if let Some(object) = &mut open
                        && !text.trim().is_empty()
                    {
                        object.insert(name, text.trim().into());
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if open.is_some() {
        let message = "the file ends inside a request";
        return requests.broken(Fault::new("broken_xml", message), "", Place::Number(count), sink);
    }
    if count == 0 {
        let message = "the XML holds no `request`; `service_requests` of GeoReport v2 are expected";
        return sink.problem(whole(Fault::new("no_records", message), requests.file, 0));
    }
    Ok(())
}

fn add(field: &mut Option<(String, String)>, text: &str) {
    if let Some((_, whole)) = field
        && whole.len() + text.len() <= MAX_TEXT
    {
        whole.push_str(text);
    }
}
