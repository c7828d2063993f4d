//! The entities of a service but its observations, with their relations in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::sensorthings::{Entity, Refusal, Relation};

/// The relation by which a location remembers the feature of interest that was made of it.
pub(super) const MADE: &str = "FeatureOfInterest";

/// One entity that is a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Type.
    pub entity: Entity,
    /// Id, by type.
    pub id: i64,
    /// Its own properties, as the standard writes them; absent ones are not there.
    pub body: Map<String, Value>,
    /// The ids at the other end of the relations that it holds itself, by relation.
    pub links: BTreeMap<String, Vec<i64>>,
}

impl Record {
    /// The one id at the other end of a relation.
    pub fn link(&self, relation: &str) -> Option<i64> {
        self.links.get(relation)?.first().copied()
    }

    /// Type and id at the other end of each link.
    fn ends(&self) -> impl Iterator<Item = (Entity, i64)> {
        self.links.iter().flat_map(|(name, ids)| {
            let target = Entity::of_set(name).or_else(|| Entity::of_one(name));
            ids.iter().filter_map(move |id| Some((target?, *id)))
        })
    }
}

/// All records.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    records: BTreeMap<(Entity, i64), Arc<Record>>,
    /// Who points at an entity: (its type and id, type of who points) → ids.
    back: BTreeMap<(Entity, i64, Entity), BTreeSet<i64>>,
    /// The last id that was ever given, by type.
    last: BTreeMap<Entity, i64>,
}

impl Graph {
    /// Puts a record in the place of the one with its id.
    pub fn put(&mut self, record: Arc<Record>) {
        self.remove(record.entity, record.id);
        let last = self.last.entry(record.entity).or_insert(0);
        *last = (*last).max(record.id);
        for (entity, id) in record.ends() {
            self.back
                .entry((entity, id, record.entity))
                .or_default()
                .insert(record.id);
        }
        self.records.insert((record.entity, record.id), record);
    }

    /// Removes a record.
    pub fn remove(&mut self, entity: Entity, id: i64) {
        let Some(old) = self.records.remove(&(entity, id)) else {
            return;
        };
        for (target, target_id) in old.ends() {
            let key = (target, target_id, entity);
            if let Some(ids) = self.back.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.back.remove(&key);
                }
            }
        }
    }

    /// Remembers that ids up to this one were given, even when no record has them any more.
    pub fn given(&mut self, entity: Entity, last: i64) {
        let known = self.last.entry(entity).or_insert(0);
        *known = (*known).max(last);
    }

    /// The last id that was ever given.
    pub fn last(&self, entity: Entity) -> i64 {
        self.last.get(&entity).copied().unwrap_or(0)
    }

    /// A record.
    pub fn find(&self, entity: Entity, id: i64) -> Option<&Arc<Record>> {
        self.records.get(&(entity, id))
    }

    /// A record.
    ///
    /// # Errors
    /// There is none.
    pub fn record(&self, entity: Entity, id: i64) -> Result<&Arc<Record>, Refusal> {
        self.find(entity, id)
            .ok_or_else(|| Refusal::no_entity(entity, id))
    }

    /// The ids of a type, ascending.
    pub fn ids(&self, entity: Entity) -> impl Iterator<Item = i64> {
        self.records
            .range((entity, i64::MIN)..=(entity, i64::MAX))
            .map(|((_, id), _)| *id)
    }

    /// The ids of records at the other end of a relation, ascending. Observations are no records.
    pub fn related(&self, entity: Entity, id: i64, relation: &Relation) -> Vec<i64> {
        if relation.is_own {
            let record = self.find(entity, id);
            let mut ids = record
                .and_then(|record| record.links.get(relation.name))
                .cloned()
                .unwrap_or_default();
            ids.sort_unstable();
            return ids;
        }
        self.pointing(entity, id, relation.target)
    }

    /// The ids of records of a type that point at an entity, ascending.
    pub fn pointing(&self, entity: Entity, id: i64, from: Entity) -> Vec<i64> {
        let ids = self.back.get(&(entity, id, from));
        ids.map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }
}
