//! Settings of the allocator, which it reads when a program starts and never again.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::args;

/// What is freed goes back to the system at once, page by page. Otherwise rows that have long been written to files keep
/// hundreds of megabytes while a city is filled in.
const DEMO: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")];
/// What is freed is kept for ten seconds, not for one: giving memory back and asking for it anew was a fifth of the work for
/// a message of 100,000 rows. A minute would take a tenth more memory at most, ten seconds take none. Nor are pages of 2 MiB
/// asked for: to clear them was a tenth of the work.
const SERVE: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "10000"), ("MIMALLOC_ALLOW_THP", "0")];

/// Starts the program once more in its own place with the settings of its command, unless somebody has chosen one.
pub(crate) fn settle(command: &args::Command) {
    let settings: &[(&str, &str)] = match command {
        args::Command::Demo { .. } => &DEMO,
        args::Command::Serve { .. } => &SERVE,
        _ => return,
    };
    if settings.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let arguments = std::env::args_os().skip(1);
    // It comes back only when it failed. Then the program goes on as it is.
    let error = Command::new(program)
        .args(arguments)
        .envs(settings.iter().copied())
        .exec();
    tracing::warn!(%error, "memory settings could not be made");
}
