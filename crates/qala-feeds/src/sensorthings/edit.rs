//! A change of several records, worked out as a whole before anything is written: deep inserts, changed relations, what a
//! deletion takes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::body::{Change, Child, Draft, How};
use super::graph::MADE;
use super::observation::NewObservation;
use super::time::text;
use crate::sensorthings::{Entity, Graph, Record, Refusal, Relation, geometry};

/// A change that is worked out.
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    graph: &'a Graph,
    now: i64,
    /// What each touched record becomes; `None` for gone.
    changed: BTreeMap<(Entity, i64), Option<Arc<Record>>>,
    last: BTreeMap<Entity, i64>,
    /// Observations to be made, in the order of the bodies.
    pub observations: Vec<Placed>,
    /// Datastreams and features whose observations go.
    pub emptied: BTreeSet<(Entity, i64)>,
}

/// An observation with its relations known.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The observation.
    pub observation: super::Observation,
    /// Its datastream.
    pub datastream: i64,
    /// Its feature of interest.
    pub feature: i64,
}

impl<'a> Edit<'a> {
    /// A change of nothing yet, at a time in µs of UTC.
    pub fn new(graph: &'a Graph, now: i64) -> Self {
        Self {
            graph,
            now,
            changed: BTreeMap::new(),
            last: BTreeMap::new(),
            observations: Vec::new(),
            emptied: BTreeSet::new(),
        }
    }

    /// What is to be written, in the order of type and id: the record, or its type and id when it goes.
    pub fn into_changes(self) -> Vec<Result<Arc<Record>, (Entity, i64)>> {
        self.changed
            .into_iter()
            .map(|(key, record)| record.ok_or(key))
            .collect()
    }

    /// True when no record is touched.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// A record as it will be.
    ///
    /// # Errors
    /// There is none.
    pub fn record(&self, entity: Entity, id: i64) -> Result<Arc<Record>, Refusal> {
        match self.changed.get(&(entity, id)) {
            Some(Some(record)) => Ok(Arc::clone(record)),
            Some(None) => Err(Refusal::no_entity(entity, id)),
            None => self.graph.record(entity, id).cloned(),
        }
    }

    /// A record that a body names: one that is not there is the body's fault.
    fn named(&self, entity: Entity, id: i64) -> Result<Arc<Record>, Refusal> {
        self.record(entity, id).map_err(|refusal| match refusal {
            Refusal::Absent(message) => Refusal::Wrong(message),
            other => other,
        })
    }

    fn put(&mut self, record: Record) {
        self.changed
            .insert((record.entity, record.id), Some(Arc::new(record)));
    }

    fn next_id(&mut self, entity: Entity) -> i64 {
        let last = self.last.entry(entity).or_insert_with(|| self.graph.last(entity));
        *last += 1;
        *last
    }

