//! Vehicles on their runs, and the messages that say where they are.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use prost::Message;

use super::gtfs::clock_text;
use super::network::{Network, Pattern};
use super::timetable::{Run, Timetable};
use super::wire::{
    FeedEntity, FeedHeader, FeedMessage, Position, TripDescriptor, VehicleDescriptor, VehiclePosition,
};
use super::{POSITIONS, calendar};
use crate::clock::{Clock, SECOND, at_hour, date_text, gtfs_date};
use crate::faults::{FaultKind, Faults, Planted};
use crate::ledger::Ledger;
use crate::place::{METRES, Point};
use crate::random::Random;
use crate::traffic::DEMAND;
use crate::truth::{Truth, VehicleHour};
use crate::{CityOptions, SimFile, file};

/// Hours of the local clock without messages: no bus runs between the last trips and the first.
const QUIET_HOURS: std::ops::Range<i64> = 2..6;
/// Shortest stay at the end of a line, s (assumption).
const LAYOVER_S: i64 = 300;

/// A vehicle on a run, with its delay.
struct Drive<'a> {
    run: Run<'a>,
    day: i32,
    vehicle: usize,
    /// Seconds late at the first stop and at the last.
    delay_s: (f64, f64),
    load: f64,
}

/// Makes the messages and adds to the truth.
pub(super) fn generate(
    options: &CityOptions,
    clock: &Clock,
    network: &Network,
    timetable: &Timetable,
    truth: &mut Truth,
) -> Vec<SimFile> {
    let every = options.positions_every_s;
    let times: Vec<i64> = (clock.start()..clock.end())
        .step_by((every * SECOND) as usize)
        .filter(|t| !QUIET_HOURS.contains(&(clock.second_of_day(*t) / 3600)))
        .filter(|t| *t >= clock.start() + 6 * 3600 * SECOND)
        .collect();
    let scene = Scene {
        options,
        clock,
        network,
        timetable,
        times: &times,
    };
    let mut messages: Vec<Vec<FeedEntity>> = vec![Vec::new(); times.len()];
    let mut random = Random::of(options.seed, "transit/vehicles");
    for day in -1..clock.days {
        for drive in drives(timetable, clock.first_day + day, &mut random) {
            scene.follow(&drive, &mut messages, &mut truth.planted);
        }
    }
    account(clock, &messages, truth);
    truth.transit.messages = times.len() as u64;
    times
        .iter()
        .zip(messages)
        .map(|(t, entities)| message(clock, *t, entities))
        .collect()
}

/// Gives every run of a service day a vehicle: one that waits at the end of the line where the run begins, or a new one.
fn drives<'a>(timetable: &'a Timetable, day: i32, random: &mut Random) -> Vec<Drive<'a>> {
    let mut runs: Vec<Run<'a>> = timetable.runs(calendar::service(day)).collect();
    runs.sort_by_key(|run| (run.trip.line, run.start_s, run.trip.direction));
    // (line, end of the line, free from) of each vehicle.
    let mut fleet: Vec<(usize, usize, i64)> = Vec::new();
    let mut drives = Vec::with_capacity(runs.len());
    for run in runs {
        let (line, from) = (run.trip.line, run.trip.direction);
        let end = run.start_s + timetable.pattern(run.trip).length_s() + LAYOVER_S;
        let waiting = fleet
            .iter()
            .position(|v| v.0 == line && v.1 == from && v.2 <= run.start_s);
        let vehicle = waiting.unwrap_or(fleet.len());
        if waiting.is_none() {
            fleet.push((line, 0, 0));
        }
        fleet[vehicle] = (line, 1 - from, end);
        // Peaks make late (assumption: up to 5 minutes at the end of a run).
        let busy = at_hour(&DEMAND, run.start_s % 86_400);
        let first = random.between(0.0, 60.0);
        let delay_s = (first, first + busy * random.between(0.0, 240.0));
        drives.push(Drive {
            run,
            day,
            vehicle,
            delay_s,
            load: (busy * random.between(0.5, 1.1)).min(1.0),
        });
    }
    drives
}

/// What stands around all drives.
struct Scene<'a> {
    options: &'a CityOptions,
    clock: &'a Clock,
    network: &'a Network,
    timetable: &'a Timetable,
    /// Instants of the messages.
    times: &'a [i64],
}

