//! The thread that owns the log: takes records from all sessions, writes them in groups with one fsync, makes them
//! visible, and only then answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::{LakeError, Result};
use crate::log::{Log, Record};
use crate::migration;
use crate::superseded::{Set, SetRange};
use crate::system;
use crate::view::{Dataset, TailPart, View};

/// A group is written when it has this many bytes of rows, or when nobody else waits.
const GROUP_BYTES: usize = 8 << 20;

/// What the writer shares with sessions, queries and the committer.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The newest view.
    pub(crate) view: ArcSwap<View>,
    /// Held while a view is replaced.
    pub(crate) swap: Mutex<()>,
    /// The `_seq` after the last durable one.
    pub(crate) durable_next: AtomicI64,
    /// Fsynced groups since the start.
    pub(crate) groups: AtomicU64,
    /// Memory of the key tables, bytes.
    pub(crate) key_bytes: AtomicUsize,
}

impl Shared {
    /// Replaces the view by what `change` makes of it.
    ///
    /// # Errors
    /// Those of `change`; the view is then unchanged.
    pub(crate) fn update(&self, change: impl FnOnce(&mut View) -> Result<()>) -> Result<()> {
        let _guard = self.swap.lock();
        let mut view = View::clone(&self.view.load());
        change(&mut view)?;
        self.view.store(Arc::new(view));
        Ok(())
    }
}

/// A record and whom to tell.
pub(crate) struct Append {
    pub(crate) record: Record,
    /// Records of an epoch in which a write failed are refused.
    pub(crate) epoch: u64,
    pub(crate) done: oneshot::Sender<Result<()>>,
}

pub(crate) enum Job {
    Append(Append),
    /// Segments whose rows are all committed up to here may go.
    Trim(i64, oneshot::Sender<Result<()>>),
}

/// The sessions' end of the log thread. The thread stops when all ends are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(log: Log, shared: Arc<Shared>) -> Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("qala-log".into())
            .spawn(move || run(log, &queue, &shared))
            .map_err(LakeError::io("start the log thread"))?;
        Ok((Self { jobs }, thread))
    }

    /// Sends a job.
    ///
    /// # Errors
    /// When the thread has stopped.
    pub(crate) fn send(&self, job: Job) -> Result<()> {
        self.jobs
            .send(job)
            .map_err(|_| LakeError::Closed("the log thread has stopped".into()))
    }
}

fn run(mut log: Log, queue: &mpsc::Receiver<Job>, shared: &Shared) {
    let mut failed_epoch = None;
    while let Ok(first) = queue.recv() {
        let mut group: Vec<Append> = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        let mut trim = None;
        while let Some(job) = next {
            match job {
                Job::Append(append) if failed_epoch.is_some_and(|e| append.epoch <= e) => {
                    let reason = LakeError::Closed(
                        "an earlier message could not be written; send this one again".into(),
                    );
                    drop(append.done.send(Err(reason)));
                }
                Job::Append(append) => {
                    bytes += append
                        .record
                        .sections
                        .iter()
                        .map(|s| s.batch.get_array_memory_size())
                        .sum::<usize>();
                    group.push(append);
                }
                Job::Trim(seq, done) => {
                    trim = Some((seq, done));
                    break;
                }
            }
            next = if bytes < GROUP_BYTES {
                queue.try_recv().ok()
            } else {
                None
            };
        }
        if !group.is_empty() {
            failed_epoch = write(&mut log, group, shared).or(failed_epoch);
        }
        if let Some((seq, done)) = trim {
            drop(done.send(log.remove_through(seq)));
        }
    }
}

/// Writes a group; returns its epoch if that failed.
fn write(log: &mut Log, group: Vec<Append>, shared: &Shared) -> Option<u64> {
    let epoch = group.last().map(|a| a.epoch);
    let (records, waiting): (Vec<Record>, Vec<_>) = group.into_iter().map(|a| (a.record, a.done)).unzip();
    let outcome = log.append(&records).and_then(|()| publish(&records, shared));
    shared.groups.fetch_add(1, Ordering::Relaxed);
    match outcome {
        Ok(()) => {
            shared.durable_next.store(log.next_seq(), Ordering::Release);
            for done in waiting {
                drop(done.send(Ok(())));
            }
            None
        }
        Err(error) => {
            tracing::error!(%error, "a group could not be written to the log");
            for done in waiting {
                drop(done.send(Err(error.again())));
            }
            epoch
        }
    }
}

