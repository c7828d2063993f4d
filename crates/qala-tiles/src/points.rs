//! Points by place and time. In the order of their codes every tile and every cell of a tile is one run; how many of a run
//! are in a window of time is counted without looking at them.

use std::ops::Range;

use crate::mercator::{BITS, EXTENT, Spot, TileId, distance_m};
use crate::window::{Moments, Seconds};

/// A tile has 2 to this power cells on a side.
pub const GRID: u8 = 5;
/// A tile with at most so many points shows each of them.
const EACH: usize = 600;
/// Runs up to this length are looked through.
const SHORT: usize = 96;

/// A point that is to be laid into an index.
#[derive(Debug, Clone, Copy)]
pub struct Stone {
    /// Where.
    pub spot: Spot,
    /// When, seconds since 1970; the same for all when time does not count.
    pub second: i64,
    /// Number of its row.
    pub row: u32,
}

/// What is drawn: one point, or several that are one at this zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// In units of the tile.
    pub x: i32,
    /// In units of the tile.
    pub y: i32,
    /// Points.
    pub count: u32,
    /// The row, when it is one point.
    pub row: Option<u32>,
}

/// Points, frozen. 20 bytes each and as many bits as the range of seconds needs.
#[derive(Debug)]
pub struct PointIndex {
    codes: Vec<u64>,
    /// Seconds since `first`.
    seconds: Vec<u32>,
    rows: Vec<u32>,
    first: i64,
    last: i64,
    moments: Moments,
}

impl PointIndex {
    /// Lays points into an index. Moments more than 136 years after the first are taken for that.
    pub fn new(mut stones: Vec<Stone>) -> Self {
        stones.sort_unstable_by_key(|s| (s.spot.code(), s.second, s.row));
        let first = stones.iter().map(|s| s.second).min().unwrap_or(0);
        let last = stones.iter().map(|s| s.second).max().unwrap_or(0);
        let seconds: Vec<u32> = stones
            .iter()
            .map(|s| u32::try_from(s.second - first).unwrap_or(u32::MAX))
            .collect();
        Self {
            codes: stones.iter().map(|s| s.spot.code()).collect(),
            rows: stones.iter().map(|s| s.row).collect(),
            moments: Moments::new(&seconds),
            seconds,
            first,
            last,
        }
    }

    /// Points.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// True without points.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// First and last second.
    pub fn span(&self) -> (i64, i64) {
        (self.first, self.last)
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.codes.len() * 16 + self.moments.bytes()
    }

