//! Areas of several ways: the ways of a relation are joined at their ends into rings, and rings into polygons.

use std::collections::BTreeMap;

use super::point::{Point, Polygon, doubled_area, is_inside};
use crate::fault::Fault;

/// A way of a relation with the places of its nodes.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) way: i64,
    pub(super) is_inner: bool,
    pub(super) nodes: Vec<i64>,
    pub(super) points: Vec<Point>,
}

struct Ring {
    nodes: Vec<i64>,
    points: Vec<Point>,
}

/// The polygons of a relation. The role of a way says on which side of the area it lies; an empty one means outer.
pub(super) fn polygons(pieces: &[Piece]) -> Result<Vec<Polygon>, Fault> {
    let outer = rings(pieces.iter().filter(|piece| !piece.is_inner))?;
    let inner = rings(pieces.iter().filter(|piece| piece.is_inner))?;
    if outer.is_empty() {
        return Err(Fault::new("no_outer_ring", "the area has no outer ring"));
    }
    let mut polygons: Vec<Polygon> = outer
        .into_iter()
        .map(|ring| Polygon {
            outer: ring.points,
            inner: Vec::new(),
        })
        .collect();
    for hole in inner {
        // The smallest outer ring around it: an island in a lake on an island has its own.
        let around = polygons
            .iter_mut()
            .filter(|polygon| contains(&polygon.outer, &hole.points));
        let around = around.min_by(|a, b| {
            let area = |polygon: &Polygon| doubled_area(&polygon.outer).abs();
            area(a).total_cmp(&area(b))
        });
        let Some(polygon) = around else {
            let message = format!(
                "the inner ring through node {} lies in no outer ring",
                hole.nodes.first().copied().unwrap_or_default()
            );
            return Err(Fault::new("hole_outside", message));
        };
        polygon.inner.push(hole.points);
    }
    // The same map always gives the same text, whatever the order of members.
    for polygon in &mut polygons {
        polygon.inner.sort();
    }
    polygons.sort_by(|a, b| a.outer.cmp(&b.outer));
    Ok(polygons)
}

/// True when a ring lies inside another. They may touch, and a place on the line tells nothing: most places decide.
fn contains(outer: &[Point], inner: &[Point]) -> bool {
    let (mut inside, mut all) = (0_usize, 0_usize);
    for point in inner.iter().filter(|point| !outer.contains(point)) {
        inside += usize::from(is_inside(outer, *point));
        all += 1;
    }
    all > 0 && inside * 2 >= all
}

/// Joins ways into closed rings. Where more than two ends meet, a walk that comes back to where it was before closes a
/// ring there, so that rings that touch in a point stay apart.
fn rings<'p>(pieces: impl Iterator<Item = &'p Piece>) -> Result<Vec<Ring>, Fault> {
    let pieces: Vec<&Piece> = pieces.filter(|piece| piece.nodes.len() >= 2).collect();
    let mut ends: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        for node in [piece.nodes.first(), piece.nodes.last()].into_iter().flatten() {
            ends.entry(*node).or_default().push(index);
        }
    }
    let mut used = vec![false; pieces.len()];
    let mut rings = Vec::new();
    for start in 0..pieces.len() {
        if used[start] {
            continue;
        }
        used[start] = true;
        let mut walk = vec![(start, true)];
        while let Some(&(last, along)) = walk.last() {
            let end = tip(pieces[last], along);
            // Which step of the walk began where it is now?
            if let Some(from) = walk
                .iter()
                .position(|(piece, along)| tip(pieces[*piece], !*along) == end)
            {
                rings.push(ring(&pieces, &walk.split_off(from))?);
                continue;
            }
            let next = ends
                .get(&end)
                .and_then(|at| at.iter().copied().find(|index| !used[*index]));
            let Some(next) = next else {
                let message = format!(
                    "the ring of way {} is open at node {end}: no other way goes on from there",
                    pieces[last].way
                );
                return Err(Fault::new("open_ring", message));
            };
            used[next] = true;
            walk.push((next, pieces[next].nodes.first() == Some(&end)));
        }
    }
    Ok(rings)
}

/// The node at which a way ends when it is walked along or against its order.
fn tip(piece: &Piece, along: bool) -> i64 {
    let node = if along {
        piece.nodes.last()
    } else {
        piece.nodes.first()
    };
    node.copied().unwrap_or_default()
}

