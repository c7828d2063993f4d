//! Taking one message in: check, guard, duplicates and corrections, the log, the receipt.

mod check;
mod classify;
mod message;
mod own_rows;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use qala_core::spec::Kind;
use qala_core::{DatasetName, FeedId, Problem, Severity};
use tokio::sync::{MutexGuard, oneshot};

pub(crate) use self::classify::Arriving;
pub use self::message::{Message, Op, Outcome, Receipt};
use crate::error::{LakeError, Result};
use crate::lake::{Core, Identity, Lake, Turn};
use crate::log::{Record, Section};
use crate::system::{self, SupersededRow};
use crate::view::Dataset;
use crate::writer::{Append, Job};

/// A record is written when this many rows wait, so that a large message needs constant memory.
const RECORD_ROWS: usize = 32_768;
/// A message of this many rows is put into tables as soon as it is in, not at the next turn.
const COMMIT_ROWS: u64 = 50_000;
/// Problems kept per message with their text; the rest is counted.
const KEPT_PROBLEMS: usize = 10_000;

#[derive(Debug, Default)]
struct BuildingSet {
    keys: HashMap<u128, u64>,
    from: i64,
    to: i64,
    rows: u64,
    digest: u128,
}

/// One message being taken in.
pub struct Session<'a> {
    lake: &'a Lake,
    message: Message,
    identity: Identity,
    _turn: Turn<'a>,
    source: Option<i64>,
    feed: FeedId,
    buffer: Vec<(Arc<Dataset>, FeedId, Vec<RecordBatch>)>,
    buffered: usize,
    receipts: Vec<Receipt>,
    problems: Vec<Problem>,
    pending_problems: Vec<(FeedId, Problem)>,
    problem_count: u64,
    warnings: u64,
    sets: HashMap<(Arc<str>, FeedId), BuildingSet>,
    publish: Vec<(Arc<str>, FeedId)>,
    waiting: Vec<oneshot::Receiver<Result<()>>>,
    epoch: u64,
}

/// What one flush adds to a record.
#[derive(Default)]
struct Draft {
    sections: Vec<Section>,
    superseded: Vec<SupersededRow>,
    next: i64,
}

impl Draft {
    fn push(&mut self, dataset: &Dataset, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.next += batch.num_rows() as i64;
            self.sections.push(Section {
                dataset: Arc::clone(&dataset.name),
                version: dataset.spec.version,
                batch,
            });
        }
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(lake: &'a Lake, message: Message, identity: Identity, turn: Turn<'a>) -> Self {
        Self {
            lake,
            feed: message.feed.clone(),
            message,
            identity,
            _turn: turn,
            source: None,
            buffer: Vec::new(),
            buffered: 0,
            receipts: Vec::new(),
            problems: Vec::new(),
            pending_problems: Vec::new(),
            problem_count: 0,
            warnings: 0,
            sets: HashMap::new(),
            publish: Vec::new(),
            waiting: Vec::new(),
            epoch: 0,
        }
    }

    /// Rows that follow belong to this feed.
    pub fn feed(&mut self, feed: &FeedId) {
        self.feed = feed.clone();
    }

    fn receipt(&mut self, dataset: &str) -> &mut Receipt {
        let at = self
            .receipts
            .iter()
            .position(|r| r.dataset == dataset)
            .unwrap_or_else(|| {
                self.receipts.push(Receipt {
                    dataset: dataset.into(),
                    ..Receipt::default()
                });
                self.receipts.len() - 1
            });
        &mut self.receipts[at]
    }

    /// Notes a problem; rows it rejects are counted as received and quarantined.
    pub fn problem(&mut self, problem: Problem) {
        if problem.severity == Severity::Warning {
            self.warnings += 1;
        } else {
            let name = problem
                .dataset
                .as_ref()
                .map(|d| d.as_str().to_owned())
                .unwrap_or_default();
            let receipt = self.receipt(&name);
            receipt.received += problem.rows;
            receipt.quarantined += problem.rows;
        }
        self.problem_count += 1;
        if self.problem_count <= KEPT_PROBLEMS as u64 {
            if self.problems.len() < 100 {
                self.problems.push(problem.clone());
            }
            self.pending_problems.push((self.feed.clone(), problem));
        }
    }

