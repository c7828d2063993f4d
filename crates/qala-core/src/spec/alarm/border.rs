//! Borders with hysteresis, and hours of the day.

use serde::{Deserialize, Serialize};

use crate::{DayMinute, Hours, WorkingDays, Zone};

const DAY: i64 = 86_400_000_000;
const MINUTE: i64 = 60_000_000;

/// On which side of a border it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BorderSide {
    /// Above.
    Above,
    /// Below.
    Below,
    /// On either side: only for what is usual.
    Both,
}

/// A border with its hysteresis: an alarm is raised past one value and is over past another, so that a value that wavers about
/// the border raises one alarm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Border {
    /// Side.
    pub side: BorderSide,
    /// Past this value it is too much, in the indicator's unit.
    pub raise: f64,
    /// Back at this value it is over; absent: at `raise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<f64>,
}

impl Border {
    /// Says whether a value is past the border: that of `raise`, or that of `clear` while the alarm stands.
    pub fn is_past(&self, value: f64, stands: bool) -> bool {
        let border = if stands {
            self.clear.unwrap_or(self.raise)
        } else {
            self.raise
        };
        match self.side {
            BorderSide::Above => value > border,
            BorderSide::Below => value < border,
            BorderSide::Both => value.abs() > border,
        }
    }

    /// Judges values in order, the newest last: raised when the last `periods` are all past the border, over when the newest
    /// is back. A missing value changes nothing: `None`.
    pub fn judge(&self, values: &[Option<f64>], periods: u32, stands: bool) -> Option<bool> {
        let newest = values.last().copied().flatten()?;
        if stands {
            return Some(self.is_past(newest, true));
        }
        let periods = periods as usize;
        let last = values.get(values.len().checked_sub(periods)?..)?;
        let all: Option<Vec<f64>> = last.iter().copied().collect();
        Some(all?.iter().all(|value| self.is_past(*value, false)))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !self.raise.is_finite() || !self.clear.unwrap_or(0.0).is_finite() {
            return Err("`raise` and `clear` are plain numbers".into());
        }
        let clear = self.clear.unwrap_or(self.raise);
        let is_behind = match self.side {
            BorderSide::Above => clear <= self.raise,
            BorderSide::Below => clear >= self.raise,
            BorderSide::Both => {
                return Err("a border has one side: `above` or `below`".into());
            }
        };
        if is_behind {
            Ok(())
        } else {
            Err("`clear` lies on the good side of `raise`".into())
        }
    }
}

/// Says whether an instant, µs of UTC, lies in daily hours; `is_day_off` tells for a local day whether nobody works.
pub fn is_in_hours(hours: &Hours, at: i64, zone: &Zone, is_day_off: impl Fn(i32) -> bool) -> bool {
    let today = zone.local_day(at);
    // The hours of yesterday may reach into today.
    (today - 1..=today).any(|day| {
        if hours.days == WorkingDays::Working && is_day_off(day) {
            return false;
        }
        let instant = |day: i32, minute: DayMinute| {
            zone.instant(i64::from(day) * DAY + i64::from(minute.minutes()) * MINUTE)
        };
        let ends = if hours.to > hours.from { day } else { day + 1 };
        (instant(day, hours.from)..instant(ends, hours.to)).contains(&at)
    })
}
