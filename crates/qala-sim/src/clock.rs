//! Days and clocks of the simulated city.

use qala_core::Zone;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// The simulated span: whole local days of one zone.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) zone: Zone,
    /// First local day, in days since 1970-01-01.
    pub(crate) first_day: i32,
    pub(crate) days: i32,
}

impl Clock {
    /// The first instant, in µs.
    pub(crate) fn start(&self) -> i64 {
        self.zone.day_start(self.first_day)
    }

    /// The instant after the last one, in µs.
    pub(crate) fn end(&self) -> i64 {
        self.zone.day_start(self.first_day + self.days)
    }

    /// Seconds that the local clock shows at an instant, 0 to 86,399.
    pub(crate) fn second_of_day(&self, instant: i64) -> i64 {
        (instant + self.zone.offset(instant)).rem_euclid(86_400 * SECOND) / SECOND
    }

    /// The instant of a GTFS time: seconds since noon minus 12 hours of the service day.
    pub(crate) fn service_time(&self, day: i32, seconds: i64) -> i64 {
        let noon = self.zone.instant((i64::from(day) * 86_400 + 43_200) * SECOND);
        noon + (seconds - 43_200) * SECOND
    }
}

/// The weekday of a date: Monday 0 to Sunday 6.
pub(crate) fn weekday(day: i32) -> i32 {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7)
}

/// A date as `2026-03-02`.
pub(crate) fn date_text(day: i32) -> String {
    Zone::utc()
        .format(i64::from(day) * 86_400 * SECOND)
        .chars()
        .take(10)
        .collect()
}

/// A date as `20260302`, the form of GTFS.
pub(crate) fn gtfs_date(day: i32) -> String {
    date_text(day).replace('-', "")
}

/// A value of each full hour of the day, with straight lines between them.
pub(crate) fn at_hour(table: &[f64; 24], second_of_day: i64) -> f64 {
    let hour = (second_of_day / 3600).rem_euclid(24) as usize;
    let share = (second_of_day % 3600) as f64 / 3600.0;
    table[hour] + (table[(hour + 1) % 24] - table[hour]) * share
}
