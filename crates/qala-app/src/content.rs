//! What comes with the program: datasets, indicators, packs. Embedded, so that one file starts anywhere.

use qala_core::spec::{DatasetSpec, FeedSpec, IndicatorSpec, Mapping};
use rust_embed::RustEmbed;

use crate::error::{AppError, Result};

#[derive(RustEmbed)]
#[folder = "../../datasets"]
struct Datasets;

#[derive(RustEmbed)]
#[folder = "../../indicators"]
struct Indicators;

#[derive(RustEmbed)]
#[folder = "../../packs"]
struct Packs;

/// The specs among embedded files, by path.
fn texts<E: RustEmbed>() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = E::iter()
        .filter(|path| path.ends_with(".toml") || path.ends_with(".sql"))
        .filter_map(|path| {
            let file = E::get(&path)?;
            Some((
                path.into_owned(),
                String::from_utf8_lossy(&file.data).into_owned(),
            ))
        })
        .collect();
    files.sort();
    files
}

/// The embedded files.
#[derive(Debug, Clone, Copy)]
pub struct Content;

impl Content {
    /// All dataset specs.
    ///
    /// # Errors
    /// The first spec that is wrong.
    pub fn datasets() -> Result<Vec<DatasetSpec>> {
        texts::<Datasets>()
            .iter()
            .map(|(path, text)| Ok(DatasetSpec::from_toml(path, text)?))
            .collect()
    }

    /// All indicator specs, by id.
    ///
    /// # Errors
    /// The first spec that is wrong.
    pub fn indicators() -> Result<Vec<IndicatorSpec>> {
        let mut specs: Vec<IndicatorSpec> = texts::<Indicators>()
            .iter()
            .map(|(path, text)| Ok(IndicatorSpec::from_sql(path, text)?))
            .collect::<Result<_>>()?;
        specs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(specs)
    }

    /// Names of the city packs.
    pub fn packs() -> Vec<String> {
        let mut names: Vec<String> = Packs::iter()
            .filter_map(|p| Some(p.strip_suffix("/city.toml")?.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// The files of a pack, by name below the pack's folder.
    ///
    /// # Errors
    /// A pack that does not exist.
    pub fn pack(name: &str) -> Result<Vec<(String, String)>> {
        let prefix = format!("{name}/");
        let files: Vec<(String, String)> = texts::<Packs>()
            .into_iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?.to_owned(), text)))
            .collect();
        if files.is_empty() {
            return Err(AppError::Usage(format!(
                "there is no pack `{name}`; there are: {}",
                Self::packs().join(", ")
            )));
        }
        Ok(files)
    }

    /// The feeds of a pack.
    ///
    /// # Errors
    /// The first spec that is wrong; a pack that does not exist.
    pub fn feeds(pack: &str) -> Result<Vec<FeedSpec>> {
        Self::pack(pack)?
            .iter()
            .filter(|(path, _)| path.starts_with("feeds/"))
            .map(|(path, text)| Ok(FeedSpec::from_toml(path, text)?))
            .collect()
    }

    /// A ready-made mapping for a file of that stem, with its text.
    ///
    /// # Errors
    /// A mapping that is wrong.
    pub fn mapping(stem: &str) -> Result<Option<(Mapping, String)>> {
        let path = format!("import/{stem}.toml");
        match Packs::get(&path) {
            Some(file) => {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                Ok(Some((Mapping::from_toml(&path, &text)?, text)))
            }
            None => Ok(None),
        }
    }
}
