//! When what runs beside the questions ran last, when it runs next, and what was wrong: for administrators to see.
//!
//! What belongs here: tasks of the program and the runs of indicators, since the program started. What does not: transports,
//! whose state is kept over restarts (`transport`).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::centre::Centre;

/// What runs again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Everything is copied to another place.
    Backup,
    /// The head of the audit is kept as a file.
    AuditHead,
    /// Days of feeds are judged.
    Judge,
    /// Feeds are looked at: who is late.
    Watch,
    /// Files are merged, old days removed.
    Tidy,
    /// Rows go from the log to their tables.
    Commit,
    /// The registry is told to the lake.
    Relay,
    /// What is new is held against the rules of alarms.
    Alarms,
    /// Events of live drills are told.
    Drills,
    /// The morning pages of the day are made.
    Morning,
}

impl Task {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::AuditHead => "audit_head",
            Self::Judge => "judge",
            Self::Watch => "watch",
            Self::Tidy => "tidy",
            Self::Commit => "commit",
            Self::Relay => "relay",
            Self::Alarms => "alarms",
            Self::Drills => "drills",
            Self::Morning => "morning",
        }
    }
}

/// How something that runs again and again does. Instants are µs of UTC by the clock of the centre.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Seconds between two runs; absent: it runs when there is something to do.
    pub every_s: Option<u64>,
    /// When it last ended, well or not; absent: not since the start of the program.
    pub ended: Option<i64>,
    /// When it runs next.
    pub next: Option<i64>,
    /// What was wrong the last time; absent when nothing was.
    pub error: Option<String>,
    /// What it works on, such as the address of a backup.
    pub what: Option<String>,
}

/// How an indicator does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndicatorRun {
    /// When the schedule last looked whether something is due, µs of UTC.
    pub looked: Option<i64>,
    /// When periods of it were last computed.
    pub computed: Option<i64>,
    /// Ranges of periods that were computed since the start of the program.
    pub ranges: u64,
    /// What was wrong the last time; absent when nothing was.
    pub error: Option<String>,
}

/// All runs.
#[derive(Debug, Default)]
pub struct Tasks {
    tasks: Mutex<BTreeMap<Task, Run>>,
    indicators: Mutex<BTreeMap<String, IndicatorRun>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tasks {
    /// The tasks that are under way.
    pub fn tasks(&self) -> Vec<(Task, Run)> {
        lock(&self.tasks)
            .iter()
            .map(|(task, run)| (*task, run.clone()))
            .collect()
    }

    /// How an indicator does.
    pub fn indicator(&self, id: &str) -> IndicatorRun {
        lock(&self.indicators).get(id).cloned().unwrap_or_default()
    }

    /// Notes a task before its first run.
    pub(crate) fn expect(&self, task: Task, every: Option<Duration>, next: i64, what: Option<String>) {
        let run = Run {
            every_s: every.map(|every| every.as_secs()),
            next: every.map(|_| next),
            what,
            ..Run::default()
        };
        lock(&self.tasks).insert(task, run);
    }

    /// Notes the end of a run.
    pub(crate) fn ended<T, E: Display>(&self, task: Task, now: i64, outcome: &Result<T, E>) {
        let mut tasks = lock(&self.tasks);
        let run = tasks.entry(task).or_default();
        run.ended = Some(now);
        let wait = run.every_s.and_then(|seconds| i64::try_from(seconds).ok());
        run.next = wait.map(|seconds| now.saturating_add(seconds.saturating_mul(1_000_000)));
        run.error = outcome.as_ref().err().map(ToString::to_string);
    }

    /// Notes what came of a turn of the schedule for an indicator.
    pub(crate) fn indicator_ran(&self, id: &str, note: impl FnOnce(&mut IndicatorRun)) {
        note(lock(&self.indicators).entry(id.to_owned()).or_default());
    }
}

impl Centre {
    /// Notes that a task runs every so often from now on.
    pub(crate) fn expect(&self, task: Task, every: impl Into<Option<Duration>>) {
        let every = every.into();
        let wait = every.and_then(|every| i64::try_from(every.as_micros()).ok());
        let next = self.clock.now().saturating_add(wait.unwrap_or_default());
        self.tasks.expect(task, every, next, None);
    }

    /// Notes the end of a run of a task.
    pub(crate) fn ended<T, E: Display>(&self, task: Task, outcome: &Result<T, E>) {
        self.tasks.ended(task, self.clock.now(), outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_follows_from_the_last_one() {
        let runs = Tasks::default();
        runs.expect(
            Task::Backup,
            Some(Duration::from_secs(60)),
            60_000_000,
            Some("there".into()),
        );
        runs.expect(Task::Commit, None, 5, None);
        let of = |task| runs.tasks().into_iter().find(|(t, _)| *t == task).unwrap().1;
        assert_eq!(
            (of(Task::Backup).ended, of(Task::Backup).next),
            (None, Some(60_000_000))
        );
        assert_eq!(of(Task::Commit).next, None);
        runs.ended(Task::Backup, 61_000_000, &Err::<(), _>("no room"));
        let run = of(Task::Backup);
        assert_eq!((run.ended, run.next), (Some(61_000_000), Some(121_000_000)));
        assert_eq!(
            (run.error.as_deref(), run.what.as_deref()),
            (Some("no room"), Some("there"))
        );
        // A good run takes the error away.
        runs.ended(Task::Backup, 121_000_000, &Ok::<_, String>(()));
        assert_eq!(of(Task::Backup).error, None);
        runs.indicator_ran("air.x", |run| run.ranges += 2);
        assert_eq!(
            (runs.indicator("air.x").ranges, runs.indicator("air.y").ranges),
            (2, 0)
        );
    }
}
