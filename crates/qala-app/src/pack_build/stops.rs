//! Stops: of the map, and of timetables.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use qala_core::spec::Mapping;
use qala_core::{DatasetName, FeedId, Problem, Zone};
use qala_feeds::osm::Object;
use qala_feeds::{Context, Input, Sink, Stopped, kind};

use super::{MAX_UNPACKED, stopped_error, usage};
use crate::content::Content;
use crate::error::{AppError, Result};

/// A stop.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stop {
    pub(super) id: String,
    /// `osm`, or the feed of a timetable.
    pub(super) source: String,
    pub(super) name: String,
    pub(super) lon: f64,
    pub(super) lat: f64,
}

impl Stop {
    /// A stop of the map.
    pub(super) fn of(object: &Object) -> Self {
        Self {
            id: object.element.to_string(),
            source: "osm".into(),
            name: object.names.local.clone().unwrap_or_default(),
            lon: object.point.lon(),
            lat: object.point.lat(),
        }
    }
}

/// The stops of a timetable: places where vehicles stop, not stations and entrances.
pub(super) fn read(
    input: &mut dyn Input,
    path: &Path,
    problems: &mut BTreeMap<String, u64>,
) -> Result<Vec<Stop>> {
    let gtfs = kind("gtfs").ok_or_else(|| AppError::Usage("the import kind `gtfs` is missing".into()))?;
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let feed = FeedId::new(stem).map_err(|error| usage(path, &error.to_string()))?;
    let datasets = Content::datasets()?;
    // Stops carry no times: any zone does.
    let zone = Zone::new("UTC").map_err(|error| usage(path, &error.to_string()))?;
    let context = Context {
        name: &path.display().to_string(),
        feed: &feed,
        dataset: None,
        mapping: &Mapping::default(),
        datasets: &datasets,
        city_zone: &zone,
        max_unpacked: MAX_UNPACKED,
        selection: None,
    };
    let mut stops = Stops {
        feed: feed.to_string(),
        found: Vec::new(),
        problems,
    };
    gtfs.parse(input, &context, &mut stops)
        .map_err(|stopped| stopped_error(&stopped))?;
    if stops.found.is_empty() {
        return Err(usage(path, "there is no stop in this timetable"));
    }
    Ok(stops.found)
}

struct Stops<'p> {
    feed: String,
    found: Vec<Stop>,
    problems: &'p mut BTreeMap<String, u64>,
}

impl Sink for Stops<'_> {
    fn rows(&mut self, dataset: &DatasetName, batch: RecordBatch) -> Result<(), Stopped> {
        if dataset.as_str() != "gtfs_stops" {
            return Ok(());
        }
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let number = |name: &str, row: usize| {
            let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
            column.is_valid(row).then(|| column.value(row))
        };
        let kind = |row: usize| {
            let column = batch
                .column_by_name("location_type")?
                .as_primitive_opt::<Int64Type>()?;
            column.is_valid(row).then(|| column.value(row))
        };
        for row in 0..batch.num_rows() {
            let place = number("stop_lon", row).zip(number("stop_lat", row));
            let (Some(id), Some((lon, lat)), 0) = (text("stop_id", row), place, kind(row).unwrap_or(0))
            else {
                continue;
            };
            self.found.push(Stop {
                id,
                source: self.feed.clone(),
                name: text("stop_name", row).unwrap_or_default(),
                lon,
                lat,
            });
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        *self.problems.entry(problem.code).or_insert(0) += 1;
        Ok(())
    }

    fn feed(&mut self, feed: &FeedId) -> Result<(), Stopped> {
        feed.as_str().clone_into(&mut self.feed);
        Ok(())
    }

    fn publish(&mut self, _: &[DatasetName]) -> Result<(), Stopped> {
        Ok(())
    }
}
