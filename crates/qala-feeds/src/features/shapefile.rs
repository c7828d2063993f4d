//! Shapefiles: the parts of each, its shapes, and the way to rows.

use std::collections::BTreeMap;
use std::io::Cursor;

use geo::{Contains, Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use qala_core::Position;
use qala_core::spec::{DatasetSpec, Mapping};
use serde_json::{Map, Value as Json};
use shapefile::{PolygonRing, Shape, ShapeReader};

use super::dbf::Table;
use super::{Features, PROPERTIES, Projection};
use crate::archive::{Member, read_fault};
use crate::fault::{Fault, PERSONAL, whole};
use crate::table::cell::{Cell, Record};
use crate::table::columnar::guarded;
use crate::table::plan::Columns;
use crate::{Context, Sink, Stopped};

/// The endings of the parts that are read.
const ENDINGS: [&str; 4] = ["shp", "dbf", "prj", "cpg"];

/// The parts of shapefiles by the path without its ending.
#[derive(Default)]
pub(super) struct Parts {
    by_stem: BTreeMap<String, BTreeMap<&'static str, Vec<u8>>>,
}

impl Parts {
    /// Takes a member of the archive, if it is a part of a shapefile.
    pub(super) fn take(
        &mut self,
        Member { name, inside, bytes }: Member<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let path = inside.unwrap_or(name);
        let Some((stem, ending)) = path.rsplit_once('.') else {
            return Ok(());
        };
        let Some(part) = ENDINGS
            .into_iter()
            .find(|known| ending.eq_ignore_ascii_case(known))
        else {
            return Ok(());
        };
        let mut all = Vec::new();
        if let Err(error) = bytes.read_to_end(&mut all) {
            return sink.problem(whole(read_fault(&error), inside, 0));
        }
        self.by_stem.entry(stem.to_owned()).or_default().insert(part, all);
        Ok(())
    }

    /// Reads every shapefile that was found.
    pub(super) fn read(
        self,
        spec: &DatasetSpec,
        mapping: &Mapping,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut is_empty = true;
        for (stem, mut parts) in self.by_stem {
            let Some(shapes) = parts.remove("shp") else {
                continue;
            };
            is_empty = false;
            let file = format!("{stem}.shp");
            if let Err(fault) = one(shapes, &mut parts, (spec, mapping, context), &file, sink)? {
                sink.problem(whole(fault, Some(&file), 0))?;
            }
        }
        if is_empty {
            let message = "there is no .shp file; a shapefile is a zip archive of .shp, .dbf, .prj and .cpg";
            sink.problem(whole(Fault::new("empty", message), None, 0))?;
        }
        Ok(())
    }
}

/// A row of the attribute table.
struct Row<'a> {
    cells: Vec<String>,
    names: &'a [String],
    number: u64,
}

impl Record for Row<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        if self.names.get(column).map(String::as_str) == Some("@id") {
            return Cell::Int(i64::try_from(self.number).unwrap_or(i64::MAX));
        }
        self.cells
            .get(column)
            .map_or(Cell::Missing, |text| Cell::Text(text.as_bytes()))
    }

    fn position(&self) -> Position {
        Position {
            record: Some(self.number),
            ..Position::default()
        }
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        let pairs = self.cells.iter().enumerate().map(|(index, cell)| {
            let text = if personal(index) { PERSONAL } else { cell.as_str() };
            let name = self.names.get(index).cloned().unwrap_or_default();
            (name, Json::String(text.to_owned()))
        });
        serde_json::to_string(&pairs.collect::<Map<_, _>>()).ok()
    }
}

type Target<'a> = (&'a DatasetSpec, &'a Mapping, &'a Context<'a>);

