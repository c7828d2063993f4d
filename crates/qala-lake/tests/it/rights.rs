//! Attacks in free SQL: a principal must learn nothing of rows, columns and tables that are not granted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::util::pretty::pretty_format_batches;
use qala_disk::SimDisk;
use qala_lake::{Op, Principal, Query, TableRights, collect};

use crate::support::{Bench, HOUR, Row, START, TestClock};

/// Secret rows have id `secret` and the value 1234.5; the principal sees only rows with id `open` and no `value`
/// below 100 is special.
async fn bench() -> Bench {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    let bench = Bench::open(Arc::new(SimDisk::new(7)), &clock, 7).await.unwrap();
    let rows: Vec<Row> = vec![
        ("open".into(), START, 1.0),
        ("open".into(), START + HOUR, 2.0),
        ("secret".into(), START, 1234.5),
        ("secret".into(), START + 2 * HOUR, 0.0),
    ];
    bench
        .send("f", 1, Op::Upsert, &[("test_events", &rows)])
        .await
        .unwrap();
    bench
        .send(
            "f",
            2,
            Op::Upsert,
            &[("test_things", &[("hidden".into(), START, 77.0)])],
        )
        .await
        .unwrap();
    // Half in files, half in the tail.
    bench.lake.commit().await.unwrap();
    bench
        .send(
            "f",
            3,
            Op::Upsert,
            &[("test_events", &[("secret".into(), START + 3 * HOUR, 1234.5)])],
        )
        .await
        .unwrap();
    bench
}

fn guest() -> Principal {
    let rights = TableRights {
        columns: Some(vec!["id".into(), "t".into(), "value".into()]),
        rows: Some("id = 'open'".into()),
    };
    Principal::new(
        "guest",
        "guest",
        BTreeMap::from([("test_events".to_owned(), rights)]),
    )
}

fn narrow() -> Principal {
    let rights = TableRights {
        columns: Some(vec!["id".into(), "t".into()]),
        rows: None,
    };
    Principal::new(
        "narrow",
        "narrow",
        BTreeMap::from([("test_events".to_owned(), rights)]),
    )
}

