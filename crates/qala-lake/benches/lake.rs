//! The lake under a long stream: rate and memory while it fills, then questions to it.
//!
//! `cargo bench --workspace --profile dev --bench lake -- fill DIR ROWS`, then `ask DIR SCANS` and `export DIR FOLDER`;
//! `benches/scan.py` runs all of it beside another engine. Lines that begin with `proof: ` are figures for the report;
//! a line `scan N SECONDS` is one of the scans.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark speaks to a terminal and stops at the first fault"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::TimestampMicrosecondType;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, FeedId, Zone};
use qala_disk::RealDisk;
use qala_lake::{
    Begin, Clock, Lake, LakeOptions, LocalEngine, LocalOptions, Message, Op, Query, QueryEngine, collect,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SPEC: &str = r#"
name = "bench_readings"
subject = "bench"
kind = "event"
version = 1
zone = "city"
key = ["detector_id", "t"]
title = { kk = "Өлшемдер", ru = "Измерения", en = "Readings" }
[[columns]]
name = "detector_id"
type = "text"
required = true
title = { kk = "Код", ru = "Код", en = "Id" }
[[columns]]
name = "t"
type = "time"
role = "time"
required = true
title = { kk = "Уақыты", ru = "Время", en = "Time" }
[[columns]]
name = "value"
type = "float"
role = "value"
title = { kk = "Мәні", ru = "Значение", en = "Value" }
[[columns]]
name = "cars"
type = "int"
title = { kk = "Көлік", ru = "Машины", en = "Cars" }
[[rollups]]
name = "daily"
grain = "day"
by = ["detector_id"]
measures = ["value"]
"#;

const DETECTORS: u64 = 2_000;
/// One reading of each detector every 43.2 s: four million rows a day.
const STEP: i64 = 43_200_000;
/// 2026-03-02T00:00:00 in Almaty.
const START: i64 = 1_772_391_600_000_000;
const MESSAGE: u64 = 500_000;
const BATCH: u64 = 62_500;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        START
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Rows `from..to` of the stream; `turn` makes other values for the same keys.
fn rows(numbers: impl Iterator<Item = u64> + Clone, turn: u64) -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(
        numbers.clone().map(|n| format!("detector-{:04}", n % DETECTORS)),
    ));
    let t: ArrayRef = Arc::new(
        TimestampMicrosecondArray::from_iter_values(
            numbers.clone().map(|n| START + (n / DETECTORS) as i64 * STEP),
        )
        .with_timezone("UTC"),
    );
    let draw = move |n: u64| mix(n ^ (turn << 56));
    let values: ArrayRef = Arc::new(Float64Array::from_iter_values(
        numbers.clone().map(|n| (draw(n) % 1000) as f64 / 10.0),
    ));
    let cars: ArrayRef = Arc::new(Int64Array::from_iter_values(
        numbers.map(|n| (draw(n) >> 20) as i64 % 30),
    ));
    RecordBatch::try_from_iter([("detector_id", ids), ("t", t), ("value", values), ("cars", cars)]).unwrap()
}

async fn open(dir: &Path) -> Arc<Lake> {
    let disk = Arc::new(RealDisk::new(dir).unwrap());
    let spec = DatasetSpec::from_toml("bench", SPEC).unwrap();
    let options = LakeOptions::new(Zone::new("Asia/Almaty").unwrap(), Arc::new(Still));
    Arc::new(Lake::open(disk, &[spec], options).await.unwrap())
}

fn committing(lake: &Arc<Lake>) -> tokio::task::JoinHandle<()> {
    let lake = Arc::clone(lake);
    tokio::spawn(async move {
        loop {
            lake.asked_or(Duration::from_secs(10)).await;
            // The runtime's end breaks the last one off.
            if lake.commit().await.is_err() {
                return;
            }
        }
    })
}

async fn send(lake: &Lake, name: String, batches: impl Iterator<Item = RecordBatch>) -> u64 {
    let message = Message {
        feed: FeedId::new("bench").unwrap(),
        kind: "bench".into(),
        digest: format!("bench:{name}"),
        name,
        context: String::new(),
        idempotency_key: None,
        op: Op::Upsert,
    };
    let Begin::New(mut session) = lake.begin(message).await.unwrap() else {
        return 0;
    };
    let dataset = DatasetName::new("bench_readings").unwrap();
    for batch in batches {
        session.rows(&dataset, &batch).await.unwrap();
    }
    session.finish(None).await.unwrap().total.accepted
}

