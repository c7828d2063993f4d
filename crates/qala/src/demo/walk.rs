//! The way of a city through time: the last two hours first, then live for ever; beside it the years before and the last
//! days. What a restart goes on with is read from the lake's own list of messages, which is the truth.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use qala_app::{Centre, DemoPhase, Payload};
use qala_sim::city::{Op, Pace, Phase, WholeCity};
use tokio::sync::{oneshot, watch};

use super::plan::{History, Plan};
use super::send::{self, Lanes, Stage, Turn};
use crate::print;

const HOUR: i64 = 3_600_000_000;
/// After a longer stop than this, time that was missed is sent by the hour.
const LONG_STOP: i64 = 4 * HOUR;

/// A city on its way.
pub(crate) struct Walk {
    centre: Arc<Centre>,
    city: WholeCity,
    plan: Plan,
    speed: i64,
    /// The last turn of each feed and stage that the lake has from before.
    had: Arc<HashMap<(Stage, String), Turn>>,
}

/// First full hour at or after an instant.
fn hour_from(instant: i64) -> i64 {
    -(-instant).div_euclid(HOUR) * HOUR
}

impl Walk {
    /// Looks what the lake has of the city.
    ///
    /// # Errors
    /// The query's.
    pub(crate) async fn new(centre: Arc<Centre>, city: WholeCity, plan: Plan, speed: u32) -> Result<Self> {
        let sql = "SELECT feed, split_part(idempotency_key, '/', 1) AS stage, max(idempotency_key) AS last \
                   FROM lake_messages WHERE idempotency_key LIKE 'city-%' GROUP BY feed, stage";
        let mut had = HashMap::new();
        for row in centre.rows(sql).await? {
            let text = |name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or_default();
            let stage = Stage::ALL.into_iter().find(|s| s.as_str() == text("stage"));
            if let (Some(stage), Some(turn)) = (stage, send::turn_of(text("last"))) {
                had.insert((stage, text("feed").to_owned()), turn);
            }
        }
        let walk = Self {
            centre,
            city,
            plan,
            speed: i64::from(speed),
            had: Arc::new(had),
        };
        let gap = walk.gap();
        walk.centre.demo.note(|status| {
            status.seed = walk.plan.seed;
            status.speed = speed;
            status.gap = gap;
        });
        Ok(walk)
    }

    /// The newest instant of the city's time: of its last live message, or that of its begin.
    pub(crate) fn newest(&self) -> i64 {
        let live = self.reached(Stage::Live).max(self.reached(Stage::Missed));
        live.unwrap_or(self.plan.origin).max(self.plan.origin)
    }

    fn reached(&self, stage: Stage) -> Option<i64> {
        let turns = self.had.iter().filter(|((s, _), _)| *s == stage);
        turns.map(|(_, (time, _))| *time).max()
    }

    fn phases(&self) -> Vec<Phase> {
        let days = match self.plan.history {
            History::None => 0,
            History::Days(days) => days,
        };
        self.city.phases(self.plan.origin, days)
    }

    /// Where live time begins: just after a full hour, two hours before the city's begin.
    fn begin(&self) -> i64 {
        self.phases().first().map_or(self.plan.origin, |p| p.from)
    }

    /// What is still to be filled in, with what it is sent for.
    fn open(&self) -> Vec<(Stage, Phase)> {
        let stage = |phase: Phase| match phase.pace {
            Pace::History if !self.plan.history_filled => Some((Stage::History, phase)),
            Pace::Bulk if !self.plan.days_filled => Some((Stage::Days, phase)),
            _ => None,
        };
        if self.plan.history == History::None {
            return Vec::new();
        }
        self.phases().into_iter().filter_map(stage).collect()
    }

    fn gap(&self) -> Option<(i64, i64)> {
        let open = self.open();
        let from = open.iter().map(|(_, p)| p.from).min()?;
        Some((from, self.begin() - 1))
    }

