//! Routes of the quarantine: what is in it, reading it again, sending it mended.

use axum::Json;
use axum::extract::{Query, State as Extract};
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::{AuditAction, Role, Scope};
use qala_app::{QuarantineRow, Retried, Wanted};
use serde::Deserialize;
use serde_json::Value;

use crate::State;
use crate::asked::Body;
use crate::principal::{require, visitor};
use crate::read::Found;

/// Rows of a page when nobody says how many.
const FEW: usize = 25;
/// Reasons that are told of one message.
const TOLD: usize = 20;

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuarantineQuery {
    feed: Option<String>,
    dataset: Option<String>,
    code: Option<String>,
    #[serde(default)]
    all: bool,
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// A page of rows in quarantine.
pub(crate) async fn page(
    Extract(state): Extract<State>,
    Query(query): Query<QuarantineQuery>,
    headers: HeaderMap,
) -> Found<api::Quarantine> {
    let visitor = visitor(&state, &headers).await?;
    visitor.require(Role::Analyst, Scope::Read)?;
    let centre = &state.centre;
    let reader = centre.reader(&visitor, Scope::Read).await?;
    let wanted = Wanted {
        feed: named(query.feed),
        dataset: named(query.dataset),
        code: named(query.code),
        all: query.all,
        limit: Some(query.limit.unwrap_or(FEW)),
    };
    let page = centre.quarantine_page(&wanted, query.offset, &reader).await?;
    let group = |g: api::Row| api::QuarantineGroup {
        feed: words(&g, "feed"),
        dataset: words(&g, "dataset"),
        code: words(&g, "code"),
        rows: number(&g, "rows").unwrap_or_default(),
    };
    Ok(Json(api::Quarantine {
        total: page.total,
        rows: page.rows.iter().map(row).collect(),
        groups: page.groups.into_iter().map(group).collect(),
    }))
}

/// Reads open rows again, by today's rules.
pub(crate) async fn retry(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::RetryWanted>,
) -> Found<api::RetryReport> {
    let by = require(&state, &headers, Role::Analyst).await?;
    let wanted = Wanted {
        feed: named(body.feed),
        dataset: named(body.dataset),
        code: named(body.code),
        ..Wanted::default()
    };
    let centre = &state.centre;
    let particulars = [("filter", Value::from(wanted.words()))];
    let action = AuditAction::QuarantineRetry;
    centre
        .note_change(by.id(), action, "lake_quarantine", &particulars)
        .await?;
    Ok(Json(report(&centre.retry(&wanted, None).await?)))
}

/// Takes rows in that somebody mended.
pub(crate) async fn mended(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::MendedRows>,
) -> Found<api::RetryReport> {
    let by = require(&state, &headers, Role::Analyst).await?;
    let rows: Vec<(String, String)> = body.rows.into_iter().map(|row| (row.id, row.raw)).collect();
    let centre = &state.centre;
    // Which rows, not what stands in them: that may be about a person.
    let first: Vec<&str> = rows.iter().take(TOLD).map(|(id, _)| id.as_str()).collect();
    let particulars = [("rows", Value::from(rows.len())), ("first", Value::from(first))];
    let action = AuditAction::QuarantineMend;
    centre
        .note_change(by.id(), action, "lake_quarantine", &particulars)
        .await?;
    Ok(Json(report(&centre.retry_mended_rows(&rows).await?)))
}

/// An empty word of an address means all.
fn named(word: Option<String>) -> Option<String> {
    word.filter(|word| !word.is_empty())
}

fn words(row: &api::Row, name: &str) -> String {
    maybe(row, name).unwrap_or_default()
}

fn maybe(row: &api::Row, name: &str) -> Option<String> {
    row.get(name)?.as_str().map(ToOwned::to_owned)
}

fn number(row: &api::Row, name: &str) -> Option<i64> {
    row.get(name)?.as_i64()
}

fn row(found: &QuarantineRow) -> api::QuarantineRow {
    let row = &found.row;
    api::QuarantineRow {
        id: words(row, "id"),
        feed: words(row, "feed"),
        dataset: words(row, "dataset"),
        severity: words(row, "severity"),
        code: words(row, "code"),
        message: words(row, "message"),
        file: maybe(row, "file"),
        line: number(row, "line"),
        record: number(row, "record"),
        field: maybe(row, "field"),
        rows: number(row, "rows").unwrap_or_default(),
        raw: maybe(row, "raw"),
        received_at: words(row, "_received_at"),
        source: number(row, "_source").unwrap_or_default(),
        mendable: found.is_mendable,
        resolved_by: number(row, "resolved_by"),
    }
}

fn report(done: &[Retried]) -> api::RetryReport {
    let messages: Vec<api::RetriedMessage> = done.iter().map(message).collect();
    let sum = |get: fn(&api::RetriedMessage) -> u64| messages.iter().map(get).sum();
    api::RetryReport {
        received: sum(|m| m.received),
        accepted: sum(|m| m.accepted),
        duplicate: sum(|m| m.duplicate),
        quarantined: sum(|m| m.quarantined),
        left: sum(|m| if m.error.is_some() { m.rows } else { 0 }),
        messages,
    }
}

fn message(retried: &Retried) -> api::RetriedMessage {
    let outcome = retried.outcome.as_ref().ok();
    let total = outcome.map(|outcome| &outcome.total);
    let problems = outcome.map_or(&[][..], |outcome| &outcome.problems);
    api::RetriedMessage {
        retried: retried.message,
        rows: retried.rows as u64,
        message: outcome.map(|outcome| outcome.message),
        received: total.map_or(0, |t| t.received),
        accepted: total.map_or(0, |t| t.accepted),
        duplicate: total.map_or(0, |t| t.duplicate),
        quarantined: total.map_or(0, |t| t.quarantined),
        problems: problems
            .iter()
            .filter(|problem| problem.severity == qala_core::Severity::Rejected)
            .take(TOLD)
            .map(|problem| serde_json::to_value(problem).unwrap_or_default())
            .collect(),
        error: retried.outcome.as_ref().err().map(ToString::to_string),
    }
}
