//! What the sender of a feed promised, and how far it was kept.
//!
//! What belongs here: the arithmetic of cadence, grace and working hours, from arrivals to states and shares. What does
//! not: where arrivals come from, whom to call, and the clock: every instant is an argument, µs of UTC.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Zone;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 86_400 * SECOND;
/// A feed has stopped when so many messages in a row are missing.
const MISSING: i64 = 3;
/// Gaps are remembered for so many days.
const REMEMBERED: i64 = 32;
/// Where the search for a due time ends.
const FAR: i64 = 3660 * DAY;

/// A minute of a local day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayMinute(u16);

impl DayMinute {
    /// Minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<String> for DayMinute {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let minutes = text.split_once(':').and_then(|(hour, minute)| {
            let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
            let (hour, minute) = (two(hour)?, two(minute)?);
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
        });
        minutes
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a time of day from 00:00 to 24:00"))
    }
}

impl From<DayMinute> for String {
    fn from(minute: DayMinute) -> Self {
        minute.to_string()
    }
}

impl fmt::Display for DayMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// On which local days a sender works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkingDays {
    /// Every day.
    #[default]
    Daily,
    /// Working days of the city's calendar.
    Working,
}

/// When a sender works; outside of it nothing is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Start, by the city's clock.
    pub from: DayMinute,
    /// End; not after the start means on the next day.
    pub to: DayMinute,
    /// Days on which it starts.
    #[serde(default)]
    pub days: WorkingDays,
}

/// How a feed stands to its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The newest message is no older than promised.
    Kept,
    /// A message is overdue.
    Late,
    /// Three messages in a row are missing.
    Stopped,
    /// Nothing ever came.
    Never,
}

impl Standing {
    /// The word used in tables and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Late => "late",
            Self::Stopped => "stopped",
            Self::Never => "never",
        }
    }
}

/// When the centre could receive, and when people work: what a promise is measured in.
pub struct Listening<'a> {
    /// The city's zone.
    pub zone: &'a Zone,
    /// Periods in which the centre itself was not running, ascending, not overlapping. No sender answers for them.
    pub dark: &'a [(i64, i64)],
    /// True for a local day (from 1970-01-01) on which nobody works.
    pub is_day_off: &'a (dyn Fn(i32) -> bool + Sync),
}

/// A message every so often. Time is counted only while the sender works and the centre listens: *promised time*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// µs between two messages.
    pub cadence: i64,
    /// µs that a message may be late.
    pub grace: i64,
    /// When the sender works; absent: always.
    pub hours: Option<Hours>,
}

impl Promise {
    /// A promise in seconds. Without a stated grace it is half of the cadence, at least 10 s and at most an hour.
    pub fn new(cadence_s: u64, grace_s: Option<u64>, hours: Option<Hours>) -> Self {
        let cadence = (cadence_s.clamp(1, 366 * 86_400) as i64) * SECOND;
        let grace = grace_s.map_or_else(
            || (cadence / 2).clamp(10 * SECOND, 3600 * SECOND),
            |s| s.min(366 * 86_400) as i64 * SECOND,
        );
        Self {
            cadence,
            grace,
            hours,
        }
    }

    /// Promised time after a message at which the next one is overdue.
    fn late_after(&self) -> i64 {
        self.cadence + self.grace
    }

    /// Promised time after a message at which the feed counts as stopped.
    fn stopped_after(&self) -> i64 {
        MISSING * self.cadence + self.grace
    }

    /// The pieces of promised time between two instants, in order.
    fn pieces(&self, on: &Listening<'_>, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut open = Vec::new();
        match self.hours {
            None => open.push((from, to)),
            Some(hours) => {
                // A day before the first: its hours may reach into it.
                for day in on.zone.local_day(from) - 1..=on.zone.local_day(to) {
                    if hours.days == WorkingDays::Working && (on.is_day_off)(day) {
                        continue;
                    }
                    let at = |day: i32, minute: DayMinute| {
                        on.zone
                            .instant(i64::from(day) * DAY + i64::from(minute.0) * MINUTE)
                    };
                    let ends = if hours.to > hours.from { day } else { day + 1 };
                    let piece = (at(day, hours.from).max(from), at(ends, hours.to).min(to));
                    if piece.0 < piece.1 {
                        open.push(piece);
                    }
                }
            }
        }
        for &(dark_from, dark_to) in on.dark.iter().filter(|d| d.0 < to && d.1 > from) {
            open = open
                .into_iter()
                .flat_map(|(a, b)| [(a, b.min(dark_from)), (a.max(dark_to), b)])
                .filter(|(a, b)| a < b)
                .collect();
        }
        open
    }

    /// Promised time between two instants, µs.
    pub fn time(&self, on: &Listening<'_>, from: i64, to: i64) -> i64 {
        self.pieces(on, from, to)
            .iter()
            .map(|(a, b)| (b - a).max(0))
            .sum()
    }

    /// The instant at which `span` µs of promised time have passed since `from`; `None` within ten years.
    pub fn after(&self, on: &Listening<'_>, from: i64, span: i64) -> Option<i64> {
        let (mut at, mut step, mut left) = (from, span.max(1), span);
        while at < from.saturating_add(FAR) {
            for (a, b) in self.pieces(on, at, at.saturating_add(step)) {
                if b - a >= left {
                    return Some(a + left);
                }
                left -= b - a;
            }
            at = at.saturating_add(step);
            step = left.max(DAY);
        }
        None
    }
}

