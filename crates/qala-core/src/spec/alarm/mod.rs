//! The spec of an alarm rule: what is watched, when it is too much, who answers, and what happens when nobody does.
//!
//! What belongs here: the shapes, their checks, and the arithmetic of one rule (hysteresis, hours). What does not: where values
//! come from, and who is told by which way (`notice`).

mod border;
mod notice;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::border::{Border, BorderSide, is_in_hours};
pub use self::notice::{Channel, ChannelKind, ChannelSpec, MailTls, MorningMail, NoticeContact, NoticeSpec};
use super::SpecError;
use crate::{AlarmRuleId, DatasetName, FeedId, FunctionId, Grain, Hours, IndicatorId, Text};

/// How bad an alarm is. The order is that of the queue, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmSeverity {
    /// To be known.
    Info,
    /// To be looked at today.
    Minor,
    /// To be acted on within the hour.
    Major,
    /// To be acted on at once.
    Critical,
}

impl AlarmSeverity {
    /// All, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Minor, Self::Major, Self::Critical];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// What an alarm is about, in the words of [CAP 1.2, section 3.2.2](https://docs.oasis-open.org/emergency/cap/v1.2/).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmCategory {
    /// The ground: earthquakes, mudflows.
    Geo,
    /// The weather.
    Met,
    /// General safety.
    Safety,
    /// Police and security.
    Security,
    /// Fire.
    Fire,
    /// Health.
    Health,
    /// Pollution and the environment.
    Env,
    /// Traffic and transport.
    Transport,
    /// Networks of the city, the program's own included.
    Infra,
    /// Anything else.
    #[default]
    Other,
}

impl AlarmCategory {
    /// The word of the standard.
    pub fn cap_word(self) -> &'static str {
        match self {
            Self::Geo => "Geo",
            Self::Met => "Met",
            Self::Safety => "Safety",
            Self::Security => "Security",
            Self::Fire => "Fire",
            Self::Health => "Health",
            Self::Env => "Env",
            Self::Transport => "Transport",
            Self::Infra => "Infra",
            Self::Other => "Other",
        }
    }
}

/// Which places a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmPlaces {
    /// The city as a whole.
    City,
    /// Its parts, each for itself.
    #[default]
    Parts,
}

/// What is one alarm: everything of one cause is counted in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmGroup {
    /// One alarm for each place, or feed.
    #[default]
    Place,
    /// One alarm of the rule, whatever the place.
    Rule,
    /// One alarm for each event.
    Key,
    /// One alarm for each value of the column `cause` of the events.
    Cause,
}

/// What a feed fails to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// A promised message is overdue.
    Late,
    /// Three promised messages in a row are missing.
    Stopped,
    /// Devices are silent while their feed goes on.
    Devices,
}

/// When a rule holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum AlarmWhen {
    /// Values of an indicator are past a border.
    Threshold {
        /// Indicator.
        indicator: IndicatorId,
        /// Grain of its values.
        grain: Grain,
        /// Where.
        #[serde(default)]
        places: AlarmPlaces,
        /// From where on it is too much, and from where on it is well again.
        border: Border,
        /// So many periods in a row.
        #[serde(default = "one")]
        periods: u32,
    },
    /// A value leaves the limits of what is usual at this hour: those of the model `indicators.control_chart` over the values
    /// of the same hour on the days before.
    Departure {
        /// Indicator.
        indicator: IndicatorId,
        /// Grain of its values.
        grain: Grain,
        /// Where.
        #[serde(default)]
        places: AlarmPlaces,
        /// On which side.
        side: BorderSide,
        /// Values before that make the limits, at most.
        points: u32,
        /// With fewer of them nothing is said.
        least: u32,
    },
    /// A border is passed in several places at once.
    Places {
        /// Indicator.
        indicator: IndicatorId,
        /// Grain of its values.
        grain: Grain,
        /// Border of each place.
        border: Border,
        /// In so many places.
        at_least: u32,
    },
    /// What was promised does not come.
    Missing {
        /// Feeds; empty: all that promise something.
        #[serde(default)]
        feeds: Vec<FeedId>,
        /// What is missing.
        what: Missed,
        /// So many devices of a feed, where `what` is `devices`.
        #[serde(default = "one")]
        at_least: u32,
    },
    /// Rows of a dataset are events.
    Event {
        /// The dataset.
        dataset: DatasetName,
        /// A query with the columns `key` (text) and `t` (instant), and any of `place`, `cause`, `severity`, `value`, `lon`, `lat`,
        /// `words`, `ended_at` (instant; the event is over). `:after` and `:upto` are replaced by the `_seq` between which rows
        /// are new.
        sql: String,
        /// Events older than so many minutes when their row comes are history and raise nothing.
        #[serde(default = "three_hours")]
        fresh_min: u32,
    },
}

