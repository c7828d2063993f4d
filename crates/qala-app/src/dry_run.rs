//! A dry run: a payload is read and checked as at the real door, and nothing of it is kept.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use qala_core::Severity;
use qala_core::spec::{Kind, Sensitivity};
use qala_lake::{Lake, Outcome, Receipt};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::centre::Centre;
use crate::error::Result;
use crate::import::{Event, Import, Progress};
use crate::registry::SandboxRows;
use crate::value::rows_json;

/// Rows that are shown as they would become.
const SHOWN: usize = 20;
/// Problems that are told one by one, as in a receipt.
const TOLD: usize = 100;

/// What a payload would become.
#[derive(Debug, Clone, PartialEq)]
pub struct TriedOut {
    /// Counts and problems by row and field. No row is a duplicate: nothing is compared with what is there.
    pub outcome: Outcome,
    /// The first rows by dataset, as they would be in the table. Personal fields are hidden.
    pub rows: Vec<MappedRow>,
    /// Digests of all good rows, when they were asked for.
    pub(crate) digests: Vec<SandboxRows>,
}

/// A row as it would be in its table.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedRow {
    /// Dataset.
    pub dataset: String,
    /// Its columns; instants in the city's zone.
    pub row: Map<String, Value>,
}

/// Whether a dry run also makes digests of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digests {
    Made,
    LeftOut,
}

impl Centre {
    /// Reads and checks one payload and keeps nothing.
    ///
    /// # Errors
    /// An unknown kind or dataset; reading. Bad rows are no error.
    pub async fn try_out(&self, import: Import, progress: Arc<Progress>) -> Result<TriedOut> {
        self.read_only(import, progress, Digests::LeftOut).await
    }
}

/// Gathers what a parser says.
pub(crate) async fn gather(
    centre: &Centre,
    events: &mut mpsc::Receiver<Event>,
    digest: String,
    digests: Digests,
) -> Result<TriedOut> {
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut tried = TriedOut {
        outcome: Outcome {
            message: 0,
            digest,
            repeated: false,
            total: Receipt::default(),
            datasets: Vec::new(),
            problems: Vec::new(),
            warnings: 0,
        },
        rows: Vec::new(),
        digests: Vec::new(),
    };
    let mut add = |name: &str, good: u64, bad: u64| {
        let at = receipts
            .iter()
            .position(|r| r.dataset == name)
            .unwrap_or_else(|| {
                receipts.push(Receipt {
                    dataset: name.into(),
                    ..Receipt::default()
                });
                receipts.len() - 1
            });
        receipts[at].received += good + bad;
        receipts[at].accepted += good;
        receipts[at].quarantined += bad;
    };
    while let Some(event) = events.recv().await {
        match event {
            Event::Rows(dataset, batch) => {
                add(dataset.as_str(), batch.num_rows() as u64, 0);
                tried.show(centre, dataset.as_str(), &batch)?;
                if digests == Digests::Made {
                    tried.remember(&centre.lake, dataset.as_str(), &batch)?;
                }
            }
            Event::Problem(problem) => {
                if problem.severity == Severity::Warning {
                    tried.outcome.warnings += 1;
                } else {
                    let name = problem.dataset.as_ref().map_or("", |d| d.as_str());
                    add(name, 0, problem.rows);
                }
                if tried.outcome.problems.len() < TOLD {
                    tried.outcome.problems.push(problem);
                }
            }
            Event::Feed(_) | Event::Publish(_) => {}
        }
    }
    tried.outcome.datasets = receipts;
    add_up(&mut tried.outcome);
    Ok(tried)
}

/// Makes the total of the datasets' counts.
pub(crate) fn add_up(outcome: &mut Outcome) {
    let mut total = Receipt::default();
    for receipt in &outcome.datasets {
        total.received += receipt.received;
        total.accepted += receipt.accepted;
        total.duplicate += receipt.duplicate;
        total.quarantined += receipt.quarantined;
        total.superseded += receipt.superseded;
    }
    if let [only] = outcome.datasets.as_slice() {
        total.dataset.clone_from(&only.dataset);
    }
    outcome.total = total;
}

impl TriedOut {
    fn show(&mut self, centre: &Centre, dataset: &str, batch: &RecordBatch) -> Result<()> {
        let first = batch.slice(0, batch.num_rows().min(SHOWN.saturating_sub(self.rows.len())));
        if first.num_rows() == 0 {
            return Ok(());
        }
        let known = centre.lake.dataset(dataset)?;
        for mut row in rows_json(&[first], &centre.zone) {
            for column in &known.spec.columns {
                if column.sensitivity == Sensitivity::Personal
                    && let Some(value) = row.get_mut(&column.name).filter(|v| !v.is_null())
                {
                    *value = Value::from("~");
                }
            }
            self.rows.push(MappedRow {
                dataset: dataset.to_owned(),
                row,
            });
        }
        Ok(())
    }

    fn remember(&mut self, lake: &Lake, dataset: &str, batch: &RecordBatch) -> Result<()> {
        let known = lake.dataset(dataset)?;
        // A set replaces a set: its rows are never duplicates of an earlier one.
        if known.spec.kind == Kind::Snapshot {
            return Ok(());
        }
        let rows = known.digests(batch)?;
        match self.digests.iter_mut().find(|d| d.dataset == dataset) {
            Some(known) => known.rows.extend(rows),
            None => self.digests.push(SandboxRows {
                dataset: dataset.to_owned(),
                rows,
            }),
        }
        Ok(())
    }
}
