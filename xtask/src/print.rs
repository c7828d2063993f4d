//! The one place of this crate that writes to the terminal.

/// Prints one line on standard output.
#[expect(
    clippy::print_stdout,
    reason = "a command-line tool speaks through this module only"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
}
