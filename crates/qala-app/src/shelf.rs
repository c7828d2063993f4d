//! Mappings and datasets that an office saved for its own files.
//!
//! They lie beside what comes with the program: in the pack when it is a folder (`import/`, `datasets/`), else in the data
//! directory (`mappings/`, `datasets/`). What belongs here: where they are, which file they are taken for. What does not:
//! how they are proposed.

use std::path::{Path, PathBuf};

use qala_core::spec::{DatasetSpec, Mapping, TakenFor};
use qala_feeds::OWN;

use crate::content::Content;
use crate::error::{AppError, Result};

/// A mapping that was saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub mapping: Mapping,
    /// The same as text.
    pub text: String,
}

/// The folders with saved mappings and datasets.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The first one is written to.
    folders: Vec<[PathBuf; 2]>,
}

impl Shelf {
    /// The folders of a data directory and a pack.
    pub fn new(data: &Path, pack: &str) -> Self {
        let mut folders = vec![[data.join("mappings"), data.join("datasets")]];
        let pack = Path::new(pack);
        if pack.join("city.toml").is_file() {
            folders.insert(0, [pack.join("import"), pack.join("datasets")]);
        }
        Self { folders }
    }

    /// What was saved in a data directory: names below it and bytes, for a backup.
    ///
    /// # Errors
    /// IO.
    pub(crate) fn files(data: &Path) -> Result<Vec<(String, Vec<u8>)>> {
        let shelf = Self::new(data, "");
        let mut files = Vec::new();
        for (kind, folder) in ["mappings", "datasets"].into_iter().enumerate() {
            for (path, text) in shelf.texts(kind)? {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                files.push((format!("{folder}/{name}"), text.into_bytes()));
            }
        }
        Ok(files)
    }

    /// Every dataset: the program's and the office's own.
    ///
    /// # Errors
    /// A spec that is wrong, or has the name of another one.
    pub fn datasets(&self) -> Result<Vec<DatasetSpec>> {
        let mut all = Content::datasets()?;
        for (path, text) in self.texts(1)? {
            let spec = DatasetSpec::from_toml(&path.display().to_string(), &text)?;
            if all.iter().any(|known| known.name == spec.name) {
                return Err(AppError::Usage(format!(
                    "{}: there is a dataset `{}` already; give this one another name",
                    path.display(),
                    spec.name
                )));
            }
            all.push(spec);
        }
        Ok(all)
    }

    /// The saved mappings, by name.
    ///
    /// # Errors
    /// A mapping that is wrong.
    pub fn mappings(&self) -> Result<Vec<Saved>> {
        let read = |(path, text): (PathBuf, String)| {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let mapping = Mapping::from_toml(&path.display().to_string(), &text)?;
            Ok(Saved {
                name,
                path,
                mapping,
                text,
            })
        };
        self.texts(0)?.into_iter().map(read).collect()
    }

    /// The mapping for a file: one that was saved for its name, the program's own for its name, one that was saved for its
    /// columns. `columns` is asked only when the name tells nothing.
    ///
    /// # Errors
    /// A mapping that is wrong.
    pub fn mapping_for(
        &self,
        stem: &str,
        columns: impl FnOnce() -> Vec<String>,
    ) -> Result<Option<(Mapping, String)>> {
        let saved = self.mappings()?;
        let is_named = |saved: &&Saved| {
            saved.name == stem
                || saved
                    .mapping
                    .taken_for
                    .as_ref()
                    .is_some_and(|taken| taken.is_named(stem))
        };
        if let Some(found) = saved.iter().find(is_named) {
            return Ok(Some((found.mapping.clone(), found.text.clone())));
        }
        if let Some(found) = Content::mapping(stem)? {
            return Ok(Some(found));
        }
        if saved.iter().all(|saved| saved.mapping.taken_for.is_none()) {
            return Ok(None);
        }
        let columns = columns();
        let has_header = |saved: &&Saved| {
            saved
                .mapping
                .taken_for
                .as_ref()
                .is_some_and(|taken| taken.has_header(&columns))
        };
        let found = saved.iter().find(has_header);
        Ok(found.map(|found| (found.mapping.clone(), found.text.clone())))
    }

    /// Saves a mapping, and the new dataset it fills; answers with the files that were written. Those of the same name are
    /// replaced, except that rows which are there keep the dataset they are in: a spec may change its titles only.
    ///
    /// # Errors
    /// IO; a spec whose name is taken, or that changes a dataset which is in use.
    pub fn save(
        &self,
        name: &str,
        mapping: &str,
        dataset: Option<(&DatasetSpec, &str)>,
    ) -> Result<Vec<PathBuf>> {
        let [mappings, _] = &self.folders[0];
        let mut written = Vec::new();
        if let Some((spec, text)) = dataset {
            written.push(self.save_dataset(spec, text)?);
        }
        written.push(write(&mappings.join(format!("{name}.toml")), mapping)?);
        Ok(written)
    }

