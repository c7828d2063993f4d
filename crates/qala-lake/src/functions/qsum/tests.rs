//! The aggregates in SQL: the same bits on any number of threads, in any order, in one phase or many.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::super::exact::ExactSum;
use super::super::tests::{answer, only, refusal, session};

/// Readings whose plain sum depends on their order: 17 groups, NULLs, and a few values far from the rest.
fn readings(rows: i64) -> (Int64Array, Float64Array) {
    let groups = (0..rows).map(|row| (row * 7_919) % 17).collect();
    let values = (0..rows)
        .map(|row| match row % 97 {
            0 => None,
            1 if row % 3 == 0 => Some(1e17),
            1 if row % 3 == 1 => Some(-1e17),
            2 => Some(1e-20),
            _ => Some(f64::from((row * 31_337 % 100_003) as i32) / 7.0 - 5_000.0),
        })
        .collect();
    (groups, values)
}

/// A session with the readings as table `t`, split over `parts` partitions, in either direction.
fn with_readings(threads: usize, parts: usize, reversed: bool) -> SessionContext {
    let (groups, values) = readings(20_000);
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int64, false),
        Field::new("v", DataType::Float64, true),
    ]));
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(groups), Arc::new(values)]).unwrap();
    let size = batch.num_rows().div_ceil(parts);
    let mut split: Vec<_> = (0..parts)
        .map(|part| vec![batch.slice(part * size, size.min(20_000 - part * size))])
        .collect();
    if reversed {
        split.reverse();
    }
    let session = session(threads);
    session
        .register_table("t", Arc::new(MemTable::try_new(schema, split).unwrap()))
        .unwrap();
    session
}

#[tokio::test]
async fn bits_do_not_depend_on_threads_order_or_phases() {
    let queries = [
        "SELECT g, qsum(v), qavg(v), qsum_state(v), count(*) FROM t GROUP BY g ORDER BY g",
        "SELECT qsum(v), qavg(v), qsum_state(v) FROM t",
        "SELECT g % 3, qsum(v) FILTER (WHERE v > 0), qavg(v) FILTER (WHERE g = 1) \
         FROM t GROUP BY 1 ORDER BY 1",
        // As many groups as rows: the partial phase gives up and passes single states on.
        "SELECT v, g, qsum(v), qavg(v) FROM t GROUP BY v, g ORDER BY v, g LIMIT 100",
        // Rollups: states of states are states of the rows.
        "SELECT qsum_merge(s), qavg_merge(s), qstate_merge(s) \
         FROM (SELECT g, qsum_state(v) AS s FROM t GROUP BY g)",
    ];
    for sql in queries {
        let expected = answer(&with_readings(1, 1, false), sql).await.unwrap();
        for (threads, parts) in [(1, 7), (4, 4), (3, 11), (8, 2)] {
            for reversed in [false, true] {
                assert_eq!(
                    answer(&with_readings(threads, parts, reversed), sql)
                        .await
                        .unwrap(),
                    expected,
                    "{sql}"
                );
            }
        }
    }
    let session = with_readings(2, 3, false);
    let rows = answer(&session, queries[1]).await.unwrap();
    assert_eq!(answer(&session, queries[4]).await.unwrap(), rows);
}

#[tokio::test]
async fn the_sum_is_that_of_the_accumulator() {
    let (_, values) = readings(20_000);
    let mut sum = ExactSum::new();
    values.iter().flatten().for_each(|value| sum.add(value));
    let batches = with_readings(4, 4, false)
        .sql("SELECT qsum(v), qavg(v) FROM t")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let result = |column: usize| batches[0].column(column).as_primitive::<Float64Type>().value(0);
    assert_eq!(result(0).to_bits(), sum.value().to_bits());
    assert_eq!(Some(result(1).to_bits()), sum.mean().map(f64::to_bits));
}

