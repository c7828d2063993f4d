//! Managed records: dated places, departments, functions of government and their owners, programmes, contacts of feeds, calendars,
//! settings, users with their sessions and tokens, alarms with their notices, the audit, and the records of the situation room, on SQLite, with an outbox to the lake. Beside them, in a file of its own, the sandbox.
//!
//! What belongs here: records that people manage, the rules between them, and the promise that a change and
//! its outbox row are one transaction. What does not: queries (they read the `state` tables of the lake),
//! the relay to the log, and the clock: every change takes its time as µs of UTC.

mod alarm;
mod audit;
mod backup;
mod calendar;
mod change;
mod contact;
mod department;
mod error;
mod function;
mod government;
mod interval;
mod migrate;
mod open;
mod outbox;
mod pack;
mod password;
mod place;
mod programme;
mod role;
mod room;
mod sandbox;
mod sensor;
mod session;
mod setting;
mod token;
mod user;
mod vfs;

pub use alarm::{
    Alarm, AlarmAct, AlarmCause, AlarmChange, AlarmDelivery, AlarmFilter, AlarmMember, AlarmMiss,
    AlarmNotice, AlarmRaise, AlarmState, AlarmWindow, AlarmsApplied, DeliveryEnd, RuleCounts, WindowWanted,
    alarm_id, alarm_number,
};
pub use audit::{AuditAction, AuditEntry, AuditHead, AuditProof, Note};
pub use backup::Backup;
pub use calendar::{Calendar, CalendarDay, CalendarYear, DayKind};
pub use contact::FeedContact;
pub use department::{Department, DepartmentId};
pub use error::RegistryError;
pub use function::{FunctionOwner, GovernmentFunction};
pub use interval::Put;
pub use open::Registry;
pub use outbox::{OutboxOp, OutboxPosition, OutboxRow};
pub use pack::{LoadReport, Pack, load_pack};
pub use password::{Credentials, PasswordHash, PasswordKind};
pub use place::{Place, PlaceKind};
pub use programme::{
    Programme, ProgrammeId, ProgrammeKind, ProgrammeMeasure, ProgrammeMoney, ProgrammeState, ProgrammeTarget,
    Programmes, TargetBasis,
};
pub use role::{Role, Scope};
pub use room::{
    AgendaItem, AgendaKind, Agreed, AttachedFile, Closing, Decision, DecisionReport, DecisionState, Duty,
    DutyPost, Incident, IncidentState, JournalEntry, JournalKind, LARGEST_FILE, MOST_FILES, Measured,
    NewDecision, NewIncident, NewStep, Review, ReviewState, Settled, Severity, SplitWish, Step, StepState,
    TimelineEntry, TimelineKind, Versioned,
};
pub use sandbox::{Sandbox, SandboxCounts, SandboxKept, SandboxMessage, SandboxRows, SandboxTaken};
pub use sensor::{SensorChange, SensorEntity};
pub use session::{Session, SessionSecret};
pub use token::{Token, TokenGrant};
pub use user::{NewUser, User, UserToken};

#[cfg(test)]
mod tests;
