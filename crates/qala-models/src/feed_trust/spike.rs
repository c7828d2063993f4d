//! Single values far from those before and after, and from what the other devices say.

use std::collections::HashMap;

use super::expect::Expected;
use super::finding::{Finding, Kind, confidence};
use super::line::{Point, State, step};
use super::robust::{MAD_TO_SIGMA, median, quantile};
use super::window::{HOUR, Window};

/// Readings before and after that make the level.
const SIDE: usize = 3;
/// Readings whose scatter is taken together.
const BLOCK: usize = 48;
/// A spike departs by so many times the scatter around it …
const TIMES_SCATTER: f64 = 8.0;
/// … and by so many times what the largest tenth of all departures of the device reaches.
const TIMES_TENTH: f64 = 4.5;
/// When more than this share of the other devices departs at the same time, it is the weather.
const SHARED: f64 = 0.2;
/// Spikes that lie nearer to each other are told as one, µs.
const TOGETHER: i64 = 3 * HOUR;

/// How a reading stands to its neighbours.
#[derive(Clone, Copy)]
struct Departure {
    /// Place in the line.
    at: usize,
    /// From the nearer of the levels before and after, when it is beyond both on one side; else zero.
    size: f64,
    /// In the way of the thresholds: 1 is just a spike.
    strength: f64,
}

/// Spikes of all devices in one quantity. What is looked at is the departure from what the others say, where they say anything.
pub(super) fn find(
    window: &Window,
    index: usize,
    lines: &[Vec<Point>],
    expected: &[Option<Expected>],
) -> Vec<Finding> {
    let departures: Vec<Vec<Departure>> = lines
        .iter()
        .zip(expected)
        .map(|(line, expected)| departures(window.from, line, expected.as_ref()))
        .collect();
    let minute = |t: i64| t.div_euclid(60_000_000);
    let mut shared: HashMap<(i64, bool), usize> = HashMap::new();
    for (line, list) in lines.iter().zip(&departures) {
        for departure in list {
            *shared
                .entry((minute(line[departure.at].t), departure.size > 0.0))
                .or_default() += 1;
        }
    }
    let others = lines
        .iter()
        .filter(|l| !l.is_empty())
        .count()
        .saturating_sub(1)
        .max(1);
    let mut found = Vec::new();
    for (device, (line, list)) in lines.iter().zip(&departures).enumerate() {
        let spikes: Vec<&Departure> = list
            .iter()
            .filter(|d| d.strength >= 1.0)
            .filter(|d| {
                let same = shared[&(minute(line[d.at].t), d.size > 0.0)] - 1;
                same as f64 / others as f64 <= SHARED
            })
            .collect();
        for together in spikes.chunk_by(|a, b| line[b.at].t - line[a.at].t <= TOGETHER) {
            let largest = together
                .iter()
                .max_by(|a, b| a.size.abs().total_cmp(&b.size.abs()));
            let Some(largest) = largest else { continue };
            let records: Vec<i64> = together.iter().map(|d| line[d.at].t).collect();
            found.push(Finding {
                device,
                channel: Some(index),
                kind: Kind::Spike,
                from: records[0],
                to: records[records.len() - 1],
                magnitude: largest.size,
                confidence: confidence(largest.strength, 1.0),
                records,
            });
        }
    }
    found
}

/// Readings that depart by at least half of what makes a spike.
fn departures(from: i64, line: &[Point], expected: Option<&Expected>) -> Vec<Departure> {
    let good: Vec<usize> = (0..line.len())
        .filter(|i| line[*i].state == State::Good)
        .collect();
    // Where a quantity mostly rests, what is not at rest is an event: a shower, not a spike.
    if good.len() < 4 * SIDE || expected.is_some_and(|e| e.rests) {
        return Vec::new();
    }
    let said = |i: &usize| expected.and_then(|e| e.at(line[*i].t - from));
    let said: Option<Vec<f64>> = good.iter().map(said).collect();
    let said = said.unwrap_or_else(|| vec![0.0; good.len()]);
    let shown: Vec<f64> = good.iter().map(|i| line[*i].value).collect();
    let rest: Vec<f64> = shown.iter().zip(said).map(|(shown, said)| shown - said).collect();
    // Readings beyond a gap say nothing of the level here.
    let times: Vec<i64> = good.iter().map(|i| line[*i].t).collect();
    let near = 3 * SIDE as i64 * step(&times).unwrap_or(HOUR);
    let (sizes, usual) = beyond(&rest, &times, near);
    // What another device did wrong is in what is expected, and not in what this one shows.
    let (seen, _) = beyond(&shown, &times, near);
    let sizes = sizes.into_iter().zip(seen).map(|(size, seen)| {
        let is_seen = size * seen > 0.0 && seen.abs() >= 0.5 * size.abs();
        if is_seen { size } else { 0.0 }
    });
    let sizes: Vec<f64> = sizes.collect();
    let resolution = resolution(line, &good);
    if resolution <= 0.0 {
        // What never changes has no spikes, whatever rounding makes of what is expected.
        return Vec::new();
    }
    let tenth = quantile(&mut usual.clone(), 0.9).unwrap_or(0.0);
    let blocks: Vec<f64> = usual
        .chunks(BLOCK)
        .map(|chunk| median(&mut chunk.to_vec()).unwrap_or(0.0) * MAD_TO_SIGMA)
        .collect();
    let mut found = Vec::new();
    for (i, size) in sizes.iter().enumerate() {
        let block = i / BLOCK;
        let around = &blocks[block.saturating_sub(1)..(block + 2).min(blocks.len())];
        let scatter = around.iter().copied().fold(resolution, f64::max);
        let least = (TIMES_SCATTER * scatter).max(TIMES_TENTH * tenth);
        let strength = size.abs() / least;
        if strength >= 0.5 {
            found.push(Departure {
                at: good[i],
                size: *size,
                strength,
            });
        }
    }
    found
}

/// Of each value how far it is beyond the levels before and after, on one side of both (else zero): a spike. And how far it is
/// from the middle of the six around it: what is usual.
fn beyond(values: &[f64], times: &[i64], near: i64) -> (Vec<f64>, Vec<f64>) {
    let mut sizes = Vec::with_capacity(values.len());
    let mut usual = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let side = |range: std::ops::Range<usize>| -> Vec<f64> {
            let near = range.filter(|j| (times[i] - times[*j]).abs() <= near);
            near.map(|j| values[j]).collect()
        };
        let mut left = side(i.saturating_sub(SIDE)..i);
        let mut right = side(i + 1..(i + 1 + SIDE).min(values.len()));
        let mut both: Vec<f64> = left.iter().chain(&right).copied().collect();
        usual.push((value - median(&mut both).unwrap_or(*value)).abs());
        let apart = median(&mut left).zip(median(&mut right));
        let (a, b) = apart.map_or((0.0, 0.0), |(before, after)| (value - before, value - after));
        sizes.push(if a * b <= 0.0 {
            0.0
        } else if a.abs() < b.abs() {
            a
        } else {
            b
        });
    }
    (sizes, usual)
}

/// The smallest step between two neighbouring values that is no accident: the twentieth part of all that are not zero lie below.
fn resolution(line: &[Point], good: &[usize]) -> f64 {
    let steps = good
        .windows(2)
        .map(|w| (line[w[1]].value - line[w[0]].value).abs());
    quantile(&mut steps.filter(|s| *s > 0.0).collect::<Vec<_>>(), 0.05).unwrap_or(0.0)
}
