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
    if good.len() < 4 * SIDE {
        return Vec::new();
    }
    let said = |i: &usize| expected.and_then(|e| e.at(line[*i].t - from));
    let said: Option<Vec<f64>> = good.iter().map(said).collect();
    let said = said.unwrap_or_else(|| vec![0.0; good.len()]);
    let values: Vec<f64> = good
        .iter()
        .zip(said)
        .map(|(i, said)| line[*i].value - said)
        .collect();
    let value = |i: usize| values[i];
    // Readings beyond a gap say nothing of the level here.
    let times: Vec<i64> = good.iter().map(|i| line[*i].t).collect();
    let near = 3 * SIDE as i64 * step(&times).unwrap_or(HOUR);
    // From the middle of the six around it: what is usual. From both sides: what is a spike.
    let mut usual = Vec::with_capacity(good.len());
    let mut sizes = Vec::with_capacity(good.len());
    for i in 0..good.len() {
        let is_near = |j: &usize| (times[i] - times[*j]).abs() <= near;
        let mut left: Vec<f64> = (i.saturating_sub(SIDE)..i).filter(is_near).map(value).collect();
        let right = i + 1..(i + 1 + SIDE).min(good.len());
        let mut right: Vec<f64> = right.filter(is_near).map(value).collect();
        let mut both: Vec<f64> = left.iter().chain(&right).copied().collect();
        usual.push((value(i) - median(&mut both).unwrap_or_else(|| value(i))).abs());
        let (Some(before), Some(after)) = (median(&mut left), median(&mut right)) else {
            sizes.push(0.0);
            continue;
        };
        let (a, b) = (value(i) - before, value(i) - after);
        sizes.push(if a * b <= 0.0 {
            0.0
        } else if a.abs() < b.abs() {
            a
        } else {
            b
        });
    }
    let resolution = resolution(line, &good);
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

/// The smallest step between two neighbouring values that is no accident: the twentieth part of all that are not zero lie below.
fn resolution(line: &[Point], good: &[usize]) -> f64 {
    let steps = good
        .windows(2)
        .map(|w| (line[w[1]].value - line[w[0]].value).abs());
    quantile(&mut steps.filter(|s| *s > 0.0).collect::<Vec<_>>(), 0.05).unwrap_or(0.0)
}
