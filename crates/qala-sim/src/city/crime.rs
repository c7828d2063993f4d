//! Offences: a background where people live and move, planted clusters, and repeats near in place and time.
//!
//! Every offence comes from a root: one of the background of a day, or one of a cluster. Some kinds repeat: an offence has
//! with probability [`REPEATS`] one that follows it, of the same kind, at most [`NEAR_M`] away and one to [`NEAR_DAYS`] days
//! later, and that one may have one in turn, three times over at most. So the offences of a day follow from the roots of the
//! days before it alone.

use std::fmt::Write;

use super::Shape;
use super::dice::{Chooser, Dice};
use super::facts::DISTRICTS;
use super::shape::locate;
use super::truth::CityTruth;
use crate::clock::SECOND;
use crate::place::{METRES, Point};

/// Offences a year (CITY-FACTS section 11).
const A_YEAR: f64 = 40_000.0;
/// Probability that an offence of a repeating kind is followed by another (assumption).
pub const REPEATS: f64 = 0.35;
/// Farthest and latest repeat, m and days (assumption after the near-repeat literature: a block, two weeks).
pub const NEAR_M: f64 = 150.0;
/// Latest repeat, days.
pub const NEAR_DAYS: i64 = 14;
const GENERATIONS: usize = 3;
/// Share of the background that happens in the streets; the rest happens where people live (assumption).
const IN_STREETS: f64 = 0.4;

/// Kinds: name, share of the roots, whether it repeats, and share that the police find by themselves (assumptions). What the
/// police find tells where they look, so that analyses leave it out.
const KINDS: [(&str, f64, bool, f64); 9] = [
    ("theft", 0.36, false, 0.0),
    ("theft_from_vehicle", 0.12, true, 0.0),
    ("burglary", 0.09, true, 0.0),
    ("fraud", 0.20, false, 0.0),
    ("assault", 0.07, false, 0.05),
    ("robbery", 0.04, false, 0.0),
    ("vehicle_theft", 0.03, false, 0.0),
    ("hooliganism", 0.06, false, 0.3),
    ("drugs", 0.03, false, 0.9),
];

/// Planted clusters begin in a span of so many days, so many in each.
const SPAN: i32 = 91;
const A_SPAN: usize = 2;
/// Radius of a cluster, m.
const CLUSTER_M: f64 = 250.0;

/// Offences by the hour of the day (assumption: evenings).
const HOURS: [f64; 24] = [
    3.0, 2.2, 1.8, 1.4, 1.1, 1.0, 1.2, 1.8, 2.8, 3.6, 4.2, 4.6, 5.0, 5.0, 4.8, 4.8, 5.0, 5.6, 6.2, 6.6, 6.6,
    6.2, 5.4, 4.2,
];

/// A planted cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Id.
    pub id: String,
    /// Kind of offence.
    pub kind: &'static str,
    /// First local day, days since 1970.
    pub first: i32,
    /// Last local day.
    pub last: i32,
    /// Offences a day on top of the background, within the radius.
    pub a_day: f64,
    /// Radius, m.
    pub radius_m: f64,
    /// Longitude of its middle.
    pub lon: f64,
    /// Latitude of its middle.
    pub lat: f64,
    key: usize,
}

/// Where an offence comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the background.
    Background,
    /// From a cluster, by its id.
    Cluster(String),
    /// From another offence, by its id.
    Repeat(String),
}

