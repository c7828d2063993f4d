//! The nearest vertex and the nearest street, by a grid of cells.

use super::globe::{Location, MEAN_RADIUS_M, distance_m};
use super::graph::Network;

/// Height of a cell, metres, unless the city is too large for so many.
const CELL_M: f64 = 250.0;
const MAX_CELLS: f64 = 1_000_000.0;
/// Metres of one degree of a great circle.
const DEGREE_M: f64 = MEAN_RADIUS_M * std::f64::consts::PI / 180.0;
/// Distances between cells are those of a plane; a hundredth is more than they differ by within a city.
const SAFETY: f64 = 0.99;

/// A place on a piece of a street.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnPiece {
    /// The piece.
    pub piece: u32,
    /// How far along it, 0 at its start and 1 at its end, by length.
    pub share: f64,
    /// How far away it is, metres.
    pub distance_m: f64,
}

/// Finds what is near. Distances to streets are those of a plane that touches the globe at the place asked for: exact to
/// a millimetre within 5 km.
pub struct Nearest<'n> {
    network: &'n Network,
    grid: Grid,
    vertices: Cells<u32>,
    /// (piece, its segment)
    segments: Cells<(u32, u32)>,
}

/// Things by cell, in compressed rows.
struct Cells<T> {
    first: Vec<u32>,
    things: Vec<T>,
}

impl<T: Copy> Cells<T> {
    fn new(cells: usize, mut found: Vec<(u32, T)>) -> Self {
        found.sort_by_key(|(cell, _)| *cell);
        let first = super::build::first_edges(cells, found.iter().map(|(cell, _)| *cell));
        Self {
            first,
            things: found.into_iter().map(|(_, thing)| thing).collect(),
        }
    }

    fn of(&self, cell: usize) -> &[T] {
        match (self.first.get(cell), self.first.get(cell + 1)) {
            (Some(start), Some(end)) => self
                .things
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }
}

struct Grid {
    west: f64,
    south: f64,
    /// The latitude that is farthest from the equator, degrees.
    far_lat: f64,
    width_deg: f64,
    height_deg: f64,
    columns: i64,
    rows: i64,
}

impl Grid {
    fn new(places: &[Location]) -> Self {
        let bounds = |of: fn(&Location) -> f64| {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            places
                .iter()
                .map(of)
                .fold(start, |(low, high), value| (low.min(value), high.max(value)))
        };
        let (west, east) = bounds(|place| place.lon);
        let (south, north) = bounds(|place| place.lat);
        if places.is_empty() {
            return Self {
                west: 0.0,
                south: 0.0,
                far_lat: 0.0,
                width_deg: 1.0,
                height_deg: 1.0,
                columns: 0,
                rows: 0,
            };
        }
        let middle = f64::midpoint(south, north).to_radians().cos().max(0.01);
        let area = (north - south) * DEGREE_M * (east - west) * DEGREE_M * middle;
        let cell_m = CELL_M.max((area / MAX_CELLS).sqrt());
        let (height_deg, width_deg) = (cell_m / DEGREE_M, cell_m / DEGREE_M / middle);
        Self {
            west,
            south,
            far_lat: south.abs().max(north.abs()),
            width_deg,
            height_deg,
            columns: ((east - west) / width_deg) as i64 + 1,
            rows: ((north - south) / height_deg) as i64 + 1,
        }
    }

    fn cell(&self, place: Location) -> (i64, i64) {
        let column = ((place.lon - self.west) / self.width_deg).floor();
        let row = ((place.lat - self.south) / self.height_deg).floor();
        (column as i64, row as i64)
    }

    fn number(&self, column: i64, row: i64) -> Option<u32> {
        let is_inside = (0..self.columns).contains(&column) && (0..self.rows).contains(&row);
        is_inside
            .then(|| u32::try_from(row * self.columns + column).ok())
            .flatten()
    }

    /// The least side of a cell near a place, metres.
    fn side_m(&self, at: Location) -> f64 {
        let far = self.far_lat.max(at.lat.abs()).to_radians().cos().max(0.0);
        (self.height_deg * DEGREE_M).min(self.width_deg * DEGREE_M * far) * SAFETY
    }

