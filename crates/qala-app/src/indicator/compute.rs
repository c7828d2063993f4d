//! Computing an indicator's values over a range.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use qala_core::Grain;
use qala_core::spec::{IndicatorSpec, Status};
use qala_lake::{AsOf, Query, collect};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::centre::Centre;
use crate::error::{AppError, Result};

/// The place that is the whole city.
pub(crate) const CITY: &str = "city";
/// More periods than this in one call are refused.
const MANY: i64 = 100_000;

/// Which periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First instant, µs of UTC.
    pub from: i64,
    /// First instant after the range.
    pub to: i64,
    /// Length of a period.
    pub grain: Grain,
}

/// One value of an indicator with all that its passport says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Value {
    /// Indicator.
    pub indicator: String,
    /// Place: `city`, or the id of a place.
    pub place: String,
    /// Grain.
    pub grain: String,
    /// First instant of the period, µs of UTC.
    pub period_start: i64,
    /// First instant after it.
    pub period_end: i64,
    /// The value; absent with a reason.
    pub value: Option<f64>,
    /// Unit.
    pub unit: String,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Upper bound.
    pub upper: Option<f64>,
    /// Numerator, when the value is a ratio or a mean.
    pub numerator: Option<f64>,
    /// Denominator.
    pub denominator: Option<f64>,
    /// Rows used.
    pub row_count: i64,
    /// Share of the expected rows that were there.
    pub coverage: Option<f64>,
    /// Why there is no value.
    pub reason: Option<String>,
    /// How it stands to the target.
    pub status: String,
    /// Function of government that owns it.
    pub owner_function: String,
    /// True when simulated data went in.
    pub simulated: bool,
    /// When it was computed.
    pub computed_at: i64,
    /// Hash of the definition.
    pub definition_hash: String,
    /// Hash of the schemas of the tables read.
    pub schema_hash: String,
    /// Tables, log partitions and the `_seq` up to which they were read, as JSON.
    pub inputs: String,
    /// Digest of the value and its parts, bit for bit.
    pub value_digest: String,
}

