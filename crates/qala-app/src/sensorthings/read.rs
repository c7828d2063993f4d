//! Reading: one entity, a property, a set with all options, what is related to it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use qala_feeds::sensorthings::{
    Ending, Entity, Options, Record, Refusal, Relation, ResourcePath, Target, below, observation_json,
    record_json, root_json, self_link, write_data_array,
};
use qala_lake::{AsOf, Query, collect};
use serde_json::{Map, Value, json};

use super::observations::{COLUMNS, Row, rows};
use super::{OBSERVATIONS, StaResult, sql};
use crate::centre::Centre;

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum StaAnswer {
    /// A JSON document.
    Json(Value),
    /// A bare value.
    Text(String),
}

/// An entity that is shown.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Record(Arc<Record>),
    Observation(Box<Row>),
}

/// Where a path has led to.
#[derive(Debug)]
enum Here {
    One(Item),
    /// A set: all, or those that an entity is related to.
    Set(Entity, Option<(Entity, i64, &'static Relation)>),
    /// A relation that is empty.
    Nothing,
}

/// Work that calls itself.
pub(super) type Later<'a, T> = Pin<Box<dyn Future<Output = StaResult<T>> + Send + 'a>>;

impl Item {
    pub(super) fn observation(row: Row) -> Self {
        Self::Observation(Box::new(row))
    }

    pub(super) fn entity(&self) -> Entity {
        match self {
            Self::Record(record) => record.entity,
            Self::Observation(_) => Entity::Observation,
        }
    }

    pub(super) fn id(&self) -> i64 {
        match self {
            Self::Record(record) => record.id,
            Self::Observation(row) => row.id,
        }
    }

    fn plain(&self, base: &str, options: &Options) -> Map<String, Value> {
        match self {
            Self::Record(record) => record_json(base, record, options),
            Self::Observation(row) => observation_json(base, row.id, &row.observation, options),
        }
    }
}

impl Centre {
    /// Answers a question. `base` is the address of the service root, `path` what comes after it, `query` what comes after
    /// the question mark; both still encoded.
    ///
    /// # Errors
    /// A path that leads nowhere, options that make no sense; the lake's.
    pub async fn sta_get(&self, base: &str, path: &str, query: &str) -> StaResult<StaAnswer> {
        let path = match Target::parse(path)? {
            Target::Root => return Ok(StaAnswer::Json(root_json(base))),
            Target::Path(path) => path,
            Target::CreateObservations => {
                return Err(Refusal::NotAllowed("CreateObservations is posted to".into()).into());
            }
            Target::Batch => return Err(Refusal::NotOffered("batch requests are not offered".into()).into()),
        };
        let options = Options::parse(query, path.entity())?;
        let options = self.resolved(path.entity(), options).await?;
        let here = self.locate(&path).await?;
        match (&path.ending, here) {
            (_, Here::Nothing) => Err(Refusal::Absent(format!("{} leads to no entity", path.text())).into()),
            (Ending::Property(property, keys), Here::One(item)) => {
                let value = property_of(&item, property.name, keys)?;
                let name = keys.last().map_or(property.name, String::as_str);
                Ok(StaAnswer::Json(json!({ name: value })))
            }
            (Ending::Value(property, keys), Here::One(item)) => {
                Ok(StaAnswer::Text(match property_of(&item, property.name, keys)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                }))
            }
            (Ending::References, Here::One(item)) => Ok(StaAnswer::Json(
                json!({"@iot.selfLink": self_link(base, item.entity(), item.id())}),
            )),
            (_, Here::One(item)) => {
                let mut shown = self.render(base, vec![item], &options).await?;
                Ok(StaAnswer::Json(shown.pop().map_or(Value::Null, Value::Object)))
            }
            (Ending::Count, Here::Set(entity, of)) => {
                let mut only = options;
                (only.count, only.top) = (true, Some(0));
                let count = self.page(entity, of, &only).await?;
                Ok(StaAnswer::Text(count.count.unwrap_or_default().to_string()))
            }
            (ending, Here::Set(entity, of)) => {
                let page = self.page(entity, of, &options).await?;
                let mut out = Map::new();
                if let Some(count) = page.count {
                    out.insert("@iot.count".into(), count.into());
                }
                if let Some(next) = &page.next {
                    let mut link = format!("{base}/{}", path.text());
                    if *ending == Ending::References {
                        link.push_str("/$ref");
                    }
                    out.insert("@iot.nextLink".into(), format!("{link}?{next}").into());
                }
                let values = if *ending == Ending::References {
                    let links = page.items.iter();
                    links
                        .map(|item| json!({"@iot.selfLink": self_link(base, item.entity(), item.id())}))
                        .collect()
                } else if options.is_data_array {
                    let streams: Vec<i64> = page.items.iter().map(datastream_of).collect();
                    let shown = self.render(base, page.items, &options).await?;
                    write_data_array(base, streams.into_iter().zip(shown).collect())
                } else {
                    let shown = self.render(base, page.items, &options).await?;
                    shown.into_iter().map(Value::Object).collect()
                };
                out.insert("value".into(), Value::Array(values));
                Ok(StaAnswer::Json(Value::Object(out)))
            }
        }
    }

    /// One entity, as it is shown.
    pub(super) async fn shown(&self, base: &str, entity: Entity, id: i64) -> StaResult<Value> {
        let item = self.item(entity, id).await?;
        let mut shown = self.render(base, vec![item], &Options::default()).await?;
        Ok(shown.pop().map_or(Value::Null, Value::Object))
    }

    async fn item(&self, entity: Entity, id: i64) -> StaResult<Item> {
        if entity == Entity::Observation {
            let row = self.observation(id).await?;
            return row
                .map(Item::observation)
                .ok_or_else(|| Refusal::no_entity(entity, id).into());
        }
        let record = self.sensors.look(|graph| graph.record(entity, id).cloned())?;
        Ok(Item::Record(record))
    }

    /// An observation by its id, which tells the day it lies in.
    pub(super) async fn observation(&self, id: i64) -> StaResult<Option<Row>> {
        if !(1..qala_feeds::sensorthings::MAX_TIME).contains(&id) {
            return Ok(None);
        }
        let wanted = format!("observation_id = {id} AND recorded_at = {}", sql::instant(id));
        let (mut found, _) = self.select(&wanted, "observation_id", 1, 0, None).await?;
        Ok(found.pop())
    }

    /// Observations of a condition, with the place in the log up to which was read.
    pub(super) async fn select(
        &self,
        condition: &str,
        order: &str,
        limit: usize,
        skip: usize,
        as_of: Option<i64>,
    ) -> StaResult<(Vec<Row>, i64)> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {OBSERVATIONS} WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {skip}"
        );
        let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
        let (batches, seq) = collect(&*self.engine, &query).await?;
        Ok((rows(&batches)?, seq))
    }

    /// Whole numbers of a query's first column.
    pub(super) async fn numbers(&self, sql: String, as_of: Option<i64>) -> StaResult<Vec<i64>> {
        let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
        let (batches, _) = collect(&*self.engine, &query).await?;
        let mut out = Vec::new();
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let column = cast(batch.column(0), &DataType::Int64).map_err(qala_lake::LakeError::from)?;
            let column = column.as_primitive::<Int64Type>();
            out.extend(
                (0..column.len())
                    .filter(|row| column.is_valid(*row))
                    .map(|row| column.value(row)),
            );
        }
        Ok(out)
    }

    /// Follows a path to its end.
    async fn locate(&self, path: &ResourcePath) -> StaResult<Here> {
        let mut here = match path.id {
            Some(id) => Here::One(self.item(path.set, id).await?),
            None => Here::Set(path.set, None),
        };
        for (relation, id) in &path.steps {
            let Here::One(item) = here else {
                return Ok(Here::Nothing);
            };
            let (entity, from) = (item.entity(), item.id());
            here = match (relation.is_many, id) {
                (true, None) => Here::Set(relation.target, Some((entity, from, relation))),
                (true, Some(id)) => {
                    let other = self.item(relation.target, *id).await?;
                    let is_related = match &other {
                        Item::Observation(row) => match entity {
                            Entity::Datastream => row.datastream == from,
                            _ => row.feature == from,
                        },
                        Item::Record(_) => self
                            .sensors
                            .look(|graph| graph.related(entity, from, relation).contains(id)),
                    };
                    if !is_related {
                        return Err(Refusal::no_entity(relation.target, *id).into());
                    }
                    Here::One(other)
                }
                (false, _) => match single(&item, relation) {
                    Some(id) => Here::One(self.item(relation.target, id).await?),
                    None => Here::Nothing,
                },
            };
        }
        Ok(here)
    }

    /// Type and id of the entity that a path leads to.
    pub(super) async fn end_of(&self, path: &ResourcePath) -> StaResult<(Entity, i64)> {
        match self.locate(path).await? {
            Here::One(item) => Ok((item.entity(), item.id())),
            _ => Err(Refusal::Absent(format!("{} leads to no entity", path.text())).into()),
        }
    }

    /// Entities with all that is expanded in them.
    fn render<'a>(
        &'a self,
        base: &'a str,
        items: Vec<Item>,
        options: &'a Options,
    ) -> Later<'a, Vec<Map<String, Value>>> {
        Box::pin(async move {
            let mut shown: Vec<Map<String, Value>> =
                items.iter().map(|item| item.plain(base, options)).collect();
            for (relation, inner) in &options.expand {
                let sets = self.related(&items, relation, inner).await?;
                let counts: Vec<usize> = sets.iter().map(|page| page.items.len()).collect();
                let mut rest = Vec::new();
                let mut all = Vec::new();
                for page in sets {
                    rest.push((page.count, page.next));
                    all.extend(page.items);
                }
                let mut below = self
                    .render(base, all, inner)
                    .await?
                    .into_iter()
                    .map(Value::Object);
                for (((out, item), length), (count, next)) in
                    shown.iter_mut().zip(&items).zip(counts).zip(rest)
                {
                    let name = relation.name;
                    let mut values: Vec<Value> = below.by_ref().take(length).collect();
                    if relation.is_many {
                        if let Some(count) = count {
                            out.insert(format!("{name}@iot.count"), count.into());
                        }
                        if let Some(next) = next {
                            let link = self_link(base, item.entity(), item.id());
                            out.insert(
                                format!("{name}@iot.nextLink"),
                                format!("{link}/{name}?{next}").into(),
                            );
                        }
                        out.insert(name.into(), Value::Array(values));
                    } else {
                        out.insert(name.into(), values.pop().unwrap_or(Value::Null));
                    }
                }
            }
            Ok(shown)
        })
    }
}

/// The id at the other end of a relation to one.
pub(super) fn single(item: &Item, relation: &Relation) -> Option<i64> {
    match item {
        Item::Observation(row) if relation.target == Entity::Datastream => Some(row.datastream),
        Item::Observation(row) => Some(row.feature),
        Item::Record(record) => record.link(relation.name),
    }
}

/// The column by which observations point at an entity.
pub(super) fn column_of(entity: Entity) -> &'static str {
    if entity == Entity::Datastream {
        "datastream_id"
    } else {
        "feature_id"
    }
}

fn datastream_of(item: &Item) -> i64 {
    match item {
        Item::Observation(row) => row.datastream,
        Item::Record(record) => record.id,
    }
}

fn property_of(item: &Item, name: &str, keys: &[String]) -> Result<Value, Refusal> {
    let value = match item {
        Item::Record(record) => record.body.get(name).cloned(),
        Item::Observation(row) => row.observation.json().get(name).cloned(),
    };
    let value = value.unwrap_or(Value::Null);
    below(&value, keys)
        .cloned()
        .ok_or_else(|| Refusal::Absent(format!("`{name}` has no such key")))
}
