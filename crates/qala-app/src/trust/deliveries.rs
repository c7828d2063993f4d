//! What a feed delivered: its kept messages read again, with what came twice and what was rejected for its size; or, where
//! messages were not kept, the rows as they are.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, FeedId, Problem, Zone};
use qala_feeds::{Context, Sink, Stopped};
use qala_lake::{Lake, Query, at_leisure, collect};
use qala_models::feed_trust::{Channel, HOUR, Nature, Reading, Series, Window, conversions};

use super::{Columns, Subject};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::key_only;
use crate::recipe::Recipe;
use crate::reread::{Row, number, quoted, text};

/// Days before the window by which it is known what is usual.
const USUAL_DAYS: i64 = 7;
/// Readings of a window at most: they are in memory while copies are judged.
const MOST_READINGS: i64 = 8_000_000;

/// The days of a feed, ready to be judged.
pub(super) struct Days {
    pub(super) window: Window,
    /// Says whether the messages themselves were read, so that copies are known.
    pub(super) from_messages: bool,
}

/// One value on its way into a window.
#[expect(clippy::struct_field_names, reason = "a value has a value")]
struct Value<'a> {
    device: &'a str,
    quantity: &'a str,
    t: i64,
    value: f64,
}

/// A window that is being filled.
struct Filling {
    spec: DatasetSpec,
    columns: Columns,
    devices: HashMap<String, usize>,
    quantities: HashMap<String, usize>,
    window: Window,
}

impl Filling {
    fn new(subject: &Subject, from: i64, to: i64) -> Self {
        Self {
            spec: subject.spec.clone(),
            columns: subject.columns.clone(),
            devices: HashMap::new(),
            quantities: HashMap::new(),
            window: Window {
                devices: Vec::new(),
                from,
                to,
                received: Vec::new(),
                channels: Vec::new(),
            },
        }
    }

    /// Places of a device and a quantity, new ones made; none for a quantity that the dataset does not know.
    fn place(&mut self, device: &str, quantity: &str) -> Option<(usize, usize)> {
        let Self {
            spec,
            devices,
            quantities,
            window,
            ..
        } = self;
        let channel = match quantities.get(quantity) {
            Some(channel) => *channel,
            None => {
                let known = spec.quantities.get(quantity)?;
                let unit = known.unit.symbol();
                window.channels.push(Channel {
                    quantity: quantity.to_owned(),
                    nature: Nature::of(unit),
                    min: known.min.unwrap_or(f64::NEG_INFINITY),
                    max: known.max.unwrap_or(f64::INFINITY),
                    conversions: conversions(quantity, unit),
                    series: vec![Series::default(); window.devices.len()],
                    usual: Vec::new(),
                });
                quantities.insert(quantity.to_owned(), window.channels.len() - 1);
                window.channels.len() - 1
            }
        };
        let device = match devices.get(device) {
            Some(device) => *device,
            None => {
                window.devices.push(device.to_owned());
                for channel in &mut window.channels {
                    channel.series.push(Series::default());
                }
                devices.insert(device.to_owned(), window.devices.len() - 1);
                window.devices.len() - 1
            }
        };
        Some((device, channel))
    }

    fn add(&mut self, value: &Value<'_>, message: u32) {
        let (from, to) = (self.window.from, self.window.to);
        // A clock that is wrong may name times outside.
        if value.t < from - HOUR || value.t >= to + HOUR {
            return;
        }
        if let Some((device, channel)) = self.place(value.device, value.quantity) {
            let Value { t, value, .. } = *value;
            self.window.channels[channel].series[device].push(Reading { t, value, message });
        }
    }

    fn take_back(&mut self, device: &str, quantity: &str, t: i64) {
        if let (Some(device), Some(channel)) = (self.devices.get(device), self.quantities.get(quantity)) {
            self.window.channels[*channel].series[*device].retain(|r| r.t != t);
        }
    }

    fn batch(&mut self, batch: &RecordBatch, message: u32, is_back: bool) -> Result<()> {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let columns = self.columns.clone();
        let read = |name: &str, kind: &DataType| {
            batch
                .column_by_name(name)
                .map(|c| cast(c, kind).map_err(qala_lake::LakeError::from))
                .transpose()
        };
        let (Some(devices), Some(quantities), Some(times)) = (
            read(&columns.device, &DataType::Utf8)?,
            read(&columns.quantity, &DataType::Utf8)?,
            read(&columns.time, &instant)?,
        ) else {
            return Ok(());
        };
        let values = read(&columns.value, &DataType::Float64)?;
        let (devices, quantities) = (devices.as_string::<i32>(), quantities.as_string::<i32>());
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let values = values.as_ref().map(AsArray::as_primitive::<Float64Type>);
        for row in 0..batch.num_rows() {
            let (device, quantity, t) = (devices.value(row), quantities.value(row), times.value(row));
            if is_back {
                self.take_back(device, quantity, t);
            } else if let Some(values) = values.filter(|v| v.is_valid(row)) {
                let value = values.value(row);
                self.add(
                    &Value {
                        device,
                        quantity,
                        t,
                        value,
                    },
                    message,
                );
            }
        }
        Ok(())
    }
}

