//! The seeded city in full: eight districts and their people, streets, buses, air, schools; feeds as streams in the order
//! of time, and the truth kept apart.
//!
//! What belongs here: made-up data of a whole city whose magnitudes follow CITY-FACTS. Every number depends on the seed, the
//! object and the time, never on what was asked before; so any window of time can be made at once, and a window cut in
//! two gives the same messages. What does not: the clock of the machine, pacing, files, the lake; who runs the demo
//! decides when a message goes out.

mod administration;
mod air;
mod appeals;
mod assets;
mod budget;
mod cordon;
mod crime;
mod dice;
mod facts;
mod faults;
mod feed;
mod history;
mod incidents;
mod instruments;
mod movements;
mod people;
mod projects;
mod readings;
mod safety;
mod schools;
mod shape;
mod stacks;
mod stations;
mod stream;
mod streets;
#[cfg(test)]
mod tests;
mod traffic;
mod transit;
mod truth;
mod weather;

use std::sync::Arc;

use qala_core::Zone;

pub use administration::OrganisationFault;
pub use air::{SOURCE_KINDS, Source, SourceKind};
pub use appeals::{ASKED_AGAIN, Change, Failure, LATE_FACTOR, Request, TopicTruth};
pub use assets::{AssetTruth, LightOut, SLOW_REPAIRS};
pub use budget::{BudgetFaults, LineTruth};
pub use cordon::GateHour;
pub use crime::{Cluster, NEAR_DAYS, NEAR_M, Offence, Origin, REPEATS};
pub use faults::{EpisodeKind, Fate, FaultOptions, PlannedFault};
pub use feed::{Feed, Pace};
pub use incidents::Incident;
pub use movements::{BOYS, Movement};
pub use projects::ProjectTruth;
pub use safety::{Crash, CrashFunction, CrashRisk, Treatment};
pub use stacks::{MonitorTruth, SEEN_DEG};
pub use stream::{Message, Messages, Op};
pub use streets::StreetClass;
pub use transit::StopCount;
pub use truth::{CityTruth, Fault, Label};
pub use weather::Weather;

use air::{Atmosphere, Sources};
use appeals::Appeals;
use assets::Assets;
use budget::Budget;
use crime::Crime;
use faults::FaultPlan;
use incidents::Incidents;
use movements::Movements;
use people::Cell;
use projects::News;
use safety::Safety;
use schools::Institution;
use shape::District;
use stations::Stations;
use streets::Network;
use traffic::Detector;
use transit::Transit;
use weather::Climate;

use crate::clock::SECOND;
use crate::transit::calendar::Validity;
use crate::{SimError, SimFile, SimPlace};

/// What full city to make.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeOptions {
    /// Seed: another seed is another city.
    pub seed: u64,
    /// Seconds between two messages of positions, 10 to 600; a divisor of 3,600.
    pub positions_every_s: i64,
    /// Planted faults.
    pub faults: FaultOptions,
}

impl Default for WholeOptions {
    /// Seed 1, positions every 15 s (CITY-FACTS section 11: 10 to 15 s), the usual faults.
    fn default() -> Self {
        Self {
            seed: 1,
            positions_every_s: 15,
            faults: FaultOptions::default(),
        }
    }
}

/// Everything that stands still, and everything from which what moves is worked out.
#[derive(Debug)]
struct Shape {
    seed: u64,
    positions_every_s: i64,
    zone: Zone,
    districts: Vec<District>,
    network: Network,
    cells: Vec<Cell>,
    institutions: Vec<Institution>,
    transit: Transit,
    stations: Stations,
    detectors: Vec<Detector>,
    gates: Vec<cordon::Gate>,
    atmosphere: Atmosphere,
    incidents: Incidents,
    safety: Safety,
    crime: Crime,
    appeals: Appeals,
    budget: Budget,
    movements: Movements,
    projects: Vec<projects::Project>,
    assets: Assets,
    stacks: Vec<stacks::Stack>,
    faults: FaultPlan,
}

/// A whole city, ready to send. Copies share what they hold; all methods can be called from any thread.
#[derive(Debug, Clone)]
pub struct WholeCity {
    shape: Arc<Shape>,
}

/// A step of filling a centre: a window of messages to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// How messages are cut.
    pub pace: Pace,
    /// First instant, µs since 1970.
    pub from: i64,
    /// Instant after the last, µs since 1970.
    pub to: i64,
    /// Only messages that do this; absent: all. What is taken back must wait until it is there.
    pub only: Option<Op>,
}

