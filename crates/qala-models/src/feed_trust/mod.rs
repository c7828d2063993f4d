//! How far a feed can be trusted: what its devices sent in the last days, held against what they usually send and against
//! each other.
//!
//! What belongs here: finding faults in readings, planting faults in a copy of them, counting how many of the planted ones
//! are found, and the shares of readings that came and that can be. What does not: where readings come from, the wall
//! clock, and what is done about a fault.

mod clock;
mod drift;
mod expect;
mod finding;
mod line;
mod measure;
mod plant;
mod presence;
mod robust;
mod score;
mod spike;
mod stuck;
mod unit;
mod window;

#[cfg(test)]
mod tests;

pub use clock::LEAST_S as CLOCK_LEAST_S;
pub use drift::{LEAST_HOURS as DRIFT_LEAST_HOURS, LEAST_SHARE as DRIFT_LEAST_SHARE};
pub use finding::{Finding, Kind};
pub use measure::{Measures, measure};
pub use plant::{Planted, plant};
pub use score::{Score, score};
pub use window::{Channel, Conversion, HOUR, Nature, Reading, Series, Window, conversions};

use line::{Point, State};

use crate::Card;

/// Finds what is wrong with the devices of a feed, by device, quantity and time.
pub fn judge(window: &Window) -> Vec<Finding> {
    let clocks = clock::find(window);
    let mut findings: Vec<Finding> = clocks.iter().map(clock::WrongClock::finding).collect();
    findings.extend(presence::find(window, &clocks));
    for (index, channel) in window.channels.iter().enumerate() {
        let mut lines: Vec<Vec<Point>> = (0..window.devices.len())
            .map(|device| {
                let own: Vec<&clock::WrongClock> = clocks.iter().filter(|c| c.device == device).collect();
                line::settle(channel, device, &own)
            })
            .collect();
        for (device, line) in lines.iter().enumerate() {
            findings.extend(presence::blocks(channel, index, device, line));
        }
        let hours = window.hours();
        let mut expected = Vec::new();
        if channel.nature != Nature::Circular {
            let now: Vec<Vec<f64>> = lines
                .iter()
                .map(|line| line::hourly(line, window.from, hours))
                .collect();
            expected = expect::expect(channel, window.from, &lines, &now);
            let spikes = spike::find(window, index, &lines, &expected);
            mark(&mut lines, &spikes);
            findings.extend(spikes);
            for (device, expected) in lively(&expected) {
                let units = unit::find(window, index, device, &lines[device], expected);
                mark(&mut lines, &units);
                findings.extend(units);
            }
        }
        // In a unit a thousand times as large, rounded, values repeat: what is of another unit is not stuck.
        let stuck = stuck::find(window, index, &lines);
        mark(&mut lines, &stuck);
        findings.extend(stuck);
        for (device, expected) in lively(&expected) {
            let now = line::hourly(&lines[device], window.from, hours);
            findings.extend(drift::find(
                window.from,
                channel.nature,
                (index, device),
                &now,
                expected,
            ));
        }
    }
    findings.sort_by_key(|f| (f.device, f.channel, f.from, f.kind));
    findings
}

/// The devices of which something is expected that does not mostly rest at one value.
fn lively(expected: &[Option<expect::Expected>]) -> impl Iterator<Item = (usize, &expect::Expected)> {
    let known = expected.iter().enumerate();
    known.filter_map(|(device, expected)| Some((device, expected.as_ref().filter(|e| !e.rests)?)))
}

/// Marks the readings of findings, so that nothing else is made of them.
fn mark(lines: &mut [Vec<Point>], findings: &[Finding]) {
    for finding in findings {
        for point in &mut lines[finding.device] {
            let is_in = if finding.records.is_empty() {
                (finding.from..=finding.to).contains(&point.t)
            } else {
                finding.records.binary_search(&point.t).is_ok()
            };
            if is_in {
                point.state = State::Faulty;
            }
        }
    }
}

/// The card of this model.
pub const CARD: Card = Card {
    id: "feed_trust",
    purpose: "Faults of devices in two days of readings of a feed: stuck, drift, spike, clock shift, duplicate, unit change, \
              gap; and how well they are found, measured on a copy with planted ones.",
    method: "Clock: the newest time a device writes in a message against the median of the others. Duplicate: cumulative sum \
             (Page) over readings that come once or twice; blocks of values that come again. Gap: a silence too long for the \
             usual losses. Stuck: a run of equal values too long for how often values repeat at this hour, here on the other \
             day, at the other devices, and here at this level. Spike: beyond the medians of three readings before and after, in \
             what it shows and in what is left of it beside the expected, by 8 times the scatter around and 4.5 times what 90 of \
             100 departures reach, unless a fifth of the others do the same. Expected: \
             median of straight lines from the nine devices that went most alike in the seven days before, by the hour. Unit: \
             cumulative sum of the likelihood of a known factor against none. Drift: the ramp of gain, or where zero is a \
             convention of gain or offset, that explains most (generalised likelihood ratio), at least 6 errors wide with the \
             memory of departures reckoned in, better than any step.",
    assumptions: &[
        "Stated sizes, the least that is asked for: stuck 4 h and 12 readings (12 h at one reading an hour), drift of 40 % a \
         day for 20 h, spike of six times what 85 of 100 of the device's own steps reach, clock off by 7 min for 4 h, \
         duplicates for 4 h and 12 readings, another unit for 8 h, silence of 4 h and 12 readings.",
        "Thresholds were chosen on seeds 1 to 20 of the seeded city, what goes wrong in December was looked at on seeds 45 to 50; \
         scores are of seeds 201, 202 and 203, looked at once.",
        "The unit of counting is the episode: device, quantity, kind, and half of the shorter stretch of time in common; of \
         spikes the single reading. A finding of another kind than the planted one is wrong.",
        "Most devices of a feed are right at any time.",
    ],
    limits: &[
        "Drift and unit are told only where two other devices went alike (correlation above 0.5), never of directions, and \
         neither they nor spikes of what mostly rests at one value, like rain. Real air differs from street to street: there few drifts of a day are found, and \
         the score on the copy says so.",
        "A drift of gain slower than 22 % in two days is not seen, nor a value that stands still for less than two hours.",
        "A factor below 4.5 must last 6 h and begin and end from one reading to the next.",
        "A unit in which, rounded, one or two values are left looks stuck. A limit of detection that is sent as a value does too.",
        "Exact copies are seen only where the messages themselves are read; values out of range only there as well.",
        "A fault that is older than the window and its week before is taken for usual.",
    ],
};