/// What a principal gets to see of a query: the answer, or the error.
async fn ask(bench: &Bench, principal: Principal, sql: &str) -> Result<String, String> {
    let query = Query {
        principal,
        ..Query::system(sql)
    };
    match collect(&bench.engine, &query).await {
        Ok((batches, _)) => Ok(pretty_format_batches(&batches).unwrap().to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn hidden_rows_do_not_exist() {
    let bench = bench().await;
    for sql in [
        "SELECT * FROM test_events",
        "SELECT * FROM test_events WHERE id = 'secret' OR id = 'open'",
        "SELECT max(value), min(value), sum(value), avg(value) FROM test_events",
        "SELECT * FROM test_events WHERE value > 100",
        "SELECT * FROM test_events ORDER BY value DESC LIMIT 1",
        "SELECT id, count(*) FROM test_events GROUP BY id",
        "SELECT * FROM test_events AS a JOIN test_events AS b ON a.value < b.value",
        "WITH x AS (SELECT * FROM test_events) SELECT * FROM x WHERE EXISTS (SELECT 1 FROM test_events AS y WHERE y.value > x.value)",
        "SELECT * FROM test_events WHERE value IN (SELECT value * 1 FROM test_events)",
        "SELECT first_value(value) OVER (ORDER BY t DESC) FROM test_events",
        "SELECT array_agg(id), array_agg(value) FROM test_events",
        "SELECT * FROM (SELECT * FROM test_events UNION ALL SELECT * FROM test_events) AS u",
    ] {
        let seen = ask(&bench, guest(), sql)
            .await
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert!(
            !seen.contains("secret") && !seen.contains("1234"),
            "{sql}\n{seen}"
        );
    }
    let count = ask(&bench, guest(), "SELECT count(*) AS n FROM test_events")
        .await
        .unwrap();
    assert!(count.contains("| 2 |"), "{count}");
}

#[tokio::test]
async fn errors_do_not_probe() {
    let bench = bench().await;
    // Each of these fails only if it is evaluated on a hidden row.
    for sql in [
        "SELECT * FROM test_events WHERE 1 / CAST(value - 1234.5 AS BIGINT) = 0 AND id = 'open'",
        "SELECT * FROM test_events WHERE CAST(id AS BIGINT) = 1 AND false",
        "SELECT * FROM test_events WHERE id <> 'secret' AND 1 / CAST(value AS BIGINT) >= 0",
        "SELECT 1 / CAST(value AS BIGINT) FROM test_events",
        "SELECT * FROM test_events WHERE CASE WHEN id = 'secret' THEN 1 / 0 ELSE 0 END = 0",
        "SELECT * FROM test_events WHERE arrow_cast(value, 'Int8') > 0",
    ] {
        let seen = ask(&bench, guest(), sql).await;
        let text = seen.clone().unwrap_or_else(|e| e);
        assert!(seen.is_ok(), "{sql} was evaluated on a hidden row: {text}");
        assert!(
            !text.contains("secret") && !text.contains("1234"),
            "{sql}\n{text}"
        );
    }
}

#[tokio::test]
async fn plans_and_statistics_tell_nothing() {
    let bench = bench().await;
    for sql in [
        "EXPLAIN SELECT * FROM test_events",
        "EXPLAIN VERBOSE SELECT * FROM test_events WHERE value > 3",
        "EXPLAIN ANALYZE SELECT * FROM test_events",
        "EXPLAIN ANALYZE VERBOSE SELECT count(*) FROM test_events",
        "EXPLAIN FORMAT TREE SELECT * FROM test_events WHERE id = 'secret'",
    ] {
        let Ok(seen) = ask(&bench, guest(), sql).await else {
            continue;
        };
        for leak in [
            "1234",
            "parquet",
            "min_value",
            "max_value",
            "Parquet",
            "tables/",
            "id@0 = open",
            "output_rows=5",
        ] {
            assert!(!seen.contains(leak), "{sql} shows `{leak}`\n{seen}");
        }
    }
    // The same question over more hidden rows must show the same plan.
    let before = ask(&bench, guest(), "EXPLAIN SELECT * FROM test_events")
        .await
        .unwrap();
    let rows: Vec<Row> = (0..500).map(|i| ("secret".to_owned(), START + i, 9.0)).collect();
    bench
        .send("f", 9, Op::Upsert, &[("test_events", &rows)])
        .await
        .unwrap();
    let after = ask(&bench, guest(), "EXPLAIN SELECT * FROM test_events")
        .await
        .unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn other_tables_and_columns_do_not_exist() {
    let bench = bench().await;
    for sql in [
        "SELECT * FROM test_things",
        "SELECT * FROM qala.public.test_things",
        "SELECT * FROM public.lake_messages",
        "SELECT * FROM lake_quarantine",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM pg_catalog.pg_class",
        "SHOW TABLES",
        "SHOW ALL",
        "DESCRIBE test_things",
        "SELECT * FROM 'tables/test_things/v1/'",
        "SELECT * FROM read_parquet('tables/test_things/v1/')",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'qala://lake/tables/test_things/v1/'",
        "COPY (SELECT 1) TO 'qala://lake/out.parquet'",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE t AS SELECT * FROM test_events",
        "INSERT INTO test_events SELECT * FROM test_events",
        "DELETE FROM test_events",
        "SET datafusion.execution.parquet.pushdown_filters = true",
        "DROP TABLE test_events",
    ] {
        let seen = ask(&bench, guest(), sql).await;
        assert!(seen.is_err(), "{sql} was answered:\n{}", seen.unwrap_or_default());
        let unknown = seen
            .unwrap_err()
            .replace("test_things", "")
            .replace("lake_messages", "");
        assert!(
            !unknown.contains("77") && !unknown.contains("hidden"),
            "{sql}: {unknown}"
        );
    }
    // A hidden table and one that was never there must sound alike.
    let hidden = ask(&bench, guest(), "SELECT * FROM test_things")
        .await
        .unwrap_err();
    let absent = ask(&bench, guest(), "SELECT * FROM test_thinks")
        .await
        .unwrap_err();
    assert_eq!(
        hidden.replace("test_things", "X"),
        absent.replace("test_thinks", "X")
    );
}

#[tokio::test]
async fn hidden_columns_do_not_exist() {
    let bench = bench().await;
    for sql in [
        "SELECT value FROM test_events",
        "SELECT _seq FROM test_events",
        "SELECT * FROM test_events WHERE value > 100",
        "SELECT id FROM test_events ORDER BY value",
        "SELECT id FROM test_events GROUP BY id HAVING max(value) > 1",
    ] {
        let seen = ask(&bench, narrow(), sql).await;
        assert!(seen.is_err(), "{sql} was answered:\n{}", seen.unwrap_or_default());
    }
    let all = ask(&bench, narrow(), "SELECT * FROM test_events").await.unwrap();
    assert!(
        !all.contains("value") && !all.contains("1234") && !all.contains("_seq"),
        "{all}"
    );
}

#[tokio::test]
async fn nothing_is_shared_between_classes() {
    let bench = bench().await;
    let sql = "SELECT id, value FROM test_events ORDER BY t, id";
    let full = ask(&bench, Principal::system(), sql).await.unwrap();
    assert!(full.contains("1234.5"));
    for _ in 0..3 {
        let seen = ask(&bench, guest(), sql).await.unwrap();
        assert!(!seen.contains("1234.5"), "{seen}");
        assert_eq!(ask(&bench, Principal::system(), sql).await.unwrap(), full);
    }
}
