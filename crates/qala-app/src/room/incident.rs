//! Opening an incident, acting on it, working through its steps.

use qala_core::spec::{ProcedureSpec, nearest};
use qala_registry::{
    AuditAction, Closing, Incident, IncidentState, NewIncident, NewStep, Settled, Severity, SplitWish,
    TimelineKind,
};
use serde_json::Value;

use super::must_act;
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// The kind of an incident for which there is no procedure.
const OTHER: &str = "other";
/// Alarms and functions of an incident at most.
const MOST: usize = 200;

/// An incident that somebody wants to open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidentWish {
    /// What happened.
    pub title: String,
    /// The id of a procedure; none of them when absent.
    pub kind: Option<String>,
    /// Word of the severity; `moderate` when absent.
    pub severity: Option<String>,
    /// A place of the city.
    pub place: Option<String>,
    /// Longitude and latitude, degrees.
    pub point: Option<(f64, f64)>,
    /// Metres around the point.
    pub radius_m: Option<u32>,
    /// The function that leads; that of the procedure when absent.
    pub function: Option<String>,
    /// Ids of alarms.
    pub alarms: Vec<String>,
    /// Whether the procedure is started at once.
    pub start: bool,
}

/// What is done with an incident.
#[derive(Debug, Clone, PartialEq)]
pub enum IncidentAction {
    /// Somebody says something.
    Note(String),
    /// It spreads no more.
    Contain,
    /// It spreads again.
    Reopen,
    /// It is of another severity.
    Severity(String),
    /// Another function leads.
    Owner(String),
    /// It is called otherwise.
    Title(String),
    /// It is elsewhere.
    Move {
        /// Longitude and latitude, degrees.
        point: (f64, f64),
        /// Metres around it; as before when absent.
        radius_m: Option<u32>,
        /// The place of the city; as before when absent.
        place: Option<String>,
    },
    /// An alarm belongs to it.
    Alarm(String),
    /// A function takes part.
    Participant(String),
    /// A procedure is started.
    Procedure(String),
    /// It is over.
    Close(Closing),
    /// It is part of another.
    Merge(i64),
    /// A part of it is another.
    Split(SplitWish),
}

impl IncidentAction {
    /// Its word in the audit.
    fn word(&self) -> &'static str {
        match self {
            Self::Note(_) => "note",
            Self::Contain => "contain",
            Self::Reopen => "reopen",
            Self::Severity(_) => "severity",
            Self::Owner(_) => "owner",
            Self::Title(_) => "title",
            Self::Move { .. } => "move",
            Self::Alarm(_) => "alarm",
            Self::Participant(_) => "participant",
            Self::Procedure(_) => "procedure",
            Self::Close(_) => "close",
            Self::Merge(_) => "merge",
            Self::Split(_) => "split",
        }
    }
}

fn severity(word: &str) -> Result<Severity> {
    Severity::parse(word).ok_or_else(|| {
        AppError::Usage(format!(
            "`{word}` is not a severity; there are minor, moderate, severe, extreme"
        ))
    })
}

fn point((lon, lat): (f64, f64)) -> Result<(f64, f64)> {
    if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
        Ok((lon, lat))
    } else {
        Err(AppError::Usage("lon and lat are degrees".into()))
    }
}

/// The steps of a procedure that begins.
pub(super) fn steps_of(procedure: &ProcedureSpec) -> Vec<NewStep> {
    let step = |step: &qala_core::spec::ProcedureStep| NewStep {
        procedure: procedure.id.to_string(),
        procedure_version: procedure.version,
        id: step.id.clone(),
        function: step.function.to_string(),
        within_min: step.within_min,
        required: step.required,
        text: step.text.clone(),
        check: step.check.clone(),
    };
    procedure.steps.iter().map(step).collect()
}

fn functions(incident: &Incident) -> Vec<&str> {
    std::iter::once(&incident.function)
        .chain(&incident.participants)
        .map(String::as_str)
        .collect()
}

