//! How the bytes of a feed are fetched.
//!
//! What belongs here: the ways and their checks. What does not: what the bytes are (the feed's kind), reading secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How bytes are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Transport {
    /// A file that is read again when it changes.
    File {
        /// Path.
        path: String,
    },
    /// A folder whose new files are read.
    Folder {
        /// Path.
        path: String,
        /// Only names with this ending, such as `.csv`.
        #[serde(default)]
        suffix: Option<String>,
    },
    /// The sender posts to `/api/ingest/<feed>`.
    Push {},
    /// We ask an address again and again; ETag, Last-Modified and Retry-After are respected. `every_s`, `at` or both.
    Poll {
        /// Address.
        url: String,
        /// Seconds between two requests.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_s: Option<u64>,
        /// Time of day in the city's zone at which it is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<LocalTime>,
        /// Each request comes up to so many seconds later, by chance, so that not all cities ask at once.
        #[serde(default)]
        jitter_s: u64,
        /// Headers of the request.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, Words>,
    },
    /// We subscribe to topics of a broker (MQTT 3.1.1 or 5). A message is acknowledged when its rows are durable.
    Mqtt {
        /// Address: `mqtt://host:1883`, or `mqtts://host:8883` for TLS.
        url: String,
        /// Topic filters; `+` stands for a level, `#` for all that follow.
        topics: Vec<String>,
        /// 0: best effort, a message may be lost; 1 and 2: none is, and none is doubled in the lake.
        #[serde(default = "at_least_once")]
        qos: u8,
        /// Version of the protocol.
        #[serde(default)]
        version: MqttVersion,
        /// Client id, by which the broker knows the session again; absent: made once and kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<String>,
        /// User.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<Words>,
        /// Password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Secret>,
        /// Group among whose members the broker shares the messages out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shared: Option<String>,
        /// How long the broker of version 5 keeps messages for us while we are away, seconds.
        #[serde(default = "a_week")]
        keep_s: u32,
        /// What is done with messages that the broker retained from before we subscribed.
        #[serde(default)]
        retained: Retained,
        /// Certificates that an `mqtts` broker is checked against (PEM); absent: the usual public ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
}

fn at_least_once() -> u8 {
    1
}

fn a_week() -> u32 {
    7 * 86_400
}

/// A version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MqttVersion {
    /// 3.1.1.
    #[serde(rename = "3.1.1")]
    V3,
    /// 5.
    #[default]
    #[serde(rename = "5")]
    V5,
}

/// What is done with retained messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retained {
    /// They are taken in like any other, once for each new subscription.
    #[default]
    Take,
    /// They are counted and left: they are older than their arrival, and their time is not told.
    Skip,
}

/// A time of day, `HH:MM`, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

impl LocalTime {
    /// Minutes after midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<String> for LocalTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |part: &str, below: u16| -> Option<u16> {
            let is_plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|n| is_plain && *n < below)
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Some(Self(number(hour, 24)? * 60 + number(minute, 60)?)))
            .ok_or_else(|| format!("`{text}` is no time of day; write it like 03:30"))
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

/// Where a secret is; never the secret itself, for packs are shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Secret {
    /// `env:NAME`: an environment variable.
    Env(String),
    /// `file:PATH`: a file; blanks and newlines at its end are left out.
    File(String),
}

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            // The text may be the secret: it is not repeated.
            _ => Err("a secret does not stand in a pack; write `env:NAME` or `file:PATH`".into()),
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        match secret {
            Secret::Env(name) => format!("env:{name}"),
            Secret::File(path) => format!("file:{path}"),
        }
    }
}

/// A text, or where a secret one is (`env:NAME`, `file:PATH`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Words {
    /// The text itself.
    Plain(String),
    /// A secret.
    Secret(Secret),
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Secret::try_from(text.clone()).map_or(Self::Plain(text), Self::Secret)
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        match words {
            Words::Plain(text) => text,
            Words::Secret(secret) => secret.into(),
        }
    }
}

/// Headers that carry secrets.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
];

