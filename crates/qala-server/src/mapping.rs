//! Routes of a file that somebody brings: a mapping is offered, tried, used. Only the last one writes.

use axum::Json;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::{AuditAction, Role};
use qala_app::{AppError, Brought, Draft, Keep, Target, Trial};
use qala_core::DatasetName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::State;
use crate::form;
use crate::ingest::receipt;
use crate::principal::require;
use crate::read::Found;

/// Offers a mapping for a file.
pub(crate) async fn propose(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    body: Body,
) -> Found<api::MappingOffer> {
    require(&state, &headers, Role::Analyst).await?;
    let form = form::read::<api::ProposeWanted>(&state.centre, &headers, body).await?;
    let named = |name: String| DatasetName::new(name).map_err(|error| AppError::Usage(error.to_string()));
    let target = match (form.wish.dataset.filter(|name| !name.is_empty()), form.wish.new) {
        (Some(_), Some(_)) => {
            return Err(AppError::Usage("name a dataset, or a new one, not both".into()).into());
        }
        (Some(name), None) => Target::Dataset(named(name)?),
        (None, Some(name)) => Target::New(Some(name).filter(|name| !name.is_empty())),
        (None, None) => Target::Best,
    };
    let file = form.payload.name();
    let brought = state.centre.brought(form.payload, &form.digest, target).await?;
    Ok(Json(offer(file, brought)?))
}

/// Tries a mapping on a file.
pub(crate) async fn preview(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    body: Body,
) -> Found<api::MappingTrial> {
    require(&state, &headers, Role::Analyst).await?;
    let form = form::read::<api::MappingWanted>(&state.centre, &headers, body).await?;
    let tried = state.centre.preview(draft(form.wish)?, form.payload).await?;
    Ok(Json(trial(tried)))
}

/// Takes a file in.
pub(crate) async fn import(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    body: Body,
) -> Found<api::Imported> {
    let by = require(&state, &headers, Role::Analyst).await?;
    let centre = &state.centre;
    centre.lake.admit().await.map_err(AppError::from)?;
    let form = form::read::<api::MappingWanted>(centre, &headers, body).await?;
    let feed = form.wish.feed.clone();
    let keep = if form.wish.save {
        Keep::Mapping
    } else {
        Keep::Nothing
    };
    let draft = draft(form.wish)?;
    let dataset = draft.mapping.dataset.as_ref().map(DatasetName::to_string);
    let particulars = [
        ("file", Value::from(form.payload.name())),
        ("digest", Value::from(form.digest.clone())),
        ("feed", Value::from(feed.clone())),
        ("is_new", Value::from(draft.dataset.is_some())),
        ("save", Value::from(keep == Keep::Mapping)),
    ];
    let object = dataset.unwrap_or_default();
    centre
        .note_change(by.id(), AuditAction::Import, &object, &particulars)
        .await?;
    let done = centre
        .bring_in(draft, form.payload, form.digest, feed.as_deref(), keep)
        .await?;
    Ok(Json(api::Imported {
        feed: done.feed.to_string(),
        dataset: done.dataset.to_string(),
        kept: done.kept,
        repeated: done.outcome.repeated,
        receipt: receipt(done.outcome),
    }))
}

/// What somebody sent as a draft.
///
/// # Errors
/// A mapping or a dataset that has another form.
fn draft(wish: api::MappingWanted) -> Result<Draft, AppError> {
    Ok(Draft {
        kind: wish.kind,
        mapping: of_row("mapping", wish.mapping)?,
        dataset: wish.spec.map(|spec| of_row("spec", spec)).transpose()?,
    })
}

fn of_row<T: DeserializeOwned>(what: &str, row: api::Row) -> Result<T, AppError> {
    serde_json::from_value(Value::Object(row)).map_err(|e| AppError::Usage(format!("`{what}`: {e}")))
}

fn row(value: impl Serialize) -> Result<api::Row, AppError> {
    let wrong = |error: serde_json::Error| AppError::Usage(error.to_string());
    match serde_json::to_value(value).map_err(wrong)? {
        Value::Object(row) => Ok(row),
        _ => Ok(api::Row::new()),
    }
}

fn offer(file: String, brought: Brought) -> Result<api::MappingOffer, AppError> {
    let proposal = &brought.offer.proposal;
    let guess = &proposal.guess;
    let column = |(name, samples): (&String, &Vec<String>)| api::SourceColumn {
        name: name.clone(),
        samples: samples.clone(),
    };
    let columns = proposal.names.iter().zip(&proposal.samples);
    let reason = |reason: &qala_app::Reason| api::MappingReason {
        column: reason.column.clone(),
        from: reason.from.clone(),
        sure: reason.score,
        why: reason.why.clone(),
    };
    Ok(api::MappingOffer {
        file,
        kind: guess.kind.to_owned(),
        encoding: guess.encoding.map(ToOwned::to_owned),
        delimiter: guess.delimiter.map(String::from),
        header_row: guess.header_row,
        sheet: guess.sheet.clone(),
        records: guess.records.clone(),
        feed: brought.feed.to_string(),
        known: brought.is_known,
        came_before: brought.came_before,
        is_new: proposal.dataset.is_some(),
        spec: row(&brought.offer.dataset)?,
        mapping: row(&proposal.mapping)?,
        columns: columns.filter(|(name, _)| !name.is_empty()).map(column).collect(),
        reasons: proposal.reasons.iter().map(reason).collect(),
        missing: proposal.missing.clone(),
        others: proposal.others.iter().map(DatasetName::to_string).collect(),
        trial: trial(brought.offer.trial),
    })
}

fn trial(trial: Trial) -> api::MappingTrial {
    let told = |problems: Vec<qala_core::Problem>| {
        let problems = problems.into_iter();
        problems
            .map(|problem| serde_json::to_value(problem).unwrap_or_default())
            .collect()
    };
    api::MappingTrial {
        received: trial.received,
        accepted: trial.accepted,
        quarantined: trial.quarantined,
        by_code: trial.by_code,
        problems: told(trial.first),
        notes: told(trial.notes),
        columns: trial.columns,
        rows: trial.rows,
    }
}
