//! Hexagonal cells in SQL: H3 indexes as text of 15 hexadecimal digits.
//!
//! Coordinates are degrees of WGS 84, longitude first. Geometry beyond cells belongs to geodatafusion's
//! functions.

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, StringBuilder};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarUDF};
use h3o::{CellIndex, LatLng, Resolution};

use super::scalar::{Arguments, Column, Definition, Function, Takes, Text};

static SECTION: DocSection = DocSection {
    include: true,
    label: "Hexagonal cells",
    description: Some("Cells of the H3 grid (https://h3geo.org), written as 15 hexadecimal digits."),
};

const CELL: (&str, Takes, &str) = ("cell", Takes::Text, "an H3 cell, such as '8920e60a09bffff'");
const RESOLUTION: (&str, Takes, &str) = (
    "res",
    Takes::Integer,
    "0 (largest, 4.4 million km²) to 15 (smallest, 0.9 m²); 9 is 0.1 km²",
);

/// The functions of hexagonal cells.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    definitions()
        .into_iter()
        .map(|definition| Arc::new(ScalarUDF::new_from_impl(Function::new(&SECTION, definition))))
        .collect()
}

fn definitions() -> [Definition; 7] {
    [
        Definition {
            name: "h3_cell",
            arguments: &[
                ("lon", Takes::Float, "longitude in degrees, -180 to 180"),
                ("lat", Takes::Float, "latitude in degrees, -90 to 90"),
                RESOLUTION,
            ],
            returns: DataType::Utf8,
            description: "Returns the cell that holds a point, in lower case. NULL for NULL and for \
                coordinates out of range; a resolution outside 0 to 15 is an error.",
            example: "SELECT h3_cell(76.8897, 43.2389, 9);",
            body: cell,
        },
        Definition {
            name: "h3_parent",
            arguments: &[CELL, RESOLUTION],
            returns: DataType::Utf8,
            description: "Returns the cell of a coarser (or the same) resolution that a cell belongs to. \
                NULL for NULL, for text that is not a cell and for a finer resolution; one outside 0 to 15 \
                is an error.",
            example: "SELECT h3_parent('8920e60a09bffff', 7);",
            body: parent,
        },
        Definition {
            name: "h3_lon",
            arguments: &[CELL],
            returns: DataType::Float64,
            description: "Returns the longitude of a cell's centre in degrees. NULL for NULL and for text \
                that is not a cell.",
            example: "SELECT h3_lon('8920e60a09bffff');",
            body: |arguments| centre(arguments, LatLng::lng),
        },
        Definition {
            name: "h3_lat",
            arguments: &[CELL],
            returns: DataType::Float64,
            description: "Returns the latitude of a cell's centre in degrees. NULL for NULL and for text \
                that is not a cell.",
            example: "SELECT h3_lat('8920e60a09bffff');",
            body: |arguments| centre(arguments, LatLng::lat),
        },
        Definition {
            name: "h3_boundary_wkt",
            arguments: &[CELL],
            returns: DataType::Utf8,
            description: "Returns a cell's outline as a WKT polygon, longitude before latitude in degrees, \
                counter-clockwise and closed. A cell across the 180th meridian has longitudes of both \
                signs. NULL for NULL and for text that is not a cell.",
            example: "SELECT st_geomfromtext(h3_boundary_wkt('8920e60a09bffff'));",
            body: boundary_wkt,
        },
        Definition {
            name: "h3_resolution",
            arguments: &[CELL],
            returns: DataType::Int32,
            description: "Returns a cell's resolution, 0 to 15. NULL for NULL and for text that is not a \
                cell.",
            example: "SELECT h3_resolution('8920e60a09bffff');",
            body: resolution,
        },
        Definition {
            name: "h3_distance",
            arguments: &[
                CELL,
                ("other", Takes::Text, "another cell of the same resolution"),
            ],
            returns: DataType::Int32,
            description: "Returns the number of steps between two cells on the grid. NULL for NULL, for \
                text that is not a cell, and where the grid gives no answer: resolutions that differ, \
                cells too far apart, and some pairs beside a pentagon.",
            example: "SELECT h3_distance('8920e60a09bffff', '8920e601243ffff');",
            body: distance,
        },
    ]
}