/// A list from a book, as it stands on a local day (days since 1970).
fn list(shape: &Shape, feed: Feed, today: i32) -> String {
    match feed {
        Feed::Volumes => safety::list_volumes(shape),
        Feed::CrashFunctions => safety::list_functions(shape),
        Feed::Treatments => safety::list_treatments(shape, today),
        Feed::Topics => appeals::list_topics(),
        Feed::BudgetCodes => budget::list_codes(shape),
        Feed::BudgetPlan => budget::list_plan(shape, today),
        Feed::Pyramids => movements::list_pyramids(shape, today),
        Feed::Rates => movements::list_rates(shape),
        Feed::Projects => projects::list(shape),
        Feed::Baselines => projects::list_baselines(shape),
        Feed::Activities => projects::list_activities(shape),
        Feed::ActivityLinks => projects::list_links(shape),
        Feed::Progress => projects::list_news(shape, News::Progress, today),
        Feed::Promises => projects::list_news(shape, News::Promises, today),
        Feed::Blocks => projects::list_news(shape, News::Blocks, today),
        Feed::Bodies => administration::list_bodies(shape),
        Feed::Staff => administration::list_posts(shape),
        Feed::Statutes => administration::list_functions(shape),
        Feed::Declared => administration::list_indicators(shape),
        Feed::Assets => assets::list(shape, today),
        Feed::Spaces => assets::list_spaces(shape),
        Feed::Stacks => stacks::list(shape),
        Feed::MonitorStations => stacks::list_monitors(shape),
        _ => String::new(),
    }
}

const HOUR: i64 = 3600 * SECOND;
/// Local days for which the rows of devices are kept as they come; before them there are hours and days.
const RECENT_DAYS: i32 = 7;
/// Local days before today with which a city is filled: three years by hour and day, then the last seven row by row.
pub const USUAL_DAYS: i32 = 3 * 365 + 1 + RECENT_DAYS;

impl WholeCity {
    /// Builds the city: what stands still, and nothing of what moves.
    ///
    /// # Errors
    /// [`SimError`] when an option is out of its range or a planned fault names a device that is not there.
    pub fn build(options: &WholeOptions) -> Result<Self, SimError> {
        let every = options.positions_every_s;
        if !(10..=600).contains(&every) || 3600 % every != 0 {
            return Err(SimError(format!(
                "positions_every_s is {every}; it must be 10 to 600 and divide 3600"
            )));
        }
        let zone = Zone::new(crate::ZONE).map_err(|e| SimError(e.to_string()))?;
        let seed = options.seed;
        let districts = shape::draw(seed);
        let network = streets::draw(seed, &districts);
        let cells = people::settle(seed, &districts, &network);
        let atmosphere = Atmosphere {
            climate: Climate::new(seed, &zone),
            sources: Sources::new(&cells, &network),
            zone: zone.clone(),
        };
        let detectors = traffic::place(seed, &network);
        let safety = Safety::new(seed, &network, &detectors);
        let mut shape = Shape {
            seed,
            positions_every_s: every,
            zone,
            institutions: schools::found(seed, &cells),
            transit: transit::draw(seed, &network, &cells),
            stations: stations::place(seed, &cells),
            crime: Crime::new(&cells, safety.driven(&network)),
            safety,
            detectors,
            incidents: Incidents::new(seed, &network),
            gates: cordon::gates(seed, &network),
            atmosphere,
            appeals: Appeals::new(seed, &cells),
            budget: Budget::new(seed),
            movements: Movements::new(&cells),
            projects: projects::draw(seed, &cells),
            assets: Assets::new(seed, &network, &cells),
            stacks: stacks::draw(seed, &cells),
            faults: FaultPlan::new(seed, &options.faults)?,
            districts,
            network,
            cells,
        };
        shape.faults.check(&shape)?;
        safety::treat(&mut shape);
        transit::choose_vehicles(&mut shape);
        Ok(Self {
            shape: Arc::new(shape),
        })
    }

    /// The zone of local days.
    pub fn zone(&self) -> &Zone {
        &self.shape.zone
    }

    /// The districts, for `organisation_places`.
    ///
    /// # Errors
    /// [`SimError`] when an id of the table of districts is no id.
    pub fn places(&self) -> Result<Vec<SimPlace>, SimError> {
        shape::places(&self.shape.districts)
    }

