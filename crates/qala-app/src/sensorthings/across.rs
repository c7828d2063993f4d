//! Conditions across the border between records and observations: each side is asked by itself, and the other then chosen
//! by ids.

use std::sync::Arc;

use qala_feeds::sensorthings::filter::{Expression, Path};
use qala_feeds::sensorthings::{Entity, Evaluator, Options, Refusal, Relation};

use super::read::{Later, column_of};
use super::{OBSERVATIONS, sql};
use crate::centre::Centre;

impl Centre {
    /// The options with conditions across the border between records and observations worked out.
    pub(super) fn resolved(&self, entity: Entity, options: Options) -> Later<'_, Options> {
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
