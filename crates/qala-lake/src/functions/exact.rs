//! The exact sum of doubles: the same bits whatever the order of the values and of the merges.
//!
//! A double is an integer multiple of 2^-1074, so a sum of doubles is an integer, and integers add without
//! error. The sum is kept as that integer (a superaccumulator: Kulisch, *Computer Arithmetic and Validity*,
//! 2013, ch. 8) and rounded once, when it is read. Values of similar size, which is nearly all of a
//! measured column, fit one 128-bit window; the long form of 68 limbs is allocated only when they do not.
//!
//! Aggregate functions over columns do not belong here (see `qsum`), nor do sums of integers and decimals
//! (see `integer`).

mod encoding;
#[cfg(test)]
mod tests;

pub use encoding::StateError;

use std::num::NonZeroU64;

use super::digits;

/// Limbs of the long form: 2098 bits hold every double, 64 more any count of them, and the sign.
const LIMBS: usize = 68;
/// Additions that a limb takes before its carry has to move on: each adds less than 2^32, and two limbs may
/// be merged.
const PENDING_MAX: u32 = 1 << 29;
/// Furthest left shift of a 53-bit significand in the window: 2^115, so that thousands more fit above it.
const WINDOW_SHIFT: u32 = 62;
/// Bits left free below the first value of a window, for the smaller values to come.
const WINDOW_MARGIN: u32 = 24;

const SEEN_NAN: u8 = 1;
const SEEN_POSITIVE_INFINITY: u8 = 2;
const SEEN_NEGATIVE_INFINITY: u8 = 4;

/// An order-independent exact accumulator of doubles.
///
/// Takes 48 bytes while values are of similar size, 560 bytes more when they are not. Equal multisets of
/// values give equal [`value`](Self::value), [`mean`](Self::mean) and [`to_bytes`](Self::to_bytes), in any
/// order and any tree of merges.
#[derive(Debug, Clone, Default)]
pub struct ExactSum {
    /// The window: this integer times 2^(base - 1074) is part of the sum.
    window: i128,
    /// The rest of the sum, once it did not fit the window.
    limbs: Option<Box<Limbs>>,
    count: u64,
    base: u16,
    special: u8,
}

/// Fixed point over the whole range of doubles: the sum over i of `limbs[i]` · 2^(32 i - 1074). Limbs are
/// signed and may exceed 32 bits until their carries are moved on.
#[derive(Debug, Clone)]
struct Limbs {
    limbs: [i64; LIMBS],
    /// Upper bound of additions since the carries were last moved on.
    pending: u32,
}

impl ExactSum {
    /// Makes the sum of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of values added, NaN and infinities among them.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes on the heap.
    pub fn heap_size(&self) -> usize {
        if self.limbs.is_some() {
            size_of::<Limbs>()
        } else {
            0
        }
    }

