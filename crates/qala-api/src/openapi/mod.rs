//! The OpenAPI document, made from the wire types and the list of routes, as 3.1 and, for tools that need it, as 3.0.

mod alarms;
mod room;
mod route;
mod routes;
mod trace;
mod words;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

/// The document, [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html).
pub fn document() -> Value {
    let (mut paths, mut schemas) = (Map::new(), trace::Schemas::new());
    for route in routes::all() {
        route.write(&mut paths, &mut schemas);
    }
    words::describe(&mut schemas);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Qala",
            "description": "The situation centre of a city. Instants are ISO 8601 with an offset; the zone of the city is in /api/catalog.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "tags": routes::TAGS.map(|(name, says)| json!({"name": name, "description": says})),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

/// The same document in the words of [OpenAPI 3.0](https://spec.openapis.org/oas/v3.0.3.html).
pub fn document_3_0() -> Value {
    let mut document = document();
    document["openapi"] = "3.0.3".into();
    if let Some(license) = document
        .pointer_mut("/info/license")
        .and_then(Value::as_object_mut)
    {
        license.remove("identifier");
        license.insert("url".into(), "https://www.apache.org/licenses/LICENSE-2.0".into());
    }
    older(&mut document);
    document
}

/// Null is a type in 3.1 and a property in 3.0.
fn older(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(older),
        Value::Object(object) => {
            object.values_mut().for_each(older);
            if let Some(Value::Array(kinds)) = object.get("type") {
                let kind = kinds.iter().find(|k| *k != "null").cloned().unwrap_or_default();
                object.insert("type".into(), kind);
                object.insert("nullable".into(), true.into());
            }
            if let Some(Value::Array(choices)) = object.get("anyOf")
                && choices.iter().any(|c| c["type"] == "null")
            {
                let rest: Vec<Value> = choices.iter().filter(|c| c["type"] != "null").cloned().collect();
                object.remove("anyOf");
                object.insert("allOf".into(), rest.into());
                object.insert("nullable".into(), true.into());
            }
        }
        _ => {}
    }
}
