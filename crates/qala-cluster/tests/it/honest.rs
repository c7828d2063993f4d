//! The cluster says what it read: no row that is only in memory is claimed, no payload is seen by halves, and who may not
//! see everything is refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, Date32Array, RecordBatch};
use qala_cluster::{ClusterEngine, ClusterOptions};
use qala_lake::{LakeError, Op, Principal, Query, QueryEngine, TableRights};

use crate::answers::{answer, same};
use crate::equal::{cluster, engine};
use crate::town::{MINUTE, Reading, START, Town, ints, readings, texts};

fn riders(number: i64, rows: i64) -> RecordBatch {
    let columns = vec![
        ("line", texts((0..rows).map(|i| format!("{number}-{i}")))),
        (
            "day",
            Arc::new(Date32Array::from_iter_values(
                (0..rows).map(|i| 20_600 + i as i32 % 3),
            )) as ArrayRef,
        ),
        ("riders", ints(0..rows)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

fn some(number: i64, rows: i64) -> RecordBatch {
    let rows: Vec<Reading> = (0..rows)
        .map(|i| {
            (
                format!("x{number}"),
                START + i * 100 * MINUTE,
                0.1 * i as f64 + number as f64,
            )
        })
        .collect();
    readings(&rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_in_memory_are_not_claimed() {
    let dir = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let root = dir.path().join("town");
    let town = Town::open(&root).await;
    let (end, visible) = *town.story().await.last().unwrap();
    let parts = cluster(work.path()).await;
    let there = engine(&town, &parts);
    let count = "SELECT count(*) FROM town_readings";
    let other = "SELECT count(*) FROM town_riders";
    let both = "SELECT (SELECT count(*) FROM town_readings) AS a, (SELECT count(*) FROM town_riders) AS b";

    town.send("readings", Op::Upsert, &[("town_readings", some(1, 40))])
        .await;
    let (lines, seq) = answer(&there, count, None).await.unwrap();
    assert_eq!((lines[1].clone(), seq), (format!("{visible}|"), end));
    let now = town.lake.view().seq();
    assert!(now > end);
    // Nothing of this table waits, so it is read to the end of the log.
    assert_eq!(
        answer(&there, other, None).await.unwrap(),
        answer(&*town.local, other, None).await.unwrap()
    );
    assert_eq!(answer(&there, other, None).await.unwrap().1, now);
    // Together they are read as far as both are in files, whatever the question asks for.
    for as_of in [None, Some(now), Some(i64::MAX)] {
        assert_eq!(answer(&there, both, as_of).await.unwrap().1, end);
    }
    let (here, _) = answer(&*town.local, both, Some(end)).await.unwrap();
    same(both, &here, &answer(&there, both, None).await.unwrap().0);

    // The same from the log, after a restart without a commit.
    drop(there);
    drop(town);
    let town = Town::open(&root).await;
    let there = engine(&town, &parts);
    assert_eq!(answer(&there, count, None).await.unwrap().1, end);
    town.lake.commit().await.unwrap();
    let (lines, seq) = answer(&there, count, None).await.unwrap();
    assert_eq!(
        (lines[1].clone(), seq),
        (format!("{}|", visible + 40), town.lake.view().seq())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_payload_is_seen_by_halves() {
    let dir = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let town = Arc::new(Town::open(&dir.path().join("town")).await);
    let parts = cluster(work.path()).await;
    let there = engine(&town, &parts);
    let (stop, sender) = (Arc::new(AtomicBool::new(false)), Arc::clone(&town));
    let stopped = Arc::clone(&stop);
    let sending = tokio::spawn(async move {
        let mut number = 0;
        while !stopped.load(Ordering::Relaxed) {
            let parts = [
                ("town_readings", some(number, 30)),
                ("town_riders", riders(number, 30)),
            ];
            sender.send("pairs", Op::Upsert, &parts).await;
            number += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        number
    });
    let (stopped, committer) = (Arc::clone(&stop), Arc::clone(&town));
    let committing = tokio::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            committer.lake.commit().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let sql = "SELECT (SELECT count(*) FROM town_readings) AS a, (SELECT count(*) FROM town_riders) AS b, \
               (SELECT qsum(value) FROM town_readings) AS s";
    let mut seqs = Vec::new();
    for _ in 0..12 {
        let (lines, seq) = answer(&there, sql, None).await.unwrap();
        let cells: Vec<&str> = lines[1].split('|').collect();
        assert_eq!(cells[0], cells[1], "half a payload as of {seq}");
        same(
            "under ingest",
            &answer(&*town.local, sql, Some(seq)).await.unwrap().0,
            &lines,
        );
        seqs.push(seq);
    }
    stop.store(true, Ordering::Relaxed);
    let sent = sending.await.unwrap();
    committing.await.unwrap();
    assert!(
        seqs.is_sorted() && seqs[0] < seqs[11],
        "it stands still: {seqs:?}"
    );
    assert!(sent > 12, "{sent} messages");
}

#[tokio::test]
async fn what_it_does_not_answer() {
    let dir = tempfile::tempdir().unwrap();
    let town = Town::open(&dir.path().join("town")).await;
    let options = ClusterOptions::default();
    // Nobody listens there: what is refused is refused before a cluster is asked.
    let there = ClusterEngine::new(Arc::clone(&town.local), "http://127.0.0.1:1", &options).unwrap();
    for sql in [
        "CREATE TABLE a AS SELECT 1",
        "DROP TABLE town_readings",
        "INSERT INTO town_readings SELECT * FROM town_readings",
        "DELETE FROM town_readings",
        "COPY town_readings TO 'a.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM town_unknown",
        "SELECT * FROM 'town_readings.parquet'",
    ] {
        let here = answer(&*town.local, sql, None).await.unwrap_err();
        let refusal = answer(&there, sql, None).await.unwrap_err();
        assert!(matches!(refusal, LakeError::Query(_)), "{sql}: {refusal}");
        assert_eq!(refusal.to_string(), here.to_string(), "{sql}");
    }
    let rights = BTreeMap::from([("town_readings".to_owned(), TableRights::default())]);
    let mut query = Query::system("SELECT count(*) FROM town_readings");
    query.principal = Principal::new("ann", "analyst", rights);
    let Err(LakeError::Refused(message)) = there.run(&query).await else {
        panic!("a principal with few rights was answered")
    };
    assert!(
        message.contains("`ann`") && message.contains("local engine"),
        "{message}"
    );
    assert!(ClusterEngine::new(Arc::clone(&town.local), "nowhere", &options).is_err());
}
