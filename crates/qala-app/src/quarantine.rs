//! Rejected rows: looking at them, reading them again mended or by mended rules, and reading whole messages again.
//!
//! Nothing is overwritten. A row that was read again is entered in `lake_resolved` with the message that did it; what is
//! still wrong with it is in quarantine under that message.

mod page;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use qala_core::spec::{Kind, Mapping};
use qala_core::{DatasetName, FeedId, Position};
use qala_feeds::{Selection, is_cut_short};
use qala_lake::{Begin, Message, Op, Outcome, RESOLVED};
use serde_json::{Map, Value};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Payload, Progress, blocking, digest};
use crate::indicator::short_hash;
use crate::reread::{Archive, Kept, Row, mended_texts, number, position, quoted, text};
use crate::value::batch_of;

pub use page::{QuarantinePage, QuarantineRow};

/// Raw records from this length on may have been cut.
const CUT: usize = 1_990;

/// Which quarantine rows are meant.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this feed.
    pub feed: Option<String>,
    /// Of this dataset.
    pub dataset: Option<String>,
    /// With this code, such as `bad_number`.
    pub code: Option<String>,
    /// Also rows that were read again, and warnings.
    pub all: bool,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// A message some of whose rejected rows were read again.
#[derive(Debug)]
pub struct Retried {
    /// The message in which they were rejected.
    pub message: i64,
    /// Quarantine rows read again.
    pub rows: usize,
    /// What came of it. After an error the rows stay open.
    pub outcome: Result<Outcome>,
}

impl Centre {
    /// Rows in quarantine, newest first, as columns of `lake_quarantine` and the message by which each was read again.
    ///
    /// # Errors
    /// The query's.
    pub async fn quarantine(&self, wanted: &Wanted) -> Result<Vec<Map<String, Value>>> {
        let limit = wanted.limit.map(|n| format!(" LIMIT {n}")).unwrap_or_default();
        let sql = format!(
            "SELECT q.*, r.message AS resolved_by {} ORDER BY q._seq DESC{limit}",
            wanted.part()
        );
        self.rows(&sql).await
    }

    /// Reads open quarantine rows again from the kept messages, by the parsers, mappings and specs of today. `mapping`
    /// stands in for the one they were read by.
    ///
    /// # Errors
    /// Nothing to read again; the query's. What is wrong with one message is told in its place.
    pub async fn retry(&self, wanted: &Wanted, mapping: Option<&(Mapping, String)>) -> Result<Vec<Retried>> {
        let mut rows = self.quarantine(wanted).await?;
        // What was not there to be taken back is not mended by looking again.
        rows.retain(|r| text(r, "code") != "nothing_to_retract");
        if rows.is_empty() {
            return Err(AppError::Usage(
                "no open row in quarantine is meant by that".into(),
            ));
        }
        self.retry_rows(rows, mapping, None).await
    }

    /// Takes mended rows in: `bytes` is a CSV with the columns `id` and `raw`, as `qala quarantine export` writes it. They
    /// are read in their places by the kind, mapping, feed and dataset of the message they came from.
    ///
    /// # Errors
    /// A file that cannot be read; an id that is not in quarantine; a row that cannot be mended in its place.
    pub async fn retry_mended(
        &self,
        bytes: Vec<u8>,
        mapping: Option<&(Mapping, String)>,
    ) -> Result<Vec<Retried>> {
        self.retry_texts(Mended::new(bytes).await?, mapping).await
    }

