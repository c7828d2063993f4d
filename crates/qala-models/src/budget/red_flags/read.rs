//! From JSON lines to contracting processes: one for each ocid, in the order of first appearance.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::process::Process;
use crate::run::Refusal;

/// A release within the file: where its line is, and which of the releases of that line it is.
type Place = (usize, usize);

/// Reads OCDS releases, one JSON object a line: releases, compiled releases, or packages of them. Releases of one ocid are
/// merged by date. A file that is one JSON object over many lines is read too.
///
/// # Errors
/// [`Refusal`] naming the line that is no JSON object.
pub fn read(bytes: &[u8]) -> Result<Vec<Process>, Refusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines: Vec<(usize, &[u8])> = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(_)) => vec![(1, bytes)],
        _ => bytes
            .split(|byte| *byte == b'\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .collect(),
    };
    let mut processes: Vec<Process> = Vec::new();
    let mut places: HashMap<String, (usize, Vec<Place>)> = HashMap::new();
    for (index, &(number, line)) in lines.iter().enumerate() {
        for (part, release) in releases(number, line)?.into_iter().enumerate() {
            let Some(Value::String(ocid)) = release.get("ocid") else {
                continue;
            };
            match places.get_mut(ocid) {
                Some((_, places)) => places.push((index, part)),
                None => {
                    places.insert(ocid.clone(), (processes.len(), vec![(index, part)]));
                    processes.push(Process::of(ocid, &release));
                }
            }
        }
    }
    for (ocid, (at, places)) in places.into_iter().filter(|(_, (_, places))| places.len() > 1) {
        let mut parts = Vec::with_capacity(places.len());
        for (index, part) in places {
            let (number, line) = lines[index];
            parts.extend(releases(number, line)?.into_iter().nth(part));
        }
        processes[at] = Process::of(&ocid, &merged(parts));
    }
    Ok(processes)
}

/// The releases of a line.
fn releases(number: usize, line: &[u8]) -> Result<Vec<Map<String, Value>>, Refusal> {
    let refuse = |what: &str| {
        Refusal(format!(
            "input `releases`, line {number}: {what}; write one OCDS release a line"
        ))
    };
    let mut object = match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(refuse("this is no JSON object")),
        Err(error) => return Err(refuse(&format!("this is no JSON ({error})"))),
    };
    if object.contains_key("ocid") {
        return Ok(vec![object]);
    }
    let objects = |value: Option<Value>| match value {
        Some(Value::Array(values)) => values
            .into_iter()
            .filter_map(|value| match value {
                Value::Object(object) => Some(object),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut found: Vec<Map<String, Value>> = objects(object.remove("releases"));
    for mut record in objects(object.remove("records")) {
        match record.remove("compiledRelease") {
            Some(Value::Object(compiled)) => found.push(compiled),
            _ => found.extend(objects(record.remove("releases"))),
        }
    }
    Ok(found)
}

/// Releases of one process, the later over the earlier.
fn merged(mut releases: Vec<Map<String, Value>>) -> Map<String, Value> {
    // Those without a date keep their place before the dated ones; ISO times of one publisher are ordered like texts.
    releases.sort_by_cached_key(|release| {
        release
            .get("date")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    });
    let mut whole = Map::new();
    for release in releases {
        lay_over(&mut whole, release);
    }
    whole
}

/// Merges as OCDS does (<https://standard.open-contracting.org/1.1/en/schema/merging/>), as far as it can be done without
/// the schema: objects by member, lists of objects with an id by id, everything else is replaced, and null takes away.
fn lay_over(whole: &mut Map<String, Value>, newer: Map<String, Value>) {
    for (key, value) in newer {
        match (whole.get_mut(&key), value) {
            (_, Value::Null) => {
                whole.remove(&key);
            }
            (Some(Value::Object(old)), Value::Object(new)) => lay_over(old, new),
            (Some(Value::Array(old)), Value::Array(new)) if have_ids(old) && have_ids(&new) => {
                for item in new {
                    let known = old.iter_mut().find(|known| known.get("id") == item.get("id"));
                    match (known, item) {
                        (Some(Value::Object(known)), Value::Object(item)) => lay_over(known, item),
                        (_, item) => old.push(item),
                    }
                }
            }
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}

fn have_ids(items: &[Value]) -> bool {
    items
        .iter()
        .all(|item| item.get("id").is_some_and(|id| !id.is_null()))
}
