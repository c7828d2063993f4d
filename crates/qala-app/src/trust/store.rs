//! Keeping what was said of a feed: through the door of all rows. What a second judgement does not find any more is taken back.

use std::collections::BTreeSet;

use qala_core::{DatasetName, FeedId};
use qala_lake::{Begin, Message, Op};
use serde_json::{Map, Value as Json};

use super::deliveries::instant;
use super::run::Trust;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::short_hash;
use crate::reread::{quoted, text};
use crate::value::batch_of;

/// The feed under which the answers stand in the log.
const FEED: &str = "feed-trust";
const MEASURES: &str = "feeds_trust";
const FAULTS: &str = "feeds_faults";

type Rows = Vec<Map<String, Json>>;

fn objects<T: serde::Serialize>(list: &[T]) -> Rows {
    list.iter()
        .filter_map(|row| serde_json::to_value(row).ok()?.as_object().cloned())
        .collect()
}

impl Centre {
    /// Writes the measures and faults of a day, and takes back faults of the day that are not among them.
    ///
    /// # Errors
    /// The lake's.
    pub(super) async fn keep_trust(&self, feed: &FeedId, day: i64, trust: &Trust) -> Result<()> {
        let measures = objects(&trust.measures);
        let faults = objects(&trust.faults);
        let sql = format!(
            "SELECT feed, CAST(day AS BIGINT) AS day, device, quantity, fault, CAST(begins AS BIGINT) AS begins FROM {FAULTS} \
             WHERE feed = {} AND day = {}",
            quoted(feed.as_str()),
            instant(day)
        );
        let key = |row: &Map<String, Json>| {
            let words = ["device", "quantity", "fault"].map(|name| text(row, name).to_owned());
            (words, row.get("begins").and_then(Json::as_i64))
        };
        let again: BTreeSet<_> = faults.iter().map(key).collect();
        let gone: Rows = self
            .rows(&sql)
            .await?
            .into_iter()
            .filter(|row| !again.contains(&key(row)))
            .collect();
        self.send(Op::Retract, feed, day, vec![(FAULTS, gone)]).await?;
        self.send(
            Op::Upsert,
            feed,
            day,
            vec![(MEASURES, measures), (FAULTS, faults)],
        )
        .await
    }

    /// The measures of the newest day that was judged, of a feed or of all.
    ///
    /// # Errors
    /// The query's.
    pub async fn newest_trust(&self, feed: Option<&str>) -> Result<Rows> {
        let only = feed
            .map(|id| format!("WHERE feed = {}", quoted(id)))
            .unwrap_or_default();
        self.rows(&format!(
            "SELECT t.* FROM {MEASURES} t JOIN (SELECT feed, max(day) AS day FROM {MEASURES} {only} GROUP BY feed) n \
             ON t.feed = n.feed AND t.day = n.day ORDER BY t.feed, t.measure, t.fault"
        ))
        .await
    }

    /// The faults of a feed on the newest day that was judged, the surest first.
    ///
    /// # Errors
    /// The query's.
    pub async fn newest_faults(&self, feed: &str) -> Result<Rows> {
        let id = quoted(feed);
        self.rows(&format!(
            "SELECT * FROM {FAULTS} WHERE feed = {id} AND day = (SELECT max(day) FROM {MEASURES} WHERE feed = {id}) \
             ORDER BY confidence DESC, device, quantity, begins"
        ))
        .await
    }

    async fn send(&self, op: Op, feed: &FeedId, day: i64, tables: Vec<(&str, Rows)>) -> Result<()> {
        if tables.iter().all(|(_, rows)| rows.is_empty()) {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&tables).unwrap_or_default();
        let message = Message {
            feed: FeedId::new(FEED).map_err(|e| AppError::Usage(e.to_string()))?,
            kind: "model".into(),
            name: format!("{feed} {day}"),
            digest: format!("run:{}", short_hash(&[&bytes])),
            // The same answer may be given again after another one.
            context: self.clock.now().to_string(),
            idempotency_key: None,
            op,
        };
        let Begin::New(mut session) = self.lake.begin(message).await? else {
            return Ok(());
        };
        for (table, rows) in tables {
            if rows.is_empty() {
                continue;
            }
            let dataset = self.lake.dataset(table)?;
            let name = DatasetName::new(table).map_err(|e| AppError::Usage(e.to_string()))?;
            session.rows(&name, &batch_of(&dataset.spec, &rows)?).await?;
        }
        session.finish(None).await?;
        Ok(())
    }
}
