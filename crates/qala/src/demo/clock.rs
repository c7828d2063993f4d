//! The clock of a city whose time runs faster than the wall clock's. It begins in the past and catches up; it never runs
//! ahead, so nothing in the lake claims to come from the future. Then it is the wall clock.

use std::sync::{Mutex, PoisonError};

use qala_app::SystemClock;
use qala_app::lake::Clock;

/// A clock that begins at some instant and runs some times faster than the wall clock, until it has caught up.
#[derive(Debug)]
pub(crate) struct DemoClock {
    /// An instant of the wall clock and that of the city, µs of UTC.
    since: Mutex<(i64, i64)>,
    speed: i64,
}

impl DemoClock {
    /// A clock that shows `instant` (µs of UTC) now.
    pub(crate) fn new(instant: i64, speed: u32) -> Self {
        Self {
            since: Mutex::new((SystemClock.now(), instant)),
            speed: i64::from(speed),
        }
    }

    /// Goes on from `instant`, µs of UTC.
    pub(crate) fn set(&self, instant: i64) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = (SystemClock.now(), instant);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> i64 {
        let wall = SystemClock.now();
        let (from, instant) = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        (instant + (wall - from) * self.speed).min(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::DemoClock;
    use qala_app::SystemClock;
    use qala_app::lake::Clock;

    #[test]
    fn it_runs_faster_and_never_ahead_of_the_wall_clock() {
        let wall = SystemClock.now();
        let clock = DemoClock::new(wall - 3_600_000_000, 1_000_000);
        let first = clock.now();
        while clock.now() == first {
            std::thread::yield_now();
        }
        assert!(first >= wall - 3_600_000_000 && clock.now() <= SystemClock.now());
        clock.set(wall + 3_600_000_000);
        assert!(clock.now() <= SystemClock.now());
    }
}
