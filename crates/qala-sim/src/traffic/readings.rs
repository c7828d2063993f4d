//! One record a minute and detector: flow and speed, tied by a queue before the bottlenecks.

use std::fmt::Write;

use super::{DEMAND, DEMAND_WEEKEND, Detector, READINGS};
use crate::clock::{Clock, SECOND, at_hour, date_text, weekday};
use crate::faults::{FaultKind, Planted, Sent, Spoil, plant};
use crate::fixed::Fixed;
use crate::ledger::Ledger;
use crate::random::Random;
use crate::truth::{Hourly, PlaceMean, TrafficHour, Truth};
use crate::{CityOptions, SimFile, file};

const MINUTE: i64 = 60 * SECOND;

/// One record.
#[derive(Debug, Clone)]
struct Record {
    detector: usize,
    t: i64,
    /// veh/h: sixty times the vehicles of the minute.
    flow: i64,
    /// km/h; absent when no vehicle passed.
    speed: Option<Fixed>,
}

impl Record {
    /// Faster than any check lets through.
    fn speed_is_possible(speed: Fixed) -> bool {
        speed.value() <= 250.0
    }
}

impl Spoil for Record {
    fn impossible(&self) -> Self {
        Self {
            speed: Some(Fixed {
                units: 9990,
                digits: 1,
            }),
            ..self.clone()
        }
    }

    fn plausible(&self) -> Self {
        Self {
            flow: self.flow * 2 + 60,
            ..self.clone()
        }
    }
}

type Row = Sent<Record>;

pub(super) fn generate(
    options: &CityOptions,
    clock: &Clock,
    detectors: &[Detector],
    truth: &mut Truth,
) -> Vec<SimFile> {
    let minutes = ((clock.end() - clock.start()) / MINUTE) as usize;
    let mut rows = Vec::with_capacity(minutes * detectors.len());
    let mut roads: Vec<Road> = detectors.iter().map(|d| Road::new(options.seed, d)).collect();
    let mut true_speed = vec![0.0; minutes / 60 + 1];
    let inside = detectors.iter().filter(|d| d.inside).count() as f64;
    for minute in 0..minutes {
        let t = clock.start() + minute as i64 * MINUTE;
        for (index, (road, detector)) in roads.iter_mut().zip(detectors).enumerate() {
            let (record, speed) = road.minute(index, detector, clock, t);
            rows.push(Sent { at: t, row: record });
            if detector.inside {
                true_speed[minute / 60] += speed / inside / 60.0;
            }
        }
    }
    if options.faults.outages {
        outages(&mut rows, clock, detectors, truth);
    }
    let mut random = Random::of(options.seed, "traffic/faults");
    let sent = plant(rows, &options.faults, &mut random, |fault, sent| {
        truth.planted.push(Planted {
            feed: READINGS,
            fault,
            object: detectors[sent.row.detector].id.clone(),
            quantity: "",
            t: clock.zone.format(sent.row.t),
            until: None,
        });
    });
    let ledger = account(&sent);
    truth.dataset("traffic_readings", ledger.counts);
    truth.traffic_hours = hours(clock, detectors, &true_speed, &ledger);
    write(clock, detectors, &sent)
}

/// The state of the road at one detector.
struct Road {
    random: Random,
    /// Vehicles waiting.
    queue: f64,
    /// Slow wandering of the demand.
    drift: f64,
}

impl Road {
    fn new(seed: u64, detector: &Detector) -> Self {
        Self {
            random: Random::of(seed, &format!("traffic/{}", detector.id)),
            queue: 0.0,
            drift: 0.0,
        }
    }

    /// Moves on by a minute; gives the record and the true mean speed.
    fn minute(&mut self, index: usize, detector: &Detector, clock: &Clock, t: i64) -> (Record, f64) {
        let table = if weekday(clock.zone.local_day(t)) < 5 {
            &DEMAND
        } else {
            &DEMAND_WEEKEND
        };
        self.drift = 0.98 * self.drift + 0.01 * self.random.normal();
        let share = at_hour(table, clock.second_of_day(t)) * (1.0 + self.drift);
        let demand = share * detector.load * detector.capacity;
        // A queue of 15 % of the hourly capacity fills the street (assumption); what does not fit takes another way.
        let longest = 0.15 * detector.capacity;
        self.queue = (self.queue + (demand - detector.capacity) / 60.0).clamp(0.0, longest);
        let (flow, speed) = if self.queue > 0.0 {
            let full = self.queue / longest;
            (
                0.95 * detector.capacity,
                detector.free_flow_kmh * (0.48 - 0.28 * full),
            )
        } else {
            let used = demand / detector.capacity;
            (demand, detector.free_flow_kmh * (1.0 - 0.3 * used * used))
        };
        let usual = flow / 60.0;
        let count = (usual + 0.8 * usual.sqrt() * self.random.normal())
            .round()
            .max(0.0);
        let shown = (speed * (1.0 + 0.04 * self.random.normal())).max(3.0);
        let record = Record {
            detector: index,
            t,
            flow: count as i64 * 60,
            speed: (count > 0.0).then(|| Fixed::round(shown, 1)),
        };
        (record, speed)
    }
}

