//! One message after the other of each feed, several feeds side by side, each message durable before the next of its feed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use qala_app::lake::{self, LakeError};
use qala_app::{AppError, Centre, DemoPhase, Payload, Progress};
use qala_sim::city::{Feed, Message, Op, Pace, WholeCity};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages made ahead of their turn.
const AHEAD: usize = 3;
/// Messages under way at a time: more would only take memory, for they share the processors and one log.
const ABREAST: usize = 6;
/// A full disk is looked at again so often.
const AGAIN: Duration = Duration::from_secs(10);

/// What a message is sent for. It is the first part of its idempotency key, so that the lake tells what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Lists, sent once.
    List,
    /// As devices send.
    Live,
    /// Time in which the program did not run, by the hour.
    Missed,
    /// What is taken back.
    Back,
    /// The years before.
    History,
    /// The last days.
    Days,
}

impl Stage {
    pub(crate) const ALL: [Self; 6] = [
        Self::List,
        Self::Live,
        Self::Missed,
        Self::Back,
        Self::History,
        Self::Days,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::List => "city-list",
            Self::Live => "city-live",
            Self::Missed => "city-missed",
            Self::Back => "city-back",
            Self::History => "city-history",
            Self::Days => "city-days",
        }
    }

    /// The phase whose progress its messages are.
    pub(crate) fn phase(self) -> DemoPhase {
        match self {
            Self::List | Self::Live | Self::Missed => DemoPhase::Recent,
            Self::Back => DemoPhase::Corrections,
            Self::History => DemoPhase::History,
            Self::Days => DemoPhase::Days,
        }
    }

    /// How far feeds may be apart, µs: after a restart nothing older need be looked for.
    pub(crate) fn apart(self) -> i64 {
        match self {
            Self::History => 2 * 86_400_000_000,
            Self::Days | Self::Missed => 3_600_000_000,
            Self::List | Self::Live | Self::Back => 300_000_000,
        }
    }
}

/// The place of a message in a feed's row of messages: time, then what it does.
pub(crate) type Turn = (i64, bool);

fn turn(message: &Message) -> Turn {
    (message.time, message.op == Op::Retract)
}

/// The idempotency key of a message; later messages of a stage have greater keys.
pub(crate) fn key(stage: Stage, (time, back): Turn) -> String {
    format!("{}/{time:020}.{}", stage.as_str(), u8::from(back))
}

/// The turn in an idempotency key.
pub(crate) fn turn_of(key: &str) -> Option<Turn> {
    let (time, back) = key.split_once('/')?.1.split_once('.')?;
    Some((time.parse().ok()?, back == "1"))
}

/// Makes the messages of a window on a thread of its own, a few ahead of their turn.
pub(crate) fn make(
    city: &WholeCity,
    pace: Pace,
    from: i64,
    to: i64,
    only: Option<Op>,
) -> std::io::Result<mpsc::Receiver<Message>> {
    let (sender, messages) = mpsc::channel(AHEAD);
    let city = city.clone();
    std::thread::Builder::new()
        .name("qala-city".into())
        .spawn(move || {
            let mut made = city.messages(pace, from, to);
            if let Some(op) = only {
                made = made.only(op);
            }
            for message in made {
                if sender.blocking_send(message).is_err() {
                    return;
                }
            }
        })?;
    Ok(messages)
}

/// Sends messages: at most one of each feed is under way.
pub(crate) struct Lanes {
    centre: Arc<Centre>,
    /// The last turn of each feed and stage that the lake has from before.
    had: Arc<HashMap<(Stage, String), Turn>>,
    under_way: BTreeMap<Feed, (i64, JoinHandle<Result<()>>)>,
}

impl Lanes {
    pub(crate) fn new(centre: Arc<Centre>, had: Arc<HashMap<(Stage, String), Turn>>) -> Self {
        Self {
            centre,
            had,
            under_way: BTreeMap::new(),
        }
    }

