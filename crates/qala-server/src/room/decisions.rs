//! Decisions and assignments.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use qala_api as api;
use qala_app::registry::{Decision, Role, Versioned};
use qala_app::{AppError, DecisionWish, Reader, ReportWish};
use serde::Deserialize;

use super::{acting, instant_or_day, numbered, owners, reading};
use crate::State;
use crate::asked::Body;
use crate::error::Answer;
use crate::read::Found;

/// Decisions that are told at most.
const MOST: u32 = 1_000;

/// A decision as whoever asks sees it.
pub(super) fn shown(state: &State, found: Versioned<Decision>, reader: &Reader) -> api::Decision {
    let centre = &state.centre;
    let zone = &centre.zone;
    let record = found.record;
    let overdue = record.is_overdue(centre.clock.now());
    let unit = centre
        .indicators
        .iter()
        .find(|spec| Some(spec.id.as_str()) == record.indicator.as_deref())
        .map(|spec| spec.unit.symbol().to_owned());
    let may_act =
        record.state == qala_app::registry::DecisionState::Open && reader.acts_for(&[&record.function]);
    let (before, after) = (record.before, record.after);
    api::Decision {
        id: found.id,
        text: record.text,
        function: record.function,
        given_at: zone.format(record.given_at),
        given_by: record.given_by,
        deadline: zone.format(record.deadline),
        state: record.state.as_str().into(),
        overdue,
        progress: record.progress,
        explanation: record.explanation,
        incident: record.incident,
        review: record.review,
        indicator: record.indicator,
        place: record.place,
        unit,
        before: before.as_ref().and_then(|measured| measured.value),
        before_passport: before.map(|measured| measured.passport),
        after: after.as_ref().and_then(|measured| measured.value),
        after_passport: after.map(|measured| measured.passport),
        passports: record.passports.len() as u64,
        done_at: record.done_at.map(|t| zone.format(t)),
        drill: record.drill,
        may_act,
    }
}

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionsQuery {
    state: Option<String>,
}

/// Decisions, overdue ones first.
pub(crate) async fn decisions(
    Extract(state): Extract<State>,
    Query(query): Query<DecisionsQuery>,
    headers: HeaderMap,
) -> Found<api::Decisions> {
    let reader = reading(&state, &headers).await?;
    let centre = &state.centre;
    let found = match query.state.as_deref() {
        None | Some("open") => centre.registry.open_decisions(MOST).await,
        Some("all") => centre.registry.decisions(MOST).await,
        Some(word) => return Err(AppError::Usage(format!("`{word}` is not open or all")).into()),
    };
    let mut found = found.map_err(AppError::from)?;
    let now = centre.clock.now();
    found.sort_by_key(|decision| {
        let record = &decision.record;
        let is_open = record.state == qala_app::registry::DecisionState::Open;
        // What has ended comes last, the newest first.
        let place = if is_open {
            record.deadline
        } else {
            -record.done_at.unwrap_or(0)
        };
        (!is_open, !record.is_overdue(now), place, decision.id)
    });
    Ok(Json(api::Decisions {
        now: centre.zone.format(now),
        may_decide: reader.role() >= Role::Operator,
        decisions: found
            .into_iter()
            .map(|decision| shown(&state, decision, &reader))
            .collect(),
        owners: owners(&state, &reader).await?,
    }))
}

/// Gives an assignment.
pub(crate) async fn decide(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::DecisionWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let wish = DecisionWish {
        deadline: instant_or_day(&state.centre.zone, "deadline", &body.deadline)?,
        text: body.text,
        function: body.function,
        incident: body.incident,
        review: body.review,
        indicator: body.indicator.filter(|indicator| !indicator.is_empty()),
        place: body.place,
        passports: body.passports,
    };
    let id = state.centre.decide(&wish, &reader).await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}

/// A decision with what it cites and how it went.
pub(crate) async fn decision(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Found<api::DecisionCard> {
    let reader = reading(&state, &headers).await?;
    let id = numbered("decision", &id)?;
    let found = state.centre.registry.decision(id).await;
    let found = found.map_err(AppError::from)?;
    Ok(Json(api::DecisionCard {
        cited: found.record.passports.clone(),
        history: state.centre.decision_history(id).await?,
        decision: shown(&state, found, &reader),
        owners: owners(&state, &reader).await?,
    }))
}

/// Tells how an assignment goes.
pub(crate) async fn report(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::DecisionReport>,
) -> Result<StatusCode, Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("decision", &id)?;
    let zone = &state.centre.zone;
    let deadline = body.deadline.filter(|deadline| !deadline.is_empty());
    let deadline = deadline
        .map(|deadline| instant_or_day(zone, "deadline", &deadline))
        .transpose()?;
    let wish = ReportWish {
        progress: body.progress,
        explanation: body.explanation,
        state: body.state,
        deadline,
    };
    state.centre.report_decision(id, &wish, &reader).await?;
    Ok(StatusCode::NO_CONTENT)
}
