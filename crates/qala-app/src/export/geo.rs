//! Geometry of [GeoParquet 1.1](https://geoparquet.org/releases/v1.1.0/): well-known binary, little endian, WGS 84.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, RecordBatch};
use arrow::datatypes::Float64Type;
use qala_tiles::{Form, parse};

/// The column that holds it.
pub(super) const COLUMN: &str = "geometry";

/// Columns that hold the place.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Longitude and latitude.
    Degrees(String, String),
    /// Well-known text.
    Text(String),
}

/// What the file says of the column. Without `crs` it is longitude and latitude of WGS 84.
pub(super) fn metadata() -> String {
    serde_json::json!({
        "version": "1.1.0",
        "primary_column": COLUMN,
        "columns": {COLUMN: {"encoding": "WKB", "geometry_types": []}},
    })
    .to_string()
}

/// The geometry of each row.
pub(super) fn column(batch: &RecordBatch, place: &Place) -> ArrayRef {
    let mut builder = BinaryBuilder::new();
    for row in 0..batch.num_rows() {
        match form(batch, place, row) {
            Some(form) => builder.append_value(bytes(&form)),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn form(batch: &RecordBatch, place: &Place, row: usize) -> Option<Form> {
    match place {
        Place::Text(name) => {
            let array = batch.column_by_name(name)?.as_string_opt::<i32>()?;
            array.is_valid(row).then(|| parse(array.value(row)))?
        }
        Place::Degrees(lon, lat) => {
            let number = |name: &str| {
                let array = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
                array.is_valid(row).then(|| array.value(row))
            };
            Some(Form::Points(vec![(number(lon)?, number(lat)?)]))
        }
    }
}

/// Well-known binary of a geometry.
pub(super) fn bytes(form: &Form) -> Vec<u8> {
    let mut out = Vec::new();
    let head = |out: &mut Vec<u8>, kind: u32| {
        out.push(1);
        out.extend(kind.to_le_bytes());
    };
    let places = |out: &mut Vec<u8>, places: &[(f64, f64)]| {
        for (x, y) in places {
            out.extend(x.to_le_bytes());
            out.extend(y.to_le_bytes());
        }
    };
    let line = |out: &mut Vec<u8>, line: &[(f64, f64)]| {
        out.extend((line.len() as u32).to_le_bytes());
        places(out, line);
    };
    let area = |out: &mut Vec<u8>, rings: &[Vec<(f64, f64)>]| {
        out.extend((rings.len() as u32).to_le_bytes());
        for ring in rings {
            line(out, ring);
        }
    };
    let many = |out: &mut Vec<u8>, kind: u32, n: usize| {
        if n != 1 {
            head(out, kind + 3);
            out.extend((n as u32).to_le_bytes());
        }
    };
    match form {
        Form::Points(points) => {
            many(&mut out, 1, points.len());
            for point in points {
                head(&mut out, 1);
                places(&mut out, &[*point]);
            }
        }
        Form::Lines(lines) => {
            many(&mut out, 2, lines.len());
            for one in lines {
                head(&mut out, 2);
                line(&mut out, one);
            }
        }
        Form::Areas(areas) => {
            many(&mut out, 3, areas.len());
            for one in areas {
                head(&mut out, 3);
                area(&mut out, one);
            }
        }
    }
    out
}
