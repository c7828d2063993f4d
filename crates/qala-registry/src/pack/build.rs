//! From files to records: dates become instants of the city's zone, and names are checked against each other.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{SpecError, nearest};
use qala_core::{FunctionId, Text, Zone, parse_date};

use super::files::{CalendarFile, City, DayEntry, Files, OwnerEntry, Weekday, YearEntry};
use super::{Pack, programmes};
use crate::calendar::{CalendarDay, CalendarYear, DayKind, first_day, year_of};
use crate::contact::FeedContact;
use crate::department::{Department, DepartmentId};
use crate::function::{FunctionOwner, GovernmentFunction};
use crate::place::{Place, PlaceKind};

/// Dates of one file as instants.
pub(super) struct Dates<'a> {
    zone: &'a Zone,
    pub(super) file: &'static str,
    start: i64,
}

impl Dates<'_> {
    fn of(&self, file: &'static str) -> Self {
        Self {
            zone: self.zone,
            file,
            start: self.start,
        }
    }

    pub(super) fn day(&self, text: &str) -> Result<i32, SpecError> {
        parse_date(text)
            .ok_or_else(|| SpecError::new(self.file, format!("`{text}` is not a date like 2025-08-07")))
    }

    fn instant(&self, text: &str) -> Result<i64, SpecError> {
        Ok(self.zone.day_start(self.day(text)?))
    }

    /// Start and end of a record; without a start it is in force when the pack's record begins.
    pub(super) fn interval(
        &self,
        id: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(i64, Option<i64>), SpecError> {
        let from = from.map_or(Ok(self.start), |from| self.instant(from))?;
        let to = to.map(|to| self.instant(to)).transpose()?;
        if to.is_some_and(|to| to <= from) {
            return Err(SpecError::new(
                self.file,
                format!("`{id}` ends at or before its start"),
            ));
        }
        Ok((from, to))
    }
}

fn named(file: &str, id: &str, name: &Text) -> Result<(), SpecError> {
    match name.missing() {
        None => Ok(()),
        Some(lang) => Err(SpecError::new(
            file,
            format!("the name of `{id}` has no {lang:?} form"),
        )),
    }
}

pub(super) fn pack(files: &Files) -> Result<Pack, SpecError> {
    let city = &files.city;
    let zone = Zone::new(&city.zone).map_err(|error| SpecError::new("city.toml", error.to_string()))?;
    let dates = Dates {
        zone: &zone,
        file: "city.toml",
        start: 0,
    };
    let dates = Dates {
        start: dates.instant(&city.start)?,
        ..dates
    };
    let (calendar_days, calendar_years) = match &files.calendar {
        Some(file) if file.id != city.calendar => {
            let message = format!(
                "the calendar is `{}`, but the city uses `{}`",
                file.id, city.calendar
            );
            return Err(SpecError::new("calendar.toml", message));
        }
        Some(file) => calendar(file, &dates.of("calendar.toml"))?,
        None => Default::default(),
    };
    if let Some([west, south, east, north]) = city.bounds
        && !(-180.0 <= west
            && west < east
            && east <= 180.0
            && -90.0 <= south
            && south < north
            && north <= 90.0)
    {
        let message = "`bounds` are west, south, east, north in degrees, such as [76.7, 43.0, 77.25, 43.45]";
        return Err(SpecError::new("city.toml", message));
    }
    let functions = functions(files, &dates.of("functions.toml"))?;
    let departments = departments(files, &dates.of("departments.toml"))?;
    let owners = owners(
        &files.departments.owner,
        &functions,
        &departments,
        &dates.of("departments.toml"),
    )?;
    let programmes = programmes::read(&files.programmes, &functions, &dates.of("programmes.toml"))?;
    Ok(Pack {
        city: city.id.clone(),
        name: city.name.clone(),
        zone: city.zone.clone(),
        bounds: city.bounds,
        calendar: city.calendar.clone(),
        start: dates.start,
        places: places(city, files, &dates)?,
        functions,
        departments,
        owners,
        contacts: contacts(files, &dates.of("contacts.toml"))?,
        programmes,
        calendar_days,
        calendar_years,
    })
}

