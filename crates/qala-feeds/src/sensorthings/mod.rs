//! OGC SensorThings API 1.1 (18-088): addresses, options, filters, bodies, the graph of entities, and what is written back.
//!
//! What belongs here: everything of the standard that is worked out without a disk, a network or a clock. What does not:
//! where entities and observations are kept (`qala-app`), and HTTP (`qala-server`).

mod body;
mod data_array;
mod edit;
mod error;
mod evaluate;
pub mod filter;
mod geometry;
mod graph;
mod import;
mod json_patch;
mod model;
mod observation;
mod options;
mod path;
mod percent;
mod render;
mod time;

pub(crate) use self::import::SensorThings;
pub use body::{Change, Child, Draft, How};
pub use data_array::{read as read_data_array, write as write_data_array};
pub use edit::{Edit, Placed};
pub use error::Refusal;
pub use evaluate::{Computed, Evaluator, below};
pub use graph::{Graph, Record};
pub use json_patch::apply as apply_json_patch;
pub use model::{Entity, Holds, Property, Relation};
pub use observation::{NewObservation, Observation};
pub use options::{LARGEST_PAGE, Options, PAGE};
pub use path::{Ending, ResourcePath, Target};
pub use render::{observation as observation_json, record as record_json, root as root_json, self_link};
pub use time::{Period, instant, text as time_text};

/// The first instant that a time can have: 1900.
pub const MIN_TIME: i64 = -2_208_988_800_000_000;
/// The last instant that a time can have: the end of 2100.
pub const MAX_TIME: i64 = 4_133_980_799_999_999;

#[cfg(test)]
mod tests;
