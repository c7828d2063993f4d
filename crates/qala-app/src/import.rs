//! Taking a file or a message in: a parser on a thread of its own, a session of the lake, a channel between them.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;
use qala_core::spec::{DatasetSpec, Mapping};
use qala_core::{DatasetName, FeedId, Problem};
use qala_feeds::{Context, Input, Selection, Sink, Stopped, kind};
use qala_lake::{Begin, Message, Op, Outcome};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::centre::Centre;
use crate::content::Content;
use crate::dry_run::{self, Digests, TriedOut};
use crate::error::{AppError, Result};
use crate::recipe::Recipe;
use crate::spool::{self, SpoolFile};

/// What is taken in.
#[derive(Debug, Clone)]
pub enum Payload {
    /// A file on disk; read twice, once for its digest.
    File(PathBuf),
    /// Bytes with a name.
    Bytes(String, Arc<Vec<u8>>),
    /// A large pushed message with its name.
    Spooled(String, Arc<SpoolFile>),
}

impl Payload {
    pub(crate) fn open(&self) -> Result<Box<dyn Input>> {
        let file = |path: &Path| -> Result<Box<dyn Input>> {
            let file = std::fs::File::open(path).map_err(AppError::io(format!("open {}", path.display())))?;
            Ok(Box::new(std::io::BufReader::with_capacity(1 << 20, file)))
        };
        Ok(match self {
            Self::File(path) => file(path)?,
            Self::Spooled(_, spooled) => file(spooled.path())?,
            Self::Bytes(_, bytes) => Box::new(Cursor::new(Shared(Arc::clone(bytes)))),
        })
    }

    /// The message's name: that of the file, or the one given with the bytes.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default(),
            Self::Bytes(name, _) | Self::Spooled(name, _) => name.clone(),
        }
    }
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What has been done so far; read while an import runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Rows read.
    pub rows: AtomicU64,
    /// Rows rejected.
    pub rejected: AtomicU64,
}

/// One import.
#[derive(Debug, Clone)]
pub struct Import {
    /// Import kind, such as `table`.
    pub kind: String,
    /// What is taken in.
    pub payload: Payload,
    /// Digest of the payload, when it is known already.
    pub digest: Option<String>,
    /// Feed.
    pub feed: FeedId,
    /// Target of `table`, `json` and map data.
    pub dataset: Option<DatasetName>,
    /// Mapping and its text, which is part of the message's identity.
    pub mapping: Option<(Mapping, String)>,
    /// What the rows do.
    pub op: Op,
    /// The sender's idempotency key.
    pub idempotency_key: Option<String>,
    /// Parse and check only.
    pub dry_run: bool,
    /// What makes a message that is read again another one than the first time.
    pub again: Option<Again>,
}

/// A message that is read again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Why and how, in one line; part of its identity and kept with it.
    pub mark: String,
    /// Where its bytes lie, below the data directory.
    pub kept: String,
    /// The records that are read; absent: all.
    pub selection: Option<Arc<Selection>>,
}

impl Import {
    /// An import of rows with the defaults: no mapping, upsert.
    pub fn new(kind: impl Into<String>, payload: Payload, feed: FeedId) -> Self {
        Self {
            kind: kind.into(),
            payload,
            digest: None,
            feed,
            dataset: None,
            mapping: None,
            op: Op::Upsert,
            idempotency_key: None,
            dry_run: false,
            again: None,
        }
    }
}

/// The mapping for a file: the one given, else the ready-made one for its stem.
///
/// # Errors
/// A mapping that cannot be read or is wrong.
pub fn mapping_for(given: Option<&Path>, stem: &str) -> Result<Option<(Mapping, String)>> {
    match given {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(AppError::io(format!("read the mapping {}", path.display())))?;
            Ok(Some((Mapping::from_toml(&path.to_string_lossy(), &text)?, text)))
        }
        None => Content::mapping(stem),
    }
}

pub(crate) enum Event {
    Rows(DatasetName, RecordBatch),
    Problem(Problem),
    Feed(FeedId),
    Publish(Vec<DatasetName>),
}

struct ChannelSink {
    events: mpsc::Sender<Event>,
    progress: Arc<Progress>,
}

