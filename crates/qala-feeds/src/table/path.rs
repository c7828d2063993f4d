//! Records of a JSON document that lie under a path: `result.items[*]`.

use std::fmt;
use std::io::{BufRead, BufReader};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::jsonl::{Receiver, State, end_of_document, skip_mark};
use crate::archive::read_fault;
use crate::fault::{Fault, whole};
use crate::selection::Selection;
use crate::{Sink, Stopped};

/// A step towards the records.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into every element of an array.
    Each,
}

/// A path to records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Reads `a.b[*].c`; a path may begin with `$.`.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || {
            let message =
                format!("`records` of the mapping is `{text}`; a path looks like `result.items[*]`");
            Fault::new("bad_mapping", message)
        };
        let mut steps = Vec::new();
        let text = text.trim();
        let rest = text
            .strip_prefix("$.")
            .or_else(|| text.strip_prefix('$'))
            .unwrap_or(text);
        for piece in rest.split('.') {
            let key = piece.trim_end_matches("[*]");
            if key.contains(['[', ']', '*']) || (key.is_empty() && piece.is_empty() && !rest.is_empty()) {
                return Err(wrong());
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            let arrays = (piece.len() - key.len()) / "[*]".len();
            steps.extend(std::iter::repeat_n(Step::Each, arrays));
        }
        // The records of an array are its elements, whether the path says so or not.
        if steps.last() == Some(&Step::Each) {
            steps.pop();
        }
        Ok(Self(steps))
    }
}

/// Reads a JSON document and gives each record under the path to the receiver.
pub(crate) fn parse(
    bytes: &mut dyn BufRead,
    path: &Path,
    (file, selection): (Option<&str>, Option<&Selection>),
    receiver: &mut dyn Receiver,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    if let Err(error) = skip_mark(bytes) {
        return sink.problem(whole(read_fault(&error), file, 0));
    }
    let mut state = State::new(receiver, (file, selection), sink);
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, bytes));
    let mut is_found = false;
    let walk = Walk {
        state: &mut state,
        steps: &path.0,
        is_found: &mut is_found,
        is_top: true,
    };
    let result = walk.deserialize(&mut reader).and_then(|()| reader.end());
    if !is_found && result.is_ok() {
        let message = "nothing lies under the path that `records` of the mapping names; look at the keys of the document";
        state
            .sink
            .problem(whole(Fault::new("missing_records", message), file, 0))?;
    }
    end_of_document(state, result, file)
}

/// Goes down the path.
struct Walk<'s, 'a> {
    state: &'s mut State<'a>,
    steps: &'s [Step],
    is_found: &'s mut bool,
    is_top: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        match self.steps.split_first() {
            None => {
                *self.is_found = true;
                while let Some(value) = sequence.next_element::<Json>()? {
                    let result = self.state.take(value);
                    self.state.note(result)?;
                }
            }
            Some((Step::Each, rest)) => loop {
                let walk = Walk {
                    state: &mut *self.state,
                    steps: rest,
                    is_found: &mut *self.is_found,
                    is_top: false,
                };
                if sequence.next_element_seed(walk)?.is_none() {
                    break;
                }
            },
            Some((Step::Key(_), _)) => while sequence.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Step::Key(wanted), rest)) = self.steps.split_first() else {
            let object: Json = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
            if self.steps.is_empty() {
                *self.is_found = true;
                let result = self.state.take(object);
                self.state.note(result)?;
            }
            return Ok(());
        };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                map.next_value_seed(Walk {
                    state: &mut *self.state,
                    steps: rest,
                    is_found: &mut *self.is_found,
                    is_top: false,
                })?;
            } else if self.is_top && self.state.wants(&key) {
                let value = map.next_value::<Json>()?;
                let result = self.state.member(&key, &value);
                self.state.note(result)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let key = |name: &str| Step::Key(name.into());
        let cases = [
            ("a.b[*]", vec![key("a"), key("b")]),
            ("$.a[*].b", vec![key("a"), Step::Each, key("b")]),
            ("a", vec![key("a")]),
            ("[*].a[*][*]", vec![Step::Each, key("a"), Step::Each]),
            ("[*]", vec![]),
            ("$", vec![]),
        ];
        for (text, steps) in cases {
            assert_eq!(Path::parse(text).unwrap(), Path(steps), "{text}");
        }
        for text in ["a..b", "a[0]", "*"] {
            assert_eq!(Path::parse(text).unwrap_err().code, "bad_mapping", "{text}");
        }
    }
}
