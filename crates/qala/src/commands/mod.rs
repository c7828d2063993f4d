//! What each sub-command does.

mod admin;
mod control;
mod drill;
mod feed;
mod import;
mod indicator;
mod model;
mod output;
mod pack;
mod people;
mod propose;
mod quarantine;
mod runs;
pub(crate) mod serve;
mod sql;
mod trust;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use qala_app::{AppError, Centre, CentreOptions, Door, PackSources, Shelf};

use crate::args::{
    Args, Command, IndicatorCommand, MappingCommand, ModelCommand, PackCommand, QuarantineCommand,
    SpecCommand, Switch,
};
use crate::demo;

pub(crate) use control::code;

/// Runs what was asked for.
pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    if control::is_short(&args.command)
        && let Some(code) = control::ask(&args.data, &words()).await?
    {
        return Ok(code);
    }
    let mut options = CentreOptions::new(&args.data);
    if let Some(pack) = &args.pack {
        options.pack.clone_from(pack);
    }
    if let Some(mib) = args.memory {
        options.query_memory = mib.saturating_mul(1 << 20);
    }
    if asks_only(&args.command) && !args.data.join("FORMAT").exists() {
        // A mistyped folder would be a new centre without data, and its answers would be believed.
        return Err(AppError::Usage(format!(
            "there is no centre in {}; name another folder with --data, or begin one with `qala import`, `qala serve` or `qala demo`",
            args.data.display()
        ))
        .into());
    }
    match args.command {
        Command::Serve {
            listen,
            backup,
            backup_every_s,
            require_token,
        } => {
            let backup = backup.map(|to| (to, Duration::from_secs(backup_every_s.max(1))));
            let door = if require_token { Door::Closed } else { Door::Open };
            serve::serve(Arc::new(Centre::open(options).await?), listen, door, backup).await
        }
        Command::Demo {
            listen,
            seed,
            start,
            fill_only,
            small: true,
            ..
        } => {
            let centre = Centre::open(options).await?;
            demo::fill_small(&centre, seed, start.as_deref()).await?;
            if fill_only {
                centre.close().await?;
                return Ok(ExitCode::SUCCESS);
            }
            serve::serve(Arc::new(centre), listen, Door::Open, None).await
        }
        Command::Demo {
            listen,
            seed,
            start,
            speed,
            history,
            faults,
            fill_only,
            small: false,
        } => {
            let wanted = demo::Wanted {
                seed,
                start,
                history,
                faults: faults == Switch::On,
                speed,
            };
            demo::run(options, &wanted, listen, fill_only).await
        }
        Command::Import {
            kind,
            inputs,
            dataset,
            feed,
            mapping,
            propose,
            out,
            save,
            new,
            dry_run,
            op,
            format,
        } => {
            let wishes = propose::Wishes {
                propose,
                out,
                save,
                new,
            };
            let request = import::Request {
                kind,
                inputs,
                dataset,
                feed,
                mapping,
                dry_run,
                op,
                format,
            };
            // Nothing is kept of what cannot be taken in afterwards.
            if wishes.save && !wishes.propose && !dry_run {
                qala_app::check_free(&options.data)?;
            }
            let shelf = Shelf::new(&options.data, &options.pack);
            let files = import::payloads(&request.kind, &request.inputs).await?;
            if let Some(code) = propose::before(&shelf, &options.pack, &request, &wishes, &files)? {
                return Ok(code);
            }
            let centre = Centre::open(options).await?;
            Box::pin(import::run(centre, &shelf, request, files)).await
        }
        Command::Mapping(command) => {
            let shelf = Shelf::new(&options.data, &options.pack);
            match command {
                MappingCommand::List { format } => propose::list(&shelf, format),
                MappingCommand::Show { name } => propose::show_saved(&shelf, &name),
                MappingCommand::Remove { name } => propose::remove(&shelf, &name),
            }
        }
        Command::Sql { query, as_of, format } => {
            sql::run(Centre::open(options).await?, query, as_of, format).await
        }
        Command::Indicator(IndicatorCommand::List { format }) => indicator::list(format),
        Command::Indicator(IndicatorCommand::Show { id, format }) => indicator::show(&id, format),
        Command::Indicator(IndicatorCommand::Compute {
            id,
            from,
            to,
            grain,
            place,
            format,
        }) => {
            let request = indicator::Request {
                id,
                from,
                to,
                grain,
                place,
                format,
            };
            indicator::compute(Centre::open(options).await?, request).await
        }
        Command::Passport { id, verify, format } => {
            indicator::passport(Centre::open(options).await?, &id, verify, format).await
        }
        Command::Model(ModelCommand::List { format }) => model::list(format),
        Command::Model(ModelCommand::Show { id, format }) => model::show(&id, format),
        Command::Model(ModelCommand::Run {
            id,
            inputs,
            settings,
            seed,
            outputs,
            format,
        }) => {
            let request = model::Request {
                id,
                inputs,
                settings,
                seed,
                outputs,
                format,
            };
            model::run(options, request).await
        }
        Command::Check => {
            let is_sound = admin::check(&options.pack)?;
            let proof = ["audit".to_owned(), "check".to_owned()];
            let code = match control::ask(&args.data, &proof).await? {
                Some(code) => code,
                None => {
                    people::prove_alone(&args.data).await?;
                    ExitCode::SUCCESS
                }
            };
            Ok(if is_sound { code } else { ExitCode::from(1) })
        }
        Command::Pack(PackCommand::Build {
            osm,
            districts,
            gtfs,
            out,
        }) => {
            let sources = PackSources {
                pack: options.pack,
                osm,
                districts,
                gtfs,
            };
            pack::build(&sources, &out)
        }
        Command::Spec(SpecCommand::Schema { out }) => admin::schemas(out.as_deref()),
        Command::Backup { target } => admin::backup(Centre::open(options).await?, &target).await,
        Command::Restore { source } => admin::restore(&source, &args.data).await,
        Command::Quarantine { list, command } => {
            let command = command.unwrap_or(QuarantineCommand::List(list));
            quarantine::run(Centre::open(options).await?, command).await
        }
        Command::Reparse { feed, from } => admin::reparse(Centre::open(options).await?, &feed, &from).await,
        command @ (Command::Model(_)
        | Command::Feed(_)
        | Command::Token(_)
        | Command::User(_)
        | Command::Audit(_)
        | Command::Drill(_)) => {
            let centre = Centre::open(options).await?;
            control::run(&centre, command).await?;
            centre.close().await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Tidy => admin::tidy(Centre::open(options).await?).await,
        Command::Completions { shell } => {
            admin::completions(shell);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The words of this process's command.
fn words() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// True for commands that only make sense where a centre is.
fn asks_only(command: &Command) -> bool {
    matches!(
        command,
        Command::Sql { .. }
            | Command::Passport { .. }
            | Command::Indicator(IndicatorCommand::Compute { .. })
            | Command::Backup { .. }
            | Command::Quarantine { .. }
            | Command::Reparse { .. }
            | Command::Audit(_)
            | Command::Drill(_)
            | Command::Model(ModelCommand::Runs { .. } | ModelCommand::RunNow { .. })
            | Command::Tidy
    )
}
