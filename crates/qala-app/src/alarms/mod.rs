//! Alarms: what holds, who is told, what they do with it.
//!
//! What belongs here: looking at new rows, values and promises by the rules, one alarm for each cause, escalation, and notices that
//! go out once. What does not: the rules themselves (`alarms/`), keeping (`qala-registry`), and how the screen shows them.

mod act;
mod alertmanager;
mod cap;
mod channel;
mod check;
mod deliver;
mod escalate;
mod event;
mod look;
mod missing;
mod morning;
mod record;
mod series;
mod text;

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Instant;

use qala_core::spec::{AlarmSeverity, AlarmSpec, NoticeContact, NoticeSpec};
use qala_core::{FunctionId, Text};
use qala_registry::{AlarmCause, AlarmNotice, AlarmRaise};
use serde_json::json;
use tokio::sync::Notify;

pub use self::act::{AlarmDoing, AlarmFound, AlarmPage};
pub use self::alertmanager::Warned;
pub use self::check::alarm_faults;
pub use self::record::RuleRecord;
use crate::centre::Centre;
use crate::live::Topic;

/// The setting that says up to where the log was looked at.
const LOOKED: &str = "alarms.looked";

/// The rules of a centre and who is told.
#[derive(Debug)]
pub struct Alarms {
    /// Rules, patterns over several places first: what is part of a pattern is found after it.
    pub rules: Vec<AlarmSpec>,
    /// Channels and contacts.
    pub notice: NoticeSpec,
    /// Something is to be sent.
    pub(crate) outgoing: Notify,
    /// Up to where the log was looked at.
    looked: AtomicI64,
    /// Changes that were told to the screen.
    told: AtomicU64,
    look: tokio::sync::Mutex<Look>,
}

/// The memory of the look: losing it costs time, not truth.
#[derive(Debug, Default)]
struct Look {
    /// Up to where; absent before the first look.
    seq: Option<i64>,
    /// When promises were looked at.
    promises: Option<Instant>,
    /// When steps and what is long over were looked at.
    steps: Option<Instant>,
    /// Datasets that simulated feeds have filled.
    simulated: HashSet<String>,
}

impl Alarms {
    /// The rules in the order in which they are looked at.
    pub(crate) fn new(mut rules: Vec<AlarmSpec>, notice: NoticeSpec) -> Self {
        rules.sort_by_key(|rule| (rule.part_of.is_some(), rule.id.clone()));
        Self {
            rules,
            notice,
            outgoing: Notify::new(),
            looked: AtomicI64::new(0),
            told: AtomicU64::new(0),
            look: tokio::sync::Mutex::default(),
        }
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&AlarmSpec> {
        self.rules.iter().find(|rule| rule.id.as_str() == id)
    }

    /// Who is told at a step.
    pub(crate) fn notices(
        &self,
        function: &FunctionId,
        severity: AlarmSeverity,
        step: u32,
    ) -> Vec<AlarmNotice> {
        self.notice
            .told(function, severity, step)
            .flat_map(|contact: &NoticeContact| {
                contact.at.keys().filter_map(|id| {
                    let channel = self.notice.channel(id)?;
                    Some(AlarmNotice {
                        channel: id.clone(),
                        kind: channel.by.kind().as_str(),
                        contact: contact.id.clone(),
                    })
                })
            })
            .collect()
    }

    /// What a rule raises; where and what is for the caller to say.
    fn raise(
        &self,
        rule: &AlarmSpec,
        cause: &str,
        severity: AlarmSeverity,
        members: Vec<String>,
    ) -> AlarmRaise {
        let takes_in = self
            .rules
            .iter()
            .filter(|other| other.part_of.as_ref() == Some(&rule.id));
        AlarmRaise {
            rule: rule.id.to_string(),
            rule_version: rule.version,
            cause: cause.to_owned(),
            place: None,
            about: None,
            title: rule.title.clone(),
            severity,
            owner_function: rule.owner_function.to_string(),
            public: rule.public,
            simulated: false,
            event_at: 0,
            value: None,
            at: None,
            forget_min: rule.forget_min,
            members,
            part_of: rule.part_of.as_ref().map(ToString::to_string),
            takes_in: takes_in.map(|other| other.id.to_string()).collect(),
            notices: self.notices(&rule.owner_function, severity, 0),
        }
    }
}

/// Which causes stand, for hysteresis.
struct Causes(HashSet<AlarmCause>);

impl Causes {
    /// True while an alarm of the cause holds.
    fn holds(&self, rule: &AlarmSpec, cause: &str) -> bool {
        self.0.contains(&AlarmCause {
            rule: rule.id.to_string(),
            cause: cause.to_owned(),
            holds: true,
        })
    }

    /// True while an alarm of the rule holds, whatever its cause.
    fn any(&self, rule: &AlarmSpec) -> bool {
        self.0
            .iter()
            .any(|cause| cause.holds && cause.rule == rule.id.as_str())
    }
}

impl Centre {
    /// Tells the screen that alarms changed: no more than that, for what they are is not for everybody.
    pub(crate) fn tell_alarms(&self) {
        let number = self.alarms.told.fetch_add(1, std::sync::atomic::Ordering::AcqRel) + 1;
        self.live.tell(Topic::Alarms, &json!({ "change": number }));
    }

    /// The name of a place, a feed or whatever else an alarm is about.
    pub(crate) fn feed_title(&self, id: &str) -> Option<&Text> {
        self.feeds
            .iter()
            .find(|feed| feed.id.as_str() == id)
            .map(|feed| &feed.title)
    }
}
