//! A tile of a layer.

use std::sync::Arc;

use qala_tiles::{Geometry, Seconds, TileId, TileLayer, Value, encode};

use super::content::Content;
use super::layer::LayerSpec;
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Id of the base map.
pub const BASE: &str = "base";
/// Zoom of the cells in which those see a layer who may not see its rows: some 450 m at 43 degrees.
const CELL_LEVEL: u8 = 16;
/// Cells with fewer rows are not shown.
pub(crate) const FEWEST: u32 = 5;
/// Smallest zoom of cells; from farther away they could not be told apart.
pub(crate) const CELLS_FROM: u8 = 8;
/// "Now" of moving things is taken in steps, so that all tiles of a screen show the same, µs.
const STEP: i64 = 2_000_000;

/// The time that is drawn, µs of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// The moment; the layer's last when absent.
    pub t: Option<i64>,
    /// Rows since then; the layer's own window when absent.
    pub from: Option<i64>,
    /// As the lake knew it at this instant.
    pub as_of: Option<i64>,
}

/// Which tile.
#[derive(Debug, Clone)]
pub struct TileWanted<'a> {
    /// Layer.
    pub layer: &'a str,
    /// Zoom, column, row.
    pub tile: (u8, u32, u32),
    /// Time.
    pub moment: Moment,
    /// The tag of what the caller has.
    pub known: Option<&'a str>,
}

/// A tile.
#[derive(Debug)]
pub enum Tile {
    /// The caller has it.
    Unchanged(String),
    /// Nothing is there.
    Empty(String),
    /// Its bytes and its tag.
    Bytes(Vec<u8>, String),
}

/// A layer's rows and the window of them that is drawn.
pub(crate) struct Drawn {
    pub(crate) content: Arc<Content>,
    /// Seconds; all when absent.
    pub(crate) window: Option<Seconds>,
}

/// The window in seconds: what happened from `from` to the second of `t`.
fn seconds(from: i64, t: i64) -> Seconds {
    from.div_euclid(1_000_000)..t.div_euclid(1_000_000) + 1
}

