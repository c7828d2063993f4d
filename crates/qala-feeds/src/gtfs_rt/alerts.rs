//! Alerts: one row per notice.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::message::{Alert, EntitySelector, TimeRange, TranslatedString};
use super::{Reader, Table, time_value};
use crate::batch::Value;
use crate::fault::Fault;
use crate::{Sink, Stopped};

/// The dataset that is filled.
pub(super) const DATASET: &str = "transit_alerts";

/// Its columns, in the order of [`row`].
pub(super) const COLUMNS: &[&str] = &[
    "alert_id",
    "t",
    "cause",
    "effect",
    "severity",
    "header",
    "header_kk",
    "header_ru",
    "header_en",
    "description",
    "description_kk",
    "description_ru",
    "description_en",
    "url",
    "active_from",
    "active_to",
    "active_periods",
    "informed_entities",
];

/// Adds the row of an entity.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &mut Table,
    (number, id): (usize, &str),
    alert: &Alert,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let row = row(reader, id, alert);
    reader.put(table, number, row, || format!("entity {id}: {alert:?}"), sink)
}

fn row<'v>(reader: &Reader<'_>, id: &'v str, alert: &'v Alert) -> Result<Vec<Value<'v>>, Fault> {
    if id.is_empty() {
        return Err(Fault::new("missing_value", "the alert has no id").of("entity.id"));
    }
    let number = |value: Option<i32>| Value::int_or_null(value.map(i64::from));
    let mut values = vec![
        Value::text(id),
        Value::Time(reader.time(None)?),
        number(alert.cause),
        number(alert.effect),
        number(alert.severity_level),
    ];
    for text in [alert.header_text.as_ref(), alert.description_text.as_ref()] {
        values.push(first(text));
        values.extend(["kk", "ru", "en"].map(|language| in_language(text, language)));
    }
    values.push(first(alert.url.as_ref()));
    // An open end of any period leaves the whole open.
    let starts = alert.active_period.iter().map(|period| period.start.unwrap_or(0));
    let ends = alert
        .active_period
        .iter()
        .map(|period| period.end.filter(|end| *end > 0).unwrap_or(u64::MAX));
    values.push(time_value(starts.min(), "active_period.start")?);
    values.push(time_value(
        ends.max().filter(|end| *end < u64::MAX),
        "active_period.end",
    )?);
    let periods = alert.active_period.iter().map(period).collect();
    values.push(Value::Text(Cow::Owned(Json::Array(periods).to_string())));
    let entities = alert.informed_entity.iter().map(selector).collect();
    values.push(Value::Text(Cow::Owned(Json::Array(entities).to_string())));
    Ok(values)
}

/// The text without a language, else the first one.
fn first(text: Option<&TranslatedString>) -> Value<'_> {
    let all = text.map(|text| text.translation.as_slice()).unwrap_or_default();
    let plain = all
        .iter()
        .find(|one| one.language.as_deref().is_none_or(str::is_empty));
    Value::text_or_null(plain.or(all.first()).and_then(|one| one.text.as_deref()))
}

/// The text in a language, region or not.
fn in_language<'v>(text: Option<&'v TranslatedString>, language: &str) -> Value<'v> {
    let all = text.map(|text| text.translation.as_slice()).unwrap_or_default();
    let is_it = |tag: &str| {
        tag.split(['-', '_'])
            .next()
            .is_some_and(|main| main.eq_ignore_ascii_case(language))
    };
    let found = all.iter().find(|one| one.language.as_deref().is_some_and(is_it));
    Value::text_or_null(found.and_then(|one| one.text.as_deref()))
}

fn period(period: &TimeRange) -> Json {
    let mut out = Map::new();
    out.extend(period.start.map(|start| ("start".to_owned(), start.into())));
    out.extend(period.end.map(|end| ("end".to_owned(), end.into())));
    Json::Object(out)
}

fn selector(entity: &EntitySelector) -> Json {
    let trip = entity.trip.as_ref();
    let texts = [
        ("agency_id", entity.agency_id.as_ref()),
        (
            "route_id",
            entity
                .route_id
                .as_ref()
                .or(trip.and_then(|trip| trip.route_id.as_ref())),
        ),
        ("stop_id", entity.stop_id.as_ref()),
        ("trip_id", trip.and_then(|trip| trip.trip_id.as_ref())),
        ("start_date", trip.and_then(|trip| trip.start_date.as_ref())),
        ("start_time", trip.and_then(|trip| trip.start_time.as_ref())),
    ];
    let mut out = Map::new();
    out.extend(
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), text?.clone().into()))),
    );
    out.extend(
        entity
            .route_type
            .map(|kind| ("route_type".to_owned(), kind.into())),
    );
    let direction = entity.direction_id.or(trip.and_then(|trip| trip.direction_id));
    out.extend(direction.map(|direction| ("direction_id".to_owned(), direction.into())));
    Json::Object(out)
}
