//! What should have come once and came never or twice.

use super::clock::WrongClock;
use super::finding::{Finding, Kind, confidence};
use super::line::{right_time, step};
use super::robust::{median, stretches};
use super::window::{Channel, Window};

/// False alarms of one kind that a window may have by chance, of all devices together.
pub(super) const CHANCE: f64 = 0.01;
/// A reading is missing by chance at least so often.
const MISSING: f64 = 0.03;
/// A reading comes twice by chance so often, and by fault so often.
const TWICE: (f64, f64) = (0.02, 0.8);
/// Above this share of readings that come more than once it is the manner of the feed, such as a table that is sent whole
/// again and again.
const MANNER: f64 = 0.3;
/// Fewest missing readings in a row.
const LEAST_MISSING: i64 = 3;
/// A block that comes again holds at least so many readings and different values, and so much surprise (nats).
const BLOCK: (usize, usize, f64) = (12, 6, 40.0);

/// When the readings of a device were due, and how often each came.
struct Arrivals {
    times: Vec<i64>,
    copies: Vec<u32>,
}

fn arrivals(window: &Window, device: usize, clocks: &[&WrongClock]) -> Arrivals {
    let mut all: Vec<(i64, u32)> = Vec::new();
    for channel in &window.channels {
        let Some(series) = channel.series.get(device) else {
            continue;
        };
        let mut times: Vec<i64> = series.iter().map(|r| right_time(r, clocks)).collect();
        times.sort_unstable();
        all.extend(
            times
                .chunk_by(|a, b| a == b)
                .map(|same| (same[0], same.len() as u32)),
        );
    }
    // Of the quantities the one that came most often.
    all.sort_unstable_by_key(|(t, copies)| (*t, std::cmp::Reverse(*copies)));
    all.dedup_by_key(|(t, _)| *t);
    Arrivals {
        times: all.iter().map(|a| a.0).collect(),
        copies: all.iter().map(|a| a.1).collect(),
    }
}

/// Silences, and readings that come more than once.
pub(super) fn find(window: &Window, clocks: &[WrongClock]) -> Vec<Finding> {
    let devices: Vec<(Vec<&WrongClock>, Arrivals)> = (0..window.devices.len())
        .map(|device| {
            let own: Vec<&WrongClock> = clocks.iter().filter(|c| c.device == device).collect();
            let arrivals = arrivals(window, device, &own);
            (own, arrivals)
        })
        .collect();
    let readings: usize = devices.iter().map(|(_, a)| a.times.len()).sum();
    let least = (readings.max(1) as f64 / CHANCE).ln();
    let mut shares: Vec<f64> = devices
        .iter()
        .filter(|(_, a)| !a.times.is_empty())
        .map(|(_, a)| a.copies.iter().filter(|c| **c > 1).count() as f64 / a.times.len() as f64)
        .collect();
    let sends_again = median(&mut shares).unwrap_or(0.0) > MANNER;
    let mut found = Vec::new();
    for (device, (clocks, arrivals)) in devices.iter().enumerate() {
        silences(window, device, clocks, &arrivals.times, least, &mut found);
        if !sends_again {
            doubles(device, clocks, arrivals, least, &mut found);
        }
    }
    found
}

