//! Observations as readings of a city's dataset, so that indicators see what devices send.
//!
//! A datastream says so in its `properties`: `"qala:dataset": "air_readings"`, `"qala:quantity": "pm25"` and
//! `"qala:object": "station-7"`. The unit is the symbol of its `unitOfMeasurement`. What does not fit is refused when the
//! datastream is made or changed, not when the first value comes.

use qala_core::spec::{Column, ColumnType, Kind, Quantity, Role};
use qala_core::{Problem, Unit};
use qala_feeds::Convert;
use qala_feeds::sensorthings::{Observation, Record, Refusal};
use qala_lake::Lake;
use serde_json::{Map, Value};

/// Where observations of a datastream go besides.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Dataset.
    pub(super) dataset: qala_core::DatasetName,
    object: (String, String),
    quantity: (String, String),
    time: String,
    value: String,
    convert: Convert,
    bounds: Quantity,
}

impl Rule {
    /// The rule of a datastream, if it has one.
    ///
    /// # Errors
    /// A dataset, quantity or unit that is not known or does not fit.
    pub(super) fn of(record: &Record, lake: &Lake) -> Result<Option<Self>, Refusal> {
        let word = |name: &str| record.body.get("properties")?.get(name)?.as_str();
        let (Some(dataset), Some(quantity), Some(object)) =
            (word("qala:dataset"), word("qala:quantity"), word("qala:object"))
        else {
            return if word("qala:dataset").is_some() {
                Err(Refusal::wrong(
                    "a datastream with `qala:dataset` needs `qala:quantity` and `qala:object` too, as text",
                ))
            } else {
                Ok(None)
            };
        };
        let dataset = lake
            .dataset(dataset)
            .map_err(|error| Refusal::Wrong(format!("`qala:dataset`: {error}")))?;
        let spec = &dataset.spec;
        let first = spec.key.first().and_then(|name| spec.column(name));
        let object_column = first.filter(|c| c.kind == ColumnType::Text && c.role != Some(Role::Quantity));
        let role = |role: Role| spec.role(role);
        let value = role(Role::Value).filter(|column| column.kind == ColumnType::Float);
        let (Some(object_column), Some(quantity_column), Some(value), Some(time), Kind::Event) =
            (object_column, role(Role::Quantity), value, spec.time(), spec.kind)
        else {
            return Err(Refusal::Wrong(format!(
                "`qala:dataset`: {} does not hold readings of an object, a quantity and a number",
                spec.name
            )));
        };
        let bounds = spec.quantities.get(quantity).ok_or_else(|| {
            let near = qala_core::spec::nearest(quantity, spec.quantities.keys().map(String::as_str));
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Refusal::Wrong(format!(
                "`qala:quantity`: {} has no `{quantity}`{hint}",
                spec.name
            ))
        })?;
        let unit = record
            .body
            .get("unitOfMeasurement")
            .and_then(|unit| unit.get("symbol"));
        let unit = unit.and_then(Value::as_str).unwrap_or_default();
        let convert = Unit::parse(unit)
            .and_then(|unit| Convert::new(&unit, &bounds.unit))
            .map_err(|error| Refusal::Wrong(format!("`unitOfMeasurement`: {error}")))?;
        let named = |column: &Column| column.name.clone();
        Ok(Some(Self {
            dataset: spec.name.clone(),
            object: (named(object_column), object.to_owned()),
            quantity: (named(quantity_column), quantity.to_owned()),
            time: named(time),
            value: named(value),
            convert,
            bounds: bounds.clone(),
        }))
    }

    /// The key of the reading that an observation makes.
    pub(super) fn key(&self, observation: &Observation) -> Map<String, Value> {
        let text = |pair: &(String, String)| (pair.0.clone(), Value::String(pair.1.clone()));
        let time = (self.time.clone(), observation.phenomenon.start.into());
        [text(&self.object), text(&self.quantity), time]
            .into_iter()
            .collect()
    }

    /// The reading that an observation makes.
    ///
    /// # Errors
    /// A result that is no number, or not a plausible one: for quarantine.
    pub(super) fn row(&self, observation: &Observation) -> Result<Map<String, Value>, Box<Problem>> {
        let reject = |code: &str, message: String| {
            let raw = Value::Object(observation.json()).to_string();
            let problem = Problem::rejected(code, message, Some(self.dataset.clone()), 1);
            Err(Box::new(problem.with_raw(raw)))
        };
        let Some(number) = observation.result.as_f64() else {
            return reject("bad_number", "the result is not a number".into());
        };
        let value = self.convert.apply(number);
        let (low, high) = (self.bounds.min, self.bounds.max);
        if low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high) {
            let message = format!(
                "{value} {} is out of range for {}",
                self.bounds.unit.symbol(),
                self.quantity.1
            );
            return reject("out_of_range", message);
        }
        let mut row = self.key(observation);
        row.insert(self.value.clone(), value.into());
        Ok(row)
    }
}
