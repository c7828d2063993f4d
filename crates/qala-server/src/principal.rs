//! Who asks: the one place where a request is turned into a reader.

use axum::http::{HeaderMap, header};
use qala_app::Reader;

use crate::State;
use crate::error::Answer;

/// The reader of a request: the person whose token it carries, or nobody in particular.
///
/// # Errors
/// 401 for a token that is wrong, revoked or expired.
pub(crate) async fn principal(state: &State, headers: &HeaderMap) -> Result<Reader, Answer> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    Ok(state.centre.reader(token).await?)
}
