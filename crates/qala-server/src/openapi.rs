//! The OpenAPI document, as 3.1 and as 3.0.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::tag;

static NEW: LazyLock<String> = LazyLock::new(|| qala_api::openapi::document().to_string());
static OLD: LazyLock<String> = LazyLock::new(|| qala_api::openapi::document_3_0().to_string());

fn answer(headers: &HeaderMap, text: &'static str) -> Response {
    let tag = format!("\"{}-{}\"", env!("CARGO_PKG_VERSION"), text.len());
    if tag::is_known(headers, &tag) {
        return tag::unchanged(&tag);
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    tag::tagged((kind, text).into_response(), &tag, tag::ASK_AGAIN)
}

/// OpenAPI 3.1.
pub(crate) async fn new(headers: HeaderMap) -> Response {
    answer(&headers, &NEW)
}

/// OpenAPI 3.0.
pub(crate) async fn old(headers: HeaderMap) -> Response {
    answer(&headers, &OLD)
}
