//! Lines and areas, cut to tiles.

use crate::clip::{self, Frame, MARGIN};
use crate::mercator::{EXTENT, Spot, TileId};
use crate::mvt::Geometry;
use crate::wkt::Form;

/// Smaller lines and areas are not drawn, units of a tile.
const SMALLEST: f64 = 6.0;
/// Places nearer to the line than this are left out, units of a tile.
const TOLERANCE: f64 = 2.0;

/// What a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    /// A line.
    Line,
    /// An area.
    Area,
}

/// A shape as a tile shows it.
#[derive(Debug)]
pub struct Drawing {
    /// Number of its row.
    pub row: u32,
    /// In units of the tile.
    pub geometry: Geometry,
}

#[derive(Debug)]
struct Shape {
    row: u32,
    kind: ShapeKind,
    low: Spot,
    high: Spot,
    /// Parts in `parts`.
    parts: std::ops::Range<u32>,
}

#[derive(Debug)]
struct Part {
    hole: bool,
    spots: std::ops::Range<u32>,
}

/// Lines and areas, frozen: 8 bytes a place, 44 a shape.
#[derive(Debug, Default)]
pub struct ShapeIndex {
    shapes: Vec<Shape>,
    parts: Vec<Part>,
    spots: Vec<Spot>,
}

impl ShapeIndex {
    /// Adds the lines or areas of a row; says false for points and for what has no place on the map.
    pub fn add(&mut self, row: u32, form: &Form) -> bool {
        let (kind, parts) = match form {
            Form::Points(_) => return false,
            Form::Lines(lines) => (
                ShapeKind::Line,
                lines.iter().map(|l| (false, l)).collect::<Vec<_>>(),
            ),
            Form::Areas(areas) => {
                let parts = areas
                    .iter()
                    .flat_map(|area| area.iter().enumerate().map(|(n, ring)| (n > 0, ring)))
                    .collect();
                (ShapeKind::Area, parts)
            }
        };
        let first_part = self.parts.len() as u32;
        let (mut low, mut high) = (
            Spot {
                x: u32::MAX,
                y: u32::MAX,
            },
            Spot { x: 0, y: 0 },
        );
        for (hole, places) in parts {
            let first = self.spots.len() as u32;
            for (lon, lat) in places {
                let Some(spot) = Spot::of(*lon, *lat) else {
                    continue;
                };
                low = Spot {
                    x: low.x.min(spot.x),
                    y: low.y.min(spot.y),
                };
                high = Spot {
                    x: high.x.max(spot.x),
                    y: high.y.max(spot.y),
                };
                self.spots.push(spot);
            }
            self.parts.push(Part {
                hole,
                spots: first..self.spots.len() as u32,
            });
        }
        if low.x > high.x {
            return false;
        }
        self.shapes.push(Shape {
            row,
            kind,
            low,
            high,
            parts: first_part..self.parts.len() as u32,
        });
        true
    }

