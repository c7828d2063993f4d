//! A mapping proposed from the names and the first values of a file, and a trial of it before anything is kept.
//!
//! What belongs here: guesses that a person looks at. What does not: anything that an import decides by itself.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{Column, ColumnMap, ColumnType, DatasetSpec, Mapping, Role, Unpivot};
use qala_core::{DatasetName, Problem, TimeStyle};

use crate::archive::each_file;
use crate::fault::{Fault, whole};
use crate::{Context, Input};

mod fresh;
mod names;
mod sample;
mod trial;
mod values;

#[cfg(test)]
mod tests;

pub use fresh::{OWN, latin, spec_toml};
pub use sample::Guess;
pub use trial::{Trial, try_out};

use sample::Sample;

/// Names less alike than this are not brought together.
const ALIKE: f64 = 0.6;
/// A quantity's name must be surer than that: `NO` is not `NO2`.
const QUANTITY: f64 = 0.85;
/// Share of a column's values that must have the type of the dataset's column.
const FITTING: f64 = 0.8;
/// Share of a file's columns that a dataset must take to be the one the file is for.
const TAKEN: f64 = 0.6;

/// Why a row's number is taken for its id.
const ROWS_BY_NUMBER: &str =
    "no column names the rows, so their numbers do: a row put in between renames those below";

/// Why a source column fills a dataset column.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The dataset's column.
    pub column: String,
    /// The source column, or a property such as `@row`.
    pub from: String,
    /// How sure the guess is, from 0 to 1.
    pub score: f64,
    /// Why, in words.
    pub why: String,
}

/// A mapping to look at, to change and to save.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The mapping.
    pub mapping: Mapping,
    /// The same as it is saved.
    pub toml: String,
    /// What was seen of the file.
    pub guess: Guess,
    /// Names of the file's columns.
    pub names: Vec<String>,
    /// The first different values of each of them.
    pub samples: Vec<Vec<String>>,
    /// Why the columns are filled so.
    pub reasons: Vec<Reason>,
    /// Source columns that nothing reads.
    pub unmapped: Vec<String>,
    /// Columns of the dataset that must be filled and are not.
    pub missing: Vec<String>,
    /// Other datasets that the file may belong to, most likely first.
    pub others: Vec<DatasetName>,
    /// True when something speaks for the dataset that not any list of places has: a column, or the name of the file.
    pub is_telling: bool,
    /// The dataset itself and its text, where it is a new one.
    pub dataset: Option<(DatasetSpec, String)>,
}

impl Proposal {
    /// Says whether the dataset is the one for the file: all that it needs is there, it takes most of the columns, and they
    /// are not such as any list of places has.
    pub fn fits(&self) -> bool {
        let all = self.names.iter().filter(|name| !name.is_empty()).count();
        let taken = all.saturating_sub(self.unmapped.len());
        self.is_telling && self.missing.is_empty() && taken >= 2 && taken as f64 >= all as f64 * TAKEN
    }
}