/// Resident memory and its largest value so far, MiB.
fn memory() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name));
        line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok())
            .unwrap_or(0)
            / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

async fn fill(dir: &Path, total: u64) {
    let lake = open(dir).await;
    let commits = committing(&lake);
    let start = Instant::now();
    let mut lines = Vec::new();
    let mut sent = 0;
    let mut lap = Instant::now();
    let tenth = (total / 10).max(MESSAGE);
    while sent < total {
        let end = (sent + MESSAGE).min(total);
        let batches = (sent..end)
            .step_by(BATCH as usize)
            .map(|a| rows(a..(a + BATCH).min(end), 0));
        assert_eq!(send(&lake, format!("rows {sent}"), batches).await, end - sent);
        sent = end;
        if sent % tenth == 0 || sent == total {
            let rate = tenth as f64 / lap.elapsed().as_secs_f64();
            lines.push((sent, rate, memory().0));
            lap = Instant::now();
            println!("{sent} rows, {rate:.0} rows/s, {} MiB", memory().0);
        }
    }
    lake.commit().await.unwrap();
    let took = start.elapsed().as_secs_f64();
    println!(
        "proof: a stream of {total} rows, made, logged, committed: {:.0} rows/s",
        total as f64 / took
    );
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    println!(
        "proof: resident memory after {} rows {} MiB, after {} rows {} MiB, never more than {} MiB; rate {:.0} then {:.0} rows/s",
        first.0,
        first.2,
        last.0,
        last.2,
        memory().1,
        first.1,
        last.1
    );
    // One row in a thousand is corrected, on all days.
    let wrong: Vec<u64> = (0..total).step_by(1000).collect();
    for (i, part) in wrong.chunks(50_000).enumerate() {
        send(
            &lake,
            format!("corrections {i}"),
            std::iter::once(rows(part.iter().copied(), 1)),
        )
        .await;
    }
    lake.commit().await.unwrap();
    commits.abort();
    let engine = LocalEngine::new(Arc::clone(&lake), &LocalOptions::default()).unwrap();
    let start = Instant::now();
    while lake.compact().await.unwrap() > 0 {}
    println!("compaction {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let days = engine.refresh_rollups().await.unwrap();
    println!("rollups of {days} days {:.1} s", start.elapsed().as_secs_f64());
    lake.clean_up(Duration::ZERO).await.unwrap();
    lake.clean_up(Duration::ZERO).await.unwrap();
}

async fn timed(engine: &LocalEngine, sql: &str, times: usize) -> f64 {
    let mut took: Vec<f64> = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        collect(engine, &Query::system(sql)).await.expect(sql);
        took.push(start.elapsed().as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}

async fn newest(engine: &LocalEngine) -> i64 {
    let (batches, _) = collect(engine, &Query::system("SELECT max(t) FROM bench_readings"))
        .await
        .unwrap();
    batches[0]
        .column(0)
        .as_primitive::<TimestampMicrosecondType>()
        .value(0)
}

async fn ask(dir: &Path, scans: &Path) {
    let lake = open(dir).await;
    let engine = LocalEngine::new(Arc::clone(&lake), &LocalOptions::default()).unwrap();
    let scans = std::fs::read_to_string(scans).unwrap();
    for (i, sql) in scans.lines().enumerate() {
        println!("scan {i} {:.4}", timed(&engine, sql, 3).await);
    }
    let last = newest(&engine).await;
    let from = Zone::utc().format(last - 3_600_000_000).replace("+00:00", "Z");
    let hour = format!(
        "SELECT detector_id, avg(value) AS a, sum(cars) AS c FROM bench_readings WHERE t >= TIMESTAMP '{from}' GROUP BY detector_id"
    );
    let hour = timed(&engine, &hour, 21).await * 1000.0;
    println!("proof: the last hour by detector out of all rows: {hour:.1} ms");
    let by_rows = "SELECT detector_id, local_date(t, 'Asia/Almaty') AS day, sum(value) AS s, count(value) AS n, min(value) AS a, max(value) AS b FROM bench_readings GROUP BY 1, 2";
    let by_rows = timed(&engine, by_rows, 3).await;
    let rollup = "SELECT detector_id, bucket, value_sum AS s, value_n AS n, value_min AS a, value_max AS b FROM bench_readings_daily";
    let rollup = timed(&engine, rollup, 5).await;
    println!(
        "proof: aggregates by detector and day: {by_rows:.2} s from rows, {:.1} ms from the rollup, {:.0} times faster",
        rollup * 1000.0,
        by_rows / rollup
    );
    println!(
        "memory while asked: {} MiB, at most {} MiB",
        memory().0,
        memory().1
    );
}

/// The rate of ingest alone and beside a heavy query, in turns.
async fn beside(dir: &Path, scans: &Path) {
    let lake = open(dir).await;
    let commits = committing(&lake);
    let engine = Arc::new(LocalEngine::new(Arc::clone(&lake), &LocalOptions::default()).unwrap());
    let heavy = std::fs::read_to_string(scans)
        .unwrap()
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned();
    let mut next = (newest(&engine).await - START) as u64 / STEP as u64 * DETECTORS + DETECTORS;
    let (mut alone, mut loaded) = (Vec::new(), Vec::new());
    for turn in 0..10 {
        let stop = Arc::new(AtomicBool::new(turn % 2 == 0));
        let asking = {
            let (engine, stop, heavy) = (Arc::clone(&engine), Arc::clone(&stop), heavy.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let (mut stream, _) = engine.run(&Query::system(heavy.as_str())).await.unwrap();
                    while !stop.load(Ordering::Relaxed) && stream.next().await.is_some() {}
                }
            })
        };
        let start = Instant::now();
        let first = next;
        while start.elapsed() < Duration::from_secs(5) {
            let batches = (next..next + MESSAGE)
                .step_by(BATCH as usize)
                .map(|a| rows(a..a + BATCH, 0));
            send(&lake, format!("beside {next}"), batches).await;
            next += MESSAGE;
        }
        let rate = (next - first) as f64 / start.elapsed().as_secs_f64();
        if turn % 2 == 0 {
            alone.push(rate);
        } else {
            loaded.push(rate);
        }
        stop.store(true, Ordering::Relaxed);
        asking.abort();
        println!("turn {turn}: {rate:.0} rows/s");
    }
    commits.abort();
    let middle = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    let (alone, loaded) = (middle(&mut alone), middle(&mut loaded));
    println!(
        "proof: ingest at full speed {alone:.0} rows/s alone, {loaded:.0} beside a heavy query: {:.1} %",
        loaded / alone * 100.0
    );
}

