//! Work on several threads, with results that do not depend on how many there are.
//!
//! What belongs here: starting threads and gathering what they give. What does not: the work.

use std::num::NonZero;
use std::thread;

/// As many threads as the machine has, at most 16.
pub fn available() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(16)
}

/// What `work` gives for each of the numbers below `threads` (at least one), in their order; each runs on a thread of its own, and a
/// panic of one is one of the caller.
pub fn side_by_side<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|part| scope.spawn(move || work(part))).collect();
        let mut results = vec![work(0)];
        results.extend(others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }));
        results
    })
}
