//! Full disks, damaged files, clocks that jump, other formats, copies under way: named errors, nothing lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use qala_core::{DatasetName, FeedId};
use qala_disk::{Crash, Disk, Operation, SimDisk, write_atomic};
use qala_lake::backup;
use qala_lake::{Begin, Lake, LakeError, Message, Op, Query, collect};

use crate::support::{Bench, HOUR, Row, START, TestClock, batch, options, spec, specs};

fn clock() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    clock
}

fn rows(count: i64, offset: i64) -> Vec<Row> {
    (0..count)
        .map(|i| (format!("k{}", i % 7), START + offset + i * HOUR / 4, i as f64))
        .collect()
}

#[tokio::test]
async fn a_receipt_follows_fdatasync_of_bytes_and_folder() {
    let disk = SimDisk::new(1);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 1).await.unwrap();
    for number in 0..5 {
        bench
            .send(
                "f",
                number,
                Op::Upsert,
                &[("test_events", &rows(3, number as i64 * 100 * HOUR))],
            )
            .await
            .unwrap();
        disk.mark(&format!("receipt {number}"));
    }
    let trace = disk.trace();
    let (mut dirty, mut unlisted, mut receipts) = (false, false, 0);
    for operation in &trace {
        match operation {
            Operation::Create { path } if path.starts_with("log/") => unlisted = true,
            Operation::Write { path, .. } if path.starts_with("log/") => dirty = true,
            Operation::Sync { path } if path.starts_with("log/") => dirty = false,
            Operation::SyncDir { path } if &**path == "log/p0" => unlisted = false,
            Operation::Mark { .. } => {
                assert!(!dirty && !unlisted, "a receipt was given before fsync");
                receipts += 1;
            }
            _ => {}
        }
    }
    assert_eq!(receipts, 5);
}

