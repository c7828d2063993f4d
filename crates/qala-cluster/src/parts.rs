//! Plans as deep as they are: Protocol Buffers are read a hundred messages deep, which some fifty steps of a plan use up. A
//! deeper plan is cut; what is below a cut travels as bytes that are read by themselves.

use std::sync::Arc;

use async_trait::async_trait;
use ballista_core::serde::BallistaLogicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, TableReference};
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;

/// Steps above one another in one piece: two messages each, and as many again for their expressions.
const MOST: usize = 20;
/// How a part is called in the plan that reads it.
const NAME: &str = "part";

/// `plan` in pieces that can be read.
///
/// # Errors
/// DataFusion's.
pub(crate) fn in_parts(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(cut(plan)?.0)
}

/// A plan that is cut, and how many steps its highest piece has.
fn cut(plan: LogicalPlan) -> Result<(LogicalPlan, usize)> {
    let mut height = 0;
    let plan = plan.map_children(|child| {
        let (child, high) = cut(child)?;
        let is_part = high >= MOST && !child.schema().fields().is_empty();
        height = height.max(if is_part { 2 } else { high });
        Ok(Transformed::yes(if is_part { part(child)? } else { child }))
    })?;
    Ok((plan.data, height + 1))
}

/// A scan of `plan`, whose columns are called as before.
fn part(plan: LogicalPlan) -> Result<LogicalPlan> {
    let names: Vec<String> = (0..plan.schema().fields().len())
        .map(|i| format!("c{i}"))
        .collect();
    let columns = plan.schema().columns();
    let numbered = columns.iter().zip(&names);
    let numbered = numbered.map(|(column, name)| Expr::Column(column.clone()).alias(name));
    let plan = LogicalPlanBuilder::new(plan)
        .project(numbered.collect::<Vec<_>>())?
        .build()?;
    let as_before = columns.iter().zip(&names).map(|(column, name)| {
        Expr::Column(Column::new(Some(NAME), name)).alias_qualified(column.relation.clone(), &column.name)
    });
    LogicalPlanBuilder::scan(NAME, provider_as_source(Arc::new(Part(plan))), None)?
        .project(as_before.collect::<Vec<_>>())?
        .build()
}

/// What is below a cut. It is a table only until it has travelled.
#[derive(Debug)]
struct Part(LogicalPlan);

#[async_trait]
impl TableProvider for Part {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema().inner())
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(DataFusionError::Internal(
            "a part of a plan was to travel before it is read".into(),
        ))
    }
}

/// How plans of clients are written and read: as Ballista does, and parts of them.
#[derive(Debug, Default)]
pub(crate) struct Codec(BallistaLogicalExtensionCodec);

impl LogicalExtensionCodec for Codec {
    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.0.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        _: &TableReference,
        _: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let plan = logical_plan_from_bytes_with_extension_codec(buf, ctx, self)?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }

    fn try_encode_table_provider(
        &self,
        name: &TableReference,
        table: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        let Some(Part(plan)) = table.downcast_ref() else {
            return self.0.try_encode_table_provider(name, table, buf);
        };
        buf.extend(logical_plan_to_bytes_with_extension_codec(plan, self)?);
        Ok(())
    }

    fn try_decode_file_format(&self, buf: &[u8], ctx: &TaskContext) -> Result<Arc<dyn FileFormatFactory>> {
        self.0.try_decode_file_format(buf, ctx)
    }

    fn try_encode_file_format(&self, buf: &mut Vec<u8>, node: Arc<dyn FileFormatFactory>) -> Result<()> {
        self.0.try_encode_file_format(buf, node)
    }
}