fn silences(
    window: &Window,
    device: usize,
    clocks: &[&WrongClock],
    times: &[i64],
    least: f64,
    found: &mut Vec<Finding>,
) {
    let Some(step) = step(times) else { return };
    let missing = |gap: i64| (gap as f64 / step as f64).round() as i64 - 1;
    // How often one is missing, long silences left out.
    let short: Vec<i64> = times
        .windows(2)
        .map(|w| missing(w[1] - w[0]))
        .filter(|m| *m < 10)
        .collect();
    let lost: i64 = short.iter().sum();
    let share = (lost as f64 / (lost + short.len() as i64 + 1) as f64).clamp(MISSING, 0.9);
    // Up to the end of the window, too: who fell silent has not come back.
    let last = times.last().map(|last| (*last, window.to.max(*last)));
    let gaps = times.windows(2).map(|w| (w[0], w[1])).chain(last);
    for (before, after) in gaps {
        // What is late from before the window says nothing of the time before it.
        let before = before.max(window.from - step);
        let count = missing(after - before);
        let evidence = count as f64 * (1.0 / share).ln();
        let is_explained = clocks.iter().any(|c| c.is_near(before) || c.is_near(after));
        if count >= LEAST_MISSING && evidence >= least && !is_explained {
            found.push(Finding {
                device,
                channel: None,
                kind: Kind::Gap,
                from: before + step,
                to: after - step,
                magnitude: count as f64,
                confidence: confidence(evidence, least),
                records: Vec::new(),
            });
        }
    }
}

fn doubles(device: usize, clocks: &[&WrongClock], arrivals: &Arrivals, least: f64, found: &mut Vec<Finding>) {
    let (chance, fault) = TWICE;
    let (twice, once) = ((fault / chance).ln(), ((1.0 - fault) / (1.0 - chance)).ln());
    let scores: Vec<f64> = arrivals
        .times
        .iter()
        .zip(&arrivals.copies)
        .map(|(t, copies)| {
            let is_twice = *copies > 1 && !clocks.iter().any(|c| c.is_near(*t));
            if is_twice { twice } else { once }
        })
        .collect();
    for stretch in stretches(&scores, least) {
        let copies = &arrivals.copies[stretch.first..=stretch.last];
        found.push(Finding {
            device,
            channel: None,
            kind: Kind::Duplicate,
            from: arrivals.times[stretch.first],
            to: arrivals.times[stretch.last],
            magnitude: copies.iter().map(|c| f64::from(*c)).sum::<f64>() / copies.len() as f64,
            confidence: confidence(stretch.sum, least),
            records: Vec::new(),
        });
    }
}

/// Blocks of values that come again under later times: a logger that sends its memory once more with new stamps.
pub(super) fn blocks(
    channel: &Channel,
    index: usize,
    device: usize,
    line: &[super::line::Point],
) -> Vec<Finding> {
    use std::collections::HashMap;
    let (length, different, surprise) = BLOCK;
    let mut found: Vec<Finding> = Vec::new();
    if line.len() < 2 * length || channel.series.len() <= device {
        return found;
    }
    let mut often: HashMap<u64, f64> = HashMap::new();
    for point in line {
        *often.entry(point.value.to_bits()).or_default() += 1.0;
    }
    let of = |i: usize| (line.len() as f64 / often[&line[i].value.to_bits()]).ln();
    let hash = |at: usize| {
        line[at..at + length]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, p| {
                (h ^ p.value.to_bits())
                    .wrapping_mul(0x0100_0000_01b3)
                    .rotate_left(17)
            })
    };
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let mut at = 0;
    while at + length <= line.len() {
        let Some(first) = seen.get(&hash(at)).copied().filter(|f| f + length <= at) else {
            seen.entry(hash(at)).or_insert(at);
            at += 1;
            continue;
        };
        let count = (0..(line.len() - at).min(at - first))
            .take_while(|i| line[first + i].value.to_bits() == line[at + i].value.to_bits())
            .count();
        let mut values: Vec<u64> = line[at..at + count].iter().map(|p| p.value.to_bits()).collect();
        values.sort_unstable();
        values.dedup();
        let evidence: f64 = (at..at + count).map(of).sum();
        if count >= length && values.len() >= different && evidence >= surprise {
            found.push(Finding {
                device,
                channel: Some(index),
                kind: Kind::Duplicate,
                from: line[at].t,
                to: line[at + count - 1].t,
                magnitude: 2.0,
                confidence: confidence(evidence, surprise),
                records: Vec::new(),
            });
            at += count;
        } else {
            at += 1;
        }
    }
    found
}
