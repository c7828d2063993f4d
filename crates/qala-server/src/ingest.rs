//! `POST /api/ingest/<feed>`: a message is pushed; the answer is its receipt. A dry run, and what comes with a sandbox token,
//! is answered in the same form and kept out of the datasets.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State as Extract};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt;
use qala_api::Receipt;
use qala_app::lake::{Op, Outcome};
use qala_app::{AppError, LARGEST_SANDBOX_MESSAGE, Progress, TriedOut};
use serde::Deserialize;

use crate::admit::admit;
use crate::error::Answer;
use crate::{LARGEST_MESSAGE, State};

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// `retract` takes rows back; only their keys are needed.
    op: Option<Op>,
    /// Read and check, keep nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Takes a pushed message in. The answer is sent when every row is durable and visible.
pub(crate) async fn push(
    Extract(state): Extract<State>,
    Path(feed): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Answer> {
    let admission = admit(&state, &headers, &feed).await?;
    let centre = state.centre;
    let feed = centre.feed(&feed)?;
    centre.lake.admit().await.map_err(AppError::from)?;
    let key = headers
        .get("idempotency-key")
        .map(|k| k.to_str().map(ToOwned::to_owned))
        .transpose();
    let key = key.map_err(|_| AppError::Usage("the Idempotency-Key must be printable ASCII".into()))?;
    let name = format!("{}.pushed", feed.id);
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|l| l.to_str().ok()?.parse().ok());
    let mut spool = centre.spool(length.unwrap_or(0));
    let largest = if admission.sandbox {
        LARGEST_SANDBOX_MESSAGE
    } else {
        LARGEST_MESSAGE
    };
    let (mut body, mut size) = (body.into_data_stream(), 0);
    while let Some(bytes) = body.next().await {
        let bytes =
            bytes.map_err(|e| AppError::Usage(format!("the message broke off: {e}; send it again")))?;
        size += bytes.len() as u64;
        if size > largest {
            let limit = largest >> 20;
            let what = if admission.sandbox {
                "a message of the sandbox"
            } else {
                "a message"
            };
            return Err(AppError::TooLarge(format!("{what} may have {limit} MiB; send it in parts")).into());
        }
        spool.write(&bytes)?;
    }
    let (payload, digest) = spool.finish(name);
    let mut import = centre.feed_import(feed, payload);
    import.digest = Some(digest);
    import.idempotency_key = key;
    import.op = options.op.unwrap_or(Op::Upsert);
    if options.dry_run {
        let tried = centre.try_out(import, Arc::new(Progress::default())).await?;
        return Ok(Json(tried_receipt(tried)));
    }
    if let (true, Some(token)) = (admission.sandbox, &admission.token) {
        let answer = |tried: TriedOut| Receipt {
            sandbox: true,
            ..tried_receipt(tried)
        };
        return Ok(Json(
            centre.try_in_sandbox(token, import, answer, came_before).await?,
        ));
    }
    let outcome = centre.import(import, Arc::new(Progress::default())).await?;
    Ok(Json(receipt(outcome)))
}

/// The receipt of a dry run.
fn tried_receipt(tried: TriedOut) -> Receipt {
    Receipt {
        dry_run: true,
        rows: tried.rows.into_iter().map(Into::into).collect(),
        ..receipt(tried.outcome)
    }
}

/// The receipt of a message whose bytes came before under another key: every row of it is there already.
fn came_before(mut receipt: Receipt) -> Receipt {
    receipt.duplicate += std::mem::take(&mut receipt.accepted);
    for dataset in &mut receipt.datasets {
        let number = |row: &qala_api::Row, name: &str| row.get(name).and_then(serde_json::Value::as_u64);
        let accepted = number(dataset, "accepted").unwrap_or(0);
        let duplicate = number(dataset, "duplicate").unwrap_or(0) + accepted;
        dataset.insert("accepted".into(), 0.into());
        dataset.insert("superseded".into(), 0.into());
        dataset.insert("duplicate".into(), duplicate.into());
    }
    receipt
}

pub(crate) fn receipt(outcome: Outcome) -> Receipt {
    let json = |value: serde_json::Result<serde_json::Value>| value.unwrap_or_default();
    let several = outcome.datasets.len() > 1;
    Receipt {
        dataset: outcome.total.dataset,
        partition: outcome.total.partition,
        seq_from: outcome.total.seq_from,
        seq_to: outcome.total.seq_to,
        received: outcome.total.received,
        accepted: outcome.total.accepted,
        duplicate: outcome.total.duplicate,
        quarantined: outcome.total.quarantined,
        digest: outcome.digest,
        message: outcome.message,
        datasets: if several {
            outcome
                .datasets
                .iter()
                .filter_map(|d| json(serde_json::to_value(d)).as_object().cloned())
                .collect()
        } else {
            Vec::new()
        },
        problems: outcome
            .problems
            .iter()
            .map(|p| json(serde_json::to_value(p)))
            .collect(),
        dry_run: false,
        sandbox: false,
        rows: Vec::new(),
    }
}
