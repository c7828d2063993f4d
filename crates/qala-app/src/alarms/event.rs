//! Events: new rows of a dataset that a rule picks out. However many there are, they are gathered by cause before anything is
//! written: a storm is a few alarms with many members.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use arrow::record_batch::RecordBatch;
use qala_core::spec::{AlarmGroup, AlarmSeverity, AlarmSpec, AlarmWhen};
use qala_lake::{LakeError, Query, collect};
use qala_registry::AlarmChange;

use super::{Causes, Look};
use crate::centre::Centre;
use crate::error::{AppError, Result};

const MINUTE: i64 = 60_000_000;

/// What one cause came to in a stretch of the log.
#[derive(Debug, Clone, PartialEq, Default)]
struct Cause {
    place: Option<String>,
    about: Option<String>,
    severity: Option<AlarmSeverity>,
    first_at: i64,
    value: Option<f64>,
    at: Option<(f64, f64)>,
    /// Events that go on.
    members: BTreeSet<String>,
    /// Events that are over.
    over: BTreeSet<String>,
}

/// Columns of the answer of a rule's query, by name.
struct Answer<'a>(&'a RecordBatch);

impl Answer<'_> {
    fn column(&self, name: &str, kind: &DataType) -> Result<Option<ArrayRef>> {
        let Ok(at) = self.0.schema().index_of(name) else {
            return Ok(None);
        };
        Ok(Some(
            arrow::compute::cast(self.0.column(at), kind).map_err(LakeError::from)?,
        ))
    }

    fn texts(&self, name: &str) -> Result<Option<StringArray>> {
        let column = self.column(name, &DataType::Utf8)?;
        Ok(column.map(|column| column.as_string::<i32>().clone()))
    }

    fn floats(&self, name: &str) -> Result<Option<Float64Array>> {
        let column = self.column(name, &DataType::Float64)?;
        Ok(column.map(|column| column.as_primitive::<Float64Type>().clone()))
    }

    /// Instants as µs of UTC.
    fn instants(&self, name: &str) -> Result<Option<Int64Array>> {
        let kind = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let Some(column) = self.column(name, &kind)? else {
            return Ok(None);
        };
        let column = arrow::compute::cast(&column, &DataType::Int64).map_err(LakeError::from)?;
        Ok(Some(column.as_primitive::<Int64Type>().clone()))
    }
}

fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.value(row))
        .filter(|text| !text.is_empty())
}

fn float(column: Option<&Float64Array>, row: usize) -> Option<f64> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.value(row))
        .filter(|value| value.is_finite())
}

fn instant(column: Option<&Int64Array>, row: usize) -> Option<i64> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.value(row))
}

/// Gathers events by cause. What is older than `since` is history; what is over at `now` ends.
fn gather(
    rule: &AlarmSpec,
    batches: &[RecordBatch],
    since: i64,
    now: i64,
) -> Result<BTreeMap<String, Cause>> {
    let mut causes: BTreeMap<String, Cause> = BTreeMap::new();
    for batch in batches {
        let answer = Answer(batch);
        let wrong =
            |name: &str| AppError::Usage(format!("alarm {}: the query has no column `{name}`", rule.id));
        let keys = answer.texts("key")?.ok_or_else(|| wrong("key"))?;
        let times = answer.instants("t")?.ok_or_else(|| wrong("t"))?;
        let (places, about) = (answer.texts("place")?, answer.texts("words")?);
        let (named, severities) = (answer.texts("cause")?, answer.texts("severity")?);
        let (values, ends) = (answer.floats("value")?, answer.instants("ended_at")?);
        let (lon, lat) = (answer.floats("lon")?, answer.floats("lat")?);
        for row in 0..batch.num_rows() {
            let (Some(key), Some(t)) = (text(Some(&keys), row), instant(Some(&times), row)) else {
                continue;
            };
            let place = text(places.as_ref(), row);
            let id = match rule.group {
                AlarmGroup::Key => key,
                AlarmGroup::Place => place.unwrap_or_default(),
                AlarmGroup::Rule => "",
                AlarmGroup::Cause => text(named.as_ref(), row).unwrap_or(key),
            };
            let is_over = instant(ends.as_ref(), row).is_some_and(|end| end <= now);
            if t < since && !is_over {
                continue;
            }
            let cause = causes.entry(id.to_owned()).or_default();
            if is_over {
                cause.over.insert(key.to_owned());
                continue;
            }
            if cause.members.is_empty() {
                cause.first_at = t;
                // An alarm about several places names none.
                cause.place = place
                    .filter(|_| rule.group != AlarmGroup::Rule)
                    .map(ToOwned::to_owned);
                cause.at = float(lon.as_ref(), row).zip(float(lat.as_ref(), row));
                cause.about = text(about.as_ref(), row).map(ToOwned::to_owned);
            }
            cause.first_at = cause.first_at.min(t);
            cause.severity = cause
                .severity
                .max(text(severities.as_ref(), row).and_then(AlarmSeverity::parse));
            let value = float(values.as_ref(), row);
            cause.value = match (cause.value, value) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            };
            cause.members.insert(key.to_owned());
        }
    }
    Ok(causes)
}

