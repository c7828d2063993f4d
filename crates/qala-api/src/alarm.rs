//! Alarms on the wire. Instants are ISO 8601 with the city's offset.

use serde::{Deserialize, Serialize};

use crate::{Row, Text};

/// An alarm: everything of one cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Id, `A-7`.
    pub id: String,
    /// The rule; `alertmanager` for what another program warns of.
    pub rule: String,
    /// `info`, `minor`, `major` or `critical`.
    pub severity: String,
    /// `open`, `acknowledged` or `closed`.
    pub state: String,
    /// What is the matter.
    pub title: Text,
    /// What to do.
    pub advice: Option<Text>,
    /// Id of the place; absent for the whole city.
    pub place_id: Option<String>,
    /// Its name.
    pub place: Option<Text>,
    /// What it is about beside the place: a feed, an event.
    pub about: Option<String>,
    /// The title of that, where it has one.
    pub about_title: Option<Text>,
    /// Function of government that answers.
    pub owner_function: String,
    /// Its name.
    pub owner: Option<Text>,
    /// True when the public is told.
    pub public: bool,
    /// True when simulated data raised it.
    pub simulated: bool,
    /// When the first of it happened.
    pub event_at: String,
    /// When it was raised.
    pub opened_at: String,
    /// When it was last seen to grow.
    pub last_seen_at: String,
    /// When it was over; absent while it holds.
    pub cleared_at: Option<String>,
    /// Distinct events, places or devices.
    pub members: i64,
    /// The value that raised it.
    pub value: Option<f64>,
    /// Unit of the value.
    pub unit: Option<String>,
    /// Longitude, degrees.
    pub lon: Option<f64>,
    /// Latitude, degrees.
    pub lat: Option<f64>,
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<String>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// When it was closed.
    pub closed_at: Option<String>,
    /// By whom; `rule` when it was over by itself.
    pub closed_by: Option<String>,
    /// `right` or `wrong`, as who closed it said.
    pub verdict: Option<String>,
    /// The newest note.
    pub note: Option<String>,
    /// Steps of escalation that were taken.
    pub step: i64,
    /// Grows with every change.
    pub revision: i64,
}

/// Open alarms by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpenAlarms {
    /// To be acted on at once.
    pub critical: i64,
    /// Within the hour.
    pub major: i64,
    /// Today.
    pub minor: i64,
    /// To be known.
    pub info: i64,
}

/// `GET /api/alarms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// The time by which these instants are.
    pub now: String,
    /// Alarms of the filter in all.
    pub total: i64,
    /// Alarms that nobody acknowledged.
    pub open: OpenAlarms,
    /// Alarms, the worst first.
    pub alarms: Vec<Alarm>,
}

/// What an alarm is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmMember {
    /// The event, place or device.
    pub member: String,
    /// Since when.
    pub seen_at: String,
    /// When it was over.
    pub over_at: Option<String>,
}

/// A notice to one contact on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmDelivery {
    /// Key that the far side gets.
    pub key: String,
    /// Channel.
    pub channel: String,
    /// `webhook`, `mail`, `telegram` or `sms`.
    pub kind: String,
    /// Contact.
    pub contact: String,
    /// Step of escalation.
    pub step: i64,
    /// `waiting`, `sending`, `sent` or `failed`.
    pub state: String,
    /// Tries.
    pub attempts: i64,
    /// How often it went out or may have.
    pub sends: i64,
    /// True when it may have come twice, for the far side cannot tell.
    pub at_least_once: bool,
    /// When it was planned.
    pub first_at: String,
    /// When the far side took it.
    pub sent_at: Option<String>,
    /// What was wrong the last time.
    pub error: Option<String>,
}

/// `GET /api/alarms/<id>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmFound {
    /// The alarm.
    pub alarm: Alarm,
    /// Its members, those that hold first; 500 at most.
    pub members: Vec<AlarmMember>,
    /// Its changes, the newest first: rows of `alarms_changes`.
    pub changes: Vec<Row>,
    /// Who was told.
    pub deliveries: Vec<AlarmDelivery>,
}

/// What somebody says to an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmWord {
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `right` or `wrong`: whether the rule was right. Only when it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// A step while nobody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmStep {
    /// Minutes after the alarm was raised.
    pub after_min: u32,
    /// Function that is told too; absent: further contacts of the owner.
    pub function: Option<String>,
}

/// A rule with what became of its alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmRule {
    /// Id.
    pub id: String,
    /// What is the matter.
    pub title: Text,
    /// What to do.
    pub advice: Text,
    /// Function of government that answers.
    pub owner_function: String,
    /// Its name.
    pub owner: Option<Text>,
    /// Severity.
    pub severity: String,
    /// True when the public is told.
    pub public: bool,
    /// `threshold`, `departure`, `missing`, `places` or `event`.
    pub kind: String,
    /// Indicator that it looks at.
    pub indicator: Option<String>,
    /// Dataset whose rows are its events.
    pub dataset: Option<String>,
    /// The rule whose alarms take in those of this one.
    pub part_of: Option<String>,
    /// Steps while nobody acknowledges.
    pub escalation: Vec<AlarmStep>,
    /// Alarms so far.
    pub raised: i64,
    /// Of them, those found right.
    pub right: i64,
    /// And wrong.
    pub wrong: i64,
    /// What it missed, as somebody said.
    pub missed: i64,
    /// Right of those that were judged.
    pub precision: Option<f64>,
    /// Right of what should have been raised.
    pub recall: Option<f64>,
    /// Mean seconds from the event to the alarm.
    pub delay_s: Option<f64>,
    /// Mean seconds until somebody acknowledged.
    pub acknowledged_after_s: Option<f64>,
    /// When it raised one last.
    pub last_at: Option<String>,
}

/// A time in which nothing is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmWindow {
    /// Number.
    pub number: i64,
    /// A rule, or all of a subject (`air.*`); absent: all.
    pub rule: Option<String>,
    /// A place or a feed; absent: all.
    pub place: Option<String>,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// What would have been raised.
    pub hushed: i64,
}

/// A window that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmWindowWanted {
    /// A rule, or all of a subject (`air.*`); absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// A place or a feed; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// From; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// What happened without an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmMissed {
    /// When.
    pub at: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What happened.
    pub note: String,
}

/// The sound of alarms at a place of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSound {
    /// True when it is on.
    pub on: bool,
}

/// What came of a message of another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// Alerts that fire.
    pub firing: usize,
    /// Alerts that are over.
    pub resolved: usize,
    /// Alarms that are new.
    pub raised: usize,
}
