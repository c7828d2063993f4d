//! The workspace's own verbs: `cargo xtask tidy|bless|gen|bench|prove`.
//!
//! What belongs here: checks and chores about the source tree. What does not: anything the program itself
//! needs; this crate depends on no other crate of the workspace and none depends on it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod print;
mod prove;
mod shell;
mod tidy;

/// Chores of the Qala workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check what the compiler cannot: crate edges, manifests, lists, texts. Prints `path:line: what, and what to do`.
    Tidy,
    /// Run all tests and rewrite their golden files. Read the diff before you commit it.
    Bless,
    /// Write the generated files: schemas/*.json.
    Gen,
    /// Run the benchmark steps of `prove` and print their figures; writes nothing.
    Bench,
    /// Run what is too long for every commit and write docs/PROOF.md.
    Prove {
        /// Only the steps whose name contains this; what is known of the others stays in the report.
        part: Option<String>,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::line(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let root = workspace_root()?;
    match Arguments::parse().verb {
        Verb::Tidy => tidy::run(&root),
        Verb::Bless => shell::run(&root, "QALA_BLESS=1 cargo test --workspace --no-fail-fast"),
        Verb::Gen => shell::run(&root, "cargo run --quiet --bin qala -- spec schema --out schemas"),
        Verb::Bench => prove::bench(&root),
        Verb::Prove { part } => prove::prove(&root, part.as_deref()),
    }
}

/// The folder of the root manifest. Cargo names this crate's folder at run time; a binary that was copied
/// elsewhere works on the current folder.
fn workspace_root() -> anyhow::Result<PathBuf> {
    if let Some(manifest_dir) = std::env::var_os("CARGO_MANIFEST_DIR")
        && let Some(root) = PathBuf::from(manifest_dir).parent()
    {
        return Ok(root.to_path_buf());
    }
    Ok(std::env::current_dir()?)
}
