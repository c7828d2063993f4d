//! The visible rows of a table or rollup as a logical plan that can travel: Parquet files by name, conditions on
//! `_seq`, an anti-join with the superseded rows, a window for the intervals of a state.
//!
//! Conditions of a question may sink below all of it but the window: a row is hidden because of its own `_seq`, never
//! because of what other rows are there. Below the window only conditions on the key may sink, and the optimiser
//! knows that.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, JoinType, ScalarValue, TableReference};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions::core::expr_fn::least;
use datafusion::functions_window::expr_fn::lead;
use datafusion::logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use qala_lake::{
    CommittedFile, CommittedRollup, CommittedTable, FEED, Interval, SEQ, SOURCE, SetRange, SupersededRows,
};

use crate::catalog::Placeholder;

/// `plan` with `rows`, by name of table, where it scans placeholders.
///
/// # Errors
/// DataFusion's.
pub(crate) fn in_place(plan: LogicalPlan, rows: &BTreeMap<String, LogicalPlan>) -> Result<LogicalPlan> {
    let found = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else {
            // What stands above learns which columns can be without a value.
            return Ok(Transformed::yes(node.recompute_schema()?));
        };
        let provider = source_as_provider(&scan.source)?;
        let placed = provider
            .downcast_ref::<Placeholder>()
            .and_then(|p| rows.get(&p.name));
        let Some(placed) = placed else {
            return Ok(Transformed::no(node));
        };
        // The conditions of the scan stand above it as well: a placeholder promises nothing.
        let plan = LogicalPlanBuilder::new(placed.clone())
            .alias(scan.table_name.clone())?
            .project(scan.projected_schema.columns().into_iter().map(Expr::Column))?
            .build()?;
        Ok(Transformed::yes(plan))
    })?;
    Ok(found.data)
}

/// `plan` with rows of literals where it has nothing below: one that is there, or one that no condition meets where the
/// optimiser found that there are no rows. The protocol sends an empty part without its columns, and a union of one with
/// files never ends: its tasks report unlike numbers of operators, and the scheduler drops such reports.
///
/// # Errors
/// DataFusion's.
pub(crate) fn nothing_in_place(plan: LogicalPlan) -> Result<LogicalPlan> {
    let found = plan.transform_up_with_subqueries(|node| match &node {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => {
            let row = LogicalPlanBuilder::values(vec![vec![lit(true)]])?;
            Ok(Transformed::yes(row.project(Vec::<Expr>::new())?.build()?))
        }
        LogicalPlan::EmptyRelation(empty) if !empty.schema.fields().is_empty() => {
            Ok(Transformed::yes(nothing(&empty.schema)?))
        }
        _ => Ok(Transformed::yes(node.recompute_schema()?)),
    })?;
    Ok(found.data)
}

/// No rows of `schema`, in a form that no rule takes for empty.
fn nothing(schema: &DFSchema) -> Result<LogicalPlan> {
    let nulls = schema
        .fields()
        .iter()
        .map(|f| Ok(lit(ScalarValue::try_from(f.data_type())?)))
        .collect::<Result<Vec<_>>>()?;
    let row = LogicalPlanBuilder::values(vec![nulls])?;
    let columns = row.schema().columns();
    let first = Expr::Column(columns[0].clone());
    let named = schema
        .iter()
        .zip(columns)
        .map(|((table, field), column)| Expr::Column(column).alias_qualified(table.cloned(), field.name()));
    row.filter(first.is_not_null())?.project(named)?.build()
}

/// The visible rows of a dataset.
///
/// # Errors
/// DataFusion's.
pub(crate) fn of_table(table: &CommittedTable) -> Result<LogicalPlan> {
    let mut parts = Vec::new();
    if !table.whole.is_empty() || table.mixed.is_empty() {
        parts.push(listing("whole", &table.schema, &table.whole)?.build()?);
    }
    if !table.mixed.is_empty() {
        let mut rows = listing("mixed", &table.schema, &table.mixed)?;
        rows = rows.filter(ident(SEQ).lt_eq(lit(table.as_of)))?;
        if let Some(sets) = &table.sets {
            rows = rows.filter(in_sets(sets))?;
        }
        if let Some(superseded) = &table.superseded {
            rows = without(rows, table, superseded)?;
        }
        parts.push(rows.build()?);
    }
    let rows = union(parts)?;
    match &table.interval {
        Some(interval) => closed(rows, &table.schema, interval),
        None => Ok(rows),
    }
}

