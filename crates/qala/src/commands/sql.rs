//! `qala sql`.

use std::process::ExitCode;

use anyhow::Result;
use qala_app::lake::{AsOf, Query, collect};
use qala_app::{AppError, Centre};
use qala_core::{Zone, parse_instant};

use crate::args::Format;
use crate::commands::output;

/// A point of the log: a `_seq` or a time.
pub(crate) fn as_of(text: &str, zone: &Zone) -> Result<AsOf, AppError> {
    if let Ok(seq) = text.parse() {
        return Ok(AsOf::Seq(seq));
    }
    parse_instant(text, Some(zone))
        .map(AsOf::Instant)
        .map_err(|e| AppError::Usage(e.to_string()))
}

pub(crate) async fn run(
    centre: Centre,
    query: String,
    at: Option<String>,
    format: Format,
) -> Result<ExitCode> {
    let at = at.map(|t| as_of(&t, &centre.zone)).transpose()?;
    let question = Query::system(query).as_of(at);
    let (batches, _) = collect(&*centre.engine, &question)
        .await
        .map_err(AppError::from)?;
    output::batches(&batches, format, &centre.zone)?;
    Ok(ExitCode::SUCCESS)
}