#[tokio::test]
async fn nothing_is_null_and_zero_positive() {
    let all = "qsum(v), qavg(v), qsum_state(v), qsum_merge(qs), qavg_merge(qs), qstate_merge(qs)";
    let from =
        |values: &str| format!("(SELECT v::double AS v, NULL::bytea AS qs FROM (VALUES {values}) AS t(v))");
    assert_eq!(
        only(&format!("SELECT {all} FROM {}", from("(NULL), (NULL)"))).await,
        ["NULL"; 6].join("|")
    );
    assert_eq!(
        only(&format!("SELECT {all} FROM {} WHERE v > 9", from("(1)"))).await,
        ["NULL"; 6].join("|")
    );
    assert_eq!(
        only(&format!(
            "SELECT qsum(v), qavg(v) FROM {}",
            from("(-0.0), (NULL)")
        ))
        .await,
        "0.0|0.0"
    );
    assert_eq!(only("SELECT qsum(NULL), qavg(NULL)").await, "NULL|NULL");
    let grouped = "SELECT g, qsum(v), qavg(v::decimal(9, 2)) FROM (VALUES (1, 0.5), (2, NULL)) AS t(g, v) \
                   GROUP BY g ORDER BY g";
    assert_eq!(
        answer(&session(2), grouped).await.unwrap(),
        ["1|0.5|0.5", "2|NULL|NULL"]
    );
}

#[tokio::test]
async fn every_numeric_type_has_its_result() {
    for (given, sum, mean) in [
        ("arrow_cast(3, 'Int8')", "Decimal128(38, 0)", "Float64"),
        ("arrow_cast(3, 'UInt32')", "Decimal128(38, 0)", "Float64"),
        ("arrow_cast(3, 'Int64')", "Decimal128(38, 0)", "Float64"),
        (
            "arrow_cast(18446744073709551615, 'UInt64')",
            "Decimal128(38, 0)",
            "Float64",
        ),
        ("arrow_cast(3, 'Decimal32(9, 2)')", "Decimal128(38, 2)", "Float64"),
        (
            "arrow_cast(3, 'Decimal64(18, 3)')",
            "Decimal128(38, 3)",
            "Float64",
        ),
        (
            "arrow_cast(3, 'Decimal128(38, 4)')",
            "Decimal128(38, 4)",
            "Float64",
        ),
        ("arrow_cast(3, 'Float16')", "Float64", "Float64"),
        ("arrow_cast(3, 'Float32')", "Float64", "Float64"),
        ("arrow_cast(3, 'Float64')", "Float64", "Float64"),
        (
            "arrow_cast(3, 'Dictionary(Int32, Float64)')",
            "Float64",
            "Float64",
        ),
    ] {
        let sql = format!("SELECT arrow_typeof(qsum(v)), arrow_typeof(qavg(v)) FROM (SELECT {given} AS v)");
        assert_eq!(only(&sql).await, format!("{sum}|{mean}"), "{given}");
    }
    let sql = "SELECT qsum(arrow_cast(18446744073709551615, 'UInt64')) FROM (VALUES (1), (2)) AS t(v)";
    assert_eq!(only(sql).await, "36893488147419103230");
    assert_eq!(
        only("SELECT qsum(v::decimal(9, 2)), qavg(v::decimal(9, 2)) FROM (VALUES (1.05), (2.1)) AS t(v)")
            .await,
        "3.15|1.575"
    );
    assert_eq!(
        only("SELECT qsum(v) FROM (VALUES (9223372036854775807), (1)) AS t(v)").await,
        "9223372036854775808"
    );
}

#[tokio::test]
async fn decimals_overflow_only_in_the_end_and_with_words() {
    let values = |list: &str| format!("SELECT qsum(v) FROM (VALUES {list}) AS t(v)");
    let nines = "'99999999999999999999999999999999999999'::decimal(38,0)";
    assert_eq!(
        only(&values(&format!(
            "({nines}), ({nines}), ({nines}), (-{nines}), (-{nines})"
        )))
        .await,
        "9".repeat(38)
    );
    let error = refusal(&values(&format!("({nines}), ({nines})"))).await;
    assert!(error.contains("more than 38 digits"), "{error}");
    assert_eq!(
        only(&values(&format!("({nines}), ({nines})")).replace("qsum", "qavg")).await,
        "1e38"
    );
}

