//! The messages of a window of time, feed by feed, in the order of time.

use std::collections::VecDeque;

use super::Shape;
use super::appeals;
use super::assets;
use super::budget;
use super::cordon;
use super::crime;
use super::feed::{Feed, Pace, Plan, Rhythm, plans};
use super::history;
use super::incidents;
use super::instruments::Memory;
use super::movements;
use super::projects::{self, News};
use super::readings::{Desk, Record};
use super::safety;
use super::stacks;
use super::transit;
use crate::clock::{SECOND, civil, date_text, month_start, weekday};

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Brings rows.
    Upsert,
    /// Takes back the rows whose keys it names.
    Retract,
}

/// A message of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Feed.
    pub feed: Feed,
    /// When it is sent, µs since 1970.
    pub time: i64,
    /// What it does.
    pub op: Op,
    /// Name of the file, unique within the feed and pace.
    pub name: String,
    /// Rows: records of the source.
    pub records: usize,
    /// Content, as `packs/almaty/feeds/<feed>.toml` says.
    pub bytes: Vec<u8>,
}

/// The messages of a window.
pub struct Messages<'a> {
    shape: &'a Shape,
    pace: Pace,
    /// Feeds with the instant at which the next message of each is due.
    due: Vec<(Plan, i64)>,
    to: i64,
    only: Option<Op>,
    memory: Memory,
    ready: VecDeque<Message>,
}

/// The first instant at or after `from` at which a feed of that rhythm sends.
fn first_due(shape: &Shape, rhythm: Rhythm, from: i64) -> i64 {
    match rhythm {
        Rhythm::Every(step) => {
            from.div_euclid(step) * step + if from.rem_euclid(step) == 0 { 0 } else { step }
        }
        Rhythm::Daily(offset) => {
            let mut day = shape.zone.local_day(from) - 1;
            while shape.zone.day_start(day) + offset < from {
                day += 1;
            }
            shape.zone.day_start(day) + offset
        }
        Rhythm::Week => {
            let day = shape.zone.local_day(from);
            let monday = day - weekday(day);
            let start = shape.zone.day_start(monday);
            if start < from {
                shape.zone.day_start(monday + 7)
            } else {
                start
            }
        }
        Rhythm::Monthly(offset) => {
            let (year, mut month, _) = civil(shape.zone.local_day(from));
            while shape.zone.day_start(month_start(year, month)) + offset < from {
                month += 1;
            }
            shape.zone.day_start(month_start(year, month)) + offset
        }
    }
}

/// The span of time that a message due at `time` holds.
fn span(shape: &Shape, rhythm: Rhythm, time: i64) -> (i64, i64) {
    match rhythm {
        Rhythm::Every(step) => (time - step, time),
        Rhythm::Daily(offset) => {
            let end = time - offset;
            (shape.zone.day_start(shape.zone.local_day(end) - 1), end)
        }
        Rhythm::Week => (time, shape.zone.day_start(shape.zone.local_day(time) + 7)),
        Rhythm::Monthly(offset) => {
            let end = time - offset;
            let (year, month, _) = civil(shape.zone.local_day(end) - 1);
            (shape.zone.day_start(month_start(year, month)), end)
        }
    }
}

pub(super) fn next_after(shape: &Shape, pace: Pace, instant: i64) -> i64 {
    let all = plans(pace, shape.positions_every_s).into_iter();
    all.map(|(_, rhythm)| first_due(shape, rhythm, instant + 1))
        .min()
        .unwrap_or(i64::MAX)
}

pub(super) fn expected(shape: &Shape, pace: Pace, from: i64, to: i64) -> u64 {
    let all = plans(pace, shape.positions_every_s).into_iter();
    all.map(|(_, rhythm)| match rhythm {
        Rhythm::Every(step) => {
            let before = |t: i64| (t + step - 1).div_euclid(step);
            (before(to) - before(from)).max(0) as u64
        }
        Rhythm::Daily(_) | Rhythm::Week | Rhythm::Monthly(_) => {
            let (mut at, mut count) = (first_due(shape, rhythm, from), 0);
            while at < to {
                count += 1;
                at = first_due(shape, rhythm, at + 1);
            }
            count
        }
    })
    .sum()
}

/// What a feed of a book has to tell of a span of time; none when nothing happened.
fn book(shape: &Shape, feed: Feed, from: i64, to: i64) -> Option<String> {
    let days = (shape.zone.local_day(from), shape.zone.local_day(to - 1));
    match feed {
        Feed::Crashes => safety::report(shape, from, to),
        Feed::Offences => crime::report(shape, from, to),
        Feed::Requests => appeals::report(shape, from, to),
        Feed::Changes => appeals::report_changes(shape, from, to),
        Feed::Amendments => budget::report(shape, budget::Flow::Plan, days),
        Feed::Commitments => budget::report(shape, budget::Flow::Commitments, days),
        Feed::Contracts => budget::report(shape, budget::Flow::Contracts, days),
        Feed::Payments => budget::report(shape, budget::Flow::Payments, days),
        Feed::Payables => Some(budget::payables(shape, from)),
        Feed::Movements => Some(movements::report(shape, from)),
        Feed::Queue => Some(movements::report_queue(shape, from)),
        Feed::ProgressNews => projects::report(shape, News::Progress, days),
        Feed::PromiseNews => projects::report(shape, News::Promises, days),
        Feed::BlockNews => projects::report(shape, News::Blocks, days),
        Feed::Lights => assets::report_lights(shape, from, to),
        Feed::Footfall => Some(assets::report_footfall(shape, days)),
        Feed::Monitors => stacks::report(shape, from, to),
        _ => None,
    }
}

