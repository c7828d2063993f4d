//! Promises that are not kept: feeds that are late or stopped, devices that are silent.

use qala_core::Standing;
use qala_core::spec::{AlarmWhen, Missed};
use qala_registry::AlarmChange;

use super::Causes;
use crate::centre::Centre;
use crate::error::Result;
use crate::obligation::Obligation;

/// What of a promise a rule misses: members and since when; `None` when it is kept.
fn missed(found: &Obligation, what: Missed, at_least: u32, now: i64) -> Option<(Vec<String>, i64)> {
    let feed = || vec![found.feed.clone()];
    match (what, found.standing) {
        (Missed::Late, Some(Standing::Late | Standing::Stopped))
        | (Missed::Stopped, Some(Standing::Stopped)) => Some((feed(), found.since.unwrap_or(now))),
        (Missed::Devices, _) if found.silent.len() >= at_least as usize => {
            let since = found.silent.iter().map(|silence| silence.since).max();
            let devices = found.silent.iter().map(|silence| silence.device.clone());
            Some((devices.collect(), since.unwrap_or(now)))
        }
        _ => None,
    }
}

impl Centre {
    /// Judges how feeds stand to their promises.
    pub(super) async fn look_at_promises(
        &self,
        causes: &Causes,
        now: i64,
        changes: &mut Vec<AlarmChange>,
    ) -> Result<()> {
        let rules: Vec<_> = self
            .alarm_rules(|when| matches!(when, AlarmWhen::Missing { .. }))
            .collect();
        if rules.is_empty() {
            return Ok(());
        }
        let obligations = self.obligations().await?;
        for rule in rules {
            let AlarmWhen::Missing {
                feeds,
                what,
                at_least,
            } = &rule.when
            else {
                continue;
            };
            let about = |found: &&Obligation| {
                feeds.is_empty() || feeds.iter().any(|feed| feed.as_str() == found.feed)
            };
            for found in obligations.iter().filter(about) {
                match missed(found, *what, *at_least, now) {
                    Some((members, since)) => {
                        let mut raise = self.alarms.raise(rule, &found.feed, rule.severity, members);
                        raise.about = Some(found.feed.clone());
                        raise.owner_function = found.owner_function.to_string();
                        raise.notices = self.alarms.notices(&found.owner_function, rule.severity, 0);
                        raise.event_at = since;
                        let spec = self.feeds.iter().find(|feed| feed.id.as_str() == found.feed);
                        raise.simulated = spec.is_some_and(|feed| feed.simulated);
                        changes.push(AlarmChange::Raise(Box::new(raise)));
                    }
                    None if causes.holds(rule, &found.feed) => changes.push(AlarmChange::Over {
                        rule: rule.id.to_string(),
                        cause: found.feed.clone(),
                        members: Vec::new(),
                    }),
                    None => {}
                }
            }
        }
        Ok(())
    }
}
