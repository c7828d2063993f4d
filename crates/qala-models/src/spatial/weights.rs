//! Which areas are neighbours, and how much each counts.
//!
//! What belongs here: rows of neighbours with weights, made from pairs or from places. What does not: statistics over them;
//! the area itself, which is never its own neighbour here.

use super::places::Places;

/// The neighbours of every area, row after row, in order of their index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    ends: Vec<usize>,
    neighbours: Vec<u32>,
    values: Vec<f64>,
}

impl Weights {
    /// Rows of (area, neighbour, weight); pairs of an area with itself and weights of 0 are left out. Areas are counted
    /// from 0, all of them below `areas`; a pair must not be there twice.
    pub fn from_pairs(areas: usize, pairs: &[(u32, u32, f64)]) -> Self {
        let counts = |(from, to, weight): &&(u32, u32, f64)| from != to && *weight != 0.0;
        let mut kept: Vec<&(u32, u32, f64)> = pairs.iter().filter(counts).collect();
        kept.sort_by_key(|(from, to, _)| (*from, *to));
        let mut ends = vec![0; areas];
        for (from, _, _) in &kept {
            ends[*from as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        Self {
            ends,
            neighbours: kept.iter().map(|(_, to, _)| *to).collect(),
            values: kept.iter().map(|(_, _, weight)| *weight).collect(),
        }
    }

    /// The `count` nearest of each place, each with weight 1; of two equally far the one of lower index.
    pub fn nearest(x: &[f64], y: &[f64], count: usize) -> Self {
        let places = Places::new(x, y);
        Self::equal(x.len(), |area| {
            places.nearest(x[area], y[area], count, Some(area as u32))
        })
    }

    /// All at most `distance` away from each place, each with weight 1.
    pub fn within(x: &[f64], y: &[f64], distance: f64) -> Self {
        let places = Places::new(x, y);
        Self::equal(x.len(), |area| {
            let mut row = Vec::new();
            places.within(x[area], y[area], distance, &mut |found| {
                if found as usize != area {
                    row.push(found);
                }
            });
            row
        })
    }

    fn equal(areas: usize, row: impl Fn(usize) -> Vec<u32>) -> Self {
        let mut made = Self::default();
        for area in 0..areas {
            let mut row = row(area);
            row.sort_unstable();
            made.neighbours.append(&mut row);
            made.ends.push(made.neighbours.len());
        }
        made.values = vec![1.0; made.neighbours.len()];
        made
    }

    /// With the weights of each row divided by their sum.
    #[must_use]
    pub fn row_standardised(mut self) -> Self {
        for area in 0..self.areas() {
            let range = self.range(area);
            let row = &mut self.values[range];
            let sum: f64 = row.iter().sum();
            for weight in row {
                *weight /= sum;
            }
        }
        self
    }

    /// How many areas.
    pub fn areas(&self) -> usize {
        self.ends.len()
    }

    /// Neighbours and weights of an area.
    pub fn row(&self, area: usize) -> (&[u32], &[f64]) {
        let range = self.range(area);
        (&self.neighbours[range.clone()], &self.values[range])
    }

    /// The weighted sum of the neighbours' values.
    pub fn lag(&self, area: usize, values: &[f64]) -> f64 {
        let (neighbours, weights) = self.row(area);
        neighbours
            .iter()
            .zip(weights)
            .map(|(neighbour, weight)| weight * values[*neighbour as usize])
            .sum()
    }

    /// The weight of a pair, 0 when they are no neighbours.
    pub fn weight(&self, from: usize, to: u32) -> f64 {
        let (neighbours, weights) = self.row(from);
        neighbours.binary_search(&to).map_or(0.0, |place| weights[place])
    }

    fn range(&self, area: usize) -> std::ops::Range<usize> {
        let start = if area == 0 { 0 } else { self.ends[area - 1] };
        start..self.ends[area]
    }
}
