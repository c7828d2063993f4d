//! Keeping values: a changed value is a restatement, an unchanged one is not written again.

use std::collections::HashMap;

use qala_core::spec::{IndicatorSpec, Status};
use qala_core::{DatasetName, FeedId, Grain};
use qala_lake::{AsOf, Begin, Message, Op, Query, collect};
use serde_json::{Map, Value as Json};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::compute::{Range, Value, short_hash};
use crate::trust::instant;
use crate::value::{batch_of, rows_json};

/// The table of computed values.
pub(crate) const TABLE: &str = "indicator_values";
/// So many periods are named one by one in a question.
const MOST_NAMED: usize = 400;

fn text(row: &Map<String, Json>, name: &str) -> Option<String> {
    row.get(name)?.as_str().map(ToOwned::to_owned)
}

impl Centre {
    /// Stored values of an indicator whose period starts in a range, by place and period.
    ///
    /// # Errors
    /// The query's.
    pub async fn stored(
        &self,
        id: &str,
        range: Range,
        as_of: Option<AsOf>,
    ) -> Result<Vec<Map<String, Json>>> {
        self.stored_of(&[id], "*", range, as_of).await
    }

    /// Stored values of indicators, by indicator, place and period; `columns` as SQL lists them.
    ///
    /// # Errors
    /// The query's.
    pub(super) async fn stored_of(
        &self,
        ids: &[&str],
        columns: &str,
        range: Range,
        as_of: Option<AsOf>,
    ) -> Result<Vec<Map<String, Json>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // Named one by one, long periods say which few of the many days are needed.
        let starts: Vec<String> = self.starts(range).into_iter().map(instant).collect();
        let named = match starts.len() {
            0 => String::new(),
            _ => format!(" AND period_start IN ({})", starts.join(", ")),
        };
        let sql = format!(
            "SELECT {columns} FROM {TABLE} WHERE indicator IN ('{}') AND grain = '{}' AND period_start >= {} AND period_start < {}{named} \
             ORDER BY indicator, place, period_start",
            ids.join("', '"),
            range.grain,
            instant(range.from),
            instant(range.to)
        );
        let (batches, _) = collect(&*self.engine, &Query::system(sql).as_of(as_of)).await?;
        Ok(rows_json(&batches, &self.zone))
    }

    /// The periods of a range that can have values by now, and those before it up to four: a list of fewer is no list to the
    /// planner. Nothing when they are very many, or no longer than the days of files.
    fn starts(&self, range: Range) -> Vec<i64> {
        let (grain, zone) = (range.grain, &self.zone);
        if grain <= Grain::Day {
            return Vec::new();
        }
        let last = grain.start(range.to.min(self.clock.now()) - 1, zone);
        let mut at = last;
        let mut starts = Vec::new();
        while at >= range.from || starts.len() < 4 {
            if starts.len() > MOST_NAMED {
                return Vec::new();
            }
            starts.push(at);
            at = grain.start(at - 1, zone);
        }
        starts
    }

    /// Computes an indicator over a range and keeps what is new or changed. Returns all values and how many were kept.
    ///
    /// # Errors
    /// Those of computing and of writing.
    pub async fn run_indicator(&self, spec: &IndicatorSpec, range: Range) -> Result<(Vec<Value>, usize)> {
        let mut values = self.compute(spec, range, None).await?;
        let Some(first) = values.iter().map(|v| v.period_start).min() else {
            return Ok((values, 0));
        };
        // One period more, for the status before.
        let before = range.grain.start(first - 1, &self.zone);
        let known = Range {
            from: before,
            to: range.to.max(first + 1),
            grain: range.grain,
        };
        let mut stored: HashMap<(String, i64), (String, Status)> = HashMap::new();
        for row in self.stored(spec.id.as_str(), known, None).await? {
            let start = text(&row, "period_start").and_then(|t| qala_core::parse_instant(&t, None).ok());
            if let (Some(place), Some(start)) = (text(&row, "place"), start) {
                let digest = text(&row, "value_digest").unwrap_or_default();
                let status = text(&row, "status")
                    .and_then(|s| Status::parse(&s))
                    .unwrap_or(Status::Unknown);
                stored.insert((place, start), (digest, status));
            }
        }
        let mut last: HashMap<String, Status> = HashMap::new();
        for ((place, start), (_, status)) in &stored {
            if *start == before {
                last.insert(place.clone(), *status);
            }
        }
        let mut changed = Vec::new();
        for value in &mut values {
            let status = spec.status(value.value, last.get(&value.place).copied());
            last.insert(value.place.clone(), status);
            value.status = status.as_str().into();
            let same = stored
                .get(&(value.place.clone(), value.period_start))
                .is_some_and(|(digest, old)| *digest == value.value_digest && *old == status);
            if !same {
                changed.push(value.clone());
            }
        }
        if !changed.is_empty() {
            self.keep_values(spec, &changed).await?;
        }
        Ok((values, changed.len()))
    }

    async fn keep_values(&self, spec: &IndicatorSpec, values: &[Value]) -> Result<()> {
        let dataset = self.lake.dataset(TABLE)?;
        let rows: Vec<Map<String, Json>> = values
            .iter()
            .filter_map(|v| serde_json::to_value(v).ok()?.as_object().cloned())
            .collect();
        let digests: Vec<&[u8]> = values.iter().map(|v| v.value_digest.as_bytes()).collect();
        let stamp = values.iter().map(|v| v.computed_at).max().unwrap_or(0);
        let message = Message {
            feed: FeedId::new("indicators").map_err(|e| AppError::Usage(e.to_string()))?,
            kind: "indicator".into(),
            name: spec.id.to_string(),
            digest: format!("run:{}", short_hash(&digests)),
            context: format!("{} {stamp}", spec.id),
            idempotency_key: None,
            op: Op::Upsert,
        };
        let Begin::New(mut session) = self.lake.begin(message).await? else {
            return Ok(());
        };
        let name = DatasetName::new(TABLE).map_err(|e| AppError::Usage(e.to_string()))?;
        session.rows(&name, &batch_of(&dataset.spec, &rows)?).await?;
        session.finish(None).await?;
        Ok(())
    }
}
