//! Rows as a table, CSV, JSON or Arrow.

use anyhow::Result;
use arrow::record_batch::RecordBatch;
use clap::ValueEnum;
use qala_app::{AppError, rows_json, text_of};
use qala_core::Zone;
use serde_json::{Map, Value};

use crate::args::Format;
use crate::print;

/// Prints batches. Instants are written in `zone` in tables and JSON.
pub(crate) fn batches(batches: &[RecordBatch], format: Format, zone: &Zone) -> Result<()> {
    match format {
        Format::Arrow => {
            let Some(first) = batches.first() else {
                return Ok(());
            };
            let mut bytes = Vec::new();
            let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &first.schema())?;
            for batch in batches {
                writer.write(batch)?;
            }
            writer.finish()?;
            drop(writer);
            print::bytes(&bytes);
        }
        Format::Csv => {
            let mut bytes = Vec::new();
            {
                let mut writer = arrow::csv::WriterBuilder::new()
                    .with_header(true)
                    .build(&mut bytes);
                for batch in batches {
                    writer.write(batch)?;
                }
            }
            print::bytes(&bytes);
        }
        Format::Json => print::out(&serde_json::to_string_pretty(&rows_json(batches, zone))?),
        Format::Table => {
            let names: Vec<String> = batches
                .first()
                .map(|b| b.schema().fields().iter().map(|f| f.name().clone()).collect())
                .unwrap_or_default();
            let mut rows = Vec::new();
            for batch in batches {
                for row in 0..batch.num_rows() {
                    rows.push(batch.columns().iter().map(|c| text_of(&**c, row)).collect());
                }
            }
            table(&names, &rows);
        }
    }
    Ok(())
}

/// Prints JSON rows in a format; columns are those of the first row.
pub(crate) fn rows(rows: &[Map<String, Value>], format: Format) -> Result<()> {
    let names: Vec<String> = rows
        .first()
        .map(|r| r.keys().cloned().collect())
        .unwrap_or_default();
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(s)) => s.clone(),
        Some(other) => other.to_string(),
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|r| names.iter().map(|n| text(r.get(n))).collect())
        .collect();
    match format {
        Format::Json => print::out(&serde_json::to_string_pretty(rows)?),
        Format::Csv => print::bytes(csv(&names, &cells).as_bytes()),
        Format::Table => table(&names, &cells),
        Format::Arrow => only(Format::Arrow, "table, csv or json")?,
    }
    Ok(())
}

/// Refuses a format that an answer has no form in.
pub(crate) fn only(format: Format, known: &str) -> Result<()> {
    let word = format.to_possible_value().map(|v| v.get_name().to_owned());
    let word = word.unwrap_or_default();
    Err(AppError::Usage(format!(
        "this answer has no form in `{word}`; it comes as {known}"
    ))
    .into())
}

/// Cells as CSV with a header.
pub(crate) fn csv(names: &[String], rows: &[Vec<String>]) -> String {
    let quote = |cell: &String| {
        if cell.contains([',', ';', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    let mut out = names.join(",") + "\n";
    for row in rows {
        out.push_str(&row.iter().map(quote).collect::<Vec<_>>().join(","));
        out.push('\n');
    }
    out
}

/// Prints an aligned table; numbers stand to the right.
pub(crate) fn table(names: &[String], rows: &[Vec<String>]) {
    let width = |column: usize| {
        rows.iter()
            .map(|r| r[column].chars().count())
            .chain([names[column].chars().count()])
            .max()
            .unwrap_or(0)
            .min(60)
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |cells: &[String]| {
        let mut out = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            let short: String = if cell.chars().count() > *width {
                cell.chars().take(width - 1).chain(['…']).collect()
            } else {
                cell.clone()
            };
            let pad = " ".repeat(width - short.chars().count());
            let number =
                !short.is_empty() && short.chars().all(|c| c.is_ascii_digit() || "-+.eE".contains(c));
            let (before, after) = if number {
                (pad.as_str(), "")
            } else {
                ("", pad.as_str())
            };
            out.extend([before, &short, after, "  "]);
        }
        out.trim_end().to_owned()
    };
    print::out(&line(names));
    print::out(
        &widths
            .iter()
            .map(|w| "─".repeat(*w))
            .collect::<Vec<_>>()
            .join("  "),
    );
    for row in rows {
        print::out(&line(row));
    }
}
