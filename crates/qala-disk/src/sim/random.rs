//! The generator behind every choice of the simulated disk: splitmix64 (Steele et al., OOPSLA 2014).
//!
//! What belongs here: numbers from a seed. What does not: any other source of chance.

#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator of its own for one purpose, so that equal seeds differ at unequal moments.
    pub(super) fn fork(&mut self, moment: u64) -> Self {
        let mut fork = Self::new(self.next() ^ moment.wrapping_mul(0xd134_2543_de82_ef95));
        Self::new(fork.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; zero if `bound` is zero.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    pub(super) fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }
}
