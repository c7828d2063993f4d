//! Faults planted in a copy of what a feed sent, of stated size, so that it is known what a search must find there.

use super::finding::Kind;
use super::line::step;
use super::robust::{median, quantile};
use super::window::{Channel, HOUR, Nature, Reading, Window};

/// A planted fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    /// Place of the device.
    pub device: usize,
    /// Place of the quantity; absent: all of the device.
    pub channel: Option<usize>,
    /// Kind.
    pub kind: Kind,
    /// Size, as in [`super::Finding`].
    pub magnitude: f64,
    /// First instant, µs since 1970.
    pub from: i64,
    /// Instant after the last.
    pub to: i64,
    /// Says whether it is as large as the card states; if not, it need not be found.
    pub is_stated: bool,
    /// Of spikes the times, and of each whether it is as large as stated.
    pub records: Vec<(i64, bool)>,
}

/// Numbers by chance that depend on the seed alone (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn sign(&mut self) -> f64 {
        if self.unit() < 0.5 { -1.0 } else { 1.0 }
    }
}

/// Of so many devices one is at fault in the copy, and one at least.
const ONE_IN: usize = 8;
/// One reading in so many is a spike, while the fault stands.
const SPIKES: f64 = 0.05;
/// A spike departs by so many times what the largest twentieth of the device's own steps reaches.
const SPIKE: (f64, f64) = (6.0, 12.0);
/// Readings that a fault lasts at least.
const READINGS: i64 = 16;
/// Values that change so often while they should are seen to be stuck.
const CHANGES: usize = 12;

/// Plants faults in `window`, each device at most one; the same seed plants the same. `turn` says with which kind it begins, so
/// that a feed of few devices gets all kinds in as many turns.
pub fn plant(window: &mut Window, seed: u64, turn: usize) -> Vec<Planted> {
    let mut dice = Dice(seed);
    let mut devices: Vec<usize> = (0..window.devices.len())
        .filter(|d| device_step(window, *d).is_some())
        .collect();
    // Shuffled (Fisher and Yates).
    for i in (1..devices.len()).rev() {
        devices.swap(i, dice.below(i + 1));
    }
    let count = devices.len().div_ceil(ONE_IN);
    let mut planted = Vec::new();
    for (place, device) in devices.into_iter().take(count).enumerate() {
        let kind = Kind::ALL[(turn + place) % Kind::ALL.len()];
        planted.extend(plant_one(window, &mut dice, device, kind));
    }
    planted
}

fn device_step(window: &Window, device: usize) -> Option<i64> {
    let longest = window
        .channels
        .iter()
        .filter_map(|c| c.series.get(device))
        .max_by_key(|s| s.len())?;
    let mut times: Vec<i64> = longest.iter().map(|r| r.t).collect();
    times.sort_unstable();
    let step = step(&times)?;
    // Who was silent for half of the time can hardly be judged.
    (times.len() as i64 * step * 2 > window.to - window.from).then_some(step)
}

/// Says whether drifts and units of a quantity can be told: not of directions, and not of what mostly rests at one value.
fn is_lively(channel: &Channel, device: usize) -> bool {
    let Some(series) = channel.series.get(device) else {
        return false;
    };
    let changes = series
        .windows(2)
        .filter(|w| w[0].value.to_bits() != w[1].value.to_bits())
        .count();
    channel.nature != Nature::Circular && series.len() >= READINGS as usize && changes * 2 > series.len()
}

fn plant_one(window: &mut Window, dice: &mut Dice, device: usize, kind: Kind) -> Option<Planted> {
    let step = device_step(window, device)?;
    let hours = match kind {
        Kind::Drift => dice.between(20.0, 30.0),
        Kind::UnitChange => dice.between(8.0, 20.0),
        _ => dice.between(4.0, 12.0),
    };
    let least = if kind == Kind::Drift { 0 } else { READINGS * step };
    let lasts = ((hours * HOUR as f64) as i64).max(least);
    let room = window.to - window.from - lasts;
    if room <= 0 {
        return None;
    }
    let from = window.from + (dice.unit() * room as f64) as i64;
    let to = from + lasts;
    let lively: Vec<usize> = (0..window.channels.len())
        .filter(|c| is_lively(&window.channels[*c], device))
        .collect();
    let mut planted = Planted {
        device,
        channel: None,
        kind,
        magnitude: 0.0,
        from,
        to,
        is_stated: true,
        records: Vec::new(),
    };
    if !matches!(kind, Kind::ClockShift | Kind::Gap | Kind::Duplicate) {
        if lively.is_empty() {
            return None;
        }
        planted.channel = Some(lively[dice.below(lively.len())]);
    }
    let is_in = |t: i64| (from..to).contains(&t);
    match (kind, planted.channel) {
        (Kind::ClockShift, _) => {
            let seconds = [-3600.0, 420.0, 1800.0, 3600.0][dice.below(4)];
            planted.magnitude = seconds;
            each(window, device, |r| {
                if is_in(r.t) {
                    r.t += (seconds * 1e6) as i64;
                }
            });
        }
        (Kind::Gap, _) => {
            planted.magnitude = (lasts / step) as f64;
            for channel in &mut window.channels {
                if let Some(series) = channel.series.get_mut(device) {
                    series.retain(|r| !is_in(r.t));
                }
            }
        }
        (Kind::Duplicate, _) => {
            planted.magnitude = 2.0;
            let last = (window.received.len() as u32).saturating_sub(1);
            for channel in &mut window.channels {
                if let Some(series) = channel.series.get_mut(device) {
                    let again: Vec<Reading> = series
                        .iter()
                        .filter(|r| is_in(r.t))
                        .map(|r| Reading {
                            message: (r.message + 1).min(last),
                            ..*r
                        })
                        .collect();
                    series.extend(again);
                    // Stable: within a message as before.
                    series.sort_by_key(|r| r.message);
                }
            }
        }
        (_, Some(index)) => {
            let channel = &mut window.channels[index];
            plant_values(channel, dice, &mut planted)?;
        }
        (_, None) => return None,
    }
    Some(planted)
}