    /// Adds one value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let bits = value.to_bits();
        let field = ((bits >> 52) & 0x7ff) as u32;
        // Normal numbers only: the field is neither 0 (zero, subnormal) nor 0x7ff (infinity, NaN).
        if field.wrapping_sub(1) < 0x7fe {
            let shift = (field - 1).wrapping_sub(u32::from(self.base));
            if shift <= WINDOW_SHIFT
                && let Some(sum) = self.window.checked_add(significand(bits) << shift)
            {
                self.window = sum;
                return;
            }
        }
        self.add_slowly(bits);
    }

    #[inline(never)]
    fn add_slowly(&mut self, bits: u64) {
        let fraction = bits & ((1 << 52) - 1);
        match (bits >> 52) & 0x7ff {
            0 => {
                let subnormal = i128::from(fraction);
                self.place(if bits >> 63 == 1 { -subnormal } else { subnormal }, 0);
            }
            0x7ff if fraction != 0 => self.special |= SEEN_NAN,
            0x7ff if bits >> 63 == 1 => self.special |= SEEN_NEGATIVE_INFINITY,
            0x7ff => self.special |= SEEN_POSITIVE_INFINITY,
            field => self.place(significand(bits), field as u16 - 1),
        }
    }

    /// Adds everything that `other` has summed.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.special |= other.special;
        self.place(other.window, other.base);
        match (&mut self.limbs, &other.limbs) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
    }

    /// The sum, correctly rounded (to nearest, ties to even), as IEEE 754 would have it of a sum without
    /// intermediate rounding: NaN when a NaN or both infinities were added, an infinity when one was added
    /// or when the sum itself is beyond the largest double. Zero, and the sum of nothing, is +0.0.
    pub fn value(&self) -> f64 {
        if let Some(special) = self.special_value() {
            return special;
        }
        let Some(limbs) = &self.limbs else {
            let magnitude = digits::from_u128(self.window.unsigned_abs());
            return digits::round(self.window < 0, &magnitude, self.exponent(), false);
        };
        let (negative, magnitude) = limbs.with(self.window, self.base).magnitude();
        digits::round(negative, &magnitude, digits::LOWEST_EXPONENT, false)
    }

    /// The mean: the exact sum divided by the count, rounded once; `None` when nothing was added.
    ///
    /// This is not `value() / count`, which rounds twice and overflows with the sum.
    pub fn mean(&self) -> Option<f64> {
        let count = NonZeroU64::new(self.count)?;
        if let Some(special) = self.special_value() {
            return Some(special);
        }
        // 128 bits below the unit: the quotient by a count below 2^64 keeps more than 55 bits.
        let (negative, mut scaled, exponent) = match &self.limbs {
            None => {
                let mut scaled = vec![0; 4];
                scaled.extend(digits::from_u128(self.window.unsigned_abs()));
                (self.window < 0, scaled, self.exponent())
            }
            Some(limbs) => {
                let (negative, magnitude) = limbs.with(self.window, self.base).magnitude();
                let mut scaled = vec![0; 4];
                scaled.extend(magnitude);
                (negative, scaled, digits::LOWEST_EXPONENT)
            }
        };
        scaled.truncate(digits::bit_length(&scaled).div_ceil(32));
        if scaled.is_empty() {
            return Some(0.0);
        }
        let inexact = digits::divide(&mut scaled, count);
        Some(digits::round(negative, &scaled, exponent - 128, inexact))
    }

    fn special_value(&self) -> Option<f64> {
        match self.special {
            0 => None,
            SEEN_POSITIVE_INFINITY => Some(f64::INFINITY),
            SEEN_NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    fn exponent(&self) -> i32 {
        i32::from(self.base) + digits::LOWEST_EXPONENT
    }

    /// Adds `value` · 2^(position - 1074), moving or emptying the window where it does not fit.
    fn place(&mut self, value: i128, position: u16) {
        if value == 0 {
            return;
        }
        if self.window == 0 {
            self.open(value, position);
            return;
        }
        let distance = u32::from(position.abs_diff(self.base));
        if position >= self.base {
            if let Some(sum) = shifted(value, distance).and_then(|v| self.window.checked_add(v)) {
                self.window = sum;
                return;
            }
        } else if let Some(sum) = shifted(self.window, distance).and_then(|w| w.checked_add(value)) {
            self.window = sum;
            self.base = position;
            return;
        }
        let (window, base) = (self.window, self.base);
        self.limbs.get_or_insert_default().add(window, base);
        self.open(value, position);
    }

    /// Starts the window at a value, with a margin below it.
    fn open(&mut self, value: i128, position: u16) {
        let margin = WINDOW_MARGIN.min(room(value)).min(u32::from(position));
        self.window = value << margin;
        self.base = position - margin as u16;
    }
}

impl Default for Limbs {
    fn default() -> Self {
        Self {
            limbs: [0; LIMBS],
            pending: 0,
        }
    }
}

impl Limbs {
    /// Adds `value` · 2^(position - 1074).
    fn add(&mut self, value: i128, position: u16) {
        let (first, shift) = (usize::from(position) / 32, u32::from(position) % 32);
        let mut carried = 0_u32;
        for (index, digit) in digits::from_u128(value.unsigned_abs())
            .into_iter()
            .chain([0])
            .enumerate()
        {
            let wide = u64::from(digit) << shift;
            let part = i64::from(wide as u32 | carried);
            carried = (wide >> 32) as u32;
            if let Some(limb) = self.limbs.get_mut(first + index) {
                *limb += if value < 0 { -part } else { part };
            }
        }
        self.pending += 1;
        self.settle();
    }

    fn merge(&mut self, other: &Self) {
        for (limb, theirs) in self.limbs.iter_mut().zip(&other.limbs) {
            *limb = limb.wrapping_add(*theirs);
        }
        self.pending += other.pending + 1;
        self.settle();
    }

    fn settle(&mut self) {
        if self.pending >= PENDING_MAX {
            self.carry();
        }
    }

    /// Moves the carries on: every limb but the last becomes a digit of 32 bits, the last holds the sign.
    fn carry(&mut self) {
        let mut carry = 0;
        let Some((last, lower)) = self.limbs.split_last_mut() else {
            return;
        };
        for limb in lower {
            let whole = *limb + carry;
            *limb = whole & 0xffff_ffff;
            carry = whole >> 32;
        }
        *last = last.wrapping_add(carry);
        self.pending = 1;
    }

    /// A copy with the window added in.
    fn with(&self, window: i128, base: u16) -> Self {
        let mut all = self.clone();
        all.add(window, base);
        all
    }

    /// Sign and absolute value.
    fn magnitude(mut self) -> (bool, [u32; LIMBS]) {
        self.carry();
        let negative = self.limbs[LIMBS - 1] < 0;
        if negative {
            for limb in &mut self.limbs {
                *limb = -*limb;
            }
            self.carry();
        }
        (negative, self.limbs.map(|limb| limb as u32))
    }
}

/// The signed significand of a normal double.
#[inline]
fn significand(bits: u64) -> i128 {
    let magnitude = ((bits & ((1 << 52) - 1)) | (1 << 52)) as i64;
    let sign = (bits as i64) >> 63;
    i128::from((magnitude ^ sign) - sign)
}

/// Bits by which a number can be shifted left without overflow.
fn room(value: i128) -> u32 {
    value.unsigned_abs().leading_zeros().saturating_sub(1)
}

fn shifted(value: i128, by: u32) -> Option<i128> {
    (by <= room(value)).then(|| value << by)
}
