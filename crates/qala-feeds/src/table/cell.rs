//! A cell of any source into a typed value.

use std::borrow::Cow;

use qala_core::spec::ColumnType;
use qala_core::{InvalidTime, Position, Reading, TimeStyle, Zone};

use crate::batch::{Limits, Value};
use crate::fault::{Fault, quote};
use crate::number::Convert;
use crate::{number, text};

const DAY: i64 = 86_400_000_000;

/// A cell as the source holds it.
#[derive(Debug, Clone)]
pub(crate) enum Cell<'a> {
    Missing,
    Text(&'a [u8]),
    Owned(String),
    Int(i64),
    Float(f64),
    /// A number of a spreadsheet: a date counts days since 30 December 1899 there.
    Serial(f64),
    /// Unscaled value and scale.
    Decimal(i128, i8),
    Bool(bool),
    /// µs of UTC.
    Instant(i64),
    /// µs of a local clock.
    Local(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// A list, map or other thing that is no single value.
    Other(&'static str),
}

/// A record of any source.
pub(crate) trait Record {
    /// The cell of a source column.
    fn cell(&self, column: usize) -> Cell<'_>;
    /// Where the record is.
    fn position(&self) -> Position;
    /// The record as text, personal columns replaced.
    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String>;
}

/// How the texts of a column are read.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) time: TimeStyle,
    /// Zone of times without an offset.
    pub(crate) zone: Zone,
    /// Decimal sign.
    pub(crate) decimal: u8,
    /// Sign between groups of three digits, besides blanks.
    pub(crate) thousands: Option<u8>,
}

/// Says whether a cell is empty or one of the words for it.
#[inline]
pub(crate) fn is_missing(cell: &Cell<'_>, words: &[String]) -> bool {
    match cell {
        Cell::Missing => true,
        Cell::Text(text) => is_missing_text(text, words),
        Cell::Owned(text) => is_missing_text(text.as_bytes(), words),
        _ => false,
    }
}

/// Says whether a text is empty or one of the words for that.
#[inline]
pub(crate) fn is_missing_text(text: &[u8], words: &[String]) -> bool {
    let text = number::trim(text);
    text.is_empty() || words.iter().any(|word| word.as_bytes() == text)
}

/// Reads a cell that is not missing as a value of the column.
#[inline]
pub(crate) fn read<'a>(
    cell: Cell<'a>,
    limits: &Limits,
    style: &Style,
    convert: Convert,
) -> Result<Value<'a>, Fault> {
    match cell {
        Cell::Missing => Ok(Value::Null),
        Cell::Text(text) => read_text(number::trim(text), limits, style, convert),
        Cell::Owned(text) => {
            let value = read_text(number::trim(text.as_bytes()), limits, style, convert)?;
            Ok(match value {
                Value::Text(word) => Value::Text(Cow::Owned(word.into_owned())),
                Value::Int(v) => Value::Int(v),
                Value::Float(v) => Value::Float(v),
                Value::Decimal(v) => Value::Decimal(v),
                Value::Bool(v) => Value::Bool(v),
                Value::Time(v) => Value::Time(v),
                Value::Date(v) => Value::Date(v),
                Value::Null => Value::Null,
            })
        }
        other => read_typed(&other, limits, style, convert),
    }
}

