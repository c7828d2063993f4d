//! What comes with the program: datasets, indicators, runs of models, alarm rules, packs. Embedded, so that one file starts anywhere.

use std::path::Path;

use qala_core::spec::{
    AlarmSpec, DatasetSpec, FeedSpec, IndicatorSpec, Mapping, NoticeSpec, ProcedureSpec, QueryParts, RunSpec,
};
use rust_embed::RustEmbed;

use crate::error::{AppError, Result};

#[derive(RustEmbed)]
#[folder = "../../datasets"]
struct Datasets;

#[derive(RustEmbed)]
#[folder = "../../indicators"]
struct Indicators;

#[derive(RustEmbed)]
#[folder = "../../runs"]
struct Runs;

#[derive(RustEmbed)]
#[folder = "../../alarms"]
struct AlarmRules;

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

/// The specs in a folder and the folders below it.
fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    let io = || AppError::io(format!("read the pack in {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(io())? {
        let path = entry.map_err(io())?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            read_folder(&path, &format!("{prefix}{name}/"), files)?;
        } else if name.ends_with(".toml") {
            files.push((
                format!("{prefix}{name}"),
                std::fs::read_to_string(&path).map_err(io())?,
            ));
        }
    }
    Ok(())
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

    /// All indicator specs, by id. The files in folders `parts` are what they share.
    ///
    /// # Errors
    /// The first spec that is wrong.
    pub fn indicators() -> Result<Vec<IndicatorSpec>> {
        let (shared, files): (Vec<_>, Vec<_>) = texts::<Indicators>()
            .into_iter()
            .partition(|(path, _)| path.contains("/parts/"));
        let parts: QueryParts = shared
            .into_iter()
            .filter_map(|(path, text)| {
                let stem = Path::new(&path).file_stem()?.to_str()?;
                Some((stem.to_owned(), text))
            })
            .collect();
        let mut specs: Vec<IndicatorSpec> = files
            .iter()
            .map(|(path, text)| Ok(IndicatorSpec::from_sql(path, text, &parts)?))
            .collect::<Result<_>>()?;
        specs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(specs)
    }

    /// All scheduled runs of models, by id.
    ///
    /// # Errors
    /// The first spec that is wrong; a file that does not lie where its id says.
    pub fn runs() -> Result<Vec<RunSpec>> {
        let mut specs = Vec::new();
        for (path, text) in texts::<Runs>() {
            let spec = RunSpec::from_toml(&path, &text)?;
            if path != format!("{}.toml", spec.id.as_str().replace('.', "/")) {
                return Err(AppError::Usage(format!(
                    "runs/{path} holds the run `{}`: the file is named after the id",
                    spec.id
                )));
            }
            specs.push(spec);
        }
        specs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(specs)
    }

    /// The alarm rules: those of the program, and those in the folder `alarms` of a pack, which replace others of the same id.
    ///
    /// # Errors
    /// The first spec that is wrong; a file that does not lie where its id says; a pack that does not exist.
    pub fn alarms(pack: &str) -> Result<Vec<AlarmSpec>> {
        let own = Self::pack(pack)?.into_iter();
        let own = own.filter_map(|(path, text)| Some((path.strip_prefix("alarms/")?.to_owned(), text)));
        let mut specs = std::collections::BTreeMap::new();
        for (path, text) in texts::<AlarmRules>().into_iter().chain(own) {
            let spec = AlarmSpec::from_toml(&path, &text)?;
            if path != format!("{}.toml", spec.id.as_str().replace('.', "/")) {
                return Err(AppError::Usage(format!(
                    "alarms/{path} holds the rule `{}`: the file is named after the id",
                    spec.id
                )));
            }
            specs.insert(spec.id.clone(), spec);
        }
        Ok(specs.into_values().collect())
    }

    /// Who is told of alarms in a city: `alarms.toml` of its pack.
    ///
    /// # Errors
    /// A spec that is wrong; a pack that does not exist.
    pub fn notice(pack: &str) -> Result<NoticeSpec> {
        match Self::pack(pack)?.iter().find(|(path, _)| path == "alarms.toml") {
            Some((path, text)) => Ok(NoticeSpec::from_toml(path, text)?),
            None => Ok(NoticeSpec::default()),
        }
    }

    /// Names of the city packs.
    pub fn packs() -> Vec<String> {
        let mut names: Vec<String> = Packs::iter()
            .filter_map(|p| Some(p.strip_suffix("/city.toml")?.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// The files of a pack, by name below the pack's folder. `name` is a pack of the program, or a folder with a
    /// `city.toml`.
    ///
    /// # Errors
    /// A pack that does not exist; a folder that cannot be read.
    pub fn pack(name: &str) -> Result<Vec<(String, String)>> {
        let folder = Path::new(name);
        if folder.join("city.toml").is_file() {
            let mut files = Vec::new();
            read_folder(folder, "", &mut files)?;
            files.sort();
            return Ok(files);
        }
        let prefix = format!("{name}/");
        let files: Vec<(String, String)> = texts::<Packs>()
            .into_iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?.to_owned(), text)))
            .collect();
        if files.is_empty() {
            return Err(AppError::Usage(format!(
                "there is no pack `{name}`; there are: {}, or give a folder with a city.toml",
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

    /// The procedures of a pack, by id.
    ///
    /// # Errors
    /// The first spec that is wrong; a file that is not named after its id; a pack that does not exist.
    pub fn procedures(pack: &str) -> Result<Vec<ProcedureSpec>> {
        let mut specs = Vec::new();
        for (path, text) in Self::pack(pack)? {
            let Some(name) = path.strip_prefix("procedures/") else {
                continue;
            };
            let spec = ProcedureSpec::from_toml(&path, &text)?;
            if name != format!("{}.toml", spec.id) {
                return Err(AppError::Usage(format!(
                    "{path} holds the procedure `{}`: the file is named after the id",
                    spec.id
                )));
            }
            specs.push(spec);
        }
        specs.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(specs)
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