fn places(city: &City, files: &Files, dates: &Dates<'_>) -> Result<Vec<Place>, SpecError> {
    named("city.toml", city.id.as_str(), &city.name)?;
    let mut places = vec![Place {
        id: city.id.clone(),
        kind: PlaceKind::City,
        name: city.name.clone(),
        parent: None,
        kato: city.kato.clone(),
        geometry: None,
        simulated: city.simulated,
        valid_from: dates.start,
        valid_to: None,
    }];
    let dates = dates.of("districts.toml");
    for entry in &files.districts.place {
        let id = entry.id.as_str();
        named(dates.file, id, &entry.name)?;
        let parent = entry.parent.clone().unwrap_or_else(|| city.id.clone());
        if !places.iter().any(|place| place.id == parent) {
            let hint = hint(parent.as_str(), places.iter().map(|place| place.id.as_str()));
            let message = format!("`{id}` is a part of `{parent}`, which does not stand above it{hint}");
            return Err(SpecError::new(dates.file, message));
        }
        let (valid_from, valid_to) = dates.interval(id, entry.from.as_deref(), entry.to.as_deref())?;
        if places
            .iter()
            .any(|place| place.id == entry.id && place.valid_from == valid_from)
        {
            return Err(SpecError::new(
                dates.file,
                format!("`{id}` starts twice on the same day"),
            ));
        }
        places.push(Place {
            id: entry.id.clone(),
            kind: entry.kind.unwrap_or(PlaceKind::District),
            name: entry.name.clone(),
            parent: Some(parent),
            kato: entry.kato.clone(),
            geometry: entry.geometry.clone(),
            simulated: entry.simulated,
            valid_from,
            valid_to,
        });
    }
    Ok(places)
}

fn functions(files: &Files, dates: &Dates<'_>) -> Result<Vec<GovernmentFunction>, SpecError> {
    let mut seen = BTreeSet::new();
    let mut functions = Vec::new();
    for entry in &files.functions.function {
        let id = entry.id.as_str();
        named(dates.file, id, &entry.name)?;
        let (valid_from, valid_to) = dates.interval(id, entry.from.as_deref(), entry.to.as_deref())?;
        if !seen.insert((id, valid_from)) {
            return Err(SpecError::new(
                dates.file,
                format!("`{id}` starts twice on the same day"),
            ));
        }
        functions.push(GovernmentFunction {
            id: entry.id.clone(),
            name: entry.name.clone(),
            valid_from,
            valid_to,
        });
    }
    Ok(functions)
}

fn departments(files: &Files, dates: &Dates<'_>) -> Result<Vec<Department>, SpecError> {
    let mut seen = BTreeSet::new();
    let mut departments = Vec::new();
    for entry in &files.departments.department {
        let id = entry.id.as_str();
        named(dates.file, id, &entry.name)?;
        let (valid_from, valid_to) = dates.interval(id, entry.from.as_deref(), entry.to.as_deref())?;
        if !seen.insert((id, valid_from)) {
            return Err(SpecError::new(
                dates.file,
                format!("`{id}` starts twice on the same day"),
            ));
        }
        departments.push(Department {
            id: entry.id.clone(),
            name: entry.name.clone(),
            mission: entry.mission.clone(),
            valid_from,
            valid_to,
        });
    }
    Ok(departments)
}

fn owners(
    entries: &[OwnerEntry],
    functions: &[GovernmentFunction],
    departments: &[Department],
    dates: &Dates<'_>,
) -> Result<Vec<FunctionOwner>, SpecError> {
    let mut starts: BTreeMap<&FunctionId, i64> = BTreeMap::new();
    for function in functions {
        let start = starts.entry(&function.id).or_insert(function.valid_from);
        *start = function.valid_from.min(*start);
    }
    let known: BTreeSet<&DepartmentId> = departments.iter().map(|department| &department.id).collect();
    let mut seen = BTreeSet::new();
    let mut owners = Vec::new();
    for entry in entries {
        let Some(start) = starts.get(&entry.function) else {
            let hint = hint(entry.function.as_str(), starts.keys().map(|id| id.as_str()));
            let message = format!("the function `{}` is not in functions.toml{hint}", entry.function);
            return Err(SpecError::new(dates.file, message));
        };
        for since in &entry.history {
            if !known.contains(&since.department) {
                let hint = hint(since.department.as_str(), known.iter().map(|id| id.as_str()));
                let message = format!(
                    "`{}` is owned by `{}`, which is not declared{hint}",
                    entry.function, since.department
                );
                return Err(SpecError::new(dates.file, message));
            }
            let valid_from = since
                .from
                .as_deref()
                .map_or(Ok(*start), |from| dates.instant(from))?;
            if !seen.insert((entry.function.clone(), valid_from)) {
                let message = format!("`{}` has two owners from the same day", entry.function);
                return Err(SpecError::new(dates.file, message));
            }
            owners.push(FunctionOwner {
                function: entry.function.clone(),
                department: since.department.clone(),
                valid_from,
                valid_to: None,
            });
        }
    }
    if let Some(function) = functions
        .iter()
        .find(|function| !owners.iter().any(|owner| owner.function == function.id))
    {
        let message = format!(
            "the function `{}` has no owner; add [[owner]] for it",
            function.id
        );
        return Err(SpecError::new(dates.file, message));
    }
    Ok(owners)
}

