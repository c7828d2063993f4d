//! Alarms: what stands, who was told, who acknowledged.
//!
//! What belongs here: an alarm and its notices in one transaction, one open alarm for each cause, one notice for each contact and
//! channel. What does not: when a rule holds, and how a notice goes out, which are use cases.

mod act;
mod delivery;
mod raise;
mod read;
mod window;

use qala_core::Text;
use qala_core::spec::AlarmSeverity;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

pub use self::act::{AlarmAct, AlarmMiss};
pub use self::delivery::{AlarmDelivery, DeliveryEnd};
pub use self::raise::{AlarmChange, AlarmNotice, AlarmRaise, AlarmsApplied};
pub use self::read::{AlarmCause, AlarmFilter, AlarmMember, RuleCounts};
pub use self::window::{AlarmWindow, WindowWanted};

/// How an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// Raised; nobody has said that they saw it.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// Done.
    Closed,
}

impl AlarmState {
    /// All, in the order of their life.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Closed];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// An alarm. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Number; [`alarm_id`] makes the id of it.
    pub number: i64,
    /// The rule; `alertmanager` or `cap` for what others warn of.
    pub rule: String,
    /// The cause within the rule.
    pub cause: String,
    /// Place.
    pub place: Option<String>,
    /// What it is about beside the place.
    pub about: Option<String>,
    /// Title.
    pub title: Text,
    /// Severity.
    pub severity: AlarmSeverity,
    /// Function of government that answers.
    pub owner_function: String,
    /// True when the public is told.
    pub public: bool,
    /// True when simulated data raised it.
    pub simulated: bool,
    /// State.
    pub state: AlarmState,
    /// When the first of it happened.
    pub event_at: i64,
    /// When it was raised.
    pub opened_at: i64,
    /// When it was last seen to hold.
    pub last_seen_at: i64,
    /// When it was over; `None` while it holds.
    pub cleared_at: Option<i64>,
    /// Distinct members.
    pub members: i64,
    /// The value that raised it, where there is one.
    pub value: Option<f64>,
    /// Where, degrees: longitude and latitude.
    pub at: Option<(f64, f64)>,
    /// When somebody acknowledged it, and who.
    pub acknowledged: Option<(i64, String)>,
    /// When it was closed, and by whom.
    pub closed: Option<(i64, String)>,
    /// `right` or `wrong`, as who closed it said.
    pub verdict: Option<String>,
    /// The newest note.
    pub note: Option<String>,
    /// Steps of escalation that were taken.
    pub step: i64,
    /// Grows with every change.
    pub revision: i64,
}

/// The id of an alarm.
pub fn alarm_id(number: i64) -> String {
    format!("A-{number}")
}

/// The number in an id; `None` when it is none.
pub fn alarm_number(id: &str) -> Option<i64> {
    id.strip_prefix("A-")?.parse().ok().filter(|number| *number > 0)
}

/// What a stored word means.
fn word<T>(row: &SqliteRow, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(name)?;
    parse(&text).ok_or_else(|| sqlx::Error::Decode(format!("`{text}` is no `{name}`").into()))
}

impl FromRow<'_, SqliteRow> for Alarm {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let by = |at: &str, who: &str| -> Result<Option<(i64, String)>, sqlx::Error> {
            let at: Option<i64> = row.try_get(at)?;
            let who: Option<String> = row.try_get(who)?;
            Ok(at.map(|at| (at, who.unwrap_or_default())))
        };
        let (lon, lat): (Option<f64>, Option<f64>) = (row.try_get("lon")?, row.try_get("lat")?);
        Ok(Self {
            number: row.try_get("number")?,
            rule: row.try_get("rule")?,
            cause: row.try_get("cause")?,
            place: row.try_get("place_id")?,
            about: row.try_get("about")?,
            title: Text::new(
                row.try_get::<String, _>("title_kk")?,
                row.try_get::<String, _>("title_ru")?,
                row.try_get::<String, _>("title_en")?,
            ),
            severity: word(row, "severity", AlarmSeverity::parse)?,
            owner_function: row.try_get("owner_function")?,
            public: row.try_get("public")?,
            simulated: row.try_get("simulated")?,
            state: word(row, "state", AlarmState::parse)?,
            event_at: row.try_get("event_at")?,
            opened_at: row.try_get("opened_at")?,
            last_seen_at: row.try_get("last_seen_at")?,
            cleared_at: row.try_get("cleared_at")?,
            members: row.try_get("members")?,
            value: row.try_get("value")?,
            at: lon.zip(lat),
            acknowledged: by("acknowledged_at", "acknowledged_by")?,
            closed: by("closed_at", "closed_by")?,
            verdict: row.try_get("verdict")?,
            note: row.try_get("note")?,
            step: row.try_get("step")?,
            revision: row.try_get("revision")?,
        })
    }
}
