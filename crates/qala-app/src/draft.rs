//! A mapping on its way from an offer to an import: edited by somebody, tried, kept, used. The command line and the page do
//! it by these.
//!
//! What belongs here: what may be edited, and in which order things are kept. What does not: how an offer is made (`offer`),
//! where files lie (`shelf`).

use std::path::PathBuf;
use std::sync::Arc;

use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, FeedId};
use qala_feeds::{OWN, Trial, kind, spec_toml, try_out};
use qala_lake::Outcome;

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Import, Payload, Progress, blocking};
use crate::offer::{Look, Offer, Site, Target, offer, saved_name};
use crate::shelf::{Shelf, taken_for};

/// The name of a file up to its first dot: what a mapping is saved for, and what its feed is called after.
pub fn stem_of(name: &str) -> String {
    let name = name
        .trim_end_matches('/')
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(name);
    let name = name.split('?').next().unwrap_or(name);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// The feed of a file that somebody brings. A file may be called as people like; a feed may not.
///
/// # Errors
/// A name of which no id can be made.
pub fn feed_of(stem: &str) -> Result<FeedId> {
    FeedId::new(stem)
        .or_else(|_| FeedId::new(saved_name(stem)))
        .map_err(|error| AppError::Usage(error.to_string()))
}

/// Refuses what would bring nothing in.
///
/// # Errors
/// Not one row would be accepted.
pub(crate) fn worth_keeping(file: &str, trial: &Trial) -> Result<()> {
    if trial.accepted > 0 {
        return Ok(());
    }
    let why = trial
        .first
        .first()
        .map(|problem| format!(": {}", problem.message))
        .unwrap_or_default();
    Err(AppError::Usage(format!(
        "{file}: not one row would be accepted{why}; nothing was kept"
    )))
}

impl Offer {
    /// Keeps the offer for files like this one; answers with the files that were written.
    ///
    /// # Errors
    /// Not one row would be accepted; [`Shelf::save`]'s.
    pub fn keep(&self, shelf: &Shelf, file: &str) -> Result<Vec<PathBuf>> {
        worth_keeping(file, &self.trial)?;
        let own = self
            .proposal
            .dataset
            .as_ref()
            .map(|(spec, text)| (spec, text.as_str()));
        shelf.save(&self.name, &self.mapping, own)
    }
}

/// What is offered for a file that somebody brings.
#[derive(Debug)]
pub struct Brought {
    /// The offer; its mapping is the saved one where files like this were brought before.
    pub offer: Offer,
    /// True when it is the saved one.
    pub is_known: bool,
    /// The feed that the file would be of.
    pub feed: FeedId,
    /// When the same bytes were taken in before.
    pub came_before: Option<String>,
}

/// A mapping as somebody edited it, and the dataset it fills where that is a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Import kind.
    pub kind: String,
    /// The mapping.
    pub mapping: Mapping,
    /// The new dataset.
    pub dataset: Option<DatasetSpec>,
}

/// What came of an import by a draft.
#[derive(Debug)]
pub struct BroughtIn {
    /// The feed of the rows.
    pub feed: FeedId,
    /// The dataset that was filled.
    pub dataset: DatasetName,
    /// Names of the files that were kept.
    pub kept: Vec<String>,
    /// What became of the rows.
    pub outcome: Outcome,
}

/// A draft that was looked through.
struct Sound {
    mapping: Mapping,
    /// The new dataset and its text.
    own: Option<(DatasetSpec, String)>,
    datasets: Vec<DatasetSpec>,
    dataset: DatasetName,
}

