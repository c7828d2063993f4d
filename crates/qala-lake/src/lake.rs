//! The lake: taking messages in, room and back-pressure, the view that queries read.

mod begun;
mod core;
mod declared;
mod known;
mod open;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use parking_lot::Mutex;
use qala_core::Zone;
use qala_core::spec::{DatasetSpec, nearest};
use qala_disk::Disk;
use tokio::sync::oneshot;

pub(crate) use self::core::Core;
use self::declared::Declared;
use self::known::Known;
pub(crate) use self::known::{Identity, Turn};
use crate::error::{LakeError, Result};
use crate::guard::Guard;
use crate::query::pressure::Pressure;
use crate::session::{Message, Outcome, Session};
use crate::store::DiskStore;
use crate::table::Table;
use crate::view::{Dataset, View};
use crate::writer::{Job, Shared, Writer};

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
    /// Bytes of the key tables for duplicate search, about 35 for each key. Days that do not fit are looked through
    /// on disk for the keys of each message. A message keeps the tables that it fills until it is in.
    pub index_bytes: usize,
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
            index_bytes: 384 << 20,
            tail_soft: 48 << 20,
            tail_hard: 256 << 20,
            reserve: 256 << 20,
            commit_every: Duration::from_secs(10),
            writers: 2,
            seed: None,
        }
    }

    /// Divides `bytes` of memory among key tables and rows that wait to be committed; without a word it is 640 MiB. What
    /// a commit and a merge of files need beside that is some 100 MiB, whatever the size of the data.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        self.index_bytes = bytes / 3 * 2;
        self.tail_hard = bytes - self.index_bytes;
        self.tail_soft = self.tail_soft.min(self.tail_hard / 4);
        self
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
    declared: Declared,
    pub(crate) boot: u64,
    pub(crate) unique: AtomicU64,
    pub(crate) wake: tokio::sync::Notify,
    pub(crate) drained: tokio::sync::Notify,
    pub(crate) last_trim: AtomicI64,
    /// When a data file was first found that no table names.
    pub(crate) unnamed: Mutex<HashMap<String, i64>>,
    pub(crate) holds: std::sync::atomic::AtomicUsize,
    pub(crate) begun: begun::Begun,
    /// The folder of kept messages that is surely durable.
    pub(crate) kept_in: Mutex<String>,
    guard: Guard,
    core: tokio::sync::Mutex<Core>,
    writer: Option<Writer>,
    thread: Option<std::thread::JoinHandle<()>>,
    known: Mutex<Known>,
    in_flight: Mutex<HashSet<u64>>,
    /// How busy the lake is with what comes in.
    pub(crate) pressure: Arc<Pressure>,
    /// A message is in, or was given up.
    landed: tokio::sync::Notify,
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
        let mut specs: Vec<&DatasetSpec> = self.all_datasets().map(|d| &d.spec).collect();
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
        self.find(name).cloned().ok_or_else(|| {
            let hint = nearest(name, self.all_datasets().map(|d| &*d.name));
            LakeError::UnknownDataset {
                name: name.into(),
                hint: hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default(),
            }
        })
    }

    /// Begins to take a message in, or gives the answer of the same message that came before. Waits while a message with
    /// the same bytes or the same idempotency key is being taken in.
    ///
    /// # Errors
    /// [`LakeError::KeyReused`]; reading of former messages.
    pub async fn begin(&self, message: Message) -> Result<Begin<'_>> {
        let identity = Identity::of(&message);
        let turn = self.turn(&identity).await;
        if let Some(found) = self.answered(&message, &identity).await? {
            return Ok(Begin::Repeated(Box::new(found)));
        }
        let session = Session::new(self, message, identity, turn);
        Ok(Begin::New(Box::new(session)))
    }

    /// Asks for a commit now.
    pub(crate) fn ask_commit(&self) {
        self.wake.notify_one();
    }

    /// Notes a message whose first row is at `source` and which lies at `seq` itself.
    pub(crate) fn remember(&self, feed: &qala_core::FeedId, identity: &Identity, source: i64, seq: i64) {
        self.known.lock().note(feed, identity, source, seq);
    }

    /// Notes that rows of a message were written before the rest of it.
    pub(crate) fn unsettle(&self, feed: &qala_core::FeedId) {
        self.known.lock().unsettle(feed);
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

    /// Waits until there are rows after `seq`, or until `longest` has passed.
    pub async fn grown_or(&self, seq: i64, longest: Duration) {
        let landed = self.landed.notified();
        tokio::pin!(landed);
        // From here on nothing that comes in is missed.
        landed.as_mut().enable();
        if self.view().seq() <= seq {
            drop(tokio::time::timeout(longest, landed).await);
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
}

/// A message that begins.
pub enum Begin<'a> {
    /// It is new; send its rows.
    New(Box<Session<'a>>),
    /// It came before; this was the answer.
    Repeated(Box<Outcome>),
}
