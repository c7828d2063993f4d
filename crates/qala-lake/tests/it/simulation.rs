//! Random messages, commits, compactions, clean-ups, restarts and power cuts on a simulated disk, against the model.
//!
//! `QALA_SEED=n` replays one seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use qala_disk::{Crash, SimDisk};
use qala_lake::{AsOf, LakeError, Op};

use crate::model::{DATASETS, Event, Model, check_receipt, random_event};
use crate::support::{Bench, HOUR, Random, START, TestClock};

/// Compares every dataset with the model, now and as of a random earlier point.
async fn compare(bench: &Bench, model: &Model, random: &mut Random, what: &str) {
    // A point at which a message was complete; between them a message is seen in part.
    let point = random.below(model.0.len() as u64 + 1) as usize;
    let then = if point == 0 {
        0
    } else {
        model.0[point - 1].visible_at
    };
    for (as_of, seq) in [(None, i64::MAX), (Some(then), then)] {
        let rows = bench.read_all(&DATASETS, as_of).await;
        for (dataset, rows) in DATASETS.iter().zip(rows) {
            assert_eq!(
                rows,
                model.read(dataset, seq),
                "{what}: {dataset} as of {as_of:?}"
            );
        }
    }
    let known = bench.lake.visible_rows();
    for dataset in DATASETS {
        let counted = model.read(dataset, i64::MAX).len() as u64;
        assert_eq!(
            known.get(dataset).copied().unwrap_or(counted),
            counted,
            "{what}: {dataset} counted without reading"
        );
    }
}

/// True when every dataset equals the model.
async fn equals(bench: &Bench, model: &Model) -> bool {
    let rows = bench.read_all(&DATASETS, None).await;
    let mut rows = DATASETS.iter().zip(rows);
    rows.all(|(dataset, rows)| rows == model.read(dataset, i64::MAX))
}

async fn maintain(bench: &Bench, random: &mut Random) -> Result<(), LakeError> {
    match random.below(4) {
        0 | 1 => bench.lake.commit().await,
        2 => {
            for dataset in DATASETS {
                bench.lake.compact_table(dataset, 1).await?;
            }
            Ok(())
        }
        _ => bench.lake.clean_up(Duration::ZERO).await.map(drop),
    }
}

/// One life of a lake. With `crashes`, the power goes at random moments.
async fn life(seed: u64, crashes: bool, steps: u64) {
    let mut random = Random(seed);
    let mut disk = SimDisk::new(seed);
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    let mut model = Model::default();
    let mut bench = Bench::open(Arc::new(disk.clone()), &clock, seed).await.unwrap();
    let mut number = 0;
    let mut sent: Vec<(u64, Event)> = Vec::new();
    for step in 0..steps {
        let what = format!("seed {seed} step {step}");
        // The clock mostly goes on; sometimes it jumps back.
        let jump = if random.below(8) == 0 {
            -3 * HOUR
        } else {
            random.below(HOUR as u64) as i64
        };
        clock.0.fetch_add(jump, Ordering::Relaxed);
        if crashes && random.below(3) == 0 {
            disk.crash_after(1 + random.below(40));
        }
        let mut unknown: Option<Event> = None;
        let mut failed = false;
        if random.below(3) > 0 {
            // Sometimes the bytes of a message before come once more.
            let (digest, mut event) = match random.below(5) {
                0 if !sent.is_empty() => sent[random.below(sent.len() as u64) as usize].clone(),
                _ => {
                    number += 1;
                    (number, random_event(&mut random))
                }
            };
            sent.push((digest, event.clone()));
            match bench
                .send(&event.feed, digest, event.op, &[(event.dataset, &event.rows)])
                .await
            {
                Ok(outcome) if outcome.repeated => {
                    // What is not even looked at would have changed nothing.
                    let mut with = model.clone();
                    with.0.push(Event {
                        visible_at: bench.lake.view().seq(),
                        ..event
                    });
                    for dataset in DATASETS {
                        let (with, without) = (with.read(dataset, i64::MAX), model.read(dataset, i64::MAX));
                        assert_eq!(with, without, "{what}: taken for a repeated message");
                    }
                }
                Ok(outcome) => {
                    check_receipt(&model, &event, &outcome, &what);
                    event.visible_at = bench.lake.view().seq();
                    model.0.push(event);
                }
                Err(error) => {
                    assert!(crashes, "{what}: {error}");
                    failed = true;
                    unknown = Some(event);
                }
            }
        } else if let Err(error) = maintain(&bench, &mut random).await {
            assert!(crashes, "{what}: {error}");
            failed = true;
        }
        let restart = random.below(10) == 0;
        if disk.is_down() || failed || restart {
            let crash = if random.below(2) == 0 {
                Crash::DropAll
            } else {
                Crash::Random
            };
            // A restart without a power cut keeps everything.
            let crash = if disk.is_down() { crash } else { Crash::Process };
            drop(bench);
            disk = disk.restart(crash);
            bench = Bench::open(Arc::new(disk.clone()), &clock, seed.wrapping_add(step))
                .await
                .unwrap_or_else(|e| panic!("{what}: {e}"));
            if let Some(mut event) = unknown {
                // What was not acknowledged is there whole, or not at all.
                if !equals(&bench, &model).await {
                    event.visible_at = bench.lake.view().seq();
                    model.0.push(event);
                }
            }
            compare(&bench, &model, &mut random, &format!("{what} after {crash:?}")).await;
        } else if random.below(4) == 0 {
            compare(&bench, &model, &mut random, &what).await;
        }
    }
    drop(bench);
    let disk = disk.restart(Crash::DropAll);
    let bench = Bench::open(Arc::new(disk), &clock, seed).await.unwrap();
    compare(&bench, &model, &mut random, &format!("seed {seed} at the end")).await;
}