impl Draft {
    /// Looks the draft through: the dataset is there or can be made, and the mapping can be read back.
    fn sound(&self, shelf: &Shelf, payload: &Payload) -> Result<Sound> {
        let mut datasets = shelf.datasets()?;
        let file = payload.name();
        let own = match &self.dataset {
            Some(spec) => {
                let known = datasets.iter().find(|known| known.name == spec.name);
                if known.is_some_and(|known| crate::shelf::shape(known) != crate::shelf::shape(spec)) {
                    return Err(AppError::Usage(format!(
                        "there is a dataset `{}` with other columns already; give the new one another name, or fill that one",
                        spec.name
                    )));
                }
                Some((spec.clone(), own_text(spec, &file)?))
            }
            None => None,
        };
        if let Some((spec, _)) = &own {
            datasets.retain(|known| known.name != spec.name);
            datasets.push(spec.clone());
        }
        let Some(dataset) = self.mapping.dataset.clone() else {
            return Err(AppError::Usage(
                "say which dataset the file fills: `dataset` of the mapping".into(),
            ));
        };
        let Some(target) = datasets.iter().find(|spec| spec.name == dataset) else {
            return Err(AppError::Usage(format!("there is no dataset `{dataset}`")));
        };
        if target.internal {
            return Err(AppError::Usage(format!(
                "`{dataset}` is written by the program itself and takes no imports; choose another one"
            )));
        }
        let mut names = self.mapping.columns.keys();
        if let Some(name) = names.find(|name| target.column(name).is_none()) {
            return Err(AppError::Usage(format!(
                "`{dataset}` has no column `{name}`; choose one that it has, or leave it out"
            )));
        }
        if let Some((spec, _)) = &own
            && spec.name != dataset
        {
            return Err(AppError::Usage(format!(
                "the new dataset is `{}`, the mapping fills `{dataset}`; they must be the same",
                spec.name
            )));
        }
        Ok(Sound {
            mapping: self.mapping.clone(),
            own,
            datasets,
            dataset,
        })
    }

    fn trial(&self, sound: &Sound, site: &Site, payload: &Payload) -> Result<Trial> {
        let parser = kind(&self.kind)
            .filter(|_| matches!(self.kind.as_str(), "table" | "geojson"))
            .ok_or_else(|| AppError::Usage(format!("no mapping is edited for the kind `{}`", self.kind)))?;
        let look = Look { payload, site };
        look.at(None, &sound.datasets, &sound.mapping, |input, context| {
            try_out(parser, input, context, site.bounds)
        })
    }

    /// What an import by it would give. Nothing is kept.
    ///
    /// # Errors
    /// A draft that makes no sense; a payload that cannot be opened.
    pub fn try_out(&self, shelf: &Shelf, site: &Site, payload: &Payload) -> Result<Trial> {
        let sound = self.sound(shelf, payload)?;
        self.trial(&sound, site, payload)
    }
}

/// The text of a new dataset, from which the same one is read again.
fn own_text(spec: &DatasetSpec, file: &str) -> Result<String> {
    let name = spec.name.as_str();
    if !name.starts_with(&format!("{OWN}_")) || spec.subject != OWN {
        return Err(AppError::Usage(format!(
            "{name}: the name of a dataset of your own begins with `{OWN}_`, and its subject is `{OWN}`"
        )));
    }
    let text = spec_toml(spec, file);
    let read = DatasetSpec::from_toml(name, &text)?;
    if read != *spec {
        return Err(AppError::Usage(format!(
            "{name}: a dataset that is made here has titles, a key, and columns with type, unit, title, role and who may see them, and nothing else"
        )));
    }
    Ok(text)
}

impl Centre {
    fn site(&self) -> Site {
        Site {
            zone: self.zone.clone(),
            bounds: self.bounds,
        }
    }

    /// Offers a mapping for a file: the saved one for files like this, else a guess. Nothing is kept.
    ///
    /// # Errors
    /// A file that cannot be looked at; a dataset that does not exist.
    pub async fn brought(&self, payload: Payload, digest: &str, target: Target) -> Result<Brought> {
        let stem = stem_of(&payload.name());
        let (shelf, site) = (self.shelf.clone(), self.site());
        let feed = feed_of(&stem)?;
        let (offer, is_known) = blocking(move || offered(&shelf, &site, &payload, &stem, &target)).await?;
        Ok(Brought {
            offer,
            is_known,
            feed,
            came_before: self.came_before(digest).await?,
        })
    }

    /// Tries a draft on a file. Nothing is kept.
    ///
    /// # Errors
    /// As for [`Draft::try_out`].
    pub async fn preview(&self, draft: Draft, payload: Payload) -> Result<Trial> {
        let (shelf, site) = (self.shelf.clone(), self.site());
        blocking(move || draft.try_out(&shelf, &site, &payload)).await
    }

