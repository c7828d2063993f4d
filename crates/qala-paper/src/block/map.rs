//! Areas by their standing: a sketch, not a map to find one's way.

use crate::block::mark;
use crate::canvas::{Canvas, EDGE, INK, Role, SECOND, Style};
use crate::font::Weight;
use crate::sheet::{Area, Map};
use crate::stack::{Extent, Frame};
use crate::wrap::cut;

/// Places of an outline on the page.
type Ring = Vec<(f32, f32)>;

const NAME: Style = Style::new(Weight::Bold, 6.5, INK);
const LEGEND: Style = Style::new(Weight::Regular, 7.5, SECOND);
const LEGEND_HEIGHT: f32 = 13.0;
const TALLEST: f32 = 230.0;
const LEAST: f32 = 100.0;
/// Edges shorter than this cannot be seen, points.
const FINEST: f32 = 0.35;

/// Degrees to a plane in which both directions have one scale, for an area as small as a city.
struct Plane {
    stretch: f64,
    west: f64,
    north: f64,
    width: f64,
    height: f64,
}

impl Plane {
    fn of(map: &Map) -> Option<Self> {
        let places = || map.areas.iter().flat_map(|a| a.rings.iter().flatten());
        let ends = |of: fn(&(f64, f64)) -> f64| {
            places()
                .map(of)
                .filter(|d| d.is_finite())
                .fold(None, |ends: Option<(f64, f64)>, d| {
                    Some(ends.map_or((d, d), |(low, high)| (low.min(d), high.max(d))))
                })
        };
        let ((west, east), (south, north)) = (ends(|p| p.0)?, ends(|p| p.1)?);
        let stretch = libm::cos(f64::midpoint(south, north).to_radians()).max(0.05);
        let (width, height) = ((east - west) * stretch, north - south);
        (width > 0.0 && height > 0.0).then_some(Self {
            stretch,
            west,
            north,
            width,
            height,
        })
    }

    /// Points of a ring in a frame, those left out that fall on the one before.
    fn ring(&self, ring: &[(f64, f64)], scale: f64, [x, y]: [f32; 2]) -> Vec<(f32, f32)> {
        let mut out: Vec<(f32, f32)> = Vec::new();
        for (lon, lat) in ring
            .iter()
            .filter(|(lon, lat)| lon.is_finite() && lat.is_finite())
        {
            let at = (
                x + ((lon - self.west) * self.stretch * scale) as f32,
                y + ((self.north - lat) * scale) as f32,
            );
            let is_near = |last: &(f32, f32)| (at.0 - last.0).abs().max((at.1 - last.1).abs()) < FINEST;
            if out.last().is_none_or(|last| !is_near(last)) {
                out.push(at);
            }
        }
        out
    }
}

fn legend_height(map: &Map) -> f32 {
    if map.legend.is_empty() { 0.0 } else { LEGEND_HEIGHT }
}

pub(super) fn extent(map: &Map, width: f32) -> Extent {
    let Some(plane) = Plane::of(map) else {
        return Extent {
            least: 0.0,
            natural: 0.0,
        };
    };
    let natural = ((f64::from(width) * plane.height / plane.width) as f32).min(TALLEST);
    Extent {
        least: natural.min(LEAST) + legend_height(map),
        natural: natural + legend_height(map),
    }
}

/// Twice the area inside of a ring.
fn size(ring: &[(f32, f32)]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
        .sum::<f32>()
        .abs()
}

fn is_inside(rings: &[Vec<(f32, f32)>], x: f32, y: f32) -> bool {
    let mut inside = false;
    for ring in rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            if (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0 {
                inside = !inside;
            }
        }
    }
    inside
}