/// The second detector is silent for 3 hours of the first afternoon; the third sticks for 6 hours in the middle.
fn outages(rows: &mut Vec<Row>, clock: &Clock, detectors: &[Detector], truth: &mut Truth) {
    let hour = 60 * MINUTE;
    let gap = (clock.start() + 13 * hour, clock.start() + 16 * hour);
    let middle = clock.start() + (clock.end() - clock.start()) / 2;
    let stuck = (middle - 3 * hour, middle + 3 * hour);
    for (fault, index, span) in [(FaultKind::Gap, 1, gap), (FaultKind::Stuck, 2, stuck)] {
        truth.planted.push(Planted {
            feed: READINGS,
            fault,
            object: detectors[index].id.clone(),
            quantity: "",
            t: clock.zone.format(span.0),
            until: Some(clock.zone.format(span.1)),
        });
    }
    rows.retain(|r| r.row.detector != 1 || r.row.t < gap.0 || r.row.t >= gap.1);
    let mut held: Option<(i64, Option<Fixed>)> = None;
    for row in rows.iter_mut().map(|r| &mut r.row) {
        if row.detector == 2 && row.t >= stuck.0 && row.t < stuck.1 {
            (row.flow, row.speed) = *held.get_or_insert((row.flow, row.speed));
        }
    }
}

const FLOW: u8 = 0;
const SPEED: u8 = 1;
type TrafficLedger = Ledger<(usize, u8, i64), i64>;

fn account(sent: &[Row]) -> TrafficLedger {
    let mut ledger = Ledger::new();
    for Sent { row, .. } in sent {
        ledger.record();
        ledger.good((row.detector, FLOW, row.t), row.flow);
        match row.speed {
            Some(speed) if Record::speed_is_possible(speed) => {
                ledger.good((row.detector, SPEED, row.t), speed.units);
            }
            Some(_) => ledger.bad(),
            None => {}
        }
    }
    ledger
}

fn hours(
    clock: &Clock,
    detectors: &[Detector],
    true_speed: &[f64],
    ledger: &TrafficLedger,
) -> Vec<TrafficHour> {
    let mut speed = Hourly::new(clock, detectors.len());
    let mut flow = Hourly::new(clock, detectors.len());
    for ((detector, quantity, t), units) in &ledger.rows {
        if *quantity == FLOW {
            flow.add(*detector, *t, *units as f64);
        } else {
            speed.add(
                *detector,
                *t,
                Fixed {
                    units: *units,
                    digits: 1,
                }
                .value(),
            );
        }
    }
    let all: Vec<usize> = (0..detectors.len()).collect();
    let inside: Vec<usize> = (0..detectors.len()).filter(|d| detectors[*d].inside).collect();
    (0..speed.hours())
        .map(|hour| TrafficHour {
            start: clock.zone.format(speed.start(hour)),
            true_district_speed_km_h: true_speed.get(hour).copied().unwrap_or_default(),
            city_speed: PlaceMean::of_objects(&speed, hour, &all),
            district_speed: PlaceMean::of_objects(&speed, hour, &inside),
            city_flow: PlaceMean::of_objects(&flow, hour, &all),
            district_flow: PlaceMean::of_objects(&flow, hour, &inside),
        })
        .collect()
}

/// One file a day, by the day of sending; what is late on the last day still is in the last file.
fn write(clock: &Clock, detectors: &[Detector], sent: &[Row]) -> Vec<SimFile> {
    (0..clock.days)
        .map(|index| {
            let day = clock.first_day + index;
            let from = if index == 0 {
                i64::MIN
            } else {
                clock.zone.day_start(day)
            };
            let to = if index + 1 == clock.days {
                i64::MAX
            } else {
                clock.zone.day_start(day + 1)
            };
            let mut text = String::from("detector_id,t,flow_veh_h,speed_km_h\n");
            for Sent { row, .. } in sent.iter().filter(|s| s.at >= from && s.at < to) {
                let (id, t) = (&detectors[row.detector].id, clock.zone.format(row.t));
                let _ = match row.speed {
                    Some(speed) => writeln!(text, "{id},{t},{},{speed}", row.flow),
                    None => writeln!(text, "{id},{t},{},", row.flow),
                };
            }
            file(
                READINGS,
                &format!("traffic-readings-{}.csv", date_text(day)),
                "table",
                text,
            )
        })
        .collect()
}
