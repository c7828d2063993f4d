//! What single fields cannot tell: order within a trip, dates the wrong way round, periods that overlap.

use std::collections::HashMap;

use qala_core::{DatasetName, Position};
use xxhash_rust::xxh3::xxh3_64;

use super::rows::position;
use crate::batch::Value;
use crate::fault::{Fault, Warnings};
use crate::table::csv::Line;
use crate::{Sink, Stopped};

/// A trip's stop times so far.
pub(super) struct Trip {
    last_sequence: i64,
    last_time: Option<i64>,
    first_sequence: i64,
    first_has_time: bool,
    last_has_time: bool,
    last_line: u64,
}

/// What is remembered of a file.
pub(super) enum Checks {
    StopTimes(HashMap<u64, Trip>),
    Calendar,
    FeedInfo,
    Stops,
    Routes,
    /// Periods by trip: (start, end, line).
    Frequencies(HashMap<u64, Vec<(i64, i64, u64)>>),
    Nothing,
}

/// Where a warning of a check goes.
struct Out<'o> {
    name: &'o str,
    warnings: &'o mut Warnings,
    dataset: Option<&'o DatasetName>,
    sink: &'o mut dyn Sink,
}

impl Out<'_> {
    fn warn(
        &mut self,
        code: &'static str,
        field: &str,
        message: impl FnOnce() -> String,
        position: impl FnOnce() -> Position,
    ) -> Result<(), Stopped> {
        let fault = || Fault::new(code, message());
        self.warnings
            .warn(self.sink, fault, (code, self.name, field), self.dataset, position)
    }
}

impl Checks {
    /// The checks of a file.
    pub(super) fn new(stem: &str) -> Self {
        match stem {
            "stop_times" => Self::StopTimes(HashMap::new()),
            "calendar" => Self::Calendar,
            "feed_info" => Self::FeedInfo,
            "stops" => Self::Stops,
            "routes" => Self::Routes,
            "frequencies" => Self::Frequencies(HashMap::new()),
            _ => Self::Nothing,
        }
    }

