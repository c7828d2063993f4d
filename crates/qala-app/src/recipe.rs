//! By what a message was read: dataset and mapping, as they are kept with it.

use qala_core::DatasetName;
use qala_core::spec::{Mapping, SpecError};

/// Begins the line that tells why a message was read again.
const AGAIN: &str = "\n#again ";

/// The dataset and mapping of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Recipe {
    /// Target, when one was named.
    pub(crate) dataset: Option<DatasetName>,
    /// Mapping and its text.
    pub(crate) mapping: Option<(Mapping, String)>,
    /// Why it was read again, if it was.
    pub(crate) again: Option<String>,
}

impl Recipe {
    /// The text that is kept.
    pub(crate) fn context(dataset: Option<&DatasetName>, mapping: &str, again: Option<&str>) -> String {
        let dataset = dataset.map(ToString::to_string).unwrap_or_default();
        let again = again.map(|mark| format!("{AGAIN}{mark}")).unwrap_or_default();
        format!("{dataset}\n{mapping}{again}")
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// A mapping of another version of the program.
    pub(crate) fn of(context: &str) -> Result<Self, SpecError> {
        let (rest, again) = match context.rsplit_once(AGAIN) {
            Some((rest, mark)) => (rest, Some(mark.to_owned())),
            None => (context, None),
        };
        let (dataset, text) = rest.split_once('\n').unwrap_or((rest, ""));
        let mapping = match text.trim_start().chars().next() {
            None => None,
            Some('{') => Some(
                serde_json::from_str(text)
                    .map_err(|e| SpecError::new("the mapping kept with the message", e.to_string()))?,
            ),
            Some(_) => Some(Mapping::from_toml("the mapping kept with the message", text)?),
        };
        Ok(Self {
            dataset: DatasetName::new(dataset).ok(),
            mapping: mapping.map(|m| (m, text.to_owned())),
            again,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_comes_back() {
        let name = DatasetName::new("air_readings").unwrap();
        let text = "missing = [\"NA\"]\n[columns]\nt = { from = \"time\" }\n";
        let json = serde_json::to_string(&Mapping::from_toml("m", text).unwrap()).unwrap();
        for text in [text, &json] {
            let kept = Recipe::context(Some(&name), text, Some("retry 17"));
            let recipe = Recipe::of(&kept).unwrap();
            assert_eq!(recipe.dataset.as_ref(), Some(&name));
            assert_eq!(recipe.again.as_deref(), Some("retry 17"));
            let (mapping, kept) = recipe.mapping.unwrap();
            assert_eq!(
                (mapping.missing.as_slice(), kept.as_str()),
                (&["NA".to_owned()][..], text)
            );
        }
        assert_eq!(Recipe::of("\n").unwrap(), Recipe::default());
        assert_eq!(Recipe::of("").unwrap(), Recipe::default());
    }
}
