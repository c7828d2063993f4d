//! Writing: new entities, changes, deletions, observations.
//!
//! These functions must be driven to their end once begun: between the registry's word and the picture in memory nobody
//! may go away. The server gives each a task of its own.

use std::collections::BTreeSet;

use qala_feeds::sensorthings::{
    Child, Draft, Edit, Ending, Entity, How, NewObservation, Observation, Options, Placed, Refusal, Relation,
    ResourcePath, Target, apply_json_patch, observation_json, read_data_array, self_link,
};
use qala_lake::Op;
use serde_json::Value;

use super::city::Rule;
use super::observations::Row;
use super::queue::{Load, write};
use super::{StaResult, change_of, sql};
use crate::centre::Centre;
use crate::error::AppError;

/// Observations that are taken back at a time.
const CHUNK: usize = 20_000;

/// An entity that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Its address.
    pub location: String,
    /// The entity.
    pub body: Value,
}

/// How a body changes an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaChange {
    /// `PATCH` with some properties.
    Merge,
    /// `PATCH` with a JSON Patch.
    JsonPatch,
    /// `PUT`.
    Replace,
}

fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Wrong(format!("the body is not JSON: {error}")))
}

/// The path of a set that is posted to.
fn set_of(path: &str) -> Result<ResourcePath, Refusal> {
    match Target::parse(path)? {
        Target::Path(path) if path.is_set() && path.ending == Ending::Whole => Ok(path),
        Target::Batch => Err(Refusal::NotOffered("batch requests are not offered".into())),
        _ => Err(Refusal::NotAllowed("only sets can be posted to".into())),
    }
}

/// The path of an entity that is changed or deleted.
fn one_of(path: &str) -> Result<ResourcePath, Refusal> {
    match Target::parse(path)? {
        Target::Path(path) if !path.is_set() && path.ending == Ending::Whole => Ok(path),
        _ => Err(Refusal::NotAllowed(
            "only a single entity can be changed or deleted".into(),
        )),
    }
}

impl Centre {
    /// Makes an entity in a set. `base` is the address of the service root.
    ///
    /// # Errors
    /// A body that breaks the standard; the registry's and the lake's.
    pub async fn sta_post(&self, base: &str, path: &str, body: &[u8]) -> StaResult<Created> {
        let path = set_of(path)?;
        if path.entity() == Entity::Observation {
            let new = self.read_observation(&path, body).await;
            let mut made = self.observe(vec![new]).await?;
            let row = made.pop().unwrap_or(Err(Refusal::wrong("nothing was sent")))?;
            let shown = observation_json(base, row.id, &row.observation, &Options::default());
            return Ok(Created {
                location: self_link(base, Entity::Observation, row.id),
                body: Value::Object(shown),
            });
        }
        let entity = path.entity();
        let draft = Draft::read(entity, &json(body)?)?;
        let parent = self.parent(&path).await?;
        self.lake.admit().await?;
        let (id, _) = self
            .change(|edit| match parent {
                None => edit.create(draft, &[]),
                Some((parent, id, relation)) => edit.create_below(parent, id, relation, draft),
            })
            .await?;
        Ok(Created {
            location: self_link(base, entity, id),
            body: self.shown(base, entity, id).await?,
        })
    }

    /// Makes one observation: `path` is `Datastreams(1)/Observations` or `Observations`, `body` the JSON of one. Returns its
    /// id, when it is durable.
    ///
    /// # Errors
    /// As for [`Centre::sta_post`].
    pub async fn sta_create_observation(&self, path: &str, body: &[u8]) -> StaResult<i64> {
        let mut made = self.sta_create_observations(&[(path, body)]).await?;
        Ok(made.pop().unwrap_or(Err(Refusal::wrong("nothing was sent")))?)
    }

