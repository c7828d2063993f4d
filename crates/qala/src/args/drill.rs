//! Commands about drills.

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum DrillCommand {
    /// Scenarios, and the drills there were
    #[command(after_help = "Example: qala drill list")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Play a scenario to its end with a crew that is drawn from the seed, keep it as records that are marked as a drill, and
    /// print its log: the same seed and pack give the same bytes
    #[command(after_help = "Example: qala drill run earthquake --seed 7")]
    Run {
        /// smog, mudflow, earthquake or stadium
        scenario: String,
        /// Seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}
