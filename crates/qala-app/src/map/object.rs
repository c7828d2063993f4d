//! One thing on the map, with its newest readings.

use std::sync::Arc;

use qala_core::spec::{DatasetSpec, Role};
use qala_core::{Text, Unit};
use qala_lake::{Query, collect};
use qala_tiles::{Form, parse};
use serde_json::{Map, Value};

use super::layer::{LayerSpec, NAMES, Place};
use super::load::{id_expression, instant, quoted};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::value::rows_json;

/// Readings that are told.
const READINGS: usize = 50;
/// How far back readings are looked for, µs: what is alive is found in the first window, which costs little.
const BACK: [i64; 2] = [3 * 3_600_000_000, 7 * 86_400_000_000];

/// A column of an object.
#[derive(Debug, Clone)]
pub struct Property {
    /// Column.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Unit.
    pub unit: Option<Unit>,
    /// Value.
    pub value: Value,
}

/// One thing on the map.
#[derive(Debug, Clone)]
pub struct FoundObject {
    /// Its name.
    pub title: Text,
    /// A place in it, degrees.
    pub location: Option<(f64, f64)>,
    /// The place of the hierarchy that it lies in.
    pub place: Option<String>,
    /// What is known of it.
    pub properties: Vec<Property>,
    /// Its newest readings.
    pub readings: Vec<Map<String, Value>>,
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Centre {
    /// One thing of a layer, as a reader sees it: its newest row.
    ///
    /// # Errors
    /// There is none; [`AppError::Forbidden`] where only counts may be seen; those of reading.
    pub async fn object(self: &Arc<Self>, layer: &str, id: &str, reader: &Reader) -> Result<FoundObject> {
        let layer = self.layer(layer)?;
        if !reader.sees_places(layer.spec) {
            return Err(AppError::Forbidden(
                "single rows of this layer are not for everybody; sign in".into(),
            ));
        }
        let condition = match id.strip_prefix('@').and_then(|seq| seq.parse::<i64>().ok()) {
            Some(seq) => format!("_seq = {seq}"),
            None => format!("{} = {}", id_expression(&layer), literal(id)),
        };
        let mut order = String::new();
        if let Some(column) = layer.time.or(layer.validity.map(|v| v.0)) {
            order = format!("{} DESC, ", quoted(column));
        }
        if let Place::Step(_, _, step) = layer.place {
            order = format!("{}, ", quoted(step));
        }
        let sql = format!(
            "SELECT * FROM {} WHERE {condition} ORDER BY {order}_seq DESC LIMIT 1",
            quoted(layer.spec.name.as_str())
        );
        let principal = self.catalogue(reader);
        let query = Query {
            principal: principal.clone(),
            ..Query::system(sql)
        };
        let (batches, _) = collect(&*self.engine, &query).await?;
        let row = rows_json(&batches, &self.zone).into_iter().next();
        let row = row.ok_or_else(|| {
            AppError::Usage(format!("there is no `{id}` in the layer `{}`", layer.spec.name))
        })?;
        let properties = layer
            .spec
            .columns
            .iter()
            .filter(|column| reader.sees(layer.spec, column) && column.role != Some(Role::Geometry))
            .filter_map(|column| {
                let value = row.get(&column.name).filter(|value| !value.is_null())?.clone();
                Some(Property {
                    name: column.name.clone(),
                    title: column.title.clone(),
                    unit: column.unit,
                    value,
                })
            })
            .collect();
        let text = |name: &str| row.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        let named = row.keys().map(String::as_str).filter(|name| super::is_name(name));
        let any = NAMES
            .into_iter()
            .chain(named)
            .find_map(text)
            .unwrap_or(id)
            .to_owned();
        let of = |name: &str| text(name).map_or_else(|| any.clone(), ToOwned::to_owned);
        Ok(FoundObject {
            title: Text {
                kk: of("name_kk"),
                ru: of("name_ru"),
                en: of("name_en"),
            },
            location: location(&layer, &row),
            place: text("place_id").map(ToOwned::to_owned),
            properties,
            readings: self.readings_of(&layer, &row, reader).await?,
        })
    }

    /// The newest reading of each quantity, from datasets of readings whose key names the object.
    async fn readings_of(
        &self,
        layer: &LayerSpec<'_>,
        row: &Map<String, Value>,
        reader: &Reader,
    ) -> Result<Vec<Map<String, Value>>> {
        let [column] = layer.id.as_slice() else {
            return Ok(Vec::new());
        };
        let Some(id) = row.get(*column).and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<Map<String, Value>> = Vec::new();
        let names_it = |spec: &&DatasetSpec| {
            let quantity = spec.role(Role::Quantity).is_some() && spec.role(Role::Value).is_some();
            quantity && spec.time().is_some() && spec.key.iter().any(|key| key == column)
        };
        for spec in self.lake.specs().into_iter().filter(names_it) {
            let (Some(time), Some(quantity)) = (spec.time(), spec.role(Role::Quantity)) else {
                continue;
            };
            let mut newest = Vec::new();
            for back in BACK {
                let since = instant(self.clock.now() - back);
                let sql = format!(
                    "SELECT * FROM {} WHERE {} = {} AND {} >= {since} ORDER BY {} DESC LIMIT 500",
                    quoted(spec.name.as_str()),
                    quoted(column),
                    literal(id),
                    quoted(&time.name),
                    quoted(&time.name),
                );
                let query = Query {
                    principal: self.catalogue(reader),
                    ..Query::system(sql)
                };
                let (batches, _) = collect(&*self.engine, &query).await?;
                newest = rows_json(&batches, &self.zone);
                if !newest.is_empty() {
                    break;
                }
            }
            let mut seen: Vec<String> = Vec::new();
            for mut reading in newest {
                let name = reading
                    .get(&quantity.name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                if seen.contains(&name) {
                    continue;
                }
                let unit = spec.quantities.get(&name).map(|q| q.unit.symbol());
                reading.insert("unit".into(), unit.into());
                reading.insert("dataset".into(), spec.name.to_string().into());
                seen.push(name);
                found.push(reading);
            }
        }
        found.truncate(READINGS);
        Ok(found)
    }
}

fn location(layer: &LayerSpec<'_>, row: &Map<String, Value>) -> Option<(f64, f64)> {
    let number = |name: &str| row.get(name)?.as_f64();
    match layer.place {
        Place::Degrees(lon, lat) | Place::Step(lon, lat, _) => number(lon).zip(number(lat)),
        Place::Text(column) => match parse(row.get(column)?.as_str()?)? {
            Form::Points(points) => points.first().copied(),
            Form::Lines(lines) => lines.first().and_then(|l| l.get(l.len() / 2)).copied(),
            Form::Areas(areas) => {
                let ring = areas.first()?.first()?;
                let n = ring.len() as f64;
                let sum = ring.iter().fold((0.0, 0.0), |a, p| (a.0 + p.0, a.1 + p.1));
                Some((sum.0 / n, sum.1 / n))
            }
        },
    }
}
