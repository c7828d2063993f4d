//! Import kind `sensorthings`: a document of another service, as readings of a city's dataset.
//!
//! Taken are lists and single entities with what is expanded in them (`Things?$expand=Datastreams(…Observations)`),
//! observations with their datastream, and data arrays. Each observation becomes one record with flat names: `id` (the
//! thing's name), `thing`, `thing_id`, `datastream`, `datastream_id`, `observed_property`, `definition`, `sensor`,
//! `quantity` (the observed property's name), `t`, `end`, `result_time`, `value`, `unit`. A mapping chooses among them as
//! among the keys of a JSON reading; without one they go where the quantity is known.

use serde_json::{Map, Value};

use crate::archive::{Member, each_file};
use crate::fault::{Fault, cut, whole};
use crate::json::Readings;
use crate::publish::Sets;
use crate::sensorthings::Entity;
use crate::table::jsonl::{Place, Receiver, bad_json};
use crate::{Context, FeedKind, Input, Sink, Stopped};

/// Entities within entities.
const DEEPEST: usize = 12;

/// Import kind `sensorthings`.
pub(crate) struct SensorThings;

impl FeedKind for SensorThings {
    fn name(&self) -> &'static str {
        "sensorthings"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let named = match (context.dataset, &context.mapping.dataset) {
            (None, None) => None,
            _ => match crate::table::target(context) {
                Ok(spec) => Some(spec),
                Err(fault) => return sink.problem(whole(fault, None, 0)),
            },
        };
        let mut sets = Sets::new(sink, context.feed);
        each_file(input, context, &mut sets, &mut |member, sink| {
            let Member { inside, bytes, .. } = member;
            let bytes = match crate::table::all(bytes, context) {
                Ok(bytes) => bytes,
                Err(fault) => return sink.problem(whole(fault, inside, 0)),
            };
            let mut readings = Readings::new(named, context, inside);
            let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            let mut flat = Flat {
                readings: &mut readings,
                context,
                file: inside,
                number: 0,
            };
            match serde_json::from_slice::<Value>(text) {
                Ok(document) => flat.walk(&document, &Around::default(), 0, sink)?,
                Err(_) if text.is_empty() => {
                    let fault = Fault::new("empty", "the message is empty");
                    return sink.problem(whole(fault, inside, 0));
                }
                Err(error) => {
                    let fault = Fault::new("broken_json", bad_json(&error).message);
                    return sink.problem(whole(fault, inside, 1));
                }
            }
            if flat.number == 0 {
                let message = "there are no observations in it; expand them, as in \
                               Things?$expand=Datastreams($expand=ObservedProperty,Observations)";
                sink.problem(whole(Fault::new("no_rows", message), inside, 0))?;
            }
            readings.finish(sink)
        })?;
        named.map_or(Ok(()), |spec| sets.publish(spec))
    }
}

/// What is known of an observation from the entities around it.
#[derive(Debug, Clone, Default)]
struct Around {
    known: Map<String, Value>,
}

impl Around {
    fn tell(&mut self, name: &str, value: Option<&Value>) {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            self.known.insert(name.to_owned(), value.clone());
        }
    }

    /// What an entity tells of the observations in it.
    fn with(&self, entity: Entity, object: &Map<String, Value>) -> Self {
        let mut around = self.clone();
        let name = object.get("name");
        match entity {
            Entity::Thing => {
                around.tell("id", name.or_else(|| object.get("@iot.id")));
                around.tell("thing", name);
                around.tell("thing_id", object.get("@iot.id"));
            }
            Entity::Datastream => {
                around.tell("datastream", name);
                around.tell("datastream_id", object.get("@iot.id"));
                let unit = object.get("unitOfMeasurement");
                around.tell("unit", unit.and_then(|unit| unit.get("symbol")));
            }
            Entity::ObservedProperty => {
                around.tell("quantity", name);
                around.tell("observed_property", name);
                around.tell("definition", object.get("definition"));
            }
            Entity::Sensor => around.tell("sensor", name),
            _ => {}
        }
        // Relations to one entity tell of it too.
        for relation in entity.relations().iter().filter(|relation| !relation.is_many) {
            if let Some(Value::Object(inner)) = object.get(relation.name) {
                around = around.with(relation.target, inner);
            }
        }
        around
    }
}