    /// Fills everything, up to the city's begin, and returns.
    ///
    /// # Errors
    /// A message that cannot be taken in; IO.
    pub(crate) async fn fill(&self) -> Result<()> {
        self.both(self.plan.origin + 1).await
    }

    /// Fills everything and lives for ever. What stops it is shown.
    pub(crate) async fn run(self) {
        if let Err(error) = self.both(i64::MAX).await {
            print::err(&format!("the city stands still: {error:#}"));
            self.centre
                .demo
                .note(|status| status.error = Some(format!("{error:#}")));
            self.centre.computing.ask();
        }
    }

    async fn both(&self, to: i64) -> Result<()> {
        let (caught_up, catches_up) = oneshot::channel();
        let (filled, is_filled) = watch::channel(false);
        let fill = async {
            drop(catches_up.await);
            self.fill_in().await?;
            filled.send_replace(true);
            Ok::<(), anyhow::Error>(())
        };
        tokio::try_join!(self.live(to, caught_up, is_filled), fill)?;
        Ok(())
    }

    /// Sends the lists that the lake does not have.
    async fn lists(&self) -> Result<()> {
        let has = |feed: &str| self.had.contains_key(&(Stage::List, feed.to_owned()));
        let lists = self.city.lists(self.plan.origin)?;
        for list in lists.into_iter().filter(|list| !has(&list.feed)) {
            let name = list.path.rsplit('/').next().unwrap_or_default().to_owned();
            let payload = Payload::Bytes(name, Arc::new(list.bytes));
            let key = send::key(Stage::List, (self.plan.origin, false));
            send::import(&self.centre, &list.feed, payload, key, Op::Upsert).await?;
        }
        Ok(())
    }

    /// Sends what devices send, each message when it is due, until `to`. What is taken back waits until all is filled in.
    async fn live(
        &self,
        to: i64,
        caught_up: oneshot::Sender<()>,
        mut filled: watch::Receiver<bool>,
    ) -> Result<()> {
        let (centre, clock) = (&self.centre, &self.centre.clock);
        self.lists().await?;
        let mut lanes = Lanes::new(Arc::clone(centre), Arc::clone(&self.had));
        let live = self.reached(Stage::Live).max(self.reached(Stage::Missed));
        let mut at = live.map_or(self.begin(), |time| time - Stage::Live.apart());
        let until = clock.now().min(to - 1);
        centre.demo.note(|status| {
            status.expected = self.city.expected(Pace::Live, at, until + 1);
            status.next_due = Some(at);
        });
        if until - at > LONG_STOP {
            // Whole hours, so that no row is left out between the two ways of cutting messages.
            let (first, last) = (hour_from(at), hour_from(until) - 2 * HOUR);
            self.pass(
                &mut lanes,
                Stage::Live,
                Pace::Live,
                (at, first + 1),
                Some(Op::Upsert),
            )
            .await?;
            self.pass(
                &mut lanes,
                Stage::Missed,
                Pace::Bulk,
                (first + 1, last + 1),
                Some(Op::Upsert),
            )
            .await?;
            at = last + 1;
        }
        let mut messages = send::make(&self.city, Pace::Live, at, to, None)?;
        let mut caught_up = Some(caught_up);
        let mut takes_back = false;
        while let Some(message) = messages.recv().await {
            loop {
                if !takes_back && *filled.borrow() {
                    lanes.settle().await?;
                    self.take_back(&mut lanes, message.time).await?;
                    takes_back = true;
                }
                let ahead = message.time - clock.now();
                if ahead <= 0 {
                    break;
                }
                lanes.settle().await?;
                centre.demo.note(|status| status.next_due = Some(message.time));
                if let Some(tell) = caught_up.take() {
                    self.recent_is_in();
                    tell.send(()).ok();
                }
                let wait = (ahead / self.speed).clamp(1_000, 1_000_000).unsigned_abs();
                tokio::time::sleep(Duration::from_micros(wait)).await;
            }
            let oldest = lanes.oldest().unwrap_or(message.time).min(message.time);
            centre.demo.note(|status| status.next_due = Some(oldest));
            match message.op {
                Op::Retract if takes_back => lanes.send(Stage::Back, message).await?,
                Op::Retract => {}
                Op::Upsert => lanes.send(Stage::Live, message).await?,
            }
        }
        // Only a city that is filled and not let live comes here.
        lanes.settle().await?;
        centre.demo.note(|status| status.next_due = None);
        if let Some(tell) = caught_up.take() {
            tell.send(()).ok();
        }
        if !takes_back {
            filled.wait_for(|filled| *filled).await?;
            self.take_back(&mut lanes, to - 1).await?;
        }
        Ok(())
    }

