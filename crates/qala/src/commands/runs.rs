//! `qala model runs` and `qala model run-now`: scheduled runs of models.

use anyhow::Result;
use qala_app::{AppError, Centre, RunNote, RunState};
use qala_core::parse_instant;
use qala_core::spec::{RunSpec, RunTime};
use serde_json::{Map, Value, json};

use crate::args::Format;
use crate::commands::output;

type Row = Map<String, Value>;

/// How often, in words.
fn when(spec: &RunSpec) -> String {
    match spec.when {
        RunTime::Daily { hour } => format!("daily from {hour:02}:00"),
        RunTime::Every { minutes } => format!("every {minutes} min"),
    }
}

/// A run with how its newest period ended.
fn line(centre: &Centre, spec: &RunSpec, note: Option<&RunNote>) -> Row {
    let datasets: Vec<&str> = spec
        .outputs
        .values()
        .map(|output| output.dataset.as_str())
        .collect();
    let time = |t: Option<i64>| t.map_or(Value::Null, |t| centre.zone.format(t).into());
    Row::from_iter([
        ("run".to_owned(), json!(spec.id)),
        ("model".to_owned(), json!(spec.model)),
        ("when".to_owned(), json!(when(spec))),
        ("fills".to_owned(), json!(datasets.join(", "))),
        (
            "state".to_owned(),
            json!(note.map_or("never", |note| note.state.as_str())),
        ),
        ("period_end".to_owned(), time(note.map(|note| note.period_end))),
        ("rows".to_owned(), json!(note.map(|note| note.rows))),
        ("seq".to_owned(), json!(note.and_then(|note| note.seq))),
        ("tries".to_owned(), json!(note.map(|note| note.tries))),
        ("computed_at".to_owned(), time(note.map(|note| note.computed_at))),
        (
            "message".to_owned(),
            json!(note.and_then(|note| note.message.clone())),
        ),
    ])
}

pub(crate) async fn list(centre: &Centre, format: Format) -> Result<()> {
    let notes = centre.run_notes().await?;
    let rows: Vec<Row> = centre
        .runs
        .iter()
        .map(|spec| line(centre, spec, notes.get(spec.id.as_str())))
        .collect();
    output::rows(&rows, format)
}

/// Runs a model for the newest period that is due and says how it ended.
pub(crate) async fn run_now(centre: &Centre, id: &str, at: Option<&str>, format: Format) -> Result<()> {
    let now = match at {
        Some(text) => parse_instant(text, Some(&centre.zone)).map_err(|e| AppError::Usage(e.to_string()))?,
        None => centre.clock.now(),
    };
    let note = centre.run_now(id, now).await?;
    output::rows(&[line(centre, centre.run_spec(id)?, Some(&note))], format)?;
    anyhow::ensure!(
        note.state != RunState::Failed,
        "{}",
        note.message.unwrap_or_else(|| "the run failed".into())
    );
    Ok(())
}
