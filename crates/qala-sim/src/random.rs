//! Random numbers whose stream is part of this crate, so that no upgrade of a library changes the city.
//!
//! What does not belong here: distributions that need `ln`, `exp` or `sin`. Their last bits differ between machines;
//! addition, multiplication, division and `sqrt` are fixed by IEEE 754.

/// A stream of random numbers: splitmix64 (Steele, Lea, Flood 2014, <https://doi.org/10.1145/2714064.2660195>).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one purpose: other names give independent streams, so that a change in one part of the city leaves
    /// the other parts as they are.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        // FNV-1a over the name, stirred with the seed.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut stream = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash);
        stream.next();
        stream
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 (included) to 1 (excluded).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A number from `low` (included) to `high` (excluded).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1).max(1) as u64;
        low + (self.next() % span) as i64
    }

    /// True with that probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number of mean 0 and variance 1, nearly normal: the sum of twelve uniform ones (Irwin-Hall).
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            sum += self.unit();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_stream_is_fixed() {
        let mut stream = Random::of(1, "test");
        let first: Vec<u64> = (0..3).map(|_| stream.next()).collect();
        assert_eq!(first, FIRST);
    }

    #[test]
    fn streams_differ_by_name_and_seed() {
        assert_ne!(Random::of(1, "a").next(), Random::of(1, "b").next());
        assert_ne!(Random::of(1, "a").next(), Random::of(2, "a").next());
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut stream = Random::of(7, "moments");
        let sample: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = sample.iter().sum::<f64>() / 20_000.0;
        let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }

    const FIRST: [u64; 3] = [
        8_756_054_883_740_895_842,
        3_083_726_064_263_292_351,
        3_538_533_531_021_965_966,
    ];
}
