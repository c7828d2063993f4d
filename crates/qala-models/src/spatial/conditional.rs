//! Conditional permutation: how often would neighbours drawn by chance sum up to as much as those an area has?
//!
//! What belongs here: for every area the values of its neighbours are drawn anew, without replacement, from all other areas
//! (Anselin 1995, <https://doi.org/10.1111/j.1538-4632.1995.tb00338.x>), and the sums are counted against the observed one.
//! What does not: which statistic that sum is part of.
//!
//! A table of draws serves many areas. A draw is a row of distinct areas in an order by chance; an area takes the first
//! ones, and where it finds itself among them the next one in its own place: by symmetry that is a draw from the others.
//! So the sums are the same for all areas with as many neighbours of equal weight, but for the few draws that hold the area
//! itself: they are sorted once, and each area looks up where its own sum falls. Areas are dealt out to several tables, so
//! that an error by chance does not move all p of a map the same way.

use super::weights::Weights;
use crate::random::Random;
use crate::threads;

/// Draws are made in blocks of so many entries, so that memory does not grow with the number of permutations.
const BLOCK: usize = 4_000_000;
/// Draws that are summed at a time: they fit into the first cache.
const CHUNK: usize = 256;
/// A table for so many areas, within the bounds of [`tables`].
const AREAS_OF_A_TABLE: usize = 500;
/// Sums that differ by less than this share of the largest possible one are the same number, rounded differently.
const SAME: f64 = 1e-12;

/// When an area's draws end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// After all permutations.
    Full,
    /// When there are so many draws on either side of the observed sum (Besag and Clifford 1991,
    /// <https://doi.org/10.1093/biomet/78.2.301>): the p of that area is then large, and known well enough.
    Sequential(u32),
}

/// On which side a draw counts that gives the very sum that was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Among the higher ones only: the statistic is c ≥ observed, and rises with the sum.
    #[default]
    Above,
    /// Among the lower ones only: the statistic is c ≥ observed, and falls as the sum rises.
    Below,
    /// On both sides: what is the same everywhere is then no extreme.
    Both,
}

impl Ties {
    /// Draws on the smaller side.
    pub(super) fn tail(self, at_least: u32, at_most: u32, draws: u32) -> u32 {
        match self {
            Self::Above => at_least.min(draws - at_least),
            Self::Below => at_most.min(draws - at_most),
            Self::Both => at_least.min(at_most),
        }
    }
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
    /// On which side equal draws count.
    pub ties: Ties,
    sum: f64,
    squares: f64,
    /// The weighted sum that was observed.
    pub observed: f64,
    /// The largest sum that the weights would allow.
    bound: f64,
}

impl Drawn {
    /// (min(c, P − c) + 1)/(P + 1), c draws whose statistic was at least the observed one; with [`Ties::Both`] a draw equal to
    /// it counts in P − c too. h/draws when stopped.
    pub fn p(&self, permutations: u32) -> f64 {
        let tail = f64::from(self.ties.tail(self.at_least, self.at_most, self.draws));
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
/// keeps the sums of squares exact), `weights` as many rows; `ties` tells on which side equal draws of an area count.
pub fn draw(
    centred: &[f64],
    weights: &Weights,
    drawing: &Drawing,
    ties: impl Fn(usize) -> Ties,
) -> Vec<Option<Drawn>> {
    let largest = centred.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let areas: Vec<Area> = (0..centred.len())
        .map(|area| Area {
            ties: ties(area),
            ..Area::new(weights.row(area).1, weights.lag(area, centred), largest)
        })
        .collect();
    let most = areas.iter().map(|area| area.neighbours).max().unwrap_or(0);
    let permutations = drawing.permutations as usize;
    if most == 0 || permutations == 0 {
        return vec![None; areas.len()];
    }
    let tables = tables(areas.len());
    let count = drawing.threads.clamp(1, tables);
    let shared = Shared {
        centred,
        weights,
        areas: &areas,
        most,
        tables,
        drawing,
    };
    let of_thread = |first: usize| -> Vec<(usize, Vec<State>)> {
        (first..tables)
            .step_by(count)
            .map(|table| (table, shared.draw(table)))
            .collect()
    };
    let mut results = vec![None; areas.len()];
    for (table, states) in threads::side_by_side(count, of_thread).into_iter().flatten() {
        for (state, area) in states.iter().zip((table..).step_by(tables)) {
            results[area] = (areas[area].neighbours > 0).then_some(state.drawn);
        }
    }
    results
}

/// How many tables of draws a map takes: the number of threads has no part in it.
fn tables(areas: usize) -> usize {
    areas.div_ceil(AREAS_OF_A_TABLE).clamp(4, 32)
}

/// What all tables share.
struct Shared<'a> {
    centred: &'a [f64],
    weights: &'a Weights,
    areas: &'a [Area],
    /// The most neighbours of an area.
    most: usize,
    tables: usize,
    drawing: &'a Drawing,
}

impl Shared<'_> {
    /// Counts of the areas that this table serves: every one after as many as there are tables.
    fn draw(&self, table: usize) -> Vec<State> {
        let mut states: Vec<State> = (table..self.areas.len())
            .step_by(self.tables)
            .map(|area| State {
                drawn: Drawn {
                    observed: self.areas[area].observed,
                    bound: self.areas[area].bound,
                    ties: self.areas[area].ties,
                    ..Drawn::default()
                },
                is_done: self.areas[area].neighbours == 0,
            })
            .collect();
        let permutations = self.drawing.permutations as usize;
        let height = (BLOCK / (self.most + 1)).clamp(CHUNK.min(permutations), permutations);
        let mut random = Random::part(self.drawing.seed, table as u64);
        let mut deck: Vec<u32> = (0..self.areas.len() as u32).collect();
        let mut sums = [0.0; CHUNK];
        let mut made = 0;
        while made < permutations && states.iter().any(|state| !state.is_done) {
            let rows = height.min(permutations - made);
            let block = Block::new(self, table, rows, &mut random, &mut deck);
            for (member, state) in states.iter_mut().enumerate() {
                if !state.is_done {
                    block.count(member, state, &mut sums);
                }
            }
            made += rows;
        }
        states
    }
}

