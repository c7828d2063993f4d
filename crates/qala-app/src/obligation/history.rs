//! What the watch writes down: changes of standing, sums of days, silences of devices, times when nobody listened. All of it
//! goes through the lake's door as rows of datasets, so it can be asked as of any time.

use qala_core::{DatasetName, FeedId};
use qala_lake::{Begin, Message, Op};
use qala_registry::DepartmentId;
use serde_json::{Map, Value, json};

use super::watch::{Columns, Seen, instant};
use super::{DAY, OWN_FEED, silences};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::short_hash;
use crate::value::batch_of;

/// Rows of one dataset.
type Rows = Vec<Map<String, Value>>;

fn row(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

impl Centre {
    /// Looks at what came, and writes down what has changed.
    ///
    /// # Errors
    /// The lake's or the registry's; the next look goes on where this one stopped.
    pub(crate) async fn watch_feeds(&self) -> Result<()> {
        let mut held = self.watch.seen.lock().await;
        if held.is_none() {
            *held = Some(self.load_watch().await?);
        }
        let Some(seen) = held.as_mut() else { return Ok(()) };
        self.look_at_messages(seen).await?;
        self.look_at_rows(seen).await?;
        let now = self.clock.now();
        self.note_listening(seen, now).await?;
        self.tell_changes(seen, now).await?;
        self.tell_silences(seen).await?;
        self.tell_days(seen, now).await
    }

    async fn tell_changes(&self, seen: &mut Seen, now: i64) -> Result<()> {
        let mut rows = Rows::new();
        let mut written = Vec::new();
        for feed in &self.feeds {
            let id = feed.id.as_str();
            let Some(promise) = feed.promise() else { continue };
            let before = seen.written.get(id).copied();
            let arrivals = seen.arrivals.get(id).cloned().unwrap_or_default();
            let (changes, shares) = seen.with_listening(&self.zone, |on| {
                let changes = match arrivals.ends() {
                    // Since when nothing came is not known; that it was so is known from now on.
                    None if before.is_none() => vec![(qala_core::Standing::Never, now)],
                    _ => arrivals.changes(&promise, on, before.unwrap_or(i64::MIN), now),
                };
                let share = |days: i64| arrivals.share(&promise, on, now - days * DAY, now).ratio();
                (changes, (share(7), share(30)))
            });
            let Some((_, newest)) = changes.last() else {
                continue;
            };
            written.push((id.to_owned(), *newest));
            let department = self.registry.owner_at(&feed.owner_function, now).await?;
            rows.extend(changes.iter().map(|(standing, since)| {
                row(json!({
                    "feed": id, "state": standing.as_str(), "valid_from": since,
                    "last_arrival": arrivals.ends().map(|(_, last)| last),
                    "cadence_s": promise.cadence / 1_000_000, "grace_s": promise.grace / 1_000_000,
                    "kept_7d": shares.0, "kept_30d": shares.1,
                    "owner_function": feed.owner_function, "department_id": department.as_ref().map(DepartmentId::as_str),
                    "noted_at": now,
                }))
            }));
        }
        self.tell("feeds_obligation_states", &rows).await?;
        seen.written.extend(written);
        Ok(())
    }

    async fn tell_silences(&self, seen: &mut Seen) -> Result<()> {
        let mut rows = Rows::new();
        let mut silent = seen.silent.clone();
        for feed in &self.feeds {
            let id = feed.id.as_str();
            let now_silent = silences(feed, seen);
            let is_silent = |device: &str| now_silent.iter().any(|s| s.device == device);
            let tell = |device: &str, since: i64, until: Option<i64>| {
                row(json!({ "feed": id, "device": device, "valid_from": since, "valid_to": until }))
            };
            for silence in &now_silent {
                let key = (id.to_owned(), silence.device.clone());
                if silent.insert(key, silence.since) != Some(silence.since) {
                    rows.push(tell(&silence.device, silence.since, None));
                }
            }
            let known = seen.devices.get(id);
            silent.retain(|(of, device), since| {
                if of != id || is_silent(device) {
                    return true;
                }
                let back = known.and_then(|d| d.get(device)).copied().unwrap_or(*since);
                // An interval is never empty, also when its rule was changed and the device was not heard again.
                rows.push(tell(device, *since, Some(back.max(*since + 1))));
                false
            });
        }
        self.tell("feeds_device_silences", &rows).await?;
        seen.silent = silent;
        Ok(())
    }

    /// Sums of the local days that are over, by feed.
    async fn tell_days(&self, seen: &mut Seen, now: i64) -> Result<()> {
        let today = self.zone.local_day(now);
        for day in seen.day_written + 1..today {
            let (from, to) = (self.zone.day_start(day), self.zone.day_start(day + 1));
            let sql = format!(
                "SELECT feed, count(*) AS messages, sum(received) AS received, sum(accepted) AS accepted, \
                 sum(duplicate) AS duplicate, sum(quarantined) AS quarantined FROM lake_messages \
                 WHERE _received_at >= {} AND _received_at < {} GROUP BY feed",
                instant(from),
                instant(to)
            );
            let mut counts: std::collections::HashMap<String, [i64; 5]> = std::collections::HashMap::new();
            for batch in self.ask(&sql).await?.0 {
                let columns = Columns(&batch);
                let feeds = columns.texts("feed")?;
                let names = ["messages", "received", "accepted", "duplicate", "quarantined"];
                for (at, name) in names.into_iter().enumerate() {
                    let numbers = columns.numbers(name)?;
                    for i in 0..batch.num_rows() {
                        counts.entry(feeds.value(i).to_owned()).or_default()[at] = numbers.value(i);
                    }
                }
            }
            let mut rows = Rows::new();
            for feed in &self.feeds {
                let id = feed.id.as_str();
                let Some(promise) = feed.promise() else { continue };
                let Some(arrivals) = seen.arrivals.get(id) else {
                    continue;
                };
                let share = seen.with_listening(&self.zone, |on| arrivals.share(&promise, on, from, to));
                let count = counts.get(id).copied().unwrap_or_default();
                if share.promised == 0 && count[0] == 0 {
                    continue;
                }
                rows.push(row(json!({
                    "feed": id, "day_start": from, "promised": share.promised, "kept": share.kept,
                    "messages": count[0], "received": count[1], "accepted": count[2],
                    "duplicate": count[3], "quarantined": count[4],
                })));
            }
            self.tell("feeds_obligation_days", &rows).await?;
            seen.day_written = day;
        }
        Ok(())
    }

    /// Writes down that nobody listened from one instant to another.
    pub(super) async fn tell_unwatched(&self, from: i64, to: i64) -> Result<()> {
        let rows = [row(json!({ "t_from": from, "t_to": to }))];
        self.tell("feeds_unwatched_periods", &rows).await
    }

    async fn tell(&self, dataset: &str, rows: &[Map<String, Value>]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string(rows).map_err(|e| AppError::Usage(e.to_string()))?;
        let message = Message {
            feed: FeedId::new(OWN_FEED).map_err(|e| AppError::Usage(e.to_string()))?,
            kind: "watch".into(),
            name: dataset.to_owned(),
            digest: format!("watch:{}", short_hash(&[text.as_bytes()])),
            context: dataset.to_owned(),
            idempotency_key: None,
            op: Op::Upsert,
        };
        let Begin::New(mut session) = self.lake.begin(message).await? else {
            return Ok(());
        };
        let name = DatasetName::new(dataset).map_err(|e| AppError::Usage(e.to_string()))?;
        let known = self.lake.dataset(dataset)?;
        session.rows(&name, &batch_of(&known.spec, rows)?).await?;
        session.finish(None).await?;
        Ok(())
    }
}