#[inline]
fn read_text<'a>(
    text: &'a [u8],
    limits: &Limits,
    style: &Style,
    convert: Convert,
) -> Result<Value<'a>, Fault> {
    let is_number = matches!(
        limits.kind,
        ColumnType::Int | ColumnType::Float | ColumnType::Decimal
    );
    if is_number && let Some(sign) = style.thousands.filter(|sign| text.contains(sign)) {
        // `1.234` with a point between thousands is no small number.
        let Some(plain) = number::ungrouped(text, style.decimal, Some(sign)) else {
            return Err(unreadable(text, limits, style));
        };
        return plain_number(plain.as_bytes(), text, limits, style, convert);
    }
    let value = match limits.kind {
        ColumnType::Text if text.contains(&0) => {
            let message = format!(
                "{} holds a zero byte; the file is damaged or is no text",
                quote(text)
            );
            return Err(Fault::new("bad_character", message).of(&limits.name));
        }
        // Here and below: a value that is returned where it is made is not moved once more.
        ColumnType::Text => match std::str::from_utf8(text) {
            Ok(text) => return Ok(Value::text(text)),
            Err(_) => None,
        },
        ColumnType::Int | ColumnType::Float | ColumnType::Decimal => {
            return match plain_number(text, text, limits, style, convert) {
                Ok(Value::Float(number)) => Ok(Value::Float(number)),
                Ok(Value::Int(number)) => Ok(Value::Int(number)),
                Err(fault) => match number::ungrouped(text, style.decimal, None) {
                    Some(plain) => plain_number(plain.as_bytes(), text, limits, style, convert),
                    None => Err(fault),
                },
                read => read,
            };
        }
        ColumnType::Bool => std::str::from_utf8(text)
            .ok()
            .and_then(number::truth)
            .map(Value::Bool),
        ColumnType::Time => match std::str::from_utf8(text) {
            Ok(clock) => match time_style(style.time, clock).parse(clock, Some(&style.zone)) {
                Ok(instant) => Some(Value::Time(instant)),
                Err(error) => return Err(bad_time(&error, limits)),
            },
            Err(_) => None,
        },
        ColumnType::Date => std::str::from_utf8(text)
            .ok()
            .and_then(|date| number::date(date, time_style(style.time, date)))
            .map(Value::Date),
    };
    value.ok_or_else(|| unreadable(text, limits, style))
}

/// How often the zone's clock shows the time of a cell.
pub(crate) fn reading(cell: &Cell<'_>, style: &Style) -> Reading {
    let of_text = |text: &str| {
        let read = time_style(style.time, text).parse_reading(text, Some(&style.zone));
        read.map_or(Reading::Once, |(_, often)| often)
    };
    match cell {
        Cell::Text(text) => std::str::from_utf8(text).map_or(Reading::Once, of_text),
        Cell::Owned(text) => of_text(text),
        Cell::Local(local) => style.zone.reading(*local).1,
        Cell::Serial(serial) if !is_unix(style.time) => style.zone.reading(serial_micros(*serial)).1,
        _ => Reading::Once,
    }
}

/// How a text is read: a day, a month and a year of four digits with points between can only stand in that order.
pub(crate) fn time_style(style: TimeStyle, text: &str) -> TimeStyle {
    let mut parts = text.trim().splitn(3, '.');
    let (day, month, rest) = (parts.next(), parts.next(), parts.next());
    let is_short = |part: Option<&str>| {
        part.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let has_year = rest.is_some_and(|rest| {
        rest.len() >= 4 && rest.bytes().take(4).all(|b| b.is_ascii_digit()) && !rest[4..].starts_with('.')
    });
    if style == TimeStyle::Iso && is_short(day) && is_short(month) && has_year {
        TimeStyle::Dmy
    } else {
        style
    }
}

/// A number without signs between its groups; `text` is what the source wrote.
#[inline]
fn plain_number<'a>(
    plain: &[u8],
    text: &[u8],
    limits: &Limits,
    style: &Style,
    convert: Convert,
) -> Result<Value<'a>, Fault> {
    let value = match limits.kind {
        ColumnType::Int if convert.is_none() => match number::int(plain) {
            Some(number) => return Ok(Value::Int(number)),
            None => None,
        },
        ColumnType::Int => return whole(number::float(plain, style.decimal), text, limits, style, convert),
        ColumnType::Decimal if convert.is_none() => {
            number::decimal(plain, style.decimal, limits.scale).map(Value::Decimal)
        }
        ColumnType::Decimal => number::float(plain, style.decimal)
            .and_then(|value| rounded(convert.apply(value), limits.scale))
            .map(Value::Decimal),
        _ => match number::float(plain, style.decimal) {
            Some(value) if value.is_finite() => return Ok(Value::Float(convert.apply(value))),
            Some(value) => return Err(limits.not_finite(value)),
            None => None,
        },
    };
    value.ok_or_else(|| unreadable(text, limits, style))
}

/// A whole number out of a converted one.
fn whole<'a>(
    value: Option<f64>,
    text: &[u8],
    limits: &Limits,
    style: &Style,
    convert: Convert,
) -> Result<Value<'a>, Fault> {
    match value.map(|value| convert.apply(value)) {
        Some(value) if !value.is_finite() => Err(limits.not_finite(value)),
        Some(value) if value.abs() < 9e18 => Ok(Value::Int(value.round() as i64)),
        _ => Err(unreadable(text, limits, style)),
    }
}

