//! Which records of a payload are read when not all are: rejected ones, as they stand or mended.
//!
//! What belongs here: the choice by place. What does not: where places come from, and how a format replaces a record.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::Position;

/// Codes that tell that a payload was not read to its end, or not at all.
const CUT_SHORT: [&str; 8] = [
    "bad_csv",
    "broken_json",
    "damaged_archive",
    "damaged_file",
    "empty",
    "too_large",
    "unknown_crs",
    "unknown_format",
];

/// True when a problem of this code means that what follows its place was not read: reading the place alone is not enough.
pub fn is_cut_short(code: &str) -> bool {
    CUT_SHORT.contains(&code)
}

/// A line or a record number inside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Line(u64),
    Record(u64),
}

impl Spot {
    fn of(position: &Position) -> Option<Self> {
        position
            .line
            .map(Self::Line)
            .or(position.record.map(Self::Record))
    }
}

/// A record that is read.
#[derive(Debug, Clone, Default)]
struct Pick {
    /// The mended record; `None`: as it stands.
    text: Option<String>,
    /// Its rejected fields; empty when it was rejected as a whole.
    fields: BTreeSet<String>,
    is_whole: bool,
}

/// Some records of a payload.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    picks: BTreeMap<(String, Spot), Pick>,
    files: BTreeSet<String>,
    is_everything: bool,
}

/// What is done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    Skip,
    /// Read it, and of its unpivoted cells these fields only.
    Fields(&'a BTreeSet<String>),
    Read,
}

impl Selection {
    /// Reads the record at a place. A place without line and record is a whole file; one without a file, the payload.
    pub fn add(&mut self, position: &Position) {
        let file = position.file.clone().unwrap_or_default();
        let Some(spot) = Spot::of(position) else {
            if file.is_empty() {
                self.is_everything = true;
            } else {
                self.files.insert(file);
            }
            return;
        };
        let pick = self.picks.entry((file, spot)).or_default();
        match &position.field {
            Some(field) => drop(pick.fields.insert(field.clone())),
            None => pick.is_whole = true,
        }
    }

    /// Reads every record; mended ones stand in the place of theirs.
    pub fn everything(&mut self) {
        self.is_everything = true;
    }

    /// Reads `text` in the place of the record. False when the place names no record.
    pub fn mend(&mut self, position: &Position, text: impl Into<String>) -> bool {
        let Some(spot) = Spot::of(position) else {
            return false;
        };
        let file = position.file.clone().unwrap_or_default();
        self.picks.entry((file, spot)).or_default().text = Some(text.into());
        true
    }

    /// The mended record of a place.
    pub fn text(&self, position: &Position) -> Option<&str> {
        let file = position.file.clone().unwrap_or_default();
        self.picks.get(&(file, Spot::of(position)?))?.text.as_deref()
    }

    /// True when the record at a place is read.
    pub fn reads(&self, position: &Position) -> bool {
        self.at(position) != Choice::Skip
    }

    /// What is done with the record at a place.
    pub(crate) fn at(&self, position: &Position) -> Choice<'_> {
        let file = position.file.clone().unwrap_or_default();
        if self.is_everything || self.files.contains(&file) {
            return Choice::Read;
        }
        let pick = Spot::of(position).and_then(|spot| self.picks.get(&(file, spot)));
        match pick {
            None => Choice::Skip,
            Some(pick) if pick.is_whole || pick.text.is_some() || pick.fields.is_empty() => Choice::Read,
            Some(pick) => Choice::Fields(&pick.fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, field: Option<&str>) -> Position {
        Position {
            file: Some("a.csv".into()),
            line: Some(number),
            field: field.map(str::to_owned),
            ..Position::default()
        }
    }

    #[test]
    fn places_choose_records() {
        let mut selection = Selection::default();
        selection.add(&line(3, Some("pm25")));
        selection.add(&line(4, None));
        assert!(selection.mend(&line(5, None), "x"));
        assert_eq!(selection.at(&line(2, None)), Choice::Skip);
        assert!(matches!(selection.at(&line(3, None)), Choice::Fields(f) if f.contains("pm25")));
        assert_eq!(selection.at(&line(4, None)), Choice::Read);
        assert_eq!(selection.at(&line(5, None)), Choice::Read);
        assert_eq!(selection.text(&line(5, None)), Some("x"));
        let other = Position {
            file: Some("b.csv".into()),
            ..line(4, None)
        };
        assert_eq!(selection.at(&other), Choice::Skip);
        selection.add(&Position {
            line: None,
            ..other.clone()
        });
        assert_eq!(selection.at(&other), Choice::Read);
        assert!(!selection.mend(&Position::default(), "x"));
        selection.everything();
        assert_eq!(selection.at(&line(2, None)), Choice::Read);
    }
}
