//! Well-known text and binary of geometries.

use std::fmt::Write as _;

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};

/// Geometries within geometries.
const MAX_DEPTH: usize = 8;

/// A geometry as well-known text.
pub(super) fn text(geometry: &Geometry) -> String {
    let mut out = String::new();
    write(geometry, &mut out);
    out
}

fn write(geometry: &Geometry, out: &mut String) {
    match geometry {
        Geometry::Point(point) => {
            out.push_str("POINT");
            coords(std::iter::once(point.0), out);
        }
        Geometry::Line(line) => {
            out.push_str("LINESTRING");
            coords([line.start, line.end].into_iter(), out);
        }
        Geometry::LineString(line) => {
            out.push_str("LINESTRING");
            coords(line.coords().copied(), out);
        }
        Geometry::Polygon(polygon) => {
            out.push_str("POLYGON");
            rings(polygon, out);
        }
        Geometry::Rect(rect) => {
            out.push_str("POLYGON");
            rings(&rect.to_polygon(), out);
        }
        Geometry::Triangle(triangle) => {
            out.push_str("POLYGON");
            rings(&triangle.to_polygon(), out);
        }
        Geometry::MultiPoint(points) => {
            out.push_str("MULTIPOINT");
            list(points.iter(), out, |point, out| {
                coords(std::iter::once(point.0), out);
            });
        }
        Geometry::MultiLineString(lines) => {
            out.push_str("MULTILINESTRING");
            list(lines.iter(), out, |line, out| coords(line.coords().copied(), out));
        }
        Geometry::MultiPolygon(polygons) => {
            out.push_str("MULTIPOLYGON");
            list(polygons.iter(), out, rings);
        }
        Geometry::GeometryCollection(all) => {
            out.push_str("GEOMETRYCOLLECTION");
            list(all.iter(), out, write);
        }
    }
}

fn list<'a, T: 'a>(items: impl Iterator<Item = &'a T>, out: &mut String, write: impl Fn(&T, &mut String)) {
    let start = out.len();
    for item in items {
        out.push(if out.len() == start { '(' } else { ',' });
        write(item, out);
    }
    out.push_str(if out.len() == start { " EMPTY" } else { ")" });
}

fn coords(coords: impl Iterator<Item = Coord>, out: &mut String) {
    let start = out.len();
    for coord in coords {
        let sign = if out.len() == start { '(' } else { ',' };
        // Writing to a string cannot fail.
        let _ = write!(out, "{sign}{} {}", coord.x, coord.y);
    }
    out.push_str(if out.len() == start { " EMPTY" } else { ")" });
}

fn rings(polygon: &Polygon, out: &mut String) {
    let all = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let all: Vec<&LineString> = all.filter(|ring| !ring.0.is_empty()).collect();
    list(all.into_iter(), out, |ring, out| {
        coords(ring.coords().copied(), out);
    });
}

/// A geometry as little-endian well-known binary, in hexadecimal digits.
pub(super) fn hex(geometry: &Geometry) -> String {
    let mut bytes = Vec::new();
    binary(geometry, &mut bytes);
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

fn count(items: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(items).unwrap_or(u32::MAX).to_le_bytes());
}

fn head(kind: u32, out: &mut Vec<u8>) {
    out.push(1);
    out.extend_from_slice(&kind.to_le_bytes());
}

fn point(coord: Coord, out: &mut Vec<u8>) {
    out.extend_from_slice(&coord.x.to_le_bytes());
    out.extend_from_slice(&coord.y.to_le_bytes());
}

fn line(line: &LineString, out: &mut Vec<u8>) {
    count(line.0.len(), out);
    for coord in line.coords() {
        point(*coord, out);
    }
}

fn polygon(polygon: &Polygon, out: &mut Vec<u8>) {
    head(3, out);
    count(1 + polygon.interiors().len(), out);
    line(polygon.exterior(), out);
    for ring in polygon.interiors() {
        line(ring, out);
    }
}

fn binary(geometry: &Geometry, out: &mut Vec<u8>) {
    match geometry {
        Geometry::Point(at) => {
            head(1, out);
            point(at.0, out);
        }
        Geometry::Line(two) => binary(&Geometry::LineString(LineString::from(*two)), out),
        Geometry::LineString(one) => {
            head(2, out);
            line(one, out);
        }
        Geometry::Polygon(one) => polygon(one, out),
        Geometry::Rect(rect) => polygon(&rect.to_polygon(), out),
        Geometry::Triangle(triangle) => polygon(&triangle.to_polygon(), out),
        Geometry::MultiPoint(all) => {
            head(4, out);
            count(all.0.len(), out);
            for at in all {
                head(1, out);
                point(at.0, out);
            }
        }
        Geometry::MultiLineString(all) => {
            head(5, out);
            count(all.0.len(), out);
            for one in all {
                head(2, out);
                line(one, out);
            }
        }
        Geometry::MultiPolygon(all) => {
            head(6, out);
            count(all.0.len(), out);
            for one in all {
                polygon(one, out);
            }
        }
        Geometry::GeometryCollection(all) => {
            head(7, out);
            count(all.0.len(), out);
            for one in all {
                binary(one, out);
            }
        }
    }
}

