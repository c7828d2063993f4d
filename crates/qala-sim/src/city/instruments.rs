//! Devices that measure at even steps: what is true at each, and what each shows when nothing is wrong with it.

use std::sync::Arc;

use super::Shape;
use super::air::{AirDay, Pollutant, concentration};
use super::dice::{Dice, normal};
use super::faults::{Episode, EpisodeDay};
use super::feed::Feed;
use super::incidents::Incident;
use super::stations::Station;
use super::traffic;
use super::weather::Weather;
use crate::clock::SECOND;

/// Most channels of a device.
pub(super) const CHANNELS: usize = 6;
/// Values of the channels of a device at one instant; absent where it has none.
pub(super) type Values = [Option<f64>; CHANNELS];

/// One quantity that a device sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    /// The word in the data.
    pub(super) quantity: &'static str,
    /// Unit as sent.
    pub(super) unit: &'static str,
    /// The sent number for one in the unit of the truth.
    pub(super) factor: f64,
    /// Digits after the point.
    pub(super) digits: u8,
    /// A number that no check lets through.
    pub(super) impossible: f64,
}

const fn channel(
    quantity: &'static str,
    unit: &'static str,
    factor: f64,
    digits: u8,
    impossible: f64,
) -> Channel {
    Channel {
        quantity,
        unit,
        factor,
        digits,
        impossible,
    }
}

/// What loggers write for "no value".
const NO_VALUE: f64 = -999.0;

/// Official posts write mg/m³ (CITY-FACTS section 8).
const POST: [Channel; 6] = [
    channel("pm25", "mg/m3", 1e-3, 4, NO_VALUE),
    channel("pm10", "mg/m3", 1e-3, 4, NO_VALUE),
    channel("no2", "mg/m3", 1e-3, 4, NO_VALUE),
    channel("so2", "mg/m3", 1e-3, 4, NO_VALUE),
    channel("co", "mg/m3", 1e-3, 4, NO_VALUE),
    channel("o3", "mg/m3", 1e-3, 4, NO_VALUE),
];
const POLLUTANTS: [Pollutant; 6] = [
    Pollutant::Pm25,
    Pollutant::Pm10,
    Pollutant::No2,
    Pollutant::So2,
    Pollutant::Co,
    Pollutant::O3,
];
const SENSOR: [Channel; 3] = [
    channel("pm25", "ug/m3", 1.0, 1, NO_VALUE),
    channel("pm10", "ug/m3", 1.0, 1, NO_VALUE),
    channel("temperature", "Cel", 1.0, 1, NO_VALUE),
];
const WEATHER: [Channel; 6] = [
    channel("temperature", "Cel", 1.0, 1, NO_VALUE),
    channel("humidity", "%", 1.0, 0, NO_VALUE),
    channel("pressure", "hPa", 1.0, 1, NO_VALUE),
    channel("wind_speed", "m/s", 1.0, 1, NO_VALUE),
    channel("wind_from", "deg", 1.0, 0, NO_VALUE),
    channel("rain", "mm", 1.0, 1, NO_VALUE),
];
const TRAFFIC: [Channel; 2] = [
    channel("flow", "veh/h", 1.0, 0, 999_960.0),
    channel("speed", "km/h", 1.0, 1, 999.0),
];

/// The channels of a feed; none when it is no feed of readings.
pub(super) fn channels(feed: Feed) -> &'static [Channel] {
    match feed {
        Feed::Posts => &POST,
        Feed::Sensors => &SENSOR,
        Feed::Weather => &WEATHER,
        Feed::Traffic => &TRAFFIC,
        _ => &[],
    }
}

/// µs between two readings: posts every 20 minutes, detectors every minute, sensors faster than posts (CITY-FACTS
/// section 11), weather by the hour.
pub(super) fn period(feed: Feed) -> i64 {
    let seconds = match feed {
        Feed::Posts => 1200,
        Feed::Sensors => 300,
        Feed::Traffic => 60,
        _ => 3600,
    };
    seconds * SECOND
}

