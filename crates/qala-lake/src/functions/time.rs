//! Local time in SQL: periods, dates and texts of a zone, from the tz database and never from an offset.
//!
//! Zones and their arithmetic are in `zone`, dates in `calendar`; here are the functions over columns.

mod calendar;
#[cfg(test)]
mod tests;
mod text;
mod zone;

use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveArray, PrimitiveBuilder, StringBuilder};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarUDF};
use qala_core::Grain;

use self::zone::{DAY, HOUR, SECOND, Zone};
use super::scalar::{Arguments, Column, Definition, Function, Takes, Text, instant_type};

static SECTION: DocSection = DocSection {
    include: true,
    label: "Local time",
    description: Some("Local periods, dates and texts of a time zone of the tz database."),
};

const GRAIN: (&str, Takes, &str) = (
    "grain",
    Takes::Text,
    "'minute15', 'hour', 'day', 'week', 'month', 'quarter' or 'year'",
);
const INSTANT: (&str, Takes, &str) = (
    "t",
    Takes::Instant,
    "an instant; a timestamp without a zone is read as UTC",
);
const ZONE: (&str, Takes, &str) = (
    "zone",
    Takes::Text,
    "a zone of the tz database, such as 'Asia/Tokyo'",
);

/// The functions of local time.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    definitions()
        .into_iter()
        .map(|definition| Arc::new(ScalarUDF::new_from_impl(Function::new(&SECTION, definition))))
        .collect()
}

fn definitions() -> [Definition; 7] {
    [
        Definition {
            name: "local_start",
            arguments: &[GRAIN, INSTANT, ZONE],
            returns: instant_type(),
            description: "Returns the instant at which the local period that holds t began. Weeks begin on \
                Monday. Hours are real hours: one that the clock shows twice is two periods, and a change \
                of the clock within an hour ends it. NULL for NULL and outside the years -9999 to 9999; an \
                unknown grain or zone is an error.",
            example: "SELECT local_start('day', t, 'Asia/Tokyo'), qavg(value) FROM air_readings GROUP BY 1;",
            body: |arguments| period(arguments, |(start, _)| start),
        },
        Definition {
            name: "local_end",
            arguments: &[GRAIN, INSTANT, ZONE],
            returns: instant_type(),
            description: "Returns the instant at which the local period that holds t ends, which is the \
                start of the next one. NULLs and errors as in local_start.",
            example: "SELECT local_end('day', TIMESTAMP '2024-02-29T12:00:00Z', 'Asia/Tokyo');",
            body: |arguments| period(arguments, |(_, end)| end),
        },
        Definition {
            name: "local_date",
            arguments: &[INSTANT, ZONE],
            returns: DataType::Date32,
            description: "Returns the date that the local clock shows at t. NULL for NULL; an unknown zone \
                is an error.",
            example: "SELECT local_date(t, 'Asia/Tokyo') FROM traffic_readings;",
            body: |arguments| clock::<Date32Type>(arguments, |local| local.div_euclid(DAY) as i32),
        },
        Definition {
            name: "local_hour",
            arguments: &[INSTANT, ZONE],
            returns: DataType::Int32,
            description: "Returns the hour that the local clock shows at t, 0 to 23. NULL for NULL; an \
                unknown zone is an error.",
            example: "SELECT local_hour(t, 'Asia/Tokyo'), count(*) FROM traffic_readings GROUP BY 1;",
            body: |arguments| clock::<Int32Type>(arguments, |local| (local.rem_euclid(DAY) / HOUR) as i32),
        },
        Definition {
            name: "local_weekday",
            arguments: &[INSTANT, ZONE],
            returns: DataType::Int32,
            description: "Returns the ISO weekday of the local date at t, Monday 1 to Sunday 7. NULL for \
                NULL; an unknown zone is an error.",
            example: "SELECT * FROM traffic_readings WHERE local_weekday(t, 'Asia/Tokyo') < 6;",
            body: |arguments| {
                clock::<Int32Type>(arguments, |local| calendar::weekday(local.div_euclid(DAY) as i32))
            },
        },
        Definition {
            name: "local_text",
            arguments: &[INSTANT, ZONE],
            returns: DataType::Utf8,
            description: "Returns t as ISO 8601 in local time with its offset, such as \
                2024-02-29T23:30:00+06:00; fractions of a second are written when there are any. NULL for \
                NULL; an unknown zone is an error.",
            example: "SELECT local_text(t, 'Asia/Tokyo') FROM air_readings;",
            body: local_text,
        },
        Definition {
            name: "service_time",
            arguments: &[
                ("service_date", Takes::Date, "the service day, a local date"),
                (
                    "seconds",
                    Takes::Integer,
                    "seconds of the service day; 25:30:00 is 91800",
                ),
                ZONE,
            ],
            returns: instant_type(),
            description: "Returns the instant of a GTFS time: seconds counted from noon minus 12 hours of \
                the service day, which is midnight except on days when the clock changes, and may exceed \
                24 hours. NULL for NULL and outside the years -9999 to 9999; an unknown zone is an \
                error.",
            example: "SELECT service_time(DATE '2024-02-29', 91800, 'Asia/Tokyo');",
            body: service_time,
        },
    ]
}

fn zone_named(name: &str) -> Result<Zone> {
    Zone::named(name).map_err(|error| DataFusionError::Execution(error.to_string()))
}

