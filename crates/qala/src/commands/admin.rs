//! Everything that keeps a centre in order.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::CommandFactory;
use qala_app::registry::Pack;
use qala_app::{AppError, Centre, Content};
use qala_core::spec::DatasetSpec;
use qala_core::{FeedId, FunctionId, parse_instant};

use crate::args::Args;
use crate::print;

/// Checks what is written in files; true when there is nothing to mend.
pub(crate) fn check(pack: &str) -> Result<bool> {
    let datasets = Content::datasets()?;
    let indicators = Content::indicators()?;
    let files = Content::pack(pack)?;
    let organisation =
        Pack::from_toml(files.iter().map(|(n, t)| (n.as_str(), t.as_str()))).map_err(AppError::from)?;
    let feeds = Content::feeds(pack)?;
    let mut faults = Vec::new();
    for indicator in &indicators {
        if !organisation
            .functions
            .iter()
            .any(|f| f.id == indicator.owner_function)
        {
            faults.push(format!(
                "indicator {}: there is no function `{}`",
                indicator.id, indicator.owner_function
            ));
        }
    }
    for feed in &feeds {
        if !organisation.functions.iter().any(|f| f.id == feed.owner_function) {
            faults.push(format!(
                "feed {}: there is no function `{}`",
                feed.id, feed.owner_function
            ));
        }
        if feeds.iter().filter(|f| f.id == feed.id).count() > 1 {
            faults.push(format!("feed {}: there are two of this id", feed.id));
        }
        faults.extend(qala_app::feed_faults(feed, &datasets));
        if let Some(devices) = &feed.devices {
            let name = devices.dataset.as_ref().or(feed.dataset.as_ref());
            let dataset = name.and_then(|n| datasets.iter().find(|d| d.name == *n));
            if dataset.is_none_or(|d| d.column(&devices.column).is_none()) {
                faults.push(format!(
                    "feed {}: there is no dataset with the column `{}` of its devices",
                    feed.id, devices.column
                ));
            }
        }
    }
    for dataset in &datasets {
        let Some(owner) = &dataset.owner_function else {
            continue;
        };
        if !organisation.functions.iter().any(|f| f.id == *owner) {
            faults.push(format!(
                "dataset {}: there is no function `{owner}`",
                dataset.name
            ));
        }
    }
    let runs = Content::runs()?;
    let known: Vec<&DatasetSpec> = datasets.iter().collect();
    for run in &runs {
        if !organisation.functions.iter().any(|f| f.id == run.owner_function) {
            faults.push(format!(
                "run {}: there is no function `{}`",
                run.id, run.owner_function
            ));
        }
        faults.extend(qala_app::run_faults(run, &known));
    }
    let alarms = Content::alarms(pack)?;
    let notice = Content::notice(pack)?;
    let functions = organisation.functions.iter().map(|f| f.id.clone()).collect();
    faults.extend(qala_app::alarm_faults(
        &alarms,
        &notice,
        &indicators,
        &datasets,
        &feeds,
        &functions,
    ));
    let procedures = Content::procedures(pack)?;
    let functions: Vec<FunctionId> = organisation.functions.iter().map(|f| f.id.clone()).collect();
    for procedure in &procedures {
        faults.extend(procedure.unknown_functions(&functions));
    }
    for contact in &organisation.contacts {
        if !feeds.iter().any(|f| f.id == contact.feed) {
            faults.push(format!("contacts: there is no feed `{}`", contact.feed));
        }
    }
    faults.extend(qala_app::programme_faults(&organisation, &indicators));
    for fault in &faults {
        print::err(fault);
    }
    print::out(&format!(
        "{} datasets, {} indicators, {} scheduled runs, {} alarm rules, {} procedures, {} feeds, {} functions: {} faults",
        datasets.len(),
        indicators.len(),
        runs.len(),
        alarms.len(),
        procedures.len(),
        feeds.len(),
        organisation.functions.len(),
        faults.len()
    ));
    Ok(faults.is_empty())
}

pub(crate) fn schemas(out: Option<&Path>) -> Result<ExitCode> {
    for (name, text) in qala_core::spec::schemas().map_err(AppError::from)? {
        let Some(folder) = out else {
            print::out(text.trim_end());
            continue;
        };
        let path = folder.join(format!("{name}.json"));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(AppError::io(format!("write {}", path.display())))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn backup(centre: Centre, target: &str) -> Result<ExitCode> {
    let mark = qala_app::backup(&centre, target).await?;
    print::out(&format!(
        "copied {} files, {} bytes; equals the source as of _seq {}, outbox {}",
        mark.files, mark.bytes, mark.seq, mark.outbox
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn restore(source: &str, data: &Path) -> Result<ExitCode> {
    let mark = qala_app::restore(source, data).await?;
    print::out(&format!(
        "restored {} files, {} bytes, as of _seq {}",
        mark.files, mark.bytes, mark.seq
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn reparse(centre: Centre, feed: &str, from: &str) -> Result<ExitCode> {
    let feed = FeedId::new(feed).map_err(|e| AppError::Usage(e.to_string()))?;
    let from = parse_instant(from, Some(&centre.zone)).map_err(|e| AppError::Usage(e.to_string()))?;
    for outcome in centre.reparse(&feed, from).await? {
        let t = &outcome.total;
        print::out(&format!(
            "message {}: received {}, accepted {} ({} corrections), duplicate {}, quarantined {}",
            outcome.message, t.received, t.accepted, t.superseded, t.duplicate, t.quarantined
        ));
    }
    centre.close().await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn tidy(centre: Centre) -> Result<ExitCode> {
    centre.lake.commit().await.map_err(AppError::from)?;
    let mut merged = 0;
    loop {
        let now = centre.lake.compact().await.map_err(AppError::from)?;
        if now == 0 {
            break;
        }
        merged += now;
    }
    let expired = centre.lake.retain().await.map_err(AppError::from)?;
    let removed = centre
        .lake
        .clean_up(Duration::ZERO)
        .await
        .map_err(AppError::from)?;
    print::out(&format!(
        "merged {merged} files, let {expired} expire, removed {removed}"
    ));
    centre.close().await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn completions(shell: clap_complete::Shell) {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "qala", &mut bytes);
    print::bytes(&bytes);
}
