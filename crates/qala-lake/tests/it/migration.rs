//! A dataset's new version: what becomes of the rows, what is refused, and what a power cut does to it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, FeedId};
use qala_disk::{Crash, Disk, SimDisk};
use qala_lake::{AsOf, Begin, LakeError, Message, Op, Query, collect};

use crate::support::{Bench, HOUR, START, TestClock, spec};

const HEAD: &str = "subject = \"test\"\nzone = \"city\"\nTITLE\n";

fn column(name: &str, kind: &str, more: &str) -> String {
    format!("[[columns]]\nname = \"{name}\"\ntype = \"{kind}\"\n{more}\nTITLE\n")
}

/// `test_heat(id, t, temp in Cel, note)`.
fn first() -> String {
    format!(
        "name = \"test_heat\"\nkind = \"event\"\nversion = 1\nkey = [\"id\", \"t\"]\n{HEAD}{}{}{}{}",
        column("id", "text", "required = true"),
        column("t", "time", "required = true\nrole = \"time\""),
        column("temp", "float", "unit = \"Cel\""),
        column("note", "text", ""),
    )
}

/// `test_heat(station, t, kelvin in K, source)`.
fn second(from_previous: &str) -> String {
    format!(
        "name = \"test_heat\"\nkind = \"event\"\nversion = 2\nkey = [\"station\", \"t\"]\n{HEAD}{}{}{}{}{from_previous}",
        column("station", "text", "required = true"),
        column("t", "time", "required = true\nrole = \"time\""),
        column("kelvin", "float", "unit = \"K\""),
        column("source", "text", "required = true"),
    )
}

const MAPPING: &str = "[from_previous]\ndropped = [\"note\"]\n[from_previous.columns]\n\
    station = { from = \"id\", replace = { old = \"new\" } }\nkelvin = { from = \"temp\", unit = \"Cel\" }\n\
    source = { value = \"unknown\" }\n";

fn heat(rows: &[(&str, i64, f64)]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.0))),
        ),
        (
            "t",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| START + r.1 * HOUR))
                    .with_timezone("UTC"),
            ),
        ),
        (
            "temp",
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| r.2))),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

async fn send(
    bench: &Bench,
    dataset: &str,
    number: u64,
    op: Op,
    batch: &RecordBatch,
) -> Result<(), LakeError> {
    let message = Message {
        feed: FeedId::new("feed").unwrap(),
        kind: "test".into(),
        name: format!("message {number}"),
        digest: format!("test:{number}"),
        context: String::new(),
        idempotency_key: None,
        op,
    };
    let Begin::New(mut session) = bench.lake.begin(message).await? else {
        return Ok(());
    };
    let name = DatasetName::new(dataset).unwrap();
    session.rows(&name, batch).await?;
    if dataset == "test_list" {
        session.publish(&[name])?;
    }
    session.finish(None).await.map(drop)
}

async fn lines(bench: &Bench, sql: &str, as_of: Option<i64>) -> Vec<String> {
    let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
    let (batches, _) = collect(&bench.engine, &query).await.unwrap();
    let options = FormatOptions::default().with_null("-");
    let mut out = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|c| {
                ArrayFormatter::try_new(c, &options)
                    .unwrap()
                    .value(row)
                    .to_string()
            });
            out.push(cells.collect::<Vec<_>>().join(" "));
        }
    }
    out.sort();
    out
}

/// Rows of version 1: one corrected, one taken back, the last ones only in the log.
async fn fill(bench: &Bench) -> Result<(), LakeError> {
    send(
        bench,
        "test_heat",
        1,
        Op::Upsert,
        &heat(&[("a", 0, 1.0), ("b", 0, 2.0), ("old", 1, 3.0)]),
    )
    .await?;
    send(
        bench,
        "test_heat",
        2,
        Op::Upsert,
        &heat(&[("a", 0, -10.0), ("c", 40, 4.0)]),
    )
    .await?;
    bench.lake.commit().await?;
    send(
        bench,
        "test_heat",
        3,
        Op::Retract,
        &heat(&[("b", 0, 0.0)]).project(&[0, 1]).unwrap(),
    )
    .await?;
    send(bench, "test_heat", 4, Op::Upsert, &heat(&[("d", 41, 5.0)])).await
}

const ROWS: [&str; 4] = [
    "a 263.15 unknown",
    "c 277.15 unknown",
    "d 278.15 unknown",
    "new 276.15 unknown",
];
const READ: &str = "SELECT station, round(kelvin, 2), source FROM test_heat";
const MIGRATIONS: &str =
    "SELECT name, received, accepted, quarantined FROM lake_messages WHERE kind = 'migration'";

fn specs(text: &str) -> Vec<DatasetSpec> {
    vec![spec(text)]
}