impl Scene<'_> {
    /// Adds the reports of one drive to the messages that fall into it.
    fn follow(&self, drive: &Drive<'_>, messages: &mut [Vec<FeedEntity>], planted: &mut Vec<Planted>) {
        let (run, times) = (&drive.run, self.times);
        let pattern = self.timetable.pattern(run.trip);
        let late = |seconds: f64| (seconds * SECOND as f64) as i64;
        let start = self.clock.service_time(drive.day, run.start_s) + late(drive.delay_s.0);
        let end = self
            .clock
            .service_time(drive.day, run.start_s + pattern.length_s())
            + late(drive.delay_s.1);
        let mut random = Random::of(
            self.options.seed,
            &format!("{}/{}/{}", run.trip.id, run.start_s, drive.day),
        );
        let mut last: Option<FeedEntity> = None;
        let first_message = times.partition_point(|t| *t < start + 30 * SECOND);
        for index in first_message..times.partition_point(|t| *t < end) {
            // The vehicle measured up to 20 s before the message (CITY-FACTS section 11: a position every 10–15 s).
            let t = times[index] / SECOND - random.whole(0, 20);
            let entity = report(self.network, pattern, drive, t, (start, end));
            let (fault, entity) = spoil(&self.options.faults, random.unit(), entity, last.as_ref());
            if let Some(fault) = fault {
                planted.push(Planted {
                    feed: POSITIONS,
                    fault,
                    object: vehicle_id(self.network, drive),
                    quantity: "",
                    t: self.clock.zone.format(t * SECOND),
                    until: None,
                });
            }
            let Some(entity) = entity else { continue };
            last = is_possible(&entity).then(|| entity.clone());
            messages[index].push(entity);
        }
    }
}

/// Plants a fault where the roll says so: the report is dropped, put at an impossible place, or replaced by the one before.
fn spoil(
    faults: &Faults,
    roll: f64,
    mut entity: FeedEntity,
    last: Option<&FeedEntity>,
) -> (Option<FaultKind>, Option<FeedEntity>) {
    let wrong = faults.missing + faults.wrong;
    if roll < faults.missing {
        return (Some(FaultKind::Missing), None);
    }
    if roll < wrong {
        if let Some(position) = entity.vehicle.as_mut().and_then(|v| v.position.as_mut()) {
            // No latitude is above 90°.
            position.latitude = 95.0;
        }
        return (Some(FaultKind::Impossible), Some(entity));
    }
    match last {
        Some(before) if roll < wrong + faults.duplicate => (Some(FaultKind::Stale), Some(before.clone())),
        _ => (None, Some(entity)),
    }
}

/// The id of a vehicle: its line, and its number in the fleet of the day.
fn vehicle_id(network: &Network, drive: &Drive<'_>) -> String {
    let line = &network.lines[drive.run.trip.line];
    format!("sim-{}{:03}", line.short_name, drive.vehicle % 1000)
}

/// What the vehicle says at `t` (seconds since 1970).
fn report(
    network: &Network,
    pattern: &Pattern,
    drive: &Drive<'_>,
    t: i64,
    (start, end): (i64, i64),
) -> FeedEntity {
    let passed = ((t * SECOND - start) as f64 / (end - start) as f64).clamp(0.0, 1.0);
    let second = (passed * pattern.length_s() as f64) as i64;
    let next = pattern
        .arrival_s
        .partition_point(|a| *a <= second)
        .clamp(1, pattern.stops.len() - 1);
    let before = next - 1;
    let stands = second < pattern.departure_s(before).max(pattern.arrival_s[before] + 1);
    let (left, reached) = (pattern.departure_s(before), pattern.arrival_s[next]);
    let share = ((second - left) as f64 / (reached - left).max(1) as f64).clamp(0.0, 1.0);
    let (a, b) = (
        network.stops[pattern.stops[before]].point,
        network.stops[pattern.stops[next]].point,
    );
    let point = a.towards(b, share);
    let metres = pattern.metres[next] - pattern.metres[before];
    let speed = if stands {
        0.0
    } else {
        metres / (reached - left).max(1) as f64
    };
    let (stop, sequence) = if stands { (before, before) } else { (next, next) };
    let line = &network.lines[drive.run.trip.line];
    let name = vehicle_id(network, drive);
    // Fullest in the middle of the line (assumption).
    let middle = 4.0 * passed * (1.0 - passed);
    let frequent = !drive.run.trip.spans.is_empty();
    FeedEntity {
        id: name.clone(),
        vehicle: Some(VehiclePosition {
            trip: Some(TripDescriptor {
                trip_id: Some(drive.run.trip.id.clone()),
                start_time: frequent.then(|| clock_text(drive.run.start_s)),
                start_date: Some(gtfs_date(drive.day)),
                route_id: Some(line.id.clone()),
                direction_id: Some(drive.run.trip.direction as u32),
            }),
            position: Some(Position {
                latitude: point.lat as f32,
                longitude: point.lon as f32,
                bearing: Some(bearing(a, b) as f32),
                speed: Some((speed * 10.0).round() as f32 / 10.0),
            }),
            current_stop_sequence: Some(sequence as u32 + 1),
            current_status: Some(if stands { 1 } else { 2 }),
            timestamp: Some(t as u64),
            stop_id: Some(network.stops[pattern.stops[stop]].id.clone()),
            vehicle: Some(VehicleDescriptor {
                label: Some(line.short_name.clone()),
                // Looks like a plate and is none: three digits, SIM, region 02. The guard must replace it.
                license_plate: Some(format!("{:03}SIM02", drive.vehicle % 1000)),
                id: Some(name),
            }),
            occupancy_status: Some(((drive.load * middle * 5.0) as i32).clamp(0, 5)),
        }),
    }
}

