//! The one list of functions: names, words, and that it holds what geodatafusion registers.

use std::collections::BTreeSet;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::Documentation;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{aggregate_functions, register_all, scalar_functions};

/// A session with all functions on some threads.
pub(super) fn session(threads: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_batch_size(100);
    let mut session = SessionContext::new_with_config(config);
    register_all(&mut session).unwrap();
    session
}

/// The rows of an answer, columns joined by `|`, NULL as the word.
pub(super) async fn answer(session: &SessionContext, sql: &str) -> Result<Vec<String>> {
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in session.sql(sql).await?.collect().await? {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(
                columns
                    .iter()
                    .map(|c| c.value(row).to_string())
                    .collect::<Vec<_>>()
                    .join("|"),
            );
        }
    }
    Ok(rows)
}

/// The one row of an answer.
pub(super) async fn only(sql: &str) -> String {
    answer(&session(1), sql).await.unwrap().remove(0)
}

/// The error of a query.
pub(super) async fn refusal(sql: &str) -> String {
    answer(&session(1), sql).await.unwrap_err().to_string()
}

fn names_and_words() -> Vec<(String, Option<Documentation>)> {
    let scalars = scalar_functions()
        .into_iter()
        .map(|f| (f.name().to_owned(), f.documentation().cloned()));
    let aggregates = aggregate_functions()
        .into_iter()
        .map(|f| (f.name().to_owned(), f.documentation().cloned()));
    scalars.chain(aggregates).collect()
}

#[test]
fn names_are_unique_and_take_none_of_datafusions() {
    let all = names_and_words();
    let names: BTreeSet<_> = all.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), all.len());
    let plain = SessionContext::new();
    // These two answer as DataFusion's own do, only faster.
    let same = ["date_part", "date_trunc"];
    for name in names.iter().filter(|name| !same.contains(&name.as_str())) {
        assert!(
            plain.udf(name).is_err() && plain.udaf(name).is_err(),
            "{name} exists in DataFusion"
        );
    }
}

#[test]
fn every_function_is_documented() {
    let own = ["q", "local_", "service_", "h3_"];
    // The one function of geodatafusion 0.6 without words.
    let undocumented = "st_extent";
    for (name, words) in names_and_words()
        .into_iter()
        .filter(|(name, _)| name != undocumented)
    {
        let words = words.unwrap_or_else(|| panic!("{name} has no documentation"));
        assert!(!words.description.trim().is_empty(), "{name} has no description");
        assert!(!words.syntax_example.trim().is_empty(), "{name} has no syntax");
        if own.iter().any(|start| name.starts_with(start)) {
            assert!(words.sql_example.is_some(), "{name} has no example");
            assert!(
                words.arguments.is_some_and(|a| !a.is_empty()),
                "{name} names no arguments"
            );
        }
    }
}

#[test]
fn the_list_holds_what_geodatafusion_registers() {
    let theirs = SessionContext::new();
    geodatafusion::register(&theirs);
    let ours = session(1);
    assert!(ours.udfs().is_superset(&theirs.udfs()));
    assert!(ours.udafs().is_superset(&theirs.udafs()));
    assert_eq!(ours.udfs().difference(&theirs.udfs()).count(), 14);
    assert_eq!(ours.udafs().difference(&theirs.udafs()).count(), 6);
}

#[tokio::test]
async fn functions_of_every_file_run_in_one_query() {
    let row = only(
        "SELECT local_text(local_start('day', '2024-02-29T20:00:00Z', 'Asia/Almaty'), 'Asia/Almaty'), \
         st_astext(st_geomfromtext(h3_boundary_wkt(h3_cell(76.8897, 43.2389, 9)))) LIKE 'POLYGON((%', \
         qsum(v), qavg(v) FROM (VALUES (0.1), (0.2), (0.3)) AS t(v)",
    );
    assert_eq!(row.await, "2024-03-01T00:00:00+05:00|true|0.6|0.2");
}

#[tokio::test]
async fn a_null_argument_gives_null() {
    let (instant, zone, cell) = ("'2024-02-29T20:00:00Z'", "'Asia/Almaty'", "'8920e60a09bffff'");
    let calls: [(&str, Vec<&str>); 14] = [
        ("local_start", vec!["'day'", instant, zone]),
        ("local_end", vec!["'day'", instant, zone]),
        ("local_date", vec![instant, zone]),
        ("local_hour", vec![instant, zone]),
        ("local_weekday", vec![instant, zone]),
        ("local_text", vec![instant, zone]),
        ("service_time", vec!["'2024-02-29'", "91800", zone]),
        ("h3_cell", vec!["76.8897", "43.2389", "9"]),
        ("h3_parent", vec![cell, "7"]),
        ("h3_lon", vec![cell]),
        ("h3_lat", vec![cell]),
        ("h3_boundary_wkt", vec![cell]),
        ("h3_resolution", vec![cell]),
        ("h3_distance", vec![cell, cell]),
    ];
    for (name, arguments) in calls {
        assert_ne!(
            only(&format!("SELECT {name}({})", arguments.join(", "))).await,
            "NULL"
        );
        for index in 0..arguments.len() {
            let mut arguments = arguments.clone();
            arguments[index] = "NULL";
            let constant = format!("SELECT {name}({})", arguments.join(", "));
            assert_eq!(only(&constant).await, "NULL", "{constant}");
        }
    }
}
