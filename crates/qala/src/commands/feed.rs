//! `qala feed`.

use anyhow::Result;
use qala_app::registry::FeedContact;
use qala_app::{AppError, Centre, FeedHistory, Obligation};
use qala_core::{FeedId, Standing, Text, Zone, parse_instant};
use serde_json::{Map, Value, json};

use crate::args::{FeedCommand, Format};
use crate::commands::{output, trust};
use crate::print;

type Row = Map<String, Value>;

fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

fn instant(at: Option<i64>, zone: &Zone) -> Value {
    at.map_or(Value::Null, |t| Value::from(zone.format(t)))
}

/// The name in the language of the command line.
fn name(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |t| Value::from(t.en.clone()))
}

/// Shares are shown with four digits: a message of ten thousand.
fn share(ratio: Option<f64>) -> Value {
    ratio.map_or(Value::Null, |r| Value::from((r * 10_000.0).floor() / 10_000.0))
}

fn line(o: &Obligation, zone: &Zone) -> Row {
    let contact = o.contact.as_ref();
    row(json!({
        "feed": o.feed,
        "state": o.standing.map_or("free", Standing::as_str),
        "since": instant(o.since, zone),
        "last_arrival": instant(o.last_arrival, zone),
        "last_event": instant(o.last_event, zone),
        "cadence_s": o.cadence_s,
        "kept_7d": share(o.kept_7d),
        "kept_30d": share(o.kept_30d),
        "devices": o.devices,
        "silent": o.silent.len(),
        "owner_function": o.owner_function,
        "department": name(o.department.as_ref().map(|(_, name)| name)),
        "contact": name(contact.map(|c| &c.name)),
        "phone": contact.and_then(|c| c.phone.clone()),
        "email": contact.and_then(|c| c.email.clone()),
    }))
}

/// The most overdue first, then what never came, then the others.
fn order(o: &Obligation) -> (u8, i64) {
    let rank = match o.standing {
        Some(Standing::Stopped) => 0,
        Some(Standing::Late) => 1,
        Some(Standing::Never) => 2,
        Some(Standing::Kept) => 3,
        None => 4,
    };
    (rank, o.due.unwrap_or(i64::MAX))
}

pub(crate) async fn feed(centre: &Centre, command: FeedCommand) -> Result<()> {
    match command {
        FeedCommand::Trust { feed, day, format } => {
            trust::trust(centre, feed, day.as_deref(), format).await?;
        }
        FeedCommand::List { format } => {
            let mut all = centre.obligations().await?;
            all.sort_by_key(order);
            let mut rows: Vec<Row> = all.iter().map(|o| line(o, &centre.zone)).collect();
            if format == Format::Table {
                // What fits a screen; the rest is in `show` and in the other formats.
                let shown = [
                    "feed",
                    "state",
                    "since",
                    "last_arrival",
                    "cadence_s",
                    "kept_7d",
                    "kept_30d",
                    "silent",
                    "contact",
                    "phone",
                ];
                for row in &mut rows {
                    row.retain(|name, _| shown.contains(&name.as_str()));
                }
            }
            output::rows(&rows, format)?;
        }
        FeedCommand::Show { id, format } => show(&centre.feed_history(&id).await?, format, &centre.zone)?,
        FeedCommand::Contact {
            id,
            name,
            phone,
            email,
            from,
        } => {
            let from = from.map(|t| parse_instant(&t, Some(&centre.zone))).transpose();
            let from = from.map_err(|e| AppError::Usage(e.to_string()))?;
            let contact = FeedContact {
                feed: FeedId::new(id).map_err(|e| AppError::Usage(e.to_string()))?,
                name: Text::new(name.clone(), name.clone(), name),
                phone,
                email,
                simulated: false,
                valid_from: from.unwrap_or_else(|| centre.clock.now()),
                valid_to: None,
            };
            centre.set_contact(&contact).await?;
        }
    }
    Ok(())
}

fn show(history: &FeedHistory, format: Format, zone: &Zone) -> Result<()> {
    let mut all = Row::new();
    if let Some(o) = &history.obligation {
        all = line(o, zone);
        all.insert("due".into(), instant(o.due, zone));
        all.insert("grace_s".into(), json!(o.grace_s));
        let hours = o.hours.map(|h| format!("{}-{}", h.from, h.to));
        all.insert("hours".into(), json!(hours));
        all.insert("function".into(), name(o.function.as_ref()));
    }
    let silent: Vec<Row> = history
        .obligation
        .iter()
        .flat_map(|o| &o.silent)
        .map(|s| row(json!({ "device": s.device, "since": zone.format(s.since) })))
        .collect();
    let days: Vec<Row> = history
        .days
        .iter()
        .filter(|d| format != Format::Table || d.messages > 0 || d.promised > 0)
        .map(|d| {
            row(json!({
                "day": zone.format(zone.day_start(d.day))[..10], "promised": d.promised, "kept": d.kept,
                "messages": d.messages, "received": d.received, "accepted": d.accepted,
                "duplicate": d.duplicate, "quarantined": d.quarantined,
            }))
        })
        .collect();
    let contacts: Vec<Row> = history
        .contacts
        .iter()
        .map(|c| {
            row(json!({
                "name": c.name.en, "phone": c.phone, "email": c.email, "simulated": c.simulated,
                "from": zone.format(c.valid_from), "to": instant(c.valid_to, zone),
            }))
        })
        .collect();
    let parts = [
        ("silent_devices", silent),
        ("days", days),
        ("changes", history.changes.clone()),
        ("contacts", contacts),
    ];
    if format == Format::Json {
        for (name, rows) in parts {
            all.insert(name.into(), json!(rows));
        }
        print::out(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let facts: Vec<Row> = all
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| row(json!({ "fact": name, "value": value })))
        .collect();
    output::rows(&facts, format)?;
    for (name, rows) in parts {
        if !rows.is_empty() {
            print::out(&format!("\n{}", name.replace('_', " ")));
            output::rows(&rows, format)?;
        }
    }
    Ok(())
}
