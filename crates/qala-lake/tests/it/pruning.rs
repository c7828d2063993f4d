//! Only the files of the local day that is asked for are opened, also on the day of 25 hours.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use qala_core::parse_instant;
use qala_disk::SimDisk;
use qala_lake::{Op, Query, collect};

use crate::support::{Bench, HOUR, TestClock};

/// The local days of the files that a query's plan opens, and the number of its rows.
async fn opened(bench: &Bench, condition: &str) -> (BTreeSet<String>, i64) {
    let sql = format!("EXPLAIN SELECT value FROM test_events WHERE {condition}");
    let (batches, _) = collect(&bench.engine, &Query::system(sql)).await.unwrap();
    let plans = batches[0].column(1).as_string::<i32>();
    let text = plans.value(batches[0].num_rows() - 1);
    let days = text
        .split("_day=")
        .skip(1)
        .map(|rest| rest[..10].to_owned())
        .collect();
    let sql = format!("SELECT count(*) FROM test_events WHERE {condition}");
    let (batches, _) = collect(&bench.engine, &Query::system(sql)).await.unwrap();
    (days, batches[0].column(0).as_primitive::<Int64Type>().value(0))
}

#[tokio::test]
async fn a_local_day_of_25_hours_is_read_from_its_own_files() {
    let clock = Arc::new(TestClock::default());
    let start = parse_instant("2024-02-28T00:00:00+06:00", None).unwrap();
    clock.0.store(start, Ordering::Relaxed);
    let bench = Bench::open(Arc::new(SimDisk::new(1)), &clock, 1).await.unwrap();
    // Every half hour from the 28th to the end of the 1st: 24, 25 and 24 hours.
    let rows: Vec<_> = (0..2 * (24 + 25 + 24))
        .map(|i| ("k".to_owned(), start + i * HOUR / 2, i as f64))
        .collect();
    bench
        .send("feed", 1, Op::Upsert, &[("test_events", &rows)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    let between = |from: &str, to: &str| format!("t >= TIMESTAMP '{from}' AND t < TIMESTAMP '{to}'");
    let days = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    // Midnight to midnight by the clock of each day: UTC+6 before, UTC+5 after.
    let golden = [
        (
            "2024-02-27T18:00:00Z",
            "2024-02-28T18:00:00Z",
            days(&["2024-02-28"]),
            48,
        ),
        (
            "2024-02-28T18:00:00Z",
            "2024-02-29T19:00:00Z",
            days(&["2024-02-29"]),
            50,
        ),
        (
            "2024-02-29T19:00:00Z",
            "2024-03-01T19:00:00Z",
            days(&["2024-03-01"]),
            48,
        ),
        // The hour from 23:00 to midnight, which came twice.
        (
            "2024-02-29T17:00:00Z",
            "2024-02-29T19:00:00Z",
            days(&["2024-02-29"]),
            4,
        ),
        (
            "2024-02-29T18:30:00Z",
            "2024-02-29T19:00:00.000001Z",
            days(&["2024-02-29", "2024-03-01"]),
            2,
        ),
    ];
    for (from, to, files, count) in golden {
        assert_eq!(
            opened(&bench, &between(from, to)).await,
            (files, count),
            "{from} to {to}"
        );
    }
    let local = "t >= local_start('day', TIMESTAMP '2024-02-29T12:00:00Z', 'Asia/Almaty') \
                 AND t < local_end('day', TIMESTAMP '2024-02-29T12:00:00Z', 'Asia/Almaty')";
    assert_eq!(opened(&bench, local).await, (days(&["2024-02-29"]), 50));
    // Nothing is skipped that a corrected row could hide in.
    let correction = vec![("k".to_owned(), start + 40 * HOUR, -1.0)];
    bench
        .send("feed", 2, Op::Upsert, &[("test_events", &correction)])
        .await
        .unwrap();
    bench.lake.commit().await.unwrap();
    let day = between("2024-02-28T18:00:00Z", "2024-02-29T19:00:00Z");
    assert_eq!(opened(&bench, &day).await, (days(&["2024-02-29"]), 50));
}