fn files(disk: &SimDisk, dir: &str) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in disk.list(dir).unwrap() {
        let path = format!("{dir}/{}", entry.name);
        if entry.is_dir {
            out.extend(files(disk, &path));
        } else {
            out.push((path.clone(), disk.read(&path).unwrap()));
        }
    }
    out.sort();
    out
}

fn clock() -> Arc<TestClock> {
    let clock = Arc::new(TestClock::default());
    clock.0.store(START + 48 * HOUR, Ordering::Relaxed);
    clock
}

#[tokio::test]
async fn rows_of_the_version_before_are_carried_over_once() {
    let disk = SimDisk::new(1);
    let clock = clock();
    let bench = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&first()))
        .await
        .unwrap();
    fill(&bench).await.unwrap();
    let before = bench.lake.view().seq();
    drop(bench);
    let after = specs(&second(MAPPING));
    let open = || Bench::open_with(Arc::new(disk.clone()), &clock, 1, &after);
    // Without a mapping nothing is touched.
    for (mapping, words) in [
        ("", "does not say what `station` is in old rows"),
        (
            "[from_previous.columns]\nstation = { from = \"id\" }\nkelvin = { from = \"temp\", unit = \"Cel\" }\nsource = { value = \"x\" }\n",
            "the old column `note` goes nowhere",
        ),
        (&MAPPING.replace(", unit = \"Cel\"", ""), "state `unit = \"Cel\"`"),
        (&MAPPING.replace("\"temp\"", "\"tmp\""), "did you mean `temp`"),
        (
            &MAPPING.replace("unit = \"Cel\"", "unit = \"degF\""),
            "was in Cel",
        ),
    ] {
        let error = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&second(mapping))).await;
        let error = error.err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
    let bench = open().await.unwrap();
    assert_eq!(lines(&bench, READ, None).await, ROWS);
    assert_eq!(lines(&bench, READ, Some(before)).await, Vec::<String>::new());
    assert_eq!(lines(&bench, MIGRATIONS, None).await, ["test_heat v1 → v2 4 4 0"]);
    let old = files(&disk, "tables/test_heat/v1");
    assert_eq!(old.iter().filter(|(p, _)| p.ends_with(".parquet")).count(), 3);
    // A correction of a carried row, after a restart, with the old rows still in the log.
    drop(bench);
    let bench = open().await.unwrap();
    let batch = heat(&[("a", 0, 300.0)]);
    let names = ["station", "t", "kelvin"];
    let source: ArrayRef = Arc::new(StringArray::from(vec!["mast"]));
    let columns = names
        .into_iter()
        .zip(batch.columns().to_vec())
        .chain([("source", source)]);
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap();
    send(&bench, "test_heat", 5, Op::Upsert, &batch).await.unwrap();
    bench.lake.commit().await.unwrap();
    drop(bench);
    let bench = open().await.unwrap();
    let mut rows = ROWS.map(String::from).to_vec();
    rows[0] = "a 300.0 mast".into();
    assert_eq!(lines(&bench, READ, None).await, rows);
    assert_eq!(lines(&bench, MIGRATIONS, None).await.len(), 1);
    assert!(
        files(&disk, "tables/test_heat/v1") == old,
        "the old table was touched"
    );
    drop(bench);
    // The way back, and a version left out, are refused.
    let third = second("[from_previous]\n").replace("version = 2", "version = 4");
    for (text, words) in [
        (first(), "use the newer spec"),
        (third, "start once with version 3"),
    ] {
        let error = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&text)).await;
        let error = error.err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn rows_can_be_left_behind() {
    let disk = SimDisk::new(1);
    let clock = clock();
    let bench = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&first()))
        .await
        .unwrap();
    fill(&bench).await.unwrap();
    bench.lake.commit().await.unwrap();
    drop(bench);
    let text = second("[from_previous]\nrows = \"leave\"\n");
    let bench = Bench::open_with(Arc::new(disk), &clock, 1, &specs(&text))
        .await
        .unwrap();
    assert!(lines(&bench, READ, None).await.is_empty());
    assert!(lines(&bench, MIGRATIONS, None).await.is_empty());
}

