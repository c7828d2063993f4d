//! JSON records: arrays, lines, single objects, and objects that wrap an array of records.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use qala_core::Position;
use qala_core::spec::DatasetSpec;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::chosen::Chosen;
use super::plan::Columns;
pub(crate) use super::record::{Broken, JsonRecord, asked, at, hide, parts};
use super::row::Rows;
use crate::archive::read_fault;
use crate::envelope;
use crate::fault::{Fault, cut, whole};
use crate::selection::Selection;
use crate::text::not_utf8;
use crate::{Context, Sink, Stopped};

/// Keys under which services wrap their records.
const WRAPPERS: [&str; 8] = [
    "observations",
    "data",
    "records",
    "items",
    "results",
    "readings",
    "rows",
    "values",
];
/// Longest line of JSON lines.
const MAX_LINE: u64 = 16 << 20;
/// Most keys that records may have together.
const MAX_KEYS: usize = 10_000;

/// Receives records, and texts that are none.
pub(crate) trait Receiver {
    /// One record.
    fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped>;
    /// Something that is no record.
    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped>;
    /// True when the value of this key beside the records is wanted.
    fn wants(&self, _: &str) -> bool {
        false
    }
    /// The value of such a key.
    fn member(&mut self, _: &str, _: &Json, _: &mut dyn Sink) -> Result<(), Stopped> {
        Ok(())
    }
}

/// Where a record is: a line of JSON lines, or its number in an array.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Line(u64),
    Number(u64),
}

impl Place {
    /// The position of a problem there.
    pub(crate) fn position(self, file: Option<&str>) -> Position {
        let file = file.map(str::to_owned);
        match self {
            Self::Line(line) => Position {
                file,
                line: Some(line),
                ..Position::default()
            },
            Self::Number(record) => Position {
                file,
                record: Some(record),
                ..Position::default()
            },
        }
    }
}

/// Says whether a file name is one of JSON lines.
pub(crate) fn is_lines_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["jsonl", "ndjson"]
        .iter()
        .any(|lines| ending.eq_ignore_ascii_case(lines))
}

/// Says whether a text that begins with `{` is JSON lines: its first line is an object by itself, and more follow.
pub(crate) fn is_lines(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return false;
    };
    let rest = head[end..].trim_ascii_start();
    rest.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(&head[..end]).is_ok()
}

/// Reads JSON and gives each record to the receiver.
pub(crate) fn parse(
    bytes: &mut dyn BufRead,
    is_lines: bool,
    (file, selection): (Option<&str>, Option<&Selection>),
    receiver: &mut dyn Receiver,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    if let Err(error) = skip_mark(bytes) {
        return sink.problem(whole(read_fault(&error), file, 0));
    }
    if is_lines {
        lines(bytes, (file, selection), receiver, sink)
    } else {
        document(bytes, (file, selection), receiver, sink)
    }
}

/// Passes over a byte order mark.
pub(super) fn skip_mark(bytes: &mut dyn BufRead) -> std::io::Result<()> {
    if bytes.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        bytes.consume(3);
    }
    Ok(())
}

