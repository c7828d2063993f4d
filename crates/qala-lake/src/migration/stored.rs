//! The specs by which a data directory was written: `specs/<dataset>.v<version>`, and whether a version was carried over.
//!
//! A file holds the lines that must not change within a version, a line `---`, and the whole spec as JSON.

use std::collections::HashSet;

use qala_core::spec::{DatasetSpec, OldRows};
use qala_disk::{Disk, write_atomic};

use super::plan::Plan;
use crate::error::{LakeError, Result};

const LINE: &str = "---\n";

fn path(dataset: &str, version: u32) -> String {
    format!("specs/{dataset}.v{version}")
}

/// The file that says that everything of the versions before is in this one.
pub(super) fn marker(dataset: &str, version: u32) -> String {
    format!("specs/{dataset}.v{version}.carried")
}

/// What must not change within a version of a dataset.
fn fixed_part(spec: &DatasetSpec) -> String {
    let column = |c: &qala_core::spec::Column| {
        format!(
            "{} {:?} {:?} {}",
            c.name,
            c.kind,
            c.scale,
            c.unit.map(|u| u.symbol()).unwrap_or_default()
        )
    };
    let quantity =
        |(name, q): (&String, &qala_core::spec::Quantity)| format!("quantity {name} {}", q.unit.symbol());
    let mut lines = vec![
        format!("kind {:?}", spec.kind),
        format!("key {}", spec.key.join(",")),
    ];
    lines.push(format!("zone {}", spec.zone));
    lines.extend(spec.columns.iter().map(column));
    lines.extend(spec.quantities.iter().map(quantity));
    lines.join("\n") + "\n"
}

fn error(spec: &DatasetSpec, message: String) -> LakeError {
    LakeError::Spec {
        dataset: spec.name.to_string(),
        message,
    }
}

fn read(disk: &dyn Disk, path: &str) -> Result<Option<String>> {
    match disk.read(path) {
        Ok(text) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(LakeError::io(format!("read {path}"))(e)),
    }
}

/// Compares a spec with the one its rows were written by; columns and quantities may be added, nothing else changed.
///
/// # Errors
/// [`LakeError::Spec`] for what was changed; IO.
pub(crate) fn check_spec(disk: &dyn Disk, spec: &DatasetSpec) -> Result<()> {
    let path = path(spec.name.as_str(), spec.version);
    let fixed = fixed_part(spec);
    let whole = serde_json::to_string(spec).map_err(|e| error(spec, e.to_string()))?;
    let now = format!("{fixed}{LINE}{whole}\n");
    if let Some(stored) = read(disk, &path)? {
        let before = stored.split(LINE).next().unwrap_or_default();
        let known: HashSet<&str> = fixed.lines().collect();
        if let Some(lost) = before.lines().find(|l| !known.contains(l)) {
            return Err(error(
                spec,
                format!(
                    "`{lost}` was changed or removed in version {}; give the spec a new version and say in \
                     `[from_previous]` how old rows map to it",
                    spec.version
                ),
            ));
        }
        if stored == now {
            return Ok(());
        }
    } else {
        disk.create_dir_all("specs")
            .and_then(|()| disk.sync_dir(""))
            .map_err(LakeError::io("create folder specs"))?;
    }
    write_atomic(disk, &path, now.as_bytes()).map_err(LakeError::io(format!("write {path}")))
}

/// Versions of a dataset that a data directory knows.
fn versions(disk: &dyn Disk, dataset: &str) -> Result<Vec<u32>> {
    let entries = match disk.list("specs") {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(LakeError::io("list specs"))?,
    };
    let number = |name: &str| name.strip_prefix(dataset)?.strip_prefix(".v")?.parse().ok();
    let mut versions: Vec<u32> = entries.iter().filter_map(|e| number(&e.name)).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// How the rows of the version before become rows of `spec`; `None` when there are none, or all are there.
///
/// # Errors
/// [`LakeError::Spec`] when the spec does not say it, or says it wrongly; IO.
pub(super) fn plan(disk: &dyn Disk, spec: &DatasetSpec) -> Result<Option<Plan>> {
    let name = spec.name.as_str();
    let versions = versions(disk, name)?;
    if let Some(newer) = versions.iter().find(|v| **v > spec.version) {
        return Err(error(
            spec,
            format!(
                "its rows are of version {newer}, the spec is version {}; use the newer spec",
                spec.version
            ),
        ));
    }
    let Some(before) = versions.iter().copied().filter(|v| *v < spec.version).max() else {
        return Ok(None);
    };
    let previous = spec.from_previous.as_ref();
    let is_left = previous.is_some_and(|p| p.rows == OldRows::Leave);
    if is_left || read(disk, &marker(name, spec.version))?.is_some() {
        return Ok(None);
    }
    let stored = read(disk, &path(name, before))?.unwrap_or_default();
    let old = stored
        .split_once(LINE)
        .and_then(|(_, json)| serde_json::from_str::<DatasetSpec>(json).ok())
        .ok_or_else(|| {
            let message =
                format!("start once with the spec of version {before}, so that its columns are noted");
            error(spec, message)
        })?;
    let is_unfinished = versions.iter().any(|v| *v < before) && read(disk, &marker(name, before))?.is_none();
    let was_left = old
        .from_previous
        .as_ref()
        .is_some_and(|p| p.rows == OldRows::Leave);
    if before + 1 != spec.version || (is_unfinished && !was_left) {
        let next = if before + 1 == spec.version {
            before
        } else {
            before + 1
        };
        return Err(error(
            spec,
            format!(
                "its rows are of version {before} and the spec is version {}; start once with version {next} of the spec",
                spec.version
            ),
        ));
    }
    Plan::new(old, spec).map(Some)
}
