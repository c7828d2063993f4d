//! Settings of a run, held against the spec.

use std::collections::BTreeMap;

use qala_core::spec::{Setting, SettingKind};

use super::{Refusal, unknown};

/// The value of every setting of the spec, as text that is known to be of its kind; empty: not set.
#[derive(Debug, Clone)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Defaults, and what was given instead of them.
    pub(super) fn new(known: &[Setting], given: &[(String, String)]) -> Result<Self, Refusal> {
        let mut values: BTreeMap<String, String> = known
            .iter()
            .map(|setting| (setting.name.clone(), setting.default.clone()))
            .collect();
        for (name, value) in given {
            let Some(setting) = known.iter().find(|setting| setting.name == *name) else {
                return Err(if known.is_empty() {
                    Refusal(format!("unknown setting `{name}`: this model has none"))
                } else {
                    unknown("setting", name, known.iter().map(|setting| setting.name.as_str()))
                });
            };
            let value = value.trim();
            check(setting, value)?;
            values.insert(name.clone(), value.to_owned());
        }
        Ok(Self(values))
    }

    /// The text; empty: not set.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The number; absent: not set.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.text(name).parse().ok()
    }

    /// The whole number; absent: not set.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }

    /// Says whether it is `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The words of a list, without spaces around them.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.text(name)
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect()
    }

    /// The numbers of a list.
    ///
    /// # Errors
    /// [`Refusal`] when one of them is no number.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>, Refusal> {
        self.list(name)
            .into_iter()
            .map(|word| match word.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(Refusal(format!("setting `{name}`: `{word}` is not a number"))),
            })
            .collect()
    }
}

fn check(setting: &Setting, value: &str) -> Result<(), Refusal> {
    let refuse = |what: &str| Err(Refusal(format!("setting `{}`: `{value}` {what}", setting.name)));
    if value.is_empty() {
        return if setting.default.is_empty() {
            Ok(())
        } else {
            refuse("is no value")
        };
    }
    let number = match setting.kind {
        SettingKind::Int => match value.parse::<i64>() {
            Ok(number) => Some(number as f64),
            Err(_) => return refuse("is not a whole number"),
        },
        SettingKind::Float => match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => return refuse("is not a number"),
        },
        SettingKind::Bool if !matches!(value, "true" | "false") => return refuse("must be true or false"),
        SettingKind::Bool | SettingKind::Text | SettingKind::List => None,
    };
    if let (Some(number), Some(min)) = (number, setting.min)
        && number < min
    {
        return refuse(&format!("is below {min}"));
    }
    if let (Some(number), Some(max)) = (number, setting.max)
        && number > max
    {
        return refuse(&format!("is above {max}"));
    }
    if !setting.values.is_empty() && !setting.values.iter().any(|known| known == value) {
        return refuse(&format!("is none of {}", setting.values.join(", ")));
    }
    Ok(())
}
