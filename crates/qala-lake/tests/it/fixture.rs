//! Data directories written by older programs, kept in the repository, must open with every row they had.
//!
//! `format-1` holds committed rows, rows that are only in the log, a correction, a retraction, a replaced set, a state, a
//! quarantine row and a kept message. It is never written again: a change of the format adds a folder of its own, with
//! `cargo test --workspace --test it write_the_fixture -- --ignored`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::AsArray;
use qala_core::{DatasetName, FeedId, Position, Problem};
use qala_disk::RealDisk;
use qala_lake::{Begin, FORMAT, LakeError, Message, Op, Query, collect};

use crate::support::{Bench, HOUR, Row, START, TestClock, batch, copy};

fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}"))
}

fn row(id: &str, hour: i64, value: f64) -> Row {
    (id.to_owned(), START + hour * HOUR, value)
}

fn clock() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    clock
}

async fn open(dir: &Path) -> Result<Bench, LakeError> {
    Bench::open(Arc::new(RealDisk::new(dir).unwrap()), &clock(), 7).await
}

/// One message with a rejected row, whose bytes are kept.
async fn first(bench: &Bench) {
    let message = Message {
        feed: FeedId::new("events").unwrap(),
        kind: "test".into(),
        name: "message 1".into(),
        digest: "test:1".into(),
        context: String::new(),
        idempotency_key: Some("key 1".into()),
        op: Op::Upsert,
    };
    let Begin::New(mut session) = bench.lake.begin(message).await.unwrap() else {
        panic!("the fixture is there already")
    };
    let name = DatasetName::new("test_events").unwrap();
    let rows = [row("a", 0, 1.0), row("b", 0, 2.0), row("c", 30, 4.0)];
    session.rows(&name, &batch("test_events", &rows)).await.unwrap();
    let position = Position {
        line: Some(5),
        ..Position::default()
    };
    let problem = Problem::rejected("bad_number", "`x` is not a number", Some(name), 1);
    session.problem(problem.at(position).with_raw("d,x"));
    let kept = bench
        .lake
        .keep("test:1", false, &mut &b"the bytes of message 1"[..])
        .unwrap();
    session.finish(Some(kept)).await.unwrap();
}

#[tokio::test]
#[ignore = "writes a fixture; run it once when the format changes"]
async fn write_the_fixture() {
    let dir = folder(FORMAT);
    assert!(
        !dir.exists(),
        "{} is there; a kept format is never written again",
        dir.display()
    );
    let bench = open(&dir).await.unwrap();
    first(&bench).await;
    let events = |n| row("a", 0, n);
    bench
        .send("events", 2, Op::Upsert, &[("test_events", &[events(8.0)])])
        .await
        .unwrap();
    for (number, value) in [(3, 1.0), (4, 2.0)] {
        let set = [row("x", 0, value), row("y", 0, value * 10.0)];
        bench
            .send("sets", number, Op::Upsert, &[("test_sets", &set)])
            .await
            .unwrap();
    }
    let states = [row("s", 1, 1.0), row("s", 5, 2.0)];
    bench
        .send("states", 5, Op::Upsert, &[("test_states", &states)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    // From here on only in the log.
    bench
        .send("events", 6, Op::Retract, &[("test_events", &[row("b", 0, 0.0)])])
        .await
        .unwrap();
    bench
        .send(
            "events",
            7,
            Op::Upsert,
            &[("test_events", &[row("c", 30, 16.0), row("d", 31, 32.0)])],
        )
        .await
        .unwrap();
    bench
        .send("things", 8, Op::Upsert, &[("test_things", &[row("t", 3, 64.0)])])
        .await
        .unwrap();
}

fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(contents(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            out.push((path, bytes));
        }
    }
    out.sort();
    out
}

async fn number(bench: &Bench, sql: &str) -> i64 {
    let (batches, _) = collect(&bench.engine, &Query::system(sql)).await.unwrap();
    let column = arrow::compute::cast(batches[0].column(0), &arrow::datatypes::DataType::Int64).unwrap();
    column.as_primitive::<arrow::datatypes::Int64Type>().value(0)
}

async fn check(bench: &Bench) {
    let events = [row("a", 0, 8.0), row("c", 30, 16.0), row("d", 31, 32.0)];
    assert_eq!(bench.read("test_events", None).await, events);
    assert_eq!(bench.read("test_things", None).await, [row("t", 3, 64.0)]);
    let set = [("x".to_owned(), 0, 2.0), ("y".to_owned(), 0, 20.0)];
    assert_eq!(bench.read("test_sets", None).await, set);
    let states = [row("s", 5, 1.0), row("s", 5, 2.0)];
    assert_eq!(bench.read("test_states", None).await, states);
    // As the rows were before the correction: message 1 is one record of three rows, a problem and itself.
    let before = [row("a", 0, 1.0), row("b", 0, 2.0), row("c", 30, 4.0)];
    assert_eq!(bench.read("test_events", Some(5)).await, before);
    assert_eq!(number(bench, "SELECT sum(value) FROM test_events").await, 56);
    assert_eq!(number(bench, "SELECT count(*) FROM lake_messages").await, 8);
    let books = "SELECT sum(received - accepted - duplicate - quarantined) FROM lake_messages";
    assert_eq!(number(bench, books).await, 0);
    let rejected =
        "SELECT count(*) FROM lake_quarantine WHERE code = 'bad_number' AND line = 5 AND raw = 'd,x'";
    assert_eq!(number(bench, rejected).await, 1);
    let (batches, _) = collect(
        &bench.engine,
        &Query::system("SELECT kept FROM lake_messages WHERE kept IS NOT NULL"),
    )
    .await
    .unwrap();
    let kept = batches[0].column(0).as_string::<i32>().value(0).to_owned();
    assert_eq!(bench.lake.kept(&kept).unwrap(), b"the bytes of message 1");
}

#[tokio::test]
async fn a_directory_of_format_1_opens_with_all_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    copy(&folder(1), dir.path());
    let bench = open(dir.path()).await.unwrap();
    check(&bench).await;
    // The same message again, by its key and by its bytes, is known.
    let message = Message {
        feed: FeedId::new("events").unwrap(),
        kind: "test".into(),
        name: "message 1".into(),
        digest: "test:1".into(),
        context: String::new(),
        idempotency_key: Some("key 1".into()),
        op: Op::Upsert,
    };
    let Begin::Repeated(outcome) = bench.lake.begin(message).await.unwrap() else {
        panic!("message 1 was forgotten")
    };
    assert_eq!((outcome.total.accepted, outcome.total.quarantined), (3, 1));
    // A duplicate of a row that was only in the log.
    let again = bench
        .send(
            "events",
            100,
            Op::Upsert,
            &[("test_events", &[row("d", 31, 32.0)])],
        )
        .await;
    assert_eq!(again.unwrap().total.duplicate, 1);
    bench.lake.commit().await.unwrap();
    drop(bench);
    // What the program of today wrote on top opens as well.
    let bench = open(dir.path()).await.unwrap();
    assert_eq!(bench.read("test_events", None).await.len(), 3);
    assert_eq!(number(&bench, "SELECT count(*) FROM lake_messages").await, 9);
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    copy(&folder(1), dir.path());
    std::fs::write(dir.path().join("FORMAT"), format!("{}\n", FORMAT + 1)).unwrap();
    let before = contents(dir.path());
    let error = open(dir.path()).await.err().unwrap();
    assert!(matches!(error, LakeError::NewerFormat { .. }));
    let words = error.to_string();
    assert!(words.contains("use a newer program"), "{words}");
    assert!(contents(dir.path()) == before, "the directory was touched");
}
