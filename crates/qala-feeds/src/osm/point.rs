//! Places on the globe as OSM stores them, and their text.

use std::fmt::Write as _;

/// Ten-millionths of a degree in one.
const SCALE: i32 = 10_000_000;

/// A place, WGS 84, in ten-millionths of a degree: 1.1 cm, the resolution of OSM itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    lon_e7: i32,
    lat_e7: i32,
}

impl Point {
    /// A place; `None` when it is not on the globe.
    pub fn new(lon_e7: i32, lat_e7: i32) -> Option<Self> {
        let fits = lon_e7.unsigned_abs() <= 180 * SCALE.unsigned_abs()
            && lat_e7.unsigned_abs() <= 90 * SCALE.unsigned_abs();
        fits.then_some(Self { lon_e7, lat_e7 })
    }

    /// Longitude, degrees.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / f64::from(SCALE)
    }

    /// Latitude, degrees.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / f64::from(SCALE)
    }

    /// Longitude and latitude in ten-millionths of a degree.
    pub fn e7(self) -> (i32, i32) {
        (self.lon_e7, self.lat_e7)
    }

    /// The nearest such place to a pair of degrees that lies between such places.
    pub(super) fn nearest(lon: f64, lat: f64) -> Option<Self> {
        let scaled = |degrees: f64| (degrees * f64::from(SCALE)).round() as i32;
        Self::new(scaled(lon), scaled(lat))
    }
}

/// A polygon: its outer ring and its holes; every ring ends where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polygon {
    /// The ring around it.
    pub outer: Vec<Point>,
    /// Rings around what is not part of it.
    pub inner: Vec<Vec<Point>>,
}

/// A line as well-known text.
pub fn line_text(points: &[Point]) -> String {
    let mut out = "LINESTRING ".to_owned();
    put_ring(&mut out, points);
    out
}

/// One polygon or several as well-known text.
pub fn area_text(polygons: &[Polygon]) -> String {
    let mut out = String::new();
    let is_single = polygons.len() == 1;
    out.push_str(if is_single { "POLYGON " } else { "MULTIPOLYGON (" });
    for (index, polygon) in polygons.iter().enumerate() {
        out.push_str(if index > 0 { ", (" } else { "(" });
        put_ring(&mut out, &polygon.outer);
        for ring in &polygon.inner {
            out.push_str(", ");
            put_ring(&mut out, ring);
        }
        out.push(')');
    }
    if !is_single {
        out.push(')');
    }
    out
}

fn put_ring(out: &mut String, points: &[Point]) {
    out.push('(');
    for (index, point) in points.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        put_degrees(out, point.lon_e7);
        out.push(' ');
        put_degrees(out, point.lat_e7);
    }
    out.push(')');
}

/// Writes degrees from the whole number, so that no digit is invented.
fn put_degrees(out: &mut String, e7: i32) {
    if e7 < 0 {
        out.push('-');
    }
    let (whole, rest) = (
        e7.unsigned_abs() / SCALE.unsigned_abs(),
        e7.unsigned_abs() % SCALE.unsigned_abs(),
    );
    let start = out.len();
    // Writing to a text cannot fail.
    let _ = write!(out, "{whole}.{rest:07}");
    let kept = out[start..].trim_end_matches('0').trim_end_matches('.').len();
    out.truncate(start + kept);
}

/// Twice the signed area of a ring in square degrees, anticlockwise positive.
pub(super) fn doubled_area(ring: &[Point]) -> f64 {
    let Some(first) = ring.first() else { return 0.0 };
    let (lon, lat) = (first.lon(), first.lat());
    ring.windows(2)
        .map(|pair| {
            let (ax, ay) = (pair[0].lon() - lon, pair[0].lat() - lat);
            let (bx, by) = (pair[1].lon() - lon, pair[1].lat() - lat);
            ax * by - bx * ay
        })
        .sum()
}

/// The centre of mass of a ring; the mean of its places when it has no area.
pub(super) fn centre(ring: &[Point]) -> Option<Point> {
    let first = ring.first()?;
    let (lon, lat) = (first.lon(), first.lat());
    let area = doubled_area(ring);
    if area == 0.0 {
        let count = ring.len() as f64;
        let sum = ring.iter().fold((0.0, 0.0), |sum, point| {
            (sum.0 + point.lon(), sum.1 + point.lat())
        });
        return Point::nearest(sum.0 / count, sum.1 / count);
    }
    let mut moment = (0.0, 0.0);
    for pair in ring.windows(2) {
        let (ax, ay) = (pair[0].lon() - lon, pair[0].lat() - lat);
        let (bx, by) = (pair[1].lon() - lon, pair[1].lat() - lat);
        let cross = ax * by - bx * ay;
        moment.0 += (ax + bx) * cross;
        moment.1 += (ay + by) * cross;
    }
    Point::nearest(lon + moment.0 / (3.0 * area), lat + moment.1 / (3.0 * area))
}

/// True when a place lies inside a ring (even-odd rule, whole numbers: no rounding). On the line: either.
pub(super) fn is_inside(ring: &[Point], point: Point) -> bool {
    let (x, y) = (i64::from(point.lon_e7), i64::from(point.lat_e7));
    let mut inside = false;
    for pair in ring.windows(2) {
        let (ax, ay) = (i64::from(pair[0].lon_e7), i64::from(pair[0].lat_e7));
        let (bx, by) = (i64::from(pair[1].lon_e7), i64::from(pair[1].lat_e7));
        if (ay > y) == (by > y) {
            continue;
        }
        // The crossing is to the right of the point; the products need more than 64 bits only in the sum of both.
        let left = i128::from(x - ax) * i128::from(by - ay);
        let right = i128::from(bx - ax) * i128::from(y - ay);
        if (left < right) == (by > ay) {
            inside = !inside;
        }
    }
    inside
}
