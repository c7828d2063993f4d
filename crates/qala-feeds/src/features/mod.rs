//! Import kinds of map data: `geojson`, `shapefile`, `geoparquet`. A feature is a record with a geometry.
//!
//! What belongs here: geometries, their reference systems and their checks. What does not: how columns are filled
//! (`table`), maps that are networks.

use geo::{Centroid, Coord, CoordsIter, Geometry, LineString, MapCoords, Polygon, Validation};
use qala_core::Position;
use qala_core::spec::{ColumnMap, DatasetSpec, Mapping, Role};

use crate::archive::each_file;
use crate::fault::{Fault, whole};
use crate::publish::Sets;
use crate::table::cell::{Cell, Record};
use crate::table::columnar::guarded;
use crate::table::plan::Columns;
use crate::table::row::Rows;
use crate::table::target;
use crate::{Context, FeedKind, Input, Sink, Stopped};

mod crs;
mod dbf;
mod geojson;
mod geoparquet;
mod prj;
mod shapefile;
mod wkt;

#[cfg(test)]
mod tests;

pub(crate) use crs::Projection;

/// Import kind `geojson`.
pub(crate) struct GeoJson;

/// Import kind `shapefile`.
pub(crate) struct Shapefile;

/// Import kind `geoparquet`.
pub(crate) struct GeoParquet;

impl FeedKind for GeoJson {
    fn name(&self) -> &'static str {
        "geojson"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        into_dataset(context, sink, &mut |spec, mapping, sink| {
            each_file(input, context, sink, &mut |member, sink| {
                geojson::file(member, spec, mapping, context, sink)
            })
        })
    }
}

impl FeedKind for Shapefile {
    fn name(&self) -> &'static str {
        "shapefile"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        into_dataset(context, sink, &mut |spec, mapping, sink| {
            let mut parts = shapefile::Parts::default();
            each_file(input, context, sink, &mut |member, sink| parts.take(member, sink))?;
            parts.read(spec, mapping, context, sink)
        })
    }
}

impl FeedKind for GeoParquet {
    fn name(&self) -> &'static str {
        "geoparquet"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        into_dataset(context, sink, &mut |spec, mapping, sink| {
            each_file(input, context, sink, &mut |member, sink| {
                geoparquet::file(member, spec, mapping, context, sink)
            })
        })
    }
}

/// Reads a payload into a dataset by a mapping.
type Read<'r> = dyn FnMut(&DatasetSpec, &Mapping, &mut dyn Sink) -> Result<(), Stopped> + 'r;

/// Reads with the mapping completed, and publishes a set that is whole.
fn into_dataset(context: &Context<'_>, sink: &mut dyn Sink, read: &mut Read<'_>) -> Result<(), Stopped> {
    let spec = match target(context) {
        Ok(spec) => spec,
        Err(fault) => return sink.problem(whole(fault, None, 0)),
    };
    let mut sets = Sets::new(sink, context.feed);
    read(spec, &completed(spec, context.mapping), &mut sets)?;
    sets.publish(spec)
}

/// The properties of a feature that are no attributes.
const PROPERTIES: [&str; 5] = ["@id", "@geometry", "@wkb", "@lon", "@lat"];

/// The mapping with the geometry in the columns that are made for it, unless it fills them otherwise. Its reference
/// system is taken out: it is the geometry's.
fn completed(spec: &DatasetSpec, mapping: &Mapping) -> Mapping {
    let mut mapping = Mapping {
        crs: None,
        ..mapping.clone()
    };
    for column in &spec.columns {
        let property = match column.role {
            Some(Role::Geometry) => "@geometry",
            Some(Role::Lon) => "@lon",
            Some(Role::Lat) => "@lat",
            _ => continue,
        };
        mapping
            .columns
            .entry(column.name.clone())
            .or_insert_with(|| ColumnMap {
                from: Some(property.to_owned()),
                ..ColumnMap::default()
            });
    }
    mapping
}

/// A geometry in the forms that were asked for.
#[derive(Debug, Default)]
struct Drawn {
    text: Option<String>,
    hex: Option<String>,
    centre: Option<(f64, f64)>,
}

/// A record with its geometry.
struct Feature<'a, R> {
    own: &'a R,
    names: &'a [String],
    drawn: &'a Drawn,
}

impl<R: Record> Record for Feature<'_, R> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let text = |text: &'_ Option<String>| text.clone().map_or(Cell::Missing, Cell::Owned);
        match self.names.get(column).map(String::as_str) {
            Some("@geometry") => text(&self.drawn.text),
            Some("@wkb") => text(&self.drawn.hex),
            Some("@lon") => self
                .drawn
                .centre
                .map_or(Cell::Missing, |(lon, _)| Cell::Float(lon)),
            Some("@lat") => self
                .drawn
                .centre
                .map_or(Cell::Missing, |(_, lat)| Cell::Float(lat)),
            _ => self.own.cell(column),
        }
    }

    fn position(&self) -> Position {
        self.own.position()
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        self.own.raw(personal)
    }
}

