//! Messages that meet: at the same time, or again after others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use qala_core::{DatasetName, FeedId};
use qala_disk::{Crash, RealDisk, SimDisk};
use qala_lake::{Begin, LakeError, Message, Op, Session};

use crate::support::{Bench, HOUR, Row, START, TestClock, batch};

fn clock() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    clock
}

async fn open(disk: &SimDisk) -> Bench {
    Bench::open(Arc::new(disk.clone()), &clock(), 3).await.unwrap()
}

fn message(digest: &str, key: Option<&str>, op: Op) -> Message {
    Message {
        feed: FeedId::new("f").unwrap(),
        kind: "test".into(),
        name: "m".into(),
        digest: digest.into(),
        context: String::new(),
        idempotency_key: key.map(Into::into),
        op,
    }
}

async fn new<'a>(bench: &'a Bench, digest: &str) -> Box<Session<'a>> {
    let begun = bench.lake.begin(message(digest, None, Op::Upsert)).await.unwrap();
    match begun {
        Begin::New(session) => session,
        Begin::Repeated(_) => panic!("{digest} came before"),
    }
}

fn name(dataset: &str) -> DatasetName {
    DatasetName::new(dataset).unwrap()
}

fn set(from: usize, rows: usize, value: f64) -> Vec<Row> {
    (from..from + rows)
        .map(|i| (format!("k{i:06}"), 0, value))
        .collect()
}

/// A set is written in parts of 32,768 rows, so the parts of two lie among each other.
#[tokio::test]
async fn two_large_sets_of_a_feed_at_once_stay_apart() {
    const PART: usize = 33_000;
    let disk = SimDisk::new(1);
    let bench = open(&disk).await;
    let after_a = two_sets(&bench, PART).await;
    check_sets(&bench, PART, after_a, "in the log").await;
    drop(bench);
    let bench = open(&disk.restart(Crash::DropAll)).await;
    check_sets(&bench, PART, after_a, "replayed").await;
    bench.lake.commit().await.unwrap();
    check_sets(&bench, PART, after_a, "in files").await;
}

/// Set A of three parts and set B of two, part by part in turn. Gives the `_seq` after A was complete.
async fn two_sets(bench: &Bench, rows: usize) -> i64 {
    let sets = name("test_sets");
    let mut a = new(bench, "a").await;
    let mut b = new(bench, "b").await;
    for part in 0..3 {
        let (of_a, of_b) = (set(part * rows, rows, 1.0), set(part * rows, rows, 2.0));
        a.rows(&sets, &batch("test_sets", &of_a)).await.unwrap();
        // B is the shorter one, and ends in the midst of A.
        if part < 2 {
            b.rows(&sets, &batch("test_sets", &of_b)).await.unwrap();
        }
    }
    a.publish(std::slice::from_ref(&sets)).unwrap();
    b.publish(std::slice::from_ref(&sets)).unwrap();
    let a = a.finish(None).await.unwrap();
    let after_a = bench.lake.view().seq();
    let b = b.finish(None).await.unwrap();
    assert_eq!((a.total.accepted, b.total.accepted), (99_000, 66_000));
    after_a
}

async fn check_sets(bench: &Bench, rows: usize, after_a: i64, what: &str) {
    assert!(
        bench.read("test_sets", None).await == set(0, 2 * rows, 2.0),
        "{what}: not B alone"
    );
    assert!(
        bench.read("test_sets", Some(after_a)).await == set(0, 3 * rows, 1.0),
        "{what}: not A alone"
    );
}

#[tokio::test]
async fn a_key_is_taken_while_its_message_comes_in() {
    let disk = SimDisk::new(2);
    let bench = open(&disk).await;
    let rows = [("a".to_owned(), START, 1.0)];
    let Begin::New(mut first) = bench
        .lake
        .begin(message("a", Some("k"), Op::Upsert))
        .await
        .unwrap()
    else {
        panic!("new")
    };
    first
        .rows(&name("test_events"), &batch("test_events", &rows))
        .await
        .unwrap();
    // Other bytes, or the same bytes to take rows back, with the same key: they wait, and are refused.
    let other = bench.lake.begin(message("b", Some("k"), Op::Upsert));
    let back = bench.lake.begin(message("a", Some("k"), Op::Retract));
    // The same message: it waits, and gets the answer of the first.
    let same = bench.lake.begin(message("a", Some("k"), Op::Upsert));
    let finish = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        first.finish(None).await.unwrap()
    };
    let (first, other, back, same) = tokio::join!(finish, other, back, same);
    assert!(matches!(other, Err(LakeError::KeyReused { .. })));
    assert!(matches!(back, Err(LakeError::KeyReused { .. })));
    let Ok(Begin::Repeated(same)) = same else {
        panic!("the second of two equal messages was taken for a new one")
    };
    assert_eq!((same.message, same.total), (first.message, first.total));
    assert_eq!(bench.read("test_events", None).await, rows);
}

