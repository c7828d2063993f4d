//! A mapping offered for a file that has none, with a trial of it.
//!
//! What belongs here: which offer is made. What does not: how columns are guessed (`qala-feeds`), where it is saved (`shelf`).

use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, FeedId, Problem, Zone};
use qala_feeds::{Context, Proposal, Trial, columns, kind, propose, propose_new, try_out};

use crate::content::Content;
use crate::error::{AppError, Result};
use crate::import::Payload;
use crate::shelf::{Shelf, taken_for};

/// Bytes that may be unpacked for a look.
const MOST_UNPACKED: u64 = 64 << 30;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The dataset that fits best; a new one where none does.
    Best,
    /// This dataset.
    Dataset(DatasetName),
    /// A new dataset, named so or after the file.
    New(Option<String>),
}

/// A mapping to look at, to change and to save.
#[derive(Debug)]
pub struct Offer {
    /// The name under which it is saved.
    pub name: String,
    /// The mapping as it is saved.
    pub mapping: String,
    /// What it is made of.
    pub proposal: Proposal,
    /// What an import by it would give.
    pub trial: Trial,
    /// The dataset that would be filled.
    pub dataset: DatasetSpec,
}

/// What a look at a file needs of the city.
#[derive(Debug, Clone)]
pub struct Site {
    /// The zone of its clocks.
    pub zone: Zone,
    /// A box around it: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
}

/// Reads a city's zone and bounds from its pack.
///
/// # Errors
/// A pack that is not there or is wrong.
pub fn city_site(pack: &str) -> Result<Site> {
    let files = Content::pack(pack)?;
    let pack =
        qala_registry::Pack::from_toml(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    Ok(Site {
        zone: Zone::new(&pack.zone).map_err(|error| AppError::Usage(error.to_string()))?,
        bounds: pack.bounds,
    })
}

/// Looks at a payload with what a look needs.
pub(crate) struct Look<'a> {
    pub(crate) payload: &'a Payload,
    pub(crate) site: &'a Site,
}

impl Look<'_> {
    pub(crate) fn at<T>(
        &self,
        dataset: Option<&DatasetSpec>,
        datasets: &[DatasetSpec],
        mapping: &Mapping,
        look: impl FnOnce(&mut dyn qala_feeds::Input, &Context<'_>) -> T,
    ) -> Result<T> {
        let feed = FeedId::new("offer").map_err(|error| AppError::Usage(error.to_string()))?;
        let name = self.payload.name();
        let context = Context {
            name: &name,
            feed: &feed,
            dataset,
            mapping,
            datasets,
            city_zone: &self.site.zone,
            max_unpacked: MOST_UNPACKED,
            selection: None,
        };
        Ok(look(&mut *self.payload.open()?, &context))
    }

    fn said(&self, problem: &Problem) -> AppError {
        AppError::Unread {
            file: self.payload.name(),
            code: problem.code.clone(),
            message: problem.message.clone(),
        }
    }
}

/// The names of a file's columns; none when they cannot be seen.
pub fn columns_of(payload: &Payload) -> Vec<String> {
    let look = Look {
        payload,
        site: &Site {
            zone: Zone::utc(),
            bounds: None,
        },
    };
    let found = look.at(None, &[], &Mapping::default(), columns);
    found.ok().and_then(Result::ok).unwrap_or_default()
}

/// Offers a mapping for a file that is read by `import_kind`, or by the one that fits it. Nothing is kept.
///
/// # Errors
/// A file that cannot be looked at; a dataset that does not exist.
pub fn offer(
    shelf: &Shelf,
    site: &Site,
    (import_kind, payload, stem): (Option<&str>, &Payload, &str),
    target: &Target,
) -> Result<Offer> {
    let mut datasets = shelf.datasets()?;
    let look = Look { payload, site };
    let plain = Mapping::default();
    let chosen = match target {
        Target::Dataset(name) => {
            let found = datasets.iter().find(|spec| spec.name == *name);
            let near =
                qala_core::spec::nearest(name.as_str(), datasets.iter().map(|spec| spec.name.as_str()));
            let near = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Some(found.ok_or_else(|| AppError::Usage(format!("there is no dataset `{name}`{near}")))?)
        }
        _ => None,
    };
    let known = match target {
        Target::New(_) => None,
        _ => Some(
            look.at(chosen, &datasets, &plain, propose)?
                .map_err(|problem| look.said(&problem))?,
        ),
    };
    let mut proposal = match known {
        Some(known) if chosen.is_some() || known.fits() => known,
        known => {
            let wanted = match target {
                Target::New(Some(name)) => name.as_str(),
                _ => stem,
            };
            let mut fresh = new_one(&look, &datasets, wanted)?;
            if let Some(known) = known {
                fresh.others = known.mapping.dataset.into_iter().chain(known.others).collect();
            }
            fresh
        }
    };
    let import_kind = import_kind.unwrap_or(proposal.guess.kind);
    if proposal.guess.kind != import_kind {
        return Err(AppError::Usage(format!(
            "{} is read by `qala import {}`",
            payload.name(),
            proposal.guess.kind
        )));
    }
    if let Some((spec, _)) = &proposal.dataset {
        datasets.push(spec.clone());
    }
    let columns = if proposal.mapping.header {
        &*proposal.names
    } else {
        &[]
    };
    proposal.mapping.taken_for = Some(taken_for(stem, columns));
    let mapping = format!(
        "# Proposed from {}. A column that is not listed is taken from the one of its own name.\n{}",
        payload.name().replace(char::is_control, " "),
        proposal.mapping.to_toml()?
    );
    let name = proposal.mapping.dataset.clone();
    let dataset = datasets
        .iter()
        .find(|spec| Some(&spec.name) == name.as_ref())
        .cloned();
    let (Some(parser), Some(dataset)) = (kind(import_kind), dataset) else {
        return Err(AppError::Usage(format!(
            "there is no import kind `{import_kind}`"
        )));
    };
    let trial = look.at(None, &datasets, &proposal.mapping, |input, context| {
        try_out(parser, input, context, site.bounds)
    })?;
    Ok(Offer {
        name: saved_name(stem),
        mapping,
        proposal,
        trial,
        dataset,
    })
}

/// The name under which a mapping for a file is saved: Latin letters, for it is the name of a file that is copied around.
pub fn saved_name(stem: &str) -> String {
    Some(qala_feeds::latin(stem))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "table".to_owned())
}

/// A dataset of its own, under a name that is free.
fn new_one(look: &Look<'_>, datasets: &[DatasetSpec], wanted: &str) -> Result<Proposal> {
    let mut again = 1;
    loop {
        let name = if again == 1 {
            wanted.to_owned()
        } else {
            format!("{wanted}_{again}")
        };
        let mut found = look
            .at(None, datasets, &Mapping::default(), |input, context| {
                propose_new(input, context, &name)
            })?
            .map_err(|problem| look.said(&problem))?;
        let Some((spec, _)) = &found.dataset else {
            return Ok(found);
        };
        match datasets.iter().find(|known| known.name == spec.name) {
            None => return Ok(found),
            // The same columns: another file of the kind that made it.
            Some(known) if crate::shelf::shape(known) == crate::shelf::shape(spec) => {
                found.dataset = None;
                return Ok(found);
            }
            Some(_) if again < 100 => again += 1,
            Some(_) => {
                return Err(AppError::Usage(format!(
                    "all names like `{}` are taken",
                    spec.name
                )));
            }
        }
    }
}
