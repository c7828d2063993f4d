//! Warnings of [Prometheus Alertmanager](https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), webhook version 4.
//!
//! A group of Alertmanager is one alarm; its alerts are the members, told apart by their fingerprints. What it sends again changes
//! nothing.

use std::collections::BTreeMap;

use qala_core::spec::AlarmSeverity;
use qala_core::{FunctionId, Text, parse_instant};
use qala_registry::{AlarmChange, AlarmRaise};
use serde::Deserialize;

use crate::centre::Centre;
use crate::error::{AppError, Result};

/// The rule that these alarms name.
const RULE: &str = "alertmanager";
/// Letters of a title.
const LONGEST: usize = 300;
/// Minutes after which one that is over leaves the queue.
const FORGET_MIN: u32 = 1440;

/// Labels or annotations.
type Labels = BTreeMap<String, String>;

/// A message of Alertmanager. Keys that mean nothing here are passed over, for newer versions send more.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Warning {
    version: String,
    group_key: String,
    #[serde(default)]
    group_labels: Labels,
    #[serde(default)]
    common_labels: Labels,
    #[serde(default)]
    common_annotations: Labels,
    alerts: Vec<Alert>,
}

/// One alert of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    starts_at: String,
    #[serde(default)]
    fingerprint: String,
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warned {
    /// Alerts that fire.
    pub firing: usize,
    /// Alerts that are over.
    pub resolved: usize,
    /// Alarms that are new.
    pub raised: usize,
}

fn severity(labels: &Labels) -> AlarmSeverity {
    match labels.get("severity").map(|word| word.to_lowercase()).as_deref() {
        Some("critical" | "page" | "emergency") => AlarmSeverity::Critical,
        Some("major" | "error" | "high") => AlarmSeverity::Major,
        Some("info" | "none" | "low") => AlarmSeverity::Info,
        _ => AlarmSeverity::Minor,
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

impl Alert {
    /// What tells it from the others of its group.
    fn member(&self) -> String {
        if self.fingerprint.is_empty() {
            let labels: Vec<String> = self
                .labels
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            return labels.join(",");
        }
        self.fingerprint.clone()
    }
}

impl Centre {
    /// Takes a message of Alertmanager in.
    ///
    /// # Errors
    /// A message of another form or version; none of the pack's functions answers for it; the registry's.
    pub async fn take_alertmanager(&self, body: &[u8]) -> Result<Warned> {
        let warning: Warning = serde_json::from_slice(body)
            .map_err(|e| AppError::Usage(format!("this is no message of Alertmanager: {e}")))?;
        if warning.version != "4" {
            return Err(AppError::Usage(format!(
                "messages of version 4 are read, not of {}",
                warning.version
            )));
        }
        let (firing, resolved): (Vec<&Alert>, Vec<&Alert>) =
            warning.alerts.iter().partition(|alert| alert.status == "firing");
        let mut changes = Vec::new();
        if !firing.is_empty() {
            changes.push(AlarmChange::Raise(Box::new(
                self.raise_outside(&warning, &firing).await?,
            )));
        }
        if !resolved.is_empty() {
            changes.push(AlarmChange::Over {
                rule: RULE.into(),
                cause: warning.group_key.clone(),
                members: resolved.iter().map(|alert| alert.member()).collect(),
            });
        }
        let applied = self
            .registry
            .apply_alarms(&changes, &[], self.clock.now())
            .await?;
        if applied.is_news() {
            self.tell_alarms();
            self.alarms.outgoing.notify_one();
        }
        Ok(Warned {
            firing: firing.len(),
            resolved: resolved.len(),
            raised: applied.raised,
        })
    }

    async fn raise_outside(&self, warning: &Warning, firing: &[&Alert]) -> Result<AlarmRaise> {
        let now = self.clock.now();
        let label = |name: &str| {
            let own = firing.iter().find_map(|alert| alert.labels.get(name));
            warning.common_labels.get(name).or(own).map(String::as_str)
        };
        let names = self.function_names().await?;
        let named = label("function").and_then(|id| names.iter().find(|(known, _)| known.as_str() == id));
        let owner: FunctionId = named
            .map(|(id, _)| id)
            .or(self.alarms.notice.outside_function.as_ref())
            .cloned()
            .ok_or_else(|| {
                AppError::Usage(
                    "the pack's alarms.toml names no `outside_function` that answers for this".into(),
                )
            })?;
        let places = self.registry.places_at(now).await?;
        let wanted = label("place").or_else(|| label("district"));
        let place = wanted.and_then(|id| {
            places
                .iter()
                .find(|place| place.id.as_str() == id || place.kato.as_deref() == Some(id))
        });
        let annotation = |name: &str| {
            let own = firing.iter().find_map(|alert| alert.annotations.get(name));
            warning
                .common_annotations
                .get(name)
                .or(own)
                .map(|text| short(text))
        };
        let name = label("alertname")
            .or(warning.group_labels.get("alertname").map(String::as_str))
            .map_or_else(|| "Alertmanager".to_owned(), short);
        let title = annotation("summary").unwrap_or_else(|| name.clone());
        // Whoever writes alerts for a city may write them in its languages.
        let in_language =
            |lang: &str| annotation(&format!("summary_{lang}")).unwrap_or_else(|| title.clone());
        let worst = firing.iter().map(|alert| severity(&alert.labels)).max();
        let severity = worst.unwrap_or(AlarmSeverity::Minor);
        let starts = firing
            .iter()
            .filter_map(|alert| parse_instant(&alert.starts_at, None).ok());
        Ok(AlarmRaise {
            rule: RULE.into(),
            rule_version: 4,
            cause: warning.group_key.clone(),
            place: place.map(|place| place.id.to_string()),
            about: Some(name),
            title: Text::new(in_language("kk"), in_language("ru"), in_language("en")),
            severity,
            owner_function: owner.to_string(),
            public: false,
            simulated: false,
            event_at: starts.min().unwrap_or(now).min(now),
            value: None,
            at: None,
            forget_min: FORGET_MIN,
            members: firing.iter().map(|alert| alert.member()).collect(),
            part_of: None,
            takes_in: Vec::new(),
            notices: self.alarms.notices(&owner, severity, 0),
        })
    }
}