fn resolution_of(number: i64) -> Result<Resolution> {
    let known = u8::try_from(number)
        .ok()
        .and_then(|small| Resolution::try_from(small).ok());
    let Some(resolution) = known else {
        return exec_err!("{number} is not an H3 resolution; resolutions are 0 to 15");
    };
    Ok(resolution)
}

fn cell_of(text: Option<&str>) -> Option<CellIndex> {
    // The parser of integers would take a plus sign.
    text.filter(|text| !text.starts_with('+'))?.parse().ok()
}

/// The cells of a text argument; a constant is parsed once.
fn cells(arguments: &Arguments, index: usize) -> Result<Vec<Option<CellIndex>>> {
    let texts = arguments.text(index)?;
    if let Text::Constant(text) = &texts {
        return Ok(vec![cell_of(text.as_deref()); arguments.rows]);
    }
    Ok((0..arguments.rows).map(|row| cell_of(texts.get(row))).collect())
}

/// Writes cells as text, 15 digits each.
fn text_column(rows: usize, mut cell: impl FnMut(usize) -> Result<Option<CellIndex>>) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(rows, rows * 15);
    for row in 0..rows {
        match cell(row)? {
            Some(cell) => builder.append_value(hexadecimal(cell, &mut [0; 15])),
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// A cell as 15 lower-case digits; the highest digit of the 64 bits is always zero.
fn hexadecimal(cell: CellIndex, digits: &mut [u8; 15]) -> &str {
    let bits = u64::from(cell);
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(bits >> (4 * place) & 15) as usize];
    }
    str::from_utf8(digits).unwrap_or_default()
}

fn cell(arguments: &Arguments) -> Result<ArrayRef> {
    let (lon, lat, res) = (arguments.column(0)?, arguments.column(1)?, arguments.column(2)?);
    let (lon, lat) = (Column::<Float64Type>::of(&lon)?, Column::<Float64Type>::of(&lat)?);
    let res = Column::<Int64Type>::of(&res)?;
    text_column(arguments.rows, |row| {
        let (Some(lon), Some(lat), Some(res)) = (lon.get(row), lat.get(row), res.get(row)) else {
            return Ok(None);
        };
        let resolution = resolution_of(res)?;
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return Ok(None);
        }
        Ok(LatLng::new(lat, lon).ok().map(|point| point.to_cell(resolution)))
    })
}

fn parent(arguments: &Arguments) -> Result<ArrayRef> {
    let cells = cells(arguments, 0)?;
    let res = arguments.column(1)?;
    let res = Column::<Int64Type>::of(&res)?;
    text_column(arguments.rows, |row| {
        let Some(resolution) = res.get(row).map(resolution_of).transpose()? else {
            return Ok(None);
        };
        Ok(cells[row].and_then(|cell| cell.parent(resolution)))
    })
}

fn centre(arguments: &Arguments, side: fn(LatLng) -> f64) -> Result<ArrayRef> {
    let cells = cells(arguments, 0)?.into_iter();
    Ok(Arc::new(
        cells
            .map(|cell| cell.map(|cell| side(LatLng::from(cell))))
            .collect::<Float64Array>(),
    ))
}

fn resolution(arguments: &Arguments) -> Result<ArrayRef> {
    let cells = cells(arguments, 0)?.into_iter();
    Ok(Arc::new(
        cells
            .map(|cell| cell.map(|cell| i32::from(u8::from(cell.resolution()))))
            .collect::<Int32Array>(),
    ))
}

fn distance(arguments: &Arguments) -> Result<ArrayRef> {
    let pairs = cells(arguments, 0)?.into_iter().zip(cells(arguments, 1)?);
    let steps = pairs.map(|(from, to)| from.zip(to).and_then(|(from, to)| from.grid_distance(to).ok()));
    Ok(Arc::new(steps.collect::<Int32Array>()))
}

fn boundary_wkt(arguments: &Arguments) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(arguments.rows, arguments.rows * 280);
    let mut line = String::new();
    for cell in cells(arguments, 0)? {
        let Some(cell) = cell else {
            builder.append_null();
            continue;
        };
        let boundary = cell.boundary();
        line.clear();
        line.push_str("POLYGON((");
        for (index, corner) in boundary.iter().chain(boundary.first()).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(line, "{comma}{} {}", corner.lng(), corner.lat())
                .map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        }
        line.push_str("))");
        builder.append_value(&line);
    }
    Ok(Arc::new(builder.finish()))
}
