//! Instants and intervals as the standard writes them.

use qala_core::parse_instant;

use crate::sensorthings::Refusal;

/// An instant, or an interval with its end, in µs of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The instant, or the start.
    pub start: i64,
    /// The end of an interval; never before the start.
    pub end: Option<i64>,
}

impl Period {
    /// One instant.
    pub fn instant(at: i64) -> Self {
        Self { start: at, end: None }
    }

    /// The last instant.
    pub fn last(self) -> i64 {
        self.end.unwrap_or(self.start)
    }

    /// Reads an instant or `start/end`.
    ///
    /// # Errors
    /// Another form, a time without an offset, an end before the start.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let Some((start, end)) = text.split_once('/') else {
            return Ok(Self::instant(instant(text)?));
        };
        let (start, end) = (instant(start)?, instant(end)?);
        if end < start {
            return Err(Refusal::Wrong(format!(
                "the interval `{}` ends before it begins",
                short(text)
            )));
        }
        Ok(Self {
            start,
            end: Some(end),
        })
    }

    /// As the standard writes it, in UTC.
    pub fn text(self) -> String {
        match self.end {
            Some(end) => format!("{}/{}", text(self.start), text(end)),
            None => text(self.start),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Reads an instant.
///
/// # Errors
/// Another form, or a time without an offset.
pub fn instant(text: &str) -> Result<i64, Refusal> {
    parse_instant(text.trim(), None).map_err(|_| {
        Refusal::Wrong(format!(
            "`{}` is not a time with an offset, such as 2026-03-01T08:30:00Z, between 1900 and 2100",
            short(text)
        ))
    })
}

/// Days since 1970 as year, month and day.
pub(super) fn civil(day: i64) -> (i64, i64, i64) {
    // The era of 400 years has 146,097 days; years are counted from March, so that the leap day is the last.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// µs of a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// An instant in UTC, with as many digits of the second as it has.
pub fn text(micros: i64) -> String {
    let (year, month, day) = civil(micros.div_euclid(DAY));
    let of_day = micros.rem_euclid(DAY);
    let second = of_day / 1_000_000;
    let head = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    match of_day % 1_000_000 {
        0 => format!("{head}Z"),
        fraction if fraction % 1000 == 0 => format!("{head}.{:03}Z", fraction / 1000),
        fraction => format!("{head}.{fraction:06}Z"),
    }
}
