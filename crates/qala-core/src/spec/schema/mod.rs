//! JSON schemas of the kinds of spec, for editors.
//!
//! They are asked of the readers themselves, so they cannot drift: a sample that uses every key is changed here and
//! there, and the reader's answers tell which keys are known, which must be there, and which words a key takes. A sample
//! that lacks a key is an error, which a test finds.

mod json;

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{AlarmSpec, DatasetSpec, FeedSpec, IndicatorSpec, ModelSpec, ProcedureSpec, RunSpec, SpecError};

/// A key that no spec has.
const STRANGE: &str = "zqzqzqzq";

/// A reader of specs.
type Read = fn(&str) -> Result<(), SpecError>;

/// A kind of spec: name, title, reader, samples. Every sample after the first shows another form of one of its keys.
const KINDS: [(&str, &str, Read, &[&str]); 7] = [
    (
        "dataset",
        "A dataset: datasets/<subject>/<name>.toml",
        |text| DatasetSpec::from_toml("sample", text).map(drop),
        &[include_str!("dataset.toml")],
    ),
    (
        "feed",
        "A feed: packs/<city>/feeds/<id>.toml",
        |text| FeedSpec::from_toml("sample", text).map(drop),
        &[
            include_str!("feed.toml"),
            "transport = { type = \"file\", path = \"a.csv\" }",
            "transport = { type = \"folder\", path = \"in\", suffix = \".csv\" }",
            "transport = { type = \"push\" }",
            include_str!("mqtt.toml"),
        ],
    ),
    (
        "indicator",
        "The header of an indicator: indicators/<subject>/<id>.sql, each line behind `-- `",
        |text| {
            let header = format!("-- {}\n", text.trim_end().replace('\n', "\n-- "));
            let query = format!("{header}SELECT :from, :to, :grain, :zone");
            let parts = [("hours".to_owned(), "hours AS (SELECT 1)".to_owned())];
            IndicatorSpec::from_sql("sample", &query, &parts.into()).map(drop)
        },
        &[include_str!("indicator.toml")],
    ),
    (
        "model",
        "A model",
        |text| ModelSpec::from_toml("sample", text).map(drop),
        &[include_str!("model.toml")],
    ),
    (
        "procedure",
        "A procedure of the duty office: packs/<city>/procedures/<id>.toml",
        |text| ProcedureSpec::from_toml("sample", text).map(drop),
        &[include_str!("procedure.toml")],
    ),
    (
        "run",
        "A scheduled run of a model: runs/<subject>/<name>.toml",
        |text| RunSpec::from_toml("sample", text).map(drop),
        &[
            include_str!("run.toml"),
            "when = { type = \"every\", minutes = 15 }",
        ],
    ),
    (
        "alarm",
        "An alarm rule: alarms/<subject>/<name>.toml",
        |text| {
            // Only events are grouped by key or cause.
            let text = if text.contains("type = \"event\"") {
                text.to_owned()
            } else {
                text.replace("group = \"cause\"", "group = \"place\"")
            };
            AlarmSpec::from_toml("sample", &text).map(drop)
        },
        &[
            include_str!("alarm.toml"),
            include_str!("alarm_threshold.toml"),
            include_str!("alarm_departure.toml"),
            include_str!("alarm_places.toml"),
            include_str!("alarm_missing.toml"),
        ],
    ),
];

/// The schemas: name of the kind and JSON text.
///
/// # Errors
/// A sample that lacks a key or is no good spec.
pub fn schemas() -> Result<Vec<(&'static str, String)>, SpecError> {
    let mut all = Vec::new();
    for (name, title, read, samples) in KINDS {
        let parse = |text: &str| {
            text.parse::<Table>()
                .map_err(|e| SpecError::new(name, format!("the sample is no TOML: {e}")))
        };
        let sample = parse(samples[0])?;
        let mut schema = Probe {
            name,
            read,
            root: sample.clone(),
        }
        .table(&mut Vec::new(), &sample)?;
        for other in &samples[1..] {
            for (key, form) in parse(other)? {
                let mut root = sample.clone();
                root.insert(key.clone(), form.clone());
                let probe = Probe { name, read, root };
                let form = probe.value(&mut vec![Step::Key(key.clone())], &form)?;
                one_more(&mut schema, &key, form);
            }
        }
        schema.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
        schema.insert("title".into(), title.into());
        all.push((name, json::written(&Value::Table(schema))));
    }
    Ok(all)
}

