//! The screen: `web/dist` as it was when the program was built. Without it the small page of `page` stays.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::asked::refusal;
use crate::{page, tag, wrap};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Web;

const INDEX: &str = "index.html";
/// Paths that are never the screen's.
const DATA: [&str; 6] = ["/api", "/tiles", "/sta", "/health", "/metrics", "/page"];
/// Endings of the screen's files.
const FILES: [&str; 12] = [
    ".js", ".mjs", ".css", ".map", ".json", ".svg", ".png", ".ico", ".woff2", ".txt", ".html", ".wasm",
];

/// The build of the screen packs its files with brotli, at its slowest, beside them.
const BROTLI: &str = ".br";

/// A file in its three forms.
struct Packed {
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
    tag: String,
}

static PACKED: Mutex<Option<HashMap<String, Arc<Packed>>>> = Mutex::new(None);

/// True when the screen was there at build time.
pub(crate) fn is_there() -> bool {
    Web::get(INDEX).is_some()
}

/// Packs every file, so that nobody waits for it later.
pub(crate) fn pack_all() {
    for path in Web::iter().filter(|path| !path.ends_with(BROTLI)) {
        packed(&path);
    }
}

fn packed(path: &str) -> Option<Arc<Packed>> {
    let lock = || PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get_or_insert_default().get(path) {
        return Some(Arc::clone(found));
    }
    let plain = Bytes::from(Web::get(path)?.data.into_owned());
    let mut hasher = DefaultHasher::new();
    plain.hash(&mut hasher);
    let smaller = |packed: Vec<u8>| (packed.len() < plain.len()).then(|| Bytes::from(packed));
    // Fonts are packed already.
    let is_packed = path.ends_with(".woff2") || path.ends_with(".png");
    let made = Arc::new(Packed {
        gzip: if is_packed {
            None
        } else {
            wrap::gzip(&plain).and_then(smaller)
        },
        brotli: Web::get(&format!("{path}{BROTLI}")).map(|file| Bytes::from(file.data.into_owned())),
        tag: format!("\"{:x}\"", hasher.finish()),
        plain,
    });
    lock()
        .get_or_insert_default()
        .insert(path.to_owned(), Arc::clone(&made));
    Some(made)
}

/// What no other route answers: a file of the screen, a page of it, or nothing.
pub(crate) async fn any(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let is_data = DATA.iter().any(|data| {
        path.strip_prefix(data)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with('.'))
    });
    if is_data || !is_there() {
        return refusal(StatusCode::NOT_FOUND, "there is nothing at this address");
    }
    let file = path.trim_start_matches('/');
    if let Some(found) = packed(file).filter(|_| file != INDEX && !file.ends_with(BROTLI)) {
        // Built names hold a digest of what is in them.
        let cache = if file.starts_with("assets/") {
            tag::FOR_EVER
        } else {
            tag::ASK_AGAIN
        };
        return send(&headers, file, &found, cache);
    }
    // Ids in addresses may have a dot: only a name that looks like one of the screen's own files is none of its pages.
    let is_file = FILES.iter().any(|ending| file.ends_with(ending)) && file != INDEX;
    match packed(INDEX).filter(|_| !is_file) {
        Some(index) => send(&headers, INDEX, &index, tag::ASK_AGAIN),
        None => refusal(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}

fn send(asked: &HeaderMap, path: &str, file: &Packed, cache: &'static str) -> Response {
    if tag::is_known(asked, &file.tag) {
        return tag::unchanged(&file.tag);
    }
    let (bytes, encoding) = match (&file.brotli, &file.gzip) {
        (Some(packed), _) if wrap::takes(asked, "br") => (packed.clone(), Some("br")),
        (_, Some(packed)) if wrap::takes(asked, "gzip") => (packed.clone(), Some("gzip")),
        _ => (file.plain.clone(), None),
    };
    let mut response = ([(header::CONTENT_TYPE, page::kind(path))], bytes).into_response();
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let tag = if encoding.is_some() {
        format!("W/{}", file.tag)
    } else {
        file.tag.clone()
    };
    tag::tagged(response, &tag, cache)
}

/// The page at `/`: the screen, or the small page.
pub(crate) async fn index(uri: Uri, headers: HeaderMap) -> Response {
    if is_there() {
        any(uri, headers).await
    } else {
        page::index()
    }
}

/// The pages at `/data`, which both have.
pub(crate) async fn data(uri: Uri, headers: HeaderMap) -> Response {
    if is_there() {
        any(uri, headers).await
    } else {
        crate::data::page()
    }
}
