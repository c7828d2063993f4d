//! `POST /api/ingest/<feed>`: a message is pushed; the answer is its receipt.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State as Extract};
use axum::http::HeaderMap;
use futures::StreamExt;
use qala_api::Receipt;
use qala_app::lake::{Op, Outcome};
use qala_app::{AppError, Progress};
use serde::Deserialize;

use crate::error::Answer;
use crate::{LARGEST_MESSAGE, State};

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// `retract` takes rows back; only their keys are needed.
    op: Option<Op>,
}

/// Takes a pushed message in. The answer is sent when every row is durable and visible.
pub(crate) async fn push(
    Extract(state): Extract<State>,
    Path(feed): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Answer> {
    let centre = state.centre;
    let feed = centre.feed(&feed)?;
    centre.lake.admit().await.map_err(AppError::from)?;
    let key = headers
        .get("idempotency-key")
        .map(|k| k.to_str().map(ToOwned::to_owned))
        .transpose();
    let key = key.map_err(|_| AppError::Usage("the Idempotency-Key must be printable ASCII".into()))?;
    let name = format!("{}.pushed", feed.id);
    let mut spool = centre.spool();
    let (mut body, mut size) = (body.into_data_stream(), 0);
    while let Some(bytes) = body.next().await {
        let bytes =
            bytes.map_err(|e| AppError::Usage(format!("the message broke off: {e}; send it again")))?;
        size += bytes.len() as u64;
        if size > LARGEST_MESSAGE {
            let limit = LARGEST_MESSAGE >> 30;
            return Err(
                AppError::TooLarge(format!("a message may have {limit} GiB; send it in parts")).into(),
            );
        }
        spool.write(&bytes)?;
    }
    let (payload, digest) = spool.finish(name);
    let mut import = centre.feed_import(feed, payload);
    import.digest = Some(digest);
    import.idempotency_key = key;
    import.op = options.op.unwrap_or(Op::Upsert);
    let outcome = centre.import(import, Arc::new(Progress::default())).await?;
    Ok(Json(receipt(outcome)))
}

fn receipt(outcome: Outcome) -> Receipt {
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
    }
}