/// An offence.
#[derive(Debug, Clone, PartialEq)]
pub struct Offence {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: &'static str,
    /// When it happened, µs since 1970.
    pub t: i64,
    /// When it was registered, µs since 1970.
    pub registered: i64,
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
    /// True when the police found it by themselves.
    pub by_police: bool,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where offences happen.
#[derive(Debug, Clone)]
pub(super) struct Crime {
    homes: Chooser,
    streets: Chooser,
    kinds: Chooser,
    hours: Chooser,
    /// Roots of the background on a mean day.
    a_day: f64,
}

impl Crime {
    pub(super) fn new(cells: &[super::people::Cell], streets: Chooser) -> Self {
        let repeating: f64 = KINDS.iter().filter(|k| k.2).map(|k| k.1).sum();
        // What follows a root on the mean: p + p² + p³.
        let chain = (0..GENERATIONS).fold(0.0, |sum, _| REPEATS * (1.0 + sum));
        // Clusters last 33 days on the mean, with 3.5 offences a day.
        let planted = A_SPAN as f64 * 33.0 * 3.5 / f64::from(SPAN);
        Self {
            homes: Chooser::new(cells.iter().map(|c| c.total() as f64)),
            streets,
            kinds: Chooser::new(KINDS.map(|k| k.1)),
            hours: Chooser::new(HOURS),
            a_day: (A_YEAR / 365.25 - planted) / (1.0 + repeating * chain),
        }
    }
}

/// A point so many metres from another.
pub(super) fn beside(point: Point, (x, y): (f64, f64), metres: f64) -> Point {
    Point {
        lon: point.lon + x * metres / METRES.lon,
        lat: point.lat + y * metres / METRES.lat,
    }
    .rounded()
}

/// A point somewhere in the block around a cell.
pub(super) fn in_block(shape: &Shape, cell: usize, offset: (f64, f64)) -> Point {
    beside(shape.cells[cell].point, offset, 170.0)
}

/// The clusters that begin in a span.
fn clusters(shape: &Shape, span: i32) -> Vec<Cluster> {
    let dice = Dice::new(shape.seed, "city/clusters");
    let make = |n: usize| {
        let unit = |purpose: usize| dice.unit(n + 10 * purpose, i64::from(span));
        let first = span * SPAN + (unit(1) * f64::from(SPAN)) as i32;
        let centre = shape.cells[shape.crime.homes.pick(unit(2))].point;
        // Repeating kinds have clusters of their own making.
        let kind = ["theft", "robbery", "assault", "vehicle_theft"][(unit(3) * 4.0) as usize];
        Cluster {
            id: format!("SIM-K{span}-{n}"),
            kind,
            first,
            last: first + 20 + (unit(4) * 25.0) as i32,
            a_day: 2.0 + 3.0 * unit(5),
            radius_m: CLUSTER_M,
            lon: centre.lon,
            lat: centre.lat,
            key: (span.unsigned_abs() as usize) * A_SPAN + n,
        }
    };
    (0..A_SPAN).map(make).collect()
}

/// The clusters that stand on some of the local days from `first` to `last`.
fn standing(shape: &Shape, first: i32, last: i32) -> Vec<Cluster> {
    let spans = first.div_euclid(SPAN) - 1..=last.div_euclid(SPAN);
    let all = spans.flat_map(|span| clusters(shape, span));
    all.filter(|c| c.first <= last && c.last >= first).collect()
}

/// An offence as it is worked out: its place in the row of its root's descendants.
struct Draft {
    /// Local day.
    day: i32,
    kind: usize,
    point: Point,
    id: String,
    origin: Origin,
    /// Number within its day of root.
    key: usize,
}

/// The roots of a local day.
fn roots(shape: &Shape, day: i32, only_repeating: bool) -> Vec<Draft> {
    let dice = Dice::new(shape.seed, "city/offences");
    let time = i64::from(day);
    // More in summer than in winter, and from week to week (assumption).
    let season = 1.0 + 0.06 * dice.wave(9, time, 30);
    let count = dice.count(1, time, shape.crime.a_day * season) as usize;
    let mut list = Vec::with_capacity(count);
    for slot in 0..count {
        let kind = shape.crime.kinds.pick(dice.unit(1_000 + slot, time));
        if only_repeating && !KINDS[kind].2 {
            continue;
        }
        let place = dice.unit(3_000 + slot, time);
        let offset = dice.disc(4_000 + slot, time);
        let point = if dice.unit(2_000 + slot, time) < IN_STREETS {
            let segment = &shape.network.segments[shape.crime.streets.pick(place)];
            beside(
                shape.network.along(segment, dice.unit(5_000 + slot, time)),
                offset,
                15.0,
            )
        } else {
            in_block(shape, shape.crime.homes.pick(place), offset)
        };
        list.push(Draft {
            day,
            kind,
            point,
            id: format!("SIM-O{day}-{slot}"),
            origin: Origin::Background,
            key: slot,
        });
    }
    if only_repeating {
        return list;
    }
    for cluster in standing(shape, day, day) {
        let centre = Point {
            lon: cluster.lon,
            lat: cluster.lat,
        };
        for n in 0..dice.count(10_000 + cluster.key, time, cluster.a_day) as usize {
            let key = 20_000 + cluster.key * 50 + n;
            list.push(Draft {
                day,
                kind: KINDS.iter().position(|k| k.0 == cluster.kind).unwrap_or(0),
                point: beside(centre, dice.disc(key, time), cluster.radius_m),
                id: format!("SIM-O{day}-{}-{n}", cluster.id),
                origin: Origin::Cluster(cluster.id.clone()),
                key,
            });
        }
    }
    list
}

/// What follows an offence, if anything.
fn next(shape: &Shape, root_day: i32, generation: usize, before: &Draft) -> Option<Draft> {
    let dice = Dice::new(shape.seed, "city/repeats");
    let (key, time) = (before.key * 10 + generation, i64::from(root_day));
    if !KINDS[before.kind].2 || dice.unit(key, time) >= REPEATS {
        return None;
    }
    let later = 1 + (dice.unit(key + 1_000_000, time) * NEAR_DAYS as f64) as i32;
    Some(Draft {
        day: before.day + later,
        kind: before.kind,
        point: beside(before.point, dice.disc(key + 2_000_000, time), NEAR_M),
        id: format!("{}-r", before.id),
        origin: Origin::Repeat(before.id.clone()),
        key: before.key,
    })
}

/// The offences of a local day.
fn of_day(shape: &Shape, day: i32) -> Vec<Offence> {
    let mut drafts = roots(shape, day, false);
    for root_day in day - NEAR_DAYS as i32 * GENERATIONS as i32..day {
        for root in roots(shape, root_day, true) {
            let mut at = root;
            for generation in 0..GENERATIONS {
                match next(shape, root_day, generation, &at) {
                    Some(after) if after.day < day => at = after,
                    Some(after) => {
                        if after.day == day {
                            drafts.push(after);
                        }
                        break;
                    }
                    None => break,
                }
            }
        }
    }
    let dice = Dice::new(shape.seed, "city/offence-times");
    let finish = |draft: Draft| {
        // The id tells the offences of a day apart.
        let object = draft
            .id
            .bytes()
            .fold(7_usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b)));
        let unit = |purpose: i64| dice.unit(object, purpose);
        let hour = shape.crime.hours.pick(unit(1));
        let t = shape.zone.day_start(day) + ((hour as f64 + unit(2)) * 3600.0) as i64 * SECOND;
        // Known after a quarter of an hour (CITY-FACTS section 9) to two days, mostly soon.
        let late = unit(3) * unit(3);
        let delay = 900.0 + 47.75 * 3600.0 * late * late;
        Offence {
            kind: KINDS[draft.kind].0,
            t,
            registered: t + delay as i64 * SECOND,
            lon: draft.point.lon,
            lat: draft.point.lat,
            by_police: unit(4) < KINDS[draft.kind].3,
            origin: draft.origin,
            id: draft.id,
        }
    };
    drafts.into_iter().map(finish).collect()
}