#[tokio::test]
async fn states_travel_in_every_binary_type() {
    for layout in ["Binary", "LargeBinary", "BinaryView"] {
        let sql = format!(
            "SELECT qsum_merge(s), qavg_merge(s) FROM (SELECT arrow_cast(qsum_state(v), '{layout}') AS s \
             FROM (VALUES (1, 0.1), (1, 0.2), (2, 0.3)) AS t(g, v) GROUP BY g)"
        );
        assert_eq!(only(&sql).await, "0.6|0.2", "{layout}");
    }
    let error = refusal("SELECT qsum_merge(v) FROM (VALUES (X'0900')) AS t(v)").await;
    assert!(error.contains("has version 9"), "{error}");
}

#[tokio::test]
async fn windows_and_distinct() {
    let running = "SELECT qsum(v) OVER (ORDER BY v) FROM (VALUES (0.1), (0.2), (0.3)) AS t(v) ORDER BY v";
    assert_eq!(
        answer(&session(2), running).await.unwrap(),
        ["0.1", "0.30000000000000004", "0.6"]
    );
    // Alone, DISTINCT is rewritten by the planner; beside others it is refused.
    assert_eq!(
        only("SELECT qsum(DISTINCT v) FROM (VALUES (0.5), (0.5), (2.0)) AS t(v)").await,
        "2.5"
    );
    let error =
        refusal("SELECT qsum(DISTINCT v), qsum(DISTINCT -v), count(*) FROM (VALUES (0.5), (0.5)) AS t(v)")
            .await;
    assert!(error.contains("SELECT DISTINCT"), "{error}");
}

#[tokio::test]
async fn mistakes_are_explained() {
    for (sql, words) in [
        (
            "SELECT qsum('a')",
            "qsum takes floats, integers and decimals of up to 38 digits, not Utf8",
        ),
        ("SELECT qavg(true)", "qavg takes floats, integers and decimals"),
        ("SELECT qsum_state(1)", "qsum_state takes floats, not Int64"),
        (
            "SELECT qsum_merge(1.5)",
            "qsum_merge takes states made by qsum_state, not Float64",
        ),
        ("SELECT qsum(1, 2)", "takes one argument"),
    ] {
        let error = refusal(sql).await;
        assert!(error.contains(words), "{sql}: {error}");
    }
}

/// Run with `--ignored --nocapture`: ten million rows in ten thousand groups, against DataFusion's own avg.
#[tokio::test]
#[ignore = "a measurement"]
async fn speed_against_avg() {
    const ROWS: i64 = 10_000_000;
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int64, false),
        Field::new("v", DataType::Float64, true),
        Field::new("w", DataType::Float64, true),
    ]));
    let batches: Vec<_> = (0..ROWS / 8_192)
        .map(|part| {
            let rows = part * 8_192..(part + 1) * 8_192;
            let groups: Int64Array = rows.clone().map(|row| row * 2_654_435_761 % 10_000).collect();
            let even = |row: i64| Some((row * 31_337 % 100_003) as f64 / 7.0);
            let values: Float64Array = rows.clone().map(even).collect();
            let wild = |row: i64| Some(10_f64.powi((row % 500) as i32 - 250));
            let wild: Float64Array = rows.map(wild).collect();
            let columns: Vec<ArrayRef> = vec![Arc::new(groups), Arc::new(values), Arc::new(wild)];
            RecordBatch::try_new(schema.clone(), columns).unwrap()
        })
        .collect();
    let (left, right) = batches.split_at(batches.len() / 2);
    let mut session = SessionContext::new();
    super::super::register_all(&mut session).unwrap();
    let table = MemTable::try_new(schema, vec![left.to_vec(), right.to_vec()]).unwrap();
    session.register_table("t", Arc::new(table)).unwrap();
    for what in [
        "count(v)",
        "avg(v)",
        "sum(v)",
        "qavg(v)",
        "qsum(v)",
        "qsum_state(v)",
        "avg(w)",
        "qavg(w)",
    ] {
        for grouped in ["", " GROUP BY g", " GROUP BY g, v % 100"] {
            let sql = format!("SELECT count(x) FROM (SELECT {what} AS x FROM t{grouped})");
            let began = std::time::Instant::now();
            answer(&session, &sql).await.unwrap();
            println!("{what:14}{grouped:22} {:?}", began.elapsed());
        }
    }
}
