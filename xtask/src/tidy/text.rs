//! Rules about the text of files: white space, length, `allow`, banned calls, names of cities.

use super::Problem;
use super::graph::Table;
use super::tree::{File, Tree};

/// A source file above this many lines says why it is long.
const LONG: usize = 600;
const LONG_MARK: &str = "Long because:";

/// Applies every rule to every file.
pub(super) fn check(tree: &Tree, table: &Table, problems: &mut Vec<Problem>) {
    for file in &tree.files {
        if !file.is_kept_as_is() {
            white_space(file, problems);
            length(file, problems);
        }
        allow_attributes(file, problems);
        forbidden_text(file, table, problems);
        cities(file, table, problems);
    }
}

fn white_space(file: &File, problems: &mut Vec<Problem>) {
    // `split` rather than `lines`, which would hide a carriage return.
    for (index, line) in file.text.split('\n').enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            let what = "white space at the end of the line, remove it".to_owned();
            problems.push(Problem::failure(&file.path, index + 1, what));
        }
    }
    let last = file.text.lines().count().max(1);
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        problems.push(Problem::failure(
            &file.path,
            last,
            "no newline at the end of the file, add it".to_owned(),
        ));
    } else if file.text.ends_with("\n\n") {
        problems.push(Problem::failure(
            &file.path,
            last,
            "empty lines at the end of the file, remove them".to_owned(),
        ));
    }
}

fn length(file: &File, problems: &mut Vec<Problem>) {
    let is_source = matches!(file.ending(), "rs" | "ts" | "svelte" | "sql" | "css" | "js");
    let lines = file.text.lines().count();
    if is_source && lines > LONG && !file.name().contains(".gen.") && !file.text.contains(LONG_MARK) {
        let what = format!("{lines} lines: split it, or say why not in a comment `{LONG_MARK} …`");
        problems.push(Problem::warning(&file.path, 1, what));
    }
}

fn allow_attributes(file: &File, problems: &mut Vec<Problem>) {
    if file.ending() != "rs" {
        return;
    }
    for (number, line) in file.lines() {
        let line = line.trim_start();
        if line.starts_with("#[allow(") || line.starts_with("#![allow(") {
            let what = "`allow` hides a lint for ever, write `#[expect(…, reason = \"…\")]`".to_owned();
            problems.push(Problem::failure(&file.path, number, what));
        }
    }
}

fn forbidden_text(file: &File, table: &Table, problems: &mut Vec<Problem>) {
    let Some((crate_name, _)) = file.in_crate_src() else {
        return;
    };
    let Some(rules) = table.crates.get(crate_name) else {
        return;
    };
    if file.is_test() || file.ending() != "rs" || rules.forbidden_text.is_empty() {
        return;
    }
    for (number, line) in file.lines_outside_tests() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if let Some(text) = rules
            .forbidden_text
            .iter()
            .find(|text| line.contains(text.as_str()))
        {
            let what =
                format!("`{text}` is not for `{crate_name}` (xtask/crates.toml), do it in a higher crate");
            problems.push(Problem::failure(&file.path, number, what));
        }
    }
}

fn cities(file: &File, table: &Table, problems: &mut Vec<Problem>) {
    let Some((crate_name, _)) = file.in_crate_src() else {
        return;
    };
    if file.is_test() || table.cities.except_crates.iter().any(|name| name == crate_name) {
        return;
    }
    for (number, line) in file.lines_outside_tests() {
        let lower = line.to_lowercase();
        if let Some(name) = table
            .cities
            .names
            .iter()
            .find(|name| lower.contains(name.as_str()))
        {
            let what = format!("the code names a city (\"{name}\"), take the fact from its pack");
            problems.push(Problem::failure(&file.path, number, what));
        }
    }
}