    /// Makes many observations as one message, each by itself: `(path, body)` as for [`Centre::sta_create_observation`].
    /// The answer comes when all that are good are durable.
    ///
    /// # Errors
    /// The registry's and the lake's, for all; what is wrong with one stands in its place.
    pub async fn sta_create_observations(
        &self,
        bodies: &[(&str, &[u8])],
    ) -> StaResult<Vec<Result<i64, Refusal>>> {
        let mut news = Vec::with_capacity(bodies.len());
        for (path, body) in bodies {
            news.push(match set_of(path) {
                Ok(path) => self.read_observation(&path, body).await,
                Err(refusal) => Err(refusal),
            });
        }
        let made = self.observe(news).await?;
        Ok(made.into_iter().map(|one| one.map(|row| row.id)).collect())
    }

    /// Makes the observations of a data array: the address of each, or why there is none.
    ///
    /// # Errors
    /// A body of another form; the registry's and the lake's.
    pub async fn sta_create_from_array(
        &self,
        base: &str,
        body: &[u8],
    ) -> StaResult<Vec<Result<String, Refusal>>> {
        let news = read_data_array(&json(body)?, self.clock.now())?;
        let made = self.observe(news).await?;
        let link = |row: Row| self_link(base, Entity::Observation, row.id);
        Ok(made.into_iter().map(|one| one.map(link)).collect())
    }

