//! The journal of the shift, who is on duty, whom to call.

use axum::Json;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use qala_api as api;
use qala_app::registry::{FeedContact, Role};
use qala_app::{AppError, DutyWish};

use super::{acting, instant_from, instant_or_day, numbered, owners, reading};
use crate::State;
use crate::asked::Body;
use crate::error::Answer;
use crate::read::{Found, text};

/// Entries that are told at most.
const MOST: u32 = 300;

/// The contacts, each once with the feeds it answers for.
fn calls(contacts: Vec<FeedContact>) -> Vec<api::CallEntry> {
    let mut calls: Vec<api::CallEntry> = Vec::new();
    for contact in contacts {
        let name = text(&contact.name);
        let known = calls
            .iter_mut()
            .find(|call| call.name == name && call.phone == contact.phone && call.email == contact.email);
        match known {
            Some(call) => call.feeds.push(contact.feed.to_string()),
            None => calls.push(api::CallEntry {
                feeds: vec![contact.feed.to_string()],
                name,
                phone: contact.phone,
                email: contact.email,
                simulated: contact.simulated,
            }),
        }
    }
    calls
}

/// The journal with who is on duty and whom to call.
pub(crate) async fn journal(Extract(state): Extract<State>, headers: HeaderMap) -> Found<api::Journal> {
    let reader = reading(&state, &headers).await?;
    let centre = &state.centre;
    let (registry, zone, now) = (&centre.registry, &centre.zone, centre.clock.now());
    let entries = registry.journal(MOST).await.map_err(AppError::from)?;
    let duties = registry.duties(now).await.map_err(AppError::from)?;
    let contacts = registry.contacts_at(now).await.map_err(AppError::from)?;
    Ok(Json(api::Journal {
        now: zone.format(now),
        may_write: reader.role() >= Role::Operator,
        entries: entries
            .into_iter()
            .map(|entry| api::JournalEntry {
                id: entry.id,
                at: zone.format(entry.at),
                by: entry.by,
                kind: entry.kind.as_str().into(),
                text: entry.text,
                next: entry.next,
                incident: entry.incident,
                drill: entry.drill,
            })
            .collect(),
        duties: duties
            .into_iter()
            .map(|duty| api::DutyEntry {
                id: duty.id,
                now: duty.record.from_at <= now,
                function: duty.record.function,
                post: duty.record.post.as_str().into(),
                person: duty.record.person,
                phone: duty.record.phone,
                from_at: zone.format(duty.record.from_at),
                to_at: zone.format(duty.record.to_at),
            })
            .collect(),
        calls: calls(contacts),
        owners: owners(&state, &reader).await?,
    }))
}

/// Writes into the journal.
pub(crate) async fn write(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::JournalWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let entry = (body.kind.as_str(), body.text.as_str());
    let id = state
        .centre
        .write_journal(entry, body.next.as_deref(), body.incident, &reader)
        .await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}

/// Puts somebody on duty.
pub(crate) async fn put_duty(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::DutyWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let zone = &state.centre.zone;
    let wish = DutyWish {
        from_at: instant_from(zone, "from_at", &body.from_at)?,
        to_at: instant_or_day(zone, "to_at", &body.to_at)?,
        function: body.function,
        post: body.post,
        person: body.person,
        phone: body.phone,
    };
    let id = state.centre.put_duty(&wish, &reader).await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}

/// Ends a duty.
pub(crate) async fn end_duty(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("duty", &id)?;
    state.centre.end_duty(id, &reader).await?;
    Ok(StatusCode::NO_CONTENT)
}
