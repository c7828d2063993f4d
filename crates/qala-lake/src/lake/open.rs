//! Opening a data directory: its format, its tables, what the log holds beyond them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize};

use arc_swap::ArcSwap;
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parking_lot::Mutex;
use qala_core::spec::DatasetSpec;
use qala_disk::{Disk, write_atomic};

use super::begun::Begun;
use super::core::Core;
use super::declared::Declared;
use super::known::read_known;
use super::{FORMAT, Lake, LakeOptions, PARTITION};
use crate::error::{LakeError, Result};
use crate::guard::Guard;
use crate::index::Index;
use crate::log::{Log, Record};
use crate::migration;
use crate::schema::{RECEIVED_AT, SEQ, SOURCE};
use crate::store::DiskStore;
use crate::table::Table;
use crate::view::{Dataset, TableView, View};
use crate::writer::{self, Shared, Writer};
use crate::{keep, read, system};

impl Lake {
    /// Opens or makes a data directory on `disk` with the given datasets, and recovers what the log holds.
    ///
    /// # Errors
    /// IO; [`LakeError::NewerFormat`]; [`LakeError::Damaged`]; [`LakeError::Spec`] when a dataset changed its unit,
    /// type or key without a new version, or does not say how the rows of the version before map to it.
    pub async fn open(disk: Arc<dyn Disk>, specs: &[DatasetSpec], options: LakeOptions) -> Result<Self> {
        check_format(&*disk)?;
        keep::sweep(&*disk)?;
        let seed = options.seed.unwrap_or_else(rand::random);
        let mut datasets: HashMap<Arc<str>, Arc<Dataset>> = HashMap::new();
        let own = system::specs().map_err(|e| LakeError::Spec {
            dataset: e.name,
            message: e.message,
        })?;
        // Before anything is written: a mapping that does not fit can still be mended.
        let migrations = migration::needed(&*disk, specs.iter().chain(&own), &options.city_zone)?;
        for spec in specs.iter().chain(&own) {
            migration::check_spec(&*disk, spec)?;
            let dataset = Arc::new(Dataset::new(spec.clone(), &options.city_zone));
            if datasets
                .insert(Arc::clone(&dataset.name), Arc::clone(&dataset))
                .is_some()
            {
                let message = "it is declared twice".to_owned();
                return Err(LakeError::Spec {
                    dataset: dataset.name.to_string(),
                    message,
                });
            }
        }
        let store = DiskStore::new(Arc::clone(&disk), "");
        let mut tables = HashMap::new();
        let mut rollups = HashMap::new();
        let mut view = View::default();
        for dataset in datasets.values() {
            let dir = format!("tables/{}/v{}", dataset.name, dataset.spec.version);
            let table = Table::open(store.clone(), &dir, PARTITION).await?;
            view.seq = view.seq.max(table.offset());
            let table_view = TableView {
                dataset: Arc::clone(dataset),
                dir: dir.as_str().into(),
                files: Arc::clone(table.files()),
                committed: table.offset(),
                complete: 0,
                tail: Arc::default(),
            };
            view.tables
                .insert(Arc::clone(&dataset.name), Arc::new(table_view));
            tables.insert(Arc::clone(&dataset.name), tokio::sync::Mutex::new(table));
            for rollup in &dataset.spec.rollups {
                let name: Arc<str> = format!("{}_{}", dataset.name, rollup.name).into();
                let dir = format!("rollups/{name}/v{}", dataset.spec.version);
                let table = Table::open(store.clone(), &dir, PARTITION).await?;
                let table_view = TableView {
                    dataset: Arc::clone(dataset),
                    dir: dir.as_str().into(),
                    files: Arc::clone(table.files()),
                    committed: 0,
                    complete: 0,
                    tail: Arc::default(),
                };
                view.rollups.insert(Arc::clone(&name), Arc::new(table_view));
                rollups.insert(name, tokio::sync::Mutex::new(table));
            }
        }
        for migration in &migrations {
            let table = Table::open(store.clone(), &migration.dir(), PARTITION).await?;
            view.seq = view.seq.max(table.offset());
            view.tables
                .insert(migration.hidden(), Arc::new(migration.view(&table)));
            tables.insert(migration.hidden(), tokio::sync::Mutex::new(table));
        }
        let of_tables = tables.values_mut().map(|table| &*table.get_mut());
        let begun = Begun::open(&*disk, of_tables)?;
        let committed = view.seq;
        note_committed(&*disk, &view)?;
        let mut received_at = 0;
        let mut replayed = |record: Record| {
            received_at = record.received_at;
            writer::add(&mut view, &record)
        };
        let mut log = Log::open(Arc::clone(&disk), "log/p0", &mut replayed)?;
        log.resume_at(committed + 1);
        view.seq = view.seq.max(committed);
        let next_seq = log.next_seq();
        if received_at == 0 {
            received_at = newest_received(&*disk, &view)?;
        }
        let known = read_known(&*disk, &view)?;
        let shared = Arc::new(Shared {
            view: ArcSwap::from_pointee(view),
            swap: Mutex::new(()),
            durable_next: AtomicI64::new(next_seq),
            groups: AtomicU64::new(0),
            key_bytes: AtomicUsize::new(0),
        });
        let (writer, thread) = Writer::start(log, Arc::clone(&shared))?;
        let guard = Guard::open(Arc::clone(&disk))?;
        let mut lake = Self {
            disk,
            root: None,
            datasets,
            shared,
            store,
            tables,
            rollups,
            declared: Declared::default(),
            boot: if options.seed.is_some() {
                seed
            } else {
                rand::random()
            },
            unique: AtomicU64::new(0),
            wake: tokio::sync::Notify::new(),
            drained: tokio::sync::Notify::new(),
            last_trim: AtomicI64::new(0),
            unnamed: Mutex::default(),
            holds: AtomicUsize::new(0),
            begun,
            kept_in: Mutex::default(),
            guard,
            core: tokio::sync::Mutex::new(Core {
                next_seq,
                received_at,
                epoch: 1,
                seed,
                index: Index::new(options.index_bytes),
            }),
            writer: Some(writer),
            thread: Some(thread),
            known: Mutex::new(known),
            in_flight: Mutex::default(),
            pressure: Arc::default(),
            landed: tokio::sync::Notify::new(),
            options,
        };
        lake.migrate(migrations).await?;
        Ok(lake)
    }
}

