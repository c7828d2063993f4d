//! Every indicator of the program on the seeded city, by plans that the engine has improved and by plans as they are first made. The
//! city is a data directory that `qala demo --fill-only` made; the variable `QALA_CITY_DATA` names it. It is copied.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_core::spec::{DatasetSpec, IndicatorSpec, QueryParts};
use qala_core::{Grain, Zone, parse_instant};
use qala_disk::RealDisk;
use qala_lake::{Lake, LakeOptions, LocalEngine, LocalOptions, Query, collect};

use crate::support::{TestClock, copy};

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

/// The rows of an answer as lines, sorted: floats by their shortest digits, so that equal lines are equal bits.
async fn lines(engine: &LocalEngine, sql: &str) -> Vec<String> {
    let (batches, _) = collect(engine, &Query::system(sql))
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let options = FormatOptions::default().with_null("-");
    let mut lines = Vec::new();
    for batch in &batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            lines.push(cells.join("|"));
        }
    }
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a filled data directory, named by QALA_CITY_DATA; `cargo xtask prove` makes one"]
async fn indicators_by_plain_plans() {
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
    let clock = Arc::new(TestClock(
        parse_instant("2026-01-01T00:00:00Z", None).unwrap().into(),
    ));
    let mut options = LakeOptions::new(zone.clone(), clock);
    options.reserve = 0;
    let disk = Arc::new(RealDisk::new(&root).unwrap());
    let lake = Arc::new(Lake::open(disk, &specs, options).await.unwrap().at(root));
    let engine = |plain| {
        let limits = LocalOptions {
            memory: 4 << 30,
            threads: 2,
            plain,
            small: if plain { 0 } else { 64 << 10 },
        };
        LocalEngine::new(Arc::clone(&lake), &limits).unwrap()
    };
    let (usual, plain) = (engine(false), engine(true));
    let bounds = lines(
        &usual,
        "SELECT CAST(min(t) AS BIGINT), CAST(max(t) AS BIGINT) FROM air_readings",
    )
    .await;
    let bounds: Vec<i64> = bounds[0].split('|').map(|n| n.parse().unwrap()).collect();
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
    let (mut equal, mut rows, mut wrong) = (0, 0, Vec::new());
    for path in &sql_files {
        let text = std::fs::read_to_string(path).unwrap();
        let spec = IndicatorSpec::from_sql("indicator", &text, &parts).unwrap();
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            if !spec.grains.contains(&grain) {
                continue;
            }
            let (from, to) = (grain.start(bounds[0], &zone), grain.end(bounds[1], &zone));
            let sql = spec.query(from, to, grain, &zone);
            let what = format!("{} by {grain}", spec.id);
            let began = std::time::Instant::now();
            let usual = lines(&usual, &sql).await;
            let took = began.elapsed();
            let began = std::time::Instant::now();
            let plain = lines(&plain, &sql).await;
            println!(
                "{what}: {} rows, {took:.1?}, plainly {:.1?}",
                usual.len(),
                began.elapsed()
            );
            if usual == plain {
                (equal, rows) = (equal + 1, rows + usual.len());
            } else {
                let differs = usual.iter().zip(&plain).find(|(a, b)| a != b);
                println!(
                    "{what}: {} and plainly {} rows, {differs:?}",
                    usual.len(),
                    plain.len()
                );
                wrong.push(what);
            }
        }
    }
    assert!(wrong.is_empty(), "not equal: {wrong:?}");
    assert!(equal > 50 && rows > 1_000, "{equal} grains, {rows} rows");
    println!(
        "proof: {} indicators of the seeded city in {equal} grains, {rows} rows, are equal bit for bit by improved and by plain plans",
        sql_files.len()
    );
}
