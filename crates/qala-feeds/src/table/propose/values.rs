//! First values of columns: which signs their numbers have, which types they fit.

use std::collections::BTreeMap;

use qala_core::spec::{Column, ColumnType, Role};
use qala_core::{TimeStyle, Zone};

use super::super::cell::time_style as style_of;
use super::sample::Sample;
use crate::number;

/// Words that stand for no value.
const MISSING: [&str; 12] = [
    "-",
    "—",
    "–",
    "...",
    "…",
    "x",
    "NA",
    "N/A",
    "n/a",
    "null",
    "нет данных",
    "мәлімет жоқ",
];
/// How often a word must stand among numbers to be one for no value: once is a slip.
const OFTEN: usize = 2;

/// The signs that numbers are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
}

impl Signs {
    /// Judges by all values.
    pub(super) fn of(sample: &Sample) -> Self {
        let (mut decimals, mut groups) = (0, 0);
        for value in (0..sample.names.len()).flat_map(|column| sample.values(column)) {
            let Some((whole, fraction)) = value.rsplit_once(',') else {
                continue;
            };
            let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let whole = whole
                .trim_start_matches('-')
                .replace([' ', '\u{a0}', '\u{202f}'], "");
            if number::ungrouped(value.as_bytes(), b'.', Some(b',')).is_some() {
                groups += 1;
            } else if is_digits(&whole) && is_digits(fraction) {
                decimals += 1;
            }
        }
        if decimals > 0 && decimals * 3 >= groups {
            Self {
                decimal: ',',
                thousands: None,
            }
        } else {
            Self {
                decimal: '.',
                thousands: (groups > 0).then_some(','),
            }
        }
    }

    fn is_number(self, value: &str) -> bool {
        let decimal = u8::try_from(self.decimal).unwrap_or(b'.');
        let thousands = self.thousands.and_then(|sign| u8::try_from(sign).ok());
        let plain = number::ungrouped(value.as_bytes(), decimal, thousands);
        let text = plain.as_deref().unwrap_or(value);
        number::float(text.as_bytes(), decimal).is_some_and(f64::is_finite)
    }

    /// Share of a column's values that are numbers or words for no value.
    pub(super) fn numbers(self, sample: &Sample, source: usize) -> f64 {
        share(sample.values(source), |value| {
            self.is_number(value) || MISSING.contains(&value)
        })
    }

    /// Share of a column's values that a dataset column would take.
    pub(super) fn fit(self, sample: &Sample, source: usize, column: &Column) -> f64 {
        let decimal = u8::try_from(self.decimal).unwrap_or(b'.');
        let within = |value: &str| {
            let plain = number::ungrouped(value.as_bytes(), decimal, None);
            let found = number::float(plain.as_deref().unwrap_or(value).as_bytes(), decimal);
            let bound = match column.role {
                Some(Role::Lat) => 90.0,
                Some(Role::Lon) => 180.0,
                _ => f64::INFINITY,
            };
            found.is_none_or(|number| number.abs() <= bound)
        };
        match column.kind {
            ColumnType::Text => 1.0,
            ColumnType::Int | ColumnType::Float | ColumnType::Decimal => self
                .numbers(sample, source)
                .min(share(sample.values(source), within)),
            ColumnType::Bool => share(sample.values(source), |value| number::truth(value).is_some()),
            ColumnType::Time | ColumnType::Date => {
                let style = time_style(sample.values(source));
                share(sample.values(source), |value| is_time(value, style))
            }
        }
    }

    /// Words for no value that stand among the numbers of these columns.
    pub(super) fn missing(self, sample: &Sample, columns: impl Iterator<Item = usize>) -> Vec<String> {
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        for column in columns.filter(|column| self.numbers(sample, *column) >= super::FITTING) {
            for value in sample.values(column).filter(|value| MISSING.contains(value)) {
                *words.entry(value).or_default() += 1;
            }
        }
        let often = words.into_iter().filter(|(_, count)| *count >= OFTEN);
        often.map(|(word, _)| word.to_owned()).collect()
    }
}

/// A column without values fits anything, but less than one with.
fn share<'v>(values: impl Iterator<Item = &'v str>, is_good: impl Fn(&str) -> bool) -> f64 {
    let (mut good, mut all) = (0_u32, 0_u32);
    for value in values {
        all += 1;
        good += u32::from(is_good(value));
    }
    if all == 0 {
        super::FITTING
    } else {
        f64::from(good) / f64::from(all)
    }
}

pub(super) fn is_time(value: &str, style: TimeStyle) -> bool {
    let utc = Zone::utc();
    style_of(style, value).parse(value, Some(&utc)).is_ok()
}

/// The way in which the times of a column are written.
pub(super) fn time_style<'v>(values: impl Iterator<Item = &'v str>) -> TimeStyle {
    let values: Vec<&str> = values.collect();
    let all = |style: TimeStyle| values.iter().filter(|value| is_time(value, style)).count();
    // The earlier one wins where two fit alike: what is written the American way may be both.
    let styles = [
        TimeStyle::Iso,
        TimeStyle::Mdy,
        TimeStyle::Dmy,
        TimeStyle::UnixMs,
        TimeStyle::UnixS,
    ];
    let mut best = (0, TimeStyle::Iso);
    for style in styles {
        let digits = match style {
            TimeStyle::UnixS => Some(10),
            TimeStyle::UnixMs => Some(13),
            _ => None,
        };
        let is_likely = digits.is_none_or(|digits| values.iter().all(|value| value.len() >= digits));
        let count = if is_likely { all(style) } else { 0 };
        if count > best.0 {
            best = (count, style);
        }
    }
    best.1
}
