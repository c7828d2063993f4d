//! What the lake tells an engine on other machines: how far the files reach, also when a commit was cut short.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use qala_disk::{Crash, SimDisk};
use qala_lake::{Lake, LakeError, Op};

use crate::support::{Bench, HOUR, Row, START, TestClock, options, specs};

const TABLES: [&str; 3] = ["test_events", "test_states", "test_sets"];

fn clock() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    clock
}

fn rows(value: f64) -> Vec<Row> {
    (0..5)
        .map(|i| (format!("k{i}"), START + i * HOUR, value))
        .collect()
}

/// A lake with a committed message and one whose commit stops after `operations` of the disk; the ends of both.
async fn cut_short(operations: u64) -> (SimDisk, i64, i64) {
    let disk = SimDisk::new(operations);
    let bench = Bench::open(Arc::new(disk.clone()), &clock(), 1).await.unwrap();
    let mut ends = Vec::new();
    for (number, value) in [(0, 1.0), (1, 2.0)] {
        // The second message corrects every event of the first.
        let (events, states) = (rows(value), rows(value));
        let parts = [("test_events", events.as_slice()), ("test_states", &states)];
        bench.send("f", number, Op::Upsert, &parts).await.unwrap();
        ends.push(bench.lake.view().seq());
        if number == 1 {
            disk.crash_after(operations);
        }
        drop(bench.lake.commit().await);
    }
    (disk.restart(Crash::Process), ends[0], ends[1])
}

#[tokio::test]
async fn files_reach_to_the_end_of_a_message() {
    let mut halves = 0;
    for operations in (1..400).step_by(3) {
        let (disk, before, end) = cut_short(operations).await;
        let lake = Lake::open(Arc::new(disk), &specs(), options(&clock(), 2))
            .await
            .unwrap();
        let lake = lake.at(PathBuf::from("town"));
        let committed = lake.committed().unwrap();
        assert_eq!(committed.seq(), end);
        let reach = |names: &[&str]| committed.complete(names.iter().copied());
        for name in TABLES {
            assert!(
                [before, end].contains(&reach(&[name])),
                "{name} after {operations}"
            );
        }
        // Of a set nothing came; it is read as far as the log goes.
        assert_eq!(reach(&["test_sets"]), end);
        assert_eq!(
            reach(&TABLES),
            reach(&["test_events"]).min(reach(&["test_states"]))
        );
        for name in ["test_events", "test_states"] {
            let table = committed
                .table(name, reach(&[name]), (i64::MIN, i64::MAX))
                .unwrap();
            // Without a look at rows nothing is visible of a day in which rows were corrected.
            assert!(table.whole.is_empty() && !table.mixed.is_empty());
            assert!(table.superseded.is_some() && table.mixed.iter().all(|f| f.path.is_absolute()));
        }
        halves += usize::from(reach(&["test_events"]) != reach(&["test_states"]));
        lake.commit().await.unwrap();
        let after = lake.committed().unwrap();
        assert_eq!(after.complete(TABLES), end);
        // What was taken before stays as it was.
        assert_eq!(reach(&TABLES), committed.complete(TABLES));
    }
    assert!(halves > 0, "no commit was cut between two tables");
}

#[tokio::test]
async fn a_lake_without_a_folder_has_no_files_for_others() {
    let lake = Lake::open(Arc::new(SimDisk::new(1)), &specs(), options(&clock(), 1))
        .await
        .unwrap();
    assert!(matches!(lake.committed(), Err(LakeError::Refused(_))));
}