#[tokio::test]
async fn a_full_disk_is_named_and_loses_nothing() {
    let disk = SimDisk::new(2);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 2).await.unwrap();
    let mut kept = 0;
    bench
        .send("f", 0, Op::Upsert, &[("test_events", &rows(10, 0))])
        .await
        .unwrap();
    let used = (1_u64 << 40) - disk.free_bytes().unwrap();
    disk.set_capacity(used + 6_000);
    let mut refused = None;
    for number in 1..50 {
        match bench
            .send(
                "f",
                number,
                Op::Upsert,
                &[("test_events", &rows(10, number as i64 * 100 * HOUR))],
            )
            .await
        {
            Ok(_) => kept = number,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let refused = refused.expect("the disk never filled");
    assert!(matches!(refused, LakeError::DiskFull { .. }), "{refused}");
    let count = bench.read("test_events", None).await.len() as u64;
    assert_eq!(count, 10 * (kept + 1));
    assert!(bench.lake.commit().await.is_err());
    // Room again: everything goes on, also what was refused.
    disk.set_capacity(1 << 40);
    bench
        .send("f", 900, Op::Upsert, &[("test_events", &rows(10, 9000 * HOUR))])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    drop(bench);
    let bench = Bench::open(Arc::new(disk.restart(Crash::DropAll)), &clock(), 2)
        .await
        .unwrap();
    assert_eq!(
        bench.read("test_events", None).await.len() as u64,
        10 * (kept + 2)
    );
}

#[tokio::test]
async fn a_truncated_data_file_is_named() {
    let disk = SimDisk::new(3);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 3).await.unwrap();
    bench
        .send("f", 1, Op::Upsert, &[("test_events", &rows(50, 0))])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    let dir = "tables/test_events/v1";
    let day = disk
        .list(dir)
        .unwrap()
        .into_iter()
        .find(|e| e.name.starts_with("_day="))
        .unwrap()
        .name;
    let file = disk.list(&format!("{dir}/{day}")).unwrap()[0].clone();
    let path = format!("{dir}/{day}/{}", file.name);
    disk.open(&path).unwrap().truncate(file.len / 2).unwrap();
    let error = collect(
        &bench.engine,
        &Query::system("SELECT sum(value) FROM test_events"),
    )
    .await
    .unwrap_err();
    // It is damage, no fault of who asked.
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    // A correction of that day must look into the file: it is refused, with the file's name.
    drop(bench);
    let bench = Bench::open(Arc::new(disk.restart(Crash::Process)), &clock(), 3)
        .await
        .unwrap();
    let error = bench
        .send("f", 2, Op::Upsert, &[("test_events", &rows(50, 0))])
        .await
        .unwrap_err();
    assert!(
        matches!(&error, LakeError::Damaged { what, .. } if what.contains(&file.name)),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_message_leaves_no_keys_behind() {
    let disk = SimDisk::new(11);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 11).await.unwrap();
    let things: Vec<Row> = vec![("a".into(), START, 1.0)];
    bench
        .send("f", 1, Op::Upsert, &[("test_things", &things)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    drop(bench);
    let disk = disk.restart(Crash::Process);
    let dir = "tables/test_things/v1";
    let days = disk.list(dir).unwrap();
    let day = &days.iter().find(|e| e.name.starts_with("_day=")).unwrap().name;
    let file = disk.list(&format!("{dir}/{day}")).unwrap()[0].clone();
    let path = format!("{dir}/{day}/{}", file.name);
    disk.open(&path).unwrap().truncate(file.len / 2).unwrap();
    let bench = Bench::open(Arc::new(disk), &clock(), 11).await.unwrap();
    let events: Vec<Row> = vec![("b".into(), START, 2.0)];
    let parts: [(&str, &[Row]); 2] = [("test_events", &events), ("test_things", &things)];
    assert!(bench.send("f", 2, Op::Upsert, &parts).await.is_err());
    let again = bench.send("f", 3, Op::Upsert, &parts[..1]).await.unwrap();
    assert_eq!((again.total.accepted, again.total.duplicate), (1, 0));
    assert_eq!(bench.read("test_events", None).await, events);
}

#[tokio::test]
async fn damage_inside_the_log_is_not_taken_for_a_torn_tail() {
    let disk = SimDisk::new(4);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 4).await.unwrap();
    for number in 0..4 {
        bench
            .send(
                "f",
                number,
                Op::Upsert,
                &[("test_events", &rows(5, number as i64 * 100 * HOUR))],
            )
            .await
            .unwrap();
    }
    drop(bench);
    let disk = disk.restart(Crash::Process);
    let segment = disk.list("log/p0").unwrap()[0].name.clone();
    disk.corrupt(&format!("log/p0/{segment}"), 200, 0x40).unwrap();
    let error = Bench::open(Arc::new(disk), &clock(), 4)
        .await
        .err()
        .expect("damage was not noticed");
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_lost_data_file_a_lost_table_and_a_lost_format_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let open = async || {
        let disk = Arc::new(qala_disk::RealDisk::new(dir.path()).unwrap());
        Bench::open(disk, &clock(), 12).await
    };
    let bench = open().await.unwrap();
    let sent = rows(50, 0);
    bench
        .send("f", 1, Op::Upsert, &[("test_events", &sent)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    drop(bench);
    let table = dir.path().join("tables/test_events");
    let aside = dir.path().join("aside");
    std::fs::rename(&table, &aside).unwrap();
    let error = open().await.err().expect("a table is gone");
    assert!(error.to_string().contains("tables/test_events/v1"), "{error}");
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    std::fs::rename(&aside, &table).unwrap();
    std::fs::remove_file(dir.path().join("FORMAT")).unwrap();
    let error = open().await.err().expect("FORMAT is gone");
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    std::fs::write(dir.path().join("FORMAT"), "1\n").unwrap();
    let day = std::fs::read_dir(table.join("v1"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.to_string_lossy().contains("_day="))
        .unwrap();
    std::fs::remove_dir_all(day).unwrap();
    let bench = open().await.unwrap();
    let query = Query::system("SELECT sum(value) FROM test_events");
    let error = collect(&bench.engine, &query).await.unwrap_err();
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_restore_that_breaks_off_leaves_nothing_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let source = Arc::new(qala_disk::RealDisk::new(dir.path().join("source")).unwrap());
    let bench = Bench::open(source, &clock(), 13).await.unwrap();
    bench
        .send("f", 1, Op::Upsert, &[("test_events", &rows(50, 0))])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    let copy = dir.path().join("copy");
    let (store, prefix) = backup::open_target(&copy.to_string_lossy()).unwrap();
    let manifest = bench.lake.copy_to(&store, &prefix).await.unwrap();
    backup::seal(&store, &prefix, &manifest).await.unwrap();
    // The last of the files that hold rows is changed, so nearly everything is there when it is noticed.
    let parquet = |f: &&backup::BackupFile| f.path.ends_with(".parquet");
    let file = copy.join(&manifest.files.iter().rfind(parquet).unwrap().path);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let broken = Arc::new(qala_disk::RealDisk::new(dir.path().join("broken")).unwrap());
    let error = backup::restore(&store, &prefix, &*broken).await.unwrap_err();
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    let error = Bench::open(broken, &clock(), 13)
        .await
        .err()
        .expect("it is not whole");
    assert!(error.to_string().contains("no FORMAT"), "{error}");
}

#[tokio::test]
async fn long_questions_are_answered_or_refused() {
    let bench = Bench::open(Arc::new(SimDisk::new(14)), &clock(), 14)
        .await
        .unwrap();
    let ask = async |sql: String| collect(&bench.engine, &Query::system(sql)).await;
    for (levels, is_taken) in [(3_900, true), (20_000, false)] {
        let sum = format!("SELECT {}", vec!["1"; levels].join("+"));
        let or = format!(
            "SELECT 1 FROM test_events WHERE {}",
            vec!["value=1"; levels / 4].join(" or ")
        );
        let union = vec!["SELECT 1"; levels / 4].join(" UNION ALL ");
        for sql in [sum, or, union] {
            let start = sql[..20].to_owned();
            match ask(sql).await {
                Ok(_) => assert!(is_taken, "{start}: {levels} levels"),
                Err(error) => assert!(
                    !is_taken && matches!(error, LakeError::Refused(_)),
                    "{start}: {levels} levels: {error}"
                ),
            }
        }
    }
    let values: Vec<String> = (0..9_000).map(|n| n.to_string()).collect();
    let list = format!("SELECT 1 FROM test_events WHERE value IN ({})", values.join(","));
    ask(list).await.unwrap();
}

#[tokio::test]
async fn received_at_never_runs_backwards() {
    let clock = clock();
    let disk = SimDisk::new(5);
    let bench = Bench::open(Arc::new(disk.clone()), &clock, 5).await.unwrap();
    for number in 0..6 {
        clock
            .0
            .fetch_add(if number % 2 == 0 { HOUR } else { -5 * HOUR }, Ordering::Relaxed);
        bench
            .send(
                "f",
                number,
                Op::Upsert,
                &[("test_events", &rows(2, number as i64 * 100 * HOUR))],
            )
            .await
            .unwrap();
    }
    bench.lake.commit().await.unwrap();
    drop(bench);
    clock.0.store(START - 100 * HOUR, Ordering::Relaxed);
    let bench = Bench::open(Arc::new(disk.restart(Crash::DropAll)), &clock, 5)
        .await
        .unwrap();
    bench
        .send("f", 99, Op::Upsert, &[("test_events", &rows(2, 9000 * HOUR))])
        .await
        .unwrap();
    let sql = "SELECT count(*) FROM (SELECT _received_at AS r, lag(_received_at) OVER (ORDER BY _seq) AS before \
               FROM test_events) AS x WHERE r < before";
    let (batches, _) = collect(&bench.engine, &Query::system(sql)).await.unwrap();
    assert_eq!(qala_text(&batches), "0");
}

fn qala_text(batches: &[arrow::record_batch::RecordBatch]) -> String {
    arrow::util::display::array_value_to_string(batches[0].column(0), 0).unwrap()
}

#[tokio::test]
async fn formats_and_specs_are_checked() {
    let disk = SimDisk::new(6);
    drop(Bench::open(Arc::new(disk.clone()), &clock(), 6).await.unwrap());
    let disk = disk.restart(Crash::Process);
    // A changed unit without a new version is refused.
    let mut changed = specs();
    let text = "name = \"test_events\"\nsubject = \"test\"\nversion = 1\nzone = \"city\"\nTITLE\nkind = \"event\"\nkey = [\"id\"]\n\
                [[columns]]\nname = \"id\"\ntype = \"text\"\nrequired = true\nTITLE\n";
    changed[0] = spec(text);
    let error = Lake::open(Arc::new(disk.clone()), &changed, options(&clock(), 6))
        .await
        .expect_err("a lost column");
    assert!(error.to_string().contains("new version"), "{error}");
    write_atomic(&disk, "FORMAT", b"2\n").unwrap();
    let error = Bench::open(Arc::new(disk), &clock(), 6)
        .await
        .err()
        .expect("a newer format");
    assert!(error.to_string().contains("newer program"), "{error}");
}

#[tokio::test]
async fn idempotency_keys_and_repeated_bytes() {
    let disk = SimDisk::new(8);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 8).await.unwrap();
    let message = |digest: &str, key: Option<&str>| Message {
        feed: FeedId::new("f").unwrap(),
        kind: "test".into(),
        name: "m".into(),
        digest: digest.into(),
        context: String::new(),
        idempotency_key: key.map(Into::into),
        op: Op::Upsert,
    };
    let name = DatasetName::new("test_events").unwrap();
    let Begin::New(mut session) = bench.lake.begin(message("a", Some("k1"))).await.unwrap() else {
        panic!("new")
    };
    session
        .rows(&name, &batch("test_events", &rows(4, 0)))
        .await
        .unwrap();
    // While it is being taken in, the same message waits.
    let wait = std::time::Duration::from_millis(20);
    let same = tokio::time::timeout(wait, bench.lake.begin(message("a", Some("k1"))));
    assert!(same.await.is_err());
    let first = session.finish(None).await.unwrap();
    for restart in [false, true] {
        let bench = if restart {
            Bench::open(Arc::new(disk.restart(Crash::DropAll)), &clock(), 8)
                .await
                .unwrap()
        } else {
            Bench {
                lake: Arc::clone(&bench.lake),
                engine: bench_engine(&bench),
            }
        };
        let Begin::Repeated(again) = bench.lake.begin(message("a", Some("k1"))).await.unwrap() else {
            panic!("repeated")
        };
        assert_eq!(
            (again.total.clone(), again.message),
            (first.total.clone(), first.message)
        );
        let Err(LakeError::KeyReused { .. }) = bench.lake.begin(message("b", Some("k1"))).await else {
            panic!("409")
        };
        let Begin::Repeated(same) = bench.lake.begin(message("a", None)).await.unwrap() else {
            panic!("same bytes")
        };
        assert_eq!(
            (same.total.accepted, same.total.duplicate, same.total.received),
            (0, 4, 4)
        );
    }
}

fn bench_engine(bench: &Bench) -> qala_lake::LocalEngine {
    qala_lake::LocalEngine::new(
        Arc::clone(&bench.lake),
        &qala_lake::LocalOptions {
            memory: 64 << 20,
            threads: 1,
            ..qala_lake::LocalOptions::default()
        },
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_under_ingest_equals_the_source_as_of_its_mark() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(qala_disk::RealDisk::new(dir.path().join("source")).unwrap());
    let clock = clock();
    let bench = Arc::new(Bench::open(disk, &clock, 9).await.unwrap());
    let writer = {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            for number in 0..60 {
                let rows = rows(20, (number as i64 % 9) * 3 * HOUR);
                let rows: Vec<Row> = rows
                    .into_iter()
                    .map(|r| (r.0, r.1, r.2 + number as f64))
                    .collect();
                bench
                    .send(
                        "f",
                        number,
                        Op::Upsert,
                        &[("test_events", &rows), ("test_sets", &rows[..3])],
                    )
                    .await
                    .unwrap();
                if number % 5 == 0 {
                    bench.lake.commit().await.unwrap();
                }
            }
        })
    };
    let target = dir.path().join("copy");
    let (store, prefix) = backup::open_target(&target.to_string_lossy()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let manifest = bench.lake.copy_to(&store, &prefix).await.unwrap();
    backup::seal(&store, &prefix, &manifest).await.unwrap();
    writer.await.unwrap();
    let restored = Arc::new(qala_disk::RealDisk::new(dir.path().join("restored")).unwrap());
    backup::restore(&store, &prefix, &*restored).await.unwrap();
    let copy = Bench::open(restored, &clock, 10).await.unwrap();
    for dataset in ["test_events", "test_sets"] {
        let (source, copied) = (
            bench.read(dataset, Some(manifest.seq)).await,
            copy.read(dataset, Some(manifest.seq)).await,
        );
        assert!(!source.is_empty());
        assert_eq!(source, copied, "{dataset}");
    }
    // A changed file is refused.
    let file = manifest
        .files
        .iter()
        .find(|f| f.path.ends_with(".parquet"))
        .unwrap();
    let path = target.join(&file.path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let again = qala_disk::RealDisk::new(dir.path().join("again")).unwrap();
    let error = backup::restore(&store, &prefix, &again).await.unwrap_err();
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
}
