//! What senders promised, on the wire. Instants are ISO 8601 with the city's offset.

use serde::{Deserialize, Serialize};

use crate::{Row, Text};

/// Working hours of a sender, by the city's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Start, `06:30`.
    pub from: String,
    /// End; not after the start means on the next day.
    pub to: String,
    /// True when only working days count.
    pub working_days: bool,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person or desk.
    pub name: Text,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// True when nobody answers there, because the feed is simulated.
    pub simulated: bool,
    /// Since when.
    pub valid_from: String,
    /// Until when; absent until further notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<String>,
}

/// A device that is silent while its feed goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub device: String,
    /// Its newest reading.
    pub since: String,
}

/// What the sender of a feed promised, and how it stands to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Obligation {
    /// `kept`, `late`, `stopped`, `never` (nothing ever came) or `free` (nothing was promised).
    pub state: String,
    /// Since when.
    pub since: Option<String>,
    /// When the next message is overdue.
    pub due: Option<String>,
    /// Promised seconds between two messages.
    pub cadence_s: Option<u64>,
    /// Seconds that a message may be late.
    pub grace_s: Option<i64>,
    /// When the sender works; absent: always.
    pub hours: Option<Hours>,
    /// When the newest message came of which a row was good.
    pub last_arrival: Option<String>,
    /// The newest event, when it is known.
    pub last_event: Option<String>,
    /// Share of promised messages that came, of the last 7 days.
    pub kept_7d: Option<f64>,
    /// The same of the last 30 days.
    pub kept_30d: Option<f64>,
    /// Function of government that answers for the feed.
    pub owner_function: String,
    /// Its name.
    pub function: Option<Text>,
    /// The department that performs it now.
    pub department_id: Option<String>,
    /// Its name.
    pub department: Option<Text>,
    /// Whom to call.
    pub contact: Option<Contact>,
    /// Devices that are watched; absent when none are.
    pub devices: Option<usize>,
    /// Devices that are silent while the feed goes on.
    pub silent_devices: usize,
    /// Those that are silent longest.
    pub silent: Vec<Silence>,
}

/// What came from a feed on a local day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedDay {
    /// The day, `2026-03-02`.
    pub day: String,
    /// Messages promised.
    pub promised: i64,
    /// Of them, those that came.
    pub kept: i64,
    /// Messages that came.
    pub messages: i64,
    /// Rows received.
    pub received: i64,
    /// Rows accepted.
    pub accepted: i64,
    /// Duplicate rows.
    pub duplicate: i64,
    /// Rows in quarantine.
    pub quarantined: i64,
}

/// `GET /api/feeds/<id>`: a feed with what was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedHistory {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// True when its data are simulated.
    pub simulated: bool,
    /// How it stands; absent for what was imported by hand.
    pub obligation: Option<Obligation>,
    /// The last 30 local days, the newest first.
    pub days: Vec<FeedDay>,
    /// Changes of standing, the newest first: rows of `feeds_obligation_states`.
    pub changes: Vec<Row>,
    /// Contacts, the newest first.
    pub contacts: Vec<Contact>,
}
