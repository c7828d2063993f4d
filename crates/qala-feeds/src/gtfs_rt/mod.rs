//! Import kind `gtfs-rt`: GTFS-Realtime 2.0 vehicle positions, trip updates and alerts.
//!
//! What belongs here: the protobuf and its rules. What does not: joining with the timetable.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use prost::Message;
use qala_core::{DatasetName, Position, Problem};

use crate::archive::{Member, each_file, read_fault};
use crate::batch::{Value, Writer};
use crate::fault::{Fault, PERSONAL, Warnings, cut, quote, whole};
use crate::selection::{Choice, Selection};
use crate::{Context, FeedKind, Input, Sink, Stopped};

mod alerts;
mod message;
mod trips;
mod vehicles;

#[cfg(test)]
mod tests;

use message::{FeedEntity, FeedMessage, TripDescriptor};

/// Largest message; one of a big city has some megabytes.
const MAX_MESSAGE: u64 = 256 << 20;
/// From here on a number of seconds is taken for milliseconds: the year 5138.
const IN_MILLISECONDS: u64 = 100_000_000_000;
/// Seconds since 1970 of the years 1900 to 2100 that a message may name.
const LAST_SECOND: u64 = 4_133_980_800;

/// Import kind `gtfs-rt`.
pub(crate) struct GtfsRealtime;

impl FeedKind for GtfsRealtime {
    fn name(&self) -> &'static str {
        "gtfs-rt"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        each_file(input, context, sink, &mut |member, sink| {
            file(member, context, sink)
        })
    }
}

fn file(member: Member<'_>, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), Stopped> {
    let Member { inside, bytes, .. } = member;
    let mut all_bytes = Vec::new();
    let limit = MAX_MESSAGE.min(context.max_unpacked);
    if let Err(error) = bytes.take(limit.saturating_add(1)).read_to_end(&mut all_bytes) {
        return sink.problem(whole(read_fault(&error), inside, 1));
    }
    if all_bytes.len() as u64 > limit {
        let message = format!("the message is larger than {limit} bytes");
        return sink.problem(whole(Fault::new("too_large", message), inside, 1));
    }
    match FeedMessage::decode(all_bytes.as_slice()) {
        Ok(message) => Reader::new(context, inside, message.header.as_ref()).read(&message, sink),
        Err(error) => {
            let told = entities(&all_bytes);
            let message = format!(
                "the bytes are no whole GTFS-Realtime message ({error}; {told} entities could be told apart); nothing of it is used, fetch it again"
            );
            sink.problem(whole(Fault::new("bad_protobuf", message), inside, told.max(1)))
        }
    }
}

/// How many entities a damaged message shows before it breaks off.
fn entities(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    while !bytes.is_empty() {
        let Ok((tag, wire)) = prost::encoding::decode_key(&mut bytes) else {
            break;
        };
        if tag == 2 {
            count += 1;
        }
        let context = prost::encoding::DecodeContext::default();
        if prost::encoding::skip_field(wire, tag, &mut bytes, context).is_err() {
            break;
        }
    }
    count
}

/// How rows of a payload are made, whatever they tell.
struct Reader<'a> {
    context: &'a Context<'a>,
    file: Option<&'a str>,
    /// Seconds since 1970 of the header.
    header_time: Result<Option<u64>, Fault>,
    is_difference: bool,
    notes: Vec<Fault>,
    warnings: Warnings,
}

/// Rows of one dataset.
struct Table {
    dataset: DatasetName,
    writer: Option<Writer>,
}

impl Table {
    fn new(context: &Context<'_>, dataset: &str, columns: &[&str]) -> Option<Self> {
        let dataset = DatasetName::new(dataset).ok()?;
        let writer = context
            .spec(dataset.as_str())
            .map(|spec| Writer::new(spec, columns));
        Some(Self { dataset, writer })
    }
}

