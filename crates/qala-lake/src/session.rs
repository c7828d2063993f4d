//! Taking one message in: check, guard, duplicates and corrections, the log, the receipt.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Float64Type};
use qala_core::spec::Kind;
use qala_core::{DatasetName, FeedId, Position, Problem, Severity};
use serde::{Deserialize, Serialize};
use tokio::sync::{MutexGuard, oneshot};

use crate::error::{LakeError, Result};
use crate::index::{self, WHOLE};
use crate::lake::{Core, Lake};
use crate::log::{Record, Section};
use crate::schema::FEED;
use crate::system::{self, SupersededRow};
use crate::view::Dataset;
use crate::writer::{Append, Job};

/// A record is written when this many rows wait, so that a large message needs constant memory.
const RECORD_ROWS: usize = 65_536;
/// Problems kept per message with their text; the rest is counted.
const KEPT_PROBLEMS: usize = 10_000;

/// What the rows of a message do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// New rows and corrections.
    Upsert,
    /// Take rows back; only their key columns are needed.
    Retract,
}

/// A message, before its rows are read.
#[derive(Debug, Clone)]
pub struct Message {
    /// Feed.
    pub feed: FeedId,
    /// Import kind.
    pub kind: String,
    /// File name or address.
    pub name: String,
    /// Digest of the bytes received, such as `sha256:…`.
    pub digest: String,
    /// What else decides the rows: dataset, mapping. The same bytes under another mapping are another message.
    pub context: String,
    /// Idempotency key given by the sender.
    pub idempotency_key: Option<String>,
    /// What the rows do.
    pub op: Op,
}

/// What happened to the rows of one dataset. Always received = accepted + duplicate + quarantined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Dataset; empty in the total.
    pub dataset: String,
    /// Log partition.
    pub partition: u16,
    /// First `_seq` given; zero when no row was accepted.
    pub seq_from: i64,
    /// Last `_seq` given.
    pub seq_to: i64,
    /// Rows that came.
    pub received: u64,
    /// Rows taken in.
    pub accepted: u64,
    /// Rows that were there already with the same values.
    pub duplicate: u64,
    /// Rows rejected.
    pub quarantined: u64,
    /// Accepted rows that superseded another, and rows retracted.
    pub superseded: u64,
}