/// Between two messages at least one promised message is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    from: i64,
    to: i64,
    missed: i64,
}

/// How many promised messages there were, and how many of them came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Promised.
    pub promised: i64,
    /// Came in time.
    pub kept: i64,
}

impl Share {
    /// Kept of promised; `None` when nothing was promised.
    pub fn ratio(self) -> Option<f64> {
        (self.promised > 0).then(|| self.kept as f64 / self.promised as f64)
    }
}

/// The arrivals of one feed, as far as its promise needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    ends: Option<(i64, i64)>,
    gaps: VecDeque<Gap>,
}

impl Arrivals {
    /// Arrivals of which only the first and the last are known.
    pub fn between(first: i64, last: i64) -> Self {
        Self {
            ends: Some((first, last)),
            gaps: VecDeque::new(),
        }
    }

    /// First and last arrival.
    pub fn ends(&self) -> Option<(i64, i64)> {
        self.ends
    }

    /// Takes an arrival in; they come in order. Without a promise only the ends are kept.
    pub fn add(&mut self, at: i64, promise: Option<(&Promise, &Listening<'_>)>) {
        let Some((first, last)) = self.ends else {
            self.ends = Some((at, at));
            return;
        };
        if at <= last {
            return;
        }
        self.ends = Some((first, at));
        let Some((promise, on)) = promise else { return };
        if at - last <= promise.late_after() {
            return;
        }
        let missed = missed(promise, promise.time(on, last, at), Gone::Answered);
        if missed > 0 {
            self.gaps.push_back(Gap {
                from: last,
                to: at,
                missed,
            });
        }
        while self.gaps.front().is_some_and(|g| g.to < at - REMEMBERED * DAY) {
            self.gaps.pop_front();
        }
    }

    /// Every change of standing after the instant `after`, in order; the last one is in force at `now`.
    pub fn changes(
        &self,
        promise: &Promise,
        on: &Listening<'_>,
        after: i64,
        now: i64,
    ) -> Vec<(Standing, i64)> {
        let Some((first, last)) = self.ends else {
            return Vec::new();
        };
        // Where gaps before were forgotten, the first thing known is that the feed went on after them.
        let mut all = vec![(Standing::Kept, first)];
        let running = Gap {
            from: last,
            to: i64::MAX,
            missed: 0,
        };
        for gap in self.gaps.iter().filter(|g| g.to > after).chain([&running]) {
            for (standing, span) in [
                (Standing::Late, promise.late_after()),
                (Standing::Stopped, promise.stopped_after()),
            ] {
                // Overdue one microsecond after the last moment of grace.
                let at = promise.after(on, gap.from, span).map(|t| t + 1);
                if let Some(at) = at.filter(|at| *at < gap.to && *at <= now) {
                    all.push((standing, at));
                }
            }
            if gap.to <= now {
                all.push((Standing::Kept, gap.to));
            }
        }
        all.retain(|(_, at)| *at > after);
        all
    }

    /// The standing at `now`, and since when.
    pub fn standing(&self, promise: &Promise, on: &Listening<'_>, now: i64) -> (Standing, Option<i64>) {
        let newest = self.gaps.back().map_or(i64::MIN, |g| g.to - 1);
        match self.changes(promise, on, newest, now).last() {
            Some((standing, since)) => (*standing, Some(*since)),
            None => (Standing::Never, None),
        }
    }

    /// Promised and kept messages between two instants, `to` not later than now. Nothing counts before the first message.
    pub fn share(&self, promise: &Promise, on: &Listening<'_>, from: i64, to: i64) -> Share {
        let Some((first, last)) = self.ends else {
            return Share::default();
        };
        let from = from.max(first);
        if from >= to {
            return Share::default();
        }
        let promised = promise.time(on, from, to) / promise.cadence;
        let mut lost = 0;
        for gap in self.gaps.iter().filter(|g| g.to > from && g.from < to) {
            let (whole, within) = (
                promise.time(on, gap.from, gap.to),
                promise.time(on, gap.from.max(from), gap.to.min(to)),
            );
            lost += (gap.missed * within + whole / 2) / whole.max(1);
        }
        if last < to {
            let open = promise.time(on, last, to);
            let before = promise.time(on, last, from.max(last));
            lost += missed(promise, open, Gone::Waiting) - missed(promise, before, Gone::Waiting);
        }
        Share {
            promised,
            kept: (promised - lost).max(0),
        }
    }
}

/// Whether the message at the end of a gap has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    Answered,
    Waiting,
}

/// Messages missing in a gap of so much promised time.
fn missed(promise: &Promise, gap: i64, gone: Gone) -> i64 {
    let over = gap - promise.grace;
    if over <= 0 {
        return 0;
    }
    match gone {
        // The message that ends the gap is the last of those that were due.
        Gone::Answered => (over + promise.cadence - 1) / promise.cadence - 1,
        Gone::Waiting => (over - 1) / promise.cadence,
    }
}

#[cfg(test)]
mod tests;
