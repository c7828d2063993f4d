//! Conditional permutation: how often would neighbours drawn by chance sum up to as much as those an area has?
//!
//! What belongs here: for every area the values of its neighbours are drawn anew, without replacement, from all other areas
//! (Anselin 1995, <https://doi.org/10.1111/j.1538-4632.1995.tb00338.x>), and the sums are counted against the observed one.
//! What does not: which statistic that sum is part of.
//!
//! One table of draws serves all areas. A draw is a row of distinct areas in an order by chance; an area takes the first
//! ones, and where it finds itself among them the next one in its own place: by symmetry that is a draw from the others.
//! So the sums are the same for all areas with as many neighbours of equal weight, but for the few draws that hold the area
//! itself: they are sorted once, and each area looks up where its own sum falls.

use std::num::NonZero;
use std::thread;

use super::weights::Weights;
use crate::random::Random;

/// Draws are made in blocks of so many entries, so that memory does not grow with the number of permutations.
const BLOCK: usize = 4_000_000;
/// Draws that are summed at a time: they fit into the first cache.
const CHUNK: usize = 256;
/// Parts the areas are dealt out in, for each thread.
const PARTS: usize = 16;
/// Sums that differ by less than this share of the largest possible one are the same number, rounded differently.
const SAME: f64 = 1e-12;

/// When an area's draws end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// After all permutations.
    Full,
    /// When so many draws were at least as high as the observed sum, and so many at least as low (Besag and Clifford 1991,
    /// <https://doi.org/10.1093/biomet/78.2.301>): the p of that area is then large, and known well enough.
    Sequential(u32),
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawing {
    /// Draws for each area.
    pub permutations: u32,
    /// When they end.
    pub stopping: Stopping,
    /// The seed.
    pub seed: u64,
    /// Threads, at least 1; results are the same for any number.
    pub threads: usize,
}

impl Drawing {
    /// Exceedances after which an area may stop so that decisions stay those of a full run: as p then has an error of
    /// p/√h, the draws that are spared move it by less than two full runs differ while h ≥ p·P/3, for all p to 0.05.
    pub fn enough(permutations: u32) -> u32 {
        permutations.div_ceil(60).max(10)
    }

    /// As many threads as the machine has, at most 16.
    pub fn threads() -> usize {
        thread::available_parallelism().map_or(1, NonZero::get).min(16)
    }
}

/// What the draws of one area gave.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Drawn {
    /// Draws whose sum was at least the observed one.
    pub at_least: u32,
    /// Draws whose sum was at most the observed one.
    pub at_most: u32,
    /// Draws made.
    pub draws: u32,
    sum: f64,
    squares: f64,
    /// The weighted sum that was observed.
    pub observed: f64,
    /// The largest sum that the weights would allow.
    bound: f64,
}

impl Drawn {
    /// (min(c, P − c) + 1)/(P + 1), where a draw equal to the observed sum counts on both sides; h/draws when stopped.
    pub fn p(&self, permutations: u32) -> f64 {
        let tail = f64::from(self.at_least.min(self.at_most));
        if self.draws < permutations {
            tail / f64::from(self.draws)
        } else {
            (tail + 1.0) / f64::from(permutations + 1)
        }
    }

    /// How many standard deviations of the draws the observed sum lies above their mean; absent when the draws do not vary.
    pub fn z(&self) -> Option<f64> {
        let draws = f64::from(self.draws);
        let mean = self.sum / draws;
        let sd = (self.squares / draws - mean * mean).max(0.0).sqrt();
        // Below this the variance is what rounding left.
        (sd > 1e-7 * self.bound).then(|| (self.observed - mean) / sd)
    }
}

