//! A route as the document tells it.

use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use serde_json::{Map, Value, json};

use super::trace::{Schemas, schema};
use crate::ErrorBody;

/// What an error of a status means.
const MEANINGS: [(u16, &str); 17] = [
    (400, "The request makes no sense; the sentence says why"),
    (401, "The token is missing, wrong, revoked or expired"),
    (403, "Not for this sender"),
    (404, "There is no such thing"),
    (405, "This method means nothing here"),
    (406, "No such format is offered"),
    (408, "It took too long and was stopped"),
    (409, "The key was used for other bytes"),
    (410, "The personal-data key of that month was destroyed"),
    (413, "Larger than is taken in at once"),
    (414, "The address is too long"),
    (415, "The body must be JSON"),
    (422, "The body has another form"),
    (429, "Too much at once; Retry-After says when to come again"),
    (500, "The program failed; its log says why"),
    (
        503,
        "The memory for questions is taken; Retry-After says when to come again",
    ),
    (507, "The disk is full; Retry-After says when to come again"),
];

type Describe = fn(&mut Schemas) -> Value;

enum Body {
    Json(Describe),
    Bytes(&'static str),
    /// A form with the part `wish` and the part `file`.
    Form(Describe),
}

/// A route.
pub(super) struct Route {
    method: &'static str,
    path: &'static str,
    tag: &'static str,
    says: &'static str,
    parameters: Vec<Value>,
    takes: Option<Body>,
    gives: Vec<(u16, Body)>,
    nothing: Vec<(u16, &'static str)>,
    fails: Vec<u16>,
    /// The body of a refusal.
    error: fn(&mut Schemas) -> Value,
}

pub(super) fn get(path: &'static str, tag: &'static str, says: &'static str) -> Route {
    Route::new("get", path, tag, says)
}

pub(super) fn post(path: &'static str, tag: &'static str, says: &'static str) -> Route {
    Route::new("post", path, tag, says)
}

pub(super) fn other(
    method: &'static str,
    path: &'static str,
    tag: &'static str,
    says: &'static str,
) -> Route {
    Route::new(method, path, tag, says)
}

/// Schemas of parameters.
pub(super) fn word() -> Value {
    json!({"type": "string"})
}

pub(super) fn long(most: usize) -> Value {
    json!({"type": "string", "maxLength": most})
}

pub(super) fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

pub(super) fn whole(least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

pub(super) fn number(least: f64, most: f64) -> Value {
    json!({"type": "number", "minimum": least, "maximum": most})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

impl Route {
    fn new(method: &'static str, path: &'static str, tag: &'static str, says: &'static str) -> Self {
        Self {
            method,
            path,
            tag,
            says,
            parameters: Vec::new(),
            takes: None,
            gives: Vec::new(),
            nothing: Vec::new(),
            fails: vec![401, 500, 503],
            error: schema::<ErrorBody>,
        }
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, says: &str) -> Self {
        let mut told = json!({"name": name, "in": place, "required": place == "path", "description": says});
        told["schema"] = schema;
        self.parameters.push(told);
        self
    }

    pub(super) fn path(self, name: &str, schema: Value, says: &str) -> Self {
        self.parameter("path", name, schema, says)
    }

    pub(super) fn query(self, name: &str, schema: Value, says: &str) -> Self {
        self.parameter("query", name, schema, says)
    }

    pub(super) fn must(mut self, name: &str, schema: Value, says: &str) -> Self {
        self = self.parameter("query", name, schema, says);
        if let Some(last) = self.parameters.last_mut() {
            last["required"] = true.into();
        }
        self
    }

    pub(super) fn header(self, name: &str, schema: Value, says: &str) -> Self {
        self.parameter("header", name, schema, says)
    }

    pub(super) fn takes<T: DeserializeOwned + Serialize>(mut self) -> Self {
        self.takes = Some(Body::Json(schema::<T>));
        self
    }

    pub(super) fn takes_bytes(mut self) -> Self {
        self.takes = Some(Body::Bytes("application/octet-stream"));
        self
    }

    pub(super) fn takes_form<T: DeserializeOwned + Serialize>(mut self) -> Self {
        self.takes = Some(Body::Form(schema::<T>));
        self
    }

    pub(super) fn takes_any_json(mut self) -> Self {
        self.takes = Some(Body::Json(|_| json!({})));
        self
    }

    pub(super) fn gives<T: DeserializeOwned + Serialize>(self) -> Self {
        self.gives_as::<T>(200)
    }

    pub(super) fn gives_as<T: DeserializeOwned + Serialize>(mut self, status: u16) -> Self {
        self.gives.push((status, Body::Json(schema::<T>)));
        self
    }

    pub(super) fn gives_any_json(mut self, status: u16) -> Self {
        self.gives.push((status, Body::Json(|_| json!({}))));
        self
    }

    pub(super) fn gives_bytes(mut self, status: u16, kind: &'static str) -> Self {
        self.gives.push((status, Body::Bytes(kind)));
        self
    }

    pub(super) fn gives_nothing(mut self, status: u16, says: &'static str) -> Self {
        self.nothing.push((status, says));
        self
    }

    pub(super) fn fails(mut self, statuses: &[u16]) -> Self {
        self.fails.extend(statuses);
        self
    }

    /// Says that some refusals have a body of their own.
    pub(super) fn refuses_as<T: DeserializeOwned + Serialize>(mut self) -> Self {
        self.error = |schemas| json!({"anyOf": [schema::<ErrorBody>(schemas), schema::<T>(schemas)]});
        self
    }

    fn content(body: &Body, schemas: &mut Schemas) -> (String, Value) {
        match body {
            Body::Json(describe) => ("application/json".into(), json!({"schema": describe(schemas)})),
            Body::Form(describe) => {
                let file = json!({"type": "string", "format": "binary", "description": "With its file name"});
                let schema = json!({
                    "type": "object", "required": ["wish", "file"],
                    "properties": {"wish": describe(schemas), "file": file},
                });
                ("multipart/form-data".into(), json!({"schema": schema}))
            }
            Body::Bytes(kind) => {
                let schema = if kind.starts_with("text/") {
                    json!({"type": "string"})
                } else if kind.ends_with("+json") {
                    json!({"type": "object"})
                } else {
                    json!({"type": "string", "format": "binary"})
                };
                ((*kind).to_owned(), json!({"schema": schema}))
            }
        }
    }

    /// Writes the operation below its path.
    pub(super) fn write(&self, paths: &mut Map<String, Value>, schemas: &mut Schemas) {
        let mut answers = Map::new();
        for (status, body) in &self.gives {
            let answer = answers
                .entry(status.to_string())
                .or_insert_with(|| json!({"description": "As asked", "content": {}}));
            let (kind, content) = Self::content(body, schemas);
            answer["content"][kind] = content;
        }
        for (status, says) in &self.nothing {
            answers.insert(status.to_string(), json!({"description": says}));
        }
        let mut fails = self.fails.clone();
        // Where such an answer has a body of its own, it is told already.
        fails.retain(|status| !self.gives.iter().any(|(given, _)| given == status));
        if !self.parameters.is_empty() || self.takes.is_some() {
            fails.push(400);
        }
        fails.sort_unstable();
        fails.dedup();
        let error = (self.error)(schemas);
        for status in fails {
            let says = MEANINGS
                .iter()
                .find(|m| m.0 == status)
                .map_or("An error", |m| m.1);
            let content = json!({"application/json": {"schema": error}});
            answers.insert(
                status.to_string(),
                json!({"description": says, "content": content}),
            );
        }
        let mut operation = json!({
            "tags": [self.tag], "summary": self.says, "operationId": self.id(),
            "parameters": self.parameters, "responses": answers,
        });
        if let Some(body) = &self.takes {
            let (kind, content) = Self::content(body, schemas);
            operation["requestBody"] = json!({"required": true, "content": {kind: content}});
        }
        let path = paths.entry(self.path).or_insert_with(|| json!({}));
        path[self.method] = operation;
    }

    /// `get_api_feeds_id`: stable, for generated clients.
    fn id(&self) -> String {
        let path: String = self
            .path
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let words: Vec<&str> = path.split('_').filter(|w| !w.is_empty()).collect();
        format!("{}_{}", self.method, words.join("_"))
            .trim_end_matches('_')
            .to_owned()
    }
}