impl ChannelSink {
    fn send(&self, event: Event) -> Result<(), Stopped> {
        self.events
            .blocking_send(event)
            .map_err(|_| Stopped("the lake stopped taking rows".into()))
    }
}

impl Sink for ChannelSink {
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        self.progress
            .rows
            .fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        self.send(Event::Rows(dataset.clone(), batch))
    }
    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        self.progress.rejected.fetch_add(problem.rows, Ordering::Relaxed);
        self.send(Event::Problem(problem))
    }
    fn feed(&mut self, feed: &FeedId) -> Result<(), Stopped> {
        self.send(Event::Feed(feed.clone()))
    }
    fn publish(&mut self, datasets: &[DatasetName]) -> Result<(), Stopped> {
        self.send(Event::Publish(datasets.to_vec()))
    }
}

pub(crate) fn digest(payload: &Payload) -> Result<String> {
    let mut input = payload.open()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = input
            .read(&mut buffer)
            .map_err(AppError::io(format!("read {}", payload.name())))?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    Ok(spool::text(hasher))
}

/// A payload that is ready to be parsed.
struct Started {
    /// Target, when one was named.
    name: Option<DatasetName>,
    mapping_text: String,
    digest: String,
    known_personal: Option<bool>,
    events: mpsc::Receiver<Event>,
    /// Runs on a thread of its own.
    parse: Box<dyn FnOnce() -> Result<()> + Send>,
}

impl Centre {
    async fn start(&self, import: &Import, progress: Arc<Progress>) -> Result<Started> {
        let Some(parser) = kind(&import.kind) else {
            let known: Vec<&str> = qala_feeds::KINDS.iter().map(|k| k.name()).collect();
            let hint = qala_core::spec::nearest(&import.kind, known.iter().copied());
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            return Err(AppError::Usage(format!(
                "unknown import kind `{}`{hint} (known: {})",
                import.kind,
                known.join(", ")
            )));
        };
        let (mapping, mapping_text) = import.mapping.clone().unwrap_or_default();
        let name = import.dataset.clone().or_else(|| mapping.dataset.clone());
        let dataset = match &name {
            Some(name) => Some(self.lake.dataset(name.as_str())?),
            None if matches!(
                import.kind.as_str(),
                "table" | "geojson" | "shapefile" | "geoparquet"
            ) =>
            {
                return Err(AppError::Usage(format!(
                    "{} needs a target: --dataset NAME, or `dataset` in the mapping",
                    if import.kind == "table" {
                        "a table"
                    } else {
                        import.kind.as_str()
                    }
                )));
            }
            None => None,
        };
        if let Some(own) = dataset.as_ref().filter(|d| d.spec.internal) {
            return Err(AppError::Usage(format!(
                "`{}` is written by the program itself and takes no imports; its rows come of what it tells about",
                own.spec.name
            )));
        }
        let mut datasets: Vec<DatasetSpec> = self.lake.specs().into_iter().cloned().collect();
        let mut target = dataset.map(|d| d.spec.clone());
        // With one target it is known beforehand whether the message is personal, and it is kept while it is parsed.
        let known_personal = target.as_ref().map(DatasetSpec::is_personal);
        if import.op == Op::Retract {
            target.iter_mut().chain(&mut datasets).for_each(key_only);
        }
        let payload = import.payload.clone();
        let digest = match import.digest.clone() {
            Some(digest) => digest,
            None => blocking(move || digest(&payload)).await?,
        };
        let (events, parse) = {
            let (sender, events) = mpsc::channel(4);
            let payload = import.payload.clone();
            let feed = import.feed.clone();
            let zone = self.zone.clone();
            let selection = import.again.as_ref().and_then(|a| a.selection.clone());
            let parse = move || -> Result<()> {
                let mut input = payload.open()?;
                input.seek(SeekFrom::Start(0)).map_err(AppError::io("rewind"))?;
                let name = payload.name();
                let context = Context {
                    name: &name,
                    feed: &feed,
                    dataset: target.as_ref(),
                    mapping: &mapping,
                    datasets: &datasets,
                    city_zone: &zone,
                    max_unpacked: 64 << 30,
                    selection,
                };
                let mut sink = ChannelSink {
                    events: sender,
                    progress,
                };
                // The other side knows better why it stopped.
                drop(parser.parse(&mut *input, &context, &mut sink));
                Ok(())
            };
            (events, parse)
        };
        Ok(Started {
            name,
            mapping_text,
            digest,
            known_personal,
            events,
            parse: Box::new(parse),
        })
    }

