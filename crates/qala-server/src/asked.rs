//! What stands in a request: the parts that several routes read.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qala_api::ErrorBody;
use qala_app::{AppError, Centre};
use qala_core::parse_instant;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Answer;

/// An instant of a query, µs of UTC. A plus sign arrives as a blank.
///
/// # Errors
/// What is no instant.
pub(crate) fn instant(centre: &Centre, name: &str, given: Option<&str>) -> Result<Option<i64>, Answer> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    parse_instant(&text.replace(' ', "+"), Some(&centre.zone))
        .map(Some)
        .map_err(|e| AppError::Usage(format!("`{name}`: {e}")).into())
}

/// An error of a status, in the form of all errors.
pub(crate) fn refusal(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(ErrorBody::from(error.into()))).into_response()
}

/// A JSON body. One of another content type is refused (no form of another site can send this one), as is one that does not
/// fit: 400, 413, 415 or 422 with a sentence.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let given = Json::<Value>::from_request(request, state).await;
        let Json(given) = given.map_err(|refused| refusal(refused.status(), refused.body_text()))?;
        let wrong = |why: String| refusal(StatusCode::UNPROCESSABLE_ENTITY, why);
        // An array would be taken for an object without names, and do what nobody has said.
        if !given.is_object() {
            return Err(wrong("the body is not a JSON object".into()));
        }
        let body = serde_json::from_value(given);
        body.map(Self)
            .map_err(|error| wrong(format!("the body does not fit: {error}")))
    }
}
