//! Readings as they are sent: what the devices show, with the planted faults, cut into messages.

use std::fmt::Write;
use std::sync::Arc;

use super::Shape;
use super::faults::{
    CORRECTED_S, DAYS_BACK, DOUBLE_S, EPISODE_DOUBLE_S, EpisodeDay, EpisodeKind, Fate, LATE_S, PLANNED,
    TAKEN_BACK_S,
};
use super::feed::Feed;
use super::instruments::{CHANNELS, Memory, Scene, channels, period, standing};
use crate::clock::SECOND;
use crate::fixed::Fixed;

/// A record as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) device: usize,
    /// The time that it names, µs: not that of the measurement when the clock is wrong.
    pub(super) written: i64,
    /// The channel whose number is impossible.
    pub(super) impossible: Option<usize>,
    pub(super) values: [Option<Fixed>; CHANNELS],
}

/// Whether a corrected record is meant as it first was or as it is in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    First,
    Final,
}

/// Days of episodes that can stand at an instant of `from` to `to`.
pub(super) fn episode_days(
    shape: &Shape,
    memory: &mut Memory,
    feed: Feed,
    from: i64,
    to: i64,
) -> Vec<Arc<EpisodeDay>> {
    let day = |instant: i64| instant.div_euclid(86_400 * SECOND);
    let mut days = vec![memory.episodes(shape, feed, PLANNED)];
    for index in day(from) - DAYS_BACK..=day(to) {
        days.push(memory.episodes(shape, feed, index));
    }
    days
}

/// Instants of readings from `from` (included) to `to` (excluded).
pub(super) fn instants(feed: Feed, from: i64, to: i64) -> impl Iterator<Item = i64> {
    let step = period(feed);
    let first = from.div_euclid(step) * step;
    let first = if first < from { first + step } else { first };
    (first..to).step_by(step as usize)
}

/// Readings of one feed.
pub(super) struct Desk<'a> {
    shape: &'a Shape,
    feed: Feed,
}

impl<'a> Desk<'a> {
    pub(super) fn new(shape: &'a Shape, feed: Feed) -> Self {
        Self { shape, feed }
    }

    /// The record of a device at an instant, as it is sent; none when the device is silent.
    pub(super) fn record(
        &self,
        memory: &mut Memory,
        scene: &Scene,
        days: &[Arc<EpisodeDay>],
        device: usize,
        fate: Fate,
        version: Version,
    ) -> Option<Record> {
        let (shape, feed, t) = (self.shape, self.feed, scene.instant);
        if !shape.is_installed(feed, device, t) {
            return None;
        }
        let mut shown = shape.shown(scene, feed, device);
        let mut written = t;
        for episode in standing(days, device, t) {
            let mut held = None;
            match episode.kind {
                EpisodeKind::Gap => return None,
                EpisodeKind::ClockShift => written += episode.magnitude as i64 * SECOND,
                EpisodeKind::Duplicate => {}
                EpisodeKind::Stuck => {
                    let start = instants(feed, episode.from, i64::MAX).next().unwrap_or(t);
                    let scene = shape.scene(memory, feed, start);
                    held = Some(shape.shown(&scene, feed, device));
                }
                EpisodeKind::Spike if !shape.faults.is_spike(device, t) => {}
                EpisodeKind::Drift
                | EpisodeKind::Spike
                | EpisodeKind::UnitChange
                | EpisodeKind::Retraction => {
                    let factor = match episode.kind {
                        EpisodeKind::Drift => {
                            1.0 + episode.magnitude * (t - episode.from) as f64 / (86_400 * SECOND) as f64
                        }
                        _ => episode.magnitude,
                    };
                    for (channel, value) in shown.iter_mut().enumerate() {
                        if episode.channel.is_none_or(|c| c == channel) {
                            *value = value.map(|v| v * factor);
                        }
                    }
                }
            }
            if let Some(held) = held {
                for (channel, value) in shown.iter_mut().enumerate() {
                    if episode.channel.is_none_or(|c| c == channel) {
                        *value = held[channel];
                    }
                }
            }
        }
        let mut values = [None; CHANNELS];
        let mut impossible = None;
        let bad = (device + (t / period(feed)) as usize) % channels(feed).len().max(1);
        for (index, channel) in channels(feed).iter().enumerate() {
            let Some(mut value) = shown[index] else { continue };
            if fate == Fate::Impossible && index == bad {
                values[index] = Some(Fixed::round(channel.impossible, channel.digits));
                impossible = Some(index);
                continue;
            }
            if matches!(fate, Fate::Corrected(_)) && version == Version::First {
                value = if channel.quantity == "wind_from" {
                    (value + 90.0).rem_euclid(360.0)
                } else {
                    value * 2.0 + 7.0
                };
            }
            values[index] = Some(Fixed::round(value * channel.factor, channel.digits));
        }
        Some(Record {
            device,
            written,
            impossible,
            values,
        })
    }

    /// Everything sent from `from` (included) to `to` (excluded), µs: first what is new, then what is late, then what is sent
    /// again.
    pub(super) fn sent(&self, memory: &mut Memory, from: i64, to: i64) -> Vec<Record> {
        let (shape, feed) = (self.shape, self.feed);
        let devices = shape.devices(feed);
        let mut out = Vec::new();
        let days = episode_days(shape, memory, feed, from, to);
        for t in instants(feed, from, to) {
            let scene = shape.scene(memory, feed, t);
            for device in 0..devices {
                let fate = shape.faults.fate(feed, device, t);
                if !matches!(fate, Fate::Late(_) | Fate::Missing) {
                    out.extend(self.record(memory, &scene, &days, device, fate, Version::First));
                }
            }
        }
        for delay in LATE_S {
            self.again(memory, (from, to), delay, &mut out, |fate, _| {
                fate == Fate::Late(delay)
            });
        }
        for delay in DOUBLE_S {
            self.again(memory, (from, to), delay, &mut out, |fate, _| {
                fate == Fate::Double(delay)
            });
        }
        for delay in CORRECTED_S {
            self.again(memory, (from, to), delay, &mut out, |fate, _| {
                fate == Fate::Corrected(delay)
            });
        }
        self.again(memory, (from, to), EPISODE_DOUBLE_S, &mut out, |fate, twice| {
            twice && !matches!(fate, Fate::Late(_) | Fate::Missing | Fate::Double(_))
        });
        out
    }

