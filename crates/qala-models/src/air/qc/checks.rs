//! The checks of one series of readings, in the order of time.

use crate::stats::{quantile, settled};

/// µs of an hour.
const HOUR: f64 = 3.6e9;

/// A gap longer than this many steps cuts a series: what lies on its two sides is not compared.
const GAP_STEPS: f64 = 3.0;

/// When a deviation from the median of five is a spike: beyond `mads` times the MAD, which counts as at least
/// `share` of the median and at least `floor_ug_m3`, so that quiet and rounded series have no spikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// How many MADs.
    pub mads: f64,
    /// Least MAD, as a share of the median.
    pub share: f64,
    /// Least MAD, µg/m³.
    pub floor_ug_m3: f64,
}

/// Readings of one pollutant at one station: `micros` rises, `values` are as many.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    micros: &'a [i64],
    values: &'a [f64],
    /// Median time between readings, µs.
    step: f64,
}

impl<'a> Series<'a> {
    /// A series; `micros` (µs since 1970) must rise.
    pub fn new(micros: &'a [i64], values: &'a [f64]) -> Self {
        let mut steps: Vec<f64> = micros.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        steps.sort_unstable_by(f64::total_cmp);
        Self {
            micros,
            values,
            step: quantile(&steps, 0.5).unwrap_or(HOUR),
        }
    }

    /// Marks readings below `low` or above `high`.
    pub fn out_of_range(&self, low: f64, high: f64) -> Vec<bool> {
        self.values
            .iter()
            .map(|value| !(low..=high).contains(value))
            .collect()
    }

    /// Marks runs of at least `hours` identical readings that stand for at least as many hours; a reading stands for the
    /// median step of the series.
    pub fn flat(&self, hours: usize) -> Vec<bool> {
        let mut marks = vec![false; self.values.len()];
        for (from, to) in self.runs(|at| self.values[at].total_cmp(&self.values[at - 1]).is_eq()) {
            let covered = (self.micros[to - 1] - self.micros[from]) as f64 + self.step;
            if to - from >= hours && covered >= hours as f64 * HOUR {
                marks[from..to].fill(true);
            }
        }
        marks
    }

    /// Marks readings far from the median of the five readings around them, fewer at the ends and beside gaps, but at
    /// least three.
    pub fn spikes(&self, rule: Spike) -> Vec<bool> {
        let mut marks = vec![false; self.values.len()];
        for (from, to) in self.runs(|_| true) {
            for (at, mark) in marks.iter_mut().enumerate().take(to).skip(from) {
                let window = &self.values[at.saturating_sub(2).max(from)..(at + 3).min(to)];
                if window.len() < 3 {
                    continue;
                }
                let center = median(window.iter().copied());
                let mad = median(window.iter().map(|value| (value - center).abs()));
                let scale = mad.max(rule.share * center.abs()).max(rule.floor_ug_m3);
                *mark = settled((self.values[at] - center).abs()) > settled(rule.mads * scale);
            }
        }
        marks
    }

    /// Marks readings that differ from the one before by more than `limit` µg/m³ an hour; a shorter step counts as an
    /// hour. Nothing is compared with a reading of `left_out`, so that the return from a spike is no fault.
    pub fn fast(&self, limit: f64, left_out: &[bool]) -> Vec<bool> {
        let mut marks = vec![false; self.values.len()];
        for (from, to) in self.runs(|_| true) {
            let mut before: Option<usize> = None;
            for at in from..to {
                if let Some(before) = before {
                    let hours = (self.micros[at] - self.micros[before]) as f64 / HOUR;
                    marks[at] = (self.values[at] - self.values[before]).abs() > limit * hours.max(1.0);
                }
                if !left_out[at] {
                    before = Some(at);
                }
            }
        }
        marks
    }

    /// The pieces within which no gap lies and `joined` holds between neighbours, as half-open ranges.
    fn runs(&self, joined: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut from = 0;
        for at in 1..=self.values.len() {
            let goes_on = at < self.values.len()
                && (self.micros[at] - self.micros[at - 1]) as f64 <= GAP_STEPS * self.step
                && joined(at);
            if !goes_on {
                runs.push((from, at));
                from = at;
            }
        }
        runs
    }
}

/// Median of at most five numbers; 0 when there are none.
fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted = [0.0; 5];
    let mut count = 0;
    for (place, number) in sorted.iter_mut().zip(numbers) {
        *place = number;
        count += 1;
    }
    let sorted = &mut sorted[..count];
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(sorted, 0.5).unwrap_or(0.0)
}
