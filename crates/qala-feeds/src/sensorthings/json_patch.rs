//! JSON Patch (RFC 6902), which clients may send in the place of a merge.

use serde_json::{Map, Value};

use crate::sensorthings::Refusal;

/// Operations of one patch.
const MOST: usize = 1_000;

/// Applies a patch to an entity's properties. Gives the body of the replacement.
///
/// # Errors
/// An operation that is unknown or does not fit.
pub fn apply(body: &Map<String, Value>, patch: &Value) -> Result<Value, Refusal> {
    let operations = patch
        .as_array()
        .filter(|operations| operations.len() <= MOST)
        .ok_or_else(|| Refusal::wrong("a JSON Patch is an array of operations"))?;
    let mut document = Value::Object(body.clone());
    for operation in operations {
        one(&mut document, operation)?;
    }
    Ok(document)
}

fn one(document: &mut Value, operation: &Value) -> Result<(), Refusal> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let pointer = |name: &str| {
        text(name)
            .filter(|path| path.starts_with('/'))
            .ok_or_else(|| Refusal::Wrong(format!("JSON Patch: `{name}` must begin with `/`")))
    };
    let value = || {
        operation
            .get("value")
            .cloned()
            .ok_or_else(|| Refusal::wrong("JSON Patch: `value` is missing"))
    };
    let path = pointer("path")?;
    match text("op").unwrap_or_default() {
        "add" => add(document, path, value()?),
        "replace" => {
            let target = document.pointer_mut(path).ok_or_else(|| nothing(path))?;
            *target = value()?;
            Ok(())
        }
        "remove" => remove(document, path).map(drop),
        "test" => {
            if document.pointer(path) == Some(&value()?) {
                Ok(())
            } else {
                Err(Refusal::Wrong(format!("JSON Patch: the test of `{path}` failed")))
            }
        }
        "move" => {
            let from = pointer("from")?;
            if path.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
                return Err(Refusal::wrong("JSON Patch: a value cannot move into itself"));
            }
            let value = remove(document, from)?;
            add(document, path, value)
        }
        "copy" => {
            let from = pointer("from")?;
            let value = document.pointer(from).cloned().ok_or_else(|| nothing(from))?;
            add(document, path, value)
        }
        other => {
            let short: String = other.chars().take(40).collect();
            Err(Refusal::Wrong(format!(
                "JSON Patch: there is no operation `{short}`"
            )))
        }
    }
}

fn nothing(path: &str) -> Refusal {
    let short: String = path.chars().take(80).collect();
    Refusal::Wrong(format!("JSON Patch: there is nothing at `{short}`"))
}

fn parent<'a, 'p>(document: &'a mut Value, path: &'p str) -> Result<(&'a mut Value, &'p str), Refusal> {
    let (above, last) = path.rsplit_once('/').ok_or_else(|| nothing(path))?;
    let above = document.pointer_mut(above).ok_or_else(|| nothing(path))?;
    Ok((above, last))
}

fn unescape(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), Refusal> {
    let (above, last) = parent(document, path)?;
    match above {
        Value::Object(object) => {
            object.insert(unescape(last), value);
            Ok(())
        }
        Value::Array(items) => {
            let at = if last == "-" {
                Some(items.len())
            } else {
                last.parse().ok().filter(|at| *at <= items.len())
            };
            items.insert(at.ok_or_else(|| nothing(path))?, value);
            Ok(())
        }
        _ => Err(nothing(path)),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, Refusal> {
    let (above, last) = parent(document, path)?;
    let gone = match above {
        Value::Object(object) => object.shift_remove(&unescape(last)),
        Value::Array(items) => last
            .parse::<usize>()
            .ok()
            .filter(|at| *at < items.len())
            .map(|at| items.remove(at)),
        _ => None,
    };
    gone.ok_or_else(|| nothing(path))
}