    async fn retry_texts(&self, mended: Mended, mapping: Option<&(Mapping, String)>) -> Result<Vec<Retried>> {
        let texts = &mended.texts;
        let rows = self.quarantine_rows(texts.keys().map(String::as_str)).await?;
        let known: BTreeSet<&str> = rows.iter().map(|r| text(r, "id")).collect();
        if let Some(id) = texts.keys().find(|id| !known.contains(id.as_str())) {
            return Err(AppError::Usage(format!("there is no row {id} in quarantine")));
        }
        let open: Vec<Row> = rows
            .into_iter()
            .filter(|r| number(r, "resolved_by").is_none())
            .collect();
        if open.is_empty() {
            return Err(AppError::Usage(
                "every row of the file was read again before; export anew what is still open, or load the page again".into(),
            ));
        }
        let mut written: HashMap<(Option<i64>, Position), (&str, &str)> = HashMap::new();
        for row in &open {
            mended.check(row)?;
            let place = Position {
                field: None,
                ..position(row)
            };
            if let Some(now) = mended.text(row)
                && let Some((other, id)) =
                    written.insert((number(row, "_source"), place), (now, text(row, "id")))
                && other != now
            {
                return Err(AppError::Usage(format!(
                    "the rows {id} and {} are one record but are mended differently; mend one of them",
                    text(row, "id")
                )));
            }
        }
        self.retry_rows(open, mapping, Some(&mended)).await
    }

    async fn retry_rows(
        &self,
        rows: Vec<Row>,
        mapping: Option<&(Mapping, String)>,
        mended: Option<&Mended>,
    ) -> Result<Vec<Retried>> {
        let mut messages: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        for row in rows {
            messages
                .entry(number(&row, "_source").unwrap_or_default())
                .or_default()
                .push(row);
        }
        let mut archives: BTreeMap<String, Archive> = BTreeMap::new();
        let mut done = Vec::new();
        for (message, rows) in messages {
            let feed = self
                .rows(&format!("SELECT feed FROM lake_messages WHERE id = {message}"))
                .await?
                .first()
                .map(|r| text(r, "feed").to_owned())
                .unwrap_or_default();
            if !archives.contains_key(&feed) {
                let id = FeedId::new(&*feed).map_err(|e| AppError::Usage(e.to_string()))?;
                archives.insert(feed.clone(), self.archive(&id).await?);
            }
            let Some(archive) = archives.get(&feed) else {
                continue;
            };
            done.push(Retried {
                message,
                rows: rows.len(),
                outcome: self.retry_message(archive, message, &rows, mapping, mended).await,
            });
        }
        Ok(done)
    }

    async fn retry_message(
        &self,
        archive: &Archive,
        message: i64,
        rows: &[Row],
        mapping: Option<&(Mapping, String)>,
        mended: Option<&Mended>,
    ) -> Result<Outcome> {
        let root = archive.root(message)?;
        if mended.is_some_and(|m| rows.iter().any(|r| m.text(r).is_some())) && !is_mendable(&root.kind) {
            return Err(AppError::Usage(format!(
                "rows of a {} message cannot be mended one by one; mend its source and import it again",
                root.kind
            )));
        }
        let mut selection = Selection::default();
        for row in rows {
            selection.add(&position(row));
            if is_cut_short(text(row, "code")) {
                selection.everything();
            }
        }
        if self.is_read_whole(root, message, rows).await? {
            selection.everything();
        }
        let given = rows
            .iter()
            .filter_map(|r| Some((position(r), mended?.text(r)?.to_owned())));
        for (at, written) in archive.mended(root).iter().cloned().chain(given) {
            // Elsewhere it was read before.
            if selection.reads(&at) {
                selection.mend(&at, written);
            }
        }
        let ids: Vec<&str> = rows.iter().map(|r| text(r, "id")).collect();
        let verb = if mended.is_some() { "mended" } else { "retry" };
        let mark = format!("{verb} {message} {}", hash(&ids));
        let mut import = self.again(root, mapping, mark, Some(selection))?;
        if let (Some(mended), Some(again)) = (mended, &mut import.again) {
            let personal = rows.iter().any(|r| {
                self.lake
                    .dataset(text(r, "dataset"))
                    .is_ok_and(|d| d.spec.is_personal())
            });
            let (lake, digest, bytes) = (
                Arc::clone(&self.lake),
                mended.digest.clone(),
                mended.bytes.clone(),
            );
            import.digest = Some(mended.digest.clone());
            again.kept = blocking(move || Ok(lake.keep(&digest, personal, &mut bytes.as_slice())?)).await?;
        }
        let outcome = self.import(import, Arc::new(Progress::default())).await?;
        self.resolve(&ids, outcome.message).await?;
        Ok(outcome)
    }