fn grain_named(name: &str) -> Result<Grain> {
    if let Some(grain) = Grain::parse(name) {
        return Ok(grain);
    }
    let known: Vec<_> = Grain::ALL.into_iter().map(Grain::as_str).collect();
    exec_err!("'{name}' is not a grain; the grains are {}", known.join(", "))
}

/// Calls `each` for every row with its zone; `None` where the zone is NULL.
fn with_zones(
    rows: usize,
    names: &Text,
    mut each: impl FnMut(usize, Option<&mut Zone>) -> Result<()>,
) -> Result<()> {
    if let Text::Constant(name) = names {
        let mut zone = name.as_deref().map(zone_named).transpose()?;
        return (0..rows).try_for_each(|row| each(row, zone.as_mut()));
    }
    // A city has one zone and a region a few: a short list, the last one first.
    let mut zones: Vec<(&str, Zone)> = Vec::new();
    for row in 0..rows {
        let Some(name) = names.get(row) else {
            each(row, None)?;
            continue;
        };
        if zones.last().is_none_or(|(last, _)| *last != name) {
            match zones.iter().position(|(known, _)| *known == name) {
                Some(index) => {
                    let end = zones.len() - 1;
                    zones.swap(index, end);
                }
                None => zones.push((name, zone_named(name)?)),
            }
        }
        each(row, zones.last_mut().map(|(_, zone)| zone))?;
    }
    Ok(())
}

/// Builds a primitive column from rows and their zones.
fn build<T: ArrowPrimitiveType>(
    rows: usize,
    names: &Text,
    mut value: impl FnMut(usize, &mut Zone) -> Result<Option<T::Native>>,
) -> Result<PrimitiveArray<T>> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    with_zones(rows, names, |row, zone| {
        builder.append_option(match zone {
            Some(zone) => value(row, zone)?,
            None => None,
        });
        Ok(())
    })?;
    Ok(builder.finish())
}

fn period(arguments: &Arguments, side: fn((i64, i64)) -> i64) -> Result<ArrayRef> {
    let grains = arguments.text(0)?;
    let times = arguments.column(1)?;
    let times = Column::<TimestampMicrosecondType>::of(&times)?;
    let constant = match &grains {
        Text::Constant(Some(name)) => Some(grain_named(name)?),
        Text::Constant(None) | Text::Column(_) => None,
    };
    let column = build::<TimestampMicrosecondType>(arguments.rows, &arguments.text(2)?, |row, zone| {
        let grain = match (constant, grains.get(row)) {
            (Some(grain), _) => grain,
            (None, Some(name)) => grain_named(name)?,
            (None, None) => return Ok(None),
        };
        Ok(times
            .get(row)
            .and_then(|instant| zone.period(grain, instant))
            .map(side))
    })?;
    Ok(Arc::new(column.with_timezone("UTC")))
}

/// Builds a column from what the local clock shows, in µs since 1970-01-01 00:00 of that clock.
fn clock<T: ArrowPrimitiveType>(arguments: &Arguments, read: fn(i64) -> T::Native) -> Result<ArrayRef> {
    let times = arguments.column(0)?;
    let times = Column::<TimestampMicrosecondType>::of(&times)?;
    let column = build::<T>(arguments.rows, &arguments.text(1)?, |row, zone| {
        Ok(times.get(row).and_then(|instant| zone.local(instant)).map(read))
    })?;
    Ok(Arc::new(column))
}

fn local_text(arguments: &Arguments) -> Result<ArrayRef> {
    let times = arguments.column(0)?;
    let times = Column::<TimestampMicrosecondType>::of(&times)?;
    let mut builder = StringBuilder::with_capacity(arguments.rows, arguments.rows * 25);
    let mut line = String::with_capacity(32);
    with_zones(arguments.rows, &arguments.text(1)?, |row, zone| {
        let span = zone
            .zip(times.get(row))
            .and_then(|(zone, instant)| zone.span(instant).map(|span| (instant, span)));
        match span {
            Some((instant, span)) => {
                line.clear();
                text::write(&mut line, instant, span.offset);
                builder.append_value(&line);
            }
            None => builder.append_null(),
        }
        Ok(())
    })?;
    Ok(Arc::new(builder.finish()))
}

fn service_time(arguments: &Arguments) -> Result<ArrayRef> {
    let (dates, seconds) = (arguments.column(0)?, arguments.column(1)?);
    let (dates, seconds) = (
        Column::<Date32Type>::of(&dates)?,
        Column::<Int64Type>::of(&seconds)?,
    );
    let column = build::<TimestampMicrosecondType>(arguments.rows, &arguments.text(2)?, |row, zone| {
        let Some((date, seconds)) = dates.get(row).zip(seconds.get(row)) else {
            return Ok(None);
        };
        Ok(service_instant(zone, date, seconds))
    })?;
    Ok(Arc::new(column.with_timezone("UTC")))
}

fn service_instant(zone: &mut Zone, date: i32, seconds: i64) -> Option<i64> {
    let noon = i64::from(date).checked_mul(DAY)?.checked_add(12 * HOUR)?;
    let start = zone.first_shown(noon)? - 12 * HOUR;
    let instant = start.checked_add(seconds.checked_mul(SECOND)?)?;
    // The zone knows the years -9999 to 9999; what lies outside has no local time.
    zone.span(instant).map(|_| instant)
}
