//! Incidents, procedures, drills.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::registry::{Closing, Incident, LARGEST_FILE, Settled, SplitWish, Step, StepState, Versioned};
use qala_app::{AppError, IncidentAction, IncidentWish, SCENARIOS};
use serde::Deserialize;

use super::{acting, numbered, owners, reading};
use crate::State;
use crate::asked::Body;
use crate::error::Answer;
use crate::read::{Found, text};

/// Incidents that are told at most.
const MOST: u32 = 500;

/// Procedures of the pack.
pub(crate) async fn procedures(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Found<Vec<api::Procedure>> {
    reading(&state, &headers).await?;
    let step = |step: &qala_core::spec::ProcedureStep| api::ProcedureStep {
        id: step.id.clone(),
        function: step.function.to_string(),
        within_min: step.within_min,
        required: step.required,
        text: text(&step.text),
        check: text(&step.check),
    };
    let procedures = state.centre.procedures.iter().map(|p| api::Procedure {
        id: p.id.to_string(),
        version: p.version,
        title: text(&p.title),
        start: text(&p.start),
        owner_function: p.owner_function.to_string(),
        radius_m: p.radius_m,
        steps: p.steps.iter().map(step).collect(),
    });
    Ok(Json(procedures.collect()))
}

/// An incident with the circle around it and what is open of it.
async fn shown(state: &State, found: Versioned<Incident>, steps: &[Step]) -> Result<api::Incident, Answer> {
    let centre = &state.centre;
    let zone = &centre.zone;
    let area = centre.incident_area(&found.record).await?;
    let open = steps.iter().filter(|step| step.state == StepState::Open);
    let next = open.clone().map(|step| step.due_at).min();
    let open = open.count() as u64;
    let record = found.record;
    let is_running = record.is_running();
    Ok(api::Incident {
        id: found.id,
        revision: found.revision,
        severity: record.severity.as_str().into(),
        state: record.state.as_str().into(),
        title: record.title,
        kind: record.kind,
        place: record.place,
        lon: area.map(|area| area.lon),
        lat: area.map(|area| area.lat),
        radius_m: area.map(|area| area.radius_m),
        rough: area.is_some_and(|area| area.is_rough),
        function: record.function,
        participants: record.participants,
        alarms: record.alarms,
        opened_at: zone.format(record.opened_at),
        closed_at: record.closed_at.map(|t| zone.format(t)),
        cause: record.cause,
        lesson: record.lesson,
        outcome: record.outcome,
        merged_into: record.merged_into,
        split_from: record.split_from,
        drill: record.drill,
        open_steps: if is_running { open } else { 0 },
        next_due: next.filter(|_| is_running).map(|t| zone.format(t)),
    })
}

/// What may stand behind the `?` of incidents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncidentsQuery {
    state: Option<String>,
}

/// Incidents, the newest first.
pub(crate) async fn incidents(
    Extract(state): Extract<State>,
    Query(query): Query<IncidentsQuery>,
    headers: HeaderMap,
) -> Found<api::Incidents> {
    let reader = reading(&state, &headers).await?;
    let centre = &state.centre;
    let registry = &centre.registry;
    let found = match query.state.as_deref() {
        None | Some("running") => registry.running_incidents(MOST).await,
        Some("all") => registry.incidents(MOST).await,
        Some(word) => {
            return Err(AppError::Usage(format!("`{word}` is not running or all")).into());
        }
    };
    let mut incidents = Vec::new();
    for incident in found.map_err(AppError::from)? {
        let steps = if incident.record.is_running() {
            registry.steps(incident.id).await.map_err(AppError::from)?
        } else {
            Vec::new()
        };
        incidents.push(shown(&state, incident, &steps).await?);
    }
    Ok(Json(api::Incidents {
        now: centre.zone.format(centre.clock.now()),
        incidents,
        owners: owners(&state, &reader).await?,
    }))
}

