//! An instant as ISO 8601 text with its offset.

use super::calendar;
use super::zone::{DAY, SECOND};

/// Appends `instant` as the local clock shows it at `offset` (both in µs): `2024-02-29T23:30:00.25+06:00`.
///
/// Fractions are written without trailing zeros, offsets with seconds only where local mean time had them,
/// and years outside 0 to 9999 with a sign and six digits, as ISO 8601 has it.
pub(super) fn write(out: &mut String, instant: i64, offset: i64) {
    let local = instant + offset;
    let (year, month, day) = calendar::date(local.div_euclid(DAY) as i32);
    if (0..=9999).contains(&year) {
        pairs(out, [year / 100, year]);
    } else {
        out.push(if year < 0 { '-' } else { '+' });
        let year = year.abs();
        pairs(out, [year / 10_000, year / 100, year]);
    }
    out.push('-');
    pairs(out, [month]);
    out.push('-');
    pairs(out, [day]);
    out.push('T');
    let of_day = local.rem_euclid(DAY);
    clock(out, of_day / SECOND);
    seconds(out, of_day / SECOND);
    let fraction = of_day % SECOND;
    if fraction != 0 {
        out.push('.');
        pairs(out, [fraction / 10_000, fraction / 100, fraction]);
        out.truncate(out.trim_end_matches('0').len());
    }
    out.push(if offset < 0 { '-' } else { '+' });
    let from_utc = offset.abs() / SECOND;
    clock(out, from_utc);
    if from_utc % 60 != 0 {
        seconds(out, from_utc);
    }
}

/// Writes hh:mm of a number of seconds.
fn clock(out: &mut String, seconds: i64) {
    pairs(out, [seconds / 3600]);
    out.push(':');
    pairs(out, [seconds / 60 % 60]);
}

/// Writes :ss of a number of seconds.
fn seconds(out: &mut String, seconds: i64) {
    out.push(':');
    pairs(out, [seconds % 60]);
}

/// Writes the lowest two decimal digits of each number.
fn pairs<const N: usize>(out: &mut String, numbers: [i64; N]) {
    for number in numbers {
        let pair = (number % 100) as u8;
        out.push(char::from(b'0' + pair / 10));
        out.push(char::from(b'0' + pair % 10));
    }
}