/// Draws for every area; absent for one without neighbours. `centred` holds one value per area, minus their mean (which
/// keeps the sums of squares exact), `weights` as many rows.
pub fn draw(centred: &[f64], weights: &Weights, drawing: &Drawing) -> Vec<Option<Drawn>> {
    let largest = centred.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let areas: Vec<Area> = (0..centred.len())
        .map(|area| Area::new(weights.row(area).1, weights.lag(area, centred), largest))
        .collect();
    let most = areas.iter().map(|area| area.neighbours).max().unwrap_or(0);
    let permutations = drawing.permutations as usize;
    if most == 0 || permutations == 0 {
        return vec![None; areas.len()];
    }
    let mut states: Vec<State> = areas
        .iter()
        .map(|area| State {
            drawn: Drawn {
                observed: area.observed,
                bound: area.bound,
                ..Drawn::default()
            },
            is_done: area.neighbours == 0,
        })
        .collect();
    let mut random = Random::new(drawing.seed);
    let mut deck: Vec<u32> = (0..centred.len() as u32).collect();
    let height = (BLOCK / (most + 1)).clamp(CHUNK.min(permutations), permutations);
    let mut made = 0;
    while made < permutations {
        let rows = height.min(permutations - made);
        let block = Block::new(centred, &areas, most, rows, drawing, &mut random, &mut deck);
        let part = states.len().div_ceil(drawing.threads.max(1) * PARTS).max(1);
        let mut hands: Vec<Vec<(usize, &mut [State])>> =
            (0..drawing.threads.max(1)).map(|_| Vec::new()).collect();
        for (index, states) in states.chunks_mut(part).enumerate() {
            let hand = index % hands.len();
            hands[hand].push((index * part, states));
        }
        let count = |hand: Vec<(usize, &mut [State])>| {
            let mut sums = [0.0; CHUNK];
            for (first, states) in hand {
                for (area, state) in (first..).zip(states) {
                    if !state.is_done {
                        block.count(area, weights, state, &mut sums);
                    }
                }
            }
        };
        thread::scope(|scope| {
            let own = hands.pop();
            for hand in hands {
                scope.spawn(|| count(hand));
            }
            if let Some(hand) = own {
                count(hand);
            }
        });
        made += rows;
    }
    let drawn = |(state, area): (State, &Area)| (area.neighbours > 0).then_some(state.drawn);
    states.into_iter().zip(&areas).map(drawn).collect()
}

/// What the counting needs to know of an area.
struct Area {
    neighbours: usize,
    /// The weight of each neighbour when it is the same.
    equal: Option<f64>,
    observed: f64,
    bound: f64,
}

impl Area {
    fn new(row: &[f64], observed: f64, largest: f64) -> Self {
        let first = row.first().copied();
        Self {
            neighbours: row.len(),
            equal: first.filter(|first| row.iter().all(|weight| weight == first)),
            observed,
            bound: row.iter().sum::<f64>() * largest,
        }
    }
}

/// Counts of an area so far.
struct State {
    drawn: Drawn,
    is_done: bool,
}

/// Some draws, and what all areas share of them.
struct Block<'a> {
    centred: &'a [f64],
    areas: &'a [Area],
    drawing: &'a Drawing,
    rows: usize,
    /// Areas of each draw, one more than the most neighbours.
    table: Vec<u32>,
    width: usize,
    /// Values by place in the draw, one column after the other; empty when all weights are equal.
    columns: Vec<f64>,
    /// For each number of neighbours that occurs: sums of the first values of each draw.
    sums: Vec<Option<Sums>>,
    /// For each area where its draws among `own` end.
    ends: Vec<u32>,
    /// Draws that hold the area itself: draw and place.
    own: Vec<(u32, u32)>,
}

/// Sums of as many values as some areas have neighbours.
struct Sums {
    of_draws: Vec<f64>,
    sorted: Vec<f64>,
    sum: f64,
    squares: f64,
}

impl<'a> Block<'a> {
    fn new(
        centred: &'a [f64],
        areas: &'a [Area],
        most: usize,
        rows: usize,
        drawing: &'a Drawing,
        random: &mut Random,
        deck: &mut [u32],
    ) -> Self {
        // No row has more neighbours than there are others, so the deck is always long enough.
        let width = (most + 1).min(deck.len());
        let mut table = Vec::with_capacity(rows * width);
        for _ in 0..rows {
            for place in 0..width {
                let other = place + random.below(deck.len() - place);
                deck.swap(place, other);
            }
            table.extend_from_slice(&deck[..width]);
        }
        let mut block = Self {
            centred,
            areas,
            drawing,
            rows,
            table,
            width,
            columns: Vec::new(),
            sums: (0..=most).map(|_| None).collect(),
            ends: Vec::new(),
            own: Vec::new(),
        };
        block.sum();
        block.find_own();
        block
    }

