//! Messages of a broker put together into JSON lines, so that many small ones are one import.
//!
//! What belongs here: how topic, time of arrival and body become a line, and how the line is told apart from a line of a
//! file. What does not: the broker. A line is the body's own object with keys that begin with `@` added:
//! `{"pm25":12.5,"@topic":"air/7","@received":"2026-03-02T05:00:00.000000Z"}`. A body that is no object lies under
//! `@value`, and one that is nothing at all is told by `@error`, which goes to quarantine with its topic.

use std::fmt::Write as _;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// The topic; `@topic/2` is its second level.
pub const TOPIC: &str = "@topic";
/// When the message came, by our clock.
pub const RECEIVED: &str = "@received";
/// A body that is no object.
pub const VALUE: &str = "@value";
/// True when the broker had retained the message.
pub const RETAINED: &str = "@retained";
/// Number and digest by which a message that the broker sends again is known.
pub const PACKET: &str = "@packet";
/// Why the body cannot be read.
const ERROR: &str = "@error";
/// A body that is no text, in hexadecimal digits.
const BYTES: &str = "@bytes";

/// A message of a broker.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Topic.
    pub topic: &'a str,
    /// When it came, ISO 8601 with offset.
    pub received: &'a str,
    /// By what it is known again; absent when the broker sends it once at most.
    pub packet: Option<&'a str>,
    /// True when the broker had retained it.
    pub retained: bool,
    /// Body.
    pub body: &'a [u8],
}

/// Whether a body may be a value by itself, such as `12.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// The mapping reads `@value`.
    Taken,
    /// Only objects and arrays of objects are records.
    Refused,
}

impl Envelope<'_> {
    /// Adds the message to a text of JSON lines: a line for each of its records, or one that tells what is wrong. True
    /// when nothing is.
    pub fn add(&self, bare: Bare, lines: &mut Vec<u8>) -> bool {
        let before = lines.len();
        match self.records(bare, &self.tail(), lines) {
            Ok(()) => true,
            Err(error) => {
                lines.truncate(before);
                self.refuse(&error, lines);
                false
            }
        }
    }

    /// Adds a line that tells why the message is not taken.
    pub fn refuse(&self, why: &str, lines: &mut Vec<u8>) {
        let body = match std::str::from_utf8(self.body) {
            Ok(text) => format!("{}:{}", quoted(VALUE), quoted(text)),
            Err(_) => {
                let digits = self.body.iter().fold(String::new(), |mut digits, byte| {
                    write!(digits, "{byte:02x}").ok();
                    digits
                });
                format!("{}:{}", quoted(BYTES), quoted(&digits))
            }
        };
        let head = format!("{{{}:{},{body},", quoted(ERROR), quoted(why));
        line(&head, &self.tail(), lines);
    }

    /// What every line of the message ends with.
    fn tail(&self) -> String {
        let mut tail = format!(
            "{}:{},{}:{}",
            quoted(TOPIC),
            quoted(self.topic),
            quoted(RECEIVED),
            quoted(self.received)
        );
        if let Some(packet) = self.packet {
            write!(tail, ",{}:{}", quoted(PACKET), quoted(packet)).ok();
        }
        if self.retained {
            write!(tail, ",{}:true", quoted(RETAINED)).ok();
        }
        tail
    }

    fn records(&self, bare: Bare, tail: &str, lines: &mut Vec<u8>) -> Result<(), String> {
        let text = std::str::from_utf8(self.body)
            .map_err(|_| format!("the message of {} bytes is no text", self.body.len()))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err("the message is empty".into());
        }
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => record(text, bare, tail, lines),
            Err(error) => {
                // Several lines, each a record.
                let each = text.lines().map(str::trim).filter(|line| !line.is_empty());
                if text.contains('\n')
                    && each
                        .clone()
                        .all(|line| serde_json::from_str::<IgnoredAny>(line).is_ok())
                {
                    for one in each {
                        record(one, bare, tail, lines)?;
                    }
                    return Ok(());
                }
                match bare {
                    Bare::Taken if !text.starts_with(['{', '[']) => {
                        line(&format!("{{{}:{},", quoted(VALUE), quoted(text)), tail, lines);
                        Ok(())
                    }
                    _ => Err(format!("the message is not JSON: {error}")),
                }
            }
        }
    }
}