/// What was worked out for a time lately. It changes no answer, only how soon it comes.
#[derive(Debug, Default)]
pub(super) struct Memory {
    air: Vec<(i32, Arc<AirDay>)>,
    episodes: Vec<((Feed, i64), Arc<EpisodeDay>)>,
    incidents: Vec<(i64, Arc<Vec<Incident>>)>,
}

/// What is the same for all devices of a feed at one instant.
pub(super) struct Scene {
    pub(super) instant: i64,
    weather: Weather,
    state: State,
    noise: Dice,
}

/// What the devices of a kind stand in.
enum State {
    Traffic {
        moment: traffic::Moment,
        incidents: Arc<Vec<Incident>>,
    },
    /// PM2.5 by district and kind of source.
    Air(Box<[[f64; 4]; 8]>),
    Weather,
}

/// Keeps the newest few.
fn remember<K: PartialEq, V>(list: &mut Vec<(K, Arc<V>)>, key: K, make: impl FnOnce() -> V) -> Arc<V> {
    if let Some(found) = list.iter().find(|(k, _)| *k == key) {
        return Arc::clone(&found.1);
    }
    if list.len() >= 24 {
        list.remove(0);
    }
    let made = Arc::new(make());
    list.push((key, Arc::clone(&made)));
    made
}

impl Memory {
    /// The air of a local day.
    pub(super) fn air(&mut self, shape: &Shape, instant: i64) -> Arc<AirDay> {
        let day = shape.zone.local_day(instant);
        remember(&mut self.air, day, || shape.atmosphere.day(day))
    }

    /// The episodes of faults that begin in a day of UTC.
    pub(super) fn episodes(&mut self, shape: &Shape, feed: Feed, day: i64) -> Arc<EpisodeDay> {
        remember(&mut self.episodes, (feed, day), || {
            shape.faults.day(shape, feed, day)
        })
    }

    /// The incidents that stand at an instant.
    pub(super) fn incidents(&mut self, shape: &Shape, instant: i64) -> Arc<Vec<Incident>> {
        let minute = instant.div_euclid(60 * SECOND);
        remember(&mut self.incidents, minute, || {
            shape.incidents.standing(shape, instant)
        })
    }
}

impl Shape {
    /// Devices of a feed.
    pub(super) fn devices(&self, feed: Feed) -> usize {
        match feed {
            Feed::Posts => self.stations.posts.len(),
            Feed::Sensors => self.stations.sensors.len(),
            Feed::Weather => self.stations.weather.len(),
            Feed::Traffic | Feed::TrafficHours => self.detectors.len(),
            _ => 0,
        }
    }

    /// The id of a device.
    pub(super) fn device_id(&self, feed: Feed, device: usize) -> &str {
        match feed {
            Feed::Traffic | Feed::TrafficHours => &self.detectors[device].id,
            _ => &self.station(feed, device).id,
        }
    }

    /// The device of that id.
    pub(super) fn device(&self, feed: Feed, id: &str) -> Option<usize> {
        (0..self.devices(feed)).find(|d| self.device_id(feed, *d) == id)
    }

    pub(super) fn station(&self, feed: Feed, device: usize) -> &Station {
        match feed {
            Feed::Posts => &self.stations.posts[device],
            Feed::Weather => &self.stations.weather[device],
            _ => &self.stations.sensors[device],
        }
    }

    /// Says whether a device exists already.
    pub(super) fn is_installed(&self, feed: Feed, device: usize, instant: i64) -> bool {
        feed == Feed::Traffic || self.station(feed, device).since <= instant
    }

