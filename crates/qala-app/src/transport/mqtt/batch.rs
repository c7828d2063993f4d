//! Messages gathered while others are taken in: one import, one wait for the disk, then all their acknowledgements.

use std::sync::Arc;
use std::time::Duration;

use qala_core::FeedId;
use qala_core::spec::{FeedSpec, Mapping};
use qala_feeds::envelope::{self, Bare, Envelope};

use super::taken::Mark;
use super::wire::Publish;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Import, Payload, Progress};
use crate::sensorthings::StaError;

/// Messages of a batch, at most; then no more are read.
pub(super) const MESSAGES: usize = 20_000;
/// Bytes of a batch, likewise.
pub(super) const BYTES: usize = 32 << 20;
/// The longest wait between two tries to take a batch in.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How the messages of a feed become imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON records, many messages in one import.
    Lines(Bare),
    /// Each message is a payload of its own, such as a protobuf.
    Whole,
    /// Bodies of SensorThings; the topic ends with the path at which each is made.
    Observations,
}

impl Form {
    pub(super) fn of(feed: &FeedSpec) -> Self {
        if feed.kind == "sensorthings" {
            return Self::Observations;
        }
        let is_lines = matches!(feed.kind.as_str(), "json" | "table");
        // A path to the records is a path into one document.
        if !is_lines || feed.mapping.as_ref().is_some_and(|m| m.records.is_some()) {
            return Self::Whole;
        }
        let takes = feed.mapping.as_ref().is_some_and(takes_bare);
        Self::Lines(if takes { Bare::Taken } else { Bare::Refused })
    }
}

fn takes_bare(mapping: &Mapping) -> bool {
    let mut unpivoted = mapping.unpivot.iter().flat_map(|u| u.columns.keys());
    unpivoted.any(|name| name == envelope::VALUE)
        || mapping.columns.values().any(|map| {
            let joined = || format!("{{{}", envelope::VALUE);
            map.from.as_deref() == Some(envelope::VALUE)
                || map.join.as_ref().is_some_and(|join| join.contains(&joined()))
        })
}

/// Messages that wait to be taken in.
#[derive(Debug, Default)]
pub(super) struct Batch {
    lines: Vec<u8>,
    /// Messages that are not lines, and when they came.
    wholes: Vec<(Publish, String)>,
    bytes: usize,
    pub(super) messages: usize,
    pub(super) retained: u64,
    pub(super) refused: u64,
    /// QoS and packet number of each message that is acknowledged.
    pub(super) acknowledge: Vec<(u8, u16)>,
    pub(super) marks: Vec<Mark>,
}

