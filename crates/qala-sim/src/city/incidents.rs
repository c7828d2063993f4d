//! Crashes and breakdowns: where and when, how long, and how much of the street they close.

use std::fmt::Write;

use super::Shape;
use super::dice::Dice;
use super::feed::Pace;
use super::safety::{CRASHES, CRASHES_BEFORE, NEW_COUNTING};
use super::streets::StreetClass;
use super::traffic::demand;
use crate::clock::SECOND;
use crate::place::Point;

const HOUR: i64 = 3600 * SECOND;
/// Longest incident, h: so far back one is looked for.
const LONGEST_H: i64 = 3;
/// Breakdowns for each crash (assumption).
const BREAKDOWNS: f64 = 1.5;
/// Most incidents that can begin in an hour.
const SLOTS: usize = 12;

/// Something that closes lanes for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Id.
    pub id: String,
    /// `crash` or `breakdown`.
    pub kind: &'static str,
    /// Begin, µs since 1970.
    pub from: i64,
    /// End, µs since 1970.
    pub to: i64,
    /// Share of the lanes that are closed, 0 to 1.
    pub closed: f64,
    pub(super) street: usize,
    pub(super) segment: usize,
    pub(super) point: Point,
}

/// Where incidents come from.
#[derive(Debug, Clone)]
pub(super) struct Incidents {
    dice: Dice,
    /// Segments of through streets.
    segments: Vec<usize>,
}

impl Incidents {
    pub(super) fn new(seed: u64, network: &super::streets::Network) -> Self {
        let segments = (0..network.segments.len())
            .filter(|s| network.streets[network.segments[*s].street].class != StreetClass::Local)
            .collect();
        Self {
            dice: Dice::new(seed, "city/incidents"),
            segments,
        }
    }

    /// Crashes to be expected in an hour of UTC while nothing is built against them.
    fn expected(shape: &Shape, hour: i64) -> f64 {
        let start = hour * HOUR;
        let year = if start < NEW_COUNTING {
            CRASHES_BEFORE
        } else {
            CRASHES
        };
        // 0.5 is the mean of demand times weather over some years.
        let wet = if shape.atmosphere.climate.at(start).rain_mm > 0.0 {
            1.8
        } else {
            0.9
        };
        year / 8_766.0 * (demand(shape, start + HOUR / 2) / 0.5) * wet
    }

    /// The same for a window, µs since 1970, to whole hours.
    pub(super) fn expected_crashes(shape: &Shape, from: i64, to: i64) -> f64 {
        let hours = from.div_euclid(HOUR)..to.div_euclid(HOUR);
        let share = |hour| (Self::expected(shape, hour) * (1.0 + BREAKDOWNS) / SLOTS as f64).min(1.0);
        hours.map(|h| share(h) * SLOTS as f64 / (1.0 + BREAKDOWNS)).sum()
    }

    /// The incidents that begin in an hour of UTC, in the order of their begins.
    fn of_hour(&self, shape: &Shape, hour: i64) -> Vec<Incident> {
        let expected = Self::expected(shape, hour) * (1.0 + BREAKDOWNS);
        let mut list: Vec<Incident> = (0..SLOTS)
            .filter(|slot| self.dice.unit(*slot, hour) < expected / SLOTS as f64)
            .filter_map(|slot| self.incident(shape, hour, slot))
            .collect();
        list.sort_by_key(|i| i.from);
        list
    }

    /// None for a crash that what was built prevented.
    fn incident(&self, shape: &Shape, hour: i64, slot: usize) -> Option<Incident> {
        let dice = |purpose: usize| self.dice.unit(slot + 100 * purpose, hour);
        let crash = dice(1) < 1.0 / (1.0 + BREAKDOWNS);
        let from = hour * HOUR + (dice(3) * 3600.0) as i64 * SECOND;
        // Crashes happen where the streets are dangerous, breakdowns anywhere on through streets.
        let chosen = if crash {
            shape
                .safety
                .segment(shape.zone.local_day(from), dice(2), dice(7))?
        } else {
            self.segments[(dice(2) * self.segments.len() as f64) as usize]
        };
        let segment = &shape.network.segments[chosen];
        // A crash stands for 20 to 110 minutes, a breakdown for 10 to 50 (assumption).
        let minutes = if crash {
            20.0 + 90.0 * dice(4) * dice(4)
        } else {
            10.0 + 40.0 * dice(4)
        };
        Some(Incident {
            id: format!("SIM-I{hour}-{slot}"),
            kind: if crash { "crash" } else { "breakdown" },
            from,
            to: from + (minutes * 60.0) as i64 * SECOND,
            closed: if crash {
                0.35 + 0.4 * dice(5)
            } else {
                0.2 + 0.2 * dice(5)
            },
            street: segment.street,
            segment: chosen,
            point: shape.network.along(segment, dice(6)),
        })
    }

    /// The incidents that stand at an instant.
    pub(super) fn standing(&self, shape: &Shape, instant: i64) -> Vec<Incident> {
        self.between(shape, instant, instant + 1)
    }

    /// The incidents that stand at some time from `from` (included) to `to` (excluded).
    pub(super) fn between(&self, shape: &Shape, from: i64, to: i64) -> Vec<Incident> {
        let hours = from.div_euclid(HOUR) - LONGEST_H..=(to - 1).div_euclid(HOUR);
        let all = hours.flat_map(|hour| self.of_hour(shape, hour));
        all.filter(|i| i.from < to && i.to > from).collect()
    }
}

/// What is reported from `from` (included) to `to` (excluded), as a table: live, an incident when it begins, and again with its
/// end when it ends. What is told afterwards holds those that ended, once and whole: the row of the begin, which may come
/// after that of the end when time is filled from the newest, would leave it standing for ever. None when nothing happened.
pub(super) fn report(shape: &Shape, pace: Pace, from: i64, to: i64) -> Option<String> {
    let mut text = String::from("incident_id,t,kind,street_id,place_id,lon,lat,closed_share,ended_at\n");
    let mut reports: Vec<(i64, Incident, bool)> = Vec::new();
    for incident in shape.incidents.between(shape, from - 1, to) {
        for (at, ended) in [(incident.from, false), (incident.to, true)] {
            if at >= from && at < to && (ended || pace == Pace::Live) {
                reports.push((at, incident.clone(), ended));
            }
        }
    }
    reports.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    for (_, incident, ended) in &reports {
        let place = super::shape::locate(&shape.districts, incident.point);
        let place = place.map_or("", |d| super::facts::DISTRICTS[d].id);
        let end = if *ended {
            shape.zone.format(incident.to)
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{},{},{},{},{place},{:.6},{:.6},{:.2},{end}",
            incident.id,
            shape.zone.format(incident.from),
            incident.kind,
            shape.network.streets[incident.street].id,
            incident.point.lon,
            incident.point.lat,
            incident.closed
        );
    }
    (!reports.is_empty()).then_some(text)
}
