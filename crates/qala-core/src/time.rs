//! Time: instants are microseconds of UTC since 1970; local days come from the tz database.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A zone name that the tz database does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the tz database; zones look like `Asia/Tokyo`")]
pub struct ZoneError(String);

/// A time that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// The text does not follow the expected form.
    #[error("`{text}` is not a time of the form {form}")]
    Form {
        /// What was written.
        text: String,
        /// The form that was expected.
        form: &'static str,
    },
    /// The text has no offset and the mapping names no zone.
    #[error("`{0}` has no offset from UTC; write one, or name the zone in the mapping")]
    NoZone(String),
    /// The instant is outside the years 1900 to 2100.
    #[error("`{0}` is outside the years 1900 to 2100")]
    Absurd(String),
}

/// A zone of the tz database with its transitions between 1900 and 2100, ready for columns of a million times.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    /// (first instant in µs, offset in µs), ascending; the first starts at the beginning of time.
    spans: Arc<[(i64, i64)]>,
}

impl Zone {
    /// Loads a zone by its IANA name.
    ///
    /// # Errors
    /// [`ZoneError`] when the name is not in the tz database.
    pub fn new(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZone::get(name).map_err(|_| ZoneError(name.into()))?;
        let from = Timestamp::new(-2_208_988_800, 0).map_err(|_| ZoneError(name.into()))?;
        let mut spans = vec![(i64::MIN, i64::from(zone.to_offset(from).seconds()) * SECOND)];
        for transition in zone.following(from) {
            if transition.timestamp().as_second() > 4_133_980_800 {
                break;
            }
            let offset = i64::from(transition.offset().seconds()) * SECOND;
            if spans.last().is_some_and(|last| last.1 != offset) {
                spans.push((transition.timestamp().as_microsecond(), offset));
            }
        }
        Ok(Self {
            name: name.into(),
            spans: spans.into(),
        })
    }

    /// The zone UTC.
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            spans: vec![(i64::MIN, 0)].into(),
        }
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn span(&self, micros: i64) -> usize {
        self.spans
            .partition_point(|(start, _)| *start <= micros)
            .saturating_sub(1)
    }

    /// Offset from UTC in µs at an instant; east is positive.
    pub fn offset(&self, micros: i64) -> i64 {
        self.spans.get(self.span(micros)).map_or(0, |s| s.1)
    }

    /// The local date of an instant, in days since 1970-01-01.
    pub fn local_day(&self, micros: i64) -> i32 {
        (micros.saturating_add(self.offset(micros))).div_euclid(DAY) as i32
    }

    /// The instant of a local clock reading (µs since 1970-01-01 00:00 of the clock). A reading that comes twice
    /// is its first coming; one that is skipped is moved forward by the gap.
    pub fn instant(&self, local: i64) -> i64 {
        self.reading(local).0
    }

    /// The same instant, and how often the clock shows that reading.
    pub fn reading(&self, local: i64) -> (i64, Reading) {
        let near = self.span(local);
        for index in near.saturating_sub(2)..(near + 3).min(self.spans.len()) {
            let (start, offset) = self.spans[index];
            let end = self.spans.get(index + 1).map_or(i64::MAX, |next| next.0);
            let instant = local.saturating_sub(offset);
            if instant < start {
                // Skipped by the change that starts this span: read it with the clock before.
                let before = self.spans.get(index.wrapping_sub(1)).map_or(offset, |b| b.1);
                return (local.saturating_sub(before), Reading::Never);
            }
            if instant < end {
                let next = self.spans.get(index + 1);
                let comes_again = next.is_some_and(|next| local.saturating_sub(next.1) >= next.0);
                let often = if comes_again {
                    Reading::Twice
                } else {
                    Reading::Once
                };
                return (instant, often);
            }
        }
        (local.saturating_sub(self.offset(local)), Reading::Once)
    }

    /// True when the clock is changed within three hours of the instant: only there a reading can come twice or never.
    pub fn is_near_change(&self, micros: i64) -> bool {
        const NEAR: i64 = 3 * 3600 * SECOND;
        let span = self.span(micros);
        let next = self.spans.get(span + 1).map_or(i64::MAX, |next| next.0);
        let start = self.spans.get(span).map_or(i64::MIN, |span| span.0);
        micros.saturating_sub(start) < NEAR || next.saturating_sub(micros) < NEAR
    }

    /// The instant at which a local day begins; `day` is in days since 1970-01-01.
    pub fn day_start(&self, day: i32) -> i64 {
        self.instant(i64::from(day) * DAY)
    }

    /// Writes an instant as ISO 8601 with the zone's offset: `2024-02-29T23:30:00+05:00`.
    pub fn format(&self, micros: i64) -> String {
        let offset = self.offset(micros);
        let local = micros.saturating_add(offset);
        let (year, month, day) = civil(local.div_euclid(DAY));
        let within = local.rem_euclid(DAY);
        let (seconds, fraction) = (within / SECOND, within % SECOND);
        let fraction = if fraction == 0 {
            String::new()
        } else {
            format!(".{fraction:06}")
        };
        let minutes = offset.abs() / (60 * SECOND);
        let sign = if offset < 0 { '-' } else { '+' };
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}{sign}{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            minutes / 60,
            minutes % 60
        )
    }
}

