//! Import kind `cap`: warnings of other centres by [CAP 1.2](https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html), one
//! message, or several in a feed.
//!
//! What belongs here: the message as one row, its words by language, its areas as one geometry. What does not: signatures, and
//! what is made of a warning. A polygon of CAP says latitude before longitude; here it is the other way round.

use std::fmt::Write as _;

use qala_core::spec::DatasetSpec;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value as Json};

use crate::archive::{Member, each_file, read_fault};
use crate::fault::{Fault, whole};
use crate::table::jsonl::{JsonRecord, Place, asked};
use crate::table::plan::Columns;
use crate::table::row::Rows;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, FeedKind, Input, Sink, Stopped};

#[cfg(test)]
mod tests;

/// The dataset when none is named.
const DATASET: &str = "alarms_warnings";
/// Longest text of one element, in bytes; what is longer is cut.
const MAX_TEXT: usize = 1 << 20;
/// Corners of the polygon that stands for a circle.
const CORNERS: u32 = 32;
/// Kilometres of a degree of latitude.
const DEGREE_KM: f64 = 111.195;
/// Elements within elements, at most.
const DEEPEST: usize = 32;

/// Elements of a message that become columns: path, column.
const OF_ALERT: [(&str, &str); 6] = [
    ("identifier", "identifier"),
    ("sender", "sender"),
    ("sent", "sent"),
    ("status", "status"),
    ("msgType", "msg_type"),
    ("scope", "scope"),
];
/// Elements of the first `info` that become columns.
const OF_INFO: [(&str, &str); 7] = [
    ("category", "category"),
    ("urgency", "urgency"),
    ("severity", "severity"),
    ("certainty", "certainty"),
    ("onset", "onset"),
    ("expires", "expires"),
    ("event", "event"),
];

/// Import kind `cap`.
pub(crate) struct Cap;

impl FeedKind for Cap {
    fn name(&self) -> &'static str {
        "cap"
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
        each_file(input, context, sink, &mut |member, sink| {
            file(member, spec, context, sink)
        })
    }
}