    /// Reads a payload and gathers what it would become.
    pub(crate) async fn read_only(
        &self,
        import: Import,
        progress: Arc<Progress>,
        digests: Digests,
    ) -> Result<TriedOut> {
        let mut started = self.start(&import, progress).await?;
        let worker = tokio::task::spawn_blocking(started.parse);
        let tried = dry_run::gather(self, &mut started.events, started.digest, digests).await;
        // A parser that still runs finds nobody listening, and stops.
        drop(started.events);
        joined(worker.await)??;
        tried
    }

    /// Takes one payload in. The answer comes when all of it is durable.
    ///
    /// # Errors
    /// An unknown kind or dataset; reading; the lake's. Bad rows are no error: they are counted and quarantined.
    pub async fn import(&self, import: Import, progress: Arc<Progress>) -> Result<Outcome> {
        if import.dry_run {
            return Ok(self.try_out(import, progress).await?.outcome);
        }
        let Started {
            name,
            mapping_text,
            digest,
            known_personal,
            mut events,
            parse,
        } = self.start(&import, progress).await?;
        let message = Message {
            feed: import.feed.clone(),
            kind: import.kind.clone(),
            name: import.payload.name(),
            digest: digest.clone(),
            context: Recipe::context(
                name.as_ref(),
                &mapping_text,
                import.again.as_ref().map(|a| &*a.mark),
            ),
            idempotency_key: import.idempotency_key.clone(),
            op: import.op,
        };
        let mut session = match self.lake.begin(message).await? {
            Begin::Repeated(outcome) => return Ok(*outcome),
            Begin::New(session) => session,
        };
        let keep = |personal: bool| {
            let (lake, payload, digest) = (Arc::clone(&self.lake), import.payload.clone(), digest.clone());
            blocking(move || Ok(lake.keep(&digest, personal, &mut *payload.open()?)?))
        };
        let worker = tokio::task::spawn_blocking(parse);
        let is_new = |_: &bool| import.again.is_none();
        let kept = known_personal
            .filter(is_new)
            .map(|personal| tokio::spawn(keep(personal)));
        let mut personal = false;
        while let Some(event) = events.recv().await {
            match event {
                Event::Rows(dataset, batch) => {
                    personal |= self.lake.dataset(dataset.as_str())?.spec.is_personal();
                    session.rows(&dataset, &batch).await?;
                }
                Event::Problem(problem) => {
                    let named = problem
                        .dataset
                        .as_ref()
                        .and_then(|d| self.lake.dataset(d.as_str()).ok());
                    // Bytes that could not be read at all may hold anything.
                    let is_unread = named.is_none() && problem.severity == qala_core::Severity::Rejected;
                    personal |= is_unread || named.is_some_and(|d| d.spec.is_personal());
                    session.problem(problem);
                }
                Event::Feed(feed) => session.feed(&feed),
                Event::Publish(datasets) => session.publish(&datasets)?,
            }
        }
        joined(worker.await)??;
        let kept = match (import.again, kept) {
            (Some(again), _) => again.kept,
            (None, Some(kept)) => joined(kept.await)??,
            (None, None) => keep(personal).await?,
        };
        Ok(session.finish(Some(kept)).await?)
    }
}

/// Only the key of a row is needed to take it back.
pub(crate) fn key_only(spec: &mut DatasetSpec) {
    let key = spec.key.clone();
    let state_start = spec
        .role(qala_core::spec::Role::ValidFrom)
        .map(|c| c.name.clone());
    spec.columns
        .retain(|c| key.contains(&c.name) || Some(&c.name) == state_start.as_ref());
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)?
}

fn joined<T>(done: Result<T, tokio::task::JoinError>) -> Result<T> {
    done.map_err(|e| AppError::Remote(format!("a worker failed: {e}")))
}
