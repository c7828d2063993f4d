//! Pages of sets: chosen, ordered, cut; of one entity, or of many at once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use qala_feeds::sensorthings::{Computed, Entity, Evaluator, LARGEST_PAGE, Options, PAGE, Relation};
use qala_lake::{Query, collect};

use super::observations::{COLUMNS, Row, rows};
use super::read::{Item, column_of, single};
use super::{OBSERVATIONS, StaResult, sql};
use crate::centre::Centre;

/// Entities that an expansion shows of each set when the client does not say.
const EXPANDED: usize = 25;
/// Rows that all expansions of one relation fetch together at most.
const MOST_EXPANDED: usize = 200_000;

/// A part of a set.
pub(super) struct Page {
    /// Its entities.
    pub(super) items: Vec<Item>,
    /// How many the set has, when that was asked.
    pub(super) count: Option<usize>,
    /// The query of the next page.
    pub(super) next: Option<String>,
}

impl Centre {
    /// A page of a set.
    pub(super) async fn page(
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
        let next = is_more.then(|| {
            if options.order.is_empty() {
                options.next_query(found.len(), found.last().map(|row| row.id), None)
            } else {
                options.next_query(found.len(), None, Some(options.as_of.unwrap_or(seq)))
            }
        });
        Ok(Page {
            items: found.into_iter().map(Item::observation).collect(),
            count,
            next,
        })
    }

    /// What each of some entities is related to.
    pub(super) async fn related(
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
                    Item::Observation(_) => single(item, relation).into_iter().collect(),
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
                items: found.into_iter().map(Item::observation).collect(),
            }
        });
        Ok(pages.collect())
    }
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
