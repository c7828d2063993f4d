//! When an address is asked next.

use qala_core::Zone;
use qala_core::spec::LocalTime;

use super::state::TransportState;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The first wait after a failure is no longer than this.
const FIRST_WAIT: i64 = 60 * SECOND;
/// An address that fails is asked at least this often.
const LONGEST_WAIT: i64 = 3_600 * SECOND;
/// An address is believed when it asks for a wait of up to this.
const LONGEST_ASKED: i64 = DAY;

/// When an address is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule<'a> {
    pub(super) every_s: Option<u64>,
    pub(super) at: Option<LocalTime>,
    pub(super) zone: &'a Zone,
}

impl Schedule<'_> {
    /// When it is asked next, µs of UTC, from what is known of the last answer; that may be long ago.
    pub(super) fn next(&self, state: &TransportState, now: i64) -> i64 {
        if state.failures > 0 {
            return state.next.unwrap_or(now).min(now + LONGEST_ASKED);
        }
        let Some(answered) = state.answered else {
            return now;
        };
        // After a clock that was ahead.
        let answered = answered.min(now);
        let every = self.every().map(|every| answered + every);
        let daily = self.at.map(|at| self.daily(at, answered));
        every.into_iter().chain(daily).min().unwrap_or(now)
    }

    /// When it is asked again after the given number of failures; `asked_s` is what the address itself asked for.
    pub(super) fn retry(&self, failures: u32, asked_s: Option<i64>, now: i64) -> i64 {
        let first = self.every().map_or(FIRST_WAIT, |every| every.min(FIRST_WAIT));
        let doublings = failures.saturating_sub(1).min(20);
        let wait = (first << doublings).min(LONGEST_WAIT);
        let asked = asked_s.map_or(0, |s| s.saturating_mul(SECOND).clamp(0, LONGEST_ASKED));
        now + wait.max(asked)
    }

    fn every(&self) -> Option<i64> {
        let seconds = i64::try_from(self.every_s?).ok()?;
        Some(seconds.saturating_mul(SECOND).min(366 * DAY))
    }

    /// The first time of day after an instant.
    fn daily(&self, at: LocalTime, after: i64) -> i64 {
        let mut day = i64::from(self.zone.local_day(after));
        loop {
            let instant = self
                .zone
                .instant(day * DAY + i64::from(at.minutes()) * 60 * SECOND);
            if instant > after {
                return instant;
            }
            day += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        qala_core::parse_instant(text, None).unwrap()
    }

    #[test]
    fn the_next_time_follows_from_the_last_answer() {
        let zone = Zone::new("Asia/Almaty").unwrap();
        let night = LocalTime::try_from("03:30".to_owned()).unwrap();
        let schedule = |every_s, at| Schedule {
            every_s,
            at,
            zone: &zone,
        };
        let answered = |text: &str| TransportState {
            answered: Some(at(text)),
            ..TransportState::default()
        };
        let now = at("2026-03-02T10:00:00+05:00");
        // Never asked: at once, whatever the schedule.
        for s in [schedule(Some(60), None), schedule(None, Some(night))] {
            assert_eq!(s.next(&TransportState::default(), now), now);
        }
        let state = answered("2026-03-02T09:59:30+05:00");
        assert_eq!(schedule(Some(60), None).next(&state, now), now + 30 * SECOND);
        // A clock that was ahead.
        assert_eq!(
            schedule(Some(60), None).next(&answered("2027-01-01T00:00:00Z"), now),
            now + 60 * SECOND
        );
        // The night's answer is there: the next night. It is not: what was missed is made up for at once.
        let daily = schedule(None, Some(night));
        let tomorrow = at("2026-03-03T03:30:00+05:00");
        assert_eq!(daily.next(&answered("2026-03-02T03:30:01+05:00"), now), tomorrow);
        assert!(daily.next(&answered("2026-03-01T12:00:00+05:00"), now) < now);
        // The earlier of both.
        let both = schedule(Some(86_400), Some(night));
        assert_eq!(both.next(&answered("2026-03-02T09:00:00+05:00"), now), tomorrow);
        // The clock was put back on 1 March 2024; the day of 25 hours has one 03:30.
        assert_eq!(
            daily.next(&answered("2024-02-29T03:30:00+06:00"), now),
            at("2024-03-01T03:30:00+05:00")
        );
    }

    #[test]
    fn failures_wait_longer_and_longer() {
        let zone = Zone::utc();
        let schedule = |every_s| Schedule {
            every_s,
            at: None,
            zone: &zone,
        };
        let waits = |every_s| -> Vec<i64> {
            [1, 2, 3, 12, 4_000_000]
                .map(|failures| schedule(every_s).retry(failures, None, 0) / SECOND)
                .into()
        };
        assert_eq!(waits(Some(1)), [1, 2, 4, 2048, 3600]);
        assert_eq!(waits(Some(600)), [60, 120, 240, 3600, 3600]);
        assert_eq!(waits(None), [60, 120, 240, 3600, 3600]);
        assert_eq!(schedule(Some(1)).retry(1, Some(120), 0), 120 * SECOND);
        assert_eq!(schedule(Some(1)).retry(1, Some(i64::MAX), 0), DAY);
        assert_eq!(schedule(Some(1)).retry(3, Some(-5), 0), 4 * SECOND);
        let failed = TransportState {
            failures: 2,
            next: Some(50 * SECOND),
            ..TransportState::default()
        };
        assert_eq!(schedule(Some(1)).next(&failed, 0), 50 * SECOND);
    }
}
