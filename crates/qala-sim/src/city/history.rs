//! The years before: a row an hour for each device, worked out from the truth at a few instants of the hour.
//!
//! These are feeds of their own, as a city keeps its archive; they are not the sums of the rows by the minute, which nobody
//! has any more.

use std::fmt::Write;

use super::Shape;
use super::dice::Dice;
use super::feed::Feed;
use super::instruments::{Memory, channels};
use super::traffic::Moment;
use crate::clock::SECOND;
use crate::fixed::Fixed;

const HOUR: i64 = 3600 * SECOND;
/// Hours of a device in which the archive has nothing (CITY-FACTS section 11: 1 % missing).
const MISSING: f64 = 0.01;

/// Vehicles and mean speed by detector and hour.
pub(super) fn traffic_hours(shape: &Shape, from: i64, to: i64) -> String {
    let mut text = String::from("detector_id,t,vehicles,speed_km_h,minutes\n");
    let dice = Dice::new(shape.seed, Feed::TrafficHours.id());
    let mut hour = from;
    while hour < to {
        let time = shape.zone.format(hour);
        // Two instants of the hour stand for it.
        let at = [hour + HOUR / 4, hour + 3 * HOUR / 4];
        let moments = at.map(|t| (Moment::new(shape, t), shape.incidents.standing(shape, t)));
        for (device, detector) in shape.detectors.iter().enumerate() {
            let stamp = hour / SECOND;
            if dice.unit(device, stamp) < MISSING {
                continue;
            }
            let [a, b] = &moments;
            let (one, two) = (a.0.state(detector, &a.1), b.0.state(detector, &b.1));
            let flow = f64::midpoint(one.0, two.0);
            let count = (flow + 0.8 * flow.sqrt() * dice.normal(device + 100_000, stamp))
                .round()
                .max(0.0);
            let speed = f64::midpoint(one.1, two.1) * (1.0 + 0.01 * dice.normal(device + 200_000, stamp));
            let _ = writeln!(
                text,
                "{},{time},{},{},60",
                detector.id,
                count as i64,
                Fixed::round(speed.max(3.0), 1)
            );
        }
        hour += HOUR;
    }
    text
}

/// Mean concentrations by station and hour, µg/m³: all pollutants of the posts, PM2.5 of the sensors.
pub(super) fn air_hours(shape: &Shape, memory: &mut Memory, from: i64, to: i64) -> String {
    let mut text = String::from("station_id,quantity,t,value_ug_m3,readings\n");
    let dice = Dice::new(shape.seed, Feed::AirHours.id());
    let mut hour = from;
    while hour < to {
        let time = shape.zone.format(hour);
        for (feed, count, readings) in [(Feed::Posts, 6, 3), (Feed::Sensors, 1, 12)] {
            let scenes = [hour + HOUR / 4, hour + 3 * HOUR / 4].map(|t| shape.scene(memory, feed, t));
            for device in 0..shape.devices(feed) {
                let object = device + 1_000 * feed as usize;
                let stamp = hour / SECOND;
                if !shape.is_installed(feed, device, hour) || dice.unit(object, stamp) < MISSING {
                    continue;
                }
                let gain = shape.station(feed, device).gain;
                let values = scenes.each_ref().map(|s| shape.true_values(s, feed, device));
                for (index, channel) in channels(feed).iter().enumerate().take(count) {
                    let (Some(a), Some(b)) = (values[0][index], values[1][index]) else {
                        continue;
                    };
                    let noise = 1.0 + 0.01 * dice.normal(object + 100_000 * (index + 1), stamp);
                    let _ = writeln!(
                        text,
                        "{},{},{time},{},{readings}",
                        shape.device_id(feed, device),
                        channel.quantity,
                        Fixed::round((f64::midpoint(a, b) * gain * noise).max(0.0), 1)
                    );
                }
            }
        }
        hour += HOUR;
    }
    text
}
