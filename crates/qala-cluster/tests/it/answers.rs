//! Answers as text that can be compared: numbers by their bits, rows in one order.

use std::fmt::Write as _;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_lake::{AsOf, Query, QueryEngine, Result, collect};

/// Columns and rows of an answer, and the `_seq` that it was read up to.
pub(crate) async fn answer(
    engine: &dyn QueryEngine,
    sql: &str,
    as_of: Option<i64>,
) -> Result<(Vec<String>, i64)> {
    let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
    let (batches, seq) = collect(engine, &query).await?;
    Ok((lines(&batches), seq))
}

/// A line of names and types, then the rows, sorted.
pub(crate) fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let mut head = String::new();
    if let Some(batch) = batches.first() {
        for field in batch.schema().fields() {
            let kind = match field.data_type() {
                // How text lies in memory is not part of an answer.
                DataType::Utf8View | DataType::LargeUtf8 => &DataType::Utf8,
                other => other,
            };
            write!(head, "{} {kind}; ", field.name()).unwrap();
        }
    }
    let mut rows: Vec<String> = batches.iter().flat_map(rows).collect();
    rows.sort();
    rows.insert(0, head);
    rows
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap())
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let mut line = String::new();
            for (column, text) in batch.columns().iter().zip(&columns) {
                match column.as_primitive_opt::<Float64Type>() {
                    Some(numbers) if column.is_valid(row) => {
                        write!(line, "{:016x}|", numbers.value(row).to_bits()).unwrap();
                    }
                    _ => write!(line, "{}|", text.value(row)).unwrap(),
                }
            }
            line
        })
        .collect()
}

/// Compares two answers, and shows the first rows that differ.
pub(crate) fn same(what: &str, local: &[String], cluster: &[String]) {
    if local == cluster {
        return;
    }
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|l| !b.contains(l)).take(5).cloned().collect()
    };
    panic!(
        "{what}\n{} lines here, {} there\nonly here: {:#?}\nonly there: {:#?}",
        local.len(),
        cluster.len(),
        only(local, cluster),
        only(cluster, local)
    );
}
