//! Commands about feeds.

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum FeedCommand {
    /// Judge a day of the readings of feeds: how complete and plausible, which faults, and how well faults are found
    #[command(
        after_help = "Examples:\n  qala feed trust\n  qala feed trust --feed sim-city-air-posts --day 2026-03-02 --format json"
    )]
    Trust {
        /// Only this feed; all feeds of readings when absent
        #[arg(long, value_name = "ID")]
        feed: Option<String>,
        /// Local day; the newest that is over when absent
        #[arg(long, value_name = "D")]
        day: Option<String>,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// All feeds: what was promised, whether it is kept, and whom to call; the most overdue first
    #[command(after_help = "Examples:\n  qala feed list\n  qala feed list --format csv")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One feed with its silent devices, its days, its changes and its contacts
    #[command(after_help = "Example: qala feed show air-posts")]
    Show {
        /// Feed
        id: String,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Say whom to call about a feed; who it was before is kept
    #[command(
        after_help = "Example: qala feed contact air-posts --name \"Duty desk\" --phone \"+7 727 000-00-00\" --email duty@example.org"
    )]
    Contact {
        /// Feed
        id: String,
        /// Person or desk
        #[arg(long)]
        name: String,
        /// Telephone number
        #[arg(long, required_unless_present = "email")]
        phone: Option<String>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// From this day or instant on; now when absent
        #[arg(long, value_name = "T")]
        from: Option<String>,
    },
}
