//! What stands in a request: the parts that several routes read.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qala_api::ErrorBody;
use qala_app::{AppError, Centre};
use qala_core::parse_instant;

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
    (status, Json(ErrorBody { error: error.into() })).into_response()
}

/// A body that must be JSON of a form.
///
/// # Errors
/// 400, 413, 415 or 422 with a sentence.
pub(crate) fn body<T>(read: Result<Json<T>, JsonRejection>) -> Result<T, Box<Response>> {
    match read {
        Ok(Json(body)) => Ok(body),
        Err(rejection) => Err(Box::new(refusal(rejection.status(), rejection.body_text()))),
    }
}
