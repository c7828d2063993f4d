//! The passport of a value, and the check that recomputes it from rows.

use qala_core::spec::{ColumnType, DatasetSpec, IndicatorSpec, Kind};
use qala_core::{Grain, parse_instant};
use qala_lake::AsOf;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::{Range, definition_hash};

/// What the check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Recomputed from rows as they were known then: equal, bit for bit.
    Equal,
    /// Recomputed, and different.
    Different {
        /// The value now.
        recomputed: Option<f64>,
    },
    /// The definition has changed since.
    DefinitionChanged,
    /// Retention has removed the rows; the digest is all that is left.
    RowsGone {
        /// Digest of the value and its parts.
        digest: String,
    },
}

/// A stored value with the messages its rows came in.
#[derive(Debug, Clone, Serialize)]
pub struct Passport {
    /// The stored row of `indicator_values`.
    pub value: Map<String, Json>,
    /// The query that made it.
    pub sql: String,
    /// Feeds and messages whose rows were read, newest first, at most twenty.
    pub messages: Vec<Map<String, Json>>,
    /// Earlier values of the same period, newest first: restatements.
    pub history: Vec<Map<String, Json>>,
    /// The result of the check, when it was asked for.
    pub verdict: Option<Verdict>,
}

impl Passport {
    /// The passport as somebody may see it. Whoever may not see single records sees no numerator, no count of rows, and no
    /// digest from which either could be guessed.
    #[must_use]
    pub(crate) fn seen_by(mut self, reader: &Reader, values: &DatasetSpec) -> Self {
        reader.hide(values, std::slice::from_mut(&mut self.value));
        reader.hide(values, &mut self.history);
        let hides_digest = values
            .column("value_digest")
            .is_none_or(|column| !reader.sees(values, column));
        if let (true, Some(Verdict::RowsGone { digest })) = (hides_digest, &mut self.verdict) {
            digest.clear();
        }
        self
    }
}

/// The id of a value in addresses and on the command line: `air.pm25_mean/city/day/2026-03-02T00:00:00+05:00`.
fn parts(id: &str) -> Option<(&str, &str, Grain, &str)> {
    let mut parts = id.splitn(4, '/');
    Some((
        parts.next()?,
        parts.next()?,
        Grain::parse(parts.next()?)?,
        parts.next()?,
    ))
}

impl Centre {
    /// The passport of a value. Its id is `<indicator>/<place>/<grain>/<period start>`; an indicator's id alone means its
    /// newest value of the city.
    ///
    /// # Errors
    /// An id that names no stored value; the query's.
    pub async fn passport(&self, id: &str, verify: bool) -> Result<Passport> {
        let (condition, spec) = match parts(id) {
            Some((indicator, place, grain, start)) => {
                let spec = self.indicator(indicator)?;
                let start = parse_instant(&start.replace(' ', "+"), Some(&self.zone))
                    .map_err(|e| AppError::Usage(e.to_string()))?;
                let start = qala_core::Zone::utc().format(start).replace("+00:00", "Z");
                if place.contains('\'') {
                    return Err(AppError::Usage(format!("`{place}` is not a place")));
                }
                let at = format!("arrow_cast('{start}', 'Timestamp(Microsecond, Some(\"UTC\"))')");
                (
                    format!(
                        "indicator = '{indicator}' AND place = '{place}' AND grain = '{grain}' AND period_start = {at}"
                    ),
                    spec,
                )
            }
            None => {
                let spec = self.indicator(id)?;
                (
                    format!("indicator = '{id}' AND place = 'city' AND value IS NOT NULL"),
                    spec,
                )
            }
        };
        let rows = self
            .rows(&format!(
                "SELECT * FROM indicator_values WHERE {condition} ORDER BY period_start DESC, grain LIMIT 1"
            ))
            .await?;
        let Some(value) = rows.into_iter().next() else {
            return Err(AppError::Usage(format!(
                "there is no stored value `{id}`; compute it first: qala indicator compute"
            )));
        };
        let tables: Vec<String> = self.tables_of(spec).into_iter().collect();
        let seq = value.get("_seq").and_then(Json::as_i64).unwrap_or(i64::MAX);
        let messages = self.messages_of(&tables, &value, seq).await?;
        let verdict = if verify {
            Some(self.verify(spec, &value).await?)
        } else {
            None
        };
        let history = self.history(&value).await?;
        let start = value
            .get("period_start")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let start = parse_instant(start, None).unwrap_or(0);
        let grain = value
            .get("grain")
            .and_then(Json::as_str)
            .and_then(Grain::parse)
            .unwrap_or(Grain::Day);
        let sql = spec.query(start, grain.end(start, &self.zone), grain, &self.zone);
        Ok(Passport {
            value,
            sql,
            messages,
            history,
            verdict,
        })
    }

