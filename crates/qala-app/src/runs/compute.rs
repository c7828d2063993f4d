//! One run: inputs as of one `_seq`, the model on a thread that steps back, rows for the datasets.

use std::time::Duration;

use arrow::array::RecordBatch;
use qala_core::DatasetName;
use qala_core::spec::{DatasetSpec, InputSpec, RunPeriod, RunSpec};
use qala_lake::{AsOf, Query, at_leisure, each};
use qala_models::run::{Content, Input, Model, Table};
use serde_json::{Value as Json, json};

use super::rows::{Own, rows_of};
use super::store::{RunNote, RunState};
use super::{definition_hash, model_hash};
use crate::centre::Centre;
use crate::error::{AppError, Result, with_causes};
use crate::model_input::table_of;

/// Memory that one input may take.
const MOST_BYTES: usize = 256 << 20;
/// Longest query of an input.
const LONGEST: Duration = Duration::from_secs(300);

/// Rows by dataset.
pub(super) type Filled = Vec<(DatasetName, RecordBatch)>;

/// What came of a run.
enum Answer {
    Rows(Filled),
    /// A required input has no rows; what to say.
    Nothing(String),
}

/// What was read.
#[derive(Default)]
struct Read {
    seq: Option<i64>,
    tables: Vec<Table>,
    inputs: Vec<Json>,
    simulated: bool,
}

impl Centre {
    /// Runs a model now, for the newest period that is due at `at` (µs of UTC), whether it was run before or not.
    ///
    /// # Errors
    /// An unknown run; the lake's. A run that fails is kept as failed and is no error here.
    pub async fn run_now(&self, id: &str, at: i64) -> Result<RunNote> {
        let spec = self.run_spec(id)?;
        let _turn = self.run_turn.lock().await;
        let period = spec.period(at, &self.zone);
        let before = self.run_note(spec, period).await?;
        self.run_and_keep(spec, period, before.as_ref()).await
    }

    /// Runs a model for a period and keeps what came of it. Only one runs at a time: whoever calls this has the turn.
    pub(super) async fn run_and_keep(
        &self,
        spec: &RunSpec,
        period: RunPeriod,
        before: Option<&RunNote>,
    ) -> Result<RunNote> {
        let began = self.clock.now();
        let model = qala_models::model(spec.model.as_str())
            .ok_or_else(|| AppError::Usage(format!("run {}: there is no model `{}`", spec.id, spec.model)))?;
        let mut read = Read::default();
        let answer = self.answer(spec, model, period, &mut read).await;
        let (state, message, filled) = match answer {
            Ok(Answer::Rows(filled)) => (RunState::Done, None, filled),
            Ok(Answer::Nothing(why)) => (RunState::NoRows, Some(why), Filled::new()),
            Err(error) => (RunState::Failed, Some(with_causes(&error)), Filled::new()),
        };
        let model_version = model.spec().map_or(0, |spec| i64::from(spec.version));
        let mut note = RunNote {
            run: spec.id.to_string(),
            period_start: period.from,
            period_end: period.to,
            state,
            message,
            model: spec.model.to_string(),
            model_version,
            model_hash: model_hash(model),
            definition_hash: definition_hash(spec),
            seed: spec.seed as i64,
            settings: json!(spec.settings).to_string(),
            inputs: Json::from(read.inputs).to_string(),
            seq: read.seq,
            rows: filled.iter().map(|(_, rows)| rows.num_rows() as i64).sum(),
            tries: before.map_or(0, |note| note.tries) + 1,
            simulated: read.simulated,
            began_at: began,
            computed_at: self.clock.now(),
        };
        let rejected = self.keep_run(&note, filled).await?;
        if rejected > 0 {
            note.state = RunState::Failed;
            note.message = Some(format!(
                "{rejected} rows of the answer do not fit their dataset; see `qala quarantine`"
            ));
            self.keep_run(&note, Filled::new()).await?;
        }
        match note.state {
            RunState::Failed => {
                tracing::error!(run = %spec.id, message = note.message.as_deref().unwrap_or_default(), "a model run failed");
            }
            RunState::Done | RunState::NoRows => {
                tracing::info!(run = %spec.id, rows = note.rows, "model run");
            }
        }
        Ok(note)
    }

