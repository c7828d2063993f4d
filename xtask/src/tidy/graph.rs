//! The crate graph: which crate may know which, and what each may never name.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;

use super::Problem;
use super::manifest::{Kind, Manifest};

/// `xtask/crates.toml`; its comments say what each field means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[serde(rename = "crate")]
    pub(super) crates: BTreeMap<String, Rules>,
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) lists: Lists,
    #[serde(default)]
    pub(super) cities: Cities,
}

/// The rules of one crate.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rules {
    level: Option<u8>,
    forbidden: Vec<String>,
    pub(super) forbidden_text: Vec<String>,
    tests_are_free: bool,
    tests_know: Vec<String>,
}

/// Crates whose folders are a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    pub(super) crates: Vec<String>,
}

/// Names that only packs may know.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cities {
    pub(super) names: Vec<String>,
    pub(super) except_crates: Vec<String>,
}

impl Table {
    /// The table of this workspace.
    pub(super) fn built_in() -> anyhow::Result<Self> {
        toml::from_str(include_str!("../../crates.toml")).context("xtask/crates.toml cannot be read")
    }
}

/// Every edge between crates goes to a lower level; no crate names what it must never know.
pub(super) fn check(manifests: &[Manifest], table: &Table, problems: &mut Vec<Problem>) {
    for manifest in manifests {
        let Some(rules) = table.crates.get(&manifest.name) else {
            let what = format!(
                "`{}` is not in xtask/crates.toml, give it a level there (a new edge of the graph needs an ADR)",
                manifest.name
            );
            problems.push(Problem::failure(&manifest.path, 1, what));
            continue;
        };
        for dependency in &manifest.dependencies {
            let is_ours = manifests.iter().any(|other| other.name == dependency.name);
            let is_known = dependency.kind == Kind::Dev && rules.tests_know.contains(&dependency.name);
            let what = if is_known {
                None
            } else if is_ours || table.crates.contains_key(&dependency.name) {
                fault_of_edge(manifest, rules, &dependency.name, table)
            } else if dependency.kind == Kind::Dev && rules.tests_are_free {
                None
            } else {
                fault_of_outside_crate(manifest, rules, &dependency.name, table)
            };
            if let Some(what) = what {
                problems.push(Problem::failure(&manifest.path, dependency.line, what));
            }
        }
    }
}

fn fault_of_edge(manifest: &Manifest, rules: &Rules, to: &str, table: &Table) -> Option<String> {
    let from = &manifest.name;
    let to_level = table.crates.get(to).and_then(|rules| rules.level);
    match (rules.level, to_level) {
        (Some(own), Some(other)) if other < own => None,
        (Some(own), Some(other)) => Some(format!(
            "`{from}` (level {own}) must not know `{to}` (level {other}): move the shared part to a lower level, or tie them in a higher one"
        )),
        (None, _) => Some(format!(
            "`{from}` stands alone and must not know `{to}`, remove the dependency"
        )),
        (Some(_), None) => Some(format!(
            "`{to}` stands alone, `{from}` must not know it, remove the dependency"
        )),
    }
}

fn fault_of_outside_crate(manifest: &Manifest, rules: &Rules, to: &str, table: &Table) -> Option<String> {
    let from = &manifest.name;
    if rules.forbidden.iter().any(|pattern| matches(pattern, to)) {
        return Some(format!(
            "`{from}` must never know `{to}` (docs/ARCHITECTURE.md), do this work in a crate that may"
        ));
    }
    let (_, owners) = table.only.iter().find(|(pattern, _)| matches(pattern, to))?;
    if owners.contains(from) {
        return None;
    }
    Some(format!(
        "only {} may know `{to}`, go through it",
        owners.join(" and ")
    ))
}

/// Whether a crate's name fits a pattern; `*` at the end stands for any rest.
fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |prefix| name.starts_with(prefix))
}