    /// Saves a dataset of the office's own; answers with its file.
    ///
    /// # Errors
    /// As for [`Self::save`].
    pub(crate) fn save_dataset(&self, spec: &DatasetSpec, text: &str) -> Result<PathBuf> {
        let [_, datasets] = &self.folders[0];
        if spec.subject != OWN {
            return Err(AppError::Usage(format!(
                "{}: the subject of a dataset of your own is `{OWN}`",
                spec.name
            )));
        }
        let known = self.datasets()?.into_iter().find(|known| known.name == spec.name);
        if known.is_some_and(|known| shape(&known) != shape(spec)) {
            return Err(AppError::Usage(format!(
                "there is a dataset `{}` with other columns already; name another with --new=NAME, or fill it with --dataset {}",
                spec.name, spec.name
            )));
        }
        write(&datasets.join(format!("{}.toml", spec.name)), text)
    }

    /// A mapping that somebody wrote, as it is saved for files like this one: what it is taken for is added where it is not
    /// said.
    ///
    /// # Errors
    /// What has no form in TOML.
    pub fn for_files_like(mapping: &Mapping, text: &str, stem: &str, columns: &[String]) -> Result<String> {
        if mapping.taken_for.is_some() {
            return Ok(text.to_owned());
        }
        let only = Mapping {
            taken_for: Some(taken_for(stem, if mapping.header { columns } else { &[] })),
            ..Mapping::default()
        };
        Ok(format!("{}\n{}", text.trim_end(), only.to_toml()?))
    }

    /// Removes a saved mapping; what it filled stays.
    ///
    /// # Errors
    /// There is none of that name; IO.
    pub fn remove(&self, name: &str) -> Result<PathBuf> {
        let found = self.mappings()?.into_iter().find(|saved| saved.name == name);
        let Some(saved) = found else {
            return Err(AppError::Usage(format!("there is no saved mapping `{name}`")));
        };
        std::fs::remove_file(&saved.path)
            .map_err(AppError::io(format!("remove {}", saved.path.display())))?;
        Ok(saved.path)
    }

    /// Texts of one kind of folder; of two with the same name the first one counts.
    fn texts(&self, kind: usize) -> Result<Vec<(PathBuf, String)>> {
        let mut found: Vec<(PathBuf, String)> = Vec::new();
        for folder in self.folders.iter().map(|pair| &pair[kind]) {
            if !folder.is_dir() {
                continue;
            }
            let io = || AppError::io(format!("read {}", folder.display()));
            let mut paths = Vec::new();
            for entry in std::fs::read_dir(folder).map_err(io())? {
                paths.push(entry.map_err(io())?.path());
            }
            paths.sort();
            for path in paths
                .into_iter()
                .filter(|path| path.extension().is_some_and(|end| end == "toml"))
            {
                if found
                    .iter()
                    .all(|(known, _)| known.file_name() != path.file_name())
                {
                    let text = std::fs::read_to_string(&path).map_err(io())?;
                    found.push((path, text));
                }
            }
        }
        Ok(found)
    }
}

/// What of a dataset must not change while it has rows.
pub(crate) fn shape(spec: &DatasetSpec) -> DatasetSpec {
    let mut shape = spec.clone();
    shape.title = qala_core::Text::default();
    shape.description = None;
    for column in &mut shape.columns {
        column.title = qala_core::Text::default();
    }
    shape
}

fn write(path: &Path, text: &str) -> Result<PathBuf> {
    let io = || AppError::io(format!("write {}", path.display()));
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(io())?;
    std::fs::write(path, text).map_err(io())?;
    Ok(path.to_owned())
}

/// The file names for which a mapping is taken that was made for `stem`: dates and numbers in it may change.
pub(crate) fn taken_for(stem: &str, columns: &[String]) -> TakenFor {
    let mut name = String::new();
    for c in stem.chars() {
        if !c.is_ascii_digit() {
            // What stands between two numbers is part of a date.
            let is_between = name.ends_with('*') && "-_. ".contains(c);
            if !is_between {
                name.push(c);
            }
        } else if !name.ends_with('*') {
            name.push('*');
        }
    }
    let is_telling = name.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    TakenFor {
        names: is_telling.then_some(name).into_iter().collect(),
        header: columns
            .iter()
            .filter(|column| !column.is_empty())
            .cloned()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_next_month_is_meant_too() {
        let columns = ["a".to_owned(), String::new()];
        for (stem, name) in [
            ("gardens", Some("gardens")),
            ("gardens_2026-03", Some("gardens_*")),
            ("2026-03-01 gardens v2", Some("*gardens v*")),
            ("2026", None),
        ] {
            let taken = taken_for(stem, &columns);
            assert_eq!(taken.names.first().map(String::as_str), name, "{stem}");
            assert_eq!(taken.header, ["a"]);
            assert!(taken.names.is_empty() || taken.is_named(stem), "{stem}");
        }
    }
}
