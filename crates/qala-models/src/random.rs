//! Numbers by chance that depend on a seed alone, the same on every machine and in every version.
//!
//! What belongs here: the generator and the few draws that models need. What does not: a seed taken from the clock.

/// xoshiro256++ (Blackman and Vigna 2021, <https://doi.org/10.1145/3460772>), its state filled by splitmix64.
#[derive(Debug, Clone)]
pub struct Random([u64; 4]);

impl Random {
    /// The stream of that seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state)
        }))
    }

    /// A stream of its own for part `index` of a run, so that parts can be computed in any order.
    pub fn part(seed: u64, index: u64) -> Self {
        Self::new(mix(seed) ^ mix(index.wrapping_add(0x6a09_e667_f3bc_c909)))
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `count`, each equally likely (Lemire 2019, <https://doi.org/10.1145/3230636>); 0 when
    /// `count` is 0.
    #[inline]
    pub fn below(&mut self, count: usize) -> usize {
        let count = count as u64;
        let mut product = u128::from(self.bits()) * u128::from(count);
        if (product as u64) < count {
            let least = count.wrapping_neg() % count;
            while (product as u64) < least {
                product = u128::from(self.bits()) * u128::from(count);
            }
        }
        (product >> 64) as usize
    }

    /// A number of the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts the items into an order by chance (Fisher and Yates, Durstenfeld 1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014, <https://doi.org/10.1145/2714064.2660195>).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_others() {
        let take = |mut random: Random| (0..8).map(|_| random.bits()).collect::<Vec<_>>();
        assert_eq!(take(Random::new(7)), take(Random::new(7)));
        assert_ne!(take(Random::new(7)), take(Random::new(8)));
        assert_ne!(take(Random::part(7, 0)), take(Random::part(7, 1)));
    }

    #[test]
    fn the_first_numbers_are_those_of_the_published_generator() {
        // State 1, 2, 3, 4: the first outputs of the reference implementation.
        let mut random = Random([1, 2, 3, 4]);
        let first: Vec<u64> = (0..4).map(|_| random.bits()).collect();
        assert_eq!(
            first,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
    }

    #[test]
    fn draws_are_even_and_stay_within_their_bounds() {
        let mut random = Random::new(1);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[random.below(6)] += 1;
        }
        // 10,000 each; a standard deviation is 91.
        assert!(
            counts.iter().all(|count| (9_600..10_400).contains(count)),
            "{counts:?}"
        );
        let mean = (0..40_000).map(|_| random.normal()).sum::<f64>() / 40_000.0;
        assert!(mean.abs() < 0.02, "{mean}");
        assert_eq!(random.below(0), 0);
    }
}