impl<'a> Reader<'a> {
    fn new(context: &'a Context<'a>, file: Option<&'a str>, header: Option<&message::FeedHeader>) -> Self {
        let mut notes = Vec::new();
        let Some(header) = header else {
            let fault = Fault::new(
                "missing_header",
                "the message has no header; it may be no GTFS-Realtime",
            );
            return Self {
                context,
                file,
                header_time: Err(fault),
                is_difference: false,
                notes,
                warnings: Warnings::default(),
            };
        };
        let version = header.gtfs_realtime_version.as_deref().unwrap_or_default();
        if header.timestamp.is_none_or(|time| time == 0) {
            let message = "the header has no timestamp (E048); rows without their own cannot be used";
            notes.push(Fault::new("missing_timestamp", message).of("header.timestamp"));
        }
        if header.incrementality.is_none() && version.starts_with('2') {
            let message = "the header does not say `incrementality` (E049); FULL_DATASET is assumed";
            notes.push(Fault::new("missing_incrementality", message).of("header.incrementality"));
        }
        if !matches!(version, "1.0" | "2.0") {
            let message = format!(
                "version {} is not known; it is read as 2.0",
                quote(version.as_bytes())
            );
            notes.push(Fault::new("unknown_version", message).of("header.gtfs_realtime_version"));
        }
        Self {
            context,
            file,
            header_time: seconds(header.timestamp, "header.timestamp"),
            is_difference: header.incrementality == Some(1),
            notes,
            warnings: Warnings::default(),
        }
    }

    fn position(&self, record: usize) -> Position {
        Position {
            file: self.file.map(str::to_owned),
            record: Some(record as u64),
            ..Position::default()
        }
    }

    fn read(mut self, message: &FeedMessage, sink: &mut dyn Sink) -> Result<(), Stopped> {
        for note in std::mem::take(&mut self.notes) {
            let position = Position {
                file: self.file.map(str::to_owned),
                ..Position::default()
            };
            sink.problem(note.warn(None, position))?;
        }
        let rejected = match (&self.header_time, self.is_difference) {
            (Err(fault), _) => Some(fault.clone()),
            (Ok(_), true) => Some(Fault::new(
                "differential",
                "the message is a DIFFERENTIAL one, which the standard does not define; ask for FULL_DATASET",
            )),
            (Ok(_), false) => None,
        };
        if let Some(fault) = rejected {
            let rows: u64 = message.entity.iter().map(rows_of).sum();
            return sink.problem(whole(fault, self.file, rows.max(1)));
        }
        let mut vehicles = Table::new(self.context, vehicles::DATASET, vehicles::COLUMNS);
        let mut trips = Table::new(self.context, trips::DATASET, trips::COLUMNS);
        let mut alerts = Table::new(self.context, alerts::DATASET, alerts::COLUMNS);
        let mut ids = BTreeSet::new();
        let selection = self.context.selection.clone();
        for (number, entity) in message.entity.iter().enumerate() {
            let is_skipped = |s: &Arc<Selection>| s.at(&self.position(number)) == Choice::Skip;
            if selection.as_ref().is_some_and(is_skipped) {
                continue;
            }
            let id = entity.id.as_deref().unwrap_or_default();
            if id.is_empty() || !ids.insert(id) {
                let said = || {
                    let message = if id.is_empty() {
                        "the entity has no id".to_owned()
                    } else {
                        format!(
                            "the entity id {} was given before in this message",
                            quote(id.as_bytes())
                        )
                    };
                    Fault::new("duplicate_entity", message)
                };
                let position = self.position(number);
                self.warnings
                    .warn(sink, said, ("duplicate_entity", "", "entity.id"), None, || {
                        position
                    })?;
            }
            if entity.is_deleted == Some(true) {
                let said = || {
                    Fault::new(
                        "deleted_entity",
                        "`is_deleted` has no meaning in a full dataset; the entity is left out",
                    )
                };
                let position = self.position(number);
                self.warnings.warn(
                    sink,
                    said,
                    ("deleted_entity", "", "entity.is_deleted"),
                    None,
                    || position,
                )?;
                continue;
            }
            if let (Some(vehicle), Some(table)) = (&entity.vehicle, &mut vehicles) {
                vehicles::read(&mut self, table, (number, id), vehicle, sink)?;
            }
            if let (Some(update), Some(table)) = (&entity.trip_update, &mut trips) {
                trips::read(&mut self, table, (number, id), update, sink)?;
            }
            if let (Some(alert), Some(table)) = (&entity.alert, &mut alerts) {
                alerts::read(&mut self, table, (number, id), alert, sink)?;
            }
            if rows_of(entity) == 0 {
                let said = || {
                    Fault::new(
                        "not_read",
                        "the entity is neither a vehicle, a trip update nor an alert; it is not read",
                    )
                };
                let position = self.position(number);
                self.warnings
                    .warn(sink, said, ("not_read", "", "entity"), None, || position)?;
            }
        }
        for table in [vehicles, trips, alerts].into_iter().flatten() {
            if let Some(mut writer) = table.writer {
                writer.flush(sink)?;
            }
        }
        self.warnings.finish(sink)
    }

