//! What each sub-command does.

mod admin;
mod import;
mod indicator;
mod output;
mod pack;
mod quarantine;
mod serve;
mod sql;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use qala_app::{Centre, CentreOptions, PackSources};

use crate::args::{Args, Command, IndicatorCommand, PackCommand, QuarantineCommand, SpecCommand};

/// Runs what was asked for.
pub(crate) async fn run(args: Args) -> Result<ExitCode> {
    let mut options = CentreOptions::new(&args.data);
    if let Some(pack) = &args.pack {
        options.pack.clone_from(pack);
    }
    if let Some(mib) = args.memory {
        options.query_memory = mib.saturating_mul(1 << 20);
    }
    match args.command {
        Command::Serve {
            listen,
            backup,
            backup_every_s,
        } => {
            let backup = backup.map(|to| (to, Duration::from_secs(backup_every_s.max(1))));
            serve::serve(Centre::open(options).await?, listen, backup).await
        }
        Command::Demo {
            listen,
            seed,
            start,
            fill_only,
        } => {
            let centre = serve::fill(Centre::open(options).await?, seed, start.as_deref()).await?;
            if fill_only {
                centre.close().await?;
                return Ok(ExitCode::SUCCESS);
            }
            serve::serve(centre, listen, None).await
        }
        Command::Import {
            kind,
            inputs,
            dataset,
            feed,
            mapping,
            dry_run,
            op,
            format,
        } => {
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
            import::run(Centre::open(options).await?, request).await
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
        Command::Check => admin::check(&options.pack),
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
        Command::User(command) => admin::user(Centre::open(options).await?, command).await,
        Command::Tidy => admin::tidy(Centre::open(options).await?).await,
        Command::Completions { shell } => {
            admin::completions(shell);
            Ok(ExitCode::SUCCESS)
        }
    }
}
