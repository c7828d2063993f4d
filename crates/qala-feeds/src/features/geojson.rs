//! GeoJSON (RFC 7946, and the `crs` of its forerunner): features into rows.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};
use qala_core::Position;
use qala_core::spec::{DatasetSpec, Mapping};
use serde_json::{Map, Value as Json};

use super::{Features, Projection};
use crate::archive::{Member, read_fault};
use crate::fault::{Fault, quote, whole};
use crate::table::cell::{Cell, Record};
use crate::table::jsonl::{self, Broken, Place, Receiver, asked, at, hide};
use crate::table::path::{self, Path};
use crate::table::plan::Columns;
use crate::table::record;
use crate::text::{Mark, is_utf16, mark};
use crate::{Context, Sink, Stopped};

/// Collections within collections.
const MAX_DEPTH: usize = 8;

/// Reads a file of features.
pub(super) fn file(
    member: Member<'_>,
    spec: &DatasetSpec,
    mapping: &Mapping,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let Member { name, inside, bytes } = member;
    let is_lines = match bytes.fill_buf() {
        Ok([]) => {
            let fault = Fault::new("empty", "the file is empty; check that it was fetched to its end");
            return sink.problem(whole(fault, inside, 0));
        }
        Ok(head) if mark(head) == Mark::Utf16 => return sink.problem(whole(is_utf16(), inside, 0)),
        Ok(head) => jsonl::is_lines_name(name) || jsonl::is_lines(head),
        Err(error) => return sink.problem(whole(read_fault(&error), inside, 0)),
    };
    let names = asked(spec, mapping);
    let mut collection = Collection {
        features: Features::new(spec, mapping, context, names, Columns::Open, inside),
        file: inside,
        has_own_crs: context.mapping.crs.is_some(),
        unknown_crs: None,
        is_begun: false,
    };
    if let Some(crs) = &context.mapping.crs {
        match Projection::parse(crs) {
            Ok(projection) => collection.features.projection = projection,
            Err(fault) => return sink.problem(whole(fault, inside, 0)),
        }
    }
    let place = (inside, context.selection.as_deref());
    if is_lines {
        jsonl::parse(bytes, true, place, &mut collection, sink)?;
    } else {
        let path = context.mapping.records.as_deref().unwrap_or("features[*]");
        match Path::parse(path) {
            Ok(path) => path::parse(bytes, &path, place, &mut collection, sink)?,
            Err(fault) => return sink.problem(whole(fault, inside, 0)),
        }
    }
    collection.features.finish(sink)
}

struct Collection<'a> {
    features: Features,
    file: Option<&'a str>,
    /// The mapping names a reference system, whatever the file says.
    has_own_crs: bool,
    /// The file names a reference system that is not known: where its features lie cannot be said.
    unknown_crs: Option<Fault>,
    is_begun: bool,
}

impl Receiver for Collection<'_> {
    fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        self.is_begun = true;
        let nothing = Map::new();
        let names = self.features.names.clone();
        let is_feature = object.contains_key("properties") || object.contains_key("geometry");
        let record = FeatureRecord {
            object,
            properties: object
                .get("properties")
                .and_then(Json::as_object)
                .unwrap_or(&nothing),
            names: &names,
            place,
        };
        let geometry = match (&self.unknown_crs, object.get("geometry")) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some(value)) => geometry(value, 0),
            // A bare geometry.
            (None, None) if !is_feature => geometry(&Json::Object(object.clone()), 0),
            (None, None) => Ok(None),
        };
        self.features.add(&record, geometry, sink)
    }

    fn broken(&mut self, fault: Fault, raw: &str, place: Place, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.features.rows.broken(fault, &Broken { raw, place }, sink)
    }

    fn wants(&self, key: &str) -> bool {
        key == "crs" && !self.has_own_crs
    }

    fn member(&mut self, _: &str, value: &Json, sink: &mut dyn Sink) -> Result<(), Stopped> {
        let name = value
            .pointer("/properties/name")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let projection = match Projection::parse(name) {
            Ok(projection) => projection,
            Err(fault) => {
                self.unknown_crs = Some(fault.clone());
                return sink.problem(whole(fault, self.file, 0));
            }
        };
        if projection.is_some() && self.is_begun {
            let message = format!(
                "the reference system {} stands behind the features, which were read as WGS 84; name it under `crs` of the mapping",
                quote(name.as_bytes())
            );
            return sink.problem(whole(Fault::new("unknown_crs", message), self.file, 0));
        }
        self.features.projection = projection;
        Ok(())
    }
}

