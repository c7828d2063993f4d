//! Dates counted in days since 1970-01-01, and the first days of calendar periods. No zone, no clock.

use qala_core::Grain;

/// The proleptic Gregorian date of a day: year, month 1 to 12, day 1 to 31.
///
/// Days are counted in eras of 400 years from 1 March 0000, so that a leap day ends its year (H. Hinnant,
/// *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`).
pub(super) fn date(day: i32) -> (i64, i64, i64) {
    let shifted = i64::from(day) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

/// The day of a date; the inverse of [`date`].
pub(super) fn day(year: i64, month: i64, day_of_month: i64) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day_of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    (era * 146_097 + of_era - 719_468) as i32
}

/// ISO weekday of a day: Monday 1 to Sunday 7.
pub(super) fn weekday(day: i32) -> i32 {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7) + 1
}

/// The first day of the period that holds `at`, and the first day of the next one. Periods within a day
/// give the day.
pub(super) fn period(grain: Grain, at: i32) -> (i32, i32) {
    let months = match grain {
        Grain::Minute15 | Grain::Hour | Grain::Day => return (at, at + 1),
        Grain::Week => {
            let monday = at + 1 - weekday(at);
            return (monday, monday + 7);
        }
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::Year => 12,
    };
    let (year, month, _) = date(at);
    let first = (month - 1) / months * months + 1;
    let next = first + months;
    (
        day(year, first, 1),
        if next > 12 {
            day(year + 1, 1, 1)
        } else {
            day(year, next, 1)
        },
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::{Grain, date, day, period, weekday};

    #[test]
    fn every_day_of_five_millennia_agrees_with_jiff() {
        let mut civil = Date::new(-1000, 1, 1).unwrap();
        let mut count = day(-1000, 1, 1);
        while civil.year() < 4000 {
            let parts = (
                i64::from(civil.year()),
                i64::from(civil.month()),
                i64::from(civil.day()),
            );
            assert_eq!((date(count), day(parts.0, parts.1, parts.2)), (parts, count));
            assert_eq!(weekday(count), i32::from(civil.weekday().to_monday_one_offset()));
            civil = civil.tomorrow().unwrap();
            count += 1;
        }
        assert_eq!(date(0), (1970, 1, 1));
    }

    #[test]
    fn periods_are_half_open_and_touch() {
        for at in -200_000..200_000 {
            for grain in Grain::ALL {
                let (first, next) = period(grain, at);
                assert!(first <= at && at < next);
                assert_eq!(period(grain, next - 1).0, first);
                assert_eq!(period(grain, next).0, next);
            }
        }
        assert_eq!(
            period(Grain::Quarter, day(2024, 2, 29)),
            (day(2024, 1, 1), day(2024, 4, 1))
        );
        assert_eq!(
            period(Grain::Year, day(1969, 12, 31)),
            (day(1969, 1, 1), day(1970, 1, 1))
        );
        assert_eq!(
            period(Grain::Week, day(2024, 12, 31)),
            (day(2024, 12, 30), day(2025, 1, 6))
        );
    }
}
