//! The lake: opening and recovering a data directory, taking messages in, the view that queries read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parking_lot::Mutex;
use qala_core::Zone;
use qala_core::spec::{DatasetSpec, nearest};
use qala_disk::{Disk, write_atomic};
use tokio::sync::oneshot;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{LakeError, Result};
use crate::guard::Guard;
use crate::index::{Index, key_hashes, pick, value_hashes};
use crate::keys::{Entry, Keys};
use crate::log::{Log, Record};
use crate::migration;
use crate::schema::{RECEIVED_AT, SEQ};
use crate::session::{Message, Outcome, Session, slots};
use crate::store::DiskStore;
use crate::table::Table;
use crate::view::{Dataset, TableView, View};
use crate::writer::{self, Job, Shared, Writer};
use crate::{read, system};

/// The format of a data directory that this program writes.
pub const FORMAT: u32 = 1;
/// The log partition; all datasets share one (docs/adr/0004).
pub const PARTITION: &str = "p0";

/// Where the time comes from. The log never lets it run backwards.
pub trait Clock: Send + Sync + Debug {
    /// µs of UTC since 1970.
    fn now(&self) -> i64;
}

/// How a lake is opened.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// The zone that `zone = "city"` stands for.
    pub city_zone: Zone,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Keys kept in memory for duplicate search, about 48 bytes each.
    pub index_keys: usize,
    /// Bytes of rows in memory at which a commit is asked for.
    pub tail_soft: usize,
    /// Bytes of rows in memory at which senders are turned away.
    pub tail_hard: usize,
    /// Bytes of the disk that are never used for new data.
    pub reserve: u64,
    /// Longest time between two commits of a table that has new rows.
    pub commit_every: Duration,
    /// Data files of one commit that are written at a time.
    pub writers: usize,
    /// Seed of key hashes and file names; given only in tests, else random at each start.
    pub seed: Option<u64>,
}

impl LakeOptions {
    /// Options for a city in `city_zone` with the given clock.
    pub fn new(city_zone: Zone, clock: Arc<dyn Clock>) -> Self {
        Self {
            city_zone,
            clock,
            index_keys: 16_000_000,
            tail_soft: 48 << 20,
            tail_hard: 1 << 30,
            reserve: 256 << 20,
            commit_every: Duration::from_secs(10),
            writers: 2,
            seed: None,
        }
    }
}

/// What one sender at a time may touch.
#[derive(Debug)]
pub(crate) struct Core {
    next_seq: i64,
    received_at: i64,
    epoch: u64,
    seed: u64,
    index: Index,
}

impl Core {
    pub(crate) fn next_seq(&self) -> i64 {
        self.next_seq
    }
    pub(crate) fn received_at(&self) -> i64 {
        self.received_at
    }
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }
    pub(crate) fn index(&mut self) -> &mut Index {
        &mut self.index
    }
    pub(crate) fn advance(&mut self, next: i64) {
        self.next_seq = next;
    }
    pub(crate) fn index_shrink(&mut self, lake: &Lake) {
        self.index.shrink(lake.shared.view.load().seq);
    }

    /// The key-table slot of each row; tables that are not in memory are read from the rows.
    pub(crate) fn slots(&mut self, lake: &Lake, dataset: &Arc<Dataset>, days: &[i32]) -> Result<Vec<i32>> {
        let slots = slots(dataset, days);
        let mut missing = BTreeSet::new();
        let mut last = None;
        for slot in &slots {
            if last != Some(*slot) && !self.index.has(&dataset.name, *slot) {
                missing.insert(*slot);
            }
            last = Some(*slot);
        }
        if !missing.is_empty() {
            for (slot, keys) in lake.load_keys(dataset, &missing, self.seed)? {
                self.index.insert(Arc::clone(&dataset.name), slot, keys);
            }
        }
        Ok(slots)
    }
}

