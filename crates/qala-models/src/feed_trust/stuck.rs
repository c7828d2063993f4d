//! Values that do not change for longer than they ever would.

use super::finding::{Finding, Kind, confidence};
use super::line::{Point, State};
use super::presence::CHANCE;
use super::robust::{median, quantile};
use super::window::{HOUR, Window};

/// Hours of a day; the days compared are days of 24 hours.
const DAY: usize = 24;
/// A value repeats by chance at least so often, and at most.
const REPEATS: (f64, f64) = (0.02, 0.995);
/// Fewest repetitions.
const LEAST: usize = 5;
/// A run that lasts less is not told, µs: around noon and in fog values stand still for an hour.
const LASTS: i64 = 2 * HOUR;
/// A value is at the level of another when it is no more of its smallest steps away …
const STEPS: f64 = 3.0;
/// … or no larger share of it.
const SHARE: f64 = 0.03;
/// Fewest pairs that tell how often values repeat at a level.
const PAIRS: f64 = 18.0;
/// Wild readings in a row that do not end a run.
const WILD: u32 = 2;

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
/// of the window, at the other devices on this day, and here at this level; the largest of the three. So a street without cars
/// at night, a gauge without rain and ozone that is used up in the fog are not stuck.
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
            if run <= LEAST || line[last].t - line[first].t < LASTS || line[first].state != State::Good {
                continue;
            }
            let (Some(begin), Some(end)) = (hour_of(window, line[first].t), hour_of(window, line[last].t))
            else {
                continue;
            };
            let level = level_rate(line, (first, last));
            let rate = |hour: usize| {
                let here = own_rate(&all[device], hour, begin..=end).max(level);
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

/// How often values repeat at the level of a run, outside of it; nothing where it is hardly ever at that level. What goes on
/// behind a wild reading or two is the same run.
fn level_rate(line: &[Point], (first, last): (usize, usize)) -> f64 {
    let value = line[first].value;
    let is_good = |p: &[Point]| p.iter().all(|p| p.state == State::Good);
    let steps = line
        .windows(2)
        .filter(|p| is_good(p))
        .map(|p| (p[1].value - p[0].value).abs());
    let step = quantile(&mut steps.filter(|s| *s > 0.0).collect::<Vec<_>>(), 0.05).unwrap_or(0.0);
    let near = (STEPS * step).max(SHARE * value.abs());
    let is_same = |p: &Point| p.value.to_bits() == value.to_bits();
    let is_wild = |p: &Point| p.state != State::Good || (p.value - value).abs() > near;
    let goes_on = |points: &mut dyn Iterator<Item = &Point>| {
        let (mut length, mut wild) = (0, 0);
        for (at, point) in (1..).zip(points) {
            if is_same(point) {
                (length, wild) = (at, 0);
            } else if is_wild(point) && wild < WILD {
                wild += 1;
            } else {
                break;
            }
        }
        length
    };
    let from = first - goes_on(&mut line[..first].iter().rev());
    let to = last + goes_on(&mut line[last + 1..].iter());
    let outside = line[..from].windows(2).chain(line[to + 1..].windows(2));
    let (equal, all) = outside
        .filter(|p| is_good(p) && !p.iter().any(is_wild))
        .fold((0.0, 0.0), |(equal, all), p| {
            (equal + f64::from(u8::from(is_equal(p))), all + 1.0)
        });
    if all < PAIRS {
        0.0
    } else {
        (equal + 0.5) / (all + 1.0)
    }
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