    /// Shapes.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// True without shapes.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.shapes.len() * size_of::<Shape>() + self.parts.len() * size_of::<Part>() + self.spots.len() * 8
    }

    /// What most shapes are.
    pub fn kind(&self) -> Option<ShapeKind> {
        let areas = self.shapes.iter().filter(|s| s.kind == ShapeKind::Area).count();
        let most = if areas * 2 > self.shapes.len() {
            ShapeKind::Area
        } else {
            ShapeKind::Line
        };
        (!self.shapes.is_empty()).then_some(most)
    }

    /// West, south, east, north in degrees.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let first = self.shapes.first()?;
        let (low, high) = self.shapes.iter().fold((first.low, first.high), |(a, b), s| {
            (
                Spot {
                    x: a.x.min(s.low.x),
                    y: a.y.min(s.low.y),
                },
                Spot {
                    x: b.x.max(s.high.x),
                    y: b.y.max(s.high.y),
                },
            )
        });
        let ((west, north), (east, south)) = (low.degrees(), high.degrees());
        Some([west, south, east, north])
    }

    /// Middle of the box of each shape, degrees, with its row.
    pub fn middles(&self) -> impl Iterator<Item = (u32, (f64, f64))> + '_ {
        self.shapes.iter().map(|s| {
            let middle = Spot {
                x: s.low.x + (s.high.x - s.low.x) / 2,
                y: s.low.y + (s.high.y - s.low.y) / 2,
            };
            (s.row, middle.degrees())
        })
    }

    /// What a tile shows of the rows that `wanted` names.
    pub fn tile(&self, tile: TileId, mut wanted: impl FnMut(u32) -> bool) -> Vec<Drawing> {
        let (corner, side) = (tile.corner(), tile.side());
        let margin = (u64::from(side) * MARGIN as u64 / u64::from(EXTENT)) as u32 + 1;
        let west = corner.x.saturating_sub(margin);
        let north = corner.y.saturating_sub(margin);
        let (east, south) = (corner.x + side + margin, corner.y + side + margin);
        let scale = f64::from(EXTENT) / f64::from(side);
        let smallest = SMALLEST / scale;
        let frame = Frame {
            low: f64::from(-MARGIN),
            high: f64::from(EXTENT as i32 + MARGIN),
        };
        let mut found = Vec::new();
        for shape in &self.shapes {
            let outside =
                shape.low.x > east || shape.high.x < west || shape.low.y > south || shape.high.y < north;
            let size = (shape.high.x - shape.low.x).max(shape.high.y - shape.low.y);
            if outside || f64::from(size) < smallest || !wanted(shape.row) {
                continue;
            }
            let whole =
                shape.low.x >= west && shape.high.x <= east && shape.low.y >= north && shape.high.y <= south;
            let parts = &self.parts[shape.parts.start as usize..shape.parts.end as usize];
            let places = |part: &Part| -> Vec<(f64, f64)> {
                let spots = &self.spots[part.spots.start as usize..part.spots.end as usize];
                let place = |s: &Spot| {
                    let x = (f64::from(s.x) - f64::from(corner.x)) * scale;
                    let y = (f64::from(s.y) - f64::from(corner.y)) * scale;
                    (x, y)
                };
                spots.iter().map(place).collect()
            };
            let geometry = match shape.kind {
                ShapeKind::Line => {
                    let mut lines = Vec::new();
                    for part in parts {
                        let all = places(part);
                        let cut = if whole { vec![all] } else { clip::line(&all, frame) };
                        lines.extend(
                            cut.iter()
                                .map(|l| clip::thin(l, TOLERANCE))
                                .filter(|l| l.len() > 1),
                        );
                    }
                    if lines.is_empty() {
                        continue;
                    }
                    Geometry::Lines(lines)
                }
                ShapeKind::Area => {
                    let mut rings = Vec::new();
                    for part in parts {
                        let mut ring = places(part);
                        if ring.first() == ring.last() {
                            ring.pop();
                        }
                        let cut = if whole { ring } else { clip::ring(&ring, frame) };
                        if cut.len() > 2 {
                            // The ring is thinned as a closed line.
                            let mut closed = cut;
                            closed.extend(closed.first().copied());
                            let mut ring = clip::thin(&closed, TOLERANCE);
                            if ring.len() > 1 && ring.first() == ring.last() {
                                ring.pop();
                            }
                            rings.push((part.hole, ring));
                        } else {
                            rings.push((part.hole, Vec::new()));
                        }
                    }
                    if rings.iter().all(|(_, r)| r.len() < 3) {
                        continue;
                    }
                    Geometry::Rings(rings)
                }
            };
            found.push(Drawing {
                row: shape.row,
                geometry,
            });
        }
        found
    }

    /// Rows that come within `radius_m` of a place (of an area: also when the place lies in it), the nearest first, with
    /// metres, measured in a plane that touches the earth there.
    pub fn near(&self, lon: f64, lat: f64, radius_m: f64) -> Vec<(u32, f64)> {
        let (kx, ky) = (111_320.0 * lat.to_radians().cos(), 111_132.0);
        let mut found = Vec::new();
        for shape in &self.shapes {
            let ((west, north), (east, south)) = (shape.low.degrees(), shape.high.degrees());
            let dx = (west - lon).max(lon - east).max(0.0) * kx;
            let dy = (south - lat).max(lat - north).max(0.0) * ky;
            if dx.hypot(dy) > radius_m {
                continue;
            }
            let (mut nearest, mut inside) = (f64::INFINITY, false);
            for part in &self.parts[shape.parts.start as usize..shape.parts.end as usize] {
                let spots = &self.spots[part.spots.start as usize..part.spots.end as usize];
                let mut before: Option<(f64, f64)> = None;
                for spot in spots {
                    let (x, y) = spot.degrees();
                    let here = ((x - lon) * kx, (y - lat) * ky);
                    if let Some(a) = before {
                        nearest = nearest.min(from_origin(a, here));
                        if (a.1 > 0.0) != (here.1 > 0.0)
                            && a.0 + (here.0 - a.0) * (-a.1) / (here.1 - a.1) > 0.0
                        {
                            inside = !inside;
                        }
                    }
                    before = Some(here);
                }
            }
            if shape.kind == ShapeKind::Area && inside {
                nearest = 0.0;
            }
            if nearest <= radius_m {
                found.push((shape.row, nearest));
            }
        }
        found.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found
    }
}

/// Distance from the origin to a piece of a line.
fn from_origin(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length2 = dx * dx + dy * dy;
    let share = if length2 == 0.0 {
        0.0
    } else {
        (-(a.0 * dx + a.1 * dy) / length2).clamp(0.0, 1.0)
    };
    (a.0 + share * dx).hypot(a.1 + share * dy)
}