    /// The messages in which the rows came that a value was made of, newest first, at most twenty. Where retention has
    /// removed the rows, the messages that filled the tables before.
    async fn messages_of(
        &self,
        tables: &[String],
        value: &Map<String, Json>,
        seq: i64,
    ) -> Result<Vec<Map<String, Json>>> {
        let text = |name: &str| value.get(name).and_then(Json::as_str).unwrap_or_default();
        let start = parse_instant(text("period_start"), None).unwrap_or(0);
        let grain = Grain::parse(text("grain")).unwrap_or(Grain::Day);
        let end = grain.end(start, &self.zone);
        let mut sources = Vec::new();
        for table in tables {
            let dataset = self.lake.dataset(table)?;
            let time = dataset.spec.time().filter(|_| dataset.spec.kind == Kind::Event);
            let within = time.map(|column| {
                let name = &column.name;
                let edge = |t: i64| match column.kind {
                    ColumnType::Date => format!("DATE '{}'", &self.zone.format(t)[..10]),
                    _ => {
                        let t = qala_core::Zone::utc().format(t).replace("+00:00", "Z");
                        format!("arrow_cast('{t}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
                    }
                };
                format!("WHERE {name} >= {} AND {name} <= {}", edge(start), edge(end - 1))
            });
            let sql = format!(
                "SELECT DISTINCT _source FROM {table} {} ORDER BY _source DESC LIMIT 20",
                within.unwrap_or_default()
            );
            let query = qala_lake::Query::system(sql).as_of(Some(AsOf::Seq(seq - 1)));
            let (batches, _) = qala_lake::collect(&*self.engine, &query).await?;
            let rows = crate::value::rows_json(&batches, &self.zone);
            sources.extend(rows.iter().filter_map(|row| row.get("_source")?.as_i64()));
        }
        let condition = if sources.is_empty() {
            let likes = tables
                .iter()
                .map(|t| format!("receipts LIKE '%\"dataset\":\"{t}\"%'"));
            likes.collect::<Vec<_>>().join(" OR ")
        } else {
            let ids = sources.iter().map(ToString::to_string);
            format!("id IN ({})", ids.collect::<Vec<_>>().join(", "))
        };
        if condition.is_empty() {
            return Ok(Vec::new());
        }
        self.rows(&format!(
            "SELECT id, feed, kind, name, digest, received, accepted, duplicate, quarantined, _received_at FROM lake_messages \
             WHERE _seq < {seq} AND feed <> 'indicators' AND ({condition}) ORDER BY id DESC LIMIT 20"
        ))
        .await
    }

    /// Values of the same period that were superseded.
    async fn history(&self, value: &Map<String, Json>) -> Result<Vec<Map<String, Json>>> {
        let mut out = Vec::new();
        let mut seq = value.get("_seq").and_then(Json::as_i64).unwrap_or(0);
        while out.len() < 20 {
            let before = self
                .rows(&format!(
                    "SELECT old_seq FROM lake_superseded WHERE dataset = 'indicator_values' AND new_seq = {seq} LIMIT 1"
                ))
                .await?;
            let Some(old) = before
                .first()
                .and_then(|r| r.get("old_seq"))
                .and_then(Json::as_i64)
            else {
                break;
            };
            let sql = format!("SELECT * FROM indicator_values WHERE _seq = {old}");
            let query = qala_lake::Query::system(sql).as_of(Some(AsOf::Seq(seq - 1)));
            let (batches, _) = qala_lake::collect(&*self.engine, &query).await?;
            out.extend(crate::value::rows_json(&batches, &self.zone));
            seq = old;
        }
        Ok(out)
    }

    /// Recomputes a stored value from the rows that were known when it was computed, and compares bits.
    async fn verify(&self, spec: &IndicatorSpec, value: &Map<String, Json>) -> Result<Verdict> {
        let text = |name: &str| {
            value
                .get(name)
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        if text("definition_hash") != definition_hash(spec) {
            return Ok(Verdict::DefinitionChanged);
        }
        let digest = text("value_digest");
        let start = parse_instant(&text("period_start"), None).map_err(|e| AppError::Usage(e.to_string()))?;
        let grain = Grain::parse(&text("grain")).unwrap_or(Grain::Day);
        let day = self.zone.local_day(start);
        let today = self.zone.local_day(self.clock.now());
        for table in self.tables_of(spec) {
            let keep = self.lake.dataset(&table)?.spec.retention_days;
            if keep.is_some_and(|days| day < today - days as i32) {
                return Ok(Verdict::RowsGone { digest });
            }
        }
        let inputs: Vec<Map<String, Json>> = serde_json::from_str(&text("inputs")).unwrap_or_default();
        let seq = inputs.iter().filter_map(|i| i.get("seq")?.as_i64()).max();
        let range = Range {
            from: start,
            to: grain.end(start, &self.zone),
            grain,
        };
        let place = text("place");
        let again = self.compute(spec, range, seq.map(AsOf::Seq)).await?;
        let again = again
            .into_iter()
            .find(|v| v.place == place && v.period_start == start);
        Ok(match again {
            Some(found) if found.value_digest == digest => Verdict::Equal,
            found => Verdict::Different {
                recomputed: found.and_then(|f| f.value),
            },
        })
    }
}
