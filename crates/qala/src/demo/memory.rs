//! Settings of the allocator, which it reads when a program starts and never again.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What is freed goes back to the system at once, page by page. Otherwise rows that have long been written to files keep
/// hundreds of megabytes while a city is filled in.
const SETTINGS: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")];

/// Starts the program once more in its own place with these settings, unless somebody has chosen one.
pub(crate) fn give_back() {
    if SETTINGS.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let arguments = std::env::args_os().skip(1);
    // It comes back only when it failed. Then the program goes on as it is, with more memory.
    let error = Command::new(program).args(arguments).envs(SETTINGS).exec();
    tracing::warn!(%error, "memory settings could not be made");
}