    /// True when the rows cannot be read without their whole message: a set replaces another only as a whole, and of very
    /// many problems not all places are known.
    async fn is_read_whole(&self, root: &Kept, message: i64, rows: &[Row]) -> Result<bool> {
        let sets: BTreeSet<&str> = rows
            .iter()
            .map(|r| text(r, "dataset"))
            .filter(|d| self.lake.dataset(d).is_ok_and(|d| d.spec.kind == Kind::Snapshot))
            .collect();
        for dataset in &sets {
            let feeds: BTreeSet<String> = rows.iter().map(|r| quoted(text(r, "feed"))).collect();
            let feeds: Vec<String> = feeds.into_iter().collect();
            let sql = format!(
                "SELECT max(_source) AS newest FROM lake_sets WHERE dataset = {} AND feed IN ({})",
                quoted(dataset),
                feeds.join(", ")
            );
            let newest = self.rows(&sql).await?;
            if let Some(newest) = newest
                .first()
                .and_then(|r| number(r, "newest"))
                .filter(|n| *n > message)
            {
                return Err(AppError::Usage(format!(
                    "a newer set of {dataset} is in force (message {newest}); reading message {message} again would replace it"
                )));
            }
        }
        let sql = format!(
            "SELECT count(*) AS n FROM lake_quarantine WHERE _source = {message} AND code = 'more_problems'"
        );
        let is_cut = self.rows(&sql).await?.first().and_then(|r| number(r, "n")) > Some(0);
        Ok(is_cut || !sets.is_empty() || root.kind == "gtfs")
    }

