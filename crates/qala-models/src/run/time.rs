//! Moments as model files write them: ISO 8601 with an offset.

/// A moment, and the offset it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// µs since 1970-01-01 in UTC.
    pub micros: i64,
    /// Seconds that local time is ahead of UTC.
    pub offset_s: i32,
}

const DAY_MICROS: i64 = 86_400_000_000;

impl Moment {
    /// Reads `2026-03-02T08:15:00+05:00`; seconds and their fraction may be left out, `Z` is UTC, a space may stand for `T`.
    /// A date alone is no moment.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.trim().split_once(['T', 't', ' '])?;
        let days = days_of(date)?;
        let at = rest.find(['Z', 'z', '+', '-', '−'])?;
        let offset_s = offset(&rest[at..])?;
        let micros = days * DAY_MICROS + clock(&rest[..at])? - i64::from(offset_s) * 1_000_000;
        Some(Self { micros, offset_s })
    }

    /// µs since 1970 of the local clock.
    pub fn local_micros(self) -> i64 {
        self.micros + i64::from(self.offset_s) * 1_000_000
    }

    /// Local hour, 0 to 23.
    pub fn local_hour(self) -> i64 {
        self.local_micros().rem_euclid(DAY_MICROS) / 3_600_000_000
    }

    /// Local day, days since 1970-01-01.
    pub fn local_day(self) -> i64 {
        self.local_micros().div_euclid(DAY_MICROS)
    }
}

/// Days since 1970-01-01 of a date `YYYY-MM-DD` (Hinnant's algorithm for the proleptic Gregorian calendar).
pub(crate) fn days_of(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// µs since midnight.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("00");
    if parts.next().is_some() || hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if whole.len() != 2 || fraction.is_empty() {
        return None;
    }
    let (hour, minute, second) = (digits(hour)?, digits(minute)?, digits(whole)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    digits(fraction)?;
    let micros = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(6)
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// Seconds of `Z`, `+05`, `+0500`, `+05:00`.
fn offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix(['-', '−'])?),
    };
    let plain: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match plain.len() {
        2 => (digits(&plain)?, 0),
        4 => (digits(plain.get(..2)?)?, digits(plain.get(2..)?)?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| {
        text.bytes()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    })
}