/// Opens an incident.
pub(crate) async fn open(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::IncidentWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let given = |word: Option<String>| word.filter(|word| !word.is_empty());
    let wish = IncidentWish {
        title: body.title,
        kind: given(body.kind),
        severity: given(body.severity),
        place: given(body.place),
        point: body.lon.zip(body.lat),
        radius_m: body.radius_m,
        function: given(body.function),
        alarms: body.alarms,
        start: body.start,
    };
    let id = state.centre.open_incident(&wish, &reader).await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}

fn step(step: Step, zone: &qala_core::Zone) -> api::IncidentStep {
    let is_settled = step.state != StepState::Open;
    api::IncidentStep {
        id: step.id,
        procedure: step.procedure,
        procedure_version: step.procedure_version,
        function: step.function,
        required: step.required,
        text: text(&step.text),
        check: text(&step.check),
        started_at: zone.format(step.started_at),
        due_at: zone.format(step.due_at),
        state: step.state.as_str().into(),
        note: step.note,
        settled_at: is_settled.then(|| zone.format(step.changed_at)),
        settled_by: is_settled.then_some(step.changed_by),
    }
}

/// Everything about an incident.
pub(crate) async fn incident(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Found<api::IncidentCard> {
    let reader = reading(&state, &headers).await?;
    let id = numbered("incident", &id)?;
    let centre = &state.centre;
    let (registry, zone) = (&centre.registry, &centre.zone);
    let found = registry.incident(id).await.map_err(AppError::from)?;
    let steps = registry.steps(id).await.map_err(AppError::from)?;
    let timeline = registry.timeline(id).await.map_err(AppError::from)?;
    let files = registry.files(id).await.map_err(AppError::from)?;
    let decisions = registry.decisions(MOST * 4).await.map_err(AppError::from)?;
    let own: Vec<&str> = std::iter::once(&found.record.function)
        .chain(&found.record.participants)
        .map(String::as_str)
        .collect();
    let may_act = reader.acts_for(&own);
    let tasks = decisions
        .into_iter()
        .filter(|decision| decision.record.incident == Some(id))
        .map(|decision| super::decisions::shown(&state, decision, &reader))
        .collect();
    Ok(Json(api::IncidentCard {
        now: zone.format(centre.clock.now()),
        may_act,
        incident: shown(&state, found, &steps).await?,
        steps: steps.into_iter().map(|s| step(s, zone)).collect(),
        timeline: timeline
            .into_iter()
            .map(|entry| api::IncidentEntry {
                id: entry.id,
                at: zone.format(entry.at),
                by: entry.by,
                kind: entry.kind.as_str().into(),
                text: entry.text,
            })
            .collect(),
        files: files
            .into_iter()
            .map(|file| api::IncidentFile {
                digest: file.digest,
                name: file.name,
                size: file.size,
                added_at: zone.format(file.added_at),
                added_by: file.added_by,
            })
            .collect(),
        tasks,
        owners: owners(&state, &reader).await?,
    }))
}

/// The action that a body means.
fn action(body: api::IncidentAction) -> Result<IncidentAction, AppError> {
    let words = body.text.unwrap_or_default();
    Ok(match body.action.as_str() {
        "note" => IncidentAction::Note(words),
        "contain" => IncidentAction::Contain,
        "reopen" => IncidentAction::Reopen,
        "severity" => IncidentAction::Severity(words),
        "owner" => IncidentAction::Owner(words),
        "title" => IncidentAction::Title(words),
        "alarm" => IncidentAction::Alarm(words),
        "participant" => IncidentAction::Participant(words),
        "procedure" => IncidentAction::Procedure(words),
        "move" => match body.lon.zip(body.lat) {
            Some(point) => IncidentAction::Move {
                point,
                radius_m: body.radius_m,
                place: Some(words).filter(|place| !place.is_empty()),
            },
            None => return Err(AppError::Usage("say where: lon and lat".into())),
        },
        "close" => IncidentAction::Close(Closing {
            cause: body.cause.unwrap_or_default(),
            lesson: body.lesson.unwrap_or_default(),
            outcome: body.outcome.unwrap_or_default(),
        }),
        "merge" => match body.number {
            Some(number) => IncidentAction::Merge(number),
            None => return Err(AppError::Usage("say into which incident: number".into())),
        },
        "split" => IncidentAction::Split(SplitWish {
            title: words,
            function: body.function.filter(|function| !function.is_empty()),
            alarms: body.alarms,
        }),
        word => return Err(AppError::Usage(format!("`{word}` is not something that is done"))),
    })
}

/// Does something with an incident; the number of the new one when it was split, else its own.
pub(crate) async fn act(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::IncidentAction>,
) -> Found<api::Numbered> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("incident", &id)?;
    let made = state.centre.act_on_incident(id, &action(body)?, &reader).await?;
    Ok(Json(api::Numbered {
        id: made.unwrap_or(id),
    }))
}