fn one(
    shapes: Vec<u8>,
    parts: &mut BTreeMap<&'static str, Vec<u8>>,
    (spec, mapping, context): Target<'_>,
    file: &str,
    sink: &mut dyn Sink,
) -> Result<Result<(), Fault>, Stopped> {
    let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let cpg = text(parts.remove("cpg"));
    let prj = text(parts.remove("prj"));
    let table = match parts
        .remove("dbf")
        .map(|bytes| Table::open(bytes, cpg.as_deref(), mapping.encoding))
    {
        None => None,
        Some(Ok(table)) => Some(table),
        Some(Err(fault)) => return Ok(Err(fault)),
    };
    let projection = match projection(context.mapping.crs.as_deref(), prj.as_deref(), file, sink)? {
        Ok(projection) => projection,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut reader = match guarded(|| ShapeReader::new(Cursor::new(shapes))) {
        Ok(reader) => reader,
        Err(fault) => return Ok(Err(fault)),
    };
    let fields = table
        .iter()
        .flat_map(|table| table.fields.iter().map(|field| field.name.clone()));
    let names: Vec<String> = fields.chain(PROPERTIES.map(str::to_owned)).collect();
    let mut features = Features::new(spec, mapping, context, names.clone(), Columns::Fixed, Some(file));
    features.projection = projection;
    features.rows.introduce(sink)?;
    let mut shapes = reader.iter_shapes();
    let mut number = 0_usize;
    loop {
        let shape = match guarded(|| shapes.next().transpose()) {
            Ok(Some(shape)) => shape,
            Ok(None) => break,
            Err(fault) => {
                let rest = table
                    .as_ref()
                    .map_or(0, |table| table.count.saturating_sub(number));
                sink.problem(whole(fault, Some(file), rest as u64))?;
                break;
            }
        };
        if !table.as_ref().is_some_and(|table| table.is_deleted(number)) {
            let row = Row {
                cells: table
                    .as_ref()
                    .map(|table| table.cells(number))
                    .unwrap_or_default(),
                names: &names,
                number: number as u64,
            };
            features.add(&row, geometry(&shape), sink)?;
        }
        number += 1;
    }
    features.finish(sink).map(Ok)
}

/// The way to degrees: the mapping's, that of the `.prj` file, or none.
fn projection(
    mapping: Option<&str>,
    prj: Option<&str>,
    file: &str,
    sink: &mut dyn Sink,
) -> Result<Result<Option<Projection>, Fault>, Stopped> {
    if let Some(crs) = mapping.or(prj) {
        return Ok(Projection::parse(crs));
    }
    let message = "there is no .prj file, so the coordinates are read as degrees of WGS 84; `crs` of the mapping names another system";
    let position = Position {
        file: Some(file.to_owned()),
        ..Position::default()
    };
    sink.problem(Fault::new("guessed_crs", message).warn(None, position))?;
    Ok(Ok(None))
}

fn geometry(shape: &Shape) -> Result<Option<Geometry>, Fault> {
    let geometry = match shape {
        Shape::NullShape => return Ok(None),
        Shape::Point(at) => Geometry::Point(Point::new(at.x, at.y)),
        Shape::PointM(at) => Geometry::Point(Point::new(at.x, at.y)),
        Shape::PointZ(at) => Geometry::Point(Point::new(at.x, at.y)),
        Shape::Multipoint(all) => points(all.points(), |p| (p.x, p.y)),
        Shape::MultipointM(all) => points(all.points(), |p| (p.x, p.y)),
        Shape::MultipointZ(all) => points(all.points(), |p| (p.x, p.y)),
        Shape::Polyline(all) => lines(all.parts(), |p| (p.x, p.y)),
        Shape::PolylineM(all) => lines(all.parts(), |p| (p.x, p.y)),
        Shape::PolylineZ(all) => lines(all.parts(), |p| (p.x, p.y)),
        Shape::Polygon(all) => polygons(all.rings(), |p| (p.x, p.y)),
        Shape::PolygonM(all) => polygons(all.rings(), |p| (p.x, p.y)),
        Shape::PolygonZ(all) => polygons(all.rings(), |p| (p.x, p.y)),
        Shape::Multipatch(_) => {
            return Err(Fault::new(
                "bad_geometry",
                "the shape is a multipatch of a solid; export the ground plan as polygons",
            ));
        }
    };
    Ok(Some(geometry))
}

fn line<P>(part: &[P], xy: impl Fn(&P) -> (f64, f64)) -> LineString {
    LineString(part.iter().map(|p| Coord::from(xy(p))).collect())
}

fn points<P>(all: &[P], xy: impl Fn(&P) -> (f64, f64)) -> Geometry {
    Geometry::MultiPoint(MultiPoint(all.iter().map(|p| Point::from(xy(p))).collect()))
}

fn lines<P>(parts: &[Vec<P>], xy: impl Fn(&P) -> (f64, f64) + Copy) -> Geometry {
    let mut all: Vec<LineString> = parts.iter().map(|part| line(part, xy)).collect();
    if all.len() == 1 {
        return Geometry::LineString(all.remove(0));
    }
    Geometry::MultiLineString(MultiLineString(all))
}

/// Outer rings, each with the holes that lie in it. Rings that run the wrong way round are outer ones when there is no other.
fn polygons<P>(rings: &[PolygonRing<P>], xy: impl Fn(&P) -> (f64, f64) + Copy) -> Geometry {
    let mut outer = Vec::new();
    let mut inner = Vec::new();
    for ring in rings {
        match ring {
            PolygonRing::Outer(part) => outer.push(Polygon::new(line(part, xy), Vec::new())),
            PolygonRing::Inner(part) => inner.push(line(part, xy)),
        }
    }
    if outer.is_empty() {
        outer = inner
            .drain(..)
            .map(|ring| Polygon::new(ring, Vec::new()))
            .collect();
    }
    let mut holes: Vec<Vec<LineString>> = vec![Vec::new(); outer.len()];
    for hole in inner {
        let first = hole.0.first().copied();
        let holds = |polygon: &Polygon| first.is_some_and(|corner| polygon.contains(&corner));
        let home = if outer.len() == 1 {
            0
        } else {
            outer.iter().position(holds).unwrap_or(0)
        };
        if let Some(holes) = holes.get_mut(home) {
            holes.push(hole);
        }
    }
    let mut all: Vec<Polygon> = outer
        .into_iter()
        .zip(holes)
        .map(|(polygon, holes)| Polygon::new(polygon.into_inner().0, holes))
        .collect();
    if all.len() == 1 {
        return Geometry::Polygon(all.remove(0));
    }
    Geometry::MultiPolygon(MultiPolygon(all))
}
