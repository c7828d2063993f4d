//! What stays in memory: nothing of a question that was answered, and of a growing stream no more than the options say.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use qala_disk::{Crash, Disk, SimDisk};
use qala_lake::backup;
use qala_lake::{
    AsOf, Lake, LocalEngine, LocalOptions, Op, Principal, Query, QueryEngine, TableRights, collect,
};

use crate::support::{Bench, HOUR, Row, START, TestClock, options, specs};

fn clock() -> Arc<TestClock> {
    let clock = TestClock::default();
    clock.0.store(START, std::sync::atomic::Ordering::Relaxed);
    Arc::new(clock)
}

fn some_rows(name: &str, count: i64) -> Vec<Row> {
    (0..count)
        .map(|i| (format!("{name}{i}"), START + i, i as f64))
        .collect()
}

/// A view holds rows of the log and the list of files; one that is never let go holds them for ever.
#[tokio::test]
async fn a_view_goes_with_the_last_question_to_it() {
    let bench = Bench::open(Arc::new(SimDisk::new(1)), &clock(), 1).await.unwrap();
    bench
        .send("f", 1, Op::Upsert, &[("test_events", &some_rows("a", 40_000))])
        .await
        .unwrap();
    let view = bench.lake.view();
    let old = Arc::downgrade(&view);
    drop(view);
    let ask = |sql: &str| Query::system(sql);
    for sql in [
        "SELECT * FROM test_events",
        "SELECT count(*) FROM test_events AS a JOIN test_things AS b ON a.id = b.id",
        "EXPLAIN SELECT max(value) FROM test_states",
        "SELECT max(value) FROM (SELECT id, value FROM test_sets UNION ALL SELECT id, value FROM test_events)",
    ] {
        collect(&bench.engine, &ask(sql)).await.unwrap();
        collect(&bench.engine, &ask(sql).as_of(Some(AsOf::Seq(7))))
            .await
            .unwrap();
    }
    for sql in [
        "SELECT nothing FROM test_events",
        "SELECT",
        "SELECT id / 0 FROM test_events",
    ] {
        collect(&bench.engine, &ask(sql)).await.unwrap_err();
    }
    let rights = TableRights {
        columns: None,
        rows: Some("value < 5".into()),
    };
    let query = Query {
        principal: Principal::new("someone", "few", [("test_events".to_owned(), rights)].into()),
        ..ask("SELECT * FROM test_events")
    };
    let (batches, _) = collect(&bench.engine, &query).await.unwrap();
    assert_eq!(
        batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum::<usize>(),
        5
    );
    // An answer that nobody reads to its end.
    let (mut stream, _) = bench.engine.run(&ask("SELECT * FROM test_events")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    bench.engine.refresh_rollups().await.unwrap();

    assert!(old.upgrade().is_some(), "it is the newest view");
    bench
        .send("f", 2, Op::Upsert, &[("test_events", &some_rows("b", 1))])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    // The threads of questions are told to stop; they need not have stopped yet.
    for _ in 0..5_000 {
        if old.upgrade().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the view is still held {} times", old.strong_count());
}

/// Sixty days of a thousand keys, of which the tables of four fit: new rows, the same again, corrections.
#[tokio::test]
async fn key_tables_keep_to_their_memory() {
    let mut options = options(&clock(), 5);
    options.index_bytes = 160_000;
    let lake = Lake::open(Arc::new(SimDisk::new(5)), &specs(), options)
        .await
        .unwrap();
    let lake = Arc::new(lake);
    let limits = LocalOptions {
        memory: 256 << 20,
        threads: 1,
        ..LocalOptions::default()
    };
    let engine = LocalEngine::new(Arc::clone(&lake), &limits).unwrap();
    let bench = Bench { lake, engine };
    let row = |i: i64, value: f64| (format!("k{}", i % 20), START + i / 20 * HOUR, value);
    let mut number = 0;
    let mut send = async |dataset: &str, rows: &[Row]| {
        number += 1;
        let outcome = bench
            .send("f", number, Op::Upsert, &[(dataset, rows)])
            .await
            .unwrap();
        bench.lake.commit().await.unwrap();
        let key_bytes = bench.lake.health().unwrap().key_bytes;
        assert!(
            key_bytes <= 160_000,
            "message {number}: {key_bytes} bytes of keys"
        );
        let total = outcome.total;
        (total.accepted, total.duplicate, total.superseded)
    };
    for dataset in ["test_events", "test_things"] {
        let all: Vec<Row> = (0..60 * 24 * 20).map(|i| row(i, 1.0)).collect();
        let things: Vec<Row> = all
            .iter()
            .map(|r| (format!("{}-{}", r.0, r.1), r.1, r.2))
            .collect();
        let rows = if dataset == "test_events" { &all } else { &things };
        // Day by day, in the order of time.
        for day in rows.chunks(24 * 20) {
            assert_eq!(send(dataset, day).await, (480, 0, 0));
        }
        // A message that touches every day, with rows that are there, that change and that are new.
        let mut mixed: Vec<Row> = rows.iter().step_by(7).cloned().collect();
        let count = mixed.len() as u64;
        let changed = mixed.iter_mut().step_by(10).map(|r| r.2 = 2.0).count() as u64;
        let new: Vec<Row> = mixed
            .iter()
            .step_by(10)
            .map(|r| (format!("{}+", r.0), r.1, 3.0))
            .collect();
        mixed.extend(new);
        let expected = (2 * changed, count - changed, changed);
        assert_eq!(send(dataset, &mixed).await, expected, "{dataset}");
        assert_eq!(
            send(dataset, &mixed).await,
            (0, count + changed, 0),
            "{dataset} again"
        );
        assert_eq!(send(dataset, rows).await.2, changed, "{dataset}: as it was");
    }
}

/// Each commit is a file, and each commit lists them: without an end they would slow down every commit.
#[tokio::test]
async fn the_log_of_a_table_does_not_grow_for_ever() {
    let disk = SimDisk::new(9);
    let clock = clock();
    let bench = Bench::open(Arc::new(disk.clone()), &clock, 9).await.unwrap();
    let mut all = Vec::new();
    for number in 0..175 {
        let rows = some_rows(&format!("m{number}-"), 2);
        bench
            .send("f", number, Op::Upsert, &[("test_events", &rows)])
            .await
            .unwrap();
        bench.lake.commit().await.unwrap();
        all.extend(rows);
        if number % 20 == 19 {
            bench.lake.compact_table("test_events", 1).await.unwrap();
            bench.lake.clean_up(Duration::ZERO).await.unwrap();
        }
    }
    bench.lake.clean_up(Duration::ZERO).await.unwrap();
    let names: Vec<String> = disk
        .list("tables/test_events/v1/_delta_log")
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert!(names.len() < 100, "{names:?}");
    all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    assert_eq!(bench.read("test_events", None).await, all);

    // A copy of it opens, and the disk after a power cut does.
    let target: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let manifest = bench.lake.copy_to(&target, "copy").await.unwrap();
    backup::seal(&target, "copy", &manifest).await.unwrap();
    drop(bench);
    let copy = SimDisk::new(10);
    backup::restore(&target, "copy", &copy).await.unwrap();
    for disk in [copy, disk.restart(Crash::DropAll)] {
        let bench = Bench::open(Arc::new(disk), &clock, 10).await.unwrap();
        assert_eq!(bench.read("test_events", None).await, all);
    }
}