fn ring(pieces: &[&Piece], walk: &[(usize, bool)]) -> Result<Ring, Fault> {
    let mut ring = Ring {
        nodes: Vec::new(),
        points: Vec::new(),
    };
    for (index, along) in walk {
        let piece = pieces[*index];
        // The last node of a way is the first of the next.
        let skip = usize::from(!ring.nodes.is_empty());
        let both = piece.nodes.iter().copied().zip(piece.points.iter().copied());
        if *along {
            for (node, point) in both.skip(skip) {
                ring.nodes.push(node);
                ring.points.push(point);
            }
        } else {
            for (node, point) in both.rev().skip(skip) {
                ring.nodes.push(node);
                ring.points.push(point);
            }
        }
    }
    check(&ring.nodes, &ring.points)?;
    Ok(ring)
}

/// A ring has an area, and passes each of its nodes once.
pub(super) fn check(nodes: &[i64], points: &[Point]) -> Result<(), Fault> {
    let first = nodes.first().copied().unwrap_or_default();
    if nodes.len() < 4 || doubled_area(points) == 0.0 {
        let message = format!("the ring through node {first} has no area");
        return Err(Fault::new("flat_ring", message));
    }
    let mut sorted = nodes.get(1..).unwrap_or_default().to_vec();
    sorted.sort_unstable();
    if let Some([node, ..]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("the ring passes node {node} twice");
        return Err(Fault::new("crossed_ring", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes are numbered by place: 12 lies at x 1, y 2.
    fn piece(way: i64, is_inner: bool, nodes: &[i64]) -> Piece {
        let point = |node: &i64| {
            Point::new((node / 10) as i32 * 10_000_000, (node % 10) as i32 * 10_000_000).unwrap()
        };
        Piece {
            way,
            is_inner,
            nodes: nodes.to_vec(),
            points: nodes.iter().map(point).collect(),
        }
    }

    fn code(pieces: &[Piece]) -> &'static str {
        polygons(pieces).unwrap_err().code
    }

    #[test]
    fn ways_are_joined_whatever_their_order_and_direction() {
        let whole = polygons(&[piece(1, false, &[0, 40, 44, 4, 0])]).unwrap();
        let parts = polygons(&[
            piece(1, false, &[0, 40]),
            piece(2, false, &[4, 44, 40]),
            piece(3, false, &[0, 4]),
        ]);
        assert_eq!(whole.len(), 1);
        assert_eq!(parts.unwrap()[0].outer.len(), 5);
    }

    #[test]
    fn a_hole_belongs_to_the_smallest_ring_around_it() {
        let pieces = [
            piece(1, false, &[0, 90, 99, 9, 0]),
            piece(2, true, &[11, 81, 88, 18, 11]),
            piece(3, false, &[22, 72, 77, 27, 22]),
            piece(4, true, &[33, 63, 66, 36, 33]),
        ];
        let found = polygons(&pieces).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|polygon| polygon.inner.len() == 1));
        assert_eq!(found[1].inner[0][0].e7().0, 30_000_000);
    }

    #[test]
    fn rings_that_touch_stay_apart() {
        // Two squares that meet in node 22, each of two ways.
        let pieces = [
            piece(1, false, &[0, 20, 22]),
            piece(2, false, &[22, 42, 44]),
            piece(3, false, &[44, 24, 22]),
            piece(4, false, &[22, 2, 0]),
        ];
        let found = polygons(&pieces).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|polygon| polygon.outer.len() == 5));
    }

    #[test]
    fn what_is_no_area_is_named() {
        assert_eq!(code(&[piece(1, false, &[0, 40, 44])]), "open_ring");
        assert_eq!(code(&[piece(1, false, &[0, 40, 0])]), "flat_ring");
        assert_eq!(code(&[piece(1, false, &[0, 44, 40, 44, 4, 0])]), "crossed_ring");
        assert_eq!(code(&[piece(1, true, &[0, 40, 44, 4, 0])]), "no_outer_ring");
        let apart = [
            piece(1, false, &[0, 20, 22, 2, 0]),
            piece(2, true, &[44, 64, 66, 46, 44]),
        ];
        assert_eq!(code(&apart), "hole_outside");
    }
}
