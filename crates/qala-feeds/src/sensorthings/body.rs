//! Bodies of requests: entities with their related entities written out (deep insert, clause 10.2), and changes of them.

use serde_json::{Map, Value};

use super::graph::Record;
use super::observation::is_control;
use super::time::{instant, text};
use crate::sensorthings::{Entity, Holds, Property, Refusal, Relation, geometry};

/// Entities within entities.
const DEEPEST: usize = 12;

/// An entity to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Type; never an observation.
    pub entity: Entity,
    /// Its properties, checked.
    pub body: Map<String, Value>,
    /// Its related entities.
    pub children: Vec<(&'static Relation, Vec<Child>)>,
}

/// A related entity in a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Child {
    /// One that is there.
    Link(i64),
    /// One to be made.
    New(Box<Draft>),
    /// An observation to be made, unread: its time may depend on the clock.
    Observation(Value),
}

/// The id of an object with an `@iot.id`: it means the entity that is there, whatever else clients send along.
pub(super) fn link_of(value: &Value) -> Option<i64> {
    let id = value.as_object()?.get("@iot.id")?;
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

impl Draft {
    /// Reads the body of a new entity.
    ///
    /// # Errors
    /// An unknown property, a value of another type, a required property that is not there.
    pub fn read(entity: Entity, body: &Value) -> Result<Self, Refusal> {
        Self::at(entity, body, 0)
    }

    fn at(entity: Entity, body: &Value, depth: usize) -> Result<Self, Refusal> {
        let name_of_one = entity.singular();
        let Value::Object(object) = body else {
            return Err(Refusal::Wrong(format!("a {name_of_one} is a JSON object")));
        };
        if depth > DEEPEST {
            return Err(Refusal::wrong("the entities are nested too deep"));
        }
        let mut draft = Self {
            entity,
            body: Map::new(),
            children: Vec::new(),
        };
        for (name, value) in object {
            if let Some(property) = entity.property(name) {
                if let Some(value) = check(entity, property, value)? {
                    draft.body.insert(name.clone(), value);
                }
            } else if let Some(relation) = entity.relation(name) {
                let values = match value {
                    Value::Array(values) if relation.is_many => values.as_slice(),
                    Value::Null => continue,
                    Value::Object(_) if !relation.is_many => std::slice::from_ref(value),
                    _ => {
                        let what = if relation.is_many { "an array" } else { "an object" };
                        return Err(Refusal::Wrong(format!("`{name}` must be {what}")));
                    }
                };
                let children = values
                    .iter()
                    .map(|value| match (link_of(value), relation.target) {
                        (Some(id), _) => Ok(Child::Link(id)),
                        (None, Entity::Observation) => Ok(Child::Observation(value.clone())),
                        (None, target) => Self::at(target, value, depth + 1).map(|d| Child::New(Box::new(d))),
                    });
                let children: Vec<Child> = children.collect::<Result<_, _>>()?;
                draft.children.push((relation, children));
            } else if !is_control(name) {
                return Err(Refusal::unknown(entity, name));
            }
        }
        complete(entity, &mut draft.body)?;
        Ok(draft)
    }
}

/// Refuses a body without a required property, and one whose geometry is none.
fn complete(entity: Entity, body: &mut Map<String, Value>) -> Result<(), Refusal> {
    for property in entity.properties() {
        let name = property.name;
        if property.is_required && !body.contains_key(name) {
            return Err(Refusal::Wrong(format!("a {} needs `{name}`", entity.singular())));
        }
        if property.holds == Holds::Geometry
            && let Some(value) = body.get(name)
        {
            let encoding = body.get("encodingType").and_then(Value::as_str);
            let is_geojson = encoding.is_none_or(geometry::is_geojson);
            if is_geojson && geometry::of_geojson(value).is_none() {
                return Err(Refusal::Wrong(format!(
                    "`{name}` is not a GeoJSON geometry, which its encodingType says it is"
                )));
            }
        }
    }
    Ok(())
}

/// The value of a property as it is kept; `None` when it is left aside.
fn check(entity: Entity, property: &Property, value: &Value) -> Result<Option<Value>, Refusal> {
    let name = property.name;
    let must_be = |what: &str| {
        let one = entity.singular();
        Refusal::Wrong(format!("`{name}` of a {one} must be {what}"))
    };
    if value.is_null() {
        return if property.is_required {
            Err(must_be("there"))
        } else {
            Ok(None)
        };
    }
    match property.holds {
        Holds::Text if !value.is_string() => Err(must_be("text")),
        Holds::Object if !value.is_object() => Err(must_be("an object")),
        Holds::Instant => {
            let at = value.as_str().ok_or_else(|| must_be("a time"))?;
            Ok(Some(Value::String(text(instant(at)?))))
        }
        Holds::Computed => Ok(None),
        _ => Ok(Some(value.clone())),
    }
}

/// A change of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The properties that it then has.
    pub body: Map<String, Value>,
    /// Relations that are changed, with what they then lead to.
    pub links: Vec<(&'static Relation, Vec<i64>)>,
}

/// How a body changes an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// What is not named stays: `PATCH`.
    Patch,
    /// What is not named is gone, but relations stay: `PUT`.
    Replace,
}

impl Change {
    /// Reads the body of a change of a record.
    ///
    /// # Errors
    /// As for a new entity; a related entity that is written out; a relation that the record does not hold itself.
    pub fn read(record: &Record, body: &Value, how: How) -> Result<Self, Refusal> {
        let entity = record.entity;
        let Value::Object(object) = body else {
            return Err(Refusal::Wrong(format!(
                "a change of a {} is a JSON object",
                entity.singular()
            )));
        };
        let mut changed = match how {
            How::Patch => record.body.clone(),
            How::Replace => Map::new(),
        };
        let mut links = Vec::new();
        for (name, value) in object {
            if let Some(property) = entity.property(name) {
                match check(entity, property, value)? {
                    Some(value) => {
                        changed.insert(name.clone(), value);
                    }
                    None if property.holds != Holds::Computed => {
                        changed.shift_remove(name);
                    }
                    None => {}
                }
            } else if let Some(relation) = entity.relation(name) {
                let ids = match value {
                    Value::Null => continue,
                    Value::Array(values) => values.iter().map(link_of).collect::<Option<Vec<i64>>>(),
                    value => link_of(value).map(|id| vec![id]),
                };
                let ids = ids.filter(|ids| relation.is_own && (relation.is_many || ids.len() == 1));
                let Some(ids) = ids else {
                    return Err(Refusal::Wrong(format!(
                        "`{name}` of a {} can only be changed to entities that are there, as {{\"@iot.id\": …}}, and only at \
                         the end that holds the relation",
                        entity.singular()
                    )));
                };
                links.push((relation, ids));
            } else if !is_control(name) {
                return Err(Refusal::unknown(entity, name));
            }
        }
        complete(entity, &mut changed)?;
        Ok(Self { body: changed, links })
    }
}