/// Adds the records of a JSON text.
fn record(text: &str, bare: Bare, tail: &str, lines: &mut Vec<u8>) -> Result<(), String> {
    if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        // Outside of strings a newline is a blank, and inside of them there is none.
        let inner = inner.replace(['\n', '\r'], " ");
        let comma = if inner.trim().is_empty() { "" } else { "," };
        line(&format!("{{{inner}{comma}"), tail, lines);
        return Ok(());
    }
    if text.starts_with('[') {
        let items: Vec<Value> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if items.is_empty() {
            return Err("the message is an empty list".into());
        }
        for item in items {
            record(&item.to_string(), bare, tail, lines)?;
        }
        return Ok(());
    }
    match bare {
        Bare::Taken => {
            line(&format!("{{{}:{text},", quoted(VALUE)), tail, lines);
            Ok(())
        }
        Bare::Refused => {
            Err("the message is no object; the mapping of the feed can read it as `@value`".into())
        }
    }
}

fn line(head: &str, tail: &str, lines: &mut Vec<u8>) {
    for piece in [head, tail, "}\n"] {
        lines.extend_from_slice(piece.as_bytes());
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Numbers and digests of the messages in a text that [`Envelope::add`] made, in their order; one for each record.
pub fn packets(lines: &[u8]) -> impl Iterator<Item = String> {
    let own = |line: &[u8]| -> Option<String> {
        let object: Map<String, Value> = serde_json::from_slice(line).ok()?;
        Some(object.get(PACKET)?.as_str()?.to_owned())
    };
    lines.split(|byte| *byte == b'\n').filter_map(own)
}

/// A level of the topic under a path such as `@topic/2`, counted from 1.
pub(crate) fn level<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a str> {
    let number: usize = path.strip_prefix(TOPIC)?.strip_prefix('/')?.parse().ok()?;
    object
        .get(TOPIC)?
        .as_str()?
        .split('/')
        .nth(number.checked_sub(1)?)
}

/// Why a line is no record, when it tells so itself.
pub(crate) fn refused(object: &Map<String, Value>) -> Option<&str> {
    object.get(TOPIC)?;
    object.get(ERROR)?.as_str()
}

/// True for a key that a line has from its envelope.
pub(crate) fn is_own(key: &str) -> bool {
    [TOPIC, RECEIVED, VALUE, RETAINED, PACKET].contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bare: Bare, body: &[u8]) -> (bool, String) {
        let mut lines = Vec::new();
        let envelope = Envelope {
            topic: "air/7",
            received: "T",
            packet: Some("1-a"),
            retained: false,
            body,
        };
        let is_good = envelope.add(bare, &mut lines);
        let text = String::from_utf8(lines).unwrap();
        for line in text.lines() {
            let object: Map<String, Value> = serde_json::from_str(line).unwrap();
            assert_eq!(level(&object, "@topic/2"), Some("7"), "{line}");
            assert_eq!(refused(&object).is_none(), is_good, "{line}");
        }
        assert!(packets(text.as_bytes()).all(|p| p == "1-a"));
        let tail = ",\"@topic\":\"air/7\",\"@received\":\"T\",\"@packet\":\"1-a\"}";
        (is_good, text.replace(tail, "|").replace(&tail[1..], "|"))
    }

    #[test]
    fn bodies_become_lines() {
        for (bare, body, expected) in [
            (Bare::Refused, "{\"a\":1}", "{\"a\":1|\n"),
            (Bare::Refused, " {}\n", "{|\n"),
            (Bare::Refused, "{\"a\":\r\n 1}", "{\"a\":   1|\n"),
            (Bare::Refused, "[{\"a\":1},{\"a\":2}]", "{\"a\":1|\n{\"a\":2|\n"),
            (
                Bare::Refused,
                "{\"a\":1}\n\n{\"a\":2}\n",
                "{\"a\":1|\n{\"a\":2|\n",
            ),
            (Bare::Taken, "12.5", "{\"@value\":12.5|\n"),
            (Bare::Taken, "12,5", "{\"@value\":\"12,5\"|\n"),
            (Bare::Taken, "\"x\"", "{\"@value\":\"x\"|\n"),
            (Bare::Taken, "[1,2]", "{\"@value\":1|\n{\"@value\":2|\n"),
        ] {
            assert_eq!(lines(bare, body.as_bytes()), (true, expected.into()), "{body}");
        }
        for (bare, body, words) in [
            (Bare::Refused, &b"12.5"[..], "no object"),
            (Bare::Refused, b"{\"a\":", "not JSON"),
            (Bare::Taken, b"{\"a\":", "not JSON"),
            (Bare::Taken, b"", "empty"),
            (Bare::Refused, b"[]", "empty list"),
            (Bare::Refused, b"[{\"a\":1},2]", "no object"),
            (Bare::Taken, b"\xff\x00", "ff00"),
        ] {
            let (is_good, text) = lines(bare, body);
            assert!(!is_good && text.contains(words), "{body:?}: {text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}