/// A data directory, open. Dropping it stops the log thread after all that was sent is written.
#[derive(Debug)]
pub struct Lake {
    pub(crate) disk: Arc<dyn Disk>,
    /// The data directory on a real disk, for file paths that other programs are given.
    pub(crate) root: Option<PathBuf>,
    pub(crate) options: LakeOptions,
    pub(crate) datasets: HashMap<Arc<str>, Arc<Dataset>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: DiskStore,
    pub(crate) tables: HashMap<Arc<str>, tokio::sync::Mutex<Table>>,
    pub(crate) rollups: HashMap<Arc<str>, tokio::sync::Mutex<Table>>,
    pub(crate) boot: u64,
    pub(crate) unique: AtomicU64,
    pub(crate) wake: tokio::sync::Notify,
    pub(crate) drained: tokio::sync::Notify,
    pub(crate) last_trim: AtomicI64,
    /// When a data file was first found that no table names.
    pub(crate) unnamed: Mutex<HashMap<String, i64>>,
    pub(crate) holds: std::sync::atomic::AtomicUsize,
    guard: Guard,
    core: tokio::sync::Mutex<Core>,
    writer: Option<Writer>,
    thread: Option<std::thread::JoinHandle<()>>,
    known: Mutex<HashSet<u64>>,
    in_flight: Mutex<HashSet<u64>>,
}

impl Drop for Lake {
    fn drop(&mut self) {
        self.writer = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the log thread had failed");
        }
    }
}

impl Lake {
    /// Opens or makes a data directory on `disk` with the given datasets, and recovers what the log holds.
    ///
    /// # Errors
    /// IO; [`LakeError::NewerFormat`]; [`LakeError::Damaged`]; [`LakeError::Spec`] when a dataset changed its unit,
    /// type or key without a new version, or does not say how the rows of the version before map to it.
    pub async fn open(disk: Arc<dyn Disk>, specs: &[DatasetSpec], options: LakeOptions) -> Result<Self> {
        check_format(&*disk)?;
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
        let known = known_messages(&*disk, &view)?;
        let shared = Arc::new(Shared {
            view: ArcSwap::from_pointee(view),
            swap: Mutex::new(()),
            durable_next: AtomicI64::new(next_seq),
            groups: AtomicU64::new(0),
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
            holds: std::sync::atomic::AtomicUsize::new(0),
            guard,
            core: tokio::sync::Mutex::new(Core {
                next_seq,
                received_at,
                epoch: 1,
                seed,
                index: Index::new(options.index_keys),
            }),
            writer: Some(writer),
            thread: Some(thread),
            known: Mutex::new(known),
            in_flight: Mutex::new(HashSet::new()),
            options,
        };
        lake.migrate(migrations).await?;
        Ok(lake)
    }

    /// Tells the lake where its data directory is on a real disk.
    #[must_use]
    pub fn at(mut self, root: PathBuf) -> Self {
        self.root = Some(root);
        self
    }

    /// The data directory, when it is on a real disk.
    pub fn root(&self) -> Option<&std::path::Path> {
        self.root.as_deref()
    }

    /// The options it was opened with.
    pub fn options(&self) -> &LakeOptions {
        &self.options
    }

    /// Specs of all datasets, the lake's own included, by name.
    pub fn specs(&self) -> Vec<&DatasetSpec> {
        let mut specs: Vec<&DatasetSpec> = self.datasets.values().map(|d| &d.spec).collect();
        specs.sort_by_key(|s| &s.name);
        specs
    }

    /// The newest view.
    pub fn view(&self) -> Arc<View> {
        self.shared.view.load_full()
    }

    /// A dataset by its name.
    ///
    /// # Errors
    /// [`LakeError::UnknownDataset`] with a suggestion.
    pub fn dataset(&self, name: &str) -> Result<Arc<Dataset>> {
        self.datasets.get(name).cloned().ok_or_else(|| {
            let hint = nearest(name, self.datasets.keys().map(|k| &**k));
            LakeError::UnknownDataset {
                name: name.into(),
                hint: hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default(),
            }
        })
    }

    /// Begins to take a message in, or gives the answer of the same message that came before.
    ///
    /// # Errors
    /// [`LakeError::KeyReused`]; [`LakeError::Slow`] when the same message is being taken in right now; reading of former
    /// messages.
    pub fn begin(&self, message: Message) -> Result<Begin<'_>> {
        let text = format!(
            "{}\n{}\n{}\n{:?}\n{}",
            message.feed, message.kind, message.context, message.op, message.digest
        );
        let identity = xxh3_64(text.as_bytes());
        let identity_text = format!("{identity:016x}");
        let key_hash = message
            .idempotency_key
            .as_deref()
            .map(|k| key_identity(&message.feed, k));
        {
            let mut flying = self.in_flight.lock();
            if !flying.insert(identity) {
                return Err(LakeError::Slow {
                    tail_bytes: 0,
                    retry_after_s: 1,
                });
            }
        }
        let session = Session::new(self, message, identity, identity_text);
        let (maybe_key, maybe_same) = {
            let known = self.known.lock();
            (
                key_hash.is_some_and(|k| known.contains(&k)),
                known.contains(&identity),
            )
        };
        if (maybe_key || maybe_same)
            && let Some(found) = self.find_message(&session)?
        {
            return Ok(Begin::Repeated(Box::new(found)));
        }
        Ok(Begin::New(Box::new(session)))
    }