impl Centre {
    /// Opens an incident; its number.
    ///
    /// # Errors
    /// What is wrong with the wish; who may not; the registry's.
    pub async fn open_incident(&self, wish: &IncidentWish, reader: &Reader) -> Result<i64> {
        let kind = wish.kind.as_deref().filter(|kind| *kind != OTHER);
        let procedure = kind.map(|kind| self.procedure(kind)).transpose()?;
        let function = match (&wish.function, procedure) {
            (Some(function), _) => function.clone(),
            (None, Some(procedure)) => procedure.owner_function.to_string(),
            (None, None) => {
                return Err(AppError::Usage("say which function of government leads".into()));
            }
        };
        must_act(reader, &[&function])?;
        self.known_function(&function).await?;
        if let Some(place) = &wish.place {
            self.known_place(place).await?;
        }
        if wish.alarms.len() > MOST {
            return Err(AppError::Usage(format!("an incident has at most {MOST} alarms")));
        }
        let new = NewIncident {
            title: wish.title.clone(),
            kind: kind.unwrap_or(OTHER).to_owned(),
            severity: severity(wish.severity.as_deref().unwrap_or("moderate"))?,
            place: wish.place.clone(),
            point: wish.point.map(point).transpose()?,
            radius_m: wish.radius_m,
            function,
            alarms: wish.alarms.clone(),
            drill: false,
        };
        let steps = procedure.filter(|_| wish.start).map(steps_of).unwrap_or_default();
        let particulars = [
            ("title", Value::from(new.title.clone())),
            ("kind", new.kind.clone().into()),
        ];
        self.note_change(reader.id(), AuditAction::Incident, "open", &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .open_incident(&new, &steps, reader.id(), now)
            .await?)
    }

    async fn known_place(&self, id: &str) -> Result<()> {
        let places = self.registry.places_at(self.clock.now()).await?;
        if places.iter().any(|place| place.id.as_str() == id) {
            return Ok(());
        }
        let hint = nearest(id, places.iter().map(|place| place.id.as_str()));
        let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
        Err(AppError::Usage(format!("there is no place `{id}`{hint}")))
    }

    /// Refuses who may not act on an incident, and writes down who does.
    async fn may_act_on(&self, id: i64, word: &str, reader: &Reader) -> Result<()> {
        let found = self.registry.incident(id).await?;
        must_act(reader, &functions(&found.record))?;
        let object = format!("incident {id}");
        let particulars = [("action", Value::from(word))];
        self.note_change(reader.id(), AuditAction::Incident, &object, &particulars)
            .await
    }