    fn sum(&mut self) {
        let mut wanted = vec![false; self.sums.len()];
        let mut has_unequal = false;
        for area in self.areas.iter().filter(|area| area.neighbours > 0) {
            wanted[area.neighbours] |= area.equal.is_some();
            has_unequal |= area.equal.is_none();
        }
        let mut running = vec![0.0; self.rows];
        let mut columns = Vec::new();
        for place in 0..self.sums.len() - 1 {
            let values = self.table.iter().skip(place).step_by(self.width);
            for (sum, drawn) in running.iter_mut().zip(values) {
                let value = self.centred[*drawn as usize];
                *sum += value;
                if has_unequal {
                    columns.push(value);
                }
            }
            if wanted[place + 1] {
                let mut sorted = Vec::new();
                if self.drawing.stopping == Stopping::Full {
                    sorted.clone_from(&running);
                    sorted.sort_unstable_by(f64::total_cmp);
                }
                self.sums[place + 1] = Some(Sums {
                    sum: running.iter().sum(),
                    squares: running.iter().map(|sum| sum * sum).sum(),
                    of_draws: running.clone(),
                    sorted,
                });
            }
        }
        self.columns = columns;
    }

    /// Sorts the draws that hold an area among its own first ones by area.
    fn find_own(&mut self) {
        let mut counts = vec![0_u32; self.areas.len()];
        let entries = |visit: &mut dyn FnMut(usize, u32, u32)| {
            for (draw, row) in self.table.chunks_exact(self.width).enumerate() {
                for (place, area) in row.iter().enumerate() {
                    if place < self.areas[*area as usize].neighbours {
                        visit(*area as usize, draw as u32, place as u32);
                    }
                }
            }
        };
        entries(&mut |area, _, _| counts[area] += 1);
        let mut sum = 0;
        for count in &mut counts {
            let start = sum;
            sum += *count;
            *count = start;
        }
        let mut own = vec![(0, 0); sum as usize];
        entries(&mut |area, draw, place| {
            own[counts[area] as usize] = (draw, place);
            counts[area] += 1;
        });
        self.ends = counts;
        self.own = own;
    }

    fn own(&self, area: usize) -> &[(u32, u32)] {
        let start = if area == 0 { 0 } else { self.ends[area - 1] };
        &self.own[start as usize..self.ends[area] as usize]
    }

    fn count(&self, index: usize, weights: &Weights, state: &mut State, sums: &mut [f64; CHUNK]) {
        let area = &self.areas[index];
        let shared = area
            .equal
            .and_then(|weight| Some((weight, self.sums[area.neighbours].as_ref()?)));
        if let (Some((weight, shared)), Stopping::Full) = (shared, self.drawing.stopping) {
            self.look_up(index, weight, shared, &mut state.drawn);
            return;
        }
        let row = weights.row(index).1;
        let mut own = self.own(index);
        for start in (0..self.rows).step_by(CHUNK) {
            let sums = &mut sums[..CHUNK.min(self.rows - start)];
            if let Some((weight, shared)) = shared {
                for (sum, of_draw) in sums.iter_mut().zip(&shared.of_draws[start..]) {
                    *sum = weight * of_draw;
                }
            } else {
                self.weigh(row, start, sums);
            }
            while let Some(((draw, place), rest)) = own.split_first()
                && (*draw as usize) < start + sums.len()
            {
                sums[*draw as usize - start] = self.without(row, *draw as usize, *place as usize);
                own = rest;
            }
            state.add(sums, self.drawing.stopping);
            if state.is_done {
                return;
            }
        }
    }

