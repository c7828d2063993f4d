//! Managed records: dated places, departments, functions of government and their owners, calendars,
//! settings and users, on SQLite, with an outbox to the lake.
//!
//! What belongs here: records that people manage, the rules between them, and the promise that a change and
//! its outbox row are one transaction. What does not: queries (they read the `state` tables of the lake),
//! the relay to the log, and the clock: every change takes its time as µs of UTC.

mod backup;
mod calendar;
mod change;
mod department;
mod error;
mod function;
mod government;
mod interval;
mod migrate;
mod open;
mod outbox;
mod pack;
mod place;
mod sensor;
mod setting;
mod user;
mod vfs;

pub use backup::Backup;
pub use calendar::{Calendar, CalendarDay, CalendarYear, DayKind};
pub use department::{Department, DepartmentId};
pub use error::RegistryError;
pub use function::{FunctionOwner, GovernmentFunction};
pub use interval::Put;
pub use open::Registry;
pub use outbox::{OutboxOp, OutboxPosition, OutboxRow};
pub use pack::{LoadReport, Pack, load_pack};
pub use place::{Place, PlaceKind};
pub use sensor::{SensorChange, SensorEntity};
pub use user::{User, UserToken};

#[cfg(test)]
mod tests;
