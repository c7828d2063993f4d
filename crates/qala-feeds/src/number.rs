//! Numbers, dates and truth values from bytes.

use qala_core::{TimeStyle, Unit, UnitError, Zone, parse_date};

/// A change of unit: `to = value * factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convert {
    factor: f64,
    offset: f64,
}

impl Convert {
    /// No change.
    pub(crate) const NONE: Self = Self {
        factor: 1.0,
        offset: 0.0,
    };

    /// From one unit to another.
    ///
    /// # Errors
    /// Units of different dimensions.
    pub fn new(from: &Unit, to: &Unit) -> Result<Self, UnitError> {
        let (factor, offset) = from.to(to)?;
        // mg/m3 to ug/m3 is 1000 and not 999.9999999999999: a factor that is one rounding away from a short decimal
        // is that decimal.
        let short = format!("{factor:.9e}").parse().unwrap_or(factor);
        let factor = if (short / factor - 1.0).abs() < 4.0 * f64::EPSILON {
            short
        } else {
            factor
        };
        Ok(Self { factor, offset })
    }

    /// True when values stay as they are.
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The value in the other unit. Where zeros differ (temperatures) it is rounded to 1e-9, so that 68 degF are 20 Cel.
    #[inline]
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        if self.is_none() {
            return value;
        }
        let changed = value * self.factor + self.offset;
        let is_shifted = self.offset != 0.0 && changed.abs() < 1e6;
        if is_shifted {
            (changed * 1e9).round() / 1e9
        } else {
            changed
        }
    }
}

/// A whole number; a fraction of zeros is allowed, because spreadsheets write it.
#[inline]
pub(crate) fn int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut seen = 0_usize;
    for (index, byte) in digits.iter().enumerate() {
        if byte.is_ascii_digit() {
            // Counted downwards, so that the smallest number fits.
            value = value.checked_mul(10)?.checked_sub(i64::from(byte - b'0'))?;
            seen += 1;
        } else if *byte == b'.' && seen > 0 {
            if !digits[index + 1..].iter().all(|b| *b == b'0') {
                return None;
            }
            break;
        } else {
            return None;
        }
    }
    if seen == 0 {
        return None;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// A number with the given decimal sign; infinities and NaN are given back as they are.
#[inline]
pub(crate) fn float(text: &[u8], decimal: u8) -> Option<f64> {
    if decimal == b'.' || !text.contains(&decimal) {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    if text.contains(&b'.') || text.len() > 40 {
        return None;
    }
    let mut buffer = [0_u8; 40];
    let buffer = &mut buffer[..text.len()];
    buffer.copy_from_slice(text);
    for byte in buffer.iter_mut().filter(|b| **b == decimal) {
        *byte = b'.';
    }
    std::str::from_utf8(buffer).ok()?.parse().ok()
}

/// An exact decimal as its unscaled whole number; `None` also when it has more digits than the scale.
pub(crate) fn decimal(text: &[u8], sign: u8, scale: i8) -> Option<i128> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let scale = u32::try_from(scale).ok()?;
    let mut value: i128 = 0;
    let mut fraction: Option<u32> = None;
    let mut seen = false;
    for byte in digits {
        if byte.is_ascii_digit() {
            seen = true;
            if let Some(count) = fraction.as_mut() {
                if *count == scale {
                    if *byte != b'0' {
                        return None;
                    }
                    continue;
                }
                *count += 1;
            }
            value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        } else if *byte == sign && fraction.is_none() {
            fraction = Some(0);
        } else {
            return None;
        }
    }
    if !seen {
        return None;
    }
    let value = value.checked_mul(10_i128.checked_pow(scale - fraction.unwrap_or(0))?)?;
    (value.unsigned_abs() < 10_u128.pow(38)).then_some(if negative { -value } else { value })
}

/// Digits of a float, shifted to a decimal.
pub(crate) fn decimal_of(value: f64, scale: i8) -> Option<i128> {
    decimal(format!("{value}").as_bytes(), b'.', scale)
}

/// A truth value in the words that tables use.
pub(crate) fn truth(text: &str) -> Option<bool> {
    const YES: [&str; 7] = ["true", "t", "1", "yes", "y", "да", "иә"];
    const NO: [&str; 7] = ["false", "f", "0", "no", "n", "нет", "жоқ"];
    let lower = text.to_lowercase();
    if YES.contains(&lower.as_str()) {
        Some(true)
    } else if NO.contains(&lower.as_str()) {
        Some(false)
    } else {
        None
    }
}

/// A date as days since 1970-01-01; the clock after an ISO date is passed over.
pub(crate) fn date(text: &str, style: TimeStyle) -> Option<i32> {
    if style == TimeStyle::Iso {
        let bytes = text.as_bytes();
        let has_clock = bytes.len() > 10 && matches!(bytes[10], b'T' | b' ');
        return parse_date(if has_clock { text.get(..10)? } else { text });
    }
    let micros = style.parse(text, Some(&Zone::utc())).ok()?;
    i32::try_from(micros.div_euclid(86_400_000_000)).ok()
}

/// The bytes without white space around them.
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let is_plain = |byte: &u8| byte.is_ascii_graphic();
    if text.first().is_some_and(is_plain) && text.last().is_some_and(is_plain) {
        return text;
    }
    trim_blanks(text)
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let (Some(first), Some(last)) = (text.first(), text.last()) else {
        return text;
    };
    if first.is_ascii() && last.is_ascii() {
        return text;
    }
    // Spreadsheets fill cells with blanks that do not break.
    std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes())
}

