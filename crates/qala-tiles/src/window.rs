//! How many of a run of moments lie in a window of time: a wavelet matrix
//! (Claude, Navarro, Ordóñez: The wavelet matrix, 2015). A count costs as many steps as a moment has bits, however long the run.

use std::ops::Range;

/// Seconds, from the first to before the last.
pub type Seconds = Range<i64>;

/// Bits with the number of ones before every eighth word.
#[derive(Debug)]
struct Bits {
    words: Vec<u64>,
    before: Vec<u32>,
    zeros: usize,
}

impl Bits {
    fn new(bits: impl Iterator<Item = bool>, len: usize) -> Self {
        let mut words = vec![0_u64; len / 64 + 1];
        for (at, bit) in bits.enumerate() {
            words[at / 64] |= u64::from(bit) << (at % 64);
        }
        let mut ones = 0;
        let mut before = Vec::with_capacity(words.len() / 8 + 1);
        for eight in words.chunks(8) {
            before.push(ones);
            ones += eight.iter().map(|w| w.count_ones()).sum::<u32>();
        }
        Self {
            zeros: len - ones as usize,
            words,
            before,
        }
    }

    /// Ones before `at`.
    fn ones(&self, at: usize) -> usize {
        let (word, block) = (at / 64, at / 512);
        let whole: u32 = self.words[block * 8..word].iter().map(|w| w.count_ones()).sum();
        let rest = self.words[word] & ((1_u64 << (at % 64)) - 1);
        (self.before[block] + whole + rest.count_ones()) as usize
    }
}

/// Moments in an order of their own; counts them by time.
#[derive(Debug)]
pub(crate) struct Moments {
    /// From the highest bit.
    levels: Vec<Bits>,
}

impl Moments {
    pub(crate) fn new(moments: &[u32]) -> Self {
        let most = moments.iter().copied().max().unwrap_or(0);
        let depth = 32 - most.leading_zeros();
        let mut now = moments.to_vec();
        let mut next = Vec::with_capacity(now.len());
        let mut levels = Vec::with_capacity(depth as usize);
        for level in (0..depth).rev() {
            let bit = |m: &u32| m >> level & 1 == 1;
            levels.push(Bits::new(now.iter().map(bit), now.len()));
            next.clear();
            next.extend(now.iter().copied().filter(|m| !bit(m)));
            next.extend(now.iter().copied().filter(bit));
            std::mem::swap(&mut now, &mut next);
        }
        Self { levels }
    }

    /// Moments of the run that are before `end`.
    fn before(&self, run: Range<usize>, end: u64) -> usize {
        if end >> self.levels.len() != 0 {
            return run.len();
        }
        let (mut from, mut to, mut count) = (run.start, run.end, 0);
        for (at, bits) in self.levels.iter().enumerate() {
            let down = self.levels.len() - 1 - at;
            let (a, b) = (bits.ones(from), bits.ones(to));
            if end >> down & 1 == 1 {
                count += (to - from) - (b - a);
                from = bits.zeros + a;
                to = bits.zeros + b;
            } else {
                from -= a;
                to -= b;
            }
        }
        count
    }

    /// Moments of the run in the window.
    pub(crate) fn count(&self, run: Range<usize>, window: &Range<u64>) -> usize {
        self.before(run.clone(), window.end)
            .saturating_sub(self.before(run, window.start))
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.levels
            .iter()
            .map(|b| b.words.len() * 8 + b.before.len() * 4)
            .sum()
    }
}
