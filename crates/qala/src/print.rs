//! The one place that prints.

use std::cell::RefCell;
use std::io::Write;

/// What was printed for somebody else.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) out: String,
    pub(crate) err: String,
}

tokio::task_local! {
    static HEARD: RefCell<Heard>;
}

/// Does work, and gathers what it prints.
pub(crate) async fn heard<T>(work: impl Future<Output = T>) -> (T, Heard) {
    let listening = async {
        let done = work.await;
        (done, HEARD.with(RefCell::take))
    };
    HEARD.scope(RefCell::default(), listening).await
}

/// True when somebody else hears it.
fn is_heard(note: impl FnOnce(&mut Heard)) -> bool {
    HEARD.try_with(|heard| note(&mut heard.borrow_mut())).is_ok()
}

/// Prints a line to standard output. A closed pipe is no error: the reader has seen enough.
pub(crate) fn out(text: &str) {
    if is_heard(|heard| heard.out.extend([text, "\n"])) {
        return;
    }
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{text}"));
}

/// Writes bytes to standard output.
pub(crate) fn bytes(bytes: &[u8]) {
    if is_heard(|heard| heard.out.push_str(&String::from_utf8_lossy(bytes))) {
        return;
    }
    let mut stdout = std::io::stdout().lock();
    drop(stdout.write_all(bytes));
    drop(stdout.flush());
}

/// Writes a piece of an answer to standard output; false when nobody reads any more.
pub(crate) fn piece(bytes: &[u8]) -> bool {
    if is_heard(|heard| heard.out.push_str(&String::from_utf8_lossy(bytes))) {
        return true;
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).is_ok()
}

/// Prints a line to standard error.
pub(crate) fn err(text: &str) {
    if is_heard(|heard| heard.err.extend([text, "\n"])) {
        return;
    }
    let mut stderr = std::io::stderr().lock();
    drop(writeln!(stderr, "{text}"));
}
