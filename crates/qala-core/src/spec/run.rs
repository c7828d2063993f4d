//! The spec of a scheduled run of a model: what it reads from the lake, how often, and which tables its answers become.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SpecError;
use crate::{DatasetName, FunctionId, ModelId, RunId, Text, Zone};

/// Rows of an input at most, unless the spec says otherwise.
const USUAL_ROWS: u32 = 200_000;
/// Rows of an input at most, whatever the spec says: an input is held in memory.
const MOST_ROWS: u32 = 2_000_000;
/// Columns that the runner fills in itself where a dataset has them.
pub const OWN_COLUMNS: [&str; 4] = ["period_start", "period_end", "computed_at", "simulated"];
const MINUTE: i64 = 60_000_000;

/// The spec of a scheduled run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// Id, `<subject>.<name>`.
    pub id: RunId,
    /// Counted from 1.
    pub version: u32,
    /// The model.
    pub model: ModelId,
    /// Title for people.
    pub title: Text,
    /// The question it answers.
    pub question: Text,
    /// Function of government that owns the answer.
    pub owner_function: FunctionId,
    /// How often.
    pub when: RunTime,
    /// Local days from the start of the period to its end.
    pub days: u32,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Rows of one input at most; a run with more fails and says so. Absent: 200,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_rows: Option<u32>,
    /// Settings of the model that differ from its defaults, as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Inputs of the model: name and query. Placeholders `:from`, `:to` (instants) and `:zone` (text) are replaced. Columns that
    /// the model does not know are for `with` of an output.
    pub inputs: BTreeMap<String, String>,
    /// Outputs of the model that are kept, by name.
    pub outputs: BTreeMap<String, RunOutput>,
}

/// How often a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum RunTime {
    /// Once a day; its period ends with the day before.
    Daily {
        /// From this local hour on.
        hour: u8,
    },
    /// At whole multiples of so many minutes; its period ends then.
    Every {
        /// Minutes.
        minutes: u32,
    },
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOutput {
    /// The dataset, a snapshot or events.
    pub dataset: DatasetName,
    /// Columns of the dataset and those of the output they are taken from.
    pub columns: BTreeMap<String, String>,
    /// More columns, from the input's row of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<RunWith>,
    /// Column of the dataset that counts single records: rows made of one to four are not there for those to whom records are
    /// not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few: Option<String>,
}

/// Columns that an output takes from an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunWith {
    /// The input.
    pub input: String,
    /// Columns that both input and output have: rows that agree in them belong together.
    pub on: Vec<String>,
    /// Columns of the input, which are columns of the dataset too.
    pub columns: Vec<String>,
}

/// The period of a run, µs of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunPeriod {
    /// First instant.
    pub from: i64,
    /// First instant after it.
    pub to: i64,
}

impl RunSpec {
    /// Reads and checks a spec. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = super::from_toml(name, text)?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// The subject: what stands before the point of the id.
    pub fn subject(&self) -> &str {
        self.id.as_str().split('.').next().unwrap_or_default()
    }

    /// Rows that an input may have.
    pub fn most_rows(&self) -> usize {
        self.most_rows.unwrap_or(USUAL_ROWS) as usize
    }

    /// The newest period that is due at an instant, µs of UTC.
    pub fn period(&self, now: i64, zone: &Zone) -> RunPeriod {
        let to = match self.when {
            RunTime::Daily { hour } => {
                let today = zone.local_day(now);
                let is_due = now >= zone.day_start(today) + i64::from(hour) * 60 * MINUTE;
                zone.day_start(if is_due { today } else { today - 1 })
            }
            RunTime::Every { minutes } => {
                let step = i64::from(minutes.max(1)) * MINUTE;
                now.div_euclid(step) * step
            }
        };
        let day = zone.local_day(to);
        let from = zone.day_start(day - self.days as i32) + (to - zone.day_start(day));
        RunPeriod { from, to }
    }

    /// The query of an input for a period. `None` when there is no such input.
    pub fn query(&self, input: &str, period: RunPeriod, zone: &Zone) -> Option<String> {
        let utc = Zone::utc();
        let instant = |micros: i64| format!("TIMESTAMP '{}'", utc.format(micros).replace("+00:00", "Z"));
        let sql = self.inputs.get(input)?;
        Some(
            sql.replace(":from", &instant(period.from))
                .replace(":to", &instant(period.to))
                .replace(":zone", &format!("'{}'", zone.name())),
        )
    }