    /// Sends a message when the one before it of its feed is durable, unless the lake has it from before.
    ///
    /// # Errors
    /// Those of an earlier message.
    pub(crate) async fn send(&mut self, stage: Stage, message: Message) -> Result<()> {
        let (feed, turn) = (message.feed, turn(&message));
        let had = self.had.get(&(stage, feed.id().to_owned()));
        if had.is_some_and(|last| turn <= *last) {
            done(&self.centre, stage, 0);
            return Ok(());
        }
        let late = message.time - stage.apart();
        let waits: Vec<Feed> = self
            .under_way
            .iter()
            .filter(|(f, (time, _))| **f == feed || *time < late)
            .map(|(f, _)| *f)
            .collect();
        for feed in waits {
            self.wait(feed).await?;
        }
        while self.open().count() >= ABREAST {
            let oldest = self.open().min_by_key(|(_, time)| *time).map(|(feed, _)| feed);
            if let Some(feed) = oldest {
                self.wait(feed).await?;
            }
        }
        let centre = Arc::clone(&self.centre);
        let time = message.time;
        let sent = tokio::spawn(async move {
            let key = key(stage, turn);
            let payload = Payload::Bytes(message.name, Arc::new(message.bytes));
            let rows = import(&centre, feed.id(), payload, key, message.op).await?;
            done(&centre, stage, rows);
            Ok(())
        });
        self.under_way.insert(feed, (time, sent));
        Ok(())
    }

    /// The time of the oldest message that is under way, µs of UTC.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.open().map(|(_, time)| time).min()
    }

    /// Feeds with a message that is not durable yet, and its time.
    fn open(&self) -> impl Iterator<Item = (Feed, i64)> {
        let open = self.under_way.iter().filter(|(_, (_, sent))| !sent.is_finished());
        open.map(|(feed, (time, _))| (*feed, *time))
    }

    /// Waits until everything that was sent is durable.
    ///
    /// # Errors
    /// The first that could not be sent.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        let feeds: Vec<Feed> = self.under_way.keys().copied().collect();
        for feed in feeds {
            self.wait(feed).await?;
        }
        Ok(())
    }

    async fn wait(&mut self, feed: Feed) -> Result<()> {
        match self.under_way.remove(&feed) {
            Some((_, sent)) => sent.await?,
            None => Ok(()),
        }
    }
}

fn done(centre: &Centre, stage: Stage, rows: u64) {
    centre.demo.note(|status| {
        if status.phase == stage.phase() {
            status.done += 1;
        }
        status.rows += rows;
    });
}

/// Sends one message by the public door until it is durable. Returns the rows received.
///
/// # Errors
/// What trying again does not mend.
pub(crate) async fn import(
    centre: &Centre,
    feed: &str,
    payload: Payload,
    key: String,
    op: Op,
) -> Result<u64> {
    let spec = centre.feed(feed)?;
    let mut import = centre.feed_import(spec, payload);
    import.idempotency_key = Some(key);
    if op == Op::Retract {
        import.op = lake::Op::Retract;
    }
    let mut stood_still = false;
    loop {
        // A message is not begun while the tables cannot follow.
        let outcome = match centre.lake.admit().await {
            Ok(()) => centre.import(import.clone(), Arc::new(Progress::default())).await,
            Err(error) => Err(AppError::from(error)),
        };
        match outcome {
            Ok(outcome) => {
                if stood_still {
                    centre.demo.note(|status| status.error = None);
                }
                return Ok(outcome.total.received);
            }
            Err(AppError::Lake(LakeError::Slow { .. })) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(AppError::Lake(error @ LakeError::DiskFull { .. })) => {
                stood_still = true;
                centre.demo.note(|status| status.error = Some(error.to_string()));
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stage, key, turn_of};

    #[test]
    fn keys_are_in_the_order_of_turns_and_can_be_read_back() {
        let turns = [(5, false), (5, true), (1_790_000_000_000_000, false)];
        let keys = turns.map(|turn| key(Stage::Live, turn));
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(keys.map(|key| turn_of(&key)), turns.map(Some));
        assert_eq!(turn_of("somebody's key"), None);
    }
}