#[tokio::test]
async fn a_power_cut_at_any_step_loses_and_doubles_nothing() {
    let mut cuts = 0;
    for step in 1..400 {
        let mut disk = SimDisk::new(step);
        let clock = clock();
        let bench = Bench::open_with(Arc::new(disk.clone()), &clock, step, &specs(&first()))
            .await
            .unwrap();
        fill(&bench).await.unwrap();
        drop(bench);
        // Every third step, to keep the test short; the sequence of steps is the same each time.
        disk.crash_after(3 * step);
        let opened = Bench::open_with(Arc::new(disk.clone()), &clock, step, &specs(&second(MAPPING))).await;
        let is_done = opened.is_ok() && !disk.is_down();
        drop(opened);
        if !is_done {
            cuts += 1;
        }
        disk = disk.restart(if step % 2 == 0 {
            Crash::DropAll
        } else {
            Crash::Random
        });
        let bench = Bench::open_with(Arc::new(disk.clone()), &clock, step, &specs(&second(MAPPING)))
            .await
            .unwrap_or_else(|e| panic!("step {step}: {e}"));
        assert_eq!(lines(&bench, READ, None).await, ROWS, "step {step}");
        assert_eq!(lines(&bench, MIGRATIONS, None).await.len(), 1, "step {step}");
        drop(bench);
        disk = disk.restart(Crash::DropAll);
        let bench = Bench::open_with(Arc::new(disk), &clock, step, &specs(&second(MAPPING)))
            .await
            .unwrap();
        assert_eq!(lines(&bench, READ, None).await, ROWS, "step {step}, second start");
        if is_done {
            break;
        }
    }
    assert!(cuts > 5, "only {cuts} cuts met the migration");
}

#[tokio::test]
async fn quantities_change_their_unit_and_their_name() {
    let quantity = |name: &str, unit: &str| format!("[quantities.{name}]\nunit = \"{unit}\"\nTITLE\n");
    let head = |version: u32| {
        format!(
            "name = \"test_long\"\nkind = \"event\"\nversion = {version}\nkey = [\"id\", \"what\", \"t\"]\n{HEAD}{}{}{}{}",
            column("id", "text", "required = true"),
            column("what", "text", "required = true\nrole = \"quantity\""),
            column("t", "time", "required = true\nrole = \"time\""),
            column("value", "float", "role = \"value\""),
        )
    };
    let before = format!(
        "{}{}{}{}",
        head(1),
        quantity("co", "mg/m3"),
        quantity("wind", "m/s"),
        quantity("noise", "dB")
    );
    let after = format!(
        "{}{}{}[from_previous]\ndropped_quantities = [\"noise\"]\n[from_previous.quantities]\n\
         carbon_monoxide = {{ from = \"co\", unit = \"mg/m3\" }}\n",
        head(2),
        quantity("carbon_monoxide", "ug/m3"),
        quantity("wind", "m/s")
    );
    let disk = SimDisk::new(1);
    let clock = clock();
    let bench = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&before))
        .await
        .unwrap();
    let rows = heat(&[("a", 0, 1.5), ("a", 0, 7.0), ("a", 0, 60.0)]);
    let what: ArrayRef = Arc::new(StringArray::from(vec!["co", "wind", "noise"]));
    let columns = vec![
        ("id", Arc::clone(rows.column(0))),
        ("what", what),
        ("t", Arc::clone(rows.column(1))),
        ("value", Arc::clone(rows.column(2))),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    send(&bench, "test_long", 1, Op::Upsert, &batch).await.unwrap();
    drop(bench);
    let bench = Bench::open_with(Arc::new(disk), &clock, 1, &specs(&after))
        .await
        .unwrap();
    let found = lines(&bench, "SELECT what, round(value, 6) FROM test_long", None).await;
    assert_eq!(found, ["carbon_monoxide 1500.0", "wind 7.0"]);
}

#[tokio::test]
async fn sets_in_force_are_carried_also_when_nothing_but_a_name_changes() {
    let text = |version: u32, name: &str, more: &str| {
        format!(
            "name = \"test_list\"\nkind = \"snapshot\"\nversion = {version}\nkey = [\"id\"]\n{HEAD}{}{}{more}",
            column("id", "text", "required = true"),
            column(name, "float", ""),
        )
    };
    let disk = SimDisk::new(1);
    let clock = clock();
    let bench = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&text(1, "a", "")))
        .await
        .unwrap();
    for (number, value) in [(1, 1.0), (2, 2.0)] {
        let batch = heat(&[("x", 0, value), ("y", 0, value)])
            .project(&[0, 2])
            .unwrap();
        let columns = ["id", "a"].into_iter().zip(batch.columns().to_vec());
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap();
        send(&bench, "test_list", number, Op::Upsert, &batch)
            .await
            .unwrap();
    }
    drop(bench);
    let after = text(2, "b", "[from_previous.columns]\nb = { from = \"a\" }\n");
    for _ in 0..2 {
        let bench = Bench::open_with(Arc::new(disk.clone()), &clock, 1, &specs(&after))
            .await
            .unwrap();
        assert_eq!(
            lines(&bench, "SELECT id, b, feed FROM test_list", None).await,
            ["x 2.0 feed", "y 2.0 feed"]
        );
        assert_eq!(lines(&bench, MIGRATIONS, None).await, ["test_list v1 → v2 2 2 0"]);
    }
}
