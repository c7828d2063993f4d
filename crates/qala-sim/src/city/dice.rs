//! Random numbers that depend on what is asked, never on what was asked before: seed, purpose, object and time go in, a
//! number comes out. So any window of time can be made without the time before it.
//!
//! What does not belong here: distributions that need `ln`, `exp` or `sin`; their last bits differ between machines.

/// The numbers of one purpose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(u64);

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014, <https://doi.org/10.1145/2714064.2660195>).
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Dice {
    /// The numbers of a purpose: another name gives other numbers.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a over the name.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(mix(hash ^ mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// 64 bits for an object and a time (or any other count).
    pub(super) fn bits(self, object: usize, time: i64) -> u64 {
        let first = mix(self.0 ^ (object as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mix(first ^ (time as u64).wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// From 0 (included) to 1 (excluded).
    pub(super) fn unit(self, object: usize, time: i64) -> f64 {
        unit(self.bits(object, time))
    }

    /// From `low` (included) to `high` (excluded).
    pub(super) fn between(self, object: usize, time: i64, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit(object, time)
    }

    /// Mean 0, variance 1, within ±3.5.
    pub(super) fn normal(self, object: usize, time: i64) -> f64 {
        normal(self.bits(object, time))
    }

    /// A smooth curve of mean 0 and variance of about 1/2 to 1 that bends once in `period` (same unit as `time`).
    pub(super) fn wave(self, object: usize, time: i64, period: i64) -> f64 {
        let knot = time.div_euclid(period);
        let share = time.rem_euclid(period) as f64 / period as f64;
        let (a, b) = (self.normal(object, knot), self.normal(object, knot + 1));
        a + (b - a) * share * share * (3.0 - 2.0 * share)
    }

    /// A count of that mean and about that variance: of many small chances up to a mean of 12, nearly normal above.
    pub(super) fn count(self, object: usize, time: i64, mean: f64) -> i64 {
        const CHANCES: usize = 120;
        if mean > 12.0 {
            return (mean + mean.sqrt() * self.normal(object, time)).round().max(0.0) as i64;
        }
        let of = Self(self.bits(object, time));
        (0..CHANCES)
            .filter(|n| of.unit(*n, 0) < mean / CHANCES as f64)
            .count() as i64
    }

    /// A place in a disc around the origin, in units of its radius: the first of sixteen tries that falls inside.
    pub(super) fn disc(self, object: usize, time: i64) -> (f64, f64) {
        let of = Self(self.bits(object, time));
        let tries = (0..16).map(|n| (of.between(n, 1, -1.0, 1.0), of.between(n, 2, -1.0, 1.0)));
        let mut inside = tries.filter(|(x, y)| x * x + y * y <= 1.0);
        inside.next().unwrap_or((0.0, 0.0))
    }
}

/// Draws positions in a list by their weights.
#[derive(Debug, Clone)]
pub(super) struct Chooser {
    /// Weights added up.
    ends: Vec<f64>,
}

impl Chooser {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        let add = |w: f64| {
            total += w.max(0.0);
            total
        };
        Self {
            ends: weights.into_iter().map(add).collect(),
        }
    }

    /// All weights together.
    pub(super) fn total(&self) -> f64 {
        self.ends.last().copied().unwrap_or(0.0)
    }

    /// The position for a number from 0 to 1.
    pub(super) fn pick(&self, unit: f64) -> usize {
        let at = unit * self.total();
        self.ends
            .partition_point(|end| *end <= at)
            .min(self.ends.len().saturating_sub(1))
    }
}

/// Bits as a number from 0 (included) to 1 (excluded).
pub(super) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Bits as a nearly normal number: the sum of four uniform ones (Irwin-Hall), scaled to variance 1.
pub(super) fn normal(bits: u64) -> f64 {
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    (sum as f64 / 65_536.0 - 2.0 + 2.0 / 65_536.0) * 1.732_050_807_568_877_2
}

/// Splits a whole number by weights: largest remainders first, equal ones in order. The parts add up to the total.
pub(super) fn apportion(total: i64, weights: &[f64]) -> Vec<i64> {
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 || weights.is_empty() {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| total as f64 * w / sum).collect();
    let mut parts: Vec<i64> = exact.iter().map(|e| e.floor() as i64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| {
        let rest = |i: usize| exact[i] - exact[i].floor();
        rest(*b).total_cmp(&rest(*a)).then(a.cmp(b))
    });
    let missing = (total - parts.iter().sum::<i64>()).max(0) as usize;
    for index in order.into_iter().take(missing) {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Chooser, Dice, apportion};

    #[test]
    fn numbers_have_their_moments_and_differ() {
        let dice = Dice::new(1, "test");
        let sample: Vec<f64> = (0..20_000).map(|t| dice.normal(3, t)).collect();
        let mean = sample.iter().sum::<f64>() / 20_000.0;
        let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
        assert_ne!(dice.bits(1, 2), dice.bits(2, 1));
        assert_ne!(dice.bits(0, 0), Dice::new(2, "test").bits(0, 0));
        assert_ne!(dice.bits(0, 0), Dice::new(1, "tests").bits(0, 0));
    }

    #[test]
    fn counts_and_places_have_their_means() {
        let dice = Dice::new(1, "counts");
        for mean in [0.4, 7.0, 90.0] {
            let sum: i64 = (0..4_000).map(|t| dice.count(1, t, mean)).sum();
            assert!(
                (sum as f64 / 4_000.0 - mean).abs() < 5.0 * (mean / 4_000.0).sqrt(),
                "{mean} {sum}"
            );
        }
        // In a disc two thirds of the radius is the mean distance.
        let far = (0..4_000)
            .map(|t| dice.disc(2, t))
            .map(|(x, y)| (x * x + y * y).sqrt());
        assert!((far.sum::<f64>() / 4_000.0 - 2.0 / 3.0).abs() < 0.02);
        let chooser = Chooser::new([1.0, 0.0, 3.0]);
        let picked: Vec<usize> = (0..8).map(|n| chooser.pick(f64::from(n) / 8.0)).collect();
        assert_eq!(picked, [0, 0, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn parts_add_up() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(apportion(7, &[0.0, 2.0]), [0, 7]);
        assert_eq!(apportion(5, &[]), [0_i64; 0]);
    }
}
