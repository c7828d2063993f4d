//! From the tables of a model to rows of datasets.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use qala_core::spec::{Column, ColumnType, DatasetSpec, RunOutput};
use qala_core::{Zone, parse_date, parse_instant};
use qala_models::run::{Cells, Table};
use serde_json::Value as Json;

use crate::error::{AppError, Result};
use crate::value::array_of;

/// What the runner knows of every row.
pub(super) struct Own {
    pub(super) period_start: i64,
    pub(super) period_end: i64,
    pub(super) computed_at: i64,
    pub(super) simulated: bool,
}

/// The rows of an output; `inputs` are the answers as they were read, with the columns that the model does not know. They are made
/// column by column: an answer may be large.
pub(super) fn rows_of(
    output: &RunOutput,
    table: &Table,
    inputs: &[Table],
    dataset: &DatasetSpec,
    own: &Own,
    zone: &Zone,
) -> Result<RecordBatch> {
    let input = output
        .with
        .as_ref()
        .and_then(|with| Some((with, inputs.iter().find(|input| input.name() == with.input)?)));
    let places = match input {
        None => Vec::new(),
        Some((with, input)) => places(&with.on, table, input)?,
    };
    let own = [
        ("period_start", Json::from(own.period_start)),
        ("period_end", Json::from(own.period_end)),
        ("computed_at", Json::from(own.computed_at)),
        ("simulated", Json::from(own.simulated)),
    ];
    let mut columns = Vec::with_capacity(dataset.columns.len());
    for kind in &dataset.columns {
        let name = &kind.name;
        let mut values = vec![Json::Null; table.rows()];
        if let Some((_, value)) = own.iter().find(|(own, _)| own == name) {
            values.fill(value.clone());
        } else {
            if let Some(from) = output.columns.get(name) {
                let cells = column(table, from)?;
                let texts = texts(table, from)?;
                for (at, value) in values.iter_mut().enumerate() {
                    *value = cell(kind, dataset, cells, &texts, at, zone)?;
                }
            }
            if let Some((with, input)) = input
                && with.columns.contains(name)
            {
                let cells = column(input, name)?;
                let texts = texts(input, name)?;
                for (value, place) in values.iter_mut().zip(&places) {
                    if let Some(place) = place {
                        *value = cell(kind, dataset, cells, &texts, *place, zone)?;
                    }
                }
            }
        }
        let values: Vec<&Json> = values.iter().collect();
        columns.push((name.clone(), array_of(dataset, kind, &values)?, true));
    }
    Ok(RecordBatch::try_from_iter_with_nullable(columns).map_err(qala_lake::LakeError::from)?)
}

/// The row of the input with the same key, by row of the table.
fn places(on: &[String], table: &Table, input: &Table) -> Result<Vec<Option<usize>>> {
    let keys = |table: &Table| -> Result<Vec<Vec<String>>> {
        let columns: Vec<Vec<String>> = on.iter().map(|on| texts(table, on)).collect::<Result<_>>()?;
        Ok((0..table.rows())
            .map(|row| columns.iter().map(|column| column[row].clone()).collect())
            .collect())
    };
    let mut places: HashMap<Vec<String>, usize> = HashMap::with_capacity(input.rows());
    for (place, key) in keys(input)?.into_iter().enumerate() {
        places.entry(key).or_insert(place);
    }
    Ok(keys(table)?.iter().map(|key| places.get(key).copied()).collect())
}

fn column<'a>(table: &'a Table, name: &str) -> Result<&'a Cells> {
    let found = table.columns().iter().find(|(known, _)| known == name);
    let missing = || AppError::Usage(format!("`{}` has no column `{name}`", table.name()));
    found.map(|(_, cells)| cells).ok_or_else(missing)
}

fn texts(table: &Table, name: &str) -> Result<Vec<String>> {
    table.texts(name).map_err(|refusal| AppError::Usage(refusal.0))
}

