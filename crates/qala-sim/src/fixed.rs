//! Decimal numbers as they are sent: a whole number of the last digit.

use std::fmt;

/// `units / 10^digits`, written without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) units: i64,
    pub(crate) digits: u8,
}

impl Fixed {
    /// The nearest decimal with that many digits.
    pub(crate) fn round(value: f64, digits: u8) -> Self {
        let scale = 10_i64.pow(u32::from(digits)) as f64;
        Self {
            units: (value * scale).round() as i64,
            digits,
        }
    }

    /// The number, as a reader of the text gets it.
    pub(crate) fn value(self) -> f64 {
        self.units as f64 / 10_i64.pow(u32::from(self.digits)) as f64
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(u32::from(self.digits));
        let sign = if self.units < 0 { "-" } else { "" };
        let size = self.units.unsigned_abs();
        if self.digits == 0 {
            return write!(f, "{sign}{size}");
        }
        write!(
            f,
            "{sign}{}.{:0width$}",
            size / scale,
            size % scale,
            width = usize::from(self.digits)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Fixed;

    #[test]
    fn writes_sign_and_zeros() {
        let texts: Vec<String> = [(-0.05, 2), (3.0, 1), (12.345, 3), (-7.0, 0), (0.0004, 4)]
            .into_iter()
            .map(|(value, digits)| Fixed::round(value, digits).to_string())
            .collect();
        assert_eq!(texts, ["-0.05", "3.0", "12.345", "-7", "0.0004"]);
        assert!((Fixed::round(0.1234, 4).value() - 0.1234).abs() < f64::EPSILON);
    }
}