fn run(seeds: std::ops::Range<u64>, crashes: bool) -> usize {
    let seeds = match std::env::var("QALA_SEED").ok().and_then(|s| s.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => seeds,
    };
    // A life is of one thread, so that its seed replays it; lives run side by side.
    let count = seeds.clone().count();
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let begun = Instant::now();
    let lives = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            runtime.block_on(life(seed, crashes, 24));
            let done = seed + 1 - seeds.start;
            if done.is_multiple_of(500) {
                let minutes = begun.elapsed().as_secs_f64() / 60.0;
                println!(
                    "{done} of {count} seeds, {:.0} a minute, {} MiB",
                    done as f64 / minutes,
                    resident()
                );
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(lives);
        }
    });
    count
}

/// Memory of this process, MiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * 4 / 1024
}

#[test]
fn lake_equals_model() {
    run(0..30, false);
}

#[test]
fn acknowledged_survives_power_cuts() {
    run(1_000_000..1_000_060, true);
}

#[test]
#[ignore = "long: part of make prove"]
fn simulation_of_ten_thousand_seeds() {
    let begun = Instant::now();
    let calm = run(0..2_000, false);
    let stormy = run(2_000_000..2_008_000, true);
    let seeds = calm + stormy;
    println!(
        "proof: lake simulation seeds={seeds} (with power cuts {stormy}), failures=0; {:.0} seeds a minute, {} MiB at the end",
        seeds as f64 / begun.elapsed().as_secs_f64() * 60.0,
        resident()
    );
    assert!(resident() < 1024, "lives that ended are still in memory");
}

/// What somebody knew at the moment of a message is all of that message: rows that it brought, mended or took back.
#[test]
fn as_of_an_instant_a_message_is_whole() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clock = Arc::new(TestClock::default());
        let disk = Arc::new(SimDisk::new(3));
        let bench = Bench::open(disk, &clock, 3).await.unwrap();
        let rows = |values: &[f64]| -> Vec<(String, i64, f64)> {
            let row = |(i, value): (usize, &f64)| (format!("k{i}"), START, *value);
            values.iter().enumerate().map(row).collect()
        };
        let mut known = Vec::new();
        for (number, (op, values)) in [
            (Op::Upsert, rows(&[1.0, 2.0, 3.0])),
            (Op::Upsert, rows(&[1.0, 20.0])),
            (Op::Retract, rows(&[1.0, 20.0])),
            (Op::Upsert, rows(&[5.0])),
        ]
        .into_iter()
        .enumerate()
        {
            let at = START + number as i64 * HOUR;
            clock.0.store(at, Ordering::Relaxed);
            bench
                .send("feed", number as u64, op, &[("test_events", &values)])
                .await
                .unwrap();
            known.push((at, bench.lake.view().seq(), bench.read("test_events", None).await));
        }
        assert_eq!(
            known[2].2,
            rows(&[1.0, 20.0, 3.0])[2..],
            "the retraction took two rows"
        );
        for pass in ["in memory", "in files"] {
            for (at, seq, rows) in &known {
                for later in [0, HOUR - 1] {
                    let found = bench.engine.resolve(AsOf::Instant(at + later)).await.unwrap();
                    assert_eq!(found, *seq, "{pass}, {at} and {later}");
                    assert_eq!(bench.read("test_events", Some(found)).await, *rows, "{pass}");
                }
            }
            assert_eq!(bench.engine.resolve(AsOf::Instant(START - 1)).await.unwrap(), 0);
            bench.lake.commit().await.unwrap();
        }
    });
}