/// How often a clock shows a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Once, as nearly always, or the text named its offset.
    Once,
    /// Twice: the clock is put back over it.
    Twice,
    /// Never: the clock is put forward over it.
    Never,
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A length of calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// A quarter of an hour.
    Minute15,
    /// An hour of the local clock.
    Hour,
    /// A local day.
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
}

impl Grain {
    /// All grains, shortest first.
    pub const ALL: [Self; 7] = [
        Self::Minute15,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// The word used in SQL, files and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute15 => "minute15",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Finds a grain by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == text)
    }

    /// The instant at which the local period holding `micros` begins. An hour that the clock repeats is two periods.
    pub fn start(self, micros: i64, zone: &Zone) -> i64 {
        let offset = zone.offset(micros);
        let local = micros + offset;
        let step = match self {
            Self::Minute15 => 15 * 60 * SECOND,
            Self::Hour => 3600 * SECOND,
            _ => return zone.day_start(self.first_day(local.div_euclid(DAY) as i32)),
        };
        local.div_euclid(step) * step - offset
    }

    /// The instant at which the period after the one holding `micros` begins.
    pub fn end(self, micros: i64, zone: &Zone) -> i64 {
        let start = self.start(micros, zone);
        match self {
            Self::Minute15 => start + 15 * 60 * SECOND,
            Self::Hour => start + 3600 * SECOND,
            _ => {
                let day = self.first_day(zone.local_day(micros));
                zone.day_start(self.next_first_day(day))
            }
        }
    }

    fn first_day(self, day: i32) -> i32 {
        let (year, month, _) = civil(i64::from(day));
        let first = match self {
            Self::Minute15 | Self::Hour | Self::Day => return day,
            // 1970-01-01 was a Thursday, three days after a Monday.
            Self::Week => return day - (day + 3).rem_euclid(7),
            Self::Month => days(year, month, 1),
            Self::Quarter => days(year, (month - 1) / 3 * 3 + 1, 1),
            Self::Year => days(year, 1, 1),
        };
        first as i32
    }