pub(crate) fn short_hash(parts: &[&[u8]]) -> String {
    use std::fmt::Write;
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut text = String::new();
    for byte in &hasher.finalize()[..16] {
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// Hash of what decides an indicator's values.
pub(crate) fn definition_hash(spec: &IndicatorSpec) -> String {
    let parts = format!(
        "{} {} {} {} {:?}",
        spec.id, spec.version, spec.unit, spec.min_coverage, spec.boundaries
    );
    short_hash(&[parts.as_bytes(), spec.sql.as_bytes()])
}

impl Value {
    fn digest(&self) -> String {
        let number = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{:016x}", v.to_bits()));
        let parts = [
            number(self.value),
            number(self.lower),
            number(self.upper),
            number(self.numerator),
            number(self.denominator),
            self.row_count.to_string(),
            number(self.coverage),
            self.reason.clone().unwrap_or_default(),
            self.definition_hash.clone(),
        ];
        short_hash(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
    }
}

/// A result column by name, cast to a type.
fn column(
    batch: &RecordBatch,
    name: &str,
    kind: &DataType,
    id: &str,
) -> Result<Option<arrow::array::ArrayRef>> {
    let Some(array) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let cast =
        cast(array, kind).map_err(|e| AppError::Usage(format!("indicator {id}: column `{name}`: {e}")))?;
    Ok(Some(cast))
}

impl Centre {
    /// Tables that an indicator's query names.
    pub(crate) fn tables_of(&self, spec: &IndicatorSpec) -> BTreeSet<String> {
        self.tables_in(&spec.sql)
    }

    /// Tables that a query names.
    pub(crate) fn tables_in(&self, sql: &str) -> BTreeSet<String> {
        let words: BTreeSet<&str> = sql
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .collect();
        let specs = self.lake.specs();
        specs
            .iter()
            .map(|s| s.name.as_str())
            .filter(|n| words.contains(n))
            .map(ToOwned::to_owned)
            .collect()
    }

    fn schema_hash(&self, tables: &BTreeSet<String>) -> String {
        let mut text = String::new();
        for spec in self.lake.specs() {
            if tables.contains(spec.name.as_str()) {
                text.push_str(
                    &serde_json::to_string(&(&spec.name, spec.version, &spec.key, &spec.columns))
                        .unwrap_or_default(),
                );
            }
        }
        short_hash(&[text.as_bytes()])
    }

    /// True when a simulated feed has sent rows to one of the tables, or the program has made rows of one of simulated data.
    pub(crate) async fn simulated(&self, tables: &BTreeSet<String>) -> Result<bool> {
        let marked = self.lake.specs().into_iter().filter(|spec| {
            spec.internal && tables.contains(spec.name.as_str()) && spec.column("simulated").is_some()
        });
        let marked: Vec<String> = marked.map(|spec| spec.name.to_string()).collect();
        for table in marked {
            let sql = format!("SELECT simulated FROM {table} WHERE simulated LIMIT 1");
            let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
            if batches.iter().any(|batch| batch.num_rows() > 0) {
                return Ok(true);
            }
        }
        let feeds: Vec<String> = self
            .feeds
            .iter()
            .filter(|f| f.simulated)
            .filter(|f| {
                let named = f.dataset.as_ref().is_some_and(|d| tables.contains(d.as_str()));
                let gtfs = f.kind == "gtfs" && tables.iter().any(|t| t.starts_with("gtfs_"));
                let from_messages = [
                    "transit_vehicle_positions",
                    "transit_trip_updates",
                    "transit_alerts",
                ];
                let live = f.kind == "gtfs-rt" && from_messages.iter().any(|t| tables.contains(*t));
                named || gtfs || live
            })
            .map(|f| format!("'{}'", f.id))
            .collect();
        if feeds.is_empty() {
            return Ok(false);
        }
        let sql = format!(
            "SELECT feed FROM lake_messages WHERE feed IN ({}) AND accepted > 0 LIMIT 1",
            feeds.join(", ")
        );
        let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
        Ok(batches.iter().any(|batch| batch.num_rows() > 0))
    }

    /// Computes an indicator over a range, seen up to `as_of`. Values come by place, then period. A period of the city
    /// without rows is there with its reason.
    ///
    /// # Errors
    /// A grain that the indicator does not have; the query's errors.
    pub async fn compute(
        &self,
        spec: &IndicatorSpec,
        range: Range,
        as_of: Option<AsOf>,
    ) -> Result<Vec<Value>> {
        let grain = range.grain;
        if !spec.grains.contains(&grain) {
            let known: Vec<&str> = spec.grains.iter().map(|g| g.as_str()).collect();
            return Err(AppError::Usage(format!(
                "{} has no grain `{grain}`; it has: {}",
                spec.id,
                known.join(", ")
            )));
        }
        if range.to <= range.from {
            return Err(AppError::Usage(
                "the range is empty: --to must be after --from".into(),
            ));
        }
        let from = grain.start(range.from, &self.zone);
        let to = match grain.start(range.to, &self.zone) {
            aligned if aligned == range.to => aligned,
            _ => grain.end(range.to, &self.zone),
        };
        let mut periods = Vec::new();
        let mut at = from;
        while at < to {
            periods.push(at);
            at = grain.end(at, &self.zone);
            if periods.len() as i64 > MANY {
                return Err(AppError::Usage(format!(
                    "more than {MANY} periods; ask for a shorter range or a longer grain"
                )));
            }
        }
        let tables = self.tables_of(spec);
        let query = Query::system(spec.query(from, to, grain, &self.zone)).as_of(as_of);
        let (batches, seq) = collect(&*self.engine, &query).await?;
        let inputs: Vec<_> = tables
            .iter()
            .map(|t| serde_json::json!({ "table": t, "partition": 0, "seq": seq }))
            .collect();
        let blank = Value {
            indicator: spec.id.to_string(),
            place: CITY.into(),
            grain: grain.to_string(),
            period_start: 0,
            period_end: 0,
            value: None,
            unit: spec.unit.symbol().into(),
            lower: None,
            upper: None,
            numerator: None,
            denominator: None,
            row_count: 0,
            coverage: None,
            reason: None,
            status: Status::Unknown.as_str().into(),
            owner_function: spec.owner_function.to_string(),
            simulated: self.simulated(&tables).await?,
            computed_at: self.clock.now(),
            definition_hash: definition_hash(spec),
            schema_hash: self.schema_hash(&tables),
            inputs: serde_json::Value::from(inputs).to_string(),
            value_digest: String::new(),
        };
        let mut values: BTreeMap<(String, i64), Value> = BTreeMap::new();
        for batch in &batches {
            read_rows(spec, batch, &blank, &mut values)?;
        }
        for period in &periods {
            values.entry((CITY.into(), *period)).or_insert_with(|| Value {
                period_start: *period,
                reason: Some("no_rows".into()),
                ..blank.clone()
            });
        }
        let known: BTreeSet<i64> = periods.into_iter().collect();
        let mut out = Vec::with_capacity(values.len());
        for ((_, start), mut value) in values {
            if !known.contains(&start) {
                return Err(AppError::Usage(format!(
                    "indicator {}: {} is not the start of a period of grain {grain}",
                    spec.id,
                    self.zone.format(start)
                )));
            }
            value.period_end = grain.end(start, &self.zone);
            if value.value.is_some() && value.coverage.is_some_and(|c| c < spec.min_coverage) {
                value.value = None;
                value.reason = Some("low_coverage".into());
            }
            if value.value.is_none() && value.reason.is_none() {
                value.reason = Some("not_computable".into());
            }
            value.value_digest = value.digest();
            out.push(value);
        }
        Ok(out)
    }
}

fn read_rows(
    spec: &IndicatorSpec,
    batch: &RecordBatch,
    blank: &Value,
    values: &mut BTreeMap<(String, i64), Value>,
) -> Result<()> {
    let id = spec.id.as_str();
    let missing = |name: &str| AppError::Usage(format!("indicator {id}: the query gives no column `{name}`"));
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let places = column(batch, "place", &DataType::Utf8, id)?.ok_or_else(|| missing("place"))?;
    let starts = column(batch, "period_start", &instant, id)?.ok_or_else(|| missing("period_start"))?;
    let counts = column(batch, "row_count", &DataType::Int64, id)?.ok_or_else(|| missing("row_count"))?;
    let number = |name: &str| column(batch, name, &DataType::Float64, id);
    let value = number("value")?.ok_or_else(|| missing("value"))?;
    let (lower, upper) = (number("lower")?, number("upper")?);
    let (numerator, denominator) = (number("numerator")?, number("denominator")?);
    let expected = number("expected")?;
    let reasons = column(batch, "reason", &DataType::Utf8, id)?;
    let get = |array: &arrow::array::ArrayRef, row: usize| {
        let array = array.as_primitive::<Float64Type>();
        (array.is_valid(row) && array.value(row).is_finite()).then(|| array.value(row))
    };
    for row in 0..batch.num_rows() {
        if places.is_null(row) || starts.is_null(row) {
            continue;
        }
        let optional = |array: &Option<arrow::array::ArrayRef>| array.as_ref().and_then(|a| get(a, row));
        let row_count = if counts.is_null(row) {
            0
        } else {
            counts.as_primitive::<Int64Type>().value(row)
        };
        let coverage = optional(&expected)
            .filter(|e| *e > 0.0)
            .map(|e| (row_count as f64 / e).min(1.0));
        let place = places.as_string::<i32>().value(row).to_owned();
        let period_start = starts.as_primitive::<TimestampMicrosecondType>().value(row);
        let found = Value {
            place: place.clone(),
            period_start,
            value: get(&value, row),
            lower: optional(&lower),
            upper: optional(&upper),
            numerator: optional(&numerator),
            denominator: optional(&denominator),
            row_count,
            coverage,
            reason: reasons
                .as_ref()
                .map(AsArray::as_string::<i32>)
                .filter(|a| a.is_valid(row) && get(&value, row).is_none())
                .map(|a| a.value(row).to_owned()),
            ..blank.clone()
        };
        if values.insert((place.clone(), period_start), found).is_some() {
            return Err(AppError::Usage(format!(
                "indicator {id}: the query gives two rows for {place} and one period"
            )));
        }
    }
    Ok(())
}
