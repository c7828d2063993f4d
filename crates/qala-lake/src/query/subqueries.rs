//! `place IN (SELECT place …)` where the `place` before `IN` belongs to no table, as in a subquery without a name or a
//! union: DataFusion 55 makes it a join of two columns of one name and then refuses it as ambiguous. The column behind `IN`
//! gets a name of its own.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::optimizer::AnalyzerRule;

/// The name behind `IN`.
const NAME: &str = "__in";

/// Makes sessions read such conditions.
pub fn read_in_subqueries(state: &mut SessionState) {
    state.add_analyzer_rule(Arc::new(NamesBehindIn));
}

#[derive(Debug)]
struct NamesBehindIn;

impl AnalyzerRule for NamesBehindIn {
    fn name(&self) -> &'static str {
        "names_behind_in"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let named =
            plan.transform_down_with_subqueries(|node| node.map_expressions(|e| e.transform_up(renamed)))?;
        Ok(named.data)
    }
}

fn renamed(expr: Expr) -> Result<Transformed<Expr>> {
    let Expr::InSubquery(condition) = expr else {
        return Ok(Transformed::no(expr));
    };
    let mut output = condition.subquery.subquery.schema().columns();
    let is_one_name = |output: &Column| {
        let columns = condition.expr.column_refs();
        columns
            .iter()
            .any(|c| c.relation.is_none() && c.name == output.name)
    };
    let Some(output) = output.pop().filter(is_one_name) else {
        return Ok(Transformed::no(Expr::InSubquery(condition)));
    };
    let InSubquery {
        expr,
        subquery,
        negated,
    } = condition;
    let plan = LogicalPlanBuilder::new_from_arc(subquery.subquery)
        .project([Expr::Column(output).alias(NAME)])?
        .build()?;
    let subquery = Subquery {
        subquery: Arc::new(plan),
        ..subquery
    };
    Ok(Transformed::yes(Expr::InSubquery(InSubquery::new(
        expr, subquery, negated,
    ))))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::RecordBatch;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;

    const SETUP: &str = "CREATE TABLE a AS SELECT * FROM (VALUES ('x', 1), ('y', 2), ('z', 3)) AS t (k, n)";

    async fn rows(state: SessionState, sql: &str) -> Result<usize> {
        let context = SessionContext::new_with_state(state);
        context.sql(SETUP).await?.collect().await?;
        let batches = context.sql(sql).await?.collect().await?;
        Ok(batches.iter().map(RecordBatch::num_rows).sum())
    }

    fn state(is_mended: bool) -> SessionState {
        let mut state = SessionStateBuilder::new().with_default_features().build();
        if is_mended {
            read_in_subqueries(&mut state);
        }
        state
    }

    #[tokio::test]
    async fn a_name_on_both_sides_of_in() {
        for (sql, expected) in [
            (
                "SELECT p FROM (SELECT k AS p FROM a) WHERE p IN (SELECT k AS p FROM a WHERE n > 1)",
                2,
            ),
            (
                "SELECT p FROM (SELECT k AS p FROM a) WHERE p NOT IN (SELECT k AS p FROM a WHERE n > 1)",
                1,
            ),
            (
                "SELECT k FROM (SELECT k FROM a UNION ALL SELECT k FROM a) WHERE k IN (SELECT k FROM a WHERE n = 1) OR k = 'y'",
                4,
            ),
            // One below the other, and one that looks outside.
            (
                "SELECT p FROM (SELECT k AS p FROM a) WHERE p IN (SELECT p FROM (SELECT k AS p FROM a) WHERE p IN \
                 (SELECT k AS p FROM a WHERE n < 3))",
                2,
            ),
            (
                "SELECT k FROM a AS o WHERE k IN (SELECT k FROM a WHERE a.n = o.n AND n > 1)",
                2,
            ),
        ] {
            assert_eq!(rows(state(true), sql).await.unwrap(), expected, "{sql}");
        }
        // When this no longer fails, the rule can go.
        let sql = "SELECT p FROM (SELECT k AS p FROM a) WHERE p IN (SELECT k AS p FROM a)";
        let fault = rows(state(false), sql).await.unwrap_err().to_string();
        assert!(fault.contains("Ambiguous"), "{fault}");
    }
}
