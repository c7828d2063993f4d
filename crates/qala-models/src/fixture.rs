//! What tests of several models need: a run as a person would start it, and the public files.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::run::{Content, Input, Table};

/// Runs a model over CSV texts; gives the output tables.
pub(crate) fn tables(
    id: &str,
    inputs: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> Result<Vec<Table>, String> {
    let text = |refusal: crate::run::Refusal| refusal.to_string();
    let inputs = inputs
        .iter()
        .map(|(name, csv)| {
            Ok(Input {
                name: (*name).to_owned(),
                content: Content::Table(Table::from_csv(name, csv.as_bytes())?),
            })
        })
        .collect::<Result<_, _>>()
        .map_err(text)?;
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    crate::model(id)
        .expect("a model")
        .run(inputs, &settings, 0)
        .map_err(text)
}

/// Runs a model over the bytes of a file; gives the output tables.
pub(crate) fn with_file(
    id: &str,
    input: &str,
    bytes: &[u8],
    settings: &[(&str, &str)],
) -> Result<Vec<Table>, String> {
    let input = Input {
        name: input.to_owned(),
        content: Content::File(bytes.to_vec()),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    crate::model(id)
        .expect("a model")
        .run(vec![input], &settings, 0)
        .map_err(|refusal| refusal.to_string())
}

/// Runs a model over CSV texts; gives the output tables as CSV.
pub(crate) fn run(
    id: &str,
    inputs: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> Result<Vec<String>, String> {
    Ok(tables(id, inputs, settings)?.iter().map(Table::to_csv).collect())
}

/// The numbers of a column of an output.
pub(crate) fn numbers(table: &Table, column: &str) -> Vec<Option<f64>> {
    table.maybe_floats(column).expect("a column of numbers")
}

/// Fails when two numbers differ by more than `tolerance`, relative to the expected one.
#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(f64::MIN_POSITIVE),
        "{found} is not {expected} within {tolerance}"
    );
}

/// The bytes of a public file, unpacked; `None` with a line that says so when the folder is not there.
pub(crate) fn public_bytes(test: &str, path: &str) -> Option<Vec<u8>> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        // Printing is captured; writing is not.
        let _ = writeln!(std::io::stderr(), "skipped: {test}: ../shared/data is not there");
        return None;
    }
    let bytes = std::fs::read(folder.join(path)).expect("a public file");
    if !path.ends_with(".gz") {
        return Some(bytes);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut unpacked)
        .expect("a packed file");
    Some(unpacked)
}

/// The text of a public file, as [`public_bytes`] reads it.
pub(crate) fn public_file(test: &str, path: &str) -> Option<String> {
    public_bytes(test, path).map(|bytes| String::from_utf8(bytes).expect("a text"))
}
