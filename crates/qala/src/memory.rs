//! Settings of the allocator, which it reads when a program starts and never again.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::args;

/// Where the allocator looks for them.
const NAME: &str = "_RJEM_MALLOC_CONF";
/// What is freed goes back to the system soon. Otherwise rows that have long been written to files keep hundreds of megabytes
/// while a city is filled in.
const DEMO: &str = "background_thread:true,dirty_decay_ms:200,muzzy_decay_ms:0";
/// What is freed is kept for ten seconds: giving memory back and asking for it anew was a fifth of the work for a message of
/// 100,000 rows.
const SERVE: &str = "background_thread:true,dirty_decay_ms:10000,muzzy_decay_ms:0";

/// Starts the program once more in its own place with the settings of its command, unless somebody has chosen one.
pub(crate) fn settle(command: &args::Command) {
    let settings = match command {
        args::Command::Demo { .. } => DEMO,
        args::Command::Serve { .. } => SERVE,
        _ => return,
    };
    if std::env::var_os(NAME).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let arguments = std::env::args_os().skip(1);
    // It comes back only when it failed. Then the program goes on as it is.
    let error = Command::new(program).args(arguments).env(NAME, settings).exec();
    tracing::warn!(%error, "memory settings could not be made");
}