    /// Looks a repeated message up by idempotency key, then by identity.
    fn find_message(&self, session: &Session<'_>) -> Result<Option<Outcome>> {
        let view = self.view();
        let Some(table) = view.tables.get(system::MESSAGES) else {
            return Ok(None);
        };
        let names = ["feed", "digest", "identity", "idempotency_key", "receipts"];
        let (message, identity) = session.who();
        let mut same = None;
        for batch in read::all(&*self.disk, table, &names, |_| true)? {
            let text = |i: usize| batch.column(i).as_string::<i32>();
            for row in 0..batch.num_rows() {
                let parse = || -> Result<Outcome> {
                    serde_json::from_str(text(4).value(row)).map_err(|e| LakeError::Damaged {
                        what: "a stored receipt".into(),
                        detail: e.to_string(),
                    })
                };
                let same_feed = text(0).value(row) == message.feed.as_str();
                let key = message.idempotency_key.as_deref();
                if same_feed && key.is_some() && text(3).is_valid(row) && Some(text(3).value(row)) == key {
                    if text(1).value(row) != message.digest {
                        let (feed, key) = (message.feed.to_string(), key.unwrap_or_default().to_owned());
                        return Err(LakeError::KeyReused { feed, key });
                    }
                    return Ok(Some(Outcome {
                        repeated: true,
                        ..parse()?
                    }));
                }
                // The same bytes without the same key: every row is there already.
                if text(2).value(row) == identity {
                    let mut outcome = parse()?;
                    for receipt in outcome.datasets.iter_mut().chain([&mut outcome.total]) {
                        receipt.duplicate += receipt.accepted;
                        (
                            receipt.accepted,
                            receipt.superseded,
                            receipt.seq_from,
                            receipt.seq_to,
                        ) = (0, 0, 0, 0);
                    }
                    outcome.repeated = true;
                    same = Some(outcome);
                }
            }
        }
        Ok(same)
    }

