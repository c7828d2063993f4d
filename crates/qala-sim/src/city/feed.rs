//! Feeds of the city, and the rhythm in which each sends.

use crate::clock::SECOND;

/// A feed of the full city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Streets, as a list.
    Streets,
    /// Residents by district, as a list.
    Districts,
    /// Residents by cell and age, as a list.
    Residents,
    /// Homes on and off the gas network, as a list.
    Homes,
    /// Schools and kindergartens, as a list.
    Schools,
    /// Air stations, as a list.
    Stations,
    /// Traffic detectors, as a list.
    Detectors,
    /// The timetable.
    Timetable,
    /// Readings of the official posts.
    Posts,
    /// Readings of the other sensors.
    Sensors,
    /// Readings of the weather stations.
    Weather,
    /// Readings of the detectors.
    Traffic,
    /// Crashes and breakdowns.
    Incidents,
    /// Positions of the buses.
    Positions,
    /// Passengers by route and day.
    Passengers,
    /// Boardings and alightings by stop.
    StopCounts,
    /// Readings of the air by the hour: history.
    AirHours,
    /// Vehicles by detector and hour: history.
    TrafficHours,
    /// Traffic of a mean day by street segment, as a list.
    Volumes,
    /// How crashes depend on traffic, as a list.
    CrashFunctions,
    /// What was built for safety, as a list.
    Treatments,
    /// Crashes with those they hurt.
    Crashes,
    /// Offences as they are registered.
    Offences,
    /// Topics of appeals, as a list.
    Topics,
    /// Appeals as they come.
    Requests,
    /// What becomes of appeals.
    Changes,
    /// Codes of the budget, as a list.
    BudgetCodes,
    /// The plans of four years, as a list.
    BudgetPlan,
    /// Plans and amendments as they are adopted.
    Amendments,
    /// Commitments of the budget.
    Commitments,
    /// Contracts with their bids.
    Contracts,
    /// Payments of the budget.
    Payments,
    /// Bills not paid at the end of a month.
    Payables,
    /// Residents by sex and age, as a list.
    Pyramids,
    /// Fertility, survival and migration, as a list.
    Rates,
    /// Births, deaths and moves by district and month.
    Movements,
    /// The queue for kindergartens by district and month.
    Queue,
    /// Key projects, as a list.
    Projects,
    /// Planned money of the projects, as a list.
    Baselines,
    /// Works of the projects, as a list.
    Activities,
    /// Links between the works, as a list.
    ActivityLinks,
    /// What the projects earned and spent so far, as a list.
    Progress,
    /// Days promised so far, as a list.
    Promises,
    /// What held projects up so far, as a list.
    Blocks,
    /// What the projects earned and spent by the month.
    ProgressNews,
    /// Days promised anew.
    PromiseNews,
    /// What holds projects up.
    BlockNews,
    /// Bodies of the administration, as a list.
    Bodies,
    /// Posts of the administration, as a list.
    Staff,
    /// Functions by statute, as a list.
    Statutes,
    /// Indicators that departments declare, as a list.
    Declared,
    /// What the city owns, as a list.
    Assets,
    /// Public spaces, as a list.
    Spaces,
    /// Lights that go out and are lit again.
    Lights,
    /// Visitors of public spaces by the day.
    Footfall,
    /// Stacks, as a list.
    Stacks,
    /// Monitors around a stack, as a list.
    MonitorStations,
    /// Values of the monitors by the hour.
    Monitors,
    /// Cars that enter and leave the city by the hour.
    Cordon,
}

impl Feed {
    /// Feeds that are a list, sent once.
    pub const LISTS: [Self; 31] = [
        Self::Streets,
        Self::Districts,
        Self::Residents,
        Self::Homes,
        Self::Schools,
        Self::Stations,
        Self::Detectors,
        Self::Timetable,
        Self::Volumes,
        Self::CrashFunctions,
        Self::Treatments,
        Self::Topics,
        Self::BudgetCodes,
        Self::BudgetPlan,
        Self::Pyramids,
        Self::Rates,
        Self::Projects,
        Self::Baselines,
        Self::Activities,
        Self::ActivityLinks,
        Self::Progress,
        Self::Promises,
        Self::Blocks,
        Self::Bodies,
        Self::Staff,
        Self::Statutes,
        Self::Declared,
        Self::Assets,
        Self::Spaces,
        Self::Stacks,
        Self::MonitorStations,
    ];

