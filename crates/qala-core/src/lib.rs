//! The vocabulary of Qala: typed ids, units, time, trilingual text, and the specs of dataset, feed,
//! indicator and model.
//!
//! What belongs here: words that every other crate uses. What does not: IO, async, Arrow.

mod id;
mod problem;
mod promise;
pub mod spec;
mod text;
mod time;
mod unit;

pub use id::{
    AlarmRuleId, DatasetName, FeedId, FunctionId, IndicatorId, InvalidId, ModelId, PlaceId, ProcedureId,
    RunId,
};
pub use problem::{Position, Problem, Severity};
pub use promise::{Arrivals, DayMinute, Hours, Listening, Promise, Share, Standing, WorkingDays};
pub use text::{Lang, Text};
pub use time::{Grain, InvalidTime, Reading, TimeStyle, Zone, ZoneError, parse_date, parse_instant};
pub use unit::{Unit, UnitError};

#[cfg(test)]
mod tests;
