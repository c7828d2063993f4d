//! The token of a request, and whether its sender is let in: asked by every route that takes data.

use axum::http::{HeaderMap, header};
use qala_app::{Admission, AppError, Door};

use crate::State;
use crate::error::Answer;

/// Headers of a program that passes on what others knocked with.
pub(crate) const PASSED_ON: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// The token in `Authorization: Bearer …`; `None` when there is no such header.
///
/// # Errors
/// [`AppError::Unauthorised`] for a header of another form.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AppError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(AppError::Unauthorised(
            "the header must be `Authorization: Bearer <token>`".into(),
        )),
    }
}

/// Decides whether the sender of a request may push to a feed.
///
/// # Errors
/// 401 without a token at a closed door, and for one that is wrong, revoked or expired; 403 for one of other feeds.
pub(crate) async fn admit(state: &State, headers: &HeaderMap, feed: &str) -> Result<Admission, Answer> {
    // Whoever knocks through another program may be anybody.
    let door = if PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        Door::Closed
    } else {
        state.door
    };
    let admission = state.centre.admit(bearer(headers)?, feed, door).await?;
    if let Some(sender) = &admission.sender {
        tracing::debug!(%sender, feed, sandbox = admission.sandbox, "let in");
    }
    Ok(admission)
}
