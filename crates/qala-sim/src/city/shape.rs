//! Outlines of the districts and the height of the ground.

use qala_core::{PlaceId, Text};

use super::dice::{Dice, apportion};
use super::facts::{CORNERS, DISTRICTS, RESIDENTS};
use crate::place::{METRES, Point, ring_holds, ring_text};
use crate::{SimError, SimPlace};

/// The south-west corner of the city's box (CITY-FACTS section 3).
const ORIGIN: Point = Point {
    lon: 76.738,
    lat: 43.033,
};

/// A district of the city.
#[derive(Debug, Clone)]
pub(super) struct District {
    ring: Vec<Point>,
    /// Residents that the sources state.
    pub(super) stated: i64,
    /// Residents of the simulated city.
    pub(super) residents: i64,
}

/// A place given in km east and north of the south-west corner.
pub(super) fn at_km(x: f64, y: f64) -> Point {
    Point {
        lon: ORIGIN.lon + x * 1000.0 / METRES.lon,
        lat: ORIGIN.lat + y * 1000.0 / METRES.lat,
    }
    .rounded()
}

/// Km east and north of the south-west corner.
pub(super) fn km(point: Point) -> (f64, f64) {
    (
        (point.lon - ORIGIN.lon) * METRES.lon / 1000.0,
        (point.lat - ORIGIN.lat) * METRES.lat / 1000.0,
    )
}

/// Height of the ground in m by km north (assumption after the relief: plain in the north, mountains in the south).
const RELIEF: [(f64, f64); 10] = [
    (0.0, 3200.0),
    (5.0, 2400.0),
    (9.0, 1700.0),
    (13.0, 1250.0),
    (17.0, 1000.0),
    (20.0, 900.0),
    (23.0, 830.0),
    (26.0, 770.0),
    (36.0, 640.0),
    (42.0, 600.0),
];

/// Height of the ground, m.
pub(super) fn elevation_m(point: Point) -> f64 {
    let (x, y) = km(point);
    let next = RELIEF
        .iter()
        .position(|knot| knot.0 > y)
        .unwrap_or(RELIEF.len() - 1)
        .max(1);
    let ((y0, h0), (y1, h1)) = (RELIEF[next - 1], RELIEF[next]);
    let north = h0 + (h1 - h0) * ((y - y0) / (y1 - y0)).clamp(0.0, 1.0);
    // In the east the foothills come further north.
    let east = if y < 26.0 { (x - 20.0).max(0.0) * 45.0 } else { 0.0 };
    north + east
}

/// Draws the outlines. All districts share the corners and the bends between them, so that they tile.
pub(super) fn draw(seed: u64) -> Vec<District> {
    let dice = Dice::new(seed, "city/outline");
    let corners: Vec<(f64, f64)> = CORNERS
        .iter()
        .enumerate()
        .map(|(index, (x, y))| {
            let shift = |axis| dice.between(index, axis, -0.12, 0.12);
            (x + shift(0), y + shift(1))
        })
        .collect();
    // The stated numbers are 7.9 % below the city total (CITY-FACTS section 3). The simulated residents are raised by one
    // factor for all; both numbers are published side by side.
    let stated: Vec<f64> = DISTRICTS.iter().map(|d| d.stated as f64).collect();
    let residents = apportion(RESIDENTS, &stated);
    DISTRICTS
        .iter()
        .zip(residents)
        .map(|(facts, residents)| {
            let mut ring = Vec::new();
            for (index, from) in facts.ring.iter().enumerate() {
                let to = facts.ring[(index + 1) % facts.ring.len()];
                ring.extend(side(dice, &corners, *from, to));
            }
            District {
                ring,
                stated: facts.stated,
                residents,
            }
        })
        .collect()
}

/// Points from a corner (included) to the next (excluded). The side bends the same way from both ends.
fn side(dice: Dice, corners: &[(f64, f64)], from: usize, to: usize) -> Vec<Point> {
    const BENDS: usize = 3;
    let (low, high) = (from.min(to), from.max(to));
    let (a, b) = (corners[low], corners[high]);
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let mut points: Vec<Point> = (0..=BENDS + 1)
        .map(|bend| {
            let share = bend as f64 / (BENDS + 1) as f64;
            let aside = if bend == 0 || bend == BENDS + 1 {
                0.0
            } else {
                dice.between(100 + low * 100 + high, bend as i64, -0.02, 0.02)
            };
            at_km(a.0 + dx * share - dy * aside, a.1 + dy * share + dx * aside)
        })
        .collect();
    if from > to {
        points.reverse();
    }
    points.pop();
    points
}

/// The district in which a point lies.
pub(super) fn locate(districts: &[District], point: Point) -> Option<usize> {
    districts.iter().position(|d| ring_holds(&d.ring, point))
}

/// The districts as places.
pub(super) fn places(districts: &[District]) -> Result<Vec<SimPlace>, SimError> {
    DISTRICTS
        .iter()
        .zip(districts)
        .map(|(facts, district)| {
            let [kk, ru, en] = facts.names;
            Ok(SimPlace {
                id: PlaceId::new(facts.id).map_err(|e| SimError(e.to_string()))?,
                kind: "district",
                name: Text::new(kk, ru, en),
                geometry: ring_text(&district.ring),
                valid_from: 1_514_764_800_000_000,
                simulated: true,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::facts::{AREAS_KM2, RESIDENTS};
    use super::{District, at_km, draw, elevation_m, km, locate};
    use crate::place::ring_holds;

    fn area_km2(district: &District) -> f64 {
        let ring: Vec<(f64, f64)> = district.ring.iter().map(|p| km(*p)).collect();
        let next = ring.iter().cycle().skip(1);
        ring.iter()
            .zip(next)
            .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
            .sum::<f64>()
            / 2.0
    }

    #[test]
    fn districts_tile_and_have_their_areas() {
        for seed in [1, 2, 77] {
            let districts = draw(seed);
            for (district, real) in districts.iter().zip(AREAS_KM2) {
                let area = area_km2(district);
                assert!((area / real - 1.0).abs() < 0.12, "{area} {real}");
            }
            let mut held = 0;
            for column in 0..175 {
                for row in 0..205 {
                    let point = at_km(f64::from(column) * 0.2 + 0.013, f64::from(row) * 0.2 + 0.017);
                    let owners = districts.iter().filter(|d| ring_holds(&d.ring, point)).count();
                    assert!(owners < 2, "{point:?} lies in {owners} districts");
                    held += owners;
                }
            }
            let sum: f64 = districts.iter().map(area_km2).sum();
            assert!(
                (held as f64 * 0.04 / sum - 1.0).abs() < 0.01,
                "no holes: {held} {sum}"
            );
            assert_eq!(districts.iter().map(|d| d.residents).sum::<i64>(), RESIDENTS);
        }
    }

    #[test]
    fn the_ground_rises_to_the_south() {
        let height = |y: f64| elevation_m(at_km(14.0, y));
        assert!(height(36.0) < height(30.0) && height(30.0) < height(22.0) && height(22.0) < height(8.0));
        assert_eq!(locate(&draw(1), at_km(14.0, 24.0)), Some(1));
    }
}
