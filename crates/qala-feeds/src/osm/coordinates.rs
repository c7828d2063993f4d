//! Places of the nodes that ways need: columns sorted by id, 17 bytes a node, found by bisection.

use super::point::Point;

/// Stands for a node whose place is not known: no place on the globe has it.
const UNKNOWN: (i32, i32) = (i32::MIN, i32::MIN);

/// Nodes that are needed.
#[derive(Debug, Default)]
pub(super) struct Coordinates {
    ids: Vec<i64>,
    places: Vec<(i32, i32)>,
    /// Arms of streets for cars.
    arms: Vec<u8>,
    /// Where the last search ended: nodes and ways mostly come in the order of ids.
    near: usize,
}

impl Coordinates {
    /// Makes room for nodes; an id may be given any number of times.
    pub(super) fn new(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        ids.shrink_to_fit();
        Self {
            places: vec![UNKNOWN; ids.len()],
            arms: vec![0; ids.len()],
            near: 0,
            ids,
        }
    }

    /// How many nodes are needed.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a node that is needed.
    pub(super) fn find(&mut self, id: i64) -> Option<usize> {
        let next = self.near + 1;
        if self.ids.get(next) == Some(&id) {
            self.near = next;
            return Some(next);
        }
        let index = self.ids.binary_search(&id).ok()?;
        self.near = index;
        Some(index)
    }

    /// Notes where a node lies, if it is needed.
    pub(super) fn put(&mut self, id: i64, point: Point) {
        if let Some(index) = self.find(id) {
            self.places[index] = point.e7();
        }
    }

    /// Where a node lies.
    pub(super) fn place(&self, index: usize) -> Option<Point> {
        let (lon, lat) = *self.places.get(index)?;
        Point::new(lon, lat)
    }

    /// Counts arms of streets at a node.
    pub(super) fn add_arms(&mut self, index: usize, count: u8) {
        if let Some(arms) = self.arms.get_mut(index) {
            *arms = arms.saturating_add(count);
        }
    }

    /// Nodes at which three or more arms meet: (id, place, arms), in the order of ids.
    pub(super) fn junctions(&self) -> impl Iterator<Item = (i64, Point, u8)> {
        let all = self.ids.iter().zip(&self.arms).enumerate();
        all.filter(|(_, (_, arms))| **arms >= 3)
            .filter_map(|(index, (id, arms))| Some((*id, self.place(index)?, *arms)))
    }
}