    /// The lists that are sent once: streets, people, homes, schools, stations, detectors, and the timetable, which is valid
    /// for a year to both sides of `instant` (µs since 1970).
    ///
    /// # Errors
    /// [`SimError`] when the archive of the timetable cannot be written.
    pub fn lists(&self, instant: i64) -> Result<Vec<SimFile>, SimError> {
        let shape = &self.shape;
        let today = shape.zone.local_day(instant);
        let validity = Validity {
            first: today - 366,
            last: today + 366,
        };
        Feed::LISTS
            .into_iter()
            .map(|feed| {
                let bytes = match feed {
                    Feed::Streets => shape.network.list().into_bytes(),
                    Feed::Districts => people::list_districts(&shape.districts).into_bytes(),
                    Feed::Residents => people::list(&shape.cells).into_bytes(),
                    Feed::Homes => people::list_homes(&shape.cells).into_bytes(),
                    Feed::Schools => schools::list(&shape.institutions).into_bytes(),
                    Feed::Stations => shape.stations.list().into_bytes(),
                    Feed::Detectors => traffic::list(&shape.detectors, &shape.network).into_bytes(),
                    Feed::Timetable => transit::timetable(&shape.transit, validity)?,
                    _ => list(shape, feed, today).into_bytes(),
                };
                let name = format!("{}.{}", feed.id(), feed.suffix());
                Ok(crate::file(feed.id(), &name, feed.kind(), bytes))
            })
            .collect()
    }

    /// The messages of a pace that are due from `from` (included) to `to` (excluded), µs since 1970, in the order of time. A
    /// message holds what was sent since the one before it of the same feed. Memory does not grow with the window.
    pub fn messages(&self, pace: Pace, from: i64, to: i64) -> Messages<'_> {
        Messages::new(&self.shape, pace, from, to)
    }

    /// What was measured before `instant` (µs since 1970) and corrected after it: sent again at the end of filling, for there
    /// the time after it came first.
    pub fn corrections(&self, instant: i64) -> Vec<Message> {
        Messages::corrections(&self.shape, instant)
    }

    /// The same, of some feeds only: the others are not worked out.
    pub fn messages_of(&self, feeds: &[Feed], pace: Pace, from: i64, to: i64) -> Messages<'_> {
        let mut messages = self.messages(pace, from, to);
        messages.keep(feeds);
        messages
    }

    /// The instant of the first message of a pace that is due after `instant`, µs since 1970. A live loop sleeps until then
    /// and asks for the messages from there to one microsecond later.
    pub fn next_after(&self, pace: Pace, instant: i64) -> i64 {
        stream::next_after(&self.shape, pace, instant)
    }

    /// How many messages are due in a window at most: a feed in which nothing happened sends none, and what is taken back
    /// comes in a message of its own that is not counted.
    pub fn expected(&self, pace: Pace, from: i64, to: i64) -> u64 {
        stream::expected(&self.shape, pace, from, to)
    }

    /// How to fill a centre at `now` (µs since 1970) with `days` local days before today, in this order: the last two hours
    /// first, so that every screen lives; then what lies more than seven days back by hour and day; then the last seven days
    /// row by row; then what was taken back meanwhile, and [`Self::corrections`] at the begin of the
    /// first. Live goes on from `now` by [`Self::next_after`].
    pub fn phases(&self, now: i64, days: i32) -> Vec<Phase> {
        let zone = &self.shape.zone;
        let today = zone.local_day(now);
        let recent_days = days.clamp(0, RECENT_DAYS);
        // A full hour, so that the messages of the hour end where those of the minute begin.
        let soon = now.div_euclid(HOUR) * HOUR - 2 * HOUR;
        let recent = zone.day_start(today - recent_days);
        let begin = zone.day_start(today - days);
        let phase = |pace, from, to, only| Phase { pace, from, to, only };
        let mut phases = vec![phase(Pace::Live, soon + 1, now + 1, Some(Op::Upsert))];
        if days > RECENT_DAYS {
            // The message of the last day of history is due in the night after it.
            phases.push(phase(Pace::History, begin, recent + 5 * HOUR, None));
        }
        if recent < soon {
            phases.push(phase(Pace::Bulk, recent + 1, soon + 1, None));
        }
        phases.push(phase(Pace::Live, soon + 1, now + 1, Some(Op::Retract)));
        phases
    }

    /// What is true.
    pub fn truth(&self) -> CityTruth<'_> {
        CityTruth::new(&self.shape)
    }
}
