//! Service days: which timetable runs on which date.

use crate::clock::{Clock, date_text, weekday};

/// A timetable of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Weekday,
    Saturday,
    Sunday,
}

impl Service {
    pub(crate) const ALL: [Self; 3] = [Self::Weekday, Self::Saturday, Self::Sunday];

    /// The `service_id`.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Weekday => "weekday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    /// The days of the week as GTFS writes them, Monday first.
    pub(crate) fn week(self) -> &'static str {
        match self {
            Self::Weekday => "1,1,1,1,1,0,0",
            Self::Saturday => "0,0,0,0,0,1,0",
            Self::Sunday => "0,0,0,0,0,0,1",
        }
    }
}

/// Holidays of fixed date, month and day, as of 2026 (CITY-FACTS section 13; the holidays that move and the days off that
/// the Government moves are left out).
const HOLIDAYS: [(u8, u8); 13] = [
    (1, 1),
    (1, 2),
    (1, 7),
    (3, 8),
    (3, 21),
    (3, 22),
    (3, 23),
    (5, 1),
    (5, 7),
    (5, 9),
    (7, 6),
    (10, 25),
    (12, 16),
];
/// The Orthodox Christmas is a day off, but no holiday that moves another day (CITY-FACTS section 13).
const CHRISTMAS: (u8, u8) = (1, 7);

/// What the week alone says.
pub(crate) fn by_week(day: i32) -> Service {
    match weekday(day) {
        5 => Service::Saturday,
        6 => Service::Sunday,
        _ => Service::Weekday,
    }
}

/// The service of a date: Sunday's on holidays and on working days that are free because a holiday fell on a day off.
pub(crate) fn service(day: i32) -> Service {
    let usual = by_week(day);
    if holiday(day).is_some() || (usual == Service::Weekday && moved(day)) {
        Service::Sunday
    } else {
        usual
    }
}

fn holiday(day: i32) -> Option<(u8, u8)> {
    let text = date_text(day);
    let month_and_day = (text.get(5..7)?.parse().ok()?, text.get(8..10)?.parse().ok()?);
    HOLIDAYS.into_iter().find(|h| *h == month_and_day)
}

/// Says whether a working day is free because as many holidays before it fell on days off as working days since are free.
fn moved(day: i32) -> bool {
    let mut owed = 0;
    for before in (day - 10)..day {
        match holiday(before) {
            Some(date) if weekday(before) >= 5 && date != CHRISTMAS => owed += 1,
            None if weekday(before) < 5 && owed > 0 => owed -= 1,
            _ => {}
        }
    }
    owed > 0
}

/// The dates for which the timetable is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) first: i32,
    pub(crate) last: i32,
}

impl Validity {
    /// Half a year to both sides of the simulated days.
    pub(crate) fn around(clock: &Clock) -> Self {
        Self {
            first: clock.first_day - 183,
            last: clock.first_day + clock.days + 183,
        }
    }

    /// Dates on which another service runs than the week says.
    pub(crate) fn exceptions(self) -> Vec<(i32, Service, Service)> {
        let days = (self.first..=self.last).map(|day| (day, by_week(day), service(day)));
        days.filter(|(_, usual, actual)| usual != actual).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Service, service};

    #[test]
    fn march_2026_moves_its_holidays() {
        // 2026-03-01 is day 20,513. 8 March is a Sunday, so 9 March is free; 21 and 22 March are a weekend, so 24 and 25.
        let free: Vec<i32> = (1..=31)
            .filter(|d| service(20_512 + d) == Service::Sunday)
            .collect();
        assert_eq!(free, [1, 8, 9, 15, 21, 22, 23, 24, 25, 29]);
    }
}
