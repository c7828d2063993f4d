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

/// Year, month (1 to 12) and day of the month of a date (Hinnant, <https://howardhinnant.github.io/date_algorithms.html>).
pub(crate) fn civil(day: i32) -> (i32, i32, i32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i32::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

/// The first day of a month, in days since 1970-01-01. Months count on over the ends of the year: 13 is January of the
/// next year, 0 December of the one before.
pub(crate) fn month_start(year: i32, month: i32) -> i32 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::{civil, date_text, month_start};

    #[test]
    fn dates_and_day_numbers_agree() {
        for day in (-30_000..40_000).step_by(7) {
            let (year, month, of_month) = civil(day);
            assert_eq!(date_text(day), format!("{year:04}-{month:02}-{of_month:02}"));
            assert_eq!(month_start(year, month) + of_month - 1, day);
        }
        assert_eq!(month_start(2025, 13), month_start(2026, 1));
        assert_eq!(month_start(2026, 0), month_start(2025, 12));
    }
}
