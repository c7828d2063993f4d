//! Scheduled runs of models: what a spec says is read from the lake, computed beside the work of others and written by the door
//! of all rows, with a message that tells by what.
//!
//! What belongs here: when a run is due, what goes in, what is kept. What does not: what a model computes (`qala_models`).

mod check;
mod compute;
mod due;
mod rows;
mod store;

pub use check::run_faults;
pub use due::RunSchedule;
pub use store::{RunNote, RunState};

use qala_core::spec::{RunSpec, nearest};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::short_hash;

/// Hash of what decides the answer of a run, the model's own code aside.
fn definition_hash(spec: &RunSpec) -> String {
    let text = serde_json::to_string(spec).unwrap_or_default();
    short_hash(&[text.as_bytes()])
}

/// Hash of a model: its spec, and the version of the program that holds its code.
fn model_hash(model: &qala_models::run::Model) -> String {
    short_hash(&[model.spec.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()])
}

impl Centre {
    /// A scheduled run by its id.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion.
    pub fn run_spec(&self, id: &str) -> Result<&RunSpec> {
        self.runs.iter().find(|r| r.id.as_str() == id).ok_or_else(|| {
            let hint = nearest(id, self.runs.iter().map(|r| r.id.as_str()));
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            AppError::Usage(format!(
                "there is no scheduled run `{id}`{hint} (`qala model runs` names them)"
            ))
        })
    }

    /// Rows of a table that are made of few single records, as a condition on those that are left; none when nothing is
    /// hidden. It holds for those who may not see the column that counts the records.
    pub(crate) fn enough(&self, table: &str, shown: &[String]) -> Option<String> {
        let outputs = self.runs.iter().flat_map(|run| run.outputs.values());
        let mut counts = outputs
            .filter(|output| output.dataset.as_str() == table)
            .filter_map(|output| output.few.as_ref())
            .filter(|few| !shown.contains(few));
        let few = counts.next()?;
        Some(format!("{few} >= {}", crate::indicator::FEW))
    }
}
