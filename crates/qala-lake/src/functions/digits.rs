//! Big natural numbers as little-endian 32-bit digits: the few operations that exact sums need.
//!
//! Division by a word, multiplication by a word, and the one rounding to a double. What is summed, and how
//! it is encoded, does not belong here.

use std::num::NonZeroU64;

/// Stored bits of the significand of a double, without the hidden one.
const FRACTION_BITS: i32 = 52;
/// Exponent of the least significant bit of the smallest subnormal double.
pub(super) const LOWEST_EXPONENT: i32 = -1074;

/// Divides `digits` by `divisor` in place and reports whether a remainder was left.
///
/// Divisions follow one another exactly: the floor of (a / b) / c is the floor of a / (b c), and the whole
/// division is exact when no step left a remainder.
pub(super) fn divide(digits: &mut [u32], divisor: NonZeroU64) -> bool {
    let divisor = divisor.get();
    if let Ok(word) = u32::try_from(divisor) {
        let mut remainder = 0_u64;
        for digit in digits.iter_mut().rev() {
            let dividend = (remainder << 32) | u64::from(*digit);
            *digit = (dividend / u64::from(word)) as u32;
            remainder = dividend % u64::from(word);
        }
        return remainder != 0;
    }
    let mut remainder = 0_u128;
    for digit in digits.iter_mut().rev() {
        let dividend = (remainder << 32) | u128::from(*digit);
        // remainder < divisor < 2^64, so the quotient is below 2^32.
        *digit = (dividend / u128::from(divisor)) as u32;
        remainder = dividend % u128::from(divisor);
    }
    remainder != 0
}

/// Multiplies `digits` by `factor` in place, growing by a digit where needed.
pub(super) fn multiply(digits: &mut Vec<u32>, factor: u32) {
    let mut carry = 0_u64;
    for digit in digits.iter_mut() {
        let product = u64::from(*digit) * u64::from(factor) + carry;
        *digit = product as u32;
        carry = product >> 32;
    }
    if carry != 0 {
        digits.push(carry as u32);
    }
}

/// Splits a number of 128 bits into four digits.
pub(super) fn from_u128(value: u128) -> [u32; 4] {
    [
        value as u32,
        (value >> 32) as u32,
        (value >> 64) as u32,
        (value >> 96) as u32,
    ]
}

/// Number of bits up to and including the highest one; 0 for zero.
pub(super) fn bit_length(digits: &[u32]) -> usize {
    match digits.iter().rposition(|digit| *digit != 0) {
        Some(top) => (top + 1) * 32 - digits[top].leading_zeros() as usize,
        None => 0,
    }
}

/// Rounds ±`digits` · 2^`exponent` to the nearest double, ties to even, overflow to infinity, zero to +0.0.
///
/// `inexact` says that the true value is above `digits` by less than one unit; the caller then has to
/// supply at least one digit bit below the result's last place (55 bits in all and none above 2^-1074
/// lost), or the tie is misjudged.
pub(super) fn round(negative: bool, digits: &[u32], exponent: i32, inexact: bool) -> f64 {
    let length = bit_length(digits) as i32;
    if length == 0 {
        return 0.0;
    }
    let dropped = (length - (FRACTION_BITS + 1))
        .max(LOWEST_EXPONENT - exponent)
        .max(0);
    debug_assert!(
        !inexact || dropped > 0,
        "an inexact number needs bits below the last place"
    );
    let mut significand = bits_at(digits, dropped as usize);
    if dropped > 0 {
        let half = dropped as usize - 1;
        let above_half = inexact || any_below(digits, half);
        if bits_at(digits, half) & 1 == 1 && (above_half || significand & 1 == 1) {
            significand += 1;
        }
    }
    if significand == 0 {
        return 0.0;
    }
    let mut lowest = exponent + dropped;
    // Bring the leading one to its place, as far as the subnormal range allows. Upwards nothing is lost:
    // only a significand rounded up to 2^53 exactly is too long.
    let lead = 63 - significand.leading_zeros() as i32;
    if lead > FRACTION_BITS {
        significand >>= 1;
        lowest += 1;
    } else {
        let up = (FRACTION_BITS - lead).min(lowest - LOWEST_EXPONENT);
        significand <<= up;
        lowest -= up;
    }
    let hidden = 1_u64 << FRACTION_BITS;
    let field = if significand < hidden {
        0
    } else {
        lowest - LOWEST_EXPONENT + 1
    };
    let magnitude = if field >= 0x7ff {
        f64::INFINITY
    } else {
        f64::from_bits(((field as u64) << FRACTION_BITS) | (significand & (hidden - 1)))
    };
    if negative { -magnitude } else { magnitude }
}

/// The 64 bits of `digits` from bit `position` upwards.
fn bits_at(digits: &[u32], position: usize) -> u64 {
    let (index, shift) = (position / 32, position % 32);
    let digit = |at: usize| u128::from(digits.get(at).copied().unwrap_or(0));
    ((digit(index) | (digit(index + 1) << 32) | (digit(index + 2) << 64)) >> shift) as u64
}

/// Whether any bit strictly below `position` is set.
fn any_below(digits: &[u32], position: usize) -> bool {
    let (index, shift) = (position / 32, position % 32);
    digits.iter().take(index).any(|digit| *digit != 0)
        || digits
            .get(index)
            .is_some_and(|digit| digit & ((1_u32 << shift) - 1) != 0)
}
