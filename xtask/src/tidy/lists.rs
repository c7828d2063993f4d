//! Lists that must be complete, and names that must be unique.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::graph::Table;
use super::tree::{File, Tree};

/// Folders of listed crates are in their list; indicators and datasets have names of their own.
pub(super) fn check(tree: &Tree, table: &Table, problems: &mut Vec<Problem>) {
    for crate_name in &table.lists.crates {
        complete(tree, crate_name, problems);
    }
    unique(tree, "indicators/", "sql", "indicator", problems);
    unique(tree, "datasets/", "toml", "dataset", problems);
    unique(tree, "alarms/", "toml", "alarm rule", problems);
}

/// Every folder of code under `src/` has its two lines in `lib.rs`: `mod folder` and an entry with `folder::`.
fn complete(tree: &Tree, crate_name: &str, problems: &mut Vec<Problem>) {
    let lib_path = format!("crates/{crate_name}/src/lib.rs");
    let Some(lib) = tree.file(&lib_path) else { return };
    let code: Vec<&str> = lib
        .lines()
        .map(|(_, line)| line.trim())
        .filter(|line| !line.starts_with("//"))
        .collect();
    for folder in folders(tree, crate_name) {
        let is_declared = code.iter().any(|line| declares(line, folder));
        let is_listed = code.iter().any(|line| names(line, folder));
        if !is_declared {
            let what = format!("folder src/{folder} is not compiled, add `mod {folder};`");
            problems.push(Problem::failure(&lib_path, 1, what));
        }
        if !is_listed {
            let what = format!("folder src/{folder} is not in the list, add its entry `{folder}::…`");
            problems.push(Problem::failure(&lib_path, 1, what));
        }
    }
}

/// Names of the folders directly under `src/` that hold code of the crate.
fn folders<'a>(tree: &'a Tree, crate_name: &str) -> BTreeSet<&'a str> {
    let in_crate = |file: &'a File| {
        let (name, below) = file.in_crate_src()?;
        let (folder, _) = below.split_once('/')?;
        (name == crate_name && file.ending() == "rs" && !file.is_test()).then_some(folder)
    };
    tree.files.iter().filter_map(in_crate).collect()
}

/// The line declares the module.
fn declares(line: &str, folder: &str) -> bool {
    line.split_once("mod ")
        .is_some_and(|(_, rest)| rest.trim_end_matches([';', '{', ' ']) == folder)
}

/// The line names a path that begins with the module.
fn names(line: &str, folder: &str) -> bool {
    let path = format!("{folder}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    })
}

fn unique(tree: &Tree, folder: &str, ending: &str, noun: &str, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(folder) && file.ending() == ending)
    {
        let name = name_of(file);
        if let Some(first) = seen.insert(name.clone(), &file.path) {
            let what = format!("{noun} `{name}` is already in {first}, give one of them another name");
            problems.push(Problem::failure(&file.path, 1, what));
        }
    }
}

/// The name a file states with its version, or else the stem of the file.
fn name_of(file: &File) -> String {
    let table: Option<toml::Table> = if file.ending() == "toml" {
        file.text.parse().ok()
    } else {
        None
    };
    let Some(table) = table else {
        return file.stem().to_owned();
    };
    let stated = ["name", "id"].iter().find_map(|key| table.get(*key)?.as_str());
    let version = table
        .get("version")
        .map(|version| format!(" version {version}"))
        .unwrap_or_default();
    format!("{}{version}", stated.unwrap_or(file.stem()))
}