    /// Prepares an instant of a feed.
    pub(super) fn scene(&self, memory: &mut Memory, feed: Feed, instant: i64) -> Scene {
        let weather = self.atmosphere.climate.at(instant);
        let state = match feed {
            Feed::Traffic => State::Traffic {
                moment: traffic::Moment::new(self, instant),
                incidents: memory.incidents(self, instant),
            },
            Feed::Posts | Feed::Sensors => {
                let air = memory.air(self, instant);
                let mut parts = [[0.0; 4]; 8];
                for (district, slot) in parts.iter_mut().enumerate() {
                    *slot = air.parts(district, instant);
                }
                State::Air(Box::new(parts))
            }
            _ => State::Weather,
        };
        Scene {
            instant,
            weather,
            state,
            noise: Dice::new(self.seed, feed.id()),
        }
    }

    /// What is true at a device, in the units of the datasets.
    pub(super) fn true_values(&self, scene: &Scene, feed: Feed, device: usize) -> Values {
        let mut values = [None; CHANNELS];
        match &scene.state {
            State::Traffic { moment, incidents } => {
                let (flow, speed) = moment.state(&self.detectors[device], incidents);
                values[0] = Some(flow);
                values[1] = Some(speed);
            }
            State::Air(parts) => {
                let station = self.station(feed, device);
                let count = if feed == Feed::Posts { 6 } else { 2 };
                for (value, pollutant) in values.iter_mut().zip(POLLUTANTS).take(count) {
                    let parts = parts[station.district];
                    let heat = scene.weather.temperature;
                    *value = Some(concentration(pollutant, parts, station.factors, heat));
                }
                if feed == Feed::Sensors {
                    values[2] = Some(station.temperature(&scene.weather));
                }
            }
            State::Weather => values = self.station(feed, device).weather(&scene.weather),
        }
        values
    }

    /// What a device shows when nothing is wrong with it: the truth with its gain and noise.
    pub(super) fn shown(&self, scene: &Scene, feed: Feed, device: usize) -> Values {
        let mut values = self.true_values(scene, feed, device);
        let (dice, time) = (scene.noise, scene.instant / SECOND);
        if feed == Feed::Traffic {
            return counted(dice, device, time, values);
        }
        // Posts are calibrated; sensors are not certified (CITY-FACTS section 8), and noisier (assumption).
        let (gain, noise) = match feed {
            Feed::Posts => (1.0, 0.015),
            Feed::Sensors => (self.station(feed, device).gain, 0.05),
            _ => (1.0, 0.01),
        };
        let mut bits = dice.bits(device, time);
        for (channel, value) in channels(feed).iter().zip(values.iter_mut()) {
            let draw = normal(bits);
            bits = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            *value = value.map(|v| match channel.quantity {
                "wind_from" => (v + 4.0 * draw).rem_euclid(360.0),
                "humidity" => (v * (1.0 + noise * draw)).clamp(0.0, 100.0),
                "temperature" | "pressure" => v + 0.2 * draw,
                _ => (v * gain * (1.0 + noise * draw)).max(0.0),
            });
        }
        values
    }
}

/// Vehicles are whole: the count of the minute scatters around the flow; without vehicles there is no speed.
fn counted(dice: Dice, device: usize, time: i64, values: Values) -> Values {
    let [Some(flow), Some(speed), ..] = values else {
        return values;
    };
    let usual = flow / 60.0;
    let bits = dice.bits(device, time);
    let count = (usual + 0.8 * usual.sqrt() * normal(bits)).round().max(0.0);
    let shown = speed * (1.0 + 0.04 * normal(bits.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31)));
    let mut counted = [None; CHANNELS];
    counted[0] = Some(count * 60.0);
    counted[1] = (count > 0.0).then_some(shown.max(3.0));
    counted
}

/// The episodes of one device at an instant.
pub(super) fn standing(
    days: &[Arc<EpisodeDay>],
    device: usize,
    instant: i64,
) -> impl Iterator<Item = &Episode> {
    let all = days.iter().flat_map(move |day| day.of(device));
    all.filter(move |e| e.from <= instant && instant < e.to)
}
