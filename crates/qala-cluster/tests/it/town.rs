//! A small town on a real disk: readings with corrections and retractions, sets that are replaced, states that close one
//! another, a rollup, and a dataset that nobody ever wrote to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, FeedId, Zone};
use qala_disk::RealDisk;
use qala_lake::{Begin, Clock, Lake, LakeOptions, LocalEngine, LocalOptions, Message, Op};

/// A clock that goes one second at each look.
#[derive(Debug)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

pub(crate) const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-03-02T00:00:00 in Almaty.
pub(crate) const START: i64 = 1_772_409_600_000_000 - 5 * HOUR;
const TITLE: &str = r#"title = { kk = "а", ru = "б", en = "c" }"#;

fn spec(name: &str, kind: &str, key: &str, columns: &[(&str, &str, &str)], rest: &str) -> DatasetSpec {
    let mut text = format!(
        "name = \"{name}\"\nsubject = \"town\"\nkind = \"{kind}\"\nversion = 1\nzone = \"city\"\nkey = [{key}]\n{TITLE}\n"
    );
    for (column, kind, more) in columns {
        text += &format!("[[columns]]\nname = \"{column}\"\ntype = \"{kind}\"\n{more}\n{TITLE}\n");
    }
    DatasetSpec::from_toml(name, &(text + rest)).unwrap()
}

pub(crate) fn specs() -> Vec<DatasetSpec> {
    let required = "required = true";
    let time = "required = true\nrole = \"time\"";
    let rollup =
        "[[rollups]]\nname = \"hourly\"\ngrain = \"hour\"\nby = [\"station\"]\nmeasures = [\"value\"]\n";
    let reading = [
        ("station", "text", required),
        ("t", "time", time),
        ("value", "float", ""),
        ("n", "int", ""),
    ];
    vec![
        spec("town_readings", "event", "\"station\", \"t\"", &reading, rollup),
        spec("town_nothing", "event", "\"station\", \"t\"", &reading, ""),
        spec(
            "town_riders",
            "event",
            "\"line\", \"day\"",
            &[
                ("line", "text", required),
                ("day", "date", time),
                ("riders", "int", ""),
            ],
            "",
        ),
        spec(
            "town_stations",
            "snapshot",
            "\"station\"",
            &[
                ("station", "text", required),
                ("name", "text", ""),
                ("lon", "float", ""),
                ("lat", "float", ""),
            ],
            "",
        ),
        spec(
            "town_limits",
            "state",
            "\"station\"",
            &[
                ("station", "text", required),
                ("valid_from", "time", "required = true\nrole = \"valid_from\""),
                ("valid_to", "time", "role = \"valid_to\""),
                ("highest", "float", ""),
            ],
            "",
        ),
    ]
}

