//! Cutting lines and rings to a tile and its margin, and leaving out what cannot be seen.

/// Units of a tile beyond its edge that are drawn too, so that no seam shows.
pub(crate) const MARGIN: i32 = 128;

/// A square that is kept, both ends included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

type Place = (f64, f64);

/// The parts of a line inside of the frame (Liang and Barsky, 1984).
pub(crate) fn line(places: &[Place], frame: Frame) -> Vec<Vec<Place>> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    let mut open = false;
    for pair in places.windows(2) {
        let (Some(a), Some(b)) = (pair.first(), pair.get(1)) else {
            continue;
        };
        let Some((from, to)) = segment(*a, *b, frame) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|_| open) {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
        open = to == *b;
    }
    parts
}

fn segment(a: Place, b: Place, frame: Frame) -> Option<(Place, Place)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    let edges = [
        (-dx, a.0 - frame.low),
        (dx, frame.high - a.0),
        (-dy, a.1 - frame.low),
        (dy, frame.high - a.1),
    ];
    for (step, room) in edges {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else {
            let at = room / step;
            if step < 0.0 {
                from = from.max(at);
            } else {
                to = to.min(at);
            }
        }
    }
    if from > to {
        return None;
    }
    let at = |share: f64| (a.0 + share * dx, a.1 + share * dy);
    // Ends that are not cut stay as they are, to the last bit.
    let first = if from > 0.0 { at(from) } else { a };
    let last = if to < 1.0 { at(to) } else { b };
    Some((first, last))
}

/// A ring cut to the frame (Sutherland and Hodgman, 1974).
pub(crate) fn ring(places: &[Place], frame: Frame) -> Vec<Place> {
    let mut now = places.to_vec();
    for edge in 0..4 {
        let (axis, bound, keep_below) = match edge {
            0 => (0, frame.low, false),
            1 => (0, frame.high, true),
            2 => (1, frame.low, false),
            _ => (1, frame.high, true),
        };
        let of = |p: &Place| if axis == 0 { p.0 } else { p.1 };
        let inside = |p: &Place| {
            if keep_below {
                of(p) <= bound
            } else {
                of(p) >= bound
            }
        };
        if now.iter().all(inside) {
            continue;
        }
        let mut next = Vec::with_capacity(now.len() + 4);
        for (at, place) in now.iter().enumerate() {
            let before = &now[(at + now.len() - 1) % now.len()];
            let cross = || {
                let share = (bound - of(before)) / (of(place) - of(before));
                let (x, y) = (
                    before.0 + share * (place.0 - before.0),
                    before.1 + share * (place.1 - before.1),
                );
                if axis == 0 { (bound, y) } else { (x, bound) }
            };
            match (inside(before), inside(place)) {
                (true, true) => next.push(*place),
                (true, false) => next.push(cross()),
                (false, true) => {
                    next.push(cross());
                    next.push(*place);
                }
                (false, false) => {}
            }
        }
        now = next;
        if now.is_empty() {
            break;
        }
    }
    now
}

/// Whole units, without places that stand on or hardly beside the line between their neighbours.
pub(crate) fn thin(places: &[Place], tolerance: f64) -> Vec<(i32, i32)> {
    let round = |p: &Place| (p.0.round() as i32, p.1.round() as i32);
    let kept = keep(places, tolerance);
    let mut out: Vec<(i32, i32)> = Vec::with_capacity(kept.len());
    for at in kept {
        let place = round(&places[at]);
        if out.last() != Some(&place) {
            out.push(place);
        }
    }
    out
}

/// Which places stay (Douglas and Peucker, 1973), without recursion.
fn keep(places: &[Place], tolerance: f64) -> Vec<usize> {
    let last = places.len().saturating_sub(1);
    if places.len() < 3 {
        return (0..places.len()).collect();
    }
    let mut stays = vec![false; places.len()];
    stays[0] = true;
    stays[last] = true;
    let mut work = vec![(0, last)];
    while let Some((from, to)) = work.pop() {
        let (a, b) = (places[from], places[to]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length2 = dx * dx + dy * dy;
        let mut far = (0.0_f64, from);
        for (at, p) in places.iter().enumerate().take(to).skip(from + 1) {
            let share = if length2 == 0.0 {
                0.0
            } else {
                (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / length2).clamp(0.0, 1.0)
            };
            let away2 = (p.0 - a.0 - share * dx).powi(2) + (p.1 - a.1 - share * dy).powi(2);
            if away2 > far.0 {
                far = (away2, at);
            }
        }
        if far.0 > tolerance * tolerance {
            stays[far.1] = true;
            work.push((from, far.1));
            work.push((far.1, to));
        }
    }
    (0..places.len()).filter(|at| stays[*at]).collect()
}
