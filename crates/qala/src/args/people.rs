//! Commands about people, tokens and the audit.

use std::path::PathBuf;

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add somebody; the one-time password is shown once and has to be changed at the first sign-in
    #[command(
        after_help = "Examples:\n  qala user add aigul --name \"Айгүл\" --role analyst\n  qala user add serik --name \"Серік\" --role staff --department road-traffic"
    )]
    Add {
        /// Name to come in with
        id: String,
        /// Name to show
        #[arg(long)]
        name: String,
        /// staff, operator, analyst or administrator
        #[arg(long)]
        role: String,
        /// Department, by its id; needed for staff
        #[arg(long, value_name = "ID")]
        department: Option<String>,
    },
    /// Everybody
    #[command(after_help = "Example: qala user list")]
    List,
    /// Change role and department of somebody, and perhaps the name to show
    #[command(after_help = "Example: qala user role aigul operator")]
    Role {
        /// Name to come in with
        id: String,
        /// staff, operator, analyst or administrator
        role: String,
        /// Department, by its id; needed for staff
        #[arg(long, value_name = "ID")]
        department: Option<String>,
        /// Name to show; as it was when absent
        #[arg(long)]
        name: Option<String>,
    },
    /// Give somebody a new one-time password; all sessions of the user end
    #[command(after_help = "Example: qala user password aigul")]
    Password {
        /// Name to come in with
        id: String,
    },
    /// Remove somebody with all sessions and tokens
    #[command(after_help = "Example: qala user remove aigul")]
    Remove {
        /// Name to come in with
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Entries, the newest first
    #[command(after_help = "Example: qala audit list --limit 20 --format csv")]
    List {
        /// From this entry back; the newest when absent
        #[arg(long, value_name = "N")]
        from: Option<i64>,
        /// Entries at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Prove that no entry was changed or removed, also against heads that were kept elsewhere
    #[command(after_help = "Example: qala audit check --head /media/stick/2026-03-02.json")]
    Check {
        /// Copy of a file of the folder audit-head
        #[arg(long, value_name = "FILE")]
        head: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token with which a program may push to some feeds, or act for a user; it is shown once
    #[command(
        after_help = "Examples:\n  qala token issue --feed air-posts,weather --for \"Integrator X\" --expires 2027-12-31\n  qala token issue --feed air-posts --for \"Integrator X\" --sandbox\n  qala token issue --user aigul --scope read,sql --for notebook --expires 2027-12-31"
    )]
    Issue {
        /// Feeds it may push to
        #[arg(
            long,
            value_name = "ID",
            value_delimiter = ',',
            required_unless_present = "user",
            conflicts_with = "user"
        )]
        feed: Vec<String>,
        /// User it acts for
        #[arg(long, value_name = "ID", requires = "scope", requires = "expires")]
        user: Option<String>,
        /// What it may be used for, within the rights of the user: read, sql, export, administer
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', requires = "user")]
        scope: Vec<String>,
        /// Whose it is, or of a user's token what it is for
        #[arg(long = "for", value_name = "NAME")]
        holder: String,
        /// What comes with it is checked and answered, and reaches no dataset
        #[arg(long, conflicts_with = "user")]
        sandbox: bool,
        /// The last day on which it is valid, or the instant at which it ends
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
    },
    /// All tokens, without their secrets
    #[command(after_help = "Example: qala token list")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Let a token in no more
    #[command(after_help = "Example: qala token revoke 3fa9c2d41b07")]
    Revoke {
        /// Its id, as `qala token list` shows it
        id: String,
    },
}
