//! Entity tags: what the caller has already is not sent again (RFC 9110, section 8.8.3). A tag names the class of rights when
//! the answer depends on it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// May be kept, but not used without asking.
pub(crate) const ASK_AGAIN: &str = "private, no-cache";
/// Never changes under its address.
pub(crate) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The tags that the caller has.
pub(crate) fn known(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_NONE_MATCH)?.to_str().ok()
}

/// True when the caller has it.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    known(headers).is_some_and(|known| {
        known
            .split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    })
}

/// An answer with its tag.
pub(crate) fn tagged(mut response: Response, tag: &str, cache: &'static str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// 304.
pub(crate) fn unchanged(tag: &str) -> Response {
    tagged(StatusCode::NOT_MODIFIED.into_response(), tag, ASK_AGAIN)
}