/// A converted number rounded to the digits of a decimal.
fn rounded(value: f64, scale: i8) -> Option<i128> {
    let digits = usize::try_from(scale).ok()?;
    value
        .is_finite()
        .then(|| format!("{value:.digits$}"))
        .and_then(|t| number::decimal(t.as_bytes(), b'.', scale))
}

fn read_typed(
    cell: &Cell<'_>,
    limits: &Limits,
    style: &Style,
    convert: Convert,
) -> Result<Value<'static>, Fault> {
    let number = match cell {
        Cell::Int(value) => Some(*value as f64),
        Cell::Float(value) | Cell::Serial(value) => Some(*value),
        Cell::Decimal(value, scale) => Some(*value as f64 / 10_f64.powi(i32::from(*scale))),
        _ => None,
    };
    if let Some(number) = number.filter(|number| !number.is_finite()) {
        return Err(limits.not_finite(number));
    }
    let value = match (limits.kind, cell) {
        (ColumnType::Int, Cell::Int(value)) if convert.is_none() => Some(Value::Int(*value)),
        (ColumnType::Int, _) => number
            .filter(|value| !convert.is_none() || value.fract() == 0.0)
            .map(|value| convert.apply(value).round())
            .filter(|value| value.abs() < 9e18)
            .map(|value| Value::Int(value as i64)),
        (ColumnType::Float, _) => number.map(|value| Value::Float(convert.apply(value))),
        (ColumnType::Decimal, Cell::Decimal(value, scale)) if convert.is_none() => {
            number::decimal(plain_decimal(*value, *scale).as_bytes(), b'.', limits.scale).map(Value::Decimal)
        }
        (ColumnType::Decimal, Cell::Int(value)) if convert.is_none() => {
            number::decimal(value.to_string().as_bytes(), b'.', limits.scale).map(Value::Decimal)
        }
        (ColumnType::Decimal, _) if convert.is_none() => number
            .and_then(|value| number::decimal_of(value, limits.scale))
            .map(Value::Decimal),
        (ColumnType::Decimal, _) => number
            .and_then(|value| rounded(convert.apply(value), limits.scale))
            .map(Value::Decimal),
        (ColumnType::Bool, Cell::Bool(value)) => Some(Value::Bool(*value)),
        (ColumnType::Bool, Cell::Int(value @ (0 | 1))) => Some(Value::Bool(*value == 1)),
        (ColumnType::Bool, Cell::Serial(_)) => number
            .filter(|value| value.fract() == 0.0 && (0.0..=1.0).contains(value))
            .map(|value| Value::Bool(value > 0.5)),
        (ColumnType::Text, cell) => written(cell).map(|text| Value::Text(Cow::Owned(text))),
        (ColumnType::Time, Cell::Instant(at)) => return instant(*at, limits),
        (ColumnType::Time, Cell::Local(at)) => return instant(style.zone.instant(*at), limits),
        (ColumnType::Time, Cell::Date(day)) => {
            sane_date(*day, limits)?;
            return instant(style.zone.day_start(*day), limits);
        }
        (ColumnType::Time, Cell::Int(_) | Cell::Float(_) | Cell::Serial(_)) if is_unix(style.time) => {
            let text = written(cell).unwrap_or_default();
            let time = style
                .time
                .parse(&text, None)
                .map_err(|error| bad_time(&error, limits))?;
            Some(Value::Time(time))
        }
        (ColumnType::Time, Cell::Serial(serial)) => {
            return instant(style.zone.instant(serial_micros(*serial)), limits);
        }
        (ColumnType::Date, Cell::Serial(serial)) => {
            let day = serial_micros(*serial).div_euclid(DAY);
            return sane_date(i32::try_from(day).unwrap_or(i32::MAX), limits);
        }
        (ColumnType::Date, Cell::Date(day)) => return sane_date(*day, limits),
        (ColumnType::Date, Cell::Instant(at)) => return sane_date(style.zone.local_day(*at), limits),
        (ColumnType::Date, Cell::Local(at)) => {
            return sane_date(i32::try_from(at.div_euclid(DAY)).unwrap_or(i32::MAX), limits);
        }
        (_, Cell::Other(what)) => {
            let message = format!("the cell is {what}; a single value is needed");
            return Err(Fault::new("bad_type", message).of(&limits.name));
        }
        _ => None,
    };
    value.ok_or_else(|| {
        let text = written(cell).unwrap_or_default();
        unreadable(text.as_bytes(), limits, style)
    })
}

