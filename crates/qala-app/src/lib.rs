//! Use cases: what the program does, without serving HTTP.
//!
//! What belongs here: ingest loops and transports, schedules, indicator runs, backup, the relay from registry to lake.
//! What does not: routes, command-line arguments, any city's name.

mod background;
mod backup;
mod centre;
mod clock;
mod content;
mod error;
mod import;
mod indicator;
mod memory;
mod pack_build;
mod quarantine;
mod recipe;
mod relay;
mod reread;
mod spool;
mod transport;
mod value;

pub use background::Background;
pub use backup::{BackupMark, backup, restore};
pub use centre::{Centre, CentreOptions};
pub use clock::SystemClock;
pub use content::Content;
pub use error::{AppError, Result};
pub use import::{Again, Import, Payload, Progress, mapping_for};
pub use indicator::{Passport, Range, Value, Verdict};
pub use pack_build::{BuiltPack, PackReport, PackSources, build_pack};
pub use qala_lake as lake;
pub use qala_registry as registry;
pub use quarantine::{Retried, Wanted};
pub use spool::{Spool, SpoolFile};
pub use transport::{Polled, Polls, Transports, fetch};
pub use value::{rows_json, text_of};
