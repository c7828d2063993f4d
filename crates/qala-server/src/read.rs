//! Routes that read.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::lake::{AsOf, Clock as _};
use qala_app::{AppError, Centre, Range, Reader, SystemClock, TransportState, Verdict};
use qala_core::spec::{Column, DatasetSpec, FeedSpec};
use qala_core::{Grain, Text, Zone};
use serde::Deserialize;

use crate::State;
use crate::asked::{Body, instant};
use crate::data;
use crate::error::Answer;
use crate::principal::reader;
use crate::runs;

pub(crate) type Found<T> = Result<Json<T>, Answer>;

pub(crate) fn text(text: &Text) -> api::Text {
    api::Text {
        kk: text.kk.clone(),
        ru: text.ru.clone(),
        en: text.en.clone(),
    }
}

pub(crate) async fn answer<T>(work: impl Future<Output = Result<T, AppError>>) -> Found<T> {
    Ok(Json(work.await?))
}

/// What there is: indicators, datasets and runs of models with titles and units.
pub(crate) async fn catalog(Extract(state): Extract<State>, headers: HeaderMap) -> Found<api::Catalog> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let owners = centre.registry.functions().await.map_err(AppError::from)?;
    let indicators = centre
        .indicators
        .iter()
        .map(|i| api::Indicator {
            id: i.id.to_string(),
            subject: i.id.as_str().split('.').next().unwrap_or_default().into(),
            title: text(&i.title),
            question: text(&i.question),
            decision: text(&i.decision),
            unit: i.unit.symbol().into(),
            better: format!("{:?}", i.better).to_lowercase(),
            grains: i.grains.iter().map(ToString::to_string).collect(),
            owner_function: i.owner_function.to_string(),
            owner: owners
                .iter()
                .find(|f| f.id == i.owner_function)
                .map(|f| text(&f.name)),
            targets: i.targets.map(|t| api::Targets {
                target: t.target,
                limit: t.limit,
                hysteresis: t.hysteresis,
            }),
        })
        .collect();
    let datasets = centre
        .lake
        .specs()
        .into_iter()
        .filter(|d| reader.sees_rows(d))
        .map(|d| dataset(d, &reader))
        .collect();
    Ok(Json(api::Catalog {
        city: text(&centre.city),
        zone: centre.zone.name().into(),
        now: centre.zone.format(centre.clock.now()),
        version: env!("CARGO_PKG_VERSION").into(),
        indicators,
        datasets,
        model_runs: runs::model_runs(centre, &reader, &owners).await,
    }))
}

/// A dataset with the columns that somebody may see.
pub(crate) fn dataset(spec: &DatasetSpec, reader: &Reader) -> api::Dataset {
    let column = |c: &Column| api::Column {
        name: c.name.clone(),
        kind: format!("{:?}", c.kind).to_lowercase(),
        unit: c.unit.map(|u| u.symbol().into()),
        title: text(&c.title),
    };
    api::Dataset {
        name: spec.name.to_string(),
        subject: spec.subject.clone(),
        kind: format!("{:?}", spec.kind).to_lowercase(),
        title: text(&spec.title),
        columns: reader.columns(spec).into_iter().map(column).collect(),
    }
}

/// What may stand behind the `?` of values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValuesQuery {
    grain: Option<String>,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
    format: Option<String>,
}

/// Stored values of an indicator.
pub(crate) async fn values(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(query): Query<ValuesQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let spec = centre.indicator(&id)?;
    let grain = match &query.grain {
        Some(word) => grain_of(word)?,
        None => spec.grains.first().copied().unwrap_or(Grain::Day),
    };
    let range = range(centre, grain, query.from.as_deref(), query.to.as_deref())?;
    let as_of = instant(centre, "as_of", query.as_of.as_deref())?;
    if let Some(format) = data::file_format(query.format.as_deref())? {
        let window = (range.from, range.to);
        let bytes = centre
            .export_values(&id, grain, window, as_of, format, &reader)
            .await?;
        return Ok(data::file(&id, format, bytes));
    }
    let values = centre
        .published(spec, range, as_of.map(AsOf::Instant), &reader)
        .await?;
    Ok(Json(api::Values {
        indicator: id,
        grain: grain.to_string(),
        values,
    })
    .into_response())
}

fn grain_of(word: &str) -> Result<Grain, AppError> {
    Grain::parse(word).ok_or_else(|| AppError::Usage(format!("`{word}` is not a grain")))
}

/// A range of periods: all of 1900 to 2100 where nothing else is said.
fn range(centre: &Centre, grain: Grain, from: Option<&str>, to: Option<&str>) -> Result<Range, Answer> {
    Ok(Range {
        from: instant(centre, "from", from)?.unwrap_or(-2_208_988_800_000_000),
        to: instant(centre, "to", to)?.unwrap_or(4_102_444_800_000_000),
        grain,
    })
}

