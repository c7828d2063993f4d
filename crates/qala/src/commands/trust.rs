//! `qala feed trust`: how far feeds can be trusted.

use anyhow::Result;
use qala_app::{AppError, Centre, Fault, Measure, Trust};
use qala_core::parse_instant;
use serde_json::{Map, Value, json};

use crate::args::Format;
use crate::commands::output;
use crate::print;

/// Judges a day of one feed or of all, keeps the answers and prints them.
pub(crate) async fn trust(
    centre: &Centre,
    feed: Option<String>,
    day: Option<&str>,
    format: Format,
) -> Result<()> {
    let day = day
        .map(|text| parse_instant(text, Some(&centre.zone)).map_err(|e| AppError::Usage(e.to_string())))
        .transpose()?
        .map(|t| centre.zone.local_day(t));
    let feeds = match feed {
        Some(feed) => vec![feed],
        None => centre.trusted_feeds().iter().map(|f| f.id.to_string()).collect(),
    };
    let mut all = Trust {
        measures: Vec::new(),
        faults: Vec::new(),
    };
    for feed in &feeds {
        match centre.judge_feed(feed, day).await? {
            Some(trust) => {
                all.measures.extend(trust.measures);
                all.faults.extend(trust.faults);
            }
            None => print::err(&format!("{feed}: there are no readings to judge")),
        }
    }
    if format == Format::Json {
        let rows = json!({ "measures": rows(centre, &all.measures)?, "faults": rows(centre, &all.faults)? });
        print::out(&serde_json::to_string_pretty(&rows)?);
    } else {
        output::rows(&wide(centre, &all.measures), format)?;
        if !all.faults.is_empty() {
            print::out("");
            output::rows(&faults(centre, &all.faults), format)?;
        }
    }
    anyhow::ensure!(!all.measures.is_empty(), "there are no readings to judge");
    Ok(())
}

/// Rows as they are kept, instants written in the city's zone.
fn rows<T: serde::Serialize>(centre: &Centre, list: &[T]) -> Result<Vec<Value>> {
    list.iter()
        .map(|row| {
            let mut row = serde_json::to_value(row)?;
            for name in ["day", "begins", "ends", "computed_at"] {
                if let Some(t) = row.get(name).and_then(Value::as_i64) {
                    row[name] = Value::String(centre.zone.format(t));
                }
            }
            Ok(row)
        })
        .collect()
}

fn date(centre: &Centre, t: i64) -> String {
    centre.zone.format(t)[..10].to_owned()
}

/// A line for each feed and kind of fault.
fn wide(centre: &Centre, measures: &[Measure]) -> Vec<Map<String, Value>> {
    let mut lines = Vec::new();
    for measure in measures.iter().filter(|m| m.measure == "faults") {
        let find = |name: &str, fault: &str| {
            measures.iter().find(|m| {
                (m.feed.as_str(), m.day, m.measure, m.fault)
                    == (measure.feed.as_str(), measure.day, name, fault)
            })
        };
        let share = |name: &str, fault: &str| {
            let found = find(name, fault);
            let value = found.and_then(|m| m.value).map(|v| format!("{v:.3}"));
            value
                .or_else(|| found.and_then(|m| m.reason).map(str::to_owned))
                .unwrap_or_default()
        };
        let count = |name: &str, fault: &str| find(name, fault).and_then(|m| m.n);
        let is_all = measure.fault == "all";
        let line = json!({
            "feed": if is_all { measure.feed.as_str() } else { "" },
            "day": if is_all { date(centre, measure.day) } else { String::new() },
            "devices": is_all.then_some(measure.devices),
            "fresh_s": find("freshness", measure.fault).and_then(|m| m.value).map(|v| v.round() as i64),
            "complete": share("completeness", measure.fault),
            "plausible": share("plausibility", measure.fault),
            "fault": measure.fault,
            "found": measure.value.map(|v| v as i64),
            "planted": count("recall", measure.fault),
            "recall": share("recall", measure.fault),
            "precision": share("precision", measure.fault),
        });
        if let Value::Object(line) = line {
            lines.push(line);
        }
    }
    lines
}

fn faults(centre: &Centre, faults: &[Fault]) -> Vec<Map<String, Value>> {
    let minute = |t: i64| centre.zone.format(t)[..16].to_owned();
    faults
        .iter()
        .filter_map(|f| {
            let line = json!({
                "feed": f.feed, "device": f.device, "quantity": f.quantity, "fault": f.fault,
                "begins": minute(f.begins), "ends": minute(f.ends),
                "magnitude": (f.magnitude * 1e4).round() / 1e4,
                "confidence": (f.confidence * 100.0).round() / 100.0,
                "records": f.records,
            });
            line.as_object().cloned()
        })
        .collect()
}
