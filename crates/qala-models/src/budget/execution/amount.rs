//! Amounts that are added exactly.

/// Decimals that are kept.
const DECIMALS: usize = 18;

/// An amount of money in parts of 10⁻¹⁸ of a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    /// Reads a decimal number, also one with an exponent; absent when it is none, has more than 18 decimals or is beyond
    /// 1.7 · 10²⁰.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits: Vec<u8> = Vec::with_capacity(whole.len() + fraction.len());
        for byte in whole.bytes().chain(fraction.bytes()) {
            digits.push(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        // How many zeros make the digits a whole number of parts; below zero, so many digits must be zeros.
        let shift = DECIMALS as i64 - fraction.len() as i64 + i64::from(exponent);
        let mut parts = 0_i128;
        let dropped = usize::try_from(-shift).unwrap_or(0);
        let kept = digits.len().saturating_sub(dropped);
        if digits.iter().skip(kept).any(|digit| *digit != 0) {
            return None;
        }
        for digit in digits.iter().take(kept) {
            parts = parts.checked_mul(10)?.checked_add(i128::from(*digit))?;
        }
        if parts != 0 && shift > 0 {
            parts = parts.checked_mul(10_i128.checked_pow(u32::try_from(shift).ok()?)?)?;
        }
        Some(Self(if negative { -parts } else { parts }))
    }

    /// The sum; absent when it is beyond 1.7 · 10²⁰.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The nearest floating-point number.
    pub fn nearest(self) -> f64 {
        let sign = if self.0 < 0 { "-" } else { "" };
        let parts = self.0.unsigned_abs();
        let one = 10_u128.pow(DECIMALS as u32);
        format!("{sign}{}.{:018}", parts / one, parts % one)
            .parse()
            .unwrap_or(f64::NAN)
    }

    /// This amount as a part of another; absent when the other is zero.
    pub fn share_of(self, whole: Self) -> Option<f64> {
        let common = i128::try_from(divisor(self.0.unsigned_abs(), whole.0.unsigned_abs())).ok()?;
        (whole.0 != 0).then(|| (self.0 / common) as f64 / (whole.0 / common) as f64)
    }
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, nearest) in [
            ("0", 0.0),
            ("-0.10", -0.1),
            ("+12.5", 12.5),
            (".5", 0.5),
            ("7.", 7.0),
            ("1e6", 1e6),
            ("1.5e-5", 1.5e-5),
            ("100e-20", 1e-18),
            ("0.000000000000000001", 1e-18),
            ("0.1000000000000000000000", 0.1),
            ("0e-999", 0.0),
            ("0e999", 0.0),
            ("123456789012345678901", 123_456_789_012_345_680_000.0),
        ] {
            assert_eq!(Amount::parse(text).map(Amount::nearest), Some(nearest), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1,5",
            "1 000",
            "x",
            "1e",
            "NaN",
            "inf",
            "0.0000000000000000001",
            "1e21",
            "--1",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shares_are_the_nearest_numbers() {
        let share = |part: &str, whole: &str| Amount::parse(part)?.share_of(Amount::parse(whole)?);
        assert_eq!(share("0.3", "0.1"), Some(3.0));
        assert_eq!(share("1", "3"), Some(1.0 / 3.0));
        assert_eq!(share("0", "3"), Some(0.0));
        assert_eq!(share("1", "0"), None);
        assert_eq!(share("-1", "4"), Some(-0.25));
    }
}
