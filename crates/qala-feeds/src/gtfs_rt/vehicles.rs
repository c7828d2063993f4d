//! Vehicle positions.

use super::message::VehiclePosition;
use super::{Reader, Table, float, shown, start_date, start_time};
use crate::batch::Value;
use crate::fault::Fault;
use crate::{Sink, Stopped};

/// The dataset that is filled.
pub(super) const DATASET: &str = "transit_vehicle_positions";

/// Its columns, in the order of [`row`].
pub(super) const COLUMNS: &[&str] = &[
    "vehicle_id",
    "t",
    "trip_id",
    "route_id",
    "direction_id",
    "start_date",
    "start_time",
    "trip_schedule_relationship",
    "lat",
    "lon",
    "bearing",
    "speed",
    "odometer",
    "stop_id",
    "current_stop_sequence",
    "current_status",
    "congestion_level",
    "occupancy_status",
    "occupancy_percentage",
    "label",
    "license_plate",
];

/// Adds the row of an entity.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &mut Table,
    (number, id): (usize, &str),
    vehicle: &VehiclePosition,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let row = row(reader, id, vehicle);
    let raw = || {
        let mut seen = vehicle.clone();
        let plate = seen
            .vehicle
            .as_mut()
            .and_then(|descriptor| descriptor.license_plate.take());
        shown(id, &seen, plate.as_ref())
    };
    reader.put(table, number, row, raw, sink)
}

fn row<'v>(reader: &Reader<'_>, id: &'v str, vehicle: &'v VehiclePosition) -> Result<Vec<Value<'v>>, Fault> {
    let trip = vehicle.trip.as_ref();
    let descriptor = vehicle.vehicle.as_ref();
    let vehicle_id = descriptor
        .and_then(|d| d.id.as_deref())
        .filter(|id| !id.is_empty())
        .unwrap_or(id);
    if vehicle_id.is_empty() {
        let message = "neither the vehicle nor the entity has an id";
        return Err(Fault::new("missing_value", message).of("vehicle.id"));
    }
    let point = vehicle.position.as_ref();
    let (Some(point), Some(latitude), Some(longitude)) = (
        point,
        point.and_then(|p| p.latitude),
        point.and_then(|p| p.longitude),
    ) else {
        let message = "the vehicle has no position; send latitude and longitude";
        return Err(Fault::new("missing_position", message).of("position"));
    };
    let word = |word: Option<&'v String>| Value::text_or_null(word.map(String::as_str));
    Ok(vec![
        Value::text(vehicle_id),
        Value::Time(reader.time(vehicle.timestamp)?),
        word(trip.and_then(|trip| trip.trip_id.as_ref())),
        word(trip.and_then(|trip| trip.route_id.as_ref())),
        Value::int_or_null(trip.and_then(|trip| trip.direction_id).map(i64::from)),
        start_date(trip)?,
        start_time(trip)?,
        Value::int_or_null(trip.and_then(|trip| trip.schedule_relationship).map(i64::from)),
        Value::Float(f64::from(latitude)),
        Value::Float(f64::from(longitude)),
        float(point.bearing),
        float(point.speed),
        point.odometer.map_or(Value::Null, Value::Float),
        word(vehicle.stop_id.as_ref()),
        Value::int_or_null(vehicle.current_stop_sequence.map(i64::from)),
        Value::int_or_null(vehicle.current_status.map(i64::from)),
        Value::int_or_null(vehicle.congestion_level.map(i64::from)),
        Value::int_or_null(vehicle.occupancy_status.map(i64::from)),
        Value::int_or_null(vehicle.occupancy_percentage.map(i64::from)),
        word(descriptor.and_then(|d| d.label.as_ref())),
        word(descriptor.and_then(|d| d.license_plate.as_ref())),
    ])
}
