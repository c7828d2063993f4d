//! Pages on paper: the same values as on the screen, as somebody may see them, as PDF.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Body;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use qala_app::{AppError, NowPaperWanted, PaperWanted};
use qala_core::{Grain, Lang};
use serde::Deserialize;

use crate::State;
use crate::asked::instant;
use crate::error::Answer;
use crate::principal::reader;
use crate::tag;

pub(crate) fn lang(word: Option<&str>) -> Result<Lang, AppError> {
    match word {
        None | Some("kk") => Ok(Lang::Kk),
        Some("ru") => Ok(Lang::Ru),
        Some("en") => Ok(Lang::En),
        Some(word) => Err(AppError::Usage(format!("`{word}` is not kk, ru or en"))),
    }
}

fn grain(word: Option<&str>) -> Result<Option<Grain>, AppError> {
    let Some(word) = word else {
        return Ok(None);
    };
    match Grain::parse(word) {
        Some(grain) => Ok(Some(grain)),
        None => Err(AppError::Usage(format!("`{word}` is not a grain"))),
    }
}

/// The name under which the program was reached; nothing where it is no name of a host.
pub(crate) fn host(headers: &HeaderMap) -> String {
    let given = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_name = |host: &&str| {
        host.len() <= 255
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
    };
    given.filter(is_name).unwrap_or_default().to_owned()
}

/// A page that is shown, and saved under a name.
pub(crate) fn page(headers: &HeaderMap, name: &str, bytes: Vec<u8>) -> Response {
    let said = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"{name}.pdf\""),
        ),
    ];
    saved(headers, said, bytes)
}

/// A file with what is said of it. Who asks is part of its tag, as of every answer.
pub(crate) fn saved(headers: &HeaderMap, said: [(HeaderName, String); 2], bytes: Vec<u8>) -> Response {
    let mut hasher = DefaultHasher::new();
    (
        headers.get(header::AUTHORIZATION),
        headers.get(header::COOKIE),
        &bytes,
    )
        .hash(&mut hasher);
    let tag = format!("\"{:x}\"", hasher.finish());
    if tag::is_known(headers, &tag) {
        return tag::unchanged(&tag);
    }
    let vary = [(header::VARY, "authorization, cookie")];
    tag::tagged(
        (vary, said, Body::from(bytes)).into_response(),
        &tag,
        tag::ASK_AGAIN,
    )
}

/// What may stand behind the `?` of the page of an indicator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndicatorQuery {
    place: Option<String>,
    lang: Option<String>,
    grain: Option<String>,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
}

/// The page of an indicator.
pub(crate) async fn indicator(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Query(query): Query<IndicatorQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reader(&state, &headers).await?;
    let centre = &state.centre;
    let at = |name: &str, given: &Option<String>| instant(centre, name, given.as_deref());
    let wanted = PaperWanted {
        lang: lang(query.lang.as_deref())?,
        place: query.place.filter(|place| !place.is_empty()),
        grain: grain(query.grain.as_deref())?,
        from: at("from", &query.from)?,
        to: at("to", &query.to)?,
        as_of: at("as_of", &query.as_of)?,
        host: host(&headers),
        id,
    };
    let bytes = centre.indicator_paper(&wanted, &reader).await?;
    Ok(page(&headers, &wanted.id, bytes))
}

/// What may stand behind the `?` of the page of now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NowQuery {
    lang: Option<String>,
    grain: Option<String>,
}

/// The page of now.
pub(crate) async fn now(
    Extract(state): Extract<State>,
    Query(query): Query<NowQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let reader = reader(&state, &headers).await?;
    let wanted = NowPaperWanted {
        lang: lang(query.lang.as_deref())?,
        grain: grain(query.grain.as_deref())?,
        host: host(&headers),
    };
    let bytes = state.centre.now_paper(&wanted, &reader).await?;
    Ok(page(&headers, "now", bytes))
}
