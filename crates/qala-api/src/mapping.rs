//! A file that somebody brings: the mapping that is offered for it, its trial, its import.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Receipt, Row};

/// The part `wish` of `POST /api/mapping/propose`. With neither, the dataset that fits best, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeWanted {
    /// The dataset to fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// A new dataset of this name; empty: named after the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// `POST /api/mapping/propose`: a mapping to look at and to change. Nothing is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingOffer {
    /// Name of the file.
    pub file: String,
    /// Import kind: `table` or `geojson`.
    pub kind: String,
    /// Character set of a text, as it was guessed.
    pub encoding: Option<String>,
    /// Field separator of a text.
    pub delimiter: Option<String>,
    /// Row of the header, from 1; absent: the columns have no names.
    pub header_row: Option<u32>,
    /// Sheet of a workbook that was looked at.
    pub sheet: Option<String>,
    /// Path of the records in a document.
    pub records: Option<String>,
    /// Feed that the rows would be of: a later file of the same feed replaces a list.
    pub feed: String,
    /// True when the mapping was saved for files like this one.
    pub known: bool,
    /// When the same bytes were taken in before.
    pub came_before: Option<String>,
    /// True when the dataset would be a new one.
    pub is_new: bool,
    /// The dataset as in its file: name, title, key, columns with type, unit and title, quantities.
    pub spec: Row,
    /// The mapping as in its file: dataset, decimal sign, columns with source and unit, and what else is said.
    pub mapping: Row,
    /// The columns of the file.
    pub columns: Vec<SourceColumn>,
    /// Why columns are filled as they are.
    pub reasons: Vec<MappingReason>,
    /// Columns of the dataset that must be filled and are not.
    pub missing: Vec<String>,
    /// Other datasets that the file may belong to, most likely first.
    pub others: Vec<String>,
    /// What an import would give.
    pub trial: MappingTrial,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Its name, or its number.
    pub name: String,
    /// Its first different values.
    pub samples: Vec<String>,
}

/// Why a column is filled from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingReason {
    /// Column of the dataset.
    pub column: String,
    /// Column of the file, or a property such as `@row`.
    pub from: String,
    /// How sure the guess is, from 0 to 1.
    pub sure: f64,
    /// Why, in words.
    pub why: String,
}

/// What an import would give; repeats of what is there already are found by the import itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingTrial {
    /// Rows of the dataset in the file.
    pub received: u64,
    /// Rows that would be accepted.
    pub accepted: u64,
    /// Rows that would go to quarantine.
    pub quarantined: u64,
    /// These by the machine word of their reason.
    pub by_code: BTreeMap<String, u64>,
    /// The first problems that reject rows.
    pub problems: Vec<Value>,
    /// What else a person should know: rows of totals left out, columns that nothing reads, guesses.
    pub notes: Vec<Value>,
    /// Columns that would be filled.
    pub columns: Vec<String>,
    /// The first rows, as text.
    pub rows: Vec<Vec<String>>,
}

/// The part `wish` of `POST /api/mapping/preview` and of `POST /api/import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingWanted {
    /// Import kind: `table` or `geojson`.
    pub kind: String,
    /// The mapping, as it was offered or as it was changed.
    pub mapping: Row,
    /// The dataset, where it is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Row>,
    /// Of an import: the feed of the rows; absent: named after the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// Of an import: whether the mapping is kept for the next file like this one.
    #[serde(default)]
    pub save: bool,
}

/// `POST /api/import`: what was taken in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// Feed of the rows.
    pub feed: String,
    /// Dataset that was filled.
    pub dataset: String,
    /// Names of the files that were kept: the mapping, the new dataset.
    pub kept: Vec<String>,
    /// True when the same file came before by the same mapping: nothing was written again.
    pub repeated: bool,
    /// What became of the rows.
    pub receipt: Receipt,
}
