//! The look: what is new in the lake, judged by every rule, taken in at once.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use qala_core::spec::{AlarmSpec, AlarmWhen, is_in_hours};
use qala_registry::{AlarmChange, AlarmsApplied, Calendar};

use super::{Causes, LOOKED, Look};
use crate::centre::Centre;
use crate::error::Result;

/// Promises are looked at this often.
const PROMISES_EVERY: Duration = Duration::from_secs(10);
/// Steps of escalation and what is long over are looked at this often.
const STEPS_EVERY: Duration = Duration::from_secs(1);

/// True when so much time has passed since an instant, or there was none; the instant is then now.
fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= every);
    if due {
        *last = Some(Instant::now());
    }
    due
}

impl Centre {
    /// Up to where the log was looked at for alarms.
    pub(crate) fn alarms_looked(&self) -> i64 {
        self.alarms.looked.load(Ordering::Acquire)
    }

    /// Looks at what came since the last look, and at promises when it is time.
    ///
    /// What is found, the notices of it and the place in the log are one transaction: after a crash the same stretch is looked
    /// at again, or it was taken in whole.
    ///
    /// # Errors
    /// The lake's or the registry's; the next look goes on where this one began.
    pub async fn look_for_alarms(&self) -> Result<AlarmsApplied> {
        let mut look = self.alarms.look.lock().await;
        let upto = self.lake.view().seq();
        let after = self.begin_look(&mut look, upto).await?;
        let now = self.clock.now();
        let mut applied = AlarmsApplied::default();
        let is_time = is_due(&mut look.promises, PROMISES_EVERY);
        if upto > after || is_time {
            let causes = Causes(self.registry.alarm_causes().await?.into_iter().collect());
            let mut changes = Vec::new();
            if upto > after {
                self.look_at_events(&mut look, &causes, (after, upto), now, &mut changes)
                    .await?;
                self.look_at_values(&causes, (after, upto), now, &mut changes)
                    .await?;
            }
            if is_time {
                self.look_at_promises(&causes, now, &mut changes).await?;
            }
            self.drop_in_maintenance(now, &mut changes).await?;
            if !changes.is_empty() {
                let marks = [(LOOKED, upto.to_string())];
                applied = self.registry.apply_alarms(&changes, &marks, now).await?;
            }
            look.seq = Some(upto);
            self.alarms.looked.store(upto, Ordering::Release);
        }
        let mut is_news = applied.is_news();
        if is_due(&mut look.steps, STEPS_EVERY) {
            is_news |= self.escalate_alarms(now).await?;
            is_news |= self.registry.forget_alarms(now).await? > 0;
        }
        if is_news {
            self.tell_alarms();
            self.alarms.outgoing.notify_one();
        }
        Ok(applied)
    }

    /// Looks at promises, steps and all that came now, without waiting for their turn.
    ///
    /// # Errors
    /// As for [`Centre::look_for_alarms`].
    pub async fn look_for_promises(&self) -> Result<AlarmsApplied> {
        let mut look = self.alarms.look.lock().await;
        (look.promises, look.steps) = (None, None);
        drop(look);
        self.look_for_alarms().await
    }

    /// Notes from where on rows are news, before the first of them can come.
    pub(crate) async fn begin_alarms(&self) -> Result<()> {
        let upto = self.lake.view().seq();
        let mut look = self.alarms.look.lock().await;
        self.begin_look(&mut look, upto).await?;
        Ok(())
    }

    /// Where the look goes on. A centre that never looked begins with what comes: history raises nothing.
    async fn begin_look(&self, look: &mut Look, upto: i64) -> Result<i64> {
        if let Some(seq) = look.seq {
            return Ok(seq);
        }
        let kept = self.registry.setting(LOOKED).await?;
        let seq = match kept.and_then(|text| text.parse::<i64>().ok()) {
            // A restored lake may be behind what the registry remembers.
            Some(seq) => seq.min(upto),
            None => {
                let now = self.clock.now();
                self.registry.set_setting(LOOKED, &upto.to_string(), now).await?;
                upto
            }
        };
        look.seq = Some(seq);
        self.alarms.looked.store(seq, Ordering::Release);
        Ok(seq)
    }

    /// Takes out what rules would raise in their hours of maintenance.
    async fn drop_in_maintenance(&self, now: i64, changes: &mut Vec<AlarmChange>) -> Result<()> {
        let resting = |rule: &&AlarmSpec| !rule.maintenance.is_empty();
        if changes.is_empty() || !self.alarms.rules.iter().any(|rule| resting(&rule)) {
            return Ok(());
        }
        let calendar = self.calendar().await?;
        let off = |day: i32| {
            // Where the calendar does not reach, the week does.
            calendar
                .is_working(day)
                .map_or((day + 3).rem_euclid(7) >= 5, |working| !working)
        };
        let quiet: HashSet<&str> = self
            .alarms
            .rules
            .iter()
            .filter(|rule| {
                rule.maintenance
                    .iter()
                    .any(|hours| is_in_hours(hours, now, &self.zone, off))
            })
            .map(|rule| rule.id.as_str())
            .collect();
        changes.retain(|change| match change {
            AlarmChange::Raise(raise) => !quiet.contains(raise.rule.as_str()),
            AlarmChange::Over { .. } => true,
        });
        Ok(())
    }

    async fn calendar(&self) -> Result<Calendar> {
        let name = self.registry.setting("city.calendar").await?.unwrap_or_default();
        Ok(self.registry.calendar(&name, None).await?)
    }

    /// True when a dataset has rows after a place in the log.
    pub(super) fn has_grown(&self, dataset: &str, after: i64) -> Result<bool> {
        Ok(self.lake.touched(dataset)?.into_values().any(|seq| seq > after))
    }

    /// Rules of one kind.
    pub(super) fn alarm_rules(&self, of: fn(&AlarmWhen) -> bool) -> impl Iterator<Item = &AlarmSpec> {
        self.alarms.rules.iter().filter(move |rule| of(&rule.when))
    }
}