    /// Does something with an incident; the number of the new one when it was split.
    ///
    /// # Errors
    /// What is wrong with it; who may not; the registry's.
    pub async fn act_on_incident(
        &self,
        id: i64,
        action: &IncidentAction,
        reader: &Reader,
    ) -> Result<Option<i64>> {
        match action {
            IncidentAction::Owner(function) | IncidentAction::Participant(function) => {
                self.known_function(function).await?;
            }
            IncidentAction::Move {
                place: Some(place), ..
            } => self.known_place(place).await?,
            IncidentAction::Merge(into) => {
                let target = self.registry.incident(*into).await?;
                must_act(reader, &functions(&target.record))?;
            }
            IncidentAction::Split(wish) => {
                if let Some(function) = &wish.function {
                    self.known_function(function).await?;
                }
            }
            _ => {}
        }
        self.may_act_on(id, action.word(), reader).await?;
        let (registry, by, now) = (&self.registry, reader.id(), self.clock.now());
        match action {
            IncidentAction::Note(text) => {
                if text.trim().is_empty() {
                    return Err(AppError::Usage("a note says something".into()));
                }
                let entry = (TimelineKind::Note, text.trim());
                registry.change_incident(id, entry, |_| (), by, now).await?;
            }
            IncidentAction::Contain => {
                let entry = (TimelineKind::Contained, "");
                let edit = |i: &mut Incident| i.state = IncidentState::Contained;
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Reopen => {
                let entry = (TimelineKind::Reopened, "");
                let edit = |i: &mut Incident| i.state = IncidentState::Open;
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Severity(word) => {
                let severity = severity(word)?;
                let entry = (TimelineKind::Changed, severity.as_str());
                let edit = |i: &mut Incident| i.severity = severity;
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Owner(function) => {
                let entry = (TimelineKind::Changed, function.as_str());
                let edit = |i: &mut Incident| {
                    i.function.clone_from(function);
                    i.participants.retain(|p| p != function);
                };
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Title(title) => {
                let title = title.trim();
                let entry = (TimelineKind::Changed, title);
                let edit = |i: &mut Incident| title.clone_into(&mut i.title);
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Move {
                point: to,
                radius_m,
                place,
            } => {
                let (lon, lat) = point(*to)?;
                let text = format!("{lon} {lat}");
                let edit = |i: &mut Incident| {
                    (i.lon, i.lat) = (Some(lon), Some(lat));
                    i.radius_m = radius_m.or(i.radius_m);
                    i.place = place.clone().or(i.place.take());
                };
                let entry = (TimelineKind::Changed, text.as_str());
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Alarm(alarm) => {
                let alarm = alarm.trim();
                if alarm.is_empty() || alarm.len() > 200 {
                    return Err(AppError::Usage("an alarm has an id".into()));
                }
                let edit = |i: &mut Incident| {
                    if i.alarms.len() < MOST && !i.alarms.iter().any(|known| known == alarm) {
                        i.alarms.push(alarm.to_owned());
                    }
                };
                let entry = (TimelineKind::Alarm, alarm);
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Participant(function) => {
                let edit = |i: &mut Incident| {
                    if i.function != *function && !i.participants.contains(function) {
                        i.participants.push(function.clone());
                    }
                };
                let entry = (TimelineKind::Participant, function.as_str());
                registry.change_incident(id, entry, edit, by, now).await?;
            }
            IncidentAction::Procedure(procedure) => {
                let steps = steps_of(self.procedure(procedure)?);
                registry.start_procedure(id, &steps, by, now).await?;
            }
            IncidentAction::Close(closing) => registry.close_incident(id, closing, by, now).await?,
            IncidentAction::Merge(into) => registry.merge_incident(id, *into, by, now).await?,
            IncidentAction::Split(wish) => {
                return Ok(Some(registry.split_incident(id, wish, by, now).await?));
            }
        }
        Ok(None)
    }

    /// Settles a step. Staff may settle the steps of their own functions in any incident.
    ///
    /// # Errors
    /// A skip without a reason, a step that is settled; who may not; the registry's.
    pub async fn settle_step(&self, id: i64, step: &str, settled: &Settled, reader: &Reader) -> Result<()> {
        let found = self.registry.incident(id).await?;
        let steps = self.registry.steps(id).await?;
        let own = steps.iter().find(|known| known.id == step);
        let mut may = functions(&found.record);
        may.extend(own.map(|step| step.function.as_str()));
        must_act(reader, &may)?;
        let object = format!("incident {id}");
        let particulars = [("action", Value::from("step")), ("step", step.into())];
        self.note_change(reader.id(), AuditAction::Incident, &object, &particulars)
            .await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .settle_step(id, step, settled, reader.id(), now)
            .await?)
    }

    /// Attaches a file to an incident; its digest.
    ///
    /// # Errors
    /// A file that is too large; who may not; the registry's.
    pub async fn attach_to_incident(
        &self,
        id: i64,
        (name, media_type): (&str, &str),
        bytes: &[u8],
        reader: &Reader,
    ) -> Result<String> {
        self.may_act_on(id, "file", reader).await?;
        let now = self.clock.now();
        Ok(self
            .registry
            .attach(id, (name, media_type), bytes, reader.id(), now)
            .await?)
    }
}
