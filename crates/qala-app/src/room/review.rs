//! Reviews: the agenda is what was promised and what has left its limits, the promises first.

use qala_core::Text;
use qala_registry::{
    AgendaItem, AgendaKind, Agreed, AuditAction, Decision, DecisionState, Incident, ReviewState, Versioned,
};
use serde_json::Value;

use super::must_be_on_duty;
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;
use crate::paper::Loud;

/// Decisions and incidents that are read at most.
const MOST: u32 = 2_000;
/// Points of an agenda at most.
const LONGEST: usize = 100;

/// The same words in every language: people wrote them in one.
fn as_written(text: &str) -> Text {
    Text::new(text, text, text)
}

fn blank(kind: AgendaKind, id: String, title: Text, function: &str) -> AgendaItem {
    AgendaItem {
        kind,
        id,
        title,
        function: function.to_owned(),
        places: Vec::new(),
        since: None,
        deadline: None,
        progress: None,
        explanation: None,
        value: None,
        before: None,
        target: None,
        unit: String::new(),
    }
}

fn of_decision(kind: AgendaKind, found: &Versioned<Decision>, unit: String) -> AgendaItem {
    let record = &found.record;
    AgendaItem {
        places: record.place.iter().cloned().collect(),
        since: Some(record.given_at),
        deadline: Some(record.deadline),
        progress: Some(record.progress),
        explanation: record.explanation.clone(),
        value: record.after.as_ref().and_then(|measured| measured.value),
        before: record.before.as_ref().and_then(|measured| measured.value),
        unit,
        ..blank(
            kind,
            found.id.to_string(),
            as_written(&record.text),
            &record.function,
        )
    }
}

fn of_indicator(loud: Loud) -> AgendaItem {
    let kind = if loud.is_off {
        AgendaKind::OffTarget
    } else {
        AgendaKind::Watch
    };
    AgendaItem {
        places: loud.places,
        since: loud.since,
        value: loud.value,
        target: loud.target,
        unit: loud.unit.symbol().to_owned(),
        ..blank(kind, loud.id, loud.title, &loud.function)
    }
}

fn of_incident(found: &Versioned<Incident>) -> AgendaItem {
    let record = &found.record;
    AgendaItem {
        places: record.place.iter().cloned().collect(),
        since: Some(record.opened_at),
        explanation: record.lesson.clone().or_else(|| record.cause.clone()),
        ..blank(
            AgendaKind::Incident,
            found.id.to_string(),
            as_written(&record.title),
            &record.function,
        )
    }
}

/// The promises in the order in which they are asked for: overdue ones, the oldest first, then those to come, then what was done.
pub(super) fn promises(
    decisions: &[Versioned<Decision>],
    now: i64,
    since: i64,
) -> Vec<(AgendaKind, &Versioned<Decision>)> {
    let kind = |found: &Versioned<Decision>| {
        let record = &found.record;
        if record.drill {
            return None;
        }
        match record.state {
            DecisionState::Open if record.is_overdue(now) => Some(AgendaKind::Overdue),
            DecisionState::Open => Some(AgendaKind::Promised),
            DecisionState::Done if record.done_at.is_some_and(|done| done >= since) => Some(AgendaKind::Done),
            DecisionState::Done | DecisionState::Dropped => None,
        }
    };
    let mut found: Vec<(AgendaKind, &Versioned<Decision>)> = decisions
        .iter()
        .filter_map(|decision| Some((kind(decision)?, decision)))
        .collect();
    found.sort_by_key(|(kind, decision)| (*kind, decision.record.deadline, decision.id));
    found
}

impl Centre {
    /// The agenda as it would be now.
    ///
    /// # Errors
    /// The registry's and the query's.
    pub async fn agenda(&self, reader: &Reader) -> Result<Vec<AgendaItem>> {
        let now = self.clock.now();
        let reviews = self.registry.reviews(10).await?;
        let last = reviews
            .iter()
            .filter(|review| review.record.state == ReviewState::Closed)
            .map(|review| review.record.held_at)
            .max()
            .unwrap_or(i64::MIN);
        let decisions = self.registry.decisions(MOST).await?;
        let unit = |record: &Decision| {
            let spec = self
                .indicators
                .iter()
                .find(|spec| Some(spec.id.as_str()) == record.indicator.as_deref());
            spec.map_or_else(String::new, |spec| spec.unit.symbol().to_owned())
        };
        let mut agenda: Vec<AgendaItem> = promises(&decisions, now, last)
            .into_iter()
            .map(|(kind, found)| of_decision(kind, found, unit(&found.record)))
            .collect();
        agenda.extend(self.loud_indicators(reader).await?.into_iter().map(of_indicator));
        let incidents = self.registry.incidents(MOST).await?;
        let is_news = |found: &&Versioned<Incident>| {
            let record = &found.record;
            let is_new = record.closed_at.is_none_or(|end| end >= last);
            is_new && !record.drill && record.merged_into.is_none()
        };
        agenda.extend(incidents.iter().filter(is_news).map(of_incident));
        agenda.truncate(LONGEST);
        Ok(agenda)
    }

    /// Begins a review with the agenda of now; its number.
    ///
    /// # Errors
    /// An empty title, a review that goes on; who may not; the registry's and the query's.
    pub async fn begin_review(&self, title: &str, present: &str, reader: &Reader) -> Result<i64> {
        must_be_on_duty(reader)?;
        // It is kept for everybody who reads reviews, so it holds no more than all of them may see.
        let agenda = self.agenda(&Reader::internal()).await?;
        let particulars = [("points", Value::from(agenda.len()))];
        self.note_change(reader.id(), AuditAction::Review, "begin", &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .begin_review((title, present), agenda, reader.id(), now)
            .await?)
    }

    /// Writes a line of the minutes.
    ///
    /// # Errors
    /// A point that is not on the agenda, a review that is closed; who may not; the registry's.
    pub async fn minute(&self, id: i64, agreed: &Agreed, reader: &Reader) -> Result<()> {
        must_be_on_duty(reader)?;
        if let Some(decision) = agreed.decision {
            self.registry.decision(decision).await?;
        }
        let object = format!("review {id}");
        self.note_change(reader.id(), AuditAction::Review, &object, &[])
            .await?;
        let now = self.clock.now();
        Ok(self.registry.minute(id, agreed, reader.id(), now).await?)
    }

    /// Closes a review.
    ///
    /// # Errors
    /// A review that is closed; who may not; the registry's.
    pub async fn close_review(&self, id: i64, present: Option<&str>, reader: &Reader) -> Result<()> {
        must_be_on_duty(reader)?;
        let object = format!("review {id}");
        let particulars = [("action", Value::from("close"))];
        self.note_change(reader.id(), AuditAction::Review, &object, &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self.registry.close_review(id, present, reader.id(), now).await?)
    }
}
