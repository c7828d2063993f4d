//! What is true of the full city, kept apart from what it sends: true values, planted faults, sources of the air, and what
//! an import must count.

use super::air::Source;
use super::facts::DISTRICTS;
use super::faults::{DAYS_BACK, EpisodeKind, Fate, PLANNED};
use super::feed::Feed;
use super::incidents::Incident;
use super::instruments::{Memory, channels, period, standing};
use super::readings::{Desk, Version, episode_days, instants};
use super::{Shape, Weather};
use crate::Counts;
use crate::clock::SECOND;
use crate::ledger::Ledger;

/// A planted fault of a device, with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Feed.
    pub feed: Feed,
    /// Id of the device.
    pub device: String,
    /// Quantity; absent: all of the device.
    pub quantity: Option<&'static str>,
    /// Kind.
    pub kind: EpisodeKind,
    /// Size, as the kind says.
    pub magnitude: f64,
    /// First instant, µs since 1970.
    pub from: i64,
    /// Instant after the last, µs since 1970.
    pub to: i64,
}

/// What is true of one value, beside what was sent: the input of every score of a detector of faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Position of the device in its feed.
    pub device: usize,
    /// Quantity.
    pub quantity: &'static str,
    /// When it was measured, µs since 1970.
    pub t: i64,
    /// The time that the record names, µs since 1970.
    pub written: i64,
    /// What was there, in the unit of the dataset.
    pub truth: f64,
    /// What was sent at first, in the unit of the dataset; absent: nothing.
    pub sent: Option<f64>,
    /// What happened to the record.
    pub fate: Fate,
    /// The episode of the device that stood, if any: the first of them.
    pub episode: Option<EpisodeKind>,
}

/// The truth of a city. It remembers what it worked out lately, and no answer depends on that.
#[derive(Debug)]
pub struct CityTruth<'a> {
    pub(super) shape: &'a Shape,
    memory: Memory,
}