#[tokio::test]
async fn bytes_that_were_overtaken_count_again() {
    let disk = SimDisk::new(3);
    let mut bench = open(&disk).await;
    let mut last = disk;
    for restart in [false, true] {
        if restart {
            drop(bench);
            last = last.restart(Crash::DropAll);
            bench = open(&last).await;
        }
        let at = if restart { START + HOUR } else { START };
        let (ten, twenty) = ([("k".to_owned(), at, 10.0)], [("k".to_owned(), at, 20.0)]);
        let base = if restart { 100 } else { 0 };
        let send = async |number: u64, op: Op, dataset: &str, rows: &[Row]| {
            bench
                .send("f", base + number, op, &[(dataset, rows)])
                .await
                .unwrap()
                .total
        };
        send(1, Op::Upsert, "test_events", &ten).await;
        // Nothing came between: the answer of before.
        let again = send(1, Op::Upsert, "test_events", &ten).await;
        assert_eq!((again.accepted, again.duplicate), (0, 1));
        send(2, Op::Upsert, "test_events", &twenty).await;
        let again = send(1, Op::Upsert, "test_events", &ten).await;
        assert_eq!((again.accepted, again.superseded), (1, 1));
        assert!(bench.read("test_events", None).await.contains(&ten[0]));
        // Taken back, and sent again.
        send(3, Op::Retract, "test_events", &ten).await;
        assert!(!bench.read("test_events", None).await.contains(&ten[0]));
        assert_eq!(send(1, Op::Upsert, "test_events", &ten).await.accepted, 1);
        assert!(bench.read("test_events", None).await.contains(&ten[0]));
        // Sets: two, one of them, two again.
        let (both, one) = (set(0, 2, 1.0), set(0, 1, 1.0));
        send(4, Op::Upsert, "test_sets", &both).await;
        send(5, Op::Upsert, "test_sets", &one).await;
        send(4, Op::Upsert, "test_sets", &both).await;
        assert_eq!(bench.read("test_sets", None).await, both);
    }
}

/// A message that began before another and ended after it may have been overtaken by it.
#[tokio::test]
async fn a_message_that_met_another_is_looked_at_again() {
    let disk = SimDisk::new(4);
    let bench = open(&disk).await;
    let events = name("test_events");
    let many: Vec<Row> = (0..40_000).map(|i| ("k".to_owned(), START + i, 1.0)).collect();
    let mut long = new(&bench, "test:1").await;
    long.rows(&events, &batch("test_events", &many)).await.unwrap();
    let corrected = [("k".to_owned(), START, 2.0)];
    bench
        .send("f", 2, Op::Upsert, &[("test_events", &corrected)])
        .await
        .unwrap();
    long.finish(None).await.unwrap();
    assert!((bench.read("test_events", None).await[0].2 - 2.0).abs() < 1e-9);
    let again = bench
        .send("f", 1, Op::Upsert, &[("test_events", &many)])
        .await
        .unwrap();
    assert_eq!((again.total.accepted, again.total.duplicate), (1, 39_999));
    assert_eq!(bench.read("test_events", None).await, many);
}

/// Two feeds get the same bytes at the same time: one copy is kept, and it is whole.
#[test]
fn the_same_bytes_are_kept_by_many_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let disk = Arc::new(RealDisk::new(dir.path()).unwrap());
    let bench = runtime.block_on(Bench::open(disk, &clock(), 5)).unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .flat_map(|i| i.wrapping_mul(i).to_le_bytes())
        .collect();
    let keep = |personal: bool| bench.lake.keep("sha256:5", personal, &mut &bytes[..]);
    for personal in [false, true] {
        let paths: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| keep(personal).unwrap())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        for path in paths {
            assert!(
                bench.lake.kept(&path).unwrap() == bytes,
                "{path} is not what was sent"
            );
        }
    }
    // Half a copy of a process that died goes at the next start.
    let left = dir.path().join("messages/left.tmp");
    std::fs::write(&left, "half").unwrap();
    drop(bench);
    let disk = Arc::new(RealDisk::new(dir.path()).unwrap());
    runtime.block_on(Bench::open(disk, &clock(), 5)).unwrap();
    assert!(!left.exists());
}
