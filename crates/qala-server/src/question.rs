//! Routes of questions: SQL, its tables, search.

use axum::Json;
use axum::extract::{Query, State as Extract};
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::{Role, Scope};
use qala_core::Lang;
use serde::Deserialize;

use crate::State;
use crate::asked::{Body, instant};
use crate::error::Answer;
use crate::principal::{reader, reader_for};

/// Answers a question in SQL.
pub(crate) async fn sql(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(question): Body<api::Question>,
) -> Result<Json<api::Answered>, Answer> {
    let reader = reader_for(&state, &headers, Scope::Sql).await?;
    let as_of = instant(&state.centre, "as_of", question.as_of.as_deref())?;
    let limit = question.limit.map(|limit| limit as usize);
    // What anybody may see, anybody may ask for unrecorded.
    if reader.role() > Role::Public {
        state.centre.note_sql(&reader, &question.sql).await?;
    }
    let answer = state
        .centre
        .question(&question.sql, as_of, limit, &reader)
        .await?;
    let column = |(name, kind): (String, String)| api::AnswerColumn { name, kind };
    Ok(Json(api::Answered {
        columns: answer.columns.into_iter().map(column).collect(),
        rows: answer.rows,
        truncated: answer.truncated,
        seq: answer.seq,
        took_ms: answer.took.as_millis() as u64,
    }))
}

/// Tables and columns that the caller may see.
pub(crate) async fn schema(
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Json<Vec<api::SqlTable>>, Answer> {
    let reader = reader(&state, &headers).await?;
    let text = |t: qala_core::Text| api::Text {
        kk: t.kk,
        ru: t.ru,
        en: t.en,
    };
    let table = |t: qala_app::VisibleTable| api::SqlTable {
        name: t.name,
        title: text(t.title),
        columns: t
            .columns
            .into_iter()
            .map(|(name, kind, unit, title)| api::SqlColumn {
                name,
                kind,
                unit: unit.map(ToOwned::to_owned),
                title: text(title),
            })
            .collect(),
    };
    Ok(Json(
        state
            .centre
            .visible_tables(&reader)
            .into_iter()
            .map(table)
            .collect(),
    ))
}

/// What may stand behind the `?` of a search.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    q: String,
    lang: Option<Words>,
}

/// A language.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Words {
    Kk,
    Ru,
    En,
}

/// Finds things by their names.
pub(crate) async fn search(
    Extract(state): Extract<State>,
    Query(query): Query<SearchQuery>,
    headers: HeaderMap,
) -> Result<Json<Vec<api::Found>>, Answer> {
    let reader = reader(&state, &headers).await?;
    let language = match query.lang.unwrap_or(Words::Kk) {
        Words::Kk => Lang::Kk,
        Words::Ru => Lang::Ru,
        Words::En => Lang::En,
    };
    let hits = state.centre.search(&query.q, language, &reader).await?;
    let found = |hit: qala_app::Hit| api::Found {
        kind: hit.kind.to_owned(),
        id: hit.id,
        title: hit.title,
        subtitle: hit.subtitle,
        href: hit.href,
    };
    Ok(Json(hits.into_iter().map(found).collect()))
}
