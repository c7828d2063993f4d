//! Routes of the situation room.

pub(crate) mod decisions;
pub(crate) mod incidents;
pub(crate) mod journal;
pub(crate) mod reviews;

use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::{Role, Scope};
use qala_app::{AppError, Reader};
use qala_core::{Zone, parse_instant};

use crate::State;
use crate::error::Answer;
use crate::principal::visitor;
use crate::read::text;

/// Whoever of the administration reads.
async fn reading(state: &State, headers: &HeaderMap) -> Result<Reader, Answer> {
    let visitor = visitor(state, headers).await?;
    visitor.require(Role::Staff, Scope::Read)?;
    Ok(state.centre.reader(&visitor, Scope::Read).await?)
}

/// Whoever of the administration acts; which department may act on what is the use case's to say.
async fn acting(state: &State, headers: &HeaderMap) -> Result<Reader, Answer> {
    let visitor = visitor(state, headers).await?;
    visitor.require(Role::Staff, Scope::Administer)?;
    Ok(state.centre.reader(&visitor, Scope::Administer).await?)
}

/// A number in an address.
fn numbered(what: &str, text: &str) -> Result<i64, Answer> {
    let number = text.parse::<i64>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| AppError::Usage(format!("there is no {what} {text}")).into())
}

/// An instant of a body, or a day, which then is its end.
fn instant_or_day(zone: &Zone, name: &str, given: &str) -> Result<i64, Answer> {
    if let Some(day) = qala_core::parse_date(given) {
        return Ok(zone.day_start(day + 1) - 1);
    }
    parse_instant(given, Some(zone)).map_err(|e| AppError::Usage(format!("`{name}`: {e}")).into())
}

/// An instant of a body, or a day, which then is its beginning.
fn instant_from(zone: &Zone, name: &str, given: &str) -> Result<i64, Answer> {
    match qala_core::parse_date(given) {
        Some(day) => Ok(zone.day_start(day)),
        None => instant_or_day(zone, name, given),
    }
}

/// Who answers for what, and whether whoever asks may act for it.
async fn owners(state: &State, reader: &Reader) -> Result<Vec<api::OwnerToday>, Answer> {
    let functions = state.centre.functions_today().await?;
    let entry = |(function, today): (String, qala_app::FunctionToday)| api::OwnerToday {
        own: reader.acts_for(&[&function]),
        name: text(&today.name),
        department: today.department,
        department_name: today.department_name.as_ref().map(text),
        function,
    };
    Ok(functions.into_iter().map(entry).collect())
}
