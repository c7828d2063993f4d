//! Typed names. Each kind of id is its own type, so that a feed is never passed for a dataset.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that breaks the rule of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {rule}")]
pub struct InvalidId {
    text: String,
    kind: &'static str,
    rule: &'static str,
}

/// Says whether `text` starts with a lower-case letter and holds only lower-case letters, digits and `extra`.
fn plain(text: &str, extra: &[char]) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 120
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || extra.contains(&c))
}

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $valid:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a name.
            ///
            /// # Errors
            #[doc = concat!("[`InvalidId`] unless the name obeys: ", $rule, ".")]
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { text, kind: $kind, rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

string_id!(
    /// The SQL name of a dataset, `<subject>_<plural noun>`: `air_readings`.
    DatasetName, "dataset name", |t| plain(t, &['_']),
    "lower-case Latin letters, digits and `_`, starting with a letter"
);
string_id!(
    /// The id of a feed: the name of one source of messages.
    FeedId, "feed id", |t| !t.is_empty() && t.len() <= 200 && t.chars().all(|c| !c.is_control() && c != '\'' && c != '"'),
    "1 to 200 characters without quotes and control characters"
);
string_id!(
    /// The id of an indicator, `<subject>.<name>`: `air.pm25_mean`.
    IndicatorId, "indicator id", |t| plain(t, &['_', '.']) && t.contains('.'),
    "`<subject>.<name>` in lower-case Latin letters, digits and `_`"
);
string_id!(
    /// The id of a model, `<subject>.<name>`.
    ModelId, "model id", |t| plain(t, &['_', '.', '-']),
    "lower-case Latin letters, digits, `_`, `-` and `.`, starting with a letter"
);
string_id!(
    /// The id of a scheduled run of a model, `<subject>.<name>`: `crime.clusters`.
    RunId, "run id", |t| plain(t, &['_', '.']) && t.contains('.'),
    "`<subject>.<name>` in lower-case Latin letters, digits and `_`"
);
string_id!(
    /// The id of a function of government, which owns indicators whatever department performs it.
    FunctionId, "function id", |t| plain(t, &['_', '-', '.']),
    "lower-case Latin letters, digits, `-`, `_` and `.`, starting with a letter"
);
string_id!(
    /// The id of a procedure of the duty office: `smog-day`.
    ProcedureId, "procedure id", |t| plain(t, &['-']),
    "lower-case Latin letters, digits and `-`, starting with a letter"
);
string_id!(
    /// The id of a place: city, district, street, cell or named object.
    PlaceId, "place id", |t| !t.is_empty() && t.len() <= 120 && t.chars().all(|c| !c.is_control() && c != '\'' && c != '"'),
    "1 to 120 characters without quotes and control characters"
);
string_id!(
    /// The id of an alarm rule, `<subject>.<name>`: `air.smog`.
    AlarmRuleId, "alarm rule id", |t| plain(t, &['_', '.']) && t.contains('.'),
    "`<subject>.<name>` in lower-case Latin letters, digits and `_`"
);