/// The rows of a rollup: those of its fresh files, and `stale`, plans that aggregate the other days.
///
/// # Errors
/// DataFusion's.
pub(crate) fn of_rollup(rollup: &CommittedRollup, stale: Vec<LogicalPlan>) -> Result<LogicalPlan> {
    let mut parts = vec![listing("fresh", &rollup.schema, &rollup.fresh)?.build()?];
    for plan in stale {
        let columns = rollup
            .schema
            .fields()
            .iter()
            .map(|f| cast(ident(f.name()), f.data_type().clone()).alias(f.name()));
        parts.push(LogicalPlanBuilder::new(plan).project(columns)?.build()?);
    }
    union(parts)
}

/// A scan of files that may lack columns of `schema`.
fn listing(name: &str, schema: &SchemaRef, files: &[CommittedFile]) -> Result<LogicalPlanBuilder> {
    if files.is_empty() {
        return Ok(LogicalPlanBuilder::new(nothing(
            &DFSchema::try_from_qualified_schema(name, schema)?,
        )?));
    }
    let urls = files.iter().map(url).collect::<Result<Vec<_>>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(options)
        .with_schema(Arc::clone(schema));
    let provider = ListingTable::try_new(config)?;
    LogicalPlanBuilder::scan(
        TableReference::bare(name),
        provider_as_source(Arc::new(provider)),
        None,
    )
}

fn url(file: &CommittedFile) -> Result<ListingTableUrl> {
    let url = url::Url::from_file_path(&file.path).map_err(|()| {
        DataFusionError::Internal(format!("{} is not an absolute path", file.path.display()))
    })?;
    ListingTableUrl::try_new(url, None)
}

fn in_sets(sets: &[SetRange]) -> Expr {
    sets.iter()
        .map(|set| {
            let range = ident(SEQ).between(lit(set.from), lit(set.to));
            let message = ident(SOURCE).eq(lit(set.source));
            ident(FEED).eq(lit(&set.feed)).and(message).and(range)
        })
        .reduce(Expr::or)
        .unwrap_or_else(|| lit(false))
}

/// `rows` without those that were superseded for who reads up to the table's `as_of`.
fn without(
    rows: LogicalPlanBuilder,
    table: &CommittedTable,
    superseded: &SupersededRows,
) -> Result<LogicalPlanBuilder> {
    let days = table.mixed.iter().map(|file| file.day);
    let (first, last) = (days.clone().min(), days.max());
    let day = |day: Option<i32>| lit(ScalarValue::Date32(day));
    let entries = listing("superseded", &superseded.schema, &superseded.files)?
        .filter(
            ident("dataset")
                .eq(lit(&table.name))
                .and(ident("new_seq").lt_eq(lit(table.as_of)))
                .and(ident("day").between(day(first), day(last))),
        )?
        .project([ident("old_seq")])?
        .build()?;
    rows.join(
        entries,
        JoinType::LeftAnti,
        (vec![Column::from_name(SEQ)], vec![Column::from_name("old_seq")]),
        None,
    )
}

fn union(parts: Vec<LogicalPlan>) -> Result<LogicalPlan> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Err(DataFusionError::Internal("a table without any part".into()));
    };
    let mut all = LogicalPlanBuilder::new(first);
    for part in parts {
        all = all.union(part)?;
    }
    all.build()
}

/// Rows of a state whose ends are at most the starts of their successors.
fn closed(rows: LogicalPlan, schema: &SchemaRef, interval: &Interval) -> Result<LogicalPlan> {
    let start = ident(&interval.from);
    let next = lead(start.clone(), Some(1), None)
        .partition_by(interval.key.iter().map(ident).collect())
        .order_by(vec![start.sort(true, true)])
        .build()?;
    let rows = LogicalPlanBuilder::new(rows).window([next])?;
    // Its name says of which part its columns are, where there is only one.
    let next = rows.schema().columns().pop();
    let next = next.ok_or_else(|| DataFusionError::Internal("a window without a column".into()))?;
    let columns = schema.fields().iter().map(|field| {
        let column = ident(field.name());
        if *field.name() == interval.to {
            least(vec![column, Expr::Column(next.clone())]).alias(field.name())
        } else {
            column
        }
    });
    rows.project(columns.collect::<Vec<_>>())?.build()
}