/// Offences registered from `from` (included) to `to` (excluded), in the order in which they were.
fn registered(shape: &Shape, from: i64, to: i64) -> Vec<Offence> {
    let (first, last) = (shape.zone.local_day(from), shape.zone.local_day(to - 1));
    let all = (first - 3..=last).flat_map(|day| of_day(shape, day));
    let mut list: Vec<Offence> = all
        .filter(|o| o.registered >= from && o.registered < to)
        .collect();
    list.sort_by(|a, b| (a.registered, &a.id).cmp(&(b.registered, &b.id)));
    list
}

/// What was registered in a window as a table; none when nothing was.
pub(super) fn report(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let list = registered(shape, from, to);
    let mut text = String::from("offence_id,t,registered_at,kind,reported_by,place_id,lon,lat\n");
    for offence in &list {
        let point = Point {
            lon: offence.lon,
            lat: offence.lat,
        };
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{:.6},{:.6}",
            offence.id,
            shape.zone.format(offence.t),
            shape.zone.format(offence.registered),
            offence.kind,
            if offence.by_police { "police" } else { "resident" },
            locate(&shape.districts, point).map_or("", |d| DISTRICTS[d].id),
            offence.lon,
            offence.lat
        );
    }
    (!list.is_empty()).then_some(text)
}

impl CityTruth<'_> {
    /// Offences registered from `from` (included) to `to` (excluded), µs since 1970, with where each comes from.
    pub fn offences(&self, from: i64, to: i64) -> Vec<Offence> {
        registered(self.shape, from, to)
    }

    /// The planted clusters that stand on some of the local days from `first` to `last`, days since 1970.
    pub fn clusters(&self, first: i32, last: i32) -> Vec<Cluster> {
        standing(self.shape, first, last)
    }

    /// Offences of a mean year from the background of each cell (by the order of `SIM-C…`): those at home only.
    pub fn home_offences_a_year(&self) -> Vec<f64> {
        let crime = &self.shape.crime;
        let at_home = crime.a_day * 365.25 * (1.0 - IN_STREETS);
        let cells = self.shape.cells.iter();
        cells
            .map(|c| at_home * c.total() as f64 / crime.homes.total())
            .collect()
    }
}
