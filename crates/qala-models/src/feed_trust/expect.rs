//! What a device should show by what the others show, as it stood to them in the days before.

use super::line::Point;
use super::robust::{MAD_TO_SIGMA, median};
use super::window::{Channel, HOUR};

/// Devices that speak for one: those that went most alike in the days before.
const PEERS: usize = 9;
/// Among at most so many others its likes are looked for, spread evenly, or the work would grow with the square of a feed.
const MOST_COMPARED: usize = 1000;
/// Fewest hours by which two devices are compared.
const HOURS: usize = 20;
const DAY: usize = 24;

/// What is expected of one device, by hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    /// Expected means by hour of the window; NaN where nothing can be said.
    pub(super) mean: Vec<f64>,
    /// Usual departure of an hour's mean from what is expected, by hour of the window.
    pub(super) scatter: Vec<f64>,
    /// How much of a departure is left after an hour, 0 to 0.95.
    pub(super) memory: f64,
    /// Middle of what was usual.
    pub(super) level: f64,
    /// Says whether it mostly rests at one value, like rain at nothing: then no scatter tells what is unusual.
    pub(super) rests: bool,
    /// Where in an hour its readings lie in the mean, 0 to 1.
    centre: f64,
}

impl Expected {
    /// What is expected at a time, µs after the beginning of the window: a line through the means of the hours.
    pub(super) fn at(&self, since: i64) -> Option<f64> {
        let place = since as f64 / HOUR as f64 - self.centre;
        let before = place.floor();
        let last = self.mean.len().checked_sub(1)? as f64;
        let mean = |hour: f64| {
            let mean = self.mean[hour.clamp(0.0, last) as usize];
            mean.is_finite().then_some(mean)
        };
        match (mean(before), mean(before + 1.0)) {
            (Some(a), Some(b)) => Some(a + (b - a) * (place - before)),
            (a, b) => a.or(b),
        }
    }
}

/// A straight line from the values of another device to those of this one.
#[derive(Clone, Copy)]
struct Peer {
    device: usize,
    slope: f64,
    offset: f64,
}

/// Sums for a straight line.
#[derive(Default, Clone, Copy)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        pairs.fold(Self::default(), |s, (x, y)| Self {
            n: s.n + 1.0,
            x: s.x + x,
            y: s.y + y,
            xx: s.xx + x * x,
            xy: s.xy + x * y,
            yy: s.yy + y * y,
        })
    }

    fn correlation(&self) -> f64 {
        let (xx, yy, xy) = (
            self.xx - self.x * self.x / self.n,
            self.yy - self.y * self.y / self.n,
            self.xy - self.x * self.y / self.n,
        );
        if xx > 0.0 && yy > 0.0 {
            xy / (xx * yy).sqrt()
        } else {
            0.0
        }
    }

    fn line(&self) -> Option<(f64, f64)> {
        let xx = self.xx - self.x * self.x / self.n;
        if xx <= 0.0 {
            return None;
        }
        let slope = (self.xy - self.x * self.y / self.n) / xx;
        Some((slope, (self.y - slope * self.x) / self.n))
    }
}

fn pairs<'a>(x: &'a [f64], y: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    x.iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// What is expected of each device in one quantity; `now` holds the means by hour of the window. None for a device of which
/// nothing can be said: too few days, or no two others that went alike. Without days before, the window itself stands in.
pub(super) fn expect(
    channel: &Channel,
    from: i64,
    lines: &[Vec<Point>],
    now: &[Vec<f64>],
) -> Vec<Option<Expected>> {
    let before: &[Vec<f64>] = if channel.usual.is_empty() {
        now
    } else {
        &channel.usual
    };
    let centre = |line: &[Point]| {
        let offsets: f64 = line.iter().map(|p| (p.t - from).rem_euclid(HOUR) as f64).sum();
        offsets / line.len().max(1) as f64 / HOUR as f64
    };
    let devices = lines.iter().enumerate();
    devices
        .map(|(device, line)| expect_one(before, now, device, centre(line)))
        .collect()
}

