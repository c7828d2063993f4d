//! Where the buses are at an instant, as GTFS-Realtime.

use prost::Message;

use super::super::Shape;
use super::super::dice::Dice;
use super::super::faults::Fate;
use super::super::feed::Feed;
use super::lines::{Line, service_index};
use crate::clock::{Clock, SECOND, at_hour, gtfs_date};
use crate::place::Point;
use crate::traffic::DEMAND;
use crate::transit::calendar::service;
use crate::transit::wire::{
    FeedEntity, FeedHeader, FeedMessage, Position, TripDescriptor, VehicleDescriptor, VehiclePosition,
};
use crate::transit::{bearing, clock_text};

/// A bus on a run.
#[derive(Debug, Clone)]
pub(in super::super) struct Bus {
    pub(in super::super) id: String,
    pub(in super::super) point: Point,
    /// Where it is bound for, so far as a bearing needs it.
    towards: (Point, Point),
    /// m/s.
    speed: f64,
    line: usize,
    direction: usize,
    trip: String,
    start: Option<String>,
    date: i32,
    /// When it measured, s since 1970.
    t: i64,
    /// Stop at which it stands or to which it drives, and its place in the trip.
    stop: usize,
    sequence: usize,
    stands: bool,
    occupancy: i32,
    plate: usize,
}

/// Longest delay at the end of a run, s: shorter than the stay there.
const LATEST_S: f64 = 330.0;

/// All buses that are on a run at an instant.
pub(in super::super) fn buses(shape: &Shape, instant: i64) -> Vec<Bus> {
    let clock = Clock {
        zone: shape.zone.clone(),
        first_day: 0,
        days: 0,
    };
    let today = shape.zone.local_day(instant);
    let mut list = Vec::new();
    for day in [today - 1, today] {
        let zero = clock.service_time(day, 0);
        let now_s = (instant - zero) / SECOND;
        // The last trips of the day before end in the night; at noon there is no need to look for them.
        if now_s > 30 * 3600 {
            continue;
        }
        let service = service_index(service(day));
        for (index, line) in shape.transit.lines.iter().enumerate() {
            if line.is_metro {
                continue;
            }
            for direction in 0..2 {
                let runs = &line.runs[service][direction];
                let length = line.patterns[direction].length_s();
                let earliest = now_s - length - LATEST_S as i64 - 60;
                let first = runs.partition_point(|r| r.start_s < earliest);
                for (offset, run) in runs[first..].iter().enumerate() {
                    if run.start_s > now_s {
                        break;
                    }
                    let place = Place {
                        shape,
                        line: index,
                        direction,
                        service,
                        run: first + offset,
                        day,
                        zero,
                    };
                    list.extend(place.bus(instant, line));
                }
            }
        }
    }
    list
}

/// Which run is meant.
struct Place<'a> {
    shape: &'a Shape,
    line: usize,
    direction: usize,
    service: usize,
    run: usize,
    day: i32,
    /// The beginning of the service day, µs.
    zero: i64,
}

