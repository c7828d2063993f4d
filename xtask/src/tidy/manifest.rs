//! The manifests of the workspace's crates, and the rules every one of them keeps.

use super::tree::{File, Tree};
use super::{Problem, Weight};

/// A crate's manifest with what the rules need of it.
pub(super) struct Manifest {
    /// Path of the manifest relative to the root.
    pub(super) path: String,
    /// Name of the package.
    pub(super) name: String,
    /// Every dependency of every kind.
    pub(super) dependencies: Vec<Dependency>,
    inherits_lints: bool,
}

/// One line of a dependency table.
pub(super) struct Dependency {
    /// Key in the table.
    pub(super) name: String,
    /// What it is needed for.
    pub(super) kind: Kind,
    /// Line in the manifest.
    pub(super) line: usize,
    value: toml::Value,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Dev,
    Build,
}

const SECTIONS: [(&str, Kind); 3] = [
    ("dependencies", Kind::Normal),
    ("dev-dependencies", Kind::Dev),
    ("build-dependencies", Kind::Build),
];

/// Reads `crates/*/Cargo.toml` and `xtask/Cargo.toml`; one that cannot be read is a problem.
pub(super) fn read_all(tree: &Tree, problems: &mut Vec<Problem>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for file in tree.files.iter().filter(|file| is_member(&file.path)) {
        match read(file) {
            Ok(manifest) => manifests.push(manifest),
            Err(what) => problems.push(Problem::failure(&file.path, 1, what)),
        }
    }
    manifests
}

fn is_member(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["xtask", "Cargo.toml"] | ["crates", _, "Cargo.toml"])
}

fn read(file: &File) -> Result<Manifest, String> {
    let table: toml::Table = file
        .text
        .parse()
        .map_err(|error: toml::de::Error| format!("not TOML, mend it: {}", error.message()))?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .ok_or("no [package] name, add it")?
        .to_owned();
    let mut dependencies = Vec::new();
    collect(file, "", &table, &mut dependencies);
    for (target, inner) in table
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
    {
        if let Some(inner) = inner.as_table() {
            collect(file, &format!("target.'{target}'."), inner, &mut dependencies);
        }
    }
    let inherits_lints =
        table.get("lints").and_then(|lints| lints.get("workspace")) == Some(&toml::Value::Boolean(true));
    Ok(Manifest {
        path: file.path.clone(),
        name,
        dependencies,
        inherits_lints,
    })
}

fn collect(file: &File, prefix: &str, table: &toml::Table, dependencies: &mut Vec<Dependency>) {
    for (section, kind) in SECTIONS {
        for (name, value) in table
            .get(section)
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            let line = line_of(file, &format!("{prefix}{section}"), name);
            dependencies.push(Dependency {
                name: name.clone(),
                kind,
                line,
                value: value.clone(),
            });
        }
    }
}

/// The line of `key` in `[section]`, or of `[section.key]`; the first line when neither is written plainly.
fn line_of(file: &File, section: &str, key: &str) -> usize {
    let plain = |text: &str| text.replace(['"', '\'', ' '], "");
    let section = plain(section);
    let mut current = String::new();
    for (number, line) in file.lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            // A target's `cfg(…)` may itself be quoted; without quotes and blanks the texts agree.
            current = plain(header);
            if current == format!("{section}.{key}") {
                return number;
            }
        } else if current == section {
            let name = plain(line.split('=').next().unwrap_or_default());
            if name == key || name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')) {
                return number;
            }
        }
    }
    1
}

/// Lints are inherited, versions and features stand in the root manifest only, and no crate is empty.
pub(super) fn check(manifests: &[Manifest], tree: &Tree, problems: &mut Vec<Problem>) {
    for manifest in manifests {
        let mut fail = |line: usize, what: String| {
            problems.push(Problem {
                path: manifest.path.clone(),
                line,
                what,
                weight: Weight::Failure,
            });
        };
        if !manifest.inherits_lints {
            fail(
                1,
                "the lint wall is not inherited, add `[lints]` with `workspace = true`".to_owned(),
            );
        }
        for dependency in &manifest.dependencies {
            if let Some(what) = fault_of(dependency) {
                fail(dependency.line, what);
            }
        }
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        let has_code = tree
            .files
            .iter()
            .filter(|file| file.path.starts_with(&format!("{folder}src/")) && file.ending() == "rs")
            .any(|file| file.lines().any(|(_, line)| is_code(line)));
        if !has_code {
            fail(
                1,
                format!(
                    "`{}` holds no code, write its first part or remove the crate",
                    manifest.name
                ),
            );
        }
        let folder_name = folder
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if folder_name != manifest.name {
            fail(
                1,
                format!(
                    "package `{}` lies in folder `{folder_name}`, give both one name",
                    manifest.name
                ),
            );
        }
    }
}

fn fault_of(dependency: &Dependency) -> Option<String> {
    let name = &dependency.name;
    let Some(table) = dependency.value.as_table() else {
        return Some(format!(
            "`{name}` states its own version, put it into the root manifest and write `{name}.workspace = true`"
        ));
    };
    if table.get("workspace") != Some(&toml::Value::Boolean(true)) {
        return Some(format!(
            "`{name}` does not come from the root manifest, declare it there and write `{name}.workspace = true`"
        ));
    }
    let extra = table
        .keys()
        .find(|key| !matches!(key.as_str(), "workspace" | "optional"))?;
    Some(format!(
        "`{name}` sets `{extra}` here, move it to the root manifest: other features build the engine twice"
    ))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//") && !line.starts_with("#!")
}