async fn export(dir: &Path, folder: &Path) {
    let lake = open(dir).await;
    let engine = LocalEngine::new(lake, &LocalOptions::default()).unwrap();
    // Without a zone: the other engine may lack the tables for one.
    let sql = "SELECT detector_id, arrow_cast(t, 'Timestamp(Microsecond, None)') AS t, value, cars FROM bench_readings";
    let (mut stream, _) = engine.run(&Query::system(sql)).await.unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    std::fs::create_dir_all(folder).unwrap();
    let mut writer: Option<(ArrowWriter<File>, usize)> = None;
    let mut count = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.unwrap();
        if writer.is_none() {
            let file = File::create(folder.join(format!("{count:03}.parquet"))).unwrap();
            count += 1;
            writer = Some((
                ArrowWriter::try_new(file, batch.schema(), Some(properties.clone())).unwrap(),
                0,
            ));
        }
        if let Some((open, rows)) = &mut writer {
            open.write(&batch).unwrap();
            *rows += batch.num_rows();
            if *rows >= 8_000_000
                && let Some((full, _)) = writer.take()
            {
                full.close().unwrap();
            }
        }
    }
    if let Some((open, _)) = writer {
        open.close().unwrap();
    }
}

fn main() {
    // `cargo bench` adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let path = |i: usize| PathBuf::from(&args[i]);
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", _, rows] => runtime.block_on(fill(&path(1), rows.parse().unwrap())),
        ["ask", _, _] => runtime.block_on(ask(&path(1), &path(2))),
        ["beside", _, _] => runtime.block_on(beside(&path(1), &path(2))),
        ["export", _, _] => runtime.block_on(export(&path(1), &path(2))),
        _ => println!("skipped: lake: fill DIR ROWS | ask DIR SCANS | beside DIR SCANS | export DIR FOLDER"),
    }
}
