//! What happens while nobody acknowledges: the next function is told.

use qala_core::FunctionId;

use crate::centre::Centre;
use crate::error::{AppError, Result};

const MINUTE: i64 = 60_000_000;

impl Centre {
    /// Takes the steps that are due. True when one was taken.
    pub(super) async fn escalate_alarms(&self, now: i64) -> Result<bool> {
        if self.alarms.rules.iter().all(|rule| rule.escalation.is_empty()) {
            return Ok(false);
        }
        let mut taken = false;
        for alarm in self.registry.open_alarms().await? {
            let Some(rule) = self.alarms.rule(&alarm.rule) else {
                continue;
            };
            let waited = now - alarm.opened_at;
            let due = rule
                .escalation
                .iter()
                .take_while(|step| waited >= i64::from(step.after_min) * MINUTE)
                .count();
            let done = usize::try_from(alarm.step).unwrap_or(0);
            for (index, step) in rule.escalation.iter().enumerate().take(due).skip(done) {
                let function = match &step.function {
                    Some(function) => function.clone(),
                    None => FunctionId::new(alarm.owner_function.as_str())
                        .map_err(|e| AppError::Usage(e.to_string()))?,
                };
                let number = index as u32 + 1;
                let notices = self.alarms.notices(&function, alarm.severity, number);
                taken |= self
                    .registry
                    .escalate_alarm(alarm.number, number, &notices, now)
                    .await?;
            }
        }
        Ok(taken)
    }
}
