//! Reading: one entity, a property, a set with all options, what is related to it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use qala_feeds::sensorthings::filter::{Expression, Path};
use qala_feeds::sensorthings::{
    Computed, Ending, Entity, Evaluator, LARGEST_PAGE, Options, PAGE, Record, Refusal, Relation,
    ResourcePath, Target, below, observation_json, record_json, root_json, self_link, write_data_array,
};
use qala_lake::{AsOf, Query, collect};
use serde_json::{Map, Value, json};

use super::observations::{COLUMNS, Row, rows};
use super::{OBSERVATIONS, StaResult, sql};
use crate::centre::Centre;

/// Entities that an expansion shows of each set when the client does not say.
const EXPANDED: usize = 25;
/// Rows that all expansions of one relation fetch together at most.
const MOST_EXPANDED: usize = 200_000;

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
enum Item {
    Record(Arc<Record>),
    Observation(Row),
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

/// A part of a set.
struct Page {
    items: Vec<Item>,
    count: Option<usize>,
    /// The query of the next page.
    next: Option<String>,
}

type Later<'a, T> = Pin<Box<dyn Future<Output = StaResult<T>> + Send + 'a>>;

impl Item {
    fn entity(&self) -> Entity {
        match self {
            Self::Record(record) => record.entity,
            Self::Observation(_) => Entity::Observation,
        }
    }

