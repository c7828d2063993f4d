//! Import kind `json`: objects of station or object id, t, quantity, value and unit.
//!
//! What belongs here: the spellings of these five words and the choice of the dataset. What does not: JSON itself
//! (`table/jsonl.rs`).

use qala_core::TimeStyle;
use qala_core::spec::{ColumnMap, ColumnType, DatasetSpec, Mapping, Role};
use serde_json::{Map, Value};

use crate::archive::{Member, each_file, read_fault};
use crate::fault::{Fault, cut, hint, quote, whole};
use crate::publish::Sets;
use crate::table::jsonl::{self, Broken, JsonRecord, Place, Receiver};
use crate::table::plan::Columns;
use crate::table::row::Rows;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, FeedKind, Input, Sink, Stopped};

#[cfg(test)]
mod tests;

/// Spellings of the object's id, most telling first.
const IDS: [&str; 7] = [
    "station_id",
    "detector_id",
    "sensor_id",
    "object_id",
    "station",
    "object",
    "id",
];
/// Spellings of the time.
const TIMES: [&str; 4] = ["t", "time", "timestamp", "datetime"];
/// Datasets tried first when none is named.
const DEFAULTS: [&str; 2] = ["air_readings", "traffic_readings"];

/// Import kind `json`.
pub(crate) struct Json;

impl FeedKind for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let named = match (context.dataset, &context.mapping.dataset) {
            (None, None) => None,
            _ => match crate::table::target(context) {
                Ok(spec) => Some(spec),
                Err(fault) => return sink.problem(whole(fault, None, 0)),
            },
        };
        let mut sets = Sets::new(sink, context.feed);
        each_file(input, context, &mut sets, &mut |member, sink| {
            file(member, named, context, sink)
        })?;
        named.map_or(Ok(()), |spec| sets.publish(spec))
    }
}

fn file(
    member: Member<'_>,
    named: Option<&DatasetSpec>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let Member { name, inside, bytes } = member;
    let is_lines = match bytes.fill_buf() {
        Ok([]) => {
            let fault = Fault::new("empty", "the message is empty");
            return sink.problem(whole(fault, inside, 0));
        }
        Ok(head) if mark(head) == Mark::Utf16 => return sink.problem(whole(is_utf16(), inside, 0)),
        Ok(head) => {
            let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
            jsonl::is_lines_name(name) || jsonl::is_lines(text)
        }
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    };
    let mut readings = Readings::new(named, context, inside);
    jsonl::parse(
        bytes,
        is_lines,
        (inside, context.selection.as_deref()),
        &mut readings,
        sink,
    )?;
    readings.finish(sink)
}

/// Readings of any dataset, sorted by the words that their objects use.
pub(crate) struct Readings<'a> {
    named: Option<&'a DatasetSpec>,
    context: &'a Context<'a>,
    file: Option<&'a str>,
    shapes: Vec<Shape<'a>>,
}

/// Objects of one dataset that use the same words.
struct Shape<'a> {
    spec: &'a DatasetSpec,
    words: Words,
    paths: Vec<String>,
    rows: Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Words {
    id: Option<&'static str>,
    time: Option<&'static str>,
    style: TimeStyle,
}

impl Words {
    fn of(object: &Map<String, Value>) -> Self {
        let first = |words: &[&'static str]| words.iter().copied().find(|word| object.contains_key(*word));
        let time = first(&TIMES);
        let style = match time.and_then(|word| object.get(word)).and_then(Value::as_f64) {
            // 1973 in milliseconds, 5138 in seconds.
            Some(number) if number.abs() >= 1e11 => TimeStyle::UnixMs,
            Some(_) => TimeStyle::UnixS,
            None => TimeStyle::Iso,
        };
        Self {
            id: first(&IDS),
            time,
            style,
        }
    }
}

impl<'a> Readings<'a> {
    /// Readings of a file, of the named dataset or by their quantity.
    pub(crate) fn new(
        named: Option<&'a DatasetSpec>,
        context: &'a Context<'a>,
        file: Option<&'a str>,
    ) -> Self {
        Self {
            named,
            context,
            file,
            shapes: Vec::new(),
        }
    }

    /// Hands over what was gathered.
    pub(crate) fn finish(self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        for shape in self.shapes {
            shape.rows.finish(sink)?;
        }
        Ok(())
    }