/// Settles a step.
pub(crate) async fn settle(
    Extract(state): Extract<State>,
    Path((id, step)): Path<(String, String)>,
    headers: HeaderMap,
    Body(body): Body<api::StepSettled>,
) -> Result<StatusCode, Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("incident", &id)?;
    let note = body.note.unwrap_or_default();
    let settled = match body.state.as_str() {
        "done" => Settled::Done(note),
        "skipped" => Settled::Skipped(note),
        word => return Err(AppError::Usage(format!("`{word}` is not done or skipped")).into()),
    };
    state.centre.settle_step(id, &step, &settled, &reader).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What may stand behind the `?` of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileQuery {
    name: Option<String>,
}

/// Attaches a file.
pub(crate) async fn attach(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<api::Digested>), Answer> {
    let reader = acting(&state, &headers).await?;
    let id = numbered("incident", &id)?;
    if bytes.len() > LARGEST_FILE {
        return Err(AppError::TooLarge(format!("a file has at most {LARGEST_FILE} bytes")).into());
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream");
    let name = query.name.unwrap_or_default();
    let digest = state
        .centre
        .attach_to_incident(id, (&name, kind), &bytes, &reader)
        .await?;
    Ok((StatusCode::CREATED, Json(api::Digested { digest })))
}

/// The bytes of a file: to be saved, never to be shown by the browser as a page of ours.
pub(crate) async fn file(
    Extract(state): Extract<State>,
    Path((id, digest)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    reading(&state, &headers).await?;
    let id = numbered("incident", &id)?;
    let registry = &state.centre.registry;
    let bytes = registry.file(id, &digest).await.map_err(AppError::from)?;
    let said = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!(
                "attachment; filename=\"{}\"",
                digest.get(..12).unwrap_or_default()
            ),
        ),
    ];
    Ok((said, bytes).into_response())
}

/// Scenarios, and drills with their reports.
pub(crate) async fn drills(Extract(state): Extract<State>, headers: HeaderMap) -> Found<api::Drills> {
    let reader = reading(&state, &headers).await?;
    let mut drills = Vec::new();
    for (incident, [on_time, late, skipped, open]) in state.centre.drills().await? {
        drills.push(api::DrillReport {
            incident: shown(&state, incident, &[]).await?,
            on_time: on_time as u64,
            late: late as u64,
            skipped: skipped as u64,
            open: open as u64,
        });
    }
    let scenarios = SCENARIOS.iter().map(|scenario| api::DrillScenario {
        id: scenario.id.into(),
        title: api::Text {
            kk: scenario.title[0].into(),
            ru: scenario.title[1].into(),
            en: scenario.title[2].into(),
        },
        procedure: scenario.procedure.into(),
    });
    Ok(Json(api::Drills {
        may_start: reader.role() == qala_app::registry::Role::Administrator,
        scenarios: scenarios.collect(),
        drills,
    }))
}

/// Starts a drill.
pub(crate) async fn start_drill(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::DrillWanted>,
) -> Result<(StatusCode, Json<api::Numbered>), Answer> {
    let reader = acting(&state, &headers).await?;
    let id = state
        .centre
        .start_drill(&body.scenario, body.seed, &reader)
        .await?;
    Ok((StatusCode::CREATED, Json(api::Numbered { id })))
}
