//! Feed obligations: what was promised, whether it is kept, what stopped reporting and whom to call.
//!
//! What belongs here: reading arrivals and devices from the lake, the standing of each feed, its history. What does not: the
//! arithmetic of promises (`qala-core`), and how good the data are.

mod history;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use qala_core::spec::FeedSpec;
use qala_core::{FeedId, FunctionId, Hours, Standing, Text};
use qala_registry::FeedContact;
use serde_json::{Map, Value};

pub(crate) use self::watch::Watch;
use self::watch::{Columns, Seen, instant};
use crate::centre::Centre;
use crate::error::{AppError, Result};

const DAY: i64 = 86_400_000_000;
/// Days of history that are told with one feed.
const DAYS: i32 = 30;
/// The feed of this module's own rows.
const OWN_FEED: &str = "obligations";
/// Feeds of the program itself.
pub(crate) const OWN_FEEDS: [&str; 5] = ["registry", "indicators", "quarantine", "migration", OWN_FEED];

/// A device that is silent while its feed goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The device.
    pub device: String,
    /// Its newest reading, µs of UTC.
    pub since: i64,
}

/// What the sender of a feed promised, and how it stands to it. Instants are µs of UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Obligation {
    /// The feed.
    pub feed: String,
    /// How it stands; `None` when nothing was promised.
    pub standing: Option<Standing>,
    /// Since when it stands so; `None` when nothing ever came.
    pub since: Option<i64>,
    /// When the next message is overdue.
    pub due: Option<i64>,
    /// Promised seconds between two messages.
    pub cadence_s: Option<u64>,
    /// Seconds that a message may be late.
    pub grace_s: Option<i64>,
    /// When the sender works.
    pub hours: Option<Hours>,
    /// When the newest message came of which a row was good.
    pub last_arrival: Option<i64>,
    /// The newest event in it, of the last two days; not known before the watch has looked.
    pub last_event: Option<i64>,
    /// Kept of the messages promised in the last 7 days.
    pub kept_7d: Option<f64>,
    /// Kept of the messages promised in the last 30 days.
    pub kept_30d: Option<f64>,
    /// The function of government that answers for the feed.
    pub owner_function: FunctionId,
    /// Its name.
    pub function: Option<Text>,
    /// The department that performs it now: id and name.
    pub department: Option<(String, Text)>,
    /// Whom to call.
    pub contact: Option<FeedContact>,
    /// Devices heard in the last two days or silent since; `None` when devices are not watched.
    pub devices: Option<usize>,
    /// Devices that are silent, the longest silent first.
    pub silent: Vec<Silence>,
}

/// The sums of a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Day {
    /// Days since 1970-01-01.
    pub day: i32,
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

/// A change of standing, as a row of `feeds_obligation_states`.
pub type Change = Map<String, Value>;

/// A feed with what was.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedHistory {
    /// How it stands; absent for a feed that has no spec: what was imported by hand.
    pub obligation: Option<Obligation>,
    /// The last 30 local days, today included, the newest first.
    pub days: Vec<Day>,
    /// The newest changes of standing, the newest first.
    pub changes: Vec<Change>,
    /// All contacts, the newest first.
    pub contacts: Vec<FeedContact>,
}

/// Devices of a feed that are silent while the feed goes on, the longest silent first.
fn silences(feed: &FeedSpec, seen: &Seen) -> Vec<Silence> {
    let (Some(devices), Some(newest), Some(known)) = (
        &feed.devices,
        seen.events.get(feed.id.as_str()),
        seen.devices.get(feed.id.as_str()),
    ) else {
        return Vec::new();
    };
    let longest = i64::try_from(devices.silent_s)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000);
    let mut silent: Vec<Silence> = known
        .iter()
        .filter(|(_, at)| newest - **at > longest)
        .map(|(device, at)| Silence {
            device: device.clone(),
            since: *at,
        })
        .collect();
    silent.sort_by(|a, b| (a.since, &a.device).cmp(&(b.since, &b.device)));
    silent
}