    /// Looks at a row.
    #[expect(
        clippy::too_many_arguments,
        reason = "a row with its place, and where warnings go"
    )]
    pub(super) fn row(
        &mut self,
        name: &str,
        values: &[Value<'_>],
        line: &Line<'_>,
        place: &dyn Fn(&str) -> Option<usize>,
        warnings: &mut Warnings,
        dataset: Option<&DatasetName>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut out = Out {
            name,
            warnings,
            dataset,
            sink,
        };
        let value = |field: &str| place(field).and_then(|at| values.get(at)).unwrap_or(&Value::Null);
        match self {
            Self::Nothing => Ok(()),
            Self::StopTimes(trips) => stop_time(trips, &value, line, &mut out),
            Self::Calendar => dates(&value, "start_date", "end_date", line, &mut out),
            Self::FeedInfo => dates(&value, "feed_start_date", "feed_end_date", line, &mut out),
            Self::Stops => stop(&value, line, &mut out),
            Self::Routes => {
                let is_empty = |field: &str| matches!(value(field), Value::Null);
                if is_empty("route_short_name") && is_empty("route_long_name") {
                    let message = || "the route has neither a short nor a long name".to_owned();
                    out.warn("missing_value", "route_short_name", message, || {
                        position(name, line)
                    })?;
                }
                Ok(())
            }
            Self::Frequencies(trips) => {
                let (Value::Text(trip), Value::Int(start), Value::Int(end)) =
                    (value("trip_id"), value("start_time"), value("end_time"))
                else {
                    return Ok(());
                };
                if end <= start {
                    let message = || "the period ends before it starts".to_owned();
                    out.warn("wrong_order", "end_time", message, || position(name, line))?;
                }
                trips
                    .entry(xxh3_64(trip.as_bytes()))
                    .or_default()
                    .push((*start, *end, line.number()));
                Ok(())
            }
        }
    }

    /// Looks at the file as a whole.
    pub(super) fn finish(
        self,
        name: &str,
        warnings: &mut Warnings,
        dataset: Option<&DatasetName>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut out = Out {
            name,
            warnings,
            dataset,
            sink,
        };
        let at = |line: u64| Position {
            file: Some(name.to_owned()),
            line: Some(line),
            ..Position::default()
        };
        match self {
            Self::StopTimes(trips) => {
                let mut lines: Vec<u64> = trips
                    .values()
                    .filter(|trip| !trip.first_has_time || !trip.last_has_time)
                    .map(|trip| trip.last_line)
                    .collect();
                lines.sort_unstable();
                for line in lines {
                    let message = || "the trip has no time at its first or last stop".to_owned();
                    out.warn("missing_value", "arrival_time", message, || at(line))?;
                }
            }
            Self::Frequencies(trips) => {
                let mut lines = Vec::new();
                for mut periods in trips.into_values() {
                    periods.sort_unstable();
                    let overlaps = periods.windows(2).filter(|pair| pair[1].0 < pair[0].1);
                    lines.extend(overlaps.map(|pair| pair[1].2));
                }
                lines.sort_unstable();
                for line in lines {
                    let message = || "the period overlaps another one of the same trip".to_owned();
                    out.warn("overlap", "start_time", message, || at(line))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn dates<'v>(
    value: &dyn Fn(&str) -> &'v Value<'v>,
    from: &str,
    to: &'static str,
    line: &Line<'_>,
    out: &mut Out<'_>,
) -> Result<(), Stopped> {
    if let (Value::Date(start), Value::Date(end)) = (value(from), value(to))
        && start > end
    {
        let name = out.name;
        let message = || format!("`{to}` is before `{from}`; the period is empty");
        out.warn("wrong_order", to, message, || position(name, line))?;
    }
    Ok(())
}

fn stop<'v>(
    value: &dyn Fn(&str) -> &'v Value<'v>,
    line: &Line<'_>,
    out: &mut Out<'_>,
) -> Result<(), Stopped> {
    let name = out.name;
    // Generic nodes (3) and boarding areas (4) may lie where their station lies.
    let is_placed = !matches!(value("location_type"), Value::Int(3 | 4));
    for field in ["stop_lat", "stop_lon", "stop_name"] {
        if is_placed && matches!(value(field), Value::Null) {
            let message = || format!("`{field}` is empty; the stop cannot be shown without it");
            out.warn("missing_value", field, message, || position(name, line))?;
        }
    }
    Ok(())
}

fn stop_time<'v>(
    trips: &mut HashMap<u64, Trip>,
    value: &dyn Fn(&str) -> &'v Value<'v>,
    line: &Line<'_>,
    out: &mut Out<'_>,
) -> Result<(), Stopped> {
    let (Value::Text(trip), Value::Int(sequence)) = (value("trip_id"), value("stop_sequence")) else {
        return Ok(());
    };
    let name = out.name;
    let number = |field: &str| {
        if let Value::Int(number) = value(field) {
            Some(*number)
        } else {
            None
        }
    };
    let (arrival, departure) = (number("arrival_time"), number("departure_time"));
    let window = number("start_pickup_drop_off_window");
    let has_time = arrival.or(departure).or(window).is_some();
    if let (Some(arrival), Some(departure)) = (arrival, departure)
        && departure < arrival
    {
        let message = || "the departure is before the arrival".to_owned();
        out.warn("decreasing_time", "departure_time", message, || {
            position(name, line)
        })?;
    }
    let places = ["stop_id", "location_group_id", "location_id"];
    if places.iter().all(|field| matches!(value(field), Value::Null)) {
        let message = || "no stop, location group or location is named".to_owned();
        out.warn("missing_value", "stop_id", message, || position(name, line))?;
    }
    let known = trips.entry(xxh3_64(trip.as_bytes())).or_insert(Trip {
        last_sequence: i64::MIN,
        last_time: None,
        first_sequence: i64::MAX,
        first_has_time: true,
        last_has_time: true,
        last_line: 0,
    });
    if *sequence < known.last_sequence {
        let message = || "the stops of the trip are not in the order of `stop_sequence`".to_owned();
        out.warn("wrong_order", "stop_sequence", message, || position(name, line))?;
    } else if let (Some(before), Some(now)) = (known.last_time, arrival.or(departure))
        && now < before
    {
        let message = || "the time is before that of the stop before".to_owned();
        out.warn("decreasing_time", "arrival_time", message, || {
            position(name, line)
        })?;
    }
    if *sequence < known.first_sequence {
        known.first_sequence = *sequence;
        known.first_has_time = has_time;
    }
    if *sequence >= known.last_sequence {
        known.last_sequence = *sequence;
        known.last_time = departure.or(arrival).or(known.last_time);
        known.last_has_time = has_time;
        known.last_line = line.number();
    }
    Ok(())
}
