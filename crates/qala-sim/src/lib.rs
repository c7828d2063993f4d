//! The seeded cities: a small one, one district for a few days, written as the files that real feeds would send
//! ([`generate`]); and a full one, whose feeds are streams of any window of time ([`city`]). The truth is kept apart.
//!
//! What belongs here: made-up data with known truth, for the demo, for tests and for load; same seed, same bytes.
//! What does not: reading or writing files, the lake, HTTP. The caller decides where the bytes go; they enter the city by
//! the public door, like anybody's.

mod air;
pub mod city;
mod clock;
mod faults;
mod fixed;
mod ledger;
mod place;
mod random;
#[cfg(test)]
mod tests;
mod traffic;
mod transit;
mod truth;

use qala_core::Zone;

pub use faults::{FaultKind, Faults, Planted};
pub use ledger::Counts;
pub use place::SimPlace;
pub use truth::{AirHour, PlaceMean, ServiceDay, TrafficHour, TransitTruth, Truth, VehicleHour};

use clock::Clock;
use place::District;

/// The zone of the simulated city.
pub const ZONE: &str = "Asia/Almaty";
/// The id of the simulated district.
pub const DISTRICT: &str = "bostandyk";

/// The city could not be made; the words say why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SimError(pub(crate) String);

/// What city to make.
#[derive(Debug, Clone, PartialEq)]
pub struct CityOptions {
    /// Seed: another seed is another city.
    pub seed: u64,
    /// First local day, in days since 1970-01-01.
    pub start: i32,
    /// Number of local days, 1 to 31.
    pub days: i32,
    /// Seconds between two messages of vehicle positions, 30 to 600.
    pub positions_every_s: i64,
    /// Planted faults.
    pub faults: Faults,
}

impl Default for CityOptions {
    /// Seed 1, the local days 2, 3 and 4 March 2026, positions every minute, the usual faults.
    fn default() -> Self {
        Self {
            seed: 1,
            start: 20_514,
            days: 3,
            positions_every_s: 60,
            faults: Faults::default(),
        }
    }
}

/// A file of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimFile {
    /// Path below the folder of the simulation, such as `sim-gtfs/gtfs.zip`; the first part is the feed.
    pub path: String,
    /// Feed, as in `packs/almaty/feeds/<feed>.toml`.
    pub feed: String,
    /// Import kind: `table`, `json`, `gtfs` or `gtfs-rt`.
    pub kind: &'static str,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A simulated city.
#[derive(Debug, Clone)]
pub struct City {
    /// Files, in the order in which they arrive within each feed.
    pub files: Vec<SimFile>,
    /// What is true and what an import must report.
    pub truth: Truth,
    /// Places, for `organisation_places`.
    pub places: Vec<SimPlace>,
    /// The zone of local days.
    pub zone: Zone,
}

/// Makes a city. Same options, same bytes.
///
/// # Errors
/// [`SimError`] when an option is out of its range.
pub fn generate(options: &CityOptions) -> Result<City, SimError> {
    if !(1..=31).contains(&options.days) {
        return Err(SimError(format!("days is {}; it must be 1 to 31", options.days)));
    }
    if !(30..=600).contains(&options.positions_every_s) {
        let given = options.positions_every_s;
        return Err(SimError(format!(
            "positions_every_s is {given}; it must be 30 to 600"
        )));
    }
    let Faults {
        late,
        missing,
        duplicate,
        wrong,
        ..
    } = options.faults;
    let shares = [late, missing, duplicate, wrong];
    if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || shares.iter().sum::<f64>() > 1.0 {
        return Err(SimError(
            "shares of faults must be 0 to 1 and add up to 1 at most".to_owned(),
        ));
    }
    let zone = Zone::new(ZONE).map_err(|e| SimError(e.to_string()))?;
    let clock = Clock {
        zone: zone.clone(),
        first_day: options.start,
        days: options.days,
    };
    let district = District::draw(options.seed);
    let mut truth = Truth::new(options, &clock, &district);
    let mut files = air::generate(options, &clock, &district, &mut truth);
    files.extend(traffic::generate(options, &clock, &district, &mut truth));
    files.extend(transit::generate(options, &clock, &district, &mut truth)?);
    Ok(City {
        files,
        truth,
        places: vec![district.place()?],
        zone,
    })
}

/// A file of a feed.
pub(crate) fn file(feed: &str, name: &str, kind: &'static str, bytes: impl Into<Vec<u8>>) -> SimFile {
    SimFile {
        path: format!("{feed}/{name}"),
        feed: feed.to_owned(),
        kind,
        bytes: bytes.into(),
    }
}
