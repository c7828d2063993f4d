//! Specs as data: what a dataset, a feed, an indicator, a procedure, a model, a scheduled run of one and an alarm rule are, read from TOML and SQL headers.
//!
//! What belongs here: the shapes and their checks. What does not: reading files.

mod alarm;
mod dataset;
mod feed;
mod indicator;
mod model;
mod previous;
mod procedure;
mod run;
mod schema;
mod taken;
mod transport;

pub use alarm::{
    AlarmCategory, AlarmGroup, AlarmPlaces, AlarmSeverity, AlarmSpec, AlarmWhen, Border, BorderSide, Channel,
    ChannelKind, ChannelSpec, Escalation, MailTls, Missed, MorningMail, NoticeContact, NoticeSpec,
    is_in_hours,
};
pub use dataset::{Column, ColumnType, DatasetSpec, Kind, Quantity, Role, Rollup, Sensitivity};
pub use feed::{ColumnMap, Devices, Encoding, FeedSpec, Mapping, Unpivot};
pub use indicator::{Better, Boundaries, IndicatorSpec, QueryParts, Status, Targets};
pub use model::{InputForm, InputSpec, ModelSpec, OutputColumn, OutputSpec, Setting, SettingKind};
pub use previous::{Carry, CarryQuantity, FromPrevious, OldRows};
pub use procedure::{ProcedureSpec, ProcedureStep};
pub use run::{OWN_COLUMNS, RunOutput, RunPeriod, RunSpec, RunTime, RunWith};
pub use schema::schemas;
pub use taken::TakenFor;
pub use transport::{LocalTime, MqttVersion, Retained, Secret, Transport, Words};

use serde::de::DeserializeOwned;

/// A spec that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct SpecError {
    /// The file or the name of the spec.
    pub name: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl SpecError {
    /// Builds an error about the spec `name`.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
        }
    }
}

/// Reads a spec from TOML; an unknown key is refused with the nearest known one.
///
/// # Errors
/// [`SpecError`] with line and column where the format is wrong.
pub fn from_toml<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, SpecError> {
    toml::from_str(text).map_err(|e| {
        let line = e
            .span()
            .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let message = with_suggestion(e.message());
        SpecError::new(
            name,
            line.map_or(message.clone(), |l| format!("line {l}: {message}")),
        )
    })
}

/// Adds "did you mean" to serde's message about an unknown field or variant.
fn with_suggestion(message: &str) -> String {
    let Some((_, rest)) = message
        .split_once("unknown field `")
        .or_else(|| message.split_once("unknown variant `"))
    else {
        return message.into();
    };
    let Some((written, known)) = rest.split_once('`') else {
        return message.into();
    };
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    match nearest(written, known.iter().copied()) {
        Some(best) => format!(
            "unknown key `{written}`; did you mean `{best}`? (known: {})",
            known.join(", ")
        ),
        None => format!("unknown key `{written}` (known: {})", known.join(", ")),
    }
}

/// The known word nearest to what was written, if one is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let lower = written.to_lowercase();
    known
        .map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count().max(lower.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word.to_owned())
}

/// How much two words have in common: 1 when they are equal but for case, 0 when they share nothing.
pub fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(&one.to_lowercase(), &other.to_lowercase())
}
