//! Conditions are only moved through a finished plan where no two columns of a step have one name.
//!
//! DataFusion 55 moves a condition below a projection, a filter or an aggregate by the names of its columns. Where a step has one
//! name twice, as both sides of a join have, the condition ends on the first of that name: `m.hour IS NULL` behind a right join of
//! `m` and `c` became `c.hour IS NULL`, and the rows that were asked for were gone. What the planner moves before, by names that
//! say their table, is right.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNode;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// How the rules are called that move conditions by names.
const MOVES: &str = "FilterPushdown";

/// The rules, those that move conditions with an eye on names.
pub fn with_care_for_names(
    rules: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>],
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let careful = |rule: &Arc<dyn PhysicalOptimizerRule + Send + Sync>| {
        if rule.name().starts_with(MOVES) {
            Arc::new(WhereNamesDiffer(Arc::clone(rule))) as _
        } else {
            Arc::clone(rule)
        }
    };
    rules.iter().map(careful).collect()
}

#[derive(Debug)]
struct WhereNamesDiffer(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for WhereNamesDiffer {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        options: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if plan.exists(|step| Ok(has_twins(step)))? {
            return Ok(plan);
        }
        self.0.optimize(plan, options)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// True when two columns have one name.
fn has_twins(step: &Arc<dyn ExecutionPlan>) -> bool {
    let schema = step.schema();
    let mut names = HashSet::new();
    !schema.fields().iter().all(|field| names.insert(field.name()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::RecordBatch;
    use datafusion::execution::{SessionState, SessionStateBuilder};
    use datafusion::prelude::SessionContext;

    use super::*;

    /// Hours of an archive that were not measured: 2 and 3 of the first, 3 of the second.
    const SQL: &str = "WITH measured AS (SELECT id, max(hour) AS hour FROM readings GROUP BY id, hour), \
        kept AS (SELECT id, t AS hour, speed FROM archive WHERE speed > 1.0) \
        SELECT c.id, c.hour, c.speed FROM measured AS m RIGHT JOIN kept AS c ON c.id = m.id AND c.hour = m.hour \
        WHERE m.hour IS NULL";

    async fn rows(state: SessionState) -> usize {
        let context = SessionContext::new_with_state(state);
        for table in [
            "CREATE TABLE readings AS SELECT * FROM (VALUES ('a', 1), ('b', 1), ('b', 2)) AS t (id, hour)",
            "CREATE TABLE archive AS SELECT * FROM \
             (VALUES ('a', 1, 5.0), ('a', 2, 5.0), ('a', 3, 5.0), ('b', 1, 5.0), ('b', 2, 5.0), ('b', 3, 5.0)) AS t (id, t, speed)",
        ] {
            context.sql(table).await.unwrap().collect().await.unwrap();
        }
        let batches = context.sql(SQL).await.unwrap().collect().await.unwrap();
        batches.iter().map(RecordBatch::num_rows).sum()
    }

    #[tokio::test]
    async fn rows_without_a_partner_are_found() {
        let builder = || SessionStateBuilder::new().with_default_features();
        let plain = builder().build();
        let rules = with_care_for_names(plain.physical_optimizers());
        let careful = builder().with_physical_optimizer_rules(rules).build();
        assert_eq!(rows(careful).await, 3);
        // When this no longer fails, the rule can go.
        assert_eq!(rows(plain).await, 0);
    }
}
