//! The rules with their own records.

use qala_core::spec::AlarmSpec;
use qala_registry::{AlarmMiss, AuditAction, Role, RuleCounts};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// A rule with what became of its alarms.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRecord<'a> {
    /// The rule.
    pub rule: &'a AlarmSpec,
    /// Its alarms.
    pub counts: RuleCounts,
}

impl Centre {
    /// The rules that somebody may know of, with their records.
    ///
    /// # Errors
    /// The registry's.
    pub async fn rule_records<'a>(&'a self, reader: &Reader) -> Result<Vec<RuleRecord<'a>>> {
        let counts = self.registry.rule_counts().await?;
        let record = |rule: &'a AlarmSpec| RuleRecord {
            rule,
            counts: counts
                .iter()
                .find(|c| c.rule == rule.id.as_str())
                .cloned()
                .unwrap_or_default(),
        };
        let seen = |rule: &&AlarmSpec| rule.public || reader.role() >= Role::Staff;
        Ok(self.alarms.rules.iter().filter(seen).map(record).collect())
    }

    /// Writes down that a rule raised nothing although it should have.
    ///
    /// # Errors
    /// A rule that does not exist; a miss without words; the registry's.
    pub async fn note_missed_alarm(&self, miss: &AlarmMiss<'_>) -> Result<i64> {
        if self.alarms.rule(miss.rule).is_none() {
            return Err(AppError::Usage(format!("there is no alarm rule `{}`", miss.rule)));
        }
        if miss.note.trim().is_empty() {
            return Err(AppError::Usage("say what happened".into()));
        }
        self.note_change(miss.by, AuditAction::AlarmMissed, miss.rule, &[])
            .await?;
        Ok(self.registry.note_alarm_miss(miss, self.clock.now()).await?)
    }
}