    /// Takes a file in by a draft. A new dataset is kept in any case, the mapping when `keep` says so.
    ///
    /// # Errors
    /// As for [`Draft::try_out`]; not one row would be accepted; a feed of the pack, whose rows come from elsewhere; the
    /// lake's.
    pub async fn bring_in(
        &self,
        draft: Draft,
        payload: Payload,
        digest: String,
        feed: Option<&str>,
        keep: Keep,
    ) -> Result<BroughtIn> {
        let file = payload.name();
        let stem = stem_of(&file);
        let feed = match feed.filter(|feed| !feed.is_empty()) {
            Some(feed) => FeedId::new(feed).map_err(|error| AppError::Usage(error.to_string()))?,
            None => feed_of(&stem)?,
        };
        if self.feeds.iter().any(|known| known.id == feed) {
            return Err(AppError::Usage(format!(
                "`{feed}` is a feed of the pack and brings its rows itself; give the source of this file another name"
            )));
        }
        let (shelf, site) = (self.shelf.clone(), self.site());
        let (kind, tried, like) = (draft.kind.clone(), payload.clone(), stem.clone());
        let (mut sound, columns) = blocking(move || {
            let sound = draft.sound(&shelf, &tried)?;
            worth_keeping(&tried.name(), &draft.trial(&sound, &site, &tried)?)?;
            Ok((sound, crate::offer::columns_of(&tried)))
        })
        .await?;
        if sound.mapping.taken_for.is_none() {
            let columns = if sound.mapping.header { &*columns } else { &[] };
            sound.mapping.taken_for = Some(taken_for(&like, columns));
        }
        let text = format!(
            "# Made from {}. A column that is not listed is taken from the one of its own name.\n{}",
            file.replace(char::is_control, " "),
            sound.mapping.to_toml()?
        );
        // First the lake says whether it takes the dataset: what lies in files must open at the next start.
        if let Some((spec, _)) = &sound.own
            && self.lake.dataset(spec.name.as_str()).is_err()
        {
            self.lake.declare(spec).await?;
        }
        let mut kept = Vec::new();
        if let Some((spec, text)) = &sound.own {
            kept.push(self.shelf.save_dataset(spec, text)?);
        }
        if keep == Keep::Mapping {
            kept.extend(self.shelf.save(&saved_name(&stem), &text, None)?);
        }
        let mut import = Import::new(kind, payload, feed.clone());
        import.digest = Some(digest);
        import.mapping = Some((sound.mapping, text));
        let outcome = self.import(import, Arc::new(Progress::default())).await?;
        let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(BroughtIn {
            feed,
            dataset: sound.dataset,
            kept: kept.into_iter().filter_map(name).collect(),
            outcome,
        })
    }

    /// When the same bytes were last taken in.
    async fn came_before(&self, digest: &str) -> Result<Option<String>> {
        let sql = format!(
            "SELECT _received_at FROM lake_messages WHERE digest = {} ORDER BY id DESC LIMIT 1",
            crate::reread::quoted(digest)
        );
        let rows = self.rows(&sql).await?;
        let at = rows
            .first()
            .map(|row| crate::reread::text(row, "_received_at").to_owned());
        Ok(at.filter(|at| !at.is_empty()))
    }
}

/// Whether a mapping is kept for the next file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Yes.
    Mapping,
    /// It was for this file only.
    Nothing,
}

/// An offer, or what was saved for files like this one.
fn offered(
    shelf: &Shelf,
    site: &Site,
    payload: &Payload,
    stem: &str,
    target: &Target,
) -> Result<(Offer, bool)> {
    let saved = match target {
        Target::Best => shelf.mapping_for(stem, || crate::offer::columns_of(payload))?,
        _ => None,
    };
    let Some((mapping, text)) = saved else {
        return Ok((offer(shelf, site, (None, payload, stem), target)?, false));
    };
    let Some(dataset) = mapping.dataset.clone() else {
        return Ok((offer(shelf, site, (None, payload, stem), target)?, false));
    };
    let mut found = offer(shelf, site, (None, payload, stem), &Target::Dataset(dataset))?;
    let draft = Draft {
        kind: found.proposal.guess.kind.to_owned(),
        mapping,
        dataset: None,
    };
    found.trial = draft.try_out(shelf, site, payload)?;
    found.proposal.mapping = draft.mapping;
    found.mapping = text;
    Ok((found, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_stem_and_a_feed() {
        for (name, stem) in [
            ("parks.csv", "parks"),
            ("C:\\отчёты\\Детские сады 2026-09.xlsx", "Детские сады 2026-09"),
            ("https://example.org/a/list.json?x=1.2", "list"),
            ("folder/", "folder"),
        ] {
            assert_eq!(stem_of(name), stem);
            // A feed is called after its file, in whatever script.
            assert_eq!(feed_of(stem).unwrap().as_str(), stem);
        }
        // What no feed may be called gets a name in Latin letters.
        assert_eq!(feed_of("сады 'новые'").unwrap().as_str(), "sady_novye");
        assert_eq!(feed_of("\"\"").unwrap().as_str(), "table");
        assert_eq!(feed_of("").unwrap().as_str(), "table");
    }
}
