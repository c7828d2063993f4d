//! The spec of a procedure: what the duty office does when something of a kind happens, step by step.

use serde::{Deserialize, Serialize};

use super::{SpecError, nearest};
use crate::{FunctionId, ProcedureId, Text};

/// Steps of a procedure at most: nobody works a longer list in an emergency.
const MOST_STEPS: usize = 40;
/// Minutes within which a step is due at most: a week.
const LONGEST_MIN: u32 = 7 * 24 * 60;

/// The spec of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureSpec {
    /// Id; it is also the kind of the incidents it is for.
    pub id: ProcedureId,
    /// Counted from 1.
    pub version: u32,
    /// Title for people.
    pub title: Text,
    /// When it is started.
    pub start: Text,
    /// Function of government that leads.
    pub owner_function: FunctionId,
    /// Metres around the place in which it is looked who is affected; absent: the whole district or city is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<u32>,
    /// Steps in their order.
    #[serde(rename = "step")]
    pub steps: Vec<ProcedureStep>,
}

/// A step of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureStep {
    /// Id, of its own in the procedure.
    pub id: String,
    /// Function that does it.
    pub function: FunctionId,
    /// Minutes from the start of the procedure within which it is done.
    pub within_min: u32,
    /// True when an incident is not closed before it is done or skipped with a reason.
    #[serde(default)]
    pub required: bool,
    /// What to do.
    pub text: Text,
    /// What shows that it is done.
    pub check: Text,
}

impl ProcedureSpec {
    /// Reads and checks a spec. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming the key that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = super::from_toml(name, text)?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// Functions that are named and are not among `known`, each with a suggestion.
    pub fn unknown_functions(&self, known: &[FunctionId]) -> Vec<String> {
        let mut faults = Vec::new();
        let named = std::iter::once(&self.owner_function).chain(self.steps.iter().map(|s| &s.function));
        for function in named.filter(|function| !known.contains(function)) {
            let hint = nearest(function.as_str(), known.iter().map(FunctionId::as_str));
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            let fault = format!("procedure {}: there is no function `{function}`{hint}", self.id);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        faults
    }

    fn check(&self) -> Result<(), String> {
        for (name, text) in [("title", &self.title), ("start", &self.start)] {
            if let Some(lang) = text.missing() {
                return Err(format!("the {name} has no {lang:?} form"));
            }
        }
        if self
            .radius_m
            .is_some_and(|metres| !(1..=50_000).contains(&metres))
        {
            return Err("`radius_m` is 1 to 50000".into());
        }
        if self.steps.is_empty() || self.steps.len() > MOST_STEPS {
            return Err(format!("a procedure has 1 to {MOST_STEPS} steps"));
        }
        if !self.steps.iter().any(|step| step.required) {
            return Err("no step is `required`; name those without which it is not over".into());
        }
        for (at, step) in self.steps.iter().enumerate() {
            let id = &step.id;
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if id.is_empty() || !id.chars().all(fits) {
                return Err(format!(
                    "step `{id}`: an id has lower-case Latin letters, digits and `-`"
                ));
            }
            if self.steps[..at].iter().any(|other| other.id == *id) {
                return Err(format!("step `{id}` is there twice"));
            }
            if !(1..=LONGEST_MIN).contains(&step.within_min) {
                return Err(format!("step `{id}`: `within_min` is 1 to {LONGEST_MIN}"));
            }
            for (name, text) in [("text", &step.text), ("check", &step.check)] {
                if let Some(lang) = text.missing() {
                    return Err(format!("step `{id}`: the {name} has no {lang:?} form"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("schema/procedure.toml");

    fn read(from: &str, to: &str) -> Result<ProcedureSpec, SpecError> {
        assert!(SAMPLE.contains(from), "{from}");
        ProcedureSpec::from_toml("sample", &SAMPLE.replacen(from, to, 1))
    }

    #[test]
    fn a_procedure_is_read_and_what_cannot_be_meant_is_refused() {
        let spec = read("id = \"sample\"", "id = \"sample\"").unwrap();
        assert_eq!((spec.steps.len(), spec.steps[0].within_min), (1, 15));
        for (from, to, words) in [
            ("within_min", "within_mins", "did you mean `within_min`"),
            ("required = true", "required = false", "`required`"),
            ("within_min = 15", "within_min = 0", "`within_min` is 1 to"),
            ("ru = \"в\"", "ru = \" \"", "no Ru form"),
            ("id = \"look\"", "id = \"Look\"", "lower-case"),
            ("radius_m = 500", "radius_m = 0", "`radius_m`"),
            ("id = \"sample\"", "id = \"Sample\"", "not a valid procedure id"),
        ] {
            let error = read(from, to).unwrap_err().to_string();
            assert!(error.contains(words), "{to}: {error}");
        }
        let twice = format!("{SAMPLE}\n{}", &SAMPLE[SAMPLE.find("[[step]]").unwrap()..]);
        let error = ProcedureSpec::from_toml("sample", &twice)
            .unwrap_err()
            .to_string();
        assert!(error.contains("twice"), "{error}");
    }

    #[test]
    fn a_function_that_nobody_has_is_named_once_with_the_nearest() {
        let spec = read("id = \"sample\"", "id = \"sample\"").unwrap();
        let known = ["road", "air"].map(|id| FunctionId::new(id).unwrap());
        assert_eq!(
            spec.unknown_functions(&known),
            ["procedure sample: there is no function `roads`; did you mean `road`?"]
        );
    }
}
