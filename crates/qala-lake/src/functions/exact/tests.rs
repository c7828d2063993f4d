//! The exact sum against whole-number arithmetic that shares no code with it, and against itself in other
//! orders.

#![expect(clippy::float_cmp, reason = "exact sums are compared exactly")]

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{ExactSum, StateError};

/// A whole number of units of 2^-1074, as sign and base-2^16 digits, smallest first; slow and plain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whole {
    negative: bool,
    digits: Vec<u16>,
}

impl Whole {
    const ZERO: Self = Self {
        negative: false,
        digits: Vec::new(),
    };

    /// 2^power.
    fn power(power: usize) -> Self {
        let mut digits = vec![0; power / 16];
        digits.push(1 << (power % 16));
        Self {
            negative: false,
            digits,
        }
    }

    fn of(value: f64) -> Self {
        assert!(value.is_finite());
        let bits = value.to_bits();
        let field = (bits >> 52) & 0x7ff;
        let fraction = bits & 0x000f_ffff_ffff_ffff;
        let significand = if field == 0 {
            fraction
        } else {
            fraction | 0x0010_0000_0000_0000
        };
        let exponent = field.max(1) as usize - 1;
        let mut digits = vec![0; exponent / 16];
        digits.extend((0..4).map(|i| (significand >> (16 * i)) as u16));
        Self {
            negative: bits >> 63 == 1,
            digits,
        }
        .times(1 << (exponent % 16))
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        self.negative &= !self.digits.is_empty();
        self
    }

    fn times(&self, factor: u16) -> Self {
        let mut carry = 0_u32;
        let mut digits = Vec::new();
        for digit in &self.digits {
            carry += u32::from(*digit) * u32::from(factor);
            digits.push(carry as u16);
            carry >>= 16;
        }
        digits.push(carry as u16);
        Self {
            negative: self.negative,
            digits,
        }
        .trimmed()
    }

    fn plus(&self, other: &Self) -> Self {
        if self.negative != other.negative {
            return match self.compare_size(other) {
                Ordering::Less => other.plus(self),
                _ => self.minus_smaller(other),
            };
        }
        let mut carry = 0_u32;
        let mut digits = Vec::new();
        for index in 0..self.digits.len().max(other.digits.len()) {
            carry += u32::from(*self.digits.get(index).unwrap_or(&0));
            carry += u32::from(*other.digits.get(index).unwrap_or(&0));
            digits.push(carry as u16);
            carry >>= 16;
        }
        digits.push(carry as u16);
        Self {
            negative: self.negative,
            digits,
        }
        .trimmed()
    }

    fn minus_smaller(&self, other: &Self) -> Self {
        let mut borrow = 0_i32;
        let mut digits = Vec::new();
        for (index, digit) in self.digits.iter().enumerate() {
            let rest = i32::from(*digit) - i32::from(*other.digits.get(index).unwrap_or(&0)) - borrow;
            borrow = i32::from(rest < 0);
            digits.push((rest + borrow * 0x1_0000) as u16);
        }
        Self {
            negative: self.negative,
            digits,
        }
        .trimmed()
    }

    fn opposite(&self) -> Self {
        Self {
            negative: !self.negative,
            digits: self.digits.clone(),
        }
        .trimmed()
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        let (mine, theirs) = (self.digits.len(), other.digits.len());
        mine.cmp(&theirs)
            .then_with(|| self.digits.iter().rev().cmp(other.digits.iter().rev()))
    }

    /// |self - other|, compared with |self - third|.
    fn nearer(&self, other: &Self, third: &Self) -> Ordering {
        self.plus(&other.opposite())
            .compare_size(&self.plus(&third.opposite()))
    }
}

/// Whether `result` is `sum` / `count` rounded to nearest, ties to even, by the definition of it.
fn is_rounded(sum: &Whole, count: u16, result: f64) -> bool {
    let scaled = |value: f64| match value {
        // One past the largest double stands for infinity, as in the definition of IEEE 754.
        f64::INFINITY => Whole::power(2098).times(count),
        f64::NEG_INFINITY => Whole::power(2098).times(count).opposite(),
        _ => Whole::of(value).times(count),
    };
    let (below, above) = (result.next_down(), result.next_up());
    let even = result.to_bits() & 1 == 0;
    let fine = |neighbour: f64| match sum.nearer(&scaled(result), &scaled(neighbour)) {
        Ordering::Less => true,
        Ordering::Equal => even || result.is_infinite(),
        Ordering::Greater => false,
    };
    (result == f64::NEG_INFINITY || fine(below)) && (result == f64::INFINITY || fine(above))
}

fn sum_of(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    for value in values {
        sum.add(*value);
    }
    sum
}

fn whole_sum(values: &[f64]) -> Whole {
    values
        .iter()
        .fold(Whole::ZERO, |sum, value| sum.plus(&Whole::of(*value)))
}