/// Indicators whose values are told at once.
const MOST_INDICATORS: usize = 500;
/// What pages draw of a value; its passport has the rest.
const DRAWN: [&str; 13] = [
    "place",
    "grain",
    "period_start",
    "period_end",
    "value",
    "unit",
    "lower",
    "upper",
    "coverage",
    "reason",
    "status",
    "simulated",
    "computed_at",
];

/// What may stand behind the `?` of values of many indicators.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManyQuery {
    indicators: String,
    grain: String,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
}

/// Stored values of many indicators.
pub(crate) async fn many(
    Extract(state): Extract<State>,
    Query(query): Query<ManyQuery>,
    headers: HeaderMap,
) -> Found<Vec<api::Values>> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let ids: Vec<&str> = query.indicators.split(',').collect();
    if ids.len() > MOST_INDICATORS {
        return Err(AppError::Usage(format!("at most {MOST_INDICATORS} indicators are told at once")).into());
    }
    let specs = ids.iter().map(|id| centre.indicator(id));
    let specs = specs.collect::<Result<Vec<_>, _>>()?;
    let grain = grain_of(&query.grain)?;
    let range = range(centre, grain, query.from.as_deref(), query.to.as_deref())?;
    let as_of = instant(centre, "as_of", query.as_of.as_deref())?;
    let found = centre
        .published_of(&specs, Some(&DRAWN), range, as_of.map(AsOf::Instant), &reader)
        .await?;
    let told = ids.into_iter().zip(found).map(|(id, mut values)| {
        for value in &mut values {
            value.retain(|name, _| DRAWN.contains(&name.as_str()));
        }
        api::Values {
            indicator: id.to_owned(),
            grain: grain.to_string(),
            values,
        }
    });
    Ok(Json(told.collect()))
}

/// Places in force now.
pub(crate) async fn places(Extract(state): Extract<State>) -> Found<Vec<api::Row>> {
    let centre = state.centre.clone();
    answer(async move {
        centre
            .rows(
                "SELECT place_id, kind, name_kk, name_ru, name_en, parent_id, simulated FROM organisation_places \
                 WHERE valid_to IS NULL ORDER BY kind, place_id",
            )
            .await
    })
    .await
}

/// What may stand behind the `?` of a passport.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassportQuery {
    id: String,
    #[serde(default)]
    verify: bool,
}

/// The passport of a value.
pub(crate) async fn passport(
    Extract(state): Extract<State>,
    Query(query): Query<PassportQuery>,
    headers: HeaderMap,
) -> Found<api::Passport> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let passport = centre.passport(&query.id, query.verify).await?;
    let passport = centre.passport_for(passport, &reader).await?;
    Ok(Json(api::Passport {
        value: passport.value,
        sql: passport.sql,
        messages: passport.messages,
        history: passport.history,
        verdict: passport.verdict.map(verdict),
    }))
}

fn verdict(verdict: Verdict) -> api::Verdict {
    let (word, recomputed, digest) = match verdict {
        Verdict::Equal => ("equal", None, None),
        Verdict::Different { recomputed } => ("different", recomputed, None),
        Verdict::DefinitionChanged => ("definition_changed", None, None),
        Verdict::RowsGone { digest } => ("rows_gone", None, Some(digest)),
    };
    api::Verdict {
        verdict: word.into(),
        recomputed,
        digest,
    }
}

/// Recomputes a value and compares.
pub(crate) async fn verify(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(wanted): Body<api::VerifyWanted>,
) -> Found<api::Verified> {
    let reader = reader(&state, &headers).await?;
    let passport = state.centre.passport(&wanted.id, true).await?;
    let passport = state.centre.passport_for(passport, &reader).await?;
    let value = passport.value.get("value").and_then(serde_json::Value::as_f64);
    let found = passport.verdict.map(verdict);
    let reason = found.as_ref().map_or_else(String::new, |v| v.verdict.clone());
    let equal = reason == "equal";
    let recomputed = if equal {
        value
    } else {
        found.and_then(|v| v.recomputed)
    };
    Ok(Json(api::Verified {
        equal,
        value,
        recomputed,
        reason,
    }))
}