/// What the counting needs to know of an area.
struct Area {
    neighbours: usize,
    /// The weight of each neighbour when it is the same.
    equal: Option<f64>,
    observed: f64,
    bound: f64,
    ties: Ties,
}

impl Area {
    fn new(row: &[f64], observed: f64, largest: f64) -> Self {
        let first = row.first().copied();
        Self {
            neighbours: row.len(),
            equal: first.filter(|first| row.iter().all(|weight| weight.to_bits() == first.to_bits())),
            observed,
            bound: row.iter().sum::<f64>() * largest,
            ties: Ties::default(),
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
    shared: &'a Shared<'a>,
    /// Which table they are of.
    table: usize,
    rows: usize,
    /// Areas of each draw, one more than the most neighbours.
    drawn: Vec<u32>,
    width: usize,
    /// Values by place in the draw, one column after the other; empty when all weights are equal.
    columns: Vec<f64>,
    /// For each number of neighbours that occurs: sums of the first values of each draw.
    sums: Vec<Option<Sums>>,
    /// Draws that hold an area of the table itself: which one, draw and place; in order.
    own: Vec<(u32, u32, u32)>,
}

/// Sums of as many values as some areas have neighbours.
struct Sums {
    of_draws: Vec<f64>,
    sorted: Vec<f64>,
    sum: f64,
    squares: f64,
}

impl<'a> Block<'a> {
    fn new(shared: &'a Shared<'a>, table: usize, rows: usize, random: &mut Random, deck: &mut [u32]) -> Self {
        // No row has more neighbours than there are others, so the deck is always long enough.
        let width = (shared.most + 1).min(deck.len());
        let mut drawn = Vec::with_capacity(rows * width);
        for _ in 0..rows {
            for place in 0..width {
                let other = place + random.below(deck.len() - place);
                deck.swap(place, other);
            }
            drawn.extend_from_slice(&deck[..width]);
        }
        let mut block = Self {
            shared,
            table,
            rows,
            drawn,
            width,
            columns: Vec::new(),
            sums: (0..=shared.most).map(|_| None).collect(),
            own: Vec::new(),
        };
        block.sum();
        block.find_own();
        block
    }

    fn sum(&mut self) {
        let mut wanted = vec![false; self.sums.len()];
        let mut has_unequal = false;
        for area in self.shared.areas.iter().filter(|area| area.neighbours > 0) {
            wanted[area.neighbours] |= area.equal.is_some();
            has_unequal |= area.equal.is_none();
        }
        let mut running = vec![0.0; self.rows];
        let mut columns = Vec::new();
        for place in 0..self.sums.len() - 1 {
            let values = self.drawn.iter().skip(place).step_by(self.width);
            for (sum, drawn) in running.iter_mut().zip(values) {
                let value = self.shared.centred[*drawn as usize];
                *sum += value;
                if has_unequal {
                    columns.push(value);
                }
            }
            if wanted[place + 1] {
                let mut sorted = Vec::new();
                if self.shared.drawing.stopping == Stopping::Full {
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

    /// The area at that place among those that the table serves.
    fn area(&self, member: usize) -> usize {
        self.table + member * self.shared.tables
    }

    /// Sorts the draws that hold an area among its own first ones by area.
    fn find_own(&mut self) {
        let mut own = Vec::new();
        for (draw, row) in self.drawn.chunks_exact(self.width).enumerate() {
            for (place, area) in row.iter().enumerate() {
                let area = *area as usize;
                if area % self.shared.tables == self.table && place < self.shared.areas[area].neighbours {
                    own.push(((area / self.shared.tables) as u32, draw as u32, place as u32));
                }
            }
        }
        own.sort_unstable();
        self.own = own;
    }

    fn own(&self, member: usize) -> &[(u32, u32, u32)] {
        let member = member as u32;
        let start = self.own.partition_point(|(of, _, _)| *of < member);
        let count = self.own[start..].partition_point(|(of, _, _)| *of == member);
        &self.own[start..start + count]
    }

    fn count(&self, member: usize, state: &mut State, sums: &mut [f64; CHUNK]) {
        let area = &self.shared.areas[self.area(member)];
        let shared = area
            .equal
            .and_then(|weight| Some((weight, self.sums[area.neighbours].as_ref()?)));
        if let (Some((weight, shared)), Stopping::Full) = (shared, self.shared.drawing.stopping) {
            self.look_up(member, weight, shared, &mut state.drawn);
            return;
        }
        let row = self.shared.weights.row(self.area(member)).1;
        let mut own = self.own(member);
        for start in (0..self.rows).step_by(CHUNK) {
            let sums = &mut sums[..CHUNK.min(self.rows - start)];
            if let Some((weight, shared)) = shared {
                for (sum, of_draw) in sums.iter_mut().zip(&shared.of_draws[start..]) {
                    *sum = weight * of_draw;
                }
            } else {
                self.weigh(row, start, sums);
            }
            while let Some(((_, draw, place), rest)) = own.split_first()
                && (*draw as usize) < start + sums.len()
            {
                sums[*draw as usize - start] = self.without(row, *draw as usize, *place as usize);
                own = rest;
            }
            state.add(sums, self.shared.drawing.stopping);
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
        let drawn = &self.drawn[draw * self.width..][..self.width];
        row.iter()
            .enumerate()
            .map(|(place, weight)| {
                let place = if place == own_place { row.len() } else { place };
                weight * self.shared.centred[drawn[place] as usize]
            })
            .sum()
    }

    /// Counts all draws of the block by where the observed sum falls among the sorted ones.
    fn look_up(&self, member: usize, weight: f64, shared: &Sums, drawn: &mut Drawn) {
        let observed = drawn.observed / weight;
        let same = SAME * drawn.bound / weight;
        let (low, high) = (observed - same, observed + same);
        let mut at_least = self.rows - shared.sorted.partition_point(|sum| *sum < low);
        let mut at_most = shared.sorted.partition_point(|sum| *sum <= high);
        let (mut sum, mut squares) = (shared.sum, shared.squares);
        let ones = vec![1.0; self.shared.areas[self.area(member)].neighbours];
        for (_, draw, place) in self.own(member) {
            let wrong = shared.of_draws[*draw as usize];
            let right = self.without(&ones, *draw as usize, *place as usize);
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
}

impl State {
    /// Counts sums of further draws.
    fn add(&mut self, sums: &[f64], stopping: Stopping) {
        let drawn = &mut self.drawn;
        let same = SAME * drawn.bound;
        let (low, high) = (drawn.observed - same, drawn.observed + same);
        // Counts of a chunk are small; a check for overflow would keep the processor from counting several at once.
        let (mut at_least, mut at_most) = (0_u64, 0_u64);
        for sum in sums {
            at_least = at_least.wrapping_add(u64::from(*sum >= low));
            at_most = at_most.wrapping_add(u64::from(*sum <= high));
        }
        let (mut at_least, mut at_most) = (at_least as u32, at_most as u32);
        let mut used = sums;
        let tail = |at_least: u32, at_most: u32, draws: usize| {
            let draws = drawn.draws + draws as u32;
            drawn
                .ties
                .tail(drawn.at_least + at_least, drawn.at_most + at_most, draws)
        };
        if let Stopping::Sequential(enough) = stopping
            && tail(at_least, at_most, sums.len()) >= enough
        {
            (at_least, at_most) = (0, 0);
            for (place, sum) in sums.iter().enumerate() {
                at_least += u32::from(*sum >= low);
                at_most += u32::from(*sum <= high);
                if tail(at_least, at_most, place + 1) >= enough {
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
