//! Points of the plane, arranged so that those near a point are found without looking at all of them.
//!
//! What belongs here: a k-d tree (Bentley 1975, <https://doi.org/10.1145/361002.361007>) over projected metres. What does
//! not: places on the globe.

/// So few points are looked through one by one.
const LEAF: usize = 8;

/// One point.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: [f64; 2],
    index: u32,
}

/// Points, split at the middle one by x, each half by y, and so on.
#[derive(Debug, Clone)]
pub struct Places(Vec<Point>);

impl Places {
    /// Points of those coordinates, all finite; the shorter slice counts.
    pub fn new(x: &[f64], y: &[f64]) -> Self {
        let mut points: Vec<Point> = x
            .iter()
            .zip(y)
            .enumerate()
            .map(|(index, (x, y))| Point {
                at: [*x, *y],
                index: index as u32,
            })
            .collect();
        split(&mut points, 0);
        Self(points)
    }

    /// Calls `found` with the index of each point at most `distance` away, in no stated order.
    pub fn within(&self, x: f64, y: f64, distance: f64, found: &mut impl FnMut(u32)) {
        within(&self.0, 0, [x, y], distance, found);
    }

    /// The `count` nearest points that are not `skipped`, from the nearest; of two equally far the one of lower index.
    pub fn nearest(&self, x: f64, y: f64, count: usize, skipped: Option<u32>) -> Vec<u32> {
        let mut best: Vec<(f64, u32)> = Vec::with_capacity(count + 1);
        if count > 0 {
            nearest(&self.0, 0, [x, y], count, skipped, &mut best);
        }
        best.into_iter().map(|(_, index)| index).collect()
    }
}

fn split(points: &mut [Point], axis: usize) {
    if points.len() <= LEAF {
        return;
    }
    let middle = points.len() / 2;
    points.select_nth_unstable_by(middle, |a, b| {
        a.at[axis].total_cmp(&b.at[axis]).then(a.index.cmp(&b.index))
    });
    let (low, high) = points.split_at_mut(middle);
    split(low, 1 - axis);
    split(&mut high[1..], 1 - axis);
}

/// Metres between two points.
pub(super) fn between(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
    (dx * dx + dy * dy).sqrt()
}

fn within(points: &[Point], axis: usize, at: [f64; 2], distance: f64, found: &mut impl FnMut(u32)) {
    if points.len() <= LEAF {
        for point in points {
            if between(point.at, at) <= distance {
                found(point.index);
            }
        }
        return;
    }
    let middle = points.len() / 2;
    let point = points[middle];
    if between(point.at, at) <= distance {
        found(point.index);
    }
    let ahead = point.at[axis] - at[axis];
    if ahead >= -distance {
        within(&points[..middle], 1 - axis, at, distance, found);
    }
    if ahead <= distance {
        within(&points[middle + 1..], 1 - axis, at, distance, found);
    }
}

fn nearest(
    points: &[Point],
    axis: usize,
    at: [f64; 2],
    count: usize,
    skipped: Option<u32>,
    best: &mut Vec<(f64, u32)>,
) {
    let offer = |point: &Point, best: &mut Vec<(f64, u32)>| {
        let candidate = (between(point.at, at), point.index);
        if Some(point.index) == skipped {
            return;
        }
        let place = best.partition_point(|known| *known < candidate);
        if place < count {
            best.insert(place, candidate);
            best.truncate(count);
        }
    };
    if points.len() <= LEAF {
        for point in points {
            offer(point, best);
        }
        return;
    }
    let middle = points.len() / 2;
    let point = points[middle];
    offer(&point, best);
    let ahead = point.at[axis] - at[axis];
    let (low, high) = (&points[..middle], &points[middle + 1..]);
    let (near, far) = if ahead > 0.0 { (low, high) } else { (high, low) };
    nearest(near, 1 - axis, at, count, skipped, best);
    let reach = match best.last() {
        Some((distance, _)) if best.len() == count => *distance,
        _ => f64::INFINITY,
    };
    if ahead.abs() <= reach {
        nearest(far, 1 - axis, at, count, skipped, best);
    }
}