fn each(window: &mut Window, device: usize, mut change: impl FnMut(&mut Reading)) {
    for channel in &mut window.channels {
        channel
            .series
            .get_mut(device)
            .into_iter()
            .flat_map(|series| series.iter_mut())
            .for_each(&mut change);
    }
}

/// Faults of the values of one quantity.
fn plant_values(channel: &mut Channel, dice: &mut Dice, planted: &mut Planted) -> Option<()> {
    let (from, to) = (planted.from, planted.to);
    let is_in = |r: &Reading| (from..to).contains(&r.t);
    let (min, max, nature) = (channel.min, channel.max, channel.nature);
    let conversions = channel.conversions.clone();
    let series = channel.series.get_mut(planted.device)?;
    let first = series.iter().find(|r| is_in(r))?.value;
    let steps = series
        .windows(2)
        .map(|w| (w[1].value - w[0].value).abs())
        .filter(|s| *s > 0.0);
    let largest = quantile(&mut steps.collect::<Vec<_>>(), 0.95)?;
    match planted.kind {
        Kind::Stuck => {
            planted.magnitude = first;
            let changes = series
                .windows(2)
                .filter(|w| is_in(&w[0]) && w[0].value.to_bits() != w[1].value.to_bits());
            planted.is_stated = changes.count() >= CHANGES;
            series
                .iter_mut()
                .filter(|r| is_in(r))
                .for_each(|r| r.value = first);
        }
        Kind::Spike => {
            let sign = dice.sign();
            for reading in series.iter_mut().filter(|r| is_in(r)) {
                if dice.unit() >= SPIKES {
                    continue;
                }
                let size = dice.between(SPIKE.0, SPIKE.1) * largest;
                let up = reading.value + sign * size;
                // What leaves the range is stopped at the door.
                let spiked = if (min..=max).contains(&up) {
                    up
                } else {
                    reading.value - sign * size
                };
                if (min..=max).contains(&spiked) {
                    reading.value = spiked;
                    planted.records.push((reading.t, true));
                    planted.magnitude = planted.magnitude.max(size);
                }
            }
            planted.records.sort_unstable();
            planted.records.dedup();
        }
        Kind::Drift => {
            let sizes: Vec<f64> = series.iter().map(|r| r.value).collect();
            let level = median(&mut sizes.clone())?;
            let a_day = dice.sign() * dice.between(0.4, 0.6);
            // Of a quantity whose zero is a convention: so many times its usual swing.
            let swing =
                (quantile(&mut sizes.clone(), 0.9)? - quantile(&mut sizes.clone(), 0.1)?).max(largest);
            planted.magnitude = if nature == Nature::Ratio {
                a_day
            } else {
                a_day * 2.0 * swing
            };
            for reading in series.iter_mut().filter(|r| is_in(r)) {
                let days = (reading.t - from) as f64 / (24 * HOUR) as f64;
                if nature == Nature::Ratio {
                    reading.value *= 1.0 + a_day * days;
                } else {
                    reading.value += planted.magnitude * days;
                }
            }
            planted.is_stated = level.abs() > 0.0;
        }
        Kind::UnitChange => {
            if conversions.is_empty() {
                return None;
            }
            let unit = conversions[dice.below(conversions.len())];
            planted.magnitude = if unit.offset == 0.0 {
                unit.factor
            } else {
                unit.offset
            };
            series
                .iter_mut()
                .filter(|r| is_in(r))
                .for_each(|r| r.value = r.value * unit.factor + unit.offset);
        }
        _ => return None,
    }
    Some(())
}
