//! Who and what lies in a circle.

use std::sync::Arc;

use qala_core::Text;

use super::tile::{FEWEST, Moment, in_cells};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Metres of a circle at most.
const LARGEST_M: f64 = 50_000.0;
/// Things of a layer that are named.
const NAMED: usize = 20;

/// What of one layer lies in the circle.
#[derive(Debug, Clone)]
pub struct InsideLayer {
    /// Layer.
    pub layer: String,
    /// Title.
    pub title: Text,
    /// How many; absent when they are fewer than five and single rows may not be seen.
    pub count: Option<u64>,
    /// The nearest.
    pub items: Vec<NearItem>,
}

/// A thing in the circle.
#[derive(Debug, Clone)]
pub struct NearItem {
    /// Id in its layer.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Metres from the middle.
    pub distance_m: f64,
}

impl Centre {
    /// What lies within `radius_m` of a place, layer by layer; layers of which nothing does are left out.
    ///
    /// # Errors
    /// A place that is none; those of reading.
    pub async fn inside(
        self: &Arc<Self>,
        at: (f64, f64),
        radius_m: f64,
        moment: Moment,
        reader: &Reader,
    ) -> Result<Vec<InsideLayer>> {
        let (lon, lat) = at;
        if !(-180.0..=180.0).contains(&lon) || !(-85.0..=85.0).contains(&lat) {
            return Err(AppError::Usage("lon and lat are degrees".into()));
        }
        if !(0.0..=LARGEST_M).contains(&radius_m) {
            return Err(AppError::Usage(format!("radius_m is from 0 to {LARGEST_M}")));
        }
        let mut found = Vec::new();
        for layer in self.layer_specs() {
            let single = reader.sees_places(layer.spec);
            let drawn = self.drawn(&layer, moment, single).await?;
            let entry = |count, items| InsideLayer {
                layer: layer.spec.name.to_string(),
                title: layer.spec.title.clone(),
                count,
                items,
            };
            if !single {
                let count = in_cells(&drawn, at, radius_m);
                if !drawn.content.points.is_empty() {
                    found.push(entry((count >= u64::from(FEWEST)).then_some(count), Vec::new()));
                }
                continue;
            }
            let content = &drawn.content;
            let (mut near, mut count) = content
                .points
                .near(lon, lat, radius_m, drawn.window.as_ref(), NAMED);
            let shapes = content.shapes.near(lon, lat, radius_m);
            count += shapes.len();
            if count == 0 {
                continue;
            }
            near.extend(shapes.into_iter().take(NAMED));
            near.sort_by(|a, b| a.1.total_cmp(&b.1));
            near.truncate(NAMED);
            let item = |(row, distance_m): (u32, f64)| NearItem {
                id: content.id(row),
                title: content.title(row),
                distance_m: (distance_m * 10.0).round() / 10.0,
            };
            found.push(entry(Some(count as u64), near.into_iter().map(item).collect()));
        }
        Ok(found)
    }
}