/// Adds another form of a key.
fn one_more(schema: &mut Table, key: &str, form: Value) {
    let Some(Value::Table(properties)) = schema.get_mut("properties") else {
        return;
    };
    let forms = match properties.remove(key) {
        Some(Value::Table(mut known)) => match known.remove("oneOf") {
            Some(Value::Array(mut forms)) => {
                forms.push(form);
                forms
            }
            _ => vec![Value::Table(known), form],
        },
        _ => vec![form],
    };
    let mut one_of = Table::new();
    one_of.insert("oneOf".into(), Value::Array(forms));
    properties.insert(key.into(), Value::Table(one_of));
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Item(usize),
}

/// A sample that is changed in one place at a time.
struct Probe {
    name: &'static str,
    read: Read,
    root: Table,
}

/// What stands at a place.
fn at<'a>(root: &'a mut Table, path: &[Step]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    let Step::Key(key) = first else { return None };
    let mut value = root.get_mut(key)?;
    for step in rest {
        value = match step {
            Step::Key(key) => value.as_table_mut()?.get_mut(key)?,
            Step::Item(index) => value.as_array_mut()?.get_mut(*index)?,
        };
    }
    Some(value)
}

impl Probe {
    /// What the reader says of the sample after a change of the table at a place.
    fn after(&self, path: &[Step], change: impl FnOnce(&mut Table)) -> Option<String> {
        let mut root = self.root.clone();
        if path.is_empty() {
            change(&mut root);
        } else if let Some(Value::Table(table)) = at(&mut root, path) {
            change(table);
        }
        let text = toml::to_string(&root).ok()?;
        (self.read)(&text).err().map(|e| e.message)
    }