    fn id(&self) -> i64 {
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
                .map(Item::Observation)
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
                (false, _) => match self.single(&item, relation) {
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

    /// The id at the other end of a relation to one.
    fn single(&self, item: &Item, relation: &Relation) -> Option<i64> {
        match item {
            Item::Observation(row) if relation.target == Entity::Datastream => Some(row.datastream),
            Item::Observation(row) => Some(row.feature),
            Item::Record(record) => record.link(relation.name),
        }
    }

    /// A page of a set.
    async fn page(
        &self,
        entity: Entity,
        of: Option<(Entity, i64, &'static Relation)>,
        options: &Options,
    ) -> StaResult<Page> {
        if entity == Entity::Observation {
            return self.page_of_observations(of, options).await;
        }
        let now = self.clock.now();
        Ok(self.sensors.look(|graph| {
            let ids: Vec<i64> = match of {
                Some((from, id, relation)) => graph.related(from, id, relation),
                None => graph.ids(entity).collect(),
            };
            let evaluator = Evaluator { graph, now };
            let (ids, count, is_more) = choose(&evaluator, entity, ids, options, PAGE);
            let last = ids.last().copied().filter(|_| options.order.is_empty());
            let next = is_more.then(|| options.next_query(ids.len(), last, None));
            let items = ids
                .iter()
                .filter_map(|id| graph.find(entity, *id).cloned().map(Item::Record));
            Page {
                items: items.collect(),
                count: options.count.then_some(count),
                next,
            }
        }))
    }

    async fn page_of_observations(
        &self,
        of: Option<(Entity, i64, &'static Relation)>,
        options: &Options,
    ) -> StaResult<Page> {
        let mut conditions = Vec::new();
        if let Some((from, id, _)) = of {
            conditions.push(format!("{} = {id}", column_of(from)));
        }
        if let Some(filter) = &options.filter {
            conditions.push(sql::condition(filter, self.clock.now())?);
        }
        let all = if conditions.is_empty() {
            "true".to_owned()
        } else {
            conditions.join(" AND ")
        };
        let count = if options.count {
            let sql = format!("SELECT count(*) FROM {OBSERVATIONS} WHERE {all}");
            self.numbers(sql, options.as_of)
                .await?
                .first()
                .map(|count| *count as usize)
        } else {
            None
        };
        let limit = options.page(PAGE);
        if limit == 0 {
            return Ok(Page {
                items: Vec::new(),
                count,
                next: None,
            });
        }
        // In the order of ids a page begins after the last id of the one before: nothing is read twice, and what came
        // meanwhile moves nothing. In another order the pages read up to one place in the log.
        let after = options.after.filter(|_| options.order.is_empty());
        let (wanted, skip) = match after {
            Some(after) => (format!("{all} AND observation_id > {after}"), 0),
            None => (all, options.skip),
        };
        let order = sql::order(&options.order)?;
        let (mut found, seq) = self
            .select(&wanted, &order, limit + 1, skip, options.as_of)
            .await?;
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = is_more.then(|| match options.order.is_empty() {
            true => options.next_query(found.len(), found.last().map(|row| row.id), None),
            false => options.next_query(found.len(), None, Some(options.as_of.unwrap_or(seq))),
        });
        Ok(Page {
            items: found.into_iter().map(Item::Observation).collect(),
            count,
            next,
        })
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

    /// What each of some entities is related to.
    async fn related(
        &self,
        items: &[Item],
        relation: &'static Relation,
        options: &Options,
    ) -> StaResult<Vec<Page>> {
        if relation.target == Entity::Observation {
            return self.observations_of(items, options).await;
        }
        let now = self.clock.now();
        Ok(self.sensors.look(|graph| {
            let evaluator = Evaluator { graph, now };
            let each = items.iter().map(|item| {
                let ids = match item {
                    Item::Observation(_) => self.single(item, relation).into_iter().collect(),
                    Item::Record(record) => graph.related(record.entity, record.id, relation),
                };
                let (ids, count, is_more) = choose(&evaluator, relation.target, ids, options, PAGE);
                let last = ids.last().copied().filter(|_| options.order.is_empty());
                let found = ids
                    .iter()
                    .filter_map(|id| graph.find(relation.target, *id).cloned());
                Page {
                    count: options.count.then_some(count),
                    next: is_more.then(|| options.next_query(ids.len(), last, None)),
                    items: found.map(Item::Record).collect(),
                }
            });
            each.collect()
        }))
    }

    /// The observations of each of some datastreams or features, in one question.
    async fn observations_of(&self, items: &[Item], options: &Options) -> StaResult<Vec<Page>> {
        let Some(first) = items.first() else {
            return Ok(Vec::new());
        };
        let column = column_of(first.entity());
        let ids: BTreeSet<i64> = items.iter().map(Item::id).collect();
        let mut wanted = sql::among(column, ids.iter().copied());
        if let Some(filter) = &options.filter {
            wanted = format!("{wanted} AND {}", sql::condition(filter, self.clock.now())?);
        }
        let limit = options
            .page(EXPANDED)
            .min(MOST_EXPANDED / ids.len().max(1))
            .min(LARGEST_PAGE);
        let order = sql::order(&options.order)?;
        let (from, to) = (options.skip, options.skip + limit + 1);
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY {column} ORDER BY {order}) AS place \
             FROM {OBSERVATIONS} WHERE {wanted}) WHERE place > {from} AND place <= {to} ORDER BY {column}, place"
        );
        let (batches, seq) = collect(&*self.engine, &Query::system(sql)).await?;
        let mut by_id: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        for row in rows(&batches)? {
            let id = if column == "datastream_id" {
                row.datastream
            } else {
                row.feature
            };
            by_id.entry(id).or_default().push(row);
        }
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        if options.count {
            let sql = format!("SELECT {column} FROM {OBSERVATIONS} WHERE {wanted}");
            for id in self.numbers(sql, Some(seq)).await? {
                *counts.entry(id).or_insert(0) += 1;
            }
        }
        let pages = items.iter().map(|item| {
            let mut found = by_id.get(&item.id()).cloned().unwrap_or_default();
            let is_more = found.len() > limit;
            found.truncate(limit);
            let last = found
                .last()
                .map(|row| row.id)
                .filter(|_| options.order.is_empty());
            let as_of = options.order.first().map(|_| seq);
            Page {
                next: is_more.then(|| options.next_query(found.len(), last, as_of)),
                count: options
                    .count
                    .then(|| counts.get(&item.id()).copied().unwrap_or(0) as usize),
                items: found.into_iter().map(Item::Observation).collect(),
            }
        });
        Ok(pages.collect())
    }

    /// The options with conditions across the border between records and observations worked out.
    fn resolved(&self, entity: Entity, options: Options) -> Later<'_, Options> {
        Box::pin(async move {
            let mut options = options;
            if let Some(filter) = options.filter.take() {
                options.filter = Some(self.across(entity, filter).await?);
            }
            for (relation, inner) in &mut options.expand {
                *inner = self.resolved(relation.target, std::mem::take(inner)).await?;
            }
            Ok(options)
        })
    }

    fn across(&self, entity: Entity, filter: Expression) -> Later<'_, Expression> {
        Box::pin(async move {
            let mut filter = filter;
            for atom in filter.atoms() {
                let Some(prefix) = border(entity, &atom.paths())? else {
                    continue;
                };
                let inner = atom.clone().from_relation(prefix.len());
                let (last, before) = match prefix.split_last() {
                    Some((last, before)) => (*last, before.to_vec()),
                    None => continue,
                };
                let inner = self.across(last.target, inner).await?;
                if entity == Entity::Observation {
                    let now = self.clock.now();
                    let ids = self.sensors.look(|graph| {
                        let evaluator = Evaluator { graph, now };
                        let all = graph.ids(last.target);
                        all.filter(|id| evaluator.holds(&inner, last.target, *id))
                            .collect()
                    });
                    *atom = Expression::Among(prefix, Arc::new(ids));
                } else {
                    let from = before.last().map_or(entity, |relation| relation.target);
                    let condition = sql::condition(&inner, self.clock.now())?;
                    let sql = format!(
                        "SELECT DISTINCT {} FROM {OBSERVATIONS} WHERE {condition}",
                        column_of(from)
                    );
                    let ids = self.numbers(sql, None).await?.into_iter().collect();
                    *atom = Expression::Among(before, Arc::new(ids));
                }
            }
            Ok(filter)
        })
    }
}

/// The relations that all paths of a condition share up to and with the step between observations and records; `None` when
/// there is no such step.
fn border(entity: Entity, paths: &[&Path]) -> Result<Option<Vec<&'static Relation>>, Refusal> {
    let step = |path: &&Path| {
        let at = if entity == Entity::Observation {
            (!path.relations.is_empty()).then_some(0)
        } else {
            path.relations
                .iter()
                .position(|relation| relation.target == Entity::Observation)
        };
        at.map(|at| path.relations[..=at].to_vec())
    };
    let Some(prefix) = paths.iter().find_map(step) else {
        return Ok(None);
    };
    if paths.iter().all(|path| path.relations.starts_with(&prefix)) {
        return Ok(Some(prefix));
    }
    Err(Refusal::NotOffered(
        "the $filter compares an observation with something related to it, which is not offered; compare each with a value"
            .into(),
    ))
}

