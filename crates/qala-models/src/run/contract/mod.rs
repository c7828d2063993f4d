//! The contract of the models, held against their specs and against files as other people write them.
//!
//! What belongs here: ids, columns and what all models do with odd files. What does not: what a model computes.

mod table;

use crate::run::{Content, Input, Table};
use table::{CONTRACT, Entry};

fn plain(name: &str) -> (String, bool) {
    (name.trim_end_matches('?').to_owned(), name.ends_with('?'))
}

fn columns(list: &str) -> Vec<(String, bool)> {
    list.split(',')
        .filter(|name| !name.is_empty())
        .map(plain)
        .collect()
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Plain,
    /// Columns from the last to the first, all cells in quotes, a byte order mark, line ends of Windows, spaces around cells.
    Odd,
    /// Only the header.
    Empty,
    /// Only the first row.
    Single,
    /// Every row twice.
    Double,
    /// One column more.
    Extra,
}

/// The cells of a line; those of the entries have commas in quotes only where a text has them.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    reader
        .records()
        .flat_map(|record| {
            record
                .expect("a line")
                .iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn written(names: &str, rows: &str, manner: Manner) -> String {
    let mut lines: Vec<Vec<String>> = vec![columns(names).into_iter().map(|(name, _)| name).collect()];
    let rows: Vec<Vec<String>> = rows.lines().map(cells).collect();
    match manner {
        Manner::Empty => {}
        Manner::Single => lines.extend(rows.into_iter().take(1)),
        Manner::Double => lines.extend(rows.into_iter().flat_map(|row| [row.clone(), row])),
        _ => lines.extend(rows),
    }
    if manner == Manner::Odd {
        for line in &mut lines {
            line.reverse();
        }
    }
    if manner == Manner::Extra {
        for line in &mut lines {
            line.push("note".to_owned());
        }
    }
    let (mark, end) = if manner == Manner::Odd {
        ("\u{feff}", "\r\n")
    } else {
        ("", "\n")
    };
    let quoted = |cell: &String| {
        let spaces = if manner == Manner::Odd { " " } else { "" };
        format!("\"{spaces}{}{spaces}\"", cell.replace('"', "\"\""))
    };
    let text: String = lines
        .iter()
        .map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(",") + end)
        .collect();
    format!("{mark}{text}")
}

fn run(entry: &Entry, manner: Manner, settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let inputs = entry
        .inputs
        .iter()
        .filter(|(name, _, rows)| !(name.ends_with('?') && rows.is_empty()))
        .map(|(name, names, rows)| {
            let name = plain(name).0;
            let content = if names.is_empty() {
                Content::File(rows.as_bytes().to_vec())
            } else {
                let csv = written(names, rows, manner);
                Content::Table(Table::from_csv(&name, csv.as_bytes()).map_err(|refusal| refusal.to_string())?)
            };
            Ok(Input { name, content })
        })
        .collect::<Result<Vec<Input>, String>>()?;
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    crate::model(entry.id)
        .expect("a model")
        .run(inputs, &settings, 1)
        .map(|tables| tables.iter().map(Table::to_csv).collect())
        .map_err(|refusal| refusal.to_string())
}

/// Models that the contract does not ask for.
const BEYOND: &[&str] = &["transit.route_stats"];

#[test]
fn ids_and_columns_are_those_of_the_contract() {
    let mut known: Vec<&str> = crate::models()
        .map(|model| model.card.id)
        .filter(|id| !BEYOND.contains(id))
        .collect();
    let mut wanted: Vec<&str> = CONTRACT.iter().map(|entry| entry.id).collect();
    known.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(known, wanted);
    for entry in CONTRACT {
        let spec = crate::model(entry.id).expect("a model").spec().expect("a spec");
        let inputs: Vec<(String, Vec<(String, bool)>)> = spec
            .inputs
            .iter()
            .map(|input| {
                let mark = if input.may_be_absent { "?" } else { "" };
                let must = input.columns.iter().map(|name| (name.clone(), false));
                let may = input.optional.iter().map(|name| (name.clone(), true));
                (format!("{}{mark}", input.name), must.chain(may).collect())
            })
            .collect();
        let wanted: Vec<(String, Vec<(String, bool)>)> = entry
            .inputs
            .iter()
            .map(|(name, names, _)| ((*name).to_owned(), columns(names)))
            .collect();
        assert_eq!(inputs, wanted, "{}", entry.id);
        let outputs: Vec<(String, Vec<(String, bool)>)> = spec
            .outputs
            .iter()
            .map(|output| {
                let names = output
                    .columns
                    .iter()
                    .map(|column| (column.name.clone(), column.optional));
                let mark = if output.may_be_absent { "?" } else { "" };
                (format!("{}{mark}", output.name), names.collect())
            })
            .collect();
        let wanted: Vec<(String, Vec<(String, bool)>)> = entry
            .outputs
            .iter()
            .map(|(name, names)| ((*name).to_owned(), columns(names)))
            .collect();
        assert_eq!(outputs, wanted, "{}", entry.id);
    }
}

#[test]
fn files_that_say_the_same_in_another_manner_give_the_same() {
    for entry in CONTRACT {
        let plain = run(entry, Manner::Plain, entry.settings);
        assert!(plain.is_ok(), "{}: {plain:?}", entry.id);
        assert_eq!(run(entry, Manner::Odd, entry.settings), plain, "{}", entry.id);
        // Names of numbers stay as they were written.
        for (csv, (name, _)) in plain.expect("a run").iter().zip(entry.outputs) {
            assert!(
                csv.lines().count() > 0 && !csv.contains("NaN"),
                "{} {name}",
                entry.id
            );
        }
    }
}

#[test]
fn unknown_columns_and_settings_are_refused_by_name() {
    for entry in CONTRACT {
        let unknown = run(entry, Manner::Plain, &[("no_such_setting", "1")]).expect_err("a refusal");
        assert!(
            unknown.contains("unknown setting `no_such_setting`"),
            "{}: {unknown}",
            entry.id
        );
        if entry.inputs.iter().any(|(_, names, _)| !names.is_empty()) {
            let unknown = run(entry, Manner::Extra, entry.settings).expect_err("a refusal");
            assert!(
                unknown.contains("unknown column `note`"),
                "{}: {unknown}",
                entry.id
            );
        }
    }
}

#[test]
fn few_rows_none_and_rows_that_come_twice_give_a_table_or_a_reason() {
    for entry in CONTRACT {
        for manner in [Manner::Empty, Manner::Single, Manner::Double] {
            match run(entry, manner, entry.settings) {
                Ok(tables) => {
                    for (csv, (name, names)) in tables.iter().zip(entry.outputs) {
                        let header: Vec<String> = cells(csv.lines().next().expect("a header"));
                        let wanted = columns(names);
                        let must: Vec<&String> = wanted.iter().filter(|c| !c.1).map(|c| &c.0).collect();
                        assert!(
                            must.iter().all(|column| header.contains(column)),
                            "{} {name}",
                            entry.id
                        );
                    }
                }
                // It names what it cannot use.
                Err(refusal) => assert!(refusal.contains('`'), "{}: {refusal}", entry.id),
            }
        }
    }
}

#[test]
fn times_need_an_offset_and_say_so() {
    for (id, input, csv) in [
        (
            "traffic.indices",
            "readings",
            "segment,t,length_m,speed_kmh\n1,2026-03-02T08:00:00,500,60\n",
        ),
        (
            "air.qc",
            "readings",
            "station,t,pollutant,value_ug_m3\n1,2026-03-02 08:00,pm25,6\n",
        ),
        (
            "transit.regularity",
            "passages",
            "route,stop,t_scheduled,t_actual\n1,1,2026-03-02T08:00:00,\n",
        ),
    ] {
        let refusal = crate::fixture::run(id, &[(input, csv)], &[]).expect_err("a refusal");
        assert!(
            refusal.contains("row 1, column `t") && refusal.contains("with an offset"),
            "{id}: {refusal}"
        );
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    for (id, setting, value) in [
        ("transit.regularity", "day_start", "04:00"),
        ("transit.load", "balance", "none"),
        ("transit.od", "tolerance", "1e-9"),
        ("spatial.gi", "star", "true"),
        ("spatial.gi", "row_standardised", "false"),
        ("spatial.local_moran", "row_standardised", "true"),
        ("spatial.moran", "row_standardised", "true"),
        ("spatial.gi", "ties", "contract"),
        ("safety.screening", "per_km", "false"),
        ("safety.hin", "share", "0.65"),
        ("safety.hin", "interval", "resampling"),
        ("air.qc", "spike_mads", "6"),
        ("air.qc", "spike_share", "0"),
        ("air.qc", "spike_floor_ug_m3", "0"),
        ("air.cpf", "sector_deg", "30"),
        ("air.cpf", "percentile", "90"),
        ("air.plume", "rise", "none"),
        ("participation.equal_shares", "completion", "none"),
        ("participation.equal_shares", "utility", "cost"),
        ("indicators.control_chart", "method", "xmr"),
        ("indicators.control_chart", "baseline", ""),
        ("budget.execution", "levels", ""),
    ] {
        let spec = crate::model(id).expect("a model").spec().expect("a spec");
        let found = spec.settings.iter().find(|known| known.name == setting);
        assert_eq!(
            found.map(|known| known.default.as_str()),
            Some(value),
            "{id} {setting}"
        );
    }
}