/// A spreadsheet's count of days as µs of the clock since 1970, to the millisecond: its fractions of days carry no more.
pub(crate) fn serial_micros(serial: f64) -> i64 {
    const TO_1970: f64 = 25_569.0;
    // Out of range saturates, and is told as absurd.
    ((serial - TO_1970) * 86_400_000.0).round().clamp(-9e15, 9e15) as i64 * 1_000
}

fn is_unix(style: TimeStyle) -> bool {
    matches!(style, TimeStyle::UnixS | TimeStyle::UnixMs)
}

fn plain_decimal(value: i128, scale: i8) -> String {
    let Ok(digits_after) = usize::try_from(scale) else {
        return format!("{value}{}", "0".repeat(usize::from(scale.unsigned_abs())));
    };
    let scale = digits_after;
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" })
}

/// A typed cell as text.
pub(crate) fn written(cell: &Cell<'_>) -> Option<String> {
    match cell {
        Cell::Missing | Cell::Other(_) => None,
        Cell::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Cell::Owned(text) => Some(text.clone()),
        Cell::Int(value) => Some(value.to_string()),
        Cell::Float(value) | Cell::Serial(value) => Some(value.to_string()),
        Cell::Decimal(value, scale) => Some(plain_decimal(*value, *scale)),
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Instant(at) => Some(Zone::utc().format(*at).replace("+00:00", "Z")),
        Cell::Local(at) => Some(Zone::utc().format(*at).replace("+00:00", "")),
        Cell::Date(day) if is_sane(*day) => Zone::utc()
            .format(i64::from(*day) * DAY)
            .get(..10)
            .map(str::to_owned),
        Cell::Date(day) => Some(format!("day {day} since 1970")),
    }
}

fn instant(at: i64, limits: &Limits) -> Result<Value<'static>, Fault> {
    if (-2_208_988_800_000_000..4_133_980_800_000_000).contains(&at) {
        return Ok(Value::Time(at));
    }
    let error = InvalidTime::Absurd(format!("{at} µs since 1970"));
    Err(bad_time(&error, limits))
}

/// A day of the years 1900 to 2100.
fn is_sane(day: i32) -> bool {
    (-25_567..47_847).contains(&day)
}

fn sane_date(day: i32, limits: &Limits) -> Result<Value<'static>, Fault> {
    if is_sane(day) {
        return Ok(Value::Date(day));
    }
    let message = format!("day {day} since 1970 is outside the years 1900 to 2100");
    Err(Fault::new("absurd_time", message).of(&limits.name))
}

fn bad_time(error: &InvalidTime, limits: &Limits) -> Fault {
    let code = match error {
        InvalidTime::Absurd(_) => "absurd_time",
        InvalidTime::Form { .. } | InvalidTime::NoZone(_) => "bad_time",
    };
    Fault::new(code, error.to_string()).of(&limits.name)
}

fn unreadable(text: &[u8], limits: &Limits, style: &Style) -> Fault {
    if std::str::from_utf8(text).is_err() {
        return text::not_utf8(text).of(&limits.name);
    }
    let said = quote(text);
    let (code, message) = match limits.kind {
        ColumnType::Int => ("bad_number", format!("{said} is not a whole number")),
        ColumnType::Float | ColumnType::Text => {
            let sign = char::from(style.decimal);
            (
                "bad_number",
                format!(
                    "{said} is not a number (decimal sign `{sign}`; other signs between thousands than blanks stand under `thousands` of the mapping)"
                ),
            )
        }
        ColumnType::Decimal => (
            "bad_number",
            format!(
                "{said} is not a decimal with at most {} digits after the point",
                limits.scale
            ),
        ),
        ColumnType::Bool => (
            "bad_bool",
            format!("{said} is neither true nor false; use `replace` in the mapping"),
        ),
        ColumnType::Time => (
            "bad_time",
            format!("{said} is not a time; name its form under `time` of the mapping"),
        ),
        ColumnType::Date => {
            if is_absurd_date(text) {
                ("absurd_time", format!("{said} is outside the years 1900 to 2100"))
            } else {
                (
                    "bad_date",
                    format!("{said} is not a date of the form 2024-02-29 or 20240229"),
                )
            }
        }
    };
    Fault::new(code, message).of(&limits.name)
}

/// A date of the right form whose year is out of bounds.
fn is_absurd_date(text: &[u8]) -> bool {
    let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'-').collect();
    digits.len() == 8 && number::int(&digits[..4]).is_some_and(|year| !(1900..=2100).contains(&year))
}
