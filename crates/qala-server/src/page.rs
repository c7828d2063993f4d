//! The embedded page.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/page"]
struct Page;

/// The media type of a file by the end of its name.
pub(crate) fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "pbf" => "application/x-protobuf",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A file of the page by its path.
pub(crate) fn answer(path: &str) -> Response {
    let Some(file) = Page::get(path) else {
        return (StatusCode::NOT_FOUND, "there is no such file").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind(path)),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, file.data.into_owned()).into_response()
}

/// The page.
pub(crate) fn index() -> Response {
    answer("index.html")
}

/// A file of the page.
pub(crate) async fn file(Path(path): Path<String>) -> Response {
    answer(&path)
}