    /// Takes rows of a dataset, in the dataset's own column types; absent optional columns become null.
    ///
    /// # Errors
    /// [`LakeError::UnknownDataset`]; [`LakeError::Spec`] for a column of another type; those of writing.
    pub async fn rows(&mut self, dataset: &DatasetName, batch: &RecordBatch) -> Result<()> {
        self.carried(dataset, batch, &BTreeSet::new()).await
    }

    /// Takes rows that were in the lake before; the columns `guarded` hold pseudonyms already.
    pub(crate) async fn carried(
        &mut self,
        dataset: &DatasetName,
        batch: &RecordBatch,
        guarded: &BTreeSet<String>,
    ) -> Result<()> {
        let dataset = self.lake.dataset(dataset.as_str())?;
        let working = self.lake.pressure.work();
        let batch = self.check(&dataset, batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.lake.guard(&dataset, batch, guarded)?;
        drop(working);
        self.buffered += batch.num_rows();
        match self
            .buffer
            .iter_mut()
            .find(|(d, f, _)| d.name == dataset.name && *f == self.feed)
        {
            Some((_, _, batches)) => batches.push(batch),
            None => self.buffer.push((dataset, self.feed.clone(), vec![batch])),
        }
        if self.buffered >= RECORD_ROWS {
            self.flush().await?;
        }
        Ok(())
    }

    /// The snapshot sets of the current feed are complete for these datasets; they become visible with the answer.
    pub fn publish(&mut self, datasets: &[DatasetName]) -> Result<()> {
        for name in datasets {
            let dataset = self.lake.dataset(name.as_str())?;
            let key = (Arc::clone(&dataset.name), self.feed.clone());
            if !self.publish.contains(&key) {
                self.publish.push(key);
            }
        }
        Ok(())
    }

    /// Writes what is buffered as one record. Waits for the disk only when the key tables have no room for more.
    async fn flush(&mut self) -> Result<()> {
        self.lake.room(true).await?;
        let fits = {
            let mut core = self.lake.lock_core().await?;
            let mut draft = Draft {
                next: core.next_seq(),
                ..Draft::default()
            };
            self.classify_all(&mut core, &mut draft)?;
            self.lake.unsettle(&self.message.feed);
            self.finish_draft(&mut core, draft)?;
            core.index_shrink(self.lake)
        };
        if !fits {
            self.written().await?;
        }
        Ok(())
    }

    /// Waits until everything sent to the log is durable and visible.
    async fn written(&mut self) -> Result<()> {
        for waiting in std::mem::take(&mut self.waiting) {
            let done = waiting
                .await
                .map_err(|_| LakeError::Closed("the log thread has stopped".into()))
                .and_then(|r| r);
            if let Err(error) = done {
                self.lake.recover(self.epoch).await;
                return Err(self.lake.explain(error));
            }
        }
        Ok(())
    }

    /// Finds duplicates and corrections among the buffered rows and puts the rest into the draft.
    fn classify_all(&mut self, core: &mut MutexGuard<'_, Core>, draft: &mut Draft) -> Result<()> {
        let _working = self.lake.pressure.work();
        // Everything that can fail comes before the first key table is changed: a message that is refused must not
        // leave keys behind, or its rows would be taken for duplicates when they are sent again.
        if !self.waiting.is_empty() && self.epoch != core.epoch() {
            let reason = "an earlier message could not be written; send this one again";
            return Err(LakeError::Closed(reason.into()));
        }
        core.index().begin();
        let mut arriving = Vec::with_capacity(self.buffer.len());
        for part in std::mem::take(&mut self.buffer) {
            let dataset = &part.0;
            if dataset.spec.kind == Kind::Snapshot && self.message.op == Op::Retract {
                let message = format!(
                    "{} is replaced as a whole; publish a new set without the rows",
                    dataset.name
                );
                return Err(LakeError::Refused(message));
            }
            let rows = Arriving::new(part, self.message.op, core.seed(), core.received_at())?;
            if rows.dataset.spec.kind != Kind::Snapshot {
                core.ready(self.lake, &rows)?;
            }
            arriving.push(rows);
        }
        for rows in arriving {
            let received = rows.batch.num_rows() as u64;
            let first = draft.next;
            let (kept, duplicate, superseded) = if self.message.op == Op::Retract {
                self.retract(core, &rows, draft)?
            } else if rows.dataset.spec.kind == Kind::Snapshot {
                self.add_to_set(&rows, draft)?
            } else {
                Self::supersede(core, &rows, draft)?
            };
            let dataset = &rows.dataset;
            let rows = (draft.next - first) as u64;
            let receipt = self.receipt(&dataset.name);
            receipt.received += received;
            receipt.accepted += kept;
            receipt.duplicate += duplicate;
            receipt.quarantined += received - kept - duplicate;
            receipt.superseded += superseded;
            if rows > 0 {
                if receipt.seq_from == 0 {
                    receipt.seq_from = first;
                }
                receipt.seq_to = draft.next - 1;
            }
        }
        self.buffered = 0;
        Ok(())
    }

    /// Completes a draft to a record and hands it to the log thread.
    fn finish_draft(&mut self, core: &mut MutexGuard<'_, Core>, mut draft: Draft) -> Result<()> {
        if !draft.superseded.is_empty() {
            for (i, row) in draft.superseded.iter_mut().enumerate() {
                if row.retract {
                    row.new = draft.next + i as i64;
                }
            }
            let dataset = self.lake.dataset(system::SUPERSEDED)?;
            let batch = system::superseded_batch(&dataset, &draft.superseded)?;
            draft.push(&dataset, batch);
        }
        if draft.sections.is_empty() {
            let next = core.next_seq();
            core.settle(next);
            return Ok(());
        }
        let seq = core.next_seq();
        let source = *self.source.get_or_insert(seq);
        let record = Record {
            seq,
            received_at: core.received_at(),
            source,
            sections: draft.sections,
        };
        let (done, waiting) = oneshot::channel();
        self.epoch = core.epoch();
        let next = seq + record.count();
        self.lake.send(Job::Append(Append {
            record,
            epoch: self.epoch,
            done,
        }))?;
        core.settle(next);
        self.waiting.push(waiting);
        Ok(())
    }

    /// Writes the rest and the message itself, waits until all is durable and visible, and gives the answer.
    ///
    /// # Errors
    /// When any part could not be written. Parts of a large message that were written before stay; sending the message
    /// again finds them as duplicates.
    pub async fn finish(mut self, kept: Option<String>) -> Result<Outcome> {
        // A message that is in the log by parts is brought to its end, however slow the lake is.
        self.lake.room(self.source.is_some()).await?;
        let lake = self.lake;
        let (outcome, at, fits) = {
            let mut core = lake.lock_core().await?;
            let mut draft = Draft {
                next: core.next_seq(),
                ..Draft::default()
            };
            self.classify_all(&mut core, &mut draft)?;
            self.add_sets(&mut draft)?;
            self.reject_unpublished();
            self.add_problems(core.next_seq(), &mut draft)?;
            let at = draft.next;
            let outcome = self.add_message(core.next_seq(), &mut draft, kept.as_deref())?;
            self.finish_draft(&mut core, draft)?;
            (outcome, at, core.index_shrink(lake))
        };
        // Also when nobody waits for the answer any more; where no such row is, nothing will be found.
        lake.remember(&self.message.feed, &self.identity, outcome.message, at);
        self.written().await?;
        if !fits {
            // What was written now can be read back.
            lake.lock_core().await?.index_shrink(lake);
        }
        if outcome.total.accepted >= COMMIT_ROWS {
            lake.ask_commit();
        }
        Ok(outcome)
    }
}
