//! Routes of alarms: the queue, acts on it, rules with their records, windows, and the ways in and out of other programs.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::registry::{
    Alarm, AlarmDelivery, AlarmFilter, AlarmMember, AlarmMiss, AlarmState, AlarmWindow, Role, Scope,
    WindowWanted, alarm_id,
};
use qala_app::{AlarmDoing, AppError, Centre, Reader, RuleRecord};
use qala_core::spec::AlarmWhen;
use qala_core::{Text, Zone};
use serde::Deserialize;

use crate::State;
use crate::admit::admit;
use crate::asked::{Body, instant};
use crate::error::Answer;
use crate::principal::{reader, require, visitor};
use crate::read::{Found, text};

/// Alarms of a page when nobody says how many, and at most.
const FEW: u32 = 100;
const MOST: u32 = 500;
/// Longest message of another program, bytes.
const LONGEST: usize = 4 << 20;
/// The door of Alertmanager; tokens name it like a feed.
const ALERTMANAGER: &str = "alertmanager";

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmsQuery {
    state: Option<String>,
    rule: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    offset: u32,
}

/// Names of what alarms are about, read once for a page of them.
struct Names {
    places: BTreeMap<String, Text>,
    functions: BTreeMap<String, Text>,
}

impl Names {
    async fn read(centre: &Centre) -> Result<Self, AppError> {
        let places = centre.registry.places_at(centre.clock.now()).await?.into_iter();
        let functions = centre.function_names().await?.into_iter();
        Ok(Self {
            places: places.map(|place| (place.id.to_string(), place.name)).collect(),
            functions: functions.map(|(id, name)| (id.to_string(), name)).collect(),
        })
    }

    fn alarm(&self, centre: &Centre, alarm: Alarm) -> api::Alarm {
        let zone = &centre.zone;
        let when = |at: Option<i64>| at.map(|at| zone.format(at));
        let rule = centre.alarms.rule(&alarm.rule);
        let feed = alarm
            .about
            .as_ref()
            .and_then(|about| centre.feeds.iter().find(|feed| feed.id.as_str() == about));
        let unit = rule
            .and_then(|rule| rule.series())
            .and_then(|(indicator, _)| centre.indicators.iter().find(|spec| spec.id == *indicator))
            .map(|spec| spec.unit.symbol().to_owned());
        let (acknowledged_at, acknowledged_by) = alarm.acknowledged.unzip();
        let (closed_at, closed_by) = alarm.closed.unzip();
        let (lon, lat) = alarm.at.unzip();
        api::Alarm {
            id: alarm_id(alarm.number),
            severity: alarm.severity.as_str().into(),
            state: alarm.state.as_str().into(),
            title: text(&alarm.title),
            advice: rule.map(|rule| text(&rule.advice)),
            place: alarm.place.as_ref().and_then(|id| self.places.get(id)).map(text),
            place_id: alarm.place,
            about: alarm.about,
            about_title: feed.map(|feed| text(&feed.title)),
            owner: self.functions.get(&alarm.owner_function).map(text),
            owner_function: alarm.owner_function,
            public: alarm.public,
            simulated: alarm.simulated,
            event_at: zone.format(alarm.event_at),
            opened_at: zone.format(alarm.opened_at),
            last_seen_at: zone.format(alarm.last_seen_at),
            cleared_at: when(alarm.cleared_at),
            members: alarm.members,
            value: alarm.value,
            unit,
            lon,
            lat,
            acknowledged_at: when(acknowledged_at),
            acknowledged_by,
            closed_at: when(closed_at),
            closed_by,
            verdict: alarm.verdict,
            note: alarm.note,
            step: alarm.step,
            revision: alarm.revision,
            rule: alarm.rule,
        }
    }
}

/// What the public is not to know of an alarm: who works on it, and their words.
fn for_the_public(mut alarm: api::Alarm) -> api::Alarm {
    alarm.acknowledged_by = None;
    alarm.closed_by = None;
    alarm.note = None;
    alarm
}

fn shown(reader: &Reader, alarm: api::Alarm) -> api::Alarm {
    if reader.role() >= Role::Staff {
        alarm
    } else {
        for_the_public(alarm)
    }
}

/// The queue.
pub(crate) async fn alarms(
    Extract(state): Extract<State>,
    Query(query): Query<AlarmsQuery>,
    headers: HeaderMap,
) -> Found<api::Alarms> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let given = query.state.filter(|word| !word.is_empty());
    let wanted = match given {
        Some(word) => Some(AlarmState::parse(&word).ok_or_else(|| {
            AppError::Usage(format!(
                "`{word}` is no state of an alarm: open, acknowledged, closed"
            ))
        })?),
        None => None,
    };
    let filter = AlarmFilter {
        state: wanted,
        rule: query.rule.filter(|rule| !rule.is_empty()),
        public: false,
        limit: query.limit.unwrap_or(FEW).min(MOST),
        offset: query.offset,
    };
    let page = centre.alarm_page(&reader, filter).await?;
    let names = Names::read(centre).await?;
    let [info, minor, major, critical] = page.open;
    Ok(Json(api::Alarms {
        now: centre.zone.format(centre.clock.now()),
        total: page.total,
        open: api::OpenAlarms {
            critical,
            major,
            minor,
            info,
        },
        alarms: page
            .alarms
            .into_iter()
            .map(|alarm| shown(&reader, names.alarm(centre, alarm)))
            .collect(),
    }))
}