    /// Changes an entity, and gives it as it is then.
    ///
    /// # Errors
    /// As for [`Centre::sta_post`]; there is no such entity.
    pub async fn sta_change(&self, base: &str, path: &str, body: &[u8], how: StaChange) -> StaResult<Value> {
        let (entity, id) = self.one(&one_of(path)?).await?;
        let body = json(body)?;
        self.lake.admit().await?;
        if entity == Entity::Observation {
            self.change_observation(id, &body, how).await?;
        } else {
            let change = |edit: &mut Edit<'_>| match how {
                StaChange::Merge => edit.change(entity, id, &body, How::Patch),
                StaChange::Replace => edit.change(entity, id, &body, How::Replace),
                StaChange::JsonPatch => {
                    let record = edit.record(entity, id)?;
                    edit.change(entity, id, &apply_json_patch(&record.body, &body)?, How::Replace)
                }
            };
            self.change(change).await?;
        }
        self.shown(base, entity, id).await
    }

    /// Deletes an entity with what cannot be without it.
    ///
    /// # Errors
    /// There is no such entity; the registry's and the lake's.
    pub async fn sta_delete(&self, path: &str) -> StaResult<()> {
        let (entity, id) = self.one(&one_of(path)?).await?;
        if entity != Entity::Observation {
            return self.change(|edit| edit.delete(entity, id)).await.map(drop);
        }
        let _gate = self.sensors.gate.read().await;
        let row = self
            .observation(id)
            .await?
            .ok_or_else(|| Refusal::no_entity(entity, id))?;
        self.take_back(vec![row]).await
    }

    /// Type and id of the entity that a path leads to.
    async fn one(&self, path: &ResourcePath) -> StaResult<(Entity, i64)> {
        match (path.id, path.steps.as_slice()) {
            (Some(id), []) => {
                if path.set != Entity::Observation {
                    self.sensors.look(|graph| graph.record(path.set, id).map(drop))?;
                }
                Ok((path.set, id))
            }
            _ => self.end_of(path).await,
        }
    }

    /// The entity and relation that a set is seen from.
    async fn parent(&self, path: &ResourcePath) -> StaResult<Option<(Entity, i64, &'static Relation)>> {
        let mut above = path.clone();
        let Some((relation, _)) = above.steps.pop() else {
            return Ok(None);
        };
        let (entity, id) = self.one(&above).await?;
        Ok(Some((entity, id, relation)))
    }

    async fn read_observation(&self, path: &ResourcePath, body: &[u8]) -> Result<NewObservation, Refusal> {
        let mut new = NewObservation::read(&json(body)?, self.clock.now())?;
        let parent = self.parent(path).await.map_err(|error| match error {
            super::StaError::Refused(refusal) => refusal,
            super::StaError::Failed(error) => Refusal::Wrong(error.to_string()),
        })?;
        match parent {
            Some((Entity::Datastream, id, _)) => new.datastream = Some(Child::Link(id)),
            Some((_, id, _)) => new.feature = Some(Child::Link(id)),
            None => {}
        }
        Ok(new)
    }

    /// Makes observations. The answer comes when all that are good are durable.
    async fn observe(
        &self,
        news: Vec<Result<NewObservation, Refusal>>,
    ) -> StaResult<Vec<Result<Row, Refusal>>> {
        self.lake.admit().await?;
        let now = self.clock.now();
        let gate = self.sensors.gate.read().await;
        // Mostly datastream and feature are there. Otherwise everything is worked out again while nobody else writes.
        let (outcomes, placed, is_plain) = self.sensors.look(|graph| {
            let mut edit = Edit::new(graph, now);
            let outcomes = place(&mut edit, &news);
            (outcomes, std::mem::take(&mut edit.observations), edit.is_empty())
        });
        let (outcomes, rows) = if is_plain {
            let rows = self.append(placed).await?;
            drop(gate);
            (outcomes, rows)
        } else {
            drop(gate);
            self.change(|edit| Ok(place(edit, &news))).await?
        };
        let mut rows = rows.into_iter();
        let missing = || Refusal::wrong("the observation was not made");
        let each = outcomes
            .into_iter()
            .map(|outcome| outcome.and_then(|()| rows.next().ok_or_else(missing)));
        Ok(each.collect())
    }

    /// Works a change out and carries it out. Returns what `work` gives, and the observations that were made.
    async fn change<T>(
        &self,
        work: impl FnOnce(&mut Edit<'_>) -> Result<T, Refusal>,
    ) -> StaResult<(T, Vec<Row>)> {
        let _gate = self.sensors.gate.write().await;
        let now = self.clock.now();
        let (value, changes, placed, emptied) = self.sensors.look(|graph| {
            let mut edit = Edit::new(graph, now);
            let value = work(&mut edit)?;
            let placed = std::mem::take(&mut edit.observations);
            let emptied: BTreeSet<(Entity, i64)> = std::mem::take(&mut edit.emptied);
            Ok::<_, Refusal>((value, edit.into_changes(), placed, emptied))
        })?;
        let mut rules = Vec::new();
        for change in &changes {
            match change {
                Ok(record) if record.entity == Entity::Datastream => {
                    rules.push((record.id, Rule::of(record, &self.lake)?));
                }
                Err((Entity::Datastream, id)) => rules.push((*id, None)),
                _ => {}
            }
        }
        for (entity, id) in emptied {
            self.forget_observations(entity, id).await?;
        }
        if !changes.is_empty() {
            let told: Vec<_> = changes.iter().map(change_of).collect();
            let done = self.registry.change_sensor_entities(&told, now).await;
            done.map_err(AppError::from)?;
            self.sensors.show(changes, rules);
        }
        Ok((value, self.append(placed).await?))
    }

    /// Gives observations their ids and writes them.
    async fn append(&self, placed: Vec<Placed>) -> StaResult<Vec<Row>> {
        if placed.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.sensors.reserve(self.clock.now(), placed.len());
        let each = placed.into_iter().zip(first..).map(|(placed, id)| Row {
            id,
            datastream: placed.datastream,
            feature: placed.feature,
            observation: placed.observation,
        });
        let rows: Vec<Row> = each.collect();
        let mut load = Load {
            rows: rows.clone(),
            ..Load::default()
        };
        for row in &rows {
            self.add_reading(row, &mut load);
        }
        self.sensors.queue.bring(&self.lake, load).await?;
        Ok(rows)
    }

    /// Adds the reading of a city's dataset that an observation makes.
    fn add_reading(&self, row: &Row, load: &mut Load) {
        let Some(rule) = self.sensors.rule(row.datastream) else {
            return;
        };
        match rule.row(&row.observation) {
            Ok(reading) => load.city.entry(rule.dataset.clone()).or_default().push(reading),
            Err(problem) => load.problems.push(*problem),
        }
    }

    /// Changes one observation: a row with the same key supersedes it.
    async fn change_observation(&self, id: i64, body: &Value, how: StaChange) -> StaResult<()> {
        let _gate = self.sensors.gate.read().await;
        let now = self.clock.now();
        let old = self.observation(id).await?;
        let old = old.ok_or_else(|| Refusal::no_entity(Entity::Observation, id))?;
        let wrong = || Refusal::wrong("a change of an Observation is a JSON object");
        let new = match how {
            StaChange::Merge => {
                NewObservation::patched(&old.observation, body.as_object().ok_or_else(wrong)?, now)?
            }
            StaChange::Replace => NewObservation::read(body, now)?,
            StaChange::JsonPatch => {
                NewObservation::read(&apply_json_patch(&old.observation.json(), body)?, now)?
            }
        };
        let link = |entity: Entity, child: Option<Child>, before: i64| match child {
            None => Ok(before),
            Some(Child::Link(id)) => self
                .sensors
                .look(|graph| graph.record(entity, id).map(|record| record.id))
                .map_err(|refusal| Refusal::Wrong(refusal.to_string())),
            Some(_) => Err(Refusal::wrong(
                "a related entity can only be changed to {\"@iot.id\": …}",
            )),
        };
        let row = Row {
            id,
            datastream: link(Entity::Datastream, new.datastream, old.datastream)?,
            feature: link(Entity::FeatureOfInterest, new.feature, old.feature)?,
            observation: new.observation,
        };
        if row == old {
            return Ok(());
        }
        // The reading that it made goes first, when it is now another one: should the program end in between, the same
        // change sent again puts things right.
        let reading = |datastream: i64, observation: &Observation| {
            let rule = self.sensors.rule(datastream)?;
            rule.row(observation)
                .ok()
                .map(|_| (rule.dataset.clone(), rule.key(observation)))
        };
        let before = reading(old.datastream, &old.observation);
        let after = reading(row.datastream, &row.observation);
        if let Some((dataset, key)) = before.filter(|before| Some(before) != after.as_ref()) {
            let load = Load {
                city: [(dataset, vec![key])].into(),
                ..Load::default()
            };
            write(&self.lake, load, Op::Retract).await?;
        }
        let mut load = Load::default();
        self.add_reading(&row, &mut load);
        load.rows.push(row);
        write(&self.lake, load, Op::Upsert).await?;
        Ok(())
    }

    /// Takes observations back, with the readings they made.
    async fn take_back(&self, rows: Vec<Row>) -> StaResult<()> {
        let mut load = Load::default();
        for row in &rows {
            if let Some(rule) = self.sensors.rule(row.datastream)
                && rule.row(&row.observation).is_ok()
            {
                let key = rule.key(&row.observation);
                load.city.entry(rule.dataset.clone()).or_default().push(key);
            }
        }
        load.rows = rows;
        write(&self.lake, load, Op::Retract).await?;
        Ok(())
    }

    /// Takes back all observations of a datastream or feature that goes.
    async fn forget_observations(&self, entity: Entity, id: i64) -> StaResult<()> {
        let column = match entity {
            Entity::Datastream => "datastream_id",
            _ => "feature_id",
        };
        let mut after = 0;
        loop {
            let wanted = format!(
                "{} AND observation_id > {after}",
                sql::among(column, [id].into_iter())
            );
            let (rows, _) = self.select(&wanted, "observation_id", CHUNK, 0, None).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            self.take_back(rows).await?;
        }
    }
}

/// Finds each observation its relations; one that is wrong leaves nothing behind.
fn place(edit: &mut Edit<'_>, news: &[Result<NewObservation, Refusal>]) -> Vec<Result<(), Refusal>> {
    let each = news.iter().map(|new| {
        let new = new.clone()?;
        let makes =
            matches!(new.datastream, Some(Child::New(_))) || matches!(new.feature, Some(Child::New(_)));
        if !makes {
            return edit.observe(new);
        }
        let before = edit.clone();
        edit.observe(new).inspect_err(|_| *edit = before)
    });
    each.collect()
}