fn one() -> u32 {
    1
}

fn three_hours() -> u32 {
    180
}

fn a_day() -> u32 {
    1440
}

/// What happens while nobody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// So many minutes after the alarm was raised.
    pub after_min: u32,
    /// Contacts of this function are told too; absent: further contacts of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionId>,
}

/// The spec of an alarm rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmSpec {
    /// Id, `<subject>.<name>`.
    pub id: AlarmRuleId,
    /// Counted from 1.
    pub version: u32,
    /// What is the matter, for people.
    pub title: Text,
    /// What to do.
    pub advice: Text,
    /// Function of government that answers.
    pub owner_function: FunctionId,
    /// How bad it is; an event may say it for itself.
    pub severity: AlarmSeverity,
    /// True when the public is told.
    #[serde(default)]
    pub public: bool,
    /// What it is about.
    #[serde(default)]
    pub category: AlarmCategory,
    /// When it holds.
    pub when: AlarmWhen,
    /// What is one alarm.
    #[serde(default)]
    pub group: AlarmGroup,
    /// While an alarm of this rule stands, what this rule finds is counted there and raises nothing of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<AlarmRuleId>,
    /// Hours in which nothing is raised, by the city's clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Hours>,
    /// Steps while nobody acknowledges, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<Escalation>,
    /// An alarm that is over and that nobody acknowledged leaves the queue after so many minutes.
    #[serde(default = "a_day")]
    pub forget_min: u32,
}

impl AlarmSpec {
    /// Reads and checks a rule. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = super::from_toml(name, text)?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// The indicator and grain it looks at, if it does.
    pub fn series(&self) -> Option<(&IndicatorId, Grain)> {
        match &self.when {
            AlarmWhen::Threshold { indicator, grain, .. }
            | AlarmWhen::Departure { indicator, grain, .. }
            | AlarmWhen::Places { indicator, grain, .. } => Some((indicator, *grain)),
            AlarmWhen::Missing { .. } | AlarmWhen::Event { .. } => None,
        }
    }

    /// The query for the rows of a stretch of the log; `None` when the rule is not about events.
    pub fn query(&self, after: i64, upto: i64) -> Option<String> {
        match &self.when {
            AlarmWhen::Event { sql, .. } => Some(
                sql.replace(":after", &after.to_string())
                    .replace(":upto", &upto.to_string()),
            ),
            _ => None,
        }
    }

    fn check(&self) -> Result<(), String> {
        for (name, text) in [("title", &self.title), ("advice", &self.advice)] {
            if let Some(lang) = text.missing() {
                return Err(format!("the {name} has no {lang:?} form"));
            }
        }
        let is_event = matches!(self.when, AlarmWhen::Event { .. });
        if !is_event && matches!(self.group, AlarmGroup::Key | AlarmGroup::Cause) {
            return Err("only events are grouped by `key` or `cause`; write `place` or `rule`".into());
        }
        if self.part_of.as_ref() == Some(&self.id) {
            return Err("a rule is not part of itself; name another one in `part_of`".into());
        }
        if self
            .escalation
            .windows(2)
            .any(|two| two[0].after_min >= two[1].after_min)
        {
            return Err("the steps of `escalation` stand in the order of `after_min`".into());
        }
        match &self.when {
            AlarmWhen::Threshold { border, periods, .. } => {
                border.check()?;
                if !(1..=100).contains(periods) {
                    return Err("`periods` is 1 to 100".into());
                }
            }
            AlarmWhen::Places { border, at_least, .. } => {
                border.check()?;
                if *at_least < 2 {
                    return Err(
                        "`at_least` is 2 or more; for single places write `type = \"threshold\"`".into(),
                    );
                }
            }
            AlarmWhen::Departure { points, least, .. } => {
                if !(2..=1000).contains(points) || !(2..=*points).contains(least) {
                    return Err("`points` is 2 to 1000, `least` 2 to `points`".into());
                }
            }
            AlarmWhen::Missing { at_least, .. } => {
                if *at_least == 0 {
                    return Err("`at_least` is 1 or more".into());
                }
            }
            AlarmWhen::Event { sql, .. } => {
                for needed in [":after", ":upto"] {
                    if !sql.contains(needed) {
                        return Err(format!("the query does not use {needed}"));
                    }
                }
            }
        }
        Ok(())
    }
}
