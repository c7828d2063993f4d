//! `/sta/v1.1`: OGC SensorThings API 1.1.
//!
//! What belongs here: methods, status codes, headers. What each request means is `qala-app`'s.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use qala_app::{AppError, Refusal, StaAnswer, StaChange, StaError, StaResult};
use serde_json::{Value, json};

use crate::State;
use crate::admit::admit;
use crate::error::Answer;

/// Where the service root is.
pub(crate) const ROOT: &str = "/sta/v1.1";
/// Largest body, bytes; more observations than that go by `/api/ingest`, or in parts.
const LARGEST_BODY: usize = 64 << 20;

/// Every request below the service root.
pub(crate) async fn any(
    Extract(state): Extract<State>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let base = format!("{}{ROOT}", origin(&headers));
    let path = uri.path().strip_prefix(ROOT).unwrap_or_default().to_owned();
    let query = uri.query().unwrap_or_default().to_owned();
    let outcome = if method == Method::GET || method == Method::HEAD {
        let answer = state.centre.sta_get(&base, &path, &query).await;
        answer.map(|answer| match answer {
            StaAnswer::Json(value) => Json(value).into_response(),
            StaAnswer::Text(text) => text.into_response(),
        })
    } else if let Err(answer) = may_write(&state, &headers).await {
        return answer.into_response();
    } else {
        match axum::body::to_bytes(body, LARGEST_BODY).await {
            Ok(body) => {
                // A task of its own: a change that has begun ends, even when its sender goes away.
                let task =
                    tokio::spawn(async move { write(&state, &method, &base, &path, &headers, &body).await });
                task.await.unwrap_or_else(|error| {
                    Err(StaError::Failed(AppError::Remote(format!(
                        "a worker failed: {error}"
                    ))))
                })
            }
            Err(_) => Err(StaError::Failed(AppError::TooLarge(format!(
                "a body may have {} MiB; send it in parts",
                LARGEST_BODY >> 20
            )))),
        }
    };
    outcome.unwrap_or_else(refused)
}

/// Whether a write request is let in, as at `/api/ingest`. A sandbox has no entities to write to.
async fn may_write(state: &State, headers: &HeaderMap) -> Result<(), Answer> {
    if admit(state, headers, qala_app::STA_FEED).await?.sandbox {
        return Err(AppError::Forbidden(
            "this token is one of the sandbox, which SensorThings does not have; try with `?dry_run=true` at /api/ingest".into(),
        )
        .into());
    }
    Ok(())
}

async fn write(
    state: &State,
    method: &Method,
    base: &str,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> StaResult<Response> {
    let centre = &state.centre;
    if *method == Method::POST && path.trim_matches('/') == "CreateObservations" {
        let made = centre.sta_create_from_array(base, body).await?;
        let lines: Vec<Value> = made
            .into_iter()
            .map(|one| match one {
                Ok(link) => Value::String(link),
                Err(refusal) => Value::String(format!("error: {refusal}")),
            })
            .collect();
        return Ok((StatusCode::CREATED, Json(lines)).into_response());
    }
    if *method == Method::POST {
        let created = centre.sta_post(base, path, body).await?;
        let mut response = (StatusCode::CREATED, Json(created.body)).into_response();
        if let Ok(location) = HeaderValue::from_str(&created.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        return Ok(response);
    }
    if *method == Method::PATCH || *method == Method::PUT {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let how = match kind {
            _ if *method == Method::PUT => StaChange::Replace,
            Some(kind) if kind.starts_with("application/json-patch+json") => StaChange::JsonPatch,
            _ => StaChange::Merge,
        };
        let changed = centre.sta_change(base, path, body, how).await?;
        return Ok(Json(changed).into_response());
    }
    if *method == Method::DELETE {
        centre.sta_delete(path).await?;
        return Ok(StatusCode::OK.into_response());
    }
    Err(Refusal::NotAllowed(format!("{method} means nothing here")).into())
}

/// Scheme and host by which the client reached the server.
fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").unwrap_or("localhost");
    // Set by a proxy in front; a client that sets it only misleads itself.
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    format!("{scheme}://{host}")
}

fn refused(error: StaError) -> Response {
    let refusal = match error {
        StaError::Failed(error) => return Answer(error).into_response(),
        StaError::Refused(refusal) => refusal,
    };
    let status = match &refusal {
        Refusal::Wrong(_) => StatusCode::BAD_REQUEST,
        Refusal::Absent(_) => StatusCode::NOT_FOUND,
        Refusal::NotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::NotOffered(_) => StatusCode::NOT_IMPLEMENTED,
    };
    let body = json!({"code": status.as_u16(), "type": "error", "message": refusal.to_string()});
    (status, Json(body)).into_response()
}
