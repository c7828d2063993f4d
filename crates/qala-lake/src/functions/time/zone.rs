//! A time zone read for columns: jiff answers once per stretch of constant offset, arithmetic does the rest.
//!
//! Instants are µs of UTC since 1970, days are counted from 1970-01-01. SQL does not belong here.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use qala_core::Grain;

use super::calendar;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const HOUR: i64 = 3_600 * SECOND;
pub(super) const DAY: i64 = 24 * HOUR;

/// A name that the tz database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time zone of the tz database; a zone looks like 'Asia/Tokyo'")]
pub(super) struct UnknownZone(String);

/// A stretch of time with one offset: `start` ≤ t < `end`, local clock = t + `offset`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) offset: i64,
}

impl Span {
    fn holds(&self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }
}

/// A zone with the answers it has already given.
pub(super) struct Zone {
    rules: TimeZone,
    /// The span asked for last.
    last: Span,
    /// All spans asked for, by start.
    spans: Vec<Span>,
    /// Clock readings near changes of the clock, by local time in µs.
    readings: HashMap<i64, Option<i64>>,
    /// The calendar period asked for last: grain, start, end.
    period: Option<(Grain, i64, i64)>,
}

impl Zone {
    /// Finds a zone by its IANA name.
    ///
    /// # Errors
    /// [`UnknownZone`] when the tz database has no such name.
    pub(super) fn named(name: &str) -> Result<Self, UnknownZone> {
        let rules = TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        let nothing = Span {
            start: 0,
            end: 0,
            offset: 0,
        };
        Ok(Self {
            rules,
            last: nothing,
            spans: Vec::new(),
            readings: HashMap::new(),
            period: None,
        })
    }

    /// The span that holds an instant; `None` outside the years -9999 to 9999.
    #[inline]
    pub(super) fn span(&mut self, instant: i64) -> Option<Span> {
        if self.last.holds(instant) {
            return Some(self.last);
        }
        self.other_span(instant)
    }

    #[inline(never)]
    fn other_span(&mut self, instant: i64) -> Option<Span> {
        let after = self.spans.partition_point(|span| span.start <= instant);
        if let Some(known) = after.checked_sub(1).and_then(|index| self.spans.get(index))
            && known.holds(instant)
        {
            self.last = *known;
            return Some(*known);
        }
        let at = Timestamp::from_microsecond(instant).ok()?;
        let offset = self.rules.to_offset(at);
        // Some transitions change a name and not the offset: they begin and end nothing.
        let changes_offset = |at: &Timestamp| {
            let before = Timestamp::from_microsecond(at.as_microsecond() - 1);
            before.is_ok_and(|before| self.rules.to_offset(before) != self.rules.to_offset(*at))
        };
        let upto = Timestamp::from_microsecond(instant + 1).unwrap_or(at);
        let mut earlier = self.rules.preceding(upto).map(|change| change.timestamp());
        let mut later = self.rules.following(at).map(|change| change.timestamp());
        let start = earlier
            .find(changes_offset)
            .map_or(i64::MIN, Timestamp::as_microsecond);
        let end = later
            .find(changes_offset)
            .map_or(i64::MAX, Timestamp::as_microsecond);
        let span = Span {
            start,
            end,
            offset: i64::from(offset.seconds()) * SECOND,
        };
        self.spans.insert(after, span);
        self.last = span;
        Some(span)
    }

    /// The local clock at an instant, in µs since 1970-01-01 00:00 of that clock.
    #[inline]
    pub(super) fn local(&mut self, instant: i64) -> Option<i64> {
        self.span(instant).map(|span| instant + span.offset)
    }

    /// The instant at which the local clock first shows a reading or, when the clock skips it, jumps past it.
    /// `None` outside the years -9999 to 9999.
    pub(super) fn first_shown(&mut self, local: i64) -> Option<i64> {
        // Far from the changes of the clock this is one subtraction. No change exceeds 26 hours.
        let guess = local.checked_sub(self.last.offset)?;
        if guess >= self.last.start.saturating_add(26 * HOUR) && guess < self.last.end {
            return Some(guess);
        }
        if let Some(known) = self.readings.get(&local) {
            return *known;
        }
        let found = self.look_up(local);
        self.readings.insert(local, found);
        found
    }

    fn look_up(&mut self, local: i64) -> Option<i64> {
        let (year, month, day) = calendar::date(i32::try_from(local.div_euclid(DAY)).ok()?);
        let date = Date::new(year.try_into().ok()?, month as i8, day as i8).ok()?;
        let second = local.rem_euclid(DAY) / SECOND;
        let civil = date.at(
            (second / 3600) as i8,
            (second / 60 % 60) as i8,
            (second % 60) as i8,
            0,
        );
        let micros = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * SECOND;
        let instant = match self.rules.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => local - micros(offset),
            AmbiguousOffset::Fold { before, .. } => local - micros(before),
            // Read with the offset before the gap, a skipped reading is an instant after it: its span
            // starts at the jump.
            AmbiguousOffset::Gap { before, .. } => {
                let kept = self.last;
                let start = self.span(local - micros(before))?.start;
                self.last = kept;
                start
            }
        };
        Timestamp::from_microsecond(instant).is_ok().then_some(instant)
    }

    /// Start and end of the local period that holds an instant: start ≤ instant < end, and the end of one
    /// period is the start of the next. `None` outside the years -9999 to 9999.
    ///
    /// Quarter hours and hours are those of the clock, cut where the clock changes: an hour that comes
    /// twice is two periods. Days and longer begin when their first midnight is first shown. Where a clock
    /// went back across midnight (St John's until 2011), the minutes shown again after the first midnight
    /// belong to the day that had begun.
    #[inline]
    pub(super) fn period(&mut self, grain: Grain, instant: i64) -> Option<(i64, i64)> {
        if let Some((known, start, end)) = self.period
            && known == grain
            && start <= instant
            && instant < end
        {
            return Some((start, end));
        }
        let (start, end) = self.other_period(grain, instant)?;
        self.period = Some((grain, start, end));
        Some((start, end))
    }

    fn other_period(&mut self, grain: Grain, instant: i64) -> Option<(i64, i64)> {
        let span = self.span(instant)?;
        let local = instant + span.offset;
        let length = match grain {
            Grain::Minute15 => HOUR / 4,
            Grain::Hour => HOUR,
            _ => {
                let (first, mut next) = calendar::period(grain, local.div_euclid(DAY) as i32);
                let mut start = self.first_shown(i64::from(first) * DAY)?;
                let mut end = self.first_shown(i64::from(next) * DAY)?;
                while instant >= end {
                    start = end;
                    next = calendar::period(grain, next).1;
                    end = self.first_shown(i64::from(next) * DAY)?;
                }
                return Some((start, end));
            }
        };
        let start = local.div_euclid(length) * length - span.offset;
        Some((start.max(span.start), (start + length).min(span.end)))
    }
}
