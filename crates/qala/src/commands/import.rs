//! `qala import`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use qala_app::lake::{Op, Outcome};
use qala_app::{
    AppError, Centre, Import, Payload, Progress, Shelf, columns_of, feed_of, mapping_for, stem_of,
};
use qala_core::{DatasetName, FeedId};
use serde_json::{Map, Value, json};

use crate::args::{Format, OpArg};
use crate::commands::output;
use crate::print;

type Row = Map<String, Value>;

pub(crate) struct Request {
    pub(crate) kind: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) dataset: Option<String>,
    pub(crate) feed: Option<String>,
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) dry_run: bool,
    pub(crate) op: OpArg,
    pub(crate) format: Format,
}

/// Files, folders and addresses as payloads with the stems that name their feeds.
pub(crate) async fn payloads(kind: &str, inputs: &[String]) -> Result<Vec<(String, Payload)>> {
    let mut out = Vec::new();
    for input in inputs {
        if input.starts_with("http://") || input.starts_with("https://") {
            let answer = qala_app::fetch(input).await?;
            out.push((stem_of(input), Payload::Bytes(stem_of(input), Arc::new(answer))));
            continue;
        }
        let path = Path::new(input);
        if !path.exists() {
            return Err(AppError::Usage(format!("there is no file or folder {input}")).into());
        }
        if path.is_file() {
            out.push((stem_of(input), Payload::File(path.to_owned())));
            continue;
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)?
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| {
                p.is_file()
                    && !p
                        .file_name()
                        .is_some_and(|n| n.to_string_lossy().starts_with('.'))
            })
            .collect();
        files.sort();
        // A folder of text files is one GTFS feed.
        if kind == "gtfs" && files.iter().any(|f| f.extension().is_some_and(|e| e == "txt")) {
            out.push((
                stem_of(input),
                Payload::Bytes(format!("{}.zip", stem_of(input)), Arc::new(zipped(&files)?)),
            ));
        } else {
            out.extend(
                files
                    .into_iter()
                    .map(|f| (stem_of(&f.to_string_lossy()), Payload::File(f))),
            );
        }
    }
    Ok(out)
}

fn zipped(files: &[PathBuf]) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for file in files {
        let name = file
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        writer.start_file(name, zip::write::SimpleFileOptions::default())?;
        writer.write_all(&std::fs::read(file).with_context(|| format!("read {}", file.display()))?)?;
    }
    Ok(writer.finish()?.into_inner())
}