    /// Makes an entity with all that is written out in it. `given` are relations that the address or the entity around it
    /// gives. Returns its id.
    ///
    /// # Errors
    /// A required relation that is not there; a link to nothing.
    pub fn create(&mut self, draft: Draft, given: &[(&'static Relation, i64)]) -> Result<i64, Refusal> {
        let entity = draft.entity;
        let id = self.next_id(entity);
        let mut links: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut others = Vec::new();
        for (relation, id) in given {
            self.named(relation.target, *id)?;
            links.insert(relation.name.to_owned(), vec![*id]);
        }
        for (relation, children) in draft.children {
            if !relation.is_own {
                others.push((relation, children));
                continue;
            }
            let mut ids = links.remove(relation.name).unwrap_or_default();
            for child in children {
                let id = match child {
                    Child::Link(id) => self.named(relation.target, id)?.id,
                    Child::New(draft) => self.create(*draft, &[])?,
                    Child::Observation(_) => continue,
                };
                // What the address or the entity around it says goes before what is written in it.
                if !ids.contains(&id) && (relation.is_many || ids.is_empty()) {
                    ids.push(id);
                }
            }
            if !ids.is_empty() {
                links.insert(relation.name.to_owned(), ids);
            }
        }
        for relation in entity.relations() {
            if relation.is_own && relation.is_required && !links.contains_key(relation.name) {
                return Err(Refusal::Wrong(format!(
                    "a {} needs its {}: written out, or as {{\"@iot.id\": …}}",
                    entity.singular(),
                    relation.name
                )));
            }
        }
        let places = links
            .get("Locations")
            .cloned()
            .filter(|_| entity == Entity::Thing);
        self.put(Record {
            entity,
            id,
            body: draft.body,
            links,
        });
        if let Some(places) = places {
            self.remember_places(id, places);
        }
        for (relation, children) in others {
            for child in children {
                self.attach(entity, id, relation, child)?;
            }
        }
        Ok(id)
    }

    /// A related entity whose own record holds the relation.
    fn attach(
        &mut self,
        entity: Entity,
        id: i64,
        relation: &'static Relation,
        child: Child,
    ) -> Result<(), Refusal> {
        let Some(inverse) = inverse(entity, relation) else {
            return Err(Refusal::Wrong(format!(
                "`{}` cannot be given here",
                relation.name
            )));
        };
        match child {
            Child::Observation(body) => {
                let mut new = NewObservation::read(&body, self.now)?;
                match entity {
                    Entity::Datastream => new.datastream = Some(Child::Link(id)),
                    _ => new.feature = Some(Child::Link(id)),
                }
                self.observe(new)
            }
            Child::New(draft) => self.create_below(entity, id, relation, *draft).map(drop),
            Child::Link(_) if relation.target == Entity::Observation => Err(Refusal::wrong(
                "an Observation that is there is moved by changing it, not by a new entity",
            )),
            Child::Link(other) => self.join(relation.target, other, inverse, id),
        }
    }

    /// Adds an end to a relation that another record holds.
    fn join(
        &mut self,
        entity: Entity,
        id: i64,
        relation: &'static Relation,
        end: i64,
    ) -> Result<(), Refusal> {
        let record = self.named(entity, id)?;
        let mut ids = record.links.get(relation.name).cloned().unwrap_or_default();
        if !relation.is_many || entity == Entity::Thing {
            // A thing is at one place: what is posted to it is where it is now.
            ids.clear();
        }
        if !ids.contains(&end) {
            ids.push(end);
        }
        self.relink(&record, vec![(relation, ids)], record.body.clone())
    }

    /// Makes a related entity below an address such as `Things(1)/Datastreams`. Returns its id.
    ///
    /// # Errors
    /// As for [`Edit::create`].
    pub fn create_below(
        &mut self,
        entity: Entity,
        id: i64,
        relation: &'static Relation,
        draft: Draft,
    ) -> Result<i64, Refusal> {
        self.record(entity, id)?;
        if relation.is_own {
            let other = self.create(draft, &[])?;
            self.join(entity, id, relation, other)?;
            return Ok(other);
        }
        let Some(inverse) = inverse(entity, relation) else {
            return Err(Refusal::Wrong(format!("`{}` cannot be posted to", relation.name)));
        };
        if inverse.is_many && inverse.is_required {
            let mut draft = draft;
            draft.children.push((inverse, vec![Child::Link(id)]));
            return self.create(draft, &[]);
        }
        if inverse.is_many {
            let other = self.create(draft, &[])?;
            self.join(relation.target, other, inverse, id)?;
            return Ok(other);
        }
        self.create(draft, &[(inverse, id)])
    }

    /// Changes an entity.
    ///
    /// # Errors
    /// As for [`Change::read`]; a link to nothing.
    pub fn change(&mut self, entity: Entity, id: i64, body: &Value, how: How) -> Result<(), Refusal> {
        let record = self.record(entity, id)?;
        let change = Change::read(&record, body, how)?;
        self.relink(&record, change.links, change.body)
    }

    fn relink(
        &mut self,
        record: &Record,
        links: Vec<(&'static Relation, Vec<i64>)>,
        body: Map<String, Value>,
    ) -> Result<(), Refusal> {
        let mut changed = record.clone();
        let mut places = None;
        for (relation, ids) in links {
            for id in &ids {
                self.named(relation.target, *id)?;
            }
            if record.entity == Entity::Thing && record.links.get(relation.name) != Some(&ids) {
                places = Some(ids.clone());
            }
            if ids.is_empty() {
                if relation.is_required {
                    return Err(Refusal::Wrong(format!("`{}` must not be empty", relation.name)));
                }
                changed.links.remove(relation.name);
            } else {
                changed.links.insert(relation.name.to_owned(), ids);
            }
        }
        if record.entity == Entity::Location && body.get("location") != record.body.get("location") {
            // The feature that was made of it stays where it was; the next observation makes another.
            changed.links.remove(MADE);
        }
        changed.body = body;
        if changed != *record {
            self.put(changed);
        }
        if let Some(places) = places.filter(|places| !places.is_empty()) {
            self.remember_places(record.id, places);
        }
        Ok(())
    }

    /// A thing that is somewhere else has a historical location more (clause 8.2.3).
    fn remember_places(&mut self, thing: i64, places: Vec<i64>) {
        let mut body = Map::new();
        body.insert("time".into(), Value::String(text(self.now)));
        let links = [
            ("Thing".to_owned(), vec![thing]),
            ("Locations".to_owned(), places),
        ];
        let id = self.next_id(Entity::HistoricalLocation);
        self.put(Record {
            entity: Entity::HistoricalLocation,
            id,
            body,
            links: links.into(),
        });
    }

    /// Gives an observation its datastream and feature of interest; makes them when they are written out, and the feature
    /// from the thing's location when there is none.
    ///
    /// # Errors
    /// No datastream; no feature and no location to make one from; links to nothing.
    pub fn observe(&mut self, new: NewObservation) -> Result<(), Refusal> {
        let datastream = match new.datastream {
            Some(Child::Link(id)) => self.named(Entity::Datastream, id)?.id,
            Some(Child::New(draft)) => self.create(*draft, &[])?,
            _ => {
                return Err(Refusal::wrong(
                    "an Observation needs its Datastream: as {\"@iot.id\": …}, or by the address it is posted to",
                ));
            }
        };
        let feature = match new.feature {
            Some(Child::Link(id)) => self.named(Entity::FeatureOfInterest, id)?.id,
            Some(Child::New(draft)) => self.create(*draft, &[])?,
            _ => self.feature_of(datastream)?,
        };
        self.observations.push(Placed {
            observation: new.observation,
            datastream,
            feature,
        });
        Ok(())
    }

    /// The feature of interest of a datastream's thing: the one made of its location, made now if there is none.
    ///
    /// # Errors
    /// The thing has no location.
    pub fn feature_of(&mut self, datastream: i64) -> Result<i64, Refusal> {
        let thing = self.named(Entity::Datastream, datastream)?.link("Thing");
        let thing = self.named(Entity::Thing, thing.unwrap_or_default())?;
        let mut found = None;
        for id in thing.links.get("Locations").into_iter().flatten() {
            let location = self.named(Entity::Location, *id)?;
            if let Some(made) = location.link(MADE)
                && self.record(Entity::FeatureOfInterest, made).is_ok()
            {
                return Ok(made);
            }
            let encoding = location.body.get("encodingType").and_then(Value::as_str);
            if found.is_none() || encoding.is_some_and(geometry::is_geojson) {
                found = Some(location);
            }
        }
        let Some(location) = found else {
            return Err(Refusal::Wrong(format!(
                "the Observation names no FeatureOfInterest, and Things({}) has no Location to make one from",
                thing.id
            )));
        };
        let mut body = Map::new();
        for (name, from) in [
            ("name", "name"),
            ("description", "description"),
            ("encodingType", "encodingType"),
            ("feature", "location"),
        ] {
            if let Some(value) = location.body.get(from) {
                body.insert(name.into(), value.clone());
            }
        }
        let id = self.next_id(Entity::FeatureOfInterest);
        self.put(Record {
            entity: Entity::FeatureOfInterest,
            id,
            body,
            links: BTreeMap::new(),
        });
        let mut located = Record::clone(&location);
        located.links.insert(MADE.to_owned(), vec![id]);
        self.put(located);
        Ok(id)
    }

    /// Deletes an entity with what cannot be without it (clause 10.4).
    ///
    /// # Errors
    /// There is none.
    pub fn delete(&mut self, entity: Entity, id: i64) -> Result<(), Refusal> {
        self.record(entity, id)?;
        let goes: &[Entity] = match entity {
            Entity::Thing => &[Entity::Datastream, Entity::HistoricalLocation],
            Entity::Location => &[Entity::HistoricalLocation],
            Entity::Sensor | Entity::ObservedProperty => &[Entity::Datastream],
            _ => &[],
        };
        for below in goes {
            for other in self.graph.pointing(entity, id, *below) {
                // Two ways may lead to the same one.
                if self.record(*below, other).is_ok() {
                    self.delete(*below, other)?;
                }
            }
        }
        if matches!(entity, Entity::Datastream | Entity::FeatureOfInterest) {
            self.emptied.insert((entity, id));
        }
        if entity == Entity::Location {
            for thing in self.graph.pointing(entity, id, Entity::Thing) {
                let mut thing = Record::clone(&*self.record(Entity::Thing, thing)?);
                if let Some(places) = thing.links.get_mut("Locations") {
                    places.retain(|place| *place != id);
                }
                thing.links.retain(|_, ids| !ids.is_empty());
                self.put(thing);
            }
        }
        if entity == Entity::FeatureOfInterest {
            for location in self.graph.pointing(entity, id, Entity::Location) {
                let mut location = Record::clone(&*self.record(Entity::Location, location)?);
                location.links.remove(MADE);
                self.put(location);
            }
        }
        self.changed.insert((entity, id), None);
        Ok(())
    }
}

/// The same relation seen from its other end.
fn inverse(entity: Entity, relation: &Relation) -> Option<&'static Relation> {
    relation
        .target
        .relations()
        .iter()
        .find(|other| other.target == entity && other.is_own)
}
