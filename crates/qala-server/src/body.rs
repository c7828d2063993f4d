//! A JSON body whose faults are told like every other fault.

use axum::Json;
use axum::extract::{FromRequest, Request};
use qala_app::AppError;
use serde::de::DeserializeOwned;

use crate::error::Answer;

/// A JSON body. One of another content type is refused: no form of another site can send this one.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Answer;

    async fn from_request(request: Request, state: &S) -> Result<Self, Answer> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(refused) => Err(AppError::Usage(refused.body_text()).into()),
        }
    }
}
