//! Use cases: what the program does, without serving HTTP.
//!
//! What belongs here: ingest loops and transports, schedules, indicator runs, backup, the relay from registry to lake.
//! What does not: routes, command-line arguments, any city's name.

mod account;
mod admit;
mod alarms;
mod background;
mod backup;
mod centre;
mod clock;
mod content;
mod demo;
mod draft;
mod dry_run;
mod error;
mod export;
mod feed_check;
mod import;
mod indicator;
mod live;
mod map;
mod memory;
mod model_input;
mod obligation;
mod offer;
mod pack_build;
mod paper;
mod programme;
mod quarantine;
mod question;
mod recipe;
mod relay;
mod reread;
mod room;
mod rows;
mod runs;
mod sandbox;
mod schedule;
mod search;
mod sensorthings;
mod shelf;
mod spool;
mod tasks;
mod transport;
mod trust;
mod value;

pub use account::{
    AuditFault, FirstAdministrator, Reader, SignInDoor, SignedIn, TokenWish, Visitor, check_audit,
};
pub use admit::{Admission, Door};
pub use alarms::{AlarmDoing, AlarmFound, AlarmPage, Alarms, RuleRecord, Warned, alarm_faults};
pub use background::Background;
pub use backup::{BackupMark, backup, restore};
pub use centre::{Centre, CentreOptions, check_free};
pub use clock::SystemClock;
pub use content::Content;
pub use demo::{Demo, DemoPhase, DemoStatus};
pub use draft::{Brought, BroughtIn, Draft, Keep, feed_of, stem_of};
pub use dry_run::{MappedRow, TriedOut};
pub use error::{AppError, Result, with_causes};
pub use export::{FileBytes, Format, MOST_FILE_ROWS};
pub use feed_check::feed_faults;
pub use import::{Again, Import, Payload, Progress, mapping_for};
pub use indicator::{Passport, Range, Value, Verdict};
pub use live::{Listening, Live, LiveEvent, Topic};
pub use map::{
    BASE, FoundObject, InsideLayer, LayerInfo, LayerKind, MapStore, Moment, NearItem, Property, Tile,
    TileWanted,
};
pub use model_input::{is_question, model_file, model_table, table_of};
pub use obligation::{Change, Day, FeedHistory, Obligation, Silence};
pub use offer::{Offer, Site, Target, city_site, columns_of, offer, saved_name};
pub use pack_build::{BuiltPack, PackReport, PackSources, build_pack};
pub use paper::{MinutesWanted, MorningWanted, NowPaperWanted, PaperWanted, TextPage, TextPart};
pub use programme::{ProgrammeOwner, WholeProgramme, programme_faults};
pub use qala_feeds::sensorthings::Refusal;
pub use qala_feeds::{Reason, Trial};
pub use qala_lake as lake;
pub use qala_models as models;
pub use qala_registry as registry;
pub use quarantine::{QuarantinePage, QuarantineRow, Retried, Wanted};
pub use question::{MOST_ANSWER_ROWS, SqlAnswer, VisibleTable};
pub use room::{
    Area, DecisionWish, DrillLine, DrillRun, DutyWish, FunctionToday, IncidentAction, IncidentWish,
    ReportWish, SCENARIOS, Scenario, drill_script,
};
pub use rows::{MOST_ROWS, RowsPage, RowsWanted};
pub use runs::{RunNote, RunSchedule, RunState, run_faults};
pub use sandbox::LARGEST_SANDBOX_MESSAGE;
pub use schedule::{Computing, Schedule};
pub use search::Hit;
pub use sensorthings::{Created, FEED as STA_FEED, StaAnswer, StaChange, StaError, StaResult};
pub use shelf::{Saved, Shelf};
pub use spool::{Spool, SpoolFile};
pub use tasks::{IndicatorRun, Run, Task, Tasks};
pub use transport::{BrokerState, TransportState, TransportStates, Transports, fetch};
pub use trust::{Fault, Measure, Trust};
pub use value::{rows_json, text_of};
