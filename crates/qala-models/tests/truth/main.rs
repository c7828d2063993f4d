//! Models on the seeded city: what is true of it is found again, on seeds with which nothing was tuned.

#![cfg(test)]

mod books;
mod streets;

use std::collections::BTreeMap;
use std::fmt::Write;

use qala_models::run::{Content, Input, Table};
use qala_sim::city::{Feed, Pace, WholeCity, WholeOptions};

const DAY: i64 = 86_400_000_000;
/// Seeds that no other test takes.
const SEEDS: [u64; 2] = [51, 52];

fn city(seed: u64) -> WholeCity {
    WholeCity::build(&WholeOptions {
        seed,
        ..WholeOptions::default()
    })
    .unwrap()
}

fn at(text: &str) -> i64 {
    qala_core::parse_instant(text, None).unwrap()
}

/// Runs a model on CSV; its tables by name.
fn run(id: &str, inputs: &[(&str, &str)], settings: &[(&str, &str)]) -> BTreeMap<String, Table> {
    let table = |(name, csv): &(&str, &str)| Input {
        name: (*name).to_owned(),
        content: Content::Table(Table::from_csv(name, csv.as_bytes()).unwrap()),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let model = qala_models::model(id).unwrap();
    let tables = model
        .run(inputs.iter().map(table).collect(), &settings, 1)
        .unwrap();
    tables
        .into_iter()
        .map(|table| (table.name().to_owned(), table))
        .collect()
}

type Row = BTreeMap<String, String>;

fn rows(bytes: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.unwrap();
        names
            .iter()
            .cloned()
            .zip(record.iter().map(str::to_owned))
            .collect()
    };
    reader.records().map(row).collect()
}

fn list(city: &WholeCity, feed: Feed, instant: i64) -> Vec<Row> {
    let files = city.lists(instant).unwrap();
    rows(&files.iter().find(|file| file.feed == feed.id()).unwrap().bytes)
}

fn sent(city: &WholeCity, feed: Feed, pace: Pace, from: i64, to: i64) -> Vec<Row> {
    city.messages_of(&[feed], pace, from, to)
        .flat_map(|message| rows(&message.bytes))
        .collect()
}

/// Rows of named columns as CSV.
fn csv(head: &str, from: &[Row], columns: &[&str]) -> String {
    let mut text = format!("{head}\n");
    for row in from {
        let cells: Vec<&str> = columns.iter().map(|column| row[*column].as_str()).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text
}
