//! The source files of the workspace, read once.

use std::path::Path;

use anyhow::Context;

/// Folders that hold no sources, wherever they occur.
const SKIPPED_FOLDERS: [&str; 4] = ["target", "node_modules", "dist", "qala-data"];
/// Hidden folders that do hold sources; every other one is skipped.
const HIDDEN_FOLDERS: [&str; 4] = [".ci", ".cargo", ".config", ".github"];
/// Files that people write, by the end of their name.
const ENDINGS: [&str; 12] = [
    "rs", "toml", "md", "sql", "sh", "ts", "js", "svelte", "css", "html", "yml", "yaml",
];
/// Files that people write and that have no ending.
const NAMES: [&str; 4] = ["Makefile", ".editorconfig", ".gitignore", "run"];
/// Folders whose files are kept byte for byte: recordings of feeds and golden output.
const KEPT_FOLDERS: [&str; 4] = ["samples", "golden", "fixtures", "snapshots"];
/// Folders whose files only tests read.
const TEST_FOLDERS: [&str; 6] = ["tests", "benches", "samples", "golden", "fixtures", "snapshots"];

/// Every text file that people write, with paths relative to the root.
pub(super) struct Tree {
    /// In order of path.
    pub(super) files: Vec<File>,
}

/// One text file.
pub(super) struct File {
    /// Relative to the root, with `/` between the parts.
    pub(super) path: String,
    /// The whole content.
    pub(super) text: String,
}

impl Tree {
    /// Reads the files under `root`.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The file at a path relative to the root.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The end of the name after its last dot, empty when there is none.
    pub(super) fn ending(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// The name without its ending.
    pub(super) fn stem(&self) -> &str {
        self.name().rsplit_once('.').map_or(self.name(), |(stem, _)| stem)
    }

    /// For `crates/<crate>/src/…`: the crate and the path below `src`.
    pub(super) fn in_crate_src(&self) -> Option<(&str, &str)> {
        let (name, below) = self.path.strip_prefix("crates/")?.split_once('/')?;
        Some((name, below.strip_prefix("src/")?))
    }

    /// Only tests read the file.
    pub(super) fn is_test(&self) -> bool {
        self.is_under(&TEST_FOLDERS)
            || self.name() == "tests.rs"
            || self.name().ends_with("_tests.rs")
            || self.name().starts_with("fixture")
    }

    /// The file is kept as it came: no rule about its text.
    pub(super) fn is_kept_as_is(&self) -> bool {
        self.is_under(&KEPT_FOLDERS)
    }

    fn is_under(&self, folders: &[&str]) -> bool {
        self.path
            .rsplit_once('/')
            .is_some_and(|(above, _)| above.split('/').any(|part| folders.contains(&part)))
    }

    /// Lines with their numbers from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Lines of a Rust file that are not inside an item under `#[cfg(test)]`; all lines of other files.
    pub(super) fn lines_outside_tests(&self) -> Vec<(usize, &str)> {
        if self.ending() != "rs" {
            return self.lines().collect();
        }
        let mut kept = Vec::new();
        let mut lines = self.lines();
        while let Some((number, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                skip_item(&mut lines, line.len() - line.trim_start().len());
            } else {
                kept.push((number, line));
            }
        }
        kept
    }
}

/// Goes past the item that follows an attribute: to its `;` or `,`, or to the brace that closes it, which
/// rustfmt puts at the indentation of the attribute.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, indentation: usize) {
    for (_, line) in lines {
        let own_indentation = line.len() - line.trim_start().len();
        let is_attribute = line.trim_start().starts_with("#[");
        let ends = line.ends_with([';', '}', ',']);
        if own_indentation == indentation && ends && !is_attribute {
            return;
        }
    }
}

fn walk(root: &Path, below: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    let folder = root.join(below);
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let is_hidden = name.starts_with('.') && !HIDDEN_FOLDERS.contains(&name.as_str());
            if !is_hidden && !SKIPPED_FOLDERS.contains(&name.as_str()) {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() && is_written_by_people(&name) {
            // A file that is not UTF-8 is a recording, whatever it is called.
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.push(File { path, text });
            }
        }
    }
    Ok(())
}

fn is_written_by_people(name: &str) -> bool {
    NAMES.contains(&name)
        || name
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}