    /// Gives the cells around a place ring by ring, until `near` says how near the best is and no farther ring can hold
    /// something nearer.
    fn rings(&self, at: Location, max_m: f64, mut near: impl FnMut(usize) -> f64) {
        if self.columns == 0 {
            return;
        }
        let (column, row) = self.cell(at);
        let outside = |value: i64, count: i64| (-value).max(value - (count - 1)).max(0);
        let reach = |value: i64, count: i64| value.abs().max((count - 1 - value).abs());
        let first = outside(column, self.columns).max(outside(row, self.rows));
        let last = reach(column, self.columns).max(reach(row, self.rows));
        let side_m = self.side_m(at);
        let mut best = f64::INFINITY;
        for ring in first..=last {
            // What lies in this ring is at least so far away.
            let least = (ring - 1).max(0) as f64 * side_m;
            if least > best.min(max_m) {
                return;
            }
            let (low, high) = ((row - ring).max(0), (row + ring).min(self.rows - 1));
            for at_row in low..=high {
                let is_edge = (at_row - row).abs() == ring;
                let (left, right) = (column - ring, column + ring);
                if is_edge {
                    for at_column in left.max(0)..=right.min(self.columns - 1) {
                        if let Some(cell) = self.number(at_column, at_row) {
                            best = best.min(near(cell as usize));
                        }
                    }
                } else {
                    for at_column in [left, right] {
                        if let Some(cell) = self.number(at_column, at_row) {
                            best = best.min(near(cell as usize));
                        }
                    }
                }
            }
        }
    }
}

impl<'n> Nearest<'n> {
    /// Sorts a network into cells.
    pub fn new(network: &'n Network) -> Self {
        let grid = Grid::new(&network.shapes);
        let cells = (grid.columns * grid.rows) as usize;
        let vertices = network.places.iter().enumerate().filter_map(|(vertex, place)| {
            let (column, row) = grid.cell(*place);
            Some((grid.number(column, row)?, vertex as u32))
        });
        let vertices = Cells::new(cells, vertices.collect());
        let mut segments = Vec::new();
        for piece in 0..network.pieces.len() as u32 {
            for (segment, pair) in network.shape(piece).windows(2).enumerate() {
                let ((a, b), (c, d)) = (grid.cell(pair[0]), grid.cell(pair[1]));
                for row in b.min(d)..=b.max(d) {
                    for column in a.min(c)..=a.max(c) {
                        segments.extend(
                            grid.number(column, row)
                                .map(|cell| (cell, (piece, segment as u32))),
                        );
                    }
                }
            }
        }
        Self {
            segments: Cells::new(cells, segments),
            vertices,
            grid,
            network,
        }
    }

    /// The nearest vertex within `max_m` metres and its distance, metres; of equal ones the first.
    pub fn vertex(&self, at: Location, max_m: f64) -> Option<(u32, f64)> {
        let mut best: Option<(u32, f64)> = None;
        self.grid.rings(at, max_m, |cell| {
            for vertex in self.vertices.of(cell) {
                let Some(place) = self.network.place(*vertex) else {
                    continue;
                };
                let found = (*vertex, distance_m(at, place));
                if found.1 <= max_m && best.is_none_or(|best| (found.1, found.0) < (best.1, best.0)) {
                    best = Some(found);
                }
            }
            best.map_or(f64::INFINITY, |best| best.1)
        });
        best
    }

    /// The nearest place on a street within `max_m` metres; of equal ones the first piece.
    pub fn street(&self, at: Location, max_m: f64) -> Option<OnPiece> {
        let mut best: Option<(f64, u32, u32, f64)> = None;
        self.grid.rings(at, max_m, |cell| {
            for (piece, segment) in self.segments.of(cell) {
                let shape = self.network.shape(*piece);
                let at_segment = *segment as usize;
                let (Some(a), Some(b)) = (shape.get(at_segment), shape.get(at_segment + 1)) else {
                    continue;
                };
                let (distance, share) = to_segment(at, *a, *b);
                let found = (distance, *piece, *segment, share);
                let is_better =
                    best.is_none_or(|best| (found.0, found.1, found.2) < (best.0, best.1, best.2));
                if distance <= max_m && is_better {
                    best = Some(found);
                }
            }
            best.map_or(f64::INFINITY, |best| best.0)
        });
        let (distance_m, piece, segment, along) = best?;
        let shape = self.network.shape(piece);
        let before = Network::length_of(shape.get(..=segment as usize)?);
        let own = Network::length_of(shape.get(segment as usize..segment as usize + 2)?);
        let whole = self.network.pieces.get(piece as usize)?.length_m;
        let share = if whole > 0.0 {
            ((before + own * along) / whole).clamp(0.0, 1.0)
        } else {
            0.0
        };
        Some(OnPiece {
            piece,
            share,
            distance_m,
        })
    }
}

/// Distance to a segment, metres, and where on it the nearest place lies, 0 to 1.
fn to_segment(at: Location, a: Location, b: Location) -> (f64, f64) {
    let scale = at.lat.to_radians().cos();
    let flat = |place: Location| {
        (
            (place.lon - at.lon) * scale * DEGREE_M,
            (place.lat - at.lat) * DEGREE_M,
        )
    };
    let ((ax, ay), (bx, by)) = (flat(a), flat(b));
    let (dx, dy) = (bx - ax, by - ay);
    let square = dx * dx + dy * dy;
    let share = if square > 0.0 {
        (-(ax * dx + ay * dy) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    ((ax + share * dx).hypot(ay + share * dy), share)
}
