//! The exact sum of integers and decimals, without overflow on the way.
//!
//! A 128-bit partial sum can overflow in one order of the rows and not in another; 192 bits cannot, so the
//! answer, or the refusal to give one, depends on the rows alone.

use std::num::NonZeroU64;

use super::digits;

/// Largest magnitude of a Decimal128(38, s), as an integer.
const DECIMAL_MAX: u128 = 10_u128.pow(38) - 1;
/// Bits added below the sum before it is divided; the divisor is below 2^64 · 10^38 < 2^191.
const DIVISION_DIGITS: usize = 12;
/// The largest power of ten in one word.
const WORD_TENS: u32 = 19;

const VERSION: u8 = 0x81;
const ENCODED: usize = 1 + 8 + 24;

/// The state of an integer sum could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state of an integer sum is damaged or of another version")]
pub(super) struct IntegerStateError;

/// The sum of unscaled 128-bit integers as a two's complement number of 192 bits, with their count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IntegerSum {
    low: u128,
    high: i64,
    count: u64,
}

impl IntegerSum {
    /// Number of values added.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds one value.
    #[inline]
    pub(super) fn add(&mut self, value: i128) {
        self.count += 1;
        self.add_wide(value as u128, (value >> 127) as i64);
    }

    /// Adds everything that `other` has summed.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.add_wide(other.low, other.high);
    }

    #[inline]
    fn add_wide(&mut self, low: u128, high: i64) {
        let (sum, carry) = self.low.overflowing_add(low);
        self.low = sum;
        self.high = self.high.wrapping_add(high).wrapping_add(i64::from(carry));
    }

    /// The unscaled sum; `None` when it has more than 38 decimal digits.
    pub(super) fn total(&self) -> Option<i128> {
        let total = self.low as i128;
        (self.high == (total >> 127) as i64 && total.unsigned_abs() <= DECIMAL_MAX).then_some(total)
    }

    /// The sum times 10^-`scale`, divided by the count and rounded once; `None` when nothing was added.
    pub(super) fn mean(&self, scale: i8) -> Option<f64> {
        let count = NonZeroU64::new(self.count)?;
        let negative = self.high < 0;
        let (low, high) = if negative {
            let low = self.low.wrapping_neg();
            (low, (!(self.high as u64)).wrapping_add(u64::from(low == 0)))
        } else {
            (self.low, self.high as u64)
        };
        let mut scaled = vec![0; DIVISION_DIGITS];
        scaled.extend(digits::from_u128(low));
        scaled.extend([high as u32, (high >> 32) as u32]);
        for _ in scale..0 {
            digits::multiply(&mut scaled, 10);
        }
        let mut inexact = digits::divide(&mut scaled, count);
        let mut tens = u32::from(scale.max(0).unsigned_abs());
        while tens > 0 {
            let step = tens.min(WORD_TENS);
            if let Some(power) = NonZeroU64::new(10_u64.pow(step)) {
                inexact |= digits::divide(&mut scaled, power);
            }
            tens -= step;
        }
        Some(digits::round(
            negative,
            &scaled,
            -32 * DIVISION_DIGITS as i32,
            inexact,
        ))
    }

    /// Appends the encoding: a version byte, then count, low and high words, little-endian.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend(self.count.to_le_bytes());
        out.extend(self.low.to_le_bytes());
        out.extend(self.high.to_le_bytes());
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, IntegerStateError> {
        let word = |at: usize| -> Result<[u8; 8], IntegerStateError> {
            bytes
                .get(at..at + 8)
                .and_then(|b| b.try_into().ok())
                .ok_or(IntegerStateError)
        };
        if bytes.len() != ENCODED || bytes.first() != Some(&VERSION) {
            return Err(IntegerStateError);
        }
        let low =
            u128::from(u64::from_le_bytes(word(9)?)) | (u128::from(u64::from_le_bytes(word(17)?)) << 64);
        Ok(Self {
            low,
            high: i64::from_le_bytes(word(25)?),
            count: u64::from_le_bytes(word(1)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::IntegerSum;

    fn sum_of(values: &[i128]) -> IntegerSum {
        let mut sum = IntegerSum::default();
        for value in values {
            sum.add(*value);
        }
        sum
    }

    #[test]
    fn a_partial_sum_beyond_128_bits_is_no_overflow() {
        let values = [i128::MAX, i128::MAX, -i128::MAX, -i128::MAX, 7];
        assert_eq!(sum_of(&values).total(), Some(7));
        assert_eq!(sum_of(&[10_i128.pow(38) - 1, 1]).total(), None);
        assert_eq!(
            sum_of(&[-(10_i128.pow(38) - 1)]).total(),
            Some(-(10_i128.pow(38) - 1))
        );
        assert_eq!(sum_of(&[i128::MIN, i128::MIN]).total(), None);
    }

    #[test]
    fn the_mean_is_rounded_once() {
        assert_eq!(sum_of(&[1, 2]).mean(1), Some(0.15));
        assert_eq!(sum_of(&[-1, 0, 0]).mean(0), Some(-1.0 / 3.0));
        assert_eq!(sum_of(&[25]).mean(-2), Some(2500.0));
        assert_eq!(sum_of(&[1]).mean(38), Some(1e-38));
        assert_eq!(sum_of(&[1; 7]).mean(37), Some(1e-37));
        assert_eq!(sum_of(&[i128::MIN; 3]).mean(0), Some(-(2_f64.powi(127))));
        assert_eq!(sum_of(&[0, 0]).mean(3).map(f64::to_bits), Some(0));
        assert_eq!(sum_of(&[]).mean(3), None);
    }

    proptest! {
        #[test]
        fn order_and_merges_change_nothing(
            (values, shuffled) in prop::collection::vec(any::<i128>(), 0..30)
                .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
            cut in 0_usize..30,
        ) {
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let mut bytes = Vec::new();
            sum_of(left).write(&mut bytes);
            let mut merged = IntegerSum::from_bytes(&bytes).unwrap();
            merged.merge(&sum_of(right));
            prop_assert_eq!(merged, sum_of(&values));
        }

        #[test]
        fn decimals_read_as_text_are_the_reference(value in any::<i128>(), scale in 0_i8..38) {
            // The standard library's decimal parser rounds correctly and shares no code with the division.
            prop_assert_eq!(sum_of(&[value]).mean(scale), format!("{value}e-{scale}").parse().ok());
            prop_assert_eq!(sum_of(&[value; 5]).mean(scale), format!("{value}e-{scale}").parse().ok());
        }

        #[test]
        fn small_means_agree_with_one_division(
            values in prop::collection::vec(-1_000_000_i128..1_000_000, 1..50),
        ) {
            // Sum and count are exact in a double, so its one division is the rounded quotient.
            let quotient = values.iter().sum::<i128>() as f64 / values.len() as f64;
            prop_assert_eq!(sum_of(&values).mean(0), Some(quotient + 0.0));
        }
    }
}
