//! Checks of the source tree that the compiler cannot make.
//!
//! What belongs here: rules about manifests, folders and texts, each with a test that breaks it. The crate
//! graph itself is data: `xtask/crates.toml`. What does not: anything clippy or rustfmt already says.

use std::fmt;
use std::path::Path;

use anyhow::bail;

mod docs;
mod graph;
mod lists;
mod manifest;
mod text;
mod tree;

#[cfg(test)]
mod tests;

use graph::Table;
use tree::Tree;

/// One finding: where it is, what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    path: String,
    line: usize,
    what: String,
    weight: Weight,
}

/// Whether a finding fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Failure,
    Warning,
}

impl Problem {
    fn failure(path: &str, line: usize, what: String) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what,
            weight: Weight::Failure,
        }
    }

    fn warning(path: &str, line: usize, what: String) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what,
            weight: Weight::Warning,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.weight {
            Weight::Failure => "",
            Weight::Warning => "warning: ",
        };
        write!(f, "{}:{}: {mark}{}", self.path, self.line, self.what)
    }
}

/// Runs every check, prints the findings and fails when one of them is a failure.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let tree = Tree::read(root)?;
    let problems = check(&tree, &Table::built_in()?);
    for problem in &problems {
        crate::print::line(&problem.to_string());
    }
    let failures = problems
        .iter()
        .filter(|problem| problem.weight == Weight::Failure)
        .count();
    let warnings = problems.len() - failures;
    let files = tree.files.len();
    if failures > 0 {
        bail!("tidy: {failures} to mend, {warnings} warnings, {files} files read");
    }
    crate::print::line(&format!(
        "tidy: nothing to mend, {warnings} warnings, {files} files read"
    ));
    Ok(())
}

/// All findings in order of path and line.
fn check(tree: &Tree, table: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let manifests = manifest::read_all(tree, &mut problems);
    graph::check(&manifests, table, &mut problems);
    manifest::check(&manifests, tree, &mut problems);
    text::check(tree, table, &mut problems);
    lists::check(tree, table, &mut problems);
    docs::check(tree, &manifests, &mut problems);
    problems.sort();
    problems
}