    fn next_first_day(self, first: i32) -> i32 {
        match self {
            Self::Minute15 | Self::Hour | Self::Day => first + 1,
            Self::Week => first + 7,
            Self::Month => self.first_day(first + 31),
            Self::Quarter => self.first_day(first + 92),
            Self::Year => self.first_day(first + 366),
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How times are written in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeStyle {
    /// ISO 8601: `2024-02-29T23:30:00+05:00`, with a space or `T`, seconds and offset optional.
    #[default]
    Iso,
    /// Day first: `29.02.2024 23:30`.
    Dmy,
    /// Month first, as in the United States: `02/29/2024 11:30:00 PM`.
    Mdy,
    /// Seconds since 1970.
    UnixS,
    /// Milliseconds since 1970.
    UnixMs,
}

impl TimeStyle {
    /// Reads an instant in µs of UTC. `zone` is used when the text carries no offset.
    ///
    /// # Errors
    /// [`InvalidTime`], with what was expected.
    pub fn parse(self, text: &str, zone: Option<&Zone>) -> Result<i64, InvalidTime> {
        self.parse_reading(text, zone).map(|(instant, _)| instant)
    }

    /// Reads an instant, and says how often the zone's clock shows what was written.
    ///
    /// # Errors
    /// [`InvalidTime`], with what was expected.
    pub fn parse_reading(self, text: &str, zone: Option<&Zone>) -> Result<(i64, Reading), InvalidTime> {
        let text = text.trim();
        match self {
            Self::Iso => parse_iso(text, zone),
            Self::Dmy => parse_civil(text, zone, false),
            Self::Mdy => parse_civil(text, zone, true),
            Self::UnixS | Self::UnixMs => {
                let scale = if self == Self::UnixS { 1e6 } else { 1e3 };
                let form = if self == Self::UnixS {
                    "seconds since 1970"
                } else {
                    "milliseconds since 1970"
                };
                let micros = match text.parse::<i64>() {
                    Ok(whole) => whole.checked_mul(scale as i64),
                    Err(_) => text
                        .parse::<f64>()
                        .ok()
                        .filter(|v| v.is_finite())
                        .map(|v| (v * scale).round() as i64),
                };
                let micros = micros.ok_or_else(|| InvalidTime::Form {
                    text: text.into(),
                    form,
                })?;
                sane(micros, text).map(|micros| (micros, Reading::Once))
            }
        }
    }
}

/// The instant of a clock without an offset.
fn by_clock(local: i64, zone: Option<&Zone>, text: &str) -> Result<(i64, Reading), InvalidTime> {
    let zone = zone.ok_or_else(|| InvalidTime::NoZone(text.into()))?;
    let (instant, often) = zone.reading(local);
    sane(instant, text).map(|instant| (instant, often))
}

fn sane(micros: i64, text: &str) -> Result<i64, InvalidTime> {
    // 1900-01-01 to 2100-12-31.
    if (-2_208_988_800 * SECOND..4_133_980_800 * SECOND).contains(&micros) {
        Ok(micros)
    } else {
        Err(InvalidTime::Absurd(text.into()))
    }
}

/// Reads an ISO 8601 date or time as µs of UTC; a date alone is its first instant.
///
/// # Errors
/// [`InvalidTime`]: wrong form, no offset and no `zone`, or a year outside 1900 to 2100.
pub fn parse_instant(text: &str, zone: Option<&Zone>) -> Result<i64, InvalidTime> {
    parse_iso(text, zone).map(|(instant, _)| instant)
}

fn parse_iso(text: &str, zone: Option<&Zone>) -> Result<(i64, Reading), InvalidTime> {
    let form = || InvalidTime::Form {
        text: text.into(),
        form: "2024-02-29T23:30:00+05:00",
    };
    let mut at = Cursor(text.as_bytes());
    let year = at.number(4).ok_or_else(form)?;
    let dashed = at.eat(b'-');
    let month = at.number(2).ok_or_else(form)?;
    if dashed && !at.eat(b'-') {
        return Err(form());
    }
    let day = at.number(2).ok_or_else(form)?;
    let date = checked_days(year, month, day).ok_or_else(form)?;
    let mut local = date * DAY;
    if at.0.is_empty() {
        return by_clock(local, zone, text);
    }
    if !(at.eat(b'T') || at.eat(b' ') || at.eat(b't')) {
        return Err(form());
    }
    let hour = at.number(2).ok_or_else(form)?;
    let colon = at.eat(b':');
    let minute = at.number(2).ok_or_else(form)?;
    let mut second = 0;
    let mut fraction = 0;
    if at.eat(b':') || (!colon && at.0.first().is_some_and(u8::is_ascii_digit)) {
        second = at.number(2).ok_or_else(form)?;
        if at.eat(b'.') || at.eat(b',') {
            fraction = at.fraction().ok_or_else(form)?;
        }
    }
    if hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute, second) != (0, 0)) {
        return Err(form());
    }
    local += (hour * 3600 + minute * 60 + second) * SECOND + fraction;
    at.eat(b' ');
    if at.0.is_empty() {
        return by_clock(local, zone, text);
    }
    if at.eat(b'Z') || at.eat(b'z') {
        return if at.0.is_empty() {
            sane(local, text).map(|instant| (instant, Reading::Once))
        } else {
            Err(form())
        };
    }
    let sign = if at.eat(b'+') {
        1
    } else if at.eat(b'-') {
        -1
    } else {
        return Err(form());
    };
    let hours = at.number(2).ok_or_else(form)?;
    at.eat(b':');
    let minutes = if at.0.is_empty() {
        0
    } else {
        at.number(2).ok_or_else(form)?
    };
    if hours > 15 || minutes > 59 || !at.0.is_empty() {
        return Err(form());
    }
    let instant = local - sign * (hours * 3600 + minutes * 60) * SECOND;
    sane(instant, text).map(|instant| (instant, Reading::Once))
}

/// Reads `29.02.2024 23:30[:15]` or, month first, `2/29/2024 11:30 PM`.
fn parse_civil(text: &str, zone: Option<&Zone>, month_first: bool) -> Result<(i64, Reading), InvalidTime> {
    let wrong = || InvalidTime::Form {
        text: text.into(),
        form: if month_first {
            "02/29/2024 11:30:00 PM"
        } else {
            "29.02.2024 23:30"
        },
    };
    let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.split(['.', '/', '-']).map(|p| p.parse::<i64>().ok());
    let (Some(Some(first)), Some(Some(second)), Some(Some(mut year)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    if year < 100 {
        year += if year < 70 { 2000 } else { 1900 };
    }
    let (day, month) = if month_first {
        (second, first)
    } else {
        (first, second)
    };
    let mut local = checked_days(year, month, day).ok_or_else(wrong)? * DAY;
    let clock = clock.trim();
    if !clock.is_empty() {
        let upper = clock.to_ascii_uppercase();
        let (digits, half) = match upper
            .strip_suffix("AM")
            .map(|d| (d, 0))
            .or_else(|| upper.strip_suffix("PM").map(|d| (d, 12)))
        {
            Some((digits, half)) => (digits.trim(), Some(half)),
            None => (upper.as_str(), None),
        };
        let mut parts = digits.split(':').map(|p| p.parse::<i64>().ok());
        let mut hour = parts.next().flatten().ok_or_else(wrong)?;
        let minute = parts.next().flatten().ok_or_else(wrong)?;
        let second = parts.next().map_or(Some(0), |s| s).ok_or_else(wrong)?;
        if let Some(half) = half {
            if !(1..=12).contains(&hour) {
                return Err(wrong());
            }
            hour = hour % 12 + half;
        }
        if parts.next().is_some()
            || !(0..24).contains(&hour)
            || !(0..60).contains(&minute)
            || !(0..61).contains(&second)
        {
            return Err(wrong());
        }
        local += (hour * 3600 + minute * 60 + second) * SECOND;
    }
    by_clock(local, zone, text)
}

/// Reads a date written `2024-02-29` or `20240229` as days since 1970-01-01; `None` if it is not a date of 1900 to 2100.
pub fn parse_date(text: &str) -> Option<i32> {
    let mut at = Cursor(text.trim().as_bytes());
    let year = at.number(4)?;
    let dashed = at.eat(b'-');
    let month = at.number(2)?;
    if dashed && !at.eat(b'-') {
        return None;
    }
    let day = at.number(2)?;
    if !at.0.is_empty() || !(1900..=2100).contains(&year) {
        return None;
    }
    checked_days(year, month, day).map(|d| d as i32)
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let head = self.0.get(..digits)?;
        let mut value = 0;
        for byte in head {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(byte - b'0');
        }
        self.0 = &self.0[digits..];
        Some(value)
    }

    fn fraction(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let mut value = 0;
        for index in 0..6 {
            let digit = if index < digits {
                i64::from(self.0[index] - b'0')
            } else {
                0
            };
            value = value * 10 + digit;
        }
        self.0 = &self.0[digits..];
        (digits > 0).then_some(value)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }
}

fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    let count = days(year, month, day);
    (civil(count) == (year, month, day)).then_some(count)
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that the leap day is the last of its year.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day counted from 1970-01-01.
fn civil(count: i64) -> (i64, i64, i64) {
    let shifted = count + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