impl<'a> CityTruth<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        Self {
            shape,
            memory: Memory::default(),
        }
    }

    /// Ids of the devices of a feed of readings, in their order.
    pub fn devices(&self, feed: Feed) -> Vec<&'a str> {
        let count = if channels(feed).is_empty() {
            0
        } else {
            self.shape.devices(feed)
        };
        (0..count).map(|d| self.shape.device_id(feed, d)).collect()
    }

    /// Quantities of a feed of readings, with the unit in which each is sent.
    pub fn quantities(&self, feed: Feed) -> Vec<(&'static str, &'static str)> {
        channels(feed).iter().map(|c| (c.quantity, c.unit)).collect()
    }

    /// The true value at a device at an instant (µs since 1970), in µg/m³, °C, %, hPa, m/s, degrees, mm in the hour, veh/h or
    /// km/h; none when there is no such device or quantity.
    pub fn value(&mut self, feed: Feed, device: &str, quantity: &str, instant: i64) -> Option<f64> {
        let channel = channels(feed).iter().position(|c| c.quantity == quantity)?;
        let device = self.shape.device(feed, device)?;
        let scene = self.shape.scene(&mut self.memory, feed, instant);
        self.shape.true_values(&scene, feed, device)[channel]
    }

    /// The weather over the city at an instant, µs since 1970.
    pub fn weather(&self, instant: i64) -> Weather {
        self.shape.atmosphere.climate.at(instant)
    }

    /// The sources of PM2.5.
    pub fn sources(&self) -> Vec<Source> {
        self.shape.atmosphere.sources.list()
    }

    /// PM2.5 that a source gives off at an instant (µs since 1970), kg/s.
    pub fn emission_kg_s(&self, source: &Source, instant: i64) -> f64 {
        let usage = self.shape.atmosphere.usage(instant);
        let kind = super::SOURCE_KINDS.iter().position(|k| *k == source.kind);
        kind.map_or(0.0, |k| source.full_kg_s * usage[k])
    }

    /// PM2.5 over a district at an instant (µs since 1970) by kind of source in the order of [`super::SOURCE_KINDS`], µg/m³,
    /// without what flows in from outside; none when the district is not known.
    pub fn contributions(&mut self, district: &str, instant: i64) -> Option<[f64; 4]> {
        let index = DISTRICTS.iter().position(|d| d.id == district)?;
        Some(self.memory.air(self.shape, instant).parts(index, instant))
    }

    /// Coal stoves by cell: id of the cell and number of stoves.
    pub fn stoves(&self) -> Vec<(String, i64)> {
        let cells = self.shape.cells.iter().enumerate();
        cells
            .map(|(i, c)| (format!("SIM-C{:04}", i + 1), c.stoves))
            .collect()
    }

    /// Crashes and breakdowns that stand at some time of a window, µs since 1970.
    pub fn incidents(&self, from: i64, to: i64) -> Vec<Incident> {
        self.shape.incidents.between(self.shape, from, to)
    }

    /// Passengers of a line on a service day (days since 1970), and of them those who paid; none when there is no such line.
    pub fn passengers(&self, route_id: &str, day: i32) -> Option<(i64, i64)> {
        let line = self.shape.transit.lines.iter().position(|l| l.id == route_id)?;
        Some(super::transit::true_passengers(self.shape, line, day))
    }

    /// How many buses are on a run at an instant, µs since 1970.
    pub fn buses(&self, instant: i64) -> usize {
        super::transit::buses(self.shape, instant).len()
    }

    /// The planted faults of devices of a feed that stand at some time of a window, µs since 1970.
    pub fn faults(&mut self, feed: Feed, from: i64, to: i64) -> Vec<Fault> {
        let day = |instant: i64| instant.div_euclid(86_400 * SECOND);
        let mut list = Vec::new();
        for index in std::iter::once(PLANNED).chain(day(from) - DAYS_BACK..=day(to)) {
            let episodes = self.memory.episodes(self.shape, feed, index);
            for episode in episodes.all().filter(|e| e.from < to && e.to > from) {
                list.push(Fault {
                    feed,
                    device: self.shape.device_id(feed, episode.device).to_owned(),
                    quantity: episode.channel.map(|c| channels(feed)[c].quantity),
                    kind: episode.kind,
                    magnitude: episode.magnitude,
                    from: episode.from,
                    to: episode.to,
                });
            }
        }
        list.sort_by(|a, b| (a.from, &a.device).cmp(&(b.from, &b.device)));
        list
    }

    /// What is true of each value measured in a window (µs since 1970), one reading time after the other.
    pub fn labels(&mut self, feed: Feed, from: i64, to: i64, mut each: impl FnMut(Label)) {
        let (shape, memory) = (self.shape, &mut self.memory);
        if channels(feed).is_empty() {
            return;
        }
        let desk = Desk::new(shape, feed);
        for t in instants(feed, from, to) {
            let days = episode_days(shape, memory, feed, t, t);
            let scene = shape.scene(memory, feed, t);
            for device in 0..shape.devices(feed) {
                if !shape.is_installed(feed, device, t) {
                    continue;
                }
                let fate = shape.faults.fate(feed, device, t);
                let truth = shape.true_values(&scene, feed, device);
                let record = match fate {
                    Fate::Missing => None,
                    _ => desk.record(memory, &scene, &days, device, fate, Version::First),
                };
                for (index, channel) in channels(feed).iter().enumerate() {
                    let Some(truth) = truth[index] else { continue };
                    let sent = record.as_ref().and_then(|r| r.values[index]);
                    each(Label {
                        device,
                        quantity: channel.quantity,
                        t,
                        written: record.as_ref().map_or(t, |r| r.written),
                        truth,
                        sent: sent.map(|s| s.value() / channel.factor),
                        fate,
                        episode: standing(&days, device, t)
                            .find(|e| e.channel.is_none_or(|c| c == index))
                            .map(|e| e.kind),
                    });
                }
            }
        }
    }

    /// What importing the messages of a feed of readings from `from` (included) to `to` (excluded) must report, when nothing
    /// was there before and nothing is taken back. `from` and `to` are times of messages of the hour, µs since 1970.
    pub fn counts(&mut self, feed: Feed, from: i64, to: i64) -> Counts {
        let mut ledger: Ledger<(usize, usize, i64), (i64, u8)> = Ledger::new();
        if channels(feed).is_empty() {
            return ledger.counts;
        }
        let desk = Desk::new(self.shape, feed);
        let hour = period(feed).max(3600 * SECOND);
        let mut at = from;
        while at < to {
            for record in desk.sent(&mut self.memory, at, (at + hour).min(to)) {
                ledger.record();
                for (index, value) in record.values.iter().enumerate() {
                    let Some(value) = value else { continue };
                    if record.impossible == Some(index) {
                        ledger.bad();
                    } else {
                        ledger.good(
                            (record.device, index, record.written),
                            (value.units, value.digits),
                        );
                    }
                }
            }
            at += hour;
        }
        ledger.counts
    }
}