/// A cell in the form of the dataset's column; null for a missing one.
fn cell(
    kind: &Column,
    dataset: &DatasetSpec,
    cells: &Cells,
    texts: &[String],
    at: usize,
    zone: &Zone,
) -> Result<Json> {
    let text = texts[at].as_str();
    if text.is_empty() {
        return Ok(Json::Null);
    }
    let float = match cells {
        Cells::Float(numbers) => numbers.get(at).copied().flatten(),
        Cells::Int(numbers) => numbers.get(at).copied().flatten().map(|n| n as f64),
        Cells::Text(_) => text.parse().ok().filter(|n: &f64| n.is_finite()),
    };
    let value = match kind.kind {
        ColumnType::Text => Some(Json::from(text)),
        ColumnType::Float => float.map(Json::from),
        ColumnType::Int => float
            .filter(|n| n.fract() == 0.0 && n.abs() < 9e15)
            .map(|n| Json::from(n as i64)),
        ColumnType::Bool => match text {
            "true" | "1" => Some(Json::from(true)),
            "false" | "0" => Some(Json::from(false)),
            _ => None,
        },
        ColumnType::Time => parse_instant(text, Some(zone)).ok().map(Json::from),
        ColumnType::Date => parse_date(text).map(Json::from),
        ColumnType::Decimal => None,
    };
    value.ok_or_else(|| {
        AppError::Usage(format!(
            "row {}, column `{}` of {}: `{text}` does not fit",
            at + 1,
            kind.name,
            dataset.name
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_cells_of_the_answer_and_of_the_input_it_was_made_of() {
        let title = "title = { kk = \"a\", ru = \"b\", en = \"c\" }";
        let column =
            |name: &str, kind: &str| format!("[[columns]]\nname = \"{name}\"\ntype = \"{kind}\"\n{title}\n");
        let text = format!(
            "name = \"crime_cells\"\nsubject = \"crime\"\nkind = \"snapshot\"\nversion = 1\n{title}\nzone = \"city\"\nkey = [\"n\"]\n\
             {}required = true\n{}{}{}{}{}",
            column("n", "int"),
            column("z", "float"),
            column("name", "text"),
            column("day", "date"),
            column("period_end", "time"),
            column("simulated", "bool"),
        );
        let dataset = DatasetSpec::from_toml("crime_cells", &text).unwrap();
        let output: RunOutput = toml_output(
            "dataset = \"crime_cells\"\ncolumns = { n = \"area\", z = \"z\" }\n\
             with = { input = \"areas\", on = [\"area\"], columns = [\"name\", \"day\"] }\n",
        );
        let table = Table::from_csv("gi", b"area,z\n2,1.5\n7,\n9,0\n").unwrap();
        let input = Table::from_csv("areas", b"area,name,day\n7,\"x, y\",2026-03-02\n2,b,\n").unwrap();
        let own = Own {
            period_start: 1,
            period_end: 2,
            computed_at: 3,
            simulated: true,
        };
        let zone = Zone::new("Asia/Almaty").unwrap();
        let rows = rows_of(&output, &table, &[input], &dataset, &own, &zone).unwrap();
        let day = parse_date("2026-03-02").unwrap();
        let expected = serde_json::json!([
            { "n": 2, "z": 1.5, "name": "b", "period_end": 2, "simulated": true },
            { "n": 7, "name": "x, y", "day": day, "period_end": 2, "simulated": true },
            { "n": 9, "z": 0.0, "period_end": 2, "simulated": true },
        ]);
        let expected: Vec<serde_json::Map<String, Json>> = serde_json::from_value(expected).unwrap();
        assert_eq!(rows, crate::value::batch_of(&dataset, &expected).unwrap());
        let odd = Table::from_csv("gi", b"area,z\n2.5,1\n").unwrap();
        let error = rows_of(&output, &odd, &[], &dataset, &own, &zone)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("column `n` of crime_cells: `2.5` does not fit"),
            "{error}"
        );
    }

    fn toml_output(text: &str) -> RunOutput {
        qala_core::spec::from_toml("output", text).unwrap()
    }
}
