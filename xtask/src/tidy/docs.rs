//! Documents that a test reads, so that they cannot drift in silence.

use super::Problem;
use super::manifest::Manifest;
use super::tree::Tree;

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
const MOST_LINES: usize = 300;

/// docs/ARCHITECTURE.md is short and names every crate.
pub(super) fn check(tree: &Tree, manifests: &[Manifest], problems: &mut Vec<Problem>) {
    let Some(file) = tree.file(ARCHITECTURE) else {
        problems.push(Problem::failure(
            ARCHITECTURE,
            1,
            "the document is missing, write it".to_owned(),
        ));
        return;
    };
    let lines = file.text.lines().count();
    if lines > MOST_LINES {
        let what =
            format!("{lines} lines, shorten it to {MOST_LINES}: a map as large as the land helps nobody");
        problems.push(Problem::failure(ARCHITECTURE, MOST_LINES + 1, what));
    }
    for manifest in manifests {
        if !file.text.contains(&format!("`{}`", manifest.name)) {
            let what = format!(
                "crate `{}` is not described, add it to the code map",
                manifest.name
            );
            problems.push(Problem::failure(ARCHITECTURE, 1, what));
        }
    }
}