impl Centre {
    /// What is drawn of a layer at a moment.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) async fn drawn(
        self: &Arc<Self>,
        layer: &LayerSpec<'_>,
        moment: Moment,
        single: bool,
    ) -> Result<Drawn> {
        let as_of = match moment.as_of {
            // What will be known later is not known yet.
            Some(at) if at < self.clock.now() => {
                let at = if single { at } else { self.month_start(at) };
                Some(self.known_at(at).await?)
            }
            _ => None,
        };
        let now = self.clock.now().div_euclid(STEP) * STEP;
        if layer.validity.is_some() {
            let slice = self.slice_for(layer, (0, moment.t.unwrap_or(now))).await?;
            // Without a moment: what holds on this day, so that not every second has its own.
            let slice = match (slice, moment.t) {
                (super::load::Slice::At(_), None) => {
                    super::load::Slice::At(self.zone.day_start(self.zone.local_day(now)))
                }
                (slice, _) => slice,
            };
            let content = self.layer_content(layer, slice, as_of).await?;
            return Ok(Drawn {
                content,
                window: None,
            });
        }
        if layer.time.is_none() {
            let content = self
                .layer_content(layer, super::load::Slice::Whole, as_of)
                .await?;
            return Ok(Drawn {
                content,
                window: None,
            });
        }
        let asked = moment.t.unwrap_or(now);
        if moment.from.is_some_and(|from| from > asked) {
            return Err(AppError::Usage("`from` is after `t`".into()));
        }
        let window_of = |t: i64| {
            if single {
                seconds(moment.from.unwrap_or(t - layer.window_s() * 1_000_000), t)
            } else {
                self.whole_month(t)
            }
        };
        let window = window_of(asked);
        let span = (window.start * 1_000_000, window.end * 1_000_000);
        let slice = self.slice_for(layer, span).await?;
        let content = self.layer_content(layer, slice, as_of).await?;
        let window = match (slice, moment.t) {
            // The layer's last moment, but nothing of a clock that runs ahead.
            (super::load::Slice::Whole, None) => window_of((content.points.span().1 * 1_000_000).min(now)),
            _ => window,
        };
        Ok(Drawn {
            content,
            window: (!layer.moves).then_some(window),
        })
    }

    /// The start of the local month of an instant.
    fn month_start(&self, t: i64) -> i64 {
        qala_core::Grain::Month.start(t, &self.zone)
    }

    /// The local month that an instant lies in, when it is over; else the one before. Windows that never overlap and never
    /// grow tell nothing of single rows by their differences.
    fn whole_month(&self, t: i64) -> Seconds {
        let mut start = self.month_start(t.min(self.clock.now()));
        let next = |start: i64| qala_core::Grain::Month.start(start + 32 * 86_400_000_000, &self.zone);
        if next(start) > self.clock.now() {
            start = self.month_start(start - 1);
        }
        start.div_euclid(1_000_000)..next(start).div_euclid(1_000_000)
    }

    /// A tile of a layer for a reader.
    ///
    /// # Errors
    /// A layer or a tile that does not exist; those of reading.
    pub async fn tile(self: &Arc<Self>, wanted: &TileWanted<'_>, reader: &Reader) -> Result<Tile> {
        let (z, x, y) = wanted.tile;
        let tile =
            TileId::new(z, x, y).ok_or_else(|| AppError::Usage(format!("there is no tile {z}/{x}/{y}")))?;
        if wanted.layer == BASE {
            return self.base_tile(tile, wanted.known).await;
        }
        let layer = self.layer(wanted.layer)?;
        let single = reader.sees_places(layer.spec);
        let drawn = self.drawn(&layer, wanted.moment, single).await?;
        let window = drawn
            .window
            .clone()
            .map_or_else(String::new, |w| format!("{}-{}", w.start, w.end));
        let rights = if single { "s" } else { "c" };
        let tag = format!(
            "\"{:x}-{:x}-{rights}-{z}-{x}-{y}-{window}\"",
            self.boot, drawn.content.version
        );
        if wanted
            .known
            .is_some_and(|known| known.split(',').any(|k| k.trim().trim_start_matches("W/") == tag))
        {
            return Ok(Tile::Unchanged(tag));
        }
        let name = wanted.layer.to_owned();
        let work = move || {
            let mut out = TileLayer::new(&name);
            if single {
                objects(&drawn, tile, &mut out);
            } else if z >= CELLS_FROM {
                cells(&drawn, tile, &mut out);
            }
            encode(vec![out])
        };
        let bytes = tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| AppError::Remote(format!("a worker failed: {e}")))?;
        Ok(if bytes.is_empty() {
            Tile::Empty(tag)
        } else {
            Tile::Bytes(bytes, tag)
        })
    }
}

/// Points, lines and areas, with what is known of single ones.
fn objects(drawn: &Drawn, tile: TileId, out: &mut TileLayer) {
    let content = &drawn.content;
    let known = |row: u32| {
        let mut properties = content.properties(row);
        properties.push(("id", Value::Text(content.id(row))));
        properties
    };
    for drawing in content.shapes.tile(tile, |_| true) {
        out.add(&drawing.geometry, known(drawing.row));
    }
    for mark in content.points.tile(tile, drawn.window.as_ref()) {
        let mut properties = mark.row.map(known).unwrap_or_default();
        properties.push(("count", Value::Int(i64::from(mark.count))));
        out.add(&Geometry::Points(vec![(mark.x, mark.y)]), properties);
    }
}

/// Cells in which at least five rows lie.
fn cells(drawn: &Drawn, tile: TileId, out: &mut TileLayer) {
    let crowds = drawn
        .content
        .points
        .crowds(tile, CELL_LEVEL, drawn.window.as_ref(), FEWEST);
    for ([(west, north), (east, south)], count) in crowds {
        let ring = vec![(west, north), (east, north), (east, south), (west, south)];
        out.add(
            &Geometry::Rings(vec![(false, ring)]),
            [("count", Value::Int(i64::from(count)))],
        );
    }
}

/// How many rows lie in the shown cells whose middle is in a circle.
pub(crate) fn in_cells(drawn: &Drawn, middle: (f64, f64), radius_m: f64) -> u64 {
    drawn
        .content
        .points
        .crowds_near(middle, radius_m, CELL_LEVEL, drawn.window.as_ref(), FEWEST)
}