/// The column by which observations point at an entity.
fn column_of(entity: Entity) -> &'static str {
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

/// The ids of a page, how many there are in all, and whether more follow.
fn choose(
    evaluator: &Evaluator<'_>,
    entity: Entity,
    mut ids: Vec<i64>,
    options: &Options,
    default: usize,
) -> (Vec<i64>, usize, bool) {
    if let Some(filter) = &options.filter {
        ids.retain(|id| evaluator.holds(filter, entity, *id));
    }
    let count = ids.len();
    if options.order.is_empty() {
        ids.sort_unstable();
    } else {
        let mut keyed: Vec<(Vec<Option<Computed>>, i64)> = ids
            .iter()
            .map(|id| {
                let values = options.order.iter();
                let key = values.map(|(path, _)| evaluator.path(path, entity, *id).into_iter().next());
                (key.collect(), *id)
            })
            .collect();
        keyed.sort_by(|(a, a_id), (b, b_id)| {
            let each = a.iter().zip(b).zip(&options.order);
            let order = each
                .map(|((a, b), (_, is_down))| {
                    let order = rank(a.as_ref(), b.as_ref());
                    if *is_down { order.reverse() } else { order }
                })
                .find(|order| *order != Ordering::Equal);
            order.unwrap_or(Ordering::Equal).then(a_id.cmp(b_id))
        });
        ids = keyed.into_iter().map(|(_, id)| id).collect();
    }
    let limit = options.page(default);
    let start = match options.after.filter(|_| options.order.is_empty()) {
        Some(after) => ids.partition_point(|id| *id <= after),
        None => options.skip.min(ids.len()),
    };
    let end = (start + limit).min(ids.len());
    let is_more = end < ids.len() && limit > 0;
    (ids[start..end].to_vec(), count, is_more)
}

/// An order over all values, whatever their types: nothing comes first.
fn rank(a: Option<&Computed>, b: Option<&Computed>) -> Ordering {
    fn class(value: Option<&Computed>) -> u8 {
        match value {
            None | Some(Computed::Null) => 0,
            Some(Computed::Bool(_)) => 1,
            Some(Computed::Number(_)) => 2,
            Some(Computed::Text(_)) => 3,
            Some(Computed::Time(_)) => 4,
            Some(_) => 5,
        }
    }
    match (a, b) {
        (Some(Computed::Bool(a)), Some(Computed::Bool(b))) => a.cmp(b),
        (Some(Computed::Number(a)), Some(Computed::Number(b))) => a.total_cmp(b),
        (Some(Computed::Text(a)), Some(Computed::Text(b))) => a.cmp(b),
        (Some(Computed::Time(a)), Some(Computed::Time(b))) => (a.start, a.last()).cmp(&(b.start, b.last())),
        (Some(Computed::Json(a)), Some(Computed::Json(b))) => a.to_string().cmp(&b.to_string()),
        _ => class(a).cmp(&class(b)),
    }
}
