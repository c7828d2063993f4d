//! Readings of the stations, as plain JSON observations.

use std::fmt::Write;

use super::field::{Air, STEP_S};
use super::{READINGS, Station};
use crate::clock::{Clock, SECOND, date_text};
use crate::faults::{FaultKind, Planted, Sent, Spoil, plant};
use crate::fixed::Fixed;
use crate::ledger::Ledger;
use crate::random::Random;
use crate::truth::{AirHour, Hourly, PlaceMean, Truth};
use crate::{CityOptions, SimFile, file};

/// Posts report every 20 minutes (CITY-FACTS section 11), each value the mean of the interval.
const POST_STEPS: usize = 4;

/// One observation.
#[derive(Debug, Clone)]
struct Reading {
    station: usize,
    quantity: &'static str,
    t: i64,
    value: Fixed,
    unit: &'static str,
    /// False when the value is one that every check must stop.
    possible: bool,
}

impl Spoil for Reading {
    fn impossible(&self) -> Self {
        // -999 is what loggers write for "no value": below the least possible value of every quantity.
        Self {
            value: Fixed::round(-999.0, self.value.digits),
            possible: false,
            ..self.clone()
        }
    }

    fn plausible(&self) -> Self {
        let value = match self.quantity {
            "wind_from" => Fixed {
                units: (self.value.units + 90) % 360,
                digits: 0,
            },
            _ => Fixed {
                units: self.value.units * 3 + 7,
                ..self.value
            },
        };
        Self {
            value,
            ..self.clone()
        }
    }
}

pub(super) fn generate(
    options: &CityOptions,
    clock: &Clock,
    stations: &[Station],
    field: &[Air],
    truth: &mut Truth,
) -> Vec<SimFile> {
    let mut rows = Vec::new();
    for step in 0..field.len() {
        let start = clock.start() + step as i64 * STEP_S * SECOND;
        for (index, station) in stations.iter().enumerate() {
            if !station.official {
                sensor(&mut rows, options.seed, index, station, start, &field[step]);
            } else if step % POST_STEPS == 0 {
                let end = (step + POST_STEPS).min(field.len());
                post(&mut rows, options.seed, index, station, start, &field[step..end]);
            }
        }
    }
    if options.faults.outages {
        outages(&mut rows, clock, stations, truth);
    }
    let mut random = Random::of(options.seed, "air/faults");
    let sent = plant(rows, &options.faults, &mut random, |fault, sent| {
        truth.planted.push(Planted {
            feed: READINGS,
            fault,
            object: stations[sent.row.station].id.clone(),
            quantity: sent.row.quantity,
            t: clock.zone.format(sent.row.t),
            until: None,
        });
    });
    let ledger = account(&sent);
    truth.dataset("air_readings", ledger.counts);
    truth.air_hours = hours(clock, stations, field, &ledger);
    write(clock, stations, &sent)
}

type Row = Sent<Reading>;

/// Noise of one station at one instant; each station has its own stream per instant, so that a change of one leaves the
/// others as they are.
fn noise(seed: u64, station: &Station, t: i64) -> Random {
    Random::of(seed ^ (t / SECOND) as u64, &station.id)
}

fn sensor(rows: &mut Vec<Row>, seed: u64, index: usize, station: &Station, start: i64, air: &Air) {
    let t = start + station.offset_s * SECOND;
    let mut random = noise(seed, station, t);
    let pm25 = air.pm25 * station.factor * station.gain * (1.0 + 0.05 * random.normal());
    // PM10 holds PM2.5 and dust (assumption: a third more).
    let pm10 = pm25 * 1.3 + 6.0 + 2.0 * random.normal().abs();
    let temperature = air.temperature + 0.3 * random.normal();
    let mut push = |quantity, value: f64, unit| {
        let value = Fixed::round(value, 1);
        rows.push(Sent {
            at: t,
            row: Reading {
                station: index,
                quantity,
                t,
                value,
                unit,
                possible: true,
            },
        });
    };
    push("pm25", pm25.max(0.5), "ug/m3");
    push("pm10", pm10.max(0.5), "ug/m3");
    push("temperature", temperature, "Cel");
}