    /// The time of a row in µs: its own, else the header's.
    fn time(&self, own: Option<u64>) -> Result<i64, Fault> {
        let own = seconds(own, "timestamp")?;
        let header = self.header_time.as_ref().ok().copied().flatten();
        let time = own.or(header).ok_or_else(|| {
            Fault::new(
                "missing_timestamp",
                "neither the entity nor the header has a timestamp",
            )
            .of("timestamp")
        })?;
        Ok(micros(time))
    }

    /// Adds a row, or tells why not. `raw` shows the entity without what is personal.
    fn put(
        &self,
        table: &mut Table,
        number: usize,
        row: Result<Vec<Value<'_>>, Fault>,
        raw: impl FnOnce() -> String,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let result = match (row, &mut table.writer) {
            (Err(fault), _) => Err(fault),
            (Ok(_), None) => {
                let message = format!("dataset `{}` is not installed", table.dataset);
                Err(Fault::new("no_dataset", message))
            }
            (Ok(mut values), Some(writer)) => writer.push(&mut values, sink)?,
        };
        let Err(fault) = result else { return Ok(()) };
        let problem: Problem = fault.reject(Some(&table.dataset), 1, self.position(number));
        sink.problem(problem.with_raw(cut(raw())))
    }
}

/// How many dataset rows an entity makes.
fn rows_of(entity: &FeedEntity) -> u64 {
    let updates = entity
        .trip_update
        .as_ref()
        .map_or(0, |update| update.stop_time_update.len().max(1) as u64);
    u64::from(entity.vehicle.is_some()) + u64::from(entity.alert.is_some()) + updates
}

/// Checks a POSIX time; zero means that there is none.
fn seconds(time: Option<u64>, field: &str) -> Result<Option<u64>, Fault> {
    match time {
        None | Some(0) => Ok(None),
        Some(time) if time < LAST_SECOND => Ok(Some(time)),
        Some(time) if (IN_MILLISECONDS..LAST_SECOND * 1000).contains(&time) => {
            let message =
                format!("{time} is a time in milliseconds; the standard asks for seconds since 1970");
            Err(Fault::new("time_in_ms", message).of(field))
        }
        Some(time) => {
            let message =
                format!("{time} is outside the years 1970 to 2100; seconds since 1970 are asked for");
            Err(Fault::new("absurd_time", message).of(field))
        }
    }
}

/// Seconds that were checked, as µs.
fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000)
}

/// An optional time as a value.
fn time_value(seconds_given: Option<u64>, field: &str) -> Result<Value<'static>, Fault> {
    Ok(seconds(seconds_given, field)?.map_or(Value::Null, |time| Value::Time(micros(time))))
}

/// The day on which a run starts.
fn start_date(trip: Option<&TripDescriptor>) -> Result<Value<'static>, Fault> {
    let Some(text) = trip
        .and_then(|trip| trip.start_date.as_deref())
        .filter(|text| !text.is_empty())
    else {
        return Ok(Value::Null);
    };
    qala_core::parse_date(text).map(Value::Date).ok_or_else(|| {
        let message = format!("{} is not a date of the form 20240229", quote(text.as_bytes()));
        Fault::new("bad_date", message).of("trip.start_date")
    })
}

/// The time at which a run starts, in seconds of its service day.
fn start_time(trip: Option<&TripDescriptor>) -> Result<Value<'static>, Fault> {
    let Some(text) = trip
        .and_then(|trip| trip.start_time.as_deref())
        .filter(|text| !text.is_empty())
    else {
        return Ok(Value::Null);
    };
    crate::gtfs::clock(text.as_bytes())
        .map(Value::Int)
        .ok_or_else(|| {
            let message = format!("{} is not a time of the form 06:05:00", quote(text.as_bytes()));
            Fault::new("bad_time", message).of("trip.start_time")
        })
}

/// A number of four bytes as one of eight.
fn float(value: Option<f32>) -> Value<'static> {
    value.map_or(Value::Null, |value| Value::Float(f64::from(value)))
}

/// An entity as text for a person, its plate replaced.
fn shown(id: &str, entity: &dyn std::fmt::Debug, plate: Option<&String>) -> String {
    let plate = if plate.is_some() {
        format!(", license_plate {PERSONAL}")
    } else {
        String::new()
    };
    format!("entity {id}: {entity:?}{plate}")
}