    /// The dataset of a reading: the named one, or by its quantity.
    fn spec(&self, object: &Map<String, Value>) -> Result<&'a DatasetSpec, Fault> {
        if let Some(spec) = self.named {
            return Ok(spec);
        }
        let Some(quantity) = object.get("quantity").and_then(Value::as_str) else {
            let message = "the object has no `quantity`; add it, or name the dataset with --dataset";
            return Err(Fault::new("missing_value", message).of("quantity"));
        };
        let defaults = DEFAULTS.iter().filter_map(|name| self.context.spec(name));
        let all = defaults.clone().chain(self.context.datasets.iter());
        let mut holds = all.filter(|spec| spec.quantities.contains_key(quantity));
        holds.next().ok_or_else(|| {
            let known = defaults.flat_map(|spec| spec.quantities.keys().map(String::as_str));
            let message = format!(
                "no dataset has the quantity {}{}; name the dataset with --dataset",
                quote(quantity.as_bytes()),
                hint(quantity, known)
            );
            Fault::new("unknown_quantity", message).of("quantity")
        })
    }

    fn shape(&mut self, spec: &'a DatasetSpec, words: Words) -> usize {
        let known = |shape: &Shape<'_>| shape.words == words && shape.spec.name == spec.name;
        if let Some(index) = self.shapes.iter().position(known) {
            return index;
        }
        let mapping = mapping(spec, words, self.context.mapping);
        let mut paths: Vec<String> = spec.columns.iter().map(|column| column.name.clone()).collect();
        paths.extend(mapping.columns.values().filter_map(|map| map.from.clone()));
        let joins = mapping.columns.values().filter_map(|map| map.join.as_deref());
        paths.extend(joins.flat_map(jsonl::parts));
        paths.push("unit".to_owned());
        paths.sort();
        paths.dedup();
        let rows = Rows::new(spec, &mapping, self.context, &paths, Columns::Open, self.file);
        self.shapes.push(Shape {
            spec,
            words,
            paths,
            rows,
        });
        self.shapes.len() - 1
    }
}

/// The caller's mapping, and the usual words for what it leaves open.
fn mapping(spec: &DatasetSpec, words: Words, given: &Mapping) -> Mapping {
    let mut mapping = given.clone();
    let mut fill = |column: Option<&str>, from: Option<&str>, time: TimeStyle| {
        if let (Some(column), Some(from)) = (column, from) {
            let map = ColumnMap {
                from: Some(from.to_owned()),
                time,
                ..ColumnMap::default()
            };
            mapping.columns.entry(column.to_owned()).or_insert(map);
        }
    };
    let id = spec.key.first().and_then(|name| spec.column(name));
    let id = id.filter(|column| column.kind == ColumnType::Text && column.role != Some(Role::Quantity));
    fill(id.map(|column| column.name.as_str()), words.id, TimeStyle::Iso);
    fill(
        spec.time().map(|column| column.name.as_str()),
        words.time,
        words.style,
    );
    for (role, word) in [(Role::Quantity, "quantity"), (Role::Value, "value")] {
        fill(
            spec.role(role).map(|column| column.name.as_str()),
            Some(word),
            TimeStyle::Iso,
        );
    }
    mapping
}

impl Receiver for Readings<'_> {
    fn object(
        &mut self,
        object: &Map<String, Value>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        match self.spec(object) {
            Ok(spec) => {
                let index = self.shape(spec, Words::of(object));
                let Shape { paths, rows, .. } = &mut self.shapes[index];
                rows.record(&JsonRecord { object, paths, place }, sink)
            }
            Err(fault) => {
                let raw = serde_json::to_string(object).unwrap_or_default();
                sink.problem(
                    fault
                        .reject(None, 1, place.position(self.file))
                        .with_raw(cut(raw)),
                )
            }
        }
    }

    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped> {
        if let Some(spec) = self.named {
            let words = Words {
                id: None,
                time: None,
                style: TimeStyle::Iso,
            };
            let index = self.shape(spec, words);
            return self.shapes[index]
                .rows
                .broken(fault, &Broken { raw, place }, sink);
        }
        let problem = fault.reject(None, 1, place.position(self.file));
        sink.problem(if raw.is_empty() {
            problem
        } else {
            problem.with_raw(cut(raw.to_owned()))
        })
    }
}