/// Features of one file on their way into a dataset.
struct Features {
    rows: Rows,
    names: Vec<String>,
    projection: Option<Projection>,
}

impl Features {
    fn new(
        spec: &DatasetSpec,
        mapping: &Mapping,
        context: &Context<'_>,
        names: Vec<String>,
        kind: Columns,
        file: Option<&str>,
    ) -> Self {
        Self {
            rows: Rows::new(spec, mapping, context, &names, kind, file),
            names,
            projection: None,
        }
    }

    /// Adds a feature, unless its geometry is none.
    fn add<R: Record>(
        &mut self,
        own: &R,
        geometry: Result<Option<Geometry>, Fault>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let drawn = geometry.and_then(|geometry| match geometry {
            None => Ok(Drawn::default()),
            Some(geometry) => self.drawn(geometry),
        });
        match drawn {
            Ok(drawn) => {
                let feature = Feature {
                    own,
                    names: &self.names,
                    drawn: &drawn,
                };
                self.rows.record(&feature, sink)
            }
            Err(fault) => self.rows.broken(fault, own, sink),
        }
    }

    fn drawn(&self, mut geometry: Geometry) -> Result<Drawn, Fault> {
        if let Some(projection) = &self.projection {
            geometry = geometry
                .try_map_coords(|coord| projection.degrees(coord.x, coord.y).map(|(x, y)| Coord { x, y }))?;
        }
        check(&geometry)?;
        let asked = |name: &str| self.names.iter().any(|asked| asked == name);
        let centre = || geometry.centroid().map(|point| (point.x(), point.y()));
        Ok(Drawn {
            text: asked("@geometry").then(|| wkt::text(&geometry)),
            hex: asked("@wkb").then(|| wkt::hex(&geometry)),
            centre: if asked("@lon") || asked("@lat") {
                centre()
            } else {
                None
            },
        })
    }

    fn finish(self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.rows.finish(sink)
    }
}

/// True when a ring comes to one of its corners again before its end, or turns back over its own line: a ring without
/// an area does. The foreign checks pass over some of these.
fn meets_itself(ring: &LineString) -> bool {
    let mut corners = ring.0.clone();
    corners.dedup();
    let turns_back = |three: &[Coord]| {
        let (before, after) = (three[1] - three[0], three[2] - three[1]);
        let (cross, along) = (
            before.x * after.y - before.y * after.x,
            before.x * after.x + before.y * after.y,
        );
        cross == 0.0 && along < 0.0
    };
    if corners.windows(3).any(turns_back) {
        return true;
    }
    corners.pop();
    let count = corners.len();
    let mut places: Vec<(u64, u64)> = corners.iter().map(|c| (c.x.to_bits(), c.y.to_bits())).collect();
    places.sort_unstable();
    places.dedup();
    places.len() < count
}

/// True when a ring of one of the geometry's polygons meets itself.
fn has_ring_that_meets_itself(geometry: &Geometry) -> bool {
    let of_polygon =
        |polygon: &Polygon| meets_itself(polygon.exterior()) || polygon.interiors().iter().any(meets_itself);
    match geometry {
        Geometry::Polygon(polygon) => of_polygon(polygon),
        Geometry::MultiPolygon(all) => all.iter().any(of_polygon),
        Geometry::GeometryCollection(all) => all.iter().any(has_ring_that_meets_itself),
        _ => false,
    }
}

/// Says what is wrong with a geometry in degrees, if anything.
fn check(geometry: &Geometry) -> Result<(), Fault> {
    for coord in geometry.coords_iter() {
        let is_on_earth = (-180.0..=180.0).contains(&coord.x) && (-90.0..=90.0).contains(&coord.y);
        if !is_on_earth {
            let message = format!(
                "the geometry has a corner at {} {}; degrees of WGS 84 are expected, longitude first; name the reference system under `crs` of the mapping",
                coord.x, coord.y
            );
            return Err(Fault::new("bad_coordinate", message));
        }
    }
    // The checks are foreign code over foreign corners: a slip there must not end the program.
    let found =
        guarded(|| Ok::<_, String>(geometry.check_validation().err().map(|error| error.to_string())))?;
    let meets = || has_ring_that_meets_itself(geometry).then(|| "a ring meets itself".to_owned());
    match found.or_else(meets) {
        None => Ok(()),
        Some(why) => {
            let message = format!(
                "the geometry is not valid ({why}); mend it at its source, such as with `ST_MakeValid`"
            );
            Err(Fault::new("invalid_geometry", message))
        }
    }
}
