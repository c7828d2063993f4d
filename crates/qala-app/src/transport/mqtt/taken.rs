//! Which of the messages that a broker may send again are in the lake already.
//!
//! A broker repeats what it did not see acknowledged, under the same packet number and marked as sent before. Rows with a
//! key are found as duplicates anyway; a bare value whose time is its arrival is not. So each message in a kept batch
//! bears its packet number and a digest, and the batches themselves, durable together with their rows, tell after a crash
//! what was taken.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::wire::{Publish, WINDOW};

/// Packet number and digest of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    packet: u16,
    digest: u64,
}

impl Mark {
    /// The mark of a message; `None` with QoS 0, which is never sent again.
    pub(super) fn of(publish: &Publish) -> Option<Self> {
        if publish.qos == 0 {
            return None;
        }
        let mut hasher = Sha256::new();
        hasher.update((publish.topic.len() as u64).to_be_bytes());
        hasher.update(publish.topic.as_bytes());
        hasher.update(&publish.body);
        let bytes = hasher.finalize();
        let digest = bytes[..8]
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        Some(Self {
            packet: publish.packet,
            digest,
        })
    }

    /// As it is written into a batch.
    pub(super) fn text(self) -> String {
        let mut text = self.packet.to_string();
        write!(text, "-{:016x}", self.digest).ok();
        text
    }

    /// Reads what [`Self::text`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (packet, digest) = text.split_once('-')?;
        Some(Self {
            packet: packet.parse().ok()?,
            digest: u64::from_str_radix(digest, 16).ok()?,
        })
    }
}

/// The messages taken last, as many as a broker may have under way.
///
/// Older ones are forgotten on purpose: their packet numbers come round again, for other messages.
#[derive(Debug, Default)]
pub(super) struct Taken {
    order: VecDeque<Mark>,
    digests: HashMap<u16, u64>,
}

impl Taken {
    /// Notes a message whose rows are durable.
    pub(super) fn add(&mut self, mark: Mark) {
        self.digests.insert(mark.packet, mark.digest);
        self.order.push_back(mark);
        if self.order.len() > usize::from(WINDOW)
            && let Some(old) = self.order.pop_front()
            && self.digests.get(&old.packet) == Some(&old.digest)
        {
            self.digests.remove(&old.packet);
        }
    }

    /// True when the message was taken.
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.digests.get(&mark.packet) == Some(&mark.digest)
    }

    /// Forgets a packet number that the broker is done with.
    pub(super) fn release(&mut self, packet: u16) {
        self.digests.remove(&packet);
    }

    /// Forgets all: the broker began a new session.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_known_until_its_number_comes_round() {
        let publish = |packet, body: &'static str| Publish {
            topic: "a/b".into(),
            body: body.into(),
            qos: 1,
            packet,
            again: false,
            retained: false,
        };
        let mark = Mark::of(&publish(7, "x")).unwrap();
        assert_eq!(Mark::parse(&mark.text()), Some(mark));
        assert_eq!(
            Mark::of(&Publish {
                qos: 0,
                ..publish(0, "x")
            }),
            None
        );
        let mut taken = Taken::default();
        taken.add(mark);
        assert!(taken.has(mark));
        assert!(!taken.has(Mark::of(&publish(7, "y")).unwrap()));
        assert!(!taken.has(Mark::of(&publish(8, "x")).unwrap()));
        for packet in 100..100 + WINDOW {
            taken.add(Mark::of(&publish(packet, "z")).unwrap());
        }
        assert!(!taken.has(mark));
        let last = Mark::of(&publish(100, "z")).unwrap();
        assert!(taken.has(last));
        taken.release(100);
        assert!(!taken.has(last));
        taken.clear();
        assert!(!taken.has(Mark::of(&publish(101, "z")).unwrap()));
    }
}
