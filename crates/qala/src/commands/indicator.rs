//! `qala indicator` and `qala passport`.

use std::process::ExitCode;

use anyhow::Result;
use qala_app::{AppError, Centre, Content, Range, Value, Verdict};
use qala_core::{Grain, parse_instant};
use serde_json::{Map, Value as Json, json};

use crate::args::Format;
use crate::commands::output;
use crate::print;

fn object(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

pub(crate) fn list(format: Format) -> Result<ExitCode> {
    let rows: Vec<Map<String, Json>> = Content::indicators()?
        .iter()
        .map(|i| {
            object(json!({
                "id": i.id, "title": i.title.en, "unit": i.unit.symbol(), "better": i.better,
                "grains": i.grains.iter().map(|g| g.as_str()).collect::<Vec<_>>().join(","),
                "owner_function": i.owner_function, "question": i.question.en,
            }))
        })
        .collect();
    output::rows(&rows, format)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn show(id: &str, format: Format) -> Result<ExitCode> {
    let specs = Content::indicators()?;
    let Some(spec) = specs.iter().find(|i| i.id.as_str() == id) else {
        let hint = qala_core::spec::nearest(id, specs.iter().map(|i| i.id.as_str()));
        let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
        return Err(AppError::Usage(format!("there is no indicator `{id}`{hint}")).into());
    };
    if format == Format::Json {
        print::out(&serde_json::to_string_pretty(spec)?);
        return Ok(ExitCode::SUCCESS);
    }
    if format != Format::Table {
        output::only(format, "table or json")?;
    }
    for (what, text) in [
        ("title", &spec.title),
        ("question", &spec.question),
        ("decision", &spec.decision),
    ] {
        print::out(&format!(
            "{what}\n  kk  {}\n  ru  {}\n  en  {}",
            text.kk, text.ru, text.en
        ));
    }
    print::out(&format!(
        "unit  {}\nowner function  {}",
        spec.unit, spec.owner_function
    ));
    if let Some(t) = spec.targets {
        print::out(&format!(
            "target  {}, limit  {}, hysteresis  {}",
            t.target, t.limit, t.hysteresis
        ));
    }
    print::out(&format!("\n{}", spec.sql));
    Ok(ExitCode::SUCCESS)
}

pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) grain: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) format: Format,
}

pub(crate) async fn compute(centre: Centre, request: Request) -> Result<ExitCode> {
    let usage = |e: qala_core::InvalidTime| AppError::Usage(e.to_string());
    let spec = centre.indicator(&request.id)?.clone();
    let grain = match &request.grain {
        Some(word) => Grain::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Grain::ALL.iter().map(|g| g.as_str()).collect();
            AppError::Usage(format!(
                "`{word}` is not a grain; grains are {}",
                known.join(", ")
            ))
        })?,
        None if spec.grains.contains(&Grain::Day) => Grain::Day,
        None => spec.grains.first().copied().unwrap_or(Grain::Day),
    };
    let from = request
        .from
        .as_deref()
        .map(|t| parse_instant(t, Some(&centre.zone)))
        .transpose()
        .map_err(usage)?;
    let to = request
        .to
        .as_deref()
        .map(|t| parse_instant(t, Some(&centre.zone)))
        .transpose()
        .map_err(usage)?;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (from, to) => {
            let Some((first, last)) = centre.data_range(&spec).await? else {
                return Err(AppError::Usage(
                    "there are no data yet; import some, or name --from and --to".into(),
                )
                .into());
            };
            (from.unwrap_or(first), to.unwrap_or(last + 1))
        }
    };
    if request.format == Format::Arrow {
        output::only(Format::Arrow, "table, csv or json")?;
    }
    if let Some(place) = request.place.as_deref().filter(|p| *p != "city") {
        let places = centre.registry.places().await.map_err(AppError::from)?;
        let known = || places.iter().map(|p| p.id.as_str());
        if known().all(|id| id != place) {
            let hint = qala_core::spec::nearest(place, known());
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            return Err(AppError::Usage(format!("there is no place `{place}`{hint}")).into());
        }
    }
    let (values, kept) = centre.run_indicator(&spec, Range { from, to, grain }).await?;
    let wanted: Vec<&Value> = values
        .iter()
        .filter(|v| request.place.as_ref().is_none_or(|p| v.place == *p))
        .collect();
    let time = |t: i64| Json::String(centre.zone.format(t));
    let rows: Vec<Map<String, Json>> = wanted
        .iter()
        .map(|v| {
            let mut row = object(serde_json::to_value(v).unwrap_or_default());
            for name in ["period_start", "period_end", "computed_at"] {
                let micros = row.get(name).and_then(Json::as_i64).unwrap_or(0);
                row.insert(name.into(), time(micros));
            }
            row
        })
        .collect();
    if request.format == Format::Table {
        let shown = [
            "place",
            "period_start",
            "value",
            "unit",
            "row_count",
            "coverage",
            "status",
            "reason",
        ];
        let short: Vec<Map<String, Json>> = rows
            .iter()
            .map(|r| {
                shown
                    .iter()
                    .map(|n| ((*n).to_owned(), r.get(*n).cloned().unwrap_or_default()))
                    .collect()
            })
            .collect();
        output::rows(&short, Format::Table)?;
        print::err(&format!("{} values, {kept} new or changed", values.len()));
    } else {
        output::rows(&rows, request.format)?;
    }
    centre.close().await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn passport(centre: Centre, id: &str, verify: bool, format: Format) -> Result<ExitCode> {
    if !matches!(format, Format::Table | Format::Json) {
        output::only(format, "table or json")?;
    }
    let passport = centre.passport(id, verify).await?;
    let bad = matches!(passport.verdict, Some(Verdict::Different { .. }));
    if format == Format::Json {
        print::out(&serde_json::to_string_pretty(&passport)?);
    } else {
        for (name, value) in &passport.value {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned);
            print::out(&format!("{name:<16} {text}"));
        }
        print::out(&format!("\nquery\n{}\n", passport.sql));
        print::out("messages");
        output::rows(&passport.messages, Format::Table)?;
        if !passport.history.is_empty() {
            print::out(&format!("\nrestated {} times", passport.history.len()));
        }
        match &passport.verdict {
            None => {}
            Some(Verdict::Equal) => print::out("\nverified: recomputed from rows, equal bit for bit"),
            Some(Verdict::Different { recomputed }) => {
                print::out(&format!(
                    "\nNOT verified: recomputed from rows gives {recomputed:?}"
                ));
            }
            Some(Verdict::DefinitionChanged) => {
                print::out("\nnot verified: the definition has changed since");
            }
            Some(Verdict::RowsGone { digest }) => {
                print::out(&format!(
                    "\nnot verified: retention has removed the rows; the kept digest is {digest}"
                ));
            }
        }
    }
    Ok(if bad { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
