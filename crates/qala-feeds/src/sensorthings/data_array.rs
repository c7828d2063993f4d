//! Observations as rows of values: `CreateObservations` and `$resultFormat=dataArray` (clause 12).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::body::{Child, link_of};
use super::observation::NewObservation;
use crate::sensorthings::{Entity, Refusal};

/// Rows of one body.
const MOST_ROWS: usize = 1_000_000;

/// Reads the body of `CreateObservations`: each row by itself, in order.
///
/// # Errors
/// A body of another form; a component that is unknown.
pub fn read(body: &Value, now: i64) -> Result<Vec<Result<NewObservation, Refusal>>, Refusal> {
    let groups = body.as_array().ok_or_else(|| {
        Refusal::wrong("CreateObservations takes an array of {Datastream, components, dataArray}")
    })?;
    let mut out = Vec::new();
    for group in groups {
        let datastream = group
            .get("Datastream")
            .and_then(link_of)
            .ok_or_else(|| Refusal::wrong("each element needs its `Datastream` as {\"@iot.id\": …}"))?;
        let components: Option<Vec<&str>> = group
            .get("components")
            .and_then(Value::as_array)
            .and_then(|names| names.iter().map(Value::as_str).collect());
        let components =
            components.ok_or_else(|| Refusal::wrong("`components` must be an array of names"))?;
        for name in &components {
            let is_known = matches!(*name, "FeatureOfInterest/id" | "FeatureOfInterest/@iot.id" | "id")
                || Entity::Observation.property(name).is_some();
            if !is_known {
                return Err(Refusal::unknown(Entity::Observation, name));
            }
        }
        let rows = group
            .get("dataArray")
            .and_then(Value::as_array)
            .ok_or_else(|| Refusal::wrong("`dataArray` must be an array of rows"))?;
        if out.len() + rows.len() > MOST_ROWS {
            return Err(Refusal::Wrong(format!(
                "at most {MOST_ROWS} observations are taken at once; send them in parts"
            )));
        }
        out.extend(rows.iter().map(|row| one(row, &components, datastream, now)));
    }
    Ok(out)
}

fn one(row: &Value, components: &[&str], datastream: i64, now: i64) -> Result<NewObservation, Refusal> {
    let values = row
        .as_array()
        .filter(|values| values.len() == components.len())
        .ok_or_else(|| Refusal::wrong("a row has as many values as there are components"))?;
    let mut body = Map::new();
    let mut feature = None;
    for (name, value) in components.iter().zip(values) {
        if name.starts_with("FeatureOfInterest/") {
            feature = value.as_i64();
            if feature.is_none() && !value.is_null() {
                return Err(Refusal::wrong("`FeatureOfInterest/id` must be a whole number"));
            }
        } else {
            body.insert((*name).to_owned(), value.clone());
        }
    }
    let mut new = NewObservation::read(&Value::Object(body), now)?;
    new.datastream = Some(Child::Link(datastream));
    new.feature = feature.map(Child::Link);
    Ok(new)
}

/// Observations as rows, by datastream: each with the datastream's id and the observation's own members.
pub fn write(base: &str, observations: Vec<(i64, Map<String, Value>)>) -> Vec<Value> {
    let mut groups: BTreeMap<i64, Vec<Map<String, Value>>> = BTreeMap::new();
    for (datastream, observation) in observations {
        groups.entry(datastream).or_default().push(observation);
    }
    let names: Vec<&str> = Entity::Observation
        .properties()
        .iter()
        .map(|property| property.name)
        .collect();
    groups
        .into_iter()
        .map(|(datastream, rows)| {
            let used = names
                .iter()
                .filter(|name| rows.iter().any(|row| row.contains_key(**name)));
            let mut components = vec!["@iot.id"];
            components.extend(used);
            let values: Vec<Vec<Value>> = rows
                .iter()
                .map(|row| {
                    let value = |name: &&str| row.get(*name).cloned().unwrap_or(Value::Null);
                    components.iter().map(value).collect()
                })
                .collect();
            let shown: Vec<&str> = components
                .iter()
                .map(|name| if *name == "@iot.id" { "id" } else { *name })
                .collect();
            json!({
                "Datastream@iot.navigationLink": format!("{base}/Datastreams({datastream})"),
                "components": shown,
                "dataArray@iot.count": values.len(),
                "dataArray": values,
            })
        })
        .collect()
}