    fn fault(&self, path: &[Step], what: &str) -> SpecError {
        let words: Vec<String> = path
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.clone(),
                Step::Item(index) => index.to_string(),
            })
            .collect();
        SpecError::new(self.name, format!("the sample, at `{}`: {what}", words.join(".")))
    }

    /// The words that the reader names behind `known:`.
    fn known(message: Option<&str>) -> Option<BTreeSet<String>> {
        let (_, rest) = message?.split_once(&format!("unknown key `{STRANGE}`"))?;
        let list = rest.split_once("(known: ").map_or("", |(_, list)| list);
        let list = list.trim_end_matches(')').split(", ");
        Some(list.filter(|w| !w.is_empty()).map(ToOwned::to_owned).collect())
    }

    /// A table: one with fixed keys, or a map whose keys are free.
    fn table(&self, path: &mut Vec<Step>, sample: &Table) -> Result<Table, SpecError> {
        let mut schema = Table::new();
        schema.insert("type".into(), "object".into());
        let copy = sample.values().next().cloned();
        let answer = self.after(path, |table| {
            table.insert(STRANGE.into(), copy.unwrap_or_else(|| "x".into()));
        });
        let Some(known) = Self::known(answer.as_deref()) else {
            // Any key is taken: a map, whose values have the form of the first.
            let Some((key, first)) = sample.iter().next() else {
                return Err(self.fault(path, "it has no entry"));
            };
            path.push(Step::Key(key.clone()));
            schema.insert("additionalProperties".into(), self.value(path, first)?);
            path.pop();
            return Ok(schema);
        };
        // The tag of a tagged form is no key of its own.
        let shown: BTreeSet<String> = sample.keys().cloned().collect();
        if let Some(lost) = known.difference(&shown).next() {
            return Err(self.fault(path, &format!("the key `{lost}` is missing")));
        }
        let (mut properties, mut required) = (Table::new(), Vec::new());
        for (key, value) in sample {
            let answer = self.after(path, |table| drop(table.remove(key)));
            if answer.is_some_and(|m| m.contains(&format!("missing field `{key}`"))) {
                required.push(Value::from(key.as_str()));
            }
            path.push(Step::Key(key.clone()));
            let form = if known.contains(key) {
                self.value(path, value)?
            } else {
                let mut tag = Table::new();
                tag.insert("const".into(), value.clone());
                Value::Table(tag)
            };
            path.pop();
            properties.insert(key.clone(), form);
        }
        schema.insert("properties".into(), Value::Table(properties));
        schema.insert("required".into(), Value::Array(required));
        schema.insert("additionalProperties".into(), false.into());
        Ok(schema)
    }

    fn value(&self, path: &mut Vec<Step>, sample: &Value) -> Result<Value, SpecError> {
        let mut schema = Table::new();
        let kind = match sample {
            Value::Table(table) => return Ok(Value::Table(self.table(path, table)?)),
            Value::Array(items) => {
                let Some(first) = items.first() else {
                    return Err(self.fault(path, "the list is empty"));
                };
                path.push(Step::Item(0));
                schema.insert("items".into(), self.value(path, first)?);
                path.pop();
                "array"
            }
            Value::String(_) => {
                if let Some(words) = self.words(path) {
                    schema.insert(
                        "enum".into(),
                        Value::Array(words.into_iter().map(Value::from).collect()),
                    );
                }
                "string"
            }
            Value::Integer(_) => "integer",
            Value::Float(_) => "number",
            Value::Boolean(_) => "boolean",
            Value::Datetime(_) => return Err(self.fault(path, "a date is no value of a spec")),
        };
        schema.insert("type".into(), kind.into());
        Ok(Value::Table(schema))
    }

    /// The words that a text may be, when they are a closed list.
    fn words(&self, path: &[Step]) -> Option<BTreeSet<String>> {
        let mut root = self.root.clone();
        *at(&mut root, path)? = STRANGE.into();
        let text = toml::to_string(&root).ok()?;
        let message = (self.read)(&text).err()?.message;
        Self::known(Some(&message)).filter(|words| !words.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn schemas_are_those_in_the_repository() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
        for (name, text) in schemas().unwrap() {
            let path = folder.join(format!("{name}.json"));
            if std::env::var_os("QALA_BLESS").is_some_and(|v| v == "1") {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let stored = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                stored == text,
                "{} is old; `cargo xtask gen` writes it",
                path.display()
            );
        }
    }

    #[test]
    fn samples_are_good_specs() {
        for (name, _, read, samples) in KINDS {
            let text = samples[0];
            assert!(read(text).is_ok(), "{name}: {}", read(text).unwrap_err());
        }
    }

    #[test]
    fn a_schema_tells_keys_words_and_what_must_be_there() {
        let all = schemas().unwrap();
        let text = |kind: &str| &all.iter().find(|(name, _)| *name == kind).unwrap().1;
        let dataset: String = text("dataset").split_whitespace().collect();
        assert!(
            dataset.contains(r#""kind":{"enum":["event","snapshot","state"],"type":"string"}"#),
            "{dataset}"
        );
        assert!(dataset.contains(r#""from_previous""#));
        assert!(
            dataset
                .contains(r#""required":["columns","key","kind","name","subject","title","version","zone"]"#),
            "{dataset}"
        );
        let feed: String = text("feed").split_whitespace().collect();
        for form in ["file", "folder", "mqtt", "poll", "push"] {
            assert!(feed.contains(&format!(r#"{{"const":"{form}"}}"#)), "{feed}");
        }
    }
}