/// Bytes of well-known binary that are read from the front.
struct Bytes<'a> {
    rest: &'a [u8],
    is_little: bool,
    /// Numbers of a coordinate.
    width: usize,
}

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn whole(&mut self) -> Option<u32> {
        let bytes = self.take::<4>()?;
        Some(if self.is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn number(&mut self) -> Option<f64> {
        let bytes = self.take::<8>()?;
        Some(if self.is_little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    fn coord(&mut self) -> Option<Coord> {
        let (x, y) = (self.number()?, self.number()?);
        for _ in 2..self.width {
            self.number()?;
        }
        Some(Coord { x, y })
    }

    /// As many things as the bytes say; they end first when the count is a lie.
    fn several<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.whole()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(self)?);
        }
        Some(all)
    }

    fn line(&mut self) -> Option<LineString> {
        self.several(Self::coord).map(LineString)
    }

    fn polygon(&mut self) -> Option<Polygon> {
        let mut rings = self.several(Self::line)?.into_iter();
        let outer = rings.next().unwrap_or(LineString(Vec::new()));
        Some(Polygon::new(outer, rings.collect()))
    }

    fn geometry(&mut self, depth: usize) -> Option<Geometry> {
        const HAS_Z: u32 = 0x8000_0000;
        const HAS_M: u32 = 0x4000_0000;
        const HAS_SRID: u32 = 0x2000_0000;
        if depth > MAX_DEPTH {
            return None;
        }
        let [order] = self.take::<1>()?;
        self.is_little = order == 1;
        let word = self.whole()?;
        let plain = word & 0x0FFF_FFFF;
        // Third and fourth numbers are told by thousands, or by the highest bits.
        let more = match plain / 1000 {
            0 => usize::from(word & HAS_Z != 0) + usize::from(word & HAS_M != 0),
            1 | 2 => 1,
            3 => 2,
            _ => return None,
        };
        self.width = 2 + more;
        if word & HAS_SRID != 0 {
            self.whole()?;
        }
        let inner = |bytes: &mut Self| bytes.geometry(depth + 1);
        Some(match plain % 1000 {
            1 => Geometry::Point(Point(self.coord()?)),
            2 => Geometry::LineString(self.line()?),
            3 => Geometry::Polygon(self.polygon()?),
            4 => {
                let all = self.several(inner)?.into_iter();
                Geometry::MultiPoint(MultiPoint(
                    all.map(Point::try_from).collect::<Result<_, _>>().ok()?,
                ))
            }
            5 => {
                let all = self.several(inner)?.into_iter();
                let lines = all.map(LineString::try_from).collect::<Result<_, _>>().ok()?;
                Geometry::MultiLineString(MultiLineString(lines))
            }
            6 => {
                let all = self.several(inner)?.into_iter();
                Geometry::MultiPolygon(MultiPolygon(
                    all.map(Polygon::try_from).collect::<Result<_, _>>().ok()?,
                ))
            }
            7 => Geometry::GeometryCollection(GeometryCollection(self.several(inner)?)),
            _ => return None,
        })
    }
}

/// Reads well-known binary of either order, with or without heights and PostGIS's system number.
pub(super) fn of_binary(bytes: &[u8]) -> Option<Geometry> {
    let mut bytes = Bytes {
        rest: bytes,
        is_little: true,
        width: 2,
    };
    bytes.geometry(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn there_and_back() {
        let ring = |at: f64| LineString::from(vec![(at, at), (at + 4.0, at), (at + 4.0, at + 4.0), (at, at)]);
        let holed = Polygon::new(ring(0.0), vec![ring(1.0)]);
        let cases: Vec<(Geometry, &str)> = vec![
            (Geometry::Point(Point::new(76.9, 43.25)), "POINT(76.9 43.25)"),
            (
                Geometry::LineString(LineString::from(vec![(0.0, 0.0), (1.5, 2.0)])),
                "LINESTRING(0 0,1.5 2)",
            ),
            (
                Geometry::Polygon(holed.clone()),
                "POLYGON((0 0,4 0,4 4,0 0),(1 1,5 1,5 5,1 1))",
            ),
            (
                Geometry::MultiPolygon(MultiPolygon(vec![holed])),
                "MULTIPOLYGON(((0 0,4 0,4 4,0 0),(1 1,5 1,5 5,1 1)))",
            ),
            (
                Geometry::MultiPoint(MultiPoint(vec![Point::new(1.0, 2.0), Point::new(3.0, 4.0)])),
                "MULTIPOINT((1 2),(3 4))",
            ),
            (
                Geometry::MultiLineString(MultiLineString(Vec::new())),
                "MULTILINESTRING EMPTY",
            ),
        ];
        for (geometry, wanted) in cases {
            assert_eq!(text(&geometry), wanted);
            let digits = hex(&geometry);
            let bytes: Vec<u8> = (0..digits.len() / 2)
                .map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap())
                .collect();
            assert_eq!(of_binary(&bytes), Some(geometry));
        }
    }

    #[test]
    fn heights_and_system_numbers_are_passed_over() {
        let mut bytes = vec![1];
        bytes.extend(0xA000_0001_u32.to_le_bytes());
        bytes.extend(4326_u32.to_le_bytes());
        for number in [1.0_f64, 2.0, 3.0] {
            bytes.extend(number.to_le_bytes());
        }
        assert_eq!(of_binary(&bytes), Some(Geometry::Point(Point::new(1.0, 2.0))));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            of_binary(&bytes);
        }
    }
}
