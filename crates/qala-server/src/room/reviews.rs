//! Reviews with their minutes, and the morning page.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use qala_api as api;
use qala_app::registry::{AgendaItem, Agreed, Review, Role, Versioned};
use qala_app::{AppError, MinutesWanted, MorningWanted};
use qala_core::Zone;
use serde::Deserialize;

use super::{acting, numbered, owners, reading};
use crate::State;
use crate::asked::Body;
use crate::error::Answer;
use crate::paper::{host, lang, page, saved};
use crate::read::{Found, text};

/// Reviews that are told at most.
const MOST: u32 = 50;
/// The media type of a document of a word processor.
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

fn point(item: AgendaItem, zone: &Zone) -> api::AgendaPoint {
    api::AgendaPoint {
        kind: item.kind.as_str().into(),
        id: item.id,
        title: text(&item.title),
        function: item.function,
        places: item.places,
        since: item.since.map(|t| zone.format(t)),
        deadline: item.deadline.map(|t| zone.format(t)),
        progress: item.progress,
        explanation: item.explanation,
        value: item.value,
        before: item.before,
        target: item.target,
        unit: item.unit,
    }
}

fn card(found: Versioned<Review>, zone: &Zone) -> api::ReviewCard {
    let record = found.record;
    api::ReviewCard {
        id: found.id,
        title: record.title,
        held_at: zone.format(record.held_at),
        state: record.state.as_str().into(),
        present: record.present,
        agenda: record.agenda.into_iter().map(|i| point(i, zone)).collect(),
        minutes: record
            .minutes
            .into_iter()
            .map(|line| api::MinuteLine {
                item: line.item,
                text: line.text,
                decision: line.decision,
            })
            .collect(),
    }
}

/// The agenda as it would be now, and the reviews there were.
pub(crate) async fn reviews(Extract(state): Extract<State>, headers: HeaderMap) -> Found<api::Reviews> {
    let reader = reading(&state, &headers).await?;
    let centre = &state.centre;
    let zone = &centre.zone;
    let agenda = centre.agenda(&reader).await?;
    let reviews = centre.registry.reviews(MOST).await.map_err(AppError::from)?;
    Ok(Json(api::Reviews {
        now: zone.format(centre.clock.now()),
        may_write: reader.role() >= Role::Operator,
        agenda: agenda.into_iter().map(|item| point(item, zone)).collect(),
        reviews: reviews.into_iter().map(|review| card(review, zone)).collect(),
        owners: owners(&state, &reader).await?,
    }))
}

/// Begins a review.
pub(crate) async fn begin(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::ReviewWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let id = state
        .centre
        .begin_review(&body.title, &body.present, &reader)
        .await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}

/// Adds a line to the minutes.
pub(crate) async fn minute(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::MinuteLine>,
) -> Result<StatusCode, Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("review", &id)?;
    let agreed = Agreed {
        item: body.item,
        text: body.text,
        decision: body.decision,
    };
    state.centre.minute(id, &agreed, &reader).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a review.
pub(crate) async fn close(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::ReviewClosed>,
) -> Result<StatusCode, Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("review", &id)?;
    state
        .centre
        .close_review(id, body.present.as_deref(), &reader)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What may stand behind the `?` of minutes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MinutesQuery {
    lang: Option<String>,
}

fn minutes_wanted(id: &str, query: &MinutesQuery, headers: &HeaderMap) -> Result<MinutesWanted, Answer> {
    Ok(MinutesWanted {
        review: numbered("review", id)?,
        lang: lang(query.lang.as_deref())?,
        host: host(headers),
    })
}

/// The minutes as PDF.
pub(crate) async fn minutes_pdf(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(query): Query<MinutesQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reading(&state, &headers).await?;
    let wanted = minutes_wanted(&id, &query, &headers)?;
    let bytes = state.centre.minutes_paper(&wanted, &reader).await?;
    Ok(page(&headers, &format!("minutes-{}", wanted.review), bytes))
}

/// The minutes as a document of a word processor.
pub(crate) async fn minutes_docx(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(query): Query<MinutesQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reading(&state, &headers).await?;
    let wanted = minutes_wanted(&id, &query, &headers)?;
    let bytes = state.centre.minutes_document(&wanted, &reader).await?;
    let disposition = format!("attachment; filename=\"minutes-{}.docx\"", wanted.review);
    let said = [
        (header::CONTENT_TYPE, DOCX.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok(saved(&headers, said, bytes))
}

/// What may stand behind the `?` of the morning page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MorningQuery {
    lang: Option<String>,
    department: Option<String>,
}

fn morning_wanted(query: MorningQuery, headers: &HeaderMap) -> Result<MorningWanted, Answer> {
    Ok(MorningWanted {
        lang: lang(query.lang.as_deref())?,
        department: query.department,
        host: host(headers),
    })
}

/// The morning page as plain text.
pub(crate) async fn morning(
    Extract(state): Extract<State>,
    Query(query): Query<MorningQuery>,
    headers: HeaderMap,
) -> Found<api::MorningText> {
    let reader = reading(&state, &headers).await?;
    let wanted = morning_wanted(query, &headers)?;
    let found = state.centre.morning_text(&wanted, &reader).await?;
    let parts = found.parts.into_iter().map(|part| api::MorningPart {
        heading: part.heading,
        lines: part.lines,
    });
    Ok(Json(api::MorningText {
        over: found.over,
        title: found.title,
        parts: parts.collect(),
    }))
}

/// The morning page as PDF.
pub(crate) async fn morning_pdf(
    Extract(state): Extract<State>,
    Query(query): Query<MorningQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reading(&state, &headers).await?;
    let wanted = morning_wanted(query, &headers)?;
    let bytes = state.centre.morning_paper(&wanted, &reader).await?;
    Ok(page(&headers, "morning", bytes))
}