fn post(rows: &mut Vec<Row>, seed: u64, index: usize, station: &Station, start: i64, air: &[Air]) {
    let mut random = noise(seed, station, start);
    let count = air.len() as f64;
    let mean = |pick: fn(&Air) -> f64| air.iter().map(pick).sum::<f64>() / count;
    let pm25 = mean(|a| a.pm25) * station.factor * (1.0 + 0.01 * random.normal());
    let no2 = mean(|a| a.no2) * station.factor * (1.0 + 0.02 * random.normal());
    let mut push = |quantity, value: Fixed, unit| {
        let row = Reading {
            station: index,
            quantity,
            t: start,
            value,
            unit,
            possible: true,
        };
        rows.push(Sent { at: start, row });
    };
    // Official posts write mg/m³ (CITY-FACTS section 8).
    push("pm25", Fixed::round(pm25 / 1000.0, 4), "mg/m3");
    push("pm10", Fixed::round((pm25 * 1.3 + 6.0) / 1000.0, 4), "mg/m3");
    push("no2", Fixed::round(no2 / 1000.0, 4), "mg/m3");
    push("temperature", Fixed::round(mean(|a| a.temperature), 1), "Cel");
    push("wind_speed", Fixed::round(mean(|a| a.wind_speed), 1), "m/s");
    let wind_from = air.first().map_or(0.0, |a| a.wind_from);
    push(
        "wind_from",
        Fixed {
            units: Fixed::round(wind_from, 0).units % 360,
            digits: 0,
        },
        "deg",
    );
}

/// The first sensor is silent for 3 hours of the first afternoon; the second sticks for 6 hours in the middle of the span.
fn outages(rows: &mut Vec<Row>, clock: &Clock, stations: &[Station], truth: &mut Truth) {
    let hour = 3600 * SECOND;
    let gap = (clock.start() + 14 * hour, clock.start() + 17 * hour);
    let middle = clock.start() + (clock.end() - clock.start()) / 2;
    let stuck = (middle - 2 * hour, middle + 4 * hour);
    let (silent, sticking) = (super::OFFICIAL, super::OFFICIAL + 1);
    for (fault, index, span) in [(FaultKind::Gap, silent, gap), (FaultKind::Stuck, sticking, stuck)] {
        truth.planted.push(Planted {
            feed: READINGS,
            fault,
            object: stations[index].id.clone(),
            quantity: if fault == FaultKind::Stuck { "pm25" } else { "" },
            t: clock.zone.format(span.0),
            until: Some(clock.zone.format(span.1)),
        });
    }
    rows.retain(|r| r.row.station != silent || r.row.t < gap.0 || r.row.t >= gap.1);
    let mut held = None;
    for row in rows.iter_mut().map(|r| &mut r.row) {
        if row.station == sticking && row.quantity == "pm25" && row.t >= stuck.0 && row.t < stuck.1 {
            row.value = *held.get_or_insert(row.value);
        }
    }
}

type AirLedger = Ledger<(usize, &'static str, i64), (i64, u8)>;

fn account(sent: &[Row]) -> AirLedger {
    let mut ledger = Ledger::new();
    for Sent { row, .. } in sent {
        ledger.record();
        if row.possible {
            ledger.good(
                (row.station, row.quantity, row.t),
                (row.value.units, row.value.digits),
            );
        } else {
            ledger.bad();
        }
    }
    ledger
}

fn hours(clock: &Clock, stations: &[Station], field: &[Air], ledger: &AirLedger) -> Vec<AirHour> {
    let mut hourly = Hourly::new(clock, stations.len());
    for ((station, quantity, t), (units, digits)) in &ledger.rows {
        if *quantity == "pm25" {
            let to_micrograms = if stations[*station].official { 1000.0 } else { 1.0 };
            let value = Fixed {
                units: *units,
                digits: *digits,
            }
            .value()
                * to_micrograms;
            hourly.add(*station, *t, value);
        }
    }
    let per_hour = (3600 / STEP_S) as usize;
    let inside: Vec<usize> = (0..stations.len()).filter(|s| stations[*s].inside).collect();
    let all: Vec<usize> = (0..stations.len()).collect();
    (0..hourly.hours())
        .map(|hour| {
            let steps = &field[hour * per_hour..((hour + 1) * per_hour).min(field.len())];
            let truth = steps.iter().map(|a| a.pm25).sum::<f64>() / steps.len() as f64;
            AirHour {
                start: clock.zone.format(hourly.start(hour)),
                box_pm25_ug_m3: truth,
                city: PlaceMean::of_objects(&hourly, hour, &all),
                district: PlaceMean::of_objects(&hourly, hour, &inside),
            }
        })
        .collect()
}

/// One file a day, by the day of sending; what is late on the last day still is in the last file.
fn write(clock: &Clock, stations: &[Station], sent: &[Row]) -> Vec<SimFile> {
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
            let mut text = String::from("[");
            let mut comma = "";
            for Sent { row, .. } in sent.iter().filter(|s| s.at >= from && s.at < to) {
                let Reading {
                    quantity,
                    value,
                    unit,
                    ..
                } = row;
                let (station, t) = (&stations[row.station].id, clock.zone.format(row.t));
                let _ = write!(
                    text,
                    "{comma}\n{{\"station_id\":\"{station}\",\"t\":\"{t}\",\"quantity\":\"{quantity}\",\
                     \"value\":{value},\"unit\":\"{unit}\"}}"
                );
                comma = ",";
            }
            text.push_str("\n]\n");
            file(
                READINGS,
                &format!("air-readings-{}.json", date_text(day)),
                "json",
                text,
            )
        })
        .collect()
}
