//! Giving assignments with the passports they cite, and telling how they go.

use qala_registry::{AuditAction, DecisionReport, DecisionState, Measured, NewDecision};
use serde_json::{Value, json};

use super::{must_act, must_be_on_duty};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::CITY;

/// Passports that are cited at most.
const MOST_PASSPORTS: usize = 19;

/// An assignment that somebody wants to give.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionWish {
    /// What is to be done.
    pub text: String,
    /// The function that does it.
    pub function: String,
    /// By when, µs of UTC.
    pub deadline: i64,
    /// The incident in which it is given.
    pub incident: Option<i64>,
    /// The review in which it is given.
    pub review: Option<i64>,
    /// The indicator that it is to move.
    pub indicator: Option<String>,
    /// The place of the indicator; the city when absent.
    pub place: Option<String>,
    /// Ids of passports that it cites.
    pub passports: Vec<String>,
}

/// What somebody tells of an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportWish {
    /// Percent.
    pub progress: Option<u8>,
    /// Why.
    pub explanation: Option<String>,
    /// Done or dropped.
    pub state: Option<String>,
    /// Another deadline, µs of UTC.
    pub deadline: Option<i64>,
}

impl Centre {
    /// Gives an assignment; its number. The passports it cites are frozen with it, as everybody who reads decisions may see them.
    ///
    /// # Errors
    /// What is wrong with the wish; who may not; the registry's and the query's.
    pub async fn decide(&self, wish: &DecisionWish, reader: &Reader) -> Result<i64> {
        must_be_on_duty(reader)?;
        self.known_function(&wish.function).await?;
        if wish.passports.len() > MOST_PASSPORTS {
            return Err(AppError::Usage(format!(
                "a decision cites at most {MOST_PASSPORTS} passports"
            )));
        }
        let place = wish.place.as_deref().filter(|place| !place.is_empty());
        let before = match &wish.indicator {
            Some(indicator) => self.measured(indicator, place.unwrap_or(CITY)).await?,
            None => None,
        };
        let mut ids: Vec<&str> = wish.passports.iter().map(String::as_str).collect();
        if let Some(before) = before
            .as_ref()
            .filter(|before| !ids.contains(&before.passport.as_str()))
        {
            ids.push(&before.passport);
        }
        let mut passports = Vec::new();
        for id in ids {
            passports.push(self.frozen(id).await?);
        }
        let new = NewDecision {
            text: wish.text.clone(),
            function: wish.function.clone(),
            deadline: wish.deadline,
            incident: wish.incident,
            review: wish.review,
            indicator: wish.indicator.clone(),
            place: place.map(ToOwned::to_owned),
            before,
            passports,
        };
        let particulars = [("function", Value::from(new.function.clone()))];
        self.note_change(reader.id(), AuditAction::Decision, "give", &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self.registry.decide(&new, reader.id(), now).await?)
    }

    /// Tells how an assignment goes. Staff tell of what their department is to do.
    ///
    /// # Errors
    /// Where an explanation is missing; who may not; the registry's.
    pub async fn report_decision(&self, id: i64, wish: &ReportWish, reader: &Reader) -> Result<()> {
        let found = self.registry.decision(id).await?.record;
        must_act(reader, &[&found.function])?;
        let state = match wish.state.as_deref() {
            None => None,
            Some("open") => Some(DecisionState::Open),
            Some("done") => Some(DecisionState::Done),
            Some("dropped") => Some(DecisionState::Dropped),
            Some(word) => {
                return Err(AppError::Usage(format!("`{word}` is not open, done or dropped")));
            }
        };
        if state == Some(DecisionState::Dropped) || wish.deadline.is_some() {
            // Who is to do it does not take it back or give himself more time.
            must_be_on_duty(reader)?;
        }
        let ends = state.is_some_and(|state| state != DecisionState::Open);
        let after = match &found.indicator {
            Some(indicator) if ends => {
                let place = found.place.as_deref().unwrap_or(CITY);
                self.measured(indicator, place).await?
            }
            _ => None,
        };
        let report = DecisionReport {
            progress: wish.progress,
            explanation: wish.explanation.clone(),
            state,
            deadline: wish.deadline,
            after,
        };
        let particulars = [
            ("state", Value::from(wish.state.clone())),
            ("progress", wish.progress.into()),
        ];
        let object = format!("decision {id}");
        self.note_change(reader.id(), AuditAction::Decision, &object, &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .report_decision(id, &report, reader.id(), now)
            .await?)
    }

    /// The newest value of an indicator at a place; `None` when none was ever computed.
    async fn measured(&self, indicator: &str, place: &str) -> Result<Option<Measured>> {
        let spec = self.indicator(indicator)?;
        // What would tell of few people is not told to everybody who reads decisions.
        if self.tells_few(spec, &Reader::internal()) {
            return Ok(None);
        }
        if place.contains('\'') {
            return Err(AppError::Usage(format!("`{place}` is not a place")));
        }
        let rows = self
            .rows(&format!(
                "SELECT grain, period_start, value FROM indicator_values WHERE indicator = '{}' AND place = '{place}' \
                 AND value IS NOT NULL ORDER BY period_end DESC, grain LIMIT 1",
                spec.id
            ))
            .await?;
        Ok(rows.first().map(|row| {
            let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
            Measured {
                value: row.get("value").and_then(Value::as_f64),
                passport: format!("{}/{place}/{}/{}", spec.id, word("grain"), word("period_start")),
            }
        }))
    }

    /// A passport as it is now. Everybody of the administration reads it with the decision, so it holds no more than all of them
    /// may see, whoever cites it.
    async fn frozen(&self, id: &str) -> Result<Value> {
        let passport = self.passport(id, false).await?;
        let passport = self.passport_for(passport, &Reader::internal()).await?;
        Ok(json!({
            "id": id,
            "value": passport.value,
            "sql": passport.sql,
            "messages": passport.messages,
        }))
    }

    /// How a decision came to stand as it does: its revisions in the lake, the oldest first.
    ///
    /// # Errors
    /// The query's.
    pub async fn decision_history(&self, id: i64) -> Result<Vec<serde_json::Map<String, Value>>> {
        // A report that was just given is among them.
        self.relay().await?;
        self.rows(&format!(
            "SELECT revision, t, actor, state, progress, explanation, deadline FROM room_decisions \
             WHERE decision_id = {id} ORDER BY revision"
        ))
        .await
    }
}
