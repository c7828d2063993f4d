//! Appeals of residents: what they ask, when each is closed, and what is asked again.
//!
//! Two kinds: questions answered in the call itself, and requests that go to the function that can mend something. How long
//! a request of a topic takes is a table of quantiles with straight lines between them, so that medians are known exactly.
//! One function is planted to be late every autumn.

mod topics;

use std::fmt::Write;

use super::Shape;
use super::crime::{beside, in_block};
use super::dice::{Chooser, Dice};
use super::facts::DISTRICTS;
use super::people::Cell;
use super::shape::locate;
use super::truth::CityTruth;
use crate::clock::{SECOND, civil};
use crate::place::Point;
use topics::TOPICS;

/// Appeals on a mean day, and the share answered at once (CITY-FACTS section 6: 636 a day, 69 % solved without sending on).
const A_DAY: f64 = 636.0;
const AT_ONCE: f64 = 0.69;
/// Requests that are made again from the same place (assumption), and how many days later, from and to.
pub const ASKED_AGAIN: f64 = 0.12;
const AGAIN_DAYS: (i32, i32) = (3, 20);
/// Farthest a second request is from the first, m (assumption).
const AGAIN_M: f64 = 40.0;
/// Requests that are never closed, are sent on to another body, or are opened again after closing (assumptions).
const NEVER: f64 = 0.015;
const REDIRECTED: f64 = 0.08;
const REOPENED: f64 = 0.03;
/// Requests without coordinates (assumption).
const NO_PLACE: f64 = 0.15;
/// Probability of a day on which something fails in one district, and how many requests it brings (CITY-FACTS section 11:
/// peaks of 3,000; the frequency is an assumption).
const FAILURE: f64 = 0.006;
const FAILURE_REQUESTS: f64 = 2_350.0;
/// 15 working days without holidays (CITY-FACTS section 14).
const DUE_DAYS: i32 = 21;
/// The late function takes so many times as long, for what is opened from September to December (assumption).
pub const LATE_FACTOR: f64 = 2.5;
const LATE_MONTHS: std::ops::RangeInclusive<i32> = 9..=12;
/// One of these functions is the late one.
const LATE: [&str; 4] = [
    "communal-infrastructure",
    "road-infrastructure",
    "housing-inspection",
    "waste",
];
/// No request changes later than this, days: 60 days late, opened again, and the wait for its repeat.
const LOOK_BACK: i32 = 150 + 31 + 20;

/// What is answered at once.
const QUESTION: &str = "question";

/// Appeals by the hour of the day (assumption).
const HOURS: [f64; 24] = [
    0.6, 0.4, 0.3, 0.3, 0.4, 0.7, 1.5, 3.0, 5.5, 8.0, 8.5, 8.0, 7.0, 6.8, 7.2, 7.2, 7.0, 6.5, 5.5, 4.5, 3.8,
    3.0, 2.2, 1.2,
];

/// What stands still of the appeals.
#[derive(Debug, Clone)]
pub(super) struct Appeals {
    homes: Chooser,
    /// Topics by month.
    topics: Vec<Chooser>,
    hours: Chooser,
    channels: Chooser,
    late: &'static str,
}

impl Appeals {
    pub(super) fn new(seed: u64, cells: &[Cell]) -> Self {
        let late = Dice::new(seed, "city/late").bits(0, 0) as usize % LATE.len();
        let month = |m: usize| Chooser::new(TOPICS.iter().map(|t| t.share * t.months[m]));
        Self {
            homes: Chooser::new(cells.iter().map(|c| c.total() as f64)),
            topics: (0..12).map(month).collect(),
            hours: Chooser::new(HOURS),
            channels: Chooser::new(CHANNELS.map(|c| c.1)),
            late: LATE[late],
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is sent on to another body.
    Redirected,
    /// It is closed.
    Closed,
    /// It is opened again.
    Reopened,
}

impl Change {
    /// The word in the data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redirected => "redirected",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }
}

/// A request with everything that will become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Id.
    pub id: String,
    /// Topic; `question` for what is answered at once.
    pub topic: &'static str,
    /// Function that answers.
    pub function: &'static str,
    /// When it came, µs since 1970.
    pub opened: i64,
    /// Changes in the order of time, µs since 1970; none for a question.
    pub changes: Vec<(i64, Change)>,
    /// When it is answered by law, µs since 1970.
    pub due: i64,
    /// Longitude and latitude, where given.
    pub place: Option<(f64, f64)>,
    /// The request that this one repeats.
    pub repeats: Option<String>,
    district: usize,
    channel: usize,
}

impl Request {
    /// When it was closed for good, µs since 1970; none when it never is.
    pub fn closed(&self) -> Option<i64> {
        if self.topic == QUESTION {
            return Some(self.opened);
        }
        self.changes.last().filter(|c| c.1 == Change::Closed).map(|c| c.0)
    }
}

/// What is true of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicTruth {
    /// Topic.
    pub topic: &'static str,
    /// Function that answers.
    pub function: &'static str,
    /// Median of the days from opening to the first closing, in months when nothing is late.
    pub median_days: f64,
    /// Days times this in the months in which the function is late; 1 for the others.
    pub late_factor: f64,
}

