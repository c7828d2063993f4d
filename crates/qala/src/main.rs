//! The program `qala`: wiring and command line.

mod args;
mod commands;
mod demo;
mod memory;
mod print;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Columns are large buffers that come and go with each query; this one gives them back to the system.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for; everything else is bad usage, in one line.
            if !error.use_stderr() {
                print::out(&error.render().to_string());
                return ExitCode::SUCCESS;
            }
            print::err(error.render().to_string().trim_end());
            return ExitCode::from(2);
        }
    };
    let level = if args.verbose { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("QALA_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new(format!(
            "{level},qala=info,deltalake_core=error,buoyant_kernel=error"
        ))
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    memory::settle(&args.command);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::err(&format!("failed to start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(commands::run(args)) {
        Ok(code) => code,
        Err(error) => {
            print::err(&qala_app::with_causes(&*error));
            ExitCode::from(commands::code(&error))
        }
    };
    // What a command answers for is done; what still runs beside it must not hold the program.
    runtime.shutdown_timeout(Duration::from_secs(2));
    code
}
