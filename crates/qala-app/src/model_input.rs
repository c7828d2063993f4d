//! What goes into a model: a file or the answer to a question, as the tables that models read.
//!
//! What belongs here: telling CSV, Parquet and JSON lines apart, and turning them into cells. What does not: what a model
//! makes of them.

use std::io::Read;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qala_core::Zone;
use qala_models::run::{Cells, Table, Texts};

use crate::error::{AppError, Result};
use crate::value::text_of;

/// Bytes that a file may have when it is unpacked: an input is held in memory.
const LARGEST: u64 = 4 << 30;

/// Says whether an input is a question rather than the name of a file.
pub fn is_question(text: &str) -> bool {
    let word = text
        .trim_start()
        .split(|c: char| c.is_whitespace() || c == '(')
        .next()
        .unwrap_or("");
    ["select", "with"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
        && !Path::new(text).exists()
}

/// The bytes of a file, unpacked when they are gzip.
///
/// # Errors
/// The file is not there, cannot be read, is no gzip inside, or is larger than is held in memory.
pub fn model_file(path: &Path) -> Result<Vec<u8>> {
    if !path.is_file() {
        return Err(AppError::Usage(format!("there is no file {}", path.display())));
    }
    let wrong = || AppError::io(format!("read {}", path.display()));
    let mut file = std::fs::File::open(path).map_err(wrong())?;
    let mut magic = [0; 2];
    let is_gzip = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let file = std::io::BufReader::new(std::fs::File::open(path).map_err(wrong())?);
    let mut bytes = Vec::new();
    let reader: Box<dyn Read> = if is_gzip {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    reader
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong())?;
    if bytes.len() as u64 > LARGEST {
        return Err(AppError::TooLarge(format!(
            "{} has more than 4 GiB",
            path.display()
        )));
    }
    Ok(bytes)
}

/// A table of the bytes of a file: Parquet, JSON lines, or else CSV. Instants of Parquet that have no offset are of `zone`.
///
/// # Errors
/// Bytes that are none of these, or a table without names of its own.
pub fn model_table(name: &str, bytes: Vec<u8>, zone: &Zone) -> Result<Table> {
    if bytes.starts_with(b"PAR1") {
        let wrong = |error: &dyn std::fmt::Display| AppError::Usage(format!("input `{name}`: {error}"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|error| wrong(&error))?;
        // A file without rows has its columns all the same.
        let none = RecordBatch::new_empty(arrow::array::RecordBatchReader::schema(&reader));
        let batches: Vec<RecordBatch> = std::iter::once(Ok(none))
            .chain(reader)
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| wrong(&error))?;
        return Ok(table_of(name, &batches, zone));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return json_lines(name, text);
    }
    Table::from_csv(name, &bytes).map_err(|refusal| AppError::Usage(refusal.to_string()))
}

/// The table of an answer. Numbers stay numbers, instants are written with the offset of `zone`.
pub fn table_of(name: &str, batches: &[RecordBatch], zone: &Zone) -> Table {
    let Some(first) = batches.first() else {
        return Table::new(name);
    };
    let schema = first.schema();
    schema
        .fields()
        .iter()
        .enumerate()
        .fold(Table::new(name), |table, (index, field)| {
            let columns: Vec<&ArrayRef> = batches.iter().map(|batch| batch.column(index)).collect();
            table.with(field.name(), cells(&columns, field.data_type(), zone))
        })
}

fn cells(columns: &[&ArrayRef], kind: &DataType, zone: &Zone) -> Cells {
    let as_type = |to: &DataType| -> Option<Vec<ArrayRef>> {
        columns.iter().map(|column| cast(column, to).ok()).collect()
    };
    let is_number = matches!(kind, DataType::Float16 | DataType::Float32 | DataType::Float64)
        || matches!(kind, DataType::Decimal128(..) | DataType::Decimal256(..));
    if kind.is_integer()
        && let Some(columns) = as_type(&DataType::Int64)
    {
        return Cells::Int(
            columns
                .iter()
                .flat_map(|column| column.as_primitive::<Int64Type>().iter())
                .collect(),
        );
    }
    if is_number && let Some(columns) = as_type(&DataType::Float64) {
        let numbers = columns
            .iter()
            .flat_map(|column| column.as_primitive::<Float64Type>().iter());
        return Cells::Float(numbers.map(|number| number.filter(|n| n.is_finite())).collect());
    }
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    if matches!(kind, DataType::Timestamp(..))
        && let Some(columns) = as_type(&instant)
    {
        let instants = columns
            .iter()
            .flat_map(|column| column.as_primitive::<TimestampMicrosecondType>().iter());
        return Cells::Text(
            instants
                .map(|at| at.map_or(String::new(), |at| zone.format(at)))
                .collect(),
        );
    }
    let mut texts = Texts::default();
    for column in columns {
        for row in 0..column.len() {
            texts.push(&if column.is_null(row) {
                String::new()
            } else {
                text_of(&***column, row)
            });
        }
    }
    Cells::Text(texts)
}

/// Objects, one in a line; columns in the order in which they first come.
fn json_lines(name: &str, bytes: &[u8]) -> Result<Table> {
    let mut columns: Vec<(String, Texts)> = Vec::new();
    let mut rows = 0;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(line).map_err(|error| {
                AppError::Usage(format!(
                    "input `{name}`, line {}: not a JSON object: {error}",
                    number + 1
                ))
            })?;
        for (key, value) in &object {
            let place = columns
                .iter()
                .position(|(known, _)| known == key)
                .unwrap_or_else(|| {
                    columns.push((key.clone(), std::iter::repeat_n("", rows).collect()));
                    columns.len() - 1
                });
            columns[place].1.push(&match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        }
        rows += 1;
        for (_, cells) in &mut columns {
            if cells.len() < rows {
                cells.push("");
            }
        }
    }
    let table = Table::new(name);
    Ok(columns.into_iter().fold(table, |table, (column, cells)| {
        table.with(&column, Cells::Text(cells))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_told_from_a_file() {
        assert!(is_question("select 1 as x"));
        assert!(is_question("  WITH a AS (SELECT 1) SELECT * FROM a"));
        for file in ["selection.csv", "with.csv.gz", "./rows.csv", "/tmp/x.parquet"] {
            assert!(!is_question(file), "{file}");
        }
    }

    #[test]
    fn lines_of_json_and_csv_make_the_same_table() {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let lines =
            b"{\"id\":\"a\",\"value\":1.50}\n\n{\"id\":\"b\",\"value\":null,\"note\":\"x, y\"}\n".to_vec();
        let json = model_table("rows", lines, &zone).unwrap();
        let csv = model_table("rows", b"id,value,note\na,1.50,\nb,,\"x, y\"\n".to_vec(), &zone).unwrap();
        assert_eq!(json.to_csv(), csv.to_csv().replace("1.50", "1.5"));
        let wrong = model_table("rows", b"{\"id\":1}\n[2]\n".to_vec(), &zone).unwrap_err();
        assert!(
            wrong
                .to_string()
                .starts_with("input `rows`, line 2: not a JSON object"),
            "{wrong}"
        );
    }
}