    /// Feeds that send again and again.
    pub const STREAMS: [Self; 28] = [
        Self::Posts,
        Self::Sensors,
        Self::Weather,
        Self::Traffic,
        Self::Incidents,
        Self::Positions,
        Self::Passengers,
        Self::StopCounts,
        Self::AirHours,
        Self::TrafficHours,
        Self::Crashes,
        Self::Offences,
        Self::Requests,
        Self::Changes,
        Self::Amendments,
        Self::Commitments,
        Self::Contracts,
        Self::Payments,
        Self::Payables,
        Self::Movements,
        Self::Queue,
        Self::ProgressNews,
        Self::PromiseNews,
        Self::BlockNews,
        Self::Lights,
        Self::Footfall,
        Self::Monitors,
        Self::Cordon,
    ];

    /// The id, as in `packs/almaty/feeds/<id>.toml`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Streets => "sim-city-streets",
            Self::Districts => "sim-city-districts",
            Self::Residents => "sim-city-residents",
            Self::Homes => "sim-city-homes",
            Self::Schools => "sim-city-schools",
            Self::Stations => "sim-city-air-stations",
            Self::Detectors => "sim-city-traffic-detectors",
            Self::Timetable => "sim-city-gtfs",
            Self::Posts => "sim-city-air-posts",
            Self::Sensors => "sim-city-air-sensors",
            Self::Weather => "sim-city-weather",
            Self::Traffic => "sim-city-traffic-readings",
            Self::Incidents => "sim-city-traffic-incidents",
            Self::Positions => "sim-city-vehicle-positions",
            Self::Passengers => "sim-city-transit-passengers",
            Self::StopCounts => "sim-city-transit-counts",
            Self::AirHours => "sim-city-air-hours",
            Self::TrafficHours => "sim-city-traffic-hours",
            Self::Volumes => "sim-city-traffic-volumes",
            Self::CrashFunctions => "sim-city-crash-functions",
            Self::Treatments => "sim-city-treatments",
            Self::Crashes => "sim-city-crashes",
            Self::Offences => "sim-city-offences",
            Self::Topics => "sim-city-appeal-topics",
            Self::Requests => "sim-city-appeals",
            Self::Changes => "sim-city-appeal-changes",
            Self::BudgetCodes => "sim-city-budget-codes",
            Self::BudgetPlan => "sim-city-budget-plan",
            Self::Amendments => "sim-city-budget-amendments",
            Self::Commitments => "sim-city-budget-commitments",
            Self::Contracts => "sim-city-budget-contracts",
            Self::Payments => "sim-city-budget-payments",
            Self::Payables => "sim-city-budget-payables",
            Self::Pyramids => "sim-city-pyramids",
            Self::Rates => "sim-city-population-rates",
            Self::Movements => "sim-city-population-movements",
            Self::Queue => "sim-city-kindergarten-queue",
            Self::Projects => "sim-city-projects",
            Self::Baselines => "sim-city-project-baselines",
            Self::Activities => "sim-city-project-activities",
            Self::ActivityLinks => "sim-city-project-links",
            Self::Progress => "sim-city-project-progress",
            Self::Promises => "sim-city-project-promises",
            Self::Blocks => "sim-city-project-blocks",
            Self::ProgressNews => "sim-city-project-progress-news",
            Self::PromiseNews => "sim-city-project-promise-news",
            Self::BlockNews => "sim-city-project-block-news",
            Self::Bodies => "sim-city-bodies",
            Self::Staff => "sim-city-posts",
            Self::Statutes => "sim-city-statute-functions",
            Self::Declared => "sim-city-declared-indicators",
            Self::Assets => "sim-city-assets",
            Self::Spaces => "sim-city-public-spaces",
            Self::Lights => "sim-city-lights",
            Self::Footfall => "sim-city-footfall",
            Self::Stacks => "sim-city-air-sources",
            Self::MonitorStations => "sim-city-air-monitors",
            Self::Monitors => "sim-city-air-monitor-hours",
            Self::Cordon => "sim-city-cordon",
        }
    }

    /// Import kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Posts | Self::Sensors | Self::Weather => "json",
            Self::Timetable => "gtfs",
            Self::Positions => "gtfs-rt",
            _ => "table",
        }
    }

    /// Ending of file names.
    pub(super) fn suffix(self) -> &'static str {
        match self.kind() {
            "json" => "json",
            "gtfs" => "zip",
            "gtfs-rt" => "pb",
            _ => "csv",
        }
    }
}