    /// Asks for a commit now.
    pub(crate) fn ask_commit(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn remember(&self, identity: u64, key: Option<&str>, feed: &qala_core::FeedId) {
        let mut known = self.known.lock();
        known.insert(identity);
        if let Some(key) = key {
            known.insert(key_identity(feed, key));
        }
    }

    pub(crate) fn release(&self, identity: u64) {
        self.in_flight.lock().remove(&identity);
    }

    /// Replaces personal text, except in the columns `done` that hold pseudonyms already.
    pub(crate) fn guard(
        &self,
        dataset: &Dataset,
        batch: RecordBatch,
        done: &BTreeSet<String>,
    ) -> Result<RecordBatch> {
        self.guard.apply(dataset, batch, done, self.options.clock.now())
    }

    pub(crate) fn key(&self, month: &str) -> Result<[u8; 32]> {
        self.guard.key(month)
    }

    /// Destroys the personal-data key of a month (`2026-03`): pseudonyms of that month can no longer be linked, its kept
    /// messages no longer be read, its data no longer be imported.
    ///
    /// # Errors
    /// IO.
    pub fn destroy_key(&self, month: &str) -> Result<()> {
        self.guard.destroy(month)
    }

    /// Waits (`patient`) or refuses until there is room in memory, and refuses when the disk is nearly full.
    pub(crate) async fn room(&self, patient: bool) -> Result<()> {
        let free = self
            .disk
            .free_bytes()
            .map_err(LakeError::io("ask for free disk space"))?;
        if free < self.options.reserve {
            return Err(LakeError::DiskFull {
                free,
                reserve: self.options.reserve,
            });
        }
        loop {
            let drained = self.drained.notified();
            let tail = self.view().tail_bytes();
            if tail > self.options.tail_soft {
                self.wake.notify_one();
            }
            if tail <= self.options.tail_hard {
                return Ok(());
            }
            if !patient {
                return Err(LakeError::Slow {
                    tail_bytes: tail,
                    retry_after_s: 5,
                });
            }
            drop(tokio::time::timeout(Duration::from_secs(1), drained).await);
        }
    }

    /// Waits until rows wait to be committed and either somebody asks for a commit or `longest` has passed.
    pub async fn asked_or(&self, longest: Duration) {
        loop {
            drop(tokio::time::timeout(longest, self.wake.notified()).await);
            if self.view().tail_bytes() > 0 {
                return;
            }
        }
    }

    /// Refuses at once when there is no room; for senders that can come again.
    ///
    /// # Errors
    /// [`LakeError::Slow`], [`LakeError::DiskFull`].
    pub async fn admit(&self) -> Result<()> {
        self.room(false).await
    }

    pub(crate) async fn lock_core(&self) -> Result<tokio::sync::MutexGuard<'_, Core>> {
        let mut core = self.core.lock().await;
        core.received_at = core.received_at.max(self.options.clock.now());
        Ok(core)
    }

    pub(crate) fn send(&self, job: Job) -> Result<()> {
        self.writer
            .as_ref()
            .ok_or_else(|| LakeError::Closed("it is being dropped".into()))?
            .send(job)
    }

    /// After a failed write: forgets what was planned on top of it and starts from what is durable.
    pub(crate) async fn recover(&self, failed: u64) {
        let mut core = self.core.lock().await;
        if core.epoch == failed {
            core.epoch += 1;
            core.index.clear();
            core.next_seq = self.shared.durable_next.load(Ordering::Acquire);
        }
    }

    /// Fills in what an error says about the disk.
    pub(crate) fn explain(&self, error: LakeError) -> LakeError {
        match error {
            LakeError::DiskFull { .. } => LakeError::DiskFull {
                free: self.disk.free_bytes().unwrap_or(0),
                reserve: self.options.reserve,
            },
            other => other,
        }
    }

    /// Asks the log thread to remove segments whose rows are all in tables.
    pub(crate) async fn trim_log(&self) -> Result<()> {
        let committed = self.view().first_uncommitted() - 1;
        if self.held() || self.last_trim.swap(committed, Ordering::Relaxed) == committed {
            return Ok(());
        }
        let (done, waiting) = oneshot::channel();
        self.send(Job::Trim(committed, done))?;
        waiting
            .await
            .map_err(|_| LakeError::Closed("the log thread has stopped".into()))?
    }