/// Gathers what a parser finds.
#[derive(Default)]
struct Gathered(Vec<RecordBatch>);

impl Sink for Gathered {
    fn rows(&mut self, _: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        self.0.push(batch);
        Ok(())
    }
    fn problem(&mut self, _: Problem) -> Result<(), Stopped> {
        Ok(())
    }
    fn feed(&mut self, _: &FeedId) -> Result<(), Stopped> {
        Ok(())
    }
    fn publish(&mut self, _: &[DatasetName]) -> Result<(), Stopped> {
        Ok(())
    }
}

/// The spec without limits: values that no check lets through are what is looked for here.
fn without_limits(spec: &DatasetSpec) -> DatasetSpec {
    let mut spec = spec.clone();
    for quantity in spec.quantities.values_mut() {
        (quantity.min, quantity.max) = (None, None);
    }
    for column in &mut spec.columns {
        (column.min, column.max) = (None, None);
    }
    spec
}

/// An instant as the engine reads it.
pub(crate) fn instant(t: i64) -> String {
    let text = Zone::utc().format(t).replace("+00:00", "Z");
    format!("arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

/// The rows `r` of a table that a feed sent. What stands first in a join is kept in memory: messages, not readings.
pub(super) fn of_feed(table: &DatasetName, feed: &FeedId) -> String {
    let feed = quoted(feed.as_str());
    format!(
        "FROM (SELECT id FROM lake_messages WHERE feed = {feed}) m JOIN {table} r ON r._source = m.id WHERE true"
    )
}

impl Centre {
    /// What a feed delivered from `from` (included) to `to` (excluded), µs since 1970, and what was usual in the days before.
    ///
    /// # Errors
    /// The query's; kept messages that cannot be read.
    pub(super) async fn days(&self, subject: &Subject, from: i64, to: i64) -> Result<Days> {
        let Columns {
            device,
            quantity,
            time,
            value,
        } = &subject.columns;
        let table = &subject.spec.name;
        let of_feed = of_feed(table, &subject.id);
        let between =
            |from: i64, to: i64| format!("r.{time} >= {} AND r.{time} < {}", instant(from), instant(to));
        let window = between(from, to);
        let ends = self
            .rows(&format!(
                "SELECT min(r._source) AS first, max(r._source) AS last, count(*) AS n {of_feed} AND {window}"
            ))
            .await?;
        let readings = ends.first().and_then(|row| number(row, "n")).unwrap_or(0);
        if readings > MOST_READINGS {
            return Err(AppError::TooLarge(format!(
                "{} has {readings} readings in two days; at most {MOST_READINGS} can be judged, so let it send by several feeds",
                subject.id
            )));
        }
        let mut filling = Filling::new(subject, from, to);
        let end = |name| ends.first().and_then(|row| number(row, name));
        let (Some(first), Some(last)) = (end("first"), end("last")) else {
            return Ok(Days {
                window: filling.window,
                from_messages: true,
            });
        };
        let messages = self
            .rows(&format!(
                "SELECT id, kind, name, op, kept, context, CAST(_received_at AS BIGINT) AS received FROM lake_messages \
                 WHERE feed = {} AND id BETWEEN {first} AND {last} ORDER BY id",
                quoted(subject.id.as_str())
            ))
            .await?;
        let again = Again {
            lake: Arc::clone(&self.lake),
            zone: self.zone.clone(),
            feed: subject.id.clone(),
            messages,
        };
        let (again, read) = at_leisure(move || {
            let read = again.read(&mut filling)?.then_some(filling);
            Ok::<_, AppError>((again, read))
        })
        .await??;
        let from_messages = read.is_some();
        let mut filling = read.unwrap_or_else(|| Filling::new(subject, from, to));
        if !from_messages {
            let messages = again.messages;
            let places: BTreeMap<i64, u32> = messages
                .iter()
                .zip(0_u32..)
                .filter_map(|(m, place)| Some((number(m, "id")?, place)))
                .collect();
            filling.window.received = messages
                .iter()
                .map(|m| number(m, "received").unwrap_or_default())
                .collect();
            let sql = format!(
                "SELECT r.{device}, r.{quantity}, r.{time}, r.{value}, r._source {of_feed} AND {window} ORDER BY r._source"
            );
            let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
            for batch in &batches {
                let sources = batch.column(4).as_primitive::<Int64Type>().values().clone();
                let mut row = 0;
                // One stretch of rows after the other, each of one message.
                for same in sources.chunk_by(|a, b| a == b) {
                    if let Some(place) = places.get(&same[0]) {
                        filling.batch(&batch.slice(row, same.len()), *place, false)?;
                    }
                    row += same.len();
                }
            }
        }
        let start = from - USUAL_DAYS * 24 * HOUR;
        let hour = format!("(CAST(r.{time} AS BIGINT) - ({start})) / {HOUR}");
        let sql = format!(
            "SELECT r.{device} AS device, r.{quantity} AS quantity, {hour} AS hour, avg(r.{value}) AS mean {of_feed} AND {} \
             GROUP BY r.{device}, r.{quantity}, {hour}",
            between(start, from)
        );
        let (batches, _) = collect(&*self.engine, &Query::system(sql)).await?;
        usual(&mut filling, &batches)?;
        Ok(Days {
            window: filling.window,
            from_messages,
        })
    }
}

/// Kept messages that are read once more.
struct Again {
    lake: Arc<Lake>,
    zone: Zone,
    feed: FeedId,
    messages: Vec<Row>,
}

impl Again {
    /// Fills a window. False when one of the messages was not kept.
    fn read(&self, filling: &mut Filling) -> Result<bool> {
        let wide = without_limits(&filling.spec);
        let mut back = wide.clone();
        key_only(&mut back);
        let datasets: Vec<DatasetSpec> = vec![wide.clone()];
        let mut recipes: HashMap<&str, Recipe> = HashMap::new();
        for (message, place) in self.messages.iter().zip(0_u32..) {
            let received = number(message, "received").unwrap_or_default();
            filling.window.received.push(received);
            let context = text(message, "context");
            if !recipes.contains_key(context) {
                recipes.insert(context, Recipe::of(context)?);
            }
            let (Some(recipe), Some(parser)) =
                (recipes.get(context), qala_feeds::kind(text(message, "kind")))
            else {
                return Ok(false);
            };
            // What was read again and mended later is no delivery.
            if recipe.again.is_some() {
                continue;
            }
            let Some(path) = message.get("kept").and_then(|k| k.as_str()) else {
                return Ok(false);
            };
            let Ok(bytes) = self.lake.kept(path) else {
                return Ok(false);
            };
            let mapping = recipe.mapping.as_ref().map(|m| m.0.clone()).unwrap_or_default();
            let is_back = text(message, "op") == "retract";
            let context = Context {
                name: text(message, "name"),
                feed: &self.feed,
                dataset: Some(if is_back { &back } else { &wide }),
                mapping: &mapping,
                datasets: &datasets,
                city_zone: &self.zone,
                max_unpacked: 1 << 30,
                selection: None,
            };
            let mut gathered = Gathered::default();
            if parser
                .parse(&mut Cursor::new(bytes), &context, &mut gathered)
                .is_err()
            {
                return Ok(false);
            }
            for batch in &gathered.0 {
                filling.batch(batch, place, is_back)?;
            }
        }
        Ok(true)
    }
}

/// Puts the means of the days before into the channels.
fn usual(filling: &mut Filling, batches: &[RecordBatch]) -> Result<()> {
    let hours = (USUAL_DAYS * 24) as usize;
    for batch in batches {
        let read = |column: usize, kind: &DataType| {
            cast(batch.column(column), kind).map_err(qala_lake::LakeError::from)
        };
        let (devices, quantities) = (read(0, &DataType::Utf8)?, read(1, &DataType::Utf8)?);
        let (at, means) = (read(2, &DataType::Int64)?, read(3, &DataType::Float64)?);
        let (devices, quantities) = (devices.as_string::<i32>(), quantities.as_string::<i32>());
        let (at, means) = (
            at.as_primitive::<Int64Type>(),
            means.as_primitive::<Float64Type>(),
        );
        for row in 0..batch.num_rows() {
            let Some((device, channel)) = filling.place(devices.value(row), quantities.value(row)) else {
                continue;
            };
            let usual = &mut filling.window.channels[channel].usual;
            if usual.len() <= device {
                usual.resize(device + 1, Vec::new());
            }
            usual[device].resize(hours, f64::NAN);
            if let Some(slot) = usize::try_from(at.value(row))
                .ok()
                .and_then(|h| usual[device].get_mut(h))
            {
                *slot = means.value(row);
            }
        }
    }
    let devices = filling.window.devices.len();
    for channel in &mut filling.window.channels {
        if !channel.usual.is_empty() {
            channel.usual.resize(devices, Vec::new());
            for usual in &mut channel.usual {
                usual.resize(hours, f64::NAN);
            }
        }
    }
    Ok(())
}