/// A day on which something failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Local day, days since 1970.
    pub day: i32,
    /// District.
    pub district: &'static str,
    /// Requests it brought.
    pub requests: usize,
}

/// District and number of requests of a failure of a day, if there was one.
fn failure(shape: &Shape, day: i32) -> Option<(usize, usize)> {
    let dice = Dice::new(shape.seed, "city/failures");
    let time = i64::from(day);
    (dice.unit(0, time) < FAILURE).then(|| {
        let district = (dice.unit(1, time) * DISTRICTS.len() as f64) as usize;
        (district, dice.count(2, time, FAILURE_REQUESTS) as usize)
    })
}

/// Appeals of a day: of their own, and of a failure on top.
fn counts(shape: &Shape, day: i32) -> (usize, usize) {
    let dice = Dice::new(shape.seed, "city/appeals");
    // 1.3 times as many in spring (CITY-FACTS section 11), fewer at weekends (assumption); both have the mean 1.
    let season = if (3..=5).contains(&civil(day).1) { 1.3 } else { 0.9 };
    let week = if crate::clock::weekday(day) >= 5 {
        0.65
    } else {
        1.14
    };
    // Repeats and failures are part of the mean.
    let own = (A_DAY - FAILURE * FAILURE_REQUESTS) / (1.0 + ASKED_AGAIN * (1.0 - AT_ONCE));
    let usual = dice.count(0, i64::from(day), own * season * week) as usize;
    (usual, failure(shape, day).map_or(0, |f| f.1))
}

/// A slot of a day: which appeal is meant, before anything else of it is worked out.
#[derive(Clone, Copy)]
struct Slot {
    day: i32,
    slot: usize,
    /// Of the failure of the day.
    is_failure: bool,
}

impl Slot {
    fn unit(self, dice: Dice, purpose: usize) -> f64 {
        dice.unit(self.slot * 64 + purpose, i64::from(self.day))
    }

    /// The topic; none for a question.
    fn topic(self, shape: &Shape, dice: Dice) -> Option<usize> {
        if self.is_failure {
            return Some(1);
        }
        if self.unit(dice, 1) < AT_ONCE {
            return None;
        }
        let month = civil(self.day).1 as usize - 1;
        Some(shape.appeals.topics[month].pick(self.unit(dice, 2)))
    }
}

fn slots(shape: &Shape, day: i32) -> impl Iterator<Item = Slot> + use<> {
    let (usual, failed) = counts(shape, day);
    (0..usual + failed).map(move |slot| Slot {
        day,
        slot,
        is_failure: slot >= usual,
    })
}

/// When an appeal comes on a day that begins at `start`, µs since 1970; `purpose` tells the first one and its repeat apart.
fn opened(shape: &Shape, dice: Dice, slot: Slot, start: i64, purpose: usize) -> i64 {
    let hour = shape.appeals.hours.pick(slot.unit(dice, purpose));
    let second = (hour as f64 + slot.unit(dice, purpose + 1)) * 3600.0;
    start + second as i64 * SECOND
}

/// What becomes of a request that came `at` an instant in a month (1 to 12): of the first one (`purpose` 20) or its repeat
/// (`purpose` 40).
fn changes(
    shape: &Shape,
    dice: Dice,
    slot: Slot,
    topic: usize,
    (at, month): (i64, i32),
    purpose: usize,
) -> Vec<(i64, Change)> {
    let unit = |n: usize| slot.unit(dice, purpose + n);
    let topic = &TOPICS[topic];
    let factor = if topic.function == shape.appeals.late && LATE_MONTHS.contains(&month) {
        LATE_FACTOR
    } else {
        1.0
    };
    let days = |days: f64| (days * 86_400.0) as i64 * SECOND;
    let mut list = Vec::with_capacity(1);
    let first = days(topic.quantile(unit(0)) * factor);
    if unit(1) < REDIRECTED {
        // Within three working days, and before it is closed.
        list.push((
            at + first.min(days(3.0)) / 10 * (1 + (unit(2) * 8.0) as i64),
            Change::Redirected,
        ));
    }
    if unit(3) < NEVER {
        return list;
    }
    list.push((at + first, Change::Closed));
    if unit(4) < REOPENED {
        let again = at + first + days(1.0 + 9.0 * unit(5));
        list.push((again, Change::Reopened));
        list.push((again + days(topic.quantile(unit(6)).min(20.0)), Change::Closed));
    }
    list
}

