//! Which files a saved mapping is for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Which files a saved mapping is taken for when none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenFor {
    /// Names of files up to their first point; `*` stands for any letters: `schools_*`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Names of the columns of a file; one that has all of these and no others is meant, whatever it is called.
    #[serde(default)]
    pub header: Vec<String>,
}

impl TakenFor {
    /// Says whether a file of that name, up to its first point, is meant.
    pub fn is_named(&self, stem: &str) -> bool {
        let stem = stem.to_lowercase();
        self.names.iter().any(|name| is_like(&name.to_lowercase(), &stem))
    }

    /// Says whether a file with these columns is meant.
    pub fn has_header(&self, columns: &[String]) -> bool {
        let plain = |names: &[String]| -> BTreeSet<String> {
            let words = names
                .iter()
                .map(|name| name.split_whitespace().collect::<Vec<_>>());
            words
                .map(|words| words.join(" ").to_lowercase())
                .filter(|name| !name.is_empty())
                .collect()
        };
        let own = plain(&self.header);
        !own.is_empty() && own == plain(columns)
    }
}

/// Says whether a text has the form of a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(before) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, between) = parts.split_last().unwrap_or((&"", &[]));
    for part in between {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name_or_by_columns() {
        let taken = TakenFor {
            names: vec!["Schools_*".into(), "a*b*c".into()],
            header: vec!["Атауы".into(), "Full  address".into(), String::new()],
        };
        for (stem, is_meant) in [
            ("schools_2026-03", true),
            ("SCHOOLS_", true),
            ("schools", false),
            ("axbyc", true),
            ("abc", true),
            ("acb", false),
        ] {
            assert_eq!(taken.is_named(stem), is_meant, "{stem}");
        }
        let columns = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(taken.has_header(&columns(&["full address", "АТАУЫ", ""])));
        assert!(!taken.has_header(&columns(&["full address"])));
        assert!(!TakenFor::default().has_header(&[]));
    }
}