/// Proposes a mapping for a file, into the dataset that the caller named or the one that fits best.
///
/// # Errors
/// The problem that keeps the file from being looked at.
pub fn propose(input: &mut dyn Input, context: &Context<'_>) -> Result<Proposal, Box<Problem>> {
    let sample = sample(input, context)?;
    let chosen: Vec<&DatasetSpec> = match context.dataset {
        Some(spec) => vec![spec],
        None => context.datasets.iter().filter(|spec| !spec.internal).collect(),
    };
    let matches: Vec<Match<'_>> = chosen.into_iter().map(|spec| Match::new(spec, &sample)).collect();
    let mut fits: Vec<(f64, &Match<'_>)> = matches.iter().map(|one| (one.score(context.name), one)).collect();
    // Of two that fit as well, the plainer one: readings rather than an archive of hourly readings.
    let plain = |one: &Match<'_>| one.spec.name.as_str().len();
    fits.sort_by(|(score, one), (best, other)| best.total_cmp(score).then(plain(one).cmp(&plain(other))));
    let Some((_, best)) = fits.first() else {
        return Err(problem(Fault::new("no_dataset", "there is no dataset to fill")));
    };
    let others = fits.iter().skip(1).take(3).filter(|(score, _)| *score > 0.3);
    let others = others.map(|(_, one)| one.spec.name.clone()).collect();
    best.proposal(others, best.is_telling(context.name))
        .map_err(|message| problem(Fault::new("no_proposal", message)))
}

/// Proposes a dataset of its own for a file, named after `wanted`, and the mapping that fills it.
///
/// # Errors
/// The problem that keeps the file from being looked at.
pub fn propose_new(
    input: &mut dyn Input,
    context: &Context<'_>,
    wanted: &str,
) -> Result<Proposal, Box<Problem>> {
    let sample = sample(input, context)?;
    fresh::proposal(&sample, wanted, context).map_err(|message| problem(Fault::new("no_proposal", message)))
}

/// The names of a file's columns, by which a saved mapping is found again.
///
/// # Errors
/// The problem that keeps the file from being looked at.
pub fn columns(input: &mut dyn Input, context: &Context<'_>) -> Result<Vec<String>, Box<Problem>> {
    let sample = sample(input, context)?;
    Ok(if sample.has_header {
        sample.names
    } else {
        Vec::new()
    })
}

fn problem(fault: Fault) -> Box<Problem> {
    Box::new(whole(fault, None, 0))
}

/// Looks at the first file of a payload.
fn sample(input: &mut dyn Input, context: &Context<'_>) -> Result<Sample, Box<Problem>> {
    let mut found: Option<Result<Sample, Fault>> = None;
    let mut sink = trial::Counts::default();
    let walked = each_file(input, context, &mut sink, &mut |member, _| {
        if found.is_none() {
            found = Some(sample::of(member.name, member.bytes));
        }
        Ok(())
    });
    match (found, walked) {
        (Some(sample), _) => sample.map_err(problem),
        (None, Err(stopped)) => Err(problem(Fault::new("damaged_file", stopped.to_string()))),
        (None, Ok(())) => {
            let first = sink.trial.first.into_iter().next();
            Err(first.map_or_else(|| problem(Fault::new("empty", "there is no file")), Box::new))
        }
    }
}

/// A pair of a dataset column and a source column.
#[derive(Debug, Clone)]
struct Pair {
    column: usize,
    source: usize,
    score: f64,
    why: &'static str,
}

/// A quantity that a source column measures.
#[derive(Debug, Clone)]
struct Measured {
    source: usize,
    quantity: String,
    score: f64,
}

/// What of a file belongs to what of a dataset.
struct Match<'a> {
    spec: &'a DatasetSpec,
    sample: &'a Sample,
    signs: values::Signs,
    pairs: Vec<Pair>,
    measured: Vec<Measured>,
}

/// All names of a column.
fn titles(column: &Column) -> [&str; 4] {
    let title = &column.title;
    [column.name.as_str(), &title.kk, &title.ru, &title.en]
}