/// Who owns which function now, by name.
pub(crate) struct Owners {
    pub(crate) functions: BTreeMap<FunctionId, Text>,
    pub(crate) departments: BTreeMap<FunctionId, (String, Text)>,
    contacts: Vec<FeedContact>,
}

impl Centre {
    pub(crate) async fn owners(&self, now: i64) -> Result<Owners> {
        let in_force = |from: i64, to: Option<i64>| from <= now && to.is_none_or(|end| now < end);
        let functions = self.registry.functions().await?;
        let departments = self.registry.departments().await?;
        let owners = self.registry.owners().await?;
        let name = |id: &str| {
            departments
                .iter()
                .find(|d| d.id.as_str() == id && in_force(d.valid_from, d.valid_to))
                .map(|d| d.name.clone())
                .unwrap_or_default()
        };
        Ok(Owners {
            functions: functions
                .into_iter()
                .filter(|f| in_force(f.valid_from, f.valid_to))
                .map(|f| (f.id, f.name))
                .collect(),
            departments: owners
                .into_iter()
                .filter(|o| in_force(o.valid_from, o.valid_to))
                .map(|o| {
                    let department = o.department.as_str().to_owned();
                    let name = name(&department);
                    (o.function, (department, name))
                })
                .collect(),
            contacts: self.registry.contacts_at(now).await?,
        })
    }

    /// How every feed of the pack stands to its promise now.
    ///
    /// # Errors
    /// The lake's or the registry's.
    pub async fn obligations(&self) -> Result<Vec<Obligation>> {
        let now = self.clock.now();
        let owners = self.owners(now).await?;
        let mut held = self.watch.seen.lock().await;
        if held.is_none() {
            *held = Some(self.load_watch().await?);
        }
        let Some(seen) = held.as_mut() else {
            return Ok(Vec::new());
        };
        self.look_at_messages(seen).await?;
        if !self.watch.is_listening.load(Ordering::Acquire) {
            // Nobody else does it.
            self.look_at_rows(seen).await?;
        }
        Ok(self
            .feeds
            .iter()
            .map(|feed| self.obligation(feed, seen, &owners, now))
            .collect())
    }

    fn obligation(&self, feed: &FeedSpec, seen: &Seen, owners: &Owners, now: i64) -> Obligation {
        let id = feed.id.as_str();
        let arrivals = seen.arrivals.get(id).cloned().unwrap_or_default();
        let last_arrival = arrivals.ends().map(|(_, last)| last);
        let promise = feed.promise();
        let standing = promise.as_ref().map(|promise| {
            seen.with_listening(&self.zone, |on| {
                let share = |days: i64| arrivals.share(promise, on, now - days * DAY, now).ratio();
                let (standing, since) = arrivals.standing(promise, on, now);
                let due =
                    last_arrival.and_then(|last| promise.after(on, last, promise.cadence + promise.grace));
                (standing, since, due, share(7), share(30))
            })
        });
        Obligation {
            feed: id.to_owned(),
            standing: standing.map(|s| s.0),
            since: standing.and_then(|s| s.1),
            due: standing.and_then(|s| s.2),
            cadence_s: feed.cadence_s,
            grace_s: promise.map(|p| p.grace / 1_000_000),
            hours: feed.hours,
            last_arrival,
            last_event: seen.events.get(id).copied(),
            kept_7d: standing.and_then(|s| s.3),
            kept_30d: standing.and_then(|s| s.4),
            owner_function: feed.owner_function.clone(),
            function: owners.functions.get(&feed.owner_function).cloned(),
            department: owners.departments.get(&feed.owner_function).cloned(),
            contact: owners.contacts.iter().find(|c| c.feed == feed.id).cloned(),
            devices: feed
                .devices
                .as_ref()
                .map(|_| seen.devices.get(id).map_or(0, BTreeMap::len)),
            silent: silences(feed, seen),
        }
    }