/// How far a place lies from the nearest edge.
fn from_edges(rings: &[Vec<(f32, f32)>], x: f32, y: f32) -> f32 {
    let mut least = f32::INFINITY;
    for ring in rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = dx * dx + dy * dy;
            let along = if length > 0.0 {
                (((x - a.0) * dx + (y - a.1) * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let (px, py) = (a.0 + along * dx - x, a.1 + along * dy - y);
            least = least.min(px * px + py * py);
        }
    }
    least.sqrt()
}

/// The place of a name: of a grid over the area, the point that lies farthest from its edges. Names are wide, so being far
/// from the edges at the sides counts more.
fn heart(rings: &[Vec<(f32, f32)>]) -> Option<(f32, f32)> {
    const GRID: usize = 24;
    const ACROSS: f32 = 0.4;
    let narrow = |ring: &Vec<(f32, f32)>| ring.iter().map(|(x, y)| (x * ACROSS, *y)).collect();
    let rings: &[Vec<(f32, f32)>] = &rings.iter().map(narrow).collect::<Vec<_>>();
    let largest = rings.iter().max_by(|a, b| size(a).total_cmp(&size(b)))?;
    let fold = |of: fn(&(f32, f32)) -> f32| {
        let start = (f32::INFINITY, f32::NEG_INFINITY);
        largest
            .iter()
            .map(of)
            .fold(start, |(low, high), d| (low.min(d), high.max(d)))
    };
    let ((left, right), (top, bottom)) = (fold(|p| p.0), fold(|p| p.1));
    let mut best: Option<(f32, (f32, f32))> = None;
    for row in 0..GRID {
        for column in 0..GRID {
            let share = |n: usize| (n as f32 + 0.5) / GRID as f32;
            let x = left + (right - left) * share(column);
            let y = top + (bottom - top) * share(row);
            if !is_inside(rings, x, y) {
                continue;
            }
            let free = from_edges(rings, x, y);
            if best.is_none_or(|(known, _)| free > known) {
                best = Some((free, (x, y)));
            }
        }
    }
    best.map(|(_, (x, y))| (x / ACROSS, y))
}

pub(super) fn draw(canvas: &mut Canvas<'_>, map: &Map, frame: Frame) -> f32 {
    let Some(plane) = Plane::of(map) else {
        return frame.y;
    };
    let room = frame.height - legend_height(map);
    let scale = (f64::from(frame.width) / plane.width).min(f64::from(room) / plane.height);
    let left = frame.x + (frame.width - (plane.width * scale) as f32) / 2.0;
    let end = frame.y + (plane.height * scale) as f32;
    let sides = [frame.x, frame.y, frame.x + frame.width, end];
    canvas.part(Role::Figure(map.alt.clone(), sides), |canvas| {
        let drawn: Vec<(&Area, Vec<Ring>)> = map
            .areas
            .iter()
            .map(|area| {
                let rings = area.rings.iter();
                (
                    area,
                    rings
                        .map(|ring| plane.ring(ring, scale, [left, frame.y]))
                        .collect(),
                )
            })
            .collect();
        for (area, rings) in &drawn {
            canvas.area(rings, mark::ground(area.mark), Some((0.6, EDGE)));
        }
        for (area, rings) in &drawn {
            if let Some((x, y)) = heart(rings) {
                let name = cut(canvas.fonts.of(NAME.weight), NAME.size, frame.width, &area.name);
                let half = (canvas.width(&name, NAME) / 2.0).min(frame.width / 2.0);
                // A name may leave its area, but not the page.
                let x = x.max(frame.x + half).min(frame.x + frame.width - half);
                mark::draw(canvas, area.mark, x - 3.5, y - 8.5, 7.0);
                canvas.text_around(x, y + 5.5, NAME, &name);
            }
        }
    });
    if map.legend.is_empty() {
        return end;
    }
    let mut x = frame.x;
    canvas.part(Role::Paragraph, |canvas| {
        for (mark, word) in &map.legend {
            let width = 10.0 + canvas.width(word, LEGEND);
            if x + width > frame.x + frame.width {
                break;
            }
            mark::draw(canvas, *mark, x, end + 3.5, 7.0);
            canvas.text(x + 10.0, end + 10.0, LEGEND, word);
            x += width + 10.0;
        }
    });
    end + LEGEND_HEIGHT
}