impl Batch {
    /// Adds a message that came at `received` (ISO 8601).
    pub(super) fn add(&mut self, form: Form, publish: Publish, received: &str) {
        let mark = Mark::of(&publish);
        self.messages += 1;
        self.bytes += publish.body.len() + publish.topic.len();
        self.retained += u64::from(publish.retained);
        self.marks.extend(mark);
        if publish.qos > 0 {
            self.acknowledge.push((publish.qos, publish.packet));
        }
        match form {
            Form::Lines(bare) => {
                let packet = mark.map(Mark::text);
                let envelope = Envelope {
                    topic: &publish.topic,
                    received,
                    packet: packet.as_deref(),
                    retained: publish.retained,
                    body: &publish.body,
                };
                self.refused += u64::from(!envelope.add(bare, &mut self.lines));
            }
            Form::Whole | Form::Observations => self.wholes.push((publish, received.to_owned())),
        }
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// True when no more is read until some of it is taken in.
    pub(super) fn is_full(&self) -> bool {
        self.messages >= MESSAGES || self.bytes >= BYTES
    }

    /// Takes all of it in. Tries until it is durable: nothing is acknowledged before, and nothing is dropped. Gives the rows
    /// accepted.
    pub(super) async fn take_in(&mut self, centre: &Centre, feed: &FeedSpec) -> u64 {
        let mut accepted = 0;
        let mut work = Vec::new();
        let wholes = std::mem::take(&mut self.wholes);
        if Form::of(feed) == Form::Observations {
            work.push(Work::Observe(wholes));
        } else {
            for (publish, _) in wholes {
                let body = Arc::new(publish.body.to_vec());
                work.push(Work::Import(
                    centre.feed_import(feed, Payload::Bytes(publish.topic, body)),
                ));
            }
        }
        loop {
            for one in &work {
                accepted += self.persist(centre, feed, one).await;
            }
            if self.lines.is_empty() {
                return accepted;
            }
            let lines = Arc::new(std::mem::take(&mut self.lines));
            let mut import = centre.feed_import(feed, Payload::Bytes(name(feed), lines));
            if Form::of(feed) == Form::Observations {
                // What was refused, in the form of lines.
                import.kind = "json".into();
            }
            work = vec![Work::Import(import)];
        }
    }

    /// Does one thing until it is durable.
    async fn persist(&mut self, centre: &Centre, feed: &FeedSpec, work: &Work) -> u64 {
        let mut wait = Duration::from_millis(100);
        loop {
            let done = match work {
                Work::Import(import) => take(centre, import.clone()).await,
                Work::Observe(publishes) => self.observe(centre, feed, publishes).await,
            };
            match done {
                Ok(rows) => return rows,
                Err(error) => {
                    tracing::error!(feed = %feed.id, %error, "messages wait to be taken in");
                    centre
                        .transports
                        .update(&feed.id, |s| s.error = Some(error.to_string()));
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Makes observations. One that is refused goes to quarantine with its topic.
    async fn observe(
        &mut self,
        centre: &Centre,
        feed: &FeedSpec,
        publishes: &[(Publish, String)],
    ) -> Result<u64> {
        let path = |topic: &str| {
            topic
                .split_once("v1.1/")
                .map_or(topic, |(_, path)| path)
                .to_owned()
        };
        let paths: Vec<String> = publishes.iter().map(|(p, _)| path(&p.topic)).collect();
        let bodies: Vec<(&str, &[u8])> = paths
            .iter()
            .zip(publishes)
            .map(|(path, (publish, _))| (path.as_str(), &publish.body[..]))
            .collect();
        centre.lake.admit().await?;
        let made = centre
            .sta_create_observations(&bodies)
            .await
            .map_err(|error| match error {
                StaError::Failed(error) => error,
                StaError::Refused(refusal) => AppError::Usage(refusal.to_string()),
            })?;
        let mut good = 0;
        for ((publish, received), made) in publishes.iter().zip(made) {
            match made {
                Ok(_) => good += 1,
                Err(refusal) => {
                    self.refused += 1;
                    let envelope = Envelope {
                        topic: &publish.topic,
                        received,
                        packet: None,
                        retained: publish.retained,
                        body: &publish.body,
                    };
                    envelope.refuse(&refusal.to_string(), &mut self.lines);
                }
            }
        }
        // An observation bears no mark: what was taken is kept beside, before it is acknowledged.
        if let Err(error) = keep_marks(centre, &feed.id, &self.marks).await {
            tracing::warn!(feed = %feed.id, %error, "what was taken is not kept: a crash now would double it");
        }
        Ok(good)
    }
}

/// What is made durable.
#[expect(clippy::large_enum_variant, reason = "there are a handful at a time")]
enum Work {
    Import(Import),
    Observe(Vec<(Publish, String)>),
}

/// The name under which batches of a feed are kept.
pub(super) fn name(feed: &FeedSpec) -> String {
    format!("{}.mqtt.jsonl", feed.id)
}

/// Takes a payload in; durable on return. Gives the rows accepted.
async fn take(centre: &Centre, import: Import) -> Result<u64> {
    centre.lake.admit().await?;
    let outcome = centre.import(import, Arc::new(Progress::default())).await?;
    Ok(outcome.total.accepted)
}

/// Keeps which messages were taken last.
async fn keep_marks(centre: &Centre, feed: &FeedId, marks: &[Mark]) -> Result<()> {
    let text: Vec<String> = marks.iter().map(|mark| mark.text()).collect();
    let now = centre.clock.now();
    let key = format!("mqtt/{feed}/taken");
    centre.registry.set_setting(&key, &text.join(" "), now).await?;
    Ok(())
}
