//! Scheduled runs of models in the catalogue.

use qala_api as api;
use qala_app::registry::{GovernmentFunction, Role};
use qala_app::{Centre, Reader, RunNote, models};
use qala_core::spec::{RunSpec, RunTime};

use crate::read::{dataset, text};

/// The runs with their outputs and how the newest one ended, as far as somebody may see it.
pub(crate) async fn model_runs(
    centre: &Centre,
    reader: &Reader,
    owners: &[GovernmentFunction],
) -> Vec<api::ModelRun> {
    // What there is does not depend on how it went.
    let notes = centre.run_notes().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the notes of model runs could not be read");
        std::collections::HashMap::new()
    });
    let last = |spec: &RunSpec| {
        notes
            .get(spec.id.as_str())
            .map(|note| state(centre, reader, note))
    };
    let run = |spec: &RunSpec| {
        let model = models::model(spec.model.as_str()).and_then(|model| model.spec().ok());
        let (daily_at_hour, every_min) = match spec.when {
            RunTime::Daily { hour } => (Some(hour), None),
            RunTime::Every { minutes } => (None, Some(minutes)),
        };
        let outputs = spec.outputs.iter().filter_map(|(name, output)| {
            let known = centre
                .lake
                .specs()
                .into_iter()
                .find(|d| d.name == output.dataset)?;
            reader.sees_rows(known).then(|| api::ModelRunOutput {
                name: name.clone(),
                dataset: dataset(known, reader),
            })
        });
        api::ModelRun {
            id: spec.id.to_string(),
            subject: spec.subject().into(),
            model: spec.model.to_string(),
            model_title: model.map(|model| text(&model.title)),
            title: text(&spec.title),
            question: text(&spec.question),
            owner_function: spec.owner_function.to_string(),
            owner: owners
                .iter()
                .find(|f| f.id == spec.owner_function)
                .map(|f| text(&f.name)),
            daily_at_hour,
            every_min,
            days: spec.days,
            outputs: outputs.collect(),
            last: last(spec),
        }
    };
    centre.runs.iter().map(run).collect()
}

fn state(centre: &Centre, reader: &Reader, note: &RunNote) -> api::ModelRunState {
    api::ModelRunState {
        state: note.state.as_str().into(),
        period_start: centre.zone.format(note.period_start),
        period_end: centre.zone.format(note.period_end),
        computed_at: centre.zone.format(note.computed_at),
        seq: note.seq,
        rows: note.rows,
        simulated: note.simulated,
        message: note.message.clone().filter(|_| reader.role() >= Role::Staff),
    }
}
