//! How far the length of a high-injury network could be off.

use super::length_km;
use crate::random::Random;
use crate::stats::quantile;
use crate::threads;

/// Rates that a street can have in the fitted mixture.
const RATES: usize = 40;
/// Steps of the fit: more change the interval by less than its own error by chance.
const STEPS: usize = 200;

/// What an interval of the network's length is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The lengths of resamples alone. They are too short, as the network itself is, so the true length is often beyond.
    Resampling,
    /// The same, stretched to where the true length could be.
    Covering,
}

/// The 95 % interval of the network's length, km; absent when nobody was counted or without resamples.
pub fn interval(
    of: Of,
    lengths_km: &[f64],
    people: &[u32],
    share: f64,
    resamples: u32,
    seed: u64,
) -> Option<(f64, f64)> {
    let owners: Vec<u32> = people
        .iter()
        .zip(0..)
        .flat_map(|(count, segment)| std::iter::repeat_n(segment, *count as usize))
        .collect();
    if owners.is_empty() || resamples == 0 {
        return None;
    }
    let found = length_km(lengths_km, people, share);
    let mixture = (of == Of::Covering).then(|| Mixture::fit(lengths_km, people));
    let resample = |number: u32| {
        let mut random = Random::part(seed, u64::from(number));
        let mut drawn = vec![0; people.len()];
        for _ in &owners {
            drawn[owners[random.below(owners.len())] as usize] += 1;
        }
        let length = length_km(lengths_km, &drawn, share);
        let Some(mixture) = &mixture else {
            return (length, f64::NAN);
        };
        let rates = mixture.draw(&mut random);
        let truth = mixture.length_km(lengths_km, &rates, share);
        mixture.people(lengths_km, &rates, owners.len(), &mut random, &mut drawn);
        (length, (length_km(lengths_km, &drawn, share) / truth).ln())
    };
    let threads = threads::available();
    let drawn = threads::side_by_side(threads, |first| {
        (first as u32..resamples)
            .step_by(threads)
            .map(resample)
            .collect::<Vec<_>>()
    });
    // Sorted, they are the same for any number of threads.
    let (mut lengths, mut errors): (Vec<f64>, Vec<f64>) = drawn.into_iter().flatten().unzip();
    lengths.sort_unstable_by(f64::total_cmp);
    errors.retain(|error| error.is_finite());
    errors.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&lengths, 0.025)?, quantile(&lengths, 0.975)?);
    if mixture.is_none() {
        return Some((low, high));
    }
    let corrected = |p: f64| quantile(&errors, p).map_or(found, |error| found / error.exp());
    // No network is longer than all streets.
    let all: f64 = lengths_km.iter().sum();
    Some((low.min(corrected(0.975)), high.max(corrected(0.025)).min(all)))
}

/// The rates that streets have, each so often, and for each street how likely each rate is given its own count: the
/// likeliest mixture, of a grid of rates (Kiefer and Wolfowitz 1956, <https://doi.org/10.1214/aoms/1177728066>), by
/// expectation and maximisation.
struct Mixture {
    /// People per km, rising.
    rates: Vec<f64>,
    /// For each street, the probability of each rate or a lower one.
    below: Vec<f32>,
}

impl Mixture {
    fn fit(lengths_km: &[f64], people: &[u32]) -> Self {
        let mean = people.iter().map(|count| f64::from(*count)).sum::<f64>() / lengths_km.iter().sum::<f64>();
        let densities = people
            .iter()
            .zip(lengths_km)
            .map(|(count, length)| f64::from(*count) / length);
        let highest = densities.fold(mean * 1.01, f64::max).ln();
        let lowest = (mean / 200.0).ln();
        let rates: Vec<f64> = (0..RATES)
            .map(|rate| (lowest + (highest - lowest) * rate as f64 / (RATES - 1) as f64).exp())
            .collect();
        let mut likely = Vec::with_capacity(people.len() * RATES);
        for (count, length) in people.iter().zip(lengths_km) {
            let row: Vec<f64> = rates
                .iter()
                .map(|rate| f64::from(*count) * (rate * length).ln() - rate * length)
                .collect();
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            likely.extend(row.iter().map(|log| (log - most).exp() as f32));
        }
        let mut shares = vec![1.0 / RATES as f32; RATES];
        for _ in 0..STEPS {
            let mut sums = vec![0.0_f64; RATES];
            for row in likely.chunks_exact(RATES) {
                let all: f32 = row
                    .iter()
                    .zip(&shares)
                    .map(|(likely, share)| likely * share)
                    .sum();
                for ((sum, likely), share) in sums.iter_mut().zip(row).zip(&shares) {
                    *sum += f64::from(likely * share / all);
                }
            }
            for (share, sum) in shares.iter_mut().zip(&sums) {
                *share = (sum / people.len() as f64) as f32;
            }
        }
        let mut below = likely;
        for row in below.chunks_exact_mut(RATES) {
            let mut sum = 0.0;
            for (cell, share) in row.iter_mut().zip(&shares) {
                sum += *cell * share;
                *cell = sum;
            }
            for cell in row {
                *cell /= sum;
            }
        }
        Self { rates, below }
    }

    /// A rate for each street, as its place in the grid.
    fn draw(&self, random: &mut Random) -> Vec<u8> {
        self.below
            .chunks_exact(RATES)
            .map(|row| {
                let at = random.unit() as f32;
                row.partition_point(|below| *below <= at).min(RATES - 1) as u8
            })
            .collect()
    }

    /// Length of the network that these rates make; of streets with the same rate the first ones.
    fn length_km(&self, lengths_km: &[f64], rates: &[u8], share: f64) -> f64 {
        let mut of_rates = [0.0; RATES];
        for (length, rate) in lengths_km.iter().zip(rates) {
            of_rates[usize::from(*rate)] += length;
        }
        let people = |rate: usize| of_rates[rate] * self.rates[rate];
        let mut wanted = share * (0..RATES).map(people).sum::<f64>();
        let mut sum = 0.0;
        for rate in (0..RATES).rev() {
            if people(rate) < wanted {
                wanted -= people(rate);
                sum += of_rates[rate];
                continue;
            }
            for (length, _) in lengths_km
                .iter()
                .zip(rates)
                .filter(|(_, own)| usize::from(**own) == rate)
            {
                if wanted <= 0.0 {
                    break;
                }
                wanted -= length * self.rates[rate];
                sum += length;
            }
            break;
        }
        sum
    }

    /// Draws that many people over the streets by their rates.
    fn people(&self, lengths_km: &[f64], rates: &[u8], count: usize, random: &mut Random, drawn: &mut [u32]) {
        drawn.fill(0);
        let mut all = 0.0;
        let ends: Vec<f64> = lengths_km
            .iter()
            .zip(rates)
            .map(|(length, rate)| {
                all += length * self.rates[usize::from(*rate)];
                all
            })
            .collect();
        for _ in 0..count {
            let at = random.unit() * all;
            let segment = ends.partition_point(|end| *end <= at).min(ends.len() - 1);
            drawn[segment] += 1;
        }
    }
}
