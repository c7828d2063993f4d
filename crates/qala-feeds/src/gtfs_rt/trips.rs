//! Trip updates: one row per stop told of, or one for the whole trip.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::message::{StopTimeEvent, StopTimeUpdate, TripDescriptor, TripUpdate};
use super::{Reader, Table, shown, start_date, start_time, time_value};
use crate::batch::Value;
use crate::fault::Fault;
use crate::{Sink, Stopped};

/// The dataset that is filled.
pub(super) const DATASET: &str = "transit_trip_updates";

/// Its columns, in the order of [`row`].
pub(super) const COLUMNS: &[&str] = &[
    "trip_id",
    "run",
    "stop_key",
    "t",
    "route_id",
    "direction_id",
    "start_date",
    "start_time",
    "trip_schedule_relationship",
    "trip_delay",
    "vehicle_id",
    "stop_sequence",
    "stop_id",
    "arrival_delay",
    "arrival_t",
    "departure_delay",
    "departure_t",
    "stop_schedule_relationship",
];

/// Adds the rows of an entity.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &mut Table,
    (number, id): (usize, &str),
    update: &TripUpdate,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let raw = |stop: Option<&StopTimeUpdate>| {
        let mut seen = TripUpdate {
            stop_time_update: stop.cloned().into_iter().collect(),
            ..update.clone()
        };
        let plate = seen
            .vehicle
            .as_mut()
            .and_then(|descriptor| descriptor.license_plate.take());
        shown(id, &seen, plate.as_ref())
    };
    if update.stop_time_update.is_empty() {
        let row = row(reader, id, update, "trip".to_owned(), None);
        return reader.put(table, number, row, || raw(None), sink);
    }
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    for stop in &update.stop_time_update {
        let row = row(reader, id, update, stop_key(stop, &mut keys), Some(stop));
        reader.put(table, number, row, || raw(Some(stop)), sink)?;
    }
    Ok(())
}

/// What tells a stop of a trip from the others: its sequence, else its id, numbered when it comes again.
fn stop_key(stop: &StopTimeUpdate, keys: &mut BTreeMap<String, u32>) -> String {
    let base = match (stop.stop_sequence, stop.stop_id.as_deref()) {
        (Some(sequence), _) => sequence.to_string(),
        (None, Some(id)) => format!("stop:{id}"),
        (None, None) => "stop:".to_owned(),
    };
    let times = keys.entry(base.clone()).or_insert(0);
    *times += 1;
    if *times == 1 {
        base
    } else {
        format!("{base}#{times}")
    }
}

/// What tells a run of a trip from the others: date and time of its start, and without a trip id also route and
/// direction, or as a last resort the entity.
fn run(id: &str, trip: &TripDescriptor) -> String {
    let start = [trip.start_date.as_deref(), trip.start_time.as_deref()];
    let mut parts: Vec<String> = start
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect();
    if trip.trip_id.as_deref().is_none_or(str::is_empty) {
        match trip.route_id.as_deref().filter(|route| !route.is_empty()) {
            Some(route) => {
                parts.push(route.to_owned());
                parts.extend(trip.direction_id.map(|direction| direction.to_string()));
            }
            None => parts.push(format!("entity:{id}")),
        }
    }
    parts.join(" ")
}

fn row<'v>(
    reader: &Reader<'_>,
    id: &'v str,
    update: &'v TripUpdate,
    key: String,
    stop: Option<&'v StopTimeUpdate>,
) -> Result<Vec<Value<'v>>, Fault> {
    let Some(trip) = update.trip.as_ref() else {
        return Err(Fault::new("missing_value", "the trip update names no trip").of("trip"));
    };
    let word = |word: Option<&'v String>| Value::text_or_null(word.map(String::as_str));
    let arrival = stop.and_then(|stop| stop.arrival.as_ref());
    let departure = stop.and_then(|stop| stop.departure.as_ref());
    let delay = |event: Option<&StopTimeEvent>| {
        Value::int_or_null(event.and_then(|event| event.delay).map(i64::from))
    };
    let time = |event: Option<&StopTimeEvent>, field: &str| {
        let given = event.and_then(|event| event.time);
        // A negative time wraps to one that is out of bounds.
        time_value(given.map(|time| u64::try_from(time).unwrap_or(u64::MAX)), field)
    };
    Ok(vec![
        Value::text(trip.trip_id.as_deref().unwrap_or_default()),
        Value::Text(Cow::Owned(run(id, trip))),
        Value::Text(Cow::Owned(key)),
        Value::Time(reader.time(update.timestamp)?),
        word(trip.route_id.as_ref()),
        Value::int_or_null(trip.direction_id.map(i64::from)),
        start_date(Some(trip))?,
        start_time(Some(trip))?,
        Value::int_or_null(trip.schedule_relationship.map(i64::from)),
        Value::int_or_null(update.delay.map(i64::from)),
        word(update.vehicle.as_ref().and_then(|vehicle| vehicle.id.as_ref())),
        Value::int_or_null(stop.and_then(|stop| stop.stop_sequence).map(i64::from)),
        word(stop.and_then(|stop| stop.stop_id.as_ref())),
        delay(arrival),
        time(arrival, "arrival.time")?,
        delay(departure),
        time(departure, "departure.time")?,
        Value::int_or_null(stop.and_then(|stop| stop.schedule_relationship).map(i64::from)),
    ])
}