fn member(member: AlarmMember, zone: &Zone) -> api::AlarmMember {
    api::AlarmMember {
        member: member.member,
        seen_at: zone.format(member.seen_at),
        over_at: member.over_at.map(|at| zone.format(at)),
    }
}

fn delivery(delivery: AlarmDelivery, zone: &Zone) -> api::AlarmDelivery {
    api::AlarmDelivery {
        key: delivery.key,
        channel: delivery.channel,
        kind: delivery.kind,
        contact: delivery.contact,
        step: delivery.step,
        state: delivery.state,
        attempts: delivery.attempts,
        sends: delivery.sends,
        at_least_once: delivery.at_least_once,
        first_at: zone.format(delivery.first_at),
        sent_at: delivery.sent_at.map(|at| zone.format(at)),
        error: delivery.error,
    }
}

/// One alarm.
pub(crate) async fn alarm(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Found<api::AlarmFound> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let found = centre.find_alarm(&reader, &id).await?;
    let names = Names::read(centre).await?;
    let zone = &centre.zone;
    Ok(Json(api::AlarmFound {
        alarm: shown(&reader, names.alarm(centre, found.alarm)),
        members: found.members.into_iter().map(|m| member(m, zone)).collect(),
        changes: found.changes,
        deliveries: found.deliveries.into_iter().map(|d| delivery(d, zone)).collect(),
    }))
}

async fn act(
    state: &State,
    headers: &HeaderMap,
    id: &str,
    doing: AlarmDoing,
    note: Option<&str>,
) -> Found<api::Alarm> {
    let by = require(state, headers, Role::Operator).await?;
    let centre = &state.centre;
    let reader = centre.reader(&by, Scope::Administer).await?;
    let alarm = centre.do_with_alarm(&reader, id, &doing, note).await?;
    Ok(Json(Names::read(centre).await?.alarm(centre, alarm)))
}

/// Somebody has it.
pub(crate) async fn acknowledge(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(word): Body<api::AlarmWord>,
) -> Found<api::Alarm> {
    act(
        &state,
        &headers,
        &id,
        AlarmDoing::Acknowledge,
        word.note.as_deref(),
    )
    .await
}

/// It is done.
pub(crate) async fn close(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(word): Body<api::AlarmWord>,
) -> Found<api::Alarm> {
    let doing = AlarmDoing::Close {
        verdict: word.verdict,
    };
    act(&state, &headers, &id, doing, word.note.as_deref()).await
}

/// A note.
pub(crate) async fn comment(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(word): Body<api::AlarmWord>,
) -> Found<api::Alarm> {
    act(&state, &headers, &id, AlarmDoing::Comment, word.note.as_deref()).await
}