/// The type of an entity of a document, by what only it has.
fn entity_of(object: &Map<String, Value>) -> Option<Entity> {
    let link = object.get("@iot.selfLink").and_then(Value::as_str);
    let set = link.and_then(|link| link.rsplit('/').next()?.split('(').next());
    if let Some(entity) = set.and_then(Entity::of_set) {
        return Some(entity);
    }
    let has = |name: &str| object.contains_key(name);
    if has("result") {
        Some(Entity::Observation)
    } else if has("unitOfMeasurement") || has("Observations") {
        Some(Entity::Datastream)
    } else if has("Datastreams") {
        Some(Entity::Thing)
    } else {
        None
    }
}

struct Flat<'r, 'a> {
    readings: &'r mut Readings<'a>,
    context: &'a Context<'a>,
    file: Option<&'a str>,
    number: u64,
}

impl Flat<'_, '_> {
    fn walk(
        &mut self,
        value: &Value,
        around: &Around,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if depth > DEEPEST {
            return self.broken("the entities are nested too deep", value, sink);
        }
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.walk(item, around, depth + 1, sink)),
            Value::Object(object) => self.object(object, value, around, depth, sink),
            _ => self.broken("an entity must be an object", value, sink),
        }
    }

    fn object(
        &mut self,
        object: &Map<String, Value>,
        value: &Value,
        around: &Around,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if let Some(rows) = object.get("dataArray") {
            return self.rows(object, rows, around, sink);
        }
        if let Some(list) = object.get("value").filter(|list| list.is_array()) {
            return self.walk(list, around, depth + 1, sink);
        }
        let Some(entity) = entity_of(object) else {
            return self.broken(
                "this is no entity of SensorThings that holds observations",
                value,
                sink,
            );
        };
        let around = around.with(entity, object);
        if entity == Entity::Observation {
            return self.observation(object, around, sink);
        }
        for relation in entity.relations().iter().filter(|relation| relation.is_many) {
            if matches!(relation.target, Entity::Datastream | Entity::Observation)
                && let Some(inner) = object.get(relation.name)
            {
                self.walk(inner, &around, depth + 1, sink)?;
            }
        }
        Ok(())
    }

    fn rows(
        &mut self,
        object: &Map<String, Value>,
        rows: &Value,
        around: &Around,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut around = match object.get("Datastream") {
            Some(Value::Object(inner)) => around.with(Entity::Datastream, inner),
            _ => around.clone(),
        };
        let link = object
            .get("Datastream@iot.navigationLink")
            .and_then(Value::as_str);
        let id = link.and_then(|link| link.rsplit_once('(')?.1.strip_suffix(')')?.parse::<i64>().ok());
        around.tell("datastream_id", id.map(Value::from).as_ref());
        let components = object.get("components").and_then(Value::as_array);
        let (Some(components), Some(rows)) = (components, rows.as_array()) else {
            return self.broken("`components` and `dataArray` must be arrays", rows, sink);
        };
        for row in rows {
            let Some(values) = row.as_array().filter(|values| values.len() == components.len()) else {
                self.broken("a row has as many values as there are components", row, sink)?;
                continue;
            };
            let named = components.iter().filter_map(Value::as_str).map(ToOwned::to_owned);
            let observation: Map<String, Value> = named.zip(values.iter().cloned()).collect();
            self.observation(&observation, around.clone(), sink)?;
        }
        Ok(())
    }

    fn observation(
        &mut self,
        object: &Map<String, Value>,
        mut around: Around,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let time = object
            .get("phenomenonTime")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (start, end) = time.split_once('/').map_or((time, None), |(a, b)| (a, Some(b)));
        around.tell(
            "t",
            Some(&Value::String(start.to_owned())).filter(|_| !start.is_empty()),
        );
        around.tell("end", end.map(|end| Value::String(end.to_owned())).as_ref());
        around.tell("result_time", object.get("resultTime"));
        around.tell("value", object.get("result"));
        let place = Place::Number(self.number);
        self.number += 1;
        let selection = self.context.selection.as_deref();
        let mended = selection.and_then(|s| s.text(&place.position(self.file)));
        match mended.map(serde_json::from_str::<Map<String, Value>>) {
            None => self.readings.object(&around.known, place, sink),
            Some(Ok(object)) => self.readings.object(&object, place, sink),
            Some(Err(error)) => {
                let raw = mended.unwrap_or_default().to_owned();
                self.readings.broken(bad_json(&error), &cut(raw), place, sink)
            }
        }
    }

    fn broken(&mut self, message: &str, value: &Value, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let place = Place::Number(self.number);
        self.number += 1;
        let fault = Fault::new("bad_entity", message);
        self.readings.broken(fault, &cut(value.to_string()), place, sink)
    }
}
