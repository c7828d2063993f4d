//! Messages gathered while others are taken in: one import, one wait for the disk, then all their acknowledgements.

use std::sync::Arc;
use std::time::Duration;

use qala_core::spec::{FeedSpec, Mapping};
use qala_feeds::envelope::{self, Bare, Envelope};

use super::taken::Mark;
use super::wire::Publish;
use crate::centre::Centre;
use crate::error::Result;
use crate::import::{Payload, Progress};

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
}

impl Form {
    pub(super) fn of(feed: &FeedSpec) -> Self {
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
    wholes: Vec<Publish>,
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
            Form::Whole => self.wholes.push(publish),
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
        let mut payloads = Vec::new();
        if !self.lines.is_empty() {
            let lines = Arc::new(std::mem::take(&mut self.lines));
            payloads.push(Payload::Bytes(name(feed), lines));
        }
        for publish in self.wholes.drain(..) {
            let body = Arc::new(publish.body.to_vec());
            payloads.push(Payload::Bytes(publish.topic, body));
        }
        for payload in payloads {
            let mut wait = Duration::from_millis(100);
            loop {
                match one(centre, feed, payload.clone()).await {
                    Ok(rows) => {
                        accepted += rows;
                        break;
                    }
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
        accepted
    }
}

/// The name under which batches of a feed are kept.
pub(super) fn name(feed: &FeedSpec) -> String {
    format!("{}.mqtt.jsonl", feed.id)
}

/// Takes a payload in; durable on return.
async fn one(centre: &Centre, feed: &FeedSpec, payload: Payload) -> Result<u64> {
    centre.lake.admit().await?;
    let import = centre.feed_import(feed, payload);
    let outcome = centre.import(import, Arc::new(Progress::default())).await?;
    Ok(outcome.total.accepted)
}