/// The sound was turned off or on at a place of work.
pub(crate) async fn sound(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(sound): Body<api::AlarmSound>,
) -> Result<StatusCode, Answer> {
    let by = require(&state, &headers, Role::Staff).await?;
    state.centre.note_alarm_sound(by.id(), sound.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn rule(record: &RuleRecord<'_>, names: &Names, zone: &Zone) -> api::AlarmRule {
    let (rule, counts) = (record.rule, &record.counts);
    let (kind, dataset) = match &rule.when {
        AlarmWhen::Threshold { .. } => ("threshold", None),
        AlarmWhen::Departure { .. } => ("departure", None),
        AlarmWhen::Places { .. } => ("places", None),
        AlarmWhen::Missing { .. } => ("missing", None),
        AlarmWhen::Event { dataset, .. } => ("event", Some(dataset.to_string())),
    };
    api::AlarmRule {
        id: rule.id.to_string(),
        title: text(&rule.title),
        advice: text(&rule.advice),
        owner_function: rule.owner_function.to_string(),
        owner: names.functions.get(rule.owner_function.as_str()).map(text),
        severity: rule.severity.as_str().into(),
        public: rule.public,
        kind: kind.into(),
        indicator: rule.series().map(|(indicator, _)| indicator.to_string()),
        dataset,
        part_of: rule.part_of.as_ref().map(ToString::to_string),
        escalation: rule
            .escalation
            .iter()
            .map(|step| api::AlarmStep {
                after_min: step.after_min,
                function: step.function.as_ref().map(ToString::to_string),
            })
            .collect(),
        raised: counts.raised,
        right: counts.right,
        wrong: counts.wrong,
        missed: counts.missed,
        precision: share(counts.right, counts.right + counts.wrong),
        recall: share(counts.right, counts.right + counts.missed),
        delay_s: counts.delay_s,
        acknowledged_after_s: counts.acknowledged_after_s,
        last_at: counts.last_at.map(|at| zone.format(at)),
    }
}

/// The rules with their records.
pub(crate) async fn rules(Extract(state): Extract<State>, headers: HeaderMap) -> Found<Vec<api::AlarmRule>> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let records = centre.rule_records(&reader).await?;
    let names = Names::read(centre).await?;
    Ok(Json(
        records.iter().map(|r| rule(r, &names, &centre.zone)).collect(),
    ))
}

fn required(centre: &Centre, name: &str, given: &str) -> Result<i64, Answer> {
    let at = instant(centre, name, Some(given))?;
    at.ok_or_else(|| AppError::Usage(format!("`{name}` is empty")).into())
}

/// A rule raised nothing although it should have.
pub(crate) async fn missed(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::AlarmMissed>,
) -> Result<StatusCode, Answer> {
    let by = require(&state, &headers, Role::Operator).await?;
    let miss = AlarmMiss {
        rule: &id,
        at: required(&state.centre, "at", &body.at)?,
        place: body.place.as_deref(),
        note: &body.note,
        by: by.id(),
    };
    state.centre.note_missed_alarm(&miss).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn window(window: AlarmWindow, zone: &Zone) -> api::AlarmWindow {
    api::AlarmWindow {
        number: window.number,
        rule: window.rule,
        place: window.place,
        from: zone.format(window.from),
        to: zone.format(window.to),
        reason: window.reason,
        by: window.by,
        hushed: window.hushed,
    }
}

/// Times in which nothing is raised.
pub(crate) async fn windows(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Found<Vec<api::AlarmWindow>> {
    visitor(&state, &headers)
        .await?
        .require(Role::Staff, Scope::Read)?;
    let centre = &state.centre;
    let windows = centre.alarm_windows().await?;
    Ok(Json(
        windows.into_iter().map(|w| window(w, &centre.zone)).collect(),
    ))
}

/// Makes one.
pub(crate) async fn add_window(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::AlarmWindowWanted>,
) -> Result<(StatusCode, Json<api::AlarmWindow>), Answer> {
    let by = require(&state, &headers, Role::Operator).await?;
    let centre = &state.centre;
    let from = instant(centre, "from", body.from.as_deref())?;
    let wanted = WindowWanted {
        rule: body.rule.as_deref().filter(|rule| !rule.is_empty()),
        place: body.place.as_deref().filter(|place| !place.is_empty()),
        from: from.unwrap_or_else(|| centre.clock.now()),
        to: required(centre, "to", &body.to)?,
        reason: &body.reason,
        by: by.id(),
    };
    let number = centre.add_alarm_window(&wanted).await?;
    let made = AlarmWindow {
        number,
        rule: wanted.rule.map(ToOwned::to_owned),
        place: wanted.place.map(ToOwned::to_owned),
        from: wanted.from,
        to: wanted.to,
        reason: body.reason.clone(),
        by: by.id().to_owned(),
        hushed: 0,
        ended_by: None,
    };
    Ok((StatusCode::CREATED, Json(window(made, &centre.zone))))
}

/// Ends one now.
pub(crate) async fn end_window(
    Extract(state): Extract<State>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Answer> {
    let by = require(&state, &headers, Role::Operator).await?;
    let known = number
        .parse()
        .map_err(|_| AppError::Usage(format!("there is no window `{number}`")))?;
    state.centre.end_alarm_window(known, by.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn xml(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What the public is told, as an Atom feed.
pub(crate) async fn cap_feed(Extract(state): Extract<State>) -> Result<Response, Answer> {
    Ok(xml("application/atom+xml", state.centre.cap_feed().await?))
}

/// One alarm as a message of CAP.
pub(crate) async fn cap(Extract(state): Extract<State>, Path(id): Path<String>) -> Result<Response, Answer> {
    Ok(xml("application/cap+xml", state.centre.cap_of_alarm(&id).await?))
}

/// A message of Alertmanager, with a token of the feed `alertmanager` or from this machine.
pub(crate) async fn alertmanager(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    body: Bytes,
) -> Found<api::Warned> {
    let admission = admit(&state, &headers, ALERTMANAGER).await?;
    if body.len() > LONGEST {
        return Err(AppError::TooLarge("a message of Alertmanager has 4 MiB at most".into()).into());
    }
    if admission.sandbox {
        return Err(AppError::Forbidden("a token of the sandbox raises no alarm".into()).into());
    }
    let warned = state.centre.take_alertmanager(&body).await?;
    Ok(Json(api::Warned {
        firing: warned.firing,
        resolved: warned.resolved,
        raised: warned.raised,
    }))
}
