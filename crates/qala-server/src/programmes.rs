//! Programmes of the city: `/api/programmes` and `/api/programmes/{id}`.

use axum::extract::{Path, State as Extract};
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::{ProgrammeOwner, WholeProgramme};
use qala_core::Zone;

use crate::State;
use crate::principal::reader;
use crate::read::{Found, answer, text};

/// A day as text, days since 1970-01-01.
fn date(day: i32) -> String {
    let mut text = Zone::utc().format(i64::from(day) * 86_400_000_000);
    text.truncate(10);
    text
}

fn owner(owner: ProgrammeOwner) -> api::ProgrammeOwner {
    let (department_id, department) = owner.department.unzip();
    api::ProgrammeOwner {
        function_id: owner.function_id.to_string(),
        function: owner.function.as_ref().map(text),
        department_id,
        department: department.as_ref().map(text),
    }
}

fn programme(whole: WholeProgramme) -> api::Programme {
    let programme = whole.programme;
    api::Programme {
        id: programme.id.to_string(),
        kind: programme.kind.as_str().into(),
        title: text(&programme.title),
        adopted: programme.adopted,
        legal_basis: programme.legal_basis,
        begins_on: programme.begins_on.map(date),
        ends_on: programme.ends_on.map(date),
        state: programme.state.as_str().into(),
        source: programme.source,
        owner: owner(whole.owner),
        money: whole
            .money
            .into_iter()
            .map(|money| api::ProgrammeMoney {
                year: money.year,
                planned_kzt: money.planned_tiyn as f64 / 100.0,
                assumed: money.assumed,
                source: money.source,
            })
            .collect(),
        targets: whole
            .targets
            .into_iter()
            .map(|target| api::ProgrammeTarget {
                indicator: target.indicator.to_string(),
                year: target.year,
                basis: target.basis.as_str().into(),
                target: target.target,
                base_year: target.base_year,
                judged_by: target.judged_by.map(|id| id.to_string()),
                assumed: target.assumed,
                source: target.source,
            })
            .collect(),
        measures: whole
            .measures
            .into_iter()
            .map(|(measure, of)| api::ProgrammeMeasure {
                id: measure.id,
                title: text(&measure.title),
                owner: owner(of),
                state: measure.state.as_str().into(),
                due_on: measure.due_on.map(date),
                assumed: measure.assumed,
                source: measure.source,
            })
            .collect(),
    }
}

/// The programmes in force now.
pub(crate) async fn all(Extract(state): Extract<State>, headers: HeaderMap) -> Found<Vec<api::Programme>> {
    reader(&state, &headers).await?;
    answer(async {
        Ok(state
            .centre
            .programmes()
            .await?
            .into_iter()
            .map(programme)
            .collect())
    })
    .await
}

/// One of them.
pub(crate) async fn one(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Found<api::Programme> {
    reader(&state, &headers).await?;
    answer(async { Ok(programme(state.centre.programme(&id).await?)) }).await
}
