//! What is known of arrivals and devices, read from the lake once and then only what is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;
use qala_core::spec::{FeedSpec, Kind};
use qala_core::{Arrivals, Listening, Zone};
use qala_lake::{LakeError, Query, collect};
use qala_registry::Calendar;

use super::{DAY, OWN_FEEDS};
use crate::centre::Centre;
use crate::error::Result;

/// Arrivals are read back so far.
const ARRIVALS: i64 = 31 * DAY;
/// Newest readings of devices are looked for among readings of so many days.
const READINGS: i64 = 2 * DAY;
/// The setting that says until when a server was listening.
const LISTENED: &str = "feeds.listened_until";
/// How often that is written down, µs. A longer silence of it is a time in which nobody listened.
const LISTENED_EVERY: i64 = 60_000_000;

/// The watch over feeds: empty until somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// True in a process that serves: from then on senders can reach it.
    pub(super) is_listening: AtomicBool,
    pub(super) seen: tokio::sync::Mutex<Option<Seen>>,
}

impl Watch {
    /// From now on this process can be reached by senders.
    pub(crate) fn listen(&self) {
        self.is_listening.store(true, Ordering::Release);
    }
}

/// Messages whose rows were not looked at yet.
#[derive(Debug, Clone, Copy)]
struct Unread {
    rows: (i64, i64),
    messages: (i64, i64),
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    seq: i64,
    dark: Vec<(i64, i64)>,
    calendar: Calendar,
    pub(super) arrivals: HashMap<String, Arrivals>,
    unread: HashMap<String, Unread>,
    /// Newest event by feed.
    pub(super) events: HashMap<String, i64>,
    /// Newest reading of each device, by feed.
    pub(super) devices: HashMap<String, BTreeMap<String, i64>>,
    /// The newest change of standing that is in the lake, by feed.
    pub(super) written: HashMap<String, i64>,
    /// Silences in the lake that have no end: feed and device, since when.
    pub(super) silent: BTreeMap<(String, String), i64>,
    /// The last local day whose sums are in the lake.
    pub(super) day_written: i32,
    listened: i64,
}

impl Seen {
    /// What promises are measured in.
    pub(super) fn with_listening<T>(&self, zone: &Zone, work: impl FnOnce(&Listening<'_>) -> T) -> T {
        // Where the calendar does not reach, the week does.
        let is_day_off = |day: i32| {
            self.calendar
                .is_working(day)
                .map_or((day + 3).rem_euclid(7) >= 5, |working| !working)
        };
        let on = Listening {
            zone,
            dark: &self.dark,
            is_day_off: &is_day_off,
        };
        work(&on)
    }
}

/// An instant as SQL.
pub(super) fn instant(at: i64) -> String {
    let text = Zone::utc().format(at).replace("+00:00", "Z");
    format!("arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

/// A list of words as SQL.
fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|w| format!("'{w}'")).collect();
    quoted.join(", ")
}

/// Columns of an answer: texts and numbers; instants are numbers too.
pub(super) struct Columns<'a>(pub(super) &'a RecordBatch);