pub(crate) fn texts(values: impl IntoIterator<Item = impl AsRef<str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(crate) fn times(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

pub(crate) fn floats(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

pub(crate) fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A reading: station, time, value.
pub(crate) type Reading = (String, i64, f64);

pub(crate) fn readings(rows: &[Reading]) -> RecordBatch {
    let columns = vec![
        ("station", texts(rows.iter().map(|r| &r.0))),
        ("t", times(rows.iter().map(|r| r.1))),
        ("value", floats(rows.iter().map(|r| r.2))),
        ("n", ints(rows.iter().map(|r| r.1 / MINUTE % 7))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

fn keys(rows: &[Reading]) -> RecordBatch {
    readings(rows).project(&[0, 1]).unwrap()
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A value whose plain sum depends on the order of rows.
    fn value(&mut self) -> f64 {
        let size = 10f64.powi((self.next() % 12) as i32 - 4);
        (self.next() % 2_000_001) as f64 / 1_000_000.0 * size - size / 3.0
    }
}

/// The town, open.
pub(crate) struct Town {
    pub(crate) lake: Arc<Lake>,
    pub(crate) local: Arc<LocalEngine>,
    number: AtomicU64,
}

impl Town {
    pub(crate) async fn open(root: &Path) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(Ticking(AtomicI64::new(START + 10 * DAY)));
        let mut options = LakeOptions::new(Zone::new("Asia/Almaty").unwrap(), clock);
        options.seed = Some(7);
        options.reserve = 0;
        let disk = Arc::new(RealDisk::new(root).unwrap());
        let lake = Lake::open(disk, &specs(), options).await.unwrap();
        let lake = Arc::new(lake.at(root.to_owned()));
        let limits = LocalOptions {
            memory: 256 << 20,
            threads: 2,
            ..LocalOptions::default()
        };
        let local = Arc::new(LocalEngine::new(Arc::clone(&lake), &limits).unwrap());
        Self {
            lake,
            local,
            number: AtomicU64::new(0),
        }
    }

    /// Sends one message.
    pub(crate) async fn send(&self, feed: &str, op: Op, parts: &[(&str, RecordBatch)]) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let message = Message {
            feed: FeedId::new(feed).unwrap(),
            kind: "test".into(),
            name: format!("message {number}"),
            digest: format!("test:{number}"),
            context: String::new(),
            idempotency_key: None,
            op,
        };
        let Begin::New(mut session) = self.lake.begin(message).await.unwrap() else {
            panic!("message {number} came before")
        };
        for (dataset, batch) in parts {
            let name = DatasetName::new(*dataset).unwrap();
            session.rows(&name, batch).await.unwrap();
            if *dataset == "town_stations" {
                session.publish(&[name]).unwrap();
            }
        }
        let outcome = session.finish(None).await.unwrap();
        assert_eq!(outcome.total.quarantined, 0, "{outcome:?}");
    }

    async fn upsert(&self, feed: &str, dataset: &str, batch: RecordBatch) {
        self.send(feed, Op::Upsert, &[(dataset, batch)]).await;
    }

    async fn stations(&self, feed: &str, rows: &[(&str, &str, f64, f64)]) {
        let columns = vec![
            ("station", texts(rows.iter().map(|r| r.0))),
            ("name", texts(rows.iter().map(|r| r.1))),
            ("lon", floats(rows.iter().map(|r| r.2))),
            ("lat", floats(rows.iter().map(|r| r.3))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)));
        self.upsert(feed, "town_stations", batch.unwrap()).await;
    }

    async fn limits(&self, rows: &[(&str, i64, f64)]) {
        let columns = vec![
            ("station", texts(rows.iter().map(|r| r.0))),
            ("valid_from", times(rows.iter().map(|r| START + r.1 * DAY))),
            ("highest", floats(rows.iter().map(|r| r.2))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)));
        self.upsert("limits", "town_limits", batch.unwrap()).await;
    }

    /// Tells the town's story, committing after each chapter. Gives the `_seq` at the end of each chapter and the number of
    /// readings that are then visible.
    pub(crate) async fn story(&self) -> Vec<(i64, usize)> {
        let mut random = Random(11);
        let mut marks = Vec::new();
        let mut days: Vec<Vec<Reading>> = Vec::new();
        for day in 0..4 {
            let rows: Vec<Reading> = (0..6 * 96)
                .map(|i| {
                    let t = START + day * DAY + i64::from(i / 6) * 15 * MINUTE;
                    (format!("s{}", i % 6), t, random.value())
                })
                .collect();
            self.upsert("readings", "town_readings", readings(&rows)).await;
            days.push(rows);
            if day % 2 == 1 {
                self.lake.commit().await.unwrap();
            }
        }
        let riders: Vec<(i32, i64)> = (0..60)
            .map(|i| (20_514 + i / 15, i64::from(i % 15) * 31 + 5))
            .collect();
        let columns = vec![
            ("line", texts(riders.iter().map(|r| format!("line {}", r.1 % 15)))),
            (
                "day",
                Arc::new(Date32Array::from_iter_values(riders.iter().map(|r| r.0))) as ArrayRef,
            ),
            ("riders", ints(riders.iter().map(|r| r.1))),
        ];
        let riders = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)));
        self.upsert("riders", "town_riders", riders.unwrap()).await;
        let all = [
            ("s0", "First", 76.90, 43.24),
            ("s1", "Second", 76.91, 43.25),
            ("s2", "Third", 76.92, 43.26),
        ];
        self.stations("north", &all).await;
        self.stations(
            "south",
            &[("s3", "Fourth", 76.93, 43.20), ("s4", "Fifth", 76.94, 43.21)],
        )
        .await;
        self.limits(&[("s0", 0, 5.0), ("s1", 0, 50.0), ("s2", 1, 500.0)])
            .await;
        self.lake.commit().await.unwrap();
        let mut visible = 4 * 6 * 96;
        marks.push((self.lake.view().seq(), visible));

        // Corrections in one day, retractions in another.
        let mended: Vec<Reading> = days[1]
            .iter()
            .step_by(7)
            .map(|r| (r.0.clone(), r.1, r.2 * 3.0 + 1.0))
            .collect();
        self.upsert("readings", "town_readings", readings(&mended)).await;
        let gone: Vec<Reading> = days[2].iter().step_by(11).cloned().collect();
        self.send("readings", Op::Retract, &[("town_readings", keys(&gone))])
            .await;
        self.lake.commit().await.unwrap();
        visible -= gone.len();
        marks.push((self.lake.view().seq(), visible));
        self.local.refresh_rollups().await.unwrap();

        // A second set of one feed, new limits, one limit corrected.
        self.stations(
            "north",
            &[("s0", "First again", 76.90, 43.24), ("s2", "Third", 76.92, 43.26)],
        )
        .await;
        self.limits(&[("s0", 1, 6.0), ("s0", 3, 7.0), ("s1", 2, 40.0)])
            .await;
        self.limits(&[("s1", 0, 45.0)]).await;
        self.lake.commit().await.unwrap();
        marks.push((self.lake.view().seq(), visible));

        // Corrections of corrections, and late rows of the first day, whose rollup is thereby stale.
        let again: Vec<Reading> = mended
            .iter()
            .step_by(2)
            .map(|r| (r.0.clone(), r.1, r.2 - 0.1))
            .collect();
        self.upsert("readings", "town_readings", readings(&again)).await;
        let late: Vec<Reading> = (0..96)
            .map(|i| ("s9".to_owned(), START + i * 15 * MINUTE, random.value()))
            .collect();
        self.upsert("readings", "town_readings", readings(&late)).await;
        self.lake.commit().await.unwrap();
        visible += late.len();
        marks.push((self.lake.view().seq(), visible));
        marks
    }
}