fn bar(progress: &Arc<Progress>, name: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    let (weak, progress) = (bar.downgrade(), Arc::downgrade(progress));
    std::thread::spawn(move || {
        while let (Some(bar), Some(progress)) = (weak.upgrade(), progress.upgrade()) {
            let (rows, bad) = (
                progress.rows.load(Ordering::Relaxed),
                progress.rejected.load(Ordering::Relaxed),
            );
            bar.set_message(format!("{rows} rows, {bad} rejected"));
            drop((bar, progress));
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    bar
}

pub(crate) async fn run(
    centre: Centre,
    shelf: &Shelf,
    request: Request,
    files: Vec<(String, Payload)>,
) -> Result<ExitCode> {
    let dataset = request
        .dataset
        .clone()
        .map(DatasetName::new)
        .transpose()
        .map_err(|e| AppError::Usage(e.to_string()))?;
    let mut done: Vec<(String, String, Outcome)> = Vec::new();
    let mut tried: Vec<Vec<Row>> = Vec::new();
    for (stem, payload) in files {
        let name = match &payload {
            Payload::File(path) => path.display().to_string(),
            other => other.name(),
        };
        let feed = match &request.feed {
            Some(feed) => FeedId::new(feed.clone()).map_err(|e| AppError::Usage(e.to_string()))?,
            None => feed_of(&stem)?,
        };
        let mut import = Import::new(request.kind.clone(), payload, feed.clone());
        import.dataset.clone_from(&dataset);
        import.mapping = match &request.mapping {
            Some(path) => mapping_for(Some(path), &stem)?,
            None => shelf.mapping_for(&stem, || match request.kind.as_str() {
                "table" | "geojson" if dataset.is_none() => columns_of(&import.payload),
                _ => Vec::new(),
            })?,
        };
        import.dry_run = request.dry_run;
        import.op = if request.op == OpArg::Retract {
            Op::Retract
        } else {
            Op::Upsert
        };
        let progress = Arc::new(Progress::default());
        let bar = bar(&progress, &name);
        let work = async {
            if request.dry_run {
                let tried = centre.try_out(import, Arc::clone(&progress)).await?;
                return Ok((tried.outcome, tried.rows));
            }
            let outcome = centre.import(import, Arc::clone(&progress)).await?;
            Ok::<_, AppError>((outcome, Vec::new()))
        };
        tokio::pin!(work);
        // Large files fill memory faster than they end; commit meanwhile.
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = centre.lake.asked_or(Duration::from_secs(10)) => centre.lake.commit().await?,
            }
        };
        bar.finish_and_clear();
        let (outcome, rows) = outcome?;
        done.push((name, feed.to_string(), outcome));
        tried.push(rows.into_iter().map(Row::from).collect());
    }
    report(&done, &tried, &request)?;
    centre.close().await?;
    let nothing = done
        .iter()
        .all(|(_, _, o)| o.total.accepted + o.total.duplicate == 0);
    Ok(if nothing {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints what became of each file; `tried` are the first rows of each, of a dry run.
fn report(done: &[(String, String, Outcome)], tried: &[Vec<Row>], request: &Request) -> Result<()> {
    if request.format == Format::Json {
        let files: Vec<_> = done
            .iter()
            .zip(tried)
            .map(|((name, feed, o), rows)| {
                let t = &o.total;
                json!({
                    "file": name, "feed": feed, "kind": request.kind, "dry_run": request.dry_run,
                    "received": t.received, "accepted": t.accepted, "duplicate": t.duplicate,
                    "quarantined": t.quarantined, "superseded": t.superseded, "warnings": o.warnings,
                    "repeated": o.repeated, "message": o.message, "digest": o.digest,
                    "datasets": o.datasets, "problems": o.problems, "rows": rows,
                })
            })
            .collect();
        let sum = |get: fn(&Outcome) -> u64| done.iter().map(|(_, _, o)| get(o)).sum::<u64>();
        let all = json!({
            "received": sum(|o| o.total.received), "accepted": sum(|o| o.total.accepted),
            "duplicate": sum(|o| o.total.duplicate), "quarantined": sum(|o| o.total.quarantined), "files": files,
        });
        print::out(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let names = [
        "file",
        "dataset",
        "received",
        "accepted",
        "duplicate",
        "quarantined",
    ]
    .map(String::from);
    let mut rows = Vec::new();
    for (name, _, outcome) in done {
        let short = name.rsplit('/').next().unwrap_or(name);
        for r in &outcome.datasets {
            let dataset = if r.dataset.is_empty() {
                "(none)".to_owned()
            } else {
                r.dataset.clone()
            };
            let counts = [r.received, r.accepted, r.duplicate, r.quarantined].map(|n| n.to_string());
            rows.push([short.to_owned(), dataset].into_iter().chain(counts).collect());
        }
        if outcome.datasets.is_empty() {
            rows.push([short, "(none)", "0", "0", "0", "0"].map(String::from).to_vec());
        }
    }
    output::table(&names, &rows);
    for (name, _, outcome) in done {
        let short = name.rsplit('/').next().unwrap_or(name);
        if outcome.repeated {
            print::out(&format!(
                "{short}: the same message came before; nothing was written again"
            ));
        }
        let mut seen: Vec<(&str, usize, &qala_core::Problem)> = Vec::new();
        for problem in &outcome.problems {
            match seen.iter_mut().find(|(code, _, _)| *code == problem.code) {
                Some(entry) => entry.1 += 1,
                None => seen.push((&problem.code, 1, problem)),
            }
        }
        for (code, count, first) in seen {
            let p = &first.position;
            let place: Vec<String> = [
                p.file.clone(),
                p.line.map(|l| format!("line {l}")),
                p.record.map(|r| format!("record {r}")),
                p.field.clone(),
            ]
            .into_iter()
            .flatten()
            .collect();
            let more = if count > 1 {
                format!(" (and {} more)", count - 1)
            } else {
                String::new()
            };
            print::out(&format!(
                "{short}: {code}: {}{}{more}",
                if place.is_empty() {
                    String::new()
                } else {
                    format!("{}: ", place.join(", "))
                },
                first.message
            ));
        }
    }
    if request.dry_run {
        for row in tried.iter().flatten() {
            print::out(&format!("would become: {}", serde_json::to_string(row)?));
        }
        print::out("dry run: nothing was kept");
    }
    Ok(())
}
