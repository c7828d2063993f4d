//! Entities as the standard writes them, with their addresses.

use serde_json::{Map, Value, json};

use super::Observation;
use crate::sensorthings::{Entity, Options, Record};

/// What the service says it can do, in the words of the standard's conformance classes.
const CONFORMANCE: [&str; 17] = [
    "datamodel",
    "resource-path/resource-path-to-entities",
    "request-data",
    "request-data/status-code",
    "request-data/query-status-code",
    "request-data/order",
    "request-data/filter",
    "request-data/pagination",
    "create-update-delete/create-entity",
    "create-update-delete/link-to-existing-entities",
    "create-update-delete/deep-insert",
    "create-update-delete/deep-insert-status-code",
    "create-update-delete/update-entity",
    "create-update-delete/update-entity-jsonpatch",
    "create-update-delete/delete-entity",
    "create-update-delete/historical-location-auto-creation",
    "data-array/data-array",
];

/// The service root (clause 9.2.1): the sets, and what the service can do.
pub fn root(base: &str) -> Value {
    let sets: Vec<Value> = Entity::ALL
        .iter()
        .map(|entity| json!({"name": entity.plural(), "url": format!("{base}/{}", entity.plural())}))
        .collect();
    let conformance: Vec<String> = CONFORMANCE
        .iter()
        .map(|class| format!("http://www.opengis.net/spec/iot_sensing/1.1/req/{class}"))
        .collect();
    json!({"value": sets, "serverSettings": {"conformance": conformance}})
}

/// The address of an entity.
pub fn self_link(base: &str, entity: Entity, id: i64) -> String {
    format!("{base}/{}({id})", entity.plural())
}

/// A record. Relations that are expanded are left to the caller.
pub fn record(base: &str, record: &Record, options: &Options) -> Map<String, Value> {
    let values = record
        .entity
        .properties()
        .iter()
        .filter_map(|property| Some((property.name, record.body.get(property.name)?.clone())));
    entity(base, record.entity, record.id, values, options)
}

/// An observation. Relations that are expanded are left to the caller.
pub fn observation(base: &str, id: i64, observation: &Observation, options: &Options) -> Map<String, Value> {
    let values = observation.json();
    let values = values.iter().map(|(name, value)| (name.as_str(), value.clone()));
    entity(base, Entity::Observation, id, values, options)
}

fn entity<'a>(
    base: &str,
    entity: Entity,
    id: i64,
    values: impl Iterator<Item = (&'a str, Value)>,
    options: &Options,
) -> Map<String, Value> {
    let mut out = Map::new();
    let link = self_link(base, entity, id);
    out.insert("@iot.selfLink".into(), Value::String(link.clone()));
    out.insert("@iot.id".into(), id.into());
    for (name, value) in values {
        if options.shows(name) {
            out.insert(name.to_owned(), value);
        }
    }
    for relation in entity.relations() {
        let is_expanded = options.expand.iter().any(|(expanded, _)| *expanded == relation);
        if options.shows(relation.name) && !is_expanded {
            out.insert(
                format!("{}@iot.navigationLink", relation.name),
                Value::String(format!("{link}/{}", relation.name)),
            );
        }
    }
    out
}