    /// A feed of the pack, or one of which messages came, with its last 30 days, its changes of standing and its contacts.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion; the lake's or the registry's.
    pub async fn feed_history(&self, id: &str) -> Result<FeedHistory> {
        let feed = self.feed(id);
        let name = FeedId::new(id).ok();
        if feed.is_err() && !self.is_heard(name.as_ref()).await? {
            return Err(feed
                .err()
                .unwrap_or_else(|| AppError::Usage(format!("there is no feed `{id}`"))));
        }
        let all = self.obligations().await?;
        let today = self.zone.local_day(self.clock.now());
        let mut days: BTreeMap<i32, Day> = (today - DAYS + 1..=today)
            .map(|day| {
                let sums = Day {
                    day,
                    ..Day::default()
                };
                (day, sums)
            })
            .collect();
        let sql = format!(
            "SELECT _received_at AS at, received, accepted, duplicate, quarantined FROM lake_messages \
             WHERE feed = '{id}' AND _received_at >= {}",
            instant(self.zone.day_start(today - DAYS + 1))
        );
        for batch in self.ask(&sql).await?.0 {
            let columns = Columns(&batch);
            let at = columns.numbers("at")?;
            let counts =
                ["received", "accepted", "duplicate", "quarantined"].map(|name| columns.numbers(name));
            let [received, accepted, duplicate, quarantined] = counts;
            let (received, accepted, duplicate, quarantined) =
                (received?, accepted?, duplicate?, quarantined?);
            for i in 0..batch.num_rows() {
                let Some(day) = days.get_mut(&self.zone.local_day(at.value(i))) else {
                    continue;
                };
                day.messages += 1;
                day.received += received.value(i);
                day.accepted += accepted.value(i);
                day.duplicate += duplicate.value(i);
                day.quarantined += quarantined.value(i);
            }
        }
        if let (Some(promise), Some(seen)) = (
            feed.ok().and_then(FeedSpec::promise),
            self.watch.seen.lock().await.as_ref(),
        ) {
            let arrivals = seen.arrivals.get(id).cloned().unwrap_or_default();
            let now = self.clock.now();
            seen.with_listening(&self.zone, |on| {
                for day in days.values_mut() {
                    let (from, to) = (self.zone.day_start(day.day), self.zone.day_start(day.day + 1));
                    let share = arrivals.share(&promise, on, from, to.min(now));
                    (day.promised, day.kept) = (share.promised, share.kept);
                }
            });
        }
        let mut contacts = self.registry.contacts().await?;
        contacts.retain(|c| c.feed.as_str() == id);
        contacts.reverse();
        let sql = format!(
            "SELECT state, valid_from, valid_to, last_arrival, kept_7d, kept_30d, department_id \
             FROM feeds_obligation_states WHERE feed = '{id}' ORDER BY valid_from DESC LIMIT 50"
        );
        let obligation = all.into_iter().find(|o| o.feed == id);
        Ok(FeedHistory {
            obligation,
            days: days.into_values().rev().collect(),
            changes: self.rows(&sql).await?,
            contacts,
        })
    }

    /// True when a message of this feed ever came.
    async fn is_heard(&self, feed: Option<&FeedId>) -> Result<bool> {
        let Some(feed) = feed else { return Ok(false) };
        let sql = format!("SELECT 1 AS one FROM lake_messages WHERE feed = '{feed}' LIMIT 1");
        Ok(!self.rows(&sql).await?.is_empty())
    }

    /// Makes somebody the contact of a feed from an instant on; the interval of the one before ends there.
    ///
    /// # Errors
    /// A feed that does not exist; a contact without a name, or with neither phone nor e-mail; the registry's.
    pub async fn set_contact(&self, contact: &FeedContact) -> Result<()> {
        self.feed(contact.feed.as_str())?;
        self.registry.put_contact(contact, self.clock.now()).await?;
        self.relay().await?;
        Ok(())
    }
}
