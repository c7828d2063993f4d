//! The readings of one device and quantity in the order of time, each once.

use super::clock::WrongClock;
use super::window::{Channel, HOUR, Reading};

/// What is known of a reading by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing speaks against it.
    Good,
    /// It cannot be: out of range.
    Impossible,
    /// Part of a fault that was found.
    Faulty,
}

/// A reading at its right time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) t: i64,
    pub(super) value: f64,
    pub(super) state: State,
}

/// The readings of a device, one for each time: the one that came last.
pub(super) fn settle(channel: &Channel, device: usize, clocks: &[&WrongClock]) -> Vec<Point> {
    let Some(series) = channel.series.get(device) else {
        return Vec::new();
    };
    let mut line: Vec<Point> = series
        .iter()
        .map(|reading| Point {
            t: right_time(reading, clocks),
            value: reading.value,
            state: if channel.is_possible(reading.value) {
                State::Good
            } else {
                State::Impossible
            },
        })
        .collect();
    // Stable: of equal times the one that came last is last.
    line.sort_by_key(|p| p.t);
    line.dedup_by(|later, earlier| {
        let is_same = later.t == earlier.t;
        if is_same {
            *earlier = *later;
        }
        is_same
    });
    line
}

/// The time of a reading by the right clock.
pub(super) fn right_time(reading: &Reading, clocks: &[&WrongClock]) -> i64 {
    let wrong = clocks
        .iter()
        .find(|c| (c.messages.0..=c.messages.1).contains(&reading.message));
    reading.t - wrong.map_or(0, |c| c.ahead)
}

/// Means of the good readings by hour of the window; NaN where there is none.
pub(super) fn hourly(line: &[Point], from: i64, hours: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); hours];
    for point in line.iter().filter(|p| p.state == State::Good) {
        if let Some(slot) = usize::try_from((point.t - from).div_euclid(HOUR))
            .ok()
            .and_then(|h| sums.get_mut(h))
        {
            *slot = (slot.0 + point.value, slot.1 + 1);
        }
    }
    sums.into_iter()
        .map(|(sum, count)| sum / f64::from(count))
        .collect()
}

/// The usual time between two readings, µs: the median; none of fewer than three readings.
pub(super) fn step(times: &[i64]) -> Option<i64> {
    let mut steps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).filter(|s| *s > 0).collect();
    if steps.len() < 2 {
        return None;
    }
    let middle = steps.len() / 2;
    Some(*steps.select_nth_unstable(middle).1)
}
