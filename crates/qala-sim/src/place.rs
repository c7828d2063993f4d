//! The district and the points in and around it.
//!
//! The outline is drawn by the seed inside the outline of the city (CITY-FACTS section 3: 76.738–77.167 E,
//! 43.033–43.404 N); it is not the outline of any real district.

use qala_core::{PlaceId, Text};

use crate::SimError;
use crate::random::Random;

/// Centre of the district, degrees: within the real district of that name.
pub(crate) const CENTRE: Point = Point {
    lon: 76.905,
    lat: 43.215,
};
/// Half width and half height, degrees: 3.2 km and 3.8 km, a settled part of the 98 km² of CITY-FACTS section 3.
pub(crate) const HALF: Point = Point {
    lon: 0.040,
    lat: 0.034,
};
/// Metres in a degree of longitude and of latitude at 43.2° N (WGS 84).
pub(crate) const METRES: Point = Point {
    lon: 81_260.0,
    lat: 111_090.0,
};

/// A place on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
}

impl Point {
    /// The point rounded to 0.000001 degree (0.1 m), as it is written.
    pub(crate) fn rounded(self) -> Self {
        Self {
            lon: (self.lon * 1e6).round() / 1e6,
            lat: (self.lat * 1e6).round() / 1e6,
        }
    }

    /// Metres to another point nearby, on the plane.
    pub(crate) fn metres_to(self, other: Self) -> f64 {
        let x = (other.lon - self.lon) * METRES.lon;
        let y = (other.lat - self.lat) * METRES.lat;
        (x * x + y * y).sqrt()
    }

    /// The point that lies `share` of the way to another.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        Self {
            lon: self.lon + (other.lon - self.lon) * share,
            lat: self.lat + (other.lat - self.lat) * share,
        }
    }
}

/// A district of the simulated city, ready for the dataset `organisation_places`.
#[derive(Debug, Clone)]
pub struct SimPlace {
    /// Id.
    pub id: PlaceId,
    /// Kind of place: `district`.
    pub kind: &'static str,
    /// Name for people.
    pub name: Text,
    /// Outline as well-known text, WGS 84, longitude first.
    pub geometry: String,
    /// Start of validity: the first instant of 2018, UTC, in µs (assumption: long before any reading).
    pub valid_from: i64,
    /// Always true: the outline is not real.
    pub simulated: bool,
}

/// Says whether a point lies inside a ring (ray casting).
pub(crate) fn ring_holds(ring: &[Point], point: Point) -> bool {
    let mut inside = false;
    for (index, a) in ring.iter().enumerate() {
        let b = ring[(index + 1) % ring.len()];
        if (a.lat > point.lat) != (b.lat > point.lat) {
            let crossing = a.lon + (point.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon);
            inside ^= point.lon < crossing;
        }
    }
    inside
}

/// A ring as the well-known text of a polygon, closed.
pub(crate) fn ring_text(ring: &[Point]) -> String {
    let closed = ring.iter().chain(ring.first());
    let corners: Vec<String> = closed.map(|p| format!("{:.6} {:.6}", p.lon, p.lat)).collect();
    format!("POLYGON(({}))", corners.join(", "))
}

/// The outline of the district: a closed ring, counter-clockwise.
#[derive(Debug, Clone)]
pub(crate) struct District {
    ring: Vec<Point>,
}

/// Directions of the corners, counter-clockwise from the east, and how far out each lies before the seed moves it.
const CORNERS: [(f64, f64, f64); 12] = [
    (1.0, 0.0, 1.0),
    (0.866, 0.5, 1.08),
    (0.6, 0.8, 1.16),
    (0.0, 1.0, 1.0),
    (-0.5, 0.866, 1.08),
    (-0.8, 0.6, 1.16),
    (-1.0, 0.0, 1.0),
    (-0.866, -0.5, 1.08),
    (-0.6, -0.8, 1.16),
    (0.0, -1.0, 1.0),
    (0.5, -0.866, 1.08),
    (0.8, -0.6, 1.16),
];

impl District {
    /// Draws the outline.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = Random::of(seed, "district");
        let ring = CORNERS
            .iter()
            .map(|(x, y, out)| {
                let reach = out * random.between(0.94, 1.06);
                Point {
                    lon: CENTRE.lon + HALF.lon * x * reach,
                    lat: CENTRE.lat + HALF.lat * y * reach,
                }
                .rounded()
            })
            .collect();
        Self { ring }
    }

    /// Says whether a point lies inside.
    pub(crate) fn holds(&self, point: Point) -> bool {
        ring_holds(&self.ring, point)
    }

    /// The outline as well-known text.
    pub(crate) fn wkt(&self) -> String {
        ring_text(&self.ring)
    }

    /// The district as a place.
    pub(crate) fn place(&self) -> Result<SimPlace, SimError> {
        Ok(SimPlace {
            id: PlaceId::new(crate::DISTRICT).map_err(|e| SimError(e.to_string()))?,
            kind: "district",
            name: Text::new("Бостандық ауданы", "Бостандыкский район", "Bostandyk"),
            geometry: self.wkt(),
            valid_from: 1_514_764_800_000_000,
            simulated: true,
        })
    }

    /// A point drawn inside the district.
    pub(crate) fn inside(&self, random: &mut Random) -> Point {
        self.search(random, 0.9, true)
    }

    /// A point drawn outside the district, within 2 km of it.
    pub(crate) fn outside(&self, random: &mut Random) -> Point {
        self.search(random, 1.5, false)
    }

    fn search(&self, random: &mut Random, reach: f64, inside: bool) -> Point {
        loop {
            let point = Point {
                lon: CENTRE.lon + HALF.lon * random.between(-reach, reach),
                lat: CENTRE.lat + HALF.lat * random.between(-reach, reach),
            };
            if self.holds(point) == inside {
                return point.rounded();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CENTRE, District, HALF, Point};

    #[test]
    fn the_centre_is_inside_and_far_points_are_not() {
        for seed in 0..50 {
            let district = District::draw(seed);
            assert!(district.holds(CENTRE));
            assert!(!district.holds(Point {
                lon: CENTRE.lon + 2.0 * HALF.lon,
                lat: CENTRE.lat
            }));
        }
    }
}
