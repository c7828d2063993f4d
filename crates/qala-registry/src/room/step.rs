//! Steps of running procedures: due, done, skipped with a reason.

use qala_core::Text;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::incident::{Hand, Incident, LONGEST, TimelineKind, tell};
use super::{Versioned, one, record_of, refused, said, text_of};
use crate::error::RegistryError;
use crate::open::Registry;

const TABLE: &str = "room_steps";
/// A minute, µs.
const MINUTE: i64 = 60_000_000;

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Nobody has done it yet.
    Open,
    /// It was done.
    Done,
    /// It was left out; the note says why.
    Skipped,
}

impl StepState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Skipped => "skipped",
        }
    }
}

/// A step that begins with its procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// The procedure.
    pub procedure: String,
    /// Its version.
    pub procedure_version: u32,
    /// Id of the step in the procedure.
    pub id: String,
    /// Function that does it.
    pub function: String,
    /// Minutes from now.
    pub within_min: u32,
    /// True when the incident is not closed before it is settled.
    pub required: bool,
    /// What to do.
    pub text: Text,
    /// What shows that it is done.
    pub check: Text,
}

/// The stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    procedure: String,
    procedure_version: u32,
    function: String,
    required: bool,
    text: Text,
    check: Text,
    started_at: i64,
    due_at: i64,
    state: StepState,
    note: Option<String>,
    drill: bool,
}

/// A step of a running procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `<procedure>.<step>`.
    pub id: String,
    /// The procedure.
    pub procedure: String,
    /// Its version when it was started.
    pub procedure_version: u32,
    /// Function that does it.
    pub function: String,
    /// True when the incident is not closed before it is settled.
    pub required: bool,
    /// What to do.
    pub text: Text,
    /// What shows that it is done.
    pub check: Text,
    /// When the procedure was started, µs of UTC.
    pub started_at: i64,
    /// When it is due, µs of UTC.
    pub due_at: i64,
    /// How it stands.
    pub state: StepState,
    /// A note, or the reason why it was skipped.
    pub note: Option<String>,
    /// When it was settled, µs of UTC; when it began while it is open.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
    /// Counted from 1.
    pub revision: i64,
}

/// How a step is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Done, with a note that may be empty.
    Done(String),
    /// Left out, and why.
    Skipped(String),
}

fn step(row: &SqliteRow) -> Result<Step, RegistryError> {
    let stored: Stored = record_of(TABLE, row)?;
    Ok(Step {
        id: row.try_get("step")?,
        procedure: stored.procedure,
        procedure_version: stored.procedure_version,
        function: stored.function,
        required: stored.required,
        text: stored.text,
        check: stored.check,
        started_at: stored.started_at,
        due_at: stored.due_at,
        state: stored.state,
        note: stored.note,
        changed_at: row.try_get("changed_at")?,
        changed_by: row.try_get("changed_by")?,
        revision: row.try_get("revision")?,
    })
}

