//! Every question on both engines, now and as of every chapter of the town's story, before and after the files changed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use qala_cluster::{ClusterEngine, ClusterOptions, InProcess};
use qala_lake::{AsOf, Query, collect};

use crate::answers::{answer, same};
use crate::town::{START, Town};

/// The questions, each for a part of what must travel.
const QUESTIONS: &[&str] = &[
    // Exact sums and means by local time.
    "SELECT station, local_start('day', t, 'Asia/Almaty') AS day, qsum(value) AS s, qavg(value) AS m, count(*) AS rows \
     FROM town_readings GROUP BY station, local_start('day', t, 'Asia/Almaty')",
    "SELECT qsum(value), qavg(value), min(value), max(value), count(value), sum(n) FROM town_readings",
    "SELECT local_hour(t, 'Asia/Almaty') AS hour, local_weekday(t, 'Asia/Almaty') AS weekday, qavg(value) AS m \
     FROM town_readings WHERE n > 2 GROUP BY 1, 2",
    "SELECT local_text(t, 'Asia/Almaty') AS t, local_date(t, 'Asia/Almaty') AS d, value FROM town_readings WHERE station = 's1'",
    // A range of time, of which files know.
    "SELECT count(*), qsum(value) FROM town_readings \
     WHERE t >= TIMESTAMP '2026-03-02T19:00:00Z' AND t < TIMESTAMP '2026-03-03T19:00:00Z'",
    "SELECT a.station, count(*), qsum(a.value - b.value) FROM town_readings a JOIN town_readings b \
     ON a.station = b.station AND a.n = b.n \
     WHERE a.t BETWEEN TIMESTAMP '2026-03-03T00:00:00Z' AND TIMESTAMP '2026-03-03T03:00:00Z' \
     AND b.t BETWEEN TIMESTAMP '2026-03-04T00:00:00Z' AND TIMESTAMP '2026-03-04T03:00:00Z' GROUP BY a.station",
    // Every row with its place in the log: none too many, none too few.
    "SELECT _seq, _source, station, t, value, n FROM town_readings",
    "SELECT count(*) FROM town_readings",
    // Snapshot sets, cells.
    "SELECT * FROM town_stations",
    "SELECT feed, count(*) AS stations, min(name) FROM town_stations GROUP BY feed",
    "SELECT h3_cell(lon, lat, 8) AS cell, h3_parent(h3_cell(lon, lat, 9), 7) AS parent, \
     h3_resolution(h3_cell(lon, lat, 8)) AS r, h3_boundary_wkt(h3_cell(lon, lat, 9)) AS w, \
     h3_lon(h3_cell(lon, lat, 9)) AS x FROM town_stations",
    "SELECT s.feed, s.name, qavg(r.value) AS m, count(*) AS rows FROM town_readings r \
     JOIN town_stations s ON s.station = r.station GROUP BY s.feed, s.name",
    "SELECT r.station, count(*) FROM town_readings r LEFT JOIN town_stations s ON s.station = r.station \
     WHERE s.station IS NULL GROUP BY r.station",
    // Geometry.
    "SELECT name, ST_Contains(ST_GeomFromText('POLYGON((76.895 43.23, 76.915 43.23, 76.915 43.26, 76.895 43.26, 76.895 43.23))'), \
     ST_Point(lon, lat)) AS inside FROM town_stations",
    // Intervals that close one another.
    "SELECT station, valid_from, valid_to, highest FROM town_limits",
    "SELECT l.station, count(*) AS above, qsum(r.value - l.highest) AS by FROM town_limits l JOIN town_readings r \
     ON r.station = l.station AND r.t >= l.valid_from AND (l.valid_to IS NULL OR r.t < l.valid_to) \
     WHERE r.value > l.highest GROUP BY l.station",
    "SELECT station, highest FROM town_limits WHERE valid_to IS NULL",
    // Local dates.
    "SELECT line, sum(riders) AS riders, count(DISTINCT day) AS days FROM town_riders WHERE day >= DATE '2026-03-03' GROUP BY line",
    "SELECT local_start('week', service_time(day, 43200, 'Asia/Almaty'), 'Asia/Almaty') AS week, sum(riders) \
     FROM town_riders GROUP BY 1",
    // Rollups, some of whose days are stale.
    "SELECT bucket, station, value_n, value_sum, value_min, value_max, _seq FROM town_readings_hourly",
    "SELECT station, qsum_merge(value_state) AS s, qavg_merge(value_state) AS m FROM town_readings_hourly \
     WHERE bucket >= TIMESTAMP '2026-03-02T19:00:00Z' GROUP BY station",
    // A table without rows, a condition that nothing meets, no table.
    "SELECT count(*) AS n, qsum(value) AS s, max(station) AS last FROM town_nothing",
    "SELECT r.station, count(e.station) FROM town_readings r LEFT JOIN town_nothing e ON e.station = r.station GROUP BY r.station",
    "SELECT station, value FROM town_readings WHERE false",
    "SELECT 1 AS one",
    // Subqueries, windows, sets, order.
    "SELECT station, t, value FROM town_readings WHERE value > (SELECT qavg(value) FROM town_readings) AND n = 1",
    "SELECT station FROM town_stations WHERE station NOT IN (SELECT station FROM town_limits)",
    "SELECT station, t, value - lag(value) OVER (PARTITION BY station ORDER BY t) AS step FROM town_readings WHERE n < 3",
    "WITH d AS (SELECT station, local_date(t, 'Asia/Almaty') AS day, qsum(value) AS s FROM town_readings GROUP BY 1, 2) \
     SELECT day, station FROM d UNION ALL SELECT day, line FROM town_riders",
    "SELECT station, t, value FROM town_readings ORDER BY t DESC, station LIMIT 17",
    "SELECT DISTINCT station, CAST(n AS VARCHAR) AS n FROM town_readings",
    "SELECT day, array_agg(DISTINCT riders % 3 ORDER BY riders % 3) AS r FROM town_riders GROUP BY day",
    // A name on both sides of `IN`.
    "SELECT place, count(*) AS n FROM (SELECT unnest(make_array('all', station)) AS place FROM town_readings) \
     WHERE place IN (SELECT 'all' AS place UNION ALL SELECT station AS place FROM town_stations WHERE lon > 76.9) GROUP BY place",
    // The lake's own tables.
    "SELECT dataset, op, count(*) FROM lake_superseded GROUP BY dataset, op",
    "SELECT feed, sum(accepted) FROM lake_messages GROUP BY feed",
];