    /// The last two hours are in: everything that shows them can begin.
    fn recent_is_in(&self) {
        self.centre.computing.ask();
    }

    /// Sends all messages of a window, as fast as they are taken in.
    async fn pass(
        &self,
        lanes: &mut Lanes,
        stage: Stage,
        pace: Pace,
        (from, to): (i64, i64),
        only: Option<Op>,
    ) -> Result<()> {
        let zone = self.city.zone();
        let mut day = zone.local_day(from);
        let mut messages = send::make(&self.city, pace, from, to, only)?;
        while let Some(message) = messages.recv().await {
            let next = zone.local_day(message.time);
            if stage == Stage::Days && next != day {
                // The day before is whole but for late rows.
                day = next;
                let begin = zone.day_start(day);
                self.centre.demo.note(|status| {
                    status.gap = status.gap.map(|(_, until)| (begin, until));
                });
                self.centre.computing.ask();
            }
            lanes.send(stage, message).await?;
        }
        lanes.settle().await
    }

    /// Sends the years before and the last days, from where an earlier run stopped.
    async fn fill_in(&self) -> Result<()> {
        let mut plan = self.plan.clone();
        let mut lanes = Lanes::new(Arc::clone(&self.centre), Arc::clone(&self.had));
        let open = self.open();
        for (n, (stage, phase)) in open.iter().enumerate() {
            let (from, to) = (phase.from, phase.to);
            let reached = self.reached(*stage).map(|time| time - stage.apart());
            let at = reached.unwrap_or(from).max(from);
            self.centre.demo.note(|status| {
                status.phase = stage.phase();
                status.done = self.city.expected(phase.pace, from, at);
                status.expected = self.city.expected(phase.pace, from, to);
            });
            self.pass(&mut lanes, *stage, phase.pace, (at, to), phase.only)
                .await?;
            match stage {
                Stage::History => plan.history_filled = true,
                _ => plan.days_filled = true,
            }
            plan.keep()?;
            let next = open.get(n + 1).map(|(_, p)| (p.from, self.begin() - 1));
            self.centre.demo.note(|status| status.gap = next);
            self.centre.computing.ask();
        }
        Ok(())
    }

    /// Takes back, up to `to`, what devices took back while the rows were not there yet.
    async fn take_back(&self, lanes: &mut Lanes, to: i64) -> Result<()> {
        self.centre.demo.note(|status| {
            status.phase = DemoPhase::Corrections;
            (status.done, status.expected) = (0, 0);
        });
        if self.plan.history != History::None {
            // The last two hours came first, so their corrections of what lies before did too.
            for message in self.city.corrections(self.begin() - 1) {
                lanes.send(Stage::Back, message).await?;
            }
        }
        let reached = self.reached(Stage::Back).map(|time| time - Stage::Back.apart());
        let from = reached.unwrap_or(0).max(self.begin());
        self.pass(lanes, Stage::Back, Pace::Live, (from, to + 1), Some(Op::Retract))
            .await?;
        self.centre.demo.note(|status| {
            status.phase = DemoPhase::Live;
            (status.done, status.expected) = (0, 0);
        });
        self.centre.computing.ask();
        Ok(())
    }
}