    /// Adds what was measured `delay` seconds before and is chosen by its fate and by whether its device sends all twice.
    fn again(
        &self,
        memory: &mut Memory,
        (from, to): (i64, i64),
        delay: i64,
        out: &mut Vec<Record>,
        chosen: impl Fn(Fate, bool) -> bool,
    ) {
        let (shape, feed) = (self.shape, self.feed);
        let (from, to) = (from - delay * SECOND, to - delay * SECOND);
        let days = episode_days(shape, memory, feed, from, to);
        let mut twice: Vec<usize> = days
            .iter()
            .flat_map(|d| d.all())
            .filter(|e| e.kind == EpisodeKind::Duplicate)
            .map(|e| e.device)
            .collect();
        twice.sort_unstable();
        for t in instants(feed, from, to) {
            let mut scene = None;
            for device in 0..shape.devices(feed) {
                let fate = shape.faults.fate(feed, device, t);
                let double = twice.binary_search(&device).is_ok()
                    && standing(&days, device, t).any(|e| e.kind == EpisodeKind::Duplicate);
                if chosen(fate, double) {
                    if scene.is_none() {
                        scene = Some(shape.scene(memory, feed, t));
                    }
                    if let Some(scene) = &scene {
                        out.extend(self.record(memory, scene, &days, device, fate, Version::Final));
                    }
                }
            }
        }
    }

    /// What was measured before an instant, µs, and is corrected at it or later: as it is in the end.
    pub(super) fn corrected(&self, memory: &mut Memory, instant: i64) -> Vec<Record> {
        let mut out = Vec::new();
        for delay in CORRECTED_S {
            let window = (instant, instant + delay * SECOND);
            self.again(memory, window, delay, &mut out, |fate, _| {
                fate == Fate::Corrected(delay)
            });
        }
        out
    }

    /// Everything taken back from `from` (included) to `to` (excluded), µs.
    pub(super) fn taken_back(&self, memory: &mut Memory, from: i64, to: i64) -> Vec<Record> {
        let (shape, feed) = (self.shape, self.feed);
        let after = TAKEN_BACK_S * SECOND;
        let days = episode_days(shape, memory, feed, from - after, to);
        let mut out = Vec::new();
        for episode in days.iter().flat_map(|d| d.all()) {
            let at = episode.to + after;
            if episode.kind != EpisodeKind::Retraction || at < from || at >= to {
                continue;
            }
            let all = episode_days(shape, memory, feed, episode.from, episode.to);
            for t in instants(feed, episode.from, episode.to) {
                let fate = shape.faults.fate(feed, episode.device, t);
                // What has not come yet, or was never let in, cannot be taken back.
                let is_there = match fate {
                    Fate::Missing | Fate::Impossible => false,
                    Fate::Late(delay) => t + delay * SECOND < from,
                    _ => true,
                };
                if is_there {
                    let scene = shape.scene(memory, feed, t);
                    out.extend(self.record(memory, &scene, &all, episode.device, fate, Version::Final));
                }
            }
        }
        out
    }

    /// Records of the source in a message: those of a table, or one for each value.
    pub(super) fn rows(&self, records: &[Record]) -> usize {
        if self.feed == Feed::Traffic {
            return records.len();
        }
        let values = records.iter().map(|r| r.values.iter().flatten().count());
        values.sum()
    }

    /// Records as the bytes of a message.
    pub(super) fn write(&self, records: &[Record]) -> Vec<u8> {
        let (shape, feed) = (self.shape, self.feed);
        // The same instant is written for many devices.
        let (mut last, mut time) = (i64::MIN, String::new());
        let mut stamp = |t: i64| {
            if t != last {
                (last, time) = (t, shape.zone.format(t));
            }
            time.clone()
        };
        let mut text = String::with_capacity(records.len() * 100 + 100);
        if feed == Feed::Traffic {
            text.push_str("detector_id,t,flow_veh_h,speed_km_h\n");
            for record in records {
                let (id, t) = (shape.device_id(feed, record.device), stamp(record.written));
                let _ = write!(text, "{id},{t},");
                if let Some(flow) = record.values[0] {
                    let _ = write!(text, "{flow}");
                }
                let _ = match record.values[1] {
                    Some(speed) => writeln!(text, ",{speed}"),
                    None => writeln!(text, ","),
                };
            }
            return text.into_bytes();
        }
        text.push('[');
        let mut comma = "";
        for record in records {
            let (id, t) = (shape.device_id(feed, record.device), stamp(record.written));
            for (channel, value) in channels(feed).iter().zip(record.values) {
                let Some(value) = value else { continue };
                let _ = write!(
                    text,
                    "{comma}\n{{\"station_id\":\"{id}\",\"t\":\"{t}\",\"quantity\":\"{}\",\"value\":{value},\
                     \"unit\":\"{}\"}}",
                    channel.quantity, channel.unit
                );
                comma = ",";
            }
        }
        text.push_str("\n]\n");
        text.into_bytes()
    }
}