    /// Weighted sums of the draws from `start` on.
    fn weigh(&self, row: &[f64], start: usize, sums: &mut [f64]) {
        sums.fill(0.0);
        for (weight, column) in row.iter().zip(self.columns.chunks_exact(self.rows)) {
            for (sum, value) in sums.iter_mut().zip(&column[start..]) {
                *sum += weight * value;
            }
        }
    }

    /// The weighted sum of a draw in which the area stands at that place itself: the next one of the draw takes its place.
    fn without(&self, row: &[f64], draw: usize, own_place: usize) -> f64 {
        let drawn = &self.table[draw * self.width..][..self.width];
        row.iter()
            .enumerate()
            .map(|(place, weight)| {
                let place = if place == own_place { row.len() } else { place };
                weight * self.centred[drawn[place] as usize]
            })
            .sum()
    }

    /// Counts all draws of the block by where the observed sum falls among the sorted ones.
    fn look_up(&self, index: usize, weight: f64, shared: &Sums, drawn: &mut Drawn) {
        let observed = drawn.observed / weight;
        let same = SAME * drawn.bound / weight;
        let (low, high) = (observed - same, observed + same);
        let mut at_least = self.rows - shared.sorted.partition_point(|sum| *sum < low);
        let mut at_most = shared.sorted.partition_point(|sum| *sum <= high);
        let (mut sum, mut squares) = (shared.sum, shared.squares);
        let ones = &self.ones(index);
        for (draw, place) in self.own(index) {
            let wrong = shared.of_draws[*draw as usize];
            let right = self.without(ones, *draw as usize, *place as usize);
            at_least = at_least + usize::from(right >= low) - usize::from(wrong >= low);
            at_most = at_most + usize::from(right <= high) - usize::from(wrong <= high);
            sum += right - wrong;
            squares += right * right - wrong * wrong;
        }
        drawn.at_least += at_least as u32;
        drawn.at_most += at_most as u32;
        drawn.draws += self.rows as u32;
        drawn.sum += weight * sum;
        drawn.squares += weight * weight * squares;
    }

    fn ones(&self, index: usize) -> Vec<f64> {
        vec![1.0; self.areas[index].neighbours]
    }
}

impl State {
    /// Counts sums of further draws.
    fn add(&mut self, sums: &[f64], stopping: Stopping) {
        let drawn = &mut self.drawn;
        let same = SAME * drawn.bound;
        let (low, high) = (drawn.observed - same, drawn.observed + same);
        let (mut at_least, mut at_most) = (0_u32, 0_u32);
        for sum in sums {
            at_least += u32::from(*sum >= low);
            at_most += u32::from(*sum <= high);
        }
        let mut used = sums;
        if let Stopping::Sequential(enough) = stopping
            && (drawn.at_least + at_least).min(drawn.at_most + at_most) >= enough
        {
            (at_least, at_most) = (0, 0);
            for (place, sum) in sums.iter().enumerate() {
                at_least += u32::from(*sum >= low);
                at_most += u32::from(*sum <= high);
                if (drawn.at_least + at_least).min(drawn.at_most + at_most) >= enough {
                    used = &sums[..=place];
                    break;
                }
            }
            self.is_done = true;
        }
        drawn.at_least += at_least;
        drawn.at_most += at_most;
        drawn.draws += used.len() as u32;
        let (sum, squares) = moments(used);
        drawn.sum += sum;
        drawn.squares += squares;
    }
}

/// Sum and sum of squares, in four lanes that the processor adds at once.
fn moments(numbers: &[f64]) -> (f64, f64) {
    let (mut sums, mut squares) = ([0.0; 4], [0.0; 4]);
    let mut lanes = numbers.chunks_exact(4);
    for four in &mut lanes {
        for lane in 0..4 {
            sums[lane] += four[lane];
            squares[lane] += four[lane] * four[lane];
        }
    }
    let rest = lanes.remainder();
    (
        sums.iter().chain(rest).sum(),
        squares.iter().sum::<f64>() + rest.iter().map(|number| number * number).sum::<f64>(),
    )
}