impl<'a> Messages<'a> {
    pub(super) fn new(shape: &'a Shape, pace: Pace, from: i64, to: i64) -> Self {
        let due = plans(pace, shape.positions_every_s)
            .into_iter()
            .map(|plan| (plan, first_due(shape, plan.1, from)))
            .collect();
        Self {
            shape,
            pace,
            due,
            to,
            only: None,
            memory: Memory::default(),
            ready: VecDeque::new(),
        }
    }

    /// Only messages that do this; the others are not even made.
    #[must_use]
    pub fn only(mut self, op: Op) -> Self {
        self.only = Some(op);
        self
    }

    /// What was measured before an instant and corrected after it, a message for each feed. Whoever takes the time after
    /// the instant in first and the time before it then, as [`super::WholeCity::phases`] says, has the corrections before
    /// what they correct; sent again at the end, they stand.
    pub(super) fn corrections(shape: &'a Shape, instant: i64) -> Vec<Message> {
        let mut messages = Self::new(shape, Pace::Live, instant, instant);
        for feed in [Feed::Posts, Feed::Sensors, Feed::Weather, Feed::Traffic] {
            let desk = Desk::new(shape, feed);
            let corrected = desk.corrected(&mut messages.memory, instant);
            messages.put_records(&desk, feed, instant, Op::Upsert, &corrected);
        }
        let mut made: Vec<Message> = messages.ready.into();
        for message in &mut made {
            message.name.insert_str(0, "corrected-");
        }
        made
    }

    /// Leaves out all feeds but these.
    pub(super) fn keep(&mut self, feeds: &[Feed]) {
        self.due.retain(|((feed, _), _)| feeds.contains(feed));
    }

    /// Makes what a feed sends at an instant.
    fn make(&mut self, (feed, rhythm): Plan, time: i64) {
        let shape = self.shape;
        let (from, to) = span(shape, rhythm, time);
        match feed {
            Feed::Posts | Feed::Sensors | Feed::Weather | Feed::Traffic => {
                let desk = Desk::new(shape, feed);
                if self.only != Some(Op::Retract) {
                    let sent = desk.sent(&mut self.memory, from, to);
                    self.put_records(&desk, feed, time, Op::Upsert, &sent);
                }
                if self.only != Some(Op::Upsert) {
                    let back = desk.taken_back(&mut self.memory, from, to);
                    self.put_records(&desk, feed, time, Op::Retract, &back);
                }
            }
            // The others never take anything back.
            _ if self.only == Some(Op::Retract) => {}
            Feed::Incidents => {
                if let Some(text) = incidents::report(shape, self.pace, from, to) {
                    self.put_table(feed, time, text);
                }
            }
            Feed::Passengers => {
                self.put_table(feed, time, transit::passengers(shape, shape.zone.local_day(from)));
            }
            Feed::StopCounts => {
                self.put_table(
                    feed,
                    time,
                    transit::stop_counts(shape, shape.zone.local_day(from)),
                );
            }
            Feed::Cordon => self.put_table(feed, time, cordon::report(shape, from, to)),
            Feed::AirHours => {
                let text = history::air_hours(shape, &mut self.memory, from, to);
                self.put_table(feed, time, text);
            }
            Feed::TrafficHours => {
                let text = history::traffic_hours(shape, from, to);
                self.put_table(feed, time, text);
            }
            Feed::Positions => {
                let (records, bytes) = transit::positions(shape, time);
                if records > 0 {
                    self.put(feed, time, Op::Upsert, records, bytes);
                }
            }
            _ => {
                if let Some(text) = book(shape, feed, from, to) {
                    self.put_table(feed, time, text);
                }
            }
        }
    }

    fn put_records(&mut self, desk: &Desk<'_>, feed: Feed, time: i64, op: Op, records: &[Record]) {
        if !records.is_empty() {
            self.put(feed, time, op, desk.rows(records), desk.write(records));
        }
    }

    fn put_table(&mut self, feed: Feed, time: i64, text: String) {
        // The first line is the header.
        let records = text.bytes().filter(|b| *b == b'\n').count().saturating_sub(1);
        self.put(feed, time, Op::Upsert, records, text.into_bytes());
    }

    fn put(&mut self, feed: Feed, time: i64, op: Op, records: usize, bytes: Vec<u8>) {
        let zone = &self.shape.zone;
        let second = (time + zone.offset(time)).rem_euclid(86_400 * SECOND) / SECOND;
        let name = format!(
            "{}-{}T{:02}{:02}{:02}{}.{}",
            feed.id(),
            date_text(zone.local_day(time)),
            second / 3600,
            second / 60 % 60,
            second % 60,
            if op == Op::Retract { "-retract" } else { "" },
            feed.suffix()
        );
        self.ready.push_back(Message {
            feed,
            time,
            op,
            name,
            records,
            bytes,
        });
    }
}

impl Iterator for Messages<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            // The first of those that are due soonest, so that the order of feeds is fixed.
            let soonest = self.due.iter().map(|d| d.1).min()?;
            if soonest >= self.to {
                return None;
            }
            let index = self.due.iter().position(|d| d.1 == soonest)?;
            let plan = self.due[index].0;
            self.due[index].1 = first_due(self.shape, plan.1, soonest + 1);
            self.make(plan, soonest);
        }
    }
}
