//! Running other programs from the workspace root.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// Runs a shell command line with its output on the terminal; fails when it fails.
pub(crate) fn run(root: &Path, command_line: &str) -> anyhow::Result<()> {
    crate::print::line(&format!("$ {command_line}"));
    let status = shell(root, command_line)
        .status()
        .context("`sh` cannot be started")?;
    if !status.success() {
        bail!("`{command_line}` ended with {status}");
    }
    Ok(())
}

/// What a command wrote, standard error included, and whether it succeeded.
pub(crate) struct Output {
    /// Lines in the order they came.
    pub(crate) lines: Vec<String>,
    /// The command's exit code was zero.
    pub(crate) success: bool,
}

/// Runs a shell command line, showing each line as it comes and keeping it.
pub(crate) fn run_and_keep(root: &Path, command_line: &str) -> anyhow::Result<Output> {
    let mut child = shell(root, &format!("{{ {command_line}; }} 2>&1"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("`sh` cannot be started")?;
    let mut lines = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
            crate::print::line(&line);
            lines.push(line);
        }
    }
    Ok(Output {
        lines,
        success: child.wait()?.success(),
    })
}

/// The trimmed standard output of a command, or nothing when it fails: for facts that a report can do without.
pub(crate) fn ask(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A shell without the variables that `cargo run` sets for this crate: build scripts that watch them (ring's,
/// for one) would otherwise rebuild half of the dependencies.
fn shell(root: &Path, command_line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", command_line]).current_dir(root);
    // The last lines of a failed test are kept: they are to say why, not by which way.
    command.env("RUST_BACKTRACE", "0");
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let is_ours = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if is_ours
            || matches!(
                text,
                "CARGO_BIN_NAME" | "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE"
            )
        {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_keeps_both_streams_in_order_and_the_verdict() {
        let output = run_and_keep(Path::new("."), "echo one; echo two >&2; echo three; false").unwrap();
        assert_eq!(output.lines, ["one", "two", "three"]);
        assert!(!output.success);
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Path::new("."), "exit 3").unwrap_err().to_string();
        assert!(error.contains("`exit 3`"), "{error}");
    }
}
