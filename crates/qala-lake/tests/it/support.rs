//! A small lake on a simulated disk, and a clock that a test turns.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, FeedId, Zone};
use qala_disk::Disk;
use qala_lake::{
    AsOf, Begin, Clock, Lake, LakeOptions, LocalEngine, LocalOptions, Message, Op, Outcome, Query, Result,
    collect,
};

/// A clock that stands where it was put.
#[derive(Debug, Default)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
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

pub(crate) const HOUR: i64 = 3_600_000_000;
/// 2026-03-02T00:00:00Z.
pub(crate) const START: i64 = 1_772_409_600_000_000;

const COLUMN: &str = r#"title = { kk = "а", ru = "б", en = "c" }"#;

pub(crate) fn spec(text: &str) -> DatasetSpec {
    DatasetSpec::from_toml("test", &text.replace("TITLE", COLUMN)).unwrap()
}

/// `test_events(id, t, value)`: key (id, t). `test_things(id, at, name)`: key id, so corrections may change the day.
/// `test_sets(id, name)`: snapshot. `test_states(id, valid_from, valid_to, name)`: state.
pub(crate) fn specs() -> Vec<DatasetSpec> {
    let head = "subject = \"test\"\nversion = 1\nzone = \"city\"\nTITLE\n";
    let column = |name: &str, kind: &str, more: &str| {
        format!("[[columns]]\nname = \"{name}\"\ntype = \"{kind}\"\n{more}\nTITLE\n")
    };
    let id = column("id", "text", "required = true");
    vec![
        spec(&format!(
            "name = \"test_events\"\nkind = \"event\"\nkey = [\"id\", \"t\"]\n{head}{id}{}{}",
            column("t", "time", "required = true\nrole = \"time\""),
            column("value", "float", "")
        )),
        spec(&format!(
            "name = \"test_things\"\nkind = \"event\"\nkey = [\"id\"]\n{head}{id}{}{}",
            column("t", "time", "required = true\nrole = \"time\""),
            column("value", "float", "")
        )),
        spec(&format!(
            "name = \"test_sets\"\nkind = \"snapshot\"\nkey = [\"id\"]\n{head}{id}{}",
            column("value", "float", "")
        )),
        spec(&format!(
            "name = \"test_states\"\nkind = \"state\"\nkey = [\"id\"]\n{head}{id}{}{}{}",
            column("valid_from", "time", "required = true\nrole = \"valid_from\""),
            column("valid_to", "time", "role = \"valid_to\""),
            column("value", "float", "")
        )),
    ]
}

/// A row of any of the test datasets: (id, t, value).
pub(crate) type Row = (String, i64, f64);

fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

/// Rows as a batch of a dataset.
pub(crate) fn batch(dataset: &str, rows: &[Row]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.0)));
    let t = times(rows.iter().map(|r| r.1));
    let values: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| r.2)));
    let columns: Vec<(&str, ArrayRef)> = match dataset {
        "test_sets" => vec![("id", ids), ("value", values)],
        "test_states" => vec![("id", ids), ("valid_from", t), ("value", values)],
        _ => vec![("id", ids), ("t", t), ("value", values)],
    };
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

pub(crate) fn options(clock: &Arc<TestClock>, seed: u64) -> LakeOptions {
    let mut options = LakeOptions::new(
        Zone::new("Asia/Almaty").unwrap(),
        Arc::clone(clock) as Arc<dyn Clock>,
    );
    options.seed = Some(seed);
    options.reserve = 0;
    // Key tables of any size, of a few keys, of none that can be forgotten.
    options.index_bytes = [64 << 20, 2_000, 0][seed as usize % 3];
    // One after the other, so that a seed always meets the same operations in the same order.
    options.writers = 1;
    options
}

pub(crate) struct Bench {
    pub(crate) lake: Arc<Lake>,
    pub(crate) engine: LocalEngine,
}

impl Bench {
    pub(crate) async fn open(disk: Arc<dyn Disk>, clock: &Arc<TestClock>, seed: u64) -> Result<Self> {
        Self::open_with(disk, clock, seed, &specs()).await
    }

