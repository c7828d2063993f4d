//! From errors to status codes, decided once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api::ErrorBody;
use qala_app::AppError;
use qala_app::lake::LakeError;
use qala_app::registry::RegistryError;

/// When to come again when other questions have the memory, seconds.
const MEMORY_S: u64 = 2;

/// An error as an answer.
pub(crate) struct Answer(pub(crate) AppError);

impl From<AppError> for Answer {
    fn from(error: AppError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, retry) = match &self.0 {
            AppError::Lake(LakeError::Slow { retry_after_s, .. })
            | AppError::TooMany { retry_after_s }
            | AppError::Busy { retry_after_s, .. } => (StatusCode::TOO_MANY_REQUESTS, Some(*retry_after_s)),
            AppError::Lake(LakeError::DiskFull { .. }) => (StatusCode::INSUFFICIENT_STORAGE, Some(300)),
            AppError::Lake(LakeError::KeyReused { .. }) => (StatusCode::CONFLICT, None),
            AppError::Lake(LakeError::KeyDestroyed { .. }) => (StatusCode::GONE, None),
            AppError::Lake(LakeError::UnknownDataset { .. })
            | AppError::Registry(RegistryError::NotThere { .. }) => (StatusCode::NOT_FOUND, None),
            AppError::Unauthorised(_) => (StatusCode::UNAUTHORIZED, None),
            AppError::Forbidden(_) => (StatusCode::FORBIDDEN, None),
            AppError::TimedOut(_) => (StatusCode::REQUEST_TIMEOUT, None),
            AppError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            AppError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                (StatusCode::INSUFFICIENT_STORAGE, Some(300))
            }
            error if error.is_short_of_memory() => (StatusCode::SERVICE_UNAVAILABLE, Some(MEMORY_S)),
            AppError::Usage(text) if text.starts_with("there is no") => (StatusCode::NOT_FOUND, None),
            error if error.is_usage() => (StatusCode::BAD_REQUEST, None),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %qala_app::with_causes(&self.0), "a request failed");
        }
        let mut body = ErrorBody::from(if status == StatusCode::SERVICE_UNAVAILABLE {
            format!("other questions have the memory now; ask again in {MEMORY_S} s, or for less at once")
        } else {
            self.0.to_string()
        });
        match self.0 {
            AppError::Registry(RegistryError::Refused { rule, about, .. }) => {
                (body.rule, body.about) = (Some(rule.into()), Some(about));
            }
            AppError::Unread { file, code, .. } => (body.rule, body.about) = (Some(code), Some(file)),
            _ => {}
        }
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = retry {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
