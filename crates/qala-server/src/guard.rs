//! What stands before every route: a request that writes and carries a session's cookie was made by our own page.

use axum::extract::{Request, State as Extract};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use qala_app::AppError;

use crate::State;
use crate::cookie;
use crate::error::Answer;

/// The header in which a page sends the word it was given with the session.
const CSRF: &str = "x-csrf";
/// Where signing in begins: there is no session yet. The body is JSON, which no form of another site can send.
const SIGN_IN: &str = "/api/session";

/// Lets a request through, or not.
pub(crate) async fn check(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    if let Err(why) = is_ours(&state, &request) {
        return Answer(AppError::Forbidden(why.into())).into_response();
    }
    let mut response = next.run(request).await;
    // What is shown depends on who asks.
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Cookie, Authorization"));
    response
}

fn is_ours(state: &State, request: &Request) -> Result<(), &'static str> {
    let headers = request.headers();
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    // A token is not sent by a browser of its own accord.
    if headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    // Browsers say where a page came from; nobody else sends this.
    let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(from, Some(b"cross-site" | b"same-site")) {
        return Err("this was sent by a page of another site");
    }
    if *request.method() == Method::POST && request.uri().path() == SIGN_IN {
        return Ok(());
    }
    match cookie::session(headers) {
        Some(secret) if !has_word(headers, &state.centre.csrf_word(secret)) => {
            Err("the header X-CSRF is missing or of another session; load the page again")
        }
        _ => Ok(()),
    }
}

fn has_word(headers: &HeaderMap, word: &str) -> bool {
    let sent = headers.get(CSRF).map(HeaderValue::as_bytes).unwrap_or_default();
    // Compared without telling by its time where they differ.
    let differences = sent
        .iter()
        .zip(word.as_bytes())
        .fold(0, |found, (a, b)| found | (a ^ b));
    sent.len() == word.len() && std::hint::black_box(differences) == 0
}