impl Centre {
    /// Judges new rows by the rules about events.
    pub(super) async fn look_at_events(
        &self,
        look: &mut Look,
        causes: &Causes,
        (after, upto): (i64, i64),
        now: i64,
        changes: &mut Vec<AlarmChange>,
    ) -> Result<()> {
        for rule in self.alarm_rules(|when| matches!(when, AlarmWhen::Event { .. })) {
            let AlarmWhen::Event {
                dataset, fresh_min, ..
            } = &rule.when
            else {
                continue;
            };
            let Some(sql) = rule
                .query(after, upto)
                .filter(|_| self.lake.dataset(dataset.as_str()).is_ok())
            else {
                continue;
            };
            if !self.has_grown(dataset.as_str(), after)? {
                continue;
            }
            let (batches, _) = collect(&*self.engine, &Query::urgent(sql)).await?;
            let since = now - i64::from(*fresh_min) * MINUTE;
            let found = gather(rule, &batches, since, now)?;
            if found.is_empty() {
                continue;
            }
            let simulated = self.is_simulated(look, dataset.as_str()).await?;
            for (id, cause) in found {
                if !cause.members.is_empty() {
                    let severity = cause.severity.unwrap_or(rule.severity);
                    let members = cause.members.into_iter().collect();
                    let mut raise = self.alarms.raise(rule, &id, severity, members);
                    raise.place = cause.place;
                    raise.about = cause.about.or_else(|| {
                        matches!(rule.group, AlarmGroup::Key | AlarmGroup::Cause).then(|| id.clone())
                    });
                    raise.simulated = simulated;
                    raise.event_at = cause.first_at;
                    raise.value = cause.value;
                    raise.at = cause.at;
                    changes.push(AlarmChange::Raise(Box::new(raise)));
                }
                // What ended without ever standing was no alarm.
                if !cause.over.is_empty() && causes.holds(rule, &id) {
                    changes.push(AlarmChange::Over {
                        rule: rule.id.to_string(),
                        cause: id,
                        members: cause.over.into_iter().collect(),
                    });
                }
            }
        }
        Ok(())
    }

    /// True when a simulated feed has filled a dataset; once true, it stays.
    async fn is_simulated(&self, look: &mut Look, dataset: &str) -> Result<bool> {
        if look.simulated.contains(dataset) {
            return Ok(true);
        }
        let is = self.simulated(&BTreeSet::from([dataset.to_owned()])).await?;
        if is {
            look.simulated.insert(dataset.to_owned());
        }
        Ok(is)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::TimestampMicrosecondArray;

    use super::*;

    const RULE: &str = include_str!("../../../../alarms/traffic/lanes.toml");

    type Row<'a> = (&'a str, i64, &'a str, &'a str, Option<i64>, f64);

    fn batch(rows: &[Row<'_>]) -> RecordBatch {
        let column = |get: fn(&Row<'_>) -> String| -> ArrayRef {
            Arc::new(StringArray::from(rows.iter().map(get).collect::<Vec<_>>()))
        };
        let times: Vec<i64> = rows.iter().map(|r| r.1).collect();
        let ends: Vec<Option<i64>> = rows.iter().map(|r| r.4).collect();
        let values: Vec<f64> = rows.iter().map(|r| r.5).collect();
        RecordBatch::try_from_iter_with_nullable([
            ("key", column(|r| r.0.to_owned()), true),
            ("place", column(|r| r.2.to_owned()), true),
            ("cause", column(|r| r.3.to_owned()), true),
            (
                "t",
                Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef,
                true,
            ),
            (
                "ended_at",
                Arc::new(TimestampMicrosecondArray::from(ends).with_timezone("UTC")) as ArrayRef,
                true,
            ),
            ("value", Arc::new(Float64Array::from(values)) as ArrayRef, true),
        ])
        .unwrap()
    }

    #[test]
    fn fifty_thousand_events_of_three_streets_are_three_causes() {
        let rule = AlarmSpec::from_toml("lanes", RULE).unwrap();
        let keys: Vec<String> = (0..50_000).map(|n| format!("I{n}")).collect();
        let rows: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(n, key)| {
                (
                    key.as_str(),
                    1_000 + n as i64,
                    "north",
                    ["s1", "s2", "s3"][n % 3],
                    None,
                    0.6 + (n % 4) as f64 / 10.0,
                )
            })
            .collect();
        let found = gather(&rule, &[batch(&rows)], 0, 100_000).unwrap();
        let counts: Vec<(&str, usize)> = found
            .iter()
            .map(|(id, c)| (id.as_str(), c.members.len()))
            .collect();
        assert_eq!(counts, [("s1", 16_667), ("s2", 16_667), ("s3", 16_666)]);
        assert_eq!(found["s2"].first_at, 1_001);
        assert!(
            (found["s2"].value.unwrap() - 0.9).abs() < 1e-9,
            "the worst of them"
        );
    }

    #[test]
    fn what_is_old_raises_nothing_and_what_is_over_ends() {
        let rule = AlarmSpec::from_toml("lanes", RULE).unwrap();
        let rows = [
            ("old", 10, "north", "s1", None, 0.7),
            ("new", 100, "", "s2", None, 0.7),
            ("gone", 10, "north", "s3", Some(150), 0.7),
            // It will end, and has not yet.
            ("open", 120, "north", "", Some(900), 0.7),
        ];
        let found = gather(&rule, &[batch(&rows)], 50, 200).unwrap();
        let told: Vec<(&str, usize, usize)> = found
            .iter()
            .map(|(id, c)| (id.as_str(), c.members.len(), c.over.len()))
            .collect();
        assert_eq!(told, [("open", 1, 0), ("s2", 1, 0), ("s3", 0, 1)]);
        assert_eq!(found["s2"].place, None);
    }
}