fn lines(
    bytes: &mut dyn BufRead,
    (file, selection): (Option<&str>, Option<&Selection>),
    receiver: &mut dyn Receiver,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let mut receiver = Chosen {
        receiver,
        file,
        selection,
    };
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let place = Place::Line(number);
        match Read::take(&mut *bytes, MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => return sink.problem(whole(read_fault(&error), file, 0)),
        }
        if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
            let fault = Fault::new("too_large", format!("the line is longer than {MAX_LINE} bytes"));
            receiver.broken(fault, "", place, sink)?;
            while line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
                line.clear();
                if let Err(error) = Read::take(&mut *bytes, MAX_LINE).read_until(b'\n', &mut line) {
                    return sink.problem(whole(read_fault(&error), file, 0));
                }
            }
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let own = serde_json::from_slice::<Json>(text);
        if let Some(mended) = receiver.mended(place, own.as_ref().ok()) {
            match mended {
                Ok(object) => receiver.object(&object, place, sink)?,
                Err((fault, raw)) => receiver.broken(fault, &raw, place, sink)?,
            }
            continue;
        }
        match own {
            Ok(Json::Object(object)) => match envelope::refused(&object) {
                None => receiver.object(&object, place, sink)?,
                Some(why) => {
                    let fault = Fault::new("bad_payload", why);
                    receiver.broken(fault, &String::from_utf8_lossy(text), place, sink)?;
                }
            },
            Ok(_) => receiver.broken(no_object(), &String::from_utf8_lossy(text), place, sink)?,
            Err(_) if std::str::from_utf8(text).is_err() => {
                receiver.broken(not_utf8(text), &String::from_utf8_lossy(text), place, sink)?;
            }
            Err(error) => receiver.broken(bad_json(&error), &String::from_utf8_lossy(text), place, sink)?,
        }
    }
}

pub(super) fn no_object() -> Fault {
    Fault::new(
        "bad_json",
        "a record is an object of names and values: { \"station_id\": …, \"t\": … }",
    )
}

pub(crate) fn bad_json(error: &serde_json::Error) -> Fault {
    Fault::new("bad_json", format!("this is not JSON ({error})"))
}

fn document(
    bytes: &mut dyn BufRead,
    (file, selection): (Option<&str>, Option<&Selection>),
    receiver: &mut dyn Receiver,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let mut state = State::new(receiver, (file, selection), sink);
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, bytes));
    let result = Top(&mut state)
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
    end_of_document(state, result, file)
}

/// Tells how reading a document ended.
pub(super) fn end_of_document(
    state: State<'_>,
    result: serde_json::Result<()>,
    file: Option<&str>,
) -> Result<(), Stopped> {
    if let Some(stopped) = state.stopped {
        return Err(stopped);
    }
    let Err(error) = result else { return Ok(()) };
    let number = state.number;
    if error.is_io() {
        let fault = read_fault(&std::io::Error::from(error));
        return state.sink.problem(whole(fault, file, 0));
    }
    let fault = Fault::new(
        "broken_json",
        format!("this is not JSON ({error}); {number} records before it were read, the rest was not"),
    );
    let mut receiver = state.receiver;
    receiver.broken(fault, "", Place::Number(number), state.sink)
}

/// A document that is being read.
pub(super) struct State<'a> {
    receiver: Chosen<'a>,
    pub(super) sink: &'a mut dyn Sink,
    number: u64,
    stopped: Option<Stopped>,
}

impl<'a> State<'a> {
    /// Begins with the first record.
    pub(super) fn new(
        receiver: &'a mut dyn Receiver,
        (file, selection): (Option<&'a str>, Option<&'a Selection>),
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self {
            receiver: Chosen {
                receiver,
                file,
                selection,
            },
            sink,
            number: 0,
            stopped: None,
        }
    }

    /// True when the value of a key beside the records is wanted.
    pub(super) fn wants(&self, key: &str) -> bool {
        self.receiver.receiver.wants(key)
    }

    /// Passes on the value of a key beside the records.
    pub(super) fn member(&mut self, key: &str, value: &Json) -> Result<(), Stopped> {
        self.receiver.receiver.member(key, value, self.sink)
    }

    /// Passes on a record.
    pub(super) fn take(&mut self, value: Json) -> Result<(), Stopped> {
        let place = Place::Number(self.number);
        self.number += 1;
        match self.receiver.mended(place, Some(&value)) {
            Some(Ok(object)) => return self.receiver.object(&object, place, self.sink),
            Some(Err((fault, raw))) => return self.receiver.broken(fault, &raw, place, self.sink),
            None => {}
        }
        match value {
            Json::Object(object) => self.receiver.object(&object, place, self.sink),
            other => self
                .receiver
                .broken(no_object(), &cut(other.to_string()), place, self.sink),
        }
    }

