//! The canonical bytes of an exact sum, version 1.
//!
//! ```text
//! version   1 byte    1
//! flags     1 byte    1 negative, 2 NaN seen, 4 +infinity seen, 8 -infinity seen
//! count     LEB128    number of values
//! and, unless the finite part is zero:
//! offset    LEB128    zero bytes left out below the first byte that is not zero; byte 0 starts at 2^-1074
//! bytes     the rest  the magnitude, little-endian, without zero bytes at either end
//! ```
//! Equal sums have equal bytes and other bytes are refused, so states may be compared and hashed as they are.
//! A column of readings takes 12 to 20 bytes a state.

use super::super::digits;
use super::{ExactSum, LIMBS, Limbs, SEEN_NAN, SEEN_NEGATIVE_INFINITY, SEEN_POSITIVE_INFINITY};

const VERSION: u8 = 1;
const NEGATIVE: u8 = 1;
const NAN: u8 = 2;
const POSITIVE_INFINITY: u8 = 4;
const NEGATIVE_INFINITY: u8 = 8;
/// Bits of the largest double, counted from 2^-1074.
const DOUBLE_BITS: usize = 2098;
/// More rows than this were never added: such a count is a damaged state.
const COUNT_MAX: u64 = 1 << 62;

/// Bytes that are not the state of an exact sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Nothing where a state was expected.
    #[error("the state of an exact sum is empty")]
    Empty,
    /// A state written by another version.
    #[error("the state of an exact sum has version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// A state that no exact sum writes.
    #[error("the state of an exact sum is damaged: {0}")]
    Damaged(&'static str),
}

impl ExactSum {
    /// The canonical encoding: equal multisets of values give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        self.write(&mut bytes);
        bytes
    }

    /// Appends the canonical encoding to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match &self.limbs {
            None => {
                let shift = u32::from(self.base) % 8;
                let magnitude = self.window.unsigned_abs();
                let mut bytes = [0; 17];
                bytes[..16].copy_from_slice(&(magnitude << shift).to_le_bytes());
                bytes[16] = (magnitude >> 120 >> (8 - shift)) as u8;
                self.write_parts(self.window < 0, usize::from(self.base) / 8, &bytes, out);
            }
            Some(limbs) => {
                let (negative, magnitude) = limbs.with(self.window, self.base).magnitude();
                let mut bytes = [0; LIMBS * 4];
                for (place, digit) in bytes.chunks_exact_mut(4).zip(magnitude) {
                    place.copy_from_slice(&digit.to_le_bytes());
                }
                self.write_parts(negative, 0, &bytes, out);
            }
        }
    }

    fn write_parts(&self, negative: bool, offset: usize, bytes: &[u8], out: &mut Vec<u8>) {
        let mut flags = 0;
        for (seen, flag) in [
            (negative, NEGATIVE),
            (self.special & SEEN_NAN != 0, NAN),
            (self.special & SEEN_POSITIVE_INFINITY != 0, POSITIVE_INFINITY),
            (self.special & SEEN_NEGATIVE_INFINITY != 0, NEGATIVE_INFINITY),
        ] {
            if seen {
                flags |= flag;
            }
        }
        out.extend([VERSION, flags]);
        write_varint(self.count, out);
        let first = bytes.iter().position(|byte| *byte != 0);
        let last = bytes.iter().rposition(|byte| *byte != 0);
        if let (Some(first), Some(last)) = (first, last) {
            write_varint((offset + first) as u64, out);
            out.extend_from_slice(&bytes[first..=last]);
        }
    }

    /// Reads a canonical encoding.
    ///
    /// # Errors
    /// [`StateError`] when the bytes are empty, of another version, or not what
    /// [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let (version, rest) = bytes.split_first().ok_or(StateError::Empty)?;
        if *version != VERSION {
            return Err(StateError::Version(*version));
        }
        let (flags, mut rest) = rest
            .split_first()
            .ok_or(StateError::Damaged("it ends before its flags"))?;
        if flags & !(NEGATIVE | NAN | POSITIVE_INFINITY | NEGATIVE_INFINITY) != 0 {
            return Err(StateError::Damaged("unknown flags"));
        }
        let mut sum = Self {
            count: read_varint(&mut rest)?,
            ..Self::default()
        };
        if sum.count > COUNT_MAX {
            return Err(StateError::Damaged("the count is absurd"));
        }
        for (flag, seen) in [
            (NAN, SEEN_NAN),
            (POSITIVE_INFINITY, SEEN_POSITIVE_INFINITY),
            (NEGATIVE_INFINITY, SEEN_NEGATIVE_INFINITY),
        ] {
            if flags & flag != 0 {
                sum.special |= seen;
            }
        }
        let negative = flags & NEGATIVE != 0;
        if sum.count == 0 && (*flags != 0 || !rest.is_empty()) {
            return Err(StateError::Damaged("a sum of nothing has a value"));
        }
        if rest.is_empty() {
            return if negative {
                Err(StateError::Damaged("zero has a sign"))
            } else {
                Ok(sum)
            };
        }
        let offset = read_varint(&mut rest)?;
        sum.read_magnitude(negative, offset, rest)?;
        Ok(sum)
    }

    fn read_magnitude(&mut self, negative: bool, offset: u64, bytes: &[u8]) -> Result<(), StateError> {
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(StateError::Damaged("it ends before its value"));
        };
        if *first == 0 || *last == 0 {
            return Err(StateError::Damaged("zero bytes at an end of its value"));
        }
        // No sum of `count` doubles is longer; this also keeps every index below inside the limbs.
        let longest = DOUBLE_BITS + (64 - self.count.leading_zeros()) as usize;
        let offset = usize::try_from(offset).ok().filter(|offset| *offset < LIMBS * 4);
        let offset = offset.ok_or(StateError::Damaged("its value is too large"))?;
        if (offset + bytes.len()) * 8 - last.leading_zeros() as usize > longest {
            return Err(StateError::Damaged("its value is too large"));
        }
        let mut digits = [0_u32; LIMBS];
        for (index, byte) in bytes.iter().enumerate() {
            digits[index / 4] |= u32::from(*byte) << (index % 4 * 8);
        }
        if digits::bit_length(&digits) < 127 {
            let magnitude = digits
                .iter()
                .take(4)
                .rev()
                .fold(0_i128, |sum, digit| (sum << 32) | i128::from(*digit));
            self.open(if negative { -magnitude } else { magnitude }, (offset * 8) as u16);
            return Ok(());
        }
        let mut limbs = Limbs::default();
        for (index, byte) in bytes.iter().enumerate() {
            let part = i64::from(*byte) << ((offset + index) % 4 * 8);
            limbs.limbs[(offset + index) / 4] += if negative { -part } else { part };
        }
        limbs.pending = 1;
        self.limbs = Some(Box::new(limbs));
        Ok(())
    }
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Result<u64, StateError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes
            .split_first()
            .ok_or(StateError::Damaged("it ends within a number"))?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if (part << shift) >> shift != part || (shift > 0 && *byte == 0) {
            return Err(StateError::Damaged("a number is written in too many bytes"));
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(StateError::Damaged("a number is written in too many bytes"))
}