/// A feature without its geometry.
struct FeatureRecord<'a> {
    object: &'a Map<String, Json>,
    properties: &'a Map<String, Json>,
    names: &'a [String],
    place: Place,
}

impl Record for FeatureRecord<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(name) = self.names.get(column) else {
            return Cell::Missing;
        };
        let value = if name == "@id" {
            self.object.get("id")
        } else {
            at(self.properties, name)
        };
        value.map_or(Cell::Missing, record::cell)
    }

    fn position(&self) -> Position {
        self.place.position(None)
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        let mut object = self.object.clone();
        if let Some(Json::Object(properties)) = object.get_mut("properties") {
            for (index, name) in self.names.iter().enumerate() {
                if personal(index) {
                    hide(properties, name);
                }
            }
        }
        serde_json::to_string(&object).ok()
    }
}

fn wrong(what: &str) -> Fault {
    Fault::new("bad_geometry", format!("the geometry cannot be read: {what}"))
}

fn coord(value: &Json) -> Result<Coord, Fault> {
    let numbers = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match (
        numbers.first().and_then(Json::as_f64),
        numbers.get(1).and_then(Json::as_f64),
    ) {
        (Some(x), Some(y)) => Ok(Coord { x, y }),
        _ => Err(wrong("a corner is no pair of numbers")),
    }
}

fn list<T>(value: &Json, one: impl Fn(&Json) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    let items = value
        .as_array()
        .ok_or_else(|| wrong("`coordinates` is no array of the right depth"))?;
    items.iter().map(one).collect()
}

fn line(value: &Json) -> Result<LineString, Fault> {
    list(value, coord).map(LineString)
}

fn polygon(value: &Json) -> Result<Polygon, Fault> {
    let mut rings = list(value, ring)?.into_iter();
    let outer = rings.next().unwrap_or(LineString(Vec::new()));
    Ok(Polygon::new(outer, rings.collect()))
}

/// A ring ends where it began; one that does not is no polygon's.
fn ring(value: &Json) -> Result<LineString, Fault> {
    let ring = line(value)?;
    if ring.0.len() >= 4 && ring.is_closed() {
        return Ok(ring);
    }
    Err(Fault::new(
        "invalid_geometry",
        "a ring of the polygon is not closed, or has fewer than four corners",
    ))
}

/// A geometry of GeoJSON; `None` is one that the feature does not have.
fn geometry(value: &Json, depth: usize) -> Result<Option<Geometry>, Fault> {
    if value.is_null() {
        return Ok(None);
    }
    let kind = value
        .get("type")
        .and_then(Json::as_str)
        .ok_or_else(|| wrong("it has no `type`"))?;
    let nothing = Json::Null;
    let inner = value.get("coordinates").unwrap_or(&nothing);
    Ok(Some(match kind {
        "Point" => Geometry::Point(Point(coord(inner)?)),
        "LineString" => Geometry::LineString(line(inner)?),
        "Polygon" => Geometry::Polygon(polygon(inner)?),
        "MultiPoint" => Geometry::MultiPoint(MultiPoint(list(inner, |at| coord(at).map(Point))?)),
        "MultiLineString" => Geometry::MultiLineString(MultiLineString(list(inner, line)?)),
        "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(list(inner, polygon)?)),
        "GeometryCollection" if depth < MAX_DEPTH => {
            let all = list(value.get("geometries").unwrap_or(&nothing), |one| {
                geometry(one, depth + 1)
            })?;
            Geometry::GeometryCollection(GeometryCollection(all.into_iter().flatten().collect()))
        }
        other => {
            return Err(wrong(&format!(
                "{} is no type of geometry",
                quote(other.as_bytes())
            )));
        }
    }))
}
