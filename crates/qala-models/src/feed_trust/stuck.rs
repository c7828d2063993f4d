//! Values that do not change for longer than they ever would.

use super::finding::{Finding, Kind, confidence};
use super::line::{Point, State};
use super::presence::CHANCE;
use super::robust::median;
use super::window::{HOUR, Window};

/// Hours of a day; the days compared are days of 24 hours.
const DAY: usize = 24;
/// A value repeats by chance at least so often, and at most.
const REPEATS: (f64, f64) = (0.02, 0.995);
/// Fewest repetitions.
const LEAST: usize = 5;

/// Pairs of neighbouring readings in an hour, and how many of them are equal.
#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    pairs: f64,
    equal: f64,
}

fn hour_of(window: &Window, t: i64) -> Option<usize> {
    usize::try_from((t - window.from).div_euclid(HOUR))
        .ok()
        .filter(|h| *h < window.hours())
}

/// Pairs of one device by hour of the window.
fn hours(window: &Window, line: &[Point]) -> Vec<Hour> {
    let mut list = vec![Hour::default(); window.hours()];
    for pair in line
        .windows(2)
        .filter(|p| p.iter().all(|p| p.state == State::Good))
    {
        if let Some(hour) = hour_of(window, pair[1].t) {
            list[hour].pairs += 1.0;
            list[hour].equal += f64::from(u8::from(is_equal(pair)));
        }
    }
    list
}

fn is_equal(pair: &[Point]) -> bool {
    pair[0].value.to_bits() == pair[1].value.to_bits()
}

/// An hour with its neighbours.
fn around(hours: &[Hour], hour: usize) -> Hour {
    let range = hour.saturating_sub(1)..(hour + 2).min(hours.len());
    hours[range].iter().fold(Hour::default(), |sum, h| Hour {
        pairs: sum.pairs + h.pairs,
        equal: sum.equal + h.equal,
    })
}

/// Runs of equal values that are too long for chance. Chance is how often values repeat at this hour: here on the other days
/// of the window, and at the other devices on this day; the larger of the two. So a street without cars at night and a gauge
/// without rain are not stuck.
pub(super) fn find(window: &Window, index: usize, lines: &[Vec<Point>]) -> Vec<Finding> {
    let all: Vec<Vec<Hour>> = lines.iter().map(|line| hours(window, line)).collect();
    let pairs: f64 = all.iter().flatten().map(|h| h.pairs).sum();
    let least = (pairs.max(1.0) / CHANCE).ln();
    let others = |device: usize, hour: usize| {
        let of = all.iter().enumerate().filter(|(d, _)| *d != device);
        let rates = of
            .map(|(_, h)| around(h, hour))
            .filter(|h| h.pairs >= 2.0)
            .map(|h| h.equal / h.pairs);
        median(&mut rates.collect::<Vec<_>>())
    };
    // With many devices one more or less does not move the middle.
    let is_many = lines.len() > 20;
    let shared: Vec<Option<f64>> = if is_many {
        (0..window.hours()).map(|hour| others(usize::MAX, hour)).collect()
    } else {
        Vec::new()
    };
    let mut found = Vec::new();
    for (device, line) in lines.iter().enumerate() {
        let mut at = 0;
        while at < line.len() {
            let run = 1 + line[at..].windows(2).take_while(|p| is_equal(p)).count();
            let (first, last) = (at, at + run - 1);
            at += run;
            if run <= LEAST || line[first].state != State::Good {
                continue;
            }
            let (Some(begin), Some(end)) = (hour_of(window, line[first].t), hour_of(window, line[last].t))
            else {
                continue;
            };
            let rate = |hour: usize| {
                let here = own_rate(&all[device], hour, begin..=end);
                let there = if is_many {
                    shared[hour]
                } else {
                    others(device, hour)
                };
                here.max(there.unwrap_or(0.0)).clamp(REPEATS.0, REPEATS.1)
            };
            let rates: Vec<f64> = (begin..=end).map(rate).collect();
            let repeats = line[first + 1..=last].iter().filter_map(|p| hour_of(window, p.t));
            let evidence: f64 = repeats.map(|hour| -rates[hour - begin].ln()).sum();
            if evidence >= least {
                found.push(Finding {
                    device,
                    channel: Some(index),
                    kind: Kind::Stuck,
                    from: line[first].t,
                    to: line[last].t,
                    magnitude: line[first].value,
                    confidence: confidence(evidence, least),
                    records: Vec::new(),
                });
            }
        }
    }
    found
}

/// How often values repeat at this hour of other days; if there is no such day, in all hours outside of the run.
fn own_rate(hours: &[Hour], hour: usize, run: std::ops::RangeInclusive<usize>) -> f64 {
    let add = |sum: Hour, h: &Hour| Hour {
        pairs: sum.pairs + h.pairs,
        equal: sum.equal + h.equal,
    };
    let near = |h: usize| {
        let apart = (h % DAY).abs_diff(hour % DAY);
        apart.min(DAY - apart) <= 1
    };
    let outside = || hours.iter().enumerate().filter(|(h, _)| !run.contains(h));
    let mut sum = outside()
        .filter(|(h, _)| near(*h) && h.abs_diff(hour) > DAY / 2)
        .fold(Hour::default(), |sum, (_, h)| add(sum, h));
    if sum.pairs < 2.0 {
        sum = outside().fold(Hour::default(), |sum, (_, h)| add(sum, h));
    }
    (sum.equal + 0.5) / (sum.pairs + 1.0)
}
