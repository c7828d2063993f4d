//! `GET /api/sandbox/messages`: what an integrator sent with a sandbox token, and the receipts that were given.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use qala_api::{Receipt, SandboxMessage};
use qala_app::AppError;

use crate::State;
use crate::admit::bearer;
use crate::error::Answer;

/// Messages that are shown.
const SHOWN: u32 = 100;

/// The newest messages of a sandbox token.
pub(crate) async fn messages(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Json<Vec<SandboxMessage>>, Answer> {
    let centre = &state.centre;
    let kept = centre.sandbox_messages(bearer(&headers)?, SHOWN).await?;
    let message = |m: qala_app::registry::SandboxKept| -> Result<SandboxMessage, AppError> {
        let receipt: Receipt = serde_json::from_str(&m.answer)
            .map_err(|e| AppError::Usage(format!("a kept receipt cannot be read: {e}")))?;
        Ok(SandboxMessage {
            received_at: centre.zone.format(m.at),
            feed: m.feed,
            idempotency_key: m.idempotency_key,
            receipt,
        })
    };
    Ok(Json(kept.into_iter().map(message).collect::<Result<_, _>>()?))
}
