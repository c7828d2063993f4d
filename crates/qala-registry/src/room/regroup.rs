//! Two incidents that are one, and one that is two.

use super::incident::{self, Hand, Incident, IncidentState, NewIncident, TimelineKind, tell};
use super::{Versioned, one, refused, update};
use crate::error::RegistryError;
use crate::open::Registry;

/// What is split off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitWish {
    /// Title of the new incident.
    pub title: String,
    /// Its owner; that of the old one when absent.
    pub function: Option<String>,
    /// Alarms that go with it.
    pub alarms: Vec<String>,
}

impl Registry {
    /// Merges an incident into another: it is closed there, its alarms and participants go over. Its timeline and steps stay
    /// where they are.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for an incident and itself, a closed one, or a drill and a real one;
    /// [`RegistryError::NotThere`]; the disk fails.
    pub async fn merge_incident(
        &self,
        from: i64,
        into: i64,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        if from == into {
            return Err(refused(
                "merge_itself",
                &from,
                "an incident is merged into another one, not into itself",
            ));
        }
        let hand = Hand { by, now };
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let source: Versioned<Incident> = one(connection, from).await?;
            let target: Versioned<Incident> = one(connection, into).await?;
            source.record.must_run(from)?;
            target.record.must_run(into)?;
            if source.record.drill != target.record.drill {
                return Err(refused(
                    "merge_drill",
                    &into,
                    "a drill is not merged with what happens",
                ));
            }
            let mut kept = target.record.clone();
            for alarm in &source.record.alarms {
                if !kept.alarms.contains(alarm) {
                    kept.alarms.push(alarm.clone());
                }
            }
            let functions = std::iter::once(&source.record.function).chain(&source.record.participants);
            for function in functions {
                if *function != kept.function && !kept.participants.contains(function) {
                    kept.participants.push(function.clone());
                }
            }
            kept.severity = kept.severity.max(source.record.severity);
            update(connection, &target, &kept, by, now).await?;
            let mut gone = source.record.clone();
            gone.state = IncidentState::Closed;
            gone.closed_at = Some(now);
            gone.merged_into = Some(into);
            update(connection, &source, &gone, by, now).await?;
            let drill = kept.drill;
            let kind = TimelineKind::Merged;
            tell(connection, into, drill, kind, &from.to_string(), hand).await?;
            tell(connection, from, drill, kind, &into.to_string(), hand).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Splits an incident off another; the number of the new one.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for a closed incident or an alarm that is not its own; an empty title;
    /// [`RegistryError::NotThere`]; the disk fails.
    pub async fn split_incident(
        &self,
        from: i64,
        wish: &SplitWish,
        by: &str,
        now: i64,
    ) -> Result<i64, RegistryError> {
        let hand = Hand { by, now };
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let source: Versioned<Incident> = one(connection, from).await?;
            let old = &source.record;
            old.must_run(from)?;
            if let Some(alarm) = wish.alarms.iter().find(|alarm| !old.alarms.contains(alarm)) {
                return Err(refused(
                    "alarm_elsewhere",
                    &alarm,
                    format!("the alarm `{alarm}` does not belong to the incident {from}"),
                ));
            }
            let new = NewIncident {
                title: wish.title.clone(),
                kind: old.kind.clone(),
                severity: old.severity,
                place: old.place.clone(),
                point: old.lon.zip(old.lat),
                radius_m: old.radius_m,
                function: wish.function.clone().unwrap_or_else(|| old.function.clone()),
                alarms: wish.alarms.clone(),
                drill: old.drill,
            };
            let id = incident::open(connection, &new, Some(from), hand).await?;
            let mut left = old.clone();
            left.alarms.retain(|alarm| !wish.alarms.contains(alarm));
            update(connection, &source, &left, by, now).await?;
            let kind = TimelineKind::Split;
            tell(connection, from, left.drill, kind, &id.to_string(), hand).await?;
            tell(connection, id, left.drill, kind, &from.to_string(), hand).await?;
            Ok(id)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }
}