impl<'a> Match<'a> {
    fn new(spec: &'a DatasetSpec, sample: &'a Sample) -> Self {
        let signs = values::Signs::of(sample);
        let mut all = Vec::new();
        if sample.has_header {
            for (column, wanted) in spec.columns.iter().enumerate() {
                for (source, name) in sample.names.iter().enumerate() {
                    let (score, why) = names::alike(name, &titles(wanted));
                    if score >= ALIKE && signs.fit(sample, source, wanted) >= FITTING {
                        all.push(Pair {
                            column,
                            source,
                            score,
                            why,
                        });
                    }
                }
            }
        }
        all.sort_by(|one, other| other.score.total_cmp(&one.score));
        let mut pairs: Vec<Pair> = Vec::new();
        for pair in all {
            let is_free = |known: &Pair| known.column != pair.column && known.source != pair.source;
            if pairs.iter().all(is_free) {
                pairs.push(pair);
            }
        }
        let has_quantity = pairs
            .iter()
            .any(|pair| spec.columns[pair.column].role == Some(Role::Quantity));
        let mut measured: Vec<Measured> = Vec::new();
        if !has_quantity {
            for (source, name) in sample.names.iter().enumerate() {
                let best = spec
                    .quantities
                    .iter()
                    .map(|(quantity, about)| {
                        let title = &about.title;
                        let wanted = [quantity.as_str(), &title.kk, &title.ru, &title.en];
                        (names::alike(name, &wanted).0, quantity)
                    })
                    .max_by(|one, other| one.0.total_cmp(&other.0));
                if let Some((score, quantity)) = best.filter(|(score, _)| *score >= QUANTITY)
                    && signs.numbers(sample, source) >= FITTING
                    && measured.iter().all(|known| known.quantity != *quantity)
                {
                    measured.push(Measured {
                        source,
                        quantity: quantity.clone(),
                        score,
                    });
                }
            }
        }
        pairs.retain(|pair| measured.iter().all(|known| known.source != pair.source));
        Self {
            spec,
            sample,
            signs,
            pairs,
            measured,
        }
    }

    /// True when a column is filled by what becomes rows, or by the geometry.
    fn is_given(&self, column: &Column) -> bool {
        match column.role {
            Some(Role::Quantity | Role::Value) => !self.measured.is_empty(),
            Some(Role::Geometry | Role::Lon | Role::Lat) => self.sample.guess.kind == "geojson",
            _ => false,
        }
    }

    /// Says whether the name of the file says the dataset's.
    fn is_named(&self, file: &str) -> bool {
        let noun = self.spec.name.as_str().rsplit('_').next().unwrap_or_default();
        noun.len() > 3 && names::plain(file).contains(noun)
    }

    /// Says whether more than columns that any list has speaks for the dataset.
    fn is_telling(&self, file: &str) -> bool {
        self.is_named(file)
            || names::is_about(&self.spec.title, self.sample)
            || !self.measured.is_empty()
            || self
                .pairs
                .iter()
                .any(|pair| !names::is_common(&self.sample.names[pair.source]))
    }