/// How messages are cut. The rows are the same; only their number in a message differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As devices send: small messages, soon.
    Live,
    /// The same rows by the hour, for filling in the last days. Positions keep their rhythm of messages, but come only at
    /// full minutes, and an incident comes once, when it is over: so it is right in any order of filling. None stands for
    /// two hours, so those that began before the last two hours of a filling are all told by its end.
    Bulk,
    /// The years before: counts and readings by the hour, passengers and incidents by the day, one message a day each; what comes from
    /// books by the week or month.
    History,
}

/// When the messages of one feed are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// At whole multiples of so many µs since 1970.
    Every(i64),
    /// So many µs after the beginning of a local day, for the local day before.
    Daily(i64),
    /// So many µs after the beginning of the first local day of a month, for the month before.
    Monthly(i64),
    /// At the beginning of a local Monday, for the week that begins: an archive cut by weeks, so that a book of a few rows a day
    /// does not cost a message a day. The last week of the years before ends before today, and what the last days bring
    /// again is the same.
    Week,
}

/// A feed with its rhythm.
pub(super) type Plan = (Feed, Rhythm);

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The feeds of a pace, in the order in which they come when they are due together.
pub(super) fn plans(pace: Pace, positions_every_s: i64) -> Vec<Plan> {
    use Feed::{AirHours, Incidents, Passengers, Positions, Posts, Sensors, Traffic, TrafficHours, Weather};
    use Rhythm::{Daily, Every};
    let positions = positions_every_s * SECOND;
    let mut plans = match pace {
        Pace::Live => vec![
            (Posts, Every(20 * MINUTE)),
            (Sensors, Every(5 * MINUTE)),
            (Weather, Every(HOUR)),
            (Traffic, Every(MINUTE)),
            (Incidents, Every(10 * MINUTE)),
            (Positions, Every(positions)),
            (Passengers, Daily(4 * HOUR)),
            (Feed::StopCounts, Daily(4 * HOUR)),
            (Feed::Cordon, Every(HOUR)),
        ],
        Pace::Bulk => vec![
            (Posts, Every(HOUR)),
            (Sensors, Every(HOUR)),
            (Weather, Every(HOUR)),
            (Traffic, Every(HOUR)),
            (Incidents, Every(HOUR)),
            (Positions, Every(positions.max(MINUTE))),
            (Passengers, Daily(4 * HOUR)),
            (Feed::StopCounts, Daily(4 * HOUR)),
            (Feed::Cordon, Every(HOUR)),
        ],
        Pace::History => vec![
            (AirHours, Daily(HOUR)),
            (Weather, Daily(0)),
            (TrafficHours, Daily(HOUR)),
            (Incidents, Daily(0)),
            (Passengers, Daily(4 * HOUR)),
            (Feed::Cordon, Daily(HOUR)),
        ],
    };
    plans.extend(books(pace));
    plans
}

/// Feeds from books rather than devices: what people write down. What comes by the month comes so at every pace.
fn books(pace: Pace) -> Vec<Plan> {
    use Rhythm::{Daily, Every};
    let soon = |step| match pace {
        Pace::Live => Every(step),
        Pace::Bulk => Every(HOUR),
        Pace::History => Rhythm::Week,
    };
    let nightly = if pace == Pace::History {
        Rhythm::Week
    } else {
        Daily(HOUR)
    };
    let mut plans = vec![
        (Feed::Crashes, soon(HOUR)),
        (Feed::Offences, soon(15 * MINUTE)),
        (Feed::Requests, soon(10 * MINUTE)),
        (Feed::Changes, soon(10 * MINUTE)),
        (Feed::Commitments, nightly),
        (Feed::Contracts, nightly),
        (Feed::Payments, nightly),
        (Feed::Payables, Rhythm::Monthly(HOUR)),
        (Feed::Movements, Rhythm::Monthly(HOUR)),
        (Feed::Queue, Rhythm::Monthly(HOUR)),
        (Feed::Lights, soon(HOUR)),
        (Feed::Footfall, nightly),
        (Feed::Monitors, soon(HOUR)),
    ];
    // What came before the begin stands in lists, so that the years before need not be sent again.
    if pace != Pace::History {
        plans.extend([
            (Feed::Amendments, Daily(HOUR)),
            (Feed::ProgressNews, Rhythm::Monthly(HOUR)),
            (Feed::PromiseNews, Daily(HOUR)),
            (Feed::BlockNews, Daily(HOUR)),
        ]);
    }
    plans
}