/// The point and district of a request.
fn place(shape: &Shape, dice: Dice, slot: Slot) -> (Point, usize) {
    let mut cell = shape.appeals.homes.pick(slot.unit(dice, 3));
    if let Some((district, _)) = failure(shape, slot.day).filter(|_| slot.is_failure) {
        let within: Vec<usize> = (0..shape.cells.len())
            .filter(|c| shape.cells[*c].district == district)
            .collect();
        cell = within[(slot.unit(dice, 3) * within.len() as f64) as usize % within.len().max(1)];
    }
    (
        in_block(shape, cell, dice.disc(slot.slot, i64::from(slot.day))),
        shape.cells[cell].district,
    )
}

/// The day of the repeat of a request, if it has one.
fn repeat_day(dice: Dice, slot: Slot) -> Option<i32> {
    let (low, high) = AGAIN_DAYS;
    let later = low + (slot.unit(dice, 11) * f64::from(high - low + 1)) as i32;
    (!slot.is_failure && slot.unit(dice, 10) < ASKED_AGAIN).then_some(slot.day + later)
}

/// Everything of an appeal of a slot; with `again`, of its repeat on that day.
fn request(shape: &Shape, dice: Dice, slot: Slot, again: Option<i32>) -> Request {
    let topic = slot.topic(shape, dice);
    let (point, district) = place(shape, dice, slot);
    let first = format!("SIM-R{}-{}", slot.day, slot.slot);
    let (day, purpose) = again.map_or((slot.day, 20), |day| (day, 40));
    let at = opened(shape, dice, slot, shape.zone.day_start(day), purpose + 10);
    let when = (at, civil(day).1);
    let point = if again.is_some() {
        beside(
            point,
            dice.disc(slot.slot + 1_000_000, i64::from(slot.day)),
            AGAIN_M,
        )
    } else {
        point
    };
    let due = shape.zone.day_start(day + DUE_DAYS) + 18 * 3600 * SECOND;
    let has_place = topic.is_some() && slot.unit(dice, 12) >= NO_PLACE;
    Request {
        id: if again.is_some() {
            format!("{first}-r")
        } else {
            first.clone()
        },
        topic: topic.map_or(QUESTION, |t| TOPICS[t].id),
        function: topic.map_or("appeals", |t| TOPICS[t].function),
        opened: at,
        changes: topic.map_or_else(Vec::new, |t| changes(shape, dice, slot, t, when, purpose)),
        due,
        place: has_place.then_some((point.lon, point.lat)),
        repeats: again.is_some().then_some(first),
        district,
        channel: shape.appeals.channels.pick(slot.unit(dice, purpose + 13)),
    }
}

/// Slots of a local day, and those whose repeat falls on it, with the day of the repeat.
fn of_day(shape: &Shape, dice: Dice, day: i32) -> Vec<(Slot, Option<i32>)> {
    let mut list: Vec<(Slot, Option<i32>)> = slots(shape, day).map(|slot| (slot, None)).collect();
    for before in day - AGAIN_DAYS.1..=day - AGAIN_DAYS.0 {
        let repeated = slots(shape, before)
            .filter(|s| repeat_day(dice, *s) == Some(day) && s.topic(shape, dice).is_some());
        list.extend(repeated.map(|slot| (slot, Some(day))));
    }
    list
}

/// The appeals of a window, in the order of time.
fn between(shape: &Shape, from: i64, to: i64) -> Vec<Request> {
    let dice = Dice::new(shape.seed, "city/appeals");
    let (first, last) = (shape.zone.local_day(from), shape.zone.local_day(to - 1));
    let mut list = Vec::new();
    for day in first..=last {
        let start = shape.zone.day_start(day);
        for (slot, again) in of_day(shape, dice, day) {
            let purpose = if again.is_some() { 50 } else { 30 };
            let at = opened(shape, dice, slot, start, purpose);
            if at >= from && at < to {
                list.push(request(shape, dice, slot, again));
            }
        }
    }
    list.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
    list
}