    /// Keeps why the sink gave up, and ends the reading.
    pub(super) fn note<E: serde::de::Error>(&mut self, result: Result<(), Stopped>) -> Result<(), E> {
        result.map_err(|stopped| {
            self.stopped = Some(stopped);
            E::custom("stopped")
        })
    }
}

/// The outermost value: an array of records, a record, or an object around an array of records.
struct Top<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(value) = sequence.next_element::<Json>()? {
            let result = self.0.take(value);
            self.0.note(result)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut object = Map::new();
        let mut is_wrapper = false;
        while let Some(key) = map.next_key::<String>()? {
            if WRAPPERS.contains(&key.as_str()) {
                let inner = map.next_value_seed(Inner(self.0))?;
                match inner {
                    None => is_wrapper = true,
                    Some(value) => {
                        object.insert(key, value);
                    }
                }
            } else {
                object.insert(key, map.next_value()?);
            }
        }
        if is_wrapper {
            return Ok(());
        }
        let result = self.0.take(Json::Object(object));
        self.0.note(result)
    }
}

/// The value under a wrapping key: records if it is an array of objects, else a value like any other.
struct Inner<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Inner<'_, '_> {
    type Value = Option<Json>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_, '_> {
    type Value = Option<Json>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Self::Value, A::Error> {
        Top(self.0).visit_seq(sequence).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Json::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Json::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        serde_json::Number::from_f64(value)
            .map(|n| Some(Json::Number(n)))
            .ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(Json::String(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Json::Null))
    }
}

/// Records of one dataset.
pub(crate) struct OneDataset<'a> {
    spec: &'a DatasetSpec,
    context: &'a Context<'a>,
    file: Option<String>,
    /// Source columns asked for; keys met are added when every column is unpivoted.
    paths: Vec<String>,
    rows: Option<Rows>,
}

impl<'a> OneDataset<'a> {
    /// Begins with the columns that spec and mapping name.
    pub(crate) fn new(spec: &'a DatasetSpec, context: &'a Context<'a>, file: Option<&str>) -> Self {
        Self {
            spec,
            context,
            file: file.map(str::to_owned),
            paths: asked(spec, context.mapping),
            rows: None,
        }
    }

    fn rows(
        &mut self,
        object: Option<&Map<String, Json>>,
        sink: &mut dyn Sink,
    ) -> Result<&mut Rows, Stopped> {
        let takes_all = self
            .context
            .mapping
            .unpivot
            .as_ref()
            .is_some_and(|unpivot| unpivot.columns.is_empty());
        if takes_all && let Some(object) = object {
            let is_new = |key: &&String| {
                let inside = || {
                    self.paths
                        .iter()
                        .any(|path| path.split('.').next() == Some(key.as_str()))
                };
                !self.paths.contains(key) && !inside() && !envelope::is_own(key)
            };
            let new: Vec<String> = object.keys().filter(is_new).cloned().collect();
            if !new.is_empty() && self.paths.len() + new.len() <= MAX_KEYS {
                if let Some(rows) = self.rows.take() {
                    rows.finish(sink)?;
                }
                self.paths.extend(new);
            }
        }
        Ok(self.rows.get_or_insert_with(|| {
            Rows::new(
                self.spec,
                self.context.mapping,
                self.context,
                &self.paths,
                Columns::Open,
                self.file.as_deref(),
            )
        }))
    }

    /// Hands over the last rows.
    pub(crate) fn finish(self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.rows.map_or(Ok(()), |rows| rows.finish(sink))
    }
}

impl Receiver for OneDataset<'_> {
    fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        self.rows(Some(object), sink)?;
        if let Some(rows) = &mut self.rows {
            let record = JsonRecord {
                object,
                paths: &self.paths,
                place,
            };
            rows.record(&record, sink)?;
        }
        Ok(())
    }

    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let record = Broken { raw, place };
        self.rows(None, sink)?.broken(fault, &record, sink)
    }
}
