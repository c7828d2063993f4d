//! A subscription as the feed says it.

use qala_core::spec::{FeedSpec, MqttVersion, Retained, Secret, Transport, Words};

/// A subscription as the feed says it.
pub(super) struct Spec<'a> {
    pub(super) url: &'a str,
    pub(super) topics: &'a [String],
    pub(super) qos: u8,
    pub(super) version: MqttVersion,
    pub(super) client: Option<&'a str>,
    pub(super) username: Option<&'a Words>,
    pub(super) password: Option<&'a Secret>,
    pub(super) shared: Option<&'a str>,
    pub(super) keep_s: u32,
    pub(super) retained: Retained,
    pub(super) ca: Option<&'a str>,
}

impl<'a> Spec<'a> {
    /// The subscription of a feed; `None` when it has another transport.
    pub(super) fn of(feed: &'a FeedSpec) -> Option<Self> {
        match &feed.transport {
            Transport::Mqtt {
                url,
                topics,
                qos,
                version,
                client,
                username,
                password,
                shared,
                keep_s,
                retained,
                ca,
            } => Some(Self {
                url,
                topics,
                qos: *qos,
                version: *version,
                client: client.as_deref(),
                username: username.as_ref(),
                password: password.as_ref(),
                shared: shared.as_deref(),
                keep_s: *keep_s,
                retained: *retained,
                ca: ca.as_deref(),
            }),
            _ => None,
        }
    }

    /// Topic filters as they are sent to the broker.
    pub(super) fn filters(&self) -> Vec<String> {
        let shared = |topic: &String| match self.shared {
            Some(group) => format!("$share/{group}/{topic}"),
            None => topic.clone(),
        };
        self.topics.iter().map(shared).collect()
    }
}