fn contacts(files: &Files, dates: &Dates<'_>) -> Result<Vec<FeedContact>, SpecError> {
    let mut seen = BTreeSet::new();
    let mut contacts = Vec::new();
    for entry in &files.contacts.contact {
        for feed in &entry.feeds {
            named(dates.file, feed.as_str(), &entry.name)?;
            let (valid_from, valid_to) = dates.interval(feed.as_str(), entry.from.as_deref(), None)?;
            if !seen.insert((feed, valid_from)) {
                let message = format!("`{feed}` has two contacts from the same day");
                return Err(SpecError::new(dates.file, message));
            }
            contacts.push(FeedContact {
                feed: feed.clone(),
                name: entry.name.clone(),
                phone: entry.phone.clone(),
                email: entry.email.clone(),
                simulated: entry.simulated,
                valid_from,
                valid_to,
            });
        }
    }
    Ok(contacts)
}

pub(super) fn hint<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(written, known)
        .map(|word| format!("; did you mean `{word}`?"))
        .unwrap_or_default()
}

fn calendar(
    file: &CalendarFile,
    dates: &Dates<'_>,
) -> Result<(Vec<CalendarDay>, Vec<CalendarYear>), SpecError> {
    let mut days = Vec::new();
    let mut years = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for entry in &file.year {
        if !seen.insert((entry.year, entry.revision)) {
            let message = format!("revision {} of {} is given twice", entry.revision, entry.year);
            return Err(SpecError::new(dates.file, message));
        }
        let first = seen.contains(&(entry.year, 1));
        if !first {
            let message = format!(
                "{} has no revision 1 above its revision {}",
                entry.year, entry.revision
            );
            return Err(SpecError::new(dates.file, message));
        }
        year(file, entry, dates, &mut days)?;
        // The last revision says what is known of the year.
        let known = CalendarYear {
            calendar: file.id.clone(),
            year: entry.year,
            complete: entry.complete,
            note: entry.note.clone(),
        };
        years.insert(entry.year, known);
    }
    Ok((days, years.into_values().collect()))
}

/// Lays out the days of a year, or the days that a later revision changes.
fn year(
    file: &CalendarFile,
    entry: &YearEntry,
    dates: &Dates<'_>,
    days: &mut Vec<CalendarDay>,
) -> Result<(), SpecError> {
    let known_from = dates.instant(&entry.known_from)?;
    let mut exceptions: BTreeMap<i32, &DayEntry> = BTreeMap::new();
    for exception in &entry.days {
        let day = dates.day(&exception.date)?;
        if year_of(day) != i64::from(entry.year) {
            return Err(SpecError::new(
                dates.file,
                format!("{} stands under {}", exception.date, entry.year),
            ));
        }
        if exceptions.insert(day, exception).is_some() {
            return Err(SpecError::new(
                dates.file,
                format!("{} is given twice", exception.date),
            ));
        }
    }
    let span = match entry.revision {
        1 => first_day(entry.year.into()) as i32..first_day(i64::from(entry.year) + 1) as i32,
        _ => 0..0,
    };
    let listed: BTreeSet<i32> = span.chain(exceptions.keys().copied()).collect();
    for day in listed {
        let exception = exceptions.get(&day);
        let title = match exception.and_then(|exception| exception.title.as_deref()) {
            None => Text::default(),
            Some(key) => file.titles.get(key).cloned().ok_or_else(|| {
                let hint = hint(key, file.titles.keys().map(String::as_str));
                SpecError::new(dates.file, format!("the title `{key}` is not in [titles]{hint}"))
            })?,
        };
        days.push(CalendarDay {
            calendar: file.id.clone(),
            day,
            kind: exception.map_or_else(|| ordinary(day, &file.weekend), |exception| exception.kind),
            title,
            act: exception
                .and_then(|exception| exception.act.clone())
                .unwrap_or_else(|| entry.act.clone()),
            revision: entry.revision,
            valid_from: known_from,
            valid_to: None,
        });
    }
    Ok(())
}

fn ordinary(day: i32, weekend: &[Weekday]) -> DayKind {
    // 1970-01-01 was a Thursday, three days after a Monday.
    let weekday = (day + 3).rem_euclid(7);
    if weekend.iter().any(|off| *off as i32 == weekday) {
        DayKind::WeekendOff
    } else {
        DayKind::Working
    }
}
