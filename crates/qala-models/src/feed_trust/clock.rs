//! Clocks that are wrong: the times that a device writes, against those that the others write in the same message.

use super::finding::{Finding, Kind, confidence};
use super::line::step;
use super::robust::{MAD_TO_SIGMA, median};
use super::window::{HOUR, Window};

const SECOND: f64 = 1e6;
/// A clock that is off by less is not reported, s.
pub const LEAST_S: f64 = 120.0;
/// So many messages in a row must say the same …
const LEAST_MESSAGES: usize = 3;
/// … for so long, µs.
const LEAST_LASTS: i64 = HOUR / 2;
/// So many devices in a message make each other a clock; with fewer the time of receipt does.
const PEERS: usize = 3;

/// A device whose clock was wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WrongClock {
    pub(super) device: usize,
    /// First and last message.
    pub(super) messages: (u32, u32),
    /// By how much it was ahead, µs.
    pub(super) ahead: i64,
    /// First and last right time of its readings, µs.
    pub(super) span: (i64, i64),
    evidence: f64,
}

impl WrongClock {
    pub(super) fn finding(&self) -> Finding {
        Finding {
            device: self.device,
            channel: None,
            kind: Kind::ClockShift,
            from: self.span.0,
            to: self.span.1,
            magnitude: self.ahead as f64 / SECOND,
            confidence: confidence(self.evidence, LEAST_MESSAGES as f64),
            records: Vec::new(),
        }
    }

    /// Says whether an instant lies where the wrong clock can have made holes and doubles: messages at its edges may hold
    /// readings of both clocks.
    pub(super) fn is_near(&self, t: i64) -> bool {
        let margin = self.ahead.abs() + 2 * HOUR;
        (self.span.0 - margin..=self.span.1 + margin).contains(&t)
    }
}

/// The newest time that a device wrote in a message.
#[derive(Clone, Copy)]
struct Newest {
    message: u32,
    t: i64,
}

/// By message, the newest time of each message of a device.
fn newest(window: &Window, device: usize) -> Vec<Newest> {
    let mut list: Vec<Newest> = Vec::new();
    for channel in &window.channels {
        for reading in channel.series.get(device).into_iter().flatten() {
            match list.last_mut() {
                Some(last) if last.message == reading.message => last.t = last.t.max(reading.t),
                _ => list.push(Newest {
                    message: reading.message,
                    t: reading.t,
                }),
            }
        }
    }
    list.sort_by_key(|n| (n.message, -n.t));
    list.dedup_by_key(|n| n.message);
    list
}

/// What each message would hold as newest time of a right clock.
fn references(window: &Window, devices: &[Vec<Newest>]) -> Vec<f64> {
    let mut by_message: Vec<Newest> = devices.iter().flatten().copied().collect();
    by_message.sort_by_key(|n| n.message);
    let delays = by_message
        .iter()
        .map(|n| (n.t - window.received[n.message as usize]) as f64);
    let usual_delay = median(&mut delays.collect::<Vec<_>>()).unwrap_or(0.0);
    let mut list: Vec<f64> = window.received.iter().map(|r| *r as f64 + usual_delay).collect();
    let counts = || {
        by_message
            .chunk_by(|a, b| a.message == b.message)
            .map(|same| same.len() as f64)
    };
    let usual_count = median(&mut counts().collect::<Vec<_>>()).unwrap_or(0.0);
    for same in by_message.chunk_by(|a, b| a.message == b.message) {
        // A message of a few stragglers is no clock.
        if same.len() < PEERS && usual_count >= PEERS as f64 || (same.len() as f64) < 0.5 * usual_count {
            list[same[0].message as usize] = f64::NAN;
        } else if same.len() >= PEERS {
            let mut times: Vec<f64> = same.iter().map(|n| n.t as f64).collect();
            if let Some(middle) = median(&mut times) {
                list[same[0].message as usize] = middle;
            }
        }
    }
    list
}

/// The devices whose clocks were wrong, in their order.
pub(super) fn find(window: &Window) -> Vec<WrongClock> {
    let devices: Vec<Vec<Newest>> = (0..window.devices.len()).map(|d| newest(window, d)).collect();
    let references = references(window, &devices);
    let devices: Vec<Vec<Newest>> = devices
        .into_iter()
        .map(|list| {
            list.into_iter()
                .filter(|n| references[n.message as usize].is_finite())
                .collect()
        })
        .collect();
    let offsets: Vec<Vec<f64>> = devices
        .iter()
        .map(|list: &Vec<Newest>| {
            list.iter()
                .map(|n| (n.t as f64 - references[n.message as usize]) / SECOND)
                .collect()
        })
        .collect();
    let mut all: Vec<f64> = offsets.iter().flatten().map(|o| o.abs()).collect();
    let Some(usual) = median(&mut all) else {
        return Vec::new();
    };
    let least = LEAST_S.max(5.0 * MAD_TO_SIGMA * usual);
    let mut found = Vec::new();
    for (device, (list, offsets)) in devices.iter().zip(&offsets).enumerate() {
        let smooth: Vec<f64> = (0..offsets.len())
            .map(|i| {
                median(&mut offsets[i.saturating_sub(2)..(i + 3).min(offsets.len())].to_vec()).unwrap_or(0.0)
            })
            .collect();
        let received: Vec<i64> = list.iter().map(|n| window.received[n.message as usize]).collect();
        let usual_wait = step(&received).unwrap_or(0);
        let mut at = 0;
        while at < smooth.len() {
            let level = smooth[at];
            let is_same = |o: f64| (o - level).abs() <= (0.25 * level.abs()).min(300.0).max(60.0);
            let count = smooth[at..].iter().take_while(|o| is_same(**o)).count();
            if level.abs() < least || count < LEAST_MESSAGES {
                at += count.max(1);
                continue;
            }
            // The smooth line is blunt at its ends; the offsets themselves are sharp.
            let (mut first, mut last) = (at, at + count - 1);
            while first < last && !is_same(offsets[first]) {
                first += 1;
            }
            while first > 0 && is_same(offsets[first - 1]) {
                first -= 1;
            }
            while last > first && !is_same(offsets[last]) {
                last -= 1;
            }
            while last + 1 < offsets.len() && is_same(offsets[last + 1]) {
                last += 1;
            }
            at += count;
            let ahead = median(&mut offsets[first..=last].to_vec()).unwrap_or(level) * SECOND;
            // Behind after as long a silence: what was held back on the way comes late, and its clock is right.
            let silence = first
                .checked_sub(1)
                .map(|before| received[first] - received[before] - usual_wait);
            let is_held_back = ahead < 0.0 && silence.is_some_and(|s| s as f64 >= -0.8 * ahead);
            // Now and then one that is late is no clock either: a wrong clock goes on at the usual pace.
            let lasts = received[last] - received[first];
            let is_steady = (last - first) as f64 * usual_wait as f64 >= 0.5 * lasts as f64;
            if is_held_back || !is_steady || lasts < LEAST_LASTS {
                continue;
            }
            found.push(WrongClock {
                device,
                messages: (list[first].message, list[last].message),
                ahead: ahead as i64,
                span: (list[first].t - ahead as i64, list[last].t - ahead as i64),
                evidence: (last - first + 1) as f64,
            });
        }
    }
    found
}