impl Place<'_> {
    fn bus(&self, instant: i64, line: &Line) -> Option<Bus> {
        let run = line.runs[self.service][self.direction][self.run];
        let pattern = &line.patterns[self.direction];
        let dice = Dice::new(self.shape.seed, "city/buses");
        let object = (self.line * 2 + self.direction) * 1_000 + self.run;
        let roll = |purpose: i64| dice.unit(object, i64::from(self.day) * 8 + purpose);
        // Peaks make late.
        let busy = at_hour(&DEMAND, run.start_s % 86_400);
        let late_first = 40.0 * roll(0);
        let late_last = late_first + busy * (LATEST_S - 70.0) * roll(1) / 1.1;
        // It measured up to 14 s before (CITY-FACTS section 11: a position every 10 to 15 s).
        let t = instant / SECOND - (dice.unit(object + 1_000_000, instant / SECOND) * 15.0) as i64;
        let start = self.zero as f64 / SECOND as f64 + run.start_s as f64 + late_first;
        let end = start + pattern.length_s() as f64 + late_last - late_first;
        let passed = (t as f64 - start) / (end - start);
        if !(0.0..1.0).contains(&passed) {
            return None;
        }
        let second = (passed * pattern.length_s() as f64) as i64;
        let next = pattern
            .arrival_s
            .partition_point(|a| *a <= second)
            .clamp(1, pattern.stops.len() - 1);
        let before = next - 1;
        let left = pattern.departure_s(before);
        let stands = second < left.max(pattern.arrival_s[before] + 1);
        let ride = (pattern.arrival_s[next] - left).max(1) as f64;
        let share = ((second - left) as f64 / ride).clamp(0.0, 1.0);
        let stops = &self.shape.transit.stops;
        let (a, b) = (
            stops[pattern.stops[before]].point,
            stops[pattern.stops[next]].point,
        );
        let sequence = if stands { before } else { next };
        // Fullest in the middle of the line.
        let load = (busy * (0.5 + 0.6 * roll(2))).min(1.0) * 4.0 * passed * (1.0 - passed);
        Some(Bus {
            id: format!("sim-c{}-{:02}", line.short_name, run.bus + 1),
            point: a.towards(b, share),
            towards: (a, b),
            speed: if stands {
                0.0
            } else {
                (pattern.metres[next] - pattern.metres[before]) / ride
            },
            line: self.line,
            direction: self.direction,
            trip: line.trip_id(self.service, self.direction, self.run),
            start: line.is_frequent.then(|| clock_text(run.start_s)),
            date: self.day,
            t,
            stop: pattern.stops[sequence],
            sequence,
            stands,
            occupancy: ((load * 5.0) as i32).clamp(0, 5),
            plate: self.line * 30 + run.bus,
        })
    }
}

/// The message of an instant: every bus on a run, with the planted faults of single records.
pub(in super::super) fn message(shape: &Shape, instant: i64) -> (usize, Vec<u8>) {
    let mut entity = Vec::new();
    for bus in buses(shape, instant) {
        let fate = shape.faults.fate(Feed::Positions, bus.plate, instant);
        // A live position that is late is worth nothing: it is not sent.
        if matches!(fate, Fate::Missing) {
            continue;
        }
        entity.push(report(shape, bus, fate == Fate::Impossible));
    }
    let header = FeedHeader {
        gtfs_realtime_version: "2.0".to_owned(),
        incrementality: Some(0),
        timestamp: Some((instant / SECOND) as u64),
    };
    (entity.len(), FeedMessage { header, entity }.encode_to_vec())
}

fn report(shape: &Shape, bus: Bus, impossible: bool) -> FeedEntity {
    let line = &shape.transit.lines[bus.line];
    // No latitude is above 90°.
    let latitude = if impossible { 95.0 } else { bus.point.lat as f32 };
    FeedEntity {
        id: bus.id.clone(),
        vehicle: Some(VehiclePosition {
            trip: Some(TripDescriptor {
                trip_id: Some(bus.trip),
                start_time: bus.start,
                start_date: Some(gtfs_date(bus.date)),
                route_id: Some(line.id.clone()),
                direction_id: Some(bus.direction as u32),
            }),
            position: Some(Position {
                latitude,
                longitude: bus.point.lon as f32,
                bearing: Some(bearing(bus.towards.0, bus.towards.1) as f32),
                speed: Some((bus.speed * 10.0).round() as f32 / 10.0),
            }),
            current_stop_sequence: Some(bus.sequence as u32 + 1),
            current_status: Some(if bus.stands { 1 } else { 2 }),
            timestamp: Some(bus.t as u64),
            stop_id: Some(shape.transit.stops[bus.stop].id.clone()),
            vehicle: Some(VehicleDescriptor {
                label: Some(line.short_name.clone()),
                // Looks like a plate and is none. The guard must replace it.
                license_plate: Some(format!("{:04}SIM", bus.plate % 10_000)),
                id: Some(bus.id),
            }),
            occupancy_status: Some(bus.occupancy),
        }),
    }
}
