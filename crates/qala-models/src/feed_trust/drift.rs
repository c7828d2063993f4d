//! Devices that leave the others slowly.

use super::expect::Expected;
use super::finding::{Finding, Kind, confidence};
use super::window::{HOUR, Nature};

/// A drift that lasts less is not told from the weather, h.
pub const LEAST_HOURS: usize = 14;
/// Fewest hours with a mean in it.
const MEANS: usize = 10;
/// What is multiplied must gain or lose this share in all.
pub const LEAST_SHARE: f64 = 0.22;
/// The slope over its error, the memory of departures reckoned in.
const LEAST: f64 = 6.0;
/// What the ramp leaves of the squares, as a share of what was there, and of what the best step leaves.
const LEFT: f64 = 0.5;

/// An hour, ready for sums.
#[derive(Clone, Copy)]
struct Hour {
    /// Departure from the expected, in usual departures.
    departure: f64,
    /// What a drift of one a day gains in an hour, in usual departures.
    gain: f64,
}

/// What drifts in an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Something is added to what it shows.
    Offset,
    /// What it shows is multiplied.
    Gain,
}

/// A drift of one device in one quantity, if there is one. Where zero is a convention both the offset and the gain may drift;
/// what explains more is told.
pub(super) fn find(
    from: i64,
    nature: Nature,
    place: (usize, usize),
    means: &[f64],
    expected: &Expected,
) -> Option<Finding> {
    let parts: &[Part] = if nature == Nature::Ratio {
        &[Part::Gain]
    } else {
        &[Part::Offset, Part::Gain]
    };
    let drifts = parts
        .iter()
        .filter_map(|part| find_of(*part, from, nature, place, means, expected));
    drifts.max_by(|a, b| a.confidence.total_cmp(&b.confidence))
}

/// The ramp that explains most, among all beginnings and ends (a generalised likelihood ratio; Lai, J. R. Statist. Soc. B 57,
/// 1995).
fn find_of(
    part: Part,
    from: i64,
    nature: Nature,
    (index, device): (usize, usize),
    means: &[f64],
    expected: &Expected,
) -> Option<Finding> {
    let floor = 0.25 * expected.level.abs();
    let hours: Vec<Option<Hour>> = means
        .iter()
        .zip(&expected.mean)
        .zip(&expected.scatter)
        .map(|((is, should), scatter)| {
            let unit = if part == Part::Gain { *should } else { 1.0 };
            let is_known = is.is_finite() && should.is_finite() && *scatter > 0.0;
            (is_known && (nature != Nature::Ratio || *should > floor)).then(|| Hour {
                departure: (is - should) / scatter,
                gain: unit / scatter / 24.0,
            })
        })
        .collect();
    // An error that stays for hours counts as fewer hours.
    let inflation = ((1.0 + expected.memory) / (1.0 - expected.memory)).sqrt();
    let mut best: Option<(f64, usize, usize, f64)> = None;
    for first in 0..hours.len() {
        let (mut xx, mut xy, mut count) = (0.0, 0.0, 0);
        for (last, hour) in hours.iter().enumerate().skip(first) {
            let Some(hour) = hour else { continue };
            let x = hour.gain * (last - first) as f64;
            xx += x * x;
            xy += x * hour.departure;
            count += 1;
            if last - first < LEAST_HOURS || count < MEANS || xx <= 0.0 {
                continue;
            }
            let evidence = xy.abs() / xx.sqrt() / inflation;
            if best.is_none_or(|b| evidence > b.0) {
                best = Some((evidence, first, last, xy / xx));
            }
        }
    }
    let (evidence, first, last, slope) = best.filter(|b| b.0 >= LEAST)?;
    let drifting: Vec<(f64, Hour)> = (first..=last)
        .filter_map(|h| hours[h].map(|hour| ((h - first) as f64, hour)))
        .collect();
    let whole: f64 = drifting.iter().map(|(_, h)| h.departure * h.departure).sum();
    let ramp: f64 = drifting
        .iter()
        .map(|(x, h)| (h.departure - slope * h.gain * x).powi(2))
        .sum();
    // A step has two levels, before and after the hour at which it comes.
    let step = (0..drifting.len())
        .map(|cut| {
            let (before, after) = drifting.split_at(cut);
            [before, after].map(|side| {
                let gg: f64 = side.iter().map(|(_, h)| h.gain * h.gain).sum();
                let gd: f64 = side.iter().map(|(_, h)| h.gain * h.departure).sum();
                let dd: f64 = side.iter().map(|(_, h)| h.departure * h.departure).sum();
                if gg > 0.0 { dd - gd * gd / gg } else { dd }
            })
        })
        .map(|[a, b]| a + b)
        .fold(f64::INFINITY, f64::min);
    let total = slope * (last - first) as f64 / 24.0;
    let is_large = part == Part::Offset || total.abs() >= LEAST_SHARE;
    // Told in units where zero is a convention.
    let scale = if nature != Nature::Ratio && part == Part::Gain {
        expected.level
    } else {
        1.0
    };
    (ramp <= LEFT * whole && ramp <= step && is_large).then(|| Finding {
        device,
        channel: Some(index),
        kind: Kind::Drift,
        from: from + first as i64 * HOUR,
        to: from + (last as i64 + 1) * HOUR,
        magnitude: slope * scale,
        confidence: confidence(evidence, LEAST),
        records: Vec::new(),
    })
}
