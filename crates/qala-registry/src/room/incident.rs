//! Incidents and their timelines.

use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection};

use super::step::{self, NewStep};
use super::{Body, Versioned, insert, newest, one, record_of, refused, said, text_of, update};
use crate::error::RegistryError;
use crate::open::Registry;

const ENTRIES: &str = "room_entries";
/// Letters of a text at most.
pub(super) const LONGEST: usize = 4000;
/// Entries of a timeline that are read at most.
const MOST_ENTRIES: u32 = 2000;

/// How bad it is, in the words of CAP 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Little or nothing is at risk.
    Minor,
    /// Something may be at risk.
    Moderate,
    /// Life or property are at risk.
    Severe,
    /// Life and property are at great risk.
    Extreme,
}

impl Severity {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Moderate => "moderate",
            Self::Severe => "severe",
            Self::Extreme => "extreme",
        }
    }

    /// The severity of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Minor, Self::Moderate, Self::Severe, Self::Extreme]
            .into_iter()
            .find(|severity| severity.as_str() == word)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// It goes on.
    Open,
    /// It spreads no more.
    Contained,
    /// It is over, or it was merged into another.
    Closed,
}

impl IncidentState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Contained => "contained",
            Self::Closed => "closed",
        }
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What happened, in a few words.
    pub title: String,
    /// The id of a procedure, or `other`.
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far it is.
    pub state: IncidentState,
    /// A place of the city, such as a district.
    pub place: Option<String>,
    /// Degrees.
    pub lon: Option<f64>,
    /// Degrees.
    pub lat: Option<f64>,
    /// Metres around the point.
    pub radius_m: Option<u32>,
    /// The function of government that leads.
    pub function: String,
    /// Functions that take part besides.
    pub participants: Vec<String>,
    /// Ids of alarms that it came from.
    pub alarms: Vec<String>,
    /// When it was opened, µs of UTC.
    pub opened_at: i64,
    /// When it was closed.
    pub closed_at: Option<i64>,
    /// Why it happened, said when it is closed.
    pub cause: Option<String>,
    /// What is done differently next time.
    pub lesson: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// The incident into which it was merged.
    pub merged_into: Option<i64>,
    /// The incident from which it was split.
    pub split_from: Option<i64>,
    /// True for an exercise.
    pub drill: bool,
}

impl Body for Incident {
    const TABLE: &'static str = "room_incidents";
    const ID: &'static str = "incident_id";
    const NOUN: &'static str = "incident";
}

impl Incident {
    /// True while somebody has to do something.
    pub fn is_running(&self) -> bool {
        self.state != IncidentState::Closed
    }

    /// Refuses a change of what is over.
    pub(super) fn must_run(&self, id: i64) -> Result<(), RegistryError> {
        if self.is_running() {
            Ok(())
        } else {
            Err(refused(
                "incident_closed",
                &id,
                format!("the incident {id} is closed; open another one"),
            ))
        }
    }
}

/// An incident that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIncident {
    /// What happened, in a few words.
    pub title: String,
    /// The id of a procedure, or `other`.
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// A place of the city.
    pub place: Option<String>,
    /// Longitude and latitude, degrees.
    pub point: Option<(f64, f64)>,
    /// Metres around the point.
    pub radius_m: Option<u32>,
    /// The function that leads.
    pub function: String,
    /// Ids of alarms.
    pub alarms: Vec<String>,
    /// True for an exercise.
    pub drill: bool,
}

/// What is said when an incident is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Why it happened.
    pub cause: String,
    /// What is done differently next time.
    pub lesson: String,
    /// What came of it.
    pub outcome: String,
}