/// The answer to a message, given when all of it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Message id, the `_source` of its rows.
    pub message: i64,
    /// Digest of the bytes received.
    pub digest: String,
    /// True when this is the stored answer to a message that came before.
    pub repeated: bool,
    /// Sum over datasets.
    pub total: Receipt,
    /// By dataset.
    pub datasets: Vec<Receipt>,
    /// The first problems.
    pub problems: Vec<Problem>,
    /// Warnings, which lose no row.
    pub warnings: u64,
}

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
    identity: u64,
    identity_text: String,
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
    pub(crate) fn new(lake: &'a Lake, message: Message, identity: u64, identity_text: String) -> Self {
        Self {
            lake,
            feed: message.feed.clone(),
            message,
            identity,
            identity_text,
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

    /// The message and its identity.
    pub(crate) fn who(&self) -> (&Message, &str) {
        (&self.message, &self.identity_text)
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
        let dataset = self.lake.dataset(dataset.as_str())?;
        let batch = self.check(&dataset, batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.lake.guard(&dataset, batch)?;
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

    /// Brings a batch to the dataset's columns and rejects rows that break its rules.
    fn check(&mut self, dataset: &Dataset, batch: &RecordBatch) -> Result<RecordBatch> {
        let wrong = |message: String| LakeError::Spec {
            dataset: dataset.name.to_string(),
            message,
        };
        for field in batch.schema().fields() {
            let Ok(expected) = dataset.data.field_with_name(field.name()) else {
                return Err(wrong(format!("there is no column `{}`", field.name())));
            };
            if expected.data_type() != field.data_type() {
                let (want, have) = (expected.data_type(), field.data_type());
                return Err(wrong(format!(
                    "column `{}` is {want}, the rows bring {have}",
                    field.name()
                )));
            }
        }
        let batch = crate::read::conform(batch, &dataset.data)?;
        let mut bad: HashMap<usize, (&'static str, String)> = HashMap::new();
        for column in &dataset.spec.columns {
            let Some(array) = batch.column_by_name(&column.name) else {
                continue;
            };
            let needed = match self.message.op {
                Op::Upsert => column.required,
                Op::Retract => dataset.key.contains(&column.name),
            };
            if needed && array.null_count() > 0 {
                for row in (0..array.len()).filter(|i| array.is_null(*i)) {
                    bad.insert(
                        row,
                        (
                            "missing_value",
                            format!("`{}` is empty; it is required", column.name),
                        ),
                    );
                }
            }
            if let DataType::Float64 = array.data_type() {
                let values = array.as_primitive::<Float64Type>();
                if values.values().iter().any(|v| !v.is_finite()) {
                    for row in
                        (0..values.len()).filter(|i| values.is_valid(*i) && !values.value(*i).is_finite())
                    {
                        bad.insert(
                            row,
                            ("bad_number", format!("`{}` is not a finite number", column.name)),
                        );
                    }
                }
            }
        }
        if bad.is_empty() {
            return Ok(batch);
        }
        let mut rows: Vec<usize> = bad.keys().copied().collect();
        rows.sort_unstable();
        for row in rows {
            let (code, message) = &bad[&row];
            let problem = Problem::rejected(code, message.clone(), Some(dataset.spec.name.clone()), 1);
            self.problem(problem.at(Position {
                record: Some(row as u64),
                ..Position::default()
            }));
        }
        let keep: BooleanArray = (0..batch.num_rows())
            .map(|i| Some(!bad.contains_key(&i)))
            .collect();
        Ok(filter_record_batch(&batch, &keep)?)
    }

    /// Writes what is buffered as one record, without waiting for the disk.
    async fn flush(&mut self) -> Result<()> {
        self.lake.room(true).await?;
        let mut core = self.lake.lock_core().await?;
        let mut draft = Draft {
            next: core.next_seq(),
            ..Draft::default()
        };
        self.classify_all(&mut core, &mut draft)?;
        self.finish_draft(&mut core, draft)
    }

    /// Finds duplicates and corrections among the buffered rows and puts the rest into the draft.
    fn classify_all(&mut self, core: &mut MutexGuard<'_, Core>, draft: &mut Draft) -> Result<()> {
        // Everything that can fail comes before the first key table is changed: a message that is refused must not
        // leave keys behind, or its rows would be taken for duplicates when they are sent again.
        for (dataset, _, batches) in &self.buffer {
            if dataset.spec.kind == Kind::Snapshot {
                if self.message.op == Op::Retract {
                    let message = format!(
                        "{} is replaced as a whole; publish a new set without the rows",
                        dataset.name
                    );
                    return Err(LakeError::Refused(message));
                }
                continue;
            }
            for batch in batches {
                let days = dataset.days(batch, core.received_at());
                core.slots(self.lake, dataset, &days)?;
            }
        }
        for (dataset, feed, batches) in std::mem::take(&mut self.buffer) {
            let batch = concat_batches(&dataset.data, &batches)?;
            let received = batch.num_rows() as u64;
            let first = draft.next;
            let (kept, duplicate, superseded) = if self.message.op == Op::Retract {
                self.retract(core, &dataset, &batch, draft)?
            } else if dataset.spec.kind == Kind::Snapshot {
                self.add_to_set(&dataset, &feed, &batch, draft)?
            } else {
                self.supersede(core, &dataset, &batch, draft)?
            };
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

    /// Event and state rows. Returns (accepted, duplicate, superseding).
    fn supersede(
        &self,
        core: &mut MutexGuard<'_, Core>,
        dataset: &Arc<Dataset>,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let keys = index::key_hashes(&index::pick(batch, &dataset.key), core.seed())?;
        let values = index::value_hashes(&index::pick(batch, &dataset.values), core.seed())?;
        let days = dataset.days(batch, core.received_at());
        let slots = core.slots(self.lake, dataset, &days)?;
        let mut keep = vec![true; batch.num_rows()];
        let (mut next, mut duplicate, mut superseding) = (draft.next, 0, 0);
        let last = draft.next + batch.num_rows() as i64;
        let mut row = 0;
        while row < keys.len() {
            let slot = slots[row];
            let run = slots[row..].iter().take_while(|s| **s == slot).count();
            let Some(known) = core.index().keys(&dataset.name, slot, last) else {
                return Err(LakeError::Closed(format!(
                    "the key table of {} was not loaded",
                    dataset.name
                )));
            };
            for i in row..row + run {
                let entry = index::Entry {
                    seq: next,
                    value: values[i],
                    day: days[i],
                };
                match known.entry(keys[i]) {
                    std::collections::hash_map::Entry::Occupied(mut old) => {
                        if old.get().value == values[i] {
                            duplicate += 1;
                            keep[i] = false;
                            continue;
                        }
                        let before = old.insert(entry);
                        superseding += 1;
                        draft.superseded.push(SupersededRow {
                            dataset: Arc::clone(&dataset.name),
                            day: before.day,
                            key: keys[i],
                            old: before.seq,
                            new: next,
                            retract: false,
                        });
                    }
                    std::collections::hash_map::Entry::Vacant(free) => {
                        free.insert(entry);
                    }
                }
                next += 1;
            }
            row += run;
        }
        let kept = (next - draft.next) as u64;
        let rows = if duplicate == 0 {
            batch.clone()
        } else {
            filter_record_batch(batch, &BooleanArray::from(keep))?
        };
        draft.push(dataset, rows);
        Ok((kept, duplicate, superseding))
    }

    /// Rows to take back. Returns (found, 0, found); the others are rejected.
    fn retract(
        &mut self,
        core: &mut MutexGuard<'_, Core>,
        dataset: &Arc<Dataset>,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let keys = index::key_hashes(&index::pick(batch, &dataset.key), core.seed())?;
        let days = dataset.days(batch, core.received_at());
        let slots = core.slots(self.lake, dataset, &days)?;
        let last = draft.next + 2 * batch.num_rows() as i64;
        let mut found = 0;
        let mut lost = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            let known = core.index().keys(&dataset.name, slots[i], last);
            match known.and_then(|k| k.remove(key)) {
                Some(old) => {
                    found += 1;
                    draft.superseded.push(SupersededRow {
                        dataset: Arc::clone(&dataset.name),
                        day: old.day,
                        key: *key,
                        old: old.seq,
                        // Its own place in the log, known when the section is written.
                        new: i64::MIN,
                        retract: true,
                    });
                }
                None => lost.push(i),
            }
        }
        for i in lost {
            let message = "there is no row with this key to take back";
            let mut problem =
                Problem::rejected("nothing_to_retract", message, Some(dataset.spec.name.clone()), 0);
            problem.position.record = Some(i as u64);
            self.problem(problem);
        }
        Ok((found, 0, found))
    }

    /// Rows of a snapshot set. Returns (accepted, duplicate, 0).
    fn add_to_set(
        &mut self,
        dataset: &Arc<Dataset>,
        feed: &FeedId,
        batch: &RecordBatch,
        draft: &mut Draft,
    ) -> Result<(u64, u64, u64)> {
        let feeds: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            feed.as_str(),
            batch.num_rows(),
        )));
        let at = batch.schema().index_of(FEED)?;
        let mut columns = batch.columns().to_vec();
        columns[at] = feeds;
        let batch = RecordBatch::try_new(batch.schema(), columns)?;
        // Digests are stored, so their seed never changes.
        let keys = index::key_hashes(&index::pick(&batch, &dataset.key), 0)?;
        let values = index::value_hashes(&index::pick(&batch, &dataset.values), 0)?;
        let mut clashes = Vec::new();
        let set = self
            .sets
            .entry((Arc::clone(&dataset.name), feed.clone()))
            .or_default();
        if set.rows == 0 {
            set.from = draft.next;
        }
        let mut duplicate = 0;
        let keep: Vec<bool> = (0..keys.len())
            .map(|i| match set.keys.insert(keys[i], values[i]) {
                None => {
                    set.digest = set
                        .digest
                        .wrapping_add(keys[i] ^ u128::from(values[i]).rotate_left(64));
                    true
                }
                Some(old) if old == values[i] => {
                    duplicate += 1;
                    false
                }
                Some(old) => {
                    set.keys.insert(keys[i], old);
                    clashes.push(i);
                    false
                }
            })
            .collect();
        let kept = keep.iter().filter(|k| **k).count() as u64;
        let rows = if kept as usize == keep.len() {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(keep))?
        };
        draft.push(dataset, rows);
        set.rows += kept;
        set.to = draft.next - 1;
        for i in clashes {
            let message = format!("another row of the set has the same {}", dataset.key.join(", "));
            let mut problem = Problem::rejected("duplicate_key", message, Some(dataset.spec.name.clone()), 0);
            problem.position.record = Some(i as u64);
            self.problem(problem);
        }
        Ok((kept, duplicate, 0))
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
        core.advance(next);
        self.waiting.push(waiting);
        Ok(())
    }

    /// Writes the rest and the message itself, waits until all is durable and visible, and gives the answer.
    ///
    /// # Errors
    /// When any part could not be written. Parts of a large message that were written before stay; sending the message
    /// again finds them as duplicates.
    pub async fn finish(mut self, kept: Option<String>) -> Result<Outcome> {
        self.lake.room(false).await?;
        let lake = self.lake;
        let outcome = {
            let mut core = lake.lock_core().await?;
            let mut draft = Draft {
                next: core.next_seq(),
                ..Draft::default()
            };
            self.classify_all(&mut core, &mut draft)?;
            self.add_sets(&mut draft)?;
            self.reject_unpublished();
            self.add_problems(core.next_seq(), &mut draft)?;
            let outcome = self.add_message(core.next_seq(), &mut draft, kept.as_deref())?;
            self.finish_draft(&mut core, draft)?;
            core.index_shrink(lake);
            outcome
        };
        for waiting in std::mem::take(&mut self.waiting) {
            let done = waiting
                .await
                .map_err(|_| LakeError::Closed("the log thread has stopped".into()))
                .and_then(|r| r);
            if let Err(error) = done {
                lake.recover(self.epoch).await;
                return Err(lake.explain(error));
            }
        }
        lake.remember(
            self.identity,
            self.message.idempotency_key.as_deref(),
            &self.message.feed,
        );
        Ok(outcome)
    }

    fn add_sets(&mut self, draft: &mut Draft) -> Result<()> {
        let mut rows = Vec::new();
        let mut unchanged: HashSet<(Arc<str>, FeedId)> = HashSet::new();
        for (name, feed) in &self.publish {
            let dataset = self.lake.dataset(name)?;
            let set = self
                .sets
                .remove(&(Arc::clone(name), feed.clone()))
                .unwrap_or_default();
            let current = dataset.sets.current(feed.as_str(), i64::MAX);
            match current {
                Some(current)
                    if current.digest == set.digest && (set.rows > 0 || current.to < current.from) =>
                {
                    unchanged.insert((Arc::clone(name), feed.clone()));
                }
                None if set.rows == 0 => {}
                _ => rows.push((name.to_string(), feed.clone(), set)),
            }
        }
        // The same rows again are duplicates. When the whole message changes nothing, its rows are not even written.
        for (name, _) in &unchanged {
            let receipt = self.receipt(name);
            receipt.duplicate += receipt.accepted;
            receipt.accepted = 0;
            (receipt.seq_from, receipt.seq_to) = (0, 0);
        }
        let names: HashSet<&Arc<str>> = unchanged.iter().map(|(name, _)| name).collect();
        if rows.is_empty() && draft.sections.iter().all(|s| names.contains(&s.dataset)) {
            draft.next -= draft
                .sections
                .iter()
                .map(|s| s.batch.num_rows() as i64)
                .sum::<i64>();
            draft.sections.clear();
        }
        if rows.is_empty() {
            return Ok(());
        }
        let dataset = self.lake.dataset(system::SETS)?;
        // An empty set has an empty range.
        let range = |s: &BuildingSet| if s.rows == 0 { (0, -1) } else { (s.from, s.to) };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.0.as_str()))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1.as_str()))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| range(&r.2).0))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| range(&r.2).1))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.2.rows as i64))),
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|r| format!("{:032x}", r.2.digest)),
            )),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(())
    }

    /// Rows of sets that were never completed are not seen by anybody: they count as rejected.
    fn reject_unpublished(&mut self) {
        for ((name, feed), set) in std::mem::take(&mut self.sets) {
            if set.rows == 0 {
                continue;
            }
            let receipt = self.receipt(&name);
            receipt.accepted -= set.rows;
            receipt.quarantined += set.rows;
            (receipt.seq_from, receipt.seq_to) = (0, 0);
            let message =
                format!("the set of {name} from {feed} was not completed; the one before stays in force");
            self.problem(Problem::warning("set_not_published", message));
        }
    }

    fn add_problems(&mut self, seq: i64, draft: &mut Draft) -> Result<()> {
        let source = self.source.unwrap_or(seq);
        let mut problems = std::mem::take(&mut self.pending_problems);
        if self.problem_count > KEPT_PROBLEMS as u64 {
            let message = format!(
                "{} more problems were counted, not kept",
                self.problem_count - KEPT_PROBLEMS as u64
            );
            problems.push((
                self.message.feed.clone(),
                Problem::warning("more_problems", message),
            ));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let dataset = self.lake.dataset(system::QUARANTINE)?;
        let text = |f: &dyn Fn(&Problem) -> Option<String>| -> ArrayRef {
            Arc::new(problems.iter().map(|(_, p)| f(p)).collect::<StringArray>())
        };
        let number = |f: &dyn Fn(&Problem) -> Option<u64>| -> ArrayRef {
            Arc::new(
                problems
                    .iter()
                    .map(|(_, p)| f(p).map(|n| n as i64))
                    .collect::<Int64Array>(),
            )
        };
        let severity = |p: &Problem| {
            Some(
                if p.severity == Severity::Warning {
                    "warning"
                } else {
                    "rejected"
                }
                .to_owned(),
            )
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(
                (0..problems.len()).map(|i| format!("{source}-{i}")),
            )),
            Arc::new(StringArray::from_iter_values(
                problems.iter().map(|(f, _)| f.as_str()),
            )),
            text(&|p| p.dataset.as_ref().map(ToString::to_string)),
            text(&severity),
            text(&|p| Some(p.code.clone())),
            text(&|p| Some(p.message.clone())),
            text(&|p| p.position.file.clone()),
            number(&|p| p.position.line),
            number(&|p| p.position.record),
            text(&|p| p.position.field.clone()),
            number(&|p| Some(p.rows)),
            text(&|p| p.raw.clone()),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(())
    }

    fn add_message(&mut self, seq: i64, draft: &mut Draft, kept: Option<&str>) -> Result<Outcome> {
        let id = self.source.unwrap_or(seq);
        let mut total = Receipt::default();
        for receipt in &self.receipts {
            total.received += receipt.received;
            total.accepted += receipt.accepted;
            total.duplicate += receipt.duplicate;
            total.quarantined += receipt.quarantined;
            total.superseded += receipt.superseded;
            if receipt.seq_from > 0 {
                let first = if total.seq_from == 0 {
                    receipt.seq_from
                } else {
                    total.seq_from.min(receipt.seq_from)
                };
                (total.seq_from, total.seq_to) = (first, total.seq_to.max(receipt.seq_to));
            }
        }
        if let [only] = self.receipts.as_slice() {
            total.dataset.clone_from(&only.dataset);
        }
        let outcome = Outcome {
            message: id,
            digest: self.message.digest.clone(),
            repeated: false,
            total,
            datasets: self.receipts.clone(),
            problems: std::mem::take(&mut self.problems),
            warnings: self.warnings,
        };
        let stored = serde_json::to_string(&outcome).map_err(|e| LakeError::Refused(e.to_string()))?;
        let dataset = self.lake.dataset(system::MESSAGES)?;
        let text = |value: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
        let number = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        let m = &self.message;
        let t = &outcome.total;
        let columns: Vec<ArrayRef> = vec![
            number(id),
            text(Some(m.feed.as_str())),
            text(Some(&m.kind)),
            text(Some(&m.name)),
            text(Some(&m.digest)),
            text(Some(&self.identity_text)),
            text(m.idempotency_key.as_deref()),
            number(t.received as i64),
            number(t.accepted as i64),
            number(t.duplicate as i64),
            number(t.quarantined as i64),
            number(self.warnings as i64),
            number(t.seq_from),
            number(t.seq_to),
            text(Some(&stored)),
            text(kept),
        ];
        draft.push(
            &dataset,
            RecordBatch::try_new(Arc::clone(&dataset.data), columns)?,
        );
        Ok(outcome)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.lake.release(self.identity);
    }
}

/// The key-table slot of each row: its day, or [`WHOLE`].
pub(crate) fn slots(dataset: &Dataset, days: &[i32]) -> Vec<i32> {
    if dataset.spec.key_has_time() {
        days.to_vec()
    } else {
        vec![WHOLE; days.len()]
    }
}
