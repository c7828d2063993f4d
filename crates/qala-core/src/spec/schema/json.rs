//! Values as JSON text, for a crate that has no JSON library.

use std::fmt::Write as _;

use toml::Value;

/// The value as JSON, two spaces a level, with a newline at the end.
pub(super) fn written(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| (Some(key.as_str()), value));
            list(entries, ('{', '}'), depth, out);
        }
        Value::Array(items) => list(items.iter().map(|value| (None, value)), ('[', ']'), depth, out),
        Value::String(text) => quoted(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn list<'a>(
    entries: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    (open, close): (char, char),
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut is_first = true;
    for (key, value) in entries {
        out.push_str(if is_first { "\n" } else { ",\n" });
        is_first = false;
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            quoted(key, out);
            out.push_str(": ");
        }
        write(value, depth + 1, out);
    }
    if !is_first {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_escaped_and_lists_indented() {
        let table: toml::Table = "a = [1, 2.5, true]\nb = {}\nc = \"x\\\"\\\\\\n\""
            .parse()
            .unwrap();
        let expected = "{\n  \"a\": [\n    1,\n    2.5,\n    true\n  ],\n  \"b\": {},\n  \"c\": \"x\\\"\\\\\\u000a\"\n}\n";
        assert_eq!(super::written(&toml::Value::Table(table)), expected);
    }
}