/// Feeds and what came from them.
pub(crate) async fn feeds(Extract(state): Extract<State>, headers: HeaderMap) -> Found<Vec<api::Feed>> {
    let reader = reader(&state, &headers).await?;
    let centre = state.centre.clone();
    answer(async move {
        let rows = centre
            .rows(
                "SELECT feed, kind, max(_received_at) AS last, count(*) AS messages, sum(received) AS received, \
                 sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(quarantined) AS quarantined \
                 FROM lake_messages WHERE feed NOT IN ('registry', 'indicators', 'feed-trust', 'quarantine', 'migration', 'obligations') GROUP BY feed, kind ORDER BY feed",
            )
            .await?;
        let number = |row: &api::Row, name: &str| row.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
        let words = |row: &api::Row, name: &str| row.get(name).and_then(|v| v.as_str()).map(ToOwned::to_owned);
        // Of the cities that could be simulated, only the one that sends is of interest.
        let sends = |f: &&FeedSpec| !f.simulated || rows.iter().any(|r| r.get("feed").and_then(|v| v.as_str()) == Some(f.id.as_str()));
        let mut out: Vec<api::Feed> = centre
            .feeds
            .iter()
            .filter(sends)
            .map(|f| api::Feed {
                id: f.id.to_string(),
                kind: f.kind.clone(),
                title: text(&f.title),
                simulated: f.simulated,
                cadence_s: f.cadence_s,
                owner_function: f.owner_function.to_string(),
                licence: f.licence.clone(),
                last_received: None,
                messages: 0,
                received: 0,
                accepted: 0,
                duplicate: 0,
                quarantined: 0,
                last_answered: centre.transports.get(&f.id).and_then(|s| s.answered).map(|t| centre.zone.format(t)),
                error: centre.transports.get(&f.id).and_then(|s| s.error),
                transport: centre.transports.get(&f.id).map(|s| transport(s, &centre.zone)),
                obligation: None,
            })
            .collect();
        for row in &rows {
            let id = words(row, "feed").unwrap_or_default();
            let at = out.iter().position(|f| f.id == id).unwrap_or_else(|| {
                // Imported by hand: there is no spec.
                let title = api::Text { kk: id.clone(), ru: id.clone(), en: id.clone() };
                out.push(api::Feed {
                    id: id.clone(),
                    kind: words(row, "kind").unwrap_or_default(),
                    title,
                    simulated: false,
                    cadence_s: None,
                    owner_function: String::new(),
                    licence: String::new(),
                    last_received: None,
                    messages: 0,
                    received: 0,
                    accepted: 0,
                    duplicate: 0,
                    quarantined: 0,
                    last_answered: None,
                    error: None,
                    obligation: None,
                    transport: None,
                });
                out.len() - 1
            });
            let feed = &mut out[at];
            feed.last_received = words(row, "last");
            feed.messages = number(row, "messages");
            feed.received = number(row, "received");
            feed.accepted = number(row, "accepted");
            feed.duplicate = number(row, "duplicate");
            feed.quarantined = number(row, "quarantined");
        }
        crate::feeds::fill_obligations(&state, &reader, &mut out).await?;
        Ok(out)
    })
    .await
}

fn transport(state: TransportState, zone: &Zone) -> api::Transport {
    let text = |instant: Option<i64>| instant.map(|t| zone.format(t));
    api::Transport {
        kind: state.transport,
        asked: text(state.asked),
        answered: text(state.answered),
        changed: text(state.changed),
        failures: state.failures,
        next: text(state.next),
        broker: state.broker.map(|b| api::Broker {
            connected_since: text(b.connected_since),
            session_kept: b.session_kept,
            qos: b.qos,
            messages: b.messages,
            retained: b.retained,
            skipped: b.skipped,
            again: b.again,
            refused: b.refused,
            per_second: (b.per_second * 10.0).round() / 10.0,
        }),
    }
}

/// How the lake is.
pub(crate) async fn status(Extract(state): Extract<State>) -> Found<api::Status> {
    let centre = &state.centre;
    let health = centre.lake.health().map_err(AppError::from)?;
    Ok(Json(api::Status {
        seq: health.seq,
        committed_seq: health.committed_seq,
        tail_bytes: health.tail_bytes,
        disk_free_bytes: health.free_bytes,
        now: centre.zone.format(centre.clock.now()),
        values_due: centre.computing.left(),
        demo: demo(centre),
        storage: health
            .storage
            .into_iter()
            .map(|s| api::Storage {
                dataset: s.dataset,
                bytes: s.bytes,
                rows: s.rows,
                full_on: s.full_on.map(|t| centre.zone.format(t)[..10].to_owned()),
            })
            .collect(),
    }))
}

/// How far the seeded city has come.
fn demo(centre: &Centre) -> Option<api::Demo> {
    let status = centre.demo.status()?;
    let (now, wall) = (centre.clock.now(), SystemClock.now());
    let text = |t: i64| centre.zone.format(t);
    // Fast time ends where the present begins.
    let fast = status.speed > 1 && wall - now >= 1_000_000;
    Some(api::Demo {
        seed: status.seed,
        phase: status.phase.as_str().into(),
        done: status.done,
        expected: status.expected,
        rows: status.rows,
        behind_s: status.behind_s(now),
        speed: if fast { status.speed } else { 1 },
        catches_up: fast.then(|| text(wall + (wall - now) / i64::from(status.speed - 1))),
        gap_from: status.gap.map(|(from, _)| text(from)),
        gap_to: status.gap.map(|(_, to)| text(to)),
        disk_bytes: status.disk_bytes,
        error: status.error,
    })
}