    async fn answer(
        &self,
        spec: &RunSpec,
        model: &'static Model,
        period: RunPeriod,
        read: &mut Read,
    ) -> Result<Answer> {
        let known = model.spec().map_err(|refusal| AppError::Usage(refusal.0))?;
        let mut inputs = Vec::new();
        for input in known
            .inputs
            .iter()
            .filter(|input| spec.inputs.contains_key(&input.name))
        {
            let table = self.input(spec, &input.name, period, read).await?;
            if table.rows() == 0 && !input.may_be_absent {
                return Ok(Answer::Nothing(format!("the input `{}` has no rows", input.name)));
            }
            inputs.push(Input {
                name: input.name.clone(),
                content: Content::Table(narrowed(&table, input)),
            });
            if spec
                .outputs
                .values()
                .flat_map(|o| &o.with)
                .any(|with| with.input == input.name)
            {
                read.tables.push(table);
            }
        }
        let mut datasets: Vec<(String, DatasetSpec)> = Vec::new();
        for (name, output) in &spec.outputs {
            datasets.push((
                name.clone(),
                self.lake.dataset(output.dataset.as_str())?.spec.clone(),
            ));
        }
        let own = Own {
            period_start: period.from,
            period_end: period.to,
            computed_at: self.clock.now(),
            simulated: read.simulated,
        };
        let (spec, zone, whole) = (spec.clone(), self.zone.clone(), std::mem::take(&mut read.tables));
        let filled = at_leisure(move || -> Result<Filled> {
            let settings: Vec<(String, String)> = spec.settings.clone().into_iter().collect();
            let tables = model
                .run(inputs, &settings, spec.seed)
                .map_err(|refusal| AppError::Usage(refusal.0))?;
            let mut filled = Filled::new();
            for (name, dataset) in &datasets {
                let output = &spec.outputs[name];
                if let Some(table) = tables.iter().find(|table| table.name() == name) {
                    let rows = rows_of(output, table, &whole, dataset, &own, &zone)?;
                    filled.push((dataset.name.clone(), rows));
                }
            }
            Ok(filled)
        })
        .await??;
        Ok(Answer::Rows(filled))
    }

    /// Reads an input; all inputs of a run are read as of the same `_seq`.
    async fn input(&self, spec: &RunSpec, name: &str, period: RunPeriod, read: &mut Read) -> Result<Table> {
        let sql = spec.query(name, period, &self.zone).unwrap_or_default();
        let tables = self.tables_in(&sql);
        let query = Query::system(sql).as_of(read.seq.map(AsOf::Seq));
        let most = spec.most_rows();
        let mut batches: Vec<RecordBatch> = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        let work = each(&*self.engine, &query, |batch| {
            rows += batch.num_rows();
            bytes += batch.get_array_memory_size();
            batches.push(batch.clone());
            rows <= most && bytes <= MOST_BYTES
        });
        let seq = tokio::time::timeout(LONGEST, work).await.map_err(|_| {
            AppError::TimedOut(format!(
                "the query of the input `{name}` took longer than {} s",
                LONGEST.as_secs()
            ))
        })??;
        if rows > most {
            return Err(AppError::TooLarge(format!(
                "the input `{name}` has more than {most} rows; narrow its query, or raise `most_rows`"
            )));
        }
        if bytes > MOST_BYTES {
            return Err(AppError::TooLarge(format!(
                "the input `{name}` takes more than {} MiB; narrow its query",
                MOST_BYTES >> 20
            )));
        }
        read.seq = Some(seq);
        read.simulated |= self.simulated(&tables).await?;
        read.inputs
            .push(json!({ "input": name, "rows": rows, "tables": tables, "partition": 0, "seq": seq }));
        Ok(table_of(name, &batches, &self.zone))
    }
}

/// The columns that a model knows.
fn narrowed(table: &Table, input: &InputSpec) -> Table {
    let is_known = |name: &String| input.columns.contains(name) || input.optional.contains(name);
    table
        .columns()
        .iter()
        .filter(|(name, _)| is_known(name))
        .fold(Table::new(table.name()), |narrow, (name, cells)| {
            narrow.with(name, cells.clone())
        })
}