/// A number without the signs between its groups of three digits: blanks of any kind, apostrophes, and `thousands`.
/// `None` when there are none, or when they do not stand between groups of three.
pub(crate) fn ungrouped(text: &[u8], decimal: u8, thousands: Option<u8>) -> Option<String> {
    if text.len() > 60 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let is_separator = |c: char| {
        matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’')
            || thousands.is_some_and(|sign| char::from(sign) == c)
    };
    let mut out = String::with_capacity(text.len());
    // Digits since the last separator, once one was met.
    let (mut group, mut groups, mut is_whole) = (0_usize, 0_usize, true);
    for (index, c) in text.chars().enumerate() {
        if c == '\u{2212}' && index == 0 {
            out.push('-');
        } else if is_whole && is_separator(c) {
            let is_good = if groups == 0 {
                (1..=3).contains(&group)
            } else {
                group == 3
            };
            if !is_good {
                return None;
            }
            (group, groups) = (0, groups + 1);
        } else if c.is_ascii_digit() {
            group += usize::from(is_whole);
            out.push(c);
        } else if is_whole && c == char::from(decimal) {
            is_whole = false;
            out.push(c);
        } else if index == 0 && (c == '-' || c == '+') {
            out.push(c);
        } else {
            return None;
        }
    }
    let has_sign = text.starts_with('\u{2212}');
    ((groups > 0 && group == 3) || (groups == 0 && has_sign)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        let cases: [(&str, Option<i64>); 12] = [
            ("0", Some(0)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("+5", Some(5)),
            ("5.00", Some(5)),
            ("5.5", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1e3", None),
            ("१", None),
        ];
        for (text, expected) in cases {
            assert_eq!(int(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn conversions_leave_no_dust() {
        let cases = [
            ("mg/m3", "ug/m3", 0.5, 500.0),
            ("mph", "km/h", 10.0, 16.093_44),
            ("%", "ratio", 20.0, 0.2),
            ("degF", "Cel", 68.0, 20.0),
            ("K", "Cel", 288.28, 15.13),
            ("mmHg", "hPa", 760.0, 1_013.250_144_354),
        ];
        for (from, to, value, expected) in cases {
            let convert = Convert::new(&Unit::parse(from).unwrap(), &Unit::parse(to).unwrap()).unwrap();
            assert!(
                (convert.apply(value) - expected).abs() <= expected * 1e-15,
                "{from} {}",
                convert.apply(value)
            );
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal(b"1.25", b'.', 4), Some(12_500));
        assert_eq!(decimal(b"-0,1", b',', 2), Some(-10));
        assert_eq!(decimal(b"1.23450", b'.', 4), Some(12_345));
        assert_eq!(decimal(b"1.23456", b'.', 4), None);
        assert_eq!(decimal(b"1.2.3", b'.', 4), None);
        assert_eq!(
            decimal(b"99999999999999999999999999999999999999", b'.', 0),
            Some(10_i128.pow(38) - 1)
        );
        assert_eq!(decimal(b"99999999999999999999999999999999999999", b'.', 1), None);
        assert_eq!(decimal_of(0.1, 2), Some(10));
    }

    #[test]
    fn groups_of_digits() {
        let cases: [(&str, u8, Option<u8>, Option<&str>); 12] = [
            ("1 234,5", b',', None, Some("1234,5")),
            ("12\u{a0}345\u{a0}678", b'.', None, Some("12345678")),
            ("1\u{202f}000", b'.', None, Some("1000")),
            ("40,800,000", b'.', Some(b','), Some("40800000")),
            ("1.234,50", b',', Some(b'.'), Some("1234,50")),
            ("-1'000", b'.', None, Some("-1000")),
            ("\u{2212}5", b'.', None, Some("-5")),
            ("1 23", b'.', None, None),
            ("1234 567", b'.', None, None),
            ("40,800,000", b'.', None, None),
            ("12", b'.', None, None),
            ("10 000 руб", b'.', None, None),
        ];
        for (text, decimal, thousands, expected) in cases {
            assert_eq!(
                ungrouped(text.as_bytes(), decimal, thousands).as_deref(),
                expected,
                "{text}"
            );
        }
        assert_eq!(trim("\u{a0} 5 \u{a0}".as_bytes()), b"5");
    }

    #[test]
    fn floats_with_either_sign() {
        assert_eq!(float(b"1,5", b','), Some(1.5));
        assert_eq!(float(b"1.5", b','), Some(1.5));
        assert_eq!(float(b"1.000,5", b','), None);
        assert!(float(b"nan", b'.').is_some_and(f64::is_nan));
        assert_eq!(
            date("2001-01-01T00:00:00", TimeStyle::Iso),
            parse_date("2001-01-01")
        );
    }
}