    /// With other datasets.
    pub(crate) async fn open_with(
        disk: Arc<dyn Disk>,
        clock: &Arc<TestClock>,
        seed: u64,
        specs: &[DatasetSpec],
    ) -> Result<Self> {
        let lake = Arc::new(Lake::open(disk, specs, options(clock, seed)).await?);
        let usual = LocalOptions::default();
        let engine = LocalEngine::new(
            Arc::clone(&lake),
            &LocalOptions {
                memory: 256 << 20,
                threads: 1,
                // Both ways to read a file have their seeds.
                small: if seed.is_multiple_of(2) { usual.small } else { 0 },
                ..usual
            },
        )?;
        Ok(Self { lake, engine })
    }

    /// Sends one message; `number` makes its digest. What came before is answered as it then is.
    pub(crate) async fn send(
        &self,
        feed: &str,
        number: u64,
        op: Op,
        parts: &[(&str, &[Row])],
    ) -> Result<Outcome> {
        let message = Message {
            feed: FeedId::new(feed).unwrap(),
            kind: "test".into(),
            name: format!("message {number}"),
            digest: format!("test:{number}"),
            context: String::new(),
            idempotency_key: None,
            op,
        };
        let mut session = match self.lake.begin(message).await? {
            Begin::New(session) => session,
            Begin::Repeated(outcome) => return Ok(*outcome),
        };
        for (dataset, rows) in parts {
            let name = DatasetName::new(*dataset).unwrap();
            let mut batch = batch(dataset, rows);
            if op == Op::Retract {
                let keys: Vec<usize> = (0..batch.num_columns() - 1).collect();
                batch = batch.project(&keys).unwrap();
            }
            session.rows(&name, &batch).await?;
            if *dataset == "test_sets" {
                session.publish(&[name])?;
            }
        }
        session.finish(None).await
    }

    /// Current rows of a dataset as of a `_seq`, sorted.
    pub(crate) async fn read(&self, dataset: &str, as_of: Option<i64>) -> Vec<Row> {
        self.read_at(dataset, as_of).await.unwrap().0
    }

    /// The same, with the `_seq` that was read up to.
    pub(crate) async fn read_at(&self, dataset: &str, as_of: Option<i64>) -> Result<(Vec<Row>, i64)> {
        let (mut rows, seq) = self.ask(&select(dataset), as_of).await?;
        Ok((rows.remove(dataset).unwrap_or_default(), seq))
    }

    /// Rows of several datasets by one question: planning it is most of what a small answer costs.
    pub(crate) async fn read_all(&self, datasets: &[&str], as_of: Option<i64>) -> Vec<Vec<Row>> {
        let sql: Vec<String> = datasets.iter().map(|d| select(d)).collect();
        let (mut rows, _) = self.ask(&sql.join(" UNION ALL "), as_of).await.unwrap();
        datasets
            .iter()
            .map(|d| rows.remove(*d).unwrap_or_default())
            .collect()
    }

    async fn ask(&self, sql: &str, as_of: Option<i64>) -> Result<(BTreeMap<String, Vec<Row>>, i64)> {
        let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
        let (batches, seq) = collect(&self.engine, &query).await?;
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for batch in &batches {
            let datasets = batch.column(0).as_string::<i32>();
            let ids = batch.column(1).as_string::<i32>();
            let t = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            let values = batch.column(3).as_primitive::<Float64Type>();
            for i in 0..batch.num_rows() {
                let row = (ids.value(i).to_owned(), t.value(i), values.value(i));
                rows.entry(datasets.value(i).to_owned()).or_default().push(row);
            }
        }
        for rows in rows.values_mut() {
            rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)).then(a.2.total_cmp(&b.2)));
        }
        Ok((rows, seq))
    }
}

fn select(dataset: &str) -> String {
    let time = match dataset {
        "test_sets" => "arrow_cast(0, 'Timestamp(Microsecond, Some(\"UTC\"))')",
        "test_states" => "coalesce(valid_to, valid_from)",
        _ => "t",
    };
    format!("SELECT '{dataset}' AS dataset, id, {time} AS t, value FROM {dataset}")
}

/// splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
