//! Sorts below windows that name what the rows are partitioned by.
//!
//! Where a condition leaves one value of such a column, the planner leaves the column out of the sort, for it is sorted
//! anyway. What stands on the other side of a stage's edge does not know that, and refuses rows that are not sorted by it.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties, InputOrderMode, PhysicalExpr, replace_children_if_necessary,
};

/// The rule; the last of a scheduler's.
#[derive(Debug)]
pub(crate) struct SortedPartitions;

impl PhysicalOptimizerRule for SortedPartitions {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(sorted).data()
    }

    fn name(&self) -> &'static str {
        "sorted_partitions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn sorted(node: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(keys) = partition_keys(&node) else {
        return Ok(Transformed::no(node));
    };
    let child = Arc::clone(node.children()[0]);
    let known: Vec<PhysicalSortExpr> = child.output_ordering().map(|o| o.to_vec()).unwrap_or_default();
    let mut wanted: Vec<PhysicalSortExpr> = keys
        .into_iter()
        .filter(|key| !known.iter().any(|sort| sort.expr.eq(key)))
        .map(PhysicalSortExpr::new_default)
        .collect();
    if wanted.is_empty() {
        return Ok(Transformed::no(node));
    }
    wanted.extend(known);
    let Some(ordering) = LexOrdering::new(wanted) else {
        return Ok(Transformed::no(node));
    };
    // In place of a sort by less, and of the same partitions.
    let input = child
        .downcast_ref::<SortExec>()
        .map(|sort| Arc::clone(sort.input()));
    let input = input.unwrap_or(child);
    let sort = SortExec::new(ordering, input).with_preserve_partitioning(true);
    Ok(Transformed::yes(replace_children_if_necessary(
        node,
        vec![Arc::new(sort)],
    )?))
}

/// What the rows of a window must be sorted by first; nothing for other plans.
fn partition_keys(node: &Arc<dyn ExecutionPlan>) -> Option<Vec<Arc<dyn PhysicalExpr>>> {
    let windows = if let Some(window) = node.downcast_ref::<BoundedWindowAggExec>() {
        if window.input_order_mode != InputOrderMode::Sorted {
            return None;
        }
        window.window_expr()
    } else {
        node.downcast_ref::<WindowAggExec>()?.window_expr()
    };
    Some(windows.first()?.partition_by().to_vec())
}