/// Starts a procedure: its steps run from now.
pub(super) async fn start(
    connection: &mut SqliteConnection,
    incident: i64,
    drill: bool,
    steps: &[NewStep],
    hand: Hand<'_>,
) -> Result<(), RegistryError> {
    let Some(first) = steps.first() else {
        return Ok(());
    };
    let running = all(connection, incident).await?;
    if running.iter().any(|known| known.procedure == first.procedure) {
        return Err(refused(
            "procedure_runs",
            &first.procedure,
            format!(
                "the procedure `{}` runs in the incident {incident} already",
                first.procedure
            ),
        ));
    }
    tell(
        connection,
        incident,
        drill,
        TimelineKind::Procedure,
        &first.procedure,
        hand,
    )
    .await?;
    for (at, new) in steps.iter().enumerate() {
        let stored = Stored {
            procedure: new.procedure.clone(),
            procedure_version: new.procedure_version,
            function: new.function.clone(),
            required: new.required,
            text: new.text.clone(),
            check: new.check.clone(),
            started_at: hand.now,
            due_at: hand.now + i64::from(new.within_min) * MINUTE,
            state: StepState::Open,
            note: None,
            drill,
        };
        sqlx::query(
            "INSERT INTO room_steps (incident_id, step, position, revision, changed_at, changed_by, body)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)",
        )
        .bind(incident)
        .bind(format!("{}.{}", new.procedure, new.id))
        .bind((running.len() + at) as i64)
        .bind(hand.now)
        .bind(hand.by)
        .bind(text_of(TABLE, &stored)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn all(connection: &mut SqliteConnection, incident: i64) -> Result<Vec<Step>, RegistryError> {
    let rows = sqlx::query("SELECT * FROM room_steps WHERE incident_id = ?1 ORDER BY position")
        .bind(incident)
        .fetch_all(connection)
        .await?;
    rows.iter().map(step).collect()
}

/// Ids of required steps that nobody has settled.
pub(super) async fn open_required(
    connection: &mut SqliteConnection,
    incident: i64,
) -> Result<Vec<String>, RegistryError> {
    let steps = all(connection, incident).await?;
    let open = steps
        .into_iter()
        .filter(|step| step.required && step.state == StepState::Open);
    Ok(open.map(|step| step.id).collect())
}

impl Registry {
    /// Starts a procedure of an incident.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] for a closed incident or a procedure that runs in it already; [`RegistryError::NotThere`];
    /// the disk fails.
    pub async fn start_procedure(
        &self,
        incident: i64,
        steps: &[NewStep],
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let found: Versioned<Incident> = one(connection, incident).await?;
            found.record.must_run(incident)?;
            start(connection, incident, found.record.drill, steps, Hand { by, now }).await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// Settles a step: done, or skipped with a reason.
    ///
    /// # Errors
    /// [`RegistryError::Empty`] for a skip without a reason; [`RegistryError::Refused`] for a step that is settled already or
    /// whose incident is closed; [`RegistryError::NotThere`]; the disk fails.
    pub async fn settle_step(
        &self,
        incident: i64,
        id: &str,
        settled: &Settled,
        by: &str,
        now: i64,
    ) -> Result<(), RegistryError> {
        let (state, kind, note) = match settled {
            Settled::Done(note) => (StepState::Done, TimelineKind::StepDone, note),
            Settled::Skipped(reason) => {
                said(
                    reason,
                    &format!("the skipped step `{id}`"),
                    "the reason why it is left out",
                )?;
                (StepState::Skipped, TimelineKind::StepSkipped, reason)
            }
        };
        let note: String = note.trim().chars().take(LONGEST).collect();
        let mut link = self.lock().await?;
        let mut change = self.begin(&mut link, now).await?;
        let outcome = async {
            let connection = change.connection();
            let found: Versioned<Incident> = one(connection, incident).await?;
            found.record.must_run(incident)?;
            let row = sqlx::query("SELECT * FROM room_steps WHERE incident_id = ?1 AND step = ?2")
                .bind(incident)
                .bind(id)
                .fetch_optional(&mut *connection)
                .await?;
            let Some(row) = row else {
                return Err(RegistryError::NotThere {
                    what: "step",
                    id: format!("{id} of the incident {incident}"),
                });
            };
            let mut stored: Stored = record_of(TABLE, &row)?;
            if stored.state != StepState::Open {
                let whom: String = row.try_get("changed_by")?;
                return Err(refused(
                    "step_settled",
                    &whom,
                    format!("the step `{id}` was settled by {whom} already"),
                ));
            }
            stored.state = state;
            stored.note = (!note.is_empty()).then(|| note.clone());
            sqlx::query(
                "UPDATE room_steps SET revision = revision + 1, changed_at = ?1, changed_by = ?2, body = ?3
                 WHERE incident_id = ?4 AND step = ?5",
            )
            .bind(now)
            .bind(by)
            .bind(text_of(TABLE, &stored)?)
            .bind(incident)
            .bind(id)
            .execute(&mut *connection)
            .await?;
            let text = if note.is_empty() {
                id.to_owned()
            } else {
                format!("{id}: {note}")
            };
            tell(
                connection,
                incident,
                found.record.drill,
                kind,
                &text,
                Hand { by, now },
            )
            .await
        };
        let outcome = outcome.await;
        self.end(change, outcome).await
    }

    /// The steps of an incident, procedure by procedure in their order.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn steps(&self, incident: i64) -> Result<Vec<Step>, RegistryError> {
        let mut link = self.lock().await?;
        all(link.connection()?, incident).await
    }
}
