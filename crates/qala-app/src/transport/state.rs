//! How the transports of all feeds do: one shape for every kind, kept over restarts, never erased by a failure.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use qala_core::FeedId;
use qala_core::spec::FeedSpec;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// How the transport of a feed does. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TransportState {
    /// `file`, `folder`, `push`, `poll` or `mqtt`.
    pub transport: String,
    /// When we last asked, looked or tried to connect.
    pub asked: Option<i64>,
    /// When the other side last answered well, with news or without.
    pub answered: Option<i64>,
    /// When new data last came.
    pub changed: Option<i64>,
    /// Failures since the last good answer.
    pub failures: u32,
    /// When we ask or try next.
    pub next: Option<i64>,
    /// What is wrong now; absent when nothing is. What came before stays.
    pub error: Option<String>,
    /// Of a subscription: the broker.
    pub broker: Option<BrokerState>,
}

/// How a subscription does. Counts are since the start of the program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BrokerState {
    /// Since when we are connected, µs of UTC; absent when we are not.
    pub connected_since: Option<i64>,
    /// True when the broker knew our session again, so that it kept what came while we were away.
    pub session_kept: bool,
    /// Quality of service that the broker granted; the lowest of all topics.
    pub qos: Option<u8>,
    /// Messages taken in.
    pub messages: u64,
    /// Of these, messages that the broker had retained.
    pub retained: u64,
    /// Retained messages that were left, as the feed says.
    pub skipped: u64,
    /// Messages that the broker sent again and that were in the lake already.
    pub again: u64,
    /// Messages with a body that could not be read; they are in quarantine.
    pub refused: u64,
    /// Messages a second, of the last ten seconds or so.
    pub per_second: f64,
}

impl TransportState {
    /// Notes a failure.
    pub(super) fn fail(&mut self, error: String) {
        self.failures = self.failures.saturating_add(1);
        self.error = Some(error);
    }

    /// Notes a good answer.
    pub(super) fn succeed(&mut self, now: i64) {
        self.answered = Some(now);
        self.failures = 0;
        self.error = None;
    }
}

/// How the transports of all feeds do, by feed.
#[derive(Debug, Default)]
pub struct TransportStates(Mutex<HashMap<FeedId, TransportState>>);

impl TransportStates {
    /// Reads what was kept before the program was stopped.
    pub(crate) async fn load(registry: &qala_registry::Registry, feeds: &[FeedSpec]) -> Result<Self> {
        let mut all = HashMap::new();
        for feed in feeds {
            let kept = registry.setting(&key(&feed.id)).await?;
            // What another version kept in another form is not worth an error.
            let mut state: TransportState = kept
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            state.transport = feed.transport.name().into();
            if let Some(broker) = &mut state.broker {
                *broker = BrokerState {
                    qos: broker.qos,
                    ..BrokerState::default()
                };
            }
            all.insert(feed.id.clone(), state);
        }
        Ok(Self(Mutex::new(all)))
    }

    /// The state of a feed; absent when the pack has no such feed.
    pub fn get(&self, feed: &FeedId) -> Option<TransportState> {
        self.lock().get(feed).cloned()
    }

    /// Changes the state of a feed.
    pub(super) fn update(&self, feed: &FeedId, change: impl FnOnce(&mut TransportState)) {
        change(self.lock().entry(feed.clone()).or_default());
    }

    /// Keeps the state of a feed on the disk.
    ///
    /// A state that cannot be kept is told and stops nothing: it is known again after the next answer.
    pub(super) async fn keep(&self, registry: &qala_registry::Registry, feed: &FeedId, now: i64) {
        let Some(text) = self.get(feed).and_then(|s| serde_json::to_string(&s).ok()) else {
            return;
        };
        if let Err(error) = registry.set_setting(&key(feed), &text, now).await {
            tracing::warn!(%feed, %error, "the state of a transport could not be kept");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedId, TransportState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(feed: &FeedId) -> String {
    format!("transport/{feed}")
}