pub(crate) async fn cluster(work: &Path) -> InProcess {
    InProcess::start(2, 2, 256 << 20, work).await.unwrap()
}

pub(crate) fn engine(town: &Town, cluster: &InProcess) -> ClusterEngine {
    let options = ClusterOptions { partitions: 4 };
    ClusterEngine::new(Arc::clone(&town.local), cluster.address(), &options).unwrap()
}

/// Asks every question of both engines and gives the number of equal answers: all, or it panics.
async fn all_equal(town: &Town, cluster: &ClusterEngine, as_of: Option<i64>, when: &str) -> usize {
    for sql in QUESTIONS {
        let what = format!("{when}, as of {as_of:?}: {sql}");
        let (here, seq) = answer(&*town.local, sql, as_of)
            .await
            .unwrap_or_else(|e| panic!("here, {what}: {e}"));
        let (there, seq_there) = answer(cluster, sql, as_of)
            .await
            .unwrap_or_else(|e| panic!("there, {what}: {e}"));
        same(&what, &here, &there);
        assert_eq!(seq, seq_there, "{what}");
    }
    QUESTIONS.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answers_on_two_executors() {
    let dir = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let town = Town::open(&dir.path().join("town")).await;
    let marks = town.story().await;
    let parts = cluster(work.path()).await;
    let there = engine(&town, &parts);

    let count = "SELECT count(*) FROM town_readings";
    let mut equal = all_equal(&town, &there, None, "after the story").await;
    for (seq, visible) in &marks {
        equal += all_equal(&town, &there, Some(*seq), "after the story").await;
        // Against what the story says, not only against the other engine.
        let (lines, read) = answer(&there, count, Some(*seq)).await.unwrap();
        assert_eq!((lines[1].as_str(), read), (format!("{visible}|").as_str(), *seq));
    }
    // In the middle of a message.
    equal += all_equal(&town, &there, Some(marks[0].0 + 20), "in the middle of a message").await;
    let all = answer(
        &there,
        "SELECT max(_seq) - min(_seq) + 1 FROM town_readings",
        None,
    )
    .await
    .unwrap();
    assert_ne!(
        all.0[1],
        format!("{}|", marks[3].1),
        "nothing is hidden, so nothing is proved"
    );

    // As of an instant.
    let instant = format!(
        "SELECT CAST(max(_received_at) AS BIGINT) AS t FROM lake_messages WHERE _seq <= {}",
        marks[1].0
    );
    let (t, _) = answer(&*town.local, &instant, None).await.unwrap();
    let t: i64 = t[1].trim_end_matches('|').parse().unwrap();
    let query = Query::system(count).as_of(Some(AsOf::Instant(t)));
    let (_, seq) = collect(&there, &query).await.unwrap();
    assert_eq!(seq, marks[1].0);

    // Merged files, the old ones deleted.
    let mut merged = 0;
    for name in [
        "town_readings",
        "town_stations",
        "town_limits",
        "lake_superseded",
        "lake_messages",
    ] {
        loop {
            let files = town.lake.compact_table(name, 1).await.unwrap();
            merged += files;
            if files == 0 {
                break;
            }
        }
    }
    let removed = town.lake.clean_up(Duration::ZERO).await.unwrap();
    assert!(
        merged > 4 && removed >= merged,
        "{merged} merged, {removed} removed"
    );
    equal += all_equal(&town, &there, None, "after compaction").await;
    equal += all_equal(&town, &there, Some(marks[0].0), "after compaction").await;
    equal += all_equal(&town, &there, Some(marks[2].0), "after compaction").await;

    // Fresh rollups, and a lake that was opened again.
    assert!(town.local.refresh_rollups().await.unwrap() > 0);
    equal += all_equal(&town, &there, None, "with fresh rollups").await;
    let mut here = there.answered_here();
    drop(there);
    drop(town);
    let town = Town::open(&dir.path().join("town")).await;
    let there = engine(&town, &parts);
    equal += all_equal(&town, &there, None, "opened again").await;
    equal += all_equal(&town, &there, Some(marks[1].0), "opened again").await;

    here += there.answered_here();
    let worked = parts.work_dirs().iter().filter(|dir| rows_passed(dir)).count();
    assert_eq!(worked, 2, "an executor had nothing to do");
    println!(
        "proof: {equal} of {equal} answers of the local engine and of two Ballista executors are equal bit for bit \
         ({} questions; now, as of {} points, after compaction, opened again), {here} of them answered here",
        QUESTIONS.len(),
        marks.len() + 1
    );
}

/// True when an executor wrote rows for another stage.
fn rows_passed(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().next().is_some()
}

#[test]
fn the_story_begins_on_a_local_midnight() {
    assert_eq!(
        qala_core::Zone::new("Asia/Almaty").unwrap().format(START),
        "2026-03-02T00:00:00+05:00"
    );
}
