//! Who is told of alarms, and by which way: `alarms.toml` of a pack.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::AlarmSeverity;
use crate::spec::{Secret, SpecError, Words};
use crate::{FunctionId, Lang, Text};

/// How a notice goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ChannelSpec {
    /// A JSON message to an address of the contact. The far side tells repetitions by `Idempotency-Key`.
    Webhook {
        /// Headers; a value may be `env:NAME` or `file:PATH`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, Words>,
    },
    /// E-mail by SMTP.
    Mail {
        /// Host of the mail server.
        host: String,
        /// Port.
        port: u16,
        /// How the connection is kept secret.
        #[serde(default)]
        tls: MailTls,
        /// A file of certificates (PEM) that vouch for the server; the usual public ones when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
        /// Address of the sender.
        from: String,
        /// Name to come in with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<Words>,
        /// Password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Secret>,
    },
    /// A Telegram bot.
    Telegram {
        /// Address of the interface.
        #[serde(default = "telegram")]
        url: String,
        /// Token of the bot.
        token: Secret,
    },
    /// A gateway for short messages, by HTTP.
    Sms {
        /// Address; the message is posted there as JSON.
        url: String,
        /// Headers; a value may be `env:NAME` or `file:PATH`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, Words>,
        /// Fields of the message: `:to`, `:text` and `:key` are replaced.
        fields: BTreeMap<String, String>,
        /// True when the gateway tells repetitions by `:key`.
        #[serde(default)]
        knows_key: bool,
    },
}

fn telegram() -> String {
    "https://api.telegram.org".into()
}

/// How mail is kept secret on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte.
    #[default]
    Tls,
    /// After a greeting in plain.
    Starttls,
    /// Not at all: for a server on this machine.
    None,
}

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// HTTP with a message of ours.
    Webhook,
    /// E-mail.
    Mail,
    /// Telegram.
    Telegram,
    /// Short message.
    Sms,
}

impl ChannelKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
            Self::Telegram => "telegram",
            Self::Sms => "sms",
        }
    }
}

impl ChannelSpec {
    /// Its kind.
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Webhook { .. } => ChannelKind::Webhook,
            Self::Mail { .. } => ChannelKind::Mail,
            Self::Telegram { .. } => ChannelKind::Telegram,
            Self::Sms { .. } => ChannelKind::Sms,
        }
    }

    /// Says whether the far side can tell a repetition from a second message. Where it cannot, a message that may have gone out
    /// before a crash is sent again and marked.
    pub fn tells_repetitions(&self) -> bool {
        match self {
            Self::Webhook { .. } => true,
            Self::Sms { knows_key, .. } => *knows_key,
            Self::Mail { .. } | Self::Telegram { .. } => false,
        }
    }
}

/// A channel with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Name.
    pub id: String,
    /// How it goes out.
    pub by: ChannelSpec,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeContact {
    /// Id; one alarm reaches it once on each channel.
    pub id: String,
    /// The person or desk.
    pub name: Text,
    /// Functions whose alarms it gets; empty: all.
    #[serde(default)]
    pub functions: Vec<FunctionId>,
    /// Alarms from this severity on.
    #[serde(default = "minor")]
    pub least: AlarmSeverity,
    /// 0: at once; otherwise from this step of escalation on.
    #[serde(default)]
    pub step: u32,
    /// Language of the notice.
    #[serde(default = "kazakh")]
    pub lang: Lang,
    /// Channel and address there: an e-mail address, a telephone number, a chat, a URL. `env:NAME` and `file:PATH` are read.
    pub at: BTreeMap<String, Words>,
}

/// A morning page that goes out by mail each day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MorningMail {
    /// `city`, or the department whose page it is.
    pub page: String,
    /// Language of the page.
    #[serde(default = "kazakh")]
    pub lang: Lang,
    /// A channel of mail.
    pub by: String,
    /// Address; `env:NAME` and `file:PATH` are read.
    pub to: Words,
}

fn minor() -> AlarmSeverity {
    AlarmSeverity::Minor
}

fn kazakh() -> Lang {
    Lang::Kk
}

/// Who is told of alarms, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSpec {
    /// Function of government that answers for what programs and centres outside warn of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_function: Option<FunctionId>,
    /// Channels.
    #[serde(default)]
    pub channel: Vec<Channel>,
    /// Contacts.
    #[serde(default)]
    pub contact: Vec<NoticeContact>,
    /// Who gets a morning page.
    #[serde(default)]
    pub morning: Vec<MorningMail>,
}

impl NoticeSpec {
    /// Reads and checks the file. `name` is the file, for messages.
    ///
    /// # Errors
    /// [`SpecError`] naming what is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SpecError> {
        let spec: Self = crate::spec::from_toml(name, text)?;
        spec.check().map_err(|message| SpecError::new(name, message))?;
        Ok(spec)
    }

    /// A channel by its name.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channel.iter().find(|channel| channel.id == id)
    }

    /// Who is told at a step: those of the function, those for whom the alarm is bad enough.
    pub fn told<'a>(
        &'a self,
        function: &'a FunctionId,
        severity: AlarmSeverity,
        step: u32,
    ) -> impl Iterator<Item = &'a NoticeContact> {
        self.contact.iter().filter(move |contact| {
            (contact.functions.is_empty() || contact.functions.contains(function))
                && severity >= contact.least
                && contact.step <= step
        })
    }

    fn check(&self) -> Result<(), String> {
        let mut channels = BTreeSet::new();
        for channel in &self.channel {
            if !channels.insert(channel.id.as_str()) {
                return Err(format!("there are two channels `{}`", channel.id));
            }
        }
        let unknown = |named: &str| {
            let hint = crate::spec::nearest(named, channels.iter().copied());
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            format!("there is no channel `{named}`{hint}")
        };
        for morning in &self.morning {
            let page = &morning.page;
            match self.channel(&morning.by).map(|channel| channel.by.kind()) {
                Some(ChannelKind::Mail) => {}
                Some(_) => {
                    return Err(format!(
                        "morning page `{page}`: the channel `{}` is no mail",
                        morning.by
                    ));
                }
                None => return Err(format!("morning page `{page}`: {}", unknown(&morning.by))),
            }
        }
        let mut contacts = BTreeSet::new();
        for contact in &self.contact {
            let id = &contact.id;
            if !contacts.insert(id.as_str()) {
                return Err(format!("there are two contacts `{id}`"));
            }
            if let Some(lang) = contact.name.missing() {
                return Err(format!("contact `{id}`: the name has no {lang:?} form"));
            }
            if contact.at.is_empty() {
                return Err(format!("contact `{id}`: `at` names no channel"));
            }
            for named in contact.at.keys() {
                if !channels.contains(named.as_str()) {
                    return Err(format!("contact `{id}`: {}", unknown(named)));
                }
            }
        }
        Ok(())
    }
}