    /// Reads the current rows of some days (or of the whole dataset) into key tables.
    fn load_keys(
        &self,
        dataset: &Arc<Dataset>,
        wanted: &BTreeSet<i32>,
        seed: u64,
    ) -> Result<BTreeMap<i32, Keys>> {
        let mut slots: BTreeMap<i32, Keys> = wanted.iter().map(|s| (*s, Keys::default())).collect();
        let view = self.view();
        let Some(table) = view.tables.get(&dataset.name) else {
            return Ok(slots);
        };
        let whole = wanted.contains(&crate::index::WHOLE);
        let mut names: Vec<&str> = dataset.values.iter().map(String::as_str).collect();
        names.extend([SEQ, RECEIVED_AT]);
        for batch in read::all(&*self.disk, table, &names, |day| whole || wanted.contains(&day))? {
            let days = dataset.stored_days(&batch);
            let seqs = batch.column(names.len() - 2).as_primitive::<Int64Type>();
            let current: BooleanArray = (0..batch.num_rows())
                .map(|i| {
                    let here = whole || wanted.contains(&days[i]);
                    Some(here && dataset.superseded.by(seqs.value(i)).is_none())
                })
                .collect();
            let batch = filter_record_batch(&batch, &current)?;
            let days: Vec<i32> = days
                .into_iter()
                .zip(&current)
                .filter(|(_, c)| *c == Some(true))
                .map(|(d, _)| d)
                .collect();
            let seqs = batch.column(names.len() - 2).as_primitive::<Int64Type>();
            let key = key_hashes(&pick(&batch, &dataset.key), seed)?;
            let value = value_hashes(&pick(&batch, &dataset.values), seed)?;
            for row in 0..batch.num_rows() {
                let day = days[row];
                let slot = if whole { crate::index::WHOLE } else { day };
                if let Some(keys) = slots.get_mut(&slot) {
                    keys.insert(
                        key[row],
                        Entry {
                            seq: seqs.value(row),
                            value: value[row],
                            day,
                        },
                    );
                }
            }
        }
        Ok(slots)
    }
}

/// A message that begins.
pub enum Begin<'a> {
    /// It is new; send its rows.
    New(Box<Session<'a>>),
    /// It came before; this was the answer.
    Repeated(Box<Outcome>),
}

fn key_identity(feed: &qala_core::FeedId, key: &str) -> u64 {
    xxh3_64(format!("key\n{feed}\n{key}").as_bytes())
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
        for batch in read::all(disk, table, &["dataset", "day", "old_seq", "new_seq"], |_| true)? {
            writer::note_superseded(&batch, find)?;
        }
    }
    if let Some(table) = view.tables.get(system::SETS) {
        for batch in read::all(
            disk,
            table,
            &["dataset", "feed", "seq_from", "seq_to", "digest", SEQ],
            |_| true,
        )? {
            let seqs = batch.column(5).as_primitive::<Int64Type>().clone();
            writer::note_sets(&batch, |row| seqs.value(row), find)?;
        }
    }
    Ok(())
}

fn known_messages(disk: &dyn Disk, view: &View) -> Result<HashSet<u64>> {
    let mut known = HashSet::new();
    let Some(table) = view.tables.get(system::MESSAGES) else {
        return Ok(known);
    };
    for batch in read::all(disk, table, &["feed", "identity", "idempotency_key"], |_| true)? {
        let text = |i: usize| batch.column(i).as_string::<i32>();
        for row in 0..batch.num_rows() {
            known.extend(u64::from_str_radix(text(1).value(row), 16).ok());
            if text(2).is_valid(row)
                && let Ok(feed) = qala_core::FeedId::new(text(0).value(row))
            {
                known.insert(key_identity(&feed, text(2).value(row)));
            }
        }
    }
    Ok(known)
}

fn newest_received(disk: &dyn Disk, view: &View) -> Result<i64> {
    let Some(table) = view.tables.get(system::MESSAGES) else {
        return Ok(0);
    };
    let newest = table.files.iter().map(|f| f.day).max().unwrap_or(0);
    let batches = read::all(disk, table, &[RECEIVED_AT], |day| day == newest)?;
    Ok(batches
        .iter()
        .flat_map(|b| {
            b.column(0)
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .iter()
                .copied()
        })
        .max()
        .unwrap_or(0))
}
