//! Two plan nodes: one that hides rows which a reader must not or need not see, one that hides its inside.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{and, cast, filter_record_batch};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    PlanProperties, ReplaceChildrenOptions,
};
use futures::StreamExt;

use crate::schema::{FEED, SEQ, SOURCE};
use crate::superseded::SetRange;
use crate::view::Dataset;

/// Which rows a reader sees: those up to a `_seq` that were not superseded by then and, in a snapshot, belong to a
/// current set.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    pub(crate) dataset: Arc<Dataset>,
    /// Largest `_seq`.
    pub(crate) as_of: i64,
    /// The current sets, for a snapshot.
    pub(crate) sets: Option<Arc<Vec<SetRange>>>,
}

impl Visible {
    /// Keeps the visible rows of a batch that has the column `_seq` (and `feed` and `_source`, for a snapshot).
    ///
    /// # Errors
    /// Arrow's, or a missing column.
    pub(crate) fn filter(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let missing = |name: &str| DataFusionError::Internal(format!("no column {name} to filter by"));
        let seqs = batch
            .column_by_name(SEQ)
            .ok_or_else(|| missing(SEQ))?
            .as_primitive::<Int64Type>();
        let mut mask = self.dataset.superseded.visible(seqs, self.as_of);
        if let Some(sets) = &self.sets {
            let feeds = batch.column_by_name(FEED).ok_or_else(|| missing(FEED))?;
            let feeds = cast(feeds, &DataType::Utf8View)?;
            let feeds = feeds.as_string_view();
            let sources = batch
                .column_by_name(SOURCE)
                .ok_or_else(|| missing(SOURCE))?
                .as_primitive::<Int64Type>();
            let current: BooleanArray = (0..batch.num_rows())
                .map(|i| {
                    let (feed, source, seq) = (feeds.value(i), sources.value(i), seqs.value(i));
                    Some(sets.iter().any(|set| set.has(feed, source, seq)))
                })
                .collect();
            mask = and(&mask, &current)?;
        }
        if mask.true_count() == batch.num_rows() {
            return Ok(batch.clone());
        }
        Ok(filter_record_batch(batch, &mask)?)
    }
}

/// Hides invisible rows and the columns that were only read to find them.
#[derive(Debug)]
pub(crate) struct VisibleExec {
    input: Arc<dyn ExecutionPlan>,
    visible: Visible,
    columns: usize,
    properties: Arc<PlanProperties>,
}

fn properties(input: &Arc<dyn ExecutionPlan>, schema: &SchemaRef) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(Arc::clone(schema)),
        datafusion::physical_plan::Partitioning::UnknownPartitioning(
            input.output_partitioning().partition_count(),
        ),
        input.pipeline_behavior(),
        input.boundedness(),
    ))
}

impl VisibleExec {
    /// Filters `input`, and gives its first `columns` columns.
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, visible: Visible, columns: usize) -> Result<Self> {
        let schema = Arc::new(input.schema().project(&(0..columns).collect::<Vec<_>>())?);
        let properties = properties(&input, &schema);
        Ok(Self {
            input,
            visible,
            columns,
            properties,
        })
    }
}

impl DisplayAs for VisibleExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VisibleExec: {} as of {}",
            self.visible.dataset.name, self.visible.as_of
        )
    }
}

impl ExecutionPlan for VisibleExec {
    fn name(&self) -> &'static str {
        "VisibleExec"
    }
    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }
    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }
    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children
            .pop()
            .ok_or_else(|| DataFusionError::Internal("VisibleExec has one input".into()))?;
        Ok(Arc::new(Self::new(input, self.visible.clone(), self.columns)?))
    }
    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let visible = self.visible.clone();
        let schema = self.schema();
        let columns: Vec<usize> = (0..self.columns).collect();
        let stream = self.input.execute(partition, context)?.map(move |batch| {
            let batch = visible.filter(&batch?)?;
            Ok(batch.project(&columns)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// A plan whose inside no optimiser rule and no EXPLAIN can reach: rows are filtered by rights inside, and nothing of
/// the query's own conditions goes in but what the table took as literal comparisons.
#[derive(Debug)]
pub(crate) struct BarrierExec {
    table: Arc<str>,
    inner: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl BarrierExec {
    /// Closes a plan.
    pub(crate) fn new(table: Arc<str>, inner: Arc<dyn ExecutionPlan>) -> Self {
        let properties = properties(&inner, &inner.schema());
        Self {
            table,
            inner,
            properties,
        }
    }
}

impl DisplayAs for BarrierExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableExec: {}", self.table)
    }
}

impl ExecutionPlan for BarrierExec {
    fn name(&self) -> &'static str {
        "TableExec"
    }
    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }
    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }
    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }
    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.inner.execute(partition, context)
    }
}
