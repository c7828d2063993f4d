//! `qala drill`: playing a scenario, and what came of those there were.

use anyhow::Result;
use qala_app::{Centre, SCENARIOS};
use serde_json::{Map, Value, json};

use crate::args::DrillCommand;
use crate::commands::output;
use crate::print;

/// Who plays a drill at the machine itself.
const BY: &str = "command line";

pub(crate) async fn drill(centre: &Centre, command: DrillCommand) -> Result<()> {
    match command {
        DrillCommand::List { format } => {
            let mut rows: Vec<Map<String, Value>> = Vec::new();
            let mut add = |row: Value| {
                if let Value::Object(row) = row {
                    rows.push(row);
                }
            };
            for scenario in &SCENARIOS {
                add(json!({
                    "scenario": scenario.id, "title": scenario.title[2], "incident": null, "state": null,
                    "on_time": null, "late": null, "skipped": null, "open": null,
                }));
            }
            for (incident, [on_time, late, skipped, open]) in centre.drills().await? {
                add(json!({
                    "scenario": null, "title": incident.record.title, "incident": incident.id,
                    "state": incident.record.state.as_str(), "on_time": on_time, "late": late,
                    "skipped": skipped, "open": open,
                }));
            }
            output::rows(&rows, format)
        }
        DrillCommand::Run { scenario, seed } => {
            let (incident, run) = centre.play_drill(&scenario, seed, BY).await?;
            print::out(run.log().trim_end());
            let (on_time, late, skipped) = run.counts;
            print::err(&format!(
                "incident {incident}: {on_time} steps on time, {late} late, {skipped} skipped"
            ));
            Ok(())
        }
    }
}