/// Makes durable records visible, all at once.
///
/// # Errors
/// Arrow's; the records are durable then and come alive at the next start.
pub(crate) fn publish(records: &[Record], shared: &Shared) -> Result<()> {
    shared.update(|view| {
        for record in records {
            add(view, record)?;
        }
        Ok(())
    })
}

/// Adds a record's rows to a view. Rows that a table already holds are left out.
///
/// # Errors
/// Arrow's; [`LakeError::UnknownDataset`] for rows of a dataset that is not declared any more.
pub(crate) fn add(view: &mut View, record: &Record) -> Result<()> {
    let mut seq = record.seq;
    for section in &record.sections {
        let rows = section.batch.num_rows() as i64;
        let Some(name) = migration::target(view, section)? else {
            seq += rows;
            continue;
        };
        let table = view
            .tables
            .get_mut(&name)
            .ok_or_else(|| LakeError::UnknownDataset {
                name: section.dataset.to_string(),
                hint: "; the log holds rows of it, so its spec must stay until they are committed".into(),
            })?;
        let batch = crate::read::conform(&section.batch, &table.dataset.data)?;
        if table.committed < seq + rows - 1 {
            let part = TailPart::stamp(&table.dataset, &batch, seq, record.received_at, record.source)?;
            let table = Arc::make_mut(table);
            if table.tail.is_empty() {
                table.complete = record.seq - 1;
            }
            table.push(part)?;
        }
        note(view, &section.dataset, &batch, seq, record.source)?;
        seq += rows;
    }
    view.seq = record.seq + record.count() - 1;
    Ok(())
}

/// Takes superseded rows and published sets from a section of the lake's own tables.
fn note(view: &View, dataset: &str, batch: &arrow::array::RecordBatch, seq: i64, source: i64) -> Result<()> {
    let find = |name: &str| -> Option<&Arc<Dataset>> { view.tables.get(name).map(|t| &t.dataset) };
    match dataset {
        system::SUPERSEDED => note_superseded(batch, find),
        system::SETS => note_sets(batch, |i| (seq + i as i64, source), find),
        _ => Ok(()),
    }
}

/// Enters rows of `lake_superseded` into their datasets.
///
/// # Errors
/// [`LakeError::Damaged`] when a column is missing.
pub(crate) fn note_superseded<'a>(
    batch: &arrow::array::RecordBatch,
    find: impl Fn(&str) -> Option<&'a Arc<Dataset>>,
) -> Result<()> {
    use arrow::array::AsArray;
    use arrow::datatypes::{Date32Type, Int64Type};
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .ok_or_else(|| missing(system::SUPERSEDED, name))
    };
    let names = column("dataset")?.as_string::<i32>();
    let days = column("day")?.as_primitive::<Date32Type>();
    let olds = column("old_seq")?.as_primitive::<Int64Type>();
    let news = column("new_seq")?.as_primitive::<Int64Type>();
    for i in 0..batch.num_rows() {
        if let Some(dataset) = find(names.value(i)) {
            dataset
                .superseded
                .insert(days.value(i), olds.value(i), news.value(i));
        }
    }
    Ok(())
}

/// Enters rows of `lake_sets` into their datasets; `published` gives the `_seq` and the `_source` of a row.
///
/// # Errors
/// [`LakeError::Damaged`] when a column is missing.
pub(crate) fn note_sets<'a>(
    batch: &arrow::array::RecordBatch,
    published: impl Fn(usize) -> (i64, i64),
    find: impl Fn(&str) -> Option<&'a Arc<Dataset>>,
) -> Result<()> {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .ok_or_else(|| missing(system::SETS, name))
    };
    let names = column("dataset")?.as_string::<i32>();
    let feeds = column("feed")?.as_string::<i32>();
    let froms = column("seq_from")?.as_primitive::<Int64Type>();
    let tos = column("seq_to")?.as_primitive::<Int64Type>();
    let digests = column("digest")?.as_string::<i32>();
    for i in 0..batch.num_rows() {
        if let Some(dataset) = find(names.value(i)) {
            let digest = u128::from_str_radix(digests.value(i), 16).unwrap_or(0);
            let (published, source) = published(i);
            let rows = SetRange {
                feed: feeds.value(i).to_owned(),
                source,
                from: froms.value(i),
                to: tos.value(i),
            };
            dataset.sets.publish(Set {
                published,
                rows,
                digest,
            });
        }
    }
    Ok(())
}

fn missing(table: &str, column: &str) -> LakeError {
    LakeError::Damaged {
        what: format!("table {table}"),
        detail: format!("it has no column {column}"),
    }
}