fn check_format(disk: &dyn Disk) -> Result<()> {
    match disk.read("FORMAT") {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text);
            let found: u32 = text.trim().parse().map_err(|_| LakeError::Damaged {
                what: "FORMAT".into(),
                detail: format!("`{}` is not a number", text.trim()),
            })?;
            if found > FORMAT {
                return Err(LakeError::NewerFormat { found, known: FORMAT });
            }
            Ok(())
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            // It is the first file of a new directory, and the last of one that is restored.
            if let Some(there) = ["tables", "log"].iter().find(|dir| disk.stat(dir).is_ok()) {
                return Err(LakeError::Damaged {
                    what: "the data directory".into(),
                    detail: format!("it has a folder {there} but no FORMAT, so it is not whole"),
                });
            }
            write_atomic(disk, "FORMAT", format!("{FORMAT}\n").as_bytes())
                .map_err(LakeError::io("write FORMAT"))
        }
        Err(e) => Err(LakeError::io("read FORMAT")(e)),
    }
}

/// Reads superseded rows and published sets that are already in tables.
fn note_committed(disk: &dyn Disk, view: &View) -> Result<()> {
    let find = |name: &str| view.tables.get(name).map(|t| &t.dataset);
    if let Some(table) = view.tables.get(system::SUPERSEDED) {
        for batch in read::rows(disk, table, &["dataset", "day", "old_seq", "new_seq"], |_| true) {
            writer::note_superseded(&batch?, find)?;
        }
    }
    if let Some(table) = view.tables.get(system::SETS) {
        let names = ["dataset", "feed", "seq_from", "seq_to", "digest", SEQ, SOURCE];
        for batch in read::rows(disk, table, &names, |_| true) {
            let batch = batch?;
            let number = |column: usize| batch.column(column).as_primitive::<Int64Type>().clone();
            let (seqs, sources) = (number(5), number(6));
            writer::note_sets(&batch, |row| (seqs.value(row), sources.value(row)), find)?;
        }
    }
    Ok(())
}

fn newest_received(disk: &dyn Disk, view: &View) -> Result<i64> {
    let Some(table) = view.tables.get(system::MESSAGES) else {
        return Ok(0);
    };
    let newest = table.files.iter().map(|f| f.day).max().unwrap_or(0);
    let mut last = 0;
    for batch in read::rows(disk, table, &[RECEIVED_AT], |day| day == newest) {
        let batch = batch?;
        let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
        last = times.values().iter().copied().fold(last, i64::max);
    }
    Ok(last)
}
