//! The spec of an indicator: a `SELECT` with a header in comments.
//!
//! ```sql
//! -- title.en = "Mean PM2.5"
//! -- unit = "ug/m3"
//! SELECT …
//! ```
//! The header lines are TOML behind `-- `. The first line that is not such a comment begins the query. What several
//! indicators read alike is written once, as a part: a file of common table expressions, which the header names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SpecError;
use crate::{FunctionId, Grain, IndicatorId, Text, Unit};

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Smaller values are better.
    Lower,
    /// Larger values are better.
    Higher,
    /// The indicator describes; it has no good direction.
    Neither,
}

/// How a value stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On target.
    OnTarget,
    /// Between the target and the limit.
    Watch,
    /// Beyond the limit.
    OffTarget,
    /// No value, or no target.
    Unknown,
}

impl Status {
    /// The word stored in `indicator_values`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTarget => "on_target",
            Self::Watch => "watch",
            Self::OffTarget => "off_target",
            Self::Unknown => "unknown",
        }
    }

    /// Finds a status by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::OnTarget, Self::Watch, Self::OffTarget, Self::Unknown]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// Target and limit in the indicator's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// At or better than this: on target.
    pub target: f64,
    /// Worse than this: off target.
    pub limit: f64,
    /// How far back over a border a value must come before the status improves, in the indicator's unit.
    #[serde(default)]
    pub hysteresis: f64,
}

/// The spec of an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorSpec {
    /// Id, `<subject>.<name>`.
    pub id: IndicatorId,
    /// Counted from 1.
    pub version: u32,
    /// Title for people.
    pub title: Text,
    /// The question it answers.
    pub question: Text,
    /// The decision it serves.
    pub decision: Text,
    /// Unit of its values.
    pub unit: Unit,
    /// Which direction is good.
    pub better: Better,
    /// Grains in which it makes sense.
    pub grains: Vec<Grain>,
    /// Function of government that owns it.
    pub owner_function: FunctionId,
    /// Minutes between two computations; absent: only on demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_min: Option<u32>,
    /// Days of rows that one question of the schedule may read, at least a period; absent: as many as are usual for the grain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once_days: Option<u32>,
    /// Target and limit, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Targets>,
    /// Share of expected rows below which no value is given.
    #[serde(default)]
    pub min_coverage: f64,
    /// Whether places are those in force in the period or those of today.
    #[serde(default)]
    pub boundaries: Boundaries,
    /// Parts that stand before the query, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// The query, its parts included. Placeholders `:from`, `:to` (instants), `:grain` (text) and `:zone` (text) are replaced.
    #[serde(default)]
    pub sql: String,
}

/// Which boundaries of places an indicator uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundaries {
    /// Those in force when it happened.
    #[default]
    Period,
    /// Those of today.
    Today,
}

/// The parts of queries by name: common table expressions, `name AS (SELECT …)`, separated by commas.
pub type QueryParts = BTreeMap<String, String>;

impl IndicatorSpec {
    /// Reads an indicator file. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] when the header or the query is missing or wrong, or names a part that is not there.
    pub fn from_sql(name: &str, text: &str, parts: &QueryParts) -> Result<Self, SpecError> {
        let mut header = String::new();
        let mut lines = text.lines();
        let mut rest = Vec::new();
        for line in lines.by_ref() {
            let Some(toml) = line.strip_prefix("--") else {
                rest.push(line);
                break;
            };
            header.push_str(toml.strip_prefix(' ').unwrap_or(toml));
            header.push('\n');
        }
        rest.extend(lines);
        let mut spec: Self = super::from_toml(name, &header)?;
        rest.join("\n").trim().clone_into(&mut spec.sql);
        spec.put_parts(parts)
            .map_err(|message| SpecError::new(name, message))?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// Puts the parts before the query.
    fn put_parts(&mut self, parts: &QueryParts) -> Result<(), String> {
        let mut texts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let text = parts.get(part).ok_or_else(|| {
                let hint = super::nearest(part, parts.keys().map(String::as_str));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                format!("there is no part `{part}`{hint}")
            })?;
            texts.push(text.trim());
        }
        if !texts.is_empty() {
            let common = texts.join(",\n");
            self.sql = match self.sql.strip_prefix("WITH ") {
                Some(own) => format!("WITH {common},\n{own}"),
                None => format!("WITH {common}\n{}", self.sql),
            };
        }
        Ok(())
    }

    /// The query for one range, grain and zone. Instants are given as µs of UTC.
    pub fn query(&self, from: i64, to: i64, grain: Grain, zone: &crate::Zone) -> String {
        let utc = crate::Zone::utc();
        let instant = |micros: i64| format!("TIMESTAMP '{}'", utc.format(micros).replace("+00:00", "Z"));
        self.sql
            .replace(":from", &instant(from))
            .replace(":to", &instant(to))
            .replace(":grain", &format!("'{grain}'"))
            .replace(":zone", &format!("'{}'", zone.name()))
    }

    /// The status of a value, given the status before it: a better status is reached only past the hysteresis.
    pub fn status(&self, value: Option<f64>, before: Option<Status>) -> Status {
        let (Some(value), Some(targets)) = (value, self.targets) else {
            return Status::Unknown;
        };
        let sign = match self.better {
            Better::Lower => 1.0,
            Better::Higher => -1.0,
            Better::Neither => return Status::Unknown,
        };
        let worse_than = |border: f64, slack: f64| sign * value > sign * border - slack;
        let plain = |slack: f64| {
            if worse_than(targets.limit, slack) {
                Status::OffTarget
            } else if worse_than(targets.target, slack) {
                Status::Watch
            } else {
                Status::OnTarget
            }
        };
        let rank = |s: Status| match s {
            Status::OnTarget => 0,
            Status::Watch => 1,
            _ => 2,
        };
        let now = plain(0.0);
        match before {
            Some(old) if old != Status::Unknown && rank(now) < rank(old) => {
                let held = plain(targets.hysteresis);
                if rank(held) > rank(old) { old } else { held }
            }
            _ => now,
        }
    }

    fn check(&self) -> Result<(), String> {
        for (what, text) in [
            ("title", &self.title),
            ("question", &self.question),
            ("decision", &self.decision),
        ] {
            if let Some(lang) = text.missing() {
                return Err(format!("{what} has no {lang:?} form"));
            }
        }
        if self.grains.is_empty() {
            return Err(
                "grains is empty; name at least one of minute15, hour, day, week, month, quarter, year"
                    .into(),
            );
        }
        if let Some(targets) = self.targets {
            let ordered = match self.better {
                Better::Lower => targets.target <= targets.limit,
                Better::Higher => targets.target >= targets.limit,
                Better::Neither => {
                    return Err("an indicator with `better = \"neither\"` has no targets".into());
                }
            };
            if !ordered {
                return Err("the limit must be worse than the target".into());
            }
        }
        for needed in [":from", ":to", ":grain", ":zone"] {
            if !self.sql.contains(needed) {
                return Err(format!("the query does not use {needed}"));
            }
        }
        Ok(())
    }
}