    fn check(&self) -> Result<(), String> {
        for (name, text) in [("title", &self.title), ("question", &self.question)] {
            if let Some(lang) = text.missing() {
                return Err(format!("the {name} has no {lang:?} form"));
            }
        }
        match self.when {
            RunTime::Daily { hour } if hour > 23 => return Err("`hour` is 0 to 23".into()),
            RunTime::Every { minutes } if !(1..=1440).contains(&minutes) => {
                return Err("`minutes` is 1 to 1440".into());
            }
            _ => {}
        }
        if !(1..=3660).contains(&self.days) {
            return Err("`days` is 1 to 3660".into());
        }
        if !(1..=MOST_ROWS).contains(&self.most_rows.unwrap_or(USUAL_ROWS)) {
            return Err(format!("`most_rows` is 1 to {MOST_ROWS}"));
        }
        if self.inputs.is_empty() || self.outputs.is_empty() {
            return Err("a run has at least one input and one output".into());
        }
        for (name, output) in &self.outputs {
            let Some(with) = &output.with else { continue };
            if !self.inputs.contains_key(&with.input) {
                let hint = super::nearest(&with.input, self.inputs.keys().map(String::as_str));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                return Err(format!(
                    "output `{name}`: there is no input `{}`{hint}",
                    with.input
                ));
            }
            if with.on.is_empty() {
                return Err(format!(
                    "output `{name}`: `on` is empty; name the columns that both have"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(when: &str) -> Result<RunSpec, SpecError> {
        let text = include_str!("schema/run.toml").replace("{ type = \"daily\", hour = 4 }", when);
        RunSpec::from_toml("sample", &text)
    }

    fn at(text: &str) -> i64 {
        crate::parse_instant(text, None).unwrap()
    }

    #[test]
    fn a_daily_run_ends_with_the_day_before_and_an_hour_that_went_twice_is_counted() {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let run = spec("{ type = \"daily\", hour = 4 }").unwrap();
        let period = run.period(at("2026-03-02T04:00:00+05:00"), &zone);
        assert_eq!(period.to, at("2026-03-02T00:00:00+05:00"));
        assert_eq!(period.from, period.to - 90 * 1440 * MINUTE);
        let before = run.period(at("2026-03-02T03:59:59+05:00"), &zone);
        assert_eq!(before.to, at("2026-03-01T00:00:00+05:00"));
        // The clock went back on 1 March 2024: local days, not hours, are counted.
        let period = run.period(at("2024-03-02T05:00:00+05:00"), &zone);
        assert_eq!(period.from, at("2023-12-03T00:00:00+06:00"));
    }

    #[test]
    fn a_run_by_minutes_ends_at_whole_multiples() {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let run = spec("{ type = \"every\", minutes = 15 }").unwrap();
        let period = run.period(at("2026-03-02T08:29:59+05:00"), &zone);
        assert_eq!(period.to, at("2026-03-02T08:15:00+05:00"));
        assert_eq!(period.from, at("2025-12-02T08:15:00+05:00"));
        let sql = run.query("rows", period, &zone).unwrap();
        assert_eq!(
            sql,
            "SELECT TIMESTAMP '2025-12-02T03:15:00Z', TIMESTAMP '2026-03-02T03:15:00Z', 'Asia/Almaty'"
        );
        assert_eq!(run.query("row", period, &zone), None);
    }

    #[test]
    fn a_run_that_cannot_be_meant_is_refused() {
        for (when, words) in [
            ("{ type = \"daily\", hour = 24 }", "0 to 23"),
            ("{ type = \"every\", minutes = 0 }", "1 to 1440"),
            ("{ type = \"evry\", minutes = 5 }", "did you mean `every`"),
            ("{ type = \"every\", minute = 5 }", "did you mean `minutes`"),
            (
                "{ type = \"every\", minutes = 5 }\nsed = 2",
                "did you mean `seed`",
            ),
        ] {
            let error = spec(when).unwrap_err().to_string();
            assert!(error.contains(words), "{when}: {error}");
        }
        let wrong = include_str!("schema/run.toml").replace("input = \"rows\"", "input = \"row\"");
        let error = RunSpec::from_toml("sample", &wrong).unwrap_err().to_string();
        assert!(error.contains("did you mean `rows`"), "{error}");
    }
}
