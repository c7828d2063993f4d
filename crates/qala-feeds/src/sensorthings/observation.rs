//! One observation: read from a body, written as the standard wants it.

use serde_json::{Map, Number, Value};

use super::body::{Child, Draft, link_of};
use super::time::{instant, text};
use crate::sensorthings::{Entity, Period, Refusal};

/// An observation, without its relations.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When it happened.
    pub phenomenon: Period,
    /// The result.
    pub result: Value,
    /// When the result was made; the standard lets it be unknown.
    pub result_time: Option<i64>,
    /// When the result may be used.
    pub valid: Option<Period>,
    /// Quality of the result, any JSON.
    pub quality: Option<Value>,
    /// The caller's own keys.
    pub parameters: Option<Value>,
}

/// An observation to be made, with its relations as far as they are given.
#[derive(Debug, Clone, PartialEq)]
pub struct NewObservation {
    /// The observation.
    pub observation: Observation,
    /// Its datastream.
    pub datastream: Option<Child>,
    /// Its feature of interest.
    pub feature: Option<Child>,
}

/// What a property must be, when it is not.
fn must_be(name: &str, what: &str) -> Refusal {
    Refusal::Wrong(format!("`{name}` must be {what}"))
}

fn time_text<'a>(name: &str, value: &'a Value) -> Result<&'a str, Refusal> {
    value
        .as_str()
        .ok_or_else(|| must_be(name, "a time, such as \"2026-03-01T08:30:00Z\""))
}

fn period(name: &str, value: &Value) -> Result<Option<Period>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    Period::parse(time_text(name, value)?).map(Some)
}

fn moment(name: &str, value: &Value) -> Result<Option<i64>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    instant(time_text(name, value)?).map(Some)
}

impl Observation {
    /// Sets one property.
    fn set(&mut self, name: &str, value: &Value, now: i64) -> Result<(), Refusal> {
        let some = |value: &Value| (!value.is_null()).then(|| value.clone());
        match name {
            "phenomenonTime" => {
                self.phenomenon = period(name, value)?.unwrap_or(Period::instant(now));
            }
            "result" => self.result = value.clone(),
            "resultTime" => self.result_time = moment(name, value)?,
            "validTime" => self.valid = period(name, value)?,
            "resultQuality" => self.quality = some(value),
            "parameters" => {
                if !(value.is_object() || value.is_null()) {
                    return Err(must_be(name, "an object"));
                }
                self.parameters = some(value);
            }
            _ => return Err(Refusal::unknown(Entity::Observation, name)),
        }
        Ok(())
    }

    /// Its properties, as the standard writes them.
    pub fn json(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let time = |at: i64| Value::String(text(at));
        out.insert("phenomenonTime".into(), Value::String(self.phenomenon.text()));
        out.insert("resultTime".into(), self.result_time.map_or(Value::Null, time));
        out.insert("result".into(), self.result.clone());
        let mut some = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(name.into(), value);
            }
        };
        some("resultQuality", self.quality.clone());
        some("validTime", self.valid.map(|valid| Value::String(valid.text())));
        some("parameters", self.parameters.clone());
        out
    }

    /// What kind of result it is, its number and its text: how results are kept and compared.
    pub fn result_parts(&self) -> (&'static str, Option<f64>, String) {
        match &self.result {
            Value::Null => ("null", None, String::new()),
            Value::Bool(truth) => ("bool", None, truth.to_string()),
            Value::Number(number) => ("number", number.as_f64(), number.to_string()),
            Value::String(text) => ("text", None, text.clone()),
            other => ("json", None, other.to_string()),
        }
    }

    /// The result from what was kept of it.
    pub fn result_of(kind: &str, number: Option<f64>, text: &str) -> Value {
        match kind {
            "text" => Value::String(text.to_owned()),
            "null" => Value::Null,
            _ => serde_json::from_str(text)
                .ok()
                .or_else(|| number.and_then(Number::from_f64).map(Value::Number))
                .unwrap_or_else(|| Value::String(text.to_owned())),
        }
    }
}

impl NewObservation {
    /// Reads the body of an observation. `now` is the time of one that does not say when it happened.
    ///
    /// # Errors
    /// An unknown property or a value of another type; no result.
    pub fn read(body: &Value, now: i64) -> Result<Self, Refusal> {
        let Value::Object(body) = body else {
            return Err(Refusal::wrong("an Observation is a JSON object"));
        };
        let mut found = Self {
            observation: Observation {
                phenomenon: Period::instant(now),
                result: Value::Null,
                result_time: None,
                valid: None,
                quality: None,
                parameters: None,
            },
            datastream: None,
            feature: None,
        };
        if !body.contains_key("result") {
            return Err(Refusal::wrong("an Observation needs a `result`"));
        }
        for (name, value) in body {
            match name.as_str() {
                "Datastream" => found.datastream = Some(child(Entity::Datastream, value)?),
                "FeatureOfInterest" => found.feature = Some(child(Entity::FeatureOfInterest, value)?),
                _ if is_control(name) => {}
                _ => found.observation.set(name, value, now)?,
            }
        }
        Ok(found)
    }

    /// The observation with some properties and relations changed; the relations that are changed.
    ///
    /// # Errors
    /// An unknown property or a value of another type; a related entity written out.
    pub fn patched(observation: &Observation, body: &Map<String, Value>, now: i64) -> Result<Self, Refusal> {
        let mut found = Self {
            observation: observation.clone(),
            datastream: None,
            feature: None,
        };
        for (name, value) in body {
            let link = || {
                link_of(value).map(|id| Some(Child::Link(id))).ok_or_else(|| {
                    Refusal::Wrong(format!("`{name}` can only be changed to {{\"@iot.id\": …}}"))
                })
            };
            match name.as_str() {
                "Datastream" => found.datastream = link()?,
                "FeatureOfInterest" => found.feature = link()?,
                _ if is_control(name) => {}
                _ => found.observation.set(name, value, now)?,
            }
        }
        Ok(found)
    }
}

/// True for what the service writes and a client may send back: ids, addresses, counts.
pub(super) fn is_control(name: &str) -> bool {
    name.contains("@iot.") || name == "id"
}

fn child(entity: Entity, value: &Value) -> Result<Child, Refusal> {
    match link_of(value) {
        Some(id) => Ok(Child::Link(id)),
        None => Draft::read(entity, value).map(|draft| Child::New(Box::new(draft))),
    }
}