    /// How well the dataset fits: half for what must be filled, half for what of the file is used.
    fn score(&self, file: &str) -> f64 {
        let is_filled = |index: usize, column: &Column| {
            self.is_given(column) || self.pairs.iter().any(|pair| pair.column == index)
        };
        let needed: Vec<bool> = self
            .spec
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.required)
            .map(|(index, column)| is_filled(index, column))
            .collect();
        let filled = needed.iter().filter(|filled| **filled).count() as f64 / needed.len().max(1) as f64;
        let used: f64 = self.pairs.iter().map(|pair| pair.score).sum::<f64>()
            + self.measured.iter().map(|one| one.score).sum::<f64>();
        let used = used / self.sample.names.len().max(1) as f64;
        let is_named = self.is_named(file);
        let is_bare = self.pairs.is_empty() && self.measured.is_empty();
        let is_about = names::is_about(&self.spec.title, self.sample);
        let sum =
            filled / 2.0 + used / 2.0 + if is_named { 0.15 } else { 0.0 } + if is_about { 0.3 } else { 0.0 };
        if is_bare { sum / 4.0 } else { sum }
    }

    fn proposal(&self, others: Vec<DatasetName>, is_telling: bool) -> Result<Proposal, String> {
        let (spec, sample) = (self.spec, self.sample);
        let mut reasons = Vec::new();
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let mut mapping = Mapping {
            dataset: Some(spec.name.clone()),
            encoding: sample.encoding,
            decimal: self.signs.decimal,
            thousands: self.signs.thousands,
            header: sample.has_header,
            header_row: sample.header_row,
            delimiter: sample.delimiter,
            totals: sample.totals.clone(),
            records: sample.guess.records.clone(),
            missing: self.signs.missing(
                sample,
                self.pairs
                    .iter()
                    .map(|p| p.source)
                    .chain(self.measured.iter().map(|m| m.source)),
            ),
            ..Mapping::default()
        };
        for pair in &self.pairs {
            let column = &spec.columns[pair.column];
            let name = &sample.names[pair.source];
            used.insert(pair.source);
            let map = ColumnMap {
                from: Some(name.clone()),
                unit: names::unit(name).filter(|unit| column.unit.is_some_and(|own| unit.to(&own).is_ok())),
                time: match column.kind {
                    ColumnType::Time | ColumnType::Date => values::time_style(sample.values(pair.source)),
                    _ => TimeStyle::default(),
                },
                ..ColumnMap::default()
            };
            let unit = map
                .unit
                .map(|unit| format!(", in {unit} by its header"))
                .unwrap_or_default();
            reasons.push(Reason {
                column: column.name.clone(),
                from: name.clone(),
                score: pair.score,
                why: format!("{}, and its values fit{unit}", pair.why),
            });
            let says_more = *name != column.name || map.unit.is_some() || map.time != TimeStyle::default();
            if says_more {
                mapping.columns.insert(column.name.clone(), map);
            }
        }
        mapping.unpivot = self.unpivot(&mut reasons, &mut used);
        let mut missing = Vec::new();
        for (index, column) in spec.columns.iter().enumerate() {
            let is_filled = self.is_given(column) || self.pairs.iter().any(|pair| pair.column == index);
            if is_filled || !column.required {
                continue;
            }
            if spec.key.contains(&column.name)
                && column.kind == ColumnType::Text
                && column.name.ends_with("_id")
            {
                let map = ColumnMap {
                    from: Some("@row".to_owned()),
                    ..ColumnMap::default()
                };
                mapping.columns.insert(column.name.clone(), map);
                reasons.push(Reason {
                    column: column.name.clone(),
                    from: "@row".to_owned(),
                    score: 0.3,
                    why: ROWS_BY_NUMBER.to_owned(),
                });
            } else {
                missing.push(column.name.clone());
            }
        }
        let unmapped = sample
            .names
            .iter()
            .enumerate()
            .filter(|(index, name)| !used.contains(index) && !name.is_empty());
        let unmapped = unmapped.map(|(_, name)| name.clone()).collect();
        let toml = mapping.to_toml().map_err(|error| error.to_string())?;
        Ok(Proposal {
            mapping,
            toml,
            guess: sample.guess.clone(),
            names: sample.names.clone(),
            samples: sample.firsts(),
            reasons,
            unmapped,
            missing,
            others,
            is_telling,
            dataset: None,
        })
    }

    /// Columns of quantities as rows.
    fn unpivot(&self, reasons: &mut Vec<Reason>, used: &mut BTreeSet<usize>) -> Option<Unpivot> {
        let name_to = self.spec.role(Role::Quantity)?.name.clone();
        let value_to = self.spec.role(Role::Value)?.name.clone();
        if self.measured.is_empty() {
            return None;
        }
        let mut unpivot = Unpivot {
            columns: BTreeMap::new(),
            name_to,
            value_to: value_to.clone(),
            ..Unpivot::default()
        };
        for one in &self.measured {
            let name = &self.sample.names[one.source];
            let own = self
                .spec
                .quantities
                .get(&one.quantity)
                .map(|quantity| quantity.unit);
            let unit = names::unit(name).filter(|unit| own.is_some_and(|own| unit.to(&own).is_ok()));
            unpivot.columns.insert(name.clone(), one.quantity.clone());
            unpivot.units.extend(unit.map(|unit| (name.clone(), unit)));
            used.insert(one.source);
            let said = match (unit, own) {
                (Some(unit), _) => format!("in {unit} by its header"),
                (None, Some(own)) => format!("its header tells no unit; {own} is taken, look it up"),
                (None, None) => String::new(),
            };
            reasons.push(Reason {
                column: value_to.clone(),
                from: name.clone(),
                score: one.score,
                why: format!("it is the quantity `{}`, {said}", one.quantity),
            });
        }
        Some(unpivot)
    }
}
