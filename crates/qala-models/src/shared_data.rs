//! The data folder beside the work tree, for tests: it is not part of the repository.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

/// The bytes of a file of `../shared/data`, unpacked when it ends in `.gz`; absent, and said, when it is not there.
pub(crate) fn read(test: &str, file: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(file);
    let Ok(bytes) = std::fs::read(path) else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: ../shared/data/{file} is not there"
        );
        return None;
    };
    if !file.ends_with(".gz") {
        return Some(bytes);
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    Some(unpacked)
}
