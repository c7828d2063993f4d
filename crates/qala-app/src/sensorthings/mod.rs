//! OGC SensorThings API 1.1: the use cases behind it.
//!
//! What belongs here: entities as records of the registry, observations as rows of the lake, reading both as one. What does
//! not: the standard's words and bodies (`qala-feeds`), HTTP (`qala-server`), who may write (asked before these functions).
//!
//! The records are kept in memory too, for they are few and every question needs them; observations never are.

mod across;
mod city;
mod observations;
mod pages;
mod queue;
mod read;
mod sql;
mod write;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use qala_feeds::sensorthings::{Entity, Graph, Record, Refusal};
use qala_registry::{Registry, SensorChange, SensorEntity};
use serde_json::{Map, Value};

pub use self::read::StaAnswer;
pub use self::write::{Created, StaChange};
use crate::error::{AppError, Result};

/// Why a request is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum StaError {
    /// It breaks the standard, or what it names is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The lake or the registry said no.
    #[error(transparent)]
    Failed(#[from] AppError),
}

impl From<qala_lake::LakeError> for StaError {
    fn from(error: qala_lake::LakeError) -> Self {
        Self::Failed(error.into())
    }
}

/// Outcome of a request.
pub type StaResult<T> = std::result::Result<T, StaError>;

/// The feed that observations come by.
pub const FEED: &str = "sensorthings";
/// The dataset of observations.
const OBSERVATIONS: &str = "devices_observations";

/// What the service holds in memory.
#[derive(Debug)]
pub(crate) struct Sensors {
    graph: RwLock<Graph>,
    /// Where observations of a datastream go besides, by its id.
    rules: RwLock<HashMap<i64, Arc<city::Rule>>>,
    /// Held for writing while entities change, for reading while observations are added to them.
    gate: tokio::sync::RwLock<()>,
    /// The last id of an observation.
    last_id: AtomicI64,
    queue: queue::Queue,
}

/// The kind of a record in the registry.
fn word(entity: Entity) -> &'static str {
    match entity {
        Entity::Thing => "thing",
        Entity::Location => "location",
        Entity::HistoricalLocation => "historical_location",
        Entity::Datastream => "datastream",
        Entity::Sensor => "sensor",
        Entity::ObservedProperty => "observed_property",
        Entity::FeatureOfInterest => "feature_of_interest",
        Entity::Observation => "observation",
    }
}

fn entity_of(word_of_it: &str) -> Option<Entity> {
    Entity::RECORDS
        .into_iter()
        .find(|entity| word(*entity) == word_of_it)
}

fn change_of(change: &std::result::Result<Arc<Record>, (Entity, i64)>) -> SensorChange {
    match change {
        Ok(record) => {
            let links = record.links.iter();
            SensorChange::Put(SensorEntity {
                entity: word(record.entity).into(),
                id: record.id,
                body: record.body.clone(),
                links: links
                    .map(|(name, ids)| (name.clone(), Value::from(ids.clone())))
                    .collect(),
            })
        }
        Err((entity, id)) => SensorChange::Remove(word(*entity).into(), *id),
    }
}

fn links_of(links: &Map<String, Value>) -> std::collections::BTreeMap<String, Vec<i64>> {
    links
        .iter()
        .map(|(name, ids)| {
            let ids = ids.as_array().into_iter().flatten();
            (name.clone(), ids.filter_map(Value::as_i64).collect())
        })
        .collect()
}

impl Sensors {
    /// Reads the registry. `last_id` is the largest id of an observation.
    ///
    /// # Errors
    /// The registry's.
    pub(crate) async fn open(registry: &Registry, lake: &qala_lake::Lake, last_id: i64) -> Result<Self> {
        let mut graph = Graph::default();
        for kept in registry.sensor_entities().await? {
            if let Some(entity) = entity_of(&kept.entity) {
                graph.put(Arc::new(Record {
                    entity,
                    id: kept.id,
                    body: kept.body,
                    links: links_of(&kept.links),
                }));
            }
        }
        for (kind, last) in registry.sensor_last_ids().await? {
            if let Some(entity) = entity_of(&kind) {
                graph.given(entity, last);
            }
        }
        let mut rules = HashMap::new();
        for id in graph.ids(Entity::Datastream) {
            match graph
                .find(Entity::Datastream, id)
                .map(|record| city::Rule::of(record, lake))
            {
                Some(Ok(Some(rule))) => drop(rules.insert(id, Arc::new(rule))),
                // A dataset that changed since: the observations are still kept, and somebody should know.
                Some(Err(error)) => tracing::warn!(datastream = id, %error, "goes to no city dataset"),
                _ => {}
            }
        }
        Ok(Self {
            graph: RwLock::new(graph),
            rules: RwLock::new(rules),
            gate: tokio::sync::RwLock::new(()),
            last_id: AtomicI64::new(last_id),
            queue: queue::Queue::default(),
        })
    }

    /// Looks at the records.
    fn look<T>(&self, look: impl FnOnce(&Graph) -> T) -> T {
        look(&self.graph.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where observations of a datastream go besides.
    fn rule(&self, datastream: i64) -> Option<Arc<city::Rule>> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.get(&datastream).cloned()
    }

    /// Shows a change that is durable.
    fn show(
        &self,
        changes: Vec<std::result::Result<Arc<Record>, (Entity, i64)>>,
        new_rules: Vec<(i64, Option<city::Rule>)>,
    ) {
        let mut graph = self.graph.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Ok(record) => graph.put(record),
                Err((entity, id)) => graph.remove(entity, id),
            }
        }
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        for (id, rule) in new_rules {
            match rule {
                Some(rule) => drop(rules.insert(id, Arc::new(rule))),
                None => drop(rules.remove(&id)),
            }
        }
    }

    /// Ids for some observations: the first of as many. They follow the clock, and never go back.
    fn reserve(&self, now: i64, count: usize) -> i64 {
        let count = count as i64;
        let next = |last: i64| Some(now.max(last + 1) + count - 1);
        match self
            .last_id
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
        {
            Ok(last) | Err(last) => now.max(last + 1),
        }
    }
}