/// Finite doubles: every bit pattern, readings, subnormals, the largest ones, and small whole numbers.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("finite", |v| v.is_finite()),
        -1e4..1e4_f64,
        any::<u32>().prop_map(|bits| f64::from_bits(u64::from(bits))),
        (any::<bool>(), 0_u64..40).prop_map(|(negative, below)| {
            let value = f64::from_bits(f64::MAX.to_bits() - below);
            if negative { -value } else { value }
        }),
        (-20_i32..20).prop_map(f64::from),
    ]
}

/// Adds `values` along the tree that `shape` draws: split, sum both sides, merge, and now and then through
/// bytes.
fn by_tree(values: &[f64], shape: &mut impl Iterator<Item = usize>) -> ExactSum {
    if values.len() < 2 {
        return sum_of(values);
    }
    let cut = shape.next().unwrap_or(1) % values.len();
    if cut == 0 {
        return sum_of(values);
    }
    let mut left = by_tree(&values[..cut], shape);
    let mut right = by_tree(&values[cut..], shape);
    if cut.is_multiple_of(2) {
        right = ExactSum::from_bytes(&right.to_bytes()).unwrap();
    }
    if cut.is_multiple_of(3) {
        right.merge(&left);
        return right;
    }
    left.merge(&right);
    left
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn value_is_the_rounded_sum(values in prop::collection::vec(finite(), 0..24)) {
        let sum = sum_of(&values);
        prop_assert!(is_rounded(&whole_sum(&values), 1, sum.value()), "{:e}", sum.value());
    }

    #[test]
    fn mean_is_the_rounded_quotient(values in prop::collection::vec(finite(), 1..24)) {
        let mean = sum_of(&values).mean().unwrap();
        prop_assert!(is_rounded(&whole_sum(&values), values.len() as u16, mean), "{mean:e}");
    }

    #[test]
    fn order_and_merges_change_nothing(
        (values, shuffled) in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..24)
            .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
        shape in prop::collection::vec(0_usize..30, 30),
    ) {
        let plain = sum_of(&values);
        let tree = by_tree(&shuffled, &mut shape.into_iter());
        prop_assert_eq!(plain.to_bytes(), tree.to_bytes());
        prop_assert_eq!(plain.count(), values.len() as u64);
        if !plain.value().is_nan() {
            prop_assert_eq!(plain.value().to_bits(), tree.value().to_bits());
            prop_assert_eq!(plain.mean().map(f64::to_bits), tree.mean().map(f64::to_bits));
        }
    }

    #[test]
    fn opposites_cancel(values in prop::collection::vec(finite(), 0..24), rest in -1e3..1e3_f64) {
        let mut sum = sum_of(&values);
        sum.add(rest);
        for value in values.iter().rev() {
            sum.add(-value);
        }
        prop_assert_eq!(sum.value(), rest);
    }

    #[test]
    fn whole_numbers_agree_with_i128(values in prop::collection::vec(-(1_i64 << 53)..1 << 53, 1..200)) {
        let sum = sum_of(&values.iter().map(|v| *v as f64).collect::<Vec<_>>());
        prop_assert_eq!(sum.value(), values.iter().map(|v| i128::from(*v)).sum::<i128>() as f64);
        prop_assert_eq!(sum.heap_size(), 0);
    }

    #[test]
    fn bytes_are_read_back_and_others_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for start in [&[][..], &[1, 0], &[1, 1, 3]] {
            let candidate = [start, bytes.as_slice()].concat();
            if let Ok(sum) = ExactSum::from_bytes(&candidate) {
                prop_assert_eq!(sum.to_bytes(), candidate);
            }
        }
    }
}

#[test]
fn a_partial_sum_beyond_the_range_is_no_overflow() {
    let sum = sum_of(&[f64::MAX, f64::MAX, f64::MAX, -f64::MAX, -f64::MAX, 1.0]);
    assert_eq!(sum.value(), f64::MAX);
    assert_eq!(sum_of(&[f64::MAX, f64::MAX]).value(), f64::INFINITY);
    assert_eq!(sum_of(&[-f64::MAX, -f64::MAX]).value(), f64::NEG_INFINITY);
    assert_eq!(sum_of(&[f64::MAX; 1000]).mean(), Some(f64::MAX));
    // Half of the last place: the tie goes to the even neighbour, which is infinity; just below it does not.
    let half = 2_f64.powi(969);
    assert_eq!(sum_of(&[f64::MAX, half, half]).value(), f64::INFINITY);
    assert_eq!(sum_of(&[f64::MAX, half, half.next_down()]).value(), f64::MAX);
}

