//! How far the seeded city has come, for everybody who looks on: the page, other programs, the terminal.
//!
//! What belongs here: what is shown. What does not: making the city and sending it, which is the program's.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the seeded city does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DemoPhase {
    /// It sends its lists and the last two hours.
    #[default]
    Recent,
    /// It sends the years before by hour and day.
    History,
    /// It sends the last days row by row.
    Days,
    /// It takes back what was wrong meanwhile.
    Corrections,
    /// All is filled; it goes on with its time.
    Live,
}

impl DemoPhase {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::History => "history",
            Self::Days => "days",
            Self::Corrections => "corrections",
            Self::Live => "live",
        }
    }
}

/// How far the seeded city has come.
#[derive(Debug, Clone, Default)]
pub struct DemoStatus {
    /// Seed of the city.
    pub seed: u64,
    /// What it does now.
    pub phase: DemoPhase,
    /// Messages of the phase that are durable, those of earlier runs included.
    pub done: u64,
    /// Messages of the phase at most: a feed in which nothing happens sends none.
    pub expected: u64,
    /// Rows received since the start of the program.
    pub rows: u64,
    /// Live: the time of the oldest message that is not durable yet, which may lie ahead, µs of UTC; absent when it does
    /// not live.
    pub next_due: Option<i64>,
    /// How many times faster than the wall clock the city's time runs.
    pub speed: u32,
    /// Range of time that is not filled yet, µs of UTC.
    pub gap: Option<(i64, i64)>,
    /// Bytes of the data directory, when they were last counted.
    pub disk_bytes: u64,
    /// Why it stands still; absent while it goes on.
    pub error: Option<String>,
}

impl DemoStatus {
    /// By how many seconds the live city is behind its time at `now`, µs of UTC.
    pub fn behind_s(&self, now: i64) -> i64 {
        self.next_due.map_or(0, |due| ((now - due) / 1_000_000).max(0))
    }
}

/// The place where [`DemoStatus`] is kept; empty when the centre shows no seeded city.
#[derive(Debug, Default)]
pub struct Demo(Mutex<Option<DemoStatus>>);

impl Demo {
    fn lock(&self) -> MutexGuard<'_, Option<DemoStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state now.
    pub fn status(&self) -> Option<DemoStatus> {
        self.lock().clone()
    }

    /// Changes the state; the first change makes it.
    pub fn note(&self, change: impl FnOnce(&mut DemoStatus)) {
        change(self.lock().get_or_insert_default());
    }

    /// The range of time that is not filled yet, µs of UTC.
    pub(crate) fn gap(&self) -> Option<(i64, i64)> {
        self.lock().as_ref()?.gap
    }
}
