//! From `programmes.toml` to records.

use std::collections::BTreeSet;

use qala_core::spec::SpecError;
use qala_core::{FunctionId, parse_date};

use super::build::{Dates, hint};
use super::files::{ProgrammeEntry, ProgrammesFile};
use crate::function::GovernmentFunction;
use crate::programme::{
    Programme, ProgrammeMeasure, ProgrammeMoney, ProgrammeTarget, Programmes, TargetBasis,
};

/// Years that a programme may name.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Reads the programmes; each function that they name must be in force at some time.
pub(super) fn read(
    file: &ProgrammesFile,
    functions: &[GovernmentFunction],
    dates: &Dates<'_>,
) -> Result<Programmes, SpecError> {
    let mut seen = BTreeSet::new();
    let mut all = Programmes::default();
    for entry in &file.programme {
        let (valid_from, valid_to) = dates.interval(entry.id.as_str(), entry.from.as_deref(), None)?;
        if !seen.insert((entry.id.clone(), valid_from)) {
            return Err(wrong(entry, dates, "starts twice on the same day"));
        }
        if entry.title.missing().is_some() {
            return Err(wrong(entry, dates, "has a title without one of its three forms"));
        }
        if entry.adopted.as_deref().is_some_and(|text| !is_moment(text)) {
            return Err(wrong(
                entry,
                dates,
                "was adopted on no date like 2022-12-20, month or year",
            ));
        }
        let day = |text: &Option<String>| text.as_deref().map(|text| dates.day(text)).transpose();
        let (begins_on, ends_on) = (day(&entry.begins)?, day(&entry.ends)?);
        if begins_on.zip(ends_on).is_some_and(|(begin, end)| end < begin) {
            return Err(wrong(entry, dates, "ends before it begins"));
        }
        known(entry, &entry.owner_function, functions, dates)?;
        all.programmes.push(Programme {
            id: entry.id.clone(),
            kind: entry.kind,
            title: entry.title.clone(),
            adopted: entry.adopted.clone(),
            legal_basis: entry.legal_basis.clone(),
            begins_on,
            ends_on,
            owner_function: entry.owner_function.clone(),
            state: entry.state,
            source: entry.source.clone(),
            valid_from,
            valid_to,
        });
        money(entry, valid_from, dates, &mut all.money)?;
        targets(entry, valid_from, dates, &mut all.targets)?;
        let mut met = BTreeSet::new();
        for measure in &entry.measure {
            if measure.id.is_empty() || !met.insert(measure.id.as_str()) {
                return Err(wrong(entry, dates, "has two measures of one id, or one without"));
            }
            if measure.title.missing().is_some() {
                return Err(wrong(
                    entry,
                    dates,
                    "has a measure without one of the three forms of its title",
                ));
            }
            let owner = measure.owner_function.as_ref().unwrap_or(&entry.owner_function);
            known(entry, owner, functions, dates)?;
            all.measures.push(ProgrammeMeasure {
                programme: entry.id.clone(),
                id: measure.id.clone(),
                title: measure.title.clone(),
                owner_function: owner.clone(),
                state: measure.state,
                due_on: day(&measure.due)?,
                assumed: measure.assumed,
                source: measure.source.clone(),
                valid_from,
                valid_to: None,
            });
        }
    }
    Ok(all)
}

fn wrong(entry: &ProgrammeEntry, dates: &Dates<'_>, what: &str) -> SpecError {
    SpecError::new(dates.file, format!("`{}` {what}", entry.id))
}

/// A date, a month or a year.
fn is_moment(text: &str) -> bool {
    let filled = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    parse_date(&filled).is_some()
}

fn known(
    entry: &ProgrammeEntry,
    function: &FunctionId,
    functions: &[GovernmentFunction],
    dates: &Dates<'_>,
) -> Result<(), SpecError> {
    if functions.iter().any(|known| known.id == *function) {
        return Ok(());
    }
    let hint = hint(function.as_str(), functions.iter().map(|known| known.id.as_str()));
    Err(wrong(
        entry,
        dates,
        &format!("names the function `{function}`, which is not in functions.toml{hint}"),
    ))
}

fn money(
    entry: &ProgrammeEntry,
    valid_from: i64,
    dates: &Dates<'_>,
    all: &mut Vec<ProgrammeMoney>,
) -> Result<(), SpecError> {
    let mut met = BTreeSet::new();
    for money in &entry.money {
        let tiyn = money.kzt.checked_mul(100).filter(|tiyn| *tiyn >= 0);
        let Some(planned_tiyn) = tiyn.filter(|_| YEARS.contains(&money.year) && met.insert(money.year))
        else {
            return Err(wrong(
                entry,
                dates,
                "has money of no year, of a year twice, or below nothing",
            ));
        };
        all.push(ProgrammeMoney {
            programme: entry.id.clone(),
            year: money.year,
            planned_tiyn,
            assumed: money.assumed,
            source: money.source.clone(),
            valid_from,
            valid_to: None,
        });
    }
    Ok(())
}

fn targets(
    entry: &ProgrammeEntry,
    valid_from: i64,
    dates: &Dates<'_>,
    all: &mut Vec<ProgrammeTarget>,
) -> Result<(), SpecError> {
    let mut met = BTreeSet::new();
    for target in &entry.target {
        let told = match (target.value, target.share) {
            (Some(value), None) if target.base_year.is_none() => Some((TargetBasis::Value, value)),
            (None, Some(share)) => Some((TargetBasis::Share, share)),
            _ => None,
        };
        let Some((basis, number)) = told.filter(|(_, number)| number.is_finite()) else {
            return Err(wrong(
                entry,
                dates,
                "has a target that is not one of `value` and `share`; a base year is of a share",
            ));
        };
        if !YEARS.contains(&target.year) || !met.insert((&target.indicator, target.year)) {
            return Err(wrong(
                entry,
                dates,
                "has a target of no year, or two of one indicator and year",
            ));
        }
        all.push(ProgrammeTarget {
            programme: entry.id.clone(),
            indicator: target.indicator.clone(),
            year: target.year,
            basis,
            target: number,
            base_year: target.base_year,
            judged_by: target.judged_by.clone(),
            assumed: target.assumed,
            source: target.source.clone(),
            valid_from,
            valid_to: None,
        });
    }
    Ok(())
}