fn expect_one(before: &[Vec<f64>], now: &[Vec<f64>], device: usize, centre: f64) -> Option<Expected> {
    let own = before.get(device)?;
    let level = median(&mut own.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>())?;
    let mut alike: Vec<(f64, usize)> = before
        .iter()
        .enumerate()
        .step_by(before.len().div_ceil(MOST_COMPARED))
        .filter(|(other, _)| *other != device)
        .filter_map(|(other, theirs)| {
            let sums = Sums::of(pairs(theirs, own));
            (sums.n >= HOURS as f64).then(|| (sums.correlation(), other))
        })
        .filter(|(correlation, _)| *correlation > 0.5)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let peers: Vec<Peer> = alike
        .iter()
        .take(PEERS)
        .filter_map(|(_, other)| {
            let (slope, offset) = steady_line(&before[*other], own)?;
            Some(Peer {
                device: *other,
                slope,
                offset,
            })
        })
        .collect();
    if peers.len() < 2 {
        return None;
    }
    let say = |hours: &[Vec<f64>], hour: usize| {
        let said = peers.iter().filter_map(|p| {
            let value = hours[p.device].get(hour).copied()?;
            value.is_finite().then_some(p.offset + p.slope * value)
        });
        let mut said: Vec<f64> = said.collect();
        if said.len() < 2 {
            f64::NAN
        } else {
            median(&mut said).unwrap_or(f64::NAN)
        }
    };
    let mean: Vec<f64> = (0..now[device].len()).map(|hour| say(now, hour)).collect();
    let rest: Vec<f64> = own
        .iter()
        .enumerate()
        .map(|(hour, v)| v - say(before, hour))
        .collect();
    let size = |hours: &mut dyn Iterator<Item = f64>| {
        let mut sizes: Vec<f64> = hours.filter(|r| r.is_finite()).map(f64::abs).collect();
        median(&mut sizes).map(|m| m * MAD_TO_SIGMA)
    };
    let overall = size(&mut rest.iter().copied())?;
    // By hour of the day, the neighbours of an hour included; the window begins when the days before end.
    let scatter = (0..mean.len())
        .map(|hour| {
            let near = |h: usize| {
                let apart = (h % DAY).abs_diff((rest.len() + hour) % DAY);
                apart.min(DAY - apart) <= 1
            };
            let mut same = rest.iter().enumerate().filter(|(h, _)| near(*h)).map(|(_, r)| *r);
            size(&mut same).unwrap_or(overall).max(0.3 * overall)
        })
        .collect();
    let following = Sums::of(pairs(&rest, rest.get(1..).unwrap_or_default()).filter(|(a, b)| {
        // A few wild hours would say anything.
        a.abs() < 6.0 * overall && b.abs() < 6.0 * overall
    }));
    let memory = if following.n >= HOURS as f64 {
        following.correlation()
    } else {
        0.5
    };
    Some(Expected {
        mean,
        scatter,
        memory: memory.clamp(0.0, 0.95),
        level,
        rests: rests(own),
        centre,
    })
}

/// Says whether more than half of the hours have the value of the hour before.
fn rests(hours: &[f64]) -> bool {
    let pairs = hours.windows(2).filter(|pair| pair.iter().all(|v| v.is_finite()));
    let (same, all) = pairs.fold((0, 0), |(same, all), pair| {
        (same + u32::from(pair[0].total_cmp(&pair[1]).is_eq()), all + 1)
    });
    2 * same > all
}

/// The straight line through pairs, without those that lie far from a first one.
fn steady_line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let (slope, offset) = Sums::of(pairs(x, y)).line()?;
    let rest = |(x, y): (f64, f64)| (y - offset - slope * x).abs();
    let usual = median(&mut pairs(x, y).map(rest).collect::<Vec<_>>())? * MAD_TO_SIGMA;
    Sums::of(pairs(x, y).filter(|p| rest(*p) <= 3.0 * usual))
        .line()
        .or(Some((slope, offset)))
}
