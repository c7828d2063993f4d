//! How far each feed can be trusted, day by day: freshness, completeness, plausibility, faults found, and how well faults are
//! found, measured on a copy with planted ones.
//!
//! What belongs here: reading a feed's days from the lake, asking the model, keeping the answers. What does not: how a fault
//! is found or planted (`qala_models::feed_trust`), who is called when a feed is silent.

mod deliveries;
mod run;
mod store;

pub(crate) use deliveries::instant;
pub use run::{Fault, Measure, Trust};

use qala_core::FeedId;
use qala_core::spec::{DatasetSpec, Kind, Role};

/// Where the readings of a dataset are: the columns that hold device, quantity, time and value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Columns {
    device: String,
    quantity: String,
    time: String,
    value: String,
}

/// What is judged: a feed that fills a table of readings.
struct Subject {
    id: FeedId,
    /// Promised seconds between two messages.
    cadence_s: Option<u64>,
    simulated: bool,
    spec: DatasetSpec,
    columns: Columns,
}

/// The columns of a long table of readings, one row for each device, quantity and time; none for other tables.
fn columns(spec: &DatasetSpec) -> Option<Columns> {
    let name = |role| spec.role(role).map(|c| c.name.clone());
    let (quantity, time, value) = (name(Role::Quantity)?, name(Role::Time)?, name(Role::Value)?);
    let mut rest = spec.key.iter().filter(|k| **k != quantity && **k != time);
    let device = rest.next()?.clone();
    let is_of_readings = spec.kind == Kind::Event && spec.key.len() == 3 && rest.next().is_none();
    is_of_readings.then_some(Columns {
        device,
        quantity,
        time,
        value,
    })
}