/// The changes of a window in the order of time: when, id, what.
fn changed(shape: &Shape, from: i64, to: i64) -> Vec<(i64, String, Change)> {
    let dice = Dice::new(shape.seed, "city/appeals");
    let (first, last) = (shape.zone.local_day(from), shape.zone.local_day(to - 1));
    let mut list = Vec::new();
    let days: Vec<(i64, i32)> = (first - LOOK_BACK..=last + AGAIN_DAYS.1)
        .map(|day| (shape.zone.day_start(day), civil(day).1))
        .collect();
    let mut look = |slot: Slot, day: i32, topic: usize, purpose: usize| {
        let (start, month) = days[(day - first + LOOK_BACK) as usize];
        let at = opened(shape, dice, slot, start, purpose + 10);
        for (t, change) in changes(shape, dice, slot, topic, (at, month), purpose) {
            if t >= from && t < to {
                let tail = if purpose == 40 { "-r" } else { "" };
                list.push((t, format!("SIM-R{}-{}{tail}", slot.day, slot.slot), change));
            }
        }
    };
    for day in first - LOOK_BACK..=last {
        for slot in slots(shape, day) {
            let Some(topic) = slot.topic(shape, dice) else {
                continue;
            };
            look(slot, day, topic, 20);
            if let Some(again) = repeat_day(dice, slot) {
                look(slot, again, topic, 40);
            }
        }
    }
    list.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    list
}

/// How an appeal comes in.
const CHANNELS: [(&str, f64); 4] = [("call", 0.62), ("app", 0.2), ("portal", 0.12), ("visit", 0.06)];

/// The appeals of a window as a table; none when there was none.
pub(super) fn report(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let list = between(shape, from, to);
    let mut text = String::from(
        "request_id,t,status,service_code,function_id,channel,due_at,closed_at,place_id,lon,lat\n",
    );
    for request in &list {
        let time = |t: i64| shape.zone.format(t);
        let is_question = request.topic == QUESTION;
        let (status, closed, due) = if is_question {
            ("closed", time(request.opened), String::new())
        } else {
            ("open", String::new(), time(request.due))
        };
        let (district, place) = match request.place {
            Some((lon, lat)) => {
                let district = locate(&shape.districts, Point { lon, lat });
                (
                    district.map_or("", |d| DISTRICTS[d].id),
                    format!("{lon:.6},{lat:.6}"),
                )
            }
            None if is_question => ("", ",".to_owned()),
            None => (DISTRICTS[request.district].id, ",".to_owned()),
        };
        let _ = writeln!(
            text,
            "{},{},{status},{},{},{},{due},{closed},{district},{place}",
            request.id,
            time(request.opened),
            request.topic,
            request.function,
            CHANNELS[request.channel].0
        );
    }
    (!list.is_empty()).then_some(text)
}

/// The changes of a window as a table; none when there was none.
pub(super) fn report_changes(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let list = changed(shape, from, to);
    let mut text = String::from("request_id,t,status\n");
    for (t, id, change) in &list {
        let _ = writeln!(text, "{id},{},{}", shape.zone.format(*t), change.as_str());
    }
    (!list.is_empty()).then_some(text)
}

/// The topics as a table.
pub(super) fn list_topics() -> String {
    let mut text = String::from("topic,name_kk,name_ru,name_en,function_id,due_working_days\n");
    for topic in &TOPICS {
        let [kk, ru, en] = topic.names;
        let _ = writeln!(text, "{},{kk},{ru},{en},{},15", topic.id, topic.function);
    }
    text.push_str("question,Сұрақ,Вопрос,Question,appeals,\n");
    text
}

impl CityTruth<'_> {
    /// The appeals that came from `from` (included) to `to` (excluded), µs since 1970, with all that will become of them.
    pub fn requests(&self, from: i64, to: i64) -> Vec<Request> {
        between(self.shape, from, to)
    }

    /// What is true of the topics that are sent on.
    pub fn topics(&self) -> Vec<TopicTruth> {
        let of = TOPICS.iter().map(|topic| TopicTruth {
            topic: topic.id,
            function: topic.function,
            median_days: topic.quantile(0.5),
            late_factor: if topic.function == self.shape.appeals.late {
                LATE_FACTOR
            } else {
                1.0
            },
        });
        of.collect()
    }

    /// The days of failures from `first` to `last`, days since 1970.
    pub fn failures(&self, first: i32, last: i32) -> Vec<Failure> {
        let days = (first..=last).filter_map(|day| Some((day, failure(self.shape, day)?)));
        days.map(|(day, (district, requests))| Failure {
            day,
            district: DISTRICTS[district].id,
            requests,
        })
        .collect()
    }
}