fn is_possible(entity: &FeedEntity) -> bool {
    let position = entity.vehicle.as_ref().and_then(|v| v.position.as_ref());
    position.is_some_and(|p| (-90.0..=90.0).contains(&p.latitude))
}

/// Degrees clockwise from north, whole. The arc tangent is a polynomial with an error below 0.01°, because that of the
/// machine differs in the last bits (Abramowitz and Stegun 4.4.47).
pub(crate) fn bearing(a: Point, b: Point) -> f64 {
    let (east, north) = ((b.lon - a.lon) * METRES.lon, (b.lat - a.lat) * METRES.lat);
    let (small, large) = (east.abs().min(north.abs()), east.abs().max(north.abs()).max(1e-9));
    let x = small / large;
    let s = x * x;
    let turn = x * (0.999_866 + s * (-0.330_299_5 + s * (0.180_141 + s * (-0.085_133 + s * 0.020_835_1))));
    let degrees = turn * 57.295_779_513_082_32;
    let from_axis = if east.abs() > north.abs() {
        90.0 - degrees
    } else {
        degrees
    };
    let signed = match (east >= 0.0, north >= 0.0) {
        (true, true) => from_axis,
        (true, false) => 180.0 - from_axis,
        (false, false) => 180.0 + from_axis,
        (false, true) => 360.0 - from_axis,
    };
    signed.round().rem_euclid(360.0)
}

/// Counts what an import of the messages must report.
fn account(clock: &Clock, messages: &[Vec<FeedEntity>], truth: &mut Truth) {
    let mut ledger: Ledger<(String, u64), Vec<u8>> = Ledger::new();
    let mut hours: BTreeMap<i64, (BTreeSet<String>, u64)> = BTreeMap::new();
    for entity in messages.iter().flatten() {
        ledger.record();
        let t = entity
            .vehicle
            .as_ref()
            .and_then(|v| v.timestamp)
            .unwrap_or_default();
        if !is_possible(entity) {
            ledger.bad();
            continue;
        }
        let before = ledger.counts.visible;
        ledger.good((entity.id.clone(), t), entity.encode_to_vec());
        if ledger.counts.visible > before {
            let instant = t as i64 * SECOND;
            let hour = hours
                .entry(qala_core::Grain::Hour.start(instant, &clock.zone))
                .or_default();
            hour.0.insert(entity.id.clone());
            hour.1 += 1;
        }
    }
    truth.dataset("transit_vehicle_positions", ledger.counts);
    truth.transit.vehicle_hours = hours
        .into_iter()
        .map(|(start, (vehicles, positions))| VehicleHour {
            start: clock.zone.format(start),
            vehicles: vehicles.len() as u64,
            positions,
        })
        .collect();
}

fn message(clock: &Clock, t: i64, entity: Vec<FeedEntity>) -> SimFile {
    let header = FeedHeader {
        gtfs_realtime_version: "2.0".to_owned(),
        incrementality: Some(0),
        timestamp: Some((t / SECOND) as u64),
    };
    let second = clock.second_of_day(t);
    let name = format!(
        "vehicle-positions-{}T{:02}{:02}{:02}.pb",
        date_text(clock.zone.local_day(t)),
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    file(
        POSITIONS,
        &name,
        "gtfs-rt",
        FeedMessage { header, entity }.encode_to_vec(),
    )
}