/// What an entry of a timeline tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// It was opened; the text is its title.
    Opened,
    /// Somebody wrote something.
    Note,
    /// Something happened outside: an event of a drill.
    Event,
    /// An alarm belongs to it; the text is the alarm's id.
    Alarm,
    /// Title, severity, place or owner were changed; the text says which.
    Changed,
    /// It spreads no more.
    Contained,
    /// It spreads again.
    Reopened,
    /// A procedure was started; the text is its id.
    Procedure,
    /// A step was done; the text is its id and a note.
    StepDone,
    /// A step was skipped; the text is its id and the reason.
    StepSkipped,
    /// A function takes part; the text is its id.
    Participant,
    /// A file was attached; the text is its name and digest.
    File,
    /// An assignment was given; the text is its number and words.
    Assigned,
    /// Another incident was merged into it, or it into another; the text is the number of the other.
    Merged,
    /// Another incident was split from it, or it from another; the text is the number of the other.
    Split,
    /// It was closed; the text is the cause.
    Closed,
}

impl TimelineKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Note => "note",
            Self::Event => "event",
            Self::Alarm => "alarm",
            Self::Changed => "changed",
            Self::Contained => "contained",
            Self::Reopened => "reopened",
            Self::Procedure => "procedure",
            Self::StepDone => "step_done",
            Self::StepSkipped => "step_skipped",
            Self::Participant => "participant",
            Self::File => "file",
            Self::Assigned => "assigned",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Closed => "closed",
        }
    }
}

/// The stored form of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    incident: i64,
    kind: TimelineKind,
    text: String,
    drill: bool,
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// Counted from 1 over all incidents.
    pub id: i64,
    /// When, µs of UTC.
    pub at: i64,
    /// Who.
    pub by: String,
    /// What it tells.
    pub kind: TimelineKind,
    /// The particular; what it is depends on the kind.
    pub text: String,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand<'a> {
    pub(super) by: &'a str,
    pub(super) now: i64,
}