    /// Notes that quarantine rows were read again by a message. Doing it twice is doing it once.
    async fn resolve(&self, ids: &[&str], message: i64) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let note = Message {
            feed: FeedId::new("quarantine").map_err(|e| AppError::Usage(e.to_string()))?,
            kind: "resolve".into(),
            name: format!("rows read again by message {message}"),
            digest: format!("resolve:{message}:{}", hash(ids)),
            context: String::new(),
            idempotency_key: None,
            op: Op::Upsert,
        };
        let Begin::New(mut session) = self.lake.begin(note).await? else {
            return Ok(());
        };
        let rows: Vec<Row> = ids
            .iter()
            .map(|id| {
                let pairs = [("id", Value::from(*id)), ("message", Value::from(message))];
                pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()
            })
            .collect();
        let dataset = self.lake.dataset(RESOLVED)?;
        let name = DatasetName::new(RESOLVED).map_err(|e| AppError::Usage(e.to_string()))?;
        session.rows(&name, &batch_of(&dataset.spec, &rows)?).await?;
        session.finish(None).await?;
        Ok(())
    }

    /// Reads the kept messages of a feed again, from an instant on, with what was mended in them since. Rows that are there
    /// already are duplicates, changed ones supersede: nothing is overwritten.
    ///
    /// # Errors
    /// A message that cannot be read; the lake's.
    pub async fn reparse(&self, feed: &FeedId, from: i64) -> Result<Vec<Outcome>> {
        let at = qala_core::Zone::utc().format(from).replace("+00:00", "Z");
        let since = format!(
            "SELECT id FROM lake_messages WHERE feed = {} AND kept IS NOT NULL \
             AND _received_at >= arrow_cast('{at}', 'Timestamp(Microsecond, Some(\"UTC\"))')",
            quoted(feed.as_str())
        );
        let since: BTreeSet<i64> = self
            .rows(&since)
            .await?
            .iter()
            .filter_map(|r| number(r, "id"))
            .collect();
        let archive = self.archive(feed).await?;
        let mut outcomes = Vec::new();
        for kept in archive.messages().filter(|k| since.contains(&k.id)) {
            let root = archive.root(kept.id)?;
            let mended = archive.mended(root);
            let selection = if root.id == kept.id {
                let mut selection = Selection::default();
                selection.everything();
                (!mended.is_empty()).then_some(selection)
            } else if since.contains(&root.id) {
                // It is read with the message in which its rows lie.
                continue;
            } else {
                let mut selection = Selection::default();
                let sql = format!("SELECT id FROM lake_resolved WHERE message = {}", kept.id);
                let ids = self.rows(&sql).await?;
                for row in self.quarantine_rows(ids.iter().map(|r| text(r, "id"))).await? {
                    selection.add(&position(&row));
                }
                Some(selection)
            };
            let selection = selection.map(|mut selection| {
                for (at, written) in mended
                    .iter()
                    .filter(|(at, _)| selection.reads(at))
                    .cloned()
                    .collect::<Vec<_>>()
                {
                    selection.mend(&at, written);
                }
                selection
            });
            let mark = format!("reparse {} {}", kept.id, self.clock.now());
            let import = self.again(root, None, mark, selection)?;
            let outcome = self.import(import, Arc::new(Progress::default())).await?;
            // What was read whole covers what of it was read again before.
            let covered: Vec<String> = archive
                .messages()
                .filter(|k| {
                    k.id == kept.id
                        || (root.id == kept.id && archive.root(k.id).is_ok_and(|r| r.id == root.id))
                })
                .map(|k| k.id.to_string())
                .collect();
            let open = format!(
                "SELECT q.id FROM lake_quarantine q LEFT JOIN lake_resolved r ON q.id = r.id \
                 WHERE q._source IN ({}) AND q.severity = 'rejected' AND r.id IS NULL",
                covered.join(", ")
            );
            let open = self.rows(&open).await?;
            let ids: Vec<&str> = open.iter().map(|r| text(r, "id")).collect();
            self.resolve(&ids, outcome.message).await?;
            outcomes.push(outcome);
        }
        if outcomes.is_empty() {
            return Err(AppError::Usage(format!(
                "no message of feed `{feed}` was kept since {at}"
            )));
        }
        Ok(outcomes)
    }
}

/// A mended file.
struct Mended {
    texts: BTreeMap<String, String>,
    bytes: Vec<u8>,
    digest: String,
}

impl Mended {
    /// # Errors
    /// A file that cannot be read.
    async fn new(bytes: Vec<u8>) -> Result<Self> {
        let texts = mended_texts(&bytes)?;
        let payload = Payload::Bytes(String::new(), Arc::new(bytes.clone()));
        let digest = blocking(move || digest(&payload)).await?;
        Ok(Self { texts, bytes, digest })
    }

    /// The text that stands in the place of a row, if it was changed.
    fn text(&self, row: &Row) -> Option<&str> {
        let written = self.texts.get(text(row, "id"))?;
        (written != text(row, "raw")).then_some(written)
    }

    /// Says why a changed row cannot be read in its place.
    fn check(&self, row: &Row) -> Result<()> {
        if self.text(row).is_none() {
            return Ok(());
        }
        let at = position(row);
        let id = text(row, "id");
        let why = if at.line.is_none() && at.record.is_none() {
            "stands for more than one record"
        } else if text(row, "raw").len() >= CUT {
            "is longer than what is kept of it in quarantine"
        } else {
            return Ok(());
        };
        Err(AppError::Usage(format!(
            "row {id} {why}; mend its source and import that, or leave `raw` as it was"
        )))
    }
}

fn hash(ids: &[&str]) -> String {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes()).collect();
    short_hash(&ids)
}

/// Kinds whose records can be written in the place of others.
fn is_mendable(kind: &str) -> bool {
    matches!(kind, "table" | "json" | "geojson")
}