#[test]
fn known_sums() {
    assert_eq!(sum_of(&[0.1; 10]).value(), 1.0);
    assert_eq!(sum_of(&[1e16, 1.0, -1e16]).value(), 1.0);
    assert_eq!(sum_of(&[1e308, 5e-324, -1e308]).value(), 5e-324);
    assert_eq!(sum_of(&[1e100, 1.0, -1e100, 1.0]).mean(), Some(0.5));
    assert_eq!(sum_of(&[5e-324, 5e-324, 5e-324]).mean(), Some(5e-324));
    // (2^53 + 3) / 3 = 3002399751580331.67, of which the nearest double ends in .5; a sum rounded before it
    // is divided gives 3002399751580332.
    assert_eq!(
        sum_of(&[9_007_199_254_740_992.0, 3.0, 0.0]).mean(),
        Some(3_002_399_751_580_331.5)
    );
    assert_eq!(
        sum_of(&[9_007_199_254_740_992.0, 1.0, 1.0]).value(),
        9_007_199_254_740_994.0
    );
}

#[test]
fn zero_is_positive_and_nothing_has_no_mean() {
    for values in [&[][..], &[-0.0], &[-0.0, -0.0], &[1.5, -1.5]] {
        assert_eq!(sum_of(values).value().to_bits(), 0, "{values:?}");
    }
    assert_eq!(sum_of(&[-5e-324, 0.0, 0.0]).mean().map(f64::to_bits), Some(0));
    assert_eq!(ExactSum::new().mean(), None);
    assert_eq!(sum_of(&[-0.0]).to_bytes(), sum_of(&[0.0]).to_bytes());
}

#[test]
fn nan_and_infinities_follow_ieee() {
    assert!(sum_of(&[1.0, f64::NAN]).value().is_nan());
    assert!(sum_of(&[f64::INFINITY, f64::NEG_INFINITY]).value().is_nan());
    assert!(
        sum_of(&[f64::INFINITY, f64::NEG_INFINITY])
            .mean()
            .is_some_and(f64::is_nan)
    );
    assert_eq!(sum_of(&[f64::MAX, f64::NEG_INFINITY]).value(), f64::NEG_INFINITY);
    let mut merged = sum_of(&[f64::INFINITY]);
    merged.merge(&sum_of(&[-1.0]));
    assert_eq!(merged.mean(), Some(f64::INFINITY));
    merged.merge(&sum_of(&[f64::NEG_INFINITY]));
    assert!(merged.value().is_nan());
}

#[test]
fn carries_move_on_when_many_values_meet_in_one_limb() {
    // Doubling by merges passes the pending limit; values of both ends keep the long form in use.
    let mut sum = sum_of(&[f64::MAX, 5e-324, 1.0, -f64::MAX]);
    let single = whole_sum(&[5e-324, 1.0]);
    let mut whole = single;
    for _ in 0..40 {
        let copy = sum.clone();
        sum.merge(&copy);
        whole = whole.times(2);
    }
    assert_eq!(sum.count(), 4 << 40);
    assert!(is_rounded(&whole, 1, sum.value()));
    assert_eq!(
        ExactSum::from_bytes(&sum.to_bytes()).unwrap().to_bytes(),
        sum.to_bytes()
    );
}

#[test]
fn the_encoding_is_frozen() {
    // Stored in rollups: these bytes may never change under version 1.
    assert_eq!(ExactSum::new().to_bytes(), [1, 0, 0]);
    assert_eq!(sum_of(&[0.0]).to_bytes(), [1, 0, 1]);
    assert_eq!(sum_of(&[1.0]).to_bytes(), [1, 0, 1, 134, 1, 4]);
    assert_eq!(sum_of(&[-21.5, 0.25]).to_bytes(), [1, 1, 2, 134, 1, 85]);
    assert_eq!(
        sum_of(&[f64::NAN, f64::INFINITY, 3.0]).to_bytes(),
        [1, 6, 3, 134, 1, 12]
    );
    assert_eq!(sum_of(&[5e-324; 300]).to_bytes(), [1, 0, 172, 2, 0, 44, 1]);
}

#[test]
fn foreign_bytes_say_what_is_wrong() {
    let refused = |bytes: &[u8]| ExactSum::from_bytes(bytes).unwrap_err();
    assert_eq!(refused(&[]), StateError::Empty);
    assert_eq!(refused(&[2, 0, 0]), StateError::Version(2));
    assert_eq!(refused(&[1]), StateError::Damaged("it ends before its flags"));
    assert_eq!(refused(&[1, 16, 1]), StateError::Damaged("unknown flags"));
    assert_eq!(
        refused(&[1, 0, 0, 0, 7]),
        StateError::Damaged("a sum of nothing has a value")
    );
    assert_eq!(refused(&[1, 1, 1]), StateError::Damaged("zero has a sign"));
    assert_eq!(
        refused(&[1, 0, 1, 5]),
        StateError::Damaged("it ends before its value")
    );
    assert_eq!(
        refused(&[1, 0, 1, 5, 0, 1]),
        StateError::Damaged("zero bytes at an end of its value")
    );
    assert_eq!(
        refused(&[1, 0, 1, 255, 255, 1, 1]),
        StateError::Damaged("its value is too large")
    );
    assert_eq!(
        refused(&[1, 0, 129, 0]),
        StateError::Damaged("a number is written in too many bytes")
    );
}
