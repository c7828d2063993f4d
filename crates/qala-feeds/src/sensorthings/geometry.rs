//! Geometries of GeoJSON and of well-known text.

use geo::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use serde_json::Value;

use crate::sensorthings::Refusal;

/// Points of one geometry.
const MOST_POINTS: usize = 1_000_000;

/// True when the encoding type says GeoJSON.
pub(super) fn is_geojson(encoding: &str) -> bool {
    matches!(
        encoding.trim(),
        "application/vnd.geo+json" | "application/geo+json" | "application/vnd.geo+json; charset=utf-8"
    )
}

/// The geometry of a GeoJSON geometry or feature; `None` for all else.
pub(super) fn of_geojson(value: &Value) -> Option<Geometry> {
    let kind = value.get("type")?.as_str()?;
    if kind == "Feature" {
        return of_geojson(value.get("geometry")?);
    }
    if kind == "GeometryCollection" {
        let all = value.get("geometries")?.as_array()?;
        let all: Option<Vec<Geometry>> = all
            .iter()
            .map(|inner| match inner.get("type").and_then(Value::as_str) {
                Some("GeometryCollection" | "Feature") | None => None,
                Some(_) => of_geojson(inner),
            })
            .collect();
        return Some(Geometry::GeometryCollection(geo::GeometryCollection(all?)));
    }
    let coordinates = value.get("coordinates")?;
    Some(match kind {
        "Point" => Geometry::Point(Point(position(coordinates)?)),
        "MultiPoint" => Geometry::MultiPoint(MultiPoint(each(coordinates, |p| position(p).map(Point))?)),
        "LineString" => Geometry::LineString(line(coordinates)?),
        "MultiLineString" => Geometry::MultiLineString(MultiLineString(each(coordinates, line)?)),
        "Polygon" => Geometry::Polygon(polygon(coordinates)?),
        "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(each(coordinates, polygon)?)),
        _ => return None,
    })
}

fn each<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(read).collect()
}

fn position(value: &Value) -> Option<Coord> {
    let numbers = value.as_array().filter(|numbers| numbers.len() >= 2)?;
    let number = |at: usize| numbers.get(at)?.as_f64().filter(|n| n.is_finite());
    Some(Coord {
        x: number(0)?,
        y: number(1)?,
    })
}

fn line(value: &Value) -> Option<LineString> {
    each(value, position).filter(|all| all.len() >= 2).map(LineString)
}

fn polygon(value: &Value) -> Option<Polygon> {
    let mut rings = each(value, |ring| line(ring).filter(|ring| ring.0.len() >= 3))?.into_iter();
    Some(Polygon::new(rings.next()?, rings.collect()))
}

/// Reads well-known text.
///
/// # Errors
/// Another form.
pub(super) fn parse_wkt(text: &str) -> Result<Geometry, Refusal> {
    let mut reader = Reader {
        rest: text.trim(),
        points: 0,
    };
    // An `SRID=4326;` before it is how some clients name the reference system that is meant anyway.
    if let Some((head, rest)) = reader.rest.split_once(';')
        && head.trim().to_ascii_uppercase().replace(' ', "") == "SRID=4326"
    {
        reader.rest = rest.trim_start();
    }
    let found = reader.geometry().filter(|_| reader.rest.trim().is_empty());
    found.ok_or_else(|| {
        let short: String = text.chars().take(60).collect();
        Refusal::Wrong(format!("`{short}` is not a geometry such as POINT(76.9 43.2)"))
    })
}

struct Reader<'a> {
    rest: &'a str,
    points: usize,
}

impl Reader<'_> {
    fn geometry(&mut self) -> Option<Geometry> {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.to_ascii_uppercase();
        self.rest = rest.trim_start();
        // `POINT Z (1 2 3)`: the height is read over.
        if self.rest.starts_with(['Z', 'z']) {
            self.rest = &self.rest[1..];
        }
        let word = word.strip_suffix('Z').unwrap_or(&word);
        Some(match word {
            "POINT" => Geometry::Point(Point(self.list(Self::coord)?.pop()?)),
            "LINESTRING" => Geometry::LineString(self.line()?),
            "POLYGON" => Geometry::Polygon(self.polygon()?),
            "MULTIPOINT" => Geometry::MultiPoint(MultiPoint(self.list(|reader| {
                if reader.rest.trim_start().starts_with('(') {
                    Some(Point(reader.list(Self::coord)?.pop()?))
                } else {
                    reader.coord().map(Point)
                }
            })?)),
            "MULTILINESTRING" => Geometry::MultiLineString(MultiLineString(self.list(Self::line)?)),
            "MULTIPOLYGON" => Geometry::MultiPolygon(MultiPolygon(self.list(Self::polygon)?)),
            _ => return None,
        })
    }

    fn eat(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(c)?;
        Some(())
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat('(')?;
        let mut all = vec![read(self)?];
        while self.eat(',').is_some() {
            all.push(read(self)?);
        }
        self.eat(')')?;
        Some(all)
    }

    fn coord(&mut self) -> Option<Coord> {
        self.points += 1;
        if self.points > MOST_POINTS {
            return None;
        }
        let found = Coord {
            x: self.number()?,
            y: self.number()?,
        };
        // Height.
        let _ = self.number();
        Some(found)
    }

    fn number(&mut self) -> Option<f64> {
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)))
            .unwrap_or(rest.len());
        let number = rest[..end].parse::<f64>().ok().filter(|n| n.is_finite())?;
        self.rest = &rest[end..];
        Some(number)
    }

    fn line(&mut self) -> Option<LineString> {
        self.list(Self::coord)
            .filter(|all| all.len() >= 2)
            .map(LineString)
    }

    fn polygon(&mut self) -> Option<Polygon> {
        let mut rings = self
            .list(|reader| reader.line().filter(|ring| ring.0.len() >= 3))?
            .into_iter();
        Some(Polygon::new(rings.next()?, rings.collect()))
    }
}
