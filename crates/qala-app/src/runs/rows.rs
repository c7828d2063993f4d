//! From the tables of a model to rows of datasets.

use std::collections::HashMap;

use qala_core::spec::{ColumnType, DatasetSpec, RunOutput};
use qala_core::{Zone, parse_date, parse_instant};
use qala_models::run::{Cells, Table};
use serde_json::{Map, Value as Json};

use crate::error::{AppError, Result};

/// What the runner knows of every row.
pub(super) struct Own {
    pub(super) period_start: i64,
    pub(super) period_end: i64,
    pub(super) computed_at: i64,
    pub(super) simulated: bool,
}

/// The rows of an output; `inputs` are the answers as they were read, with the columns that the model does not know.
pub(super) fn rows_of(
    output: &RunOutput,
    table: &Table,
    inputs: &[Table],
    dataset: &DatasetSpec,
    own: &Own,
    zone: &Zone,
) -> Result<Vec<Map<String, Json>>> {
    let mut rows = vec![Map::new(); table.rows()];
    for (name, from) in &output.columns {
        let cells = column(table, from)?;
        let texts = texts(table, from)?;
        for (at, row) in rows.iter_mut().enumerate() {
            put(row, dataset, name, cells, &texts, at, zone)?;
        }
    }
    if let Some(with) = &output.with
        && let Some(input) = inputs.iter().find(|input| input.name() == with.input)
    {
        let keys = |table: &Table| -> Result<Vec<Vec<String>>> {
            let columns: Vec<Vec<String>> =
                with.on.iter().map(|on| texts(table, on)).collect::<Result<_>>()?;
            Ok((0..table.rows())
                .map(|row| columns.iter().map(|column| column[row].clone()).collect())
                .collect())
        };
        let mut places: HashMap<Vec<String>, usize> = HashMap::with_capacity(input.rows());
        for (place, key) in keys(input)?.into_iter().enumerate() {
            places.entry(key).or_insert(place);
        }
        let found: Vec<Option<usize>> = keys(table)?.iter().map(|key| places.get(key).copied()).collect();
        for name in &with.columns {
            let cells = column(input, name)?;
            let texts = texts(input, name)?;
            for (row, place) in rows.iter_mut().zip(&found) {
                if let Some(place) = place {
                    put(row, dataset, name, cells, &texts, *place, zone)?;
                }
            }
        }
    }
    let known = [
        ("period_start", Json::from(own.period_start)),
        ("period_end", Json::from(own.period_end)),
        ("computed_at", Json::from(own.computed_at)),
        ("simulated", Json::from(own.simulated)),
    ];
    for (name, value) in known.iter().filter(|(name, _)| dataset.column(name).is_some()) {
        for row in &mut rows {
            row.insert((*name).to_owned(), value.clone());
        }
    }
    Ok(rows)
}

fn column<'a>(table: &'a Table, name: &str) -> Result<&'a Cells> {
    let found = table.columns().iter().find(|(known, _)| known == name);
    let missing = || AppError::Usage(format!("`{}` has no column `{name}`", table.name()));
    found.map(|(_, cells)| cells).ok_or_else(missing)
}

fn texts(table: &Table, name: &str) -> Result<Vec<String>> {
    table.texts(name).map_err(|refusal| AppError::Usage(refusal.0))
}

/// Puts a cell into a row in the form of the dataset's column; a missing one is left out.
fn put(
    row: &mut Map<String, Json>,
    dataset: &DatasetSpec,
    name: &str,
    cells: &Cells,
    texts: &[String],
    at: usize,
    zone: &Zone,
) -> Result<()> {
    let Some(kind) = dataset.column(name).map(|column| column.kind) else {
        return Ok(());
    };
    let text = texts[at].as_str();
    if text.is_empty() {
        return Ok(());
    }
    let float = match cells {
        Cells::Float(numbers) => numbers.get(at).copied().flatten(),
        Cells::Int(numbers) => numbers.get(at).copied().flatten().map(|n| n as f64),
        Cells::Text(_) => text.parse().ok().filter(|n: &f64| n.is_finite()),
    };
    let value = match kind {
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
    let value = value.ok_or_else(|| {
        AppError::Usage(format!(
            "row {}, column `{name}` of {}: `{text}` does not fit",
            at + 1,
            dataset.name
        ))
    })?;
    row.insert(name.to_owned(), value);
    Ok(())
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
        assert_eq!(
            serde_json::to_value(&rows).unwrap(),
            serde_json::json!([
                { "n": 2, "z": 1.5, "name": "b", "period_end": 2, "simulated": true },
                { "n": 7, "name": "x, y", "day": day, "period_end": 2, "simulated": true },
                { "n": 9, "z": 0.0, "period_end": 2, "simulated": true },
            ])
        );
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
