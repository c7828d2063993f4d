//! What the doc comments of this crate say of its types: they are the descriptions in the document.

use serde_json::Value;

use super::trace::Schemas;

/// The files that hold wire types.
const SOURCES: [&str; 13] = [
    include_str!("../lib.rs"),
    include_str!("../data.rs"),
    include_str!("../obligation.rs"),
    include_str!("../map.rs"),
    include_str!("../question.rs"),
    include_str!("../quarantine.rs"),
    include_str!("../mapping.rs"),
    include_str!("../schedules.rs"),
    include_str!("../alarm.rs"),
    include_str!("../room.rs"),
    include_str!("../shift.rs"),
    include_str!("../programme.rs"),
    include_str!("../account.rs"),
];

/// Puts descriptions to the schemas of types and to their fields.
pub(super) fn describe(schemas: &mut Schemas) {
    for source in SOURCES {
        let (mut words, mut renamed, mut inside) = (String::new(), None, None::<String>);
        for line in source.lines() {
            let text = line.trim();
            if let Some(said) = text.strip_prefix("///") {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(said.trim());
            } else if text.starts_with("#[") {
                if let Some((_, rest)) = text.split_once("rename = \"") {
                    renamed = rest.split('"').next();
                }
            } else {
                if let Some(name) = text
                    .strip_prefix("pub struct ")
                    .or(text.strip_prefix("pub enum "))
                {
                    let name = name.trim_end_matches(['{', ' ']).to_owned();
                    if let Some(schema) = schemas.get_mut(&name) {
                        note(schema, &words);
                    }
                    inside = Some(name);
                } else if let (Some(schema), Some((field, _))) = (
                    inside.as_ref().and_then(|name| schemas.get_mut(name)),
                    text.strip_prefix("pub ").and_then(|rest| rest.split_once(':')),
                ) {
                    let field = renamed.unwrap_or(field);
                    if let Some(property) = schema.pointer_mut(&format!("/properties/{field}")) {
                        note(property, &words);
                    }
                } else if line == "}" {
                    inside = None;
                }
                words.clear();
                renamed = None;
            }
        }
    }
}

fn note(schema: &mut Value, words: &str) {
    let words = words.replace('`', "");
    if words.is_empty() {
        return;
    }
    // In 3.0 nothing may stand beside a reference.
    if schema.get("$ref").is_some() {
        *schema = serde_json::json!({"allOf": [schema.take()], "description": words});
    } else if let Some(object) = schema.as_object_mut() {
        object.insert("description".into(), words.into());
    }
}
