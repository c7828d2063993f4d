//! Queries that never stop while messages, commits, compactions and clean-ups go on: each answer must be the model's at
//! the very `_seq` that the query says it read up to.
//!
//! `QALA_SEED=n` replays one seed; what the threads do in between is not replayed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use qala_disk::SimDisk;
use qala_lake::{AsOf, Query, collect};

use crate::model::{DATASETS, Model, check_receipt, random_event};
use crate::support::{Bench, HOUR, Random, Row, START, TestClock};

const TASKS: usize = 3;

/// What a query said.
enum Answer {
    Rows(&'static str, Vec<Row>),
    /// Rows of all datasets, counted in one query.
    Counts([i64; 4]),
}

/// What the questioners share.
struct Crowd {
    bench: Bench,
    /// `_seq`s at which a message was complete.
    points: Mutex<Vec<i64>>,
    answers: Mutex<Vec<(i64, Answer)>>,
    /// Questions that each task has begun.
    begun: [AtomicU64; TASKS],
    stop: AtomicBool,
}

const COUNTS: &str = "SELECT (SELECT count(*) FROM test_events) AS a, (SELECT count(*) FROM test_things) AS b, \
    (SELECT count(*) FROM test_sets) AS c, (SELECT count(*) FROM test_states) AS d";

async fn ask(crowd: &Crowd, task: usize, random: &mut Random) {
    crowd.begun[task].fetch_add(1, Ordering::SeqCst);
    let points = crowd.points.lock().unwrap().clone();
    let then = points[random.below(points.len() as u64) as usize];
    let as_of = (random.below(3) == 0).then_some(then);
    let (seq, answer) = if random.below(4) == 0 {
        let query = Query::system(COUNTS).as_of(as_of.map(AsOf::Seq));
        let (batches, seq) = collect(&crowd.bench.engine, &query).await.unwrap();
        let batch = batches.iter().find(|b| b.num_rows() > 0).unwrap();
        let count = |i: usize| batch.column(i).as_primitive::<Int64Type>().value(0);
        (seq, Answer::Counts([count(0), count(1), count(2), count(3)]))
    } else {
        let dataset = DATASETS[random.below(4) as usize];
        let (rows, seq) = crowd.bench.read_at(dataset, as_of).await.unwrap();
        (seq, Answer::Rows(dataset, rows))
    };
    assert!(
        as_of.is_none_or(|a| a == seq),
        "asked as of {as_of:?}, answered as of {seq}"
    );
    crowd.answers.lock().unwrap().push((seq, answer));
}

/// Waits until every query that runs now has ended.
async fn turn(crowd: &Crowd) {
    let before: Vec<u64> = crowd.begun.iter().map(|b| b.load(Ordering::SeqCst)).collect();
    let start = Instant::now();
    for (task, begun) in before.into_iter().enumerate() {
        while crowd.begun[task].load(Ordering::SeqCst) == begun {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "task {task} has stopped asking"
            );
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
}

async fn life(seed: u64, steps: u64) -> usize {
    let mut random = Random(seed);
    let clock = Arc::new(TestClock::default());
    clock.0.store(START, Ordering::Relaxed);
    let disk = Arc::new(SimDisk::new(seed));
    let crowd = Arc::new(Crowd {
        bench: Bench::open(disk, &clock, seed).await.unwrap(),
        points: Mutex::new(vec![0]),
        answers: Mutex::default(),
        begun: Default::default(),
        stop: AtomicBool::new(false),
    });
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let crowd = Arc::clone(&crowd);
            let mut random = Random(seed ^ (task as u64 + 1));
            tokio::spawn(async move {
                while !crowd.stop.load(Ordering::SeqCst) {
                    ask(&crowd, task, &mut random).await;
                }
                // Nobody waits for this task any more.
                crowd.begun[task].fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    let lake = &crowd.bench.lake;
    let mut model = Model::default();
    for step in 0..steps {
        let what = format!("seed {seed} step {step}");
        clock
            .0
            .fetch_add(random.below(HOUR as u64) as i64, Ordering::Relaxed);
        match random.below(6) {
            0..=2 => {
                let mut event = random_event(&mut random);
                let parts = [(event.dataset, event.rows.as_slice())];
                let outcome = crowd
                    .bench
                    .send(&event.feed, step, event.op, &parts)
                    .await
                    .unwrap();
                check_receipt(&model, &event, &outcome, &what);
                event.visible_at = lake.view().seq();
                crowd.points.lock().unwrap().push(event.visible_at);
                model.0.push(event);
            }
            3 => lake.commit().await.unwrap(),
            4 => {
                for dataset in DATASETS {
                    lake.compact_table(dataset, 1).await.unwrap();
                }
            }
            _ => {
                // Files go when no query that may read them is left; others run meanwhile.
                turn(&crowd).await;
                lake.clean_up(Duration::ZERO).await.unwrap();
            }
        }
        tokio::task::yield_now().await;
    }
    turn(&crowd).await;
    crowd.stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    let answers = std::mem::take(&mut *crowd.answers.lock().unwrap());
    let count = answers.len();
    let mut seen: Vec<i64> = answers.iter().map(|(seq, _)| *seq).collect();
    for (seq, answer) in answers {
        match answer {
            Answer::Rows(dataset, rows) => {
                assert_eq!(rows, model.read(dataset, seq), "seed {seed}: {dataset} at {seq}");
            }
            Answer::Counts(counts) => {
                let expected = DATASETS.map(|dataset| model.read(dataset, seq).len() as i64);
                assert_eq!(
                    counts, expected,
                    "seed {seed}: one query over all datasets at {seq}"
                );
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert!(
        seen.len() > 3,
        "seed {seed}: the queries saw only {} states",
        seen.len()
    );
    count
}

fn run(seeds: std::ops::Range<u64>, steps: u64) -> usize {
    let seeds = match std::env::var("QALA_SEED").ok().and_then(|s| s.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => seeds,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    seeds.map(|seed| runtime.block_on(life(seed, steps))).sum()
}

#[test]
fn every_answer_is_the_models_at_its_own_seq() {
    let answers = run(5_000_000..5_000_003, 60);
    assert!(answers > 100, "only {answers} answers");
}

#[test]
#[ignore = "long: part of make prove"]
fn crowd_of_two_hundred_seeds() {
    let answers = run(6_000_000..6_000_200, 200);
    println!("proof: queries beside writers seeds=200 answers={answers} wrong=0");
}