impl Transport {
    /// The word for it in a spec.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Folder { .. } => "folder",
            Self::Push {} => "push",
            Self::Poll { .. } => "poll",
            Self::Mqtt { .. } => "mqtt",
        }
    }

    /// Checks what the form alone does not.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Poll {
                every_s: None,
                at: None,
                ..
            } => Err("a poll needs `every_s`, `at` or both".into()),
            Self::Poll { every_s: Some(0), .. } => Err("`every_s` is at least 1".into()),
            Self::Poll { headers, .. } => {
                let is_open = |(name, words): &(&String, &Words)| {
                    SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str())
                        && matches!(words, Words::Plain(_))
                };
                match headers.iter().find(is_open) {
                    Some((name, _)) => Err(format!(
                        "the header `{name}` is a secret, which does not stand in a pack; write `env:NAME` or `file:PATH`"
                    )),
                    None => Ok(()),
                }
            }
            Self::Mqtt {
                url,
                topics,
                qos,
                shared,
                ..
            } => {
                if !url.starts_with("mqtt://") && !url.starts_with("mqtts://") {
                    return Err(format!(
                        "`{url}` is no address of a broker; write mqtt://host:1883 or mqtts://host:8883"
                    ));
                }
                if url.contains('@') {
                    return Err(
                        "user and password do not stand in the address; use `username` and `password`".into(),
                    );
                }
                if *qos > 2 {
                    return Err(format!("`qos` is 0, 1 or 2, not {qos}"));
                }
                if topics.is_empty() {
                    return Err("`topics` is empty; `#` subscribes to all".into());
                }
                if shared
                    .as_ref()
                    .is_some_and(|g| g.is_empty() || g.contains(['/', '+', '#']))
                {
                    return Err("`shared` is one word without `/`, `+` and `#`".into());
                }
                match topics.iter().find(|t| !is_filter(t)) {
                    Some(topic) => Err(format!(
                        "`{topic}` is no topic filter: `+` stands for a whole level, `#` for all that follow, at the end only"
                    )),
                    None => Ok(()),
                }
            }
            Self::File { .. } | Self::Folder { .. } | Self::Push {} => Ok(()),
        }
    }
}

/// True for a topic filter as MQTT 5 has it (4.7.1).
fn is_filter(filter: &str) -> bool {
    let last = filter.split('/').count() - 1;
    !filter.is_empty()
        && !filter.contains('\0')
        && filter.split('/').enumerate().all(|(i, level)| match level {
            "+" => true,
            "#" => i == last,
            other => !other.contains(['+', '#']),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::FeedSpec;

    fn feed(transport: &str) -> Result<Transport, String> {
        let text = format!(
            "id = \"a\"\nkind = \"json\"\ntitle = {{ kk = \"а\", ru = \"б\", en = \"c\" }}\n\
             owner_function = \"air\"\nlicence = \"CC0-1.0\"\ntransport = {{ {transport} }}\n"
        );
        FeedSpec::from_toml("a.toml", &text)
            .map(|spec| spec.transport)
            .map_err(|e| e.message)
    }

    #[test]
    fn transports_say_what_is_wrong() {
        let mqtt =
            |rest: &str| format!("type = \"mqtt\", url = \"mqtt://h\", topics = [\"a/+/b\", \"c/#\"]{rest}");
        let poll = |rest: &str| format!("type = \"poll\", url = \"http://h\"{rest}");
        for good in [
            mqtt(""),
            mqtt(", qos = 2, version = \"3.1.1\", shared = \"g\", password = \"env:P\""),
            poll(", at = \"03:30\""),
            poll(", every_s = 5, headers = { Accept = \"text/csv\", Authorization = \"env:T\" }"),
        ] {
            let transport = feed(&good).unwrap();
            let text = toml::to_string(&transport).unwrap();
            assert_eq!(toml::from_str::<Transport>(&text).unwrap(), transport, "{text}");
        }
        for (bad, words) in [
            (mqtt(", qos = 3"), "0, 1 or 2"),
            (mqtt(", version = \"4\""), "3.1.1"),
            (mqtt(", password = \"hunter2\""), "does not stand in a pack"),
            (mqtt(", shared = \"a/b\""), "one word"),
            (
                "type = \"mqtt\", url = \"mqtt://u:p@h\", topics = [\"a\"]".into(),
                "username",
            ),
            (
                "type = \"mqtt\", url = \"http://h\", topics = [\"a\"]".into(),
                "mqtt://",
            ),
            ("type = \"mqtt\", url = \"mqtt://h\", topics = []".into(), "empty"),
            (
                "type = \"mqtt\", url = \"mqtt://h\", topics = [\"a/#/b\"]".into(),
                "filter",
            ),
            (poll(""), "every_s"),
            (poll(", every_s = 0"), "at least 1"),
            (poll(", at = \"3:30\""), "03:30"),
            (poll(", at = \"24:00\""), "03:30"),
            (
                poll(", every_s = 1, headers = { authorization = \"Bearer x\" }"),
                "secret",
            ),
        ] {
            let error = feed(&bad).unwrap_err();
            assert!(
                error.contains(words) && !error.contains("hunter2"),
                "{bad}: {error}"
            );
        }
    }
}
