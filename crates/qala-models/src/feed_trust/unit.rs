//! Values in another unit under the old name.

use super::expect::Expected;
use super::finding::{Finding, Kind, confidence};
use super::line::Point;
use super::robust::{median, scatter, stretches};
use super::window::{Channel, Conversion, HOUR, Nature, Window};

/// Evidence of one reading, at most (nats): many must agree.
const MOST: f64 = 4.0;
/// Evidence of all.
const LEAST: f64 = 24.0;
/// Fewest readings.
const READINGS: usize = 5;
/// A factor nearer to one than this could be a jam or a change of the wind: it must last longer.
const NEAR: f64 = 4.5;
/// How long, µs.
const NEAR_LASTS: i64 = 6 * HOUR;
/// Scatter around the expected, as a share: at least and at most.
const SCATTER: (f64, f64) = (0.04, 0.5);

/// How a reading stands to what is expected, on the scale on which factors are distances.
#[derive(Clone, Copy)]
struct Standing {
    /// Place in the line.
    at: usize,
    /// Ratio: logarithm of value over expected. Interval: the value.
    is: f64,
    /// Ratio: zero. Interval: what is expected.
    should: f64,
    /// How far rounding may have moved it, on the same scale.
    rounding: f64,
    /// A ratio that was rounded to nothing.
    is_nothing: bool,
}

impl Standing {
    /// Where the value would be in another unit.
    fn would(&self, nature: Nature, unit: &Conversion) -> f64 {
        match nature {
            Nature::Ratio => unit.factor.ln(),
            _ => self.should * unit.factor + unit.offset,
        }
    }

    /// How far it is from what is expected when it is taken back to the right unit, beyond rounding.
    fn apart(&self, nature: Nature, unit: &Conversion) -> f64 {
        let apart = match nature {
            Nature::Ratio => self.is - unit.factor.ln(),
            _ => (self.is - unit.offset) / unit.factor - self.should,
        };
        if self.is_nothing && apart > 0.0 {
            // Rounded to nothing it may have been anything smaller.
            return 0.0;
        }
        apart.signum() * (apart.abs() - self.rounding).max(0.0)
    }
}

/// Changes of unit of one device in one quantity.
pub(super) fn find(
    window: &Window,
    index: usize,
    device: usize,
    line: &[Point],
    expected: &Expected,
) -> Vec<Finding> {
    let channel = &window.channels[index];
    let standings = standings(window, channel, line, expected);
    if standings.len() < READINGS {
        return Vec::new();
    }
    // Half of the window may be of the wrong unit: usual is what was usual before, and how far one reading is from the next.
    let next = standings
        .windows(2)
        .map(|w| (w[1].is - w[1].should) - (w[0].is - w[0].should));
    let noise = scatter(next).unwrap_or(0.0) / std::f64::consts::SQRT_2;
    let hours = expected
        .scatter
        .iter()
        .zip(&expected.mean)
        .map(|(scatter, mean)| match channel.nature {
            Nature::Ratio => scatter / mean.abs(),
            _ => *scatter,
        });
    let before = median(&mut hours.filter(|h| h.is_finite()).collect::<Vec<_>>()).unwrap_or(0.0);
    let mut usual = noise.hypot(before).max(f64::MIN_POSITIVE);
    if channel.nature == Nature::Ratio {
        usual = usual.clamp(SCATTER.0, SCATTER.1);
    }
    let mut best: Vec<(f64, Finding)> = Vec::new();
    for unit in &channel.conversions {
        let distance = |s: &Standing| (s.would(channel.nature, unit) - s.should).abs();
        let scores: Vec<f64> = standings
            .iter()
            .map(|s| {
                if distance(s) < 4.0 * usual {
                    return 0.0;
                }
                let (here, there) = (s.is - s.should, s.apart(channel.nature, unit));
                ((here * here - there * there) / (2.0 * usual * usual)).clamp(-MOST, MOST)
            })
            .collect();
        for stretch in stretches(&scores, LEAST) {
            let part = &standings[stretch.first..=stretch.last];
            let mut rests: Vec<f64> = part.iter().map(|s| s.apart(channel.nature, unit)).collect();
            let apart = median(&mut rests).unwrap_or(f64::INFINITY).abs();
            let wide = scatter(rests.iter().copied()).unwrap_or(f64::INFINITY);
            let far = median(&mut part.iter().map(distance).collect::<Vec<_>>()).unwrap_or(0.0);
            let (from, to) = (line[part[0].at].t, line[part[part.len() - 1].at].t);
            let is_near = channel.nature == Nature::Ratio && far < NEAR.ln();
            let fits =
                apart <= (1.5 * usual).max(0.05).min(0.25 * far) && wide <= (3.0 * usual).min(0.4 * far);
            // What does not change at all is stuck.
            let is_one = part
                .windows(2)
                .all(|w| line[w[0].at].value.to_bits() == line[w[1].at].value.to_bits());
            let is_slow = is_near
                && (to - from < NEAR_LASTS || !is_sharp(&standings, (stretch.first, stretch.last), far));
            if part.len() < READINGS || is_one || !fits || is_slow {
                continue;
            }
            let finding = Finding {
                device,
                channel: Some(index),
                kind: Kind::UnitChange,
                from,
                to,
                magnitude: if unit.offset == 0.0 { unit.factor } else { far },
                confidence: confidence(stretch.sum, LEAST),
                records: Vec::new(),
            };
            // Of units that explain the same readings the nearest.
            let overlaps = |f: &Finding| f.from <= to && from <= f.to;
            if best.iter().any(|(other, f)| overlaps(f) && *other <= apart) {
                continue;
            }
            best.retain(|(_, f)| !overlaps(f));
            best.push((apart, finding));
        }
    }
    best.into_iter().map(|(_, finding)| finding).collect()
}

/// Says whether a stretch begins and ends from one reading to the next: the two before it stand where they should, and so do the
/// two after it. What lies outside of the window is not asked.
fn is_sharp(standings: &[Standing], (first, last): (usize, usize), far: f64) -> bool {
    let is_at_home = |s: &Standing| (s.is - s.should).abs() <= 0.4 * far;
    let before = &standings[first.saturating_sub(2)..first];
    let after = &standings[last + 1..(last + 3).min(standings.len())];
    before.iter().all(is_at_home) && after.iter().all(is_at_home)
}

/// The readings of which something can be said. Also those that cannot be: in another unit nothing is in range.
fn standings(window: &Window, channel: &Channel, line: &[Point], expected: &Expected) -> Vec<Standing> {
    let floor = 0.2 * expected.level.abs();
    let steps = line
        .windows(2)
        .map(|w| (w[1].value - w[0].value).abs())
        .filter(|s| *s > 1e-9 * expected.level.abs());
    let half = 0.5 * steps.fold(f64::INFINITY, f64::min);
    let half = if half.is_finite() { half } else { 0.0 };
    line.iter()
        .enumerate()
        .filter_map(|(at, point)| {
            let should = expected.at(point.t - window.from)?;
            match channel.nature {
                Nature::Ratio => {
                    (point.value >= 0.0 && point.value.max(half) > 0.0 && should > floor && should > 0.0)
                        .then(|| {
                            // Nothing may be anything below half of the smallest step.
                            let value = point.value.max(half);
                            Standing {
                                at,
                                is: (value / should).ln(),
                                should: 0.0,
                                rounding: ((value + half) / value).ln(),
                                is_nothing: point.value <= 0.0,
                            }
                        })
                }
                _ => Some(Standing {
                    at,
                    is: point.value,
                    should,
                    rounding: half,
                    is_nothing: false,
                }),
            }
        })
        .collect()
}
