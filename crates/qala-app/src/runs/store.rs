//! Keeping what came of runs: rows and the note of the run in one message, by the door of all rows.

use std::collections::HashMap;

use qala_core::spec::{Kind, RunPeriod, RunSpec};
use qala_core::{DatasetName, FeedId, parse_instant};
use qala_lake::{Begin, Message, Op};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::compute::Filled;
use super::definition_hash;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::short_hash;
use crate::reread::{number, quoted, text};
use crate::trust::instant;
use crate::value::batch_of;

/// Where runs are noted.
const NOTES: &str = "models_runs";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Its rows are there.
    Done,
    /// There was nothing to compute from.
    NoRows,
    /// It failed; it is tried again.
    Failed,
}

impl RunState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NoRows => "no_rows",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Done, Self::NoRows]
            .into_iter()
            .find(|state| state.as_str() == text)
            .unwrap_or(Self::Failed)
    }
}

/// A run of a period; a row of `models_runs`. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunNote {
    /// Run.
    pub run: String,
    /// First instant of the period.
    pub period_start: i64,
    /// First instant after it.
    pub period_end: i64,
    /// How it ended.
    pub state: RunState,
    /// Why there are no rows.
    pub message: Option<String>,
    /// Model.
    pub model: String,
    /// Version of the model.
    pub model_version: i64,
    /// Hash of the model's spec and of the program's version.
    pub model_hash: String,
    /// Hash of the run's spec.
    pub definition_hash: String,
    /// Seed.
    pub seed: i64,
    /// Settings that differ from the model's defaults, as JSON.
    pub settings: String,
    /// Inputs with the tables they were read from, as JSON.
    pub inputs: String,
    /// The `_seq` up to which all inputs were read.
    pub seq: Option<i64>,
    /// Rows of the answer.
    pub rows: i64,
    /// How often this period was tried.
    pub tries: i64,
    /// True when simulated data went in.
    pub simulated: bool,
    /// When it began.
    pub began_at: i64,
    /// When it ended.
    pub computed_at: i64,
}

impl RunNote {
    fn of(row: &Map<String, Json>) -> Self {
        let word = |name: &str| text(row, name).to_owned();
        let moment = |name: &str| parse_instant(text(row, name), None).unwrap_or(0);
        Self {
            run: word("run"),
            period_start: moment("period_start"),
            period_end: moment("period_end"),
            state: RunState::parse(text(row, "state")),
            message: row.get("message").and_then(Json::as_str).map(ToOwned::to_owned),
            model: word("model"),
            model_version: number(row, "model_version").unwrap_or(0),
            model_hash: word("model_hash"),
            definition_hash: word("definition_hash"),
            seed: number(row, "seed").unwrap_or(0),
            settings: word("settings"),
            inputs: word("inputs"),
            seq: number(row, "seq"),
            rows: number(row, "rows").unwrap_or(0),
            tries: number(row, "tries").unwrap_or(0),
            simulated: row.get("simulated").and_then(Json::as_bool).unwrap_or(false),
            began_at: moment("began_at"),
            computed_at: moment("computed_at"),
        }
    }
}

impl Centre {
    /// The newest note of each run, by run.
    ///
    /// # Errors
    /// The query's.
    pub async fn run_notes(&self) -> Result<HashMap<String, RunNote>> {
        let sql = format!(
            "SELECT n.* FROM {NOTES} AS n JOIN (SELECT run, max(period_end) AS period_end FROM {NOTES} GROUP BY run) AS l \
             ON l.run = n.run AND l.period_end = n.period_end"
        );
        let rows = self.rows(&sql).await?;
        Ok(rows
            .iter()
            .map(RunNote::of)
            .map(|note| (note.run.clone(), note))
            .collect())
    }

    /// The note of a period, by the spec of today.
    pub(super) async fn run_note(&self, spec: &RunSpec, period: RunPeriod) -> Result<Option<RunNote>> {
        let sql = format!(
            "SELECT * FROM {NOTES} WHERE run = {} AND period_end = {} AND definition_hash = '{}'",
            quoted(spec.id.as_str()),
            instant(period.to),
            definition_hash(spec)
        );
        Ok(self.rows(&sql).await?.first().map(RunNote::of))
    }

    /// Writes rows and note. Gives the number of rows that were rejected.
    pub(super) async fn keep_run(&self, note: &RunNote, filled: Filled) -> Result<u64> {
        let row = serde_json::to_value(note).unwrap_or_default();
        // The note says when and of what its rows were made: no other run has the same.
        let bytes = serde_json::to_vec(&row).unwrap_or_default();
        let period = self.zone.format(note.period_end);
        // What a row needs to be walked back: which run, by which model, with what, and as of what.
        let context = json!({
            "run": note.run, "period_end": period, "model": note.model, "model_version": note.model_version,
            "model_hash": note.model_hash, "definition_hash": note.definition_hash, "seed": note.seed,
            "settings": note.settings, "seq": note.seq, "computed_at": self.zone.format(note.computed_at),
        });
        let message = Message {
            // A set of its own for each run: two that fill one dataset do not replace each other.
            feed: FeedId::new(format!("run.{}", note.run)).map_err(|e| AppError::Usage(e.to_string()))?,
            kind: "model".into(),
            name: format!("{} {period}", note.run),
            digest: format!("run:{}", short_hash(&[&bytes])),
            context: context.to_string(),
            idempotency_key: None,
            op: Op::Upsert,
        };
        let Begin::New(mut session) = self.lake.begin(message).await? else {
            return Ok(0);
        };
        for (name, rows) in filled {
            let dataset = self.lake.dataset(name.as_str())?;
            if rows.num_rows() > 0 {
                session.rows(&name, &rows).await?;
            }
            if dataset.spec.kind == Kind::Snapshot {
                session.publish(std::slice::from_ref(&name))?;
            }
        }
        let notes = self.lake.dataset(NOTES)?;
        let name = DatasetName::new(NOTES).map_err(|e| AppError::Usage(e.to_string()))?;
        let rows: Vec<Map<String, Json>> = row.as_object().cloned().into_iter().collect();
        session.rows(&name, &batch_of(&notes.spec, &rows)?).await?;
        let outcome = session.finish(None).await?;
        Ok(outcome.total.quarantined)
    }
}
