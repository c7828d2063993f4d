//! What every answer has in common: headers of safety, errors of one form, tags, compression, a line in the log, figures.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::asked::refusal;
use crate::{health, tag};

/// Nothing from elsewhere is ever loaded. Workers of the map begin as blobs; the map sets styles of its own elements.
const POLICY: &str = "default-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; \
    style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const SAFETY: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(self)",
    ),
];
/// Smaller answers are sent as they are; larger ones are streams.
const SMALLEST: u64 = 1_024;
const LARGEST: u64 = 32 << 20;

/// Runs a request and dresses its answer.
pub(crate) async fn wrap(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let asked = request.headers().clone();
    let mut response = next.run(request).await;
    response = in_one_form(&path, response);
    let took = begin.elapsed();
    let status = response.status();
    health::note(&path, status, took);
    let ms = took.as_secs_f64() * 1e3;
    if status.is_server_error() {
        tracing::warn!(%method, path, status = status.as_u16(), ms, "answered");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), ms, "answered");
    }
    let reads = method == Method::GET || method == Method::HEAD;
    let mut response = if reads {
        whole(&path, &asked, response).await
    } else {
        response
    };
    let headers = response.headers_mut();
    for (name, value) in SAFETY {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// An error without a body, or with plain words, becomes one like all others.
fn in_one_form(path: &str, response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || path.starts_with("/sta/") {
        return response;
    }
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json {
        return response;
    }
    let says = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this method means nothing here",
        StatusCode::NOT_FOUND => "there is nothing at this address",
        StatusCode::PAYLOAD_TOO_LARGE => "larger than is taken in at once",
        _ => "the request makes no sense: see its address and the words behind the question mark",
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut made = refusal(status, says);
    if let Some(allow) = allow {
        made.headers_mut().insert(header::ALLOW, allow);
    }
    made
}

/// Tags and compresses an answer whose size is known.
async fn whole(path: &str, asked: &HeaderMap, response: Response) -> Response {
    let headers = response.headers();
    let Some(size) = response.body().size_hint().exact() else {
        return response;
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|k| k.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let is_text = [
        "application/json",
        "text/",
        "image/svg",
        "application/vnd.mapbox-vector-tile",
    ]
    .iter()
    .any(|one| kind.starts_with(one));
    if size > LARGEST || !is_text || headers.contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST as usize).await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "the answer broke off");
    };
    let reads_data = path.starts_with("/api/") && parts.status == StatusCode::OK;
    if reads_data && !parts.headers.contains_key(header::ETAG) {
        // Who asks is part of it: the same words for another are another answer.
        let mut hasher = DefaultHasher::new();
        (
            asked.get(header::AUTHORIZATION),
            asked.get(header::COOKIE),
            &bytes,
        )
            .hash(&mut hasher);
        let tag = format!("\"{:x}\"", hasher.finish());
        if tag::is_known(asked, &tag) {
            return tag::unchanged(&tag);
        }
        let none = Response::from_parts(parts, Body::empty());
        parts = tag::tagged(none, &tag, tag::ASK_AGAIN).into_parts().0;
    }
    parts.headers.append(
        header::VARY,
        HeaderValue::from_static("accept-encoding, authorization, cookie"),
    );
    if size < SMALLEST || !takes(asked, "gzip") {
        return Response::from_parts(parts, Body::from(bytes));
    }
    let Some(packed) = tokio::task::spawn_blocking(move || gzip(&bytes))
        .await
        .ok()
        .flatten()
    else {
        return refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer could not be packed",
        );
    };
    parts
        .headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(header::CONTENT_LENGTH);
    // The same tag for other bytes is a weak one.
    let tag = parts
        .headers
        .get(header::ETAG)
        .and_then(|tag| tag.to_str().ok())
        .map(ToOwned::to_owned);
    if let Some(weak) = tag
        .filter(|tag| !tag.starts_with("W/"))
        .and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok())
    {
        parts.headers.insert(header::ETAG, weak);
    }
    Response::from_parts(parts, Body::from(packed))
}

/// Packs bytes.
pub(crate) fn gzip(bytes: &Bytes) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(5));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// True when the caller takes an encoding.
pub(crate) fn takes(asked: &HeaderMap, encoding: &str) -> bool {
    let given = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|one| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        let quality = quality
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.parse::<f32>().ok());
        name.trim() == encoding && quality != Some(0.0)
    })
}
