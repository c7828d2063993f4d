//! Who and what lies in a circle.

use std::sync::Arc;

use qala_core::Text;
use qala_core::spec::{ColumnType, Role};
use qala_lake::{AsOf, Query, collect};
use serde_json::Value;

use super::layer::LayerSpec;
use super::load::quoted;
use super::tile::{FEWEST, Moment, in_cells};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Metres of a circle at most.
const LARGEST_M: f64 = 50_000.0;
/// Things of a layer that are named.
const NAMED: usize = 20;
/// Mean radius of the Earth, metres.
const EARTH_M: f64 = 6_371_008.8;

/// What of one layer lies in the circle.
#[derive(Debug, Clone)]
pub struct InsideLayer {
    /// Layer.
    pub layer: String,
    /// Title.
    pub title: Text,
    /// How many; absent when they are fewer than five and single rows may not be seen.
    pub count: Option<u64>,
    /// People in its rows, where each row counts people of its place, such as residents of a cell; absent when they are fewer
    /// than five.
    pub persons: Option<u64>,
    /// The nearest.
    pub items: Vec<NearItem>,
}

/// A thing in the circle.
#[derive(Debug, Clone)]
pub struct NearItem {
    /// Id in its layer.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Metres from the middle.
    pub distance_m: f64,
}

impl Centre {
    /// What lies within `radius_m` of a place, layer by layer; layers of which nothing does are left out.
    ///
    /// # Errors
    /// A place that is none; those of reading.
    pub async fn inside(
        self: &Arc<Self>,
        at: (f64, f64),
        radius_m: f64,
        moment: Moment,
        reader: &Reader,
    ) -> Result<Vec<InsideLayer>> {
        let (lon, lat) = at;
        if !(-180.0..=180.0).contains(&lon) || !(-85.0..=85.0).contains(&lat) {
            return Err(AppError::Usage("lon and lat are degrees".into()));
        }
        if !(0.0..=LARGEST_M).contains(&radius_m) {
            return Err(AppError::Usage(format!("radius_m is from 0 to {LARGEST_M}")));
        }
        let mut found = Vec::new();
        for layer in self.layer_specs() {
            let single = reader.sees_places(layer.spec);
            let drawn = self.drawn(&layer, moment, single).await?;
            let entry = |count, persons, items| InsideLayer {
                layer: layer.spec.name.to_string(),
                title: layer.spec.title.clone(),
                count,
                persons,
                items,
            };
            if !single {
                let count = in_cells(&drawn, at, radius_m);
                if !drawn.content.points.is_empty() {
                    found.push(entry(
                        (count >= u64::from(FEWEST)).then_some(count),
                        None,
                        Vec::new(),
                    ));
                }
                continue;
            }
            let content = &drawn.content;
            let (mut near, mut count) = content
                .points
                .near(lon, lat, radius_m, drawn.window.as_ref(), NAMED);
            let shapes = content.shapes.near(lon, lat, radius_m);
            count += shapes.len();
            if count == 0 {
                continue;
            }
            near.extend(shapes.into_iter().take(NAMED));
            near.sort_by(|a, b| a.1.total_cmp(&b.1));
            near.truncate(NAMED);
            let item = |(row, distance_m): (u32, f64)| NearItem {
                id: content.id(row),
                title: content.title(row),
                distance_m: (distance_m * 10.0).round() / 10.0,
            };
            let persons = self.persons(&layer, at, radius_m, moment).await?;
            found.push(entry(
                Some(count as u64),
                persons,
                near.into_iter().map(item).collect(),
            ));
        }
        Ok(found)
    }

    /// People in the rows of a layer within the circle, where each row counts people of its place, and nothing else is counted.
    async fn persons(
        &self,
        layer: &LayerSpec<'_>,
        (lon, lat): (f64, f64),
        radius_m: f64,
        moment: Moment,
    ) -> Result<Option<u64>> {
        let spec = layer.spec;
        let mut counted = spec.columns.iter().filter(|column| {
            let unit = column
                .unit
                .as_ref()
                .is_some_and(|unit| unit.symbol() == "persons");
            column.kind == ColumnType::Int && unit
        });
        let (Some(column), None) = (counted.next(), counted.next()) else {
            return Ok(None);
        };
        let (Some(x), Some(y)) = (spec.role(Role::Lon), spec.role(Role::Lat)) else {
            return Ok(None);
        };
        // What happened, or held for a time, is no number of people who are there.
        if layer.time.is_some() || layer.validity.is_some() {
            return Ok(None);
        }
        let as_of = match moment.as_of {
            Some(at) if at < self.clock.now() => Some(AsOf::Seq(self.known_at(at).await?)),
            _ => None,
        };
        let (x, y) = (quoted(&x.name), quoted(&y.name));
        let sql = format!(
            "SELECT CAST(sum({}) AS BIGINT) AS persons FROM {} WHERE {} >= asin(sqrt(power(sin(radians({y} - {lat}) / 2), 2) + \
             cos(radians({y})) * cos(radians({lat})) * power(sin(radians({x} - {lon}) / 2), 2)))",
            quoted(&column.name),
            quoted(spec.name.as_str()),
            radius_m / EARTH_M / 2.0,
        );
        let (batches, _) = collect(&*self.engine, &Query::system(sql).as_of(as_of)).await?;
        let rows = crate::value::rows_json(&batches, &self.zone);
        let persons = rows
            .first()
            .and_then(|row| row.get("persons"))
            .and_then(Value::as_u64);
        Ok(persons.filter(|persons| *persons >= u64::from(FEWEST)))
    }
}