fn file(
    member: Member<'_>,
    spec: &DatasetSpec,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let Member { inside, bytes, .. } = member;
    match bytes.fill_buf() {
        Ok([]) => return sink.problem(whole(Fault::new("empty", "the message is empty"), inside, 0)),
        Ok(head) if mark(head) == Mark::Utf16 => return sink.problem(whole(is_utf16(), inside, 0)),
        Ok(_) => {}
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    }
    let paths = asked(spec, context.mapping);
    let mut rows = Rows::new(spec, context.mapping, context, &paths, Columns::Open, inside);
    let mut reader = Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    let mut open: Option<Warning> = None;
    let mut count = 0;
    let broken = |why: String, count: u64| {
        Fault::new("broken_xml", why).reject(None, 1, Place::Number(count).position(inside))
    };
    loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => {
                let why =
                    format!("the XML is broken after {count} warnings ({error}); nothing after it is read");
                sink.problem(broken(why, count))?;
                return rows.finish(sink);
            }
        };
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "alert" => open = Some(Warning::default()),
            Event::Start(tag) => {
                if let Some(warning) = &mut open {
                    warning.begin(tag.local_name().as_ref());
                }
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(name) => {
                let told =
                    quick_xml::escape::unescape(&format!("&{};", &*name)).map(std::borrow::Cow::into_owned);
                add(&mut open, &told.unwrap_or_default());
            }
            Event::End(tag) if tag.local_name().as_ref() == "alert" => {
                if let Some(warning) = open.take() {
                    let object = warning.row();
                    let place = Place::Number(count);
                    rows.record(
                        &JsonRecord {
                            object: &object,
                            paths: &paths,
                            place,
                        },
                        sink,
                    )?;
                }
                count += 1;
            }
            Event::End(_) => {
                if let Some(warning) = &mut open {
                    warning.end();
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if open.is_some() {
        sink.problem(broken("the file ends inside a warning".into(), count))?;
    } else if count == 0 {
        let message = "the XML holds no `alert` of CAP";
        sink.problem(whole(Fault::new("no_records", message), inside, 0))?;
    }
    rows.finish(sink)
}

fn add(open: &mut Option<Warning>, text: &str) {
    if let Some(warning) = open
        && warning.text.len() + text.len() <= MAX_TEXT
    {
        warning.text.push_str(text);
    }
}

/// A message while it is read.
#[derive(Debug, Default)]
struct Warning {
    path: Vec<String>,
    text: String,
    fields: Map<String, Json>,
    /// `info` elements that began.
    infos: usize,
    language: String,
    event: String,
    headline: String,
    areas: Vec<String>,
    polygons: Vec<String>,
}

impl Warning {
    fn begin(&mut self, name: &str) {
        if self.path.is_empty() && name == "info" {
            self.infos += 1;
            // The standard's own words for a language that is not named (section 3.2.2).
            self.language = "en-US".into();
            self.event.clear();
            self.headline.clear();
        }
        if self.path.len() < DEEPEST {
            self.path.push(name.to_owned());
        }
        self.text.clear();
    }

    fn put(&mut self, column: &str) {
        let text = self.text.trim();
        if !text.is_empty() && !self.fields.contains_key(column) {
            self.fields.insert(column.to_owned(), text.into());
        }
    }

    fn end(&mut self) {
        let path = std::mem::take(&mut self.path);
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let text = self.text.trim().to_owned();
        match names.as_slice() {
            ["references"] => {
                // `sender,identifier,sent` of each message that is meant, with blanks between; the first is the oldest.
                let first = text
                    .split_whitespace()
                    .next()
                    .and_then(|one| one.split(',').nth(1));
                if let Some(first) = first {
                    self.fields.insert("cause".into(), first.into());
                }
            }
            [name] => {
                if let Some((_, column)) = OF_ALERT.iter().find(|(element, _)| element == name) {
                    self.put(column);
                }
                if *name == "info" {
                    self.end_info();
                }
            }
            ["info", name] => {
                match *name {
                    "language" => self.language.clone_from(&text),
                    "event" => self.event.clone_from(&text),
                    "headline" => self.headline.clone_from(&text),
                    _ => {}
                }
                if let Some((_, column)) = OF_INFO.iter().find(|(element, _)| element == name) {
                    self.put(column);
                }
            }
            // The areas of all languages are the same.
            ["info", "area", "areaDesc"] if self.infos == 1 => self.areas.push(text),
            ["info", "area", "polygon"] if self.infos == 1 => self.polygons.extend(ring(&text)),
            ["info", "area", "circle"] if self.infos == 1 => self.polygons.extend(disc(&text)),
            _ => {}
        }
        self.path = path;
        self.path.pop();
        self.text.clear();
    }

    /// The words of one language.
    fn end_info(&mut self) {
        let lang = match self.language.get(..2).map(str::to_lowercase).as_deref() {
            Some("kk") => "kk",
            Some("ru") => "ru",
            Some("en") => "en",
            _ => return,
        };
        let words = if self.headline.is_empty() {
            &self.event
        } else {
            &self.headline
        };
        if !words.is_empty() {
            self.fields.insert(format!("words_{lang}"), words.as_str().into());
        }
    }

    /// The row, by the names of the dataset's columns.
    fn row(mut self) -> Map<String, Json> {
        if !self.fields.contains_key("cause")
            && let Some(own) = self.fields.get("identifier").cloned()
        {
            self.fields.insert("cause".into(), own);
        }
        if !self.areas.is_empty() {
            self.fields.insert("area".into(), self.areas.join("; ").into());
        }
        if !self.polygons.is_empty() {
            let wkt = format!("MULTIPOLYGON({})", self.polygons.join(", "));
            self.fields.insert("geometry".into(), wkt.into());
        }
        self.fields
    }
}

/// A polygon of CAP as one of WKT, closed; `None` for one that is none.
fn ring(text: &str) -> Option<String> {
    let mut points = Vec::new();
    for pair in text.split_whitespace() {
        points.push(point(pair)?);
    }
    wkt(points)
}

/// A circle of CAP, `latitude,longitude radius in km`, as a polygon of WKT; `None` for one that is none or has no extent.
fn disc(text: &str) -> Option<String> {
    let (centre, radius) = text.split_once(char::is_whitespace)?;
    let (lon, lat) = point(centre)?;
    let km: f64 = radius.trim().parse().ok()?;
    let high = km / DEGREE_KM;
    let wide = high / lat.to_radians().cos();
    // A circle around a pole, or across half the globe, is no polygon of degrees.
    if !(km > 0.0 && wide.abs() < 90.0 && lat.abs() + high < 90.0) {
        return None;
    }
    let corner = |k: u32| {
        let (sin, cos) = (f64::from(k) * std::f64::consts::TAU / f64::from(CORNERS)).sin_cos();
        let round = |x: f64| (x * 1e6).round() / 1e6;
        (round(lon + wide * cos), round(lat + high * sin))
    };
    wkt((0..CORNERS).map(corner).collect())
}

/// `latitude,longitude` as longitude and latitude, degrees.
fn point(pair: &str) -> Option<(f64, f64)> {
    let (lat, lon) = pair.split_once(',')?;
    let (lat, lon): (f64, f64) = (lat.parse().ok()?, lon.parse().ok()?);
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some((lon, lat))
}

fn wkt(mut points: Vec<(f64, f64)>) -> Option<String> {
    if points.first() != points.last() {
        points.push(*points.first()?);
    }
    if points.len() < 4 {
        return None;
    }
    let mut out = String::from("((");
    for (index, (lon, lat)) in points.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(out, "{comma}{lon} {lat}");
    }
    out.push_str("))");
    Some(out)
}
