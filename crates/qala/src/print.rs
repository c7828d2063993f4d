//! The one place that prints.

use std::io::Write;

/// Prints a line to standard output. A closed pipe is no error: the reader has seen enough.
pub(crate) fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{text}"));
}

/// Writes bytes to standard output.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    drop(stdout.write_all(bytes));
    drop(stdout.flush());
}

/// Writes a piece of an answer to standard output; false when nobody reads any more.
pub(crate) fn piece(bytes: &[u8]) -> bool {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).is_ok()
}

/// Prints a line to standard error.
pub(crate) fn err(text: &str) {
    let mut stderr = std::io::stderr().lock();
    drop(writeln!(stderr, "{text}"));
}