/// Writes an entry.
pub(super) async fn tell(
    connection: &mut SqliteConnection,
    incident: i64,
    drill: bool,
    kind: TimelineKind,
    text: &str,
    hand: Hand<'_>,
) -> Result<(), RegistryError> {
    let entry = Entry {
        incident,
        kind,
        text: text.chars().take(LONGEST).collect(),
        drill,
    };
    sqlx::query("INSERT INTO room_entries (changed_at, changed_by, body) VALUES (?1, ?2, ?3)")
        .bind(hand.now)
        .bind(hand.by)
        .bind(text_of(ENTRIES, &entry)?)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn open(
    connection: &mut SqliteConnection,
    new: &NewIncident,
    split_from: Option<i64>,
    hand: Hand<'_>,
) -> Result<i64, RegistryError> {
    said(&new.title, "the incident", "the title")?;
    said(&new.function, "the incident", "the function that leads")?;
    let incident = Incident {
        title: new.title.trim().chars().take(LONGEST).collect(),
        kind: new.kind.clone(),
        severity: new.severity,
        state: IncidentState::Open,
        place: new.place.clone(),
        lon: new.point.map(|(lon, _)| lon),
        lat: new.point.map(|(_, lat)| lat),
        radius_m: new.radius_m,
        function: new.function.clone(),
        participants: Vec::new(),
        alarms: new.alarms.clone(),
        opened_at: hand.now,
        closed_at: None,
        cause: None,
        lesson: None,
        outcome: None,
        merged_into: None,
        split_from,
        drill: new.drill,
    };
    let id = insert(connection, &incident, hand.by, hand.now).await?;
    let drill = new.drill;
    tell(connection, id, drill, TimelineKind::Opened, &incident.title, hand).await?;
    for alarm in &incident.alarms {
        tell(connection, id, drill, TimelineKind::Alarm, alarm, hand).await?;
    }
    Ok(id)
}

impl Registry {
    /// Opens an incident, and starts a procedure of it when steps are given; the number of the incident.
    ///
    /// # Errors
    /// An empty title or owner, or the disk fails.
    pub async fn open_incident(
        &self,
        new: &NewIncident,
        steps: &[NewStep],
        by: &str,
        now: i64,
    ) -> Result<i64, RegistryError> {
        let hand = Hand { by, now };
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let id = open(change.connection(), new, None, hand).await?;
            if !steps.is_empty() {
                step::start(change.connection(), id, new.drill, steps, hand).await?;
            }
            Ok(id)
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Changes what an incident says of itself, and writes an entry of that kind.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`]; [`RegistryError::Refused`] for one that is closed, unless it is a note; the disk fails.
    pub async fn change_incident(
        &self,
        id: i64,
        (kind, text): (TimelineKind, &str),
        edit: impl FnOnce(&mut Incident) + Send,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let hand = Hand { by, now };
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Versioned<Incident> = one(connection, id).await?;
            // A word may be added to what is over; nothing of it is changed any more.
            if kind != TimelineKind::Note {
                before.record.must_run(id)?;
            }
            let mut after = before.record.clone();
            edit(&mut after);
            said(&after.title, "the incident", "the title")?;
            if after == before.record && kind != TimelineKind::Note && kind != TimelineKind::Event {
                return Ok(());
            }
            update(connection, &before, &after, by, now).await?;
            tell(connection, id, after.drill, kind, text, hand).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Closes an incident with its cause, its lesson and what came of it.
    ///
    /// # Errors
    /// [`RegistryError::Empty`] where one of them is not said; [`RegistryError::Refused`] while a required step is open, which is
    /// named; [`RegistryError::NotThere`]; the disk fails.
    pub async fn close_incident(
        &self,
        id: i64,
        closing: &Closing,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let shown = format!("the end of the incident {id}");
        said(&closing.cause, &shown, "the cause")?;
        said(&closing.lesson, &shown, "the lesson")?;
        said(&closing.outcome, &shown, "the outcome")?;
        let hand = Hand { by, now };
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let before: Versioned<Incident> = one(connection, id).await?;
            before.record.must_run(id)?;
            let open = step::open_required(connection, id).await?;
            if !open.is_empty() {
                return Err(refused(
                    "steps_open",
                    &open.len(),
                    format!(
                        "required steps of the incident {id} are open: {}; do them, or skip them with a reason",
                        open.join(", ")
                    ),
                ));
            }
            let mut after = before.record.clone();
            after.state = IncidentState::Closed;
            after.closed_at = Some(now);
            let short = |text: &str| Some(text.trim().chars().take(LONGEST).collect());
            after.cause = short(&closing.cause);
            after.lesson = short(&closing.lesson);
            after.outcome = short(&closing.outcome);
            update(connection, &before, &after, by, now).await?;
            let kind = TimelineKind::Closed;
            tell(connection, id, after.drill, kind, closing.cause.trim(), hand).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// An incident.
    ///
    /// # Errors
    /// [`RegistryError::NotThere`], or the disk fails.
    pub async fn incident(&self, id: i64) -> Result<Versioned<Incident>, RegistryError> {
        let mut link = self.lock().await?;
        one(link.connection()?, id).await
    }

    /// The incidents that go on, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn running_incidents(&self, limit: u32) -> Result<Vec<Versioned<Incident>>, RegistryError> {
        let mut link = self.lock().await?;
        let condition = "body ->> '$.state' IN ('open', 'contained')";
        newest(link.connection()?, condition, limit).await
    }

    /// All incidents, the newest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn incidents(&self, limit: u32) -> Result<Vec<Versioned<Incident>>, RegistryError> {
        let mut link = self.lock().await?;
        newest(link.connection()?, "TRUE", limit).await
    }

    /// The timeline of an incident, the oldest first.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn timeline(&self, incident: i64) -> Result<Vec<TimelineEntry>, RegistryError> {
        let mut link = self.lock().await?;
        let rows = sqlx::query(
            "SELECT * FROM room_entries WHERE body ->> '$.incident' = ?1 ORDER BY entry_id LIMIT ?2",
        )
        .bind(incident)
        .bind(MOST_ENTRIES)
        .fetch_all(link.connection()?)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let entry: Entry = record_of(ENTRIES, row)?;
            found.push(TimelineEntry {
                id: row.try_get("entry_id")?,
                at: row.try_get("changed_at")?,
                by: row.try_get("changed_by")?,
                kind: entry.kind,
                text: entry.text,
            });
        }
        Ok(found)
    }
}