    /// West, south, east, north in degrees.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let mut spots = self.codes.iter().map(|c| Spot::from_code(*c));
        let one = spots.next()?;
        let (min, max) = spots.fold((one, one), |(a, b), s| {
            let low = Spot {
                x: a.x.min(s.x),
                y: a.y.min(s.y),
            };
            let high = Spot {
                x: b.x.max(s.x),
                y: b.y.max(s.y),
            };
            (low, high)
        });
        let ((west, north), (east, south)) = (min.degrees(), max.degrees());
        Some([west, south, east, north])
    }

    /// A window in seconds since the first; all when absent.
    fn window(&self, window: Option<&Seconds>) -> Range<u64> {
        let since = |second: i64| u64::try_from(second.saturating_sub(self.first)).unwrap_or(0);
        window.map_or(0..u64::MAX, |w| since(w.start)..since(w.end))
    }

    fn run(&self, codes: (u64, u64)) -> Range<usize> {
        let from = self.codes.partition_point(|c| *c < codes.0);
        let len = self.codes[from..].partition_point(|c| *c < codes.1);
        from..from + len
    }

    fn inside(&self, at: usize, window: &Range<u64>) -> bool {
        window.contains(&u64::from(self.seconds[at]))
    }

    fn count(&self, run: Range<usize>, window: &Range<u64>) -> usize {
        if window.start == 0 && window.end > u64::from(u32::MAX) {
            run.len()
        } else if run.len() <= SHORT {
            run.filter(|at| self.inside(*at, window)).count()
        } else {
            self.moments.count(run, window)
        }
    }

    /// Everything of a tile in a window of time. The counts of the marks add up to the number of points.
    pub fn tile(&self, tile: TileId, window: Option<&Seconds>) -> Vec<Mark> {
        let window = self.window(window);
        let run = self.run(tile.codes());
        if run.is_empty() {
            return Vec::new();
        }
        if self.count(run.clone(), &window) <= EACH && run.len() <= 64 * EACH {
            return self.each(tile, run, &window);
        }
        let level = u32::from(tile.z + GRID);
        let mut marks = Vec::new();
        self.cells(run, level, &window, |cell, of, count| {
            let spot = Spot::from_code(cell);
            let (x, y) = tile.place(spot);
            let half = (EXTENT >> GRID >> 1) as i32;
            let mut mark = Mark {
                x: x + half,
                y: y + half,
                count,
                row: None,
            };
            if count == 1
                && let Some(at) = of.clone().find(|at| self.inside(*at, &window))
            {
                (mark.x, mark.y) = tile.place(Spot::from_code(self.codes[at]));
                mark.row = Some(self.rows[at]);
            }
            marks.push(mark);
        });
        marks
    }

    /// Points of a tile one by one; those of one place are one mark.
    fn each(&self, tile: TileId, run: Range<usize>, window: &Range<u64>) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut before = None;
        for at in run.filter(|at| self.inside(*at, window)) {
            let code = self.codes[at];
            if before == Some(code)
                && let Some(mark) = marks.last_mut()
            {
                mark.count += 1;
                mark.row = None;
                continue;
            }
            before = Some(code);
            let (x, y) = tile.place(Spot::from_code(code));
            marks.push(Mark {
                x,
                y,
                count: 1,
                row: Some(self.rows[at]),
            });
        }
        marks
    }

    /// The cells of a level that have points of the window: first code, run, count.
    fn cells(
        &self,
        run: Range<usize>,
        level: u32,
        window: &Range<u64>,
        mut take: impl FnMut(u64, &Range<usize>, u32),
    ) {
        let shift = 2 * BITS.saturating_sub(level);
        let mut from = run.start;
        while from < run.end {
            let cell = self.codes[from] >> shift << shift;
            let next = cell + (1_u64 << shift);
            // Neighbours are near: steps that double, then halves.
            let mut step = 16;
            while from + step < run.end && self.codes[from + step] < next {
                step *= 2;
            }
            let upto = (from + step).min(run.end);
            let to = from + self.codes[from..upto].partition_point(|c| *c < next);
            let of = from..to;
            let count = self.count(of.clone(), window);
            if count > 0 {
                take(cell, &of, count as u32);
            }
            from = to;
        }
    }

    /// Cells of one level, the same at every zoom, with at least `least` points of the window: their corners in units of the
    /// tile (which may lie outside of it) and their counts. Cells are of `level`, however deep the tile is.
    pub fn crowds(
        &self,
        tile: TileId,
        level: u8,
        window: Option<&Seconds>,
        least: u32,
    ) -> Vec<([(i32, i32); 2], u32)> {
        let window = self.window(window);
        let shift = BITS - u32::from(level);
        // A tile inside of a cell shows the cell it lies in.
        let codes = if tile.z > level {
            let up = u32::from(tile.z - level);
            TileId {
                z: level,
                x: tile.x >> up,
                y: tile.y >> up,
            }
            .codes()
        } else {
            tile.codes()
        };
        let mut found = Vec::new();
        self.cells(self.run(codes), u32::from(level), &window, |cell, _, count| {
            if count >= least {
                let from = Spot::from_code(cell);
                let to = Spot {
                    x: from.x + (1 << shift),
                    y: from.y + (1 << shift),
                };
                found.push(([tile.place(from), tile.place(to)], count));
            }
        });
        found
    }

    /// Rows within `radius_m` of a place, the nearest first, with metres; at most `most` of them, and how many there are.
    pub fn near(
        &self,
        lon: f64,
        lat: f64,
        radius_m: f64,
        window: Option<&Seconds>,
        most: usize,
    ) -> (Vec<(u32, f64)>, usize) {
        let window = self.window(window);
        let dlat = radius_m / 111_000.0;
        let dlon = dlat / lat.to_radians().cos().max(0.01);
        let corner = |lon: f64, lat: f64| Spot::of(lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0));
        let (Some(low), Some(high)) = (corner(lon - dlon, lat + dlat), corner(lon + dlon, lat - dlat)) else {
            return (Vec::new(), 0);
        };
        // At most four cells of the smallest level whose cells are larger than the box.
        let size = (high.x - low.x).max(high.y - low.y).max(1);
        let level = BITS.saturating_sub(32 - size.leading_zeros());
        let shift = BITS - level;
        let mut found = Vec::new();
        for x in low.x >> shift..=high.x >> shift {
            for y in low.y >> shift..=high.y >> shift {
                let first = Spot {
                    x: x << shift,
                    y: y << shift,
                }
                .code();
                for at in self.run((first, first + (1_u64 << (2 * shift)))) {
                    let spot = Spot::from_code(self.codes[at]);
                    if !self.inside(at, &window)
                        || !(low.x..=high.x).contains(&spot.x)
                        || !(low.y..=high.y).contains(&spot.y)
                    {
                        continue;
                    }
                    let away = distance_m((lon, lat), spot.degrees());
                    if away <= radius_m {
                        found.push((self.rows[at], away));
                    }
                }
            }
        }
        let count = found.len();
        found.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found.truncate(most);
        (found, count)
    }

    /// Points of the window in all the world.
    pub fn total(&self, window: Option<&Seconds>) -> usize {
        let window = self.window(window);
        self.count(0..self.codes.len(), &window)
    }
}

impl PointIndex {
    /// Points in cells of a level that have at least `least` of them and whose middle lies in a circle.
    pub fn crowds_near(
        &self,
        middle: (f64, f64),
        radius_m: f64,
        level: u8,
        window: Option<&Seconds>,
        least: u32,
    ) -> u64 {
        let window = self.window(window);
        let half = 1_u32 << (BITS - u32::from(level)) >> 1;
        let mut total = 0;
        self.cells(
            0..self.codes.len(),
            u32::from(level),
            &window,
            |cell, _, count| {
                let corner = Spot::from_code(cell);
                let spot = Spot {
                    x: corner.x + half,
                    y: corner.y + half,
                };
                if count >= least && distance_m(middle, spot.degrees()) <= radius_m {
                    total += u64::from(count);
                }
            },
        );
        total
    }
}
