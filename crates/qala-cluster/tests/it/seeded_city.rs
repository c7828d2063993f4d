//! The indicators of the program on the seeded city, computed by both engines. The city is a data directory that `qala demo
//! --fill-only` made; the variable `QALA_CITY_DATA` names it. It is copied, so that nothing of it changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use qala_cluster::{ClusterEngine, ClusterOptions};
use qala_core::spec::{DatasetSpec, IndicatorSpec, Kind, QueryParts};
use qala_core::{Grain, Zone, parse_instant};
use qala_disk::RealDisk;
use qala_lake::{Clock, Lake, LakeOptions, LocalEngine, LocalOptions};

use crate::answers::{answer, same};
use crate::equal::cluster;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Standing(AtomicI64);

impl Clock for Standing {
    fn now(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a filled data directory, named by QALA_CITY_DATA; `cargo xtask prove` makes one"]
async fn the_indicators_of_the_seeded_city() {
    let data = std::env::var("QALA_CITY_DATA").expect("QALA_CITY_DATA names a data directory");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("city");
    copy(&workspace.join(data), &root);
    let specs: Vec<DatasetSpec> = files(&workspace.join("datasets"), "toml")
        .iter()
        .map(|path| DatasetSpec::from_toml("dataset", &std::fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    let zone = Zone::new("Asia/Almaty").unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Standing(AtomicI64::new(
        parse_instant("2026-01-01T00:00:00Z", None).unwrap(),
    )));
    let mut options = LakeOptions::new(zone.clone(), clock);
    options.reserve = 0;
    let disk = Arc::new(RealDisk::new(&root).unwrap());
    let lake = Arc::new(Lake::open(disk, &specs, options).await.unwrap().at(root));
    lake.commit().await.unwrap();
    let limits = LocalOptions {
        memory: 2 << 30,
        threads: 2,
        ..LocalOptions::default()
    };
    let local = Arc::new(LocalEngine::new(Arc::clone(&lake), &limits).unwrap());
    let work = tempfile::tempdir().unwrap();
    let parts = cluster(work.path()).await;
    let there = ClusterEngine::new(
        Arc::clone(&local),
        parts.address(),
        &ClusterOptions { partitions: 4 },
    )
    .unwrap();

    let readings = specs
        .iter()
        .find(|s| s.kind == Kind::Event && s.name.as_str() == "air_readings")
        .unwrap();
    let sql = format!(
        "SELECT CAST(min(t) AS BIGINT), CAST(max(t) AS BIGINT) FROM {}",
        readings.name
    );
    let (range, _) = answer(&*local, &sql, None).await.unwrap();
    let bounds: Vec<i64> = range[1]
        .split_terminator('|')
        .map(|n| n.parse().unwrap())
        .collect();
    let (mut equal, mut values, mut indicators) = (0, 0, 0);
    let mut faults = Vec::new();
    let sql_files = files(&workspace.join("indicators"), "sql");
    let is_part = |path: &PathBuf| path.parent().is_some_and(|p| p.ends_with("parts"));
    let (parts, sql_files): (Vec<PathBuf>, Vec<PathBuf>) = sql_files.into_iter().partition(is_part);
    let parts: QueryParts = parts
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    for path in sql_files {
        let text = std::fs::read_to_string(&path).unwrap();
        let spec = IndicatorSpec::from_sql("indicator", &text, &parts).unwrap();
        indicators += 1;
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            if !spec.grains.contains(&grain) {
                continue;
            }
            let (from, to) = (grain.start(bounds[0], &zone), grain.end(bounds[1], &zone));
            let sql = spec.query(from, to, grain, &zone);
            let what = format!("{} by {grain}", spec.id);
            let (here, seq) = answer(&*local, &sql, None)
                .await
                .unwrap_or_else(|e| panic!("here, {what}: {e}"));
            let asked = tokio::time::timeout(PATIENCE, answer(&there, &sql, None)).await;
            let (lines, seq_there) = match asked {
                Ok(Ok(answer)) => answer,
                Ok(Err(fault)) => {
                    println!("{what}: {fault}");
                    faults.push(what);
                    continue;
                }
                // What hangs keeps its place on the executors: what comes after it would wait for it.
                Err(_) => panic!("{what}: no answer within {} s", PATIENCE.as_secs()),
            };
            same(&what, &here, &lines);
            assert_eq!(seq, seq_there, "{what}");
            (equal, values) = (equal + 1, values + lines.len() - 1);
        }
    }
    assert!(faults.is_empty(), "without an answer: {faults:?}");
    assert_eq!(there.answered_here(), 0);
    assert!(
        indicators >= 10 && values > 100,
        "{indicators} indicators, {values} values"
    );
    println!(
        "proof: {indicators} indicators of the seeded city in {equal} grains, {values} rows, are equal bit for bit on \
         the local engine and on two Ballista executors"
    );
}
