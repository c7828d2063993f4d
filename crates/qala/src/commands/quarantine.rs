//! `qala quarantine`: rejected rows, from the list to the mended row.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use qala_app::lake::Outcome;
use qala_app::{AppError, Centre, Retried, Wanted, mapping_for};
use serde_json::{Map, Value, json};

use crate::args::{Format, QuarantineCommand, QuarantineFilter, QuarantineList};
use crate::commands::output;
use crate::print;

/// What is written out, so that a row can be mended: its columns in quarantine, and their names in the file.
const EXPORTED: [(&str, &str); 10] = [
    ("id", "id"),
    ("feed", "feed"),
    ("dataset", "dataset"),
    ("file", "file"),
    ("line", "line"),
    ("record", "record"),
    ("field", "field"),
    ("code", "code"),
    ("message", "reason"),
    ("raw", "raw"),
];

fn wanted(filter: QuarantineFilter) -> Wanted {
    Wanted {
        feed: filter.feed,
        dataset: filter.dataset,
        code: filter.code,
        ..Wanted::default()
    }
}

pub(crate) async fn run(centre: Centre, command: QuarantineCommand) -> Result<ExitCode> {
    match command {
        QuarantineCommand::List(list) => show(&centre, list).await,
        QuarantineCommand::Export { filter, out } => export(&centre, filter, &out).await,
        QuarantineCommand::Retry {
            filter,
            file,
            mapping,
            format,
        } => {
            let mapping = match mapping {
                Some(path) => mapping_for(Some(&path), "")?,
                None => None,
            };
            let done = match file {
                Some(file) => {
                    let bytes =
                        std::fs::read(&file).map_err(AppError::io(format!("read {}", file.display())))?;
                    centre.retry_mended(bytes, mapping.as_ref()).await?
                }
                None => centre.retry(&wanted(filter), mapping.as_ref()).await?,
            };
            report(&done, format)?;
            centre.close().await?;
            let is_some = |r: &Retried| {
                let taken = |o: &Outcome| o.total.accepted + o.total.duplicate;
                r.outcome.as_ref().is_ok_and(|o| taken(o) > 0)
            };
            Ok(if done.iter().any(is_some) {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
    }
}

async fn show(centre: &Centre, list: QuarantineList) -> Result<ExitCode> {
    let wanted = Wanted {
        all: list.all,
        limit: Some(list.limit),
        ..wanted(list.filter)
    };
    let rows = centre.quarantine(&wanted).await?;
    if rows.is_empty() && list.format != Format::Json {
        print::err("no open row is in quarantine");
    } else {
        output::rows(&rows, list.format)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn export(centre: &Centre, filter: QuarantineFilter, out: &Path) -> Result<ExitCode> {
    let rows = centre.quarantine(&wanted(filter)).await?;
    let cell = |row: &Map<String, Value>, name: &str| match row.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let names: Vec<String> = EXPORTED.iter().map(|(_, name)| (*name).to_owned()).collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .rev()
        .map(|row| EXPORTED.iter().map(|(column, _)| cell(row, column)).collect())
        .collect();
    std::fs::write(out, output::csv(&names, &cells))
        .map_err(AppError::io(format!("write {}", out.display())))?;
    print::out(&format!(
        "{} rows in {}; change the column `raw` and send the file back with `qala quarantine retry --file {}`",
        rows.len(),
        out.display(),
        out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn report(done: &[Retried], format: Format) -> Result<()> {
    if format == Format::Json {
        let messages: Vec<Value> = done
            .iter()
            .map(|r| match &r.outcome {
                Ok(o) => json!({
                    "retried": r.message, "rows": r.rows, "message": o.message, "received": o.total.received,
                    "accepted": o.total.accepted, "duplicate": o.total.duplicate, "quarantined": o.total.quarantined,
                    "superseded": o.total.superseded, "repeated": o.repeated, "datasets": o.datasets,
                    "problems": o.problems,
                }),
                Err(error) => json!({ "retried": r.message, "rows": r.rows, "error": error.to_string() }),
            })
            .collect();
        let outcomes = || done.iter().filter_map(|r| r.outcome.as_ref().ok());
        let sum = |get: fn(&Outcome) -> u64| outcomes().map(get).sum::<u64>();
        let all = json!({
            "received": sum(|o| o.total.received), "accepted": sum(|o| o.total.accepted),
            "duplicate": sum(|o| o.total.duplicate), "quarantined": sum(|o| o.total.quarantined),
            "messages": messages,
        });
        print::out(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for retried in done {
        match &retried.outcome {
            Ok(outcome) => {
                let t = &outcome.total;
                print::out(&format!(
                    "message {}: {} rows read again as message {}: received {}, accepted {} ({} corrections), duplicate {}, quarantined {}",
                    retried.message,
                    retried.rows,
                    outcome.message,
                    t.received,
                    t.accepted,
                    t.superseded,
                    t.duplicate,
                    t.quarantined
                ));
            }
            Err(error) => print::err(&format!(
                "message {}: {} rows stay in quarantine: {error}",
                retried.message, retried.rows
            )),
        }
    }
    Ok(())
}
