//! Routes of datasets and their rows, and the table page.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::registry::Scope;
use qala_app::{AppError, FileBytes, Format, MOST_FILE_ROWS, RowsWanted};
use qala_core::Text;
use qala_core::spec::{Column, DatasetSpec};
use serde::Deserialize;
use serde_json::Value;

use crate::State;
use crate::asked::instant;
use crate::error::Answer;
use crate::principal::{reader, reader_for};

/// Rows of a page when nobody says how many.
const FEW: u64 = 50;

fn text(text: &Text) -> api::Text {
    api::Text {
        kk: text.kk.clone(),
        ru: text.ru.clone(),
        en: text.en.clone(),
    }
}

fn word(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

/// Every dataset whose rows may be seen, and how many there are.
pub(crate) async fn datasets(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Json<Vec<api::DatasetEntry>>, Answer> {
    let reader = reader(&state, &headers).await?;
    let counts = state.centre.row_counts(&reader).await?;
    let entry = |spec: &DatasetSpec| api::DatasetEntry {
        name: spec.name.to_string(),
        subject: spec.subject.clone(),
        kind: word(spec.kind),
        title: text(&spec.title),
        description: spec.description.as_ref().map(text),
        rows: counts.get(spec.name.as_str()).copied().unwrap_or_default(),
    };
    let specs = state.centre.lake.specs().into_iter();
    Ok(Json(
        specs.filter(|spec| reader.sees_rows(spec)).map(entry).collect(),
    ))
}

/// What may stand behind the `?` of rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsQuery {
    limit: Option<u64>,
    #[serde(default)]
    offset: u64,
    order: Option<String>,
    q: Option<String>,
    as_of: Option<String>,
    format: Option<String>,
}

/// A page of rows.
pub(crate) async fn rows(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    Query(query): Query<RowsQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let centre = &state.centre;
    let format = file_format(query.format.as_deref())?;
    let scope = if format.is_some() {
        Scope::Export
    } else {
        Scope::Read
    };
    let reader = reader_for(&state, &headers, scope).await?;
    let wanted = RowsWanted {
        limit: query.limit.unwrap_or(FEW),
        offset: query.offset,
        order: query.order,
        filter: query.q,
        as_of: instant(centre, "as_of", query.as_of.as_deref())?,
    };
    if let Some(format) = format {
        // A file is all rows, unless somebody says otherwise.
        let wanted = RowsWanted {
            limit: query.limit.unwrap_or(MOST_FILE_ROWS),
            ..wanted
        };
        let bytes = centre.export_rows(&name, &wanted, format, &reader).await?;
        return Ok(file(&name, format, bytes));
    }
    let page = centre.rows_page(&name, &wanted, &reader).await?;
    let column = |column: &&Column| api::Column {
        name: column.name.clone(),
        kind: word(column.kind),
        unit: column.unit.map(|unit| unit.symbol().into()),
        title: text(&column.title),
    };
    let words = |row: &api::Row, name: &str| {
        row.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let source = |row: &api::Row| {
        let feed = words(row, "feed");
        api::Source {
            id: row.get("id").and_then(Value::as_i64).unwrap_or_default(),
            simulated: centre
                .feeds
                .iter()
                .any(|known| known.simulated && known.id.as_str() == feed),
            feed,
            kind: words(row, "kind"),
            name: words(row, "name"),
            received_at: words(row, "received_at"),
        }
    };
    Ok(Json(api::Rows {
        dataset: api::Dataset {
            name: page.spec.name.to_string(),
            subject: page.spec.subject.clone(),
            kind: word(page.spec.kind),
            title: text(&page.spec.title),
            columns: page.columns.iter().map(column).collect(),
        },
        description: page.spec.description.as_ref().map(text),
        hidden: page.hidden,
        total: page.total,
        seq: page.seq,
        sources: page.sources.iter().map(source).collect(),
        rows: page.rows,
    })
    .into_response())
}

/// The format of a file that is asked for; `None` for JSON.
///
/// # Errors
/// A word that is no format.
pub(crate) fn file_format(word: Option<&str>) -> Result<Option<Format>, Answer> {
    match word {
        None | Some("json") => Ok(None),
        Some(word) => match Format::parse(word) {
            Some(format) => Ok(Some(format)),
            None => Err(AppError::Usage(format!(
                "`{word}` is not a format of files; see /api/openapi.json"
            ))
            .into()),
        },
    }
}

/// A file that is saved under a name.
pub(crate) fn file(name: &str, format: Format, bytes: FileBytes) -> Response {
    let said = format!("attachment; filename=\"{name}.{}\"", format.suffix());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, said),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, Body::from_stream(bytes)).into_response()
}

/// The table page: the same for the list of datasets and for each of them.
pub(crate) fn page() -> Response {
    crate::page::answer("data/index.html")
}