impl Columns<'_> {
    fn cast(&self, name: &str, kind: &DataType) -> Result<arrow::array::ArrayRef> {
        let at = self.0.schema().index_of(name).map_err(LakeError::from)?;
        Ok(arrow::compute::cast(self.0.column(at), kind).map_err(LakeError::from)?)
    }

    pub(super) fn texts(&self, name: &str) -> Result<StringArray> {
        Ok(self.cast(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    pub(super) fn numbers(&self, name: &str) -> Result<Int64Array> {
        Ok(self
            .cast(name, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone())
    }
}

pub(super) fn given(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

impl Centre {
    pub(super) async fn ask(&self, sql: &str) -> Result<(Vec<RecordBatch>, i64)> {
        Ok(collect(&*self.engine, &Query::system(sql)).await?)
    }

    /// Reads what came before this process.
    pub(super) async fn load_watch(&self) -> Result<Seen> {
        let now = self.clock.now();
        let is_listening = self.watch.is_listening.load(Ordering::Acquire);
        let listened = self.registry.setting(LISTENED).await?;
        let listened = listened.and_then(|text| text.parse::<i64>().ok());
        if is_listening && let Some(until) = listened.filter(|until| now - until > 2 * LISTENED_EVERY) {
            self.tell_unwatched(until, now).await?;
        }
        let mut dark = Vec::new();
        let sql = format!(
            "SELECT t_from, t_to FROM feeds_unwatched_periods WHERE t_to > {} ORDER BY t_from",
            instant(now - ARRIVALS)
        );
        for batch in self.ask(&sql).await?.0 {
            let columns = Columns(&batch);
            let (from, to) = (columns.numbers("t_from")?, columns.numbers("t_to")?);
            dark.extend((0..batch.num_rows()).map(|i| (from.value(i), to.value(i))));
        }
        if let (false, Some(until)) = (is_listening, listened) {
            dark.push((until, i64::MAX));
        }
        let calendar = self.registry.setting("city.calendar").await?.unwrap_or_default();
        let mut seen = Seen {
            seq: 0,
            dark,
            calendar: self.registry.calendar(&calendar, None).await?,
            arrivals: HashMap::new(),
            unread: HashMap::new(),
            events: HashMap::new(),
            devices: HashMap::new(),
            written: HashMap::new(),
            silent: BTreeMap::new(),
            day_written: self.zone.local_day(now) - 8,
            listened: 0,
        };
        self.load_ends(&mut seen, now).await?;
        self.load_written(&mut seen).await?;
        Ok(seen)
    }

    /// First and last arrivals before the time that is read message by message.
    async fn load_ends(&self, seen: &mut Seen, now: i64) -> Result<()> {
        let sql = format!(
            "SELECT feed, min(_received_at) AS first, max(_received_at) AS last FROM lake_messages \
             WHERE _received_at < {} AND (received = 0 OR accepted + duplicate > 0) GROUP BY feed",
            instant(now - ARRIVALS)
        );
        for batch in self.ask(&sql).await?.0 {
            let columns = Columns(&batch);
            let (feeds, first, last) = (
                columns.texts("feed")?,
                columns.numbers("first")?,
                columns.numbers("last")?,
            );
            for i in 0..batch.num_rows() {
                let arrivals = Arrivals::between(first.value(i), last.value(i));
                seen.arrivals.insert(feeds.value(i).to_owned(), arrivals);
            }
        }
        Ok(())
    }

    /// What of all this is in the lake already.
    async fn load_written(&self, seen: &mut Seen) -> Result<()> {
        let sql = "SELECT feed, max(valid_from) AS last FROM feeds_obligation_states GROUP BY feed";
        for batch in self.ask(sql).await?.0 {
            let columns = Columns(&batch);
            let (feeds, last) = (columns.texts("feed")?, columns.numbers("last")?);
            for i in 0..batch.num_rows() {
                seen.written.insert(feeds.value(i).to_owned(), last.value(i));
            }
        }
        let sql = "SELECT feed, device, valid_from FROM feeds_device_silences WHERE valid_to IS NULL";
        for batch in self.ask(sql).await?.0 {
            let columns = Columns(&batch);
            let (feeds, devices, since) = (
                columns.texts("feed")?,
                columns.texts("device")?,
                columns.numbers("valid_from")?,
            );
            for i in 0..batch.num_rows() {
                let (feed, device) = (feeds.value(i).to_owned(), devices.value(i).to_owned());
                seen.devices
                    .entry(feed.clone())
                    .or_default()
                    .insert(device.clone(), since.value(i));
                seen.silent.insert((feed, device), since.value(i));
            }
        }
        let sql = "SELECT max(day_start) AS last FROM feeds_obligation_days";
        for batch in self.ask(sql).await?.0 {
            let last = Columns(&batch).numbers("last")?;
            if let Some(last) = (0..batch.num_rows()).find_map(|i| given(&last, i)) {
                seen.day_written = self.zone.local_day(last);
            }
        }
        Ok(())
    }

    /// Takes in the messages that came since the last look. A message of which no row was good keeps no promise.
    pub(super) async fn look_at_messages(&self, seen: &mut Seen) -> Result<()> {
        if self.lake.view().seq() == seen.seq {
            return Ok(());
        }
        let now = self.clock.now();
        let sql = format!(
            "SELECT feed, _received_at AS at, _seq AS seq, seq_from, seq_to FROM lake_messages \
             WHERE _seq > {} AND _received_at >= {} AND feed NOT IN ({}) \
             AND (received = 0 OR accepted + duplicate > 0) ORDER BY _seq",
            seen.seq,
            instant(now - ARRIVALS),
            list(OWN_FEEDS)
        );
        let (batches, seq) = self.ask(&sql).await?;
        for batch in batches {
            let columns = Columns(&batch);
            let feeds = columns.texts("feed")?;
            let (at, messages) = (columns.numbers("at")?, columns.numbers("seq")?);
            let (from, to) = (columns.numbers("seq_from")?, columns.numbers("seq_to")?);
            for i in 0..batch.num_rows() {
                let feed = feeds.value(i);
                let spec = self.feeds.iter().find(|f| f.id.as_str() == feed);
                let promise = spec.and_then(FeedSpec::promise);
                let mut arrivals = seen.arrivals.remove(feed).unwrap_or_default();
                seen.with_listening(&self.zone, |on| {
                    arrivals.add(at.value(i), promise.as_ref().map(|p| (p, on)));
                });
                seen.arrivals.insert(feed.to_owned(), arrivals);
                if from.value(i) > 0 && at.value(i) >= now - READINGS {
                    let (rows, message) = ((from.value(i), to.value(i)), messages.value(i));
                    seen.unread
                        .entry(feed.to_owned())
                        .and_modify(|u| {
                            u.rows = (u.rows.0.min(rows.0), u.rows.1.max(rows.1));
                            u.messages.1 = message;
                        })
                        .or_insert(Unread {
                            rows,
                            messages: (message, message),
                        });
                }
            }
        }
        seen.seq = seq;
        Ok(())
    }

    /// Finds the newest event of each feed, and of each of its devices, among the rows of new messages. An event that lies
    /// ahead of its arrival counts as of its arrival: a clock that runs fast makes nobody else late.
    pub(super) async fn look_at_rows(&self, seen: &mut Seen) -> Result<()> {
        type Group<'a> = Vec<(&'a str, Unread)>;
        let mut groups: BTreeMap<(String, Option<String>), Group<'_>> = BTreeMap::new();
        for feed in &self.feeds {
            let device = feed.devices.as_ref();
            if device.is_none() && feed.cadence_s.is_none() {
                continue;
            }
            let dataset = device.and_then(|d| d.dataset.as_ref()).or(feed.dataset.as_ref());
            if let (Some(dataset), Some(unread)) = (dataset, seen.unread.get(feed.id.as_str())) {
                groups
                    .entry((dataset.to_string(), device.map(|d| d.column.clone())))
                    .or_default()
                    .push((feed.id.as_str(), *unread));
            }
        }
        for ((dataset, device), feeds) in groups {
            let known = self.lake.dataset(&dataset)?;
            let Some(time) = known.spec.time().filter(|_| known.spec.kind == Kind::Event) else {
                continue;
            };
            let least = |get: fn(&Unread) -> i64| feeds.iter().map(|(_, u)| get(u)).min().unwrap_or(0);
            let most = |get: fn(&Unread) -> i64| feeds.iter().map(|(_, u)| get(u)).max().unwrap_or(0);
            let device = device.unwrap_or_else(|| "_source".into());
            let time = &time.name;
            let sql = format!(
                "SELECT m.feed AS feed, d.{device} AS device, max(least(d.{time}, d._received_at)) AS at \
                 FROM lake_messages m JOIN {dataset} d ON d._source = m.id \
                 WHERE m._seq >= {} AND m._seq <= {} AND m.feed IN ({}) \
                 AND d._seq >= {} AND d._seq <= {} AND d.{time} >= {} GROUP BY m.feed, d.{device}",
                least(|u| u.messages.0),
                most(|u| u.messages.1),
                list(feeds.iter().map(|(feed, _)| *feed)),
                least(|u| u.rows.0),
                most(|u| u.rows.1),
                instant(self.clock.now() - READINGS),
            );
            let is_device = device != "_source";
            for batch in self.ask(&sql).await?.0 {
                let columns = Columns(&batch);
                let (feed, name, at) = (
                    columns.texts("feed")?,
                    columns.texts("device")?,
                    columns.numbers("at")?,
                );
                for i in 0..batch.num_rows() {
                    let (feed, at) = (feed.value(i).to_owned(), at.value(i));
                    if is_device && name.is_valid(i) {
                        let known = seen.devices.entry(feed.clone()).or_default();
                        let newest = known.entry(name.value(i).to_owned()).or_insert(at);
                        *newest = at.max(*newest);
                    }
                    let newest = seen.events.entry(feed).or_insert(at);
                    *newest = at.max(*newest);
                }
            }
        }
        seen.unread.clear();
        Ok(())
    }

    /// Writes down that this process listens, once a minute.
    pub(super) async fn note_listening(&self, seen: &mut Seen, now: i64) -> Result<()> {
        if now - seen.listened >= LISTENED_EVERY {
            self.registry.set_setting(LISTENED, &now.to_string(), now).await?;
            seen.listened = now;
        }
        Ok(())
    }
}
